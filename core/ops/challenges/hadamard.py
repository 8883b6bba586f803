"""Challenges of the Hadamard product: what leaves alone, what masks, and when it is the other product."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import near, no_zero, small, square
from core.words import N_

torch = lazy.load("torch")


def unchanged(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """A ⊙ B is A, which has no zeros."""
    return small(A, B) and A.numel() > 3 and no_zero(A) and near(result, A)


def ones(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """A ⊙ B is 1 everywhere, and A is not ±1 everywhere."""
    return small(A, B) and near(result, torch.ones(A.shape)) and bool((A.abs() != 1).any())


def lower(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """What is above the diagonal is 0, the rest is A's."""
    return square(3, A, B) and no_zero(A) and near(result, A.tril())


def both(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """A ⊙ B and A @ B are the same, neither is zero, and neither A nor B is the identity."""
    return (
        square(2, A, B)
        and near(result, A @ B)
        and bool(result.any())
        and not any(near(one, torch.eye(2), 1e-6) for one in (A, B))
    )


CHALLENGES = (
    Challenge(
        "unchanged",
        N_("Find the B that leaves A as it is."),
        unchanged,
        N_("Ones everywhere, not the identity matrix: each number meets only the one in its own place."),
        {"A": "[[1, 2, 3], [4, 5, 6]]", "B": "[[1, 0, 0], [0, 1, 0]]"},
        {"B": "[[1, 1, 1], [1, 1, 1]]"},
    ),
    Challenge(
        "ones",
        N_("Find B such that A ⊙ B is 1 everywhere."),
        ones,
        N_("1 / A, cell by cell. One zero in A, and there is no such B."),
        {"A": "[[1, 2], [4, 5]]", "B": "[[1, 1], [1, 1]]"},
        {"B": "[[1, 0.5], [0.25, 0.2]]"},
    ),
    Challenge(
        "mask",
        N_("Mask A: keep the diagonal and what is below it, and make 0 of all above."),
        lower,
        N_("The mask of causal attention: word i may look at the words up to i, and not ahead."),
        {"A": "[[1, 2, 3], [4, 5, 6], [7, 8, 9]]", "B": "torch.ones(3, 3)"},
        {"B": "[[1, 0, 0], [1, 1, 0], [1, 1, 1]]"},
    ),
    Challenge(
        "both",
        N_("Find A and B, neither the identity, for which A * B and A @ B are the same, and not zero."),
        both,
        N_(
            "Diagonal matrices do it: rows meet columns only on the diagonal, where each number has its partner."
        ),
        {"A": "[[1, 2], [3, 4]]", "B": "[[2, 0], [0, 3]]"},
        {"A": "[[1, 0], [0, 4]]"},
    ),
)

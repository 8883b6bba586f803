"""Challenges of the batched product: the axes in front, one matrix for all, and every pair."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import near, small
from core.words import N_

torch = lazy.load("torch")

STACK = "torch.arange(18).reshape(3, 3, 2)"


def widened(A: torch.Tensor, result: torch.Tensor) -> bool:
    """(5, 1, 2, 3) @ B is (5, 4, 2, 6)."""
    return tuple(A.shape) == (5, 1, 2, 3) and tuple(result.shape) == (5, 4, 2, 6)


def one_for_all(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """One matrix serves a whole stack, with five columns."""
    return tuple(A.shape) == (3, 3, 2) and B.ndim == 2 and tuple(result.shape) == (3, 3, 5)


def unchanged(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """A whole stack is left as it is."""
    return small(A, B, result) and tuple(A.shape) == (3, 3, 2) and bool(A.any()) and near(result, A, 1e-3)


def every_pair(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """Each of 2 matrices meets each of 3."""
    return (
        A.ndim > 2 < B.ndim
        and A.shape[:-2].numel() == 2
        and B.shape[:-2].numel() == 3
        and tuple(result.shape[:-2]) == (2, 3)
    )


CHALLENGES = (
    Challenge(
        "widen",
        N_("A is (5, 1, 2, 3). Find a B for which A @ B is (5, 4, 2, 6)."),
        widened,
        N_("(3, 6) for the product, and 4 in front, which meets the 1 of A; the 5 need not be said again."),
        {"A": "torch.ones(5, 1, 2, 3)", "B": "torch.ones(3, 6)"},
        {"B": "torch.ones(4, 3, 6)"},
    ),
    Challenge(
        "one-for-all",
        N_("Let one matrix serve the whole stack: (3, 3, 2) @ B is (3, 3, 5)."),
        one_for_all,
        N_(
            "The weights of a layer are one matrix (2, 5) for all samples: no axis in front, so it fits any batch."
        ),
        {"A": STACK, "B": "torch.ones(3, 2, 4)"},
        {"B": "torch.ones(2, 5)"},
    ),
    Challenge(
        "unchanged",
        N_("Find a B that leaves every matrix of the stack as it is."),
        unchanged,
        N_("The identity of the last axis, (2, 2). One is enough for all, by broadcasting."),
        {"A": STACK, "B": "torch.ones(2, 2)"},
        {"B": "torch.eye(2)"},
    ),
    Challenge(
        "pairs",
        N_(
            "Multiply each of 2 matrices with each of 3: put an axis of size 1 into A, so that C begins with (2, 3)."
        ),
        every_pair,
        N_("(2, 1) and (3,) in front broadcast to (2, 3): a table of products, each pair once."),
        {"A": "torch.arange(8).reshape(2, 2, 2)", "B": "torch.arange(12).reshape(3, 2, 2)"},
        {"A": "torch.arange(8).reshape(2, 1, 2, 2)"},
    ),
)

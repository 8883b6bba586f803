"""Challenges of the matrix: a cell, a pair, the mirror of the diagonal."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import NEAR, near, no_zero, small
from core.words import N_

torch = lazy.load("torch")


def _squared(A: torch.Tensor, least: int = 2) -> bool:
    return small(A) and A.ndim == 2 and A.shape[0] == A.shape[1] >= least


def pointed(A: torch.Tensor, view: str, result: torch.Tensor) -> bool:
    """The cell looked at holds the largest number of A."""
    return view == "index" and small(A, result) and A.numel() > 5 and bool(result == A.max())


def one_pair(A: torch.Tensor) -> bool:
    """Exactly one pair A[i, j] != A[j, i]."""
    return _squared(A, 3) and int((A != A.T).sum()) == 2


def balanced(A: torch.Tensor) -> bool:
    """Symmetric, without a zero, each row adds up to 0."""
    return _squared(A, 3) and no_zero(A) and near(A, A.T) and near(A.sum(1), torch.zeros(len(A)), NEAR)


def skew(A: torch.Tensor) -> bool:
    """A is −A.T, and not zero."""
    return _squared(A) and bool(A.any()) and near(A, -A.T, 1e-6)


CHALLENGES = (
    Challenge(
        "largest",
        N_("Click the largest number of A. Which i and j are its address?"),
        pointed,
        N_("A[2, 1] is row 2, column 1, counted from 0: the row first, always."),
        {"A": "[[5, 1, 4, 2], [3, 8, 0, 6], [7, 9, 2, 1]]", "view": "index", "cell": "1,0"},
        {"cell": "2,1"},
    ),
    Challenge(
        "one-pair",
        N_("Change one number so that exactly one pair is marked."),
        one_pair,
        N_(
            "A number off the diagonal has one partner, so it breaks one pair; one on the diagonal is its own partner."
        ),
        {"A": "[[2, 7, 1], [7, 4, 5], [1, 5, 8]]", "view": "symmetry"},
        {"A": "[[2, 7, 3], [7, 4, 5], [1, 5, 8]]"},
    ),
    Challenge(
        "balanced",
        N_("Make a 3 × 3 matrix that is its own transpose, has no zero, and whose rows each add up to 0."),
        balanced,
        N_(
            "Its columns are its rows, and add up to 0, too. Such a matrix tells how the nodes of a graph are joined."
        ),
        {"A": "[[2, -1, 1], [-1, 2, 1], [1, 1, 2]]", "view": "symmetry"},
        {"A": "[[2, -1, -1], [-1, 2, -1], [-1, -1, 2]]"},
    ),
    Challenge(
        "skew",
        N_("Find a matrix, not zero, for which A.T is −A. What stands on its diagonal?"),
        skew,
        N_("On the diagonal a number would have to be its own opposite: only 0 is."),
        {"A": "[[1, 2], [-2, 1]]", "view": "transpose"},
        {"A": "[[0, 2], [-2, 0]]"},
    ),
)

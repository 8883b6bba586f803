"""Challenges of the reduction: which axis goes, what stays, and what a mean cannot tell."""

from __future__ import annotations

from typing import Any

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import near, no_zero, small
from core.words import N_

torch = lazy.load("torch")

CUBE = "torch.arange(24).reshape(2, 3, 4)"


def middle(A: torch.Tensor, result: torch.Tensor) -> bool:
    """(2, 3, 4) became (2, 4)."""
    return tuple(A.shape) == (2, 3, 4) and tuple(result.shape) == (2, 4)


def divisible(A: torch.Tensor, op: str, result: torch.Tensor) -> bool:
    """The sum of each row, in a shape by which A can be divided."""
    return op == "sum" and A.ndim == 2 and min(A.shape) > 1 and tuple(result.shape) == (len(A), 1)


def level(A: torch.Tensor, op: str, axis: Any, result: torch.Tensor) -> bool:
    """The mean of four and more numbers is the largest of them."""
    return (
        small(A) and A.numel() > 3 and op == "mean" and axis is None and near(result.flatten(), A.max()[None])
    )


def cancelled(A: torch.Tensor, op: str, axis: Any, result: torch.Tensor) -> bool:
    """Column sums 0, and no number 0."""
    return (
        op == "sum"
        and axis == 0
        and small(A)
        and A.ndim == 2
        and no_zero(A)
        and near(result, 0 * result, 1e-3)
    )


CHALLENGES = (
    Challenge(
        "middle",
        N_("(2, 3, 4) is to become (2, 4): which axis has to collapse?"),
        middle,
        N_("The axis you name is the one that disappears: axis 1 had the size 3."),
        {"A": CUBE, "op": "sum", "axis": "0"},
        {"axis": "1"},
    ),
    Challenge(
        "divisible",
        N_("Sum each row so that A can be divided by the sums: (3, 4) → (3, 1)."),
        divisible,
        N_(
            "keepdim leaves the axis with size 1, and broadcasting stretches it again: each row by its own sum."
        ),
        {"A": "torch.arange(12).reshape(3, 4)", "op": "sum", "axis": "1", "keepdim": "0"},
        {"keepdim": "1"},
    ),
    Challenge(
        "level",
        N_("Change A until the mean of all its numbers is its largest number."),
        level,
        N_("Only where all are equal: one smaller number would pull the mean below the largest."),
        {"A": "[[1, 5, 2], [4, 0, 3]]", "op": "mean", "axis": "none"},
        {"A": "[[4, 4, 4], [4, 4, 4]]"},
    ),
    Challenge(
        "cancel",
        N_("Let every column add up to 0, without a single 0 in A."),
        cancelled,
        N_("A sum forgets: very different columns have the same. What was added up cannot be read off it."),
        {"A": "[[1, 5, 2], [4, 1, 3]]", "op": "sum", "axis": "0"},
        {"A": "[[1, 5, 2], [-1, -5, -2]]"},
    ),
)

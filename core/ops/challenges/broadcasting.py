"""Challenges of broadcasting: columns, new axes, tables, and a clash mended."""

from __future__ import annotations

from math import prod

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import exact, near, small
from core.words import N_

torch = lazy.load("torch")

PLAIN = {"C": "", "D": "", "op": "+", "shapes": ""}


def mended(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """10 and 20 were added to the rows of A (2, 3)."""
    return (
        tuple(A.shape) == (2, 3)
        and tuple(result.shape) == (2, 3)
        and small(B)
        and exact(B).flatten().tolist() == [10, 20]
    )


def beside(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """(3, 4) with a B that is neither a number, nor a vector, nor as large as A."""
    return tuple(A.shape) == (3, 4) and tuple(result.shape) == (3, 4) and B.ndim > 1 and 1 < B.numel() < 12


def stacked(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """(2, 3) and four numbers give (4, 2, 3)."""
    return tuple(A.shape) == (2, 3) and tuple(result.shape) == (4, 2, 3) and B.numel() == 4


def table(A: torch.Tensor, B: torch.Tensor, op: str, result: torch.Tensor) -> bool:
    """All differences of three different numbers."""
    if op != "-" or not small(A, B, result) or A.numel() != 3 or A.unique().numel() != 3:
        return False
    flat = exact(A).flatten()
    return near(result, flat[:, None] - flat[None, :]) and near(B.flatten(), flat)


def crossed(A: torch.Tensor, B: torch.Tensor, C: torch.Tensor | None, result: torch.Tensor) -> bool:
    """Three tensors, each long along one axis only, give (2, 3, 4)."""
    if C is None or tuple(result.shape) != (2, 3, 4):
        return False
    return all(sum(size > 1 for size in one.shape) == 1 and prod(one.shape) > 1 for one in (A, B, C))


CHALLENGES = (
    Challenge(
        "mend",
        N_(
            "Mend the clash: add 10 to the first row of A and 20 to the second. B holds only these two numbers."
        ),
        mended,
        N_("As a column (2, 1): shapes are compared from the right, and there a 1 is stretched to 3."),
        {"A": "[[1, 2, 3], [4, 5, 6]]", "B": "[10, 20]", **PLAIN},
        {"B": "[[10], [20]]"},
    ),
    Challenge(
        "beside",
        N_(
            "Find a B for A (3, 4) that gives (3, 4), and is neither a number, nor a vector, nor as large as A."
        ),
        beside,
        N_("(3, 1) and (1, 4) do it: a column for all columns, a row for all rows."),
        {"A": "torch.arange(12).reshape(3, 4)", "B": "[10, 20, 30, 40]", **PLAIN},
        {"B": "[[10], [20], [30]]"},
    ),
    Challenge(
        "stack",
        N_("Make (4, 2, 3) of A (2, 3) and a B of only four numbers."),
        stacked,
        N_("B is (4, 1, 1): a new axis in front, stretched over rows and columns. Nothing is copied."),
        {"A": "[[1, 2, 3], [4, 5, 6]]", "B": "[[10], [20]]", **PLAIN},
        {"B": "[[[10]], [[20]], [[30]], [[40]]]"},
    ),
    Challenge(
        "table",
        N_("Make a table of all differences of 1, 2 and 4: 3 × 3, with zeros on the diagonal."),
        table,
        N_(
            "A column minus a row: each number meets each. So distances between all points are computed at once."
        ),
        {"A": "[1, 2, 4]", "B": "[1, 2, 4]", **PLAIN, "op": "-"},
        {"A": "[[1], [2], [4]]"},
    ),
    Challenge(
        "cross",
        N_("Three tensors, each long along one axis only, are to give (2, 3, 4): A, B and C."),
        crossed,
        N_("(2, 1, 1), (3, 1) and (4,): 9 numbers lie in memory, 24 come out."),
        {"A": "torch.ones(2, 1, 1)", "B": "torch.ones(3, 1)", **PLAIN},
        {"C": "torch.ones(4)"},
    ),
)

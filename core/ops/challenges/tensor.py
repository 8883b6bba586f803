"""Challenges of the tensor: slices, and the order of the axes."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import exact, small
from core.words import N_

torch = lazy.load("torch")

BLOCK = "torch.arange(24).reshape(2, 3, 4)"


def _untouched(A: torch.Tensor, *shape: int) -> bool:
    """A holds 0, 1, 2, ... in this shape."""
    return tuple(A.shape) == shape and exact(A).flatten().tolist() == list(range(A.numel()))


def four(A: torch.Tensor, result: torch.Tensor) -> bool:
    """A slice that keeps 5, 6, 9 and 10."""
    return (
        _untouched(A, 2, 3, 4) and small(result) and sorted(exact(result).flatten().tolist()) == [5, 6, 9, 10]
    )


def ends(A: torch.Tensor, result: torch.Tensor) -> bool:
    """The last number of each row of the first matrix, as a vector."""
    return _untouched(A, 2, 3, 4) and small(result) and exact(result).tolist() == [3, 7, 11]


def seven(A: torch.Tensor, result: torch.Tensor) -> bool:
    """(4, 3, 2) with 7 at [3, 1, 0]: the axes were turned round, and nothing was only counted anew."""
    return _untouched(A, 2, 3, 4) and tuple(result.shape) == (4, 3, 2) and int(result[3, 1, 0]) == 7


def middle(A: torch.Tensor, result: torch.Tensor) -> bool:
    """(3, 4) with a new axis in the middle."""
    return _untouched(A, 3, 4) and tuple(result.shape) == (3, 1, 4)


CHALLENGES = (
    Challenge(
        "four",
        N_("Find the slice that keeps the numbers 5, 6, 9 and 10."),
        four,
        N_("An index for the matrix, ranges for rows and columns: a range keeps its axis, an index takes it away."),
        {"A": BLOCK, "view": "cells", "deed": "index", "index": "A[1, :, ::2]"},
        {"index": "A[0, 1:, 1:3]"},
    ),
    Challenge(
        "ends",
        N_("Get the vector [3, 7, 11]: the last number of each row of the first matrix."),
        ends,
        N_("−1 counts from the end, whatever the size is: `A[0, :, -1]`."),
        {"A": BLOCK, "view": "cells", "deed": "index", "index": "A[0]"},
        {"index": "A[0, :, -1]"},
    ),
    Challenge(
        "seven",
        N_("Turn (2, 3, 4) into (4, 3, 2) so that the number 7 is at [3, 1, 0]."),
        seven,
        N_("7 was at [0, 1, 3]. transpose and permute exchange the axes and keep each number's address, turned round; "
           "reshape only counts anew."),
        {"A": BLOCK, "view": "cells", "deed": "reshape", "sizes": "4, 3, 2"},
        {"deed": "transpose", "pair": "0, 2"},
    ),
    Challenge(
        "middle",
        N_("Give the matrix (3, 4) a new axis in the middle: (3, 1, 4)."),
        middle,
        N_("An axis of size 1 holds nothing new; it makes room for broadcasting. unsqueeze says where."),
        {"A": "torch.arange(12).reshape(3, 4)", "view": "cells", "deed": "unsqueeze", "dim": "0"},
        {"dim": "1"},
    ),
)  # fmt: skip

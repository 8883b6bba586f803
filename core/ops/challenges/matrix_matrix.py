"""Challenges of the matrix product: nothing out of something, any order, there and back, and columns exchanged."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import multiple_of_identity, near, small, square
from core.words import N_

torch = lazy.load("torch")


def nothing(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """A B is zero, A and B are not."""
    return (
        small(A, B, result)
        and bool(A.any())
        and bool(B.any())
        and near(result, torch.zeros(result.shape), 1e-4)
    )


def either_way(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """A B is B A; neither stretches all alike, and they are not the same."""
    return (
        square(2, A, B)
        and near(result, B @ A, 1e-3)
        and not near(A, B)
        and not multiple_of_identity(A)
        and not multiple_of_identity(B)
    )


def undone(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """A B is the identity, and A is not."""
    return square(2, A, B) and not near(A, torch.eye(2)) and near(result, torch.eye(2))


def exchanged(A: torch.Tensor, B: torch.Tensor, result: torch.Tensor) -> bool:
    """A with its two columns exchanged, which are not the same."""
    return small(A, B) and A.shape[1:] == (2,) and not near(A, A.flip(1)) and near(result, A.flip(1))


CHALLENGES = (
    Challenge(
        "nothing",
        N_("Find two matrices, neither of them zero, whose product is zero."),
        nothing,
        N_("B sends everything to where A sends it to 0. With numbers that cannot happen."),
        {"A": "[[1, 2], [3, 4]]", "B": "[[2, -2], [-1, 1]]"},
        {"A": "[[1, 2], [2, 4]]"},
    ),
    Challenge(
        "either-way",
        N_("Find A and B, different, neither a multiple of the identity, for which A B = B A."),
        either_way,
        N_("Order matters for most maps; not for two turns, nor for two shears in one direction."),
        {"A": "[[1, 1], [0, 1]]", "B": "[[1, 0], [1, 1]]", "view": "plane"},
        {"B": "[[1, 2], [0, 1]]"},
    ),
    Challenge(
        "undo",
        N_("Undo A: find the B for which A B is the identity."),
        undone,
        N_("B is the inverse of A, and it undoes A from the other side as well: B A is the identity, too."),
        {"A": "[[2, 1], [1, 1]]", "B": "[[1, 0], [0, 1]]", "view": "cells"},
        {"B": "[[1, -1], [-1, 2]]"},
    ),
    Challenge(
        "exchange",
        N_("Exchange the two columns of A by a matrix on its right."),
        exchanged,
        N_(
            "From the right a matrix mixes columns, from the left rows: each column of B says what to take of A's."
        ),
        {"A": "[[1, 2], [3, 4], [5, 6]]", "B": "[[1, 0], [0, 1]]", "reading": "columns"},
        {"B": "[[0, 1], [1, 0]]"},
    ),
)

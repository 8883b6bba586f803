"""Challenges of the matrix-vector product: motions of the plane, and what they leave alone or lose."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import NEAR, cosine, exact, length, multiple_of_identity, near, square, vectors
from core.words import N_

torch = lazy.load("torch")

QUARTERS = ([[0.0, -1.0], [1.0, 0.0]], [[0.0, 1.0], [-1.0, 0.0]])


def _determinant(A: torch.Tensor) -> float:
    (a, b), (c, d) = exact(A).tolist()
    return a * d - b * c


def quarter(A: torch.Tensor) -> bool:
    """A quarter of a turn, either way."""
    return any(near(A, turn, 2 * NEAR) for turn in QUARTERS)


def kept(A: torch.Tensor, x: torch.Tensor, result: torch.Tensor) -> bool:
    """x keeps its direction, and A does not keep all."""
    return square(2, A) and vectors(x, result) and not multiple_of_identity(A) and cosine(x, result) > 0.9995


def lost(A: torch.Tensor, x: torch.Tensor, result: torch.Tensor) -> bool:
    """A x is 0, and neither A nor x is."""
    return square(2, A) and vectors(x) and length(A) > 0.5 < length(x) and length(result) < 3 * NEAR


def turned_over(A: torch.Tensor) -> bool:
    """Three times the area, turned over."""
    return square(2, A) and abs(_determinant(A) + 3) < 0.1


CHALLENGES = (
    Challenge(
        "quarter",
        N_("Drag the columns of A until it turns the plane by a quarter and leaves all lengths alone."),
        quarter,
        N_(
            "The columns are where the basis vectors land: of length 1, still at a right angle, a quarter further."
        ),
        {"A": "[[2, 1], [0, 1]]", "x": "[1, 2]"},
        {"A": "[[0, -1], [1, 0]]"},
    ),
    Challenge(
        "kept",
        N_("Drag x until A x points the same way as x."),
        kept,
        N_("x is an eigenvector now: A only stretches it, and by how much is its eigenvalue."),
        {"A": "[[2, 1], [1, 2]]", "x": "[2, 0.5]"},
        {"x": "[1, 1]"},
    ),
    Challenge(
        "lost",
        N_("A flattens the plane. Find an x, not zero, that it sends to 0."),
        lost,
        N_("A whole line goes to 0, the null space; so A cannot be undone: nobody knows where on it x was."),
        {"A": "[[1, 2], [0.5, 1]]", "x": "[2, 1]"},
        {"x": "[2, -1]"},
    ),
    Challenge(
        "over",
        N_("Let A make every area three times as large and turn the plane over."),
        turned_over,
        N_(
            "The determinant is −3: its size is the factor of all areas, its sign says on which side the plane lies."
        ),
        {"A": "[[1, 0], [0, 1]]", "x": "[1, 2]"},
        {"A": "[[3, 0], [0, -1]]"},
    ),
)

"""Challenges of the vector: arrows that cancel, agree, stand upright and shorten each other."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import NEAR, cosine, exact, length, near, vectors
from core.words import N_

torch = lazy.load("torch")


def cancelled(x: torch.Tensor, y: torch.Tensor, result: torch.Tensor) -> bool:
    """z is the zero vector, and x and y are not."""
    return vectors(x, y) and length(result) <= 2 * NEAR < length(x)


def tripled(x: torch.Tensor, y: torch.Tensor, result: torch.Tensor) -> bool:
    """z is 3 x."""
    return vectors(x, y) and length(x) > 0.2 and near(result, 3 * exact(x), 3 * NEAR)


def upright(x: torch.Tensor, y: torch.Tensor, result: torch.Tensor) -> bool:
    """z stands at a right angle on y, and x does not."""
    return (
        vectors(x, y, result) and abs(cosine(result, y)) < NEAR < abs(cosine(x, y)) and length(result) > 0.1
    )


def shortened(x: torch.Tensor, y: torch.Tensor, c: float, result: torch.Tensor) -> bool:
    """x and y are longer than 3, x + y is shorter than 1."""
    return vectors(x, y) and c == 1 and length(result) < 1 and min(length(x), length(y)) > 3


CHALLENGES = (
    Challenge(
        "cancel",
        N_("Drag y until z = x + y is the zero vector."),
        cancelled,
        N_("y is −x: the same length the other way. The zero vector has a length, 0, and no direction."),
        {"x": "[3, 1]", "y": "[-1, 2]", "c": "1.0"},
        {"y": "[-3, -1]"},
    ),
    Challenge(
        "triple",
        N_("Make z three times as long as x, in the same direction."),
        tripled,
        N_("x itself is one of the three; what is added is 2 x, on the same line."),
        {"x": "[2, 1]", "y": "[1, 2]", "c": "1.0"},
        {"y": "[4, 2]"},
    ),
    Challenge(
        "upright",
        N_("Move c until z = x + c y stands at a right angle on y."),
        upright,
        N_(
            "c y takes away all of x that lies along y. What is left has nothing of y: so bases are made orthogonal."
        ),
        {"x": "[4, 2]", "y": "[2, 0]", "c": "1.0"},
        {"c": "-2.0"},
    ),
    Challenge(
        "shorter",
        N_("Two long arrows, a short sum: x and y longer than 3, x + y shorter than 1."),
        shortened,
        N_(
            "Lengths do not add up, arrows do: a sum is at most as long as both together, and may be nearly nothing."
        ),
        {"x": "[3, 2]", "y": "[2, 3]", "c": "1.0"},
        {"y": "[-3, -1.5]"},
    ),
)

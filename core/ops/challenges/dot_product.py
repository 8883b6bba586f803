"""Challenges of the dot product: right angles, shadows, and the largest there can be."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import NEAR, cosine, length, near, vectors
from core.words import N_

torch = lazy.load("torch")


def upright(x: torch.Tensor, y: torch.Tensor) -> bool:
    """x and y at a right angle, both longer than 1."""
    return vectors(x, y) and min(length(x), length(y)) > 1 and abs(cosine(x, y)) < NEAR


def doubled(x: torch.Tensor, y: torch.Tensor, result: torch.Tensor) -> bool:
    """The product 20 at the angle of 45°."""
    return vectors(x, y) and near(result, 20.0, 0.2) and abs(cosine(x, y) - 0.5**0.5) < NEAR


def slight(x: torch.Tensor, y: torch.Tensor, result: torch.Tensor) -> bool:
    """Two arrows longer than 3, and a product between 0 and 1."""
    return vectors(x, y) and min(length(x), length(y)) > 3 and 0.01 < float(result) < 1


def largest(x: torch.Tensor, y: torch.Tensor, result: torch.Tensor) -> bool:
    """Of all y of length 1 the one with the largest product with [3, 4]."""
    return vectors(x, y) and near(x, [3.0, 4.0]) and abs(length(y) - 1) < NEAR and float(result) > 4.85


CHALLENGES = (
    Challenge(
        "upright",
        N_("Drag y until x · y is 0. Both stay longer than 1."),
        upright,
        N_(
            "A right angle: the shadow of one on the other is a point, and neither says anything about the other."
        ),
        {"x": "[3, 1]", "y": "[2, 4]"},
        {"y": "[-1, 3]"},
    ),
    Challenge(
        "double",
        N_("Make x · y = 20 out of 10, and keep the angle of 45°."),
        doubled,
        N_("Lengths go into the product, one by one: twice as long is twice the product. The cosine stays."),
        {"x": "[3, 1]", "y": "[2, 4]"},
        {"y": "[4, 8]"},
    ),
    Challenge(
        "slight",
        N_("Find two arrows longer than 3 whose product lies between 0 and 1."),
        slight,
        N_("Nearly at a right angle: long arrows may have little to do with each other."),
        {"x": "[3, 2]", "y": "[3, -1]"},
        {"x": "[4, 0]", "y": "[0.2, 4]"},
    ),
    Challenge(
        "largest",
        N_("x is [3, 4]. Of all y of length 1, find the one with the largest x · y."),
        largest,
        N_(
            "It points the way x does, and the product is the length of x, 5: no product is larger than ‖x‖ · ‖y‖."
        ),
        {"x": "[3, 4]", "y": "[0, 1]"},
        {"y": "[0.6, 0.8]"},
    ),
)

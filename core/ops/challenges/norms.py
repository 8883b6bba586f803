"""Challenges of the norms: where all p agree, where the ball is sharp, when the triangle fails and the circle stays."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import NEAR, exact, length, near, no_zero, small, square, vectors
from core.words import N_

torch = lazy.load("torch")


def agreed(x: torch.Tensor, A: torch.Tensor | None) -> bool:
    """The sum of the sizes is the largest size, of a vector of two and more."""
    return (
        A is None and vectors(x) and x.numel() > 1 and near(x.abs().sum(), x.abs().max()) and length(x) > 0.2
    )


def shortest(x: torch.Tensor, A: torch.Tensor | None) -> bool:
    """On the L1 ball, as near to the origin as can be."""
    return (
        A is None
        and vectors(x)
        and x.numel() == 2
        and abs(float(x.abs().sum()) - 1) < NEAR
        and length(x) < 0.72
    )


def crooked(x: torch.Tensor, y: tuple[float, ...], p: float, view: str) -> bool:
    """Longer straight on than by the corner, which no norm allows."""
    if view != "triangle" or not p < 1 or not vectors(x) or x.numel() != len(y):
        return False
    far = exact(x)
    sides = [
        float(torch.linalg.vector_norm(one, p)) for one in (far, far.new_tensor(y), far + far.new_tensor(y))
    ]
    return sides[2] > sides[0] + sides[1] + NEAR


def round_still(x: torch.Tensor, A: torch.Tensor | None, p: float) -> bool:
    """A turns or reflects the circle: no zero in it, columns of length 1 at a right angle."""
    return p == 2 and square(2, A) and small(x) and no_zero(A) and near(A.T @ A, torch.eye(2), 2 * NEAR)


CHALLENGES = (
    Challenge(
        "agree",
        N_("Drag x to a place, not 0, where every p finds the same length."),
        agreed,
        N_("On an axis only one number is not 0, and no p has anything to add up: all the balls meet there."),
        {"x": "[3, 4]", "A": "", "p": "1", "view": "ball"},
        {"x": "[3, 0]"},
    ),
    Challenge(
        "shortest",
        N_("Keep the L1 norm of x at 1, and bring x as near to the origin as you can."),
        shortest,
        N_("The middle of an edge of the square, (½, ½). In its corners x is longest, and a number is 0: that is "
           "where L1 leads, and why it makes zeros."),
        {"x": "[1, 0]", "A": "", "p": "1", "view": "ball"},
        {"x": "[0.5, 0.5]"},
    ),
    Challenge(
        "crooked",
        N_("p is 0.5. Find x and y for which the way by the corner is shorter than the straight one."),
        crooked,
        N_("A norm never allows that: the triangle inequality fails for p below 1, so this is no norm."),
        {"x": "[2, 2]", "A": "", "p": "0.5", "view": "triangle", "y": "1,1"},
        {"x": "[2, 0]", "y": "0,2"},
    ),
    Challenge(
        "round",
        N_("Find an A without zeros under which the circle stays a circle of the same size."),
        round_still,
        N_("Columns of length 1 at a right angle: a turn, perhaps with a reflection. It leaves every L2 norm alone."),
        {"x": "[1, 2]", "A": "[[1, 1], [-1, 1]]", "p": "2", "view": "ball"},
        {"A": "[[0.6, -0.8], [0.8, 0.6]]"},
    ),
)  # fmt: skip

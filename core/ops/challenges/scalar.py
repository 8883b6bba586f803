"""Challenges of the scalar: what a number leaves alone, turns over and undoes."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import NEAR, near, small
from core.words import N_

torch = lazy.load("torch")


def turned(a: torch.Tensor, b: torch.Tensor, op: str, result: torch.Tensor) -> bool:
    """a · b is −a."""
    return op == "*" and small(a, b) and abs(float(a)) > NEAR and near(result, -a)


def rooted(a: torch.Tensor, b: torch.Tensor, op: str, result: torch.Tensor) -> bool:
    """4 ** b is 2."""
    return op == "**" and small(a, b) and near(a, 4.0) and near(result, 2.0)


def unmoved(a: torch.Tensor, b: torch.Tensor, op: str, result: torch.Tensor) -> bool:
    """a · b is a, and b is not 1."""
    return op == "*" and small(a, b) and abs(float(b) - 1) > 0.2 and near(result, a)


def alike(a: torch.Tensor, b: torch.Tensor) -> bool:
    """a + b is a · b, and a is not b."""
    return small(a, b) and abs(float(a - b)) > 0.2 and near(a + b, a * b, 2 * NEAR)


CHALLENGES = (
    Challenge(
        "turn",
        N_("Multiply, and drag b until a · b is −a: the line is turned over and not stretched."),
        turned,
        N_("Multiplying by −1 turns the line over; its size, 1, stretches nothing."),
        {"a": "2", "b": "3", "op": "*"},
        {"b": "-1"},
    ),
    Challenge(
        "root",
        N_("Make 2 out of 4 with a power: which b gives 4 ** b = 2?"),
        rooted,
        N_("A power of ½ is the square root: two of them make the whole, 4^½ · 4^½ = 4."),
        {"a": "4", "b": "2", "op": "**"},
        {"b": "0.5"},
    ),
    Challenge(
        "unmoved",
        N_("a · b is to be a again, but b is not 1. Which a does that?"),
        unmoved,
        N_(
            "0 stays where it is whatever it is multiplied by: every stretching of the line leaves one point alone."
        ),
        {"a": "2", "b": "3", "op": "*"},
        {"a": "0"},
    ),
    Challenge(
        "alike",
        N_("Find two different numbers for which a + b and a · b are the same."),
        alike,
        N_("a + b = a · b says b = a / (a − 1): every a but 1 has its partner, 3 has 1.5."),
        {"a": "3", "b": "2", "op": "*"},
        {"b": "1.5"},
    ),
)

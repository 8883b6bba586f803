"""Challenges of the network: what bends are for, how few do, and where it is not sure."""

from __future__ import annotations

from core import lazy
from core.operation import Challenge
from core.ops.challenges.goals import small
from core.ops.network import Trained
from core.words import N_

torch = lazy.load("torch")

GOOD = 0.95  # of the points that it has never seen


def bent(net: Trained, data: str, own: bytes | None) -> bool:
    """The circles are told apart."""
    return data == "circles" and own is None and net.accuracy() >= GOOD


def enough(net: Trained, data: str, own: bytes | None, width: int, depth: int) -> bool:
    """The moons are told apart by one bend of few numbers."""
    return data == "moons" and own is None and width <= 4 and depth == 1 and net.accuracy() >= GOOD


def unsure(result: torch.Tensor) -> bool:
    """Two kinds, and neither has more than 60 of 100."""
    return small(result) and tuple(result.shape) == (2,) and float(result.max()) < 0.6


CHALLENGES = (
    Challenge(
        "unsure",
        N_("Find a point about which the network is not sure: both kinds between 40 % and 60 %."),
        unsure,
        N_(
            "It lies on the border. At the end the border is one straight cut; here, before the bends, it is crooked."
        ),
        {"view": "flow", "x": "[0.5, -0.25]"},
        {"x": "[-0.85, 0.1]"},
    ),
    Challenge(
        "bend",
        N_("These circles are not told apart. Change one setting, so that at least 95 % are."),
        bent,
        N_("Without bends all the layers are one matrix, and no straight cut parts a ring from its middle."),
        {"data": "circles", "activation": "none", "x": "[0, 0.5]"},
        {"activation": "relu"},
    ),
    Challenge(
        "enough",
        N_("Tell at least 95 % of the moons apart, with one bend and not more than 4 numbers in the layer."),
        enough,
        N_("A few creases are enough for two moons. More would learn faster, and not tell more."),
        {"data": "moons", "width": "2", "depth": "1", "activation": "none"},
        {"width": "4", "activation": "relu"},
    ),
)

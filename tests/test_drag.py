"""What a hand let go of becomes the text of an input or the value of a point; nothing else a browser sends does."""

from __future__ import annotations

import math

import pytest

from core.operation import Slider, Spot
from core.ops.scalar import SCALAR
from pages.shared import drag

SPOT = Spot("tip", "a point", (1.0, 2.0), low=-3.0, high=3.0)


def test_a_scalar_takes_the_place_along_its_line() -> None:
    inputs = {"a": {"shape": []}, "b": {"shape": []}}
    assert drag.new_text(SCALAR, {"variable": "a", "value": [1.5, 0.0]}, inputs) == ("a", "1.5")
    assert drag.new_text(SCALAR, {"variable": "b", "value": [-2.0, 9.0]}, inputs) == ("b", "-2")


def test_a_point_is_cut_to_its_size_and_kept_in_its_range() -> None:
    moved = {"variable": "tip", "value": [0.5, 7.0, 1.0]}
    assert drag.new_point((Slider("c", "c", 0.0, 1.0, 0.1, 0.0), SPOT), moved) == ("tip", (0.5, 3.0))


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "tip",
        {},
        {"variable": "tip"},
        {"variable": "other", "value": [1.0, 2.0]},
        {"variable": "tip", "value": [1.0]},
        {"variable": "tip", "value": [1.0, math.nan]},
        {"variable": "tip", "value": [True, 1.0]},
        {"variable": "tip", "value": ["1", "2"]},
        {"variable": "tip", "value": {"x": 1}},
        {"variable": ["tip"], "value": [1.0, 2.0]},
    ],
)
def test_what_is_no_such_point_changes_nothing(sent: object) -> None:
    assert drag.new_point((SPOT,), sent) is None
    assert drag.new_text(SCALAR, sent, {"a": {"shape": []}}) is None

"""What a hand let go of on the stage -> the text of that input. Nothing from the browser is taken on trust."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from core.operation import Operation, Parameter, Spot

LARGEST = 1e6
DIGITS = 6


def new_text(operation: Operation, drag: Any, inputs: Mapping[str, Any]) -> tuple[str, Any] | None:
    """(input name, canonical text) of a drag, or (Spot's name, point); None when this page cannot have sent it.

    The value arrives padded with zeros to the space drawn and is cut to the input's shape.
    """
    if not isinstance(drag, Mapping):
        return None
    name = drag.get("variable")
    point = new_point(operation.parameters, drag)
    if point is not None:
        return point
    if name not in [item.name for item in operation.inputs] or name not in inputs:
        return None
    shape = list(inputs[name]["shape"])
    cut = _cut(drag.get("value"), shape)
    return None if cut is None else (name, literal(cut))


def new_point(parameters: Sequence[Parameter], drag: Any) -> tuple[str, tuple[float, ...]] | None:
    """(Spot's name, point within its range) of a drag; None when none of `parameters` is the point that was let go."""
    if not isinstance(drag, Mapping):
        return None
    for spot in (one for one in parameters if isinstance(one, Spot) and one.name == drag.get("variable")):
        point = _cut(drag.get("value"), [len(spot.default)])
        if point is not None:
            return spot.name, tuple(min(max(entry, spot.low), spot.high) for entry in point)
    return None


def literal(value: Any) -> str:
    """Numbers in nested lists as the tensor language writes them: whole numbers without a point."""
    if isinstance(value, list):
        return f"[{', '.join(literal(entry) for entry in value)}]"
    rounded = round(value, DIGITS) + 0.0  # + 0.0: no minus zero
    return str(int(rounded)) if rounded == int(rounded) else repr(rounded)


def _cut(value: Any, shape: Sequence[int]) -> Any:
    if not shape:
        value = value[0] if isinstance(value, list) and value else value  # a point on the number line
        usable = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return float(value) if usable and abs(value) <= LARGEST else None
    if not isinstance(value, list) or len(value) < shape[0]:
        return None
    parts = [_cut(entry, shape[1:]) for entry in value[: shape[0]]]
    return None if any(part is None for part in parts) else parts

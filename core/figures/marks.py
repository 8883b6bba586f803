"""What every drawn mark shares: arrays for the wire, and the part of `meta` that the stage reads."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.figures import maps, theme
from core.panels import Bind, Derived, Label, Mark, Point, Points, Value

Trace = dict[str, Any]
LONG = 24  # from here on an array travels as base64 of float32, half the size of its digits


def wire(values: np.ndarray) -> Any:
    """One coordinate for the wire: a plain list while it is short, a typed array when it is long. NaN is a gap."""
    if len(values) >= LONG:
        return {"dtype": "f4", "bdata": base64.b64encode(values.astype("<f4").tobytes()).decode()}
    return [None if np.isnan(value) else round(float(value), 6) for value in values]


def coordinates(positions: np.ndarray) -> Trace:
    """{"x": ..., "y": ...(, "z": ...)} of positions (count, d)."""
    return {axis: wire(positions[:, k]) for k, axis in enumerate("xyz"[: positions.shape[1]])}


def listed(points: tuple[Point | None, ...]) -> list[list[float] | None]:
    """Points as JSON lists."""
    return [None if point is None else list(point) for point in points]


def meta(mark: Mark, points: tuple[Point | None, ...]) -> Trace:
    """The stage's part of a trace: its name, layer and what moves it."""
    found: Trace = {"name": mark.name}
    if mark.layer:
        found["layer"] = mark.layer
    if mark.hides:
        found["still"] = True
    bind = mark.bind
    if (bind.matrix or bind.vector or bind.other) and points:
        own = _own(bind)
        moves: Trace = {
            "matrix": bind.matrix or None,
            "vector": bind.vector or None,
            "base": "self" if own else listed(points),
        }
        if bind.mix:
            moves["mix"] = listed(bind.mix)
        if bind.other:
            moves |= {"other": bind.other, "otherMix": listed(bind.other_mix)}
        if bind.keep:
            moves["keep"] = listed(bind.keep)
        found["map"] = moves
    return found


def _own(bind: Bind) -> bool:
    """Whether the browser may read the mark's points off its trace."""
    return not bind.mix and not bind.keep and not bind.other


def standing(mark: Mark, points: tuple[Point | None, ...], state: Mapping[str, Value]) -> np.ndarray:
    """The positions of a mark in `state`; a mark that the browser moves from its own points keeps them."""
    start = {} if _own(mark.bind) else state
    return maps.place(points, mark.bind, start)


def hues(mark: Points, mode: str) -> str | list[str]:
    """The colour of each point, or one for all."""
    if not mark.colours:
        return theme.colour(mark.colour, mode)
    return [theme.colour(name, mode) for name in mark.colours]


def rule(mark: Derived) -> Trace:
    """What the browser computes a derived line from."""
    found: Trace = {"kind": mark.kind, "radius": mark.radius}
    named = {"of": mark.of, "onto": mark.onto, "inverse": mark.inverse, "matrix": mark.bind.matrix}
    return found | {key: name for key, name in named.items() if name}


def live(mark: Label) -> Trace:
    """What the browser fills a label's words in from."""
    kind, template = mark.live
    named = {"of": mark.of, "onto": mark.onto, "inverse": mark.inverse}
    found: Trace = {"kind": kind, "matrix": "M", "vector": "x", "template": template}
    return found | {key: name for key, name in named.items() if name}


def lattice(reach: int, axes: int, size: int) -> tuple[Point | None, ...]:
    """Lines through the whole points of the first `axes` axes, each with its two ends and a gap."""
    whole = range(-reach, reach + 1)
    points: list[Point | None] = []
    for along in range(axes):
        others = [axis for axis in range(axes) if axis != along]
        for place in np.ndindex(*(len(whole),) * len(others)):
            at = [0.0] * size
            for axis, index in zip(others, place, strict=True):
                at[axis] = float(whole[index])
            low, high = list(at), list(at)
            low[along], high[along] = float(-reach), float(reach)
            points += [tuple(low), tuple(high), None]
    return tuple(points)

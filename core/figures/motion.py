"""Between two steps: the browser's own ways (stage/static/tween.js), for figures that play without the stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def ease(share: float) -> float:
    """Cubic, in and out: how far the picture is when `share` of the time has gone by."""
    return 4 * share**3 if share < 0.5 else 1 - (2 - 2 * share) ** 3 / 2


def along(path: Mapping[str, Any] | None, first: Any, second: Any, share: float) -> Any:
    """Where a number, vector or matrix of the state is: straight on, or turned about the origin."""
    if share in (0, 1):
        return second if share else first
    if path and path.get("kind") == "turn":
        return (rotation(path["angle"] * share, path.get("axis")) @ np.asarray(first)).tolist()
    return (np.asarray(first) * (1 - share) + np.asarray(second) * share).tolist()


def rotation(angle: float, axis: Sequence[float] | None = None) -> np.ndarray:
    """The rotation by `angle`: of the plane (2, 2), or about `axis` of space (3, 3) by Rodrigues' formula."""
    cosine, sine = math.cos(angle), math.sin(angle)
    if axis is None:
        return np.array([[cosine, -sine], [sine, cosine]])
    x, y, z = np.asarray(axis, dtype=float) / (np.linalg.norm(axis) or 1.0)
    across = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + sine * across + (1 - cosine) * across @ across


def mixed(first: Any, second: Any, share: float, turn: float = 0.5) -> Any:
    """Attributes of a trace on the way: numbers and equally long lists of them move, all else changes at `turn`."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {key: mixed(value, second.get(key, value), share, turn) for key, value in first.items()}
    if first == second or share in (0, 1):
        return second if share else first
    if _is_number(first) and _is_number(second):
        return first + (second - first) * share
    if _is_numeric(first) and _is_numeric(second) and len(first) == len(second):
        pairs = zip(first, second, strict=True)
        return [None if None in pair else pair[0] + (pair[1] - pair[0]) * share for pair in pairs]
    return first if share < turn else second


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_numeric(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(one is None or _is_number(one) for one in value)

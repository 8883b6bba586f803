"""Where the points of a bound mark stand: the same rule as the browser's, for pictures that nobody plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.panels import Bind, Point, Value


def place(points: Sequence[Point | None], bind: Bind, state: Mapping[str, Value]) -> np.ndarray:
    """keep_i * (M @ (point_i + mix_i * v + other_i * w)) as (count, d); None becomes NaN, a gap in a line."""
    size = next(len(point) for point in points if point is not None)
    gap = (np.nan,) * size
    base = np.array([gap if point is None else point for point in points], dtype=np.float64)
    other = (bind.other_mix, state.get(bind.other))
    return apply(base, bind.mix, bind.keep, state.get(bind.matrix), state.get(bind.vector), other)


def apply(
    base: np.ndarray,
    mix: Sequence[Point],
    keep: Sequence[Point],
    matrix: Value | None,
    vector: Value | None,
    other: tuple[Sequence[Point], Value | None] = ((), None),
) -> np.ndarray:
    """The rule itself: base, mix and keep (count, d) or empty, matrix (d, d) or None, vector (d,) or None.

    `other`: a second mix and its vector.
    """
    points = base
    if vector is not None and len(mix):
        points = points + np.asarray(mix) * np.asarray(vector)  # (count, d) + (count, d) * (d,)
    if other[1] is not None and len(other[0]):
        points = points + np.asarray(other[0]) * np.asarray(other[1])
    if matrix is not None:
        points = points @ np.asarray(matrix).T  # (count, d) @ (d, d): each row is M @ point
    return points * np.asarray(keep) if len(keep) else points

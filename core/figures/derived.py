"""Lines and numbers that follow from vectors of the state: the browser's rules too (stage/static/derived.js)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from core.numbers import number
from core.panels import Derived, Label, Value

ARC = 33  # points of an arc
OUTLINE = 240  # points of a ball's outline; a multiple of 8, so that corners are among them
RINGS, MERIDIANS, ROUND = (
    7,
    8,
    48,
)  # of a ball in space: circles of latitude, half circles from pole to pole, points
FLAT = 1e-3  # 1/p below this is 0: p is infinite
TINY = 1e-12

State = Mapping[str, Value]


def points(mark: Derived, state: State, size: int) -> np.ndarray:
    """The points (count, size) of a derived line; NaN is a gap, or that there is none."""
    of = _vector(state, mark.of, size)
    onto = _vector(state, mark.onto, size)
    inverse = float(state.get(mark.inverse, 0.5)) if mark.inverse else 0.5
    if mark.kind == "projection":
        return projection(of, onto)
    if mark.kind == "arc":
        return arc(of, onto, mark.radius)
    if mark.kind == "unit":
        length = norm(of, inverse)
        return np.stack([np.zeros(size), of / length if length > TINY else np.zeros(size)])
    radius = norm(of, inverse) if mark.of else mark.radius
    found = ball(size, inverse) * radius
    matrix = state.get(mark.bind.matrix)
    return found if matrix is None else found @ np.asarray(matrix, dtype=float).T


def count(mark: Derived, size: int) -> int:
    """How many points the line has, whatever the state."""
    if mark.kind == "ball":
        return len(ball(size, 0.5))
    return {"projection": 5, "arc": ARC, "unit": 2}[mark.kind]


def projection(of: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """From the tip of `of` to its foot on the line of `onto`, a gap, and from the origin to the foot: (5, d)."""
    square = float(onto @ onto)
    foot = onto * (float(of @ onto) / square) if square > TINY else onto * 0
    gap = np.full(len(of), np.nan)
    return np.stack([of, foot, gap, np.zeros(len(of)), foot])


def arc(of: np.ndarray, onto: np.ndarray, radius: float) -> np.ndarray:
    """A part of the circle about the origin, the short way from one direction to the other: (ARC, d)."""
    lengths = np.linalg.norm(of), np.linalg.norm(onto)
    if min(lengths) <= TINY:
        return np.full((ARC, len(of)), np.nan)
    one, other = of / lengths[0], onto / lengths[1]
    angle = math.acos(max(-1.0, min(1.0, float(one @ other))))
    across = other - one * float(one @ other)
    size = np.linalg.norm(across)
    if size <= 1e-9:  # parallel, or opposite: then any half circle does
        across = np.zeros(len(of))
        across[:2] = (-one[1], one[0]) if np.hypot(*one[:2]) > TINY else (1.0, 0.0)
        size = max(float(np.linalg.norm(across)), TINY)
    across = across / size
    turns = np.linspace(0.0, angle, ARC)[:, None]
    return radius * (np.cos(turns) * one + np.sin(turns) * across)


def norm(vector: np.ndarray, inverse: float) -> float:
    """The p-norm with p = 1 / inverse; inverse 0 is the largest size."""
    sizes = np.abs(vector)
    largest = float(sizes.max(initial=0.0))
    if inverse < FLAT or largest <= TINY:
        return largest
    return largest * float(((sizes / largest) ** (1 / inverse)).sum()) ** inverse


def ball(size: int, inverse: float) -> np.ndarray:
    """All v with the p-norm 1, p = 1 / inverse: an outline (size 2), or rings and meridians (size 3)."""
    if size == 2:
        turns = np.arange(OUTLINE + 1) * (2 * math.pi / OUTLINE)
        return _on_ball(np.stack([np.cos(turns), np.sin(turns)], axis=1), inverse)
    lines = []
    around = np.arange(ROUND + 1) * (2 * math.pi / ROUND)
    for ring in range(RINGS):
        height = (ring + 1) * math.pi / (RINGS + 1) - math.pi / 2
        level = np.full(len(around), math.sin(height))
        lines.append(
            np.stack([math.cos(height) * np.cos(around), math.cos(height) * np.sin(around), level], axis=1)
        )
    up = np.arange(ROUND // 2 + 1) * (2 * math.pi / ROUND) - math.pi / 2
    for meridian in range(2 * MERIDIANS // 2):
        turn = meridian * 2 * math.pi / MERIDIANS
        lines.append(np.stack([np.cos(up) * math.cos(turn), np.cos(up) * math.sin(turn), np.sin(up)], axis=1))
    gap = np.full((1, 3), np.nan)
    return np.concatenate([part for line in lines for part in (_on_ball(line, inverse), gap)])


def _on_ball(directions: np.ndarray, inverse: float) -> np.ndarray:
    """Unit directions (count, d) to the ball: straight out for p >= 1, by powers for spiky p < 1."""
    if inverse > 1:
        directions = np.sign(directions) * np.abs(_clean(directions)) ** (2 * inverse)
    lengths = np.array([norm(direction, inverse) for direction in directions])
    return _clean(directions) / lengths[:, None]


def _clean(directions: np.ndarray) -> np.ndarray:
    """Without the rounding that makes cos 90° something else than 0."""
    return np.where(np.abs(directions) < 1e-12, 0.0, directions)


def live_text(mark: Label, state: State) -> str:
    """The words of a label that follows the state, for pictures that nobody plays; its own text for other kinds."""
    kind, template = mark.live
    if kind not in LIVE or mark.of not in state:
        return mark.text
    named = {"of": mark.of, "onto": mark.onto, "inverse": mark.inverse}
    return live({"kind": kind, "template": template, **named}, state)


def live(rule: Mapping[str, str], state: State) -> str:
    """The words of a label by its `rule` (`core.figures.marks.live`), a number or a tuple put into its template."""
    if rule["kind"] in LIVE:
        of = np.asarray(state[rule["of"]], dtype=float)
        onto = np.asarray(state.get(rule.get("onto", ""), of * 0), dtype=float)
        said = LIVE[rule["kind"]](of, onto, float(state.get(rule.get("inverse", ""), 0.5)))
    else:
        matrix, vector = (
            np.asarray(state.get(rule[name], np.nan), dtype=float) for name in ("matrix", "vector")
        )
        said = OF_A_MATRIX[rule["kind"]](matrix, vector)
    return rule["template"].replace("{}", said)


def _cosine(of: np.ndarray, onto: np.ndarray) -> float:
    both = float(np.linalg.norm(of) * np.linalg.norm(onto))
    return max(-1.0, min(1.0, float(of @ onto) / both)) if both > TINY else math.nan


def _shown(value: float) -> str:
    return number(round(value, 2) + 0.0) if math.isfinite(value) else "–"


def _tuple(values: Sequence[float]) -> str:
    return f"({', '.join(_shown(float(value)) for value in values)})"


LIVE = {
    "dot": lambda of, onto, _inverse: _shown(float(of @ onto)),
    "cosine": lambda of, onto, _inverse: _shown(_cosine(of, onto)),
    "angle": lambda of, onto, _inverse: (
        _shown(math.degrees(math.acos(_cosine(of, onto)))) if not math.isnan(_cosine(of, onto)) else "–"
    ),
    "norm": lambda of, _onto, inverse: _shown(norm(of, inverse)),
    "norm-sum": lambda of, onto, inverse: _shown(norm(of + onto, inverse)),
    "sum": lambda of, onto, _inverse: _tuple(of + onto),
}
OF_A_MATRIX = {
    "det": lambda matrix, _vector: _shown(float(np.linalg.det(matrix))),
    "vector": lambda _matrix, vector: _tuple(vector),
    "image": lambda matrix, vector: _tuple(matrix @ vector),
}


def _vector(state: State, name: str, size: int) -> np.ndarray:
    value = state.get(name)
    return np.zeros(size) if value is None else np.asarray(value, dtype=float)

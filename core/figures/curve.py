"""Curves: lines and points over two axes with numbers. The axes are drawn as marks, so that every reader sees them.

Coordinates are the data's own (their logarithms on a logarithmic axis), so that a handle moves in data units.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

from core.figures import theme
from core.figures.marks import Trace, wire
from core.lazy import load
from core.numbers import number
from core.panels import Curve, Line

np = load("numpy")

LEFT, RIGHT, BELOW, ABOVE = 0.11, 0.03, 0.16, 0.17  # room around the drawing, as shares of its sides
NAMED = 0.16  # room at the right for the names of lines
TICKS = 5


def axes(panels: Sequence[Curve], _mode: str) -> tuple[dict, dict, bool]:
    """Invisible axes that hold the curve with its numbers and words at every step."""
    (x0, x1), (y0, y1) = ranges(panels)
    wide, high = x1 - x0, y1 - y0
    right = NAMED if any(line.label for panel in panels for line in panel.lines) else RIGHT
    hidden = {"visible": False, "fixedrange": True}
    return (
        hidden | {"range": [x0 - LEFT * wide, x1 + right * wide]},
        hidden | {"range": [y0 - BELOW * high, y1 + ABOVE * high]},
        False,
    )


def ranges(panels: Sequence[Curve]) -> tuple[tuple[float, float], tuple[float, float]]:
    """What of x and of y is drawn, in coordinates: all that any version shows."""
    xs = [_coordinate(value, panel.x_log) for panel in panels for value in panel.x_range]
    ys = [_coordinate(value, panel.y_log) for panel in panels for value in panel.y_range]
    return (min(xs), max(max(xs), min(xs) + 1e-9)), (min(ys), max(max(ys), min(ys) + 1e-9))


def draw(panel: Curve, mode: str, axes: tuple[str, str]) -> list[Trace]:
    """Grid, ticks, words, and a trace for each line; its name stands at its end."""
    place = {"type": "scatter", "xaxis": axes[0], "yaxis": axes[1], "showlegend": False, "hoverinfo": "skip"}
    drawn = [*_frame(panel, mode), *(_line(panel, line, mode) for line in panel.lines), _ends(panel, mode)]
    for trace in drawn:
        trace["meta"]["name"] = f"{panel.name}-{trace['meta']['name']}"
    return [place | trace for trace in drawn]


def _coordinate(value: float | None, log: bool) -> float:
    if value is None or not math.isfinite(value):
        return math.nan
    if not log:
        return value
    return math.log10(value) if value > 0 else math.nan


def _coordinates(values: Iterable[float | None], log: bool) -> list[float]:
    return [_coordinate(value, log) for value in values]


def ticks(low: float, high: float, log: bool) -> list[tuple[float, str]]:
    """Round places between two coordinates, with their numbers.

    >>> ticks(0, 10, False)
    [(0, '0'), (2, '2'), (4, '4'), (6, '6'), (8, '8'), (10, '10')]
    """
    if log:
        first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
        step = max(1, round((last - first) / TICKS))
        return [(place, number(10.0**place)) for place in range(first, last + 1, step)]
    size = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(size))
    step = next(
        factor * power for factor in (1, 2, 5, 10) if factor * power >= 0.7 * size
    )  # about five, never one
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    places = [k * step for k in range(first, last + 1)]
    return [(int(place) if place == int(place) else place, number(round(place, 12))) for place in places]


def _frame(panel: Curve, mode: str) -> list[Trace]:
    (x0, x1), (y0, y1) = ranges((panel,))
    across, up = ticks(x0, x1, panel.x_log), ticks(y0, y1, panel.y_log)
    grid = [(x, y0, x, y1) for x, _text in across] + [(x0, y, x1, y) for y, _text in up]
    zero = [(x0, y0, x1, y0), (x0, y0, x0, y1)]
    if y0 < 0 < y1 and not panel.y_log:
        zero[0] = (x0, 0.0, x1, 0.0)
    wide, high = x1 - x0, y1 - y0
    words = [
        (x0, y1 + 0.04 * high, panel.y_label, "top left" if not panel.y_label else "top center", "quiet", 13),
        (x1, y0 + 0.02 * high, panel.x_label, "top left", "quiet", 13),
        ((x0 + x1) / 2, y1 + 0.09 * high, panel.title, "middle center", "ink", 15),
    ]
    return [
        _segments("grid", grid, theme.colour("hairline", mode), 1),
        _segments("axes", zero, theme.colour("axis", mode), 1.5),
        _texts(
            "ticks",
            [(x, y0 - 0.02 * high, text, "bottom center", "quiet", 12) for x, text in across]
            + [(x0 - 0.012 * wide, y, text, "middle left", "quiet", 12) for y, text in up],
            mode,
        ),
        _texts("words", words, mode),
    ]


def _segments(name: str, lines: Sequence[tuple], hue: str, width: float) -> Trace:
    xs = [value for a, _, c, _ in lines for value in (a, c, None)]
    ys = [value for _, b, _, d in lines for value in (b, d, None)]
    return {"mode": "lines", "x": xs, "y": ys, "line": {"color": hue, "width": width}, "meta": {"name": name}}


def _texts(name: str, words: Sequence[tuple], mode: str) -> Trace:
    return {
        "mode": "text",
        "x": [word[0] for word in words],
        "y": [word[1] for word in words],
        "text": [word[2] for word in words],
        "textposition": [word[3] for word in words],
        "textfont": {
            "size": [word[5] for word in words],
            "color": [theme.colour(word[4], mode) for word in words],
        },
        "cliponaxis": False,
        "meta": {"name": name},
    }


def _line(panel: Curve, line: Line, mode: str) -> Trace:
    xs, ys = _coordinates(line.xs, panel.x_log), _coordinates(line.ys, panel.y_log)
    hue = theme.colour(line.colour, mode)
    found: Trace = {
        "x": wire(np.array(xs, dtype=float)),
        "y": wire(np.array(ys, dtype=float)),
        "mode": "markers" if line.dots else "lines",
        "meta": {"name": line.name},
    }
    if line.dots:
        found["marker"] = {
            "size": line.dots,
            "color": hue,
            "opacity": 1,
            "line": {"width": 1, "color": theme.colour("background", mode)},
        }
    else:
        found["line"] = {"color": hue, "width": line.width, "dash": line.dash}
    if line.fill:
        found |= {"fill": "tozeroy", "fillcolor": theme.faded(line.colour, line.fill, mode)}
    if line.texts:
        found |= {"hoverinfo": "text", "hovertext": list(line.texts)}
    return found


def _ends(panel: Curve, mode: str) -> Trace:
    """The names of the lines, each at its last point; those that would lie on one another are moved apart."""
    (x0, x1), (y0, y1) = ranges((panel,))
    named = []
    for line in panel.lines:
        pairs = zip(_coordinates(line.xs, panel.x_log), _coordinates(line.ys, panel.y_log), strict=True)
        known = [(x, y) for x, y in pairs if not math.isnan(x + y)]
        if line.label:
            x, y = known[-1] if known else (x0, y0)
            text = f"&nbsp;{line.label}" if known else ""
            named.append([x, min(max(y, y0), y1), text, "middle right", line.colour, 14])
    least = 0.065 * (y1 - y0)
    named.sort(key=lambda word: word[1])
    for below, above in itertools.pairwise(named):
        if abs(above[0] - below[0]) < 0.2 * (x1 - x0):
            above[1] = max(above[1], below[1] + least)
    return _texts("names", named, mode)

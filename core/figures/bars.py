"""Bars: a vector of any length, positive upwards and negative downwards; unknown ones have no height yet."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.figures import theme
from core.figures.marks import Trace
from core.numbers import number
from core.panels import Bars

HALF = 0.38  # of a bar's width
ROOM = 0.16  # share of the height that stays free below for labels, and twice of it above for the title


def axes(panels: Sequence[Bars], _mode: str) -> tuple[dict, dict, bool]:
    """Invisible axes that hold the bars at every step."""
    across, _up = ranges(panels[0])
    reaches = [ranges(panel)[1] for panel in panels]
    hidden = {"visible": False, "fixedrange": True}
    up = [min(low for low, _high in reaches), max(high for _low, high in reaches)]
    return hidden | {"range": across}, hidden | {"range": up}, False


def ranges(panel: Bars) -> tuple[list[float], list[float]]:
    """The x and y ranges of the axes that hold the bars, scaled to a tallest bar of 1."""
    below = ROOM + (1.0 if any(v is not None and v < 0 for v in panel.values) else 0.0)
    return [-0.7, len(panel.values) - 0.3], [-below, 1 + 2 * ROOM]


def draw(panel: Bars, mode: str, axes: tuple[str, str]) -> list[Trace]:
    """Four traces: other bars, lit bars, labels, and the title."""
    place = {"type": "scatter", "xaxis": axes[0], "yaxis": axes[1], "showlegend": False}
    known = [abs(v) for v in panel.values if v is not None and math.isfinite(v)]
    largest = max(known, default=0.0) or 1.0
    heights = [0.0 if v is None or not math.isfinite(v) else v / largest for v in panel.values]
    lit = set(panel.lit)
    bars = [
        _bars(panel, [k for k in range(len(heights)) if k not in lit], heights, "vector", "bars", mode),
        _bars(panel, [k for k in range(len(heights)) if k in lit], heights, "accent", "lit-bars", mode),
    ]
    return [place | trace for trace in (*bars, _labels(panel, mode), _title(panel, mode))]


def _bars(panel: Bars, which: list[int], heights: list[float], hue: str, name: str, mode: str) -> Trace:
    xs: list[float | None] = []
    ys: list[float | None] = []
    texts: list[str] = []
    for k in which:
        value = panel.values[k]
        xs += [k - HALF, k - HALF, k + HALF, k + HALF, None]
        ys += [0, heights[k], heights[k], 0, None]
        texts += [f"{panel.name}[{k}] = {'?' if value is None else number(value)}"] * 5
    return {
        "mode": "lines",
        "x": xs,
        "y": ys,
        "fill": "toself",
        "fillcolor": theme.colour(hue, mode),
        "line": {"width": 0.5, "color": theme.colour(hue, mode)},
        "hoverinfo": "text",
        "hovertext": texts,
        "meta": {"name": f"{panel.name}-{name}"},
    }


def _labels(panel: Bars, mode: str) -> Trace:
    return {
        "mode": "text",
        "x": list(range(len(panel.labels))),
        "y": [-ROOM / 2] * len(panel.labels),
        "text": list(panel.labels),
        "textfont": {"size": 13, "color": theme.colour("quiet", mode)},
        "hoverinfo": "skip",
        "meta": {"name": f"{panel.name}-labels"},
    }


def _title(panel: Bars, mode: str) -> Trace:
    return {
        "mode": "text",
        "x": [(len(panel.values) - 1) / 2],
        "y": [1 + ROOM],
        "text": [panel.title],
        "textfont": {"size": 15, "color": theme.colour("ink", mode)},
        "hoverinfo": "skip",
        "meta": {"name": f"{panel.name}-title"},
    }

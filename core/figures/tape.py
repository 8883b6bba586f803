"""A tensor's storage as one strip of cells with numbers and addresses; strides are jumps over it."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np

from core.figures import theme
from core.figures.marks import Trace, wire
from core.numbers import number
from core.panels import Jump, Tape

MOST = 48  # cells that are drawn; a longer storage is cut, and the note says so
SLOTS = 12  # jumps of one colour that are kept, so that they slide from step to step
BENDS = 17  # points of an arc
ARC = 2.1  # height of the longest arc, in cells
SIDE = 0.3
FEW = 24  # up to here every cell bears its address


def axes(panels: Sequence[Tape], _mode: str) -> tuple[dict, dict, bool]:
    """Invisible axes that hold the strip at every step, cells square."""
    shown = max(1, max(min(len(panel.values), MOST) for panel in panels))
    high = 0.7 + (ARC + 0.5 if any(panel.jumps for panel in panels) else 0.0)
    low = -1.3 - (0.85 * _scale(shown) if any(panel.title or panel.note for panel in panels) else 0.0)
    hidden = {"visible": False, "fixedrange": True}
    return hidden | {"range": [-0.5 - SIDE, shown - 0.5 + SIDE]}, hidden | {"range": [low, high]}, True


def draw(panel: Tape, mode: str, axes: tuple[str, str]) -> list[Trace]:
    """Traces: cells, numbers, addresses, frames of lit cells, arcs (one trace a colour), their heads, labels, words."""
    place = {"type": "scatter", "xaxis": axes[0], "yaxis": axes[1], "showlegend": False, "hoverinfo": "skip"}
    drawn = [_cells(panel, mode), _numbers(panel, mode), _addresses(panel, mode), _lit(panel, mode)]
    drawn += [_arcs(panel, hue, mode) for hue in dict.fromkeys(jump.colour for jump in panel.jumps)]
    drawn += [_heads(panel, mode), _labels(panel, mode), _words(panel, mode)]
    for trace in drawn:
        trace["meta"]["name"] = f"{panel.name}-{trace['meta']['name']}"
        if "unit" in trace["meta"]:
            trace["meta"]["unit"]["axis"] = axes[0]
    return [place | trace for trace in drawn]


def _scale(shown: int) -> float:
    """Letters beside the cells stay readable where the cells are many and small."""
    return max(1.0, shown / FEW)


def _cells(panel: Tape, mode: str) -> Trace:
    shown = panel.values[:MOST]
    fills = [_fill(panel.colours[k] if k < len(panel.colours) else "", mode) for k in range(len(shown))]
    return {
        "mode": "markers",
        "x": list(range(len(shown))),
        "y": [0] * len(shown),
        "marker": {
            "symbol": "square",
            "size": 30,
            "color": fills,
            "opacity": 1,
            "line": {"width": 1, "color": theme.colour("axis", mode)},
        },
        "hoverinfo": "text",
        "hovertext": [
            f"{panel.start + k}: {'?' if value is None else number(value)}" for k, value in enumerate(shown)
        ],
        "meta": {"name": "cells", "unit": {"marker.size": 0.97}},
    }


def _fill(hue: str, mode: str) -> str:
    """A light tint of the colour, on which the number can be read."""
    paper = theme.rgb(theme.colour("background", mode))
    ink = theme.rgb(theme.colour(hue, mode)) if hue else paper
    return "#" + "".join(f"{round(a + (b - a) * 0.28):02x}" for a, b in zip(paper, ink, strict=True))


def _numbers(panel: Tape, mode: str) -> Trace:
    texts = ["" if value is None else number(value) for value in panel.values[:MOST]]
    longest = max((len(text) for text in texts), default=1) or 1
    return {
        "mode": "text",
        "x": list(range(len(texts))),
        "y": [0] * len(texts),
        "text": texts,
        "textfont": {"size": 15, "color": theme.colour("ink", mode)},
        # a digit is about 0.58 em wide: the longest number stays inside its cell
        "meta": {
            "name": "numbers",
            "unit": {"textfont.size": min(0.46 * _scale(len(texts)), 0.88 / (0.58 * longest))},
        },
    }


def _addresses(panel: Tape, mode: str) -> Trace:
    count = min(len(panel.values), MOST)
    shown = range(0, count, 1 if count <= FEW else 4)
    return {
        "mode": "text",
        "x": list(shown),
        "y": [-0.83] * len(shown),
        "text": [str(panel.start + k) for k in shown],
        "textfont": {"size": 12, "color": theme.colour("quiet", mode)},
        "meta": {"name": "addresses", "unit": {"textfont.size": 0.3 * _scale(count)}},
    }


def _lit(panel: Tape, mode: str) -> Trace:
    """One frame for every cell, in the order of `lit`, so that they slide; those not in use have no size."""
    count = min(len(panel.values), MOST)
    lit = [k for k in panel.lit if 0 <= k < count]
    points = [(k, 0.48) for k in lit]
    points += [(lit[-1] if lit else 0, 0.0)] * (count - len(points))
    xs = [x + dx * half for x, half in points for dx in (-1, 1, 1, -1, -1, math.nan)]
    ys = [dy * half for _x, half in points for dy in (-1, -1, 1, 1, -1, math.nan)]
    return {
        "mode": "lines",
        "x": wire(np.array(xs)),
        "y": wire(np.array(ys)),
        "line": {"width": 3, "color": theme.colour("accent", mode)},
        "meta": {"name": "lit"},
    }


def _shown(panel: Tape) -> list[Jump]:
    """The jumps whose two ends are on the strip."""
    count = min(len(panel.values), MOST)
    return [jump for jump in panel.jumps if 0 <= jump.start < count and 0 <= jump.end < count]


def _height(jump: Jump, count: int) -> float:
    return 0.35 + (ARC - 0.35) * math.sqrt(abs(jump.end - jump.start) / max(count - 1, 1))


def _arcs(panel: Tape, hue: str, mode: str) -> Trace:
    """Half ellipses over the strip; those not in use are shrunk to the last one's end."""
    count = min(len(panel.values), MOST)
    jumps = [jump for jump in _shown(panel) if jump.colour == hue]
    turn = np.append(np.linspace(np.pi, 0, BENDS), np.nan)
    xs, ys = [], []
    for jump in jumps:
        middle, half = (jump.start + jump.end) / 2, (jump.end - jump.start) / 2
        xs.append(middle + half * np.cos(turn))
        ys.append(0.55 + _height(jump, count) * np.sin(turn))
    rest = max(SLOTS - len(jumps), 0)
    end = float(jumps[-1].end) if jumps else 0.0
    xs += [np.append(np.full(BENDS, end), np.nan)] * rest
    ys += [np.append(np.full(BENDS, 0.55), np.nan)] * rest
    return {
        "mode": "lines",
        "x": wire(np.concatenate(xs)),
        "y": wire(np.concatenate(ys)),
        "line": {"width": 2.5, "color": theme.colour(hue, mode)},
        "meta": {"name": f"jumps-{hue}"},
    }


def _heads(panel: Tape, mode: str) -> Trace:
    """Where each jump lands: a small arrow head pointing down."""
    jumps = _shown(panel)
    landed = [jump for jump in jumps if jump.start != jump.end]
    return {
        "mode": "markers",
        "x": [jump.end for jump in landed],
        "y": [0.64] * len(landed),
        "marker": {
            "symbol": "triangle-down",
            "size": 9,
            "opacity": 1,
            "color": [theme.colour(jump.colour, mode) for jump in landed],
        },
        "meta": {"name": "heads", "unit": {"marker.size": 0.26 * _scale(len(panel.values[:MOST]))}},
    }


def _labels(panel: Tape, mode: str) -> Trace:
    count = min(len(panel.values), MOST)
    told = [jump for jump in _shown(panel) if jump.text]
    return {
        "mode": "text",
        "x": [(jump.start + jump.end) / 2 for jump in told],
        "y": [0.55 + _height(jump, count) + 0.3 for jump in told],
        "text": [html.escape(jump.text) for jump in told],
        "textfont": {"size": 14, "color": [theme.colour(jump.colour, mode) for jump in told]},
        "meta": {"name": "labels", "unit": {"textfont.size": 0.34 * _scale(count)}},
    }


def _words(panel: Tape, mode: str) -> Trace:
    """Below the strip: its title at the left, at the right what of a long storage is shown."""
    count = min(len(panel.values), MOST)
    down = -0.83 - 0.72 * _scale(count)
    items = [(-0.5, f"<b>{html.escape(panel.title)}</b>", "ink", "middle right")] if panel.title else []
    items += [(count - 0.5, html.escape(panel.note), "quiet", "middle left")] if panel.note else []
    return {
        "mode": "text",
        "x": [x for x, *_ in items],
        "y": [down] * len(items),
        "text": [text for _x, text, *_ in items],
        "textposition": [place for *_, place in items],
        "textfont": {"size": 15, "color": [theme.colour(hue, mode) for _x, _text, hue, _place in items]},
        "meta": {"name": "words", "unit": {"textfont.size": 0.36 * _scale(count)}},
    }

"""Bars: a vector of any length, upwards and downwards, or across with words at the left."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.figures import theme
from core.figures.marks import Trace
from core.numbers import number
from core.panels import Bars

HALF = 0.38  # of a bar's width
TITLE_OVER_TEXTS = 3.2  # as often ROOM stays free above bars that bear texts, so that the title is over them
ROOM = 0.16  # share of the height that stays free below for labels, and twice of it above for the title
WORDS = 0.62  # room at the left for words beside bars that lie across, in lengths of the longest bar
ENDS = 0.34  # and at the right for the texts at their ends
LONGEST = 26  # characters of a word at the left
MOST_LABELS = 40  # under more bars than these only every second, third ... has its label


def axes(panels: Sequence[Bars], _mode: str) -> tuple[dict, dict, bool]:
    """Invisible axes that hold the bars at every step."""
    found = [ranges(panel) for panel in panels]
    hidden = {"visible": False, "fixedrange": True}
    sides = []
    for which in (0, 1):
        ends = [pair[which] for pair in found]
        down = ends[0][0] > ends[0][1]
        first = max(one[0] for one in ends) if down else min(one[0] for one in ends)
        last = min(one[1] for one in ends) if down else max(one[1] for one in ends)
        sides.append([first, last])
    return hidden | {"range": sides[0]}, hidden | {"range": sides[1]}, False


def ranges(panel: Bars) -> tuple[list[float], list[float]]:
    """The x and y ranges of the axes that hold the bars, scaled to a longest bar of 1."""
    negative = any(v is not None and math.isfinite(v) and v < 0 for v in panel.values)
    count = max(1, len(panel.values))
    if panel.across:
        ends = ENDS if panel.texts else 0.08
        words = WORDS if any(panel.labels) else 0.05
        return [-(1.0 if negative else 0.0) - words, 1 + ends], [count - 0.3, -0.7 - 0.06 * count - 0.5]
    below = ROOM + (1.0 if negative else 0.0)
    return [-0.7, count - 0.3], [-below, 1 + (TITLE_OVER_TEXTS if panel.texts and panel.title else 2) * ROOM]


def draw(panel: Bars, mode: str, axes: tuple[str, str]) -> list[Trace]:
    """Traces: bars by colour, lit bars, labels, texts at the ends, and the title."""
    place = {"type": "scatter", "xaxis": axes[0], "yaxis": axes[1], "showlegend": False}
    known = [abs(v) for v in panel.values if v is not None and math.isfinite(v)]
    largest = panel.largest or max(known, default=0.0) or 1.0
    lengths = [0.0 if v is None or not math.isfinite(v) else v / largest for v in panel.values]
    lit = set(panel.lit)
    drawn = []
    for hue in dict.fromkeys(panel.colours or ("vector",)):
        which = [
            k
            for k in range(len(lengths))
            if k not in lit and (panel.colours[k] if panel.colours else hue) == hue
        ]
        name = "bars" if hue == "vector" else f"bars-{hue}"
        drawn.append(_bars(panel, which, lengths, hue, name, mode))
    drawn.append(_bars(panel, sorted(lit), lengths, "accent", "lit-bars", mode))
    drawn += [_labels(panel, lengths, mode), _texts(panel, lengths, mode), _title(panel, mode)]
    return [place | trace for trace in drawn]


def _bars(panel: Bars, which: list[int], lengths: list[float], hue: str, name: str, mode: str) -> Trace:
    along: list[float | None] = []
    up: list[float | None] = []
    texts: list[str] = []
    for k in which:
        value = panel.values[k]
        along += [k - HALF, k - HALF, k + HALF, k + HALF, None]
        up += [0, lengths[k], lengths[k], 0, None]
        texts += [f"{panel.name}[{k}] = {'?' if value is None else number(value)}"] * 5
    return {
        "mode": "lines",
        "x": up if panel.across else along,
        "y": along if panel.across else up,
        "fill": "toself",
        "fillcolor": theme.colour(hue, mode),
        "line": {"width": 0.5, "color": theme.colour(hue, mode)},
        "hoverinfo": "text",
        "hovertext": texts,
        "meta": {"name": f"{panel.name}-{name}"},
    }


def _labels(panel: Bars, lengths: list[float], mode: str) -> Trace:
    every = max(1, math.ceil(len(panel.labels) / MOST_LABELS))
    shown = [_short(text) if k % every == 0 else "" for k, text in enumerate(panel.labels)]
    places = list(range(len(shown)))
    left = min(0.0, min(lengths, default=0.0)) - 0.03
    return {
        "mode": "text",
        "x": [left] * len(shown) if panel.across else places,
        "y": places if panel.across else [-ROOM / 2 + min(0.0, min(lengths, default=0.0))] * len(shown),
        "text": shown,
        "textposition": "middle left" if panel.across else "middle center",
        "textfont": {
            "size": 14 if panel.across else 13,
            "color": theme.colour("ink" if panel.across else "quiet", mode),
        },
        "hoverinfo": "text" if panel.across else "skip",
        "hovertext": list(panel.labels) if panel.across else "",
        "cliponaxis": False,
        "meta": {"name": f"{panel.name}-labels"},
    }


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _texts(panel: Bars, lengths: list[float], mode: str) -> Trace:
    """What is written at the end of each bar."""
    ends = [max(0.0, length) for length in lengths]
    places = list(range(len(panel.texts)))
    up = [length + 0.02 for length in ends[: len(places)]]
    return {
        "mode": "text",
        "x": up if panel.across else places,
        "y": places if panel.across else up,
        "text": list(panel.texts),
        "textposition": "middle right" if panel.across else "top center",
        "textfont": {"size": 13, "color": theme.colour("quiet", mode)},
        "hoverinfo": "skip",
        "cliponaxis": False,
        "meta": {"name": f"{panel.name}-texts"},
    }


def _title(panel: Bars, mode: str) -> Trace:
    across, up = ranges(panel)
    return {
        "mode": "text",
        "x": [sum(across) / 2 if panel.across else (len(panel.values) - 1) / 2],
        "y": [up[1] + 0.4 if panel.across else 1 + ROOM],
        "text": [panel.title],
        "textfont": {"size": 15, "color": theme.colour("ink", mode)},
        "hoverinfo": "skip",
        "meta": {"name": f"{panel.name}-title"},
    }

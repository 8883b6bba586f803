"""Cells: blocks of numbers in lines, as in a formula. Every cell is one marker; lines and letters are in grid_lines."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

from core import words
from core.figures import grid_lines, theme
from core.figures.grid_room import Frame, Placed, breadth, frame, ranges, rank
from core.figures.marks import Trace
from core.numbers import number
from core.panels import Block, Cells
from core.words import _

__all__ = ["axes", "cells_of", "draw", "frame", "identity", "ranges"]

LARGEST_TEXT = 0.42  # of a cell
PALER = 0.3  # of its strength has the fill of a ghost
FADED = 0.12
KEPT = 64  # blocks whose words are at hand: those of a film and of the ones before
ARRIVED = 0.88  # of a tween: from here on a cell shows what has flown into it


class Drawn(NamedTuple):
    """One cell: its place on the panel, its fill, what is written in it and how strongly, what it says."""

    x: float
    y: float
    fill: str
    text: str
    broad: float  # how wide that is, letters being 1 high
    ink: str
    said: str


def axes(panels: Sequence[Cells], _mode: str) -> tuple[dict, dict, bool]:
    """Invisible axes that hold the blocks at every step, cells square."""
    across, down = ranges([frame(panel) for panel in panels])
    hidden = {"visible": False, "fixedrange": True}
    return hidden | {"range": across}, hidden | {"range": down}, True


def draw(panel: Cells, mode: str, axes: tuple[str, str]) -> list[Trace]:
    """From the back: plate, squares, numbers, flights and the blocks over them, lines, names, and the lit frames.

    What a panel has none of (axes, ghosts, flights ...) has no trace.
    """
    room = frame(panel)
    below = [placed for placed in room.placed if not placed.block.over]
    over = [placed for placed in room.placed if placed.block.over]
    largest = _largest(room)
    drawn = [_plate(room, mode), *_numbered(below, largest, mode, "")]
    if panel.flights:
        drawn.append(_flights(panel, room, largest, mode))
    if over:
        arriving = _numbered(over, largest, mode, "over-")
        for trace in arriving if panel.flights else ():
            trace["meta"]["turn"] = ARRIVED
        drawn += arriving
    drawn += grid_lines.draw(room, mode)
    place = {"type": "scatter", "xaxis": axes[0], "yaxis": axes[1], "showlegend": False, "hoverinfo": "skip"}
    for trace in drawn:
        trace["meta"]["name"] = f"{panel.name}-{trace['meta']['name']}"
        if "unit" in trace["meta"]:
            trace["meta"]["unit"]["axis"] = axes[0]
    return [place | trace for trace in drawn]


def cells_of(placed: Iterable[Placed], largest: float, mode: str) -> Iterator[Drawn]:
    """Every cell, block by block and row by row; `largest` is the size that has the strongest colour."""
    ink, quiet = theme.colour("ink", mode), theme.colour("quiet", mode)
    for block, spot in placed:
        told = iter(_told(replace(block, lit=(), faded=()), repr(block.rows), words.language()))
        ghost, faded = set(block.ghost), set(block.faded)
        for i, row in enumerate(block.rows):
            for j, value in enumerate(row):
                here = (i, j)
                strength = FADED if here in faded else PALER if here in ghost else 1.0
                fill = _fill(value, strength, largest, mode)
                hue = quiet if here in faded or here in ghost else ink
                text, broad, said = next(told)
                yield Drawn(spot.left + j, spot.top + i, fill, text, broad, hue, said)


def _fill(value: float | None, strength: float, largest: float, mode: str) -> str:
    if value is None or not math.isfinite(value):
        return theme.colour("background", mode)
    return theme.signed(strength * value / largest, mode)


def identity(panel: Cells) -> list[dict[str, Any]]:
    """What the browser has to know of the blocks to find a tensor's cells: in the order of the traces' points."""
    blocks = sorted(panel.blocks, key=lambda block: block.over)
    return [
        {
            "tensor": block.tensor or block.name,
            "at": list(block.at),
            "rank": rank(block),
            "size": [len(block.rows), len(block.rows[0]) if block.rows else 0],
        }
        | ({"whole": list(block.whole)} if block.whole else {})
        | ({"first": list(block.first)} if any(block.first) else {})
        | ({} if block.upright else {"lying": True})
        | ({"over": True} if block.over else {})
        for block in blocks
    ]


def _plate(room: Frame, mode: str) -> Trace:
    (left, right), (bottom, top) = ranges((room,))
    return {
        "mode": "lines",
        "x": [left, right, right, left, left],
        "y": [top, top, bottom, bottom, top],
        "fill": "toself",
        "fillcolor": theme.faded("background", 0.86, mode),
        "line": {"width": 0, "color": theme.colour("background", mode)},
        "meta": {"name": "plate"},
    }


def _largest(room: Frame) -> float:
    """The size that the strongest colour stands for."""
    values = (value for block, _spot in room.placed for row in block.rows for value in row)
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    return max(sizes, default=1.0) or 1.0


def _numbered(placed: Sequence[Placed], largest: float, mode: str, prefix: str) -> list[Trace]:
    cells = list(cells_of(placed, largest, mode))
    return [_squares(cells, mode, f"{prefix}squares"), _numbers(cells, mode, f"{prefix}numbers")]


def _squares(cells: Sequence[Drawn], mode: str, name: str) -> Trace:
    return {
        "mode": "markers",
        "x": [cell.x for cell in cells],
        "y": [cell.y for cell in cells],
        "marker": {
            "symbol": "square",
            "size": 40,
            "color": [cell.fill for cell in cells],
            "line": {"width": 1, "color": theme.colour("hairline", mode)},
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [cell.said for cell in cells],
        "meta": {"name": name, "unit": {"marker.size": 0.94}},
    }


@lru_cache(maxsize=KEPT)
def _told(block: Block, _written: str, _language: str) -> list[tuple[str, float, str]]:
    """What is written in each cell of a block, how wide it is, and what the cell says when it is pointed at.

    `_written`: its rows, as Python writes them. Numbers that are equal are not always the same: 0.0 and −0.0.
    """
    name = html.escape(block.tensor or block.name, quote=False)
    repeated, marked, first = set(block.ghost), set(block.flagged), block.first
    found = []
    for i, row in enumerate(block.rows):
        own_texts = block.texts[i] if i < len(block.texts) else ()
        for j, value in enumerate(row):
            text = own_texts[j] if j < len(own_texts) else ""
            text = text or ("" if value is None else number(value))
            own = {
                0: (),
                1: (i + first[0],) if block.upright else (j + first[1],),
                2: (i + first[0], j + first[1]),
            }[rank(block)]
            index = ", ".join(map(str, (*block.at, *own)))
            lines = [f"{name}[{index}] = " if index else f"{name} = "]
            lines[0] += _exact(value, text)
            lines += _special(value)
            if (i, j) in repeated:
                lines.append(_("a repeated value: it is not stored again"))
            if (i, j) in marked:
                lines.append(_("marked: look at this one"))
            found.append((html.escape(text, quote=False), breadth(text, 1.0), "<br>".join(lines)))
    return found


def _special(value: float | None) -> Iterator[str]:
    if value is not None and math.isnan(value):
        yield _("NaN: not a number")
    elif value is not None and math.isinf(value):
        yield _("∞: too large for this dtype, or divided by zero")


def _exact(value: float | None, text: str) -> str:
    """The value in full, beside a `text` that is not it."""
    if text and value is not None and text != number(value):
        return f"{html.escape(text, quote=False)} ({number(value, 7)})"
    if value is None:
        return html.escape(text, quote=False) or "?"
    return number(value) if not math.isfinite(value) else repr(value).replace("-", "−")


def _numbers(cells: Sequence[Drawn], mode: str, name: str) -> Trace:
    hues, ink = [cell.ink for cell in cells], theme.colour("ink", mode)
    return {
        "mode": "text",
        "x": [cell.x for cell in cells],
        "y": [cell.y for cell in cells],
        "text": [cell.text for cell in cells],
        "textfont": {"size": 16, "color": ink if all(hue == ink for hue in hues) else hues},
        "meta": {"name": name, "unit": {"textfont.size": _letters(cells)}},
    }


def _letters(cells: Sequence[Drawn]) -> float:
    """The size of the numbers: the longest stays inside its cell."""
    widest = max((cell.broad for cell in cells), default=0.0)
    return min(LARGEST_TEXT, 0.88 / widest if widest else 1.0)


def _flights(panel: Cells, room: Frame, largest: float, mode: str) -> Trace:
    """Copies of cells where they are now: over the block they come from, or under the one they have landed on."""
    places = [
        (block.name, (i, j))
        for block, _spot in room.placed
        for i, row in enumerate(block.rows)
        for j in range(len(row))
    ]
    cells = dict(zip(places, cells_of(room.placed, largest, mode), strict=True))
    known = [flight for flight in panel.flights if flight.start in cells and flight.end in cells]
    spots = [cells[flight.end if flight.landed else flight.start] for flight in known]
    carried = [cells[flight.start] for flight in known]
    return {
        "mode": "markers+text",
        "x": [spot.x for spot in spots],
        "y": [spot.y for spot in spots],
        "text": [cell.text for cell in carried],
        "textfont": {"size": 16, "color": theme.colour("ink", mode)},
        "marker": {
            "symbol": "square",
            "size": 40,
            "color": [cell.fill for cell in carried],
            "line": {"width": 1, "color": theme.colour("hairline", mode)},
            "opacity": 1,
        },
        "meta": {"name": "flights", "unit": {"marker.size": 0.94, "textfont.size": _letters(carried)}},
    }

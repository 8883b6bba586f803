"""Cells: blocks of numbers in lines, as in a formula. Every cell is one marker; lines and letters are in grid_lines."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

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
ARRIVED = 0.88  # of a tween: from here on a cell shows what has flown into it


class Drawn(NamedTuple):
    """One cell: its place in the block and on the panel."""

    block: Block
    i: int
    j: int
    x: float
    y: float
    value: float | None

    @property
    def text(self) -> str:
        """What is written in it."""
        words = self.block.texts
        if self.i < len(words) and self.j < len(words[self.i]) and words[self.i][self.j]:
            return words[self.i][self.j]
        return "" if self.value is None else number(self.value)


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


def cells_of(placed: Iterable[Placed]) -> Iterator[Drawn]:
    """Every cell, block by block and row by row."""
    for block, spot in placed:
        for i, row in enumerate(block.rows):
            for j, value in enumerate(row):
                yield Drawn(block, i, j, spot.left + j, spot.top + i, value)


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
    sizes = [
        abs(cell.value)
        for cell in cells_of(room.placed)
        if cell.value is not None and math.isfinite(cell.value)
    ]
    return max(sizes, default=1.0) or 1.0


def _numbered(placed: Sequence[Placed], largest: float, mode: str, prefix: str) -> list[Trace]:
    cells = list(cells_of(placed))
    return [
        _squares(cells, largest, mode, f"{prefix}squares"),
        _numbers(cells, mode, f"{prefix}numbers"),
    ]


def _squares(cells: Sequence[Drawn], largest: float, mode: str, name: str) -> Trace:
    return {
        "mode": "markers",
        "x": [cell.x for cell in cells],
        "y": [cell.y for cell in cells],
        "marker": {
            "symbol": "square",
            "size": 40,
            "color": [_fill(cell, largest, mode) for cell in cells],
            "line": {"width": 1, "color": theme.colour("hairline", mode)},
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [_spoken(cell) for cell in cells],
        "meta": {"name": name, "unit": {"marker.size": 0.94}},
    }


def _fill(cell: Drawn, largest: float, mode: str) -> str:
    if cell.value is None or not math.isfinite(cell.value):
        return theme.colour("background", mode)
    here = (cell.i, cell.j)
    strength = FADED if here in cell.block.faded else PALER if here in cell.block.ghost else 1.0
    return theme.signed(strength * cell.value / largest, mode)


def _spoken(cell: Drawn) -> str:
    """What a cell says when it is pointed at: its index, its value in full, and what is special about it."""
    block, here = cell.block, (cell.i, cell.j)
    first, second = block.first
    own = {
        0: (),
        1: (cell.i + first,) if block.upright else (cell.j + second,),
        2: (cell.i + first, cell.j + second),
    }[rank(block)]
    index = ", ".join(map(str, (*block.at, *own)))
    name = html.escape(block.tensor or block.name, quote=False)
    said = [f"{name}[{index}] = {_exact(cell)}" if index else f"{name} = {_exact(cell)}"]
    if cell.value is not None and math.isnan(cell.value):
        said.append(_("NaN: not a number"))
    elif cell.value is not None and math.isinf(cell.value):
        said.append(_("∞: too large for this dtype, or divided by zero"))
    if here in block.ghost:
        said.append(_("a repeated value: it is not stored again"))
    if here in block.flagged:
        said.append(_("marked: look at this one"))
    return "<br>".join(said)


def _exact(cell: Drawn) -> str:
    if cell.text and cell.value is not None and cell.text != number(cell.value):
        return f"{html.escape(cell.text, quote=False)} ({number(cell.value, 7)})"
    if cell.value is None:
        return html.escape(cell.text, quote=False) or "?"
    return number(cell.value) if not math.isfinite(cell.value) else repr(cell.value).replace("-", "−")


def _numbers(cells: Sequence[Drawn], mode: str, name: str) -> Trace:
    texts = [cell.text for cell in cells]
    widest = max((breadth(text, 1.0) for text in texts), default=0.0)
    ink, quiet = theme.colour("ink", mode), theme.colour("quiet", mode)
    hues = [quiet if (cell.i, cell.j) in {*cell.block.faded, *cell.block.ghost} else ink for cell in cells]
    return {
        "mode": "text",
        "x": [cell.x for cell in cells],
        "y": [cell.y for cell in cells],
        "text": [html.escape(text, quote=False) for text in texts],
        "textfont": {"size": 16, "color": hues if quiet in hues else ink},
        # the longest number stays inside its cell
        "meta": {
            "name": name,
            "unit": {"textfont.size": min(LARGEST_TEXT, 0.88 / widest if widest else 1.0)},
        },
    }


def _flights(panel: Cells, room: Frame, largest: float, mode: str) -> Trace:
    """Copies of cells where they are now: over the block they come from, or under the one they have landed on."""
    cells = {(cell.block.name, (cell.i, cell.j)): cell for cell in cells_of(room.placed)}
    known = [flight for flight in panel.flights if flight.start in cells and flight.end in cells]
    spots = [cells[flight.end if flight.landed else flight.start] for flight in known]
    carried = [cells[flight.start] for flight in known]
    texts = [cell.text for cell in carried]
    widest = max((breadth(text, 1.0) for text in texts), default=0.0)
    return {
        "mode": "markers+text",
        "x": [spot.x for spot in spots],
        "y": [spot.y for spot in spots],
        "text": [html.escape(text, quote=False) for text in texts],
        "textfont": {"size": 16, "color": theme.colour("ink", mode)},
        "marker": {
            "symbol": "square",
            "size": 40,
            "color": [_fill(cell, largest, mode) for cell in carried],
            "line": {"width": 1, "color": theme.colour("hairline", mode)},
            "opacity": 1,
        },
        "meta": {
            "name": "flights",
            "unit": {
                "marker.size": 0.94,
                "textfont.size": min(LARGEST_TEXT, 0.88 / widest if widest else 1.0),
            },
        },
    }

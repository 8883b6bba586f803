"""Cells: blocks of numbers side by side as in a formula, every cell one marker, the lit ones framed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from core.figures import theme
from core.figures.marks import Trace
from core.numbers import number
from core.panels import Block, Cells

GAP = 0.45  # between two blocks
SIGN = 0.75  # room for a sign such as "="
HEAD = 0.95  # room for the names above the blocks
SIDE = 0.35  # air around the whole
NOTE = 0.6
LINE_GAP = 0.5  # between two lines, besides the room for the names


class Placed(NamedTuple):
    """A block and the centre of its first cell; y grows downwards."""

    block: Block
    left: float
    top: float


class Frame(NamedTuple):
    """The placed blocks, the middles of their signs, and the room they take, in cells."""

    placed: tuple[Placed, ...]
    middles: tuple[float, ...]
    width: float
    height: float


def frame(panel: Cells) -> Frame:
    """Where every block stands: line below line, in each one row of blocks centred on each other."""
    placed, middles, widest, down = [], [], 0.0, 0.0
    for index, blocks in enumerate(panel.lines):
        down += HEAD + LINE_GAP if index else 0.0
        tallest = max((len(block.rows) for block in blocks), default=0)
        cursor = 0.0
        for k, block in enumerate(blocks):
            cursor += SIGN if block.before else GAP if k else 0.0
            columns = max(1, len(block.rows[0])) if block.rows else 1
            placed.append(Placed(block, cursor + 0.5, down + (tallest - len(block.rows)) / 2 + 0.5))
            middles.append(down + tallest / 2)
            cursor += columns
        widest = max(widest, cursor)
        down += max(1, tallest) + (NOTE if any(block.note for block in blocks) else 0.0)
    return Frame(tuple(placed), tuple(middles), widest, down or 1.0)


def ranges(panels: Sequence[Cells]) -> tuple[list[float], list[float]]:
    """The x and y ranges of the axes that hold the blocks at every step; y grows downwards."""
    rooms = [frame(panel) for panel in panels]
    width, height = max(room.width for room in rooms), max(room.height for room in rooms)
    return [-SIDE, width + SIDE], [height + SIDE, -HEAD - SIDE]


def axes(panels: Sequence[Cells], _mode: str) -> tuple[dict, dict, bool]:
    """Invisible axes that hold the blocks, cells square."""
    across, down = ranges(panels)
    hidden = {"visible": False, "fixedrange": True}
    return hidden | {"range": across}, hidden | {"range": down}, True


def draw(panel: Cells, mode: str, axes: tuple[str, str]) -> list[Trace]:
    """Seven traces: plate, squares, numbers, brackets, names and signs, notes below, and the frames of lit cells."""
    room = frame(panel)
    place = {"type": "scatter", "xaxis": axes[0], "yaxis": axes[1], "showlegend": False, "hoverinfo": "skip"}
    drawn = [_plate(panel, mode), _squares(room, mode), _numbers(room, mode), _brackets(room, mode)]
    drawn += [_names(room, mode), _notes(room, mode), _lit(room, mode)]
    for trace in drawn:
        trace["meta"]["name"] = f"{panel.name}-{trace['meta']['name']}"
        if "unit" in trace["meta"]:
            trace["meta"]["unit"]["axis"] = axes[0]
    return [place | trace for trace in drawn]


def _plate(panel: Cells, mode: str) -> Trace:
    (left, right), (bottom, top) = ranges((panel,))
    return {
        "mode": "lines",
        "x": [left, right, right, left, left],
        "y": [top, top, bottom, bottom, top],
        "fill": "toself",
        "fillcolor": theme.faded("background", 0.86, mode),
        "line": {"width": 0, "color": theme.colour("background", mode)},
        "meta": {"name": "plate"},
    }


def _cells(room: Frame):
    """Every cell as (block, i, j, x, y, value)."""
    for block, left, top in room.placed:
        for i, row in enumerate(block.rows):
            for j, value in enumerate(row):
                yield block, i, j, left + j, top + i, value


def _squares(room: Frame, mode: str) -> Trace:
    cells = list(_cells(room))
    largest = max((abs(v) for *_, v in cells if v is not None and math.isfinite(v)), default=1.0) or 1.0
    return {
        "mode": "markers",
        "x": [x for _, _, _, x, _, _ in cells],
        "y": [y for _, _, _, _, y, _ in cells],
        "marker": {
            "symbol": "square",
            "size": 40,
            "color": [_fill(value, largest, mode) for *_, value in cells],
            "line": {"width": 1, "color": theme.colour("hairline", mode)},
            "opacity": 1,
        },
        "hoverinfo": "text",
        "hovertext": [f"{block.name}[{i}, {j}] = {_exact(value)}" for block, i, j, _, _, value in cells],
        "meta": {"name": "squares", "unit": {"marker.size": 0.94}},
    }


def _fill(value: float | None, largest: float, mode: str) -> str:
    if value is None or not math.isfinite(value):
        return theme.colour("background", mode)
    return theme.signed(value / largest, mode)


def _exact(value: float | None) -> str:
    return "?" if value is None else repr(value).replace("-", "−")


def _numbers(room: Frame, mode: str) -> Trace:
    cells = list(_cells(room))
    texts = ["" if value is None else number(value) for *_, value in cells]
    # a digit is about 0.58 em wide: the longest number stays inside its cell
    size = min(0.42, 0.88 / (0.58 * max((len(text) for text in texts), default=1) or 1))
    return {
        "mode": "text",
        "x": [x for _, _, _, x, _, _ in cells],
        "y": [y for _, _, _, _, y, _ in cells],
        "text": texts,
        "textfont": {"size": 16, "color": theme.colour("ink", mode)},
        "meta": {"name": "numbers", "unit": {"textfont.size": size}},
    }


def _brackets(room: Frame, mode: str) -> Trace:
    xs: list[float | None] = []
    ys: list[float | None] = []
    for block, left, top in room.placed:
        if not block.brackets or not block.rows:
            continue
        low, high = left - 0.5, left - 0.5 + max(1, len(block.rows[0]))
        up, down = top - 0.5, top - 0.5 + len(block.rows)
        for side, inner in ((low - 0.08, low + 0.1), (high + 0.08, high - 0.1)):
            xs += [inner, side, side, inner, None]
            ys += [up - 0.08, up - 0.08, down + 0.08, down + 0.08, None]
    return {
        "mode": "lines",
        "x": xs,
        "y": ys,
        "line": {"width": 2, "color": theme.colour("ink", mode)},
        "meta": {"name": "brackets"},
    }


def _names(room: Frame, mode: str) -> Trace:
    xs, ys, texts, hues = [], [], [], []
    for (block, left, top), middle in zip(room.placed, room.middles, strict=True):
        columns = max(1, len(block.rows[0])) if block.rows else 1
        centre = left - 0.5 + columns / 2
        items = [(centre, top - 1.05, f"<b>{block.name}</b>", block.colour or "ink")]
        if block.before:
            items.append((left - 0.5 - SIGN / 2, middle, block.before, "ink"))
        for x, y, text, hue in items:
            xs.append(x)
            ys.append(y)
            texts.append(text)
            hues.append(theme.colour(hue, mode))
    return {
        "mode": "text",
        "x": xs,
        "y": ys,
        "text": texts,
        "textfont": {"size": 17, "color": hues},
        "meta": {"name": "names", "unit": {"textfont.size": 0.42}},
    }


def _notes(room: Frame, mode: str) -> Trace:
    """What of a large tensor is shown, under its block."""
    noted = [placed for placed in room.placed if placed.block.note]
    return {
        "mode": "text",
        "x": [left - 0.5 + len(block.rows[0]) / 2 for block, left, _top in noted],
        "y": [top + len(block.rows) - 0.1 for block, _left, top in noted],
        "text": [block.note for block, _left, _top in noted],
        "textfont": {"size": 14, "color": theme.colour("quiet", mode)},
        "meta": {"name": "notes", "unit": {"textfont.size": 0.3}},
    }


def _lit(room: Frame, mode: str) -> Trace:
    """Frames of lit cells: as many as the longer side of each block, so that they slide from cell to cell."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for block, left, top in room.placed:
        slots = max(len(block.rows), len(block.rows[0]) if block.rows else 0)
        cells = list(block.lit[:slots])
        half = 0.47 if cells else 0.0
        cells += [cells[-1] if cells else (0, 0)] * (slots - len(cells))
        for i, j in cells:
            x, y = left + j, top + i
            xs += [x - half, x + half, x + half, x - half, x - half, None]
            ys += [y - half, y - half, y + half, y + half, y - half, None]
    return {
        "mode": "lines",
        "x": xs,
        "y": ys,
        "line": {"width": 3, "color": theme.colour("accent", mode)},
        "meta": {"name": "lit"},
    }

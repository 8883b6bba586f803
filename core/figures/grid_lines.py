"""The lines and words around cells: brackets, one rule and letter for each axis, marks of odd cells, names, frames."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator
from functools import lru_cache

from core import words
from core.figures import theme
from core.figures.grid_room import (
    LETTER,
    MORE,
    NAME,
    RULE,
    SIGN,
    SMALL,
    Frame,
    Layout,
    Outline,
    Spot,
    breadth,
    layout,
    letter,
    lifted,
    note_lines,
    rectangles,
    sides,
    truncated,
)
from core.figures.marks import Trace
from core.panels import Cell
from core.words import _

HALF = 0.47  # of a cell's edge
MOST_FRAMES = 8  # kept ready for each block, so that they slide from cell to cell

Way = list[float | None]


def draw(room: Frame, mode: str) -> list[Trace]:
    """The traces from the back to the front; those without anything in them are left out."""
    around = _around(room.outline, room.titles, mode, words.language())
    found = [_marks(room, mode), _flags(room, mode), *map(_own, around), _lit(room, mode)]
    return [
        trace
        for trace in found
        if trace["x"] or trace["meta"]["name"] in ("brackets", "names", "notes", "lit")
    ]


def _own(trace: Trace) -> Trace:
    """A trace whose `meta` may be written into."""
    meta = trace["meta"]
    return trace | {"meta": {key: dict(one) if isinstance(one, dict) else one for key, one in meta.items()}}


@lru_cache(maxsize=128)
def _around(outline: Outline, titles: tuple[str, ...], mode: str, _language: str) -> tuple[Trace, ...]:
    """What is drawn around cells whatever numbers are in them: the same in most steps, and after most changes."""
    laid = layout(outline, titles)
    return (
        _brackets(laid, mode),
        *_rules(laid, mode),
        _letters(laid, mode),
        _names(laid, mode),
        _titles(laid, mode),
        _notes(laid, mode),
    )


def _way(xs: Way, ys: Way, *points: tuple[float, float]) -> None:
    """One more line through the points."""
    xs += [*(x for x, _y in points), None]
    ys += [*(y for _x, y in points), None]


def _line(name: str, xs: Way, ys: Way, colour: str, width: float, **more: object) -> Trace:
    return {
        "mode": "lines",
        "x": xs,
        "y": ys,
        "line": {"width": width, "color": colour},
        "meta": {"name": name},
        **more,
    }


def _marks(room: Frame, mode: str) -> Trace:
    """Ghosts are hatched and dashed at the edge, NaN is crossed out, ∞ bears a roof (above: +, below: −)."""
    xs: Way = []
    ys: Way = []
    for block, spot in room.placed:
        for i, j in block.ghost:
            x, y = spot.left + j, spot.top + i
            _way(xs, ys, (x - 0.44, y - 0.1), (x - 0.1, y - 0.44))
            _way(xs, ys, (x + 0.1, y + 0.44), (x + 0.44, y + 0.1))
        for i, row in enumerate(block.rows):
            for j, value in enumerate(row):
                if value is not None and not math.isfinite(value):
                    _odd(xs, ys, value, spot.left + j, spot.top + i)
    return _line("marks", xs, ys, theme.colour("axis", mode), 1.5)


def _odd(xs: Way, ys: Way, value: float, x: float, y: float) -> None:
    if math.isnan(value):
        for side in (-1, 1):
            _way(xs, ys, (x - 0.44, y - side * 0.44), (x - 0.28, y - side * 0.28))
            _way(xs, ys, (x + 0.28, y + side * 0.28), (x + 0.44, y + side * 0.44))
        return
    edge = y - math.copysign(0.28, value)
    tip = y - math.copysign(0.42, value)
    _way(xs, ys, (x - 0.3, edge), (x, tip), (x + 0.3, edge))


def _flags(room: Frame, mode: str) -> Trace:
    """A flagged cell has a folded corner."""
    xs: Way = []
    ys: Way = []
    for block, spot in room.placed:
        for i, j in block.flagged:
            x, y = spot.left + j, spot.top + i
            _way(xs, ys, (x + 0.1, y - HALF), (x + HALF, y - HALF), (x + HALF, y - 0.1), (x + 0.1, y - HALF))
    hue = theme.colour("negative", mode)
    return _line("flags", xs, ys, hue, 1, fill="toself", fillcolor=hue)


def _brackets(laid: Layout, mode: str) -> Trace:
    xs: Way = []
    ys: Way = []
    for spot in laid.spots:
        if not spot.form.brackets or not spot.form.rows:
            continue
        low, high, up, down = spot.box
        for side, inner in ((low - 0.08, low + 0.1), (high + 0.08, high - 0.1)):
            _way(xs, ys, (inner, up - 0.08), (side, up - 0.08), (side, down + 0.08), (inner, down + 0.08))
    return _line("brackets", xs, ys, theme.colour("ink", mode), 2)


def _rules(laid: Layout, mode: str) -> list[Trace]:
    """Along the edges of the blocks a rule in the colour of the axis: one trace a colour."""
    ways: dict[str, tuple[Way, Way]] = {}
    for spot in laid.spots:
        low, high, up, down = spot.box
        for side, (_name, colour, _size) in sides(spot.form).items():
            xs, ys = ways.setdefault(colour, ([], []))
            if side == "left":
                _way(xs, ys, (low - RULE, up + 0.04), (low - RULE, down - 0.04))
            else:
                _way(xs, ys, (low + 0.04, up - RULE), (high - 0.04, up - RULE))
    return [_line(f"axis-{name}", xs, ys, theme.colour(name, mode), 3) for name, (xs, ys) in ways.items()]


def _letters(laid: Layout, mode: str) -> Trace:
    """Name and size of each axis at its rule."""
    written = list(_written(laid))
    return {
        "mode": "text",
        "x": [x for x, *_ in written],
        "y": [y for _, y, *_ in written],
        "text": [text for *_, text, _ in written],
        "textfont": {"size": 14, "color": [theme.colour(colour, mode) for *_, colour in written]},
        "meta": {"name": "letters", "unit": {"textfont.size": LETTER}},
    }


def _written(laid: Layout) -> Iterator[tuple[float, float, str, str]]:
    for spot in laid.spots:
        low, high, up, down = spot.box
        rows, columns = spot.lettered
        for side, axis in sides(spot.form).items():
            name, colour, size = axis
            text = f"<b><i>{html.escape(name, quote=False)}</i></b> {size}"
            if side == "left" and rows:
                yield low - RULE - 0.08 - breadth(letter(axis), LETTER) / 2, (up + down) / 2, text, colour
            if side == "top" and columns:
                yield (low + high) / 2, up - RULE - 0.26, text, colour


def _names(laid: Layout, mode: str) -> Trace:
    xs, ys, texts, hues = [], [], [], []
    for spot in laid.spots:
        form = spot.form
        low, high, up, _down = spot.box
        items = []
        if form.name:
            name = f"<b>{html.escape(form.name, quote=False)}</b>"
            items.append(((low + high) / 2, up - lifted(spot), name, form.colour or "ink"))
        if form.before:
            sign = html.escape(form.before, quote=False)
            items.append((low - _reach(spot) - SIGN / 2, spot.middle, sign, "ink"))
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
        "meta": {"name": "names", "unit": {"textfont.size": NAME}},
    }


def _reach(spot: Spot) -> float:
    """How far rule and letter, or the name, stand out to the left of the block."""
    low, high, _up, _down = spot.box
    name = max(0.0, (breadth(spot.form.name, NAME) - (high - low)) / 2)
    edges = sides(spot.form)
    if "left" not in edges:
        return name
    written = breadth(letter(edges["left"]), LETTER) if spot.lettered[0] else 0.0
    return max(name, RULE + 0.1 + written)


def _titles(laid: Layout, mode: str) -> Trace:
    """A line's title over it, in the middle."""
    return {
        "mode": "text",
        "x": [laid.width / 2 for _y, _text in laid.titles],
        "y": [y for y, _text in laid.titles],
        "text": [html.escape(text, quote=False) for _y, text in laid.titles],
        "textfont": {"size": 14, "color": theme.colour("quiet", mode)},
        "meta": {"name": "titles", "unit": {"textfont.size": LETTER}},
    }


def _notes(laid: Layout, mode: str) -> Trace:
    """Under a block what of a large tensor is shown; dots at its right and below where it goes on."""
    xs, ys, texts, spoken = [], [], [], []
    for spot in laid.spots:
        low, high, up, down = spot.box
        rows, columns = truncated(spot.form)
        middle = (up + down) / 2
        items = []
        if columns:
            items.append(
                (high + 0.3, middle, "⋯", _("{count} more columns, not drawn").format(count=columns))
            )
        if rows:
            items.append(
                ((low + high) / 2, down + 0.25, "⋮", _("{count} more rows, not drawn").format(count=rows))
            )
        lines = note_lines(spot.form)
        if lines:
            text = "<br>".join(html.escape(line, quote=False) for line in lines)
            y = down + 0.4 + (MORE if rows else 0.0) + (len(lines) - 1) * 0.625 * SMALL
            items.append(((low + high) / 2, y, text, ""))
        for x, y, text, said in items:
            xs.append(x)
            ys.append(y)
            texts.append(text)
            spoken.append(said)
    return {
        "mode": "text",
        "x": xs,
        "y": ys,
        "text": texts,
        "textfont": {"size": 14, "color": theme.colour("quiet", mode)},
        "hoverinfo": "text",
        "hovertext": spoken,
        "meta": {"name": "notes", "unit": {"textfont.size": SMALL}},
    }


def _lit(room: Frame, mode: str) -> Trace:
    """Frames round what is lit, whole rows and columns as one: as many in every step, so that they slide."""
    xs: Way = []
    ys: Way = []
    for block, spot in room.placed:
        height, width = spot.form.rows, spot.form.columns
        found = rectangles([cell for cell in block.lit if _inside(cell, height, width)])
        slots = min(MOST_FRAMES, max(height, width))
        for top, left, bottom, right in found:
            _frame(xs, ys, spot.left + left - HALF, spot.left + right + HALF,
                   spot.top + top - HALF, spot.top + bottom + HALF)  # fmt: skip
        rest = spot.left + (width - 1) / 2, spot.top + (height - 1) / 2
        at = (spot.left + found[-1][1], spot.top + found[-1][0]) if found else rest
        for _slot in range(slots - len(found)):
            _frame(xs, ys, at[0], at[0], at[1], at[1])
    return _line("lit", xs, ys, theme.colour("accent", mode), 3)


def _inside(cell: Cell, height: int, width: int) -> bool:
    return 0 <= cell[0] < height and 0 <= cell[1] < width


def _frame(xs: Way, ys: Way, low: float, high: float, up: float, down: float) -> None:
    _way(xs, ys, (low, up), (high, up), (high, down), (low, down), (low, up))

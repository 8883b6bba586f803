"""Where the blocks of a Cells panel stand, and the room that their names, axes, signs and notes take; in cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from core.panels import Axis, Block, Cell, Cells

GAP = 0.45  # between two blocks
SIGN = 0.75  # room for a sign such as "="
HEAD = 0.95  # room for the names above the blocks
SIDE = 0.35  # air around the whole
NOTE = 0.6
TITLE = 0.8
LINE_GAP = 0.3  # between two lines, besides the room for the names
RULE = 0.24  # from a block's edge to the rule of its axis
LETTER = 0.34  # size of an axis's letter
NAME = 0.42  # size of a name
SMALL = 0.3  # size of a note
MORE = 0.35  # room for the dots that say "and more"


class Form(NamedTuple):
    """What of a block counts for its place and for what is written around it: no number. Most steps share it."""

    name: str
    source: str  # the tensor whose slice it is
    rows: int
    columns: int
    before: str
    note: str
    axes: tuple[Axis, ...]
    upright: bool
    whole: tuple[int, int]
    colour: str
    brackets: bool

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns that are drawn; an empty block takes the room of one column."""
        return self.rows, max(1, self.columns)


Outline = tuple[tuple[Form, ...], ...]  # line by line


class Spot(NamedTuple):
    """A form and the centre of its first cell; y grows downwards. `lettered`: its rows, its columns bear letters.

    `middle` is the height of its sign: the middle of its line.
    """

    form: Form
    left: float
    top: float
    lettered: tuple[bool, bool]
    middle: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, right, top and bottom edge."""
        height, width = self.form.extent
        return self.left - 0.5, self.left - 0.5 + width, self.top - 0.5, self.top - 0.5 + height


class Layout(NamedTuple):
    """Where all forms stand, the heights and texts of the titles, and the room all take, in cells."""

    spots: tuple[Spot, ...]
    titles: tuple[tuple[float, str], ...]
    width: float
    height: float


class Placed(NamedTuple):
    """A block and where it stands."""

    block: Block
    spot: Spot


class Frame(NamedTuple):
    """The placed blocks of a panel, and what its layout follows from: `layout(outline, titles)`."""

    placed: tuple[Placed, ...]
    outline: Outline
    titles: tuple[str, ...]

    @property
    def layout(self) -> Layout:
        """Where everything stands."""
        return layout(self.outline, self.titles)


@lru_cache(maxsize=2048)
def breadth(text: str, size: float) -> float:
    """How wide a text is about, letters being `size` high."""
    plain = re.sub(r"<[^>]*>", "", text)
    return size * sum(1.0 if ord(letter) > 0x2E7F else 0.56 for letter in plain)


def rank(block: Block) -> int:
    """How many axes the slice has that the block shows."""
    return block.rank if block.rank is not None else len(block.axes) or 2


def sides(form: Form) -> dict[str, tuple[str, str, int]]:
    """The axes along the block's edges: {"left": (name, colour, size), "top": ...}."""
    height, width = form.whole or form.extent
    if not form.axes or not form.rows:
        return {}
    if len(form.axes) == 1:
        name, colour = form.axes[0]
        return {"left": (name, colour, height)} if form.upright else {"top": (name, colour, width)}
    (row, row_colour), (column, column_colour) = form.axes[:2]
    found = {"left": (row, row_colour, height), "top": (column, column_colour, width)}
    return {side: axis for side, axis in found.items() if axis[0]}


def letter(axis: tuple[str, str, int]) -> str:
    """An axis as it is written at an edge: its name and size."""
    return f"{axis[0]} {axis[2]}"


def truncated(form: Form) -> tuple[int, int]:
    """How many rows and columns of the slice are not drawn."""
    if not form.whole:
        return 0, 0
    height, width = form.extent
    return max(0, form.whole[0] - height), max(0, form.whole[1] - width)


def frame(panel: Cells) -> Frame:
    """Where every block stands: line below line, each centred, in each one row of blocks centred on each other."""
    outline = tuple(tuple(map(_form, line)) for line in panel.lines)
    spots = layout(outline, panel.titles).spots
    return Frame(tuple(map(Placed, panel.blocks, spots)), outline, panel.titles)


def _form(block: Block) -> Form:
    rows = block.rows
    return Form(
        block.name, block.tensor or block.name, len(rows), len(rows[0]) if rows else 0, block.before, block.note,
        block.axes, block.upright, block.whole, block.colour, block.brackets,
    )  # fmt: skip


@lru_cache(maxsize=128)
def layout(outline: Outline, titles: tuple[str, ...]) -> Layout:
    """Where forms stand: the same for all steps that differ in their numbers only."""
    lines = _lines(outline)
    titles = [titles[k] if k < len(titles) else "" for k in range(len(lines))]
    widths = [*(width for _found, width in lines), *(breadth(title, LETTER) for title in titles)]
    widest = max(widths, default=1.0)
    spots, written, down = [], [], 0.0
    for index, ((found, width), title) in enumerate(zip(lines, titles, strict=True)):
        down += LINE_GAP if index else 0.0
        if title:
            written.append((down + TITLE / 2, title))
            down += TITLE
        forms = [form for form, _x, _lettered in found]
        down += _head(found)
        tallest = max((form.rows for form in forms), default=0)
        shift = (widest - width) / 2
        for form, x, lettered in found:
            top = down + (tallest - form.rows) / 2 + 0.5
            spots.append(Spot(form, shift + x, top, lettered, down + tallest / 2))
        down += max(1, tallest) + _foot(forms)
    return Layout(tuple(spots), tuple(written), widest, down or 1.0)


Laid = list[tuple[Form, float, tuple[bool, bool]]]


class Slot(NamedTuple):
    """What a block takes of its line: in front of it (signs, letters), for itself, and behind it."""

    form: Form
    lettered: tuple[bool, bool]
    lead: float
    room: float
    trail: float


def _lines(lines: Outline) -> list[tuple[Laid, float]]:
    """The blocks of each line with the x of their first cells, and its width. Equally long lines stand as a table."""
    slots = [_slots(forms) for forms in lines]
    if len(slots) > 1 and len({len(line) for line in slots}) == 1:
        columns = [
            (
                max(one.lead for one in column),
                max(one.room for one in column),
                max(one.trail for one in column),
            )
            for column in zip(*slots, strict=True)
        ]
        slots = [
            [
                one._replace(lead=lead, room=room, trail=trail)
                for one, (lead, room, trail) in zip(line, columns, strict=True)
            ]
            for line in slots
        ]
    return [_laid(line) for line in slots]


def _laid(line: list[Slot]) -> tuple[Laid, float]:
    found: Laid = []
    cursor = 0.0
    for one in line:
        cursor += one.lead
        found.append((one.form, cursor + (one.room - one.form.extent[1]) / 2 + 0.5, one.lettered))
        cursor += one.room + one.trail
    return found, cursor


def _slots(forms: Sequence[Form]) -> list[Slot]:
    """Of the slices of one tensor only the first bears the letters."""
    found: list[Slot] = []
    seen: set[str] = set()
    for k, form in enumerate(forms):
        first = form.source not in seen
        seen.add(form.source)
        lead = SIGN if form.before else GAP if k else 0.0
        edges = sides(form)
        if "left" in edges:
            lead += RULE + 0.1 + (breadth(letter(edges["left"]), LETTER) if first else 0.0)
        needed = max([breadth(form.name, NAME), *(breadth(line, SMALL) for line in note_lines(form))])
        room = max(form.extent[1], needed)
        found.append(Slot(form, (first, first), lead, room, MORE if truncated(form)[1] else 0.0))
    return found


def note_lines(form: Form) -> list[str]:
    """The note in lines no longer than the block, or than twelve letters."""
    most = max(form.extent[1], 12 * 0.56 * SMALL)
    lines: list[str] = []
    for word in form.note.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and breadth(joined, SMALL) <= most + 0.3:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def _head(found: Laid) -> float:
    """Room above the blocks of a line: names, and letters of axes along the top."""
    lettered = any("top" in sides(form) and letters[1] for form, _x, letters in found)
    ruled = any("top" in sides(form) for form, _x, _letters in found)
    named = any(form.name for form, _x, _letters in found)
    return (HEAD if named else 0.15) + (0.42 if lettered else 0.12 if ruled else 0.0)


def _foot(forms: Sequence[Form]) -> float:
    most = max((len(note_lines(form)) for form in forms), default=0)
    more = MORE if any(truncated(form)[0] for form in forms) else 0.0
    return more + (NOTE + (most - 1) * 1.25 * SMALL if most else 0.0)


def lifted(spot: Spot) -> float:
    """How far above the block its name stands, from the upper edge."""
    edges = sides(spot.form)
    return 0.55 + (0.4 if "top" in edges and spot.lettered[1] else 0.1 if "top" in edges else 0.0)


def ranges(rooms: Sequence[Frame]) -> tuple[list[float], list[float]]:
    """The x and y ranges of the axes that hold the blocks at every step; y grows downwards."""
    layouts = [room.layout for room in rooms]
    width, height = max(one.width for one in layouts), max(one.height for one in layouts)
    return [-SIDE, width + SIDE], [height + SIDE, -SIDE]


def rectangles(cells: Sequence[Cell]) -> list[tuple[int, int, int, int]]:
    """Cells as few rectangles (top, left, bottom, right), the ends included: equal runs of rows below each other.

    >>> rectangles([(0, 0), (0, 1), (1, 0), (1, 1), (3, 3)])
    [(0, 0, 1, 1), (3, 3, 3, 3)]
    """
    found: list[tuple[int, int, int, int]] = []
    for row, left, right in _runs(cells):
        above = next(
            (k for k, (_t, a, b, c) in enumerate(found) if (a, b, c) == (left, row - 1, right)), None
        )
        if above is None:
            found.append((row, left, row, right))
        else:
            found[above] = (found[above][0], left, row, right)
    return found


def _runs(cells: Sequence[Cell]) -> Iterator[tuple[int, int, int]]:
    """Cells as (row, first column, last column)."""
    for row, line in groupby(sorted(set(cells)), key=lambda cell: cell[0]):
        columns = [column for _row, column in line]
        for _gap, run in groupby(enumerate(columns), key=lambda pair: pair[1] - pair[0]):
            ends = [column for _k, column in run]
            yield row, ends[0], ends[-1]

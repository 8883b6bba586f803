"""A reduction in cells: where the blocks of A and of the result stand, and which cells fly together."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from core import lazy
from core.ops.cells import MOST, block
from core.panels import Axis, Block, Cell, Cells, Flight, Link, Source

torch = lazy.load("torch")

LETTERS = "ijkl"
COLOURS = ("axis1", "axis2", "axis3", "axis4")
MOST_BESIDE = 4  # slices beside each other
MOST_BELOW = 2  # lines of slices

Spot = tuple[tuple[int, ...], Cell]  # a slice (its index in front) and a cell in it


def named(count: int, axis: int | None) -> tuple[Axis, ...]:
    """Letter and colour of each of `count` axes: what disappears has the accent."""
    return tuple((LETTERS[k], "accent" if axis is None or k == axis else COLOURS[k]) for k in range(count))


class Collapse(NamedTuple):
    """A reduction of A over `axis` (None: all), as it is drawn. `running`: cumsum, which keeps the axis."""

    A: torch.Tensor
    axis: int | None
    keepdim: bool
    running: bool

    @property
    def shown(self) -> tuple[int, ...]:
        """How much of each axis is drawn."""
        most = {3: (MOST_BESIDE,), 4: (MOST_BELOW, MOST_BESIDE)}.get(self.A.dim(), ())
        return tuple(min(size, cap) for size, cap in zip(self.A.shape, (*most, MOST, MOST), strict=False))

    @property
    def lanes(self) -> int:
        """How many slices along the axis are told one by one."""
        if self.axis is None:
            return 1
        return self.shown[self.axis] if self.A.dim() else 1

    def named(self) -> tuple[Axis, ...]:
        """The axes of A."""
        return named(self.A.dim(), self.axis)

    def kept(self) -> tuple[int, ...]:
        """The axes of A that the result has, in order."""
        gone = range(self.A.dim()) if self.axis is None else (self.axis,)
        stays = self.keepdim or self.running
        return tuple(k for k in range(self.A.dim()) if stays or k not in gone)

    def goal(self, index: tuple[int, ...]) -> tuple[int, ...]:
        """Where the element of A at `index` goes in the result."""
        if self.running:
            return index
        gone = range(self.A.dim()) if self.axis is None else (self.axis,)
        return tuple(0 if k in gone else index[k] for k in self.kept())

    def link(self, op: str) -> Link:
        """Whence a cell of the result comes."""
        kept = self.kept()
        follows = tuple(
            kept.index(k) if k in kept and (self.axis not in (None, k)) else None for k in range(self.A.dim())
        )
        until = self.axis if self.running else None
        return Link("s", (Source("A", follows, until),), "sum" if self.running else op)


def spot(rank: int, index: tuple[int, ...], upright: bool) -> Spot:
    """The slice and the cell in it of an element of a tensor with `rank` axes."""
    if rank == 0:
        return (), (0, 0)
    if rank == 1:
        return (), ((index[0], 0) if upright else (0, index[0]))
    return index[:-2], (index[-2], index[-1])


def title(name: str, at: tuple[int, ...]) -> str:
    """The name of a slice."""
    return f"{name}[{', '.join(map(str, at))}]" if at else name


def cells(drawn: Collapse, s: torch.Tensor, lane: int, done: int) -> Cells:
    """The panel: lanes up to `lane` (-1: none) have flown together; `s` as it is so far, its first `done` slices."""
    lines = _lines(drawn, s, lane, done)
    return Cells(lines, flights=_flights(drawn, lane, s))


def _prefixes(drawn: Collapse) -> list[tuple[int, ...]]:
    return list(itertools.product(*map(range, drawn.shown[:-2]))) if drawn.A.dim() > 2 else [()]


def _source(drawn: Collapse, at: tuple[int, ...], lane: int) -> Block:
    """One slice of A; the cells of the lane are lit."""
    count, axes = drawn.A.dim(), drawn.named()
    lit = [
        cell
        for index in _indexes(drawn)
        for where, cell in [spot(count, index, False)]
        if where == at and lane >= 0 and _lane(drawn, index) == lane
    ]
    before = ""
    if count > 2 and drawn.axis is not None and drawn.axis == count - 3 and at[-1] and not drawn.running:
        before = "+"
    return block(title("A", at), drawn.A[at], lit=lit, axes=axes[-2:] if count > 1 else axes, upright=False,
                 tensor="A", at=at, before=before, colour="matrix")  # fmt: skip


def _indexes(drawn: Collapse) -> list[tuple[int, ...]]:
    return list(itertools.product(*map(range, drawn.shown)))


def _lane(drawn: Collapse, index: tuple[int, ...]) -> int:
    return 0 if drawn.axis is None or not index else index[drawn.axis]


def standing(drawn: Collapse) -> bool:
    """Whether a slice of the result with one axis stands: rows that were added up to the right leave a column."""
    return drawn.axis == drawn.A.dim() - 1 and not drawn.running


def result_slices(drawn: Collapse, s: torch.Tensor) -> list[tuple[int, ...]]:
    """The index in front of every block of the result that is drawn."""
    if not drawn.A.numel():  # nothing flies: the first slice of each tensor stands for all
        return [(0,) * max(0, s.dim() - 2) if 0 not in s.shape[:-2] else ()]
    return list(dict.fromkeys(_block_of(drawn, s, drawn.goal(index)) for index in _indexes(drawn)))


def _block_of(drawn: Collapse, s: torch.Tensor, index: tuple[int, ...]) -> tuple[int, ...]:
    return index[: s.dim() - _width(drawn, s)]


def _width(drawn: Collapse, s: torch.Tensor) -> int:
    """How many axes a block of the result shows: one less than A's where one of the two it shows is gone."""
    inside = drawn.A.dim() - 2
    if s.dim() < 2 or drawn.axis is None or drawn.running or drawn.keepdim or drawn.axis < inside:
        return min(2, s.dim())
    return 1


def _lines(drawn: Collapse, s: torch.Tensor, lane: int, done: int) -> tuple[tuple[Block, ...], ...]:
    count, axis = drawn.A.dim(), drawn.axis
    sources = {at: _source(drawn, at, lane) for at in _prefixes(drawn)}
    targets = {at: _slice(drawn, s, at, done, lane) for at in result_slices(drawn, s)}
    below = list(targets.values())
    if not drawn.A.numel():
        return (*([tuple(sources.values())] if sources else []), tuple(below))
    rows = [list(row) for _first, row in itertools.groupby(sources, key=lambda at: at[:-1])]
    lines = [[sources[at] for at in row] for row in rows]
    if count < 2 or axis is None:
        if drawn.running:
            return (*map(tuple, lines), tuple(below))
        return (*map(tuple, lines[:-1]), (*lines[-1], _signed(below[0])))
    if drawn.running or axis == count - 2:
        return _interleaved(lines, below)
    if axis == count - 1:
        pairs = iter(below)
        return tuple(
            tuple(one for source in line for one in (source, _signed(next(pairs)))) for line in lines
        )
    if axis == count - 3:
        return tuple((*line, _signed(target)) for line, target in zip(lines, below, strict=True))
    return (*map(tuple, lines), tuple(below))


def _interleaved(lines: list[list[Block]], below: list[Block]) -> tuple[tuple[Block, ...], ...]:
    """Under each line of slices the line of what became of them."""
    rest = iter(below)
    found = []
    for line in lines:
        found += [tuple(line), tuple(next(rest) for _block in line)]
    return tuple(found)


def _signed(target: Block) -> Block:
    return Block(**{**target.__dict__, "before": "="})


def _slice(drawn: Collapse, s: torch.Tensor, at: tuple[int, ...], done: int, lane: int) -> Block:
    """One block of the result."""
    part = s[at]
    upright = standing(drawn)
    spots: dict[Cell, int] = {}
    for index in _indexes(drawn):
        goal = drawn.goal(index)
        if goal[: len(at)] == at:
            spots[spot(part.dim(), goal[len(at) :], upright)[1]] = _lane(drawn, index)
    running = drawn.running
    known = [cell for cell, k in spots.items() if (k < done if running else done)]
    lit = [cell for cell, k in spots.items() if lane >= 0 and (k == lane or not running)]
    axes = tuple(drawn.named()[k] for k in drawn.kept())[len(at) :]
    return block(title("s", at), part, cells=known if spots else None, lit=lit, axes=axes, upright=upright,
                 tensor="s", at=at, colour="image", over=True)  # fmt: skip


def _flights(drawn: Collapse, lane: int, s: torch.Tensor) -> tuple[Flight, ...]:
    """A copy of every shown cell of A, on its way into the result."""
    found = []
    for index in _indexes(drawn):
        where, cell = spot(drawn.A.dim(), index, False)
        goal = drawn.goal(index)
        at = _block_of(drawn, s, goal)
        _none, end = spot(s.dim() - len(at), goal[len(at) :], standing(drawn))
        found.append(Flight((title("A", where), cell), (title("s", at), end), _lane(drawn, index) <= lane))
    return tuple(found)

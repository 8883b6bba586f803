"""What a step shows, as plain data: drawers in core/figures turn it into traces, and know nothing of concepts.

Every step of a film has the same panels in the same order; what comes and goes is empty. A Plane is flat (dimension 2)
or a space (dimension 3) and holds marks; a mark may be bound to a moving matrix and vectors, and then the browser
computes it: p_i = keep_i * (M @ (point_i + mix_i * v + other_mix_i * w)), entry by entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Point = tuple[float, ...]
Matrix = tuple[Point, ...]
Value = float | Point | Matrix  # a number, a vector, or a matrix by rows
Cell = tuple[int, int]  # row, column
Axis = tuple[
    str, str
]  # the name of an axis ("k") and its colour, a name in core.figures.theme ("accent", "axis1")


@dataclass(frozen=True)
class Bind:
    """What moves a mark. Names are those of the panel's state; `mix` and `keep` are one entry per point."""

    matrix: str = ""
    vector: str = ""
    mix: tuple[Point, ...] = ()
    keep: tuple[Point, ...] = ()
    other: str = ""  # a second vector, mixed in like the first
    other_mix: tuple[Point, ...] = ()


STILL = Bind()


@dataclass(frozen=True)
class Mark:
    """A mark: `name` is stable, `colour` a name in core.figures.theme, `layer` what the reader can switch off."""

    name: str
    colour: str
    layer: str = ""
    bind: Bind = STILL
    hides: bool = False  # hidden while a handle is dragged: only the server can compute it


@dataclass(frozen=True)
class Lattice(Mark):
    """Lines through whole points, `reach` units to each side, in the first `axes` axes of the space."""

    reach: int = 20
    axes: int = 2
    width: float = 1.0


@dataclass(frozen=True)
class Path(Mark):
    """A line through `points` (None breaks it); `fill` colours what it encloses (2-D)."""

    points: tuple[Point | None, ...] = ()
    width: float = 2.0
    dash: str = "solid"
    fill: float = 0.0  # opacity of what it encloses
    opacity: float = 1.0  # of all of it


@dataclass(frozen=True)
class Arrow(Mark):
    """An arrow from points[0] to points[1]."""

    points: tuple[Point, Point] = ((0.0, 0.0), (1.0, 0.0))
    width: float = 3.0
    dash: str = "solid"


@dataclass(frozen=True)
class Solid(Mark):
    """Triangles over `points`, translucent (3-D)."""

    points: tuple[Point, ...] = ()
    faces: tuple[tuple[int, int, int], ...] = ()
    opacity: float = 0.2


@dataclass(frozen=True)
class Points(Mark):
    """A cloud of points; `colours` are one name per point, or empty: all in the mark's own colour."""

    points: tuple[Point, ...] = ()
    size: float = 7.0  # px
    colours: tuple[str, ...] = ()
    symbol: str = "circle"  # circle, square, diamond, cross, x, circle-open
    texts: tuple[str, ...] = ()  # hover


@dataclass(frozen=True)
class Cubes(Mark):
    """Unit cells of a three-axis tensor in space: a cube of edge `edge` at each of `points` (3-D).

    `values` choose the fill on the diverging scale (None: empty, outline only); `lit` are indexes in use.
    """

    points: tuple[Point, ...] = ()
    values: tuple[float | None, ...] = ()
    texts: tuple[str, ...] = ()
    lit: tuple[int, ...] = ()
    edge: float = 0.8
    opacity: float = 0.9
    cells: tuple[tuple[int, ...], ...] = ()  # the index of each in `tensor`, for linked views
    tensor: str = ""  # "": the name


@dataclass(frozen=True)
class Derived(Mark):
    """A line that follows from vectors of the state, computed anew in the browser at every frame of a drag.

    kinds: "projection" (tip of `of` to its foot on the line of `onto`, and from the origin to the foot),
    "arc" (from the direction of `of` to that of `onto`, at `radius`), "ball" (all v with the p-norm 1, or with the
    p-norm of `of` where that is named; `inverse` names the number 1/p in the state; moved by bind.matrix if any),
    "unit" (the arrow of `of` divided by its p-norm).
    """

    kind: str = "projection"
    of: str = ""
    onto: str = ""
    inverse: str = ""
    radius: float = 1.0
    width: float = 2.5
    dash: str = "solid"
    fill: float = 0.0


@dataclass(frozen=True)
class Label(Mark):
    """Words at a point. `live` = ("det", "det A = {}") is filled in by the browser as the state moves.

    Kinds: "det" of M, "vector" x, "image" M x; and of the vectors `of` and `onto` of the state: "dot", "cosine",
    "angle" (degrees), "norm" (with `inverse` = 1/p), "norm-sum" (of their sum), "sum".
    """

    at: Point = (0.0, 0.0)
    text: str = ""
    live: tuple[str, str] = ("", "")
    place: str = "top right"
    bold: bool = False
    of: str = ""
    onto: str = ""
    inverse: str = ""


@dataclass(frozen=True)
class Eigen(Mark):
    """The real eigen-directions of a 2-D matrix as lines through the origin; the browser follows a drag."""

    matrix: Matrix = ()
    of: str = "A"
    reach: float = 20.0


@dataclass(frozen=True)
class Variable:
    """What the hand can change: its finished value, and the state it stands in for while it is dragged."""

    name: str
    value: Value
    moving: str


@dataclass(frozen=True)
class Handle:
    """A point that can be dragged: column `column` of a matrix, or a vector (column None)."""

    name: str
    variable: str
    label: str
    colour: str
    column: int | None = None
    free: tuple[bool, ...] = (True, True)
    step: float = 0.1  # what an arrow key moves, and the raster on which it comes to rest
    limit: float = 10.0  # it stays within -limit .. limit


@dataclass(frozen=True)
class Turn:
    """The matrix came here by turning through `angle` (radians), in 3-D about `axis`; otherwise it came straight."""

    angle: float
    axis: Point = ()


@dataclass(frozen=True)
class Plane:
    """A plane (dimension 2) or a space (dimension 3) with marks, and the values that move them."""

    dimension: int
    marks: tuple[Mark, ...]
    state: Mapping[str, Value]
    reach: float  # how far the view goes up and down from the origin, in units
    across: float = 0.0  # how far to the left and right it must go; 0: as far as up and down
    free_corner: str = "top"  # the right corner that is kept free for cells on a wide stage: top or bottom
    turns: Mapping[str, Turn] = field(default_factory=dict)
    variables: tuple[Variable, ...] = ()
    handles: tuple[Handle, ...] = ()
    layers: tuple[tuple[str, str, bool], ...] = ()  # key, label, on at first
    moved: bool = False  # the moving matrix has arrived
    name: str = "plane"
    title: str = ""
    line: bool = False  # a number line: only the first axis is drawn, handles move along it
    bare: bool = False  # without axes and numbers: the units change from step to step, or there are none
    centre: Point = ()  # what the view is about; (): the origin


@dataclass(frozen=True)
class Block:
    """A matrix of numbers in cells. None is a cell not computed yet; `lit` cells are in use in this step.

    `tensor` and `at` say which slice of which tensor it is: tensor "C" at (0,) is C[0]. A vector stands as a column,
    or as a row when `axes` has one axis and `upright` is False.
    """

    name: str
    rows: tuple[tuple[float | None, ...], ...]
    lit: tuple[Cell, ...] = ()
    before: str = ""  # a sign before the block: "=", "·"
    colour: str = ""  # of its name: a name in the theme
    note: str = ""  # "rows 1 to 8 of 120"
    brackets: bool = True
    tensor: str = ""  # "": the name
    at: tuple[int, ...] = ()
    axes: tuple[Axis, ...] = ()  # of its rows and columns (of a vector: its only one), drawn along the edges
    upright: bool = True  # a vector is a column
    ghost: tuple[Cell, ...] = ()  # copies that are not stored (a broadcast axis)
    flagged: tuple[Cell, ...] = ()  # marked as wrong or unequal
    faded: tuple[Cell, ...] = ()  # out of use now
    texts: tuple[tuple[str, ...], ...] = ()  # words instead of the numbers, where given
    rank: int | None = None  # axes of the slice: 0, 1 or 2; None: as many as `axes`, or 2
    whole: tuple[int, int] = ()  # rows and columns of the slice, where not all of them are shown
    first: Cell = (0, 0)  # row and column of the slice at which the cells shown begin
    over: bool = False  # drawn over the flights, which vanish under it


@dataclass(frozen=True)
class Flight:
    """A copy of one cell on its way to another: it slides from (block, cell) to (block, cell) when it has `landed`.

    Every step of a film has the same flights in the same order. A Block that is `over` hides what has landed on it.
    """

    start: tuple[str, Cell]
    end: tuple[str, Cell]
    landed: bool = False


@dataclass(frozen=True)
class Cells:
    """Blocks of numbers side by side, as in a formula: one or more lines of them, from the top, centred."""

    lines: tuple[tuple[Block, ...], ...]
    name: str = "cells"
    titles: tuple[str, ...] = ()  # over each line, where given
    flights: tuple[Flight, ...] = ()

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks, line after line."""
        return tuple(block for line in self.lines for block in line)


def in_line(*blocks: Block, name: str = "cells") -> Cells:
    """Cells in one line."""
    return Cells((blocks,), name)


@dataclass(frozen=True)
class Source:
    """Where a result cell comes from: for each axis of `tensor` the axis of the result it follows, or None for all.

    Where the tensor has size 1 along an axis (it was broadcast), index 0 is meant.
    """

    tensor: str
    follows: tuple[int | None, ...]
    until: int | None = None  # along this axis only up to the result's own index (a running sum)


@dataclass(frozen=True)
class Link:
    """Hovering a cell of `result` lights the cells of its sources, in every panel, and writes the term.

    `formula`: "dot" (sum of products of two sources), "+", "-", "*", "/" (of two), "sum", "mean", "max", "min", "prod"
    (of one), or "" for the cells alone.
    """

    result: str
    sources: tuple[Source, ...]
    formula: str = ""
    pick: str = ""  # a click on a cell of `result` gives its index to the parameter (a Spot) of this name


@dataclass(frozen=True)
class Picture:
    """A small picture drawn from numbers, rows from the top; up to about 20 x 20. Larger ones are a Raster."""

    name: str
    rows: tuple[tuple[float, ...], ...]
    title: str = ""
    signed: bool = False  # diverging colours with zero at the background


@dataclass(frozen=True)
class Raster:
    """A picture of any size, sent as an image: a photograph, a feature map, a large matrix seen from afar.

    `data`: rows from the top; kind "rgb": uint8 (h, w, 3); "grey": uint8 (h, w); "signed" and "heat": float32 (h, w),
    on the diverging scale with zero at the background and on the sequential one.
    """

    name: str
    data: bytes
    height: int
    width: int
    kind: str = "rgb"
    title: str = ""
    note: str = ""
    largest: float = 0.0  # the strongest colour stands for it; 0: the largest size in data
    lit: tuple[tuple[int, int, int, int], ...] = ()  # framed parts: top, left, height, width, in pixels


@dataclass(frozen=True)
class Bars:
    """Numbers as bars; None is not computed yet. `across`: bars grow to the right, one below the other."""

    name: str
    values: tuple[float | None, ...]
    labels: tuple[str, ...]
    title: str = ""
    lit: tuple[int, ...] = ()
    across: bool = False
    colours: tuple[str, ...] = ()  # one a bar; (): all "vector"
    texts: tuple[str, ...] = ()  # at the end of each bar, where given
    largest: float = 0.0  # the value of a full bar; 0: the largest size in values


@dataclass(frozen=True)
class Line:
    """A curve through (xs, ys); None breaks it. `label` is written at its end."""

    name: str
    xs: tuple[float | None, ...]
    ys: tuple[float | None, ...]
    colour: str = "vector"
    width: float = 2.5
    dash: str = "solid"
    label: str = ""
    fill: float = 0.0  # opacity of the area down to 0
    dots: float = 0.0  # px; > 0: points instead of a line
    texts: tuple[str, ...] = ()  # hover


@dataclass(frozen=True)
class Curve:
    """Lines and points over two axes with numbers: losses, signals, coefficients, a number's way down a slope."""

    name: str
    lines: tuple[Line, ...]
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    x_label: str = ""
    y_label: str = ""
    title: str = ""
    x_log: bool = False  # ranges and values are given as they are, not as logarithms
    y_log: bool = False
    variables: tuple[Variable, ...] = ()
    handles: tuple[Handle, ...] = ()
    state: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Box:
    """One axis in a strip: its size, name and colour, and what became of it.

    state: "own", "padded" (a 1 put in front), "stretched" (a 1 that repeats: stride 0), "clash", "gone" (summed away),
    "new", "absent" (not there yet: it keeps the place, so that strips slide and fill up without a jump).
    `shown` is the size written where it differs ("1 → 3" while it stretches).
    """

    size: int
    axis: Axis = ("", "")
    state: str = "own"
    shown: str = ""


@dataclass(frozen=True)
class Strip:
    """A shape as a row of boxes, the last axis at the right. `shift`: how many places it stands left of that."""

    name: str
    boxes: tuple[Box, ...]
    shift: float = 0.0
    colour: str = ""
    note: str = ""


@dataclass(frozen=True)
class Alignment:
    """Shapes under each other, as broadcasting compares them; `ruled`: the last strip is the result, under a line."""

    strips: tuple[Strip, ...]
    name: str = "alignment"
    ruled: bool = True
    lit: tuple[int, ...] = ()  # columns looked at now, counted from the right: -1 is the last


@dataclass(frozen=True)
class Jump:
    """An arc on the tape from one place to another."""

    start: int
    end: int
    text: str = ""
    colour: str = "accent"


@dataclass(frozen=True)
class Tape:
    """A tensor's storage: one strip of memory cells, strides as jumps along it."""

    name: str
    values: tuple[float | None, ...]
    lit: tuple[int, ...] = ()
    jumps: tuple[Jump, ...] = ()
    title: str = ""
    note: str = ""
    colours: tuple[str, ...] = ()  # one a cell: a name in the theme for its fill, or ""
    start: int = 0  # the address of the first cell shown


@dataclass(frozen=True)
class Node:
    """A node of a Tree: an operation, or a leaf that is given.

    state: "waiting" (not computed yet), "done", "lit" (computed in this step) or "failed". `rows` is a small picture
    of its numbers, up to about 8 x 8, seen once it is no longer waiting; the same in every step.
    """

    number: int
    label: str  # as it is written alone: "@", "softmax(dim=-1)", "Q"
    shape: str = ""  # "(3, 4) float32"; "" where there is nothing to say
    rows: tuple[tuple[float, ...], ...] = ()
    inputs: tuple[int, ...] = ()  # the numbers of the nodes whose values it takes
    state: str = "waiting"
    target: str = ""  # the name it is kept under
    told: str = ""  # hover; "": label and shape


@dataclass(frozen=True)
class Tree:
    """How a line is computed: nodes in layers, leaves at the bottom, results at the top; a value may be used twice.

    `nodes` are in the order of computing. Only state may change from step to step: places follow from all the rest.
    """

    nodes: tuple[Node, ...]
    name: str = "tree"
    note: str = ""


Panel = Plane | Cells | Picture | Raster | Bars | Curve | Alignment | Tape | Tree


@dataclass(frozen=True)
class Row:
    """Panels side by side: (index, share of the width) each, and the row's share of the height."""

    panels: tuple[tuple[int, float], ...]
    height: float = 1.0


@dataclass(frozen=True)
class Layout:
    """Where the panels stand: rows from the top on a wide stage, others on a tall one ((): one below the other).

    `aside`: rows of their own in a column at the right, which takes `share` of a wide stage.
    """

    wide: tuple[Row, ...]
    tall: tuple[Row, ...] = ()
    aside: tuple[Row, ...] = ()
    share: float = 0.34


def rows(
    *lines: tuple[int, ...], heights: tuple[float, ...] = (), tall: tuple[tuple[int, ...], ...] = ()
) -> Layout:
    """A layout of equal shares: rows((0, 1), (2,), heights=(2, 1)).

    >>> rows((0, 1)).wide
    (Row(panels=((0, 1.0), (1, 1.0)), height=1.0),)
    """
    shares = heights or (1.0,) * len(lines)
    wide = tuple(Row(tuple((k, 1.0) for k in line), share) for line, share in zip(lines, shares, strict=True))
    return Layout(wide, tuple(Row(tuple((k, 1.0) for k in line)) for line in tall))

"""What a step shows, as plain data: drawers in core/figures turn it into traces, and know nothing of concepts.

A panel is a Plane (2-D), a Space (3-D) or Cells. Planes and spaces hold marks; a mark may be bound to a moving
matrix and vector, and then the browser computes it: p_i = keep_i * (M @ (point_i + mix_i * v)), entry by entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Point = tuple[float, ...]
Matrix = tuple[Point, ...]
Value = Point | Matrix  # a vector, or a matrix by rows


@dataclass(frozen=True)
class Bind:
    """What moves a mark. Names are those of the panel's state; `mix` and `keep` are one entry per point."""

    matrix: str = ""
    vector: str = ""
    mix: tuple[Point, ...] = ()
    keep: tuple[Point, ...] = ()


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
    fill: float = 0.0  # opacity


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
class Label(Mark):
    """Words at a point. `live` = ("det", "det A = {}") is filled in by the browser as the matrix moves."""

    at: Point = (0.0, 0.0)
    text: str = ""
    live: tuple[str, str] = ("", "")
    place: str = "top right"
    bold: bool = False


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


@dataclass(frozen=True)
class Block:
    """A matrix of numbers in cells. None is a cell not computed yet; `lit` cells are in use in this step."""

    name: str
    rows: tuple[tuple[float | None, ...], ...]
    lit: tuple[tuple[int, int], ...] = ()
    before: str = ""  # a sign before the block: "=", "·"
    colour: str = ""  # of its name: a name in the theme
    note: str = ""  # "rows 1 to 8 of 120"
    brackets: bool = True


@dataclass(frozen=True)
class Cells:
    """Blocks of numbers side by side, as in a formula."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Picture:
    """A grey picture drawn from numbers, rows from the top; `low` and `high` are black and white."""

    name: str
    rows: tuple[tuple[float, ...], ...]
    title: str = ""
    signed: bool = False  # diverging colours with zero at the background


@dataclass(frozen=True)
class Bars:
    """Numbers as bars; None is not computed yet."""

    name: str
    values: tuple[float | None, ...]
    labels: tuple[str, ...]
    title: str = ""
    lit: tuple[int, ...] = ()


Panel = Plane | Cells | Picture | Bars

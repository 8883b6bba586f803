"""A tensor of any number of axes on a flat page: each axis runs over rows, columns, facets, or is held by a slider."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core import lazy
from core.ops.cells import MOST
from core.panels import Axis, Block, Cubes, Plane, Raster
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

torch = lazy.load("torch")

MOST_FACETS = 8
LINE_CELLS = 18  # columns of cells in one line of facets
MOST_CUBES = 125
TILE = 48  # pixels of the longer side of a facet seen from afar
MOST_TILES = 6


@dataclass(frozen=True)
class Roles:
    """What each axis does: `held` maps the axes of sliders to the index at which they stand."""

    rows: int | None
    columns: int | None
    facets: tuple[int, ...]
    held: Mapping[int, int]


def roles(
    shape: tuple[int, ...], rows: int | None, columns: int | None, slider: int | None, at: int
) -> Roles:
    """The last axis in columns, the one before in rows, others in facets, where the reader did not say otherwise."""
    free = list(range(len(shape)))
    held = {slider: min(max(at, 0), max(shape[slider] - 1, 0))} if slider in free else {}
    free = [axis for axis in free if axis not in held]
    wanted = columns if columns in free else None
    across = wanted if wanted is not None else next((a for a in reversed(free) if a != rows), None)
    free = [axis for axis in free if axis != across]
    down = rows if rows in free else (free[-1] if free else None)
    return Roles(down, across, tuple(axis for axis in free if axis != down), held)


def axis_colour(axis: int) -> str:
    """The colour of axis `axis`, counted from 0, everywhere in the atlas."""
    return f"axis{axis + 1}" if 0 <= axis < 6 else "quiet"


def axis_label(axis: int) -> Axis:
    """The name of an axis at the edge of a block, and its colour."""
    return (_("axis {axis}").format(axis=axis), axis_colour(axis))


def facet_indexes(shape: tuple[int, ...], told: Roles) -> list[dict[int, int]]:
    """axis -> index for each facet, the held axes included."""
    ranges = [range(min(shape[axis], MOST_FACETS)) for axis in told.facets]
    found = itertools.islice(itertools.product(*ranges), MOST_FACETS)
    return [dict(zip(told.facets, index, strict=True)) | dict(told.held) for index in found]


def facet_name(name: str, fixed: Mapping[int, int]) -> str:
    """`A[0, :, :, 2]`, with the trailing colons left out."""
    last = max(fixed, default=-1)
    inner = ", ".join(str(fixed[k]) if k in fixed else ":" for k in range(last + 1))
    return f"{name}[{inner}]" if inner else name


def table(tensor: Tensor, told: Roles, fixed: Mapping[int, int]) -> Tensor:
    """The facet as a matrix with the rows and columns that were asked for."""
    part = tensor[tuple(fixed.get(k, slice(None)) for k in range(tensor.dim()))]
    if told.rows is None:
        return part.reshape(1, -1)
    return part.T if told.columns is not None and told.rows > told.columns else part


def blocks(
    name: str, tensor: Tensor, told: Roles, *, lit: Tensor | None = None, faded: Tensor | None = None,
    known: Tensor | None = None, colour: str = "", **more: Any,
) -> list[Block]:  # fmt: skip
    """A block for each facet. `lit`, `faded`, `known` are masks of the tensor's shape (None: none, none, all)."""
    shape, ordered = tuple(tensor.shape), told.rows is None or told.rows < (told.columns or 0)
    edge = tuple(axis_label(a) for a in (told.rows, told.columns) if a is not None)
    found = []
    for fixed in facet_indexes(shape, told):
        window = table(tensor, told, fixed)
        prefix = ordered and sorted(fixed) == list(range(len(fixed)))
        found.append(
            Block(
                facet_name(name, fixed),
                _numbers(window, None if known is None else table(known, told, fixed)),
                colour=colour,
                lit=_cells(lit, told, fixed),
                faded=_cells(faded, told, fixed),
                axes=edge,
                upright=told.rows is not None,
                rank=len(edge),
                note=_window_note(tuple(window.shape)),
                **({"tensor": name, "at": tuple(fixed[k] for k in sorted(fixed))} if prefix else {}),
                **({"whole": tuple(window.shape)} if max(window.shape, default=0) > MOST else {}),
                **more,
            )
        )
    return found


def lines(found: list[Block], width: int = LINE_CELLS) -> list[tuple[Block, ...]]:
    """Blocks in lines of at most `width` columns."""
    told: list[list[Block]] = [[]]
    for block in found:
        size = len(block.rows[0]) if block.rows else 1
        if told[-1] and sum(len(b.rows[0]) if b.rows else 1 for b in told[-1]) + size > width:
            told.append([])
        told[-1].append(block)
    return [tuple(line) for line in told]


def left_out(shape: tuple[int, ...], told: Roles) -> str:
    """What of a large tensor is not shown; empty where all of it is."""
    facets = math.prod(shape[axis] for axis in told.facets)
    if facets > MOST_FACETS:
        return _("{shown} of {count} matrices are shown.").format(shown=MOST_FACETS, count=facets)
    return ""


def _window_note(shape: tuple[int, ...]) -> str:
    if max(shape, default=0) <= MOST:
        return ""
    if shape[0] == 1:
        return _("the first {shown} of {count} numbers").format(shown=MOST, count=shape[1])
    return _("{rows} × {columns} of {all}").format(
        rows=min(shape[0], MOST), columns=min(shape[1], MOST), all=" × ".join(map(str, shape))
    )


def _numbers(window: Tensor, known: Tensor | None) -> tuple[tuple[float | None, ...], ...]:
    values = window[:MOST, :MOST].tolist()
    shown = known[:MOST, :MOST].tolist() if known is not None else [[True] * len(row) for row in values]
    return tuple(
        tuple(float(v) if k else None for v, k in zip(row, keep, strict=True))
        for row, keep in zip(values, shown, strict=True)
    )


def _cells(mask: Tensor | None, told: Roles, fixed: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    if mask is None:
        return ()
    window = table(mask, told, fixed)[:MOST, :MOST]
    return tuple((i, j) for i, j in window.nonzero().tolist())


def needs_afar(shape: tuple[int, ...], told: Roles) -> bool:
    """Whether a facet has more rows or columns than a window of cells."""
    return any(axis is not None and shape[axis] > MOST for axis in (told.rows, told.columns))


def afar(name: str, tensor: Tensor, told: Roles) -> Raster:
    """Up to MOST_TILES facets side by side, each pixel the mean of a block of numbers: one pass over the data."""
    fixed = facet_indexes(tuple(tensor.shape), told)[:MOST_TILES]
    tiles = [_tile(table(tensor, told, one)) for one in fixed]
    height = max(tile.shape[0] for tile in tiles)
    gap = torch.full((height, 2), float("nan"))
    parts = [
        part for tile in tiles for part in (torch.nn.functional.pad(tile, (0, 0, 0, height - len(tile))), gap)
    ]
    picture = torch.nan_to_num(torch.cat(parts[:-1], 1), 0.0, 0.0, 0.0).float().contiguous()
    rows, columns = (tensor.shape[a] if a is not None else 1 for a in (told.rows, told.columns))
    note = _("each pixel is the mean of about {size} numbers").format(
        size=max(1, round(rows / tiles[0].shape[0]) * round(columns / tiles[0].shape[1]))
    )
    return Raster(
        name, picture.numpy().tobytes(), picture.shape[0], picture.shape[1], kind="signed",
        title=_("all of A, from afar"), note=note,
    )  # fmt: skip


def _tile(window: Tensor) -> Tensor:
    longest = max(window.shape)
    size = [max(1, min(n, round(n * TILE / longest)) if longest > TILE else n) for n in window.shape]
    values = torch.nan_to_num(window.to(torch.float32), 0.0, 0.0, 0.0)
    return torch.nn.functional.adaptive_avg_pool2d(values[None, None], size)[0, 0]


def centres(shape: tuple[int, ...]) -> list[tuple[float, float, float]]:
    """Where the cubes of a block (d, m, n) stand: axis 0 to the back, axis 1 down, axis 2 to the right."""
    d, m, n = (1,) * (3 - len(shape)) + tuple(shape)
    return [
        (k - (n - 1) / 2, i * 1.4 - (d - 1) * 0.7, (m - 1) / 2 - j)
        for i in range(d) for j in range(m) for k in range(n)
    ]  # fmt: skip


def cubes(tensor: Tensor, points: list[tuple[float, float, float]], lit: Tensor | None, gone: Tensor | None):
    """A block in space: a cube for each number of `tensor`, at `points`; those in `gone` are outlines."""
    values = tensor.reshape(-1).tolist()
    empty = gone.reshape(-1).tolist() if gone is not None else [False] * len(values)
    chosen = tuple(lit.reshape(-1).nonzero()[:, 0].tolist()) if lit is not None else ()
    shown = tuple(
        None if out or not math.isfinite(v) else float(v) for v, out in zip(values, empty, strict=True)
    )
    return Cubes("cubes", "vector", points=tuple(points), values=shown, lit=chosen,
                 texts=tuple(str(v) for v in values), edge=0.86)  # fmt: skip


def space(mark: Cubes, reach: float) -> Plane:
    """The space in which the block stands."""
    return Plane(3, (mark,), {}, reach, name="block", bare=True)

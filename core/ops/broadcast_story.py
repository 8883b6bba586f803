"""The story of a broadcast: strips of shapes, then cells whose copies slide into place, then the numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import NamedTuple

from core import lazy, shapes
from core.numbers import factor, number, plus
from core.operation import Step
from core.ops import broadcast_strips as strips
from core.ops.broadcast_strips import Shapes, Sight
from core.ops.cells import MOST, block
from core.panels import Alignment, Block, Cell, Cells, Flight, Layout, Link, Row, Source
from core.words import _

torch = lazy.load("torch")

MOST_SHOWN = 3  # slices of a result with three or more axes
FEW_SHOWN = 2  # where each has more than MANY cells
MANY = 30
MOST_ROWS = 4  # rows told one by one
MOST_FLIGHTS = 80
MOST_CELLS = 3  # cells told one by one
SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷", "@": "@"}
INNER = 4  # products written out


class Operand(NamedTuple):
    """A tensor, and as torch reads it: stretched to the shape it takes part with, a view with stride 0."""

    name: str
    tensor: torch.Tensor
    stretched: torch.Tensor


class Scene(NamedTuple):
    """All that no step changes. `fronts`: the slices of the result that are shown.

    `shown`: the result as it stands in cells. In a product a vector lends an axis, and the result shows it as well.
    """

    operands: tuple[Operand, ...]
    result: torch.Tensor
    op: str
    fronts: tuple[tuple[int, ...], ...]
    shown: torch.Tensor

    @property
    def lying(self) -> bool:
        """A result with one axis stands as a row: broadcasting counts from the right."""
        if self.op == "@":
            return self.operands[0].tensor.dim() == 1
        return self.result.dim() <= 1


class Known(NamedTuple):
    """How far it has come: slices done, rows of the next one done, cells of the row after."""

    slices: int = 0
    rows: int = 0
    cells: int = 0
    stretched: bool = False


def told(given: Mapping[str, torch.Tensor], result: torch.Tensor, op: str) -> Iterator[Step]:
    """The whole story; the last step shows `result`."""
    found = Shapes({name: tuple(tensor.shape) for name, tensor in given.items()})
    scene = _scene(given, result, op)
    layout = _layout(scene)
    sights = (
        [*_product_sights(found, result)] if op == "@" else [*strips.coming(found), *strips.comparing(found)]
    )
    for sight in sights:
        yield _step(scene, sight, Known(), layout)
    last = strips.noted(sights[-1].panel, _strides(scene))
    last = Alignment(last.strips, last.name, last.ruled)
    yield _step(scene, Sight(last, *_stretch_words(scene)), Known(stretched=True), layout)
    for known, sentence, formula in _computing(scene):
        yield _step(scene, Sight(last, sentence, formula), known, layout)


def clashing(given: Mapping[str, shapes.Shape], op: str) -> Iterator[Step]:
    """The strips alone, up to the column that clashes."""
    found = Shapes(given)
    if op == "@":
        yield from _product_clash(found)
        return
    for sight in (*strips.coming(found), *strips.comparing(found)):
        yield Step((sight.panel,), sight.sentence, sight.formula)


# --- the strips of a product


def _product_clash(found: Shapes) -> Iterator[Step]:
    """Why two shapes cannot be multiplied: the shapes, then torch's reason, its axes marked."""
    sight = next(strips.coming(found))
    yield Step((sight.panel,), sight.sentence, sight.formula)
    names = list(found.given)
    try:
        shape = found.given[names[0]]
        for name in names[1:]:
            shape = shapes.matmul(shape, found.given[name], names=(names[0], name))
    except shapes.ShapeError as error:
        panel = strips.clash_marked(found, error.clash)
        yield Step((panel,), error.sentence, found.line)


def _product_sights(found: Shapes, result: torch.Tensor) -> Iterator[Sight]:
    """The last two axes are matrices; the axes in front are broadcast as always."""
    (name, A), (other, B) = found.given.items()
    named = strips.Product(A, B, tuple(result.shape))
    yield Sight(
        strips.product_panel(found, named, 0),
        _("{name} and {other} meet in a product. Again the shapes are aligned from the right.").format(
            name=name, other=other
        ),
        found.line,
    )
    yield Sight(
        strips.product_panel(found, named, 1),
        _(
            "The last two axes are matrices and do not stretch: the inner size {k} must be equal, and disappears."
        ).format(k=A[-1]),
        f"k = {A[-1]}",
    )
    first, second = named.stretched
    yield Sight(
        strips.product_panel(found, named, 2),
        _("The axes in front are broadcast: a missing one counts as 1, and a 1 is stretched."),
        f"{shapes.show(B)} → {shapes.show(named.padded[1])} → {shapes.show(second)}"
        if len(B) <= len(A)
        else f"{shapes.show(A)} → {shapes.show(named.padded[0])} → {shapes.show(first)}",
    )
    yield Sight(
        strips.product_panel(found, named, 3),
        _("Now every slice is a product of two matrices, and the result has the shape {shape}.").format(
            shape=shapes.show(named.result)
        ),
        f"{shapes.show(first)} @ {shapes.show(second)} → {shapes.show(named.result)}",
    )


# --- cells


def _scene(given: Mapping[str, torch.Tensor], result: torch.Tensor, op: str) -> Scene:
    if op == "@":
        (name, A), (other, B) = given.items()
        left = A if A.dim() > 1 else A[None, :]
        right = B if B.dim() > 1 else B[:, None]
        front = torch.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        operands = (
            Operand(name, A, left.expand(*front, *left.shape[-2:])),
            Operand(other, B, right.expand(*front, *right.shape[-2:])),
        )
        fronts = front
        shown = result.reshape(*front, left.shape[-2], right.shape[-1])
    else:
        operands = tuple(Operand(name, one, one.expand(result.shape)) for name, one in given.items())
        fronts, shown = result.shape[:-2], result
    cells = prod(min(size, MOST) for size in shown.shape[-2:])
    most = FEW_SHOWN if cells > MANY else MOST_SHOWN
    found = tuple(itertools.islice(itertools.product(*map(range, fronts)), most))
    return Scene(operands, result, op, found, shown)


def _layout(scene: Scene) -> Layout:
    if len(scene.fronts) > 1:
        side = Row(((0, 1.0), (1, 1.35)))
        return Layout((side,), (Row(((0, 1.0),), 0.8), Row(((1, 1.0),), 1.2)))
    return Layout((Row(((0, 1.0),), 1.15), Row(((1, 1.0),), 1.0)))


def _step(scene: Scene, sight: Sight, known: Known, layout: Layout) -> Step:
    return Step((sight.panel, _cells(scene, known)), sight.sentence, sight.formula, layout, _links(scene))


def _links(scene: Scene) -> tuple[Link, ...]:
    """A result cell lights the cells that were read for it, ghosts as well."""
    axes = tuple(range(scene.result.dim()))
    if scene.op == "@" and min(one.tensor.dim() for one in scene.operands) > 1:
        front = axes[:-2]
        sources = (
            Source(scene.operands[0].name, (*front, axes[-2], None)),
            Source(scene.operands[1].name, (*front, None, axes[-1])),
        )
        return (Link("R", sources, "dot"),)
    if scene.op == "@":
        return ()
    sources = tuple(Source(one.name, axes) for one in scene.operands)
    return (Link("R", sources, scene.op if len(sources) == 2 else ""),)


def _cells(scene: Scene, known: Known) -> Cells:
    lines, flights = [], []
    for k, front in enumerate(scene.fronts):
        line = []
        for index, operand in enumerate(scene.operands):
            one, moves = _operand_block(scene, operand, front, k, index, known)
            line.append(one)
            flights += moves
        lines.append((*line, _result_block(scene, front, k, known)))
    moving = tuple(flights) if len(flights) <= MOST_FLIGHTS else ()
    return Cells(tuple(lines), flights=moving)


def _title(name: str, front: Sequence[int]) -> str:
    name = f"({name})" if " " in name and front else name
    return f"{name}[{', '.join(map(str, front))}]" if front else name


def _operand_block(
    scene: Scene, operand: Operand, front: tuple[int, ...], k: int, index: int, known: Known
) -> tuple[Block, list[Flight]]:
    """An operand's slice in its place; what is not stored is empty, then a ghost. And the ghosts' flights."""
    view = operand.stretched[front]
    stored = _stored(operand, view, front)
    ghosts = [cell for cell in _window(view) if cell not in stored]
    title = _title(operand.name, front)
    lit = _reads(scene, k, index, known)
    one = block(
        title, view, cells=None if known.stretched else stored, lit=lit, upright=not scene.lying,
        before="" if index == 0 else SIGNS[scene.op], tensor=operand.name, at=front,
        ghost=tuple(ghosts) if known.stretched else (), axes=_axes(scene, index, view), rank=view.dim(),
    )  # fmt: skip
    return one, _flights(scene, operand, front, title, ghosts, known)


def _flights(
    scene: Scene, operand: Operand, front: tuple[int, ...], title: str, ghosts: list[Cell], known: Known
) -> list[Flight]:
    """Every ghost comes from the cell that is read again for it, where that cell is on the stage."""
    home = _home(operand, front)
    if home not in scene.fronts:
        return []
    strides = operand.stretched.stride()[len(front) :]
    rows, columns = strides if len(strides) == 2 else (1, *strides) if strides else (1, 1)
    return [
        Flight(
            (_title(operand.name, home), (0 if rows == 0 else i, 0 if columns == 0 else j)),
            (title, (i, j)),
            known.stretched,
        )
        for i, j in ghosts
    ]


def _home(operand: Operand, front: tuple[int, ...]) -> tuple[int, ...]:
    """The first slice that shows the same memory."""
    strides = operand.stretched.stride()
    sizes = operand.stretched.shape
    return tuple(0 if strides[k] == 0 and sizes[k] > 1 else at for k, at in enumerate(front))


def _window(view: torch.Tensor) -> list[Cell]:
    rows, columns = (1, *view.shape)[-2:] if view.dim() else (1, 1)
    return [(i, j) for i in range(min(rows, MOST)) for j in range(min(columns, MOST))]


def _stored(operand: Operand, view: torch.Tensor, front: tuple[int, ...]) -> set[Cell]:
    """The cells of a slice that lie in memory: none where the slice itself is a repetition."""
    if _home(operand, front) != front:
        return set()
    strides, sizes = ((1, 1, *view.stride())[-2:], (1, 1, *view.shape)[-2:])
    return {
        (i, j)
        for i, j in _window(view)
        if (strides[0] or sizes[0] <= 1 or i == 0) and (strides[1] or sizes[1] <= 1 or j == 0)
    }


def _axes(scene: Scene, index: int, view: torch.Tensor) -> tuple:
    """The colours of a block's last axes: those of their columns; in a product those of n, k and m."""
    if scene.op == "@":
        names = (("n", "axis1"), ("k", "accent")) if index == 0 else (("k", "accent"), ("m", "axis2"))
        return names if index < 2 else (("n", "axis1"), ("m", "axis2"))
    return tuple(("", strips.COLOURS[k]) for k in reversed(range(min(view.dim(), 2))))


def _result_block(scene: Scene, front: tuple[int, ...], k: int, known: Known) -> Block:
    view = scene.shown[front]
    done = known.slices > k or not _window(view)
    cells = [
        (i, j)
        for i, j in _window(view)
        if done or (known.slices == k and (i < known.rows or (i == known.rows and j < known.cells)))
    ]
    rank = scene.result.dim() - len(front)
    axes = () if scene.op == "@" and rank < 2 else _axes(scene, 2, view)
    return block(
        _title("R", front), view, cells=cells, lit=_current(scene, k, known), before="=", colour="image",
        tensor="R", at=front, upright=not scene.lying, axes=axes, rank=rank,
    )  # fmt: skip


def _current(scene: Scene, k: int, known: Known) -> list[Cell]:
    """The cells of the result that were computed last: one, a row, or none when all is done."""
    if known.slices != k or not (known.rows or known.cells):
        return []
    if known.cells:
        return [(known.rows, known.cells - 1)]
    width = scene.shown.shape[-1] if scene.shown.dim() else 1
    return [(known.rows - 1, j) for j in range(min(width, MOST))]


def _reads(scene: Scene, k: int, index: int, known: Known) -> list[Cell]:
    """The cells of an operand that are read for them."""
    current = _current(scene, k, known)
    if scene.op != "@" or not current:
        return current
    inner = range(min(scene.operands[0].stretched.shape[-1], MOST))
    if index == 0:
        return [(i, t) for i in {i for i, _j in current} for t in inner]
    return [(t, j) for t in inner for j in {j for _i, j in current}]


# --- words


def _strides(scene: Scene) -> dict[str, str]:
    return {
        one.name: _("stride {stride}").format(stride=shapes.show(one.stretched.stride()))
        for one in scene.operands
    }


def _stretch_words(scene: Scene) -> tuple[str, str]:
    stretched = [one for one in scene.operands if tuple(one.tensor.shape) != tuple(one.stretched.shape)]
    if not stretched:
        sentence = _("Nothing had to be stretched: the shapes are equal, and cells meet one to one.")
        return sentence, shapes.show(tuple(scene.result.shape))
    one = stretched[-1]
    words = {
        "name": one.name,
        "stored": one.tensor.numel(),
        "read": one.stretched.numel(),
        "stride": shapes.show(one.stretched.stride()),
    }
    sentence = _(
        "{name} holds {stored} numbers and is read as if they were {read}: the hatched cells are stored nowhere. "
        "A stride of 0 tells torch to stay at the same place in memory."
    )
    sizes = ", ".join(map(str, one.stretched.shape))
    return sentence.format(**words), f"{one.name}.expand({sizes}).stride() = {words['stride']}"


def _computing(scene: Scene) -> Iterator[tuple[Known, str, str]]:
    """A few cells, then rows, then slices; the last one has everything."""
    rows, columns = (1, 1, *scene.shown.shape)[-2:]
    everything = Known(len(scene.fronts), stretched=True)
    if scene.result.numel() == 0:
        yield (
            everything,
            _("An axis has size 0: there is nothing to compute, but the result has a shape."),
            "∅",
        )
        return
    for j in range(min(columns, MOST_CELLS, columns * rows - 1)):
        yield Known(0, 0, j + 1, True), *_cell_words(scene, (0, j))
    shown = min(rows, MOST_ROWS)
    for i in range(shown if len(scene.fronts) > 1 else shown - 1):
        sentence = _("Row {row} in the same way: every number meets the one under it.")
        if scene.op == "@":
            sentence = _("Row {row} in the same way: it meets every column.")
        yield Known(0, i + 1, 0, True), sentence.format(row=i + 1), _row_formula(scene, i)
    for k in range(1, len(scene.fronts)):
        sentence = _("Slice {index} in the same way, with the numbers that are read again.")
        words = sentence.format(index=f"[{', '.join(map(str, scene.fronts[k - 1]))}]")
        yield Known(k, stretched=True), words, _shape_formula(scene)
    yield everything, _all_words(scene), _shape_formula(scene)


def _all_words(scene: Scene) -> str:
    slices = prod(scene.shown.shape[:-2])
    words = {"shape": shapes.show(tuple(scene.result.shape)), "count": scene.result.numel()}
    if slices > len(scene.fronts) or max(scene.shown.shape[-2:], default=0) > MOST:
        sentence = _(
            "All {count} numbers of R are computed in one call; its shape is {shape}. A part of it is shown."
        )
    else:
        sentence = _("All {count} numbers of R are computed in one call; its shape is {shape}.")
    return sentence.format(**words)


def _shape_formula(scene: Scene) -> str:
    given = f" {SIGNS[scene.op]} ".join(shapes.show(tuple(one.tensor.shape)) for one in scene.operands)
    return f"{given} → {shapes.show(tuple(scene.result.shape))}"


def _row_formula(scene: Scene, i: int) -> str:
    index = ", ".join([*("0" for _k in (scene.fronts[0] if scene.fronts else ())), str(i), ":"])
    given = f" {SIGNS[scene.op]} ".join(one.name for one in scene.operands)
    return f"R[{index}] : {given}" if scene.result.dim() > 1 else f"R : {given}"


def _cell_words(scene: Scene, cell: Cell) -> tuple[str, str]:
    """One cell with the numbers that were read for it, at their own indexes."""
    front = scene.fronts[0] if scene.fronts else ()
    at = (*front, *cell)[-scene.shown.dim() :] if scene.shown.dim() else ()
    total = number(float(scene.shown[at]))
    if scene.op == "@":
        left, right = (one.stretched[front] for one in scene.operands)
        pairs = list(zip(left[cell[0]][:INNER].tolist(), right[:, cell[1]][:INNER].tolist(), strict=True))
        at = (*front, *(k for k, one in zip(cell, scene.operands, strict=True) if one.tensor.dim() > 1))
        more = " + …" if left.shape[-1] > INNER else ""
        terms = plus(f"{factor(a)}·{factor(b)}" for a, b in pairs) + more
        sentence = _("R{index}: a row meets a column, {terms} = {total}.")
        return sentence.format(
            index=_index(at), terms=terms, total=total
        ), f"R{_index(at)} = {terms} = {total}"
    values = [factor(float(one.stretched[at])) for one in scene.operands]
    values[0] = number(float(scene.operands[0].stretched[at]))
    sign = f" {SIGNS[scene.op]} "
    terms = sign.join(values)
    places = sign.join(f"{one.name}{_index(_own(one, at))}" for one in scene.operands)
    sentence = _("R{index} is {places}: {terms} = {total}.")
    words = sentence.format(index=_index(at), places=places, terms=terms, total=total)
    return words, f"R{_index(at)} = {terms} = {total}"


def _own(operand: Operand, at: Sequence[int]) -> tuple[int, ...]:
    """The index in the tensor itself: 0 along an axis of size 1, none for an axis it does not have."""
    shape = operand.tensor.shape
    return tuple(0 if size == 1 else k for size, k in zip(shape, at[len(at) - len(shape) :], strict=True))


def _index(at: Sequence[int]) -> str:
    return f"[{', '.join(map(str, at))}]" if at else ""

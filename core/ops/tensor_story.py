"""A tensor told step by step: its axes, then what is done with it, number by number where there are few."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from core import lazy
from core.numbers import vector
from core.operation import Step
from core.ops import nd_view, tensor_words
from core.ops.nd_view import Roles, axis_colour
from core.panels import Block, Cells, Flight, Layout, Panel, Plane, Raster, Row, rows
from core.shapes import show
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

torch = lazy.load("torch")

MOST_FLYING = 60  # numbers that slide one by one from A to B
MOST_SCRUBBED = 24  # steps of a slider axis
MOST_MASKED = 4096  # numbers of a tensor whose masks are as large as itself
BESIDE = 15  # columns up to which A and B stand in one line


@dataclass(frozen=True)
class Story:
    """What is told: A (after `before`), what is done with it, and its result B."""

    A: Tensor
    B: Tensor
    source: Tensor  # of B's shape: which number of A, counted in its order, each number of B is
    deed: str
    how: tuple[Any, ...]
    line: str  # the torch line: "A.permute(2, 0, 1)"
    told: Roles
    space: bool = False
    result_axes: tuple[int, ...] = field(default=())  # which axis of A each axis of B is, or -1: a new one

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of A."""
        return tuple(self.A.shape)


def steps(story: Story) -> Iterator[Step]:
    """The tensor, each axis, the slider, the deed, and B; the last step shows B whole."""
    layout = _layout(story)
    told = [*axes(story), *scrubbed(story), *_deed(story)]
    far = nd_view.needs_afar(story.shape, story.told) and not story.space
    afar = nd_view.afar("afar", story.A, story.told) if far else None  # once: it passes over all the numbers
    for k, moment in enumerate(told):
        yield Step(_panels(story, moment, afar), moment.sentence, moment.formula, layout if k == 0 else None)


@dataclass(frozen=True)
class Moment:
    """One step: what is lit, what is out of use, how much of B is known, and what is said."""

    sentence: str
    formula: str
    lit: Tensor | None = None
    faded: Tensor | None = None
    landed: bool = False
    told: Roles | None = None


def axes(story: Story) -> Iterator[Moment]:
    """A whole, then each axis: what one step along it means."""
    shape = story.shape
    if not shape:
        yield Moment(_("No axis at all: one number, and the shape is ()."), "A.shape = ()")
        return
    count = " · ".join(map(str, shape))
    sentence = _(
        "A has {axes} axes, and its shape says how many steps each of them has: {count} = {all} numbers."
    )
    if len(shape) == 1:
        sentence = _("A has one axis, and its shape says how many steps it has: {all}.")
    words = {"axes": len(shape), "count": count, "all": story.A.numel()}
    more = nd_view.left_out(shape, story.told)
    yield Moment(" ".join([sentence.format(**words), more]).strip(), f"A.shape = {show(shape)}")
    if story.A.numel() == 0:
        return
    for axis, size in enumerate(shape[:6]):
        index = [slice(None) if k == axis else story.told.held.get(k, 0) for k in range(len(shape))]
        mask = torch.zeros(masked(story), dtype=torch.bool)
        mask[tuple(index)] = True
        line = tensor_words.written(tuple(index))
        yield Moment(
            _role_words(story.told, axis).format(axis=axis, size=size),
            f"{line} = {vector(story.A[tuple(index)].tolist()[:9], 8)}",
            lit=mask,
        )


def _role_words(told: Roles, axis: int) -> str:
    if axis in told.held:
        return _("Axis {axis} has size {size}; a slider holds it at one index.")
    if axis == told.columns:
        return _("Axis {axis} has size {size} and runs over the columns: one step goes to the right.")
    if axis == told.rows:
        return _("Axis {axis} has size {size} and runs over the rows: one step goes down.")
    return _("Axis {axis} has size {size} and runs over the matrices: one step goes to the next one.")


def scrubbed(story: Story) -> Iterator[Moment]:
    """The slider axis index by index: scrubbing the film moves the slider."""
    for axis, here in story.told.held.items():
        size = min(story.shape[axis], MOST_SCRUBBED)
        for index in [*range(size), here]:
            held = Roles(story.told.rows, story.told.columns, story.told.facets, {axis: index})
            fixed = tensor_words.written(
                tuple(index if k == axis else slice(None) for k in range(len(story.shape)))
            )
            sentence = _("The slider of axis {axis} stands at {index}: this is {slice}.")
            yield Moment(sentence.format(axis=axis, index=index, slice=f"`{fixed}`"), fixed, told=held)


def _deed(story: Story) -> Iterator[Moment]:
    if story.deed == "index":
        yield from _narrowed(story)
    else:
        yield Moment(_deed_words(story), f"B = {story.line} : {show(story.shape)} → {show(story.B.shape)}",
                     lit=_first(story))  # fmt: skip
    chosen = _mask(story)
    shape = show(tuple(story.B.shape))
    if story.deed == "index":
        sentence = _("What is left is B with the shape {shape}: {count} of the {all} numbers.")
    else:
        sentence = _("B has the shape {shape} and holds the same {count} numbers, each at its new place.")
    yield Moment(
        sentence.format(shape=shape, count=story.B.numel(), all=story.A.numel()),
        f"{story.line} : {show(story.shape)} → {shape}",
        faded=~chosen if story.deed == "index" else None,
        landed=True,
    )


def _narrowed(story: Story) -> Iterator[Moment]:
    """The index part by part: what is no longer in use fades."""
    full, axis = tensor_words.expanded(story.how, len(story.shape)), 0
    parts: list[Any] = []
    for part in full:
        parts.append(part)
        line = tensor_words.written((*parts, *[slice(None)] * (len(story.shape) - axis - (part is not None))))
        if part is None:
            yield Moment(_("None puts a new axis of size 1 into the result."), line)
            continue
        keep = _kept(story, [p for p in parts if p is not None])
        size = story.shape[axis]
        yield Moment(
            _part_words(part).format(
                axis=axis, part=tensor_words.part_text(part), size=size, left=_left(part, size)
            ),
            line,
            lit=None if bool(keep.all()) else keep,
            faded=~keep,
        )
        axis += 1


def _left(part: Any, size: int) -> int:
    return (
        len(range(*part.indices(size)))
        if isinstance(part, slice)
        else len(part)
        if isinstance(part, list)
        else 1
    )


def _part_words(part: Any) -> str:
    if isinstance(part, int):
        return _("`{part}` on axis {axis}: one of {size} is picked, and the axis is gone from the result.")
    if part == slice(None):
        return _("`:` on axis {axis}: all {size} stay.")
    return _("`{part}` on axis {axis}: {left} of {size} stay, and so does the axis.")


def _deed_words(story: Story) -> str:
    sentences = {
        "reshape": _(
            "reshape reads A in order, the last axis first, and fills the new shape in the same order."
        ),
        "view": _("view gives the same strip of numbers another shape, in the same order; it never copies."),
        "permute": _("permute only renames: axis {order} of A become axis {places} of B."),
        "transpose": _(
            "transpose swaps two axes, {order}: every number keeps its indexes, in another order."
        ),
        "squeeze": _("squeeze drops axes of size 1; no number moves, an index that was always 0 is gone."),
        "unsqueeze": _(
            "unsqueeze puts in an axis of size 1; no number moves, there is one more index, always 0."
        ),
    }
    order = ", ".join(map(str, story.how))
    return sentences[story.deed].format(order=order, places=", ".join(map(str, range(story.B.dim()))))


def _mask(story: Story) -> Tensor:
    """The numbers of A that are in B."""
    mask = torch.zeros(story.A.numel(), dtype=torch.bool)
    mask[story.source.reshape(-1)] = True
    return mask.reshape(story.shape)[tuple(slice(0, size) for size in masked(story))]


def _first(story: Story) -> Tensor | None:
    """The numbers that become B's first row."""
    if story.B.numel() == 0 or story.B.dim() == 0:
        return None
    return marked(story, story.source.reshape(-1)[: story.B.shape[-1]])


def masked(story: Story) -> tuple[int, ...]:
    """The shape of the masks: that of A, of a large A only what can be shown."""
    if story.A.numel() <= MOST_MASKED:
        return story.shape
    return tuple(n if k in story.told.held else min(n, nd_view.MOST) for k, n in enumerate(story.shape))


def marked(story: Story, numbers: Tensor) -> Tensor:
    """A mask of the `numbers`, counted in the order of A."""
    mask = torch.zeros(masked(story), dtype=torch.bool)
    places = torch.stack(torch.unravel_index(numbers, story.shape)) if story.shape else numbers[None, :0]
    inside = (places < torch.tensor(mask.shape)[:, None]).all(0)
    mask[tuple(places[:, inside])] = True
    return mask


def _kept(story: Story, parts: list[Any]) -> Tensor:
    """A mask of what an index of whole numbers, slices and lists keeps, axis by axis."""
    keep = torch.ones(masked(story), dtype=torch.bool)
    for axis, part in enumerate(parts):
        along = torch.zeros(story.shape[axis], dtype=torch.bool)
        along[part] = True
        keep &= along[: keep.shape[axis]].reshape([-1 if k == axis else 1 for k in range(keep.dim())])
    return keep


# --- panels


def _layout(story: Story) -> Layout | None:
    if story.space:
        return Layout((Row(((0, 1.5), (1, 1.0))),), (Row(((0, 1.0),), 1.6), Row(((1, 1.0),))))
    if nd_view.needs_afar(story.shape, story.told):
        return rows((0,), (1,), heights=(3, 2))
    return None


def _panels(story: Story, moment: Moment, afar: Raster | None) -> tuple[Panel, ...]:
    if story.space:
        return (block(story, moment), Cells(tuple(nd_view.lines(result(story, moment.landed), 9)), "result"))
    panels: tuple[Panel, ...] = (cells(story, moment),)
    return panels if afar is None else (*panels, afar)


def cells(story: Story, moment: Moment) -> Cells:
    """A by its roles and B in the usual order; few numbers fly from one to the other."""
    lit, faded, told = moment.lit, moment.faded, moment.told or story.told
    left = nd_view.blocks("A", story.A, told, lit=lit, faded=faded, colour="matrix")
    right = result(story, moment.landed)
    width = sum(len(b.rows[0]) if b.rows else 1 for b in (*left, *right))
    flying = _flights(story, left, right, moment.landed)
    if width <= BESIDE:
        return Cells(((*left, *right),), flights=flying)
    return Cells((*nd_view.lines(left), *nd_view.lines(right)), flights=flying)


def result(story: Story, known: bool) -> list[Block]:
    """B, its last two axes in rows and columns, under the colours of the axes of A that they are."""
    B = story.B
    mask = None if known else torch.zeros((), dtype=torch.bool).expand(B.shape)
    usual = nd_view.roles(tuple(B.shape), None, None, None, 0)
    found = nd_view.blocks("B", B, usual, known=mask, colour="image", over=True)
    hues = [axis_colour(axis) for axis in story.result_axes]
    edges = [axis for axis in (usual.rows, usual.columns) if axis is not None]
    if hues:
        named = tuple((nd_view.axis_label(axis)[0], hues[axis]) for axis in edges)
        found = [replace(block, axes=named) for block in found]
    return [replace(block, before="→") if k == 0 else block for k, block in enumerate(found)]


def _flights(story: Story, left: Sequence[Block], right: Sequence[Block], landed: bool) -> tuple[Flight, ...]:
    """Each number of B that is shown, on its way from its cell in A."""
    if story.told.held or not 0 < story.B.numel() <= MOST_FLYING or story.A.numel() > MOST_FLYING:
        return ()
    places = _places(story.shape, story.told)
    usual = nd_view.roles(tuple(story.B.shape), None, None, None, 0)
    goals = _places(tuple(story.B.shape), usual, "B")
    shown = {b.name for b in (*left, *right)}
    flat = story.source.reshape(-1).tolist()
    return tuple(
        Flight(places[number], goals[k], landed)
        for k, number in enumerate(flat)
        if number in places and k in goals and places[number][0] in shown and goals[k][0] in shown
    )


def _places(shape: tuple[int, ...], told: Roles, name: str = "A") -> dict[int, tuple[str, tuple[int, int]]]:
    """number of the element in order -> (block, cell) for all that are shown."""
    order = torch.arange(math.prod(shape)).reshape(shape)
    found = {}
    for fixed in nd_view.facet_indexes(shape, told):
        title = nd_view.facet_name(name, fixed)
        window = nd_view.table(order, told, fixed)[: nd_view.MOST, : nd_view.MOST].tolist()
        found |= {k: (title, (i, j)) for i, row in enumerate(window) for j, k in enumerate(row)}
    return found


def block(story: Story, moment: Moment) -> Plane:
    """The numbers as cubes; what is kept flies to its place in B at the end."""
    shape, points = story.shape, nd_view.centres(story.shape)
    reach = max(2.2, 0.75 * max(*shape, 1.4 * shape[0]))
    same = story.B.numel() == story.A.numel() and 0 < story.B.dim() <= 3
    if moment.landed and same and story.deed != "index":
        goals = nd_view.centres(tuple(story.B.shape))
        placed = dict(zip(story.source.reshape(-1).tolist(), goals, strict=True))
        points = [placed[k] for k in range(len(points))]
    return nd_view.space(nd_view.cubes(story.A, points, moment.lit, moment.faded), reach)

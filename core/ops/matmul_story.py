"""The numbers of a matrix product, told in six readings that stop at the same places: cells, a cube, or pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from core import lazy
from core.operation import Step
from core.ops import matmul_cube, matmul_order, matmul_words
from core.ops.cells import MOST, block, window_note
from core.ops.matmul_order import Sizes, Term
from core.ops.matmul_words import Story, entry
from core.panels import Block, Cell, Cells, Layout, Link, Panel, Raster, Source, rows
from core.words import _

torch = lazy.load("torch")

MOST_SINGLE = 36  # multiply-adds, or dot products, told one by one
MOST_SHARES = 24  # equal shares into which more are grouped
LARGE_SHARES = 8  # the same for a product that is seen from afar
MOST_PIXELS = 32  # rows and columns of a large matrix in its picture
MOST_TERMS = 4  # addends shown below
WIDEST = 22  # cells that the line of addends may take
AXES = {"A": (("n", "axis1"), ("k", "accent")), "B": (("k", "accent"), ("m", "axis2")),
        "C": (("n", "axis1"), ("m", "axis2"))}  # fmt: skip
LINK = Link("C", (Source("A", (0, None)), Source("B", (None, 1))), "dot")
ABREAST = rows((0, 1, 2), (3,), heights=(3, 2.2), tall=((0,), (1,), (2,), (3,)))


class Moment(NamedTuple):
    """A place in the story: the multiply-adds done before and after the step, and whether it is the last of all."""

    before: int
    after: int
    closing: bool = False

    @property
    def busy(self) -> bool:
        """Whether something is done in it."""
        return self.after > self.before


def large(sizes: Sizes) -> bool:
    """Whether the matrices are seen from afar."""
    return max(sizes) > MOST


def moments(sizes: Sizes) -> list[Moment]:
    """The places at which every reading of this product stops: nothing done, the shares, and the whole."""
    stops = matmul_order.places(sizes, MOST_SINGLE, LARGE_SHARES if large(sizes) else MOST_SHARES)
    steps = [Moment(before, after) for before, after in pairwise(stops)]
    return [Moment(0, 0), *steps, Moment(sizes.all, sizes.all, closing=True)]


def told(A: torch.Tensor, B: torch.Tensor, C: torch.Tensor, reading: str, first: str = "") -> Iterator[Step]:
    """The steps of one reading; `first` is said before anything else."""
    story = Story(A.detach().cpu(), B.detach().cpu(), C.detach().cpu(), reading)
    for k, moment in enumerate(moments(story.sizes)):
        sentence, formula = _said(story, moment)
        if k == 0:
            sentence = " ".join(part for part in (first, _size_note(story), sentence) if part)
        panels, layout = _panels(story, moment)
        yield Step(panels, sentence, formula, layout if k == 0 else None, (LINK,))


def _said(story: Story, moment: Moment) -> tuple[str, str]:
    if moment.closing:
        return matmul_words.ending(story) if story.sizes.all else matmul_words.nothing(story)
    if moment.busy:
        return matmul_words.telling(story, moment.before, moment.after)
    return matmul_words.beginning(story)


def _size_note(story: Story) -> str:
    """What a product that is not told in full is told by; empty where it is."""
    if large(story.sizes):
        return _(
            "Large matrices are seen from afar, told in {steps} equal shares, with a corner of each in numbers."
        ).format(steps=len(moments(story.sizes)) - 2)
    if story.reading == "cube" and not matmul_cube.drawable(story.sizes):
        return _("More than {most} products do not make a readable cube: here are the numbers.").format(
            most=matmul_cube.MOST
        )
    return ""


def _panels(story: Story, moment: Moment) -> tuple[tuple[Panel, ...], Layout | None]:
    if large(story.sizes):
        return (*_pictures(story, moment), Cells((_product_line(story, moment),))), ABREAST
    if story.reading == "cube" and matmul_cube.drawable(story.sizes):
        space = matmul_cube.space(story, moment.before, moment.after, _values(story, moment))
        return (space, Cells((_product_line(story, moment),))), matmul_cube.LAYOUT
    lines = [_product_line(story, moment)]
    addends = _addends(story, moment)
    return (Cells((*lines, *([addends] if addends else []))),), None


# The line A @ B = C


def _values(story: Story, moment: Moment, most: int = MOST) -> tuple[torch.Tensor, torch.Tensor]:
    """The counts and values of C's first rows and columns."""
    at = range(min(story.sizes.n, most)), range(min(story.sizes.m, most))
    terms = matmul_order.counts(story.reading, story.sizes, moment.after, *at)
    return terms, matmul_order.so_far(story.A, story.B, story.C, terms, at)


def _product_line(story: Story, moment: Moment) -> tuple[Block, ...]:
    terms, values = _values(story, moment)
    lit = _lit(story, moment)
    faded = _faded(story, moment)
    known = [] if story.sizes.k else [(i, j) for i in range(values.shape[0]) for j in range(values.shape[1])]
    known += [(i, j) for i, j in (terms > 0).nonzero().tolist()]
    shape = tuple(story.C.shape)
    return (
        block("A", story.A, lit=lit[0], faded=faded[0], axes=AXES["A"]),
        block("B", story.B, lit=lit[1], faded=faded[1], axes=AXES["B"], before="@"),
        block("C", values, lit=lit[2], cells=known, axes=AXES["C"], before="=", note=window_note(shape)),
    )


def _lit(story: Story, moment: Moment) -> tuple[list[Cell], list[Cell], list[Cell]]:
    """The cells of A, B and C in use in this step."""
    if not moment.busy or moment.after - moment.before > MOST**3:
        return [], [], []
    terms = [matmul_order.term(story.reading, story.sizes, d) for d in range(moment.before, moment.after)]
    unique = (
        dict.fromkeys((t.i, t.l) for t in terms),
        dict.fromkeys((t.l, t.j) for t in terms),
        dict.fromkeys((t.i, t.j) for t in terms),
    )
    return tuple(list(cells) for cells in unique)


def _faded(story: Story, moment: Moment) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    """The cells of A and B that the present piece does not use."""
    if not moment.busy or large(story.sizes):
        return (), ()
    (n, k, m), (use_rows, use_inner, use_columns) = story.sizes, _in_use(story, moment)
    return (
        tuple((i, l) for i in range(n) for l in range(k) if i not in use_rows or l not in use_inner),  # noqa: E741
        tuple((l, j) for l in range(k) for j in range(m) if l not in use_inner or j not in use_columns),  # noqa: E741
    )


def _in_use(story: Story, moment: Moment) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """The rows of A, inner indexes and columns of B of the pieces that this step works on."""
    n, k, m = story.sizes
    every = range(n), range(k), range(m)
    if moment.after - moment.before > matmul_words.piece(story, moment.after - 1):
        return every
    at = matmul_order.term(story.reading, story.sizes, moment.after - 1)
    return _piece(story, at, moment.after) if _same_piece(story, moment) else every


def _same_piece(story: Story, moment: Moment) -> bool:
    first, last = (
        matmul_order.term(story.reading, story.sizes, d) for d in (moment.before, moment.after - 1)
    )
    return _piece(story, first, moment.before + 1) == _piece(story, last, moment.after)


def _piece(story: Story, at: Term, after: int) -> tuple[range, range, range]:
    """The index ranges of the piece that the multiply-add `at`, number `after`, belongs to."""
    n, k, m = story.sizes
    row, inner, column = (range(index, index + 1) for index in at)
    if story.reading == "blocks":
        part = matmul_order.part_at(story.sizes, after - 1)
        return part.rows, part.inner, part.columns
    return {
        "columns": (range(n), range(k), column),
        "rows": (row, range(k), range(m)),
        "outer": (range(n), inner, range(m)),
    }.get(story.reading, (row, range(k), column))


# The line of addends below: one for each l (each half in blocks), and what they make


def _addends(story: Story, moment: Moment) -> tuple[Block, ...]:
    """The terms that make up the part of C in work; () where they would not be readable."""
    k = story.sizes.k
    if story.sizes.all == 0:
        return ()
    number = max(moment.after, 1)
    at = matmul_order.term(story.reading, story.sizes, number - 1)
    use_rows, _inner, use_columns = _piece(story, at, number)
    inners = (
        matmul_order.halves(k) if story.reading == "blocks" else [range(l, l + 1) for l in range(k)]  # noqa: E741
    )
    width = (len(inners) + (story.reading != "outer")) * (len(use_columns) + 1)
    if len(inners) > MOST_TERMS or width > WIDEST:
        return ()
    terms = matmul_order.counts(story.reading, story.sizes, moment.after, use_rows, use_columns)
    lit = matmul_order.counts(story.reading, story.sizes, moment.before, use_rows, use_columns) != terms
    found = [
        _addend(story, inner, use_rows, use_columns, (terms, lit, bool(position)))
        for position, inner in enumerate(inners)
    ]
    if story.reading == "outer":
        return tuple(found)
    made = matmul_order.so_far(story.A, story.B, story.C, terms, (use_rows, use_columns))
    title = _title(story, use_rows, use_columns)
    return (*found, block(title, made, cells=_cells(terms > 0), before="=", lit=_cells(lit)))


def _addend(
    story: Story,
    inner: range,
    use_rows: range,
    use_columns: range,
    state: tuple[torch.Tensor, torch.Tensor, bool],
) -> Block:
    """A[rows, inner] @ B[inner, columns], as far as it is done."""
    terms, lit, later = state
    done = (terms - inner.start).clamp(0, len(inner))
    left, right = story.A[_slice(use_rows)].double(), story.B[:, _slice(use_columns)].double()
    products = torch.zeros(len(use_rows), len(use_columns), dtype=torch.float64)
    for some in matmul_order.distinct(done):
        ahead = _slice(inner[:some])
        products = torch.where(done == some, left[:, ahead] @ right[ahead], products)
    now = lit & (terms > inner.start) & (terms <= inner.stop)
    name = _addend_name(story, inner, use_rows, use_columns)
    return block(name, products, cells=_cells(done > 0), before="+" if later else "", lit=_cells(now))


def _slice(indexes: range) -> slice:
    return slice(indexes.start, indexes.stop)


def _addend_name(story: Story, inner: range, use_rows: range, use_columns: range) -> str:
    """What is multiplied: 2·1, 2·A∗₁, 1·B₁∗, A∗₁·B₁∗ or A₁₁·B₁₁."""
    i, l, j = use_rows.start, inner.start, use_columns.start  # noqa: E741
    one = matmul_words.subscript(l + 1)
    if story.reading == "columns":
        return f"{matmul_words.factor(float(story.B[l, j]))}·A∗{one}"
    if story.reading == "rows":
        return f"{matmul_words.factor(float(story.A[i, l]))}·B{one}∗"
    if story.reading == "outer":
        return f"A∗{one}·B{one}∗"
    if story.reading == "blocks":
        I, L, J = int(i > 0), int(l > 0), int(j > 0)  # noqa: E741
        return f"{entry('A', I, L)}·{entry('B', L, J)}"
    return matmul_words.product(story, Term(i, l, j))[0]


def _title(story: Story, use_rows: range, use_columns: range) -> str:
    row, column = use_rows.start, use_columns.start
    return {
        "columns": f"C∗{matmul_words.subscript(column + 1)}",
        "rows": f"C{matmul_words.subscript(row + 1)}∗",
        "blocks": entry("C", int(row > 0), int(column > 0)),
    }.get(story.reading, entry("c", row, column))


def _cells(mask: torch.Tensor) -> list[Cell]:
    return [(i, j) for i, j in mask.nonzero().tolist()]


# Large matrices: pictures of every so-manieth entry


def _pictures(story: Story, moment: Moment) -> tuple[Raster, Raster, Raster]:
    n, k, m = story.sizes
    at = tuple(_sample(size) for size in (n, k, m))
    terms = matmul_order.counts(story.reading, story.sizes, moment.after, at[0], at[2])
    values = matmul_order.so_far(story.A, story.B, story.C, terms, (at[0], at[2]))
    boxes = _boxes(story, moment, at, terms)
    largest = float(story.C[at[0]][:, at[2]].nan_to_num(0, 0, 0).abs().max()) if story.C.numel() else 0.0
    return (
        _raster("A", story.A[at[0]][:, at[1]], (n, k), boxes[0]),
        _raster("B", story.B[at[1]][:, at[2]], (k, m), boxes[1]),
        _raster("C", torch.where(terms > 0, values, 0.0), (n, m), boxes[2], largest),
    )


def _sample(size: int) -> list[int]:
    """At most MOST_PIXELS indexes, evenly spread."""
    pixels = min(size, MOST_PIXELS)
    return [index * size // pixels for index in range(pixels)]


def _raster(
    name: str, seen: torch.Tensor, shape: tuple[int, int], box: tuple[int, ...] | None, largest: float = 0.0
) -> Raster:
    seen = seen.float().nan_to_num(0.0, 0.0, 0.0).contiguous()
    height, width = max(seen.shape[0], 1), max(seen.shape[1], 1)
    data = seen.numpy().tobytes() or bytes(4 * height * width)
    note = (
        _("{rows} × {columns} of {all} entries, evenly spread").format(
            rows=seen.shape[0], columns=seen.shape[1], all=" × ".join(map(str, shape))
        )
        if tuple(seen.shape) != shape
        else ""
    )
    title = f"{name} ({shape[0]}, {shape[1]})"
    return Raster(
        f"{name}-picture", data, height, width, "signed", title, note, largest, (box,) if box else ()
    )


def _boxes(story: Story, moment: Moment, at: tuple[list[int], ...], after: torch.Tensor) -> list:
    """The parts of A, B and C in use, as top, left, height and width in the pictures; None where there is none."""
    before = matmul_order.counts(story.reading, story.sizes, moment.before, at[0], at[2])
    changed = (after != before).nonzero()
    if not len(changed):
        return [None, None, None]
    down, across = _spread(changed[:, 0].tolist()), _spread(changed[:, 1].tolist())
    inner = _inner_spread(story, moment, at[1])
    return [(*pair[0], *pair[1]) for pair in map(_corner, ((down, inner), (inner, across), (down, across)))]


def _spread(indexes: list[int]) -> tuple[int, int]:
    """Start and length."""
    return min(indexes), max(indexes) - min(indexes) + 1


def _corner(sides: tuple[tuple[int, int], tuple[int, int]]) -> tuple[tuple[int, int], tuple[int, int]]:
    (top, height), (left, width) = sides
    return (top, left), (height, width)


def _inner_spread(story: Story, moment: Moment, at: list[int]) -> tuple[int, int]:
    """The inner indexes in use, in the picture."""
    low, high = 0, story.sizes.k
    if story.reading == "outer":
        low, high = (
            moment.before // (story.sizes.n * story.sizes.m),
            -(-moment.after // (story.sizes.n * story.sizes.m)),
        )
    if story.reading == "blocks":
        used = [matmul_order.part_at(story.sizes, d).inner for d in (moment.before, moment.after - 1)]
        low, high = min(part.start for part in used), max(part.stop for part in used)
    inside = [pixel for pixel, index in enumerate(at) if low <= index < high]
    return _spread(inside or [min(low * len(at) // max(story.sizes.k, 1), len(at) - 1)])

"""Batched matrix product: only the last two axes multiply, and the axes in front broadcast."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from core import lazy, shapes
from core.numbers import factor, number, plus
from core.operation import Input, Operation, Preset, Step
from core.ops.batched_traps import STAR_ON_STACKS, T_OF_A_STACK
from core.ops.cells import MOST, block
from core.ops.challenges.batched_matmul import CHALLENGES
from core.ops.matmul_words import number_of
from core.ops.multi_head import MULTI_HEAD
from core.panels import Alignment, Axis, Block, Box, Cell, Cells, Layout, Link, Row, Source, Strip
from core.words import N_, _

torch = lazy.load("torch")

MOST_LINES = 4  # products of the stack that are drawn
MOST_ENTRIES = 40  # entries told one by one; a larger stack is told product by product
MOST_SPELLED = 4  # products written out
LAYOUT = Layout((Row(((0, 1.0), (1, 2.3))),), (Row(((0, 1.0),), 1.0), Row(((1, 1.0),), 2.2)))
FRONT = ("axis4", "axis5", "axis6")  # colours of the axes in front, from the right
M_AXIS, K_AXIS, N_AXIS = ("m", "axis1"), ("k", "accent"), ("n", "axis2")


def run(A: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
    """C = A @ B. A (..., m, k), B (..., k, n) -> C (..., m, n); the axes in front broadcast."""
    C = torch.matmul(A, B)  # (..., m, k) @ (..., k, n) -> (..., m, n)
    return C


def explain(A: shapes.Shape, B: shapes.Shape) -> str:
    """Why C has its shape; raises ShapeError where k differs or the axes in front do not broadcast."""
    C = shapes.matmul(A, B)
    sentence = _(
        "Only the last two axes multiply: {left} @ {right}, where k = {k} is added up and disappears. "
        "The axes in front are aligned from the right and broadcast: {front} and {other} give {both}. "
        "C has the shape {C}."
    ).format(
        left=shapes.show(A[-2:]), right=shapes.show(B[-2:]), k=A[-1], front=shapes.show(A[:-2]),
        other=shapes.show(B[:-2]), both=shapes.show(shapes.broadcast(A[:-2], B[:-2])), C=shapes.show(C),
    )  # fmt: skip
    lent = []
    if len(A) == 1:
        lent.append(_("The vector A counts as one row, and that axis is taken away again."))
    if len(B) == 1:
        lent.append(_("The vector B counts as one column, and that axis is taken away again."))
    return " ".join([sentence, *lent])


class Stack(NamedTuple):
    """The product as torch sees it, once vectors have been lent an axis: all on the CPU."""

    A: torch.Tensor  # (*own front, m, k)
    B: torch.Tensor  # (*own front, k, n)
    C: torch.Tensor  # (*front, m, n)
    row: bool  # A was a vector
    column: bool  # B was a vector

    @property
    def front(self) -> tuple[int, ...]:
        """The broadcast axes in front of the matrices."""
        return tuple(self.C.shape[:-2])

    def own(self, tensor: torch.Tensor, index: tuple[int, ...]) -> tuple[int, ...]:
        """The index of the matrix of `tensor` that is used for product `index`: an axis of size 1 is always 0."""
        sizes = tensor.shape[:-2]
        kept = index[len(index) - len(sizes) :]
        return tuple(0 if size == 1 else at for size, at in zip(sizes, kept, strict=True))


def stacked(A: torch.Tensor, B: torch.Tensor, C: torch.Tensor) -> Stack:
    """A, B and C with the axes that torch lends to vectors."""
    A, B, C = (tensor.detach().cpu() for tensor in (A, B, C))
    row, column = A.dim() == 1, B.dim() == 1
    A, B = (A[None, :] if row else A), (B[:, None] if column else B)
    C = C[..., None] if column else C
    C = C[..., None, :] if row else C
    return Stack(A, B, C, row, column)


class Place(NamedTuple):
    """How far the story is: finished products, and the entries of the product in work that are known."""

    done: int  # products before the one in work
    known: int = 0  # entries of the product in work
    lit: Cell | None = None


def steps(A: torch.Tensor, B: torch.Tensor) -> Iterator[Step]:
    """The shapes meet, then product after product is done; the last step shows C = run(A, B)."""
    C = run(A, B)
    stack = stacked(A, B, C)
    indexes = list(itertools.islice(itertools.product(*map(range, stack.front)), MOST_LINES))
    shown = _Drawing(stack, (tuple(A.shape), tuple(B.shape), tuple(C.shape)), indexes)
    yield Step(shown.panels(Place(0), "shapes"), *_meeting(shown), LAYOUT, shown.links)
    if not C.numel() or not indexes:
        yield Step(
            shown.panels(Place(len(indexes)), "done"), _nothing(shown), _formula(shown), links=shown.links
        )
        return
    yield Step(shown.panels(Place(0), "front"), *_pairing(shown), links=shown.links)
    for place, sentence, formula in _telling(shown):
        yield Step(shown.panels(place, "matrix"), sentence, formula, links=shown.links)
    yield Step(shown.panels(Place(len(indexes)), "done"), _ending(shown), _formula(shown), links=shown.links)


class _Drawing:
    """The panels of one stack: the shapes under each other, and a line of cells for each product."""

    def __init__(self, stack: Stack, sizes: tuple[shapes.Shape, ...], indexes: list[tuple[int, ...]]) -> None:
        self.stack, self.sizes, self.indexes = stack, sizes, indexes
        self.links = (_link(sizes),)

    def panels(self, place: Place, stage: str) -> tuple[Alignment, Cells]:
        """What stands there at `place`; `stage`: shapes, front, matrix or done."""
        lines = tuple(self._line(number, index, place, stage) for number, index in enumerate(self.indexes))
        return self._strips(stage), Cells(lines or ((),))

    def _line(self, number: int, index: tuple[int, ...], place: Place, stage: str) -> tuple[Block, ...]:
        A, B, C = (self.stack.own(tensor, index) for tensor in self.stack[:3])
        at_work = stage == "matrix" and number == place.done
        cells = self._known(number, place, stage)
        m, k, n = (min(size, MOST) for size in (*self.stack.A.shape[-2:], self.stack.B.shape[-1]))
        lit = place.lit if at_work else None
        idle = stage == "matrix" and not at_work
        return (
            self._block("A", self.stack.A[A], A, (M_AXIS, K_AXIS), idle, number,
                        lit=[(lit[0], inner) for inner in range(k)] if lit else ()),
            self._block("B", self.stack.B[B], B, (K_AXIS, N_AXIS), idle, number, before="@",
                        lit=[(inner, lit[1]) for inner in range(k)] if lit else ()),
            self._block("C", self.stack.C[C], C, (M_AXIS, N_AXIS), False, number, before="=", cells=cells,
                        lit=[lit] if lit else [(i, j) for i in range(m) for j in range(n)] if at_work else ()),
        )  # fmt: skip

    def _known(self, number: int, place: Place, stage: str) -> list[Cell]:
        m, n = self.stack.C.shape[-2:]
        count = (
            m * n if number < place.done or stage == "done" else place.known if number == place.done else 0
        )
        return [(i, j) for i in range(min(m, MOST)) for j in range(min(n, MOST)) if i * n + j < count]

    def _block(
        self, name: str, matrix: torch.Tensor, at: tuple[int, ...], axes: tuple[Axis, Axis], idle: bool,
        number: int, **more: object,
    ) -> Block:  # fmt: skip
        """One matrix of the stack; a copy that broadcasting repeats is a ghost after its first line."""
        whole = {"A": self.stack.A, "B": self.stack.B, "C": self.stack.C}[name]
        again = name != "C" and any(
            self.stack.own(whole, self.indexes[before]) == at for before in range(number)
        )
        rows, columns = (range(min(size, MOST)) for size in matrix.shape)
        every = tuple((i, j) for i in rows for j in columns)
        vector = (name == "A" and self.stack.row, name == "B" and self.stack.column)
        lent = name == "C" and (self.stack.row or self.stack.column)
        title = f"{name}[{', '.join(map(str, at))}]" if at else name
        if lent or any(vector):
            return self._lent(
                name,
                matrix,
                at,
                axes,
                title,
                more | {"ghost": every if again else (), "faded": every if idle else ()},
            )
        return block(
            title, matrix, tensor=name, at=at, axes=axes, ghost=every if again else (),
            faded=every if idle else (), **more,
        )  # fmt: skip

    def _lent(
        self,
        name: str,
        matrix: torch.Tensor,
        at: tuple[int, ...],
        axes: tuple[Axis, Axis],
        title: str,
        more: dict,
    ) -> Block:
        """A vector, or what a vector left: without the axis that was lent to it."""
        gone = {"A": (True, False), "B": (False, True)}.get(name, (self.stack.row, self.stack.column))
        kept = tuple(axis for axis, lost in zip(axes, gone, strict=True) if not lost)
        slice_ = matrix
        if gone[1]:
            slice_ = slice_[:, 0]
        if gone[0]:
            slice_ = slice_[0]
        return block(title, slice_, tensor=name, at=at, axes=kept, upright=gone != (True, False), **more)

    def _strips(self, stage: str) -> Alignment:
        """The shapes of A, B and C, right-aligned; the axes in front before the two that multiply."""
        A, B, C = (tuple(tensor.shape) for tensor in self.stack[:3])
        strips = [
            _strip("A", A, len(C), (M_AXIS, K_AXIS), C[:-2], stage, self.stack.row),
            _strip("B", B, len(C), (K_AXIS, N_AXIS), C[:-2], stage, self.stack.column),
            _strip("C", C, len(C), (M_AXIS, N_AXIS), C[:-2], stage, False),
        ]
        front = tuple(-3 - k for k in range(len(C) - 2))
        lit = {"front": front, "matrix": (-2, -1)}.get(stage, ())
        return Alignment(tuple(strips), lit=lit)


def _strip(
    name: str,
    shape: shapes.Shape,
    count: int,
    last: tuple[Axis, Axis],
    front: shapes.Shape,
    stage: str,
    lent: bool,
) -> Strip:
    """One shape; axes that broadcasting adds in front are padded once the axes in front are looked at."""
    boxes = []
    for place in range(count - 2):
        own = place - (count - len(shape))
        axis = (f"b{count - 2 - place}" if count > 3 else "b", FRONT[min(count - 3 - place, len(FRONT) - 1)])
        late = stage in ("matrix", "done", "front")
        if own < 0:
            state = "stretched" if late and front[place] != 1 else "padded" if late else "absent"
            boxes.append(Box(1, axis, state, f"1 → {front[place]}" if state == "stretched" else ""))
        else:
            stretches = late and shape[own] == 1 != front[place]
            boxes.append(
                Box(
                    shape[own],
                    axis,
                    "stretched" if stretches else "own",
                    f"1 → {front[place]}" if stretches else "",
                )
            )
    boxes += [Box(shape[-2], last[0]), Box(shape[-1], last[1])]
    return Strip(name, tuple(boxes), note=_("a vector: one axis is lent") if lent else "")


def _link(sizes: tuple[shapes.Shape, ...]) -> Link:
    """Where an entry of C comes from: its row of A and its column of B, in the matrices that its front index picks."""
    A, B, C = sizes
    matrix_axes = (len(A) > 1) + (len(B) > 1)  # of C
    front = len(C) - matrix_axes
    row = (front,) if len(A) > 1 else ()
    column = (len(C) - 1,) if len(B) > 1 else ()
    own = (tuple(range(front - max(len(A) - 2, 0), front)), tuple(range(front - max(len(B) - 2, 0), front)))
    return Link("C", (Source("A", (*own[0], *row, None)), Source("B", (*own[1], None, *column))), "dot")


# What is said


def _formula(shown: _Drawing) -> str:
    A, B, C = map(shapes.show, shown.sizes)
    return f"{A} @ {B} → {C}"


def _meeting(shown: _Drawing) -> tuple[str, str]:
    A, B, _C = shown.sizes
    count = number_of(max(1, shapes.prod(shown.stack.front)))
    if not shown.stack.front:
        sentence = _("A is {A} and B is {B}: no axes in front, so this is a single product.")
        return sentence.format(A=shapes.show(A), B=shapes.show(B)), _formula(shown)
    sentence = _(
        "A is {A} and B is {B}: stacks of matrices. The last two axes multiply, those in front count {count} products."
    )
    return sentence.format(A=shapes.show(A), B=shapes.show(B), count=count), _formula(shown)


def _pairing(shown: _Drawing) -> tuple[str, str]:
    stack = shown.stack
    front, other = tuple(stack.A.shape[:-2]), tuple(stack.B.shape[:-2])
    words = {"front": shapes.show(front), "other": shapes.show(other), "both": shapes.show(stack.front)}
    if front == other:
        sentence = _("In front both have {front}: matrix meets matrix, index by index, and nothing mixes.")
    else:
        sentence = _(
            "In front {front} meets {other}: aligned from the right and stretched to {both}. "
            "Hatched copies are not stored."
        )
    hidden = shapes.prod(stack.front) - len(shown.indexes)
    text = sentence.format(**words)
    if hidden > 0:
        text += " " + _("The first {shown} of {all} products are shown.").format(
            shown=len(shown.indexes), all=number_of(shapes.prod(stack.front))
        )
    return text, f"{words['front']} , {words['other']} → {words['both']}"


def _telling(shown: _Drawing) -> Iterator[tuple[Place, str, str]]:
    m, n = shown.stack.C.shape[-2:]
    single = len(shown.indexes) * m * n <= MOST_ENTRIES
    for number_, index in enumerate(shown.indexes):
        if (
            single and number_ == 0
        ):  # the first product entry by entry, the others whole: they go the same way
            for entry in range(m * n):
                at = (entry // n, entry % n)
                yield Place(0, entry + 1, at), *_entry(shown, index, at)
        else:
            yield Place(number_, m * n), *_product(shown, index)


def _names(shown: _Drawing, index: tuple[int, ...]) -> tuple[str, str, str]:
    """A[0], B[0] and C[0] for one product of the stack."""
    used = [shown.stack.own(tensor, index) for tensor in shown.stack[:3]]
    return tuple(
        f"{name}[{', '.join(map(str, at))}]" if at else name for name, at in zip("ABC", used, strict=True)
    )


def _entry(shown: _Drawing, index: tuple[int, ...], at: Cell) -> tuple[str, str]:
    stack = shown.stack
    row, column = stack.A[stack.own(stack.A, index)][at[0]], stack.B[stack.own(stack.B, index)][:, at[1]]
    pairs = zip(row[:MOST_SPELLED].tolist(), column[:MOST_SPELLED].tolist(), strict=True)
    products = plus(f"{factor(a)}·{factor(b)}" for a, b in pairs) or "0"
    products += " + …" if row.numel() > MOST_SPELLED else ""
    total = number(float(stack.C[index][at]))
    A, B, C = _names(shown, index)
    words = {"row": at[0] + 1, "column": at[1] + 1, "A": A, "B": B, "products": products, "total": total}
    sentence = _("Row {row} of {A} meets column {column} of {B}: {products} = {total}.")
    return sentence.format(**words), f"{C}[{at[0]}, {at[1]}] = {products} = {total}"


def _product(shown: _Drawing, index: tuple[int, ...]) -> tuple[str, str]:
    A, B, C = _names(shown, index)
    m, k = shown.stack.A.shape[-2:]
    n = shown.stack.B.shape[-1]
    sentence = _("Product {number} of the stack: {A} @ {B} is {C}, a matrix product of its own.")
    place = 1 + shown.indexes.index(index)
    return (
        sentence.format(number=place, A=A, B=B, C=C),
        f"{C} = {A} @ {B} : {shapes.show((m, k))} @ {shapes.show((k, n))} → {shapes.show((m, n))}",
    )


def _ending(shown: _Drawing) -> str:
    sentence = _("For torch this is one call: all {count} products side by side. C has the shape {C}.")
    count = number_of(max(1, shapes.prod(shown.stack.front)))
    return sentence.format(count=count, C=shapes.show(shown.sizes[2]))


def _nothing(shown: _Drawing) -> str:
    return _("An axis of size 0 is left: C {shape} has a shape, but no entries.").format(
        shape=shapes.show(shown.sizes[2])
    )


def facts(A: torch.Tensor, B: torch.Tensor) -> list[tuple[str, str]]:
    """The work of the stack: products, multiply-adds, operations, and what is stored."""
    C = shapes.matmul(tuple(A.shape), tuple(B.shape))
    entries, k = shapes.prod(C), A.shape[-1]
    front = shapes.prod(shapes.broadcast(tuple(A.shape[:-2]), tuple(B.shape[:-2])))
    return [
        (_("matrix products"), number_of(front)),
        (_("multiply-adds"), number_of(entries * k)),
        (_("floating-point operations"), number_of(2 * entries * k)),
        (
            _("numbers stored: A, B, C"),
            ", ".join(number_of(count) for count in (A.numel(), B.numel(), entries)),
        ),
    ]


BATCHED_MATMUL = Operation(
    key="batched-matmul",
    chapter="operations",
    title=N_("Batched matrix product"),
    summary=N_(
        "Many matrix products in one call: the last two axes multiply, and the axes in front only count the products. "
        "Where they differ they broadcast, so one matrix can serve a whole batch."
    ),
    notation="C = A @ B",
    call="torch.matmul(A, B)",
    latex=r"C_{b\,ij} = \sum_{l=1}^{k} A_{b\,il}\,B_{b\,lj}",
    inputs=(
        Input("A", "... m k", "torch.arange(18).reshape(3, 3, 2)", N_("a stack: its last axis is added up")),
        Input(
            "B", "... k n", "torch.arange(24).reshape(3, 2, 4) % 5 - 1",
            N_("a stack: its last axis but one is added up"),
        ),
    ),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    result="C",
    presets=(
        Preset("article", "(3, 3, 2) @ (3, 2, 4)",
               {"A": "torch.arange(18).reshape(3, 3, 2)", "B": "torch.arange(24).reshape(3, 2, 4) % 5 - 1"}),
        Preset("one-for-all", N_("One matrix for a whole batch"),
               {"A": "torch.arange(18).reshape(3, 3, 2)", "B": "torch.arange(8).reshape(2, 4)"}),
        Preset("prefixes", N_("Prefixes that broadcast"),
               {"A": "torch.arange(12).reshape(2, 1, 2, 3)", "B": "torch.arange(18).reshape(3, 3, 2) % 4"}),
        Preset("vector-right", N_("A vector on the right"),
               {"A": "torch.arange(18).reshape(3, 3, 2)", "B": "[1, -1]"}),
        Preset("vector-left", N_("A vector on the left"),
               {"A": "[1, 2]", "B": "torch.arange(24).reshape(3, 2, 4) % 5 - 1"}),
        Preset("many", N_("200 products"), {"A": "torch.ones(200, 4, 3)",
               "B": "torch.arange(2400).reshape(200, 3, 4) % 7"}),
    ),
    practice=(MULTI_HEAD,),
    traps=(STAR_ON_STACKS, T_OF_A_STACK),
    place=N_(
        "Every layer of a transformer runs on a batch of texts and on several heads at once: axes in front of the two "
        "that multiply. Attention is two batched products."
    ),
    challenges=CHALLENGES,
    axes={"m": "axis1", "k": "accent", "n": "axis2", "b": "axis4"},
    shape_line="A (..., m, k) @ B (..., k, n) → C (..., m, n)",
)  # fmt: skip

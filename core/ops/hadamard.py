"""The Hadamard product: two tensors of one shape, multiplied cell by cell."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from core import lazy, shapes
from core.numbers import factor, number
from core.operation import Input, Operation, Preset, Step
from core.ops.cells import MOST, MOST_SLICES, block
from core.ops.challenges.hadamard import CHALLENGES
from core.ops.mask import MASK
from core.ops.not_the_product import NOT_THE_PRODUCT
from core.ops.recommender import RECOMMENDER
from core.panels import Axis, Block, Cell, Cells, Flight, Link, Source
from core.words import N_, _

torch = lazy.load("torch")

MOST_PAIRS = 12  # told one by one; more are told row by row
MOST_AXES = 4
LETTERS = "ijkl"
COLOURS = ("axis1", "axis2", "axis3", "axis4")


def run(A: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
    """C = A ⊙ B: each cell of A times the cell of B in the same place."""
    C = A * B  # (...) * (...) -> (...): one shape, and the result has it too
    return C


def explain(A: shapes.Shape, B: shapes.Shape) -> str:
    """Why C has its shape; raises ShapeError where A and B cannot be laid on each other."""
    if max(len(A), len(B)) > MOST_AXES:
        name, shape = ("A", A) if len(A) > MOST_AXES else ("B", B)
        sentence = _("{tensor} has {count} axes; this page draws up to {most}.")
        words = {"tensor": shapes.named(name, shape), "count": len(shape), "most": MOST_AXES}
        raise shapes.ShapeError(sentence.format(**words), {name: shape})
    result = shapes.broadcast(A, B, names=("A", "B"))
    if A == B:
        return _(
            "A and B have the same shape {shape}, so every cell has exactly one "
            "partner. No axis meets another and none "
            "disappears: C has the shape {shape} too."
        ).format(shape=shapes.show(A))
    return _(
        "A {A} and B {B} differ. The Hadamard product is defined for equal shapes; torch stretches the axes of size 1 "
        "(broadcasting) until both are {result}, and that is the shape of C. Is it what you meant?"
    ).format(A=shapes.show(A), B=shapes.show(B), result=shapes.show(result))


def named(count: int) -> tuple[Axis, ...]:
    """Letter and colour of each axis, counted from the right, so that aligned axes agree."""
    return tuple(zip(LETTERS[:count], COLOURS[:count], strict=True))


def named_axes(A: shapes.Shape, B: shapes.Shape) -> Mapping[str, tuple[Axis, ...]]:
    """The axes of A and B, aligned from the right."""
    axes = named(max(len(A), len(B)))
    return {"A": axes[len(axes) - len(A) :], "B": axes[len(axes) - len(B) :]}


def shape_line(A: shapes.Shape, B: shapes.Shape) -> str:
    """Three shapes, one after the other."""
    axes = [letter for letter, _colour in named(max(len(A), len(B)))]
    first, second = ", ".join(axes[len(axes) - len(A) :]), ", ".join(axes[len(axes) - len(B) :])
    return f"A ({first}) * B ({second}) → C ({', '.join(axes)})"


def steps(A: torch.Tensor, B: torch.Tensor) -> Iterator[Step]:
    """Pairs light up and merge; the last step shows C = run(A, B)."""
    C = run(A, B)
    left, right = torch.broadcast_tensors(A, B)
    pairs = list(_pairs(C))
    links = (_link(A, B, C),)
    yield Step((_cells((left, right, C), (A, B), pairs, -1),), _before(A, B), "C = A ⊙ B", links=links)
    if not pairs:
        shape = shapes.show(tuple(C.shape))
        sentence = _("There is no cell in A or B: C is empty too, with the shape {shape}.").format(
            shape=shape
        )
        yield Step((_cells((left, right, C), (A, B), pairs, 0),), sentence, f"C : {shape}", links=links)
    for k, group in enumerate(pairs):
        sentence = _words((left, right, C), group, k == len(pairs) - 1)
        first = group[0]
        formula = _term(first, left, right, C)
        yield Step((_cells((left, right, C), (A, B), pairs, k),), sentence, formula, links=links)


Index = tuple[int, ...]


def _shown(shape: shapes.Shape) -> list[Index]:
    """The index of every cell that is drawn, slice by slice."""
    prefixes = list(itertools.islice(itertools.product(*map(range, shape[:-2])), _most_slices(shape)))
    window = [range(min(size, MOST)) for size in shape[-2:]]
    return [(*prefix, *own) for prefix in prefixes for own in itertools.product(*window)]


def _most_slices(shape: shapes.Shape) -> int:
    return MOST_SLICES // 2 if len(shape) > 2 else 1


def _pairs(C: torch.Tensor) -> Iterator[list[Index]]:
    """What is told in one step: a pair, or a row of pairs, or a slice of them."""
    cells = _shown(tuple(C.shape)) if C.numel() else []
    if len(cells) <= MOST_PAIRS:
        yield from ([cell] for cell in cells)
        return
    front = -1 if len(cells) <= MOST_PAIRS * MOST else -2
    for _front, group in itertools.groupby(cells, key=lambda cell: cell[:front] if C.dim() > 1 else ()):
        yield list(group)


def _link(A: torch.Tensor, B: torch.Tensor, C: torch.Tensor) -> Link:
    def follows(tensor: torch.Tensor) -> Index:
        return tuple(range(C.dim() - tensor.dim(), C.dim()))

    return Link("C", (Source("A", follows(A)), Source("B", follows(B))), "*")


def _title(name: str, at: Index) -> str:
    return f"{name}[{', '.join(map(str, at))}]" if at else name


def _cell(index: Index) -> tuple[Index, Cell]:
    """The slice and the place in it."""
    if len(index) < 2:
        return (), (0, index[0]) if index else (0, 0)
    return index[:-2], (index[-2], index[-1])


def _cells(
    tensors: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    stored: tuple[torch.Tensor, torch.Tensor],
    pairs: list[list[Index]],
    now: int,
) -> Cells:
    """A, B and C: beside each other where they have two axes at most, else one below the other, slices in lines."""
    left, right, C = tensors
    done = {index for group in pairs[: now + 1] for index in group}
    lit = set(pairs[now]) if pairs and now >= 0 else set()
    prefixes = list(dict.fromkeys(_cell(index)[0] for group in pairs for index in group)) or [()] * (
        C.dim() < 3
    )
    prefixes = prefixes or [(0,) * (C.dim() - 2)] * bool(C.numel())

    def row(name: str, tensor: torch.Tensor, own: torch.Tensor, before: str) -> tuple[Block, ...]:
        return tuple(
            _block(name, tensor, own, at, lit, before, done if name == "C" else None) for at in prefixes
        )

    lines = (row("A", left, stored[0], ""), row("B", right, stored[1], "⊙"), row("C", C, C, "="))
    flights = tuple(
        Flight((_title(name, at), cell), (_title("C", at), cell), index in done)
        for group in pairs
        for index in group
        for at, cell in [_cell(index)]
        for name in ("A", "B")
    )
    below = C.dim() > 2 or C.dim() == 1 or (C.dim() == 2 and C.shape[1] > 5)
    placed = lines if below else (tuple(itertools.chain(*lines)),)
    return Cells(placed, flights=flights)


def _block(
    name: str,
    tensor: torch.Tensor,
    own: torch.Tensor,
    at: Index,
    lit: set[Index],
    before: str,
    known: set[Index] | None,
) -> Block:
    """One slice; what broadcasting only repeats is a ghost."""
    own_lit = [cell for index in sorted(lit) for where, cell in [_cell(index)] if where == at]
    cells = (
        None if known is None else [cell for index in known for where, cell in [_cell(index)] if where == at]
    )
    drawn = block(_title(name, at), tensor[at], lit=own_lit, before=before if not at or not any(at) else "",
                  axes=named(tensor.dim())[-2:], upright=False, tensor=name, at=at, cells=cells,
                  over=known is not None, colour="image" if known is not None else "matrix")  # fmt: skip
    ghosts = tuple(
        (i, j)
        for i, line in enumerate(drawn.rows)
        for j in range(len(line))
        if _repeated((*at, i, j)[-tensor.dim() :] if tensor.dim() > 1 else (j,), own, tensor)
    )
    return Block(**{**drawn.__dict__, "ghost": ghosts}) if ghosts else drawn


def _repeated(index: Index, own: torch.Tensor, tensor: torch.Tensor) -> bool:
    """Whether the cell is a copy that broadcasting made."""
    if not tensor.dim():
        return False
    missing = tensor.dim() - own.dim()
    return any(
        index[k] > 0 and (k < missing or (own.shape[k - missing] == 1 and tensor.shape[k] > 1))
        for k in range(tensor.dim())
    )


def _before(A: torch.Tensor, B: torch.Tensor) -> str:
    words = {"A": shapes.show(tuple(A.shape)), "B": shapes.show(tuple(B.shape))}
    if A.shape == B.shape:
        return _(
            "A and B have the same shape {A}: every cell of A has its partner in the same place of B."
        ).format(**words)
    return _(
        "A {A} and B {B} differ: torch stretches the smaller one. Hatched cells are copies that are not stored."
    ).format(**words)


def _term(index: Index, left: torch.Tensor, right: torch.Tensor, C: torch.Tensor) -> str:
    name = f"C[{', '.join(map(str, index))}]" if index else "C"
    a, b = float(left[index]), float(right[index])
    return f"{name} = {factor(a)}·{factor(b)} = {number(float(C[index]))}"


def _words(tensors: tuple[torch.Tensor, ...], group: list[Index], last: bool) -> str:
    left, right, C = tensors
    first = group[0]
    place = f"[{', '.join(map(str, first))}]"
    words = {"place": place, "a": factor(float(left[first])), "b": factor(float(right[first])),
             "c": number(float(C[first])), "count": len(group), "all": f"{C.numel():,}"}  # fmt: skip
    if last and C.numel() > len(_shown(tuple(C.shape))):
        return _("And so on, all {all} pairs at once; only the first cells are drawn.").format(**words)
    if not C.dim():
        return _("One number meets one number: {a} times {b} is {c}.").format(**words)
    if len(group) == 1:
        return _("The two cells at {place} meet: {a} times {b} is {c}. Nobody else is asked.").format(**words)
    return _("{count} pairs merge at once, beginning at {place}: no pair waits for another.").format(**words)


HADAMARD = Operation(
    key="hadamard",
    chapter="operations",
    title=N_("Hadamard product"),
    summary=N_(
        "Two tensors of the same shape, multiplied cell by cell: each number meets only its partner in the same place. "
        "It weighs, gates and masks, and nothing is added up."
    ),
    notation="C = A ⊙ B",
    call="A * B",
    latex=r"C = A \odot B, \qquad C_{ij} = A_{ij}\,B_{ij}",
    inputs=(
        Input("A", "...", "[[1, 2, 3], [4, 5, 6]]", N_("the first tensor")),
        Input("B", "...", "[[2, 0, -1], [1, 3, 2]]", N_("the second, of the same shape")),
    ),
    run=run,
    explain=explain,
    steps=steps,
    result="C",
    presets=(
        Preset(
            "matrices", N_("Two matrices"), {"A": "[[1, 2, 3], [4, 5, 6]]", "B": "[[2, 0, -1], [1, 3, 2]]"}
        ),
        Preset("gate", N_("A gate"), {"A": "[3, -1, 4, 1, -5]", "B": "[1, 0, 1, 0, 0.5]"}),
        Preset(
            "mask",
            N_("A mask"),
            {"A": "[[1, 2, 3], [4, 5, 6], [7, 8, 9]]", "B": "[[1, 0, 0], [1, 1, 0], [1, 1, 1]]"},
        ),
        Preset(
            "cubes",
            N_("Three axes"),
            {"A": "torch.arange(12).reshape(2, 2, 3)", "B": "torch.ones(2, 2, 3) * 2"},
        ),
        Preset("stretched", N_("A row over a matrix"), {"A": "[[1, 2, 3], [4, 5, 6]]", "B": "[1, 10, 100]"}),
    ),
    practice=(RECOMMENDER, MASK),
    traps=(NOT_THE_PRODUCT,),
    place=N_(
        "Gates of an LSTM, dropout, the mask of a causal attention, the scale of a "
        "normalisation, the two branches of a "
        "SwiGLU layer: wherever a network turns something up or down, it is this product."
    ),
    challenges=CHALLENGES,
    shape_line=shape_line,
    named_axes=named_axes,
    elementwise=True,
    swaps=False,
)

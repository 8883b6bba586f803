"""Reduction: a tensor collapses along an axis, by sum, mean, max, min or product; cumsum keeps what it has so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core import lazy, shapes
from core.numbers import factor, number
from core.operation import Choice, Input, Operation, Preset, Step, Toggle
from core.ops.average_pooling import AVERAGE_POOLING
from core.ops.challenges.reduction import CHALLENGES
from core.ops.lost_axis import LOST_AXIS
from core.ops.reduction_cells import Collapse, cells, named
from core.panels import Axis
from core.words import N_, _

torch = lazy.load("torch")

MOST_AXES = 4
MOST_SPELLED = 6  # terms in a formula


def run(
    A: torch.Tensor,
    op: str = "sum",
    axis: int | None = 0,
    keepdim: bool = False,
) -> torch.Tensor:
    """A collapsed along one axis; axis None: along all of them."""
    if op == "cumsum":
        return torch.cumsum(A, dim=axis)  # every partial sum is kept
    if op == "prod" and axis is None:  # torch.prod takes one axis
        return torch.prod(A).reshape([1] * A.ndim if keepdim else [])
    reduce = {
        "sum": torch.sum,
        "mean": torch.mean,
        "prod": torch.prod,
        "max": torch.amax,
        "min": torch.amin,
    }
    return reduce[op](A, dim=axis, keepdim=keepdim)


def explain(A: shapes.Shape, op: str = "sum", axis: int | None = 0, keepdim: bool = False) -> str:
    """Why the result has its shape; raises ShapeError for an axis that is not there, or numbers that are not."""
    _check(A, op, axis)
    words = {
        "A": shapes.show(A),
        "axis": axis,
        "size": 1 if axis is None or not A else A[axis],
        "result": shapes.show(A if op == "cumsum" else shapes.reduce(A, axis, keepdim)),
    }
    if not A:
        return _("A is a single number without axes: there is nothing to collapse, and the shape stays ().")
    if op == "cumsum":
        return _(
            "A has the shape {A}. cumsum walks along axis {axis} and writes every partial sum down, so nothing "
            "disappears: s has the shape {result} too."
        ).format(**words)
    if axis is None and keepdim:
        return _(
            "Every axis of A {A} collapses, and keepdim leaves each of them with size 1: {result}."
        ).format(**words)
    if axis is None:
        return _("Every axis of A {A} collapses: one number is left, with the shape ().").format(**words)
    if keepdim:
        return _(
            "A has the shape {A}. Axis {axis} collapses: its {size} entries become one. keepdim leaves the axis with "
            "size 1, so s has the shape {result} and still lines up with A."
        ).format(**words)
    return _(
        "A has the shape {A}. Axis {axis} collapses: its {size} entries become one, and the axis disappears. The other "
        "axes stay in their order: s has the shape {result}."
    ).format(**words)


def _check(A: shapes.Shape, op: str, axis: int | None) -> None:
    if len(A) > MOST_AXES:
        sentence = _("{tensor} has {count} axes; this page draws up to {most}.")
        raise shapes.ShapeError(
            sentence.format(tensor=shapes.named("A", A), count=len(A), most=MOST_AXES), {"A": A}
        )
    if op == "cumsum" and axis is None:
        raise shapes.ShapeError(_("cumsum walks along one axis: choose which."), {"A": A})
    shapes.reduce(A, axis)
    empty = 0 in A if axis is None else bool(A) and A[axis] == 0
    if op in ("max", "min") and empty:
        sentence = _("{tensor} has no numbers along this axis, so none is the largest or smallest.")
        raise shapes.ShapeError(sentence.format(tensor=shapes.named("A", A)), {"A": A})


def named_axes(A: shapes.Shape, axis: int | None = 0) -> Mapping[str, tuple[Axis, ...]]:
    """Letter and colour of every axis of A: the one that disappears has the accent."""
    return {"A": named(len(A), axis)}


def shape_line(A: shapes.Shape, op: str = "sum", axis: int | None = 0, keepdim: bool = False) -> str:
    """The axes before and after."""
    letters = [letter for letter, _colour in named(len(A), axis)]
    gone = range(len(A)) if axis is None else (axis,)
    stays = [letter if op == "cumsum" or k not in gone else "1" for k, letter in enumerate(letters)]
    after = [letter for k, letter in enumerate(stays) if keepdim or op == "cumsum" or k not in gone]
    return f"A ({', '.join(letters)}) → s ({', '.join(after)})"


def steps(A: torch.Tensor, *, op: str = "sum", axis: int | None = 0, keepdim: bool = False) -> Iterator[Step]:
    """Slice by slice the tensor flies together; the last step shows s = run(A, ...)."""
    s = run(A, op, axis, keepdim)
    drawn = Collapse(A, axis, keepdim and op != "cumsum", op == "cumsum")
    links = (drawn.link(op),)
    told = drawn.lanes if A.numel() else 0
    yield Step((cells(drawn, s, -1, 0),), _before(drawn), _call(op, axis, keepdim), links=links)
    for lane in range(told):
        last = lane == told - 1
        # the mean adds first and divides in a step of its own
        whole = last and op != "mean"
        partial = s if whole or drawn.running else _so_far(s, op, drawn, lane)
        sentence = _lane_words(drawn, op, lane)
        yield Step(
            (cells(drawn, partial, lane, lane + 1),),
            sentence,
            _formula(drawn, op, lane, partial),
            links=links,
        )
    if op == "mean" or not told:
        yield Step((cells(drawn, s, -1 if not told else told - 1, 8),), _after(drawn), _total(drawn, op, s),
                   links=links)  # fmt: skip


def _so_far(s: torch.Tensor, op: str, drawn: Collapse, lane: int) -> torch.Tensor:
    """The result of the first `lane` + 1 slices; of a mean, their sum. Only what is drawn is computed."""
    op = "sum" if op == "mean" else op
    if drawn.axis is None or drawn.A.dim() == 0 or lane == drawn.lanes - 1:
        return run(drawn.A, op, drawn.axis, drawn.keepdim)
    window = drawn.A[tuple(slice(0, size) for size in drawn.shown)]
    part = run(window.narrow(drawn.axis, 0, lane + 1), op, drawn.axis, drawn.keepdim)
    found = torch.zeros_like(s)
    found[tuple(slice(0, size) for size in part.shape)] = part
    return found


def _call(op: str, axis: int | None, keepdim: bool) -> str:
    named_ = [f"axis={axis}"] if axis is not None else []
    return f"A.{op}({', '.join([*named_, *(['keepdim=True'] if keepdim and op != 'cumsum' else [])])})"


def _before(drawn: Collapse) -> str:
    shape = shapes.show(tuple(drawn.A.shape))
    if not drawn.A.dim():
        return _("A is one number already: there is no axis to collapse.")
    if drawn.axis is None:
        return _("A {shape}: all {count} numbers will become one.").format(shape=shape, count=drawn.A.numel())
    words = {"shape": shape, "axis": drawn.axis, "size": drawn.A.shape[drawn.axis]}
    if drawn.running:
        return _(
            "A {shape}: a running sum will walk along axis {axis}, step by step through its {size} slices."
        ).format(**words)
    return _(
        "A {shape}: axis {axis} is the one that will disappear. Its {size} slices will be laid on each other."
    ).format(**words)


def _slice(drawn: Collapse, lane: int) -> str:
    """A[:, 1] for slice 1 along axis 1."""
    if drawn.axis is None or not drawn.A.dim():
        return "A"
    return f"A[{', '.join(str(lane) if k == drawn.axis else ':' for k in range(drawn.A.dim()))}]"


def _lane_words(drawn: Collapse, op: str, lane: int) -> str:
    words = {"slice": _slice(drawn, lane), "number": lane, "count": drawn.A.numel()}
    words["size"] = drawn.A.shape[drawn.axis] if drawn.axis is not None and drawn.A.dim() else 1
    hidden = (
        drawn.axis is not None and drawn.A.dim() and words["size"] > drawn.lanes and lane == drawn.lanes - 1
    )
    if hidden:
        return _(
            "And so on through all {size} slices along this axis; only the first ones are drawn."
        ).format(**words)
    if drawn.axis is None or not drawn.A.dim():
        return {
            "max": _("Only the largest of the {count} numbers stays."),
            "min": _("Only the smallest of the {count} numbers stays."),
            "prod": _("All {count} numbers are multiplied into one."),
        }.get(op, _("All {count} numbers are added up into one.")).format(**words)
    if lane == 0:
        return _("{slice} comes first: it is carried over as it is.").format(**words)
    return {
        "cumsum": _(
            "{slice} is added to the sum so far, and the new sum is written down as slice {number} of s."
        ),
        "max": _("{slice} is laid on top: in each place the larger number stays."),
        "min": _("{slice} is laid on top: in each place the smaller number stays."),
        "prod": _("{slice} is laid on top and multiplied in, place by place."),
    }.get(op, _("{slice} is laid on top and added on, place by place.")).format(**words)


def _after(drawn: Collapse) -> str:
    if not drawn.A.numel():
        return _(
            "There are no numbers along the way: a sum of nothing is 0, a product of nothing is 1, a mean of "
            "nothing is NaN."
        )
    size = drawn.A.numel() if drawn.axis is None or not drawn.A.dim() else drawn.A.shape[drawn.axis]
    return _("Last, every sum is divided by the number of its terms, {size}: that is the mean.").format(
        size=size
    )


def _line(drawn: Collapse, lane: int) -> list[float]:
    """The terms of the first entry of the result, up to a slice."""
    A = drawn.A
    if drawn.axis is None or not A.dim():
        return A.reshape(-1)[: MOST_SPELLED + 1].tolist()
    first = A[tuple(slice(None) if k == drawn.axis else 0 for k in range(A.dim()))]
    return first[: lane + 1].tolist()


def _formula(drawn: Collapse, op: str, lane: int, s: torch.Tensor) -> str:
    """The first entry of the result with the numbers put in."""
    if not s.numel():
        return _total(drawn, op, s)
    terms = _line(drawn, lane)
    texts = [number(v) if op in ("max", "min") or k == 0 else factor(v) for k, v in enumerate(terms)]
    if len(texts) > MOST_SPELLED:
        texts = [*texts[: MOST_SPELLED - 1], "…"]
    elif (
        drawn.axis is not None
        and drawn.A.dim()
        and drawn.A.shape[drawn.axis] > lane + 1
        and lane == drawn.lanes - 1
    ):
        texts = [*texts, "…"]
    written = {"max": "max({})", "min": "min({})"}.get(op, "{}").format(
        {"prod": "·", "max": ", ", "min": ", "}.get(op, " + ").join(texts)
    )
    index = [0] * s.dim()
    if drawn.running:
        index = [lane if k == drawn.axis else 0 for k in range(s.dim())]
    value = float(s[tuple(index)])
    name = f"s[{', '.join(map(str, index))}]" if index else "s"
    return f"{name} = {written} = {number(value)}"


def _total(drawn: Collapse, op: str, s: torch.Tensor) -> str:
    if not s.numel():
        return f"A {shapes.show(tuple(drawn.A.shape))} → s {shapes.show(tuple(s.shape))}"
    name = f"s[{', '.join(['0'] * s.dim())}]" if s.dim() else "s"
    value = number(float(s[(0,) * s.dim()]))
    if op != "mean" or not drawn.A.numel():
        return f"{name} = {value}"
    size = drawn.A.numel() if drawn.axis is None or not drawn.A.dim() else drawn.A.shape[drawn.axis]
    total = run(drawn.A, "sum", drawn.axis, False)
    return f"{name} = {number(float(total.reshape(-1)[0]))} / {size} = {value}"


def facts(
    A: torch.Tensor, op: str = "sum", axis: int | None = 0, keepdim: bool = False
) -> list[tuple[str, str]]:
    """How many numbers go in and come out."""
    return [
        (_("numbers in A"), f"{A.numel():,}"),
        (_("numbers in s"), f"{run(A, op, axis, keepdim).numel():,}"),
    ]


def _preset(key: str, label: str, A: str, op: str = "sum", axis: str = "0", keepdim: str = "0") -> Preset:
    return Preset(key, label, {"A": A, "op": op, "axis": axis, "keepdim": keepdim})


CUBE = "torch.arange(24).reshape(2, 3, 4)"
REDUCTION = Operation(
    key="reduction",
    chapter="operations",
    title=N_("Reduction"),
    summary=N_(
        "A reduction collapses a tensor along an axis: many numbers become one sum, mean, maximum or product. "
        "The axis you name is the one that disappears."
    ),
    notation="s = Σᵢ Aᵢⱼ",
    call="A.sum(axis=0)",
    latex=r"s_j = \sum_i A_{ij}, \qquad \bar{A}_j = \frac{1}{n}\sum_{i=1}^{n} A_{ij}",
    inputs=(Input("A", "...", "[[1, 5, 2], [4, 0, 3]]", N_("the tensor that collapses: up to four axes")),),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    result="s",
    parameters=(
        Choice(
            "op",
            N_("What is made of many numbers"),
            (
                ("sum", N_("sum")),
                ("mean", N_("mean")),
                ("max", N_("largest")),
                ("min", N_("smallest")),
                ("prod", N_("product")),
                ("cumsum", N_("running sum")),
            ),
            "sum",
        ),
        Choice(
            "axis",
            N_("The axis that collapses"),
            ((0, "0"), (1, "1"), (2, "2"), (3, "3"), (None, N_("all"))),
            0,
        ),
        Toggle(
            "keepdim",
            N_("Keep the axis, with size 1"),
            False,
            when=("op", ("sum", "mean", "max", "min", "prod")),
        ),
    ),
    presets=(
        _preset("article", N_("A.sum(axis=0)"), "[[1, 5, 2], [4, 0, 3]]"),
        _preset("rows", N_("Row sums, kept"), "[[1, 5, 2], [4, 0, 3]]", axis="1", keepdim="1"),
        _preset("middle", N_("The middle of three axes"), CUBE, "sum", "1"),
        _preset("stack", N_("A stack, averaged"), CUBE, "mean", "0"),
        _preset("running", N_("A running sum"), "[[1, 5, 2, 0], [4, 0, 3, 1]]", "cumsum", "1"),
        _preset("largest", N_("The largest of each row"), "[[3, -1, 2], [0, 7, -4]]", "max", "1"),
        _preset("batch", N_("Pooling a batch"), "torch.arange(48).reshape(2, 2, 3, 4)", "mean", "3"),
    ),
    practice=(AVERAGE_POOLING,),
    traps=(LOST_AXIS,),
    place=N_(
        "Every loss is a mean over a batch, every softmax divides by a sum along one axis, layer normalisation takes "
        "mean and standard deviation along the features, and average pooling turns a feature map into one number: less "
        "is said twice, and what matters stands out."
    ),
    challenges=CHALLENGES,
    shape_line=shape_line,
    named_axes=named_axes,
    swaps=False,
)

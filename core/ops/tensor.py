"""Tensor: any number of axes over one strip of memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from core import lazy, shapes
from core.operation import Choice, Input, Operation, Phrase, Preset, Slider, Step
from core.ops import nd_view, tensor_memory, tensor_story, tensor_words
from core.ops.challenges.tensor import CHALLENGES
from core.ops.reshape_is_not_permute import RESHAPE_IS_NOT_PERMUTE
from core.ops.tensor_pictures import CHANNELS, CLIP
from core.ops.tensor_story import Story
from core.words import N_, _

torch = lazy.load("torch")

AXES = 6  # up to which an axis can be given a role
SIZED = ("reshape", "view")
DEEDS = (
    ("index", N_("slice: A[…]")),
    ("reshape", "reshape"),
    ("view", "view"),
    ("permute", "permute"),
    ("transpose", "transpose"),
    ("squeeze", "squeeze"),
    ("unsqueeze", "unsqueeze"),
)


def run(A: torch.Tensor, deed: str, how: tuple, before: str = "") -> torch.Tensor:
    """B: A sliced, or in another shape. Only reshape and contiguous() may copy; all others are views."""
    if before:
        A = A.transpose(-2, -1)  # the same numbers in memory, walked in another order
    if before == "copied":
        A = A.contiguous()  # copied, so that memory order is reading order again
    match deed:
        case "index":
            return A[how]
        case "reshape":
            return A.reshape(how)
        case "view":
            return A.view(how)
        case "permute":
            return A.permute(how)
        case "transpose":
            return A.transpose(*how)
        case "squeeze":
            return A.squeeze(how)
    return A.unsqueeze(*how)


def arguments(values: Mapping[str, Any], shape: shapes.Shape = ()) -> dict[str, Any]:
    """What `run` is called with: the words of the reader as whole numbers and slices; raises ShapeError."""
    deed, before = values["deed"], "" if values["before"] == "plain" else values["before"]
    if deed == "index":
        how = tensor_words.index_of(values["index"], shape)
    elif deed in ("squeeze", "unsqueeze"):
        how = (int(values["dim"]),)
    else:
        how = tensor_words.whole_numbers(values[WORDS[deed]], shape)
    return {"deed": deed, "how": how, "before": before}


WORDS = {"index": "index", "reshape": "sizes", "view": "sizes", "permute": "order", "transpose": "pair"}


def fit(A: shapes.Shape, *, values: Mapping[str, Any]) -> dict[str, Any]:
    """A slice, a shape or an order that A has room for, where it has none for the one that stands there."""
    deed = values["deed"]
    if deed not in WORDS or not A or 0 in A:
        return {}
    try:
        called = arguments(values, A)
        _result_shape(tuple(A), deed, called["how"])
    except shapes.ShapeError:
        return {WORDS[deed]: _fitting(deed, A)}
    return {}


def _fitting(deed: str, A: shapes.Shape) -> str:
    """What stands for the deed's words where the reader has not said any: like the defaults, for any A."""
    if deed == "index":
        first = min(1, A[0] - 1)
        return {1: "A[::2]", 2: f"A[{first}, ::2]"}.get(len(A), f"A[{first}, :, ::2]")
    if deed == "permute":
        return ", ".join(map(str, (len(A) - 1, *range(len(A) - 1))))
    if deed == "transpose":
        return f"0, {len(A) - 1}"
    count = math.prod(A)
    rows = next(rows for rows in range(math.isqrt(count), 0, -1) if count % rows == 0)
    return f"{rows}, {count // rows}"


def explain(A: shapes.Shape, **values: Any) -> str:
    """Why B has its shape; raises ShapeError where torch would refuse."""
    called = arguments(values, A)
    deed, how, before = called["deed"], called["how"], called["before"]
    if before and len(A) < 2:
        raise shapes.ShapeError(
            _("{tensor} has fewer than two axes: there is nothing to transpose.").format(
                tensor=shapes.named("A", A)
            ),
            {"A": A},
        )
    start = shapes.transpose(A, -2, -1) if before else tuple(A)
    words = {"A": shapes.show(start), "B": shapes.show(_result_shape(start, deed, how))}
    if deed == "view" and not _viewable(start, how, before):
        raise shapes.ShapeError(_refused(start, how), {"A": start})
    return _WHY[deed]().format(**words)


def _result_shape(shape: shapes.Shape, deed: str, how: tuple) -> shapes.Shape:
    """The shape of B; raises ShapeError."""
    if deed == "index":
        return _indexed(shape, how)
    if deed == "transpose" and len(how) != 2:
        raise shapes.ShapeError(_("transpose takes two axes, such as 0, 2."), {"A": shape})
    rules = {
        "permute": lambda: shapes.permute(shape, how),
        "transpose": lambda: shapes.transpose(shape, *how),
        "squeeze": lambda: shapes.squeeze(shape, how[0]),
        "unsqueeze": lambda: shapes.unsqueeze(shape, how[0]),
    }
    return rules[deed]() if deed in rules else shapes.reshape(shape, how)


def _indexed(shape: shapes.Shape, index: tuple) -> shapes.Shape:
    named = sum(part is not None and part is not Ellipsis for part in index)
    if named > len(shape) or sum(part is Ellipsis for part in index) > 1:
        sentence = _("The index names {found} axes, but {tensor} has {count}.")
        words = {"found": named, "tensor": shapes.named("A", shape), "count": len(shape)}
        raise shapes.ShapeError(sentence.format(**words), {"A": shape})
    for axis, part in enumerate(p for p in tensor_words.expanded(index, len(shape)) if p is not None):
        wanted = part if isinstance(part, list) else [part] if isinstance(part, int) else []
        for place in wanted:
            if not -shape[axis] <= place < shape[axis]:
                sentence = _("Axis {axis} of {tensor} has size {size}: there is no index {place}.")
                words = {
                    "axis": axis,
                    "tensor": shapes.named("A", shape),
                    "size": shape[axis],
                    "place": place,
                }
                raise shapes.ShapeError(sentence.format(**words), {"A": shape}, [("A", axis)])
    try:
        return tuple(torch.empty(shape, device="meta")[index].shape)
    except (IndexError, RuntimeError) as error:
        reason = _("torch refused: {reason}").format(reason=str(error).split("\n")[0][:160])
        raise shapes.ShapeError(reason, {"A": shape}) from None


def _viewable(start: shapes.Shape, sizes: tuple, before: str) -> bool:
    """Whether torch's view can do it: asked on the meta device, where nothing is allocated."""
    A = torch.empty(start, device="meta")
    if before == "mT":
        A = torch.empty(shapes.transpose(start, -2, -1), device="meta").transpose(-2, -1)
    try:
        A.view(sizes)
    except RuntimeError:
        return False
    return True


def _refused(start: shapes.Shape, sizes: tuple) -> str:
    return _(
        "view never copies, and after the transpose no strides over this strip of memory make {A} into {B}. "
        "What works: A.contiguous().view(…), or A.reshape(…), which copies where it must."
    ).format(A=shapes.show(start), B=shapes.show(sizes))


_WHY = {
    "index": lambda: _(
        "A is {A}. A whole number picks one place and its axis is gone; a slice keeps its axis, shortened: B is {B}."
    ),
    "reshape": lambda: _(
        "A is {A} and B is {B}: the product of the sizes is the same, so every number finds one place."
    ),
    "view": lambda: _(
        "A is {A} and B is {B}: the same numbers in the same memory, counted along other axes."
    ),
    "permute": lambda: _("A is {A}; its sizes in the order that was asked for are {B}."),
    "transpose": lambda: _("A is {A}; with the two axes swapped it is {B}."),
    "squeeze": lambda: _(
        "A is {A}; an axis of size 1 holds no choice and can be left out, any other stays: B is {B}."
    ),
    "unsqueeze": lambda: _("A is {A}; a new axis of size 1 changes no number: B is {B}."),
}


def steps(A: torch.Tensor, **values: Any) -> Iterator[Step]:
    """The tensor by its axes and what is done with it, in cells, in space, or on the strip of memory."""
    story = told(A, values)
    if values["view"] == "memory":
        yield from tensor_memory.steps(A, story, values["before"])
    else:
        yield from tensor_story.steps(story)


def told(A: torch.Tensor, values: Mapping[str, Any]) -> Story:
    """Everything about the film that no step changes."""
    called = arguments(values, tuple(A.shape))
    start = _started(A, called["before"])
    after = {"deed": called["deed"], "how": called["how"]}
    order = torch.arange(start.numel()).reshape(start.shape)
    axis = {
        name: None if values[name] == "auto" else int(values[name]) for name in ("rows", "columns", "slider")
    }
    shape = tuple(start.shape)
    return Story(
        start, run(start, **after), run(order, **after), called["deed"], called["how"], _line(called),
        nd_view.roles(shape, axis["rows"], axis["columns"], axis["slider"], int(values["at"])),
        values["view"] == "space" and start.dim() == 3 and 0 < start.numel() <= nd_view.MOST_CUBES,
        _result_axes(shape, called["deed"], called["how"]),
    )  # fmt: skip


def _started(A: torch.Tensor, before: str) -> torch.Tensor:
    if not before:
        return A
    return A.transpose(-2, -1).contiguous() if before == "copied" else A.transpose(-2, -1)


def _line(called: Mapping[str, Any]) -> str:
    """The torch line."""
    start = {"": "A", "mT": "A.mT", "copied": "A.mT.contiguous()"}[called["before"]]
    if called["deed"] == "index":
        return tensor_words.written(called["how"], start)
    return f"{start}.{called['deed']}({', '.join(map(str, called['how']))})"


def _result_axes(shape: shapes.Shape, deed: str, how: tuple) -> tuple[int, ...]:
    """Which axis of A each axis of B is; -1 for a new one; () where they are new altogether."""
    axes = list(range(len(shape)))
    count = len(shape)
    if deed == "permute":
        return tuple(axis % count for axis in how) if count else ()
    if deed == "transpose" and count:
        one, two = how[0] % count, how[1] % count
        axes[one], axes[two] = two, one
        return tuple(axes)
    if deed == "squeeze" and count:
        return tuple(axis for axis in axes if axis != how[0] % count or shape[axis] != 1)
    if deed == "unsqueeze":
        axes.insert(how[0] % (count + 1), -1)
        return tuple(axes)
    if deed == "index" and not any(isinstance(part, list) for part in how):
        return _kept_axes(how, count)
    return ()


def _kept_axes(index: tuple, count: int) -> tuple[int, ...]:
    kept, axis = [], 0
    for part in tensor_words.expanded(index, count):
        if part is None:
            kept.append(-1)
            continue
        if isinstance(part, slice):
            kept.append(axis)
        axis += 1
    return tuple(kept)


def facts(A: torch.Tensor, **values: Any) -> list[tuple[str, str]]:
    """Strides, and whether B is a view or a copy, as torch says it."""
    called = arguments(values, tuple(A.shape))
    B = run(A, **called)
    shared = A.untyped_storage().data_ptr() == B.untyped_storage().data_ptr()
    return [
        ("B", _line(called)),
        ("A.stride()", shapes.show(A.stride())),
        ("B.stride()", shapes.show(B.stride())),
        ("B.is_contiguous()", str(B.is_contiguous())),
        (_("memory"), _("shared with A: a view") if shared and A.numel() else _("its own: a copy")),
    ]


def _axis_choice(name: str, label: str, automatic: str) -> Choice:
    options = (("auto", automatic), *((str(axis), str(axis)) for axis in range(AXES)))
    return Choice(name, label, options, "auto", menu=True, when=("view", ("cells",)))


TENSOR = Operation(
    key="tensor",
    chapter="objects",
    title=N_("Tensor"),
    summary=N_(
        "A tensor is numbers along any number of axes: a colour photograph has three, a film four. In memory it is "
        "always one strip; the shape and the strides say how to walk it."
    ),
    notation="A[i, j, k]",
    call="torch.arange(24).reshape(2, 3, 4)",
    latex=r"A \in \mathbb{R}^{d_0 \times d_1 \times \cdots}, \qquad A_{ijk}",
    inputs=(Input("A", "...", "torch.arange(24).reshape(2, 3, 4)", N_("any number of axes"), own_dtype=True),),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    arguments=arguments,
    fit=fit,
    result="B",
    parameters=(
        Choice(
            "view",
            N_("What is shown"),
            (("cells", N_("cells")), ("space", N_("block in space")), ("memory", N_("memory"))),
            "cells",
        ),
        Choice("deed", N_("What is done with A"), DEEDS, "index", menu=True),
        Phrase("index", N_("Slice"), "A[1, :, ::2]", when=("deed", ("index",))),
        Phrase("sizes", N_("New shape"), "4, 6", when=("deed", SIZED)),
        Phrase("order", N_("New order of the axes"), "2, 0, 1", when=("deed", ("permute",))),
        Phrase("pair", N_("Two axes to swap"), "0, 2", when=("deed", ("transpose",))),
        Slider("dim", N_("Which axis"), 0, AXES, 1, 0, when=("deed", ("squeeze", "unsqueeze"))),
        Choice(
            "before",
            N_("Before that"),
            (("plain", N_("nothing")), ("mT", "A.mT"), ("copied", "A.mT.contiguous()")),
            "plain",
            menu=True,
        ),
        _axis_choice("rows", N_("Axis in rows"), N_("the last but one")),
        _axis_choice("columns", N_("Axis in columns"), N_("the last")),
        _axis_choice("slider", N_("Axis on a slider"), N_("none")),
        Slider("at", N_("Where the slider stands"), 0, 63, 1, 0, when=("slider", tuple(map(str, range(AXES))))),
    ),
    presets=(
        Preset("article", "(2, 3, 4)", {"A": "torch.arange(24).reshape(2, 3, 4)", "view": "cells",
               "deed": "index", "index": "A[1, :, ::2]"}),
        Preset("permuted", N_("Only the strides change"), {"A": "torch.arange(24).reshape(2, 3, 4)",
               "view": "memory", "deed": "permute", "order": "2, 0, 1"}),
        Preset("copied", N_("Here reshape must copy"), {"A": "torch.arange(12).reshape(3, 4)", "view": "memory",
               "deed": "reshape", "sizes": "12", "before": "mT"}),
        Preset("block", N_("A block turns"), {"A": "torch.arange(24).reshape(2, 3, 4)", "view": "space",
               "deed": "transpose", "pair": "0, 2"}),
        Preset("one", N_("An axis of size 1"), {"A": "torch.arange(12).reshape(3, 1, 4)", "view": "cells",
               "deed": "squeeze", "dim": "1"}),
        Preset("six", N_("Six axes"), {"A": "torch.arange(144).reshape(2, 1, 3, 2, 3, 4)", "view": "cells",
               "deed": "index", "index": "A[1, 0, 2]", "slider": "2"}),
        Preset("million", N_("A million"), {"A": "torch.arange(1000000).reshape(1000, 1000) % 977",
               "view": "cells", "deed": "index", "index": "A[::250, 2:6]"}),
    ),
    practice=(CHANNELS, CLIP),
    traps=(RESHAPE_IS_NOT_PERMUTE,),
    place=N_(
        "Everything that flows through a network is a tensor: a batch of images is (batch, channel, row, column), a "
        "batch of sentences (batch, word, feature), and a gradient has the shape of its weights. "
        "Layers slice, permute, reshape and broadcast tensors all the time."
    ),
    challenges=CHALLENGES,
    axes={"0": "axis1", "1": "axis2", "2": "axis3", "3": "axis4", "4": "axis5", "5": "axis6"},
)  # fmt: skip

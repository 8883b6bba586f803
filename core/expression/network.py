"""The calls of networks: attention, convolution, pooling, unfolding, padding, layer norm and losses."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F

from core import shapes
from core.expression.arguments import Given
from core.expression.entry import entry, method
from core.expression.errors import ExpressionError
from core.words import _

REDUCED = ("mean", "sum", "none")


# Windows that slide over the last axes


def _numbers(given: Given, name: str, count: int, default: int | None = None) -> tuple[int, ...]:
    """An argument that is one number for all of the `count` axes or one for each."""
    found = given.get(name)
    found = (default,) if found is None else found
    if len(found) not in (1, count):
        sentence = _("`{argument}` must be one whole number or {count}.").format(argument=name, count=count)
        raise ExpressionError(sentence, rule="value")
    least = 0 if name == "padding" else 1
    if min(found) < least:
        sentence = _("`{argument}` must be {least} or more.").format(argument=name, least=least)
        raise ExpressionError(sentence, rule="value")
    return tuple(found) * (count // len(found))


def _windows(
    given: Given, size: Sequence[int], sides: Sequence[int], stride: Sequence[int]
) -> tuple[int, ...]:
    """How many windows of `size` fit on each of the last axes, padding and stride counted in."""
    count = len(size)
    padding, dilation = _numbers(given, "padding", count, 0), _numbers(given, "dilation", count, 1)
    found = []
    for side, width, step, pad, apart in zip(sides, size, stride, padding, dilation, strict=True):
        room = side + 2 * pad - apart * (width - 1) - 1
        if room < 0:
            sentence = _("A window of {width} does not fit on an axis of {size}, padding included.")
            words = {"width": apart * (width - 1) + 1, "size": side + 2 * pad}
            raise ExpressionError(sentence.format(**words), rule="shape")
        found.append(room // step + 1)
    return tuple(found)


def _image(given: Given, axes: str, least: int) -> tuple[int, ...]:
    """The shape of a stack of images, or of one without the batch axis."""
    shape = given.shape("input")
    if len(shape) not in (least, least + 1):
        words = {"tensor": shapes.named(given.names("input")[0], shape), "axes": axes, "found": len(shape)}
        sentence = _("{tensor} must have the axes {axes}, the first of them optional, and has {found}.")
        raise shapes.ShapeError(sentence.format(**words), {given.names("input")[0]: shape})
    return shape


def convolved(count: int) -> Callable[[Given], tuple[int, ...]]:
    """(batch, channel, ...) with weight (out, channel / groups, window ...) and bias (out,)."""

    def rule(given: Given) -> tuple[int, ...]:
        axes = "batch channel " + " ".join(("row", "column")[-count:])
        shape, weight = _image(given, axes, count + 1), given.shape("weight")
        name, kernel = given.names("input", "weight")
        shapes.bind("out in " + " ".join(f"k{axis}" for axis in range(count)), weight, kernel)
        groups = given.get("groups", 1)
        if groups < 1 or weight[0] % groups:
            raise ExpressionError(_("`groups` must divide the number of outputs."), rule="value")
        channels = shape[-count - 1]
        if channels != weight[1] * groups:
            sentence = shapes.axis_differs(
                "channel", channels, shapes.named(name, shape), weight[1] * groups, kernel
            )
            clash = [(name, len(shape) - count - 1), (kernel, 1)]
            raise shapes.ShapeError(sentence, {name: shape, kernel: weight}, clash)
        if "bias" in given.values:
            shapes.bind(
                "out",
                given.shape("bias"),
                given.names("bias")[0],
                {"out": weight[0]},
                {"out": (kernel, weight)},
            )
        stride = _numbers(given, "stride", count, 1)
        return (*shape[: -count - 1], weight[0], *_windows(given, weight[2:], shape[-count:], stride))

    return rule


def _columns(count: int) -> Callable[[Given], tuple[int, ...]]:
    """The unfolded images that a convolution may make on its way."""

    def inside(given: Given) -> tuple[int, ...]:
        made = convolved(count)(given)
        return (*made[: -count - 1], *given.shape("weight")[1:], given.get("groups", 1), *made[-count:])

    return inside


def _convolution_work(count: int) -> Callable[[Given], int]:
    return lambda given: math.prod(convolved(count)(given)) * math.prod(given.shape("weight")[1:])


def pooled(given: Given) -> tuple[int, ...]:
    """(batch, channel, row, column), windows side by side unless `stride` says otherwise."""
    shape = _image(given, "batch channel row column", 3)
    size = _numbers(given, "kernel_size", 2)
    stride = _numbers(given, "stride", 2) if given.get("stride") else size
    if any(2 * pad > width for pad, width in zip(_numbers(given, "padding", 2, 0), size, strict=True)):
        raise ExpressionError(_("`padding` can be at most half of the window."), rule="value")
    return (*shape[:-2], *_windows(given, size, shape[-2:], stride))


def unfolded(given: Given) -> tuple[int, ...]:
    """(batch, channel · window, how many windows)."""
    shape = _image(given, "batch channel row column", 3)
    size, stride = _numbers(given, "kernel_size", 2), _numbers(given, "stride", 2, 1)
    counts = _windows(given, size, shape[-2:], stride)
    return (*shape[:-3], shape[-3] * math.prod(size), math.prod(counts))


def sliding(given: Given) -> tuple[int, ...]:
    """Tensor.unfold: the windows of one axis, each along a new last axis."""
    shape, name = given.shape("input"), given.names("input")[0]
    axis = shapes.axis_of(given["dimension"], len(shape), name, shape)
    size, step = given["size"], given["step"]
    if not shape or size < 0 or step < 1 or size > shape[axis]:
        sentence = _("unfold needs a size from 0 to {most} and a step of 1 or more.")
        raise ExpressionError(sentence.format(most=shape[axis] if shape else 1), rule="value")
    return (*shape[:axis], (shape[axis] - size) // step + 1, *shape[axis + 1 :], size)


def padded(given: Given) -> tuple[int, ...]:
    """Two numbers for each axis, the last axis first."""
    shape, pad = given.shape("input"), given["pad"]
    if len(pad) % 2 or len(pad) > 2 * len(shape):
        sentence = _("`pad` needs two numbers for each axis, the last axis first: at most {most} here.")
        raise ExpressionError(sentence.format(most=2 * len(shape)), rule="value")
    if given.get("mode", "constant") != "constant":
        raise ExpressionError(_("`pad` fills with one number here: mode='constant'."), rule="value")
    sizes = list(shape)
    for place, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True)):
        sizes[-1 - place] += before + after
    if min(sizes, default=0) < 0:
        raise ExpressionError(_("{size} is no size.").format(size=min(sizes)), rule="size")
    return tuple(sizes)


# Attention, layer norm, losses


def attended(given: Given) -> tuple[int, ...]:
    """(..., query, depth), (..., key, depth) and (..., key, out) give (..., query, out)."""
    scores = attention_scores(given)
    return (*scores[:-1], given.shape("value")[-1])


def attention_scores(given: Given) -> tuple[int, ...]:
    """(..., query, key)."""
    query, key, value = given.shapes("query", "key", "value")
    names = given.names("query", "key", "value")
    axes = ("... q d", "... k d", "... k v")
    shapes.bind_each(zip(names, axes, (query, key, value), strict=True))
    if len({given[name].dtype for name in ("query", "key", "value")}) > 1:
        fix = _("Write `.float()` after the tensor of whole numbers.")
        raise ExpressionError(_("query, key and value must be of one dtype."), fix, rule="dtype")
    front = shapes.broadcast(query[:-2], key[:-2], value[:-2], names=names)
    scores = (*front, query[-2], key[-2])
    mask = given.get("attn_mask")
    if mask is not None:
        if given.get("is_causal"):
            raise ExpressionError(_("A mask and is_causal=True cannot both be given."), rule="value")
        if mask.dtype != torch.bool and mask.dtype != given["query"].dtype:
            raise ExpressionError(
                _("The mask holds True and False, or numbers of the dtype of query."), rule="dtype"
            )
        shapes.expand(given.shape("attn_mask"), scores, given.names("attn_mask")[0])
    return scores


def _attention_work(given: Given) -> int:
    scores = math.prod(attention_scores(given))
    return scores * (given.shape("query")[-1] + given.shape("value")[-1])


def normed(given: Given) -> None:
    """The last axes must be normalized_shape; weight and bias have it too."""
    shape, sizes = given.shape("input"), given["normalized_shape"]
    if not sizes or shape[len(shape) - len(sizes) :] != tuple(sizes):
        sentence = _("{tensor} does not end in {sizes}.")
        words = {"tensor": shapes.named(given.names("input")[0], shape), "sizes": shapes.show(sizes)}
        raise shapes.ShapeError(sentence.format(**words), {given.names("input")[0]: shape})
    for name in ("weight", "bias"):
        if name in given.values and given.shape(name) != tuple(sizes):
            sentence = _("{tensor} must have shape {sizes}.")
            words = {
                "tensor": shapes.named(given.names(name)[0], given.shape(name)),
                "sizes": shapes.show(sizes),
            }
            raise shapes.ShapeError(sentence.format(**words), {given.names(name)[0]: given.shape(name)})


def _reduction(given: Given) -> str:
    found = given.get("reduction", "mean")
    if found not in REDUCED:
        sentence = _("`reduction` is 'mean', 'sum' or 'none'.")
        raise ExpressionError(sentence, rule="value")
    return found


def squared(given: Given) -> tuple[int, ...]:
    """Both broadcast, then the mean."""
    shape = shapes.broadcast(*given.shapes("input", "target"), names=given.names("input", "target"))
    return shape if _reduction(given) == "none" else ()


def classified(given: Given) -> tuple[int, ...]:
    """Scores (batch, class) and int64 classes (batch,), or one row of scores and one class."""
    scores, target = given.shape("input"), given["target"]
    name = given.names("input")[0]
    if len(scores) not in (1, 2):
        sentence = _("{tensor} must have the axes {axes}, the first of them optional, and has {found}.")
        words = {"tensor": shapes.named(name, scores), "axes": "batch class", "found": len(scores)}
        raise shapes.ShapeError(sentence.format(**words), {name: scores})
    if target.dtype != torch.int64:
        fix = _("Write `.long()` after the tensor.")
        raise ExpressionError(_("`target` holds the numbers of the classes, int64."), fix, rule="dtype")
    if given.shape("target") != scores[:-1]:
        other = given.names("target")[0]
        sentence = _("{tensor} needs one class for each row of {other}.")
        words = {"tensor": shapes.named(other, given.shape("target")), "other": shapes.named(name, scores)}
        raise shapes.ShapeError(sentence.format(**words), {name: scores, other: given.shape("target")})
    return scores[:-1] if _reduction(given) == "none" else ()


def _known_classes(given: Given) -> None:
    """Every target is a class: torch reads beside the scores otherwise."""
    target, count = given["target"], given.shape("input")[-1]
    if not target.is_meta and target.numel():
        low, high = target.min().item(), target.max().item()
        if low < 0 or high >= count:
            sentence = _("The numbers must lie from 0 to {last}; they lie from {low} to {high}.")
            raise ExpressionError(sentence.format(last=count - 1, low=low, high=high), rule="index")


# The entries


def _called(call: Callable[..., Any]) -> Callable[..., Any]:
    """torch wants ints where one number was given, not tuples of one."""

    def called(**given: Any) -> Any:
        return call(**{name: value[0] if _alone(value) else value for name, value in given.items()})

    return called


def _alone(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 1


def _sizes(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda input, kernel_size, **more: _called(call)(input=input, kernel_size=kernel_size, **more)


_STEPS = "stride: ints?, padding: ints?, dilation: ints?, groups: int?"
_CONVOLUTION = f"input: floats, weight: floats, bias: floats?, {_STEPS}"
_POOL = "input: floats, kernel_size: ints, stride: ints?, padding: ints?"
NN = "torch.nn.functional"

PRODUCTS = [
    entry(
        f"{NN}.scaled_dot_product_attention",
        "query: floats, key: floats, value: floats, attn_mask: tensor?, is_causal: flag?, scale: number?",
        F.scaled_dot_product_attention,
        attended,
        work=_attention_work,
        inside=attention_scores,
    ),
    *(
        entry(
            f"{NN}.conv{count}d",
            _CONVOLUTION,
            _called(call),
            convolved(count),
            work=_convolution_work(count),
            inside=_columns(count),
        )
        for count, call in ((1, F.conv1d), (2, F.conv2d))
    ),
]
REDUCTIONS = [
    entry(f"{NN}.max_pool2d", _POOL, _sizes(F.max_pool2d), pooled),
    entry(f"{NN}.avg_pool2d", _POOL, _sizes(F.avg_pool2d), pooled),
    entry(
        f"{NN}.layer_norm",
        "input: floats, normalized_shape: sizes, weight: floats?, bias: floats?, eps: number?",
        F.layer_norm,
        normed,
    ),
    entry(
        f"{NN}.mse_loss",
        "input: floats, target: floats, reduction: text?",
        F.mse_loss,
        squared,
        inside=lambda given: shapes.broadcast(*given.shapes("input", "target")),
    ),
    entry(
        f"{NN}.cross_entropy",
        "input: floats, target: tensor, reduction: text?",
        F.cross_entropy,
        classified,
        guard=_known_classes,
    ),
]
SHAPE = [
    method(
        "unfold",
        "input: tensor, dimension: axis, size: int, step: int",
        lambda input, dimension, size, step: input.unfold(dimension, size, step),
        sliding,
    ),
    entry(
        f"{NN}.unfold",
        "input: floats, kernel_size: ints, dilation: ints?, padding: ints?, stride: ints?",
        _called(F.unfold),
        unfolded,
    ),
    entry(f"{NN}.pad", "input: tensor, pad: ints, mode: text?, value: number?", F.pad, padded),
]

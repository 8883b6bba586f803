"""What a piece does, in few words that do not depend on how it was written, and whence each number of it comes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.expression.trace import Piece, Trace
from core.panels import Source
from core.shapes import Shape

PRODUCTS = ("@", "matmul", "mm", "bmm", "mv", "dot")
SIGNS = {
    "add": "+", "sub": "-", "subtract": "-", "mul": "*", "multiply": "*", "div": "/", "divide": "/",
    "true_divide": "/", "floor_divide": "//", "remainder": "%", "pow": "**", "eq": "==", "ne": "!=", "lt": "<",
    "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
CELL_SIGNS = (*SIGNS.values(), "&", "|", "^")
PAIRS = (
    "maximum",
    "minimum",
    "atan2",
    "hypot",
    "fmod",
    "logical_and",
    "logical_or",
    "logical_xor",
    "isclose",
)
MAPS = {
    "abs", "square", "neg", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal",
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "sigmoid", "relu", "erf", "floor", "ceil",
    "trunc", "sign", "deg2rad", "rad2deg", "isnan", "isinf", "isfinite", "logical_not", "clone", "detach", "round",
    "nan_to_num", "gelu", "silu", "softplus", "elu", "leaky_relu", "clamp", "clip", "float", "double", "half",
    "bfloat16", "int", "long", "short", "bool", "to", "type", "contiguous", "cpu", "zeros_like", "ones_like",
    "full_like",
}  # fmt: skip
REDUCTIONS = {
    "sum": "sum", "mean": "mean", "prod": "prod", "amax": "max", "amin": "min", "max": "max", "min": "min",
    "std": "", "var": "", "logsumexp": "", "norm": "", "vector_norm": "", "all": "", "any": "", "argmax": "",
    "argmin": "", "count_nonzero": "", "median": "",
}  # fmt: skip
RUNNING = {"cumsum": "sum", "cumprod": "prod", "cummax": "", "cummin": ""}
ALONG = {"softmax", "log_softmax", "normalize", "sort", "argsort", "flip"}
TURNS = ("T", "mT", "H", "t", "transpose", "swapaxes", "permute", "movedim")
FORMULAS = ("+", "-", "*", "/")


@dataclass(frozen=True)
class Deed:
    """What is done.

    kind: "product"; "pair" (two, cell by cell, broadcast), "map" (one, cell by cell), "reduce" (`axes` disappear),
    "running" and "along" (every number sees its neighbours on `axes`), "turn" (result axis i is axis `order`[i]; -1 is
    a new one), "outer", "einsum", or "other". `word` is the operator's sign or the function's name. `sources` say
    whence the numbers come, one an operand, where that is exact; `formula` is that of a Link.
    """

    kind: str
    word: str
    axes: tuple[int, ...] = ()
    order: tuple[int, ...] = ()
    keepdim: bool = False
    sources: tuple[Source, ...] = ()
    formula: str = ""
    labels: tuple[str, ...] = ()  # einsum: of each operand, and of the result
    arguments: Mapping[str, Any] = field(default_factory=dict)


def operands_of(trace: Trace, piece: Piece) -> list[Piece]:
    """The pieces that it takes, in order; one that is used twice stands there twice."""
    return [trace.pieces[number] for number in piece.inputs]


def computes(piece: Piece) -> bool:
    """Whether it makes its tensor of others; a leaf is given, or comes out of nothing."""
    return bool(piece.inputs)


def word_of(piece: Piece) -> str:
    """The sign of an operator, the last word of torch's path: "@", "softmax", "mT", "[...]"."""
    word = piece.path.rsplit(".", 1)[-1] if piece.path != "[...]" else piece.path
    if len(piece.inputs) == 1 and word in "-+~" and piece.kind == "operator":
        return {"-": "neg", "+": "clone", "~": "logical_not"}[word]
    return SIGNS.get(word, word) if not piece.arguments.get("rounding_mode") else word


def deed_of(trace: Trace, piece: Piece) -> Deed:
    """What `piece` does; kind "other" where no exact rule is known."""
    found = _deed(piece, [one.shape for one in operands_of(trace, piece)])
    return found if found else Deed("other", word_of(piece), arguments=piece.arguments)


def _deed(piece: Piece, shapes: list[Shape | None]) -> Deed | None:
    word, result = word_of(piece), piece.shape
    if result is None or any(shape is None for shape in shapes):
        return None
    if len(shapes) == 2:
        return _of_two(word, piece, shapes, result)
    if word == "einsum":
        return _einsum(piece, shapes)
    return _of_one(word, piece, shapes[0], result) if len(shapes) == 1 else None


def _of_two(word: str, piece: Piece, shapes: list[Shape], result: Shape) -> Deed | None:
    a, b = shapes
    if word in PRODUCTS or (word in ("inner", "vecdot") and len(a) == len(b) == 1):
        return Deed("product", word, sources=_product(a, b, result), formula="dot")
    if word in CELL_SIGNS or word in PAIRS:
        sources = tuple(Source("", tuple(range(len(result) - len(s), len(result)))) for s in shapes)
        return Deed("pair", word, sources=sources, formula=word if word in FORMULAS else "")
    if word == "outer":
        return Deed("outer", word, sources=(Source("", (0,)), Source("", (1,))), formula="*")
    return _einsum(piece, shapes) if word == "einsum" else None


def _product(a: Shape, b: Shape, result: Shape) -> tuple[Source, Source]:
    """Rows meet columns; axes in front are aligned from the right."""
    front = len(result) - (len(a) > 1) - (len(b) > 1)
    left = tuple(range(front - len(a[:-2]), front)) + ((front,) if len(a) > 1 else ()) + (None,)
    if len(b) == 1:
        return Source("", left), Source("", (None,))
    return Source("", left), Source("", (*range(front - len(b[:-2]), front), None, len(result) - 1))


def _of_one(word: str, piece: Piece, shape: Shape, result: Shape) -> Deed | None:
    same = (Source("", tuple(range(len(shape)))),)
    if word in MAPS and shape == result:
        return Deed("map", word, sources=same, arguments=piece.arguments)
    if word in CELL_SIGNS and shape == result and "other" in piece.arguments:  # pow(A, other=2)
        return Deed("map", word, sources=same, arguments=piece.arguments)
    if word in REDUCTIONS:
        return _reduction(word, piece, shape, result)
    axes = axes_of(piece.arguments.get("dim", -1 if word in ("sort", "argsort") else None), len(shape))
    if word in RUNNING and shape == result and len(axes) == 1:
        follows = tuple(None if k in axes else k for k in range(len(shape)))
        return Deed("running", word, axes, sources=(Source("", follows, axes[0]),), formula=RUNNING[word])
    if word in ALONG and shape == result:
        follows = tuple(None if k in axes else k for k in range(len(shape)))
        return Deed("along", word, axes, sources=(Source("", follows),))
    order = turned(word, piece.arguments, shape)
    if order is not None and tuple(1 if k < 0 else shape[k] for k in order) == result:
        follows = tuple(order.index(k) if k in order else None for k in range(len(shape)))
        return Deed("turn", word, order=order, sources=(Source("", follows),))
    if word in ("expand", "broadcast_to"):
        return Deed("map", word, sources=(Source("", tuple(range(len(result) - len(shape), len(result)))),))
    return None


def _reduction(word: str, piece: Piece, shape: Shape, result: Shape) -> Deed | None:
    given = piece.arguments
    axes = axes_of(given.get("dim"), len(shape))
    kept = [k for k in range(len(shape)) if k not in axes]
    keepdim = bool(given.get("keepdim")) and len(result) == len(shape)
    if tuple(1 if k in axes else size for k, size in enumerate(shape) if keepdim or k in kept) != result:
        return None
    follows = tuple(None if k in axes else k if keepdim else kept.index(k) for k in range(len(shape)))
    return Deed("reduce", word, axes, (), keepdim, (Source("", follows),), REDUCTIONS[word], (), given)


def axes_of(dim: Any, count: int) -> tuple[int, ...]:
    """The axes meant by torch's `dim`, from 0; None and () are all."""
    if dim is None or (isinstance(dim, list | tuple) and not dim):
        return tuple(range(count))
    wanted = dim if isinstance(dim, list | tuple) else (dim,)
    return tuple(sorted(axis % count for axis in wanted)) if count else ()


def turned(word: str, given: Mapping[str, Any], shape: Shape) -> tuple[int, ...] | None:
    """Which axis of the operand each axis of the result is, -1 a new one; None where the word does not say."""
    count = len(shape)
    axes = list(range(count))
    if word in ("mT", "T", "H", "t") and count >= 2:
        return (*axes[:-2], axes[-1], axes[-2])
    if word in ("T", "H", "t"):
        return tuple(axes)
    if word in ("transpose", "swapaxes") and count:
        one, two = (
            given[name] % count for name in (("dim0", "dim1") if word == "transpose" else ("axis0", "axis1"))
        )
        axes[one], axes[two] = two, one
        return tuple(axes)
    if word == "permute":
        return tuple(axis % count for axis in given["dims"])
    if word == "movedim" and isinstance(given.get("source"), int) and count:
        axes.insert(given["destination"] % count, axes.pop(given["source"] % count))
        return tuple(axes)
    if word == "squeeze":
        gone = axes_of(given.get("dim"), count)
        return tuple(axis for axis in axes if axis not in gone or shape[axis] != 1)
    if word == "unsqueeze":
        axes.insert(given["dim"] % (count + 1), -1)
        return tuple(axes)
    return None


def _einsum(piece: Piece, shapes: list[Shape]) -> Deed | None:
    """Labels say it all, where each operand names every axis once and the result is written out."""
    left, arrow, right = str(piece.arguments.get("equation", "")).replace(" ", "").partition("->")
    parts = left.split(",")
    named = len(parts) == len(shapes) and all(len(p) == len(s) for p, s in zip(parts, shapes, strict=True))
    if not arrow or not named or any(len(set(p)) < len(p) for p in (*parts, right)):
        return None
    sources = tuple(Source("", tuple(right.find(c) if c in right else None for c in part)) for part in parts)
    gone = [[c for c in part if c not in right] for part in parts]
    if len(parts) == 2:
        formula = "*" if not any(gone) else "dot" if gone[0] == gone[1] else ""
    else:
        formula = "sum" if len(parts) == 1 and gone[0] else ""
    return Deed("einsum", "einsum", sources=sources, formula=formula, labels=(*parts, right))


def first_cell(shape: Shape) -> tuple[int, ...] | None:
    """The index of the cell that is told; None where there is none."""
    return (0,) * len(shape) if math.prod(shape) else None


def taken_at(source: Source, shape: Shape, index: tuple[int, ...]) -> tuple[Any, ...]:
    """The part of an operand that goes into the result's cell `index`: whole numbers, and slices along what is
    gathered."""
    follow: Callable[[int, int | None], Any] = lambda axis, to: (  # noqa: E731
        (slice(None) if source.until != axis else slice(0, index[axis] + 1))
        if to is None
        else (0 if shape[axis] == 1 else index[to])
    )
    return tuple(follow(axis, to) for axis, to in enumerate(source.follows))

"""The whitelist: every function, method, operator, constant and attribute of the language, by its exact name.

Nothing is looked up in torch by a name that was typed. Each entry names the torch call itself, what it may be given
(core/expression/arguments.py), and the rules and guards that run before it (core/expression/rules.py).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from core import shapes
from core.expression import network, numbers, own, rules
from core.expression.arguments import DTYPES, Given, as_tensor
from core.expression.entry import Entry, both, entry, method
from core.expression.errors import ExpressionError
from core.expression.real import REAL
from core.expression.rules import counted, joining, matmul_work, moving, product
from core.words import _


def _seeded(draw: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A random call with a generator of its own: the same line gives the same numbers."""

    def drawn(seed: int, device: str, **given: Any) -> torch.Tensor:
        if device == "meta":
            return draw(device=device, **given)
        generator = torch.Generator().manual_seed(seed)
        return draw(generator=generator, **given).to(device)

    return drawn


# One tensor in, the same shape out

_ELEMENTWISE = {
    "torch.abs": torch.abs,
    "torch.square": torch.square,
    "torch.neg": torch.neg,
    "torch.exp": torch.exp,
    "torch.exp2": torch.exp2,
    "torch.expm1": torch.expm1,
    "torch.log": torch.log,
    "torch.log2": torch.log2,
    "torch.log10": torch.log10,
    "torch.log1p": torch.log1p,
    "torch.sqrt": torch.sqrt,
    "torch.rsqrt": torch.rsqrt,
    "torch.reciprocal": torch.reciprocal,
    "torch.sin": torch.sin,
    "torch.cos": torch.cos,
    "torch.tan": torch.tan,
    "torch.asin": torch.asin,
    "torch.acos": torch.acos,
    "torch.atan": torch.atan,
    "torch.sinh": torch.sinh,
    "torch.cosh": torch.cosh,
    "torch.tanh": torch.tanh,
    "torch.sigmoid": torch.sigmoid,
    "torch.relu": torch.relu,
    "torch.erf": torch.erf,
    "torch.floor": torch.floor,
    "torch.ceil": torch.ceil,
    "torch.trunc": torch.trunc,
    "torch.sign": torch.sign,
    "torch.deg2rad": torch.deg2rad,
    "torch.rad2deg": torch.rad2deg,
    "torch.isnan": torch.isnan,
    "torch.isinf": torch.isinf,
    "torch.isfinite": torch.isfinite,
    "torch.logical_not": torch.logical_not,
    "torch.clone": torch.clone,
    "torch.detach": torch.detach,
}
_EXACT = {"torch.abs", "torch.square", "torch.neg"}
ELEMENTWISE = [
    both(path, "input: tensor", call, rules.minus if path == "torch.neg" else None, exact=path in _EXACT)
    for path, call in _ELEMENTWISE.items()
] + [
    both("torch.round", "input: tensor, decimals: int?", torch.round),
    both(
        "torch.nan_to_num", "input: tensor, nan: number?, posinf: number?, neginf: number?", torch.nan_to_num
    ),
    entry("torch.nn.functional.gelu", "input: floats", F.gelu),
    entry("torch.nn.functional.silu", "input: floats", F.silu),
    entry("torch.nn.functional.softplus", "input: floats", F.softplus),
    entry("torch.nn.functional.elu", "input: floats", F.elu),
    entry("torch.nn.functional.leaky_relu", "input: floats, negative_slope: number?", F.leaky_relu),
]

# Two in, broadcast


def _binary(path: str, call: Callable[..., Any], rule=rules.pair, **more: Any) -> Entry:
    parameters = "input: tensor, other: operand" + (", rounding_mode: text?" if path == "torch.div" else "")
    return both(path, parameters, lambda input, other, **rest: call(input, other, **rest), rule, **more)


BINARY = [
    _binary("torch.add", torch.add, exact=True),
    _binary("torch.sub", torch.sub, rules.minus, exact=True),
    _binary("torch.subtract", torch.sub, rules.minus, exact=True),
    _binary("torch.mul", torch.mul, exact=True),
    _binary("torch.multiply", torch.mul, exact=True),
    _binary("torch.div", torch.div, guard=rules.rounding),
    _binary("torch.divide", torch.div),
    _binary("torch.true_divide", torch.true_divide),
    _binary("torch.floor_divide", torch.floor_divide, guard=rules.dividing),
    _binary("torch.remainder", torch.remainder, guard=rules.dividing),
    _binary("torch.fmod", torch.fmod, guard=rules.dividing),
    _binary("torch.pow", torch.pow, exact=True, guard=rules.powers),
    _binary("torch.eq", torch.eq),
    _binary("torch.ne", torch.ne),
    _binary("torch.lt", torch.lt),
    _binary("torch.le", torch.le),
    _binary("torch.gt", torch.gt),
    _binary("torch.ge", torch.ge),
    both("torch.maximum", "input: tensor, other: tensor", torch.maximum, rules.pair),
    both("torch.minimum", "input: tensor, other: tensor", torch.minimum, rules.pair),
    both("torch.atan2", "input: tensor, other: tensor", torch.atan2, rules.pair),
    both("torch.hypot", "input: floats, other: floats", torch.hypot, rules.pair),
    both("torch.logical_and", "input: tensor, other: tensor", torch.logical_and, rules.pair),
    both("torch.logical_or", "input: tensor, other: tensor", torch.logical_or, rules.pair),
    both("torch.logical_xor", "input: tensor, other: tensor", torch.logical_xor, rules.pair),
    both(
        "torch.isclose",
        "input: tensor, other: tensor, rtol: number?, atol: number?",
        torch.isclose,
        rules.pair,
    ),
    both(
        "torch.clamp",
        "input: tensor, min: operand?, max: operand?",
        lambda input, min=None, max=None: _clamp(input, min, max),
        rules.broadcast("input", "min", "max"),
    ),
    both(
        "torch.lerp",
        "input: floats, end: floats, weight: operand",
        torch.lerp,
        rules.broadcast("input", "end", "weight"),
    ),
    entry(
        "torch.where",
        "condition: tensor, input: operand, other: operand",
        lambda condition, input, other: torch.where(condition, input, other),
        rules.broadcast("condition", "input", "other"),
    ),
    both(
        "torch.masked_fill",
        "input: tensor, mask: tensor, value: number",
        lambda input, mask, value: input.masked_fill(mask, value),
        rules.broadcast("input", "mask"),
    ),
    both(
        "torch.nn.functional.cosine_similarity",
        "x1: floats, x2: floats, dim: axis?, eps: number?",
        F.cosine_similarity,
        lambda given: shapes.broadcast(*given.shapes("x1", "x2"), names=given.names("x1", "x2")) and None,
        inside=lambda given: shapes.broadcast(*given.shapes("x1", "x2")),
    ),
    entry(
        "torch.isin",
        "elements: tensor, test_elements: tensor",
        torch.isin,
        lambda given: given.shape("elements"),
    ),
]


def _clamp(input: torch.Tensor, low: Any, high: Any) -> torch.Tensor:
    """torch.clamp, with a number beside a tensor made a tensor as well."""
    if isinstance(low, torch.Tensor) != isinstance(high, torch.Tensor):
        low, high = (None if one is None else as_tensor(one, str(input.device)) for one in (low, high))
    return torch.clamp(input, low, high)


# The same numbers in another shape

SHAPE = [
    both(
        "torch.reshape",
        "input: tensor, *shape: sizes",
        torch.reshape,
        moving(shapes.reshape, "shape"),
    ),
    method(
        "view",
        "input: tensor, *shape: sizes",
        lambda input, shape: input.view(shape),
        moving(shapes.reshape, "shape"),
    ),
    both("torch.permute", "input: tensor, *dims: ints", torch.permute, moving(shapes.permute, "dims")),
    both(
        "torch.transpose",
        "input: tensor, dim0: axis, dim1: axis",
        torch.transpose,
        moving(shapes.transpose, "dim0", "dim1"),
    ),
    both(
        "torch.swapaxes",
        "input: tensor, axis0: axis, axis1: axis",
        torch.swapaxes,
        moving(shapes.transpose, "axis0", "axis1"),
    ),
    both("torch.movedim", "input: tensor, source: axis, destination: axis", torch.movedim),
    both("torch.t", "input: tensor", lambda input: _flip_two(input)),
    both(
        "torch.squeeze",
        "input: tensor, dim: axes?",
        torch.squeeze,
        moving(shapes.squeeze, "dim"),
    ),
    both("torch.unsqueeze", "input: tensor, dim: axis", torch.unsqueeze, moving(shapes.unsqueeze, "dim")),
    both(
        "torch.flatten",
        "input: tensor, start_dim: axis?, end_dim: axis?",
        torch.flatten,
        lambda given: shapes.flatten(
            given.shape("input"), given.get("start_dim", 0), given.get("end_dim", -1), given.names("input")[0]
        ),
    ),
    both("torch.ravel", "input: tensor", torch.ravel),
    method(
        "expand",
        "input: tensor, *size: sizes",
        lambda input, size: input.expand(size),
        moving(shapes.expand, "size"),
    ),
    method(
        "expand_as",
        "input: tensor, other: tensor",
        lambda input, other: input.expand(other.shape),
        lambda given: shapes.expand(given.shape("input"), given.shape("other"), given.names("input")[0]),
    ),
    both(
        "torch.broadcast_to",
        "input: tensor, *size: sizes",
        lambda input, size: input.expand(size),
        moving(shapes.expand, "size"),
    ),
    method(
        "repeat", "input: tensor, *repeats: sizes", lambda input, repeats: input.repeat(repeats), rules.repeat
    ),
    both("torch.tile", "input: tensor, *dims: ints", torch.tile, lambda given: _tiled(given)),
    both(
        "torch.repeat_interleave",
        "input: tensor, repeats: int, dim: axis?",
        torch.repeat_interleave,
        rules.repeat_each,
    ),
    both("torch.flip", "input: tensor, *dims: ints", torch.flip),
    both("torch.fliplr", "input: tensor", torch.fliplr),
    both("torch.flipud", "input: tensor", torch.flipud),
    both("torch.roll", "input: tensor, shifts: ints, dims: ints?", torch.roll),
    both("torch.rot90", "input: tensor, k: int?, dims: ints?", torch.rot90),
    *network.SHAPE,
    method("contiguous", "input: tensor", lambda input: input.contiguous()),
    method("cpu", "input: tensor", lambda input: input),
]


def _tiled(given: Given) -> tuple[int, ...]:
    one, two = shapes.align(given.shape("input"), given["dims"])
    if min(given["dims"], default=0) < 0:
        raise ExpressionError(_("{size} is no size.").format(size=min(given["dims"])), rule="size")
    return tuple((1 if a is None else a) * (1 if b is None else b) for a, b in zip(one, two, strict=True))


def _flip_two(input: torch.Tensor) -> torch.Tensor:
    """A.T of a matrix; vectors and numbers stay."""
    if input.ndim > 2:
        sentence = _("`.T` flips a matrix, and this has {count} axes.").format(count=input.ndim)
        fix = _("Write `.mT` to flip the last two axes, or `.permute(...)` to order them all.")
        raise ExpressionError(sentence, fix, rule="shape")
    return input.t()


def _flip_last(input: torch.Tensor) -> torch.Tensor:
    """A.mT: every matrix of a stack flipped."""
    if input.ndim < 2:
        fix = _("Write `.unsqueeze(0)` for a row, `.unsqueeze(1)` for a column.")
        raise ExpressionError(_("`.mT` needs two axes or more."), fix, rule="shape")
    return input.mT


# Reductions

_DIM = "input: tensor, dim: axes?, keepdim: flag?"
_ONE = "input: tensor, dim: axis?, keepdim: flag?"
_PAIR = ("values", "indices")


def _axis_only(call: Callable[..., Any]) -> Callable[..., Any]:
    """torch.prod, any, all: keepdim goes with dim only."""

    def called(input: torch.Tensor, dim: Any = None, keepdim: bool = False, **more: Any) -> torch.Tensor:
        if dim is not None:
            return call(input, dim, keepdim, **more)
        result = call(input, **more)
        return result.reshape((1,) * input.ndim) if keepdim else result

    return called


def _all_or_some(call: Callable[..., Any]) -> Callable[..., Any]:
    """torch.sum and mean: keepdim without dim means every axis."""

    def called(input: torch.Tensor, dim: Any = None, keepdim: bool = False, **more: Any) -> torch.Tensor:
        return call(input, dim, keepdim, **more)

    return called


REDUCTIONS = [
    both("torch.sum", _DIM + ", dtype: dtype?", _all_or_some(torch.sum), rules.reducing, exact=True),
    both("torch.mean", "input: floats, dim: axes?, keepdim: flag?", _all_or_some(torch.mean), rules.reducing),
    both("torch.prod", _ONE + ", dtype: dtype?", _axis_only(torch.prod), rules.reducing, exact=True),
    both("torch.amax", _DIM, torch.amax, rules.extreme),
    both("torch.amin", _DIM, torch.amin, rules.extreme),
    both(
        "torch.max",
        "input: tensor, dim: any?, keepdim: flag?",
        lambda **given: _extreme(torch.max, given),
        rules.max_or_min,
        fields=_PAIR,
    ),
    both(
        "torch.min",
        "input: tensor, dim: any?, keepdim: flag?",
        lambda **given: _extreme(torch.min, given),
        rules.max_or_min,
        fields=_PAIR,
    ),
    both("torch.argmax", _ONE, torch.argmax, rules.extreme),
    both("torch.argmin", _ONE, torch.argmin, rules.extreme),
    both("torch.all", _ONE, _axis_only(torch.all), rules.reducing),
    both("torch.any", _ONE, _axis_only(torch.any), rules.reducing),
    both("torch.count_nonzero", "input: tensor, dim: axes?", torch.count_nonzero, rules.reducing),
    both(
        "torch.std",
        "input: floats, dim: axes?, unbiased: flag?, keepdim: flag?, correction: number?",
        lambda **given: _spread(torch.std, given),
        rules.reducing,
    ),
    both(
        "torch.var",
        "input: floats, dim: axes?, unbiased: flag?, keepdim: flag?, correction: number?",
        lambda **given: _spread(torch.var, given),
        rules.reducing,
    ),
    both(
        "torch.median",
        _ONE,
        lambda input, dim=None, keepdim=False: (
            torch.median(input) if dim is None else torch.median(input, dim, keepdim)
        ),
        rules.extreme,
        fields=_PAIR,
    ),
    both("torch.logsumexp", "input: floats, dim: axes, keepdim: flag?", torch.logsumexp, rules.reducing),
    both(
        "torch.norm",
        "input: floats, p: any?, dim: axes?, keepdim: flag?",
        lambda input, p=2, dim=None, keepdim=False: _norm(input, p, dim, keepdim),
        rules.reducing,
    ),
    both("torch.cumsum", "input: tensor, dim: axis", torch.cumsum, rules.along, exact=True),
    both("torch.cumprod", "input: tensor, dim: axis", torch.cumprod, rules.along, exact=True),
    both("torch.cummax", "input: tensor, dim: axis", torch.cummax, rules.along, fields=_PAIR),
    both("torch.cummin", "input: tensor, dim: axis", torch.cummin, rules.along, fields=_PAIR),
    both("torch.diff", "input: tensor, n: int?, dim: axis?", torch.diff, rules.along),
    both("torch.softmax", "input: floats, dim: axis?", torch.softmax, rules.along_last),
    both("torch.log_softmax", "input: floats, dim: axis?", torch.log_softmax, rules.along_last),
    both("torch.sort", "input: tensor, dim: axis?, descending: flag?", torch.sort, rules.along, fields=_PAIR),
    both("torch.argsort", "input: tensor, dim: axis?, descending: flag?", torch.argsort, rules.along),
    both(
        "torch.topk",
        "input: tensor, k: int, dim: axis?, largest: flag?",
        torch.topk,
        rules.along,
        fields=_PAIR,
    ),
    both("torch.trace", "input: tensor", torch.trace, exact=True),
    entry("torch.nn.functional.normalize", "input: floats, p: number?, dim: axis?", F.normalize, rules.along),
    both(
        "torch.histc",
        "input: floats, bins: int?, min: number?, max: number?",
        torch.histc,
        lambda given: (rules.positive(given, "bins", 100),),
        guard=rules.finite_range,
    ),
    *network.REDUCTIONS,
]


def _extreme(call: Callable[..., Any], given: dict[str, Any]) -> Any:
    return call(**given) if "dim" in given or "other" in given else call(given["input"])


def _spread(call: Callable[..., Any], given: dict[str, Any]) -> torch.Tensor:
    unbiased = given.pop("unbiased", True)
    return call(given.pop("input"), **{"dim": None, "correction": int(unbiased), **given})


def _norm(input: torch.Tensor, p: Any, dim: Any, keepdim: bool) -> torch.Tensor:
    if p is None or p == "fro":
        p = 2
    if not isinstance(p, int | float):
        raise ExpressionError(_("The order of a norm is a number or 'fro'."), rule="value")
    return torch.linalg.vector_norm(input, p, dim, keepdim)


# Products

PRODUCTS = [
    both(
        "torch.matmul",
        "input: tensor, other: tensor",
        torch.matmul,
        product(shapes.matmul),
        work=matmul_work(),
        exact=True,
    ),
    both(
        "torch.mm",
        "input: tensor, mat2: tensor",
        torch.mm,
        product(shapes.mm, "input", "mat2"),
        work=matmul_work("input", "mat2"),
        exact=True,
    ),
    both(
        "torch.bmm",
        "input: tensor, mat2: tensor",
        torch.bmm,
        product(shapes.bmm, "input", "mat2"),
        work=matmul_work("input", "mat2"),
        exact=True,
    ),
    both(
        "torch.mv",
        "input: tensor, vec: tensor",
        torch.mv,
        product(shapes.matvec, "input", "vec"),
        work=matmul_work("input", "vec"),
        exact=True,
    ),
    both(
        "torch.dot",
        "input: tensor, tensor: tensor",
        torch.dot,
        product(shapes.dot, "input", "tensor"),
        work=lambda given: math.prod(given.shape("input")),
        exact=True,
    ),
    both(
        "torch.inner",
        "input: tensor, other: tensor",
        torch.inner,
        work=lambda given: math.prod(given.shape("input")) * math.prod(given.shape("other")),
    ),
    both(
        "torch.outer",
        "input: tensor, vec2: tensor",
        torch.outer,
        lambda given: shapes.outer(given.shape("input"), given.shape("vec2"), given.names("input", "vec2")),
        exact=True,
    ),
    both("torch.kron", "input: tensor, other: tensor", torch.kron, rules.kron, exact=True),
    entry("torch.linalg.cross", "input: tensor, other: tensor, dim: axis?", torch.linalg.cross, rules.pair),
    entry(
        "torch.linalg.vecdot",
        "x: tensor, y: tensor, dim: axis?",
        torch.linalg.vecdot,
        inside=lambda given: shapes.broadcast(*given.shapes("x", "y")),
        work=lambda given: math.prod(shapes.broadcast(*given.shapes("x", "y"))),
    ),
    entry(
        "torch.einsum",
        "equation: text, *operands: tensors",
        lambda equation, operands: torch.einsum(equation, *operands),
        lambda given: rules.einsum_sizes(given) and None,
        work=lambda given: math.prod(rules.einsum_sizes(given).values()),
        exact=True,
    ),
    entry(
        "torch.tensordot",
        "a: tensor, b: tensor, dims: int",
        torch.tensordot,
        work=lambda given: math.prod(given.shape("a")) * math.prod(given.shape("b")),
    ),
    entry(
        "torch.nn.functional.linear",
        "input: tensor, weight: tensor, bias: tensor?",
        F.linear,
        lambda given: _linear(given),
        work=lambda given: math.prod(given.shape("input")) * given.shape("weight")[0],
    ),
    both(
        "torch.addmm",
        "input: tensor, mat1: tensor, mat2: tensor, beta: number?, alpha: number?",
        torch.addmm,
        rules.added(product(shapes.mm, "mat1", "mat2")),
        work=matmul_work("mat1", "mat2"),
    ),
    both(
        "torch.baddbmm",
        "input: tensor, batch1: tensor, batch2: tensor, beta: number?, alpha: number?",
        torch.baddbmm,
        rules.added(product(shapes.bmm, "batch1", "batch2")),
        work=matmul_work("batch1", "batch2"),
    ),
    entry(
        "torch.linalg.multi_dot",
        "*tensors: tensors",
        lambda tensors: torch.linalg.multi_dot(tensors),
        rules.chained,
        work=rules.chain_work,
    ),
    entry(
        "torch.cdist",
        "x1: floats, x2: floats, p: number?",
        torch.cdist,
        rules.distances,
        work=lambda given: math.prod(rules.distances(given)) * given.shape("x1")[-1],
    ),
    *network.PRODUCTS,
]


def _linear(given: Given) -> tuple[int, ...]:
    """input @ weight.T + bias."""
    name, weight = given.names("input", "weight")
    sizes = shapes.bind_each([(name, "... k", given.shape("input")), (weight, "m k", given.shape("weight"))])
    shape = (*given.shape("input")[:-1], sizes["m"])
    if "bias" in given.values:
        shapes.bind(
            "m", given.shape("bias"), given.names("bias")[0], sizes, {"m": (weight, given.shape("weight"))}
        )
    return shape


# Linear algebra


def _first(call: Callable[..., Any]) -> Callable[..., Any]:
    """torch names the tensor A in some calls and input in others."""
    return lambda input, **more: call(input, **more)


def _spreading(call: Callable[..., Any]) -> Callable[..., Any]:
    """torch.cov and corrcoef look at values, which the meta device has not."""

    def called(input: torch.Tensor, **more: Any) -> torch.Tensor:
        if not input.is_meta:
            return call(input, **more)
        count = input.shape[0] if input.ndim == 2 else 1
        return input.new_empty((count, count) if count != 1 else ())

    return called


LINALG = [
    entry("torch.linalg.det", "input: floats", _first(torch.linalg.det), rules.square, work=rules.cubed),
    both("torch.det", "input: floats", _first(torch.linalg.det), rules.square, work=rules.cubed),
    entry("torch.linalg.inv", "input: floats", _first(torch.linalg.inv), rules.square, work=rules.cubed),
    both("torch.inverse", "input: floats", _first(torch.linalg.inv), rules.square, work=rules.cubed),
    entry("torch.linalg.pinv", "input: floats", torch.linalg.pinv, rules.matrix, work=rules.cubed),
    both("torch.pinverse", "input: floats", torch.linalg.pinv, rules.matrix, work=rules.cubed),
    entry(
        "torch.linalg.matrix_rank", "input: floats", torch.linalg.matrix_rank, rules.matrix, work=rules.cubed
    ),
    entry(
        "torch.linalg.matrix_power",
        "input: floats, n: int",
        torch.linalg.matrix_power,
        rules.square,
        work=lambda given: rules.cubed(given) * max(abs(given["n"]), 2).bit_length(),
    ),
    entry(
        "torch.linalg.matrix_exp",
        "input: floats",
        torch.linalg.matrix_exp,
        rules.square,
        work=lambda given: 20 * rules.cubed(given),
    ),
    entry("torch.linalg.cholesky", "input: floats", torch.linalg.cholesky, rules.square, work=rules.cubed),
    entry(
        "torch.linalg.solve",
        "A: floats, B: floats",
        torch.linalg.solve,
        lambda given: shapes.square(given.shape("A"), given.names("A")[0]) and None,
        work=lambda given: math.prod(given.shape("A")) * max(*given.shape("A"), *given.shape("B"), 1),
    ),
    entry(
        "torch.linalg.eigh",
        "input: floats",
        torch.linalg.eigh,
        rules.square,
        work=rules.cubed,
        fields=("eigenvalues", "eigenvectors"),
    ),
    entry("torch.linalg.eigvalsh", "input: floats", torch.linalg.eigvalsh, rules.square, work=rules.cubed),
    entry(
        "torch.linalg.svd",
        "input: floats, full_matrices: flag?",
        _first(torch.linalg.svd),
        rules.matrix,
        work=rules.cubed,
        fields=("U", "S", "Vh"),
    ),
    entry(
        "torch.linalg.svdvals", "input: floats", _first(torch.linalg.svdvals), rules.matrix, work=rules.cubed
    ),
    entry(
        "torch.linalg.qr",
        "input: floats",
        _first(torch.linalg.qr),
        rules.matrix,
        work=rules.cubed,
        fields=("Q", "R"),
    ),
    entry(
        "torch.linalg.vector_norm",
        "input: floats, ord: number?, dim: axes?, keepdim: flag?",
        lambda input, ord=2, dim=None, keepdim=False: torch.linalg.vector_norm(input, ord, dim, keepdim),
        rules.reducing,
    ),
    entry(
        "torch.linalg.matrix_norm",
        "input: floats, ord: any?",
        lambda input, ord="fro": _matrix_norm(input, ord),
        rules.matrix,
        work=rules.cubed,
    ),
    entry(
        "torch.linalg.norm",
        "input: floats, ord: any?, dim: axes?, keepdim: flag?",
        lambda input, ord=None, dim=None, keepdim=False: _any_norm(input, ord, dim, keepdim),
        rules.reducing,
        work=rules.cubed,
    ),
    entry("torch.linalg.cond", "input: floats", torch.linalg.cond, rules.matrix, work=rules.cubed),
    both("torch.diag", "input: tensor, diagonal: int?", torch.diag, lambda given: _diag(given)),
    both("torch.diagonal", "input: tensor, offset: int?, dim1: axis?, dim2: axis?", torch.diagonal),
    both("torch.diag_embed", "input: tensor", torch.diag_embed, rules.diagonals),
    both(
        "torch.cov",
        "input: floats, correction: int?",
        _spreading(torch.cov),
        rules.covariance,
        work=rules.covariance_work,
    ),
    both(
        "torch.corrcoef",
        "input: floats",
        _spreading(torch.corrcoef),
        rules.covariance,
        work=rules.covariance_work,
    ),
    entry("torch.vander", "x: tensor, N: int?, increasing: flag?", torch.vander, rules.vander, exact=True),
    both("torch.tril", "input: tensor, diagonal: int?", torch.tril, rules.matrix),
    both("torch.triu", "input: tensor, diagonal: int?", torch.triu, rules.matrix),
]


def _matrix_norm(input: torch.Tensor, order: Any) -> torch.Tensor:
    if order not in ("fro", "nuc") and (
        isinstance(order, bool) or order not in (1, -1, 2, -2, math.inf, -math.inf)
    ):
        raise ExpressionError(_("The order of a matrix norm is 1, 2, inf, 'fro' or 'nuc'."), rule="value")
    return torch.linalg.matrix_norm(input, order)


def _any_norm(input: torch.Tensor, order: Any, dim: Any, keepdim: bool) -> torch.Tensor:
    if order is not None and not isinstance(order, int | float) and order not in ("fro", "nuc"):
        raise ExpressionError(_("The order of a norm is a number, 'fro' or 'nuc'."), rule="value")
    return torch.linalg.norm(input, order, dim, keepdim)


def _diag(given: Given) -> tuple[int, int] | None:
    shape = given.shape("input")
    if len(shape) not in (1, 2):
        sentence = _("diag needs a vector or a matrix, and {tensor} has {count} axes.")
        tensor = shapes.named(given.names("input")[0], shape)
        raise ExpressionError(sentence.format(tensor=tensor, count=len(shape)), rule="shape")
    size = shape[0] + abs(given.get("diagonal", 0))
    return (size, size) if len(shape) == 1 else None


# Joining and taking apart

JOINING = [
    entry("torch.cat", "tensors: tensors, dim: axis?", torch.cat, joining(shapes.cat)),
    entry("torch.concat", "tensors: tensors, dim: axis?", torch.cat, joining(shapes.cat)),
    entry("torch.stack", "tensors: tensors, dim: axis?", torch.stack, joining(shapes.stack)),
    entry("torch.hstack", "tensors: tensors", torch.hstack),
    entry("torch.vstack", "tensors: tensors", torch.vstack),
    entry(
        "torch.meshgrid",
        "*tensors: tensors, indexing: text?",
        lambda tensors, indexing="ij": torch.meshgrid(*tensors, indexing=indexing),
        rules.mesh,
    ),
    entry("torch.block_diag", "*tensors: tensors", lambda tensors: torch.block_diag(*tensors), rules.blocks),
    entry(
        "torch.cartesian_prod",
        "*tensors: tensors",
        lambda tensors: torch.cartesian_prod(*tensors),
        rules.cartesian,
    ),
    both("torch.unbind", "input: tensor, dim: axis?", torch.unbind, rules.pieces),
    both("torch.chunk", "input: tensor, chunks: int, dim: axis?", torch.chunk, rules.pieces),
    both(
        "torch.split",
        "input: tensor, split_size: int, dim: axis?",
        lambda input, split_size, dim=0: torch.split(input, split_size, dim),
        rules.pieces,
    ),
    both("torch.gather", "input: tensor, dim: axis, index: tensor", torch.gather, rules.along),
    both("torch.index_select", "input: tensor, dim: axis, index: tensor", torch.index_select, rules.along),
    both("torch.select", "input: tensor, dim: axis, index: int", torch.select, rules.along),
    both("torch.narrow", "input: tensor, dim: axis, start: int, length: int", torch.narrow, rules.along),
    both("torch.take", "input: tensor, index: tensor", torch.take),
    entry(
        "torch.nn.functional.one_hot",
        "input: tensor, num_classes: int",
        F.one_hot,
        rules.one_hot,
        guard=rules.classes,
    ),
]


# New tensors

_SIZE = "*size: sizes, dtype: dtype?, device: any?, requires_grad: any?"
_DTYPE = "dtype: dtype?, device: any?, requires_grad: any?"
_DATA = "data: any, dtype: dtype?, device: any?, requires_grad: any?, size: sizes?"
_RANDOM = "*size: sizes, seed: int?, dtype: dtype?, device: any?, requires_grad: any?"


def _new(path: str, parameters: str, call: Callable[..., Any], rule=None, **more: Any) -> Entry:
    return entry(path, parameters, call, rule, creates=True, **more)


def _tensor(data: Any, device: str, dtype: torch.dtype | None = None, size: Any = None) -> torch.Tensor:
    """torch.tensor; `size` is what torch prints beside an empty one."""
    found = as_tensor(data, device)
    if size is not None:
        found = found.reshape(size)
    if dtype is None:
        return found
    rules.casting(Given({"input": found, "dtype": dtype}))
    if found.dtype == torch.float32 and dtype == torch.float64 and isinstance(data, list | float):
        return (
            torch.tensor(data, dtype=dtype, device=device).reshape(found.shape)
            if _plain(data)
            else found.to(dtype)
        )
    return found.to(dtype)


def _plain(data: Any) -> bool:
    return all(map(_plain, data)) if isinstance(data, list) else isinstance(data, bool | int | float)


def _full(size: Any, fill_value: Any, device: str, dtype: torch.dtype | None = None) -> torch.Tensor:
    if dtype is not None and not dtype.is_floating_point and dtype != torch.bool:
        rules.casting(Given({"input": torch.tensor(fill_value), "dtype": dtype}))
    return torch.full(size, fill_value, dtype=dtype, device=device)


CREATORS = [
    *(_new(path, _DATA, _tensor) for path in ("torch.tensor", "torch.as_tensor", "np.array", "numpy.array")),
    _new("torch.zeros", _SIZE, torch.zeros, rules.new),
    _new("torch.ones", _SIZE, torch.ones, rules.new),
    _new("torch.full", "size: sizes, fill_value: number, " + _DTYPE, _full, rules.new),
    _new(
        "torch.eye",
        "n: int, m: int?, " + _DTYPE,
        lambda n, m=None, **more: torch.eye(n, n if m is None else m, **more),
        rules.eye,
    ),
    _new("torch.arange", "start: number, end: number?, step: number?, " + _DTYPE, torch.arange, rules.arange),
    _new(
        "torch.linspace",
        "start: number, end: number, steps: int, " + _DTYPE,
        torch.linspace,
        rules.finite_ends,
    ),
    _new("torch.rand", _RANDOM, _seeded(torch.rand), rules.random),
    _new("torch.randn", _RANDOM, _seeded(torch.randn), rules.random),
    _new(
        "torch.randint",
        "low: number, high: any?, size: sizes?, seed: int?, " + _DTYPE,
        _seeded(torch.randint),
        rules.randint,
    ),
    _new("torch.randperm", "n: int, seed: int?, " + _DTYPE, _seeded(torch.randperm), counted("n")),
    both("torch.zeros_like", "input: tensor, dtype: dtype?", torch.zeros_like),
    both("torch.ones_like", "input: tensor, dtype: dtype?", torch.ones_like),
    both("torch.full_like", "input: tensor, fill_value: number, dtype: dtype?", torch.full_like),
    _new("rotation", "degrees: number?, axis: any?, radians: number?", own.rotation),
    _new("scaling", "*factors: any", lambda factors, device: own.scaling(_numbers(factors), device=device)),
    _new("shear", "x: number?, y: number?", own.shear),
    _new(
        "reflection",
        "degrees: number?, normal: any?, radians: number?",
        lambda **given: own.reflection(**_vectors(given)),
    ),
    _new(
        "projection",
        "degrees: number?, onto: any?, normal: any?, radians: number?",
        lambda **given: own.projection(**_vectors(given)),
    ),
]


def _numbers(value: Any) -> list[float]:
    entries = list(value) if isinstance(value, list | tuple) else [value]
    if not all(isinstance(one, int | float) for one in entries):
        raise ExpressionError(_("Numbers are needed here."), rule="type")
    return entries


def _vectors(given: dict[str, Any]) -> dict[str, Any]:
    wanted = ("normal", "onto", "axis")
    return {name: _numbers(value) if name in wanted else value for name, value in given.items()}


# Kinds of numbers


def _cast(name: str) -> Entry:
    dtype = DTYPES.get(name, torch.float32 if name == "float" else torch.int32)

    def guard(given: Given) -> None:
        rules.casting(Given({"input": given["input"], "dtype": dtype}))

    return method(name, "input: tensor", lambda input: input.to(dtype), guard=guard)


CASTS = [
    *map(_cast, ("float", "double", "half", "bfloat16", "int", "long", "short", "bool")),
    *(
        method(name, "input: tensor, dtype: dtype", lambda input, dtype: input.to(dtype), guard=rules.casting)
        for name in ("to", "type")
    ),
]


def _sign(sign: str, call: Callable[..., Any], rule=rules.pair, kind: str = "operand", **more: Any) -> Entry:
    """An operator between two values; Python's own operators take no names."""
    parameters = f"input: {kind}, other: {kind}"
    return entry(sign, parameters, lambda input, other: call(input, other), rule, **more)


def _prefix(sign: str, call: Callable[..., Any], rule=None, **more: Any) -> Entry:
    """An operator before a value."""
    return entry(sign, "input: tensor", lambda input: call(input), rule, **more)


OPERATORS = {
    one.path: one
    for one in (
        _sign("+", operator.add, exact=True),
        _sign("-", operator.sub, rules.minus, exact=True),
        _sign("*", operator.mul, exact=True),
        _sign("/", operator.truediv),
        _sign("//", operator.floordiv, guard=rules.dividing),
        _sign("%", operator.mod, guard=rules.dividing),
        _sign("**", operator.pow, guard=rules.powers, exact=True),
        _sign("@", operator.matmul, product(shapes.matmul), "tensor", work=matmul_work(), exact=True),
        _sign("<", operator.lt),
        _sign("<=", operator.le),
        _sign(">", operator.gt),
        _sign(">=", operator.ge),
        _sign("==", operator.eq),
        _sign("!=", operator.ne),
        _sign("&", operator.and_),
        _sign("|", operator.or_),
        _sign("^", operator.xor),
    )
}
PREFIXES = {
    "-": _prefix("-", operator.neg, rules.minus, exact=True),
    "+": _prefix("+", operator.pos),
    "~": _prefix("~", operator.invert),
}
ATTRIBUTES: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "T": _flip_two,
    "mT": _flip_last,
    "H": _flip_two,
}

# The groups of the help panel; the counting of operations goes by them as well.
OWN = ("rotation", "scaling", "shear", "reflection", "projection")
GROUPS: dict[str, list[Entry]] = {
    "creating": [one for one in CREATORS if one.path not in OWN],
    "elementwise": [*ELEMENTWISE, *BINARY],
    "reductions": REDUCTIONS,
    "products": PRODUCTS,
    "linear-algebra": LINALG,
    "shape": SHAPE,
    "joining": JOINING,
    "casts": CASTS,
    "own": [one for one in CREATORS if one.path in OWN],
    "real": REAL,
}
ENTRIES = [one for group in GROUPS.values() for one in group]
METHODS = {one.name: one for one in ENTRIES if one.method}


def _dotted(one: Entry) -> list[str]:
    """The names a function answers to: "torch.linalg.det", "linalg.det", and "det" where no other has it."""
    words = one.path.split(".")
    names = [".".join(words[start:]) for start in range(len(words))]
    return names + [f"F.{one.name}"] * (words[:-1] == ["torch", "nn", "functional"])


def _functions() -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for one in ENTRIES:
        for name in _dotted(one) if one.function else ():
            found.setdefault(name, one)
    for name in ("softmax", "log_softmax", "relu", "sigmoid", "tanh"):  # torch has them in both places
        for lead in ("F", "torch.nn.functional", "nn.functional"):
            found[f"{lead}.{name}"] = found[name]
    for name in ("matmul", "diagonal"):
        found[f"torch.linalg.{name}"] = found[f"linalg.{name}"] = found[name]
    for name in numbers.FUNCTIONS:  # math.sqrt(4) is a number; of a tensor it is torch's
        found[f"math.{name}"] = found[name]
    found["norm"] = found["torch.norm"]
    found["torch.cosine_similarity"] = found["cosine_similarity"]
    found["torch.chain_matmul"] = found["chain_matmul"] = found["torch.linalg.multi_dot"]
    return found


FUNCTIONS = _functions()
CONSTANTS: dict[str, Any] = {
    **{f"{lead}{name}": dtype for name, dtype in DTYPES.items() for lead in ("", "torch.", "np.", "numpy.")},
    "torch.float": torch.float32,
    "torch.int": torch.int32,
    "float": torch.float64,  # what torch takes Python's float, int and bool for
    "int": torch.int64,
    **{
        f"{lead}{name}": value
        for name, value in {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}.items()
        for lead in ("", "torch.", "math.", "np.", "numpy.")
    },
}

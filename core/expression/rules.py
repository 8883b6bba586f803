"""What is known before torch is asked: the shape of a result, the work, and the values that torch cannot take.

A rule answers the shape that will come, or None where only the meta device knows; a guard looks at real values.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from core import shapes
from core.expression.arguments import Given, dtype_name
from core.expression.errors import ExpressionError
from core.expression.numbers import overflow
from core.words import _

Shape = tuple[int, ...] | None
MOST_PIECES = 500


# Shapes


def broadcast(*names: str):
    """The arguments broadcast with each other."""

    def rule(given: Given) -> Shape:
        return shapes.broadcast(*given.shapes(*names), names=given.names(*names))

    return rule


pair = broadcast("input", "other")


def minus(given: Given) -> Shape:
    """torch has no minus for bools."""
    values = [given.get("input"), given.get("other", False)]
    flags = [getattr(value, "dtype", type(value)) in (torch.bool, bool) for value in values]
    if all(flags):
        fix = _("Write `^` for where they differ, `~` for the opposite, or turn them into numbers: `.int()`.")
        raise ExpressionError(_("True and False cannot be subtracted."), fix, rule="dtype")
    return pair(given) if "other" in given.values else None


def product(rule, first: str = "input", second: str = "other"):
    """A product of two tensors of one dtype, whose shape `rule` gives."""

    def checked(given: Given) -> Shape:
        one, two = given[first], given[second]
        shape = rule(given.shape(first), given.shape(second), given.names(first, second))
        if one.dtype != two.dtype:
            name, other = given.names(first, second)
            sentence = _("{tensor} holds {dtype} but {other} holds {other_dtype}: a product needs one dtype.")
            words = {"tensor": shapes.named(name, one.shape), "dtype": dtype_name(one.dtype)}
            words |= {"other": shapes.named(other, two.shape), "other_dtype": dtype_name(two.dtype)}
            fix = _("Write `.float()` after the tensor of whole numbers.")
            raise ExpressionError(sentence.format(**words), fix, rule="dtype")
        return shape

    return checked


def reducing(given: Given) -> Shape:
    """Over dim, or over everything."""
    keepdim = given.get("keepdim", False)
    return shapes.reduce(given.shape("input"), given.get("dim"), keepdim, given.names("input")[0])


def extreme(given: Given) -> Shape:
    """Over dim, where nothing is no answer: the largest of no numbers."""
    gone = shapes.axes_of(given.get("dim"), given.shape("input"), given.names("input")[0])
    if given["input"].numel() == 0 and any(given.shape("input")[axis] == 0 for axis in gone):
        sentence = _("{tensor} is empty there: without numbers there is no largest or smallest.")
        tensor = shapes.named(given.names("input")[0], given.shape("input"))
        raise ExpressionError(sentence.format(tensor=tensor), rule="empty-axis")
    return None


def max_or_min(given: Given) -> Shape:
    """torch.max(input), (input, dim, keepdim) or (input, other)."""
    if isinstance(given.get("dim"), torch.Tensor):
        given.values["other"] = given.values.pop("dim")
        given.labels["other"] = given.labels["dim"]
        return pair(given)
    if "dim" in given.values and type(given["dim"]) is not int:
        raise ExpressionError(_("`dim` of max and min must be one whole number."), rule="type")
    return extreme(given)


def along(given: Given) -> Shape:
    """An axis that must exist; the shape stays."""
    if given.get("dim") is not None:
        shapes.axes_of(given["dim"], given.shape("input"), given.names("input")[0])
    return None


def along_last(given: Given) -> Shape:
    """As `along`; softmax(x) is along the last axis, which is what people mean by it."""
    given.values.setdefault("dim", -1)
    return along(given)


def moving(rule, *arguments: str):
    """A rule of core.shapes on the tensor and these arguments, those left out included as the rule has them."""

    def moved(given: Given) -> Shape:
        values = {name: given[name] for name in arguments if name in given.values}
        return rule(given.shape("input"), *values.values(), name=given.names("input")[0])

    return moved


def repeat(given: Given) -> Shape:
    """Each axis repeated."""
    shape, sizes = given.shape("input"), given["repeats"]
    if len(sizes) < len(shape) or min(sizes, default=0) < 0:
        sentence = _("repeat needs at least {count} numbers for {tensor}, none below 0.")
        tensor = shapes.named(given.names("input")[0], shape)
        raise ExpressionError(sentence.format(tensor=tensor, count=len(shape)), rule="shape")
    padded = (1,) * (len(sizes) - len(shape)) + shape
    return tuple(size * times for size, times in zip(padded, sizes, strict=True))


def repeat_each(given: Given) -> Shape:
    """Every entry repeated."""
    if given["repeats"] < 0:
        raise ExpressionError(_("{size} is no size.").format(size=given["repeats"]), rule="size")
    shape = given.shape("input")
    if given.get("dim") is None:
        return (math.prod(shape) * given["repeats"],)
    axis = shapes.axis_of(given["dim"], len(shape), given.names("input")[0], shape)
    return (*shape[:axis], shape[axis] * given["repeats"], *shape[axis + 1 :]) if shape else None


def joining(rule):
    """cat or stack of a list."""

    def joined(given: Given) -> Shape:
        tensors = given["tensors"]
        names = [_("tensor {number}").format(number=number) for number in range(len(tensors))]
        found = [tuple(tensor.shape) for tensor in tensors]
        return rule(found, given.get("dim", 0), names)

    return joined


def pieces(given: Given) -> Shape:
    """A tensor taken apart by unbind, chunk or split: not into more pieces than a line has parts.

    torch makes as many empty pieces as it is asked for: zeros(0, 3).chunk(2**31 - 1) fills the memory.
    """
    along(given)
    shape = given.shape("input")
    size = shape[given.get("dim", 0)] if shape else 1
    count = given.get("chunks", size)
    if "split_size" in given.values:
        count = math.ceil(size / given["split_size"]) if given["split_size"] > 0 else 0
    if ("chunks" in given.values or "split_size" in given.values) and count < 1 and size > 0:
        wrong = given.get("chunks", given.get("split_size"))
        raise ExpressionError(_("{size} is no size.").format(size=wrong), rule="size")
    if not 0 <= count <= MOST_PIECES:
        sentence = _("This would be {count} tensors; at most {limit} are allowed.")
        raise ExpressionError(sentence.format(count=count, limit=MOST_PIECES), rule="too-many-pieces")
    return None


def square(given: Given) -> Shape:
    """A square matrix, or a stack of them."""
    shapes.square(given.shape("input"), given.names("input")[0])
    return None


def matrix(given: Given) -> Shape:
    """Two axes at least."""
    shapes.bind("... m n", given.shape("input"), given.names("input")[0])
    return None


def kron(given: Given) -> Shape:
    """Sizes multiply."""
    one, two = shapes.align(*given.shapes("input", "other"))
    return tuple(
        (1 if left is None else left) * (1 if right is None else right)
        for left, right in zip(one, two, strict=True)
    )


# Sizes of new tensors


def new(given: Given) -> Shape:
    """The sizes given."""
    sizes = given["size"]
    for size in sizes:
        if size < 0:
            raise ExpressionError(_("{size} is no size.").format(size=size), rule="size")
    return sizes


def counted(name: str):
    """A vector whose length is an argument."""

    def rule(given: Given) -> Shape:
        if given[name] < 0:
            raise ExpressionError(_("{size} is no size.").format(size=given[name]), rule="size")
        return (given[name],)

    return rule


def eye(given: Given) -> Shape:
    """n x m."""
    rows = given["n"]
    columns = given.get("m", rows)
    if min(rows, columns) < 0:
        raise ExpressionError(_("{size} is no size.").format(size=min(rows, columns)), rule="size")
    return rows, columns


def arange(given: Given) -> Shape:
    """How many numbers lie from start to end by step; the traps of arange with them."""
    if "end" not in given.values:
        given.values["end"] = given.values.pop("start")
    start, end, step = given.get("start", 0), given["end"], given.get("step", 1)
    bounds = [start, end, step]
    if step == 0:
        raise ExpressionError(_("The step of arange cannot be 0."), rule="value")
    if not all(math.isfinite(bound) for bound in bounds):
        raise ExpressionError(_("arange needs finite numbers."), rule="value")
    if (end - start) * step < 0:
        sentence = _("arange cannot go from {start} to {end} by steps of {step}.")
        fix = _("Give the step the other sign.")
        raise ExpressionError(sentence.format(start=start, end=end, step=step), fix, rule="value")
    dtype = given.get("dtype")
    if dtype is not None and not dtype.is_floating_point and any(isinstance(one, float) for one in bounds):
        sentence = _("arange with {dtype} needs whole numbers.").format(dtype=dtype_name(dtype))
        raise ExpressionError(sentence, _("Leave out `dtype=`, or the decimal points."), rule="dtype")
    if dtype == torch.bool:
        raise ExpressionError(_("arange cannot count in True and False."), rule="dtype")
    count = (end - start) / step
    return (math.ceil(count) if math.isfinite(count) else 2**62,)


def finite_ends(given: Given) -> Shape:
    """linspace: a number of steps between two finite ends."""
    if not (math.isfinite(given["start"]) and math.isfinite(given["end"])):
        raise ExpressionError(_("linspace needs finite numbers."), rule="value")
    return counted("steps")(given)


def randint(given: Given) -> Shape:
    """randint(high, size) or randint(low, high, size)."""
    if isinstance(given.get("high"), list | tuple) and "size" not in given.values:
        given.values["size"] = tuple(given.values.pop("high"))  # randint(10, (2, 3))
    low, high = (given["low"], given["high"]) if "high" in given.values else (0, given["low"])
    if "size" not in given.values:
        sentence = _("`{function}` needs `{argument}`.").format(function="torch.randint", argument="size")
        fix = _("Write `{text}`.").format(text="torch.randint(0, 10, (2, 3))")
        raise ExpressionError(sentence, fix, rule="missing-argument")
    if any(type(one) is not int for one in (low, high, *given["size"])):
        raise ExpressionError(_("randint takes whole numbers."), rule="type")
    given.values.update(low=low, high=high)
    if low >= high:
        sentence = _("randint takes numbers from {low} up to, not including, {high}: there are none.")
        raise ExpressionError(sentence.format(low=low, high=high), rule="value")
    dtype = given.get("dtype", torch.int64)
    if dtype == torch.bool or (not dtype.is_floating_point and not fits(dtype, low, high - 1)):
        raise overflow(dtype_name(dtype))
    return new(given)


def random(given: Given) -> Shape:
    """rand and randn make floats only."""
    dtype = given.get("dtype", torch.float32)
    if not dtype.is_floating_point:
        sentence = _("Random fractions need floats, not {dtype}.").format(dtype=dtype_name(dtype))
        raise ExpressionError(sentence, _("Use `torch.randint` for whole numbers."), rule="dtype")
    return new(given) if "size" in given.values else None


def one_hot(given: Given) -> Shape:
    """A new last axis of num_classes."""
    if given["num_classes"] < 1:
        raise ExpressionError(_("{size} is no size.").format(size=given["num_classes"]), rule="size")
    return (*given.shape("input"), given["num_classes"])


def fits(dtype: torch.dtype, *values: Any) -> bool:
    """Whether the integer type holds all the values."""
    low, high = (0, 1) if dtype == torch.bool else (torch.iinfo(dtype).min, torch.iinfo(dtype).max)
    return all(low <= value <= high for value in values)


# Joined sizes


def positive(given: Given, name: str, default: int) -> int:
    """A count of 1 or more."""
    found = given.get(name, default)
    if found < 1:
        raise ExpressionError(_("{size} is no size.").format(size=found), rule="size")
    return found


def added(rule):
    """A product to which `input` is broadcast."""

    def checked(given: Given) -> Shape:
        shape = rule(given)
        shapes.expand(given.shape("input"), shape, given.names("input")[0])
        return shape

    return checked


def chained(given: Given) -> Shape:
    """A1 @ A2 @ A3 ..., the first and the last of which may be vectors."""
    tensors = given["tensors"]
    names = [_("tensor {number}").format(number=number) for number in range(len(tensors))]
    if len(tensors) < 2:
        raise ExpressionError(_("A chain needs two matrices or more."), rule="missing-argument")
    for place, (name, tensor) in enumerate(zip(names, tensors, strict=True)):
        if tensor.ndim != 2 and not (tensor.ndim == 1 and place in (0, len(tensors) - 1)):
            shapes.bind("m n", tuple(tensor.shape), name)
    shape, name = tuple(tensors[0].shape), names[0]
    for other, tensor in zip(names[1:], tensors[1:], strict=True):
        shape = shapes.matmul(shape, tuple(tensor.shape), (name, other))
        name = f"{name} @ {other}"
    return shape


def chain_work(given: Given) -> int:
    """From left to right; torch takes the cheapest order, which is no dearer."""
    total, shape = 0, tuple(given["tensors"][0].shape)
    for tensor in given["tensors"][1:]:
        found = shapes.matmul(shape, tuple(tensor.shape))
        total += math.prod(found) * shape[-1]
        shape = found
    return total


def distances(given: Given) -> tuple[int, ...]:
    """(..., n, d) and (..., m, d) give (..., n, m)."""
    one, two = given.shapes("x1", "x2")
    names = given.names("x1", "x2")
    shapes.bind_each([(names[0], "... n d", one), (names[1], "... m d", two)])
    if given.get("p", 2) < 0:
        raise ExpressionError(_("The order of a distance is 0 or more."), rule="value")
    return (*shapes.broadcast(one[:-2], two[:-2], names=names), one[-2], two[-2])


def covariance(given: Given) -> Shape:
    """(variables, observations) gives (variables, variables); a vector is one variable."""
    shape, name = given.shape("input"), given.names("input")[0]
    if len(shape) > 2:
        shapes.bind("variable observation", shape, name)
    return (shape[0], shape[0]) if len(shape) == 2 and shape[0] != 1 else ()


def covariance_work(given: Given) -> int:
    """Every pair of variables, for each observation."""
    shape = given.shape("input")
    return math.prod(shape) * shape[0] if len(shape) == 2 else math.prod(shape)


def vander(given: Given) -> Shape:
    """The powers of each number."""
    shape = given.shape("x")
    shapes.bind("... n", shape, given.names("x")[0])
    count = given.get("N", shape[-1])
    if count < 0:
        raise ExpressionError(_("{size} is no size.").format(size=count), rule="size")
    return (*shape, count)


def diagonals(given: Given) -> Shape:
    """Each vector along the last axis becomes a diagonal matrix."""
    shape = given.shape("input")
    return (*shape, shape[-1]) if shape else None


def _vectors(given: Given, function: str) -> list[int]:
    """The lengths of vectors; a single number is a vector of one."""
    found = []
    for number, tensor in enumerate(given["tensors"]):
        if tensor.ndim > 1:
            name = _("tensor {number}").format(number=number)
            shapes.bind("n", tuple(tensor.shape), name)
        found.append(tensor.numel())
    if not found:
        raise ExpressionError(
            _("`{function}` needs `{argument}`.").format(function=function, argument="tensors"),
            rule="missing-argument",
        )
    return found


def mesh(given: Given) -> Shape:
    """One axis for each vector."""
    sizes = _vectors(given, "torch.meshgrid")
    if given.get("indexing", "ij") not in ("ij", "xy"):
        raise ExpressionError(_("`indexing` is 'ij' or 'xy'."), rule="value")
    return tuple(sizes)


def cartesian(given: Given) -> Shape:
    """Every combination of one number from each vector, a row each."""
    sizes = _vectors(given, "torch.cartesian_prod")
    return (math.prod(sizes), len(sizes)) if len(sizes) > 1 else (sizes[0],)


def blocks(given: Given) -> Shape:
    """Matrices along the diagonal; a vector is a row, a number a matrix of one."""
    rows = columns = 0
    for number, tensor in enumerate(given["tensors"]):
        if tensor.ndim > 2:
            shapes.bind("m n", tuple(tensor.shape), _("tensor {number}").format(number=number))
        shape = (1, 1, *tensor.shape)[-2:]
        rows, columns = rows + shape[0], columns + shape[1]
    return (rows, columns)


# einsum


def einsum_labels(given: Given) -> tuple[list[str], str]:
    """The letters of the operands, and of the result, without blanks."""
    equation = given["equation"].replace(" ", "")
    left, arrow, right = equation.partition("->")
    operands = left.split(",")
    letters = left.replace(",", "").replace("...", "")
    if not all(one.isalpha() and one.isascii() for one in letters + right.replace("...", "")):
        sentence = _("`{equation}` is no equation of letters, commas and an arrow.")
        fix = _("Write `{text}`.").format(text="'ij,jk->ik'")
        raise ExpressionError(sentence.format(equation=given["equation"]), fix, rule="einsum")
    for letter in set(right.replace("...", "")):
        if letter not in letters or right.count(letter) > 1:
            sentence = _("The letter `{letter}` after the arrow must stand there once, and before it too.")
            raise ExpressionError(sentence.format(letter=letter), rule="einsum")
    if arrow and "..." in right and "..." not in left:
        raise ExpressionError(_("`...` stands after the arrow, but not before it."), rule="einsum")
    return operands, right


def einsum_sizes(given: Given) -> dict[str, int]:
    """The size of each letter, bound by every operand; "..." is the product of the axes it stands for."""
    operands, _right = einsum_labels(given)
    tensors = given["operands"]
    if len(operands) != len(tensors):
        sentence = _("The equation names {count} tensors, and {found} are given.")
        words = {"count": len(operands), "found": len(tensors)}
        raise ExpressionError(sentence.format(**words), rule="einsum")
    sizes: dict[str, int] = {}
    owners: dict[str, tuple[str, tuple[int, ...]]] = {}
    free: list[tuple[int, ...]] = []
    for number, (letters, tensor) in enumerate(zip(operands, tensors, strict=True)):
        front, dots, back = letters.partition("...")
        shape, name = tuple(tensor.shape), _("tensor {number}").format(number=number)
        if dots:
            count = len(shape) - len(front) - len(back)
            free.append(shape[len(front) : len(front) + max(count, 0)])
            shape = shape[: len(front)] + shape[len(shape) - len(back) :] if count >= 0 else shape
        sizes = shapes.bind(" ".join(front + back), shape, name, sizes, owners)
        for letter in front + back:
            owners.setdefault(letter, (name, tuple(tensor.shape)))
    return sizes | {"...": math.prod(shapes.broadcast(*free)) if free else 1}


# Work: multiplications of a product or factorisation


def matmul_work(first: str = "input", second: str = "other"):
    """Every entry of the result, times the inner size."""

    def work(given: Given) -> int:
        one, two = given.shape(first), given.shape(second)
        return math.prod(shapes.matmul(one, two)) * one[-1]

    return work


def cubed(given: Given) -> int:
    """Rows times columns times the smaller of them, for each matrix of the stack."""
    shape = given.shape("input")
    return math.prod(shape) * min(shape[-2:]) if len(shape) > 1 else 0


# Guards: real values


def _has(value: Any, wanted: int) -> bool:
    if isinstance(value, torch.Tensor):
        return not value.is_meta and bool((value == wanted).any())
    return value == wanted


def _is_whole(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return not value.dtype.is_floating_point
    return isinstance(value, int)


def dividing(given: Given) -> None:
    """Whole numbers: no division by zero, and not the smallest of them by -1, which can end the process."""
    left, right = given["input"], given["other"]
    if not (_is_whole(left) and _is_whole(right)):
        return
    if _has(right, 0):
        fix = _("Turn the tensors into floats: `.float()`.")
        raise ExpressionError(_("This divides whole numbers by zero."), fix, rule="division-by-zero")
    dtype = torch.result_type(left, right)
    if dtype != torch.bool and _has(right, -1) and _has(left, torch.iinfo(dtype).min):
        raise overflow(dtype_name(dtype))


def rounding(given: Given) -> None:
    """torch.div divides whole numbers only where it is told how to round."""
    mode = given.get("rounding_mode")
    if mode not in (None, "trunc", "floor"):
        fix = _("Write 'floor' or 'trunc'.")
        raise ExpressionError(_("`{mode}` is no way to round.").format(mode=mode), fix, rule="value")
    if mode:
        dividing(given)


def powers(given: Given) -> None:
    """Whole numbers have no negative powers."""
    left, right = given["input"], given["other"]
    if not (_is_whole(left) and _is_whole(right)):
        return
    values = right if isinstance(right, torch.Tensor) else torch.tensor(right)
    if not values.is_meta and bool((values < 0).any()):
        fix = _("Turn the tensor into floats: `.float()`.")
        raise ExpressionError(_("Whole numbers have no negative powers."), fix, rule="value")


def casting(given: Given) -> None:
    """A float that the integer type cannot hold, nan included."""
    value, dtype = given["input"], given["dtype"]
    if value.is_meta or dtype.is_floating_point or dtype == torch.bool or not value.numel():
        return
    if value.dtype.is_floating_point and not bool(value.isfinite().all()):
        raise ExpressionError(_("nan and inf are not whole numbers."), rule="overflow")
    if value.dtype != torch.bool and not fits(dtype, value.min().item(), value.max().item()):
        raise overflow(dtype_name(dtype))


def finite_range(given: Given) -> None:
    """histc: a finite range, from small to large."""
    low, high = given.get("min", 0), given.get("max", 0)
    if not (math.isfinite(low) and math.isfinite(high)) or low > high:
        raise ExpressionError(_("`min` and `max` must be finite, `min` the smaller."), rule="value")
    value = given["input"]
    if not value.is_meta and low == high and not bool(value.isfinite().all()):
        raise ExpressionError(
            _("nan and inf have no place between a smallest and a largest number."), rule="value"
        )


def classes(given: Given) -> None:
    """one_hot: every number is a class."""
    value = given["input"]
    if not value.is_meta and value.numel():
        low, high = value.min().item(), value.max().item()
        if low < 0 or high >= given["num_classes"]:
            sentence = _("The numbers must lie from 0 to {last}; they lie from {low} to {high}.")
            words = {"last": given["num_classes"] - 1, "low": low, "high": high}
            raise ExpressionError(sentence.format(**words), rule="index")

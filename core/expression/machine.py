"""What one part of a line is worth, given what its children are worth: on the meta device, or for real."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from core import shapes
from core.expression import numbers
from core.expression.arguments import (
    Given,
    Several,
    as_tensor,
    bind,
    check_axes,
    check_size,
    dtype_name,
    grouped,
    is_number,
    label,
)
from core.expression.entry import Entry
from core.expression.errors import ExpressionError
from core.expression.grammar import Part
from core.expression.table import ATTRIBUTES, CONSTANTS, FUNCTIONS, METHODS, OPERATORS, PREFIXES
from core.limits import Limits, current
from core.words import _

UNSAID = {
    "shape",
    "dtype",
    "device",
    "size",
    "dim",
    "ndim",
    "numel",
    "item",
    "tolist",
    "numpy",
    "grad",
    "data",
}
SIZES: dict[str, Callable[[torch.Tensor], Any]] = {  # plain numbers, known before anything is computed
    "shape": lambda tensor: tuple(tensor.shape),
    "ndim": lambda tensor: tensor.ndim,
}
COUNTS: dict[str, Callable[[torch.Tensor], Any]] = {
    "size": lambda tensor: tuple(tensor.shape),
    "dim": lambda tensor: tensor.ndim,
    "numel": lambda tensor: tensor.numel(),
}


@dataclass(frozen=True)
class Machine:
    """Computes parts on one device; every value is a tensor, a number, a list or tuple of them, or a word."""

    device: str
    limits: Limits = field(default_factory=current)
    names: dict[str, Any] = field(default_factory=dict)

    def apply(self, part: Part, values: Sequence[Any]) -> Any:
        """What `part` is worth; raises ExpressionError, placed at the part or at one of its children."""
        try:
            return _KINDS[part.kind](self, part, values)
        except ExpressionError as error:
            raise error.at(part.start, part.end) from None
        except shapes.ShapeError as error:
            raise _from_shapes(error).at(part.start, part.end) from None

    # Parts that compute nothing

    def plain(self, part: Part, _values: Sequence[Any]) -> Any:
        """A number, a text, a literal, None or `...`."""
        return part.value

    def sequence(self, part: Part, values: Sequence[Any]) -> Any:
        """A list or a tuple, whatever it holds."""
        return list(values) if part.kind == "list" else tuple(values)

    def slicing(self, _part: Part, values: Sequence[Any]) -> slice:
        """start:stop:step of whole numbers."""
        for value in values:
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise ExpressionError(_("A slice is cut at whole numbers."), rule="index")
        step = values[2]
        if step is not None and step < 1:
            fix = _("Write `.flip(0)`, with the axis to turn around.")
            raise ExpressionError(
                _("torch cuts slices forwards: the step must be 1 or more."), fix, rule="index"
            )
        return slice(*values)

    def name(self, part: Part, _values: Sequence[Any]) -> Any:
        """A tensor of the page, a constant or a dtype."""
        if part.name in self.names:
            return self._named(self.names[part.name])
        if part.name in CONSTANTS:
            return CONSTANTS[part.name]
        if part.name in FUNCTIONS:
            sentence = _("`{name}` is a function; it needs its arguments in brackets.")
            fix = _("Write `{text}`.").format(text=f"{part.name}(…)")
            raise ExpressionError(sentence.format(name=part.name), fix, rule="not-called")
        raise _unknown_name(part, [*self.names, *CONSTANTS, *FUNCTIONS])

    def _named(self, found: Any) -> Any:
        """A tensor as the device has it: a shelf's are on the CPU. A line may also have made a number, or several."""
        return found.to(self.device) if isinstance(found, torch.Tensor) else found

    # Parts that compute

    def operate(self, part: Part, values: Sequence[Any]) -> Any:
        """An operator between two values, or before one."""
        if len(values) == 1:
            return (
                numbers.turn(part.name, values[0])
                if is_number(values[0])
                else self.run(PREFIXES[part.name], part, values)
            )
        left, right = values
        if is_number(left) and is_number(right):
            return numbers.combine(part.name, left, right)
        if part.name == "*" and isinstance(left, tuple) and isinstance(right, int):
            check_axes(len(left) * max(right, 0), part, self.limits)
            return left * right  # (1,) * 3, as in Python
        if part.name == "+" and isinstance(left, tuple) and isinstance(right, tuple):
            return left + right
        return self.run(OPERATORS[part.name], part, values)

    def call(self, part: Part, values: Sequence[Any]) -> Any:
        """A function by its exact name."""
        if part.name == "float" and len(values) == 1:
            return _float(values[0])
        if part.name in self.names:
            sentence = _("`{name}` is a tensor and cannot be called.").format(name=part.name)
            raise ExpressionError(sentence, _("Index it with square brackets."), rule="not-callable")
        entry = FUNCTIONS.get(part.name)
        if entry is None:
            raise _unknown_function(part)
        name = part.name.removeprefix("math.")
        if name in numbers.FUNCTIONS and len(values) == 1 and is_number(values[0]) and not part.keywords[0]:
            return numbers.call(name, values[0])
        return self.run(entry, part, values)

    def method(self, part: Part, values: Sequence[Any]) -> Any:
        """A method by its exact name; .size(), .dim() and .numel() give plain numbers."""
        if part.name in COUNTS and isinstance(values[0], torch.Tensor):
            return self._counted(part, values)
        entry = METHODS.get(part.name)
        if entry is None:
            raise _unknown_method(part)
        return self.run(entry, part, values)

    def _counted(self, part: Part, values: Sequence[Any]) -> Any:
        tensor, *more = values
        if len(more) > (part.name == "size"):
            sentence = _("`{function}` takes no more than {count} arguments.")
            words = {"function": f".{part.name}", "count": int(part.name == "size")}
            raise ExpressionError(sentence.format(**words), rule="too-many-arguments")
        if not more:
            return COUNTS[part.name](tensor)
        if isinstance(more[0], bool) or not isinstance(more[0], int) or part.keywords[1] not in ("", "dim"):
            raise ExpressionError(_("`.size` takes an axis: a whole number."), rule="type")
        shape, name = tuple(tensor.shape), label(part.children[0], _("the tensor"))
        if not shape:
            shapes.bind("... n", shape, name)
        return shape[shapes.axis_of(more[0], len(shape), name, shape)]

    def attribute(self, part: Part, values: Sequence[Any]) -> Any:
        """.T, .mT, one tensor of a result that has several, or the sizes as plain numbers."""
        value = values[0]
        if part.name in SIZES and isinstance(value, torch.Tensor):
            return SIZES[part.name](value)
        if isinstance(value, Several) and part.name in value.fields:
            return value.tensors[value.fields.index(part.name)]
        if part.name not in ATTRIBUTES:
            raise _unknown_attribute(part, value)
        return ATTRIBUTES[part.name](as_tensor(value, self.device))

    def index(self, part: Part, values: Sequence[Any]) -> Any:
        """value[key]; the key may hold numbers, slices, `...`, None and tensors of whole numbers."""
        value, key = values
        if isinstance(value, Several):
            if isinstance(key, bool) or not isinstance(key, int) or not 0 <= key < len(value.tensors):
                sentence = _("There are {count} tensors here: [0] to [{last}].")
                raise ExpressionError(
                    sentence.format(count=len(value.tensors), last=len(value.tensors) - 1), rule="index"
                )
            return value.tensors[key]
        if isinstance(value, tuple) and all(map(is_number, value)):
            return _entry_of_sizes(value, key)
        tensor = as_tensor(value, self.device)
        keys = key if isinstance(key, tuple) else (key,)
        keys = tuple(as_tensor(one, self.device) if isinstance(one, list) else one for one in keys)
        _check_index(label(part.children[0], _("the tensor")), tensor, keys)
        return self._asking(lambda: tensor[keys], "[...]", (tensor,))

    def run(self, entry: Entry, part: Part, values: Sequence[Any]) -> Any:
        """A call of the whitelist: arguments, rule, limits, guard, torch, overflow."""
        function = called(entry, part)
        given = bind(function, entry.parameters, part, values, self.device)
        shape = entry.rule(given) if entry.rule else None
        if shape is not None:
            check_size(shape, part, self.limits)
        if entry.inside:
            _check_inside(entry.inside(given), part, self.limits)
        self._check_work(entry, given, part)
        if entry.guard:
            entry.guard(given)
        arguments = self._arguments(entry, given)
        tensors = tuple(given.tensors().values())
        result = self._asking(lambda: entry.call(**arguments), function, tensors)
        if entry.exact and self.device != "meta":
            _check_overflow(entry, arguments, result)
        return Several(tuple(result), entry.fields) if isinstance(result, tuple | list) else result

    def _arguments(self, entry: Entry, given: Given) -> dict[str, Any]:
        """The arguments for torch; the device is ours, and a seed is the place in the line unless it is given."""
        ignored = ("device", "requires_grad") if entry.creates else ()
        arguments = {name: value for name, value in given.values.items() if name not in ignored}
        if entry.creates:
            arguments["device"] = self.device
            if any(one.name == "seed" for one in entry.parameters):
                arguments.setdefault("seed", given.order)
        return arguments

    def _check_work(self, entry: Entry, given: Given, part: Part) -> None:
        einsum = entry.path == "torch.einsum"
        if einsum and len(given["operands"]) > self.limits.einsum_operands:
            sentence = _("einsum takes at most {limit} tensors here.").format(
                limit=self.limits.einsum_operands
            )
            raise ExpressionError(sentence, rule="einsum")
        limit = self.limits.einsum_product if einsum else self.limits.products
        work = entry.work(given) if entry.work else 0
        if work > limit:
            sentence = _("This would take {count} multiplications; at most {limit} are allowed.")
            words = {"count": grouped(work), "limit": grouped(limit)}
            fix = _("Use smaller sizes.")
            raise ExpressionError(sentence.format(**words), fix, part.start, part.end, "too-much-work")

    def _asking(self, call: Callable[[], Any], function: str, tensors: Sequence[torch.Tensor]) -> Any:
        """`call`, with torch's refusals turned into ours."""
        try:
            return call()
        except (ExpressionError, shapes.ShapeError):
            raise
        except MemoryError:
            raise ExpressionError(_("This needs more memory than is allowed."), rule="memory") from None
        except Exception as error:  # torch raises whatever it likes
            raise _from_torch(str(error), function, tensors) from None


def _check_inside(shape: Sequence[int], part: Part, limits: Limits) -> None:
    """Refuses what torch would make on the way and no result shows; how many axes it has is torch's affair."""
    check_size((math.prod(shape),), part, limits)


def called(entry: Entry, part: Part) -> str:
    """What a call is called in a sentence."""
    return f".{entry.name}" if part.kind == "method" else entry.path


def entry_of(part: Part) -> Entry | None:
    """The entry of the whitelist that computes `part`; None where none does."""
    if part.kind == "operator":
        return (PREFIXES if len(part.children) == 1 else OPERATORS).get(part.name)
    return {"call": FUNCTIONS, "method": METHODS}.get(part.kind, {}).get(part.name)


_KINDS: dict[str, Callable[[Machine, Part, Sequence[Any]], Any]] = {
    "number": Machine.plain,
    "text": Machine.plain,
    "constant": Machine.plain,
    "literal": Machine.plain,
    "list": Machine.sequence,
    "tuple": Machine.sequence,
    "slice": Machine.slicing,
    "name": Machine.name,
    "operator": Machine.operate,
    "call": Machine.call,
    "method": Machine.method,
    "attribute": Machine.attribute,
    "index": Machine.index,
}


def _float(value: Any) -> Any:
    """float("nan"), float("inf"), float(2)."""
    words = {"nan": float("nan"), "inf": float("inf"), "+inf": float("inf"), "-inf": -float("inf")}
    if isinstance(value, str) and value.strip().lower().replace("inity", "") in words:
        return words[value.strip().lower().replace("inity", "")]
    if is_number(value):
        return float(value)
    fix = _('Write `float("nan")`, `float("inf")`, or `.float()` after a tensor.')
    raise ExpressionError(_("`float(...)` takes a number here."), fix, rule="type")


# Names that are not there


def _near(name: str, known: Sequence[str], likeness: float = 0.6) -> str:
    found = difflib.get_close_matches(name, known, 1, likeness)
    return found[0] if found else ""


def _did_you_mean(near: str) -> str:
    return _("Did you mean `{name}`?").format(name=near) if near else ""


def _unknown_name(part: Part, known: Sequence[str]) -> ExpressionError:
    near = _near(part.name, known)
    sentence = _("There is no `{name}` here.").format(name=part.name)
    return ExpressionError(sentence, _did_you_mean(near), part.start, part.end, "unknown-name")


INSTEAD = {
    "torch.empty": "torch.zeros",
    "torch.range": "torch.arange",
    "torch.Tensor": "torch.tensor",
    "torch.normal": "torch.randn",
    "np.linspace": "torch.linspace",
    "np.dot": "torch.dot",
    "torch.linalg.eig": "torch.linalg.eigh",
    "torch.linalg.eigvals": "torch.linalg.eigvalsh",
    "torch.svd": "torch.linalg.svd",
}


BY_VALUES = ("bincount", "unique", "unique_consecutive", "nonzero", "argwhere", "masked_select")


def _refused(part: Part, start: int) -> ExpressionError | None:
    """What torch has and this language has not, for a reason."""
    last = part.name.rpartition(".")[2]
    if last in ("dropout", "dropout2d", "alpha_dropout"):
        sentence = _(
            "`{name}` draws new zeros at every call; here the same line always gives the same numbers."
        )
        fix = _("Write the mask: `A * (rand(2, 3, seed=1) > 0.5) / 0.5`.")
        return ExpressionError(sentence.format(name=part.name), fix, start, part.end, "random")
    if last in BY_VALUES:
        sentence = _("The shape of `{name}` depends on the values; here every shape is known beforehand.")
        fix = (
            _("Write `{text}`.").format(text="F.one_hot(A, num_classes=9).sum(dim=0)")
            if last == "bincount"
            else ""
        )
        return ExpressionError(sentence.format(name=part.name), fix, start, part.end, "shape-of-values")
    return None


def _unknown_function(part: Part) -> ExpressionError:
    end = part.start + len(part.name)
    if refused := _refused(part, part.start):
        return refused
    if part.name in CONSTANTS:
        sentence = _("`{name}` is no function.").format(name=part.name)
        return ExpressionError(sentence, "", part.start, end, "not-callable")
    sentence = _("There is no function `{name}` here.").format(name=part.name)
    fix = _did_you_mean(_near_function(part.name))
    return ExpressionError(sentence, fix, part.start, end, "unknown-function")


def _near_function(name: str) -> str:
    """The nearest function by its last word, with torch's whole path where torch was typed."""
    lead, _dot, last = name.rpartition(".")
    if name in INSTEAD:
        return INSTEAD[name]
    bare = [known for known in FUNCTIONS if "." not in known]
    near = last if last in bare else _near(last, bare, 0.75)
    if near:
        return FUNCTIONS[near].path if lead else near
    near = last if last in METHODS else _near(last, list(METHODS), 0.75)
    return f"A.{near}(…)" if near else ""


def _unknown_method(part: Part) -> ExpressionError:
    start = part.children[0].end
    if part.name.endswith("_") and part.name[:-1] in METHODS:
        sentence = _("`.{name}` would change the tensor in place; here every step makes a new tensor.")
        fix = _("Write `.{name}(...)`.").format(name=part.name[:-1])
        return ExpressionError(sentence.format(name=part.name), fix, start, part.end, "in-place")
    if part.name in UNSAID:
        return no_tensor(part)
    if refused := _refused(part, start):
        return refused
    near = _near(part.name, list(METHODS), 0.75)
    fix = _did_you_mean(f".{near}" if near else "")
    if not fix and f"torch.{part.name}" in FUNCTIONS:
        fix = _("Write `{text}`.").format(text=f"torch.{part.name}(…)")
    sentence = _("There is no method `.{name}` here.").format(name=part.name)
    return ExpressionError(sentence, fix, start, part.end, "unknown-method")


def no_tensor(part: Part) -> ExpressionError:
    """The refusal of what gives no tensor."""
    sentence = _("`.{name}` gives no tensor; the shape and the dtype of every part are shown beside it.")
    return ExpressionError(sentence.format(name=part.name), "", part.children[0].end, part.end, "no-tensor")


def _unknown_attribute(part: Part, value: Any) -> ExpressionError:
    if part.name in UNSAID:
        return no_tensor(part)
    start = part.children[0].end
    if part.name in METHODS:
        sentence = _("`.{name}` is a method; it needs its arguments in brackets.").format(name=part.name)
        fix = _("Write `.{name}()`.").format(name=part.name)
        return ExpressionError(sentence, fix, start, part.end, "not-called")
    known = [*ATTRIBUTES, *(value.fields if isinstance(value, Several) else ())]
    near = _near(part.name, known)
    fix = _did_you_mean(f".{near}" if near else "")
    sentence = _("There is no attribute `.{name}` here.").format(name=part.name)
    return ExpressionError(sentence, fix, start, part.end, "unknown-attribute")


def gives_sizes(part: Part) -> bool:
    """Whether a part gives sizes of a tensor as plain numbers, which are no result of their own."""
    return (part.kind == "attribute" and part.name in SIZES) or (
        part.kind == "method" and part.name in COUNTS
    )


# Indices


def _entry_of_sizes(value: tuple, key: Any) -> Any:
    """shape[-1], shape[:2]: as Python has it."""
    if isinstance(key, slice):
        return value[key]
    if isinstance(key, bool) or not isinstance(key, int):
        raise ExpressionError(
            _("These are plain numbers: an index is a whole number or a slice."), rule="index"
        )
    if not -len(value) <= key < len(value):
        sentence = _("There are {count} numbers here, and no index {index}.")
        raise ExpressionError(sentence.format(count=len(value), index=key), rule="index")
    return value[key]


def _check_index(name: str, tensor: torch.Tensor, keys: Sequence[Any]) -> None:
    """Refuses what does not fit the axes; every entry of the key but None and `...` takes one."""
    shape, taking = tuple(tensor.shape), [key for key in keys if key is not None and key is not Ellipsis]
    whole = shapes.named(name, shape)
    if sum(key is Ellipsis for key in keys) > 1:
        raise ExpressionError(_("`...` can stand only once in an index."), rule="index")
    if len(taking) > len(shape):
        sentence = _("The index names {found} axes, but {tensor} has {count}.")
        raise ExpressionError(
            sentence.format(tensor=whole, count=len(shape), found=len(taking)), rule="index"
        )
    axis = 0
    for key in keys:
        if key is Ellipsis:
            axis += len(shape) - len(taking)
        elif key is not None:
            _check_key(whole, shape, axis, key)
            axis += 1


def _check_key(whole: str, shape: tuple[int, ...], axis: int, key: Any) -> None:
    if isinstance(key, slice):
        return
    if isinstance(key, torch.Tensor):
        if key.dtype in (torch.bool, torch.uint8):
            fix = _("Write `torch.where(mask, A, 0)`, which keeps the shape.")
            sentence = _("An index of True and False gives a shape that only the values know.")
            raise ExpressionError(sentence, fix, rule="mask")
        if key.dtype.is_floating_point and key.numel():
            fix = _("Write `.long()` after the index.")
            raise ExpressionError(_("An index must hold whole numbers."), fix, rule="index")
        return
    if isinstance(key, bool) or not isinstance(key, int):
        sentence = _("An index is a whole number, a slice, `...`, None or a tensor of whole numbers.")
        raise ExpressionError(sentence, rule="index")
    size = shape[axis]
    if not -size <= key < size:
        sentence = _("Index {index} is outside axis {axis} of {tensor}: it goes from 0 to {last}.")
        words = {"index": key, "axis": axis, "tensor": whole, "last": size - 1}
        if size == 0:
            sentence = _("Axis {axis} of {tensor} is empty: there is no index {index}.")
        raise ExpressionError(sentence.format(**words), rule="index")


# Overflow and torch's own refusals


def _check_overflow(entry: Entry, arguments: dict[str, Any], result: torch.Tensor) -> None:
    """Whole numbers wrap around in torch without a word: the same in floats tells, off by the type's range."""
    if result.dtype.is_floating_point or result.dtype == torch.bool:
        return
    floats = entry.call(**{name: _as_float(value) for name, value in arguments.items() if name != "dtype"})
    half = 2.0 ** (torch.iinfo(result.dtype).bits - 1)
    if not bool(((floats.double() - result.double()).abs() < half).all()):
        raise numbers.overflow(dtype_name(result.dtype))


def _as_float(value: Any) -> Any:
    if isinstance(value, tuple) and value and all(isinstance(one, torch.Tensor) for one in value):
        return tuple(one.double() for one in value)
    return value.double() if isinstance(value, torch.Tensor) else value


def _from_shapes(error: shapes.ShapeError) -> ExpressionError:
    found = ExpressionError(error.sentence, "", rule="shape")
    found.shapes = error
    return found


NOT_IMPLEMENTED = re.compile(r"not implemented for '(\w+)'")
OUT_OF_BOUNDS = re.compile(r"index (-?\d+) is out of bounds for dimension (\d+) with size (\d+)")
PATHLIKE = re.compile(
    r"[/\\]\w+|\.(?:py|cpp|h|cu)\b|0x[0-9a-f]+|Exception raised|INTERNAL ASSERT|aten::|::|argument"
)


def _from_torch(message: str, function: str, tensors: Sequence[torch.Tensor]) -> ExpressionError:
    """Our sentence for torch's message; torch's own words only where they are short and show nothing inside."""
    if found := OUT_OF_BOUNDS.search(message):
        sentence = _("Index {index} is outside axis {axis}, whose size is {size}.")
        words = {"index": found[1], "axis": found[2], "size": found[3]}
        return ExpressionError(sentence.format(**words), rule="index")
    if "not implemented for" in message or "loating" in message:
        dtypes = sorted({dtype_name(tensor.dtype) for tensor in tensors})
        sentence = _("`{function}` does not work on {dtypes}.").format(
            function=function, dtypes=", ".join(dtypes)
        )
        fix = _("Write `.float()` after the tensor.") if "float32" not in dtypes else ""
        return ExpressionError(sentence, fix, rule="dtype")
    if "without overflow" in message or "cannot convert float" in message:
        return numbers.overflow("int64")
    if "ZeroDivision" in message:
        fix = _("Turn the tensors into floats: `.float()`.")
        return ExpressionError(_("This divides whole numbers by zero."), fix, rule="division-by-zero")
    if "singular" in message:
        fix = _("`torch.linalg.pinv` gives the nearest thing to an inverse.")
        return ExpressionError(_("The matrix is singular: it has no inverse."), fix, rule="singular")
    if "positive-definite" in message:
        return ExpressionError(_("The matrix is not positive definite."), rule="value")
    if "failed to converge" in message:
        return ExpressionError(_("This has no answer for a matrix with nan or inf."), rule="value")
    if "view size is not compatible" in message:
        sentence = _("`.view` needs the numbers to lie in memory in this order, and they do not.")
        return ExpressionError(sentence, _("Write `.reshape(...)`, which copies them."), rule="view")
    if "negative integer powers" in message:
        fix = _("Turn the tensor into floats: `.float()`.")
        return ExpressionError(_("Whole numbers have no negative powers."), fix, rule="value")
    return _in_torchs_words(message, function, tensors)


def _in_torchs_words(message: str, function: str, tensors: Sequence[torch.Tensor]) -> ExpressionError:
    reason = message.strip().split("\n")[0].strip()
    shown = ", ".join(shapes.show(tensor.shape) for tensor in tensors)
    if not shown:
        sentence = _("`{function}` does not take these values.").format(function=function)
    else:
        sentence = _("`{function}` does not work on {shapes}.").format(function=function, shapes=shown)
    if reason and reason.isascii() and len(reason) <= 160 and not PATHLIKE.search(reason):
        sentence = _("{sentence} torch says: {reason}").format(sentence=sentence, reason=reason)
    return ExpressionError(sentence, rule="torch")

"""What a function may be given: every argument is read by its kind, and refused in words where it does not fit."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import torch

from core import shapes
from core.expression.errors import ExpressionError
from core.expression.grammar import Part
from core.expression.numbers import overflow
from core.limits import Limits
from core.words import N_, _

DTYPES = {
    "float16": torch.float16,
    "half": torch.float16,
    "bfloat16": torch.bfloat16,
    "float32": torch.float32,
    "float64": torch.float64,
    "double": torch.float64,
    "int8": torch.int8,
    "int16": torch.int16,
    "short": torch.int16,
    "int32": torch.int32,
    "int64": torch.int64,
    "long": torch.int64,
    "uint8": torch.uint8,
    "bool": torch.bool,
}
SMALL = 2**31  # a count or an offset beyond this is a mistake, and overflows inside torch


@dataclass(frozen=True)
class Several:
    """A result of several tensors, by name (values, indices) or only by place."""

    tensors: tuple[torch.Tensor, ...]
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """One argument: `rest` takes all that follow (zeros(2, 3)), `optional` may be left out."""

    name: str
    kind: str
    optional: bool = False
    rest: bool = False


def signature(text: str) -> tuple[Parameter, ...]:
    """Parameters from "input: tensor, *size: sizes, dim: axis?"."""
    found = []
    for one in filter(None, text.split(", ")):
        name, kind = one.split(": ")
        rest, optional = name.startswith("*"), kind.endswith("?")
        found.append(Parameter(name.lstrip("*"), kind.rstrip("?"), optional, rest))
    return tuple(found)


@dataclass
class Given:
    """The arguments of one call, read: values by parameter, and what to call each tensor in a sentence."""

    values: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    order: int = 0

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a parameter, or `default` where it was left out."""
        return self.values.get(name, default)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor argument; () of a number."""
        value = self.values[name]
        return tuple(value.shape) if isinstance(value, torch.Tensor) else ()

    def shapes(self, *names: str) -> list[tuple[int, ...]]:
        """The shapes of the arguments that were given."""
        return [self.shape(name) for name in names if name in self.values]

    def names(self, *names: str) -> tuple[str, ...]:
        """What to call them in a sentence."""
        return tuple(self.labels.get(name, name) for name in names if name in self.values)

    def tensors(self) -> dict[str, torch.Tensor]:
        """The arguments that are tensors."""
        return {name: value for name, value in self.values.items() if isinstance(value, torch.Tensor)}


# Values


def is_number(value: Any) -> bool:
    """Whether `value` is a plain number."""
    return isinstance(value, bool | int | float)


def all_numbers(value: Any) -> bool:
    """Whether `value` is a number, or lists of nothing but numbers."""
    return all(map(all_numbers, value)) if isinstance(value, list | tuple) else is_number(value)


def as_tensor(value: Any, device: str) -> torch.Tensor:
    """`value` as a tensor on `device`: a literal is one wherever a tensor is wanted."""
    if isinstance(value, torch.Tensor):
        return value
    if is_number(value):
        return torch.tensor(value, device=device)
    if isinstance(value, list | tuple) and all_numbers(value):
        return torch.tensor(_equal_rows(value), device=device)
    if isinstance(value, list | tuple):
        return _stacked([as_tensor(one, device) for one in value])
    if isinstance(value, Several):
        fix = _("Write `.{name}` after it.").format(name=value.fields[0] if value.fields else "…")
        fix = fix if value.fields else _("Write `[0]` after it.")
        raise ExpressionError(_("This gives several tensors; one is needed."), fix, rule="several")
    raise ExpressionError(_("A tensor is needed here."), rule="type")


def _equal_rows(value: Any) -> Any:
    """`value`, refused unless its rows are equally long."""
    if isinstance(value, list | tuple):
        measured = [_measure(one) for one in value]
        if any(one != measured[0] for one in measured):
            raise ExpressionError(_("The rows of this list are not equally long."), rule="ragged")
    return value


def _measure(value: Any) -> tuple[int, ...]:
    _equal_rows(value)
    if not isinstance(value, list | tuple):
        return ()
    return (len(value), *(_measure(value[0]) if value else ()))


def _stacked(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    names = [_("entry {number}").format(number=number) for number in range(len(tensors))]
    shapes.stack([tuple(tensor.shape) for tensor in tensors], 0, names)
    dtype = reduce(torch.promote_types, (tensor.dtype for tensor in tensors))
    return torch.stack([tensor.to(dtype) for tensor in tensors])


# Kinds


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError
    if not -SMALL < value < SMALL:
        raise ExpressionError(_("{number} is too large here.").format(number=value), rule="too-large")
    return value


def _number(value: Any) -> float:
    if not is_number(value):
        raise ValueError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _ints(value: Any) -> tuple[int, ...]:
    if isinstance(value, list | tuple):
        return tuple(_int(one) for one in value)
    return (_int(value),)


def _axes(value: Any) -> int | tuple[int, ...] | None:
    if value is None:
        return None
    return _ints(value) if isinstance(value, list | tuple) else _int(value)


def _sizes(value: Any) -> tuple[int, ...]:
    entries = value if isinstance(value, list | tuple) else (value,)
    for entry in entries:
        if isinstance(entry, bool) or not isinstance(entry, int):
            raise ValueError
        if entry < -1:
            raise ExpressionError(_("{size} is no size.").format(size=entry), rule="size")
    return tuple(entries)


def _floats(value: torch.Tensor) -> torch.Tensor:
    if value.dtype.is_floating_point:
        return value
    sentence = _("This needs floats, and the tensor {shape} holds {dtype}.")
    words = {"shape": shapes.show(value.shape), "dtype": dtype_name(value.dtype)}
    fix = _("Write `.float()` after the tensor, or numbers with a point: `1.`.")
    raise ExpressionError(sentence.format(**words), fix, rule="dtype")


def _dtype(value: Any) -> torch.dtype:
    if isinstance(value, str) and value in DTYPES:
        return DTYPES[value]
    if not isinstance(value, torch.dtype):
        raise ValueError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _tensors(value: Any, device: str) -> tuple[torch.Tensor, ...]:
    if not isinstance(value, list | tuple | Several):
        raise ValueError
    entries = value.tensors if isinstance(value, Several) else value
    return tuple(as_tensor(one, device) for one in entries)


Read = Callable[[Any, str], Any]
KINDS: dict[str, tuple[str, Read]] = {
    "tensor": (N_("a tensor"), as_tensor),
    "floats": (N_("a tensor of floats"), lambda value, device: _floats(as_tensor(value, device))),
    "operand": (
        N_("a tensor or a number"),
        lambda value, device: value if is_number(value) else as_tensor(value, device),
    ),
    "tensors": (N_("a list of tensors"), _tensors),
    "number": (N_("a number"), lambda value, _device: _number(value)),
    "int": (N_("a whole number"), lambda value, _device: _int(value)),
    "ints": (N_("whole numbers"), lambda value, _device: _ints(value)),
    "flag": (N_("True or False"), lambda value, _device: _flag(value)),
    "axis": (N_("an axis: a whole number"), lambda value, _device: _int(value)),
    "axes": (N_("an axis or several: whole numbers"), lambda value, _device: _axes(value)),
    "sizes": (N_("sizes: whole numbers"), lambda value, _device: _sizes(value)),
    "dtype": (N_("a dtype such as torch.float32"), lambda value, _device: _dtype(value)),
    "text": (N_("a text in quotes"), lambda value, _device: _text(value)),
    "any": (N_("anything"), lambda value, _device: value),
}


def dtype_name(dtype: torch.dtype) -> str:
    """ "int64" of torch.int64."""
    return str(dtype).removeprefix("torch.")


def label(part: Part, fallback: str) -> str:
    """What to call a tensor in a sentence: its own text where that is short, else what it is in the call."""
    return part.text if part.text and len(part.text) <= 16 else fallback


# A call


def bind(
    function: str, parameters: Sequence[Parameter], part: Part, values: Sequence[Any], device: str
) -> Given:
    """The arguments of `part`, whose children are worth `values`, by parameter."""
    found = placed(function, parameters, part, values)
    given = Given(order=part.order)
    for parameter in parameters:
        if parameter.name in found:
            children, value = found[parameter.name]
            child = children[0]
            given.values[parameter.name] = _read(function, parameter, child, value, device)
            given.labels[parameter.name] = label(child, _fallback(part, parameter.name))
        elif not parameter.optional:
            sentence = _("`{function}` needs `{argument}`.")
            words = {"function": function, "argument": parameter.name}
            fix = _("Its arguments are: {arguments}.").format(arguments=_listed(parameters))
            raise ExpressionError(sentence.format(**words), fix, part.start, part.end, "missing-argument")
    return given


def _fallback(part: Part, parameter: str) -> str:
    if part.kind == "operator" and len(part.children) == 2:
        return _("the left side") if parameter == "input" else _("the right side")
    return parameter


def _listed(parameters: Sequence[Parameter]) -> str:
    return ", ".join(one.name for one in parameters if one.name not in ("device", "requires_grad"))


def placed(
    function: str, parameters: Sequence[Parameter], part: Part, values: Sequence[Any]
) -> dict[str, tuple[tuple[Part, ...], Any]]:
    """The children of `part` and what they are worth, by parameter; several children where one takes the rest."""
    keywords = part.keywords or ("",) * len(values)
    arguments = list(zip(part.children, keywords, values, strict=True))
    found: dict[str, tuple[tuple[Part, ...], Any]] = {}
    positional = [(child, value) for child, word, value in arguments if not word]
    for parameter in parameters:
        if not positional:
            break
        if parameter.rest and not _is_whole_list(parameter, [value for _child, value in positional]):
            children, rest = zip(*positional, strict=True)
            found[parameter.name] = (children, rest)
            positional = []
        else:
            child, value = positional.pop(0)
            found[parameter.name] = ((child,), value)
    if positional:
        raise _too_many(function, parameters, positional[0][0].start, positional[-1][0].end)
    for child, word, value in arguments:
        if word:
            name = _keyword(function, parameters, child, word)
            if name in found:
                sentence = _("`{argument}` of `{function}` is given twice.")
                words = {"function": function, "argument": name}
                raise ExpressionError(sentence.format(**words), "", child.start, child.end, "twice")
            found[name] = ((child,), value)
    return found


def _too_many(function: str, parameters: Sequence[Parameter], start: int, end: int) -> ExpressionError:
    sentence = _("`{function}` takes no more than {count} arguments.")
    words = {"function": function, "count": len(parameters)}
    fix = _("Its arguments are: {arguments}.").format(arguments=_listed(parameters))
    return ExpressionError(sentence.format(**words), fix, start, end, "too-many-arguments")


def _is_whole_list(parameter: Parameter, values: list[Any]) -> bool:
    """zeros((2, 3)) against zeros(2, 3); a literal of numbers is one operand of einsum, no list of them."""
    if not isinstance(values[0], list | tuple):
        return False
    return parameter.kind != "tensors" or (len(values) == 1 and not all_numbers(values[0]))


ALIASES = {"axis": "dim", "keepdims": "keepdim", "axes": "dims", "x": "input", "a": "input", "A": "input"}


def _keyword(function: str, parameters: Sequence[Parameter], child: Part, word: str) -> str:
    names = [one.name for one in parameters]
    name = word if word in names else ALIASES.get(word, word)
    if name in names:
        return name
    sentence = _("`{function}` has no argument `{argument}`.").format(function=function, argument=word)
    near = difflib.get_close_matches(word, names, 1)
    fix = _("Did you mean `{name}`?").format(name=near[0]) if near else ""
    fix = fix or _("Its arguments are: {arguments}.").format(arguments=_listed(parameters))
    raise ExpressionError(sentence, fix, child.start, child.end, "unknown-argument")


def _read(function: str, parameter: Parameter, child: Part, value: Any, device: str) -> Any:
    wanted, read = KINDS[parameter.kind]
    try:
        return read(value, device)
    except ExpressionError as error:
        raise error.at(child.start, child.end) from None
    except shapes.ShapeError as error:
        raise ExpressionError(error.sentence, "", child.start, child.end, "shape") from None
    except (ValueError, TypeError):
        sentence = _("`{argument}` of `{function}` must be {wanted}.")
        words = {"function": function, "argument": parameter.name, "wanted": _(wanted)}
        raise ExpressionError(sentence.format(**words), "", child.start, child.end, "type") from None
    except RuntimeError:
        raise overflow().at(child.start, child.end) from None


# Limits


def check_size(shape: Sequence[int], part: Part, limits: Limits) -> int:
    """The number of elements of `shape`, refused beyond the limits."""
    check_axes(len(shape), part, limits)
    count = math.prod(shape)
    if count > limits.elements or max(shape, default=0) > 2**62:
        sentence = _("This would have {count} elements; at most {limit} are allowed.")
        words = {"count": grouped(count), "limit": grouped(limits.elements)}
        fix = _("Use smaller sizes.")
        raise ExpressionError(sentence.format(**words), fix, part.start, part.end, "too-many-elements")
    return count


def check_axes(count: int, part: Part, limits: Limits) -> None:
    """Refuses more axes than the limit."""
    if count > limits.axes:
        sentence = _("This would have {count} axes; at most {limit} are allowed.")
        words = {"count": grouped(count), "limit": limits.axes}
        raise ExpressionError(sentence.format(**words), "", part.start, part.end, "too-many-axes")


def grouped(count: int) -> str:
    """1,000,000; beyond int64 as a power of ten."""
    return f"{count:,}" if count < 2**63 else f"10**{int(math.log10(count))}"

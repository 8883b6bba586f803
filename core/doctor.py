"""The shape doctor: what clashes, as strips, and which small changes would work, each one really executed.

Every candidate runs through the operation's own `explain` and `run` on torch's meta device, where a tensor has a shape
and no numbers. What is offered is written in the tensor language, read back, and kept only if it reads as promised.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch

from core import limits, tensors
from core.expression import ExpressionError, check_program, parse_program
from core.expression.mend import behind
from core.expression.moves import calls, strips
from core.operation import Choice, Operation, Toggle, taken
from core.shapes import Shape, ShapeError

__all__ = ["Case", "Fix", "clash_of", "fixes", "meant", "strips"]
MOST = 3  # fixes that are offered
MOST_SPELLED = 200  # elements up to which a tensor is written out
AXIS = ("axis", "dim")  # parameters that name an axis


@dataclass(frozen=True)
class Case:
    """An operation with the tensors and parameters that it was asked about; `texts` are the tensors' own texts."""

    operation: Operation
    texts: Mapping[str, str]
    given: Mapping[str, torch.Tensor]
    parameters: Mapping[str, Any]
    fitted: Mapping[str, Any] = field(default_factory=dict)  # of the parameters, what gave way to the tensors
    names: Mapping[str, torch.Tensor] = field(default_factory=dict)  # of the shelf, which the texts may name

    @property
    def shapes(self) -> dict[str, Shape]:
        """The shape of every tensor."""
        return {name: tuple(tensor.shape) for name, tensor in self.given.items()}


@dataclass(frozen=True)
class Fix:
    """A change that works. `code`: how the call is written then; `shape`: of its result; `changes`: what to set."""

    code: str
    shape: Shape
    changes: Mapping[str, Any]

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return {"code": self.code, "shape": list(self.shape), "changes": dict(self.changes)}


@dataclass(frozen=True)
class Move:
    """One thing to try: what is written after a tensor's name, a parameter, or the two operands exchanged."""

    kind: str
    cost: int
    calls: Mapping[str, str] = field(default_factory=dict)  # input -> ".mT", ".unsqueeze(0)"
    apply: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]] = dict
    parameters: Mapping[str, Any] = field(default_factory=dict)
    swap: tuple[str, ...] = ()


def clash_of(case: Case, clash: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """The axes that met. Where a rule names one tensor alone, the axis of the same name in the others is added."""
    found = list(clash)
    if len(found) != 1:
        return found
    axes = {item.name: item.axes.split() for item in case.operation.inputs}
    name, axis = found[0]
    names = axes.get(name, [])
    if axis >= len(names) or len(names) != len(case.shapes[name]):
        return found
    for other, shape in case.shapes.items():
        if other != name and len(axes[other]) == len(shape) and names[axis] in axes[other]:
            found.append((other, axes[other].index(names[axis])))
    return found


def fixes(case: Case) -> list[Fix]:
    """At most three changes that make the operation run, best first: one change, or one of two tensors each."""
    return _offered(case, lambda _shape: True)


def meant(case: Case) -> list[Fix]:
    """At most three changes after which no broadcast makes the result larger than every operand."""
    largest = max(tensor.numel() for tensor in case.given.values())
    found = _offered(case, lambda shape: prod(shape) <= largest, pairs=False)
    return sorted(
        found, key=lambda fix: ".T" in fix.code or ".mT" in fix.code
    )  # an axis too many, not a turned one


def _offered(case: Case, wanted: Callable[[Shape], bool], pairs: bool = True) -> list[Fix]:
    single = list(_moves(case))
    found = _working(case, single, wanted)
    if not found and pairs:
        found = _working(case, _pairs(single), wanted)
    return _distinct(found)


def _working(case: Case, moves: Sequence[Move], wanted: Callable[[Shape], bool]) -> list[tuple[str, Fix]]:
    """The moves that work, as (kind, fix), cheapest first; last those whose result outgrows every operand."""
    found: list[tuple[bool, str, Fix]] = []
    seen: set[tuple[str, ...]] = set()
    metas = {name: tensor.to("meta") for name, tensor in case.given.items()}
    largest = max(tensor.numel() for tensor in metas.values())
    for move in sorted(moves, key=lambda one: one.cost):
        shape = tried(case, metas, move)
        if shape is None or not wanted(shape) or _same_again(metas, move, seen):
            continue
        changes = _changes(case, metas, move)
        if changes is not None:
            outgrown = case.operation.broadcasts(case.parameters) and prod(shape) > largest
            found.append(
                (outgrown, f"{move.kind} {' '.join(move.calls)}", Fix(_code(case, move), shape, changes))
            )
        if len(found) >= 4 * MOST:
            break
    return [(kind, fix) for _outgrown, kind, fix in sorted(found, key=lambda one: one[0])]


def _same_again(metas: Mapping[str, torch.Tensor], move: Move, seen: set[tuple[str, ...]]) -> bool:
    """Whether an earlier move gave the same tensors: x.reshape(2) after x.squeeze(0) says nothing new."""
    if not move.calls or any(call in (".T", ".mT") for call in move.calls.values()):
        return False
    after = move.apply(dict(metas))
    result = tuple(f"{name} {tuple(after[name].shape)}" for name in move.calls)
    again = result in seen
    seen.add(result)
    return again


def _distinct(found: Sequence[tuple[str, Fix]]) -> list[Fix]:
    """The best of every kind first, then the others; none twice."""
    firsts: dict[str, Fix] = {}
    for kind, fix in found:
        firsts.setdefault(kind, fix)
    others = [fix for _kind, fix in found if fix not in firsts.values()]
    return [*firsts.values(), *others][:MOST]


def tried(case: Case, metas: Mapping[str, torch.Tensor], move: Move) -> Shape | None:
    """The shape of the result after `move`, on the meta device; None where it does not work."""
    operation, parameters = case.operation, {**case.parameters, **move.parameters}
    try:
        changed = move.apply(dict(metas))
        shapes = {name: tuple(tensor.shape) for name, tensor in changed.items()}
        operation.explain(**shapes, **taken(operation.explain, parameters))
        result = operation.run(**changed, **operation.run_parameters(parameters))
        return tuple(result.shape) if result.numel() <= limits.current().elements else None
    except (ShapeError, RuntimeError, ValueError, IndexError, TypeError, AttributeError):
        return None


# --- what to try


def _moves(case: Case) -> Iterator[Move]:
    """Every single change worth trying."""
    yield from _parameter_moves(case)
    for name in case.given:
        yield from _tensor_moves(case, name)
    if case.operation.swaps and len(case.given) == 2:
        first, second = case.given
        yield Move(
            "swap", 3, apply=lambda given: {first: given[second], second: given[first]}, swap=(first, second)
        )


def _parameter_moves(case: Case) -> Iterator[Move]:
    for parameter in case.operation.parameters:
        if isinstance(parameter, Toggle) and parameter.name == "keepdim" and not case.parameters["keepdim"]:
            yield Move("keepdim", 0, parameters={"keepdim": True})
        if isinstance(parameter, Choice) and parameter.name in AXIS:
            for value, _label in parameter.options:
                if value != case.parameters[parameter.name]:
                    yield Move("axis", 4, parameters={parameter.name: value})


def _tensor_moves(case: Case, name: str) -> Iterator[Move]:
    """Changes of one tensor's shape; the numbers stay."""
    for call in calls(case.shapes[name], _targets(case, name)):
        yield Move(
            call.kind,
            call.cost,
            {name: call.text},
            lambda given, change=call.change: given | {name: change(given[name])},
        )


def _targets(case: Case, name: str) -> list[Shape]:
    """Shapes with as many elements that the other tensors, or the names of the axes, ask for."""
    shapes = case.shapes
    own = shapes.pop(name)
    axes = {item.name: item.axes.split() for item in case.operation.inputs}
    sizes = {
        axis: size
        for other, shape in shapes.items()
        if len(axes[other]) == len(shape)
        for axis, size in zip(axes[other], shape, strict=True)
    }
    asked = [sizes.get(axis) for axis in axes[name] if axis != "..."]
    known = prod(size for size in asked if size is not None)
    if asked.count(None) == 1 and known and prod(own) % known == 0:
        asked = [prod(own) // known if size is None else size for size in asked]
    wanted = [tuple(shape) for shape in (asked, *shapes.values()) if None not in shape]
    return [shape for shape in dict.fromkeys(wanted) if shape != own and prod(shape) == prod(own)]


def _pairs(moves: Sequence[Move]) -> list[Move]:
    """Two tensors, each changed once."""
    single = [move for move in moves if move.calls]
    return [
        Move(
            f"{one.kind} {two.kind}",
            one.cost + two.cost,
            {**one.calls, **two.calls},
            lambda given, one=one, two=two: two.apply(one.apply(given)),
        )
        for one, two in itertools.combinations(single, 2)
        if not one.calls.keys() & two.calls.keys()
    ]


# --- how it is written


def _code(case: Case, move: Move) -> str:
    """The call as it is written after the move: "torch.mv(A.T, x)"; a changed parameter alone is named."""
    if move.parameters:
        return ", ".join(f"{name}={value!r}" for name, value in move.parameters.items())
    operands = {name: name + move.calls.get(name, "") for name in case.given}
    if move.swap:
        operands = dict(zip(move.swap, reversed(move.swap), strict=True))
    return case.operation.written(operands, case.parameters)


def _changes(case: Case, metas: Mapping[str, torch.Tensor], move: Move) -> dict[str, Any] | None:
    """What to set; None where a text does not read back as the tensor meant."""
    if move.parameters:
        return dict(move.parameters)
    if move.swap:
        first, second = move.swap
        return {first: case.texts[second], second: case.texts[first]}
    after = move.apply(dict(metas))
    texts = {name: _text(case, name, call, tuple(after[name].shape)) for name, call in move.calls.items()}
    return None if None in texts.values() else texts


def _text(case: Case, name: str, call: str, shape: Shape) -> str | None:
    """The input's text with `call` behind it: the reader's own words in brackets, or its numbers written out."""
    text, names = case.texts[name].strip(), case.names
    own = [f"{text}{call}" if text in names else f"({text}){call}"]
    if _reads_as(own[0], names) is None and _reads_as(text, names) is not None:  # several lines, or a form
        own.append(behind(text, call, names))
    if case.given[name].numel() <= MOST_SPELLED:
        own.append(f"({tensors.literal(case.given[name])}){call}")
    return next((text for text in own if _reads_as(text, names) == shape), None)


def _reads_as(text: str, names: Mapping[str, torch.Tensor]) -> Shape | None:
    """The shape that the tensor language gives `text`, without computing it; None where it refuses."""
    try:
        return check_program(parse_program(text, names=names), names=names)[-1].shape
    except ExpressionError:
        return None

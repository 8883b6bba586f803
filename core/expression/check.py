"""A tree with shapes: every part is run on the meta device first, so that sizes are known before memory is taken."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from core.expression.arguments import (
    Several,
    all_numbers,
    as_tensor,
    check_size,
    dtype_name,
    grouped,
    is_number,
)
from core.expression.errors import ExpressionError
from core.expression.grammar import Part
from core.expression.machine import Machine, gives_sizes, no_tensor
from core.expression.program import Line, Program
from core.limits import Limits, current
from core.shapes import ShapeError
from core.words import _


@dataclass(frozen=True)
class Node:
    """A part whose shape is known.

    `shape` and `dtype` ("float32") are those of the tensor or number that the part gives; both are None for a
    slice, a word, a list that is no tensor, or several tensors at once. The rest is as in Part.
    """

    part: Part
    children: tuple[Node, ...]
    shape: tuple[int, ...] | None
    dtype: str | None
    machine: Machine

    @property
    def kind(self) -> str:
        """What the part is: call, method, operator, index, literal, number, name ..."""
        return self.part.kind

    @property
    def name(self) -> str:
        """The operator's sign, or the name of the function, method, attribute or variable."""
        return self.part.name

    @property
    def text(self) -> str:
        """The part as it was typed."""
        return self.part.text

    @property
    def start(self) -> int:
        """Where it begins in the typed text."""
        return self.part.start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.part.end

    def walk(self) -> Iterator[Node]:
        """Every node below and this one, children first: the order in which they are computed."""
        waiting: list[tuple[Node, bool]] = [(self, False)]
        while waiting:
            node, ready = waiting.pop()
            if ready:
                yield node
            else:
                waiting.append((node, True))
                waiting.extend((child, False) for child in reversed(node.children))


class Run:
    """Parts computed one after the other on one device, over one line or several, each value kept.

    On the meta device nothing is allocated, and what the parts would take in all is counted against the limits.
    """

    def __init__(self, device: str, limits: Limits, names: Mapping[str, Any]) -> None:
        self.machine = Machine(device, limits, dict(names))
        self.worth: dict[int, Any] = {}
        self.total = 0

    def apply(self, part: Part) -> Any:
        """What `part` is worth, its children being known."""
        with torch.no_grad(), quiet():
            value = self.machine.apply(part, [self.worth[id(child)] for child in part.children])
        if self.machine.device == "meta":
            self._count(part, value)
        self.worth[id(part)] = value
        return value

    def keep(self, line: Line) -> None:
        """Give the value of a computed line to the names on its left."""
        value = self.worth[id(line.tree)]
        values = self._unpacked(line, value) if len(line.targets) > 1 else [value] * len(line.targets)
        self.machine.names.update(zip(line.targets, map(self._held, values), strict=True))

    def result(self, line: Line) -> torch.Tensor:
        """The tensor that a computed and kept line gives: of several names the last."""
        several = len(line.targets) > 1
        value = self.machine.names[line.targets[-1]] if several else self.worth[id(line.tree)]
        if gives_sizes(line.tree):
            raise no_tensor(line.tree)
        with quiet():
            return _as_result(value, line.tree, self.machine.device)

    def _held(self, value: Any) -> Any:
        """What a name holds: a list of numbers is a tensor by then."""
        return (
            as_tensor(value, self.machine.device) if isinstance(value, list) and all_numbers(value) else value
        )

    def _unpacked(self, line: Line, value: Any) -> list[Any]:
        count = len(line.targets)
        if isinstance(value, Several):
            found = list(value.tensors)
        elif isinstance(value, torch.Tensor) and value.ndim:
            found = list(value.unbind()) if len(value) == count else [None] * len(value)
        else:
            found = list(value) if isinstance(value, list | tuple) else [value]
        if len(found) != count:
            sentence = _("{count} names stand on the left, and the right side gives {found}.")
            words = {"count": count, "found": len(found)}
            raise ExpressionError(sentence.format(**words), "", line.tree.start, line.tree.end, "unpack")
        return found

    def _count(self, part: Part, value: Any) -> None:
        """A name takes nothing; a list may be stacked, so what it holds counts again."""
        limits = self.machine.limits
        held = value if isinstance(value, list | tuple) else (value,)
        found = sum(_measure(one, part, limits) for one in held)
        self.total += 0 if part.kind == "name" else found
        if self.total > limits.total_elements:
            sentence = _("All parts together would have {count} elements; at most {limit} are allowed.")
            words = {"count": grouped(self.total), "limit": grouped(limits.total_elements)}
            raise ExpressionError(
                sentence.format(**words), _("Use smaller sizes."), part.start, part.end, "too-many-in-all"
            )


def check(tree: Part, limits: Limits | None = None, names: Mapping[str, Any] | None = None) -> Node:
    """The tree with its shapes, limits kept; raises ExpressionError. Nothing is allocated but what `names` holds."""
    run = Run("meta", limits or current(), names or {})
    node = _checked(run, tree)
    run.result(_alone(tree))
    return node


def _alone(tree: Part) -> Line:
    return Line((), tree, tree.start, tree.end)


def check_program(
    program: Program, limits: Limits | None = None, names: Mapping[str, Any] | None = None
) -> tuple[Node, ...]:
    """The trees of the lines with their shapes, the limits kept over all of them; raises ExpressionError."""
    run = Run("meta", limits or current(), names or {})
    nodes = []
    for line in program.lines:
        nodes.append(_checked(run, line.tree))
        run.keep(line)
    run.result(program.lines[-1])
    return tuple(nodes)


def _checked(run: Run, tree: Part) -> Node:
    done: dict[int, Node] = {}
    for part in in_order(tree):
        shape, dtype = described(run.apply(part))
        children = tuple(done[id(child)] for child in part.children)
        done[id(part)] = Node(part, children, shape, dtype, run.machine)
    return done[id(tree)]


def evaluate(node: Node, device: str = "cpu") -> torch.Tensor:
    """The tensor of a checked tree, computed on `device`; raises ExpressionError where values do not allow it."""
    run = Run(device, node.machine.limits, node.machine.names)
    for part in in_order(node.part):
        run.apply(part)
    return run.result(_alone(node.part))


def evaluate_program(
    program: Program,
    limits: Limits | None = None,
    names: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> torch.Tensor:
    """The tensor of the last line of a checked program, computed on `device`; raises ExpressionError."""
    run = Run(device, limits or current(), names or {})
    for line in program.lines:
        for part in in_order(line.tree):
            run.apply(part)
        run.keep(line)
    return run.result(program.lines[-1])


def in_order(tree: Part) -> Iterator[Part]:
    """Every part of the tree, children first: the order in which they are computed."""
    waiting: list[tuple[Part, bool]] = [(tree, False)]
    while waiting:
        part, ready = waiting.pop()
        if ready:
            yield part
        else:
            waiting.append((part, True))
            waiting.extend((child, False) for child in reversed(part.children))


def quiet() -> warnings.catch_warnings:
    """torch warns about tastes of its own; the reader is told by sentences."""
    return warnings.catch_warnings(action="ignore")


def _measure(value: Any, part: Part, limits: Limits) -> int:
    """The elements of a value, an expanded view counted in full; refused beyond the limits."""
    tensors = value.tensors if isinstance(value, Several) else (value,)
    return sum(
        check_size(tuple(tensor.shape), part, limits)
        for tensor in tensors
        if isinstance(tensor, torch.Tensor)
    )


def described(value: Any) -> tuple[tuple[int, ...] | None, str | None]:
    if isinstance(value, list | tuple) or is_number(value):
        try:
            value = as_tensor(value, "meta")
        except Exception:  # a list that is no tensor: sizes with None, texts, tensors that do not stack
            return None, None
    if isinstance(value, torch.Tensor):
        return tuple(value.shape), dtype_name(value.dtype)
    return None, None


def _as_result(value: Any, part: Part, device: str) -> torch.Tensor:
    """The tensor that a whole line gives."""
    try:
        return as_tensor(value, device)
    except ExpressionError as error:
        raise error.at(part.start, part.end) from None
    except ShapeError as error:
        found = ExpressionError(error.sentence, "", part.start, part.end, "shape")
        found.shapes = error
        raise found from None

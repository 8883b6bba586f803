"""A tree with shapes: every part is run on the meta device first, so that sizes are known before memory is taken."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from core.expression.arguments import Several, as_tensor, check_size, dtype_name, grouped, is_number
from core.expression.errors import ExpressionError
from core.expression.grammar import Part
from core.expression.machine import Machine
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


def check(tree: Part, limits: Limits | None = None, names: Mapping[str, torch.Tensor] | None = None) -> Node:
    """The tree with its shapes, limits kept; raises ExpressionError. Nothing is allocated but what `names` holds."""
    limits = limits or current()
    machine = Machine("meta", limits, names or {})
    done: dict[int, tuple[Node, Any]] = {}
    total = 0
    for part in _postorder(tree):
        children = [done[id(child)] for child in part.children]
        with _quiet():
            value = machine.apply(part, [value for _node, value in children])
        total += _measure(value, part, limits)
        if total > limits.total_elements:
            sentence = _("All parts together would have {count} elements; at most {limit} are allowed.")
            words = {"count": grouped(total), "limit": grouped(limits.total_elements)}
            raise ExpressionError(
                sentence.format(**words), _("Use smaller sizes."), part.start, part.end, "too-many-in-all"
            )
        shape, dtype = _described(value)
        node = Node(part, tuple(node for node, _value in children), shape, dtype, machine)
        done[id(part)] = node, value
    node, value = done[id(tree)]
    _as_result(value, tree, "meta")
    return node


def evaluate(node: Node, device: str = "cpu") -> torch.Tensor:
    """The tensor of a checked tree, computed on `device`; raises ExpressionError where values do not allow it."""
    machine = Machine(device, node.machine.limits, node.machine.names)
    worth: dict[int, Any] = {}
    with torch.no_grad(), _quiet():
        for one in node.walk():
            worth[id(one)] = machine.apply(one.part, [worth[id(child)] for child in one.children])
        return _as_result(worth[id(node)], node.part, device)


def _postorder(tree: Part) -> Iterator[Part]:
    waiting: list[tuple[Part, bool]] = [(tree, False)]
    while waiting:
        part, ready = waiting.pop()
        if ready:
            yield part
        else:
            waiting.append((part, True))
            waiting.extend((child, False) for child in reversed(part.children))


def _quiet() -> warnings.catch_warnings:
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


def _described(value: Any) -> tuple[tuple[int, ...] | None, str | None]:
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

"""Which part of a program takes what from which other: the lines of data between its parts.

A key stands for one value: the part that makes it, a tensor of the shelf, or one of several results of a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from core.expression.arguments import Several, all_numbers, is_number, placed
from core.expression.errors import ExpressionError
from core.expression.grammar import Part
from core.expression.machine import called, entry_of
from core.expression.program import Line

OPERANDS = ("tensor", "floats")  # kinds of arguments that make a tensor of a number or a list
Key = tuple  # ("part", id), ("shelf", name) or ("result", key, place)


def key_of(part: Part) -> Key:
    """The key of what a part makes."""
    return "part", id(part)


def is_tensor(value: Any) -> bool:
    """A tensor, or several at once."""
    return isinstance(value, torch.Tensor | Several)


def is_plain(value: Any) -> bool:
    """A number, or lists of nothing but numbers."""
    return is_number(value) or (isinstance(value, list | tuple) and all_numbers(value))


@dataclass
class Links:
    """The inputs of every part met so far, and which plain numbers and lists a tensor operation uses."""

    shelf: Mapping[str, Any]
    inputs: dict[int, tuple[Key, ...]] = field(default_factory=dict)
    wanted: set[Key] = field(default_factory=set)
    targets: dict[Key, str] = field(default_factory=dict)
    names: dict[str, Key] = field(default_factory=dict)
    parts: dict[Key, Part] = field(default_factory=dict)

    def add(self, part: Part, worth: Mapping[int, Any], value: Any) -> None:
        """Take note of a part and its value; `value` is None of a part that could not be computed."""
        self.parts[key_of(part)] = part
        plain = is_plain(value) and part.kind not in ("list", "tuple")
        found = () if plain else tuple(self._found(part, worth))
        self.inputs[id(part)] = found
        if is_tensor(value) or value is None:
            self.wanted.update(found)

    def keep(self, line: Line) -> None:
        """The names on the left of a computed line stand for its value from now on."""
        parts = line.tree.children if line.tree.kind in ("list", "tuple") else ()
        whole = self.key(line.tree)
        if len(line.targets) == 1:
            keys = [whole]
        elif len(parts) == len(line.targets):
            keys = [self.key(child) for child in parts]
        else:
            keys = [("result", whole, place) for place in range(len(line.targets))]
        own = {key_of(line.tree), *map(key_of, parts)}
        for name, key in zip(line.targets, keys, strict=True):
            self.names[name] = key
            if key in own or key[0] == "result":  # another name for an older value does not rename it
                self.targets.setdefault(key, name)

    def key(self, part: Part) -> Key:
        """What a part stands for: a name stands for what it was given."""
        if part.kind == "name" and part.name in self.names:
            return self.names[part.name]
        if part.kind == "name" and part.name in self.shelf:
            return "shelf", part.name
        return key_of(part)

    def result(self, line: Line) -> Key:
        """What a line gives: of several names the last."""
        return self.names[line.targets[-1]] if len(line.targets) > 1 else self.key(line.tree)

    def _found(self, part: Part, worth: Mapping[int, Any]) -> Iterator[Key]:
        for child, kind in _kinds(part, worth):
            value, made = worth.get(id(child)), self.parts.get(self.key(child), child)
            listed = isinstance(value, list | tuple)
            if (
                is_tensor(value)
                or (kind in OPERANDS and (is_plain(value) or listed))
                or (kind == "operand" and listed)
            ):
                yield self.key(child)
            elif kind == "tensors" and made.kind in ("list", "tuple"):
                yield from map(self.key, made.children)
            elif kind == "tensors" and listed:
                yield self.key(child)
            elif listed and not is_plain(value):
                yield from self.inputs.get(id(made), ())


def _kinds(part: Part, worth: Mapping[int, Any]) -> Iterator[tuple[Part, str]]:
    """The children of `part`, each with the kind of argument that it is."""
    entry = entry_of(part)
    if part.kind in ("operator", "attribute"):
        yield from ((child, "tensor") for child in part.children)
    elif part.kind == "index":
        yield part.children[0], "tensor"
        yield part.children[1], "key"
    elif part.kind in ("list", "tuple"):
        yield from ((child, "entry") for child in part.children)
    elif entry is not None:
        yield from _arguments(entry, part, worth)
    elif part.kind == "method":
        yield part.children[0], "tensor"


def _arguments(entry: Any, part: Part, worth: Mapping[int, Any]) -> Iterator[tuple[Part, str]]:
    try:
        values = [worth.get(id(child)) for child in part.children]
        found = placed(called(entry, part), entry.parameters, part, values)
    except ExpressionError:
        yield from ((child, "any") for child in part.children)
        return
    for parameter in entry.parameters:
        for child in found.get(parameter.name, ((), None))[0]:
            rest = parameter.rest and parameter.kind == "tensors" and len(found[parameter.name][0]) > 1
            yield child, "tensor" if rest else parameter.kind

"""Small changes of one tensor's shape, tried by the shape doctor and by the mends of a line; and a clash as strips."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.shapes import Shape, align

MOST_AXES = 8


@dataclass(frozen=True)
class Call:
    """What is written after a tensor, `.mT` say; `cost`: the lower, the more likely it was meant."""

    kind: str
    cost: int
    text: str
    change: Callable[[torch.Tensor], torch.Tensor]


def calls(shape: Sequence[int], targets: Sequence[Shape] = ()) -> Iterator[Call]:
    """Every change of a tensor of that shape worth trying; the numbers stay. `targets`: shapes that others ask for."""
    if len(shape) >= 2:
        yield Call("transpose", 1, ".T" if len(shape) == 2 else ".mT", lambda t: t.mT)
    for axis, size in enumerate(shape):
        if size == 1:
            yield Call("squeeze", 2, f".squeeze({axis})", lambda t, a=axis: t.squeeze(a))
    if len(shape) < MOST_AXES:
        for axis in reversed(
            range(len(shape) + 1)
        ):  # an axis at the end first: in front torch puts it itself
            yield Call("unsqueeze", 2, f".unsqueeze({axis})", lambda t, a=axis: t.unsqueeze(a))
    if len(shape) >= 2:
        yield Call("flatten", 5, ".flatten()", lambda t: t.flatten())
    for sizes in targets:
        written = ", ".join(map(str, sizes))
        yield Call("reshape", 6, f".reshape({written})", lambda t, s=sizes: t.reshape(s))


def strips(shapes: Mapping[str, Sequence[int]], clash: Sequence[Sequence[Any]] = ()) -> list[dict[str, Any]]:
    """The shapes under each other, aligned at the right; None where a shape has no axis, and which boxes clash."""
    return strips_of(list(shapes.items()), clash)


def strips_of(
    shapes: Sequence[tuple[str, Sequence[int]]], clash: Sequence[Sequence[Any]] = ()
) -> list[dict[str, Any]]:
    """As `strips`, of pairs: one name may come twice, as in A @ A."""
    marked = {(name, axis) for name, axis in clash}
    found = []
    for (name, shape), row in zip(shapes, align(*(shape for _name, shape in shapes)), strict=True):
        missing = len(row) - len(shape)
        where = [k for k in range(len(row)) if (name, k - missing) in marked]
        found.append({"name": name, "sizes": list(row), "clash": where})
    return found

"""One call of the language as a record, and short ways to write it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from core.expression.arguments import Given, Parameter, signature


@dataclass(frozen=True)
class Entry:
    """One call of the language.

    `path` is its name in torch, shown in sentences; `rule` predicts the shape or refuses; `work` counts the
    multiplications; `guard` looks at real values; `fields` names several results; `exact` compares whole numbers
    with floats, so that an overflow is not passed over in silence; `creates` takes the device; `inside` is the shape
    of the largest thing that torch makes on the way, which no result shows.
    """

    path: str
    parameters: tuple[Parameter, ...]
    call: Callable[..., Any]
    rule: Callable[[Given], Any] | None = None
    work: Callable[[Given], int] | None = None
    guard: Callable[[Given], None] | None = None
    inside: Callable[[Given], Sequence[int]] | None = None
    fields: tuple[str, ...] = ()
    exact: bool = False
    creates: bool = False
    method: bool = False
    function: bool = True

    @property
    def name(self) -> str:
        """The last word of the path."""
        return self.path.rsplit(".", 1)[-1]


def entry(path: str, parameters: str, call: Callable[..., Any], rule=None, **more: Any) -> Entry:
    return Entry(path, signature(parameters), call, rule, **more)


def both(path: str, parameters: str, call: Callable[..., Any], rule=None, **more: Any) -> Entry:
    """A function that is a method as well."""
    return entry(path, parameters, call, rule, method=True, **more)


def method(name: str, parameters: str, call: Callable[..., Any], rule=None, **more: Any) -> Entry:
    """A method that is no function."""
    return entry(f"Tensor.{name}", parameters, call, rule, method=True, function=False, **more)

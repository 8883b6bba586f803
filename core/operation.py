"""The records a concept is declared with: one Operation, read by the page, the tests and the exports."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from core.panels import Panel


@dataclass(frozen=True)
class Input:
    """A tensor the reader gives. `axes` names its axes ("m n"); `default` is text in the tensor language."""

    name: str
    axes: str
    default: str
    label: str  # marked with N_: what this tensor is, in a few words


@dataclass(frozen=True)
class Choice:
    """One of several named values. `options` are (value, label marked with N_)."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    default: str

    def read(self, text: str) -> str:
        """`text` as a value; raises ValueError for a value that is not an option."""
        if text not in dict(self.options):
            raise ValueError(text)
        return text


@dataclass(frozen=True)
class Slider:
    """A number between `low` and `high` in steps of `step`; whole when all of them are int."""

    name: str
    label: str
    low: float
    high: float
    step: float
    default: float

    def read(self, text: str) -> float:
        """`text` as a value; raises ValueError when it is no number in the range."""
        if len(text) > 20:
            raise ValueError(text)
        value = type(self.default)(text)
        if not self.low <= value <= self.high:
            raise ValueError(text)
        return value


@dataclass(frozen=True)
class Toggle:
    """On or off; written 1 and 0 in a link."""

    name: str
    label: str
    default: bool

    def read(self, text: str) -> bool:
        """`text` as a value; raises ValueError for anything but 0 and 1."""
        if text not in ("0", "1"):
            raise ValueError(text)
        return text == "1"


Parameter = Choice | Slider | Toggle


@dataclass(frozen=True)
class Preset:
    """Inputs (and parameters) worth showing: name -> text."""

    key: str
    title: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """One moment of the story: pictures, one sentence, and the formula with the numbers put in."""

    panels: tuple[Panel, ...]
    sentence: str
    formula: str = ""


@dataclass(frozen=True)
class Example:
    """The operation at work on real data (practice), or the mistake people make (trap).

    `steps(operation inputs..., **parameters)` tells it; `run` is the code that the reader sees.
    """

    key: str
    title: str
    summary: str
    run: Callable[..., Any]
    steps: Callable[..., Iterator[Step]]
    parameters: tuple[Parameter, ...] = ()
    uses_inputs: bool = False  # True: run and steps receive the page's own tensors first

    @property
    def code(self) -> str:
        """The source of `run`."""
        return source_of(self.run)


@dataclass(frozen=True)
class Operation:
    """One concept: what it computes, why its result has that shape, and how it is told step by step."""

    key: str
    chapter: str  # a key of core.ops.CHAPTER_TITLES
    title: str
    summary: str
    notation: str  # short, plain Unicode: "y = A x"
    call: str  # the torch call: "torch.mv(A, x)"
    latex: str
    inputs: tuple[Input, ...]
    run: Callable[..., Tensor]
    explain: Callable[..., str]
    steps: Callable[..., Iterator[Step]]
    result: str  # the name of the block of cells that holds run's result in the last step
    parameters: tuple[Parameter, ...] = ()
    facts: Callable[..., list[tuple[str, str]]] | None = None  # first input -> (label, value) worth knowing
    presets: tuple[Preset, ...] = ()
    practice: tuple[Example, ...] = ()
    traps: tuple[Example, ...] = ()
    place: str = ""  # where the operation stands in a network
    challenges: tuple[str, ...] = field(default=())

    @property
    def code(self) -> str:
        """The source of `run`: what the page shows is what computed the picture."""
        return source_of(self.run)


def source_of(function: Callable[..., Any]) -> str:
    """The source text of `function`, without its indentation."""
    return textwrap.dedent(inspect.getsource(function)).rstrip()

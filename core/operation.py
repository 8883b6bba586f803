"""The records a concept is declared with: one Operation, read by the page, the tests and the exports."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from core.panels import Axis, Layout, Link, Panel


@dataclass(frozen=True)
class Input:
    """A tensor the reader gives. `axes` names its axes ("m n"; "..." for any); `default` is in the tensor language."""

    name: str
    axes: str
    default: str
    label: str  # marked with N_: what this tensor is, in a few words
    own_dtype: bool = False  # False: computed as float32; True: as the text says (whole numbers stay int64)
    optional: bool = False  # may be left empty, and then run, explain and steps do not receive it


# A parameter is offered only while another one has one of these values: ("view", ("memory", "space")); (): always.
When = tuple[()] | tuple[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Choice:
    """One of several named values. `options` are (value, label marked with N_); a value is text, an int or None.

    `menu`: a drop-down list, for more options than fit into a few words side by side.
    """

    name: str
    label: str
    options: tuple[tuple[Any, str], ...]
    default: Any
    menu: bool = False
    when: When = ()

    def read(self, text: str) -> Any:
        """`text` as a value; raises ValueError for a value that is not an option."""
        known = {spelled(value): value for value, _label in self.options}
        if text not in known:
            raise ValueError(text)
        return known[text]


@dataclass(frozen=True)
class Slider:
    """A number between `low` and `high` in steps of `step`; whole when all of them are int."""

    name: str
    label: str
    low: float
    high: float
    step: float
    default: float
    when: When = ()

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
    when: When = ()

    def read(self, text: str) -> bool:
        """`text` as a value; raises ValueError for anything but 0 and 1."""
        if text not in ("0", "1"):
            raise ValueError(text)
        return text == "1"


@dataclass(frozen=True)
class Phrase:
    """A line of the reader's own words: a query, a word to look up. It is text, never code and never markup."""

    name: str
    label: str
    default: str
    longest: int = 80
    when: When = ()
    optional: bool = False  # may be empty

    def read(self, text: str) -> str:
        """`text` without what does not print; raises ValueError when it is too long, or empty where it may not be."""
        clean = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * self.longest]).split())
        if (not clean and not self.optional) or len(clean) > self.longest:
            raise ValueError(text)
        return clean


@dataclass(frozen=True)
class Spot:
    """A point that is typed, or dragged on a stage by the handle whose variable has this name; 1 to 3 numbers."""

    name: str
    label: str
    default: tuple[float, ...]
    low: float = -10.0
    high: float = 10.0
    when: When = ()

    def read(self, text: str) -> tuple[float, ...]:
        """`text` such as "1.5,-2" as numbers; raises ValueError when it is no such point or out of range."""
        parts = text.strip("()[] ").split(",")
        if len(parts) != len(self.default) or any(len(part) > 20 for part in parts):
            raise ValueError(text)
        point = tuple(float(part) for part in parts)
        if not all(self.low <= value <= self.high for value in point):
            raise ValueError(text)
        return point


@dataclass(frozen=True)
class File:
    """A file that a visitor gave: its name as it came (text, never a path) and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Upload:
    """A file of the reader's own; None is none. Its bytes are read in a worker (core.files); no link carries them."""

    name: str
    label: str
    kinds: tuple[str, ...]  # of core.files: "csv", "image", "clip"
    default: None = None

    def read(self, text: str) -> None:
        """No link and no text can hold a file: only "none" is read. Steps receive the file's bytes, or None."""
        if text != "none":
            raise ValueError(text)


Parameter = Choice | Slider | Toggle | Phrase | Spot | Upload


def offered(parameter: Parameter, values: Mapping[str, Any]) -> bool:
    """Whether `parameter` matters for these `values`, and is shown."""
    condition = getattr(parameter, "when", ())
    return not condition or values.get(condition[0]) in condition[1]


def spelled(value: Any) -> str:
    """A parameter's value as a link writes it.

    >>> spelled(True), spelled(None), spelled((1.5, -2.0)), spelled(3)
    ('1', 'none', '1.5,-2', '3')
    """
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple | list):
        return ",".join(spelled(int(entry) if entry == int(entry) else entry) for entry in value)
    return "none" if value is None else repr(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Preset:
    """Inputs (and parameters) worth showing: name -> text."""

    key: str
    title: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Challenge:
    """A task for the reader's own hands, on a concept's page; whether it is met is seen from the page's answer.

    `start` and `solution` are texts of inputs and parameters, as a preset's; the solution comes over the start.
    `goal(**inputs, **parameters, result=...)` takes those that it names, as torch has them; it must be quick, and may
    not raise for anything that the concept computes. An optional input that is empty is None.
    """

    key: str
    text: str  # what is to be done, marked with N_
    goal: Callable[..., bool]
    why: str  # the idea, told when it is met; marked with N_
    start: Mapping[str, str]
    solution: Mapping[str, str]


@dataclass(frozen=True)
class Step:
    """One moment of the story: pictures, one sentence, and the formula with the numbers put in."""

    panels: tuple[Panel, ...]
    sentence: str
    formula: str = ""
    layout: Layout | None = (
        None  # where the panels stand: the first step's counts for the film; None: the usual place
    )
    links: tuple[Link, ...] = ()


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
    source: str = ""  # where the data come from, marked with N_

    @property
    def code(self) -> str:
        """The source of `run`."""
        return source_of(self.run)


@dataclass(frozen=True)
class Prepare:
    """What takes long and comes before the answer, done in parts: a training. Only `parameters` change it.

    `work(before, **those parameters)` does one part and returns plain data; `before` is what the part before returned,
    None at first. `read(done, **parameters)` makes of the last part's data what run, explain, steps and facts receive.
    """

    title: str  # what the reader sees meanwhile, marked with N_
    parameters: tuple[str, ...]
    parts: int
    work: Callable[..., dict[str, Any]]
    read: Callable[..., dict[str, Any]]

    def part(self, before: Mapping[str, Any] | None, values: Mapping[str, Any]) -> dict[str, Any]:
        """One more part for these parameter values."""
        return self.work(before, **{name: values[name] for name in self.parameters})

    def values(self, done: Mapping[str, Any] | None, values: Mapping[str, Any]) -> dict[str, Any]:
        """What run and the others receive; whatever is not done yet is done first."""
        for _part in range(0 if done else self.parts):
            done = self.part(done, values)
        return self.read(done, **taken(self.read, values))


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
    challenges: tuple[Challenge, ...] = ()
    poster: Mapping[str, Any] = field(
        default_factory=dict
    )  # parameters that its picture on home is drawn with
    poster_plane: bool = True  # that picture is the plane or space alone, where there is one
    axes: Mapping[str, str] = field(
        default_factory=dict
    )  # axis name -> colour in the theme, everywhere on the page
    shape_line: str | Callable[..., str] = (
        ""  # "A (m, n) @ x (n) -> y (m)": the axes' names, coloured, with the sizes put in
    )
    named_axes: Callable[..., Mapping[str, tuple[Axis, ...]]] | None = (
        None  # shapes by name (and parameters) -> the axes of each tensor, where they depend on the rank
    )
    fit: Callable[..., Mapping[str, Any]] | None = (
        None  # shapes by name, values= -> parameters that these shapes have no room for, and what they become instead
    )
    clash: Callable[..., Iterator[Step]] | None = (
        None  # input shapes by name -> what is told where explain refuses
    )
    elementwise: bool | Callable[[Mapping[str, Any]], bool] = (
        False  # operands are broadcast (for these parameters): a result larger than each of them sounds the alarm
    )
    swaps: bool = True  # the shape doctor may try the operands the other way round
    spell: Callable[[Mapping[str, str], Mapping[str, Any]], str] | None = (
        None  # operands as written, parameters -> the call: {"A": "A.mT", "B": "B"} -> "A.mT @ B"
    )
    instead: tuple[str, Callable[[str], Mapping[str, str]]] | None = (
        None  # a parameter that, where it is not empty, says all inputs in another way: its name, value -> texts
    )
    arguments: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = (
        None  # parameter values -> what run is called with: "1, :, ::2" as slices; raises ShapeError
    )
    prepare: Prepare | None = None  # what takes long and comes first

    @property
    def code(self) -> str:
        """The source of `run`: what the page shows is what computed the picture."""
        return source_of(self.run)

    def axes_of(
        self, shapes: Mapping[str, tuple[int, ...]], values: Mapping[str, Any]
    ) -> dict[str, tuple[Axis, ...]]:
        """Name and colour of every axis of every input, where the input has as many axes as it names."""
        if self.named_axes:
            return dict(self.named_axes(**shapes, **taken(self.named_axes, values)))
        named = {item.name: item.axes.split() for item in self.inputs if item.name in shapes}
        return {
            name: tuple((axis, self.axes.get(axis, "")) for axis in axes)
            for name, axes in named.items()
            if len(axes) == len(shapes[name])
        }

    def written_shapes(self, shapes: Mapping[str, tuple[int, ...]], values: Mapping[str, Any]) -> str:
        """The shape line, which may depend on the shapes and the parameters."""
        line = self.shape_line
        return line(**shapes, **taken(line, values)) if callable(line) else line

    def run_parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Those of the parameter `values` that `run` takes: `torch.sum(A, dim=axis)` needs the axis."""
        return taken(self.run, self.arguments(values) if self.arguments else values)

    def written(self, operands: Mapping[str, str], values: Mapping[str, Any]) -> str:
        """The call with `operands` as they are written: "torch.mv(A.T, x)"; plain assignments where it has no place."""
        if self.spell:
            return self.spell(operands, values)
        found = {name: re.findall(rf"\b{name}\b", self.call) for name in operands}
        if all(len(places) == 1 for places in found.values()):
            known = "|".join(operands)
            return re.sub(rf"\b({known})\b", lambda place: operands[place[1]], self.call)
        return ", ".join(f"{name} = {text}" for name, text in operands.items() if name != text)

    def stood_in(self, values: Mapping[str, Any]) -> Mapping[str, str]:
        """The input texts that a parameter stands for (`instead`); {} where the inputs count. Raises ShapeError."""
        if not self.instead or not values.get(self.instead[0]):
            return {}
        return self.instead[1](values[self.instead[0]])

    def typed(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Texts of inputs and parameters as a page holds them: parameters as values."""
        known = {item.name: item for item in self.parameters}
        return {name: known[name].read(text) if name in known else text for name, text in texts.items()}

    def challenge(self, key: str) -> Challenge | None:
        """The challenge of this key, if there is one."""
        return next((one for one in self.challenges if one.key == key), None)

    def begun(self, challenge: str = "") -> dict[str, Any]:
        """What the page holds at first: the defaults, and over them what a challenge begins with."""
        own = {item.name: item.default for item in (*self.inputs, *self.parameters)}
        found = self.challenge(challenge)
        return {**own, **self.typed(found.start)} if found else own

    def meets(self, challenge: str, values: Mapping[str, Any], result: Any) -> bool:
        """Whether the goal of that challenge is met by these inputs and parameters and what `run` made of them."""
        found, empty = self.challenge(challenge), {item.name: None for item in self.inputs if item.optional}
        return bool(found and found.goal(**taken(found.goal, {**empty, **values, "result": result})))

    def broadcasts(self, values: Mapping[str, Any]) -> bool:
        """Whether operands are broadcast cell by cell, with these parameters."""
        return self.elementwise(values) if callable(self.elementwise) else self.elementwise


@dataclass(frozen=True)
class Desk:
    """A page of the workbench, which is not one operation: its key, and the fields that its state and link hold."""

    key: str
    title: str  # marked with N_
    inputs: tuple[Input, ...]
    parameters: tuple[Parameter, ...] = ()
    instead: None = None  # no parameter of a desk stands in for its inputs

    def stood_in(self, _values: Mapping[str, Any]) -> Mapping[str, str]:
        """Nothing: see `Operation.stood_in`."""
        return {}


def taken(function: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `values` that `function` names among its parameters; all of them where it takes **any."""
    names = inspect.signature(function).parameters
    if any(one.kind is one.VAR_KEYWORD for one in names.values()):
        return dict(values)
    return {name: value for name, value in values.items() if name in names}


@cache
def source_of(function: Callable[..., Any]) -> str:
    """The source text of `function`, without its indentation. Read once: it took a tenth of an answer's time."""
    return textwrap.dedent(inspect.getsource(function)).rstrip()

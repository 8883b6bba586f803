"""A program traced node by node: every tensor with its value, what it was made of, how it is written, what it cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from core.expression.arguments import Given, Several, as_tensor, bind, dtype_name, is_number
from core.expression.check import Run, described, in_order
from core.expression.cost import FREE, Cost, cost
from core.expression.entry import Entry
from core.expression.errors import ExpressionError
from core.expression.grammar import Part
from core.expression.links import Key, Links, is_plain, is_tensor
from core.expression.machine import called, entry_of
from core.expression.program import Line, Program, parse_program
from core.limits import Limits, current
from core.shapes import ShapeError
from core.words import _

MOST_LABEL = 24  # characters
UNSHOWN = ("device", "requires_grad", "data", "size")  # arguments that say nothing about the call
MAKERS = ("torch.tensor", "torch.as_tensor", "np.array", "numpy.array")


@dataclass(frozen=True)
class Piece:
    """One node: a tensor, or a number that a tensor operation uses.

    `number`: its place in the list, in computing order; `line`: of the program, from 0; `kind`, `name`, `text`,
    `start`, `end`: as in Part; `inputs`: numbers of the pieces it takes, a name standing for the piece that made
    it; `label`: how the node is written alone, "softmax(dim=-1)", ".mT"; `shape`, `dtype`: None of several tensors at
    once; `value`: the numbers, None where it was only checked or is several tensors; `target`: the name it was
    given on its line, or ""; `path`: torch's call, "" of a leaf; `arguments`: those that are no tensors, by torch's
    name; `operations`, `read`, `written`, `view`: as core/expression/cost.py counts them, in bytes.
    """

    number: int
    line: int
    kind: str
    name: str
    text: str
    start: int
    end: int
    inputs: tuple[int, ...]
    label: str
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    value: torch.Tensor | None = None
    target: str = ""
    path: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    operations: int = 0
    read: int = 0
    written: int = 0
    view: bool = False


@dataclass(frozen=True)
class Trace:
    """The pieces of a program up to its result, or up to the node that `failed`, which is no piece of the list.

    `result`: the number of the piece that is the result, None where there is an error.
    """

    text: str
    pieces: tuple[Piece, ...] = ()
    result: int | None = None
    error: ExpressionError | None = None
    failed: Piece | None = None


def trace(
    text: str,
    *,
    names: Mapping[str, torch.Tensor] | None = None,
    limits: Limits | None = None,
    device: str = "cpu",
) -> Trace:
    """Every node of `text`, computed on `device`; what is wrong with it stands in the trace and is never raised.

    >>> [piece.label for piece in trace("A = ones(2, 3)\\nA @ A.mT").pieces]
    ['ones(2, 3)', '.mT', '@']
    """
    limits = limits or current()
    try:
        program = parse_program(text, limits, names or {})
        return _Tracer(program, names or {}, limits, device).trace()
    except ExpressionError as error:
        return Trace(text, error=error)
    except (
        Exception
    ):  # a mistake of ours must not become a visitor's stack trace; the tests look for this rule
        internal = ExpressionError(_("This cannot be computed."), "", 0, len(text), "internal")
        return Trace(text, error=internal)


class _Tracer:
    """First the whole program on the meta device, which finds who takes what; then the numbers, piece by piece."""

    def __init__(self, program: Program, names: Mapping[str, Any], limits: Limits, device: str) -> None:
        self.program = program
        self.links = Links(names)
        self.checked = Run("meta", limits, names)
        self.real = Run(device, limits, names)
        self.pieces: list[Piece] = []
        self.numbers: dict[Key, int] = {}

    def trace(self) -> Trace:
        """The trace of the program."""
        error, stopped = self._check()
        try:
            failed = self._compute(stopped)
        except _Stopped as found:
            error, failed = found.error, found.piece
        pieces = tuple(self.pieces)
        if error is not None:
            return Trace(self.program.text, pieces, None, error, failed)
        return Trace(self.program.text, pieces, self.numbers[self.links.result(self.program.lines[-1])])

    # On the meta device

    def _check(self) -> tuple[ExpressionError | None, Part | None]:
        """The error of the shapes and the part that has it, after everything before was linked."""
        for line in self.program.lines:
            for part in in_order(line.tree):
                try:
                    value = self.checked.apply(part)
                except ExpressionError as error:
                    self.links.add(part, self.checked.worth, None)
                    return error, part
                self.links.add(part, self.checked.worth, value)
            try:
                self.checked.keep(line)
                if line is self.program.lines[-1]:
                    self.checked.result(line)
            except ExpressionError as error:
                return error, None
            self.links.keep(line)
        self.links.wanted.add(self.links.result(self.program.lines[-1]))
        return None, None

    # For real

    def _compute(self, stopped: Part | None) -> Piece | None:
        """Makes the pieces; the piece that could not be computed, where there is one."""
        self.links.names.clear()
        for number, line in enumerate(self.program.lines):
            for part in in_order(line.tree):
                if part is stopped:
                    return self._failed(part, number)
                if id(part) not in self.checked.worth:
                    return None  # behind the failing node
                self._part(part, number)
            try:
                self.real.keep(line)
                if line is self.program.lines[-1]:
                    self.real.result(line)
            except ExpressionError as error:
                raise _Stopped(error, None) from None
            self._results(line, number)
            self.links.keep(line)
        return None

    def _part(self, part: Part, line: int) -> None:
        try:
            value = self.real.apply(part)
        except ExpressionError as error:
            raise _Stopped(error, self._failed(part, line)) from None
        key = self.links.key(part)
        if key in self.numbers or not (is_tensor(value) or key in self.links.wanted):
            return
        if is_plain(value) and isinstance(value, list):  # so that its .T is seen to be a view
            value = self.real.worth[id(part)] = as_tensor(value, self.real.machine.device)
        self._add(key, self._piece(part, line, value))

    def _add(self, key: Key, piece: Piece) -> None:
        self.numbers[key] = piece.number
        self.pieces.append(piece)

    def _piece(self, part: Part, line: int, value: Any) -> Piece:
        key = self.links.key(part)
        leaf = is_plain(value) or not self.links.inputs.get(id(part))
        entry = entry_of(part)
        given = self._given(entry, part) if entry else None
        piece = self._bare(part, line, () if is_plain(value) else self._inputs(part), entry, given)
        tensor = self._tensor(value)
        result = value if tensor is None else tensor
        counted = FREE if leaf and entry is None else self._cost(part, entry, given, result)
        shape, dtype = described(value if tensor is None else tensor)
        return replace(
            piece,
            label=shortened(part.text)
            if is_plain(value) and part.kind in ("attribute", "index")
            else piece.label,
            shape=shape,
            dtype=dtype,
            value=tensor,
            target=self.links.targets.get(key, ""),
            path="" if is_plain(value) else piece.path,
            operations=counted.operations,
            read=counted.read,
            written=counted.written,
            view=counted.view,
        )

    def _tensor(self, value: Any) -> torch.Tensor | None:
        try:
            return None if isinstance(value, Several) else as_tensor(value, self.real.machine.device)
        except (ExpressionError, ShapeError, RuntimeError):
            return None

    def _inputs(self, part: Part) -> tuple[int, ...]:
        keys = self.links.inputs.get(id(part), ())
        return tuple(self.numbers[key] for key in keys if key in self.numbers)

    def _bare(
        self, part: Part, line: int, inputs: tuple[int, ...], entry: Entry | None, given: Given | None
    ) -> Piece:
        """A piece without its value."""
        plain = entry and given and part.kind != "operator"  # the numbers beside an operator are pieces
        arguments = _arguments(entry, given) if plain else {}
        label = _label(part, entry, given, arguments, bool(inputs))
        return Piece(
            len(self.pieces), line, part.kind, part.name, part.text, part.start, part.end, inputs,
            label, path=_path(part, entry), arguments=arguments,
        )  # fmt: skip

    def _failed(self, part: Part, line: int) -> Piece:
        entry = entry_of(part)
        return self._bare(part, line, self._inputs(part), entry, self._given(entry, part) if entry else None)

    def _given(self, entry: Entry, part: Part) -> Given | None:
        """The arguments as torch gets them: read by their kinds, and put in order by the rule of the call."""
        values = [self.real.worth.get(id(child)) for child in part.children]
        try:
            given = bind(called(entry, part), entry.parameters, part, values, self.real.machine.device)
        except ExpressionError:
            return None
        try:
            if entry.rule:
                entry.rule(given)
        except (ExpressionError, ShapeError):
            pass  # of a node that fails; what was read is shown
        return given

    def _cost(self, part: Part, entry: Entry | None, given: Given | None, value: Any) -> Cost:
        if given is not None:
            return cost(entry, given, list(given.values.values()), value)
        return cost(None, None, [self.real.worth[id(child)] for child in part.children], value)

    def _results(self, line: Line, number: int) -> None:
        """A piece for each of several results: U, S, Vh = torch.linalg.svd(A)."""
        whole = self.links.key(line.tree)
        keys = [("result", whole, place) for place in range(len(line.targets))]
        if len(line.targets) < 2 or keys[0] not in self.links.targets:
            return
        value, tree = self.real.worth.get(id(line.tree)), line.tree
        fields = value.fields if isinstance(value, Several) else ()
        for place, (key, target) in enumerate(zip(keys, line.targets, strict=True)):
            held = self.real.machine.names[target]
            if key in self.numbers or not (whole in self.numbers or key in self.links.wanted):
                continue
            shape, dtype = described(held)
            if whole not in self.numbers:  # n, d = A.shape: plain numbers
                self._add(key, self._number(tree, number, target, held))
                continue
            name = fields[place] if fields else ""
            piece = Piece(
                len(self.pieces), number, "attribute" if name else "index", name, tree.text, tree.start, tree.end,
                (self.numbers[whole],), f".{name}" if name else f"[{place}]", shape, dtype, held, target, view=True,
            )  # fmt: skip
            self._add(key, piece)

    def _number(self, tree: Part, line: int, target: str, value: Any) -> Piece:
        shape, dtype = described(value)
        return Piece(
            len(self.pieces), line, "number", "", tree.text, tree.start, tree.end, (), str(value), shape, dtype,
            self._tensor(value), target,
        )  # fmt: skip


class _Stopped(Exception):
    """A node whose numbers could not be computed though its shapes were right."""

    def __init__(self, error: ExpressionError, piece: Piece | None) -> None:
        super().__init__()
        self.error, self.piece = error, piece


# How a node is written alone


def _arguments(entry: Entry, given: Given) -> dict[str, Any]:
    """The arguments that are no tensors, as plain data."""
    rest = {parameter.name for parameter in entry.parameters if parameter.rest}
    found = {}
    for name, value in given.values.items():
        if name in UNSHOWN and name not in rest and not (name == "size" and "data" not in given.values):
            continue
        if isinstance(value, torch.dtype):
            found[name] = dtype_name(value)
        elif isinstance(value, str | type(None)) or is_plain(value):
            found[name] = value
    return found


def _label(
    part: Part, entry: Entry | None, given: Given | None, arguments: Mapping[str, Any], inner: bool
) -> str:
    if part.kind == "attribute":
        return f".{part.name}"
    if part.kind == "index":
        return shortened(f"[{part.children[1].text}]")
    if entry is None or given is None or not (inner or _creates(part, entry)):
        return shortened(part.text)
    if part.kind == "operator":
        return part.name
    if entry.path in MAKERS:
        return shortened(part.children[0].text) if not inner else entry.name
    written = [_written(entry, name, value, part) for name, value in arguments.items()]
    if part.kind == "method":
        return f".{entry.name}({', '.join(written)})"
    return f"{entry.name}({', '.join(written)})" if written or entry.creates else entry.name


def _creates(part: Part, entry: Entry) -> bool:
    return part.kind == "call" and entry.creates


def _written(entry: Entry, name: str, value: Any, part: Part) -> str:
    """ "dim=-1"; sizes that stand alone, and what a method was given without a name, as they are."""
    parameter = next((one for one in entry.parameters if one.name == name), None)
    names = [one.name for one in entry.parameters]
    if parameter and parameter.rest:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    placed = part.keywords.index("") if "" in part.keywords else 0
    bare = sum(not word for word in part.keywords) if part.keywords else len(part.children)
    kind = parameter.kind if parameter else ""
    if kind == "text" or (part.kind == "method" and name in names[placed:bare]):
        return _shown(value, kind)
    return f"{name}={_shown(value, kind)}"


def _shown(value: Any, kind: str = "") -> str:
    if kind == "dtype":
        return f"torch.{value}"
    if is_number(value) or value is None:
        return str(value)
    return repr(value)


def _path(part: Part, entry: Entry | None) -> str:
    if part.kind == "attribute":
        return f"Tensor.{part.name}"
    if part.kind == "index":
        return "[...]"
    if entry is None:
        return ""
    return f"Tensor.{entry.name}" if part.kind == "method" else entry.path


def shortened(text: str, most: int = MOST_LABEL) -> str:
    """`text` on one line, at most `most` characters.

    >>> shortened("[[1, 2],\\n [3, 4]]"), shortened("[1, 2, 3, 4, 5, 6, 7, 8, 9]", 12)
    ('[[1, 2], [3, 4]]', '[1, 2, 3, 4…')
    """
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def pieces_below(pieces: Sequence[Piece], number: int) -> list[Piece]:
    """The pieces that the piece `number` was made of, in computing order, itself last."""
    wanted, waiting = {number}, [number]
    while waiting:
        for one in pieces[waiting.pop()].inputs:
            if one not in wanted:
                wanted.add(one)
                waiting.append(one)
    return [pieces[one] for one in sorted(wanted)]

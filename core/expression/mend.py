"""Edits of a program whose shapes do not fit, each one read and checked anew as a whole on the meta device."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch

from core.expression.arguments import as_tensor
from core.expression.check import Run, in_order
from core.expression.errors import ExpressionError
from core.expression.grammar import BEFORE, BINDING, Part
from core.expression.links import is_plain
from core.expression.machine import entry_of
from core.expression.moves import calls, strips_of
from core.expression.program import Program, parse_program
from core.expression.trace import Piece, Trace, pieces_below
from core.limits import Limits, current
from core.shapes import Shape, ShapeError

MOST = 3  # edits that are offered
MOST_TRIED = 80
COSTS = {"keepdim": 0, "float": 0, "swap": 3}
BROADCASTING = ("+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!=", "&", "|", "^")
SHAPES = ("shape", "dtype")  # rules whose errors are mended


@dataclass(frozen=True)
class Edit:
    """Texts put in the place of others, and how likely that was meant: the lower `cost`, the more."""

    kind: str
    cost: int
    changes: tuple[tuple[int, int, str], ...]  # start, end, what stands there then; apart from each other

    def apply(self, text: str) -> str:
        """The whole text after the edit."""
        for start, end, new in sorted(self.changes, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def moved(self, place: int) -> int:
        """Where the end of a part that ended at `place` lies then."""
        return place + sum(
            len(new) - (end - start) for start, end, new in self.changes if end <= place and start < place
        )

    def moved_start(self, place: int) -> int:
        """Where the beginning of a part that began at `place` lies then."""
        return place + sum(len(new) - (end - start) for start, end, new in self.changes if end < place)


@dataclass(frozen=True)
class _Case:
    """The program that fails, the part that does it, and what its operands are."""

    trace: Trace
    program: Program
    failing: Part
    operands: tuple[tuple[Part, torch.Tensor], ...]
    names: Mapping[str, Any]
    limits: Limits = field(default_factory=current)


def mends(
    trace: Trace, *, names: Mapping[str, torch.Tensor] | None = None, limits: Limits | None = None
) -> list[dict[str, Any]]:
    """One to three edits after which the whole program has shapes that fit, best first, no two of a kind.

    Each is {"text": the whole text then, "edit": the node as it is written then, "shape": of the node that failed,
    "result": shape of the program's result}. Nothing is offered for an error that is none of shapes or dtypes.
    """
    if trace.error is None or trace.failed is None or trace.error.rule not in SHAPES:
        return []
    case = _case(trace, names or {}, limits or current())
    if case is None:
        return []
    single = sorted(_edits(case), key=lambda edit: edit.cost)
    found = _working(case, single[:MOST_TRIED]) or _working(case, _pairs(single)[:MOST_TRIED])
    firsts: dict[str, dict[str, Any]] = {}
    for kind, offered in found:
        firsts.setdefault(kind, offered)
    return list(firsts.values())[:MOST]


def strips(trace: Trace) -> list[dict[str, Any]]:
    """The operands of the node that failed: name, sizes aligned at the right (None: no such axis), and what clashes."""
    if trace.error is None:
        return []
    if trace.error.shapes is not None:
        shapes = trace.error.shapes
        return strips_of(list(shapes.tensors.items()), shapes.clash)
    if trace.failed is None:
        return []
    pieces = [trace.pieces[number] for number in trace.failed.inputs]
    return strips_of([(one.target or one.label, one.shape) for one in pieces if one.shape is not None])


def behind(text: str, call: str, names: Mapping[str, Any] | None = None) -> str:
    """A program with `call`, such as ".mT", behind the expression of its last line."""
    tree = parse_program(text, names=names or {}).lines[-1].tree
    start, end, new = _with_call(text, tree, call)
    return text[:start] + new + text[end:]


# The case


def _case(trace: Trace, names: Mapping[str, Any], limits: Limits) -> _Case | None:
    """The program computed again on the meta device up to the part that fails."""
    try:
        program = parse_program(trace.text, limits, names)
        run = Run("meta", limits, names)
        for line in program.lines:
            for part in in_order(line.tree):
                if (part.start, part.end, part.kind, part.name) == _place(trace.failed):
                    return _Case(trace, program, part, tuple(_operands(part, run)), names, limits)
                run.apply(part)
            run.keep(line)
    except ExpressionError:
        return None
    return None


def _place(piece: Piece | None) -> tuple[int, int, str, str] | None:
    return (piece.start, piece.end, piece.kind, piece.name) if piece else None


def _operands(part: Part, run: Run) -> Iterator[tuple[Part, torch.Tensor]]:
    """The children that are tensors, also those in a list of them."""
    for child in part.children:
        value = run.worth.get(id(child))
        if isinstance(value, torch.Tensor):
            yield child, value
        elif child.kind == "literal" and is_plain(value):
            yield child, as_tensor(value, "meta")
        elif child.kind in ("list", "tuple"):
            yield from _operands(child, run)


# What to try


def _edits(case: _Case) -> Iterator[Edit]:
    text = case.trace.text
    if case.trace.error.rule == "dtype":
        for part, tensor in case.operands:
            if not tensor.dtype.is_floating_point:
                yield Edit("float", COSTS["float"], (_with_call(text, part, ".float()"),))
        return
    yield from _keepdims(case)
    for place, (part, tensor) in enumerate(case.operands):
        targets = _targets(case, place)
        for call in calls(tuple(tensor.shape), targets):
            if call.kind != "flatten":
                turned = call.kind == "transpose" and _broadcasts(case)  # where axes only have to meet
                yield Edit(call.kind, call.cost + 2 * turned, (_with_call(text, part, call.text),))
    yield from _swaps(case)


def _broadcasts(case: _Case) -> bool:
    return case.failing.kind == "operator" and case.failing.name in BROADCASTING


def _keepdims(case: _Case) -> Iterator[Edit]:
    """keepdim=True in a reduction that the failing node was made of, the nearest first."""
    text, seen = case.trace.text, set()
    for number in case.trace.failed.inputs:
        for piece in reversed(pieces_below(case.trace.pieces, number)):
            entry = entry_of(Part(piece.kind, piece.text, piece.start, piece.end, piece.name))
            able = entry is not None and any(one.name == "keepdim" for one in entry.parameters)
            if able and piece.arguments.get("dim") is not None and piece.end not in seen:
                seen.add(piece.end)
                if "keepdim" not in piece.arguments and text[piece.end - 1] == ")":
                    yield Edit("keepdim", COSTS["keepdim"], ((piece.end - 1, piece.end, ", keepdim=True)"),))


def _targets(case: _Case, place: int) -> list[Shape]:
    """Shapes with as many elements that the other operands ask for."""
    own = tuple(case.operands[place][1].shape)
    others = [tuple(tensor.shape) for at, (_part, tensor) in enumerate(case.operands) if at != place]
    asked = list(others)
    if case.failing.name in ("@", "matmul", "mm", "torch.matmul", "torch.mm"):
        inner = [(shape[0], -1) if place else (-1, shape[-2]) for shape in others if len(shape) >= 2]
        if place:
            inner = [(shape[-1], -1) for shape in others if shape]
        asked += [_filled(own, shape) for shape in inner]
    return [shape for shape in dict.fromkeys(asked) if shape and shape != own and prod(shape) == prod(own)]


def _filled(own: Shape, shape: Shape) -> Shape:
    """`shape` with its -1 worked out; () where it does not divide."""
    known = -prod(shape)
    if known <= 0 or prod(own) % known:
        return ()
    return tuple(prod(own) // known if size == -1 else size for size in shape)


def _swaps(case: _Case) -> Iterator[Edit]:
    """The two operands exchanged."""
    failing, text = case.failing, case.trace.text
    if len(case.operands) != 2 or failing.kind not in ("operator", "call"):
        return
    (first, one), (second, two) = case.operands
    if _broadcasts(case):
        return  # what does not broadcast does not the other way round either
    if tuple(one.shape) == tuple(two.shape):
        return
    bound = BINDING.get(failing.name, 0) if failing.kind == "operator" else 0
    first_span, second_span = _span(text, first), _span(text, second)
    yield Edit(
        "swap",
        COSTS["swap"],
        (
            (*first_span, _bare(second, bound)),
            (*second_span, _bare(first, bound + 1 if bound else 0)),
        ),
    )


def _bare(part: Part, bound: int) -> str:
    """A part as it is written, in brackets where the sign beside it binds tighter than its own."""
    own = BINDING.get(part.name, 9) if part.kind == "operator" and len(part.children) == 2 else 9
    own = BEFORE if part.kind == "operator" and len(part.children) == 1 else own
    return f"({part.text})" if own < bound else part.text


def _with_call(text: str, part: Part, call: str) -> tuple[int, int, str]:
    """A call behind a part, which gets brackets where it has none and needs them."""
    start, end = _span(text, part)
    if start == part.start and part.kind in ("operator", "number", "tuple"):
        return start, end, f"({text[start:end]}){call}"
    return start, end, text[start:end] + call


def _span(text: str, part: Part) -> tuple[int, int]:
    """Where a part stands with the brackets around it, which belong to no call."""
    start, end = part.start, part.end
    while True:
        before, after = text[:start].rstrip(), text[end:].lstrip()
        if not (before.endswith("(") and after.startswith(")")):
            return start, end
        lead = before[:-1].rstrip()
        if lead and (lead[-1].isalnum() or lead[-1] in "_)]"):
            return start, end
        start, end = len(before) - 1, len(text) - len(after) + 1


def _pairs(edits: Sequence[Edit]) -> list[Edit]:
    """Two operands, each changed once."""
    shaped = [edit for edit in edits if edit.kind not in COSTS]
    found = [
        Edit(f"{one.kind} {two.kind}", one.cost + two.cost, (*one.changes, *two.changes))
        for one, two in itertools.combinations(shaped, 2)
        if one.changes[0][1] <= two.changes[0][0] or two.changes[0][1] <= one.changes[0][0]
    ]
    return sorted(found, key=lambda edit: edit.cost)


# What works


def _working(case: _Case, edits: Sequence[Edit]) -> list[tuple[str, dict[str, Any]]]:
    """The edits that work, as (kind, what is offered); those that outgrow every operand only where no other works."""
    largest = max((tensor.numel() for _part, tensor in case.operands), default=0)
    deepest = max((tensor.ndim for _part, tensor in case.operands), default=0)
    kept: list[tuple[str, dict[str, Any]]] = []
    outgrown: list[tuple[str, dict[str, Any]]] = []
    seen: set[str] = set()
    for edit in edits:
        text = edit.apply(case.trace.text)
        offered = None if text in seen else _tried(case, edit, text)
        seen.add(text)
        if offered is not None:
            shape = offered["shape"]
            grew = prod(shape) > largest if _broadcasts(case) else len(shape) > deepest
            (outgrown if grew else kept).append((edit.kind, offered))
    return kept or outgrown


def _tried(case: _Case, edit: Edit, text: str) -> dict[str, Any] | None:
    """What is offered, where the whole program passes the check on the meta device after the edit."""
    failing = case.failing
    start, end = edit.moved_start(failing.start), edit.moved(failing.end)
    node: Shape | None = None
    try:
        program = parse_program(text, case.limits, case.names)
        run = Run("meta", case.limits, case.names)
        for line in program.lines:
            for part in in_order(line.tree):
                value = run.apply(part)
                if (part.start, part.end, part.kind, part.name) == (start, end, failing.kind, failing.name):
                    node = tuple(value.shape) if isinstance(value, torch.Tensor) else ()
            run.keep(line)
        result = run.result(program.lines[-1])
    except (ExpressionError, ShapeError):
        return None
    if node is None:
        return None
    return {
        "text": text,
        "edit": _written(edit, text, start, end),
        "shape": node,
        "result": tuple(result.shape),
    }


def _written(edit: Edit, text: str, start: int, end: int) -> str:
    """The node as it is written then; of a change further up, the line of it."""
    place = edit.changes[0][0]
    if start <= place < end:
        return text[start:end]
    first = max(text.rfind("\n", 0, place), text.rfind(";", 0, place)) + 1
    last = min((at for at in (text.find("\n", place), text.find(";", place)) if at >= 0), default=len(text))
    return text[first:last].strip()

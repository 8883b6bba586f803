"""A few lines of the tensor language: `name = expression`, `a, b = expression`, and expressions, one after another."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from core.expression.errors import ExpressionError
from core.expression.forms import is_pasted
from core.expression.grammar import ROOTS, Counted, Part, parse
from core.expression.source import readable
from core.expression.table import CONSTANTS, FUNCTIONS
from core.limits import Limits, current
from core.words import _

MOST_LINES = 40
NAME = r"[A-Za-z_]\w*"
ASSIGNMENT = re.compile(rf"\s*(?P<targets>{NAME}(?:\s*,\s*{NAME})*)\s*,?\s*=(?!=)")
AUGMENTED = re.compile(rf"\s*(?P<name>{NAME})\s*(?P<sign>\*\*|//|[-+*/%@&|^])=(?!=)")
PLACED = re.compile(rf"\s*{NAME}\s*(?:\[[^\]]*\]|\.\s*\w+)+\s*=(?!=)")  # A[0] = 1, A.data = 1
PRINT = re.compile(r"\s*print\s*\(")
IMPORT = re.compile(r"\s*(?:import|from)\b")
BREAK = re.compile(r"""'[^'\n]*'|"[^"\n]*"|\\begin\{|\\end\{|[\[(\])\n;]""")
STEP = {"[": 1, "(": 1, "\\begin{": 1, "]": -1, ")": -1, "\\end{": -1}
MODULES = {  # what can be imported, and the name it has here
    "torch": "torch",
    "torch.nn": "nn",
    "torch.nn.functional": "F",
    "torch.linalg": "linalg",
    "numpy": "np",
    "math": "math",
}
WHOLE_TABLE = ("empty-cell", "separators", "ragged")  # refusals of rows of numbers, which are no lines


@dataclass(frozen=True)
class Line:
    """One line: `targets`, the names on its left; `tree`, its right side; its offsets in the typed text."""

    targets: tuple[str, ...]
    tree: Part
    start: int
    end: int


@dataclass(frozen=True)
class Program:
    """One line or several, in the order in which they are computed; the last one gives the result."""

    text: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Statement:
    """A piece of the text between two breaks."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    def span(self) -> tuple[int, int]:
        """Where it stands without the blanks around it."""
        lead = len(self.text) - len(self.text.lstrip())
        return self.start + lead, max(self.start + len(self.text.rstrip()), self.start + lead)


def parse_program(text: str, limits: Limits | None = None, names: Collection[str] = ()) -> Program:
    """The lines of `text`; raises ExpressionError, and nothing else, placed in the text as it was typed.

    What reads as one expression stays one: rows of numbers, a matrix pasted over several lines.

    >>> [line.targets for line in parse_program("A = eye(2); b = A[0]\\nA @ b").lines]
    [('A',), ('b',), ()]
    """
    return _program(text, limits or current(), frozenset(names))


@lru_cache(maxsize=4)  # an answer asks three times: what is computed, what is written, what names are free
def _program(text: str, limits: Limits, names: frozenset[str]) -> Program:
    blanked = readable(text, limits)
    statements = [one for one in _statements(blanked) if one.text.strip()] or [_Statement(blanked, 0)]
    whole = _as_one(text, statements, limits, names)
    if whole is not None:
        return whole
    while statements and IMPORT.match(statements[0].text):
        _check_import(statements.pop(0))
    if not statements:
        fix = _("Write a tensor, such as `[[1, 2], [3, 4]]`.")
        raise ExpressionError(_("There is nothing here yet."), fix, 0, len(text), "empty")
    if len(statements) > MOST_LINES:
        sentence = _("These are {count} lines; at most {limit} are read.")
        words = {"count": len(statements), "limit": MOST_LINES}
        first = statements[MOST_LINES].span()[0]
        raise ExpressionError(sentence.format(**words), "", first, len(text), "too-many-lines")
    return Program(text, tuple(_lines(statements, text, limits, names)))


def _as_one(
    text: str, statements: list[_Statement], limits: Limits, names: Collection[str]
) -> Program | None:
    """The whole text as one expression; None where it has to be read line by line."""
    if len(statements) == 1 and _is_special(statements[0]):
        return None
    found = ASSIGNMENT.match(statements[0].text)
    try:
        tree = parse(text, limits, names)
    except ExpressionError as error:
        if len(statements) == 1 or error.rule in WHOLE_TABLE:
            raise
        return None
    targets = _targets(found, statements[0].start) if found else []
    made = {name for name, _start in targets}
    if len(statements) > 1 and not is_pasted(text) and made & set(_mentioned(tree)):
        return None  # A = eye(2), then a line -A: in Python these are two
    free = all(_refused_name(name) is None for name in made)
    start, end = statements[0].span()[0], statements[-1].span()[1]
    return Program(text, (Line(tuple(name for name, _at in targets) if free else (), tree, start, end),))


def _is_special(statement: _Statement) -> bool:
    """What is more than an expression with a name before it."""
    if found := ASSIGNMENT.match(statement.text):
        return "," in found["targets"] or bool(ASSIGNMENT.match(statement.text, found.end()))
    patterns = (IMPORT, PRINT, AUGMENTED, PLACED)
    return any(pattern.match(statement.text) for pattern in patterns)


def _mentioned(tree: Part) -> Iterator[str]:
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        waiting.extend(part.children)
        if part.kind == "name":
            yield part.name


def _statements(text: str) -> Iterator[_Statement]:
    """The pieces between line breaks and semicolons that stand in no brackets, texts left whole."""
    depth, start = 0, 0
    for found in BREAK.finditer(text):
        depth = max(depth + STEP.get(found[0], 0), 0)
        if found[0] in "\n;" and not depth:
            yield _Statement(text[start : found.start()], start)
            start = found.end()
    yield _Statement(text[start:], start)


# One line


def _lines(statements: list[_Statement], text: str, limits: Limits, names: Collection[str]) -> Iterator[Line]:
    counted = Counted()
    for statement in statements:
        _refuse_special(statement, text)
        found = ASSIGNMENT.match(statement.text)
        targets = _targets(found, statement.start) if found else []
        right = (
            _Statement(statement.text[found.end() :], statement.start + found.end()) if found else statement
        )
        right = right if found else _printed(right)
        for name, start in targets:
            _check_target(name, start)
        tree = _parsed(right, limits, names, counted)
        yield Line(tuple(name for name, _start in targets), tree, *statement.span())


def _parsed(right: _Statement, limits: Limits, names: Collection[str], counted: Counted) -> Part:
    """The tree of one right side; blanks stand before it, so that its offsets are those of the whole text."""
    if not right.text.strip():
        sentence = _("Something is missing after `{word}`.").format(word="=")
        raise ExpressionError(sentence, "", right.start - 1, right.start, "missing")
    try:
        return parse(" " * right.start + right.text, limits, names, counted)
    except ExpressionError as error:
        error.start = min(max(error.start or 0, right.span()[0]), right.end)
        error.end = max(min(error.end or 0, right.end), error.start)
        raise


def _printed(statement: _Statement) -> _Statement:
    """print(x) means x."""
    found = PRINT.match(statement.text)
    inner = statement.text.rstrip()
    if not found or not inner.endswith(")") or _closes_early(inner, found.end()):
        return statement
    inside = _Statement(inner[found.end() : -1], statement.start + found.end())
    return inside if inside.text.strip() and not ASSIGNMENT.match(inside.text) else statement


def _closes_early(text: str, start: int) -> bool:
    """Whether the bracket opened before `start` closes before the end of `text`."""
    depth = 1
    for found in BREAK.finditer(text, start, len(text) - 1):
        depth += STEP.get(found[0], 0)
        if depth < 1:
            return True
    return False


def _targets(found: re.Match[str], offset: int) -> list[tuple[str, int]]:
    return [
        (one[0], offset + found.start("targets") + one.start()) for one in re.finditer(NAME, found["targets"])
    ]


def _refused_name(name: str) -> str | None:
    """Why a name cannot be given, or None."""
    if keyword.iskeyword(name) or name in ROOTS:
        return _("`{name}` has a meaning of its own and cannot be the name of a tensor.").format(name=name)
    if name.startswith("_") or "__" in name:
        return _("`{word}` is not part of the tensor language: no name here begins with `_`.").format(
            word=name
        )
    if name in FUNCTIONS or name == "print":
        return _("`{name}` is a function and cannot be the name of a tensor.").format(name=name)
    if name in CONSTANTS:
        return _("`{name}` is a constant and cannot be the name of a tensor.").format(name=name)
    return None


def _check_target(name: str, start: int) -> None:
    refused = _refused_name(name)
    if refused:
        fix = _("Take another name, such as `{name}`.").format(name=f"my_{name.strip('_') or 'tensor'}")
        raise ExpressionError(refused, fix, start, start + len(name), "name")


def _refuse_special(statement: _Statement, text: str) -> None:
    """What Python has and these lines have not, each with its way out."""
    start, end = statement.span()
    if IMPORT.match(statement.text):
        sentence = _("Imports stand at the beginning, and only torch, numpy and math are there.")
        raise ExpressionError(sentence, _("Delete this line."), start, end, "not-in-language")
    if found := AUGMENTED.match(statement.text):
        raise _augmented(statement, found, text)
    if PLACED.match(statement.text):
        sentence = _("Here no tensor is changed in place; every line makes a new one.")
        fix = _("Write `torch.where(mask, new, old)`, or put the tensor together with `torch.cat`.")
        raise ExpressionError(sentence, fix, start, end, "in-place")
    found = ASSIGNMENT.match(statement.text)
    if found and ASSIGNMENT.match(statement.text, found.end()):
        sentence = _("Only one `=` gives names in a line.")
        raise ExpressionError(sentence, _("Write two lines."), start, end, "equals")


def _augmented(statement: _Statement, found: re.Match[str], text: str) -> ExpressionError:
    start, end = statement.span()
    right = statement.text[found.end() :].strip()
    right = right if re.fullmatch(r"[\w.]+", right) else f"({right})"
    written = f"{found['name']} = {found['name']} {found['sign']} {right}"
    sentence = _("Here no tensor is changed in place; every line makes a new one.")
    fix = _("Write `{text}`.").format(text=written)
    whole = text[:start] + written + text[end:]
    return ExpressionError(sentence, fix, start, end, "augmented", whole)


def _check_import(statement: _Statement) -> None:
    """Passes over an import of what is here anyway; refuses every other."""
    words = statement.text.split()
    if words[0] == "import":
        listed = " ".join(words[1:]).split(",")
        fits = all(_is_module(one.split()) for one in listed)
    else:
        fits = _are_members(words)
    if not fits:
        sentence = _("Only torch, numpy and math can be imported, under their usual names.")
        fix = _("Write `{text}`, or delete the line: it is not needed.").format(text="import torch")
        raise ExpressionError(sentence, fix, *statement.span(), "not-in-language")


def _is_module(words: list[str]) -> bool:
    """ "torch", "numpy as np"."""
    if not words or words[0] not in MODULES:
        return False
    return len(words) == 1 or words[1:] == ["as", MODULES[words[0]]]


def _are_members(words: list[str]) -> bool:
    """ "from math import sqrt, pi", "from torch.nn import functional as F"."""
    if len(words) < 4 or words[1] not in MODULES or words[2] != "import":
        return False
    for one in " ".join(words[3:]).strip("()").split(","):
        name, *more = one.split() or [""]
        path = f"{words[1]}.{name}"
        if not _is_module([path, *more]) and (more or (name not in FUNCTIONS and name not in CONSTANTS)):
            return False
    return True

"""The whitelist as plain data, for a help panel: read from the table that the evaluator uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.expression.arguments import DTYPES, Parameter
from core.expression.entry import Entry
from core.expression.machine import COUNTS, SIZES
from core.expression.table import ATTRIBUTES, CONSTANTS, FUNCTIONS, GROUPS, OPERATORS, PREFIXES
from core.words import N_

TITLES = {
    "creating": N_("Creating"),
    "elementwise": N_("Element by element"),
    "reductions": N_("Reductions"),
    "products": N_("Products"),
    "linear-algebra": N_("Linear algebra"),
    "shape": N_("Shape"),
    "joining": N_("Joining and taking apart"),
    "casts": N_("Kinds of numbers"),
    "own": N_("Matrices of the atlas"),
    "real": N_("Real data"),
    "operators": N_("Operators"),
    "constants": N_("Constants"),
}
UNSAID = ("device", "requires_grad")
NN = "torch.nn.functional."


@dataclass(frozen=True)
class Term:
    """One call: `name` as it can be typed, `signature` with its arguments, `method`: whether A.name(...) works too."""

    name: str
    signature: str
    method: bool = False


@dataclass(frozen=True)
class Group:
    """One section of the panel; `title` is marked for translation."""

    key: str
    title: str
    terms: tuple[Term, ...]


def glossary() -> tuple[Group, ...]:
    """Every group of the language with all that it has, in the order of the panel."""
    groups = [Group(key, TITLES[key], _terms(entries)) for key, entries in GROUPS.items()]
    signs = [Term(sign, f"{sign}A") for sign in PREFIXES] + [Term(sign, f"A {sign} B") for sign in OPERATORS]
    turns = [Term(f".{name}", f"A.{name}") for name in ATTRIBUTES] + [Term("[ ]", "A[0, 1:, ::2, ..., None]")]
    turns += [Term(f".{name}", f"A.{name}") for name in SIZES]
    turns += [Term(f".{name}()", f"A.{name}({'dim=…' if name == 'size' else ''})") for name in COUNTS]
    constants = [name for name in CONSTANTS if "." not in name and name not in DTYPES]
    dtypes = [f"torch.{name}" for name in DTYPES]
    return (
        *groups,
        Group("operators", TITLES["operators"], (*signs, *turns)),
        Group("constants", TITLES["constants"], tuple(Term(name, name) for name in (*constants, *dtypes))),
    )


def _terms(entries: Sequence[Entry]) -> tuple[Term, ...]:
    found = {}
    for one in entries:
        name = _name(one)
        found.setdefault(name, Term(name, f"{name}({_signature(one)})", one.method))
    return tuple(sorted(found.values(), key=lambda term: term.name.lower().lstrip(".")))


def _name(one: Entry) -> str:
    """The shortest name that means this call: softmax, F.gelu, torch.linalg.svd, .reshape of a method alone."""
    if not one.function:
        return f".{one.name}"
    if one.path.startswith(NN):
        return f"F.{one.name}"
    return one.name if one.path == f"torch.{one.name}" and FUNCTIONS.get(one.name) is one else one.path


def _signature(one: Entry) -> str:
    parameters = [parameter for parameter in one.parameters if parameter.name not in UNSAID]
    parameters = parameters if one.function else parameters[1:]
    return ", ".join(map(_shown, parameters))


def _shown(parameter: Parameter) -> str:
    """ "input", "dim=…" of what may be left out, "*size" of what takes all that follow."""
    if parameter.rest:
        return f"*{parameter.name}"
    return f"{parameter.name}=…" if parameter.optional else parameter.name

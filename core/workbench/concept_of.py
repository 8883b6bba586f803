"""Which concept of the course explains a node: key, inputs and parameters that show that very operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from core import tensors
from core.expression.trace import Piece, Trace
from core.operation import Operation, Step, spelled, taken
from core.ops import find, tensor_words
from core.shapes import ShapeError
from core.workbench.deeds import PRODUCTS, axes_of, operands_of, turned, word_of

MOST_WRITTEN = 200  # elements of an operand that is written out in a link
NUMBERS = (torch.float32, torch.float64, torch.int64, torch.int32)  # what float32 can stand in for
MOST_WORDS = 80  # letters of a Phrase
POWERS = {"square": 2.0, "sqrt": 0.5, "reciprocal": -1.0, "rsqrt": -0.5}
MOST_DIM = 6


@dataclass(frozen=True)
class Explained:
    """A concept and what to give it. `inputs`: texts by input name, "" of a tensor too large to be written out;
    `parameters`: those that are not at their defaults; `tensors`: the operands as the concept computes with them."""

    key: str
    inputs: Mapping[str, str]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tensors: Mapping[str, torch.Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """A concept that fits: its key, the operand (or number) for each input, and the parameters."""

    key: str
    given: Mapping[str, torch.Tensor | float]
    parameters: Mapping[str, Any] = field(default_factory=dict)


def concept_of(trace: Trace, piece: Piece) -> Explained | None:
    """The concept that explains `piece`; None where there is none, or where it could not draw these shapes."""
    values = [one.value for one in operands_of(trace, piece)]
    if piece.value is None or not values or any(value is None or value.is_complex() for value in values):
        return None
    word = word_of(piece)
    match = next((found for rule in RULES if (found := rule(word, piece, values))), None)
    return _explained(match) if match else None


def film_of(trace: Trace, piece: Piece) -> tuple[list[Step], Operation] | None:
    """The concept's own steps on the node's operands, and the concept; None where no concept explains it.

    Raises what the concept raises: torch's own errors.
    """
    explained = concept_of(trace, piece)
    if explained is None:
        return None
    operation = find(explained.key)
    values = parameters_of(operation, explained.parameters)
    given = {name: value.cpu() for name, value in explained.tensors.items()}
    return list(operation.steps(**given, **taken(operation.steps, values))), operation


def parameters_of(operation: Operation, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every parameter of the concept: as given, the others at their defaults."""
    return {one.name: one.read(spelled(given.get(one.name, one.default))) for one in operation.parameters}


def _explained(match: Match) -> Explained | None:
    """The match with texts and tensors, where the concept takes these shapes and parameters."""
    operation = find(match.key)
    own = {item.name: item.own_dtype for item in operation.inputs}
    given = {
        name: value if isinstance(value, torch.Tensor) else torch.tensor(value, dtype=torch.float32)
        for name, value in match.given.items()
    }
    if not all(own[name] or value.dtype in NUMBERS for name, value in given.items()):
        return None
    try:
        values = parameters_of(operation, match.parameters)
        shapes = {name: tuple(value.shape) for name, value in given.items()}
        operation.explain(**shapes, **taken(operation.explain, values))
    except (ShapeError, ValueError):
        return None
    return Explained(
        match.key,
        {name: _text(value) for name, value in given.items()},
        dict(match.parameters),
        {name: value if own[name] else value.to(torch.float32) for name, value in given.items()},
    )


def _text(value: torch.Tensor) -> str:
    return tensors.literal(value) if value.numel() <= MOST_WRITTEN else ""


# --- rules: each looks at the word, the piece and its operands


def _product(word: str, _piece: Piece, values: list[torch.Tensor]) -> Match | None:
    ranks = tuple(value.dim() for value in values)
    flat = ranks == (1, 1) and word in ("inner", "vecdot")
    if len(values) != 2 or not (word in PRODUCTS or flat) or 0 in ranks:
        return None
    first, second = values
    if ranks == (1, 1):
        return Match("dot-product", {"x": first, "y": second})
    if ranks == (2, 1):
        return Match("matrix-vector", {"A": first, "x": second})
    return Match("matrix-matrix" if ranks == (2, 2) else "batched-matmul", {"A": first, "B": second})


def _arithmetic(word: str, piece: Piece, values: list[torch.Tensor]) -> Match | None:
    """+ - * / and, of two numbers, powers."""
    other = piece.arguments.get("other")
    operands = [*values, float(other)] if len(values) == 1 and _plain(other) else values
    if len(operands) != 2 or piece.arguments.get("alpha", 1) != 1:
        return None
    shapes = [tuple(one.shape) if isinstance(one, torch.Tensor) else () for one in operands]
    if shapes == [(), ()] and word in ("+", "-", "*", "/", "**"):
        return Match("scalar", dict(zip("ab", operands, strict=True)), {"op": word})
    if word not in ("+", "-", "*", "/"):
        return None
    given = dict(zip("AB", operands, strict=True))
    if word == "*" and shapes[0] == shapes[1]:
        return Match("hadamard", given)
    return Match("broadcasting", given, {"op": word})


def _plain(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _numbers(word: str, _piece: Piece, values: list[torch.Tensor]) -> Match | None:
    """What a function makes of one number, as a power or a product."""
    if len(values) != 1 or values[0].dim():
        return None
    if word in POWERS:
        return Match("scalar", {"a": values[0], "b": POWERS[word]}, {"op": "**"})
    return Match("scalar", {"a": values[0], "b": -1.0}, {"op": "*"}) if word == "neg" else None


def _reduction(word: str, piece: Piece, values: list[torch.Tensor]) -> Match | None:
    names = {"sum": "sum", "mean": "mean", "prod": "prod", "amax": "max", "amin": "min", "max": "max",
             "min": "min", "cumsum": "cumsum"}  # fmt: skip
    given = piece.arguments
    if word not in names or len(values) != 1 or not values[0].dim() or given.get("dtype"):
        return None
    count = values[0].dim()
    axes = axes_of(given.get("dim"), count)
    if len(axes) not in (1, count):
        return None
    axis = axes[0] if len(axes) == 1 and (count > 1 or given.get("dim") is not None) else None
    keepdim = bool(given.get("keepdim"))
    if keepdim and axis is None and names[word] in ("max", "min") and piece.value.dim() != count:
        return None
    return Match("reduction", {"A": values[0]}, {"op": names[word], "axis": axis, "keepdim": keepdim})


def _norm(word: str, piece: Piece, values: list[torch.Tensor]) -> Match | None:
    given = piece.arguments
    if word not in ("norm", "vector_norm") or len(values) != 1 or given.get("keepdim"):
        return None
    p = given.get("p", given.get("ord"))
    of_matrix = piece.path == "torch.linalg.norm" and values[0].dim() == 2 and p not in (None, "fro")
    if len(axes_of(given.get("dim"), values[0].dim())) != values[0].dim() or of_matrix:
        return None
    p = 2 if p in (None, "fro") else p
    known = next(one for one in find("norms").parameters if one.name == "p").options
    found = next((value for value, _label in known if _plain(p) and value == p), None)
    return Match("norms", {"x": values[0]}, {"p": found}) if found is not None else None


def _transpose(word: str, piece: Piece, values: list[torch.Tensor]) -> Match | None:
    if word not in ("T", "mT", "H", "t", "transpose", "swapaxes") or len(values) != 1:
        return None
    value = values[0]
    order = turned(word, piece.arguments, tuple(value.shape))
    flips = value.dim() == 2 and order == (1, 0)
    if flips and value.dtype in NUMBERS:
        return Match("matrix", {"A": value}, {"view": "transpose"})
    moved = [axis for axis, came in enumerate(order or ()) if axis != came]
    if len(moved) != 2:
        return None
    return _tensor(value, "transpose", pair=", ".join(map(str, moved)))


def _shape(word: str, piece: Piece, values: list[torch.Tensor]) -> Match | None:
    """The same numbers in another shape."""
    if len(values) != 1 or not values[0].dim():
        return None
    value, given = values[0], piece.arguments
    if word in ("reshape", "view") and given.get("shape"):
        return _tensor(value, word, sizes=", ".join(map(str, given["shape"])))
    if word in ("flatten", "ravel"):
        return _tensor(value, "reshape", sizes=", ".join(map(str, piece.shape)))
    if word == "permute":
        return _tensor(value, word, order=", ".join(map(str, given["dims"])))
    if word == "movedim" and (order := turned(word, given, tuple(value.shape))):
        return _tensor(value, "permute", order=", ".join(map(str, order)))
    if word == "unsqueeze" and given["dim"] % (value.dim() + 1) <= MOST_DIM:
        return _tensor(value, word, dim=given["dim"] % (value.dim() + 1))
    if word == "squeeze":
        gone = axes_of(given.get("dim"), value.dim())
        gone = gone if given.get("dim") is not None else [k for k in gone if value.shape[k] == 1]
        return _tensor(value, word, dim=gone[0]) if len(gone) == 1 else None
    return None


def _tensor(value: torch.Tensor, deed: str, **words: Any) -> Match | None:
    """The concept of tensors, whose words are limited in length."""
    if any(isinstance(text, str) and len(text) > MOST_WORDS for text in words.values()):
        return None
    return Match("tensor", {"A": value}, {"deed": deed, **words})


def _index(_word: str, piece: Piece, values: list[torch.Tensor]) -> Match | None:
    """A[...] with whole numbers, slices, lists of them, None and `...`."""
    if piece.path != "[...]" or len(values) != 1 or not values[0].dim():
        return None
    text = f"A{piece.label}"
    if len(text) > MOST_WORDS:
        return None
    try:
        tensor_words.index_of(text, tuple(values[0].shape))
    except ShapeError:
        return None
    return _tensor(values[0], "index", index=text)


RULES: tuple[Callable[[str, Piece, list[torch.Tensor]], Match | None], ...] = (
    _product, _arithmetic, _numbers, _reduction, _norm, _transpose, _shape, _index,
)  # fmt: skip

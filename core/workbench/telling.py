"""What is said of a node: one sentence with the shapes, and the formula of one cell with the numbers put in."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from core.numbers import factor, number, plus
from core.shapes import named, show
from core.words import _
from core.workbench.deeds import Deed, first_cell, taken_at
from core.workbench.scene import Scene, shown

MOST_TERMS = 5  # written out in a formula
SIGNS = {"+": "+", "-": "−", "*": "·", "/": "/", "**": "^", "==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}
WRITTEN = {
    "neg": "−{x}", "exp": "e^{x}", "sqrt": "√{x}", "square": "{x}²", "abs": "|{v}|", "reciprocal": "1/{x}",
    "rsqrt": "1/√{x}", "exp2": "2^{x}", "relu": "max(0, {v})", "sigmoid": "1/(1 + e^−{x})",
}  # fmt: skip


def told(scene: Scene) -> tuple[str, str]:
    """Sentence and formula of a node that was computed."""
    sentence = SENTENCES.get(scene.deed.kind, _other)(scene)
    return sentence, _formula(scene) or shape_line(scene)


def shape_line(scene: Scene) -> str:
    """The call with shapes alone: "(4, 2) @ (2, 3) → (4, 3)"."""
    given = [show(shape) for shape in scene.shapes]
    result = "" if scene.piece.shape is None else f" → {show(scene.piece.shape)}"
    label = scene.piece.label
    if len(given) < len(scene.operands) or not given:
        return (
            f"{shown(scene.names[0])}{label}{result}" if scene.names and label.startswith((".", "[")) else ""
        )
    if scene.piece.kind == "operator" and len(given) > 1:
        return f" {scene.deed.word} ".join(given) + result
    return f"{label.lstrip('.')}: {', '.join(given)}{result}"


# --- sentences


def _names(scene: Scene) -> list[str]:
    return [
        named(shown(name), one.shape) if one.shape is not None else shown(name)
        for name, one in zip(scene.names, scene.operands, strict=True)
    ]


def _product(scene: Scene) -> str:
    left, right = _names(scene)
    shape = scene.operands[0].shape
    words = {"left": left, "right": right, "result": show(scene.piece.shape), "size": shape[-1]}
    return _(
        "{left} times {right} gives {result}: the axis of size {size} is multiplied and summed away."
    ).format(**words)


def _pair(scene: Scene) -> str:
    left, right = _names(scene)
    words = {
        "left": left, "right": right, "result": show(scene.piece.shape), "word": _spelled(scene.deed.word),
        "count": f"{math.prod(scene.piece.shape):,}",
    }  # fmt: skip
    a, b = scene.shapes
    if a == b == ():
        return _("{left} {word} {right}: two numbers give one.").format(**words)
    if a == b:
        return _("{left} {word} {right}: the shapes are equal, and cell meets cell.").format(**words)
    return _(
        "{left} {word} {right}: aligned from the right, what has size 1 or is missing is read again, "
        "and {result} comes out."
    ).format(**words)


def _spelled(word: str) -> str:
    return SIGNS.get(word, word) if word != "*" else "×"


def _map(scene: Scene) -> str:
    words = {"one": _names(scene)[0], "label": scene.piece.label, "result": show(scene.piece.shape)}
    if not scene.piece.shape:
        return _("{label} of {one}: one number goes in, one comes out.").format(**words)
    if scene.piece.view:
        return _("{label} of {one}: the same numbers are read again as {result}, and none is copied.").format(
            **words
        )
    return _("{label} goes through {one} number by number; the shape {result} stays.").format(**words)


def _reduce(scene: Scene) -> str:
    deed, shape = scene.deed, scene.shapes[0]
    words = {
        "one": _names(scene)[0], "label": scene.piece.label, "result": show(scene.piece.shape),
        "axes": ", ".join(map(str, deed.axes)), "sizes": " · ".join(str(shape[axis]) for axis in deed.axes),
    }  # fmt: skip
    if not shape:
        return _("{one} is one number already: {label} has nothing to collapse.").format(**words)
    if len(deed.axes) == len(shape):
        return _("{label} collapses all of {one}: {result}.").format(**words)
    if deed.keepdim:
        return _(
            "{label} collapses axis {axes} of {one}: its {sizes} numbers become one, and the axis stays with "
            "size 1: {result}."
        ).format(**words)
    return _(
        "{label} collapses axis {axes} of {one}: its {sizes} numbers become one, and the axis is gone: {result}."
    ).format(**words)


def _along(scene: Scene) -> str:
    words = {
        "one": _names(scene)[0],
        "label": scene.piece.label,
        "axes": ", ".join(map(str, scene.deed.axes)),
    }
    if scene.deed.word in ("softmax",):
        return _(
            "{label} along axis {axes} of {one}: each number becomes its share, and the shares along the axis add "
            "up to 1."
        ).format(**words)
    if scene.deed.kind == "running":
        return _("{label} walks along axis {axes} of {one} and keeps what it has so far.").format(**words)
    return _("{label} works along axis {axes} of {one}; the shape stays.").format(**words)


def _turn(scene: Scene) -> str:
    words = {"one": _names(scene)[0], "label": scene.piece.label, "result": show(scene.piece.shape)}
    if scene.deed.word == "squeeze":
        return _("{label} of {one}: axes of size 1 are left out: {result}.").format(**words)
    if scene.deed.word == "unsqueeze":
        return _("{label} of {one}: a new axis of size 1 changes no number: {result}.").format(**words)
    return _("{label} of {one}: the axes change places, {result}, and no number is copied.").format(**words)


def _einsum(scene: Scene) -> str:
    labels = scene.deed.labels
    gone = sorted(set("".join(labels[:-1])) - set(labels[-1]))
    words = {
        "tensors": _(" and ").join(_names(scene)),
        "gone": ", ".join(gone),
        "result": show(scene.piece.shape),
    }
    if gone:
        return _(
            "{tensors}: what has the same letter meets, {gone} is summed away, and {result} is left."
        ).format(**words)
    return _("{tensors}: what has the same letter meets, nothing is summed, and {result} comes out.").format(
        **words
    )


def _other(scene: Scene) -> str:
    words = {"label": scene.piece.label, "tensors": ", ".join(_names(scene))}
    if scene.piece.shape is None:
        return _("{label} of {tensors} gives several tensors at once.").format(**words)
    words["result"] = show(scene.piece.shape)
    if scene.piece.view:
        return _("{label} of {tensors} is {result}: the same memory, looked at in another way.").format(
            **words
        )
    return _("{label} of {tensors} gives {result}.").format(**words)


SENTENCES: dict[str, Callable[[Scene], str]] = {
    "product": _product, "pair": _pair, "map": _map, "reduce": _reduce, "running": _along, "along": _along,
    "turn": _turn, "einsum": _einsum,
}  # fmt: skip


# --- formulas


def _formula(scene: Scene) -> str:
    """One cell with its numbers: "C[0, 0] = 2·1 + 0·4 = 2"; "" where no rule is known or no number is."""
    piece, deed = scene.piece, scene.deed
    index = first_cell(piece.shape) if piece.shape is not None else None
    values = [one.value for one in scene.operands]
    if index is None or not deed.sources or piece.value is None or any(value is None for value in values):
        return ""
    if any(value.is_complex() for value in (*values, piece.value)):
        return ""
    parts = [
        value[taken_at(source, tuple(value.shape), index)]
        for source, value in zip(deed.sources, values, strict=True)
    ]
    written = _worked(deed, parts)
    if not written:
        return ""
    place = f"[{', '.join(map(str, index))}]" if index else ""
    return f"{shown(scene.name)}{place} = {written} = {number(float(piece.value[index]))}"


def _worked(deed: Deed, parts: list[torch.Tensor]) -> str:
    """The numbers that go into one cell, as they are computed; "" where there are none to show."""
    count = parts[0].numel()
    terms = [_first(part) for part in parts]
    if not all(terms):
        return ""
    if deed.kind in ("product", "einsum") and deed.formula == "dot":
        return _open([f"{factor(a)}·{factor(b)}" for a, b in zip(*terms, strict=True)], count, " + ")
    if deed.kind in ("pair", "outer") or (deed.kind == "einsum" and deed.formula == "*"):
        return _two(deed.word if deed.kind == "pair" else "*", terms[0][0], terms[1][0])
    if deed.kind == "map":
        return _mapped(deed, terms[0][0])
    if deed.word == "softmax":
        return _softmax(terms[0], count)
    if deed.kind == "turn":
        return ""
    return _gathered(deed.formula, terms[0], count) or _norm(deed, terms[0], count)


def _first(part: torch.Tensor) -> list[float]:
    """The first numbers of a part, one more than is written."""
    flat = part.reshape(-1) if part.numel() <= MOST_TERMS + 1 else _some(part)
    return [float(value) for value in flat[: MOST_TERMS + 1].tolist()]


def _some(part: torch.Tensor) -> torch.Tensor:
    """The first numbers in reading order, without a copy of all."""
    window = part[
        tuple(
            slice(0, MOST_TERMS + 1) if axis == part.dim() - 1 else slice(0, 2) for axis in range(part.dim())
        )
    ]
    return window.reshape(-1) if part.shape[-1] > MOST_TERMS else part.flatten()[: MOST_TERMS + 1]


def _open(texts: list[str], count: int, sign: str) -> str:
    """The terms joined; of many the first ones and an ellipsis."""
    return sign.join(texts if count <= MOST_TERMS else [*texts[: MOST_TERMS - 1], "…"])


def _two(word: str, a: float, b: float) -> str:
    if word in SIGNS or len(word) <= 2:
        sign = SIGNS.get(word, word)
        joined = sign if sign == "·" or sign == "^" else f" {sign} "
        return f"{factor(a) if sign in '·^' else number(a)}{joined}{factor(b)}"
    return f"{word}({number(a)}, {number(b)})"


def _mapped(deed: Deed, value: float) -> str:
    if deed.word in ("clone", "contiguous", "expand", "broadcast_to", "detach", "cpu"):
        return ""
    other: Any = deed.arguments.get("other")
    if len(deed.word) <= 2 and isinstance(other, int | float):
        return _two(deed.word, value, float(other))
    return WRITTEN.get(deed.word, f"{deed.word}({{v}})").format(x=factor(value), v=number(value))


def _softmax(values: list[float], count: int) -> str:
    below = _open([f"e^{factor(v)}" for v in values], count, " + ")
    return f"e^{factor(values[0])} / ({below})"


def _gathered(formula: str, values: list[float], count: int) -> str:
    if formula in ("max", "min"):
        return f"{formula}({_open([number(v) for v in values], count, ', ')})"
    if formula == "prod":
        return _open([factor(v) for v in values], count, "·")
    if formula not in ("sum", "mean"):
        return ""
    added = _open([number(values[0]), *map(factor, values[1:])], count, " + ")
    return f"({added}) / {count}" if formula == "mean" else added


def _norm(deed: Deed, values: list[float], count: int) -> str:
    power = deed.arguments.get("p", deed.arguments.get("ord", 2))
    if deed.word not in ("norm", "vector_norm") or power not in (1, 2, "fro", None):
        return ""
    if power == 1:
        return _open([f"|{number(v)}|" for v in values], count, " + ")
    return f"√({plus([_open([f'{factor(v)}²' for v in values], count, ' + ')])})"

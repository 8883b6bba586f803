"""An einsum read out: what becomes of each letter, and the whole as a loop in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from core.expression.errors import ExpressionError
from core.words import _

OPERANDS = "ABCDEFGH"  # what the tensors are called in a sentence


@dataclass(frozen=True)
class EinsumAxis:
    """One letter: its size, where it stands as (operand, axis), its axis in the result (None: summed), its sentence.

    `fate` is "kept", "contracted" (multiplied and summed away), "summed" or "diagonal" (twice in one operand).
    `letter` may be "...": the axes that are not named, `size` then being the product of theirs.
    """

    letter: str
    size: int
    where: tuple[tuple[int, int], ...]
    fate: str
    kept_at: int | None
    sentence: str


@dataclass(frozen=True)
class EinsumWords:
    """Every letter in the order of the equation, and the whole as a loop in words."""

    axes: tuple[EinsumAxis, ...]
    whole: str

    @property
    def sentences(self) -> list[str]:
        """The whole first, then each letter."""
        return [self.whole, *(axis.sentence for axis in self.axes)]

    def __iter__(self) -> Iterator[EinsumAxis]:
        return iter(self.axes)


def read_out(
    equation: str, shapes: Sequence[Sequence[int]], names: Sequence[str] | None = None
) -> EinsumWords:
    """The axes and the loop of an einsum that works; `names`: what its operands are called, A, B, C unless told.

    Raises ExpressionError where the equation does not fit the shapes.

    >>> read_out("ij,jk->ik", [(2, 3), (3, 4)]).whole
    'For every i, k: the sum over j of A[i, j] · B[j, k].'
    """
    names = list(names or OPERANDS[: len(shapes)])
    operands, result = _letters(equation)
    if len(operands) != len(shapes) or len(names) < len(operands):
        raise ExpressionError(_("The equation and the tensors do not fit together."), rule="einsum")
    found = [_places(letters, shape) for letters, shape in zip(operands, shapes, strict=True)]
    order = list(dict.fromkeys(letter for letters in operands for letter in letters))
    axes = tuple(_axis(letter, found, result, names) for letter in order)
    return EinsumWords(axes, _whole(operands, result, order, names))


def _letters(equation: str) -> tuple[list[list[str]], list[str]]:
    """The letters of each operand and of the result, "..." as one; without an arrow those that stand once, sorted."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    operands = [_split(one) for one in left.split(",")]
    if arrow:
        return operands, _split(right)
    every = [letter for letters in operands for letter in letters]
    once = sorted(letter for letter in set(every) if every.count(letter) == 1 and letter != "...")
    return operands, (["..."] if "..." in every else []) + once


def _split(text: str) -> list[str]:
    front, dots, back = text.partition("...")
    return [*front, *([dots] if dots else []), *back]


def _places(letters: Sequence[str], shape: Sequence[int]) -> dict[str, list[tuple[int, int]]]:
    """Where each letter stands in one operand, as (axis, size)."""
    free = len(shape) - sum(letter != "..." for letter in letters)
    if free < 0 or (free and "..." not in letters):
        raise ExpressionError(_("The equation and the tensors do not fit together."), rule="einsum")
    found: dict[str, list[tuple[int, int]]] = {}
    axis = 0
    for letter in letters:
        width = free if letter == "..." else 1
        found.setdefault(letter, []).append((axis, prod(shape[axis : axis + width])))
        axis += width
    return found


def _axis(
    letter: str,
    found: Sequence[dict[str, list[tuple[int, int]]]],
    result: Sequence[str],
    names: Sequence[str],
) -> EinsumAxis:
    places = [(k, axis, size) for k, one in enumerate(found) for axis, size in one.get(letter, ())]
    where = tuple((k, axis) for k, axis, _size in places)
    size = max(size for _k, _axis, size in places)
    kept = result.index(letter) if letter in result else None
    twice = any(len(one.get(letter, ())) > 1 for one in found)
    several = len({k for k, _axis in where}) > 1
    if twice:
        fate = "diagonal"
    elif kept is not None:
        fate = "kept"
    else:
        fate = "contracted" if several else "summed"
    words = {"letter": letter, "size": size, "places": _listed(where, names), "axis": kept}
    return EinsumAxis(letter, size, where, fate, kept, _sentence(letter, fate, several, words))


def _sentence(letter: str, fate: str, several: bool, words: dict) -> str:
    kept = words["axis"] is not None
    if letter == "...":
        sentence = _("`...` ({places}): axes without a letter; they are kept, broadcast where they differ.")
    elif fate == "diagonal" and kept:
        sentence = _(
            "`{letter}` (size {size}; {places}) stands twice in one tensor: its diagonal, kept as axis {axis}."
        )
    elif fate == "diagonal":
        sentence = _(
            "`{letter}` (size {size}; {places}) stands twice in one tensor: its diagonal, summed away."
        )
    elif kept and several:
        sentence = _(
            "`{letter}` (size {size}; {places}) runs through both together and is kept as axis {axis}."
        )
    elif kept:
        sentence = _("`{letter}` (size {size}; {places}) is kept as axis {axis} of the result.")
    elif several:
        sentence = _("`{letter}` (size {size}; {places}) is multiplied and summed away.")
    else:
        sentence = _("`{letter}` (size {size}; {places}) is summed away.")
    return sentence.format(**words)


def _listed(where: Sequence[tuple[int, int]], names: Sequence[str]) -> str:
    """ "axis 1 of A, axis 0 of B"."""
    return ", ".join(_("axis {axis} of {tensor}").format(axis=axis, tensor=names[k]) for k, axis in where)


def _whole(
    operands: Sequence[Sequence[str]], result: Sequence[str], order: Sequence[str], names: Sequence[str]
) -> str:
    terms = [
        f"{name}[{', '.join(letters)}]" if letters else name
        for name, letters in zip(names, operands, strict=False)
    ]
    product = " · ".join(terms)
    summed = [letter for letter in order if letter not in result]
    words = {"kept": ", ".join(result), "summed": ", ".join(summed), "product": product}
    if result and summed:
        sentence = _("For every {kept}: the sum over {summed} of {product}.")
    elif result:
        sentence = _("For every {kept}: {product}.")
    elif summed:
        sentence = _("The sum over {summed} of {product}.")
    else:
        sentence = _("{product}.")
    return sentence.format(**words)

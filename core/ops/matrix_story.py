"""A matrix told: one entry by its row and column, the flip over the diagonal, and the test for symmetry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core import lazy
from core.numbers import number, vector
from core.operation import Step
from core.ops.cells import MOST, window_note
from core.panels import Block, Cell, Cells, Flight, Link, Source
from core.shapes import show
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

torch = lazy.load("torch")

ROWS, COLUMNS = ("m", "axis1"), ("n", "axis2")
MOST_PAIRS = 15  # pairs that are compared one by one
PICK = Link("A", (), pick="cell")  # a click on a cell of A chooses it


def index_steps(A: Tensor, entry: Tensor, i: int, j: int) -> Iterator[Step]:
    """Rows are samples, columns features; row i and column j meet in A[i, j]."""
    m, n = A.shape
    top, left = max(0, min(i - MOST // 2, m - MOST)), max(0, min(j - MOST // 2, n - MOST))
    row = tuple((i - top, k) for k in range(min(n, MOST)))
    column = tuple((k, j - left) for k in range(min(m, MOST)))
    here = (i - top, j - left)
    short_row, short_column = (vector(v[: MOST + 1].tolist(), MOST) for v in (A[i], A[:, j]))
    moments = (
        ((), _(
            "{m} rows and {n} columns. A row is one sample, a column "
            "is one feature of all samples."
        ).format(m=m, n=n),
         f"A.shape = {show(A.shape)}"),
        (row, _("Row {i} holds everything about sample {i}.").format(i=i), f"A[{i}] = {short_row}"),
        (column, _("Column {j} holds feature {j} of every sample.").format(j=j), f"A[:, {j}] = {short_column}"),
        ((here,), _("They meet in A[{i}, {j}] = {value}: the row first, then the column, both counted from 0.").format(
            i=i, j=j, value=number(float(entry))), f"A[{i}, {j}] = {number(float(entry))}"),
    )  # fmt: skip
    for k, (lit, sentence, formula) in enumerate(moments):
        window = A[top : top + MOST, left : left + MOST]
        known = float(entry) if k == len(moments) - 1 else None
        cells = (
            _matrix("A", window, lit=lit, whole=(m, n), first=(top, left), colour="matrix"),
            Block("B", ((known,),), before="=", colour="image", rank=0, brackets=False),
        )
        yield Step((Cells((cells,)),), sentence, formula, links=(PICK,))


def transpose_steps(A: Tensor, B: Tensor) -> Iterator[Step]:
    """Every cell flies over the diagonal to its place in the transpose."""
    m, n = A.shape
    size = (min(m, MOST), min(n, MOST))
    diagonal = tuple((k, k) for k in range(min(size)))
    row, column = tuple((0, j) for j in range(size[1])), tuple((j, 0) for j in range(size[1]))
    i, j = (min(1, max(m - 1, 0)), 0) if m > 1 else (0, min(1, max(n - 1, 0)))
    value = number(float(A[i, j])) if A.numel() else "–"
    words = {"shape": show(A.shape), "other": show(B.shape), "i": i, "j": j, "value": value}
    moments = (
        ((), (), False, _("A has the shape {shape}; its transpose will have {other}: rows become columns."), "B = A.T"),
        (diagonal, (), False, _(
            "The diagonal is the mirror: what lies on it, A[k, "
            "k], stays where it is."
        ), "B[k, k] = A[k, k]"),
        (((i, j),), ((j, i),), True, _("Every other cell flies over it: {value} goes from A[{i}, {j}] to B[{j}, {i}]."),
         f"B[{j}, {i}] = A[{i}, {j}] = {value}"),
        (row, column, True, _("Row 0 of A is now column 0 of B: samples and features have changed places."),
         f"A.T : {show(A.shape)} → {show(B.shape)}"),
    )  # fmt: skip
    for lit, lit_result, landed, sentence, formula in moments:
        empty = B.numel() == 0
        cells = (
            _matrix("A", A[:MOST, :MOST], lit=() if empty else lit, whole=(m, n), colour="matrix"),
            _matrix("B", B[:MOST, :MOST], lit=() if empty else lit_result, whole=(n, m), known=landed, before="→",
                    axes=(COLUMNS, ROWS), colour="image", over=True),
        )  # fmt: skip
        flights = tuple(
            Flight(("A", (r, c)), ("B", (c, r)), landed) for r in range(size[0]) for c in range(size[1])
        )
        links = (PICK, Link("B", (Source("A", (1, 0)),)))
        yield Step((Cells((cells,), flights=flights),), sentence.format(**words), formula, links=links)


def symmetry_steps(A: Tensor, same: Tensor) -> Iterator[Step]:
    """Each pair across the diagonal is compared; unequal ones stay marked. The last step shows A == A.T."""
    m = A.shape[0]
    size = min(m, MOST)
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size)]
    links = (PICK, Link("B", (Source("A", (0, 1)), Source("A", (1, 0)))))

    def told(lit, flagged, known, sentence, formula) -> Step:
        cells = (
            _matrix("A", A[:MOST, :MOST], lit=lit, flagged=flagged, whole=(m, m), colour="matrix"),
            _matrix("B", same[:MOST, :MOST].double(), known=known, whole=(m, m), before="→", colour="image",
                    flagged=flagged if known else (), texts=_verdicts(same) if known else ()),
        )  # fmt: skip
        return Step((Cells((cells,)),), sentence, formula, links=links)

    sentence = _(
        "A matrix is symmetric when it equals its transpose: every A[i, j] equals A[j, i]. The diagonal always does."
    )
    yield told(tuple((k, k) for k in range(size)), (), False, sentence, "A = Aᵀ ?")
    flagged: tuple[Cell, ...] = ()
    for i, j in pairs[:MOST_PAIRS]:
        one, other, equal = number(float(A[i, j])), number(float(A[j, i])), bool(same[i, j])
        flagged += () if equal else ((i, j), (j, i))
        sentence = _("A[{i}, {j}] = {one} and A[{j}, {i}] = {other}: equal.")
        if not equal:
            sentence = _("A[{i}, {j}] = {one} but A[{j}, {i}] = {other}: this pair breaks the symmetry.")
        formula = f"{one} {'=' if equal else '≠'} {other}"
        yield told(((i, j), (j, i)), flagged, False, sentence.format(i=i, j=j, one=one, other=other), formula)
    yield told((), _unequal(same), True, *_verdict(same))


def _unequal(same: Tensor) -> tuple[Cell, ...]:
    return tuple((i, j) for i, j in (~same[:MOST, :MOST]).nonzero().tolist())


def _verdicts(same: Tensor) -> tuple[tuple[str, ...], ...]:
    """What torch writes, instead of 1 and 0."""
    return tuple(tuple(str(value) for value in row) for row in same[:MOST, :MOST].tolist())


def _verdict(same: Tensor) -> tuple[str, str]:
    wrong, count = int((~same).triu(1).sum()), same.shape[0] * (same.shape[0] - 1) // 2
    alone = int((~same).diagonal().sum())
    formula = f"torch.equal(A, A.T) = {bool(same.all())}"
    if alone:
        sentence = _(
            "NaN equals nothing, not even itself: {alone} places on the diagonal and {wrong} of {count} pairs differ."
        )
        return sentence.format(alone=alone, wrong=wrong, count=count), formula
    if wrong:
        return _("{wrong} of {count} pairs differ: A is not symmetric.").format(
            wrong=wrong, count=count
        ), formula
    return _("All {count} pairs are equal: A is symmetric.").format(count=count), formula


def _matrix(
    name: str, window: Tensor, *, known: bool = True, axes=(ROWS, COLUMNS), whole=(), **more
) -> Block:
    shown = tuple(tuple(float(v) if known else None for v in row) for row in window.tolist())
    large = max(whole) > MOST
    first = more.pop("first", (0, 0))
    note = window_note(whole) if large and first == (0, 0) else ""
    if large and first != (0, 0):
        note = _("rows from {row}, columns from {column}, of {all}").format(
            row=first[0], column=first[1], all=" × ".join(map(str, whole))
        )
    return Block(name, shown, axes=axes, rank=2, note=note, whole=whole if large else (), first=first, **more)

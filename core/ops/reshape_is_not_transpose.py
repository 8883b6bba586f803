"""The trap of the matrix: `A.reshape(n, m)` has the shape of `A.T`, and other numbers in it."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import Cells
from core.shapes import show
from core.words import N_, _

torch = lazy.load("torch")


def run(A: torch.Tensor) -> torch.Tensor:
    """The mistake. A (m, n) -> (n, m), filled row by row with the numbers of A in their old order."""
    m, n = A.shape
    reshaped = A.reshape(n, m)
    return reshaped


def steps(A: torch.Tensor) -> Iterator[Step]:
    """Both results, the cells in which they differ, the swapped index, and the fixes, each executed."""
    wrong, right = run(A), A.T
    differ = tuple((i, j) for i, j in (wrong != right)[:8, :8].nonzero().tolist())
    m, n = A.shape
    change = f"{show(A.shape)} → {show(wrong.shape)}"
    sentence = _("A.reshape({n}, {m}) runs, and the shape is right: row after row of A, cut at other places.")
    yield _step(A, wrong, None, (), sentence.format(n=n, m=m), f"A.reshape({n}, {m}) : {change}")
    sentence = _(
        "A.T has the same shape, but {count} of its {all} numbers are others: a column of A must become a row."
    )
    count = int((wrong != right).sum())
    yield _step(A, wrong, right, differ, sentence.format(count=count, all=A.numel()), f"A.T : {change}")
    fixed = A.transpose(0, 1)
    sentence = _(
        "A.transpose(0, 1) and A.permute(1, 0) say the same as A.T: they move the axes and copy nothing."
    )
    yield _step(A, wrong, fixed, differ, sentence, f"A.transpose(0, 1) = A.T : {torch.equal(fixed, right)}")
    if min(m, n) > 1:
        sentence = _(
            "The same mistake in one cell: A[1, 0] is row 1, column 0; A[0, 1] is another number, and no error says so."
        )
        yield _step(A, wrong, right, differ, sentence, f"A[1, 0] = {float(A[1, 0]):g}   A[0, 1] = {float(A[0, 1]):g}",
                    ((1, 0), (0, 1)))  # fmt: skip


def _step(A, wrong, right, differ, sentence: str, formula: str, lit=()) -> Step:
    cells = (
        block("A", A, colour="matrix", lit=lit),
        block("A.reshape", wrong, before="→", colour="null", flagged=differ),
        block(
            "A.T",
            wrong if right is None else right,
            before="≠",
            colour="image",
            known=0 if right is None else None,
        ),
    )
    return Step((Cells((cells,)),), sentence, formula)


RESHAPE_IS_NOT_TRANSPOSE = Example(
    key="reshape-is-not-transpose",
    title=N_("A.reshape(n, m) is not A.T"),
    summary=N_(
        "Both have the shape (n, m). One turns rows into columns, the other only cuts the numbers anew."
    ),
    run=run,
    steps=steps,
    uses_inputs=True,
)

"""The trap of the Hadamard product: `A * B` is not `A @ B`, side by side, both executed."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.numbers import factor, number, plus
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import Cells, Link, Panel, Source
from core.words import N_, _

torch = lazy.load("torch")

A = ((1.0, 2.0), (3.0, 4.0))
B = ((5.0, 0.0), (1.0, 2.0))
WIDE = ((5.0, 0.0, 1.0), (1.0, 2.0, 0.0))
LINKS = (
    Link("A * B", (Source("A", (0, 1)), Source("B", (0, 1))), "*"),
    Link("A @ B", (Source("A", (0, None)), Source("B", (None, 1))), "dot"),
)


def run(A: torch.Tensor, B: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Both products of two square matrices: cell by cell, and rows with columns."""
    cells = A * B  # (n, n) * (n, n) -> (n, n): each number meets its partner
    product = A @ B  # (n, k) @ (k, m) -> (n, m): each row meets each column
    return cells, product


def steps() -> Iterator[Step]:
    """Both results of the same two matrices, and the shapes that tell them apart."""
    a, b = torch.tensor(A), torch.tensor(B)
    cells, product = run(a, b)
    yield Step(
        (_panel(a, b, cells, None, ((0, 1),), ((0, 1),)),),
        _("A * B looks at one place at a time: here {a} meets {b}.").format(
            a=factor(A[0][1]), b=factor(B[0][1])
        ),
        f"(A * B)[0, 1] = {factor(A[0][1])}·{factor(B[0][1])} = {number(float(cells[0, 1]))}",
        links=LINKS,
    )
    terms = plus(f"{factor(A[0][k])}·{factor(B[k][1])}" for k in range(2))
    yield Step(
        (_panel(a, b, cells, product, ((0, 0), (0, 1)), ((0, 1), (1, 1))),),
        _("A @ B looks at a whole row of A and a whole column of B, and adds the products up."),
        f"(A @ B)[0, 1] = {terms} = {number(float(product[0, 1]))}",
        links=LINKS,
    )
    differing = tuple(
        (i, j) for i in range(2) for j in range(2) if float(cells[i, j]) != float(product[i, j])
    )
    yield Step(
        (_panel(a, b, cells, product, (), (), differing),),
        _(
            "Square matrices let both run, and the shapes agree: {count} of {all} numbers differ, and nobody warns."
        ).format(count=len(differing), all=cells.numel()),
        "A * B ≠ A @ B",
        links=LINKS,
    )
    wide = torch.tensor(WIDE)
    yield Step(
        (_panel(a, wide, None, a @ wide, (), ()),),
        _refused(a, wide),
        f"A @ B : (2, 2) @ (2, 3) → {shapes.show(tuple((a @ wide).shape))}",
    )


def _refused(a: torch.Tensor, b: torch.Tensor) -> str:
    """What torch says to `*` where only `@` is possible, really asked."""
    try:
        run(a, b)
    except RuntimeError as error:
        return _("With a B of another shape `@` still works, and `*` cannot: {reason}.").format(
            reason=str(error).split("\n")[0].rstrip(".")
        )
    raise AssertionError("(2, 2) * (2, 3) has to fail")


def _panel(
    a: torch.Tensor, b: torch.Tensor, cells: torch.Tensor | None, product: torch.Tensor | None,
    in_a: tuple, in_b: tuple, flagged: tuple = (),
) -> Panel:  # fmt: skip
    place = ((0, 1),) if in_a else ()
    empty = a @ b
    return Cells(
        (
            (block("A", a, lit=in_a, colour="matrix"), block("B", b, lit=in_b, colour="matrix")),
            (
                block("A * B", empty if cells is None else cells, known=0 if cells is None else None, colour="null",
                      lit=place if product is None else (), flagged=flagged),
                block("A @ B", empty if product is None else product, known=0 if product is None else None,
                      colour="image", lit=place if product is not None else ()),
            ),
        )
    )  # fmt: skip


NOT_THE_PRODUCT = Example(
    key="not-the-product",
    title=N_("A * B is not A @ B"),
    summary=N_(
        "One sign apart, and two operations: with square matrices both run and both give the same shape."
    ),
    run=run,
    steps=steps,
)

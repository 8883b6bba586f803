"""A trap of the dot product: with (n, 1) beside (n,) the sum of x * y runs, and is another number."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.numbers import number
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import Cells, Panel
from core.words import N_, _

torch = lazy.load("torch")

X = ((1.0,), (2.0,), (3.0,))  # a column, as a layer or a table returns it
Y = (4.0, 0.0, 1.0)


def run(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The mistake. x (n, 1), y (n,): x * y is broadcast to (n, n), and the sum is that of all pairs."""
    s = (x * y).sum()
    return s


def steps() -> Iterator[Step]:
    """The silent mistake, the loud refusal of torch.dot, and two fixes that were executed."""
    x, y = torch.tensor(X), torch.tensor(Y)
    flat = x.squeeze(1)
    n, column = shapes.show(tuple(y.shape)), shapes.show(tuple(x.shape))
    sentence = _("x came as a column {column}, y is a vector {n}: was a dot product meant?")
    yield Step(_panels(x, y, None, None), sentence.format(column=column, n=n), f"x : {column}   y : {n}")
    table = x * y
    sentence = _(
        "x * y lays the column beside the row: {count} products instead of {n}, and no word of warning."
    )
    words = sentence.format(count=table.numel(), n=len(y))
    yield Step(
        _panels(x, y, table, None), words, f"x * y : {column} * {n} → {shapes.show(tuple(table.shape))}"
    )
    wrong, right = run(x, y), torch.dot(flat, y)
    sentence = _(
        "Their sum is {wrong}: every entry of x met every entry of y. Only the diagonal was meant: it gives {right}."
    )
    words = sentence.format(wrong=number(float(wrong)), right=number(float(right)))
    yield Step(
        _panels(x, y, table, wrong, True),
        words,
        f"(x * y).sum() = {number(float(wrong))} ≠ {number(float(right))}",
    )
    try:
        torch.dot(x, y)
    except RuntimeError:
        sentence = _("torch.dot(x, y) would have refused: it wants two vectors, and says so.")
        yield Step(_panels(x, y, table, wrong, True), sentence, f"torch.dot : {column} · {n} → ✗")
    for code, value in (("torch.dot(x.squeeze(1), y)", right), ("x.flatten() @ y", x.flatten() @ y)):
        sentence = _("{code} takes the axis of size 1 away first: {n} meets {n}, and the sum is {value}.")
        words = sentence.format(code=code, n=n, value=number(float(value)))
        yield Step(_panels(flat, y, flat * y, value), words, f"{n} · {n} → () = {number(float(value))}")


def _panels(
    x: torch.Tensor,
    y: torch.Tensor,
    products: torch.Tensor | None,
    s: torch.Tensor | None,
    flagged: bool = False,
) -> tuple[Panel, ...]:
    size = len(y)
    table = torch.zeros(size, size) if products is None else products
    wrong = tuple((i, j) for i in range(size) for j in range(size) if i != j) if flagged else ()
    flat = table.dim() == 1
    return (
        Cells(((
            block("x", x, colour="vector", upright=not flat),
            block("y", y, colour="basis1", before="*", upright=False),
            block("x * y", table, before="=", flagged=wrong, upright=not flat, known=0 if products is None else None),
            block("s", torch.zeros(()) if s is None else s, before="Σ", known=0 if s is None else None,
                  colour="accent", brackets=False, flagged=((0, 0),) if flagged else ()),
        ),)),
    )  # fmt: skip


COLUMN_TIMES_ROW = Example(
    key="column-times-row",
    title=N_("A column beside a vector"),
    summary=N_(
        "(x * y).sum() is the dot product only while both shapes are equal. With (n, 1) beside (n,) it runs, and "
        "adds up all pairs: a loss that looks right and is wrong."
    ),
    run=run,
    steps=steps,
)

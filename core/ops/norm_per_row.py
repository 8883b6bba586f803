"""A trap of norms: without dim the whole batch gets one norm, and dividing by it normalises nothing."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.numbers import number, vector
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import Panel, in_line
from core.words import N_, _

torch = lazy.load("torch")

X = ((3.0, 4.0), (0.0, 2.0), (6.0, 8.0))  # three vectors, one a row, of lengths 5, 2 and 10


def run(X: torch.Tensor) -> torch.Tensor:
    """The mistake. X (sample, feature): one norm for the whole table, so the rows keep their unequal lengths."""
    U = X / torch.linalg.vector_norm(X)
    return U


def steps() -> Iterator[Step]:
    """The mistake, what it measured, why dim alone does not help, and two fixes that were executed."""
    table = torch.tensor(X)
    wrong, whole = run(table), torch.linalg.vector_norm(table)
    lengths = torch.linalg.vector_norm(table, dim=1)
    shape = shapes.show(tuple(table.shape))
    sentence = _("Three vectors, one in each row of X {shape}. Each row shall get length 1.")
    yield Step(_panels(table, None, None), sentence.format(shape=shape), f"X : {shape}")
    sentence = _(
        "Without dim the norm takes all {count} entries together: one number, {norm}, for the whole table."
    )
    words = sentence.format(count=table.numel(), norm=number(float(whole)))
    yield Step(_panels(table, whole, None), words, f"torch.linalg.vector_norm(X) = {number(float(whole))}")
    after = torch.linalg.vector_norm(wrong, dim=1)
    sentence = _(
        "Divided by it, the rows have the lengths {lengths}: none of them is 1, and no error is raised."
    )
    words = sentence.format(lengths=vector(after.tolist()))
    yield Step(_panels(table, whole, wrong, True), words, f"‖U[i]‖ = {vector(after.tolist())}")
    try:
        _refused = table / lengths
    except RuntimeError:
        sentence = _(
            "dim=1 gives one norm for each row, {norms}, but (3, 2) / (3,) does not fit: torch refuses."
        )
        words = sentence.format(norms=vector(lengths.tolist()))
        yield Step(_panels(table, lengths, None), words, "(3, 2) / (3,) → ✗")
    kept = torch.linalg.vector_norm(table, dim=1, keepdim=True)
    for code, fixed in (
        ("X / torch.linalg.vector_norm(X, dim=1, keepdim=True)", table / kept),
        ("torch.nn.functional.normalize(X, dim=1)", torch.nn.functional.normalize(table, dim=1)),
    ):
        sentence = _("{code}: the norms stay a column (3, 1), and every row has length 1.")
        checked = vector(torch.linalg.vector_norm(fixed, dim=1).tolist())
        yield Step(_panels(table, kept, fixed), sentence.format(code=code), f"‖U[i]‖ = {checked}")


def _panels(
    table: torch.Tensor, norm: torch.Tensor | None, result: torch.Tensor | None, flagged: bool = False
) -> tuple[Panel, ...]:
    wrong = tuple((i, j) for i in range(table.shape[0]) for j in range(table.shape[1])) if flagged else ()
    measured = torch.zeros(()) if norm is None else norm
    shown = torch.zeros_like(table) if result is None else result
    return (
        in_line(
            block("X", table, colour="matrix"),
            block("norm", measured, before="/", known=0 if norm is None else None, colour="accent"),
            block("U", shown, before="=", known=0 if result is None else None, flagged=wrong, colour="image"),
        ),
    )


NORM_PER_ROW = Example(
    key="norm-per-row",
    title=N_("One norm for all rows"),
    summary=N_(
        "A table of vectors, and each row shall get length 1. Without dim the norm swallows the whole table; the "
        "division runs, and nothing is normalised."
    ),
    run=run,
    steps=steps,
)

"""The trap of the matrix-vector product: `A * x` runs, and is another thing than `A @ x`."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import in_line
from core.words import N_, _

torch = lazy.load("torch")


def run(A: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The mistake. A (m, n), x (n,): x is broadcast over the rows, and the result is (m, n)."""
    scaled = A * x  # (m, n) * (n,) -> (m, n): column j of A times x[j], and nothing is added up
    return scaled


def steps(A: torch.Tensor, x: torch.Tensor) -> Iterator[Step]:
    """The mistake, what it left out, and two ways to write what was meant, each one executed."""
    scaled = run(A, x)
    m, n = (shapes.show(shape) for shape in ((A.shape[0],), (A.shape[1],)))
    both = shapes.show(tuple(A.shape))
    yield Step(
        _cells(A, x, scaled, None),
        _(
            "A * x runs without a word: x is laid over every row, so column j of A is multiplied by entry j of x."
        ),
        f"A * x : {both} * {n} → {shapes.show(tuple(scaled.shape))}",
    )
    yield Step(
        _cells(A, x, scaled, scaled.sum(1), lit=True),
        _("What is missing is the sum: adding up each row of A * x gives the product that was meant."),
        f"(A * x).sum(1) : {both} → {m}",
    )
    for code, value in (("A @ x", A @ x), ("torch.mv(A, x)", torch.mv(A, x))):
        sentence = _("{code} multiplies and adds: one number for each row, shape {shape}.")
        yield Step(
            _cells(A, x, scaled, value),
            sentence.format(code=code, shape=shapes.show(tuple(value.shape))),
            f"{code} : {both} @ {n} → {shapes.show(tuple(value.shape))}",
        )


def _cells(A: torch.Tensor, x: torch.Tensor, scaled: torch.Tensor, y: torch.Tensor | None, lit: bool = False):
    row = tuple((0, j) for j in range(A.shape[1])) if lit else ()
    answer = torch.zeros(A.shape[0]) if y is None else y
    return (
        in_line(
            block("A", A, colour="matrix"),
            block("x", x, before="*", colour="vector"),
            block("A * x", scaled, before="=", lit=row, colour="null"),
            block("y", answer, before="→", lit=row[:1], colour="image", known=0 if y is None else None),
        ),
    )


STAR_IS_NOT_AT = Example(
    key="star-is-not-at",
    title=N_("A * x is not A @ x"),
    summary=N_(
        "Both run, and only one is the product. The shape gives it away: a product with a vector is a vector."
    ),
    run=run,
    steps=steps,
    uses_inputs=True,
)

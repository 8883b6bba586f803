"""The trap of reduction: `A / A.sum(axis=1)` has lost the axis that it needs, fails, or is silently wrong."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import Cells, Panel
from core.words import N_, _

torch = lazy.load("torch")

WIDE = ((1.0, 3.0, 4.0), (2.0, 2.0, 4.0))  # (2, 3)
SQUARE = ((1.0, 3.0), (2.0, 6.0))  # (2, 2)


def run(A: torch.Tensor) -> torch.Tensor:
    """The mistake: each row was to be divided by its own sum. A (n, m)."""
    shares = A / A.sum(axis=1)  # (n, m) / (n,): n meets m, the last axis, and not the rows
    return shares


def steps() -> Iterator[Step]:
    """It fails on a wide matrix, runs on a square one, and keepdim=True mends both; each line was executed."""
    wide, square = torch.tensor(WIDE), torch.tensor(SQUARE)
    sums = wide.sum(axis=1)
    yield Step(
        (_cells(wide, sums, None),),
        _(
            "Each row is to be divided by its sum, so that it adds up to 1. The sums are {shape}: the row axis is "
            "left."
        ).format(shape=shapes.show(tuple(sums.shape))),
        "A.sum(axis=1) : (2, 3) → (2,)",
    )
    yield Step((_cells(wide, sums, None),), _refused(wide), "A / A.sum(axis=1) : (2, 3) / (2,)")
    shares = run(square)
    totals = shares.sum(axis=1)
    wrong = tuple((i, j) for i in range(2) for j in range(2) if float(totals[i]) != 1.0)
    yield Step(
        (_cells(square, square.sum(axis=1), shares, flagged=wrong),),
        _(
            "A square matrix lets it through: the sums are laid along the columns, so column j is divided by the sum "
            "of row j. The rows now add up to {first} and {second}, and nobody complains."
        ).format(first=f"{float(totals[0]):.3g}", second=f"{float(totals[1]):.3g}"),
        "A / A.sum(axis=1) : (2, 2) / (2,) → (2, 2)",
    )
    for A in (square, wide):
        kept = A.sum(axis=1, keepdim=True)
        fixed = A / kept
        yield Step(
            (_cells(A, kept, fixed),),
            _(
                "keepdim=True leaves the axis with size 1: {shape} is a column beside the rows, and every row "
                "adds up to 1."
            ).format(shape=shapes.show(tuple(kept.shape))),
            f"A / A.sum(axis=1, keepdim=True) : {shapes.show(tuple(A.shape))} / {shapes.show(tuple(kept.shape))}",
        )


def _refused(A: torch.Tensor) -> str:
    """What torch says to the mistake, really made."""
    try:
        run(A)
    except RuntimeError as error:
        return _("torch refuses: {reason}. The 2 sums are held against the 3 columns.").format(
            reason=str(error).split("\n")[0].rstrip(".")
        )
    raise AssertionError("a (2, 3) matrix divided by (2,) has to fail")


def _cells(
    A: torch.Tensor,
    sums: torch.Tensor,
    shares: torch.Tensor | None,
    flagged: tuple[tuple[int, int], ...] = (),
) -> Panel:
    lying = sums.dim() == 1  # that is how torch lays a vector under a matrix: along its last axis
    axes = (("i", "axis1"), ("j", "accent"))
    known = A if shares is None else shares
    return Cells(
        (
            (
                block("A", A, colour="matrix", axes=axes),
                block("A.sum", sums, before="/", upright=not lying, colour="vector",
                      axes=axes[:1] if lying else (axes[0], ("1", "accent"))),
                block("shares", known, before="=", colour="null" if flagged else "image", flagged=flagged,
                      known=0 if shares is None else None, axes=axes),
            ),
        )
    )  # fmt: skip


LOST_AXIS = Example(
    key="lost-axis",
    title=N_("A / A.sum(axis=1) without keepdim"),
    summary=N_(
        "The axis that a sum takes away is missing when its result meets A again. With a square matrix torch does not "
        "even notice."
    ),
    run=run,
    steps=steps,
)

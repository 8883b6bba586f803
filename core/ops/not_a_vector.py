"""The trap of scalars: 3 and [3] print alike, and are not alike: shape () against shape (1,)."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.numbers import number
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import Cells
from core.words import N_, _

torch = lazy.load("torch")

LOSSES = (3.0, 1.0, 2.0)
TARGETS = (2.0, 2.0, 2.0)


def run() -> torch.Tensor:
    """The mistake: three losses kept as [3], [1], [2]. Their difference to three targets is (3, 3)."""
    losses = torch.stack([torch.tensor([3.0]), torch.tensor([1.0]), torch.tensor([2.0])])  # (3, 1)
    targets = torch.tensor([2.0, 2.0, 2.0])  # (3,)
    return losses - targets  # (3, 1) - (3,) -> (3, 3): nine numbers, and nobody complains


def steps() -> Iterator[Step]:
    """The two look-alikes, what comes of them, and the ways back, each one executed."""
    a, b = torch.tensor(3.0), torch.tensor([3.0])
    losses, targets = torch.tensor(LOSSES).reshape(3, 1), torch.tensor(TARGETS)
    wrong = run()
    yield Step(
        (_both(a, b),),
        _("A number and a list that holds one number: only the second has an axis."),
        f"torch.tensor(3.0) : {shapes.show(tuple(a.shape))}   torch.tensor([3.0]) : {shapes.show(tuple(b.shape))}",
    )
    yield Step(
        (_difference(losses, targets, wrong),),
        _("Three such losses stacked are a column (3, 1). Minus three targets (3,), that is nine numbers."),
        "losses - targets : (3, 1) − (3,) → (3, 3)",
    )
    mends = (
        ("losses.squeeze(1) - targets", losses.squeeze(1) - targets),
        ("losses[:, 0] - targets", losses[:, 0] - targets),
        (
            "torch.stack([a.squeeze(), ...]) - targets",
            torch.stack([row.squeeze() for row in losses]) - targets,
        ),
    )
    for code, value in mends:
        yield Step(
            (_difference(losses.squeeze(1), targets, value),),
            _("{code} drops the axis of size 1 first: three differences, shape {shape}.").format(
                code=code, shape=shapes.show(tuple(value.shape))
            ),
            f"{code} = {', '.join(number(v) for v in value.tolist())}",
        )


def _both(a: torch.Tensor, b: torch.Tensor) -> Cells:
    return Cells(
        ((block("3.0", a, brackets=False, colour="vector"), block("[3.0]", b, colour="image")),),
    )


def _difference(losses: torch.Tensor, targets: torch.Tensor, value: torch.Tensor) -> Cells:
    return Cells(
        (
            (
                block("losses", losses, colour="vector"),
                block("targets", targets, before="−", upright=losses.dim() == 1, colour="matrix"),
                block(_("difference"), value, before="=", colour="image"),
            ),
        )
    )


NOT_A_VECTOR = Example(
    key="not-a-vector",
    title=N_("3 is not [3]"),
    summary=N_(
        "Both print as one number. A list of one entry has an axis, though, and it stretches in silence."
    ),
    run=run,
    steps=steps,
)

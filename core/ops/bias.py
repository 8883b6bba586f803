"""Practice: a bias of a trained network, added as a row to samples in rows, and as a column to samples in columns."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.numbers import factor, number
from core.operation import Example, Slider, Step
from core.ops import broadcast_strips as strips
from core.ops.cells import block
from core.ops.digits_layer import digits, network
from core.panels import Alignment, Layout, Panel, Row, in_line
from core.words import N_, _

torch = lazy.load("torch")

SAMPLES = 3  # digits in the batch
UNITS = 4  # classes that are shown of ten


def run(H: torch.Tensor, V: torch.Tensor, c: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores of a batch in two layouts. H (sample, hidden), V (class, hidden), c (class,)."""
    in_rows = H @ V.mT + c  # (sample, class) + (class,): c is a row, laid over every sample
    in_columns = V @ H.mT + c.unsqueeze(1)  # (class, sample) + (class, 1): c is a column
    return in_rows, in_columns


def steps(*, sample: int = 1502) -> Iterator[Step]:
    """Samples in rows: c fits. Samples in columns: c clashes, and fits as a column. Both give the same scores."""
    net, (images, _labels) = network(), digits()
    first = min(int(sample), len(images) - SAMPLES)
    H = torch.relu(images[first : first + SAMPLES] @ net.W.mT + net.b)
    scores, upright = H @ net.V.mT, net.V @ H.mT
    in_rows, in_columns = run(H, net.V, net.c)
    column = net.c.unsqueeze(1)
    layout = Layout((Row(((0, 1.0), (1, 2.0))),), (Row(((0, 1.0),)), Row(((1, 1.0),))))
    yield Step(
        _panels(strips_of(scores, net.c), scores, net.c, None),
        _(
            "Three digits went through a trained layer: S = H @ V.mT has a row for each digit, c a bias for each class."
        ),
        _formula(scores, net.c),
        layout,
    )
    yield Step(
        _panels(strips_of(scores, net.c), scores, net.c, in_rows),
        _("The last axes are both the class: c becomes a row under every digit. {terms}").format(
            terms=_first_sum(scores, net.c, in_rows)
        ),
        f"S + c : {shapes.show(tuple(scores.shape))} + {shapes.show(tuple(net.c.shape))} → "
        f"{shapes.show(tuple(in_rows.shape))}",
    )
    yield Step(
        _panels(strips_of(upright, net.c, clash=True), upright, net.c, None),
        _("With the digits in columns the last axis is the sample: 3 meets 10, and torch refuses c."),
        f"S.mT + c : {SAMPLES} ≠ {net.c.numel()}",
    )
    yield Step(
        _panels(strips_of(upright, column), upright, column, in_columns),
        _(
            "c.unsqueeze(1) stands upright, (10, 1): now its 1 meets the samples and is stretched. The scores are "
            "the same."
        ),
        f"S.mT + c.unsqueeze(1) : {shapes.show(tuple(upright.shape))} + {shapes.show(tuple(column.shape))} → "
        f"{shapes.show(tuple(in_columns.shape))}",
    )


def strips_of(S: torch.Tensor, c: torch.Tensor, clash: bool = False) -> Alignment:
    """The two shapes compared, up to the clash where there is one."""
    found = strips.Shapes({"S": tuple(S.shape), "c": tuple(c.shape)})
    return strips.at_column(found, -1 if clash else -found.width, lit=clash)


def _panels(panel: Alignment, S: torch.Tensor, c: torch.Tensor, R: torch.Tensor | None) -> tuple[Panel, ...]:
    """S, c as it is stretched, and the scores where they are known."""
    fits = R is not None
    shown = (c.expand(S.shape) if fits else c)[..., :UNITS] if c.dim() == 1 else c.expand(S.shape)[:UNITS]
    part = S[:UNITS, :UNITS]
    ghost = tuple(
        (i, j) for i in range(part.shape[0]) for j in range(part.shape[1]) if (i if c.dim() == 1 else j)
    )
    of = {
        "whole": tuple(S.shape),
        "note": _("the first {units} of {all} classes").format(units=UNITS, all=10),
    }
    cells = in_line(
        block("S", part, colour="ink", **of),
        block("c", shown, before="+", colour="vector", ghost=ghost if fits else (), upright=False),
        block(
            "R",
            part if R is None else R[:UNITS, :UNITS],
            before="=",
            colour="image",
            known=None if fits else 0,
        ),
    )
    return (panel, cells)


def _first_sum(S: torch.Tensor, c: torch.Tensor, R: torch.Tensor) -> str:
    return f"{number(float(S[0, 0]))} + {factor(float(c[0]))} = {number(float(R[0, 0]))}"


def _formula(S: torch.Tensor, c: torch.Tensor) -> str:
    return f"S {shapes.show(tuple(S.shape))}, c {shapes.show(tuple(c.shape))}"


BIAS = Example(
    key="bias",
    title=N_("A bias as a row, and as a column"),
    summary=N_(
        "The last layer of a network trained on handwritten digits adds ten biases. Whether they are a row or a column "
        "depends on where the samples lie."
    ),
    run=run,
    steps=steps,
    parameters=(Slider("sample", N_("First digit"), 0, 1794, 1, 1502),),
    source=N_("scikit-learn's handwritten digits; the network is trained by torch on 1,500 of them."),
)

"""The network while it learns: who wins where after each epoch, and the loss as it falls."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy
from core.numbers import number, vector
from core.operation import Step
from core.ops import areas, unfolding
from core.ops.cells import block
from core.ops.journey import Journey, answer
from core.ops.network import EPOCHS, STRIDE
from core.panels import Cells, Curve, Layout, Line, Panel, rows
from core.words import _

torch = lazy.load("torch")

COARSE = 44  # cells along each side of the grid: there are up to 21 pictures
LAYOUT = Layout(rows((0,)).wide, aside=rows((1,), (2,), heights=(1.3, 1)).wide, share=0.36)


def steps(journey: Journey) -> Iterator[Step]:
    """From the random start to the epoch that was asked for, and the answer then."""
    for epoch in range(0, journey.net.epoch + 1, STRIDE):
        yield Step(_panels(journey, epoch, False), *_words(journey, epoch), LAYOUT)
    sentence = _("After {epoch} epochs the network says of x: {kind}, to {percent} %.").format(
        epoch=journey.net.epoch, kind=journey.kind, percent=journey.percent
    )
    yield Step(
        _panels(journey, journey.net.epoch, True), sentence, f"p = {vector(journey.p.tolist())}", LAYOUT
    )


def _panels(journey: Journey, epoch: int, told: bool) -> tuple[Panel, ...]:
    net = journey.net
    outlines = areas.areas(lambda X: net.scores(X, epoch), unfolding.REACH, COARSE)
    marks = (*journey.territory("won", outlines, fill=0.22), *journey.cloud("datum"), *journey.marker())
    now = torch.softmax(net.scores(journey.x[None], epoch)[0], 0)
    share = journey.p if told else now
    cells = (
        block("x", journey.x, colour="accent"),
        answer(share, True, told),
    )
    return (journey.plane(marks, ""), _loss(journey, epoch), Cells((cells,)))


def _loss(journey: Journey, epoch: int) -> Curve:
    """The loss over the epochs, as far as it has come; what is to come is pale."""
    losses = journey.net.losses
    most = max(losses)
    every = range(0, EPOCHS + 1, 3)
    xs, ys = tuple(float(k) for k in every), tuple(losses[k] for k in every)
    past = tuple(y if x <= epoch else None for x, y in zip(xs, ys, strict=True))
    return Curve(
        "loss",
        (
            Line("whole", xs, ys, "axis", width=1.5),
            Line("past", xs, past, "accent", width=3.0),
            Line("now", (float(epoch),), (losses[epoch],), "accent", dots=11.0),
        ),
        (0.0, 1.06 * EPOCHS),
        (0.0, 1.08 * most),
        _("epoch"),
        _("loss"),
        _("how wrong it still is"),
    )


def _words(journey: Journey, epoch: int) -> tuple[str, str]:
    net = journey.net
    loss, right = number(net.losses[epoch]), number(100 * net.accuracy(epoch))
    formula = _("loss {loss}, right {right} %").format(loss=loss, right=right)
    if epoch == 0:
        return _("Before it learns, the weights are random numbers, and the border lies anywhere: {right} % of the "
                 "unseen points are on the right side.").format(right=right), formula  # fmt: skip
    if epoch == STRIDE:
        return _("Every epoch shows it all {count} points once and nudges each weight downhill. After {epoch} epochs "
                 "the border begins to move.").format(count=len(net.data.X), epoch=epoch), formula  # fmt: skip
    return _(
        "Epoch {epoch}: the loss is {loss}, and {right} % of the unseen points are on the right side."
    ).format(epoch=epoch, loss=loss, right=right), formula

"""The trap of broadcasting: predictions (n, 1) minus targets (n,) is (n, n), and the loss is silently wrong."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from core import lazy, shapes
from core.numbers import number
from core.operation import Example, Step
from core.ops import broadcast_strips as strips
from core.ops.cells import block
from core.ops.data import diabetes
from core.panels import Bars, Panel, in_line, rows
from core.words import N_, _

torch = lazy.load("torch")

PATIENTS = 5


def run(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The mistake. prediction (n, 1), target (n,): every prediction meets every target, n·n differences."""
    error = prediction - target  # (n, 1) - (n,) -> (n, n), not (n,)
    loss = (error**2).mean()
    return loss


@cache
def fitted() -> tuple[torch.Tensor, torch.Tensor]:
    """A real linear fit of the diabetes data: predictions (442, 1), as a layer gives them, and targets (442,)."""
    features, target = diabetes()
    X = torch.cat([features, torch.ones(len(features), 1, dtype=features.dtype)], dim=1)
    weights = torch.linalg.lstsq(X, target.unsqueeze(1)).solution  # (11, 1)
    return (X @ weights).float(), target.float()


def fixes(prediction: torch.Tensor, target: torch.Tensor) -> list[tuple[str, torch.Tensor]]:
    """Two ways to write what was meant, each executed: code and errors."""
    return [
        ("prediction.squeeze(1) - target", prediction.squeeze(1) - target),
        ("prediction - target.unsqueeze(1)", prediction - target.unsqueeze(1)),
    ]


def steps() -> Iterator[Step]:
    """What was written, what torch did, the two losses, and what was meant."""
    prediction, target = fitted()
    count = len(target)
    wrong = run(prediction, target)
    right = ((prediction.squeeze(1) - target) ** 2).mean()
    losses = (float(wrong), float(right))
    few = prediction[:PATIENTS], target[:PATIENTS]
    yield Step(
        _panels(*few, None, (None, None)),
        _(
            "A linear fit predicts the disease of {count} patients. The layer gives a column, (n, 1); the targets are "
            "a vector, (n,). Here are the first five."
        ).format(count=count),
        f"prediction {shapes.show(tuple(prediction.shape))}, target {shapes.show(tuple(target.shape))}",
        rows((0, 1), (2,), heights=(2, 1), tall=((0,), (1,), (2,))),
    )
    yield Step(
        _panels(*few, few[0] - few[1], (None, None)),
        _(
            "The difference runs without a word. The column is stretched to the right, the vector downwards: only the "
            "diagonal holds the errors that were meant."
        ),
        f"{shapes.show(tuple(prediction.shape))} − {shapes.show(tuple(target.shape))} → "
        f"{shapes.show((count, count))}",
    )
    yield Step(
        _panels(*few, few[0] - few[1], (losses[0], None)),
        _(
            "The mean of {many} squares is {loss}: a number like any other, and nothing says that it is wrong."
        ).format(many=count * count, loss=number(losses[0], 4)),
        f"((prediction − target)²).mean() = {number(losses[0], 4)}",
    )
    for k, (code, error) in enumerate(fixes(prediction, target)):
        loss = float((error**2).mean())
        sentence = _(
            "{code} has the shape {shape}: each patient's own error. The loss is {loss}, and was {wrong}."
        )
        yield Step(
            _panels(*few, fixes(*few)[k][1], losses),
            sentence.format(
                code=code,
                shape=shapes.show(tuple(error.shape)),
                loss=number(loss, 4),
                wrong=number(losses[0], 4),
            ),
            f"(({code})²).mean() = {number(loss, 4)}".replace(" - ", " − "),
        )


def _panels(
    prediction: torch.Tensor,
    target: torch.Tensor,
    error: torch.Tensor | None,
    losses: tuple[float | None, float | None],
) -> tuple[Panel, ...]:
    """The shapes, the cells of the first patients, and the two losses."""
    shape = (0,) if error is None else tuple(error.shape)
    wrong = len(shape) == 2 and shape[0] == shape[1]
    first = prediction.squeeze(1) if len(shape) == 1 and error is not None else prediction
    second = target.unsqueeze(1) if len(shape) == 2 and not wrong else target
    found = strips.Shapes({"prediction": tuple(first.shape), "target": tuple(second.shape)}, result="error")
    panel = strips.at_column(found, -found.width if error is not None else 0, lit=False)
    off = tuple((i, j) for i in range(PATIENTS) for j in range(PATIENTS) if i != j)
    answer = torch.zeros(PATIENTS) if error is None else error
    cells = in_line(
        block("prediction", first, colour="ink", upright=False),
        block("target", second, before="−", colour="vector", upright=False),
        block(
            "error", answer, before="=", colour="image", known=0 if error is None else None, upright=False,
            flagged=off if wrong else (), lit=tuple((i, i) for i in range(PATIENTS)) if wrong else (),
        ),
    )  # fmt: skip
    bars = Bars(
        "loss", losses, (_("as written"), _("as meant")), _("mean squared error"), (0,), across=True,
        texts=tuple("" if loss is None else number(loss, 4) for loss in losses), largest=11_000.0,
    )  # fmt: skip
    return (panel, cells, bars)


LARGER_LOSS = Example(
    key="larger-loss",
    title=N_("It runs, and the loss is wrong"),
    summary=N_(
        "Predictions (n, 1) minus targets (n,) is a square of n·n differences. Nothing fails, and the network is "
        "trained towards the mean. Look at the shape of the error before you take its mean."
    ),
    run=run,
    steps=steps,
    source=N_("442 patients of the diabetes data (Efron, Hastie, Johnstone and Tibshirani, 2004)."),
)

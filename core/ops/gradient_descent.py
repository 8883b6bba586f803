"""Practice with a scalar: the learning rate decides whether gradient descent creeps, arrives, swings or flies away."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core import lazy
from core.numbers import factor, number
from core.operation import Example, Slider, Step
from core.panels import Curve, Line, rows
from core.words import N_, _

torch = lazy.load("torch")

ROUNDS = 12
LOWEST, SPAN = 2.0, 5.0  # where the valley is, and how far the picture reaches to each side of it
CLOSE = 0.02  # this near to the lowest place the walk has arrived
HIGHEST = 13.5


def run(w: torch.Tensor, rate: float) -> torch.Tensor:
    """One step of gradient descent. w () -> w ()."""
    with torch.enable_grad():
        w = w.detach().requires_grad_()
        loss = (w - 2) ** 2 / 2 + 1  # () -> (): one number says how wrong w is
        (slope,) = torch.autograd.grad(loss, w)
    return (w - rate * slope).detach()


def walk(start: float, rate: float) -> list[float]:
    """w after each of ROUNDS steps, the start first; ends early where it leaves all bounds."""
    places = [torch.tensor(start)]
    for _round in range(ROUNDS):
        places.append(run(places[-1], rate))
        if not abs(float(places[-1])) < 1e6:
            break
    return [float(place) for place in places]


def loss_at(w: float) -> float:
    """The loss that `run` goes down."""
    return (w - LOWEST) ** 2 / 2 + 1


def steps(*, rate: float = 0.6, start: float = -2.0) -> Iterator[Step]:
    """The walk down the slope, step by step, and the loss after each."""
    places = walk(start, rate)
    begin = _(
        "The loss is one number for each weight w. The walk starts at w = {w}, where the loss is {loss}."
    ).format(w=number(places[0]), loss=number(loss_at(places[0])))
    yield Step(
        _panels(places, 1), begin, f"L({number(places[0])}) = {number(loss_at(places[0]))}", rows((0, 1))
    )
    for k in range(1, len(places)):
        before, slope = places[k - 1], places[k - 1] - LOWEST
        sentence = _(
            "The slope at {w} is {slope}: go against it, {rate} times as far, and arrive at {next}."
        ).format(w=number(before), slope=number(slope), rate=number(rate), next=number(places[k]))
        formula = f"{number(before)} − {number(rate)}·{factor(slope)} = {number(places[k])}"
        yield Step(_panels(places, k + 1), sentence, formula)
    yield Step(_panels(places, len(places)), _verdict(places, rate), f"η = {number(rate)}")


def _verdict(places: list[float], rate: float) -> str:
    words = {"rate": number(rate), "steps": len(places) - 1, "loss": number(loss_at(places[-1]))}
    if rate > 2:
        return _(
            "η = {rate} is too large: each step overshoots by more than it gains, and the loss grows to {loss}."
        ).format(**words)
    if rate == 2:
        return _(
            "η = {rate} is the edge: the walk jumps from side to side for ever, and the loss stays {loss}."
        ).format(**words)
    if abs(places[-1] - LOWEST) > CLOSE * 10 and rate < 1:
        return _(
            "η = {rate} is too small: after {steps} steps the loss is still {loss}, and it creeps on."
        ).format(**words)
    if rate > 1:
        return _(
            "η = {rate} swings across the valley and comes down all the same: after {steps} steps the loss is {loss}."
        ).format(**words)
    return _(
        "η = {rate} is about right: after {steps} steps the loss is {loss}, as low as it gets here."
    ).format(**words)


def _panels(places: list[float], count: int) -> tuple[Curve, Curve]:
    shown = [places[min(k, count - 1)] for k in range(ROUNDS + 1)]  # the rest waits at the last place
    xs = [LOWEST - SPAN + 2 * SPAN * k / 80 for k in range(81)]
    valley = Line("valley", tuple(xs), tuple(loss_at(x) for x in xs), "circle", 3.0)
    inside = [
        w if abs(w - LOWEST) <= 2 * SPAN else math.copysign(2 * SPAN, w - LOWEST) + LOWEST for w in shown
    ]
    track = Line("track", tuple(inside), tuple(loss_at(w) for w in inside), "vector", 1.5, "dot")
    stones = Line("stones", tuple(inside), tuple(loss_at(w) for w in inside), "vector", dots=7.0)
    here = Line("here", (inside[-1],), (loss_at(inside[-1]),), "accent", dots=15.0)
    heights = [min(loss_at(w), 1e6) for w in places]
    most = max(HIGHEST, 1.05 * max(heights[:count])) if count else HIGHEST
    ticks = tuple(float(k) for k in range(ROUNDS + 1))
    losses = tuple(heights[min(k, count - 1)] if k < count else None for k in range(ROUNDS + 1))
    curve = (Line("loss", ticks, losses, "image", 3.0), Line("loss-dots", ticks, losses, "image", dots=8.0))
    return (
        Curve("slope", (valley, track, stones, here), (LOWEST - SPAN, LOWEST + SPAN), (0.0, HIGHEST),
              _("weight w"), _("loss"), _("the walk")),
        Curve("losses", curve, (-0.3, ROUNDS + 0.3), (0.0, most), _("step"), _("loss"), _("the loss after each step")),
    )  # fmt: skip


LEARNING_RATE = Example(
    key="learning-rate",
    title=N_("The learning rate: one scalar decides"),
    summary=N_(
        "Gradient descent, really computed by torch.autograd: at each step the slope says which way is down, and the "
        "learning rate η how far to go. Too small, and it creeps; too large, and it flies away."
    ),
    run=run,
    steps=steps,
    parameters=(
        Slider("rate", N_("Learning rate η"), 0.05, 2.3, 0.05, 0.6),
        Slider("start", N_("Where it starts"), -2.5, 6.5, 0.5, -2.0),
    ),
)

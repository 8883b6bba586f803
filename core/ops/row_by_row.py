"""Practice: a batch through a weight matrix, one row at a time against all at once, timed where it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from core import device, lazy
from core.numbers import number
from core.operation import Choice, Example, Step
from core.panels import Bars
from core.words import N_, _

torch = lazy.load("torch")

FEATURES, UNITS, SEED = 64, 32, 5
REPEATS = 5  # the shortest time of so many counts: others measure what else the machine did
LONGEST = 0.4  # seconds for one way


def run(X: torch.Tensor, W: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """X (sample, feature), W (unit, feature) -> the same answers (sample, unit), in two ways."""
    one_by_one = torch.stack([torch.mv(W, x) for x in X])  # a Python loop over the samples
    at_once = X @ W.T  # (sample, feature) @ (feature, unit) -> (sample, unit)
    return one_by_one, at_once


class Timed(NamedTuple):
    """One way of computing, and what it took."""

    label: str
    seconds: float
    hue: str


def shortest(compute: Callable[[], object], settle: Callable[[], object] = lambda: None) -> float:
    """The shortest of REPEATS runs, in seconds, after one that is not counted; `settle` waits for a GPU."""
    compute()
    settle()
    best, started = float("inf"), time.perf_counter()
    for _round in range(REPEATS):
        before = time.perf_counter()
        compute()
        settle()
        best = min(best, time.perf_counter() - before)
        if time.perf_counter() - started > LONGEST:
            break
    return best


def measured(X: torch.Tensor, W: torch.Tensor) -> list[Timed]:
    """The two ways on the CPU, and at once on the GPU where this process has one."""
    ways = [
        Timed(_("row by row"), shortest(lambda: torch.stack([torch.mv(W, x) for x in X])), "accent"),
        Timed(_("all at once"), shortest(lambda: X @ W.T), "image"),
    ]
    place = device.current()
    if place.type != "cpu":
        x, w = X.to(place), W.to(place)
        wait = torch.cuda.synchronize if place.type == "cuda" else torch.mps.synchronize
        ways.append(Timed(_("all at once, GPU"), shortest(lambda: x @ w.T, wait), "axis3"))
    return ways


def steps(*, batch: int = 1024) -> Iterator[Step]:
    """The shapes, the time of each way, and that the results are equal."""
    seeded = torch.Generator().manual_seed(SEED)
    X = torch.randn(batch, FEATURES, generator=seeded)
    W = torch.randn(UNITS, FEATURES, generator=seeded)
    loop, whole = run(X, W)
    ways = measured(X, W)
    shape = f"X ({batch}, {FEATURES}) @ W.T ({FEATURES}, {UNITS}) → ({batch}, {UNITS})"
    first = _("A batch of {batch} samples with {n} features each meets a weight matrix for {units} units.")
    yield _step(ways, 0, first.format(batch=batch, n=FEATURES, units=UNITS), shape)
    sentence = _(
        "One row at a time: {batch} small products, started one after the other "
        "by Python, take {time} ms on this server."
    )
    yield _step(ways, 1, sentence.format(batch=batch, time=_ms(ways[0])), f"{_ms(ways[0])} ms")
    times = ways[0].seconds / ways[1].seconds
    sentence = _(
        "All at once, one matrix product takes {time} ms, measured on this server: {times} times as fast."
    )
    yield _step(
        ways, 2, sentence.format(time=_ms(ways[1]), times=number(times, 2)), f"X @ W.T : {_ms(ways[1])} ms"
    )
    for extra in ways[2:]:
        sentence = _("The GPU of this server takes {time} ms for the same product.")
        yield _step(ways, 3, sentence.format(time=_ms(extra)), f"{_ms(extra)} ms")
    gap = float((loop - whole).abs().max())
    sentence = _("Both ways give the same matrix; the largest difference is {gap}, the rounding of float32.")
    same = torch.allclose(loop, whole, atol=1e-4)
    yield _step(
        ways, len(ways), sentence.format(gap=number(gap, 2)), f"torch.allclose(loop, X @ W.T) = {same}"
    )


def _ms(way: Timed) -> str:
    return number(1000 * way.seconds)


def _step(ways: list[Timed], known: int, sentence: str, formula: str) -> Step:
    values = tuple(1000 * way.seconds if k < known else None for k, way in enumerate(ways))
    bars = Bars(
        "times", values, tuple(way.label for way in ways), _("milliseconds, measured on this server"), across=True,
        colours=tuple(way.hue for way in ways), largest=1000 * max(way.seconds for way in ways),
        texts=tuple(_("{time} ms").format(time=_ms(way)) if k < known else "" for k, way in enumerate(ways)),
    )  # fmt: skip
    return Step((bars,), sentence, formula)


ROW_BY_ROW = Example(
    key="row-by-row",
    title=N_("A batch through a weight matrix"),
    summary=N_(
        "The same products, started one by one or as one matrix product. The times are "
        "really measured, on the server that answers you."
    ),
    run=run,
    steps=steps,
    parameters=(
        Choice(
            "batch",
            N_("Samples in the batch"),
            ((64, "64"), (256, "256"), (1024, "1024"), (4096, "4096")),
            1024,
        ),
    ),
)

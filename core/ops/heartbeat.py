"""Practice with vectors: an ECG trace is a vector of samples; what does not belong to the heart is subtracted."""

from __future__ import annotations

import math
from collections.abc import Iterator

from core import files, lazy
from core.numbers import number
from core.operation import Example, Slider, Step, Upload
from core.panels import Curve, Line, rows
from core.words import N_, _

torch = lazy.load("torch")

RATE = 250  # samples a second
SECONDS = 4
# Waves of one beat: height in mV, place and width in shares of a beat. After McSharry et al., IEEE TBME 50, 2003.
WAVES = ((0.15, 0.2, 0.03), (-0.12, 0.355, 0.01), (1.2, 0.375, 0.011), (-0.25, 0.4, 0.01), (0.3, 0.62, 0.05))
BREATH, DRIFT = 0.3, 0.35  # breaths a second, mV
MOST = 1_500  # samples of a file that are drawn


def run(x: torch.Tensor, window: int) -> torch.Tensor:
    """The trace without its slow drift. x (n,) -> (n,): each sample minus the mean of its surroundings."""
    padded = torch.nn.functional.pad(x[None], (window, window), mode="replicate")[0]  # (n + 2 window,)
    drift = padded.unfold(0, 2 * window + 1, 1).mean(1)  # (n, 2 window + 1) -> (n,)
    return x - drift  # (n,) - (n,) -> (n,)


def ecg(rate: float) -> torch.Tensor:
    """A made-up electrocardiogram: `rate` beats a minute, SECONDS long, with the slow wave of breathing: (n,) in mV."""
    times = torch.arange(RATE * SECONDS) / RATE
    phase = (times * rate / 60) % 1.0
    beats = sum(height * torch.exp(-(((phase - place) / width) ** 2) / 2) for height, place, width in WAVES)
    return beats + DRIFT * torch.sin(2 * math.pi * BREATH * times)


def steps(*, rate: float = 72.0, window: int = 60, own: bytes | None = None) -> Iterator[Step]:
    """The trace, its drift, what is left, and the beats counted in it."""
    x = ecg(rate) if own is None else _own(own)
    window = min(int(window), max(1, len(x) // 2 - 1))
    clean = run(x, window)
    drift = x - clean
    told = _("A trace of {count} samples is a vector of {count} numbers: its order is time.").format(
        count=len(x)
    )
    if own is None:
        told = _(
            "An ECG made by a formula: {seconds} seconds, {rate} samples each. It is a vector of {count} numbers."
        ).format(seconds=SECONDS, rate=RATE, count=len(x))
    yield Step(_panels(x, None, None), told, f"x : ({len(x)},)", rows((0,), (1,)))
    slow = _(
        "Breathing lifts and lowers it all. The mean of the {count} samples around each place is that drift, "
        "a vector too."
    )
    yield Step(
        _panels(x, drift, None), slow.format(count=2 * window + 1), "d[i] = mean(x[i − w : i + w + 1])"
    )
    left = _("Subtract one vector from the other, entry by entry, and the heart is left.")
    yield Step(_panels(x, drift, clean), left, f"x − d : ({len(x)},) − ({len(x)},) → ({len(x)},)")
    peaks = beats(clean)
    count = _("Where an entry is the largest far and wide, there is a beat: {count} of them.").format(
        count=len(peaks)
    )
    pulse = (
        f"{len(peaks)}"
        if len(peaks) < 2
        else number(60 * RATE / float(torch.tensor(peaks).diff().double().mean()))
    )
    yield Step(_panels(x, drift, clean, peaks), count, f"{pulse} / min" if own is None else f"{len(peaks)}")


def beats(x: torch.Tensor) -> list[int]:
    """Places of the peaks: larger than half the largest, and the largest within a quarter of a second. x (n,)."""
    reach = RATE // 4
    padded = torch.nn.functional.pad(x[None, None], (reach, reach), value=-math.inf)
    highest = torch.nn.functional.max_pool1d(padded, 2 * reach + 1, stride=1)[0, 0]
    return torch.nonzero((x == highest) & (x > x.max() / 2)).flatten().tolist()


def _own(data: bytes) -> torch.Tensor:
    """The last column of a visitor's table; raises FileError when it is no signal."""
    column = files.read_csv(data)[:, -1]
    column = column[torch.isfinite(column)]
    if len(column) < 8:
        raise files.FileError(
            _("The table has {count} usable rows; a trace needs at least 8.").format(count=len(column)),
            _("Save one number in each row."),
        )
    return column[:MOST]


def _panels(
    x: torch.Tensor, drift: torch.Tensor | None, clean: torch.Tensor | None, peaks: list[int] | None = None
) -> tuple[Curve, Curve]:
    times = tuple(float(k) for k in range(len(x)))
    empty = (None,) * len(x)
    low, high = float(x.min()), float(x.max())
    air = 0.08 * max(high - low, 1e-3)
    slow = tuple(drift.tolist()) if drift is not None else empty
    rest = tuple(clean.tolist()) if clean is not None else empty
    known = clean if clean is not None else x - x.mean()
    bounds = float(known.min()) - air, float(known.max()) + air
    places = tuple(float(k) for k in peaks or ()) or (None,)
    heights = tuple(float(known[k]) for k in peaks or ()) or (None,)
    return (
        Curve("trace", (Line("x", times, tuple(x.tolist()), "vector", 2.0), Line("drift", times, slow, "accent", 3.0)),
              (0.0, float(len(x))), (low - air, high + air), _("place i"), "", _("x, and its drift")),
        Curve("rest", (Line("clean", times, rest, "image", 2.0),
                       Line("beats", places, heights, "accent", dots=10.0)),
              (0.0, float(len(x))), bounds, _("place i"), "", _("x − drift")),
    )  # fmt: skip


HEARTBEAT = Example(
    key="heartbeat",
    title=N_("A heartbeat is a vector"),
    summary=N_(
        "One lead of an ECG is a row of voltages. This one is made by a formula, not measured; or take a trace of your "
        "own, a CSV with one number a row."
    ),
    run=run,
    steps=steps,
    parameters=(
        Slider("rate", N_("Beats a minute"), 40.0, 160.0, 4.0, 72.0),
        Slider("window", N_("Samples to each side that tell the drift"), 10, 120, 10, 60),
        Upload("own", N_("Your own trace (CSV)"), ("csv",)),
    ),
    source=N_("made by a formula: five bell curves a beat, and the slow wave of breathing"),
)

"""Practice: a photograph normalised channel by channel; mean and spread keep their axes, so that they broadcast."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.numbers import number
from core.operation import Choice, Example, Step
from core.ops import broadcast_strips as strips
from core.ops.data import photograph
from core.panels import Alignment, Bars, Panel, Raster, rows
from core.words import N_, _

torch = lazy.load("torch")

WIDTH = 160
GREATEST = 2.5  # spreads from the mean that are shown as black and white


def run(X: torch.Tensor) -> torch.Tensor:
    """Each channel with mean 0 and spread 1. X (channel, row, column)."""
    mean = X.mean(dim=(1, 2), keepdim=True)  # (3, 1, 1), not (3,)
    spread = X.std(dim=(1, 2), keepdim=True)
    Z = (X - mean) / spread  # (3, H, W) - (3, 1, 1): one number for each channel
    return Z


def steps(*, photo: str = "china") -> Iterator[Step]:
    """Three means, their shape with and without keepdim, and the normalised picture."""
    X = photograph(photo, WIDTH)
    Z = run(X)
    shape = tuple(X.shape)
    means, spreads = X.mean((1, 2)), X.std((1, 2))
    layout = rows((0, 2), (1, 3), heights=(1, 1.2), tall=((0,), (2,), (1,), (3,)))
    yield Step(
        _panels(X, None, means, spreads, 0),
        _("A photograph: three channels of {rows} × {columns} numbers between 0 and 1.").format(
            rows=shape[1], columns=shape[2]
        ),
        f"X : {shapes.show(shape)}",
        layout,
    )
    yield Step(
        _panels(X, None, means, spreads, 1),
        _("The mean over rows and columns leaves one number for each channel: {means}.").format(
            means=", ".join(number(value) for value in means.tolist())
        ),
        f"X.mean(dim=(1, 2)) : {shapes.show(shape)} → (3,)",
    )
    yield Step(
        _panels(X, None, means, spreads, 2),
        _("Aligned from the right, (3,) would meet the columns: {columns} and 3 clash.").format(
            columns=shape[2]
        ),
        f"{shapes.show(shape)} − (3,) : {shape[2]} ≠ 3",
    )
    yield Step(
        _panels(X, None, means, spreads, 3),
        _(
            "keepdim=True keeps the axes as ones: (3, 1, 1) meets channel by channel, and each mean "
            "is read for all pixels."
        ),
        f"{shapes.show(shape)} − (3, 1, 1) → {shapes.show(shape)}",
    )
    yield Step(
        _panels(X, Z, means, spreads, 4),
        _(
            "Divided by the spread as well: every channel now has mean 0 and spread 1, and the tint "
            "of the light is gone."
        ),
        "Z = (X − mean) / spread",
    )


def _panels(
    X: torch.Tensor, Z: torch.Tensor | None, means: torch.Tensor, spreads: torch.Tensor, stage: int
) -> tuple[Panel, ...]:
    """The photograph, the shapes, the channels' means and spreads, and the result."""
    after = X if Z is None else (Z / GREATEST + 1) / 2
    title = _("Z, black at −2.5 and white at 2.5") if Z is not None else ""
    if Z is None:
        after = torch.ones_like(X) * 0.5
    now = (means, spreads) if Z is None else (Z.mean((1, 2)), Z.std((1, 2)))
    values = tuple(float(v) for v in (*now[0], *now[1]))
    known = {0: 0, 1: 3, 2: 3, 3: 3, 4: 6}[stage]
    letters = (_("red"), _("green"), _("blue"))
    labels = tuple(_("mean, {channel}").format(channel=name) for name in letters)
    labels += tuple(_("spread, {channel}").format(channel=name) for name in letters)
    shown = tuple(value if k < known else None for k, value in enumerate(values))
    texts = tuple("" if value is None else number(0.0 if abs(value) < 1e-5 else value) for value in shown)
    return (
        _raster("photo", X, "X"),
        _shapes(tuple(X.shape), stage),
        _raster("normalised", after, title),
        Bars("channels", shown, labels, _("of each channel"), across=True, texts=texts, largest=1.0),
    )


def _shapes(shape: shapes.Shape, stage: int) -> Alignment:
    mean = (3,) if stage <= 2 else (3, 1, 1)
    found = strips.Shapes({"X": shape, "mean": mean}, result="Z")
    compared = {0: 0, 1: 0, 2: -1}.get(stage, -3)
    return strips.at_column(found, compared, lit=stage == 2)


def _raster(name: str, X: torch.Tensor, title: str) -> Raster:
    """A picture (3, H, W) with values in [0, 1]; what lies outside is cut."""
    pixels = (X.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
    return Raster(name, pixels.numpy().tobytes(), X.shape[1], X.shape[2], "rgb", title)


PHOTO_CHANNELS = Example(
    key="photo-channels",
    title=N_("A photograph, normalised by channel"),
    summary=N_(
        "Before a photograph enters a network, each colour channel gets mean 0 and spread (standard deviation) 1. "
        "Three means and three spreads serve all pixels: they are broadcast."
    ),
    run=run,
    steps=steps,
    parameters=(
        Choice("photo", N_("Photograph"), (("china", N_("temple")), ("flower", N_("flower"))), "china"),
    ),
    source=N_("Photographs of scikit-learn's load_sample_images, made smaller."),
)

"""Practice: a mask over a photograph is a Hadamard product: one keeps a pixel, zero blackens it."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy
from core.numbers import number
from core.operation import Choice, Example, Slider, Step
from core.ops import data
from core.panels import Panel, Raster, rows
from core.words import N_, _

torch = lazy.load("torch")

WIDTH = 160


def run(image: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """image (3, H, W), mask (H, W) in [0, 1] -> the image where the mask is 1, black where it is 0."""
    seen = image * mask.expand_as(
        image
    )  # (3, H, W) * (3, H, W): pixel by pixel, the same mask for each colour
    return seen


def round_mask(height: int, width: int, radius: float, edge: str) -> torch.Tensor:
    """A disc in the middle (H, W): 1 inside, 0 outside; with a soft edge it falls over a fifth of its radius."""
    down = torch.linspace(-1, 1, height)[:, None] * height / width
    across = torch.linspace(-1, 1, width)[None, :]
    distance = torch.sqrt(down**2 + across**2)
    if edge == "soft":
        return ((radius - distance) / (0.3 * radius) + 0.5).clamp(0, 1)
    return (distance <= radius).float()


def steps(*, photo: str = "flower", radius: float = 0.5, edge: str = "soft") -> Iterator[Step]:
    """The photograph, the mask, and their product."""
    image = data.photograph(photo, WIDTH)
    _colours, height, width = image.shape
    mask = round_mask(height, width, float(radius), edge)
    seen = run(image, mask)
    i, j = height // 2, width // 5
    shape = f"(3, {height}, {width})"
    yield Step(
        _panels(image, mask, seen, 0),
        _("A photograph: three colours, {height} rows, {width} columns of numbers between 0 and 1.").format(
            height=height, width=width
        ),
        f"image : {shape}",
        layout=rows((0, 1, 2), tall=((0, 1), (2,))),
    )
    yield Step(
        _panels(image, mask, seen, 1),
        _(
            "A mask of the same height and width: white is 1 and keeps, black is 0 and hides, grey lets a part through."
        ),
        f"mask : ({height}, {width})",
    )
    share = 100 * float((mask > 0).float().mean())
    red, weight = float(image[0, i, j]), float(mask[i, j])
    yield Step(
        _panels(image, mask, seen, 2),
        _("Every pixel is multiplied by its own weight: {percent} % of the picture is still there.").format(
            percent=number(share)
        ),
        f"seen[0, {i}, {j}] = {number(red)}·{number(weight)} = {number(float(seen[0, i, j]))}",
    )


def _panels(image: torch.Tensor, mask: torch.Tensor, seen: torch.Tensor, stage: int) -> tuple[Panel, ...]:
    _colours, height, width = image.shape
    grey = mask if stage >= 1 else torch.ones_like(mask)
    product = seen if stage >= 2 else torch.zeros_like(seen)
    return (
        Raster(
            "image", _rgb(image), height, width, "rgb", _("image"), lit=((height // 2, width // 5, 1, 1),)
        ),
        Raster("mask", _bytes(grey), height, width, "grey", _("⊙ mask")),
        Raster("seen", _rgb(product), height, width, "rgb", _("= image ⊙ mask")),
    )


def _bytes(values: torch.Tensor) -> bytes:
    return (values * 255).round().clamp(0, 255).to(torch.uint8).contiguous().numpy().tobytes()


def _rgb(image: torch.Tensor) -> bytes:
    return _bytes(image.permute(1, 2, 0))


MASK = Example(
    key="mask",
    title=N_("A mask over a photograph"),
    summary=N_(
        "Vignettes, cut-outs, dropout and causal attention are one idea: multiply by a tensor of ones and zeros."
    ),
    run=run,
    steps=steps,
    parameters=(
        Choice("photo", N_("Photograph"), (("flower", N_("flower")), ("china", N_("temple"))), "flower"),
        Slider("radius", N_("Radius of the mask"), 0.1, 1.0, 0.1, 0.5),
        Choice("edge", N_("Its edge"), (("soft", N_("soft")), ("hard", N_("hard"))), "soft"),
    ),
    source=N_(
        "Photographs: scikit-learn's sample images (china.jpg by Jialiang Gao, flower.jpg by dany13; CC BY)."
    ),
)

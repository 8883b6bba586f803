"""Practice: global average pooling. Edge filters run over a photograph, and each feature map becomes one number."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from core import lazy
from core.numbers import number
from core.operation import Choice, Example, Step
from core.ops import data
from core.panels import Bars, Panel, Raster, rows
from core.words import N_, _

torch = lazy.load("torch")

WIDTH = 96  # pixels of the photograph
# Sobel's filters (1968), turned into four directions: each finds edges across its own
FILTERS = (
    ("│", ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1))),
    ("─", ((-1, -2, -1), (0, 0, 0), (1, 2, 1))),
    ("╲", ((0, 1, 2), (-1, 0, 1), (-2, -1, 0))),
    ("╱", ((-2, -1, 0), (-1, 0, 1), (0, 1, 2))),
)


def run(image: torch.Tensor, filters: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """image (1, 1, H, W), filters (C, 1, 3, 3) -> feature maps (C, H - 2, W - 2) and their averages (C,)."""
    features = torch.relu(torch.conv2d(image, filters))[
        0
    ]  # (C, H - 2, W - 2): how strong each edge is, everywhere
    pooled = features.mean(
        dim=(1, 2)
    )  # (C, H - 2, W - 2) -> (C,): the place is forgotten, the strength stays
    return features, pooled


@cache
def pooled(photo: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Grey picture (H, W), feature maps (4, H - 2, W - 2) and averages (4,) of a photograph."""
    grey = data.photograph(photo, WIDTH).mean(0)
    filters = torch.tensor([one for _name, one in FILTERS], dtype=torch.float32)[:, None]
    return grey, *run(grey[None, None], filters)


def steps(*, photo: str = "china") -> Iterator[Step]:
    """The photograph, its feature maps, one row of averages, and one number for each map."""
    grey, maps, averages = pooled(photo)
    count, height, width = maps.shape
    shape = f"({count}, {height}, {width})"
    yield Step(
        _panels(grey, maps, averages, 0),
        _("A photograph, as grey values: {height} × {width} numbers.").format(
            height=grey.shape[0], width=grey.shape[1]
        ),
        f"image : (1, 1, {grey.shape[0]}, {grey.shape[1]})",
        layout=rows((0, 1, 2), (3, 4, 5), heights=(1, 1), tall=((0, 5), (1, 2), (3, 4))),
    )
    yield Step(
        _panels(grey, maps, averages, 1),
        _(
            "Four filters of 3 × 3 weights slide over it. Each answers where an edge of its own direction is: "
            "a feature map."
        ),
        f"relu(conv2d(image, filters)) : {shape}",
    )
    yield Step(
        _panels(grey, maps, averages, 2),
        _("The mean over both axes of a map forgets where, and keeps how much: one map, one number."),
        f"features[0].mean() = {number(float(averages[0]))}",
    )
    best = int(averages.argmax())
    yield Step(
        _panels(grey, maps, averages, 3),
        _(
            "Global average pooling does it for every map at once: {before} numbers become {after}. This picture "
            "answers most to filter {best}."
        ).format(before=f"{maps.numel():,}", after=count, best=FILTERS[best][0]),
        f"features.mean(dim=(1, 2)) : {shape} → ({count},)",
    )


def _panels(grey: torch.Tensor, maps: torch.Tensor, averages: torch.Tensor, stage: int) -> tuple[Panel, ...]:
    largest = float(maps.max())
    known = {0: 0, 1: 0, 2: 1, 3: len(FILTERS)}[stage]
    return (
        Raster("photo", _bytes(grey * 255), *grey.shape, "grey", _("photograph")),
        *(
            Raster(
                f"map-{k}",
                (maps[k] if stage else torch.zeros_like(maps[k])).contiguous().numpy().tobytes(),
                *maps.shape[1:],
                "heat",
                _("edges like {sign}").format(sign=FILTERS[k][0]),
                largest=largest,
                lit=((0, 0, *maps.shape[1:]),) if stage == 2 and k == 0 else (),
            )
            for k in range(len(FILTERS))
        ),
        Bars(
            "pooled",
            tuple(float(v) if k < known else None for k, v in enumerate(averages)),
            tuple(name for name, _filter in FILTERS),
            _("average of each map"),
            lit=(0,) if stage == 2 else (),
            texts=tuple(number(float(v)) if k < known else "" for k, v in enumerate(averages)),
            largest=float(averages.max()),
        ),
    )


def _bytes(values: torch.Tensor) -> bytes:
    return values.round().clamp(0, 255).to(torch.uint8).contiguous().numpy().tobytes()


AVERAGE_POOLING = Example(
    key="average-pooling",
    title=N_("Global average pooling"),
    summary=N_(
        "The last layers of many convolutional networks average each feature map down to one number. Here the maps are "
        "real: four edge filters, run over a photograph by torch."
    ),
    run=run,
    steps=steps,
    parameters=(
        Choice("photo", N_("Photograph"), (("china", N_("temple")), ("flower", N_("flower"))), "china"),
    ),
    source=N_(
        "Photographs: scikit-learn's sample images (china.jpg by Jialiang Gao, flower.jpg by dany13; CC BY)."
    ),
)

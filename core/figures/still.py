"""A small drawing of a film as it was looked at: its step, its camera or zoom, its layers."""

from __future__ import annotations

from collections.abc import Sequence

from core.figures.film import Figure
from core.figures.poster import Look, poster


def still(
    figure: Figure,
    step: int,
    *,
    camera: Sequence[float] = (),
    zoom: Sequence[float] = (),
    layers: Sequence[str] | None = None,
) -> str:
    """The SVG. `camera`: eye, centre, up; `zoom`: the ranges of x and y; `layers`: those that are shown."""
    layout = figure["layout"]
    if layers is not None:
        shown = [one | {"on": one["key"] in layers} for one in layout["meta"].get("layers", ())]
        layout = layout | {"meta": layout["meta"] | {"layers": shown}}
    return poster(figure | {"layout": layout}, step, look=Look(camera, zoom))

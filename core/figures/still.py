"""A small drawing of a film as it was looked at: its step, its camera or zoom, its layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from core.figures.film import Figure
from core.figures.poster import poster

PLANE = ("xaxis", "yaxis")


def still(
    figure: Figure,
    step: int,
    *,
    camera: Sequence[float] = (),
    zoom: Sequence[float] = (),
    layers: Sequence[str] | None = None,
) -> str:
    """The SVG. `camera`: eye, centre, up; `zoom`: the ranges of x and y; `layers`: those that are shown."""
    layout = dict(figure["layout"])
    if camera and "scene" in layout:
        layout["scene"] = _turned(layout["scene"], camera)
    if zoom and all(axis in layout for axis in PLANE):
        layout |= {
            axis: layout[axis] | {"range": list(zoom[2 * k : 2 * k + 2])} for k, axis in enumerate(PLANE)
        }
        wide = {
            name: value for name, value in layout["meta"]["arrange"]["wide"].items() if name != "xaxis.range"
        }
        layout["meta"] = layout["meta"] | {"lean": 1.0, "arrange": {"wide": wide}}
    if layers is not None:
        shown = [one | {"on": one["key"] in layers} for one in layout["meta"].get("layers", ())]
        layout["meta"] = layout["meta"] | {"layers": shown}
    return poster(figure | {"layout": layout}, step)


def _turned(scene: dict[str, Any], camera: Sequence[float]) -> dict[str, Any]:
    """The scene from where the eye stands; nearer where it has come nearer."""
    eye = {axis: camera[k] - camera[3 + k] for k, axis in enumerate("xyz")}
    usual = math.hypot(*scene["camera"]["eye"].values())
    return scene | {"camera": scene["camera"] | {"eye": eye}, "closer": usual / math.hypot(*eye.values())}

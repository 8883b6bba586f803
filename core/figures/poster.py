"""A still of a step's plane as SVG: the picture that leads to a concept. Marks, colours and maps are the film's."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import singledispatch

import numpy as np

from core.figures import maps, marks, theme
from core.panels import Arrow, Bind, Label, Lattice, Mark, Path, Plane, Point

WIDTH, HEIGHT = 960, 540  # of the drawing, in its own units
ORIGIN = 0.4  # share of the width at which the origin stands: default pictures reach further to the right
DASHES = {"dash": "9 7", "dot": "2 6", "dashdot": "9 6 2 6"}
HEAD = 3.2  # length of an arrow's head in line widths
THICKER = 1.5  # a poster is seen smaller than the stage
TEXT = 26
SHIFT = 10  # of a label from its point


def poster(panel: Plane, mode: str) -> str:
    """The SVG of `panel` as it stands; layers that are off at first are left out. A space has no poster yet."""
    hidden = {key for key, _, on in panel.layers if not on}
    drawn = (
        [draw(mark, panel, mode) for mark in panel.marks if mark.layer not in hidden]
        if panel.dimension == 2
        else []
    )
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMidYMid slice"'
    font = f'font-family="{html.escape(theme.FONT)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} {font} role="img">{"".join(drawn)}</svg>'


@singledispatch
def draw(_mark: Mark, _panel: Plane, _mode: str) -> str:
    """One mark as SVG; a mark that a poster does not show is nothing."""
    return ""


@draw.register
def _lattice(mark: Lattice, panel: Plane, mode: str) -> str:
    points = marks.lattice(mark.reach, mark.axes, 2)
    return _line(_places(points, mark.bind, panel), mark.colour, mark.width, mode)


@draw.register
def _path(mark: Path, panel: Plane, mode: str) -> str:
    places = _places(mark.points, mark.bind, panel)
    return _line(places, mark.colour, mark.width, mode, mark.dash, mark.fill)


@draw.register
def _arrow(mark: Arrow, panel: Plane, mode: str) -> str:
    tail, tip = _places(mark.points, mark.bind, panel)
    length = float(np.hypot(*(tip - tail)))
    size = HEAD * mark.width * THICKER
    if length < 1e-9:
        return ""
    along = (tip - tail) / length
    across = np.array([-along[1], along[0]])
    neck = tip - along * min(size, length)
    head = [tip, neck + across * size * 0.45, neck - across * size * 0.45]
    corners = " ".join(_point(corner) for corner in head)
    shaft = _line(np.array([tail, neck]), mark.colour, mark.width, mode, mark.dash)
    return f'{shaft}<polygon points="{corners}" fill="{theme.colour(mark.colour, mode)}"/>'


@draw.register
def _label(mark: Label, panel: Plane, mode: str) -> str:
    if not mark.text:
        return ""
    x, y = _places((mark.at,), mark.bind, panel)[0]
    vertical, horizontal = (*mark.place.split(), "center")[:2]
    y += {"top": -SHIFT, "bottom": SHIFT + TEXT * 0.7}.get(vertical, TEXT * 0.35)
    x += {"left": -SHIFT, "right": SHIFT}.get(horizontal, 0)
    anchor = {"left": "end", "right": "start"}.get(horizontal, "middle")
    weight = ' font-weight="600"' if mark.bold else ""
    colour = theme.colour(mark.colour, mode)
    style = f'font-size="{TEXT}" text-anchor="{anchor}" fill="{colour}"{weight}'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(mark.text)}</text>'


def _places(points: Sequence[Point | None], bind: Bind, panel: Plane) -> np.ndarray:
    """Where the points stand in the drawing (count, 2): y downwards, the plane's reach from middle to edge."""
    scale = HEIGHT / 2 / panel.reach
    placed = maps.place(points, bind, panel.state)
    return placed * (scale, -scale) + (WIDTH * ORIGIN, HEIGHT / 2)


def _line(
    places: np.ndarray, colour: str, width: float, mode: str, dash: str = "solid", fill: float = 0.0
) -> str:
    steps, pen = [], "M"
    for place in places:
        if np.isnan(place).any():
            pen = "M"
            continue
        steps.append(f"{pen}{_point(place)}")
        pen = "L"
    hue = theme.colour(colour, mode)
    dashes = f' stroke-dasharray="{DASHES[dash]}"' if dash in DASHES else ""
    inside = f'fill="{hue}" fill-opacity="{fill:g}"' if fill else 'fill="none"'
    return f'<path d="{"".join(steps)}" {inside} stroke="{hue}" stroke-width="{width * THICKER:g}"{dashes}/>'


def _point(place: np.ndarray) -> str:
    return f"{place[0]:.1f},{place[1]:.1f}"

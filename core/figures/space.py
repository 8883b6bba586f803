"""The space: 3-D marks as Plotly scatter3d, cone and mesh3d traces, one mark one function."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import singledispatch

import numpy as np

from core.figures import derived, marks, theme
from core.figures.marks import Trace
from core.panels import Arrow, Cubes, Derived, Label, Lattice, Mark, Path, Plane, Points, Solid

CORNERS = np.array([(x, y, z) for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)])
FACES = (
    (0, 1, 3), (0, 3, 2), (4, 5, 7), (4, 7, 6), (0, 1, 5), (0, 5, 4),
    (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 3, 7), (1, 7, 5),
)  # fmt: skip
EDGES = tuple((a, b) for a in range(8) for b in range(a + 1, 8) if (a ^ b) in (1, 2, 4))
HEAD = 0.15  # length of an arrow's head, as a share of the view's reach


def draw(panel: Plane, mode: str, scene: str = "scene") -> list[Trace]:
    """The traces of a space; `mode` is "light" or "dark", `scene` the subplot."""
    place = {"scene": scene, "showlegend": False}
    return [
        {"hoverinfo": "skip"} | found | place for mark in panel.marks for found in traces(mark, panel, mode)
    ]


@singledispatch
def traces(mark: Mark, _panel: Plane, _mode: str) -> list[Trace]:
    """One mark as one or two traces."""
    raise TypeError(f"a space cannot draw {type(mark).__name__}")


@traces.register
def _lattice(mark: Lattice, panel: Plane, mode: str) -> list[Trace]:
    points = marks.lattice(mark.reach, mark.axes, 3)
    return [_line(mark, points, panel, theme.colour(mark.colour, mode), mark.width) | {"opacity": 0.55}]


@traces.register
def _path(mark: Path, panel: Plane, mode: str) -> list[Trace]:
    line = _line(mark, mark.points, panel, theme.colour(mark.colour, mode), mark.width + 1, mark.dash)
    return [line | ({"opacity": mark.opacity} if mark.opacity < 1 else {})]


@traces.register
def _arrow(mark: Arrow, panel: Plane, mode: str) -> list[Trace]:
    hue = theme.colour(mark.colour, mode)
    shaft = _line(mark, mark.points, panel, hue, 1.8 * mark.width, mark.dash)
    tail, tip = marks.standing(mark, mark.points, panel.state)
    length = HEAD * panel.reach
    details = marks.meta(mark, mark.points) | {"name": f"{mark.name}-head", "head": length}
    if "map" in details:  # a head needs both ends, also where the line may use its own points
        details["map"] = details["map"] | {"arrows": True, "base": marks.listed(mark.points)}
    return [shaft, _cone(tail, tip, length, hue) | {"meta": details}]


@traces.register
def _solid(mark: Solid, panel: Plane, mode: str) -> list[Trace]:
    return [
        {
            "type": "mesh3d",
            **marks.coordinates(marks.standing(mark, mark.points, panel.state)),
            **{axis: [face[k] for face in mark.faces] for k, axis in enumerate("ijk")},
            "color": theme.colour(mark.colour, mode),
            "opacity": mark.opacity,
            "flatshading": True,
            "lighting": {"ambient": 0.9, "diffuse": 0.2, "specular": 0.0},
            "meta": marks.meta(mark, mark.points),
        }
    ]


@traces.register
def _points(mark: Points, panel: Plane, mode: str) -> list[Trace]:
    found = {
        "type": "scatter3d",
        "mode": "markers",
        **marks.coordinates(marks.standing(mark, mark.points, panel.state)),
        "marker": {
            "size": 0.6 * mark.size,
            "symbol": mark.symbol,
            "opacity": 1,
            "color": marks.hues(mark, mode),
        },
        "meta": marks.meta(mark, mark.points),
    }
    return [found | ({"hoverinfo": "text", "hovertext": list(mark.texts)} if mark.texts else {})]


@traces.register
def _derived(mark: Derived, panel: Plane, mode: str) -> list[Trace]:
    hue = theme.colour(mark.colour, mode)
    points = derived.points(mark, panel.state, 3)
    details = marks.meta(mark, ()) | {"derived": marks.rule(mark)}
    details.pop("map", None)
    line = {
        "type": "scatter3d",
        "mode": "lines",
        **marks.coordinates(points),
        "line": {"color": hue, "width": mark.width + 1, "dash": mark.dash},
        "meta": details,
    }
    if mark.kind != "unit":
        return [line]
    length = HEAD * panel.reach
    head = details | {
        "name": f"{mark.name}-head",
        "head": length,
        "derived": details["derived"] | {"cone": True},
    }
    return [line, _cone(points[0], points[1], length, hue) | {"meta": head}]


@traces.register
def _cubes(mark: Cubes, _panel: Plane, mode: str) -> list[Trace]:
    """Faces, edges, the edges of lit cubes, and numbers. A cube without a number yet is shrunk to its middle."""
    known = [value is not None for value in mark.values] or [True] * len(mark.points)
    largest = max((abs(v) for v in mark.values if v is not None and math.isfinite(v)), default=1.0) or 1.0
    centres = np.array(mark.points, dtype=float).reshape(-1, 3)
    corners = (CORNERS - 0.5) * mark.edge
    sizes = np.array(known, dtype=float)[:, None, None]
    vertices = (centres[:, None, :] + corners[None] * sizes).reshape(-1, 3)
    faces = (np.array(FACES)[None] + 8 * np.arange(len(centres))[:, None, None]).reshape(-1, 3)
    hues = [_fill(value, largest, mode) for value in (mark.values or (None,) * len(centres))]
    lit = set(mark.lit)
    mesh = {
        "type": "mesh3d",
        **marks.coordinates(vertices),
        **{axis: faces[:, k].tolist() for k, axis in enumerate("ijk")},
        "facecolor": [hue for hue in hues for _face in FACES],
        "opacity": mark.opacity,
        "flatshading": True,
        "lighting": {"ambient": 0.92, "diffuse": 0.15, "specular": 0.0},
        "meta": marks.meta(mark, ()),
    }
    edges = _edges(centres, corners, range(len(centres)), range(0))
    strong = _edges(centres, corners, mark.lit, range(len(centres) - len(lit)))
    texts = list(mark.texts) or [""] * len(centres)
    return [
        mesh,
        _wire(f"{mark.name}-edges", edges, theme.colour("axis", mode), 1.5),
        _wire(f"{mark.name}-lit", strong, theme.colour("accent", mode), 6),
        {
            "type": "scatter3d",
            "mode": "text",
            **marks.coordinates(centres),
            "text": texts,
            "textfont": {"size": 14, "color": theme.colour("ink", mode), "family": theme.FONT},
            "meta": {"name": f"{mark.name}-numbers"},
        },
    ]


def _fill(value: float | None, largest: float, mode: str) -> str:
    if value is None or not math.isfinite(value):
        return theme.colour("background", mode)
    return theme.signed(value / largest, mode)


def _edges(centres: np.ndarray, corners: np.ndarray, which: Iterable[int], padding: range) -> np.ndarray:
    """The twelve edges of some cubes, with gaps; `padding`: as many empty ones, so that the count stays."""
    parts = [np.full((36, 3), np.nan) for _one in padding]
    for k in which:
        ends = centres[k] + corners
        for a, b in EDGES:
            parts.append(np.stack([ends[a], ends[b], np.full(3, np.nan)]))
    return np.concatenate(parts) if parts else np.full((1, 3), np.nan)


def _wire(name: str, points: np.ndarray, hue: str, width: float) -> Trace:
    return {
        "type": "scatter3d",
        "mode": "lines",
        **marks.coordinates(points),
        "line": {"color": hue, "width": width},
        "meta": {"name": name},
    }


def _cone(tail: np.ndarray, tip: np.ndarray, length: float, hue: str) -> Trace:
    """The head of an arrow."""
    way = tip - tail
    size = float(np.linalg.norm(way))
    way = way / size * length if size > 1e-9 else way * 0
    return {
        "type": "cone",
        **{axis: [float(tip[k])] for k, axis in enumerate("xyz")},
        **{axis: [float(way[k])] for k, axis in enumerate("uvw")},
        "anchor": "tip",
        "sizemode": "raw",
        "sizeref": 1,
        "colorscale": [[0, hue], [1, hue]],
        "showscale": False,
        "lighting": {"ambient": 0.85, "diffuse": 0.3, "specular": 0.05},
    }


@traces.register
def _label(mark: Label, panel: Plane, mode: str) -> list[Trace]:
    details = marks.meta(mark, (mark.at,))
    if mark.live[0]:
        details["live"] = marks.live(mark)
    return [
        {
            "type": "scatter3d",
            "mode": "text",
            **marks.coordinates(marks.standing(mark, (mark.at,), panel.state)),
            "text": [_words(mark, derived.live_text(mark, panel.state))],
            "textposition": mark.place,
            "textfont": {"size": 17, "color": theme.colour(mark.colour, mode), "family": theme.FONT},
            "meta": details,
        }
    ]


def _words(mark: Label, text: str) -> str:
    return f"<b>{text}</b>" if mark.bold and not mark.live[0] else text


def _line(mark: Mark, points: tuple, panel: Plane, hue: str, width: float, dash: str = "solid") -> Trace:
    return {
        "type": "scatter3d",
        "mode": "lines",
        **marks.coordinates(marks.standing(mark, points, panel.state)),
        "line": {"color": hue, "width": width, "dash": dash},
        "meta": marks.meta(mark, points),
    }


def axes(panel: Plane, mode: str) -> dict:
    """The layout of the scene: three quiet axes of equal scale, seen from the front right and above."""
    middle = panel.centre or (0.0, 0.0, 0.0)
    near = 0.76 if panel.bare else 1.0  # no numbers along the edges need room
    axis = {
        "showbackground": False,
        "gridcolor": theme.colour("hairline", mode),
        "zerolinecolor": theme.colour("axis", mode),
        "zerolinewidth": 3,
        "tickfont": {"size": 11, "color": theme.colour("quiet", mode)},
        "nticks": 7,
        "showspikes": False,
        "visible": not panel.bare,
        "title": {"font": {"size": 13, "color": theme.colour("quiet", mode)}},
    }
    return {
        **{
            f"{name}axis": axis
            | {
                "title": axis["title"] | {"text": name},
                "range": [middle[k] - panel.reach, middle[k] + panel.reach],
            }
            for k, name in enumerate("xyz")
        },
        "aspectmode": "cube",
        "dragmode": "orbit",
        "camera": {
            "eye": {"x": 1.02 * near, "y": -1.29 * near, "z": 0.66 * near},
            "up": {"x": 0, "y": 0, "z": 1},
            "center": {"x": 0, "y": 0, "z": -0.08},
        },
    }

"""The space: 3-D marks as Plotly scatter3d, cone and mesh3d traces, one mark one function."""

from __future__ import annotations

from functools import singledispatch

import numpy as np

from core.figures import marks, theme
from core.figures.marks import Trace
from core.panels import Arrow, Label, Lattice, Mark, Path, Plane, Solid

HEAD = 0.15  # length of an arrow's head, as a share of the view's reach


def draw(panel: Plane, mode: str, scene: str = "scene") -> list[Trace]:
    """The traces of a space; `mode` is "light" or "dark", `scene` the subplot."""
    place = {"scene": scene, "hoverinfo": "skip", "showlegend": False}
    return [found | place for mark in panel.marks for found in traces(mark, panel, mode)]


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
    return [_line(mark, mark.points, panel, theme.colour(mark.colour, mode), mark.width + 1, mark.dash)]


@traces.register
def _arrow(mark: Arrow, panel: Plane, mode: str) -> list[Trace]:
    hue = theme.colour(mark.colour, mode)
    shaft = _line(mark, mark.points, panel, hue, 1.8 * mark.width, mark.dash)
    tail, tip = marks.standing(mark, mark.points, panel.state)
    length = HEAD * panel.reach
    way = tip - tail
    size = float(np.linalg.norm(way))
    way = way / size * length if size > 1e-9 else way * 0
    details = marks.meta(mark, mark.points) | {"name": f"{mark.name}-head", "head": length}
    if "map" in details:  # a head needs both ends, also where the line may use its own points
        details["map"] = details["map"] | {"arrows": True, "base": marks.listed(mark.points)}
    cone = {
        "type": "cone",
        **{axis: [float(tip[k])] for k, axis in enumerate("xyz")},
        **{axis: [float(way[k])] for k, axis in enumerate("uvw")},
        "anchor": "tip",
        "sizemode": "raw",
        "sizeref": 1,
        "colorscale": [[0, hue], [1, hue]],
        "showscale": False,
        "lighting": {"ambient": 0.85, "diffuse": 0.3, "specular": 0.05},
        "meta": details,
    }
    return [shaft, cone]


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
def _label(mark: Label, panel: Plane, mode: str) -> list[Trace]:
    kind, template = mark.live
    details = marks.meta(mark, (mark.at,))
    if kind:
        details["live"] = {"kind": kind, "matrix": "M", "vector": "x", "template": template}
    return [
        {
            "type": "scatter3d",
            "mode": "text",
            **marks.coordinates(marks.standing(mark, (mark.at,), panel.state)),
            "text": [f"<b>{mark.text}</b>" if mark.bold else mark.text],
            "textposition": mark.place,
            "textfont": {"size": 17, "color": theme.colour(mark.colour, mode), "family": theme.FONT},
            "meta": details,
        }
    ]


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
    axis = {
        "showbackground": False,
        "gridcolor": theme.colour("hairline", mode),
        "zerolinecolor": theme.colour("axis", mode),
        "zerolinewidth": 3,
        "tickfont": {"size": 11, "color": theme.colour("quiet", mode)},
        "nticks": 7,
        "showspikes": False,
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
            "eye": {"x": 1.02, "y": -1.29, "z": 0.66},
            "up": {"x": 0, "y": 0, "z": 1},
            "center": {"x": 0, "y": 0, "z": -0.08},
        },
    }

"""Sample films, built by hand as plain dicts: the plane and space, straight, turned, dragged, cells."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np

from pages.shared import stage

Film = dict[str, Any]
MARK = b"<!--atlas:subject-->"  # in the stage's shell
INK, FIRST, SECOND, GRID = "#1c1f24", "#c2500c", "#0f766e", "#9db9d9"
SHEAR = [[1.2, 0.7], [-0.4, 1.5]]
SPATIAL = [[1.0, 0.5, 0.0], [0.0, 1.2, -0.3], [0.4, 0.0, 0.8]]
LABELS = {name: name for name in (*stage.labels(), "alt")} | {
    "stepOf": "Step {step} of {steps}",
    "coordinate": "{name}, coordinate {axis}",
}


def typed(values: Any) -> Film:
    """A plotly typed array of float32."""
    return {"dtype": "f4", "bdata": base64.b64encode(np.asarray(values, dtype="<f4").tobytes()).decode()}


def lattice(lines: int = 41, reach: float = 5.0) -> np.ndarray:
    """The points (count, 2) of a square grid's lines, NaN between two lines."""
    ticks = np.linspace(-reach, reach, lines)
    pieces = []
    for at in ticks:
        pieces += [np.stack([np.full(lines, at), ticks], axis=1), np.full((1, 2), np.nan)]
        pieces += [np.stack([ticks, np.full(lines, at)], axis=1), np.full((1, 2), np.nan)]
    return np.concatenate(pieces).astype("<f4")


def payload(
    film: Film, *, identity: str = "sample", revision: int = 1, address: bool = False, **more: Any
) -> str:
    """What the component receives, as JSON text."""
    head = {"id": identity, "revision": revision, "address": address, "language": "en", "theme": "light"}
    return json.dumps({**head, "labels": LABELS, "film": film, **more}, allow_nan=False)


def plane(matrix: Any = SHEAR, *, lines: int = 9, path: Film | None = None, reach: float = 6.0) -> Film:
    """The plane moved by a 2x2 matrix: a grid, its columns, x and its image, the determinant's text, a circle."""
    points = lattice(lines)
    data = [
        _line("grid", points, GRID, map={"matrix": "M", "vector": None, "base": "self"}),
        _circle(),
        _line("eigen", np.zeros((2, 2)), INK, eigen={"matrix": "A", "extent": 12}),
        _arrow("first", [[0, 0], [1, 0]], FIRST),
        _arrow("second", [[0, 0], [0, 1]], SECOND),
        _mixed("image-x", [[0, 0], [0, 0]], [[0, 0], [1, 1]], "#1d3f9e"),
        _text("det", [0.4, 0.4], {"kind": "det", "matrix": "M", "template": "det = {}"}),
        _line("server-only", np.array([[0, 0], [3, 3]]), "#d1005b", still=True),
        _dot(),
    ]
    frames = [
        {
            "name": str(step),
            "traces": [8],
            "data": [{"x": [x], "y": [-4], "marker": {"size": size}, "text": [text]}],
        }
        for step, (x, size, text) in enumerate([(-4, 10, "before"), (0, 30, "between"), (4, 20, "after")])
    ]
    return {"data": data, "layout": _plane_layout(matrix, path, reach), "frames": frames}


def space(matrix: Any = SPATIAL, *, path: Film | None = None, lines: int = 9) -> Film:
    """Space moved by a 3x3 matrix: lattice lines, three arrows as line and cone, handles."""
    ticks = np.linspace(-2, 2, lines)
    pieces = []
    for a in ticks:
        for b in ticks:
            pieces += [
                np.array([[a, b, -2], [a, b, 2], [np.nan] * 3]),
                np.array([[a, -2, b], [a, 2, b], [np.nan] * 3]),
            ]
    points = np.concatenate(pieces)
    data = [_line3("lattice", points, GRID)]
    for column, colour in enumerate((FIRST, SECOND, "#7e22ce")):
        tip = [float(column == k) for k in range(3)]
        data += [
            _line3(f"shaft-{column}", np.array([[0, 0, 0], tip]), colour, width=6),
            _cone(column, tip, colour),
        ]
    return {"data": data, "layout": _space_layout(matrix, path), "frames": []}


def cells() -> Film:
    """Cells only: four squares beside nothing, one lit at each step, sized in data units."""
    texts = ["2", "1", "0", "3"]
    cell = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [0, 1, 0, 1],
        "y": [1, 1, 0, 0],
        "text": texts,
        "marker": {"symbol": "square", "size": 20, "color": ["#ccd"] * 4},
        "meta": {"name": "cells", "unit": {"marker.size": 0.9, "textfont.size": 0.34, "axis": "x"}},
    }
    frames = [
        {
            "name": str(k),
            "traces": [0],
            "data": [{"marker": {"color": ["#d1005b" if i == k else "#ccd" for i in range(4)]}}],
        }
        for k in range(4)
    ]
    axis = {"range": [-1, 2], "visible": False, "fixedrange": True}
    steps = [
        {"sentence": f"Cell {k + 1}.", "formula": f"c = {text}", "hold": 50} for k, text in enumerate(texts)
    ]
    meta = {"steps": steps, "duration": 120, "equal": True}
    layout = {
        "template": "none",
        "xaxis": axis,
        "yaxis": axis,
        "uirevision": "cells",
        "meta": meta,
        **_bare(),
    }
    return {"data": [cell], "layout": layout, "frames": frames}


def turn(angle: float = 2.0) -> Film:
    """The plane turned by `angle`: between two steps lengths are kept."""
    c, s = math.cos(angle), math.sin(angle)
    return plane([[c, -s], [s, c]], path={"kind": "turn", "angle": angle})


def _steps(matrix: Any, d: int, path: Film | None) -> list[Film]:
    one = np.eye(d).tolist()
    x = [1.0, 2.0, 0.5][:d]
    way = {"M": path or {"kind": "straight"}, "x": {"kind": "straight"}}
    texts = [
        ("Nothing has moved yet.", ""),
        ("A moves the plane.", "det A = 1"),
        ("And there it stays.", "y = A x"),
    ]
    return [
        {
            "sentence": text,
            "formula": formula,
            "state": {"M": one if k == 0 else matrix, "x": x},
            "path": way,
            "hold": 60,
        }
        for k, (text, formula) in enumerate(texts)
    ]


def _hands(matrix: Any, d: int, axes: Any) -> list[Film]:
    rest = {"free": [True] * d, "step": 0.1, "limit": 10, "axes": axes}
    colours = (FIRST, SECOND, "#7e22ce")
    names = ("first", "second", "third")
    columns = [
        {
            "name": f"A[:,{j}]",
            "variable": "A",
            "column": j,
            "label": f"{names[j]} column of A",
            "color": colours[j],
            **rest,
        }
        for j in range(d)
    ]
    return [*columns, {"name": "x", "variable": "x", "label": "vector x", "color": "#4470c2", **rest}]


def _stage(matrix: Any, d: int, path: Film | None, axes: Any) -> Film:
    return {
        "steps": _steps(matrix, d, path),
        "duration": 240,
        "home": 1,
        "equal": True,
        "variables": {
            "A": {"role": "matrix", "value": matrix, "moving": "M"},
            "x": {"role": "vector", "value": [1.0, 2.0, 0.5][:d], "moving": "x"},
        },
        "handles": _hands(matrix, d, axes),
        "layers": [
            {"key": "circle", "label": "Unit circle", "on": True},
            {"key": "eigen", "label": "Eigen", "on": False},
        ],
    }


def _bare() -> Film:
    return {
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": "pan",
    }


def _plane_layout(matrix: Any, path: Film | None, reach: float) -> Film:
    axes = {
        "xaxis": {"range": [-reach, reach], "zeroline": True},
        "yaxis": {"range": [-reach, reach], "scaleanchor": "x", "zeroline": True},
    }
    return {
        "template": "none",
        "uirevision": "plane",
        "meta": _stage(matrix, 2, path, ["x", "y"]),
        **axes,
        **_bare(),
    }


def _space_layout(matrix: Any, path: Film | None) -> Film:
    axis = {"range": [-3, 3]}
    scene = {"xaxis": axis, "yaxis": axis, "zaxis": axis, "aspectmode": "cube"}
    return {
        "template": "none",
        "uirevision": "space",
        "meta": _stage(matrix, 3, path, "scene"),
        "scene": scene,
        **_bare(),
    }


def _line(name: str, points: np.ndarray, colour: str, **meta: Any) -> Film:
    layer = {"layer": "eigen"} if name == "eigen" else {}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": typed(points[:, 0]),
        "y": typed(points[:, 1]),
        "line": {"color": colour, "width": 1},
        "hoverinfo": "skip",
        "meta": {"name": name, **layer, **meta},
    }


def _arrow(name: str, points: list, colour: str) -> Film:
    rule = {"matrix": "M", "vector": None, "base": points}
    trace = _line(name, np.array(points, dtype=float), colour, map=rule)
    marker = {"symbol": "arrow", "angleref": "previous", "size": [0, 14], "color": colour}
    return {**trace, "mode": "lines+markers", "marker": marker, "line": {"color": colour, "width": 3}}


def _mixed(name: str, base: list, mix: list, colour: str) -> Film:
    trace = _arrow(name, base, colour)
    trace["meta"]["map"] = {"matrix": "M", "vector": "x", "base": base, "mix": mix}
    return trace


def _circle() -> Film:
    angles = np.linspace(0, 2 * np.pi, 61)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rule = {"matrix": "M", "vector": None, "base": "self"}
    return _line("circle", points, "#8a8378", map=rule, layer="circle")


def _text(name: str, at: list, live: Film) -> Film:
    rule = {"matrix": "M", "vector": None, "base": [at]}
    meta = {"name": name, "live": live, "map": rule}
    return {"type": "scatter", "mode": "text", "x": [at[0]], "y": [at[1]], "text": ["det = 1"], "meta": meta}


def _dot() -> Film:
    marker = {"size": 10, "color": "#d1005b"}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [-4],
        "y": [-4],
        "text": ["before"],
        "marker": marker,
        "meta": {"name": "dot"},
    }


def _line3(name: str, points: np.ndarray, colour: str, width: int = 1) -> Film:
    rule = {"matrix": "M", "vector": None, "base": "self"}
    return {
        "type": "scatter3d",
        "mode": "lines",
        **{axis: typed(points[:, k]) for k, axis in enumerate("xyz")},
        "line": {"color": colour, "width": width},
        "hoverinfo": "skip",
        "meta": {"name": name, "map": rule},
    }


def _cone(column: int, tip: list, colour: str) -> Film:
    rule = {"matrix": "M", "vector": None, "base": [[0, 0, 0], tip], "arrows": True}
    place = {axis: [value] for axis, value in zip("xyz", tip, strict=True)}
    way = {axis: [value * 0.3] for axis, value in zip("uvw", tip, strict=True)}
    look = {
        "colorscale": [[0, colour], [1, colour]],
        "showscale": False,
        "anchor": "tip",
        "sizemode": "raw",
        "sizeref": 1,
    }
    return {
        "type": "cone",
        **place,
        **way,
        **look,
        "meta": {"name": f"tip-{column}", "map": rule, "head": 0.3},
    }

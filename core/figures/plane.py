"""The plane: 2-D marks as Plotly scatter traces, one mark one function."""

from __future__ import annotations

import math
from functools import singledispatch

import numpy as np

from core.figures import arrange, curve, derived, marks, theme
from core.figures.marks import Trace
from core.numbers import number
from core.panels import Arrow, Derived, Eigen, Label, Lattice, Mark, Path, Plane, Points

UNIT_TICKS = 10  # a view that reaches no further has a line at every unit
CLEAR = "&nbsp;&nbsp;"  # beside a name
LIFT = 5  # px over or under it
EDGE = 0.02  # of a number line, where no number stands
TICK = 0.045  # half a tick of a number line, whose height is 2


def draw(panel: Plane, mode: str, axes: tuple[str, str] = ("x", "y")) -> list[Trace]:
    """The traces of a plane; `mode` is "light" or "dark", `axes` the subplot."""
    place = {"xaxis": axes[0], "yaxis": axes[1], "showlegend": False}
    drawn = [
        *(_ruler(panel, mode) if panel.line else ()),
        *(trace(mark, panel, mode) for mark in panel.marks),
    ]
    if panel.title:
        drawn.append(_title(panel, mode))
    return [{"hoverinfo": "skip"} | found | place for found in drawn]


def axes(panel: Plane, mode: str, alone: bool) -> tuple[dict, dict]:
    """The x and y axes of a plane; `alone`: no cells lie on it. A number line has one axis only."""
    axis = {
        "zeroline": True,
        "zerolinecolor": theme.colour("axis", mode),
        "zerolinewidth": 1.5,
        "gridcolor": theme.colour("hairline", mode),
        "tickfont": {"size": 12, "color": theme.colour("quiet", mode)},
        "ticklabelposition": "inside",
        **({"tick0": 0, "dtick": 1} if panel.reach <= UNIT_TICKS else {"nticks": 12}),
    }
    x = axis | {"range": arrange.sides(panel, "wide", alone)}
    y = axis | {"range": arrange.upright(panel)}
    if panel.bare:
        nothing = {"showgrid": False, "zeroline": False, "showticklabels": False}
        return x | nothing, y | nothing
    if panel.line:
        x = {"range": arrange.sides(panel, "wide", True), "visible": False, "fixedrange": True}
        y = {"range": [-1.0, 1.0], "visible": False, "fixedrange": True}
    return x, y


def _ruler(panel: Plane, mode: str) -> list[Trace]:
    """The number line itself: through the middle, with ticks and numbers below it."""
    low, high = arrange.sides(panel, "wide", True)
    places = curve.ticks(low, high, False)
    if high - low <= 2 * UNIT_TICKS + 6:
        places = [(k, number(k)) for k in range(math.ceil(low), math.floor(high) + 1)]
    xs: list[float | None] = [low, high, None]
    ys: list[float | None] = [0, 0, None]
    for place, _text in places:
        xs += [place, place, None]
        ys += [TICK, -TICK, None] if place else [2 * TICK, -2 * TICK, None]
    hue = theme.colour("quiet", mode)
    air = EDGE * (high - low)  # a number at the very edge would be cut
    places = [(place, text) for place, text in places if low + air < place < high - air]
    return [
        {"type": "scatter", "mode": "lines", "x": xs, "y": ys, "line": {"color": hue, "width": 2},
         "meta": {"name": f"{panel.name}-ruler"}},
        {"type": "scatter", "mode": "text", "x": [place for place, _text in places], "y": [-2 * TICK] * len(places),
         "text": [text for _place, text in places], "textposition": "bottom center",
         "textfont": {"size": 14, "color": hue}, "meta": {"name": f"{panel.name}-numbers"}},
    ]  # fmt: skip


def _title(panel: Plane, mode: str) -> Trace:
    middle = panel.centre or (0.0, 0.0)
    return {
        "type": "scatter",
        "mode": "text",
        "x": [middle[0]],
        "y": [0.9 if panel.line else middle[1] + 0.985 * panel.reach],
        "text": [panel.title],
        "textposition": "middle center"
        if panel.line
        else "bottom center",  # in a small plane, too, it is inside
        "textfont": {"size": 15, "color": theme.colour("ink", mode)},
        "meta": {"name": f"{panel.name}-title"},
    }


@singledispatch
def trace(mark: Mark, _panel: Plane, _mode: str) -> Trace:
    """One mark as one trace."""
    raise TypeError(f"a plane cannot draw {type(mark).__name__}")


@trace.register
def _lattice(mark: Lattice, panel: Plane, mode: str) -> Trace:
    points = marks.lattice(mark.reach, mark.axes, 2)
    return _line(mark, points, panel, {"color": theme.colour(mark.colour, mode), "width": mark.width})


@trace.register
def _path(mark: Path, panel: Plane, mode: str) -> Trace:
    line = {"color": theme.colour(mark.colour, mode), "width": mark.width, "dash": mark.dash}
    found = _line(mark, mark.points, panel, line)
    if mark.fill:
        found |= {"fill": "toself", "fillcolor": theme.faded(mark.colour, mark.fill, mode)}
    return found | ({"opacity": mark.opacity} if mark.opacity < 1 else {})


@trace.register
def _points(mark: Points, panel: Plane, mode: str) -> Trace:
    found = {
        "type": "scatter",
        "mode": "markers",
        **marks.coordinates(marks.standing(mark, mark.points, panel.state)),
        "marker": {"size": mark.size, "symbol": mark.symbol, "opacity": 1, "color": marks.hues(mark, mode),
                   "line": {"width": 0.7, "color": theme.colour("background", mode)}},
        "meta": marks.meta(mark, mark.points),
    }  # fmt: skip
    return found | ({"hoverinfo": "text", "hovertext": list(mark.texts)} if mark.texts else {})


@trace.register
def _derived(mark: Derived, panel: Plane, mode: str) -> Trace:
    hue = theme.colour(mark.colour, mode)
    found = {
        "type": "scatter",
        "mode": "lines",
        **marks.coordinates(derived.points(mark, panel.state, 2)),
        "line": {"color": hue, "width": mark.width, "dash": mark.dash},
        "meta": marks.meta(mark, ()) | {"derived": marks.rule(mark)},
    }
    found["meta"].pop("map", None)
    if mark.fill:
        found |= {"fill": "toself", "fillcolor": theme.faded(mark.colour, mark.fill, mode)}
    return found | (_head(hue, mark.width) if mark.kind == "unit" else {})


@trace.register
def _arrow(mark: Arrow, panel: Plane, mode: str) -> Trace:
    hue = theme.colour(mark.colour, mode)
    found = _line(mark, mark.points, panel, {"color": hue, "width": mark.width, "dash": mark.dash})
    return found | _head(hue, mark.width)


def _head(hue: str, width: float) -> Trace:
    head = {
        "symbol": "arrow",
        "angleref": "previous",
        "size": [0, 8 + 2.2 * width],
        "color": hue,
        "opacity": 1,
    }
    return {"mode": "lines+markers", "marker": head}


@trace.register
def _label(mark: Label, panel: Plane, mode: str) -> Trace:
    details = marks.meta(mark, (mark.at,))
    if mark.live[0]:
        details["live"] = marks.live(mark)
    return {
        "type": "scatter",
        "mode": "text",
        **marks.coordinates(marks.standing(mark, (mark.at,), panel.state)),
        "text": [_named(mark, derived.live_text(mark, panel.state))],
        "textposition": mark.place,
        "textfont": {"size": 17, "color": theme.colour(mark.colour, mode)},
        "meta": details,
    }


def _named(mark: Label, text: str) -> str:
    """The label's words; the name of an arrow keeps clear of the handle at its tip."""
    if not mark.bold or mark.live[0]:
        return text
    down, across = mark.place.split()
    text = f"<b>{text}</b>"
    text = {"left": text + CLEAR, "center": text, "right": CLEAR + text}[across]
    line = f'<span style="font-size:{LIFT}px">&nbsp;</span>'
    return {"top": f"{text}<br>{line}", "middle": text, "bottom": f"{line}<br>{text}"}[down]


@trace.register
def _eigen(mark: Eigen, panel: Plane, mode: str) -> Trace:
    ends = eigen_ends(np.array(mark.matrix), mark.reach)
    found = _line(mark, ends, panel, {"color": theme.colour(mark.colour, mode), "width": 2, "dash": "dash"})
    found["meta"]["eigen"] = {"matrix": mark.of, "extent": mark.reach}
    return found


def eigen_ends(A: np.ndarray, reach: float) -> tuple[tuple[float, float] | None, ...]:
    """The real eigen-directions of A (2, 2) as up to two lines; always six points, gaps where there is none."""
    values, vectors = np.linalg.eig(A)
    lines: list[tuple[float, float] | None] = []
    scale = max(1e-12, float(np.abs(A).max()))
    only_scales = np.allclose(A, A[0, 0] * np.eye(2), atol=1e-9 * scale)
    for k in range(2):
        repeated = k == 1 and abs(values[0] - values[1]) < 1e-6 * scale
        if only_scales or abs(values[k].imag) > 1e-9 * scale or repeated:
            lines += [None, None, None]
            continue
        x, y = (float(c) for c in vectors[:, k].real)
        lines += [(-reach * x, -reach * y), (reach * x, reach * y), None]
    return tuple(lines) if any(lines) else ((np.nan, np.nan),) * 6


def _line(mark: Mark, points: tuple, panel: Plane, line: dict) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        **marks.coordinates(marks.standing(mark, points, panel.state)),
        "line": line,
        "meta": marks.meta(mark, points),
    }

"""A still of a film's step as SVG: the picture that leads to a concept. The very traces that the stage plays.

It needs no browser and no Plotly: scatter traces are lines, squares and words, spaces are projected.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from core.figures import film, theme
from core.figures.film import Figure
from core.figures.marks import Trace

WIDTH, HEIGHT = 960, 540  # of the drawing, in its own units
MARGIN = 26
DASHES = {"dash": "9 7", "dot": "2 6", "dashdot": "9 6 2 6"}
THICKER = 1.5  # a poster is seen smaller than the stage
LARGEST_TEXT, SMALLEST_TEXT = 40, 15
HEAD = 4.6  # length of an arrow's head in line widths
LEAN = 0.6  # default pictures reach further to the right than to the left
FAR = 1e5  # coordinates beyond are cut: a grid reaches far out of the picture
NEAR = 2.4  # how far the eye stands from the middle of a space at first, in its half widths
ALONG = 1e-3  # the sine of an angle that is none
HIDDEN_OPACITY = 0.02


class Box(NamedTuple):
    """A rectangle of the drawing, in its units: left, top, width, height."""

    left: float
    top: float
    width: float
    height: float


class View(NamedTuple):
    """Data -> drawing: where the data's origin lies, units of the drawing for one of the data, and the box."""

    box: Box
    x0: float
    y0: float
    across: float
    down: float

    def place(self, points: np.ndarray) -> np.ndarray:
        """(count, 2) data -> (count, 2) drawing."""
        found = points * (self.across, self.down) + (self.x0, self.y0)
        return np.clip(found, -FAR, FAR)


class Seat(NamedTuple):
    """From where a space is seen: its middle and half widths in data, the rest in half widths."""

    box: Box
    middle: np.ndarray
    half: np.ndarray
    centre: np.ndarray  # what is looked at
    ways: np.ndarray  # right, up and forward, (3, 3)
    distance: float


class Look(NamedTuple):
    """How a figure is looked at: eye, centre and up of the camera, the ranges of x and y; empty as it is at first."""

    camera: Sequence[float] = ()
    zoom: Sequence[float] = ()


FIRST = Look()


def poster(figure: Figure, step: int, panels: Sequence[str] = (), look: Look = FIRST) -> str:
    """The SVG of `figure` as it stands at `step`; layers that are off at first are left out.

    `panels`: the subplots to show ("xy", "x2y2", "scene"); where there is one it fills the drawing, else all do.
    """
    traces = [trace for trace in standing(figure, step) if not panels or _subplot(trace) in panels]
    hidden = film.hidden_layers(figure)
    shown = [trace for trace in traces if trace["meta"].get("layer") not in hidden and _visible(trace)]
    names = list(dict.fromkeys(_subplot(trace) for trace in shown))
    layout, alone = figure["layout"], len(names) == 1
    drawn = "".join(
        _subplot_drawn(layout, name, [t for t in shown if _subplot(t) == name], alone, look) for name in names
    )
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMidYMid slice"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="{html.escape(theme.FONT)}">{drawn}</svg>'
    )


def standing(figure: Figure, step: int) -> list[Trace]:
    """Every trace as it is drawn at `step`: the frame's attributes put in, what the browser moves moved."""
    frame = film.unfold(figure)["frames"][step]
    changes = dict(zip(frame["traces"], frame["data"], strict=True))
    return [film.merged(trace, changes.get(k, {})) for k, trace in enumerate(figure["data"])]


def _visible(trace: Trace) -> bool:
    return trace.get("visible", True) is True and trace.get("opacity", 1) > HIDDEN_OPACITY


def _subplot(trace: Trace) -> str:
    if "scene" in trace or trace.get("type", "").endswith("3d") or trace.get("type") == "cone":
        return trace.get("scene", "scene")
    return trace.get("xaxis", "x") + trace.get("yaxis", "y")


# --- where a subplot lies


def _subplot_drawn(layout: Figure, name: str, traces: Sequence[Trace], alone: bool, look: Look) -> str:
    if name.startswith("scene"):
        return _space(traces, _seat(layout[name], _box(layout[name]["domain"], alone), look.camera))
    x, y = re.fullmatch(r"(x\d*)(y\d*)", name).groups()
    xaxis, yaxis = layout.get(f"xaxis{x[1:]}", {}), layout.get(f"yaxis{y[1:]}", {})
    zoom = look.zoom if x == "x" else ()
    if zoom:
        xaxis, yaxis = xaxis | {"range": list(zoom[:2])}, yaxis | {"range": list(zoom[2:])}
    view = _view(xaxis, yaxis, _box({"x": xaxis.get("domain"), "y": yaxis.get("domain")}, alone), x == "x")
    if x == "x" and "scaleanchor" in yaxis:  # a number line has no upwards
        wide = layout["meta"]["arrange"]["wide"].get("xaxis.range", xaxis["range"])
        across, lean = (xaxis["range"], 1.0) if zoom else (wide, LEAN)
        view = _equal(across, yaxis["range"], view.box, lean)
    axes = "" if xaxis.get("visible", True) is False else _axes(view, xaxis, yaxis)
    return axes + "".join(_flat(trace, view) for trace in traces)


def _box(domain: Mapping[str, Any], alone: bool) -> Box:
    if alone:
        return Box(0, 0, WIDTH, HEIGHT)
    (left, right), (bottom, top) = domain.get("x") or (0, 1), domain.get("y") or (0, 1)
    wide, high = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    return Box(MARGIN + left * wide, MARGIN + (1 - top) * high, (right - left) * wide, (top - bottom) * high)


def _view(xaxis: Figure, yaxis: Figure, box: Box, whole: bool) -> View:
    """The axes in their box; with squares for units they keep to the middle of it."""
    x, y = _range(xaxis), _range(yaxis)
    wide, high = abs(x[1] - x[0]), abs(y[1] - y[0])
    across, down = box.width / wide, box.height / high
    if "scaleanchor" in yaxis and not whole:
        across = down = 0.94 * min(across, down)
    left = box.left + (box.width - across * wide) / 2 - (x[0] * across if x[1] > x[0] else -x[0] * across)
    upright = y[1] > y[0]
    top = box.top + (box.height - down * high) / 2
    if upright:
        return View(box, left, top + y[1] * down, across if x[1] > x[0] else -across, -down)
    return View(box, left, top - y[1] * down, across if x[1] > x[0] else -across, down)


def _range(axis: Figure) -> list[float]:
    return axis.get("range", [0.0, 1.0])


def _equal(x: Sequence[float], y: Sequence[float], box: Box, lean: float) -> View:
    """The plane that is zoomed on the stage: as high as its range, about the middle of what it shows to the side."""
    unit = box.height / (y[1] - y[0])
    middle = (x[0] + x[1]) / 2 * lean
    return View(
        box,
        box.left + box.width / 2 - middle * unit,
        box.top + box.height / 2 + (y[0] + y[1]) / 2 * unit,
        unit,
        -unit,
    )


def _axes(view: View, xaxis: Figure, yaxis: Figure) -> str:
    """Two thin lines: through the origin where it is in the box, else at the left and the bottom."""
    box = view.box
    hue = xaxis.get("zerolinecolor") or xaxis.get("linecolor") or "#888"
    left = view.x0 if box.left <= view.x0 <= box.left + box.width else box.left
    low = view.y0 if box.top <= view.y0 <= box.top + box.height else box.top + box.height
    lines = (
        []
        if yaxis.get("visible", True) is False
        else [f"M{left:.1f},{box.top:.1f}V{box.top + box.height:.1f}"]
    )
    lines.append(f"M{box.left:.1f},{low:.1f}H{box.left + box.width:.1f}")
    return f'<path d="{"".join(lines)}" fill="none" {_paint("stroke", hue)} stroke-width="2"/>'


# --- flat traces


def _flat(trace: Trace, view: View) -> str:
    if trace.get("type") == "image":
        return _image(trace, view)
    if "x" not in trace or "y" not in trace:
        return ""
    points = np.stack([film.numbers(trace["x"]), film.numbers(trace["y"])], axis=1)
    return "".join(_parts(trace, view.place(points), abs(view.across))) if len(points) else ""


def _parts(trace: Trace, places: np.ndarray, unit: float) -> Iterator[str]:
    mode = trace.get("mode", "lines")
    opacity = trace.get("opacity", 1)
    if "lines" in mode:
        yield _line(trace, places, opacity)
    if "markers" in mode:
        yield _markers(trace, places, unit)
    if "text" in mode:
        yield _texts(trace, places, unit)


def _line(trace: Trace, places: np.ndarray, opacity: float) -> str:
    line = trace.get("line", {})
    width = line.get("width", 2) * THICKER
    fill = 'fill="none"'
    if trace.get("fill"):
        fill = _paint("fill", trace.get("fillcolor", line.get("color", "#888")))
    if not width and fill == 'fill="none"':
        return ""
    dash = f' stroke-dasharray="{DASHES[line["dash"]]}"' if line.get("dash") in DASHES else ""
    faint = f' opacity="{opacity:g}"' if opacity != 1 else ""
    stroke = (
        _paint("stroke", line.get("color", "#888")) + f' stroke-width="{width:g}"'
        if width
        else 'stroke="none"'
    )
    return f'<path d="{_path(places)}" {fill} {stroke} stroke-linejoin="round"{dash}{faint}/>'


def _path(places: np.ndarray) -> str:
    steps, pen = [], "M"
    for x, y in places.tolist():
        if x != x or y != y:
            pen = "M"
            continue
        steps.append(f"{pen}{x:.1f},{y:.1f}")
        pen = "L"
    return "".join(steps)


def _markers(trace: Trace, places: np.ndarray, unit: float) -> str:
    marker = trace.get("marker", {})
    if marker.get("symbol") == "arrow":
        return _arrows(trace, places)
    sizes = _listed(marker.get("size", 8), len(places))
    if "marker.size" in trace["meta"].get("unit", {}):
        sizes = [trace["meta"]["unit"]["marker.size"] * unit] * len(places)
    hues = _listed(marker.get("color", "#888"), len(places))
    edge = marker.get("line", {})
    hue, width = _one(edge.get("color")), _one(edge.get("width", 0))
    stroke = f'{_paint("stroke", hue)} stroke-width="{width:g}"' if hue and width else 'stroke="none"'
    square = str(_one(marker.get("symbol", "circle"))).startswith("square")
    marks = []
    for (x, y), size, hue in zip(places.tolist(), sizes, hues, strict=True):
        if x != x or y != y or not size:
            continue
        paint = _paint("fill", hue)
        if square:
            marks.append(
                f'<rect x="{x - size / 2:.1f}" y="{y - size / 2:.1f}" width="{size:.1f}" height="{size:.1f}" {paint}/>'
            )
        else:
            marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size * THICKER / 2:.1f}" {paint}/>')
    return f"<g {stroke}>{''.join(marks)}</g>" if marks else ""


def _arrows(trace: Trace, places: np.ndarray) -> str:
    """A head at each point that has one, along the way from the point before."""
    hue = _paint("fill", _one(trace["marker"].get("color", "#888")))
    sizes = _listed(trace["marker"].get("size", 0), len(places))
    width = trace.get("line", {}).get("width", 2) * THICKER
    heads = []
    for k in range(1, len(places)):
        tail, tip = places[k - 1], places[k]
        length = float(np.hypot(*(tip - tail)))
        if not sizes[k] or not length > 1e-9:
            continue
        along = (tip - tail) / length
        across = np.array([-along[1], along[0]])
        size = min(HEAD * width, length)
        neck = tip - along * size
        corners = [tip + along * width / 2, neck + across * size * 0.5, neck - across * size * 0.5]
        heads.append(" ".join(f"{x:.1f},{y:.1f}" for x, y in corners))
    return "".join(f'<polygon points="{corners}" {hue}/>' for corners in heads)


def _texts(trace: Trace, places: np.ndarray, unit: float) -> str:
    font = trace.get("textfont", {})
    size = _one(font.get("size", 15)) * THICKER
    if "textfont.size" in trace["meta"].get("unit", {}):
        size = trace["meta"]["unit"]["textfont.size"] * unit
    size = min(LARGEST_TEXT, max(SMALLEST_TEXT, size))
    texts = _listed(trace.get("text", ""), len(places))
    hues = _listed(font.get("color", "#888"), len(places))
    positions = _listed(trace.get("textposition", "middle center"), len(places))
    return "".join(
        _text(text, x, y, size, hue, position)
        for text, (x, y), hue, position in zip(texts, places.tolist(), hues, positions, strict=True)
        if text and x == x and y == y
    )


def _text(markup: str, x: float, y: float, size: float, hue: str, position: str) -> str:
    vertical, horizontal = (*str(position).split(), "center")[:2]
    bold = ' font-weight="600"' if "<b>" in markup else ""
    lines = [plain(part) for part in re.split(r"<br>", markup)]
    lines = [one for one in lines if one] or [""]
    y += {"top": -0.45 * size, "bottom": 1.1 * size}.get(vertical, 0.35 * size) - (
        len(lines) - 1
    ) * size * 0.55
    x += {"left": -0.5 * size, "right": 0.5 * size}.get(horizontal, 0)
    anchor = {"left": "end", "right": "start"}.get(horizontal, "middle")
    style = f'font-size="{size:.1f}" text-anchor="{anchor}" {_paint("fill", hue)}{bold}'
    return "".join(
        f'<text x="{x:.1f}" y="{y + k * size * 1.15:.1f}" {style}>{html.escape(one)}</text>'
        for k, one in enumerate(lines)
    )


def plain(markup: str) -> str:
    """Words of a figure without the tags in them.

    >>> plain("<b>A&lt;sub&gt;</b>&nbsp;")
    'A<sub>'
    """
    return html.unescape(re.sub(r"<[^>]*>", "", markup)).replace("\N{NO-BREAK SPACE}", " ").strip()


def _image(trace: Trace, view: View) -> str:
    left, top = view.place(
        np.array([[trace.get("x0", 0) - trace.get("dx", 1) / 2, trace.get("y0", 0) - trace.get("dy", 1) / 2]])
    )[0]
    size = trace["meta"].get("size")
    source = trace.get("source", "")
    if not size or not source:
        return ""
    width, height = (
        size[0] * abs(view.across) * trace.get("dx", 1),
        size[1] * abs(view.down) * trace.get("dy", 1),
    )
    where = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<image {where} href="{html.escape(source)}" preserveAspectRatio="none"/>'


# --- spaces


def _space(traces: Sequence[Trace], seat: Seat) -> str:
    """Lines, points, triangles and words of a space, the farthest first."""
    drawn: list[tuple[float, str]] = []
    for trace in traces:
        drawn += _deep(trace, seat)
    return "".join(part for _depth, part in sorted(drawn, key=lambda item: -item[0]))


def _seat(scene: Figure, box: Box, camera: Sequence[float]) -> Seat:
    """Where the eye is: at first NEAR, in the direction of the scene's own camera, and its centre in the middle."""
    own = np.array(
        [[scene["camera"][part][axis] for axis in "xyz"] for part in ("eye", "center", "up")], float
    )
    eye, centre, up = np.reshape(camera, (3, 3)) if len(camera) else own
    usual, away = np.linalg.norm(own[0] - own[1]), np.linalg.norm(eye - centre)
    low, high = np.array([scene[f"{axis}axis"]["range"] for axis in "xyz"], float).T
    ways = _ways((centre - eye) / away, up)
    pan = 2 * (centre - own[1])  # plotly measures in whole widths
    return Seat(box, (low + high) / 2, (high - low) / 2, pan, ways, NEAR * away / usual)


def _ways(forward: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Right, up and forward; where the eye looks along `up`, any other axis is up."""
    rights = [np.cross(forward, one) for one in (up / np.linalg.norm(up), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))]
    right = next(one for one in rights if np.linalg.norm(one) > ALONG)
    right = right / np.linalg.norm(right)
    return np.stack([right, np.cross(right, forward), forward])


def _projected(points: np.ndarray, seat: Seat) -> tuple[np.ndarray, np.ndarray]:
    """(count, 3) data -> places (count, 2) and depths (count,)."""
    across, up, forward = seat.ways @ ((points - seat.middle) / seat.half - seat.centre).T
    depth = seat.distance + forward
    scale = 0.86 * seat.box.height / 2 * NEAR / np.maximum(depth, 0.3)
    middle = np.array([seat.box.left + seat.box.width / 2, seat.box.top + seat.box.height / 2])
    return middle + np.stack([across * scale, -up * scale], axis=1), depth


def _deep(trace: Trace, seat: Seat) -> list[tuple[float, str]]:
    if not all(axis in trace for axis in "xyz"):
        return []
    points = np.stack([film.numbers(trace[axis]) for axis in "xyz"], axis=1)
    if not len(points):
        return []
    if trace["type"] == "cone":
        return _cones(trace, points, seat)
    places, depths = _projected(points, seat)
    if trace["type"] == "mesh3d":
        return _mesh(trace, places, depths)
    middle = float(np.nanmean(depths)) if np.isfinite(depths).any() else 0.0
    return [(middle, part) for part in _parts(trace, places, seat.box.height / 8)]


def _mesh(trace: Trace, places: np.ndarray, depths: np.ndarray) -> list[tuple[float, str]]:
    faces = np.stack([film.numbers(trace[axis]).astype(int) for axis in "ijk"], axis=1)
    hues = trace.get("facecolor") or [trace.get("color", "#888")] * len(faces)
    opacity = trace.get("opacity", 1)
    found = []
    for face, hue in zip(faces.tolist(), hues, strict=False):
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in places[face].tolist())
        paint = f'{_paint("fill", hue)} {_paint("stroke", hue)} stroke-width="0.6" opacity="{opacity:g}"'
        found.append((float(depths[face].mean()), f'<polygon points="{corners}" {paint}/>'))
    return found


def _cones(trace: Trace, tips: np.ndarray, seat: Seat) -> list[tuple[float, str]]:
    ways = np.stack([film.numbers(trace[axis]) for axis in "uvw"], axis=1)
    (ends, depths), (starts, _far) = _projected(tips, seat), _projected(tips - ways, seat)
    hue = _paint("fill", trace["colorscale"][-1][1])
    found = []
    for end, start, depth in zip(ends, starts, depths.tolist(), strict=True):
        along = end - start
        across = np.array([-along[1], along[0]]) * 0.4
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in (end, start + across, start - across))
        found.append((depth, f'<polygon points="{corners}" {hue}/>'))
    return found


# --- small things


def _listed(value: Any, count: int) -> list[Any]:
    """One value for each point; a list that is too short goes on with its last, as plotly's do."""
    if not isinstance(value, list | tuple):
        return [value] * count
    return [*value, *value[-1:] * count][:count] if value else [None] * count


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list | tuple) and value else value


def _paint(attribute: str, colour: Any) -> str:
    """A colour as SVG attributes; rgba() becomes a colour and an opacity, which every reader of SVG knows."""
    match = re.fullmatch(r"rgba\((\d+),\s*(\d+),\s*(\d+),\s*([\d.]+)\)", str(colour))
    if not match:
        return f'{attribute}="{html.escape(str(colour))}"'
    red, green, blue, opacity = match.groups()
    return f'{attribute}="rgb({red},{green},{blue})" {attribute}-opacity="{opacity}"'

"""How a line is computed, as a tree that grows upwards: boxes with label, shape and a small picture of the numbers."""

from __future__ import annotations

import base64
import html
import io
import math
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

from core.figures import raster, theme
from core.figures.marks import Trace, wire
from core.figures.tree_room import (
    LABEL,
    LARGEST,
    PAD,
    SHAPE,
    STAGE,
    Leaf,
    Room,
    Spot,
    Way,
    parts,
    room,
    short,
)
from core.lazy import load
from core.panels import Node, Raster, Tree

np = load("numpy")
image = load("PIL.Image")

BENDS = 9  # points of a bend between two layers
CORNER = 0.5  # radius of a box's corners
FLAT = 1e-6
ROUND = 3  # points of a corner
NOTE = 0.85
MOST_RULED = 5  # rows and columns up to which lines part the cells of a picture
PIXELS = 96  # of the longer side of a picture, or a little more: sharp on fine screens
AROUND = 0.22  # from a failed node's box to its outer frame

Points = Iterable[tuple[float, float] | None]


def axes(panels: Sequence[Tree], _mode: str) -> tuple[dict, dict, bool]:
    """Invisible axes that hold the tree, letters at most as large as they should be; y grows downwards."""
    found = _room(panels[0])
    low = 2.2 * NOTE if any(panel.note for panel in panels) else 0.0
    across = max(found.width + 2 * PAD, STAGE[0] / LARGEST)
    up = max(found.height + low + 2 * PAD, 0.5 * STAGE[1] / LARGEST)
    middle, centre = found.width / 2, (found.height + low) / 2
    hidden = {"visible": False, "fixedrange": True}
    return (
        hidden | {"range": [middle - across / 2, middle + across / 2]},
        hidden | {"range": [centre + up / 2, centre - up / 2]},
        True,
    )


def draw(panel: Tree, mode: str, axes: tuple[str, str]) -> list[Trace]:
    """From the back: pictures, ways, heads, boxes, lit and failed boxes, words. What never changes is sent once."""
    found = _room(panel)
    spots = dict(zip((node.number for node in panel.nodes), found.spots, strict=True))
    flat = [
        _ways(found.ways, "ways", "axis", 1.6, mode),
        _heads(found.ways, "heads", "axis", mode),
        _boxes(found.spots, "boxes", "axis", mode, width=1.2, dash="dot"),
        _frames(panel, spots, mode),
        _boxes(_in(panel, spots, "done", "lit"), "done", "quiet", mode, width=1.5),
        *_lit(panel, found.ways, spots, mode),
        *_failed(panel, spots, mode),
        _labels(panel, found.spots, mode),
        _shapes(panel, found.spots, mode),
        _note(panel, found, mode),
    ]
    place = {"xaxis": axes[0], "yaxis": axes[1]}
    shared = place | {"type": "scatter", "showlegend": False, "hoverinfo": "skip"}
    for trace in flat:
        trace["meta"]["name"] = f"{panel.name}-{trace['meta']['name']}"
        if "unit" in trace["meta"]:
            trace["meta"]["unit"]["axis"] = axes[0]
    return [*(place | one for one in _pictures(panel, spots, mode)), *(shared | trace for trace in flat)]


def _room(panel: Tree) -> Room:
    return room(tuple(_leaf(node) for node in panel.nodes))


def _leaf(node: Node) -> Leaf:
    picture = (len(node.rows), len(node.rows[0])) if node.rows else (0, 0)
    return Leaf(node.number, _label(node), node.shape, picture, node.inputs)


def _label(node: Node) -> str:
    """What stands in the box: with the name under which it is kept."""
    return f"{node.target} = {node.label}" if node.target and node.target != node.label else node.label


def _in(panel: Tree, spots: dict[int, Spot], *states: str) -> list[Spot]:
    return [spots[node.number] for node in panel.nodes if node.state in states]


def _line(points: Points, name: str, hue: str, width: float, mode: str, **line: object) -> Trace:
    gap = (math.nan, math.nan)
    places = np.array([gap if point is None else point for point in points], dtype=float).reshape(-1, 2)
    return {
        "mode": "lines",
        "x": wire(places[:, 0]),
        "y": wire(places[:, 1]),
        "line": {"color": theme.colour(hue, mode), "width": width, **line},
        "meta": {"name": name},
    }


# --- ways


def _ways(ways: Iterable[Way], name: str, hue: str, width: float, mode: str) -> Trace:
    points = [point for way in ways for point in (*_bent(way), None)]
    return _line(points, name, hue, width, mode)


def _bent(way: Way) -> list[tuple[float, float]]:
    """The way with every piece that goes aside as a calm bend, upright at both ends, and with round corners."""
    points = way.points
    found = [points[0]]
    for k in range(1, len(points)):
        (x0, y0), (x1, y1) = points[k - 1], points[k]
        if abs(x1 - x0) > FLAT and abs(y1 - y0) > FLAT:
            shares = [(step / (BENDS - 1)) for step in range(1, BENDS)]
            found += [(x0 + (x1 - x0) * u * u * (3 - 2 * u), y0 + (y1 - y0) * u) for u in shares]
        elif k + 1 < len(points) and _turns(points[k - 1 : k + 2]):
            found += _corner(points[k - 1], points[k], points[k + 1])
        else:
            found.append((x1, y1))
    return found


def _turns(three: Sequence[tuple[float, float]]) -> bool:
    """Whether the way goes aside and then up or down, or the reverse."""
    (x0, y0), (x1, y1), (x2, y2) = three
    aside = abs(x1 - x0) > FLAT, abs(x2 - x1) > FLAT
    upright = abs(y1 - y0) > FLAT, abs(y2 - y1) > FLAT
    return aside != upright and aside[0] != aside[1] and upright[0] != upright[1]


def _corner(
    before: tuple[float, float], at: tuple[float, float], after: tuple[float, float]
) -> list[tuple[float, float]]:
    """A round corner at `at`."""
    ends = []
    for other in (before, after):
        length = math.dist(at, other)
        share = min(0.6, length / 2) / length
        ends.append((at[0] + (other[0] - at[0]) * share, at[1] + (other[1] - at[1]) * share))
    turns = [k / 4 for k in range(5)]
    return [
        tuple((1 - u) ** 2 * a + 2 * u * (1 - u) * b + u * u * c for a, b, c in zip(ends[0], at, ends[1], strict=True))
        for u in turns
    ]  # fmt: skip


def _heads(ways: Sequence[Way], name: str, hue: str, mode: str) -> Trace:
    """Where a value goes in: a small head pointing up."""
    return {
        "mode": "markers",
        "x": [round(way.points[-1][0], 3) for way in ways],
        "y": [round(way.points[-1][1] + 0.16, 3) for way in ways],
        "marker": {"symbol": "triangle-up", "size": 7, "opacity": 1, "color": theme.colour(hue, mode)},
        "meta": {"name": name, "unit": {"marker.size": 0.5}},
    }


# --- boxes


def _boxes(spots: Iterable[Spot], name: str, hue: str, mode: str, **line: object) -> Trace:
    width = line.pop("width")
    points = [point for spot in spots for point in (*_rounded(spot), None)]
    return _line(points, name, hue, width, mode, **line)


def _rounded(spot: Spot, more: float = 0.0) -> list[tuple[float, float]]:
    """The outline of a box with round corners, `more` outside of it."""
    half, high = spot.width / 2 + more, spot.height / 2 + more
    radius = CORNER + more
    found = []
    for turn, (side, up) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        x, y = spot.x + side * (half - radius), spot.y + up * (high - radius)
        for k in range(ROUND):
            angle = math.pi / 2 * (turn + k / (ROUND - 1))
            found.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    return [*found, found[0]]


def _frames(panel: Tree, spots: dict[int, Spot], mode: str) -> Trace:
    """Where a picture will be."""
    points: list[tuple[float, float] | None] = []
    for left, top, wide, high in (spots[node.number].picture for node in panel.nodes if node.rows):
        right, bottom = left + wide, top + high
        points += [(left, top), (right, top), (right, bottom), (left, bottom), (left, top), None]
    return _line(points, "frames", "hairline", 1.2, mode)


def _lit(panel: Tree, ways: Sequence[Way], spots: dict[int, Spot], mode: str) -> list[Trace]:
    """What is computed now: its box, and the ways on which its operands come."""
    now = {node.number for node in panel.nodes if node.state == "lit"}
    used = [way for way in ways if way.end in now]
    box = _boxes(_in(panel, spots, "lit"), "lit", "accent", mode, width=3)
    box |= {"fill": "toself", "fillcolor": theme.faded("accent", 0.07, mode)}
    return [_ways(used, "lit-ways", "accent", 3, mode), _heads(used, "lit-heads", "accent", mode), box]


def _failed(panel: Tree, spots: dict[int, Spot], mode: str) -> list[Trace]:
    """A heavy double frame and a sign, so that it is seen without its colour."""
    if not any(node.state == "failed" for node in panel.nodes):
        return []
    failed = _in(panel, spots, "failed")
    points = [p for spot in failed for more in (0.0, AROUND) for p in (*_rounded(spot, more), None)]
    sign = {
        "mode": "text",
        "x": [round(spot.x + spot.width / 2 + AROUND, 3) for spot in failed],
        "y": [round(spot.y - spot.height / 2 - AROUND, 3) for spot in failed],
        "text": ["<b>✗</b>"] * len(failed),
        "textposition": ["middle right"] * len(failed),
        "textfont": {"size": 18, "color": theme.colour("accent", mode)},
        "meta": {"name": "failed-sign", "unit": {"textfont.size": 1.3}},
    }
    return [_line(points, "failed", "accent", 3, mode), sign]


# --- words


def _labels(panel: Tree, spots: Sequence[Spot], mode: str) -> Trace:
    hues = {"waiting": "quiet", "failed": "accent", "lit": "accent"}
    return {
        "mode": "text",
        "x": [round(spot.label_at[0], 3) for spot in spots],
        "y": [round(spot.label_at[1], 3) for spot in spots],
        "text": [_written(node) for node in panel.nodes],
        "textposition": "middle right",
        "textfont": {
            "size": 16,
            "color": [theme.colour(hues.get(node.state, "ink"), mode) for node in panel.nodes],
        },
        "hoverinfo": "text",
        "hovertext": [_spoken(node) for node in panel.nodes],
        "meta": {"name": "labels", "unit": {"textfont.size": LABEL}},
    }


def _written(node: Node) -> str:
    name, rest = (html.escape(part, quote=False) for part in parts(short(_label(node))))
    return f"<b>{name}</b>" + (f'<span style="font-size:{SHAPE:.0%}">{rest}</span>' if rest else "")


def _spoken(node: Node) -> str:
    return html.escape(node.told or f"{_label(node)} {node.shape}".strip(), quote=False)


def _shapes(panel: Tree, spots: Sequence[Spot], mode: str) -> Trace:
    told = [(spot, node) for spot, node in zip(spots, panel.nodes, strict=True) if node.shape]
    return {
        "mode": "text",
        "x": [round(spot.shape_at[0], 3) for spot, _node in told],
        "y": [round(spot.shape_at[1], 3) for spot, _node in told],
        "text": [html.escape(node.shape, quote=False) for _spot, node in told],
        "textposition": "middle right",
        "textfont": {"size": 13, "color": theme.colour("quiet", mode)},
        "meta": {"name": "shapes", "unit": {"textfont.size": SHAPE}},
    }


def _note(panel: Tree, found: Room, mode: str) -> Trace:
    return {
        "mode": "text",
        "x": [round(found.width / 2, 3)],
        "y": [round(found.height + 1.4 * NOTE, 3)],
        "text": [html.escape(panel.note, quote=False)],
        "textfont": {"size": 14, "color": theme.colour("quiet", mode)},
        "meta": {"name": "note", "unit": {"textfont.size": NOTE}},
    }


# --- pictures


def _pictures(panel: Tree, spots: dict[int, Spot], mode: str) -> list[Trace]:
    """The numbers of every node that is computed, on the diverging scale; each is sent once and shown by turns."""
    shown = [node for node in panel.nodes if node.rows and node.state in ("done", "lit")]
    return [_picture(node, spots[node.number], f"{panel.name}-picture-{node.number}", mode) for node in shown]


def _picture(node: Node, spot: Spot, name: str, mode: str) -> Trace:
    source, width, height = _source(node.rows, mode)
    left, top, wide, high = spot.picture
    across, up = wide / width, high / height
    return {
        "type": "image",
        "source": source,
        "visible": True,
        "x0": round(left + across / 2, 4),
        "y0": round(top + up / 2, 4),
        "dx": round(across, 6),
        "dy": round(up, 6),
        "hoverinfo": "skip",
        "meta": {"name": f"{name}-{zlib.crc32(source.encode()):08x}", "size": [width, height]},
    }


@lru_cache(maxsize=256)
def _source(rows: tuple[tuple[float, ...], ...], mode: str) -> tuple[str, int, int]:
    """Cells with fine lines between them as a PNG: data URI, width and height in pixels."""
    height, width = len(rows), len(rows[0])
    values = np.array(rows, dtype=np.float32)
    small = raster.drawn(Raster("", values.tobytes(), height, width, kind="signed"), mode)
    colours = raster.scale_colours(mode)
    size = max(2, -(-PIXELS // max(height, width)))
    places = np.array(small).repeat(size, 0).repeat(size, 1)
    places = np.pad(places, ((0, 1), (0, 1)), mode="edge")
    cells = max(height, width) <= MOST_RULED  # of many cells only the edge is drawn
    down, across = (size, size) if cells else (height * size, width * size)
    places[::down] = places[:, ::across] = len(colours)
    picture = image.fromarray(places)
    line = np.array([theme.rgb(theme.colour("axis", mode))], dtype=np.uint8)
    picture.putpalette(np.concatenate([colours, line]).tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    data = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
    return data, width * size + 1, height * size + 1

"""A film that comes from a file: only what the atlas itself draws may be in it, for it goes into a browser's plotly.

Kinds of traces, attributes of a trace and parts of a layout, its axes and spaces are a written list (no maps, no
pictures from elsewhere, no annotations, no sliders); words hold no tags but the drawers' own; numbers are finite, and
ranges have a length; all of it is bounded.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

from core.figures.film import Figure

KINDS = ("scatter", "scatter3d", "mesh3d", "cone", "image")
TRACE = {
    "anchor", "cliponaxis", "colorscale", "cmin", "cmax", "dx", "dy", "facecolor", "fill", "fillcolor", "flatshading",
    "hoverinfo", "hovertext", "i", "j", "k", "lighting", "line", "marker", "meta", "mode", "opacity", "scene",
    "showlegend", "showscale", "sizemode", "sizeref", "source", "text", "textfont", "textposition", "type", "u", "v",
    "visible", "w", "x", "x0", "xaxis", "y", "y0", "yaxis", "z", "color", "hoverlabel", "name", "connectgaps",
    "lightposition",
}  # fmt: skip
LAYOUT = {
    "dragmode", "font", "hoverlabel", "hovermode", "margin", "meta", "paper_bgcolor", "plot_bgcolor", "scene",
    "showlegend", "template", "uirevision", "xaxis", "yaxis",
}  # fmt: skip
AXIS = {
    "anchor", "constrain", "constraintoward", "domain", "dtick", "fixedrange", "gridcolor", "nticks", "range",
    "scaleanchor", "showgrid", "showticklabels", "tick0", "tickfont", "ticklabelposition", "visible", "zeroline",
    "zerolinecolor", "zerolinewidth",
}  # fmt: skip
SCENE = {"aspectmode", "camera", "domain", "dragmode", "xaxis", "yaxis", "zaxis"}
SCENE_AXIS = {
    "gridcolor", "nticks", "range", "showbackground", "showspikes", "tickfont", "title", "visible", "zerolinecolor",
    "zerolinewidth",
}  # fmt: skip
FRAME = {"name", "traces", "data"}
NUMBERED = re.compile(r"(xaxis|yaxis|scene)\d{0,3}")
ARRANGED = re.compile(r"[xy]axis\d{0,3}\.(domain|range|constraintoward)|scene\d{0,3}\.domain\.[xy]")
NAME = re.compile(r"[^\W\d_][\w\[\],:.#-]{0,59}")
TAGS = re.compile(r'</?(?:b|i|sub|sup|br|span)>|<span style="font-size:\d{1,3}(?:px|%)">')
PICTURE = re.compile(r"data:image/(?:png|jpeg|webp);base64,[A-Za-z0-9+/]*={0,2}")
MARKUP = re.compile(r"<[/!?a-zA-Z]")
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
SHAPE = re.compile(r"[0-9, ]{1,40}")
ARRAYS = ("f8", "f4", "i4", "u4", "i2", "u2", "i1", "u1")
LARGEST = 1e30
MOST_TRACES, MOST_STEPS, DEEPEST, LONGEST = 2_000, 1_000, 14, 4_000
MOST_CELLS = 40_000  # of a grid that is read aloud: each is an element of the page
MOST_HANDS = 100  # handles, layers, links: each is an element of the page
SHORTEST = 1e-12  # of a range, as a part of its numbers: plotly's ticks would stand still in it
TOLD = ("steps", "layers", "handles", "cellsLabel")  # of a layout's meta: the stage's own words
NONE = "none"  # the only template


class FilmError(Exception):
    """It is no film of ours."""


def checked(data: bytes) -> Figure:
    """The figure in `data` (JSON); raises FilmError. What comes back is plain, and can be written as JSON again."""
    try:
        figure = json.loads(data)
    except (ValueError, RecursionError):
        raise FilmError("no JSON") from None
    if not isinstance(figure, dict) or figure.keys() != {"data", "layout", "frames"}:
        raise FilmError("no figure")
    _traces(figure["data"])
    _frames(figure["frames"], len(figure["data"]))
    _layout(figure["layout"], len(figure["frames"]))
    return figure


def _traces(traces: Any) -> None:
    _listed(traces, MOST_TRACES)
    for trace in traces:
        _trace(trace)
        _demand(isinstance(trace.get("meta"), dict), "a trace without its meta")


def _trace(trace: Any) -> None:
    _demand(
        isinstance(trace, dict) and trace.get("type") in KINDS and trace.keys() <= TRACE, "a strange trace"
    )
    for name, value in trace.items():
        if name == "source":
            _demand(
                isinstance(value, str) and PICTURE.fullmatch(value) is not None, "a picture from elsewhere"
            )
        else:
            _tree(value)


def _frames(frames: Any, traces: int) -> None:
    _listed(frames, MOST_STEPS)
    for frame in frames:
        _demand(isinstance(frame, dict) and frame.keys() == FRAME, "a strange frame")
        _listed(frame["traces"], MOST_TRACES)
        _listed(frame["data"], MOST_TRACES)
        _demand(len(frame["traces"]) == len(frame["data"]), "a frame with gaps")
        _demand(all(type(k) is int and 0 <= k < traces for k in frame["traces"]), "a frame of other traces")
        _tree(frame["name"])
        for trace in frame["data"]:
            _trace(trace)


def _layout(layout: Any, steps: int) -> None:
    _demand(isinstance(layout, dict), "no layout")
    for name, value in layout.items():
        subplot = NUMBERED.fullmatch(name)
        _demand(name in LAYOUT or subplot is not None, "a strange layout")
        _tree(value)
        if subplot:
            (_scene if subplot[1] == "scene" else _axis)(value)
    meta = layout.get("meta")
    _demand(layout.get("template") == NONE and isinstance(meta, dict), "no layout of ours")
    _meta(meta, steps)


def _scene(scene: Any) -> None:
    _demand(isinstance(scene, dict) and scene.keys() <= SCENE, "a strange space")
    for name in {"xaxis", "yaxis", "zaxis"} & scene.keys():
        _axis(scene[name], SCENE_AXIS)


def _axis(axis: Any, known: Collection[str] = AXIS) -> None:
    _demand(isinstance(axis, dict) and axis.keys() <= known, "a strange axis")
    for name in {"range", "domain"} & axis.keys():
        _range(axis[name])


def _range(ends: Any) -> None:
    """Two numbers, far enough apart to be told from each other."""
    numbers = isinstance(ends, list) and len(ends) == 2 and all(type(end) in (int, float) for end in ends)
    _demand(numbers and abs(ends[1] - ends[0]) > SHORTEST * max(map(abs, ends)), "a range without a length")


def _meta(meta: Mapping[str, Any], steps: int) -> None:
    """What the stage reads of a layout."""
    _listed(meta.get("steps"), MOST_STEPS)
    _demand(len(meta["steps"]) == steps and steps > 0, "other steps than frames")
    for step in meta["steps"]:
        texts = isinstance(step, dict) and (step.get("sentence"), step.get("formula", ""))
        _demand(texts and all(isinstance(text, str) for text in texts), "a step without words")
        _cells(step.get("cells", []))
        _listed(step.get("links", []), MOST_HANDS)
    for name in ("handles", "layers", "linked"):
        _listed(meta.get(name, []), MOST_HANDS)
    _cells(meta.get("linked", []))
    _arranged(meta.get("arrange", {}))


def _arranged(arrange: Any) -> None:
    """What a wide and a tall stage put into the layout, by paths."""
    _demand(isinstance(arrange, dict) and arrange.keys() <= {"wide", "tall"}, "a strange arrangement")
    for changes in arrange.values():
        _demand(isinstance(changes, dict), "a strange arrangement")
        for path, value in changes.items():
            _demand(ARRANGED.fullmatch(path) is not None, "a strange arrangement")
            if not path.endswith("toward"):
                _range(value)


def _cells(panels: Any) -> None:
    """Grids whose cells the stage makes elements of; bounded together, however they are nested."""
    waiting, count = [panels], 0
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            size, bars = one.get("size", []), one.get("count", 0)
            whole = isinstance(size, list) and all(type(n) is int and n >= 0 for n in [*size, bars])
            _demand(whole, "a strange grid")
            count += math.prod(size) + bars
            waiting += [value for name, value in one.items() if name != "size"]
        elif isinstance(one, list):
            waiting += one
    _demand(count <= MOST_CELLS, "too many cells")


def _tree(node: Any, depth: int = 0, told: bool = False) -> None:
    """Numbers, words, and lists and trees of them."""
    _demand(depth <= DEEPEST, "too deep")
    if node is None or isinstance(node, bool):
        return
    if isinstance(node, int | float):
        _demand(abs(node) <= LARGEST, "a number without end")  # NaN, too, compares as False
    elif isinstance(node, str):
        _word(node, told)
    elif isinstance(node, list):
        if not all(type(one) in (float, int) and abs(one) <= LARGEST for one in node):
            for one in node:
                _tree(one, depth + 1, told)
    elif isinstance(node, dict) and "bdata" in node:
        _array(node)
    elif isinstance(node, dict):
        for name, value in node.items():
            _demand(NAME.fullmatch(name) is not None and "__" not in name, "a strange name")
            _tree(value, depth + 1, told or name in TOLD)


def _array(node: Mapping[str, Any]) -> None:
    known = node.keys() <= {"dtype", "bdata", "shape"} and node.get("dtype") in ARRAYS
    texts = [(node["bdata"], BASE64), (node.get("shape", "1"), SHAPE)]
    _demand(
        known and all(isinstance(text, str) and form.fullmatch(text) for text, form in texts),
        "a strange array",
    )


def _word(text: str, told: bool) -> None:
    """`told`: the stage writes it as text, and no plotly reads tags in it."""
    _demand(len(text) <= LONGEST and text.replace("\n", "").isprintable(), "words that do not print")
    _demand(told or "<" not in text or not MARKUP.search(TAGS.sub("", text)), "markup")


def _listed(found: Any, most: int) -> None:
    _demand(isinstance(found, list) and len(found) <= most, "no list, or too long a one")


def _demand(holds: Any, what: str) -> None:
    if not holds:
        raise FilmError(what)

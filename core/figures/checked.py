"""A film that comes from a file: only what the atlas itself draws may be in it, for it goes into a browser's plotly.

Kinds of traces, attributes of a trace and parts of a layout are a written list (no maps, no pictures from elsewhere,
no annotations); words hold no tags but the drawers' own; numbers are finite; all of it is bounded.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
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
FRAME = {"name", "traces", "data"}
NUMBERED = re.compile(r"(xaxis|yaxis|scene)\d{1,3}")
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
        _demand(name in LAYOUT or NUMBERED.fullmatch(name) is not None, "a strange layout")
        _tree(value)
    meta = layout.get("meta")
    _demand(layout.get("template") == NONE and isinstance(meta, dict), "no layout of ours")
    _listed(meta.get("steps"), MOST_STEPS)
    _demand(len(meta["steps"]) == steps and steps > 0, "other steps than frames")
    for step in meta["steps"]:
        texts = isinstance(step, dict) and (step.get("sentence"), step.get("formula", ""))
        _demand(texts and all(isinstance(text, str) for text in texts), "a step without words")
        _cells(step.get("cells", []))


def _cells(panels: Any) -> None:
    """Grids whose cells the stage makes elements of; bounded together, however they are nested."""
    waiting, count = [panels], 0
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            size = one.get("size", [])
            _demand(isinstance(size, list) and all(type(n) is int and n >= 0 for n in size), "a strange grid")
            count += math.prod(size)
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

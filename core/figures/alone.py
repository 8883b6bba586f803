"""A film as a plain Plotly figure that plays without the stage: what the browser moves there is frames here.

Nothing is left to compute: maps, derived lines and live numbers are worked out for every moment, sizes in units of
the data are pixels, and Plotly's own slider and buttons play it.
"""

from __future__ import annotations

import html
import math
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from core.figures import derived, film, motion, theme
from core.figures.film import Figure
from core.figures.marks import Trace
from core.figures.plane import eigen_ends
from core.words import _

WIDTH, HEIGHT = 960, 540  # px of the picture
EDGE, FOOT = 24, 165  # px around it, and below it for words and slider
CAPTION, SLIDER = 20, 54  # px of a line of words, and of the slider below them
BETWEEN = 12  # frames from one step to the next
HOLD = 7  # frames that a step stands still, where so many lead to it
SHARP, MOVING = (
    5000,
    800,
)  # positions are rounded to this part of an axis: a fifth of a pixel; while they move, one
LINE = 104  # letters of a line under the picture
FONT_SMALLEST, FONT_LARGEST = 9, 40
STILL = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
Picture = dict[int, dict[str, Any]]  # trace -> what changes of it


def alone(figure: Figure, mode: str, between: int = BETWEEN, parts: int = 1) -> Figure:
    """`figure` (of film.film) as {"data", "layout", "frames"} that needs only plotly; it stands at its last step.

    Frame "2" is the whole step 2; "2.1", "2.2" ... lead to it and tell only what moves; "2+1" ... stand still after it.
    `mode`: "light" or "dark".
    `parts`: what core.figures.filling will make of each frame; the figure's pace knows.
    """
    figure = _without_hidden_layers(figure)
    layout = _layout(figure["layout"], mode)
    sizes = [_pixels(trace, layout) for trace in figure["data"]]
    scenes = [list(_pictures(figure, step, between)) for step in range(len(figure["frames"]))]
    for scene in scenes:
        for picture in scene:
            grain = SHARP if picture is scene[-1] else MOVING
            for k, attributes in picture.items():
                picture[k] = _rounded(_sized(attributes, sizes[k]), figure["data"][k], layout, grain)
    _drop_what_stands(scenes)
    moves = (between + 1) * parts  # frames from one step to the next, where the figure is shown
    hold = round(HOLD * moves / (BETWEEN + 1))
    words = list(_words_to_come(figure["data"], scenes, layout))
    frames = list(_frames(scenes, [trace["type"] for trace in (*figure["data"], *words)], hold))
    last = scenes[-1][-1]
    data = [
        _plain(film.merged(_sized(_lists(trace), sizes[k]), last.get(k, {})), layout)
        for k, trace in enumerate(figure["data"])
    ]
    flat = all(trace["type"] == "scatter" for trace in data)
    controls = _controls(figure["layout"]["meta"]["steps"], mode, moves, redraw=not flat)
    return {"data": [*data, *words], "layout": layout | controls, "frames": frames}


# --- what is seen at a moment


def _without_hidden_layers(figure: Figure) -> Figure:
    """Without the marks that the reader would have to switch on: here is no switch."""
    off = film.hidden_layers(figure)
    kept = [k for k, trace in enumerate(figure["data"]) if trace["meta"].get("layer") not in off]
    places = {k: place for place, k in enumerate(kept)}
    frames = []
    for frame in figure["frames"]:
        told = [pair for pair in zip(frame["traces"], frame["data"], strict=True) if pair[0] in places]
        frames.append({"traces": [places[k] for k, _one in told], "data": [one for _k, one in told]})
    return figure | {"data": [figure["data"][k] for k in kept], "frames": frames}


def _pictures(figure: Figure, step: int, between: int) -> Iterator[Picture]:
    """The moments that lead to `step`, and the step itself."""
    before, here = _framed(figure, max(step - 1, 0)), _framed(figure, step)
    for part in range(1, between + 2) if step else [between + 1]:
        share = part / (between + 1)
        eased = motion.ease(share)
        state = _state(figure["layout"]["meta"], step, eased)
        picture = {}
        for k, trace in enumerate(figure["data"]):
            turn = trace["meta"].get("turn", 0.5)
            attributes = motion.mixed(before.get(k, {}), here.get(k, {}), eased, turn) | _moved(trace, state)
            if attributes:
                picture[k] = attributes
        yield picture


def _framed(figure: Figure, step: int) -> Picture:
    """What the keyframe of `step` says of each trace."""
    frame = figure["frames"][step]
    return {
        k: _faded(_lists(attributes), figure["data"][k])
        for k, attributes in zip(frame["traces"], frame["data"], strict=True)
    }


def _faded(attributes: dict[str, Any], trace: Trace) -> dict[str, Any]:
    """Flat marks that come and go are faded, as on the stage; what is not seen says nothing under the mouse."""
    found = {key: value for key, value in attributes.items() if key != "type"}
    if trace["type"] != "scatter":
        return found
    found |= {
        axis: [None] for axis in "xy" if found.get(axis) == []
    }  # of no point plotly.js leaves the last ones
    if "visible" not in found:
        return found
    seen = found.pop("visible") is True
    opacity = found.get("opacity", trace.get("opacity", 1)) if seen else 0
    return found | {"opacity": opacity, "hoverinfo": trace.get("hoverinfo", "all") if seen else "skip"}


def _state(meta: Mapping[str, Any], step: int, share: float) -> dict[str, Any]:
    """The variables on the way to `step`."""
    known = {name: one["value"] for name, one in meta.get("variables", {}).items()}
    before = known | meta["steps"][max(step - 1, 0)].get("state", {})
    here, paths = known | meta["steps"][step].get("state", {}), meta["steps"][step].get("path", {})
    return {
        name: motion.along(paths.get(name), before.get(name, here[name]), here[name], share) for name in here
    }


def _moved(trace: Trace, state: Mapping[str, Any]) -> dict[str, Any]:
    """What of a trace follows from the state."""
    meta = trace["meta"]
    found = film.baked(trace, state) if film.MOVED & meta.keys() else {}
    if "eigen" in meta:
        found |= _eigen(np.array(state[meta["eigen"]["matrix"]], dtype=float), meta["eigen"]["extent"])
    if "live" in meta:
        found["text"] = [derived.live(meta["live"], state)] * len(trace["text"])
    return {key: value for key, value in _lists(found).items() if key != "type"}


def _eigen(matrix: np.ndarray, reach: float) -> dict[str, Any]:
    ends = [(None, None) if end is None or np.isnan(end[0]) else end for end in eigen_ends(matrix, reach)]
    return {"x": [end[0] for end in ends], "y": [end[1] for end in ends]}


# --- numbers as short as a pixel is wide


def _lists(tree: Any) -> Any:
    """The same with typed arrays as lists; a gap is None."""
    if not isinstance(tree, dict):
        return tree
    if "bdata" in tree:
        return [None if math.isnan(value) else value for value in film.numbers(tree).tolist()]
    return {key: _lists(value) for key, value in tree.items()}


def _sized(attributes: Mapping[str, Any], sizes: Mapping[str, float]) -> dict[str, Any]:
    """Sizes that were in units of the data, in pixels, where these attributes speak of them."""
    found = dict(attributes)
    for path, size in sizes.items():
        head, tail = path.split(".")
        if head in found:
            found[head] = found[head] | {tail: size}
    return found


def _pixels(trace: Trace, layout: Figure) -> dict[str, float]:
    """{"marker.size": 31.5}: what of the trace is as large as so many units of its axis."""
    unit = dict(trace["meta"].get("unit", {}))
    axis = unit.pop("axis", trace.get("xaxis", "x"))
    if not unit:
        return {}
    scale = _scale(layout, axis)
    return {path: _pixel(path, value * scale) for path, value in unit.items()}


def _pixel(path: str, size: float) -> float:
    size = min(FONT_LARGEST, max(FONT_SMALLEST, size)) if path.endswith("font.size") else size
    return round(size, 1)


def _scale(layout: Figure, name: str) -> float:
    """Pixels of one unit of an x axis."""
    x = layout[f"xaxis{name[1:]}"]
    scale = WIDTH * _share(x) / _span(x)
    y = layout.get(f"yaxis{x.get('anchor', 'y')[1:]}", {})
    if "scaleanchor" in y:
        scale = min(scale, HEIGHT * _share(y) / _span(y))
    return scale


def _share(axis: Mapping[str, Any]) -> float:
    low, high = axis.get("domain", (0, 1))
    return high - low


def _span(axis: Mapping[str, Any]) -> float:
    low, high = axis.get("range", (0, 1))
    return abs(high - low) or 1.0


def _rounded(attributes: dict[str, Any], trace: Trace, layout: Figure, grain: int = SHARP) -> dict[str, Any]:
    """Positions to one of so many parts (`grain`) of their axis, all other numbers to four digits after the point."""
    return {
        key: _round(value, _digits(key, trace, layout, grain) if key in film.SAME_SIZE else 4)
        for key, value in attributes.items()
    }


def _digits(key: str, trace: Trace, layout: Figure, grain: int) -> int:
    if trace["type"] in ("scatter", "image"):
        axis = layout.get(f"{key}axis{trace.get(f'{key}axis', key)[1:]}", {})
    else:
        axis = layout.get(trace.get("scene", "scene"), {}).get("xaxis", {})
    return max(0, math.ceil(math.log10(grain / _span(axis))))


def _round(value: Any, digits: int) -> Any:
    if isinstance(value, dict):
        return {key: _round(one, digits) for key, one in value.items()}
    if isinstance(value, list):
        return [_round(one, digits) for one in value]
    if not isinstance(value, float):
        return value
    near = round(value, digits)
    return int(near) if near == int(near) else near


# --- from pictures to frames


def _drop_what_stands(scenes: Sequence[Sequence[Picture]]) -> None:
    """Takes out what is the same in all pictures, but for the last one: that is where the figure stands."""
    pictures = [picture for scene in scenes for picture in scene]
    for k in set().union(*pictures):
        for key in set().union(*(picture.get(k, {}) for picture in pictures)):
            values = [picture.get(k, {}).get(key) for picture in pictures]
            if all(value == values[0] for value in values):
                for picture in pictures[:-1]:
                    picture.get(k, {}).pop(key, None)


def _frames(scenes: Sequence[Sequence[Picture]], types: Sequence[str], hold: int) -> Iterator[Figure]:
    """A whole frame for each step, and before it what moves, against the frame before; after it, `hold` of nothing new.

    Each names all traces, by their `types`: plotly.js takes away, for a moment, what a frame does not name.
    """
    changing = {k: set(attributes) for k, attributes in scenes[0][-1].items()} if len(scenes) > 1 else {}
    standing: Picture = {}
    for step, scene in enumerate(scenes):
        for part, picture in enumerate(scene[:-1], 1):
            moving = {k: _news(standing.get(k, {}), now) for k, now in picture.items()}
            yield _frame(f"{step}.{part}", moving, types)
            standing = picture
        whole = {
            k: {key: now[key] for key in changing.get(k, ()) if key in now} for k, now in scene[-1].items()
        }
        yield _frame(str(step), whole, types)
        standing = scene[-1]
        if step < len(scenes) - 1:
            yield from (_frame(f"{step}+{rest}", {}, types) for rest in range(1, hold + 1))


def _words_to_come(
    traces: Sequence[Trace], scenes: Sequence[Sequence[Picture]], layout: Figure
) -> Iterator[Trace]:
    """Unseen, all that a text of a space says in some frame.

    plotly.js makes a text's letters once, and those of the first drawing twice as large as those that come later.
    """
    for k, trace in enumerate(traces):
        told = (picture.get(k, {}).get("text", ()) for scene in scenes for picture in scene)
        texts = sorted({text for said in told for text in said})
        if trace["type"] == "scatter3d" and len(texts) > 1:
            space = layout[trace.get("scene", "scene")]
            middle = {axis: [sum(space[f"{axis}axis"]["range"]) / 2] * len(texts) for axis in "xyz"}
            font = trace["textfont"] | {"color": "rgba(0,0,0,0)"}
            unseen = {
                "mode": "text",
                "text": texts,
                "textfont": font,
                "hoverinfo": "skip",
                "showlegend": False,
            }
            name = {"name": f"{trace['meta']['name']}-to-come", "scene": trace.get("scene", "scene")}
            yield {"type": "scatter3d"} | name | middle | unseen


def _frame(name: str, picture: Picture, types: Sequence[str]) -> Figure:
    told = [
        ({} if kind == "scatter" else {"type": kind}) | picture.get(k, {}) for k, kind in enumerate(types)
    ]
    return {"name": name, "traces": list(range(len(types))), "data": told}


def _news(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What of `now` is not so in `before`."""
    found = {}
    for key, value in now.items():
        if isinstance(value, dict) and isinstance(before.get(key), dict):
            value = _news(before[key], value)
            if value:
                found[key] = value
        elif key not in before or before[key] != value:
            found[key] = value
    return found


def _plain(trace: Trace, layout: Figure) -> Trace:
    """Without what only the stage reads."""
    found = {key: value for key, value in trace.items() if key != "meta"}
    return {"name": trace["meta"]["name"]} | _rounded(found, trace, layout)


# --- layout and controls


def _layout(given: Figure, mode: str) -> Figure:
    """The wide arrangement in a figure of one size, with room for words and slider below."""
    layout = {key: value for key, value in given.items() if key not in ("meta", "uirevision")}
    for path, value in given["meta"].get("arrange", {}).get("wide", {}).items():
        layout = _put(layout, path.split("."), value)
    if given["meta"].get("equal") and "yaxis" in layout:
        layout["yaxis"] = {"scaleanchor": "x"} | layout["yaxis"]
    if layout.get("yaxis", {}).get("scaleanchor") == "x":
        layout = _equal(layout)
    return layout | {
        "width": WIDTH + 2 * EDGE,
        "height": HEIGHT + EDGE + FOOT,
        "margin": {"l": EDGE, "r": EDGE, "t": EDGE, "b": FOOT},
        "paper_bgcolor": theme.colour("background", mode),
        "plot_bgcolor": theme.colour("background", mode),
    }


def _put(tree: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    head, *rest = path
    return {**tree, head: _put(tree.get(head, {}), rest, value) if rest else value}


def _equal(layout: Figure) -> Figure:
    """The first plane with a unit as long upwards as aside: what has room to spare sees more, about its middle."""
    scale = _scale(layout, "x")
    sizes = {"xaxis": WIDTH, "yaxis": HEIGHT}
    changed = {}
    for name, size in sizes.items():
        middle, half = sum(layout[name]["range"]) / 2, size * _share(layout[name]) / scale / 2
        changed[name] = layout[name] | {"range": [middle - half, middle + half], "autorange": False}
    return layout | changed


def _controls(steps: Sequence[Mapping[str, Any]], mode: str, frames: int, redraw: bool) -> Figure:
    """Play, pause and a slider of the steps, whose sentence stands above it; `frames` lead from one to the next.

    `redraw`: plotly.js moves only flat marks by themselves; all else is drawn anew each time, which takes longer.
    """
    ink, quiet, hairline = (theme.colour(name, mode) for name in ("ink", "quiet", "hairline"))
    background = theme.colour("background", mode)
    pace = round(theme.TWEEN_MS / frames)
    play = STILL | {"fromcurrent": True, "frame": {"duration": pace, "redraw": redraw}}
    pause = STILL | {"frame": {"duration": 0, "redraw": False}}
    buttons = [
        {"label": _("Play"), "method": "animate", "args": [None, play]},
        {"label": _("Pause"), "method": "animate", "args": [[None], pause]},
    ]
    captions = [_caption(k, step, len(steps)) for k, step in enumerate(steps)]
    below = CAPTION * (1 + max(caption.count("<br>") for caption in captions)) + SLIDER
    menu = {
        "type": "buttons", "direction": "left", "showactive": False, "buttons": buttons,
        "x": 0, "xanchor": "left", "y": 0, "yanchor": "top", "pad": {"t": below, "r": 0},
        "bgcolor": background, "bordercolor": theme.colour("axis", mode), "font": {"size": 13, "color": ink},
    }  # fmt: skip
    slider = {
        "active": len(steps) - 1, "x": 0, "len": 1, "y": 0, "pad": {"t": 6, "b": 0},
        "currentvalue": {"font": {"size": 15, "color": ink}, "xanchor": "left", "offset": 14},
        "font": {"size": 1, "color": background}, "transition": {"duration": 0},
        "bgcolor": quiet, "activebgcolor": theme.colour("accent", mode), "bordercolor": hairline, "tickcolor": quiet,
        "ticklen": 6, "minorticklen": 6,
        "steps": [
            {"label": caption, "method": "animate", "args": [[str(k)], STILL]} for k, caption in enumerate(captions)
        ],
    }  # fmt: skip
    return {"updatemenus": [menu], "sliders": [slider]}


def _caption(step: int, told: Mapping[str, Any], steps: int) -> str:
    """A step's number, sentence and formula, in lines."""
    lines = wrapped(f"{step + 1}/{steps}  {told['sentence']}")[:2] + wrapped(told.get("formula", ""))[:1]
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def wrapped(text: str) -> list[str]:
    """`text` in lines of LINE letters; a Chinese one is as wide as two, and may end a line.

    >>> wrapped("one two")
    ['one two']
    """
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    letters = round(LINE * len(text) / (len(text) + wide)) if text else LINE
    return textwrap.wrap(text, letters) if wide * 3 < len(text) else _cut(text, letters)


def _cut(text: str, letters: int) -> list[str]:
    return [text[start : start + letters] for start in range(0, len(text), letters)]

"""Steps become one Plotly figure with keyframes: valid by itself, and all that the stage needs to play it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.figures import arrange, bars, grid, image, maps, plane, space, theme
from core.figures.marks import Trace, wire
from core.operation import Step
from core.panels import Bars, Cells, Panel, Picture, Plane, Value

Figure = dict[str, Any]
UNIT_TICKS = 10  # a view that reaches no further has a line at every unit
SAME_SIZE = ("x", "y", "z", "u", "v", "w")


def film(steps: Sequence[Step], *, key: str, mode: str) -> Figure:
    """`steps` as {"data", "layout", "frames"}: plain dicts and lists, ready for JSON.

    One frame a step; a frame names every trace that changes anywhere, whole, so that any step can be shown alone.
    """
    kept: dict[int, list[Trace]] = {}
    drawn = [_draw(step.panels, mode, kept) for step in steps]
    order = _order(drawn)
    frames, data = _frames(drawn, order)
    places = arrange.places(steps[0].panels)
    layout = {
        **_base_layout(key, mode),
        **_axes(steps[0].panels, places, mode),
        "meta": _stage(steps, places, mode),
    }
    return {"data": data, "layout": layout, "frames": frames}


def to_json(figure: Figure) -> bytes:
    """The figure as it travels. NaN never does: JSON has none."""
    return json.dumps(figure, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _draw(panels: Sequence[Panel], mode: str, kept: dict[int, list[Trace]]) -> dict[str, Trace]:
    """All traces of one step by name. `kept`: planes whose marks stay are drawn once, as the browser moves them."""
    traces: list[Trace] = []
    for panel, axes in zip(panels, arrange.axes_of(panels), strict=True):
        if isinstance(panel, Plane):
            if id(panel.marks) not in kept:
                kept[id(panel.marks)] = (plane if panel.dimension == 2 else space).draw(panel, mode)
            traces += kept[id(panel.marks)]
        elif isinstance(panel, Cells):
            traces += grid.draw(panel, mode, axes)
        elif isinstance(panel, Picture):
            traces += image.draw(panel, mode, axes)
        elif isinstance(panel, Bars):
            traces += bars.draw(panel, mode, axes)
    return {trace["meta"]["name"]: trace for trace in traces}


def _order(drawn: Sequence[dict[str, Trace]]) -> list[str]:
    """Every trace name once, in drawing order."""
    names: dict[str, None] = {}
    for traces in drawn:
        names.update(dict.fromkeys(traces))
    return list(names)


def _frames(drawn: Sequence[dict[str, Trace]], order: list[str]) -> tuple[list[Figure], list[Trace]]:
    known = {name: next(traces[name] for traces in drawn if name in traces) for name in order}
    by_step = [[traces.get(name) or _empty(known[name]) for name in order] for traces in drawn]
    changing = {}
    for k in range(len(order)):
        differing = _differing([traces[k] for traces in by_step])
        if differing:
            changing[k] = differing
    frames = [
        {
            "name": str(step),
            "traces": list(changing),
            "data": [{"type": traces[k]["type"]} | {a: traces[k][a] for a in changing[k]} for k in changing],
        }
        for step, traces in enumerate(by_step)
    ]
    return frames, by_step[0]


def _differing(versions: list[Trace]) -> list[str]:
    """The attributes in which the versions of one trace differ. What the browser moves by a map is not its matter."""
    first = versions[0]
    mapped = "map" in first["meta"]
    return [
        name
        for name in first
        if name != "meta"
        and not (mapped and name in SAME_SIZE)
        and any(version.get(name) != first[name] for version in versions[1:])
    ]


def _empty(trace: Trace) -> Trace:
    """The same trace with nothing in it, for a step that does not show it."""
    blank = {name: [] for name in (*SAME_SIZE, "text") if name in trace}
    return trace | blank


def _base_layout(key: str, mode: str) -> Figure:
    return {
        "template": "none",
        "uirevision": key,
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "pan",
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": theme.FONT, "size": 15, "color": theme.colour("ink", mode)},
        "hoverlabel": {"font": {"family": theme.FONT}},
    }


def _axes(panels: Sequence[Panel], places: list[arrange.Place], mode: str) -> Figure:
    layout: Figure = {}
    for panel, place, axes in zip(panels, places, arrange.axes_of(panels), strict=True):
        if isinstance(panel, Plane) and panel.dimension == 3:
            layout["scene"] = space.axes(panel.reach, mode) | {
                "domain": {"x": place.wide.x, "y": place.wide.y}
            }
        elif isinstance(panel, Plane):
            layout |= _plane_axes(panel, place, mode)
        else:
            layout |= _quiet_axes(panel, place, axes)
    return layout


def _plane_axes(panel: Plane, place: arrange.Place, mode: str) -> Figure:
    axis = {
        "zeroline": True,
        "zerolinecolor": theme.colour("axis", mode),
        "zerolinewidth": 1.5,
        "gridcolor": theme.colour("hairline", mode),
        "tickfont": {"size": 12, "color": theme.colour("quiet", mode)},
        "ticklabelposition": "inside",
        **({"tick0": 0, "dtick": 1} if panel.reach <= UNIT_TICKS else {"nticks": 12}),
    }
    reach = panel.reach
    return {
        "xaxis": axis | {"range": arrange.sides(panel, "wide"), "domain": place.wide.x, "anchor": "y"},
        "yaxis": axis | {"range": [-reach, reach], "domain": place.wide.y, "anchor": "x", "scaleanchor": "x"},
    }


def _quiet_axes(panel: Panel, place: arrange.Place, axes: tuple[str, str]) -> Figure:
    """Axes that only hold cells, pictures or bars: invisible, and not to be zoomed."""
    drawer = {Cells: grid, Picture: image, Bars: bars}[type(panel)]
    across, down = drawer.ranges(panel)
    x, y = axes
    hidden = {"visible": False, "fixedrange": True}
    square = {"scaleanchor": x, "constrain": "domain"} if not isinstance(panel, Bars) else {}
    toward = {"constraintoward": place.toward[1]} if square else {}
    left = {"constrain": "domain", "constraintoward": place.toward[0]} if square else {}
    return {
        f"xaxis{x[1:]}": hidden | {"range": across, "domain": place.wide.x, "anchor": y} | left,
        f"yaxis{y[1:]}": hidden | {"range": down, "domain": place.wide.y, "anchor": x} | square | toward,
    }


def _stage(steps: Sequence[Step], places: list[arrange.Place], mode: str) -> Figure:
    """What the stage reads: sentences, the state at each step, variables, handles, layers, arrangements."""
    planes = [next((panel for panel in step.panels if isinstance(panel, Plane)), None) for step in steps]
    told = []
    for step, shown in zip(steps, planes, strict=True):
        entry: Figure = {"sentence": step.sentence, "formula": step.formula, "hold": theme.HOLD_MS}
        if shown:
            entry["state"] = {name: _plain(value) for name, value in shown.state.items()}
            entry["path"] = {
                name: {"kind": "turn", "angle": turn.angle} | ({"axis": list(turn.axis)} if turn.axis else {})
                for name, turn in shown.turns.items()
            }
        told.append(entry)
    meta: Figure = {"steps": told, "duration": theme.TWEEN_MS, "home": home(steps), "equal": True}
    meta["arrange"] = arrange.relayouts(steps[0].panels, places)
    if planes[0]:
        meta |= _hands(planes[0], mode)
    return meta


def home(steps: Sequence[Step]) -> int:
    """The first step at which the moving matrix has arrived; the last one where nothing moves."""
    for k, step in enumerate(steps):
        if any(isinstance(panel, Plane) and panel.moved for panel in step.panels) and k > 0:
            return k
    return len(steps) - 1


def _hands(shown: Plane, mode: str) -> Figure:
    axes: Any = ["x", "y"] if shown.dimension == 2 else "scene"
    return {
        "variables": {
            v.name: {
                "role": "matrix" if isinstance(v.value[0], tuple) else "vector",
                "value": _plain(v.value),
                "moving": v.moving,
            }
            for v in shown.variables
        },
        "handles": [
            {
                "name": handle.name,
                "variable": handle.variable,
                "label": handle.label,
                "color": theme.colour(handle.colour, mode),
                "free": list(handle.free),
                "step": 0.1,
                "limit": 10,
                "axes": axes,
            }
            | ({"column": handle.column} if handle.column is not None else {})
            for handle in shown.handles
        ],
        "layers": [{"key": key, "label": label, "on": on} for key, label, on in shown.layers],
    }


def _plain(value: Value) -> list:
    return [list(row) if isinstance(row, tuple) else row for row in value]


def unfold(figure: Figure, between: int = 0) -> Figure:
    """The same figure with every mapped trace baked into its frames, for use without the stage.

    `between` straight in-between frames are put before each step, so that a plain player shows the motion.
    """
    told = figure["layout"]["meta"]["steps"]
    moving = [k for k, trace in enumerate(figure["data"]) if "map" in trace["meta"]]
    frames = []
    for step, frame in enumerate(figure["frames"]):
        here = told[step].get("state", {})
        before = told[max(0, step - 1)].get("state", {})
        for part in range(1, between + 2) if step else [between + 1]:
            state = {name: _between(before[name], here[name], part / (between + 1)) for name in here}
            baked = {k: _baked(figure["data"][k], state) for k in moving}
            kept = dict(zip(frame["traces"], frame["data"], strict=True))
            whole = {k: kept.get(k, {}) | baked.get(k, {}) for k in {**kept, **baked}}
            frames.append({"name": f"{step}.{part}", "traces": list(whole), "data": list(whole.values())})
    return figure | {"frames": frames}


def _between(first: Any, second: Any, share: float) -> Any:
    return (np.asarray(first) * (1 - share) + np.asarray(second) * share).tolist()


def _baked(trace: Trace, state: Mapping[str, Any]) -> Trace:
    rule = trace["meta"]["map"]
    positions = place_map(trace, rule, state)
    names = "xyz"[: positions.shape[1]]
    if not rule.get("arrows"):
        return {"type": trace["type"]} | {axis: wire(positions[:, k]) for k, axis in enumerate(names)}
    tails, tips = positions[0::2], positions[1::2]
    ways = tips - tails
    lengths = np.linalg.norm(ways, axis=1, keepdims=True)
    ways = np.divide(ways, lengths, out=np.zeros_like(ways), where=lengths > 1e-9) * trace["meta"]["head"]
    tip = {axis: wire(tips[:, k]) for k, axis in enumerate(names)}
    return {"type": trace["type"]} | tip | {axis: wire(ways[:, k]) for k, axis in enumerate("uvw")}


def place_map(trace: Trace, rule: Mapping[str, Any], state: Mapping[str, Any]) -> np.ndarray:
    """The positions (count, d) of a mapped trace in `state`."""
    if rule["base"] == "self":
        base = np.stack([numbers(trace[axis]) for axis in "xyz" if axis in trace], axis=1)
    else:
        size = next(len(point) for point in rule["base"] if point is not None)
        base = np.array([[np.nan] * size if point is None else point for point in rule["base"]])
    matrix, vector = state.get(rule["matrix"]), state.get(rule["vector"])
    return maps.apply(base, rule.get("mix", ()), rule.get("keep", ()), matrix, vector)


def numbers(values: Any) -> np.ndarray:
    """A coordinate as it travels, back as an array; a gap is NaN."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), dtype="<f4").astype(float)
    return np.array([np.nan if value is None else value for value in values], dtype=float)

"""Steps become one Plotly figure with keyframes: valid by itself, and all that the stage needs to play it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.figures import (
    alignment,
    arrange,
    bars,
    curve,
    derived,
    grid,
    image,
    linked,
    maps,
    plane,
    raster,
    space,
    tape,
    theme,
    tree,
)
from core.figures.marks import Trace, wire
from core.operation import Step
from core.panels import (
    Alignment,
    Bars,
    Bind,
    Cells,
    Curve,
    Derived,
    Handle,
    Link,
    Panel,
    Picture,
    Plane,
    Raster,
    Tape,
    Tree,
    Value,
)
from core.words import _

Figure = dict[str, Any]
MOVED = {"map", "derived"}  # what of a trace the browser computes
SAME_SIZE = ("x", "y", "z", "u", "v", "w")
# Drawers of panels without marks: draw(panel, mode, axes) -> traces, and axes(versions, mode) -> the axes that hold
# the panel in all its versions, one for each step: (x axis, y axis, whether a unit is as long upwards as aside).
DRAWERS = {
    Cells: grid, Picture: image, Raster: raster, Bars: bars, Curve: curve, Alignment: alignment, Tape: tape,
    Tree: tree,
}  # fmt: skip


def film(steps: Sequence[Step], *, key: str, mode: str) -> Figure:
    """`steps` as {"data", "layout", "frames"}: plain dicts and lists, ready for JSON.

    One frame a step; a frame names every trace that changes anywhere, whole, so that any step can be shown alone.
    """
    drawer = _Drawer(mode)
    drawn = [drawer.step(step.panels) for step in steps]
    order = _order(drawn)
    frames, data = _frames(drawn, order)
    places = arrange.places(steps[0].panels, steps[0].layout)
    layout = {
        **_base_layout(key, mode),
        **_axes(steps, places, mode),
        "meta": _stage(steps, places, mode),
    }
    return {"data": data, "layout": layout, "frames": frames}


def to_json(figure: Figure) -> bytes:
    """The figure as it travels. NaN never does: JSON has none."""
    return json.dumps(figure, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


class _Drawer:
    """Draws the panels of one step after the other, and what stays as it was only once."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.planes: dict[int, list[Trace]] = {}  # by their marks, which the browser moves
        self.last: dict[int, tuple[Panel, list[Trace]]] = {}  # by their place among the panels

    def step(self, panels: Sequence[Panel]) -> dict[str, Trace]:
        """All traces of one step by name."""
        traces: list[Trace] = []
        for k, (panel, spot) in enumerate(zip(panels, arrange.subplots(panels), strict=True)):
            traces += self._plane(panel, spot) if isinstance(panel, Plane) else self._other(k, panel, spot)
        return {trace["meta"]["name"]: _filled(trace) for trace in traces}

    def _plane(self, panel: Plane, spot: arrange.Subplot) -> list[Trace]:
        key = id(panel.marks)
        if key not in self.planes:
            draw = space.draw if spot.scene else plane.draw
            self.planes[key] = draw(panel, self.mode, spot.scene or spot[:2])
        return self.planes[key]

    def _other(self, k: int, panel: Panel, spot: arrange.Subplot) -> list[Trace]:
        before, traces = self.last.get(k, (None, []))
        # Cells tell 0.0 and −0.0 apart, which are equal; they keep what they can themselves.
        if isinstance(panel, Cells) or panel != before:
            traces = DRAWERS[type(panel)].draw(panel, self.mode, (spot.x, spot.y))
            self.last[k] = panel, traces
        return traces


def _filled(trace: Trace) -> Trace:
    """The trace without empty texts: plotly throws their places away, and a later text would have none."""
    texts = trace.get("text")
    return trace | {"text": [text or " " for text in texts]} if isinstance(texts, list) else trace


def _order(drawn: Sequence[dict[str, Trace]]) -> list[str]:
    """Every trace name once, in drawing order: what comes in a later step keeps its place among its neighbours."""
    order: list[str] = []
    for traces in drawn:
        place = 0
        for name in traces:
            if name in order:
                place = order.index(name) + 1
                continue
            order.insert(place, name)
            place += 1
    return order


def _frames(drawn: Sequence[dict[str, Trace]], order: list[str]) -> tuple[list[Figure], list[Trace]]:
    known = {name: next(traces[name] for traces in drawn if name in traces) for name in order}
    by_turns = {name for name in order if any(name not in traces for traces in drawn) and _hides(known[name])}
    by_step = [
        [_version(traces.get(name), known[name], name in by_turns) for name in order] for traces in drawn
    ]
    for versions in zip(*by_step, strict=True):
        _one_size(versions)
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


def _one_size(versions: Sequence[Trace]) -> None:
    """Letters of a trace are as small in every step as the step with the longest number needs them."""
    units = [trace["meta"]["unit"] for trace in versions if "unit" in trace["meta"]]
    if units:
        smallest = {path: min(unit[path] for unit in units) for path in units[0] if path != "axis"}
        versions[0]["meta"]["unit"].update(smallest)


def _differing(versions: list[Trace]) -> list[str]:
    """The attributes in which the versions of one trace differ. What the browser moves by a map is not its matter."""
    first = versions[0]
    mapped = "map" in first["meta"] or "derived" in first["meta"]
    return [
        name
        for name in first
        if name != "meta"
        and not (mapped and name in SAME_SIZE)
        and any(version.get(name) != first[name] for version in versions[1:])
    ]


def _version(trace: Trace | None, known: Trace, by_turns: bool) -> Trace:
    """A trace as a step has it; `known` without anything to see where it has none."""
    if by_turns:
        return (trace or known) | {"visible": trace is not None}
    return trace or _empty(known)


def _empty(trace: Trace) -> Trace:
    """The same trace with nothing in it, for a step that does not show it."""
    blank = {name: [] for name in (*SAME_SIZE, "text") if name in trace}
    return trace | blank


def _hides(trace: Trace) -> bool:
    """Whether a trace is hidden, not emptied, where a step has none of it: the browser would place its points all the
    same, and a picture is to be sent once."""
    return trace["type"] == "image" or bool(MOVED & trace["meta"].keys())


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


def _axes(steps: Sequence[Step], places: list[arrange.Place], mode: str) -> Figure:
    """The axes of every panel, wide enough for all that it becomes."""
    layout: Figure = {}
    panels = steps[0].panels
    for k, (panel, place, spot) in enumerate(zip(panels, places, arrange.subplots(panels), strict=True)):
        if spot.scene:
            domain = {"x": place.wide.x, "y": place.wide.y}
            layout[spot.scene] = space.axes(panel, mode) | {"domain": domain}
            continue
        if isinstance(panel, Plane):
            x, y = plane.axes(panel, mode, steps[0].layout is not None)
            square = not panel.line
        else:
            x, y, square = DRAWERS[type(panel)].axes([step.panels[k] for step in steps], mode)
        layout |= _placed(x, y, square, place, spot)
    return layout


def _placed(x: Figure, y: Figure, square: bool, place: arrange.Place, spot: arrange.Subplot) -> Figure:
    """A panel's axes in its place; `square`: one unit is as long upwards as aside."""
    across = x | {"domain": place.wide.x, "anchor": spot.y}
    up = y | {"domain": place.wide.y, "anchor": spot.x}
    if square:
        up["scaleanchor"] = spot.x
    if (
        square and spot.x != "x"
    ):  # the first plane shows more of itself instead (view.js), others keep to their place
        across |= {"constrain": "domain", "constraintoward": place.toward[0]}
        up |= {"constrain": "domain", "constraintoward": place.toward[1]}
    return {f"xaxis{spot.x[1:]}": across, f"yaxis{spot.y[1:]}": up}


def _stage(steps: Sequence[Step], places: list[arrange.Place], mode: str) -> Figure:
    """What the stage reads: sentences, the state at each step, variables, handles, layers, links, arrangements."""
    told = []
    for step in steps:
        entry: Figure = {"sentence": step.sentence, "formula": step.formula, "hold": theme.HOLD_MS}
        state: dict[str, Value] = {}
        turns: Figure = {}
        for panel in step.panels:
            state |= getattr(panel, "state", {})
            for variable in getattr(panel, "variables", ()):
                if variable.moving != variable.name:  # the variable itself stays where the hand has it
                    state.pop(variable.name, None)
            turns |= getattr(panel, "turns", {})
        if state:
            entry["state"] = {name: _plain(value) for name, value in state.items()}
            entry["path"] = {
                name: {"kind": "turn", "angle": turn.angle} | ({"axis": list(turn.axis)} if turn.axis else {})
                for name, turn in turns.items()
            }
        if step.links:
            entry["links"] = [_link(link) for link in step.links]
            entry["cells"] = {
                panel.name: grid.identity(panel) for panel in step.panels if isinstance(panel, Cells)
            }
        told.append(entry)
    first = steps[0]
    meta: Figure = {
        "steps": told,
        "duration": theme.TWEEN_MS,
        "home": home(steps),
        "equal": _equal(steps[0].panels),
    }
    meta["arrange"] = arrange.relayouts(first.panels, places, first.layout)
    meta["lines"] = arrange.lines_when_tall(first.layout, first.panels)
    if any(step.links for step in steps):
        meta["linked"] = linked.spots(first.panels)
        meta["cellsLabel"] = _("Cells of the result: each tells where it comes from")
    return meta | _hands(first.panels, mode)


def _equal(panels: Sequence[Panel]) -> bool:
    """Whether the plane that is zoomed is as long upwards as aside; a number line has no upwards."""
    flat = next((panel for panel in panels if isinstance(panel, Plane) and not arrange.deep(panel)), None)
    return flat is None or not flat.line


def _link(link: Link) -> Figure:
    sources = [
        {"tensor": source.tensor, "follows": list(source.follows)}
        | ({} if source.until is None else {"until": source.until})
        for source in link.sources
    ]
    return {"result": link.result, "sources": sources, "formula": link.formula} | (
        {"pick": link.pick} if link.pick else {}
    )


def subplots_of(step: Step, kind: type) -> tuple[str, ...]:
    """The names of the subplots ("xy", "x2y2", "scene") of a step's first panel of a kind, if there is one."""
    spots = zip(step.panels, arrange.subplots(step.panels), strict=True)
    return tuple(spot.scene or spot.x + spot.y for panel, spot in spots if isinstance(panel, kind))[:1]


def home(steps: Sequence[Step]) -> int:
    """The first step at which the moving matrix has arrived; the last one where nothing moves."""
    for k, step in enumerate(steps):
        if any(isinstance(panel, Plane) and panel.moved for panel in step.panels) and k > 0:
            return k
    return len(steps) - 1


def _hands(panels: Sequence[Panel], mode: str) -> Figure:
    """Variables, handles and layers of all panels that have them."""
    found: Figure = {"variables": {}, "handles": [], "layers": []}
    for panel, spot in zip(panels, arrange.subplots(panels), strict=True):
        for variable in getattr(panel, "variables", ()):
            found["variables"][variable.name] = {
                "role": "matrix" if isinstance(variable.value[0], tuple) else "vector",
                "value": _plain(variable.value),
                "moving": variable.moving,
            }
        found["handles"] += [_handle(one, spot, mode) for one in getattr(panel, "handles", ())]
        found["layers"] += [
            {"key": key, "label": label, "on": on} for key, label, on in getattr(panel, "layers", ())
        ]
    return {name: value for name, value in found.items() if value}


def _handle(handle: Handle, spot: arrange.Subplot, mode: str) -> Figure:
    return {
        "name": handle.name,
        "variable": handle.variable,
        "label": handle.label,
        "color": theme.colour(handle.colour, mode),
        "free": list(handle.free),
        "step": handle.step,
        "limit": handle.limit,
        "axes": spot.handles,
    } | ({"column": handle.column} if handle.column is not None else {})


def _plain(value: Value) -> Any:
    if isinstance(value, int | float):
        return value
    return [list(row) if isinstance(row, tuple) else row for row in value]


def unfold(figure: Figure) -> Figure:
    """The same figure with every mapped trace baked into its frames, for use without the stage."""
    told = figure["layout"]["meta"]["steps"]
    moving = [k for k, trace in enumerate(figure["data"]) if MOVED & trace["meta"].keys()]
    known = {name: one["value"] for name, one in figure["layout"]["meta"].get("variables", {}).items()}
    frames = []
    for step, frame in enumerate(figure["frames"]):
        state = known | told[step].get("state", {})
        baked_now = {k: baked(figure["data"][k], state) for k in moving}
        kept = dict(zip(frame["traces"], frame["data"], strict=True))
        whole = {k: kept.get(k, {}) | baked_now.get(k, {}) for k in {**kept, **baked_now}}
        frames.append({"name": frame["name"], "traces": list(whole), "data": list(whole.values())})
    return figure | {"frames": frames}


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `change` put in, branch by branch; a typed array is no branch."""
    found = dict(base)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict) and "bdata" not in value
        found[key] = merged(found[key], value) if both else value
    return found


def hidden_layers(figure: Figure) -> set[str]:
    """The keys of the layers that a reader has to switch on first."""
    return {layer["key"] for layer in figure["layout"]["meta"].get("layers", ()) if not layer["on"]}


def baked(trace: Trace, state: Mapping[str, Any]) -> Trace:
    """A trace with a map or a rule as `state` has it: its type and positions."""
    if "map" not in trace["meta"]:
        return {"type": trace["type"]} | _followed(trace, state)
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


def _followed(trace: Trace, state: Mapping[str, Any]) -> Trace:
    """A derived line in `state`."""
    rule, size = trace["meta"]["derived"], 3 if "z" in trace else 2
    mark = Derived("", "", bind=Bind(rule.get("matrix", "")), kind=rule["kind"], of=rule.get("of", ""),
                   onto=rule.get("onto", ""), inverse=rule.get("inverse", ""), radius=rule["radius"])  # fmt: skip
    found = derived.points(mark, state, size)
    if "cone" not in rule:
        return {axis: wire(found[:, k]) for k, axis in enumerate("xyz"[:size])}
    way = found[1] - found[0]
    length = float(np.linalg.norm(way)) or 1.0
    head = {axis: [float(way[k]) / length * trace["meta"]["head"]] for k, axis in enumerate("uvw")}
    return {axis: [float(found[1][k])] for k, axis in enumerate("xyz")} | head


def place_map(trace: Trace, rule: Mapping[str, Any], state: Mapping[str, Any]) -> np.ndarray:
    """The positions (count, d) of a mapped trace in `state`."""
    if rule["base"] == "self":
        base = np.stack([numbers(trace[axis]) for axis in "xyz" if axis in trace], axis=1)
    else:
        size = next(len(point) for point in rule["base"] if point is not None)
        base = np.array([[np.nan] * size if point is None else point for point in rule["base"]])
    matrix, vector = state.get(rule["matrix"]), state.get(rule["vector"])
    other = (rule.get("otherMix", ()), state.get(rule.get("other")))
    return maps.apply(base, rule.get("mix", ()), rule.get("keep", ()), matrix, vector, other)


def numbers(values: Any) -> np.ndarray:
    """A coordinate as it travels, back as an array; a gap is NaN."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), dtype="<f4").astype(float)
    return np.array([np.nan if value is None else value for value in values], dtype=float)

"""The plane flows through the network: straight, bend, straight, bend, and one straight cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from core import lazy, shapes
from core.numbers import factor, number, plus, subscript, vector
from core.operation import Step
from core.ops import areas, unfolding
from core.ops.journey import COLOURS, KINDS, MOST_LOST, SHOWN, SIZE, Journey
from core.ops.network import scores, stations
from core.panels import Label, Layout, Mark, Path, Plane, Points, Solid, rows
from core.words import _

torch = lazy.load("torch")

VIEW, DEEP_VIEW = 1.5, 1.9  # how far the drawing is seen, in the plane and in space
SMALL = 5.5  # px, of a point in space
SPELLED = 3  # products written out in a formula


class Scene(NamedTuple):
    """What is drawn of a journey: frames of the layers, the carpet, and where everything is at each station."""

    journey: Journey
    frames: list[unfolding.Frame]
    carpet: unfolding.Carpet
    sheets: list[torch.Tensor]  # the carpet drawn at each station
    clouds: list[torch.Tensor]  # the data drawn at each station
    trail: list[torch.Tensor]  # x drawn at each station (1, dimension)
    cut: tuple[Mark, ...]


def scene(journey: Journey, dimension: int) -> Scene:
    """Everything that no step changes."""
    net, layers = journey.net, journey.layers
    frames = unfolding.frames(layers, net.activation, net.data.X, dimension)
    lines, fine = ((13, 25) if journey.bends < 3 else (11, 19)) if dimension == 2 else (11, 17)
    carpet = unfolding.carpet(layers, net.activation, lines, fine)
    drawn = [
        _drawn(stations(X, layers, net.activation), frames) for X in (carpet.X, net.data.X, journey.x[None])
    ]
    cut = (_flat_cut if dimension == 2 else _space_cut)(journey, frames[-1])
    return Scene(journey, frames, carpet, *drawn, cut)


def _drawn(way: list[torch.Tensor], frames: list[unfolding.Frame]) -> list[torch.Tensor]:
    """Every station but the last in its frame."""
    return [frame.place(H) for frame, H in zip(frames, way[:-1], strict=True)]


def steps(journey: Journey, dimension: int) -> Iterator[Step]:
    """The sheet at the start, after each straight and each bend, the cut, and the answer."""
    found = scene(journey, dimension)
    last = 2 * journey.bends
    layout = Layout(rows((0,)).wide, aside=rows((1,), (2,), heights=(1.35, 1)).wide, share=0.36)
    said = [_start(journey), *(told(journey, found, k) for k in range(1, last + 1)), *_end(journey)]
    marks = journey.territory("won", journey.areas) + journey.cloud("datum", size=4.5) + journey.marker()
    beside = journey.plane(marks, _("the input: drag x"))
    for k, (sentence, formula) in enumerate(said):
        station = min(k, last)
        panel = Plane(
            dimension=dimension,
            marks=drawing(found, station, k > last),
            state={},
            reach=VIEW if dimension == 2 else DEEP_VIEW,
            name="flow",
            title=_title(journey, k),
            bare=True,
        )
        yield Step((panel, beside, journey.numbers(k, k)), sentence, formula, layout)


def _title(journey: Journey, k: int) -> str:
    last = 2 * journey.bends
    if k == 0:
        return _("the sheet, flat")
    if k > last:
        return _("the straight cut")
    name = _("straight {number}") if k % 2 else _("bend {number}")
    return name.format(number=(k + 1) // 2)


def drawing(found: Scene, station: int, cut: bool) -> tuple[Mark, ...]:
    """The drawing at one station, from the back to the front."""
    journey = found.journey
    opacity = {Path: SHOWN, Solid: 0.16}
    shown = tuple(replace(mark, opacity=opacity[type(mark)] if cut else 0.0) for mark in found.cut)
    nowhere = ((99.0,) * found.frames[0].rows.shape[0],) * 2
    lines = tuple(
        Path(f"sheet-{KINDS[k]}", COLOURS[k], points=points or nowhere, width=1.3, opacity=0.55)
        for k, points in enumerate(found.carpet.paths(found.sheets[station]))
    )
    spot = unfolding.points(found.trail[station])
    way = torch.cat([*found.trail[: station + 1], *[found.trail[station]] * (len(found.trail) - station - 1)])
    flat = found.frames[0].rows.shape[0] == 2
    cloud = journey.cloud("point", found.clouds[station], SIZE if flat else SMALL)
    marks = (*shown, _axes(found, station), *lines, *cloud)
    if not journey.finite:
        return marks
    return (
        *marks,
        Path("way", "accent", points=unfolding.points(way), width=2.0, dash="dot", opacity=0.8),
        Points("traveller", "accent", points=spot, size=15.0 if flat else 11.0, symbol="diamond"),
        Label("traveller-name", "accent", at=spot[0], text="x", bold=True),
    )


def _axes(found: Scene, station: int) -> Path:
    """The axes of the layer's own numbers: where one of them is 0 the others stretch. relu folds along them."""
    frame = found.frames[station]
    count = found.journey.width
    width = frame.rows.shape[1]
    ends = torch.eye(width, dtype=torch.float64)[[min(k, width - 1) for k in range(count)]]
    far = 3.0 / frame.scale
    drawn = [unfolding.points(frame.place(torch.stack([-far * end, far * end]))) for end in ends]
    points = tuple(point for pair in drawn for point in (*pair, None))[:-1]
    return Path("axes", "axis", points=points, width=1.2)


def _flat_cut(journey: Journey, frame: unfolding.Frame) -> tuple[Mark, ...]:
    """Who wins where in the drawing of the last hidden layer: straight borders."""
    H = stations(journey.net.data.X, journey.layers, journey.net.activation)[-2]
    final = [journey.layers[-1]]

    def judged(places: torch.Tensor) -> torch.Tensor:
        return scores(frame.lift(places, H.mean(0)).float(), final, "none")

    return journey.territory("cut", areas.areas(judged, 1.4 * VIEW, fine=24), fill=0.22)


def _space_cut(journey: Journey, frame: unfolding.Frame) -> tuple[Mark, ...]:
    """The plane in space on which two classes are equally strong; with three classes there is no single one."""
    if journey.classes > 2:
        return ()
    W, b = (part.double() for part in journey.layers[-1])
    H = stations(journey.net.data.X, journey.layers, journey.net.activation)[-2]
    normal = frame.rows @ (W[1] - W[0]) / frame.scale  # score difference = normal · place + offset
    origin = frame.lift(torch.zeros(1, 3), H.mean(0))[0]
    offset = float((W[1] - W[0]) @ origin + b[1] - b[0])
    size = float(normal @ normal)
    if size < 1e-12:
        return ()
    foot = -offset / size * normal
    _U, _S, Vt = torch.linalg.svd(normal[None], full_matrices=True)
    corners = [foot + 1.5 * (a * Vt[1] + c * Vt[2]) for a, c in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    faces = ((0, 1, 2), (0, 2, 3))
    return (Solid("cut", "accent", points=unfolding.points(torch.stack(corners)), faces=faces, opacity=0.0),)


# --- what is said


def _start(journey: Journey) -> tuple[str, str]:
    count = len(journey.net.data.X)
    words = (
        _("{count} points of two kinds lie on a flat sheet. The network may cut only once, and only straight: "
          "so it has to reshape the sheet first. Watch x: the dotted line will be its way.")
        if journey.classes == 2
        else _("{count} points of three kinds lie on a flat sheet. The network may cut only straight: so it has "
               "to reshape the sheet first. Watch x: the dotted line will be its way.")
    )  # fmt: skip
    return words.format(count=count), f"x = {vector(journey.x.tolist())}"


def told(journey: Journey, found: Scene, station: int) -> tuple[str, str]:
    """Sentence and formula of a straight (odd) or a bend (even station)."""
    layer = (station + 1) // 2
    if station % 2:
        return _straight(journey, layer, found.frames[station].exact)
    return _bend(journey, layer)


def _straight(journey: Journey, layer: int, exact: bool) -> tuple[str, str]:
    W, b = journey.layers[layer - 1]
    index = subscript(layer)
    source = "x" if layer == 1 else f"h{subscript(layer - 1)}"
    words = _("Straight: W{index}·{source} + b{index} turns, stretches and shifts the sheet. "
              "What was a straight piece stays one.")  # fmt: skip
    sentence = words.format(index=index, source=source)
    if not exact and layer == 1:
        more = _(
            "Every point has {width} numbers now; drawn are the directions in which the points differ most."
        )
        sentence = _("{first} {second}").format(first=sentence, second=more.format(width=W.shape[0]))
    before, after = journey.way[2 * layer - 2].tolist(), journey.way[2 * layer - 1].tolist()
    if len(before) > SPELLED:
        sizes = [shapes.show(size) for size in (tuple(W.shape), (len(before),), (len(after),))]
        return sentence, f"a{index} = W{index}·{source} + b{index} : {sizes[0]} @ {sizes[1]} → {sizes[2]}"
    terms = plus(f"{factor(w)}·{factor(v)}" for w, v in zip(W[0].tolist(), before, strict=True))
    return sentence, f"a{index}[0] = {terms} + {factor(float(b[0]))} = {number(after[0])}"


def _bend(journey: Journey, layer: int) -> tuple[str, str]:
    index = subscript(layer)
    before, after = journey.way[2 * layer - 1], journey.way[2 * layer]
    activation = journey.net.activation
    if activation == "none":
        sentence = _(
            "Here a bend would come, but there is no activation: nothing moves, and the sheet stays flat."
        )
    elif activation == "tanh":
        sentence = _("Bend: tanh presses every number into −1 to 1. What lies far out is squeezed, the middle "
                     "hardly moves, and the sheet curves.")  # fmt: skip
    else:
        below = int((before < 0).sum())
        words = _("Bend: relu turns every number below 0 into 0, so the sheet is folded flat along the axes. "
                  "Of the {width} numbers of x it caught {below}.")  # fmt: skip
        sentence = words.format(width=journey.width, below=below)
    name = {"none": "", "relu": "relu", "tanh": "tanh"}[activation]
    formula = f"h{index} = {name}{vector(before.tolist(), 4)} = {vector(after.tolist(), 4)}"
    return sentence, formula


def _end(journey: Journey) -> Iterator[tuple[str, str]]:
    wrong = 1 - journey.accuracy
    if wrong <= MOST_LOST:
        words = _("Now a straight cut is enough: of the points that the network never saw, {percent} % lie on the "
                  "right side.")  # fmt: skip
        percent = number(100 * journey.accuracy)
    else:
        words = _("The cut has to be straight, and here that is not enough: {percent} % of the points that the "
                  "network never saw lie on the wrong side.")  # fmt: skip
        percent = number(100 * wrong)
    last, index = journey.bends + 1, subscript(journey.bends + 1)
    z = vector(journey.way[-1].tolist())
    yield words.format(percent=percent), f"z = W{index}·h{subscript(journey.bends)} + b{index} = {z}"
    verdict = _("softmax makes shares of the scores: x is {kind}, to {percent} %. From the input to a label in "
                "{straight} straight pieces and {bends} bends: that is inference.")  # fmt: skip
    yield (
        verdict.format(kind=journey.kind, percent=journey.percent, straight=last, bends=journey.bends),
        f"p = softmax{z} = {vector(journey.p.tolist())}",
    )

"""Describing the world: points on a bent sheet, and a network that walks it in straight pieces and bends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core import lazy, shapes
from core.numbers import number
from core.operation import Choice, Input, Operation, Prepare, Preset, Slider, Step, Upload
from core.ops import network, planar, world_claims, world_epochs, world_flow, world_pieces
from core.ops.challenges.describing_the_world import CHALLENGES
from core.ops.journey import Journey
from core.ops.linear_stack import LINEAR_STACK
from core.ops.network import Trained
from core.ops.real_points import DIGIT_POINTS, IRIS_POINTS
from core.words import N_, _

torch = lazy.load("torch")

TRAINED_BY = (
    "data",
    "own",
    "width",
    "depth",
    "activation",
    "seed",
)  # the parameters that a training hangs on


def run(x: torch.Tensor, layers: list, activation: str) -> torch.Tensor:
    """x (2,) through all layers (W, b): straight, bend, ..., straight. Returns a share for each kind, (kind,)."""
    bend = {"relu": torch.relu, "tanh": torch.tanh, "none": lambda a: a}[activation]
    h = x
    for W, b in layers[:-1]:
        a = torch.mv(W, h) + b  # straight: (width, k) @ (k,) -> (width,)
        h = bend(a)  # bend: (width,) -> (width,)
    W, b = layers[-1]
    z = torch.mv(W, h) + b  # the last straight piece: (kind, width) @ (width,) -> (kind,)
    return torch.softmax(z, dim=0)


def explain(x: shapes.Shape, net: Trained) -> str:
    """Why there is one number for each kind; raises ShapeError where x is no point of the plane."""
    if x != (2,):
        sentence = _(
            "x is {x}, but the network was trained on points of the plane: x must have the shape (2,)."
        )
        raise shapes.ShapeError(sentence.format(x=shapes.show(x)), {"x": x}, [("x", 0)] if x else [])
    way = " → ".join(shapes.show((size,)) for size in net.widths)
    return _(
        "Every layer is a matrix-vector product: its matrix has as many columns as numbers come in and as many rows "
        "as go out, {way}. The last one has a row for each of the {classes} kinds, so the answer has the shape {p}."
    ).format(way=way, classes=net.data.classes, p=shapes.show((net.data.classes,)))


def work(before: Mapping[str, Any] | None, *, data: str, own: bytes | None, **chosen: Any) -> dict[str, Any]:
    """One part of the training."""
    with torch.inference_mode(False):
        return network.train(_points(data, own), before, **chosen)


def read(
    done: Mapping[str, Any],
    *,
    data: str,
    own: bytes | None,
    width: int,
    depth: int,
    activation: str,
    epoch: int,
) -> dict[str, Any]:
    """The trained network, and its layers (W, b) as run takes them."""
    net = network.read(_points(data, own), done, width=width, depth=depth, activation=activation, epoch=epoch)
    return {"net": net, "layers": net.layers()}


def _points(data: str, own: bytes | None) -> planar.Data:
    return planar.own(own) if own else planar.made(data)


def steps(x: torch.Tensor, net: Trained, layers: list, activation: str, view: str) -> Iterator[Step]:
    """The chosen view; its last step shows p = run(x, layers, activation)."""
    return VIEWS[view](Journey(net, x, run(x, layers, activation)))


VIEWS = {
    "flow": lambda journey: world_flow.steps(journey, 2),
    "space": lambda journey: world_flow.steps(journey, 3),
    "pieces": world_pieces.steps,
    "learning": world_epochs.steps,
    "composable": world_claims.composable,
    "measurable": world_claims.measurable,
    "computable": world_claims.computable,
}


def facts(net: Trained) -> list[tuple[str, str]]:
    """What is worth knowing of the network."""
    weights = sum(W.numel() + b.numel() for W, b in net.layers())
    return [
        (_("right on unseen points"), f"{number(100 * net.accuracy())} %"),
        (_("weights and biases"), str(weights)),
        (_("loss"), f"{number(net.losses[0])} → {number(net.losses[net.epoch])}"),
    ]


DESCRIBING_THE_WORLD = Operation(
    key="describing-the-world",
    chapter="meaning",
    title=N_("Describing the world"),
    summary=N_(
        "Data from the world lie on a sheet that is bent like a carpet, and their kinds are tangled. A network walks "
        "from input to label in straight pieces, which are matrices, and bends, which are activations, until one "
        "straight cut is enough."
    ),
    notation="x → p",
    call="torch.softmax(W @ relu(…) + b, 0)",
    latex=r"\begin{aligned} h_0 &= x \\ h_l &= \sigma(W_l\,h_{l-1} + b_l) \\ "
    r"p &= \mathrm{softmax}(W_L\,h_{L-1} + b_L) \end{aligned}",
    inputs=(Input("x", "coordinate", "[0.5, -0.25]", N_("the point that is followed")),),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    result="p",
    parameters=(
        Choice(
            "view",
            N_("What is shown"),
            (
                ("flow", N_("flow 2-D")),
                ("space", N_("flow 3-D")),
                ("pieces", N_("pieces")),
                ("learning", N_("learning")),
                ("composable", N_("composable")),
                ("measurable", N_("measurable")),
                ("computable", N_("computable")),
            ),
            "flow",
        ),
        Choice(
            "data",
            N_("Points"),
            (("moons", N_("moons")), ("circles", N_("circles")), ("spirals", N_("spirals"))),
            "moons",
        ),
        Choice("activation", N_("Bend"), (("relu", "relu"), ("tanh", "tanh"), ("none", N_("none"))), "relu"),
        Slider("width", N_("Width: numbers in a layer"), 2, 8, 1, 3),
        Slider("depth", N_("Depth: bends"), 1, 4, 1, 2),
        Slider(
            "epoch", N_("Epoch: how long it has learned"), 0, network.EPOCHS, network.STRIDE, network.EPOCHS
        ),
        Slider("seed", N_("Seed: where it starts"), 0, 9, 1, 1),
        Upload("own", N_("Your own points: two columns of numbers and one of kinds"), ("csv",)),
    ),
    presets=(
        Preset("moons", N_("Two moons"), {}),
        Preset("curved", N_("Curved sheet"), {"activation": "tanh", "view": "space", "seed": "0"}),
        Preset("pieces", N_("Pieces and bends"), {"view": "pieces", "width": "6", "x": "[0, 0.5]"}),
        Preset(
            "spirals",
            N_("Spirals"),
            {"data": "spirals", "width": "8", "depth": "3", "view": "learning", "x": "[0.5, 0.5]"},
        ),
        Preset(
            "flat",
            N_("No bends"),
            {"data": "circles", "activation": "none", "x": "[0, 0.5]"},
        ),
        Preset("one", N_("One matrix"), {"view": "composable"}),
    ),
    practice=(DIGIT_POINTS, IRIS_POINTS),
    traps=(LINEAR_STACK,),
    challenges=CHALLENGES,
    place=N_(
        "An image, a second of speech, one step of training: how is each told in numbers alone, so that nothing else "
        "has the same? In a form that can be computed, composed and measured, and that is what tensors are. This page "
        "is the whole network; everything that follows in the course is one of its parts."
    ),
    prepare=Prepare(N_("The network learns …"), TRAINED_BY, network.PARTS, work, read),
)

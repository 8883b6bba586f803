"""Practice: real data flow through a trained network: digits in two components, iris petals in two lengths."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from core import lazy
from core.numbers import number, vector
from core.operation import Example, Slider, Step
from core.ops import data, network, planar, world_flow
from core.ops.digits_layer import digits
from core.ops.journey import COLOURS, Journey
from core.panels import Bars, Layout, Picture, Plane, rows
from core.words import N_, _

torch = lazy.load("torch")

WIDTH, DEPTH, SEED = 4, 2, 3
UNSEEN = 4  # every fourth sample is held back
MOST = 240  # points that are drawn and learned from


def components(images: torch.Tensor) -> torch.Tensor:
    """The two principal components (n, 2) of images (n, 64): the directions in which they differ most."""
    centred = images - images.mean(0)
    _U, _S, Vt = torch.linalg.svd(centred, full_matrices=False)  # (n, 64) = (n, 64) * (64,) @ (64, 64)
    return centred @ Vt[:2].T  # (n, 64) @ (64, 2) -> (n, 2)


def standardised(lengths: torch.Tensor) -> torch.Tensor:
    """Each column of lengths (n, 2) with mean 0 and standard deviation 1."""
    return (lengths - lengths.mean(0)) / lengths.std(0)


def _data(X: torch.Tensor, y: torch.Tensor, classes: int) -> planar.Data:
    """The points within the plane that is drawn; every fourth is not learned from."""
    X = 1.6 * (X - X.mean(0)) / (X - X.mean(0)).abs().max()
    held = torch.arange(len(X)) % UNSEEN == 0
    return planar.Data(X[~held][:MOST], y[~held][:MOST], X[held], y[held], classes)


@cache
def _digits(first: int, second: int) -> tuple[torch.Tensor, torch.Tensor, network.Trained]:
    """The images of two digits (n, 64), their places (n, 2), and a network that tells them apart."""
    images, labels = digits()
    chosen = (labels == first) | (labels == second)
    images, y = images[chosen], (labels[chosen] == second).long()
    found = _data(components(images), y, 2)
    net = network.trained(found, width=WIDTH, depth=DEPTH, activation="relu", seed=SEED)
    held = torch.arange(len(images)) % UNSEEN == 0
    return images[held], y[held], net


def digit_steps(*, first: int = 4, second: int = 9, sample: int = 3) -> Iterator[Step]:
    """Two digits as clouds of points, the sheet reshaped, one straight cut, and a digit that it never saw."""
    first, second = int(first), int(second)
    second = second if second != first else (first + 1) % 10
    images, y, net = _digits(first, second)
    sample = int(sample) % len(images)
    picture = Picture(
        "image",
        tuple(tuple(row) for row in images[sample].reshape(8, 8).tolist()),
        _("a {digit}").format(digit=(first, second)[int(y[sample])]),
    )
    names = (str(first), str(second))
    start = _(
        "{count} handwritten digits, {first} and {second}. Each has 64 pixels; the two directions in which they differ "
        "most make it a point. The marked one was never learned from."
    ).format(count=len(net.data.X), first=first, second=second)
    yield from _flow(net, net.data.X_test[sample], picture, names, start)


@cache
def _iris() -> network.Trained:
    lengths, kinds = data.iris()
    return network.trained(
        _data(standardised(lengths[:, 2:4]), kinds, 3), width=WIDTH, depth=DEPTH, activation="relu", seed=SEED
    )


def iris_steps(*, flower: int = 20) -> Iterator[Step]:
    """Three kinds of iris by their petals."""
    net = _iris()
    flower = int(flower) % len(net.data.X_test)
    lengths, _kinds = data.iris()
    own = lengths[:, 2:4][torch.arange(len(lengths)) % UNSEEN == 0][flower]
    bars = Bars(
        "petal", tuple(own.tolist()), (_("petal length"), _("petal width")), _("this flower, in cm"), across=True,
        texts=tuple(number(v) for v in own.tolist()), largest=7.0,
    )  # fmt: skip
    start = _(
        "{count} irises of three kinds, each a point: the length and the width of its petals. The marked flower was "
        "never learned from."
    ).format(count=len(net.data.X))
    yield from _flow(net, net.data.X_test[flower], bars, data.IRIS_KINDS, start)


def _flow(
    net: network.Trained, x: torch.Tensor, beside: Picture | Bars, names: tuple[str, ...], start: str
) -> Iterator[Step]:
    """The points through the layers; `beside` is what x was before it was a point."""
    p = torch.softmax(net.scores(x[None])[0], 0)
    journey = Journey(net, x, p)
    found = world_flow.scene(journey, 2)
    last = 2 * journey.bends
    layout = Layout(rows((0,)).wide, aside=rows((1,), (2,)).wide, share=0.3)
    right = number(100 * journey.accuracy)
    for k in range(last + 3):
        station = min(k, last)
        plane = Plane(
            dimension=2, marks=world_flow.drawing(found, station, k > last), state={}, reach=world_flow.VIEW,
            name="flow", bare=True,
        )  # fmt: skip
        told = k == last + 2
        shares = Bars(
            "shares", tuple(p.tolist()) if told else (None,) * len(names), names, _("what the network says"),
            (int(p.argmax()),) if told else (), across=True, colours=COLOURS[: len(names)],
            texts=tuple(number(v, 2) for v in p.tolist()) if told else ("",) * len(names), largest=1.0,
        )  # fmt: skip
        sentence, formula = start, f"x = {vector(x.tolist())}"
        if 0 < k <= last:
            sentence, formula = world_flow.told(journey, found, k)
        elif k == last + 1:
            sentence = _(
                "One straight cut for each kind: {right} % of those that it never saw lie on the right side."
            )
            sentence, formula = sentence.format(right=right), f"z = {vector(journey.way[-1].tolist())}"
        elif told:
            sentence = _("The network says: {name}, to {percent} %.").format(
                name=names[int(p.argmax())], percent=journey.percent
            )
            formula = f"p = softmax{vector(journey.way[-1].tolist())} = {vector(p.tolist())}"
        yield Step((plane, beside, shares), sentence, formula, layout)


DIGIT_POINTS = Example(
    key="digit-points",
    title=N_("Handwritten digits flow"),
    summary=N_(
        "Two digits of scikit-learn's 1,797, reduced to two principal components and told apart by a network of two "
        "bends, trained here by torch."
    ),
    run=components,
    steps=digit_steps,
    parameters=(
        Slider("first", N_("One digit"), 0, 9, 1, 4),
        Slider("second", N_("The other digit"), 0, 9, 1, 9),
        Slider("sample", N_("Which one is followed"), 0, 80, 1, 3),
    ),
    source=N_("Digits: E. Alpaydin, C. Kaynak, 1998; shipped with scikit-learn."),
)

IRIS_POINTS = Example(
    key="iris-points",
    title=N_("Three kinds of iris"),
    summary=N_("150 flowers, two lengths each: three kinds need two straight cuts in the reshaped plane."),
    run=standardised,
    steps=iris_steps,
    parameters=(Slider("flower", N_("Which flower is followed"), 0, 37, 1, 20),),
    source=N_("Iris data: R. A. Fisher, 1936; shipped with scikit-learn."),
)

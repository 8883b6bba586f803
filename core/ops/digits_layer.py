"""Practice: one fully connected layer of a network that was really trained, on scikit-learn's handwritten digits."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from core import lazy
from core.numbers import factor, number
from core.operation import Example, Slider, Step
from core.panels import Bars, Panel, Picture
from core.words import N_, _

np = lazy.load("numpy")
torch = lazy.load("torch")

DIGITS = "datasets/data/digits.csv.gz"  # in scikit-learn's folder; 64 greys of 0 to 16 and the label
PIXELS, HIDDEN, CLASSES = 64, 16, 10
ROUNDS, RATE, MOMENTUM, SEED = 100, 0.5, 0.9, 7
TRAINED_ON = 1_500  # of 1,797 digits; the others tell how good the network is


class Network(NamedTuple):
    """A trained network 64 -> 16 -> 10, and the share of unseen digits it reads rightly."""

    W: torch.Tensor  # (16, 64)
    b: torch.Tensor  # (16,)
    V: torch.Tensor  # (10, 16)
    c: torch.Tensor  # (10,)
    accuracy: float


def run(W: torch.Tensor, x: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """One fully connected layer. W (16, 64), x (64,), b (16,) -> h (16,)."""
    h = torch.relu(torch.mv(W, x) + b)  # (hidden, pixel) @ (pixel,) -> (hidden,)
    return h


@cache
def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """Images (1797, 64) with greys in [0, 1] and their labels (1797,): those of scikit-learn's `load_digits`.

    Read from scikit-learn's own file without importing it, which would take a second and a half of a first visit.
    """
    table = np.loadtxt(Path(find_spec("sklearn").origin).parent / DIGITS, delimiter=",", dtype=np.float32)
    return torch.from_numpy(table[:, :-1] / 16), torch.from_numpy(table[:, -1].astype(np.int64))


@cache
def network() -> Network:
    """The network, trained by gradient descent with momentum on the first 1,500 digits; seeded, so always the same.

    The update is written out: torch.optim would load torch.compile's machinery for it, most of a second.
    """
    images, labels = digits()
    weights = _untrained(torch.Generator().manual_seed(SEED))
    speeds = [torch.zeros_like(weight) for weight in weights]
    for _round in range(ROUNDS):
        with torch.enable_grad():
            scores = _scores(images[:TRAINED_ON], *weights)
            loss = torch.nn.functional.cross_entropy(scores, labels[:TRAINED_ON])
            slopes = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for weight, speed, slope in zip(weights, speeds, slopes, strict=True):
                speed.mul_(MOMENTUM).add_(slope)
                weight.sub_(RATE * speed)
    W, b, V, c = (weight.detach() for weight in weights)
    guesses = _scores(images[TRAINED_ON:], W, b, V, c).argmax(1)
    return Network(W, b, V, c, float((guesses == labels[TRAINED_ON:]).float().mean()))


def _untrained(seeded: torch.Generator) -> list[torch.Tensor]:
    return [
        (torch.randn(HIDDEN, PIXELS, generator=seeded) / PIXELS**0.5).requires_grad_(),
        torch.zeros(HIDDEN, requires_grad=True),
        (torch.randn(CLASSES, HIDDEN, generator=seeded) / HIDDEN**0.5).requires_grad_(),
        torch.zeros(CLASSES, requires_grad=True),
    ]


def _scores(
    images: torch.Tensor, W: torch.Tensor, b: torch.Tensor, V: torch.Tensor, c: torch.Tensor
) -> torch.Tensor:
    return torch.relu(images @ W.T + b) @ V.T + c  # (image, pixel) -> (image, class)


class Shown(NamedTuple):
    """One digit on its way through the layer."""

    net: Network
    x: torch.Tensor  # (64,)
    label: int
    unit: int
    h: torch.Tensor  # (16,)
    chances: torch.Tensor  # (10,)


def steps(*, sample: int = 1502, unit: int = 3) -> Iterator[Step]:
    """The image becomes x, one row of W meets it, all rows do, and the network reads the digit."""
    images, labels = digits()
    net = network()
    x = images[int(sample)]
    h = run(net.W, x, net.b)
    chances = torch.softmax(torch.mv(net.V, h) + net.c, 0)
    shown = Shown(net, x, int(labels[int(sample)]), int(unit), h, chances)
    sentences = (
        _("A handwritten {digit}: 8 × 8 grey values, laid end to end, are a vector x of 64 entries.").format(
            digit=shown.label
        ),
        _(
            "Row {unit} of the trained W has 64 weights too: drawn as a picture, it is what unit {unit} looks for."
        ).format(unit=unit),
    )
    yield Step(_panels(shown, 0), sentences[0], "x : (8, 8) → (64,)")
    yield Step(_panels(shown, 1), sentences[1], "W : (16, 64)")
    yield _meeting(shown)
    yield Step(
        _panels(shown, 3),
        _("All 16 rows at once are one matrix-vector product; relu sets the negative answers to zero."),
        "h = relu(W·x + b) : (16, 64) @ (64,) → (16,)",
    )
    yield _verdict(shown)


def _verdict(shown: Shown) -> Step:
    best = int(shown.chances.argmax())
    sentence = _(
        "A second product reads the hidden values: the network says {digit}, with {percent} %. "
        "It reads {accuracy} % of the digits it never saw."
    ).format(
        digit=best,
        percent=number(100 * float(shown.chances[best])),
        accuracy=number(100 * shown.net.accuracy),
    )
    return Step(_panels(shown, 4), sentence, "softmax(V·h + c) : (10, 16) @ (16,) → (10,)")


def _meeting(shown: Shown) -> Step:
    answer = float(shown.net.W[shown.unit] @ shown.x)
    bias, value = float(shown.net.b[shown.unit]), float(shown.h[shown.unit])
    sentence = _(
        "Weight times grey, pixel by pixel, and the sum is {sum}: blue pixels speak for it, red ones against."
    ).format(sum=number(answer))
    formula = f"h = relu({number(answer)} + {factor(bias)}) = {number(value)}"
    return Step(_panels(shown, 2), sentence, formula)


def _panels(shown: Shown, stage: int) -> tuple[Panel, ...]:
    row = shown.net.W[shown.unit]
    pictures = (
        Picture("x", _square(shown.x), _("image x")),
        Picture(
            "row",
            _square(row) if stage >= 1 else _blank(),
            _("row {unit} of W").format(unit=shown.unit),
            signed=True,
        ),
        Picture(
            "product", _square(row * shown.x) if stage >= 2 else _blank(), _("weight × grey"), signed=True
        ),
    )
    hidden = [
        float(v) if stage >= 3 or (stage == 2 and k == shown.unit) else None for k, v in enumerate(shown.h)
    ]
    classes = [float(v) if stage >= 4 else None for v in shown.chances]
    return (
        *pictures,
        Bars(
            "hidden", tuple(hidden), tuple(str(k) for k in range(HIDDEN)), _("hidden values h"), (shown.unit,)
        ),
        Bars(
            "classes",
            tuple(classes),
            tuple(str(k) for k in range(CLASSES)),
            _("which digit?"),
            (shown.label,),
        ),
    )


def _square(values: torch.Tensor) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in values.reshape(8, 8).tolist())


def _blank() -> tuple[tuple[float, ...], ...]:
    return ((0.0,) * 8,) * 8


DIGITS_LAYER = Example(
    key="digits-layer",
    title=N_("A fully connected layer reads a digit"),
    summary=N_(
        "1,797 handwritten digits, a network 64 → 16 → 10 trained on 1,500 of them by torch. Its first layer is "
        "one matrix-vector product."
    ),
    run=run,
    steps=steps,
    parameters=(
        Slider("sample", N_("Which digit"), 0, 1796, 1, 1502),
        Slider("unit", N_("Which hidden unit"), 0, HIDDEN - 1, 1, 3),
    ),
)

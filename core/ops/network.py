"""A small network 2 -> width -> ... -> classes, really trained by torch, in parts that continue one another.

A part takes and returns plain data, so that a page can show how far it is and nothing is ever trained twice. The
update (Adam) is written out: torch.optim would load torch.compile's machinery for it, most of a second.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from core import lazy
from core.ops import planar

np = lazy.load("numpy")
torch = lazy.load("torch")

EPOCHS, PARTS, STRIDE = (
    300,
    5,
    15,
)  # an epoch sees every point once; weights are kept after every STRIDE epochs
BATCH, RATE = 60, 0.03
MEAN, SQUARE = 0.9, 0.99  # how much of the old averages Adam keeps

Layers = list[tuple["torch.Tensor", "torch.Tensor"]]  # (W, b) of each layer, first to last


class Trained(NamedTuple):
    """A network while it learned: `snapshots` (21, parameters) after 0, 15, ... 300 epochs, `losses` after each."""

    data: planar.Data
    widths: tuple[int, ...]  # 2, hidden ..., classes
    activation: str
    snapshots: torch.Tensor
    losses: tuple[float, ...]
    epoch: int  # the one that was asked for: a multiple of STRIDE

    def layers(self, epoch: int | None = None) -> Layers:
        """(W, b) of every layer after `epoch` epochs; after those that were asked for when None."""
        kept = (self.epoch if epoch is None else epoch) // STRIDE
        return unpacked(self.snapshots[kept], self.widths)

    def scores(self, X: torch.Tensor, epoch: int | None = None) -> torch.Tensor:
        """The logits (n, classes) of points (n, 2)."""
        return scores(X, self.layers(epoch), self.activation)

    def accuracy(self, epoch: int | None = None) -> float:
        """The share of the points that it never saw which fall on the right side."""
        return float((self.scores(self.data.X_test, epoch).argmax(1) == self.data.y_test).float().mean())


def bend(activation: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """The activation by name: relu, tanh, or none."""
    return {"relu": torch.relu, "tanh": torch.tanh, "none": lambda h: h}[activation]


def scores(X: torch.Tensor, layers: Layers, activation: str) -> torch.Tensor:
    """Logits (n, classes) of points X (n, 2): straight, bend, straight, bend, ..., straight."""
    return stations(X, layers, activation)[-1]


def stations(X: torch.Tensor, layers: Layers, activation: str) -> list[torch.Tensor]:
    """Where points X (n, 2) are on their way: X, a1, h1, a2, h2, ..., z, each (n, width)."""
    bent = bend(activation)
    way = [X]
    for W, b in layers[:-1]:
        way.append(torch.addmm(b.to(X), way[-1], W.T.to(X)))  # (n, k) @ (k, width) -> (n, width)
        way.append(bent(way[-1]))
    W, b = layers[-1]
    return [*way, torch.addmm(b.to(X), way[-1], W.T.to(X))]


def unpacked(flat: torch.Tensor, widths: tuple[int, ...]) -> Layers:
    """(W, b) of every layer out of one long vector."""
    found, start = [], 0
    for before, after in pairwise(widths):
        middle, end = start + after * before, start + after * before + after
        found.append((flat[start:middle].view(after, before), flat[middle:end]))
        start = end
    return found


# --- training


class Learning(NamedTuple):
    """Where the training stands: the parameters, Adam's two averages, the number of updates made."""

    weights: torch.Tensor
    mean: torch.Tensor
    square: torch.Tensor
    updates: int


def train(
    data: planar.Data, before: Mapping[str, Any] | None, *, width: int, depth: int, activation: str, seed: int
) -> dict[str, Any]:
    """One part of the training: `before` is what the part before returned, None at the start.

    Plain data: "part" is how many are done, "snapshots" and "losses" are all so far.
    """
    widths = (2, *(width,) * depth, data.classes)
    part = before["part"] if before else 0
    order = torch.Generator().manual_seed(1000 * seed + part)
    state = _read(before) if before else _start(widths, activation, torch.Generator().manual_seed(seed))
    snapshots = list(before["snapshots"]) if before else [_text(state.weights)]
    losses = list(before["losses"]) if before else [_loss_of(data, state.weights, widths, activation)]
    for epoch in range(EPOCHS // PARTS):
        state = _epoch(data, state, widths, activation, order)
        losses.append(_loss_of(data, state.weights, widths, activation))
        if (epoch + 1) % STRIDE == 0:
            snapshots.append(_text(state.weights))
    averages = {"mean": _text(state.mean), "square": _text(state.square), "updates": state.updates}
    return {"part": part + 1, "snapshots": snapshots, "losses": losses, **averages}


def read(data: planar.Data, done: Mapping[str, Any], *, width: int, depth: int, activation: str, epoch: int):
    """What the last part returned, as a Trained."""
    snapshots = torch.stack([_tensor(text) for text in done["snapshots"]])
    kept = max(0, min(int(epoch), EPOCHS)) // STRIDE * STRIDE
    widths = (2, *(width,) * depth, data.classes)
    return Trained(data, widths, activation, snapshots, tuple(done["losses"]), kept)


def trained(data: planar.Data, *, width: int, depth: int, activation: str, seed: int) -> Trained:
    """A network trained from beginning to end, for examples."""
    done: dict[str, Any] | None = None
    for _part in range(PARTS):
        done = train(data, done, width=width, depth=depth, activation=activation, seed=seed)
    return read(data, done, width=width, depth=depth, activation=activation, epoch=EPOCHS)


def _start(widths: tuple[int, ...], activation: str, generator: torch.Generator) -> Learning:
    """Random weights, of a size that neither fades nor grows from layer to layer."""
    gain = 2.0 if activation == "relu" else 1.0
    parts = []
    for before, after in pairwise(widths):
        parts.append(math.sqrt(gain / before) * torch.randn(after * before, generator=generator))
        parts.append(0.1 * torch.randn(after, generator=generator))
    weights = torch.cat(parts)
    return Learning(weights, torch.zeros_like(weights), torch.zeros_like(weights), 0)


def _epoch(
    data: planar.Data, state: Learning, widths: tuple[int, ...], activation: str, generator: torch.Generator
) -> Learning:
    """Every point once, in batches of BATCH."""
    for batch in torch.randperm(len(data.X), generator=generator).split(BATCH):
        weights = state.weights.requires_grad_()
        with torch.enable_grad():
            loss = _loss(data.X[batch], data.y[batch], weights, widths, activation)
            (slope,) = torch.autograd.grad(loss, weights)
        state = _update(state, slope, -(-len(data.X) // BATCH) * EPOCHS)
    return state


def _update(state: Learning, slope: torch.Tensor, total: int) -> Learning:
    """One step of Adam; the rate falls along a cosine to 0 over `total` updates."""
    t = state.updates + 1
    with torch.no_grad():
        mean = MEAN * state.mean + (1 - MEAN) * slope
        square = SQUARE * state.square + (1 - SQUARE) * slope * slope
        rate = RATE * 0.5 * (1 + math.cos(math.pi * t / total))
        step = (mean / (1 - MEAN**t)) / ((square / (1 - SQUARE**t)).sqrt() + 1e-8)
        return Learning(state.weights.detach() - rate * step, mean, square, t)


def _loss(
    X: torch.Tensor, y: torch.Tensor, weights: torch.Tensor, widths: tuple[int, ...], activation: str
) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(scores(X, unpacked(weights, widths), activation), y)


def _loss_of(data: planar.Data, weights: torch.Tensor, widths: tuple[int, ...], activation: str) -> float:
    with torch.no_grad():
        return round(float(_loss(data.X, data.y, weights.detach(), widths, activation)), 6)


def _read(before: Mapping[str, Any]) -> Learning:
    weights, mean, square = map(_tensor, (before["snapshots"][-1], before["mean"], before["square"]))
    return Learning(weights, mean, square, int(before["updates"]))


def _text(values: torch.Tensor) -> str:
    """float32 as base64: exact, and half the size of digits."""
    return base64.b64encode(values.detach().numpy().astype("<f4").tobytes()).decode()


def _tensor(text: str) -> torch.Tensor:
    return torch.from_numpy(np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32))

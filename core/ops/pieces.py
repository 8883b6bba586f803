"""The pieces of the plane on which a relu network is one straight map: exact polygons, cut unit by unit."""

from __future__ import annotations

from typing import NamedTuple

from core import lazy

np = lazy.load("numpy")
torch = lazy.load("torch")

SLIVER = 1e-9  # area under which a cut-off part is no piece
Layers = list[tuple["torch.Tensor", "torch.Tensor"]]


class Piece(NamedTuple):
    """A convex polygon (corners, 2); on it the layers so far are h = A x + c, with `awake` of their units above 0."""

    corners: np.ndarray
    A: np.ndarray  # (width, 2)
    c: np.ndarray  # (width,)
    awake: int


def pieces(layers: Layers, reach: float) -> list[list[Piece]]:
    """The pieces of [-reach, reach]² after each hidden layer (relu), the last hidden one last."""
    square = reach * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    found = [Piece(square, np.eye(2), np.zeros(2), 0)]
    after = []
    for W, b in layers[:-1]:
        W, b = W.double().numpy(), b.double().numpy()
        found = [part for piece in found for part in _bent(piece, W, b)]
        after.append(found)
    return after


def whole(piece: Piece, layers: Layers) -> tuple[np.ndarray, np.ndarray]:
    """The one matrix (classes, 2) and shift (classes,) that the whole network is on a piece of its last layer."""
    W, b = (part.double().numpy() for part in layers[-1])
    return W @ piece.A, W @ piece.c + b


def holding(found: list[Piece], x: tuple[float, float]) -> Piece | None:
    """The piece that x lies in; None outside of all."""
    for piece in found:
        edge = np.roll(piece.corners, -1, axis=0) - piece.corners
        way = np.asarray(x) - piece.corners
        if (edge[:, 0] * way[:, 1] - edge[:, 1] * way[:, 0] >= -1e-9).all():
            return piece
    return None


def _bent(piece: Piece, W: np.ndarray, b: np.ndarray) -> list[Piece]:
    """The parts into which one layer's units cut a piece."""
    A, c = W @ piece.A, W @ piece.c + b  # what each unit is before the bend, as a straight map of the plane
    parts = [(piece.corners, ())]
    for unit in range(len(b)):
        parts = [
            (corners, (*states, awake))
            for polygon, states in parts
            for corners, awake in _cut(polygon, polygon @ A[unit] + c[unit])
        ]
    masks = [np.array(states, dtype=float) for _corners, states in parts]
    return [
        Piece(corners, mask[:, None] * A, mask * c, piece.awake + int(mask.sum()))
        for (corners, _states), mask in zip(parts, masks, strict=True)
    ]


def _cut(corners: np.ndarray, height: np.ndarray) -> list[tuple[np.ndarray, bool]]:
    """A convex polygon cut where `height`, straight over it, is 0: the parts below (False) and above (True)."""
    if (height > 0).all():
        return [(corners, True)]
    if (height <= 0).all():
        return [(corners, False)]
    parts = []
    for sign, awake in ((-1.0, False), (1.0, True)):
        kept = _clipped(corners, sign * height)
        if len(kept) > 2 and _area(kept) > SLIVER:
            parts.append((kept, awake))
    return parts or [(corners, bool(height.mean() > 0))]


def _clipped(corners: np.ndarray, height: np.ndarray) -> np.ndarray:
    """The part of a polygon where height >= 0."""
    kept = []
    for k in range(len(corners)):
        m = (k + 1) % len(corners)
        if height[k] >= 0:
            kept.append(corners[k])
        if height[k] * height[m] < 0:
            share = height[k] / (height[k] - height[m])
            kept.append(corners[k] + share * (corners[m] - corners[k]))
    return np.array(kept)


def _area(corners: np.ndarray) -> float:
    x, y = corners.T
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))

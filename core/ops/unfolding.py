"""How the layers of a network are drawn, flat or in space: exact where they fit, else the directions that matter.

A layer and its bend share their directions, so that the bend is seen as a bend; neighbouring layers are turned towards
each other, so that what moves is the layer and not the drawing.
"""

from __future__ import annotations

from typing import NamedTuple

from core import lazy
from core.ops.network import Layers, stations
from core.panels import Point

torch = lazy.load("torch")

INSIDE = 1.3  # the points of every layer lie within -INSIDE .. INSIDE of the drawing
REACH = 2.0  # of the input plane that is shown
EXACT = (
    1024  # drawn coordinates are multiples of 1 / EXACT: a tenth of a pixel, and half the bytes after packing
)
LARGER = 1.8  # a bend that makes the points smaller than this is drawn larger
FAR = 40.0  # what lies further out is drawn here


class Frame(NamedTuple):
    """How a layer (n, width) is drawn: (H @ rows.T - centre) * scale; `exact` when no direction is lost."""

    rows: torch.Tensor  # (dimension, width), orthonormal where width allows
    centre: torch.Tensor  # (dimension,)
    scale: float
    exact: bool

    def place(self, H: torch.Tensor) -> torch.Tensor:
        """Where (n, width) is drawn: (n, dimension)."""
        return (H.double() @ self.rows.T - self.centre) * self.scale

    def lift(self, places: torch.Tensor, through: torch.Tensor) -> torch.Tensor:
        """Points (n, width) that are drawn at `places`, on the sheet parallel to the drawing through one point."""
        there = through.double()
        return (
            (places.double() / self.scale + self.centre) @ self.rows
            + there
            - (there @ self.rows.T) @ self.rows
        )


def frames(layers: Layers, activation: str, X: torch.Tensor, dimension: int) -> list[Frame]:
    """A frame for each station x, a1, h1, a2, h2, ..., seen by the points X (n, 2)."""
    way = stations(X, layers, activation)
    rows = torch.eye(dimension, 2, dtype=torch.float64)
    found = [Frame(rows, torch.zeros(dimension, dtype=torch.float64), INSIDE / REACH, True)]
    for k in range(1, len(layers)):
        before, after = way[2 * k - 1].double(), way[2 * k].double()
        last = layers[-1][0].double() if k == len(layers) - 1 else None
        rows = _directions(after, dimension, last)
        exact = after.shape[1] <= dimension
        if not exact:  # a drawing may be turned: towards the one before
            rows = _turned(rows, after, found[-1].place(way[2 * k - 2]))
        both = _fitted(rows, torch.cat([before, after]), exact)
        alone = _fitted(rows, after, exact)
        found += [both, both] if alone.scale < LARGER * both.scale else [_fitted(rows, before, exact), alone]
    return found


def _directions(H: torch.Tensor, dimension: int, last: torch.Tensor | None) -> torch.Tensor:
    """Rows (dimension, width): the units themselves where they fit.

    Else first what the last layer compares, then the directions in which the points differ most.
    """
    width = H.shape[1]
    if width <= dimension:
        return torch.eye(dimension, width, dtype=torch.float64)
    first = torch.zeros(width, 0, dtype=torch.float64)
    if last is not None:
        first = _basis((last[1:] - last[:1]).T)[:, :dimension]
    rest = H - H.mean(0)
    rest = rest - rest @ first @ first.T
    _values, vectors = torch.linalg.eigh(rest.T @ rest + 1e-9 * torch.eye(width, dtype=torch.float64))
    more = torch.cat([first, vectors.flip(1)], dim=1)  # eigenvectors of the largest values first
    return _basis(more)[:, :dimension].T


def _basis(columns: torch.Tensor) -> torch.Tensor:
    """Orthonormal columns that span the same, in the same order, without those that add nothing."""
    kept: list[torch.Tensor] = []
    for column in columns.T:
        for other in kept:
            column = column - (column @ other) * other
        size = float(torch.linalg.vector_norm(column))
        if size > 1e-6:
            kept.append(column / size)
    return torch.stack(kept, dim=1) if kept else columns[:, :0]


def _turned(rows: torch.Tensor, H: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """The same directions, turned or mirrored so that the points lie as near as can be to where they were seen."""
    here = (H - H.mean(0)) @ rows.T
    U, _stretch, Vt = torch.linalg.svd((seen - seen.mean(0)).T @ here)
    return (U @ Vt) @ rows


def _fitted(rows: torch.Tensor, H: torch.Tensor, exact: bool) -> Frame:
    places = H @ rows.T
    low, high = places.min(0).values, places.max(0).values
    half = max(1e-6, float((high - low).max()) / 2)
    return Frame(rows, (low + high) / 2, INSIDE / half, exact)


def points(places: torch.Tensor) -> tuple[Point, ...]:
    """Drawn coordinates (n, dimension) as plain points."""
    held = (places.nan_to_num(FAR, FAR, -FAR).clamp(-FAR, FAR) * EXACT).round() / EXACT
    return tuple(map(tuple, held.tolist()))


class Carpet(NamedTuple):
    """Ruled paper: `X` (n, 2) along its lines, and for each class the runs of points that it wins, (first, last)."""

    X: torch.Tensor
    runs: tuple[tuple[tuple[int, int], ...], ...]

    def paths(self, places: torch.Tensor) -> list[tuple[Point | None, ...]]:
        """The lines of each class where the carpet is drawn at `places` (n, dimension)."""
        drawn = points(places)
        return [
            tuple(point for first, last in runs for point in (*drawn[first : last + 1], None))[:-1]
            for runs in self.runs
        ]


def carpet(layers: Layers, activation: str, lines: int, fine: int) -> Carpet:
    """Ruled paper over the input plane, its lines divided among the classes that win there."""
    across = torch.linspace(-REACH, REACH, lines)
    along = torch.linspace(-REACH, REACH, fine)
    flat = torch.stack(torch.meshgrid(across, along, indexing="ij"), dim=-1)  # (line, point, 2)
    X = torch.cat([flat, flat.flip(-1)]).reshape(-1, 2)
    middles = (X[1:] + X[:-1]) / 2
    winners = stations(middles, layers, activation)[-1].argmax(1).tolist()
    runs: list[list[tuple[int, int]]] = [[] for _class in range(layers[-1][0].shape[0])]
    for k, winner in enumerate(winners):
        if (k + 1) % fine == 0:  # the end of a line
            continue
        own = runs[winner]
        if own and own[-1][1] == k and k % fine:
            own[-1] = (own[-1][0], k + 1)
        else:
            own.append((k, k + 1))
    return Carpet(X, tuple(map(tuple, runs)))

"""Where in a plane each class wins: closed outlines on a fine grid, by marching squares with straight interpolation."""

from __future__ import annotations

from collections.abc import Callable

from core import lazy
from core.panels import Point

np = lazy.load("numpy")
torch = lazy.load("torch")

FINE = 60  # cells along each side of the grid
FLAT = 2e-3  # a point no further from the chord of its neighbours, as a share of the reach, is left out
# The inner corner bits of a cell (1: lower left, 2: lower right, 4: upper right, 8: upper left) -> from side, to side,
# with the inside on the left. Sides: 0 below, 1 right, 2 above, 3 left. A saddle is cut as two corners.
SIDES = {
    1: ((0, 3),), 2: ((1, 0),), 3: ((1, 3),), 4: ((2, 1),), 5: ((0, 3), (2, 1)), 6: ((2, 0),), 7: ((2, 3),),
    8: ((3, 2),), 9: ((0, 2),), 10: ((1, 0), (3, 2)), 11: ((1, 2),), 12: ((3, 1),), 13: ((0, 1),), 14: ((3, 0),),
}  # fmt: skip

Scores = Callable[["torch.Tensor"], "torch.Tensor"]  # (n, 2) -> (n, classes)


def areas(scores: Scores, reach: float, fine: int = FINE) -> list[tuple[Point | None, ...]]:
    """For each class the outlines of the part of [-reach, reach]² that it wins; None parts the outlines.

    Outlines run with the class on their left, so that a hole runs the other way round and stays empty when filled.
    """
    line = np.linspace(-reach, reach, fine + 1)
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)  # (y, x) order: rows go up
    found = scores(torch.from_numpy(points).float()).double().numpy().reshape(fine + 1, fine + 1, -1)
    return [_outlines(_lead(found, k), line, FLAT * reach) for k in range(found.shape[-1])]


def _lead(scores: np.ndarray, k: int) -> np.ndarray:
    """By how much class k leads the best of the others: (h, w, classes) -> (h, w)."""
    return scores[..., k] - np.delete(scores, k, axis=-1).max(-1)


def _outlines(lead: np.ndarray, line: np.ndarray, flat: float) -> tuple[Point | None, ...]:
    """The closed lines lead = 0 around lead > 0; the grid's border closes what reaches it."""
    around = np.full((lead.shape[0] + 2, lead.shape[1] + 2), -1e-9)
    around[1:-1, 1:-1] = np.where(np.isfinite(lead), lead, -1.0)
    places = np.concatenate([line[:1], line, line[-1:]])  # the outer ring lies on the border itself
    following, where = _segments(around, places)
    path: list[Point | None] = []
    while following:
        start, here = following.popitem()
        loop = [where[start]]
        while here != start:
            loop.append(where[here])
            here = following.pop(here)
        path += [*_straightened(loop, flat), None]
    return tuple(path[:-1])


def _segments(field: np.ndarray, places: np.ndarray) -> tuple[dict, dict]:
    """Which crossing follows which, and where each lies. A crossing is a side of the grid: (row, column, upright)."""
    inside = field > 0
    corners = inside[:-1, :-1] + 2 * inside[:-1, 1:] + 4 * inside[1:, 1:] + 8 * inside[1:, :-1]
    following, where = {}, {}
    for i, j in zip(*np.nonzero((corners > 0) & (corners < 15)), strict=True):
        i, j = int(i), int(j)
        sides = ((i, j, False), (i, j + 1, True), (i + 1, j, False), (i, j, True))
        for start, end in SIDES[int(corners[i, j])]:
            following[sides[start]] = sides[end]
            where[sides[start]] = _crossing(field, places, *sides[start])
    return following, where


def _crossing(field: np.ndarray, places: np.ndarray, i: int, j: int, upright: bool) -> Point:
    """Where the field is 0 on the side from corner (i, j) to the next one up or to the right."""
    k, m = (i + 1, j) if upright else (i, j + 1)
    here, there = field[i, j], field[k, m]
    share = here / (here - there)
    return (
        float(places[j] + share * (places[m] - places[j])),
        float(places[i] + share * (places[k] - places[i])),
    )


def _straightened(loop: list[Point], flat: float) -> list[Point]:
    """A closed outline without the points that lie on the straight between those that are kept; closed."""
    kept = [loop[0]]
    waiting: list[Point] = []
    for point in [*loop[1:], loop[0]]:
        if waiting and any(_aside(one, kept[-1], point) > flat for one in waiting):
            kept.append(waiting[-1])
            waiting = []
        waiting.append(point)
    return [*kept, loop[0]]


def _aside(point: Point, start: Point, end: Point) -> float:
    """How far `point` lies from the line through start and end."""
    along, up = end[0] - start[0], end[1] - start[1]
    length = (along * along + up * up) ** 0.5
    if length < 1e-12:
        return ((point[0] - start[0]) ** 2 + (point[1] - start[1]) ** 2) ** 0.5
    return abs(along * (point[1] - start[1]) - up * (point[0] - start[0])) / length

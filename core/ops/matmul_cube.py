"""The cube of products: A on its side, B on its top, C in front, and the bar of k products behind each entry."""

from __future__ import annotations

from core import lazy
from core.numbers import number
from core.ops import matmul_order
from core.ops.matmul_order import Sizes
from core.ops.matmul_words import Story
from core.panels import Cubes, Label, Mark, Plane, Point, rows

torch = lazy.load("torch")

MOST = 64  # products that make a readable cube
LAYOUT = rows((0,), (1,), heights=(2.5, 1.0), tall=((0,), (1,)))
OFF = 1.5  # from the last product to a face


def drawable(sizes: Sizes) -> bool:
    """Whether the cube is small enough to be read."""
    return 0 < sizes.all <= MOST and max(sizes) <= 6


def space(story: Story, before: int, after: int, values: tuple[torch.Tensor, torch.Tensor]) -> Plane:
    """The solid with the multiply-adds up to `after` done; x runs along m, y (away) along k, z down along n."""
    n, k, m = story.sizes
    centre = ((m - 1 + OFF) / 2, (k - 1 - OFF) / 2, (n - 1 + OFF) / 2)
    return Plane(
        dimension=3,
        marks=(*_faces(story, before, after, values), *_letters(story.sizes)),
        state={},
        reach=0.5 * (max(n, k, m) + OFF) + 0.5,
        bare=True,
        centre=centre,
        name="cube",
    )


def _faces(
    story: Story, before: int, after: int, values: tuple[torch.Tensor, torch.Tensor]
) -> tuple[Mark, ...]:
    n, k, m = story.sizes
    terms, C = values
    now = [matmul_order.term("cube", story.sizes, d) for d in range(before, after)]
    bar = {(t.i, t.j) for t in now[-1:]} if after > before else set()
    spots = [(i, l, j) for i in range(n) for l in range(k) for j in range(m)]  # noqa: E741
    products = [float(story.A[i, l] * story.B[l, j]) if l < terms[i, j] else None for i, l, j in spots]  # noqa: E741
    lit = tuple(s for s, (i, l, j) in enumerate(spots) if (i, j) in bar and l < terms[i, j])  # noqa: E741
    in_A = [(i, l) for i in range(n) for l in range(k)]  # noqa: E741
    in_B = [(l, j) for l in range(k) for j in range(m)]  # noqa: E741
    in_C = [(i, j) for i in range(n) for j in range(m)]
    return (
        _cubes("products", "accent", [_at(n, i, l, j) for i, l, j in spots], products, lit, 0.62, 0.75),  # noqa: E741
        _cubes("A-face", "axis1", [_at(n, i, l, m - 1 + OFF) for i, l in in_A],  # noqa: E741
               [float(story.A[at]) for at in in_A], _index(in_A, {(t.i, t.l) for t in now})),
        _cubes("B-face", "axis2", [_at(n, -OFF, l, j) for l, j in in_B],  # noqa: E741
               [float(story.B[at]) for at in in_B], _index(in_B, {(t.l, t.j) for t in now})),
        _cubes("C-face", "image", [_at(n, i, -OFF, j) for i, j in in_C],
               [float(C[at]) if terms[at] > 0 else None for at in in_C], _index(in_C, bar)),
    )  # fmt: skip


def _at(n: int, i: float, l: float, j: float) -> Point:  # noqa: E741
    return (float(j), float(l), float(n - 1 - i))


def _index(cells: list, wanted: set) -> tuple[int, ...]:
    return tuple(position for position, cell in enumerate(cells) if cell in wanted)


def _cubes(
    name: str, colour: str, points: list[Point], values: list[float | None], lit: tuple[int, ...],
    edge: float = 0.82, opacity: float = 1.0,
) -> Cubes:  # fmt: skip
    texts = tuple("" if value is None else number(value) for value in values)
    return Cubes(
        name,
        colour,
        points=tuple(points),
        values=tuple(values),
        texts=texts,
        lit=lit,
        edge=edge,
        opacity=opacity,
    )


def _letters(sizes: Sizes) -> list[Mark]:
    """The names of the faces and of the axes along the edges."""
    n, k, m = sizes
    right, top = m - 1 + OFF, n - 1 + OFF
    return [
        Label("A-name", "ink", at=(right, (k - 1) / 2, n - 0.35), text="A", bold=True, place="top center"),
        Label("B-name", "ink", at=(-0.7, (k - 1) / 2, top), text="B", bold=True, place="middle left"),
        Label("C-name", "ink", at=(-0.7, -OFF, n - 0.4), text="C", bold=True, place="middle left"),
        Label("n-name", "axis1", at=(-0.7, -OFF, 0.0), text=f"n = {n}", place="middle left"),
        Label("m-name", "axis2", at=((m - 1) / 2, -OFF, -0.7), text=f"m = {m}", place="bottom center"),
        Label("k-name", "accent", at=(right, (k - 1) / 2, -0.7), text=f"k = {k}", place="bottom right"),
    ]

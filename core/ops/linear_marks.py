"""The marks with which a linear map is drawn in the plane and in space; shared by every concept that moves it."""

from __future__ import annotations

import itertools
import math

from core.numbers import number, subscript
from core.ops import geometry
from core.panels import Arrow, Bind, Eigen, Label, Lattice, Mark, Matrix, Path, Point, Solid
from core.words import _

BASIS = ("basis1", "basis2", "basis3")
PLACES = ("bottom center", "top left", "top left")  # of their names: away from the area between them
MOVED = Bind(matrix="M")
CUBE_FACES = (
    (0, 1, 3), (0, 3, 2), (4, 5, 7), (4, 7, 6), (0, 1, 5), (0, 5, 4),
    (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 3, 7), (1, 7, 5),
)  # fmt: skip
CUBE_EDGES = tuple((a, b) for a in range(8) for b in range(a + 1, 8) if bin(a ^ b).count("1") == 1)


def unit(axis: int, size: int) -> Point:
    """The basis vector of `axis` in a space of `size` dimensions."""
    return tuple(1.0 if k == axis else 0.0 for k in range(size))


def origin(size: int) -> Point:
    """The zero vector."""
    return (0.0,) * size


def basis_marks(size: int, count: int) -> list[Mark]:
    """The first `count` basis vectors, moved by M, with the names of the columns they land on."""
    arrows = [
        Arrow(f"basis-{j + 1}", BASIS[j], bind=MOVED, points=(origin(size), unit(j, size)), width=3.5)
        for j in range(count)
    ]
    labels = [
        Label(
            f"basis-{j + 1}-name",
            BASIS[j],
            bind=MOVED,
            at=unit(j, size),
            text=f"a{subscript(j + 1)}",
            bold=True,
            place=PLACES[j],
        )
        for j in range(count)
    ]
    return [*arrows, *labels]


def vector_marks(size: int, moves: bool = True) -> list[Mark]:
    """x where it was, light, and its image Ax, strong."""
    ends = (origin(size), (1.0,) * size)
    both = (origin(size), origin(size))
    still = Bind(vector="x", mix=ends)
    marks: list[Mark] = [
        Arrow("x", "vector", bind=still, points=both, width=3.0, dash="dot"),
        Label(
            "x-name",
            "vector",
            bind=Bind(vector="x", mix=ends[1:]),
            at=origin(size),
            text="x",
            bold=True,
            place="top left",
        ),
    ]
    if moves:
        image = Bind(matrix="M", vector="x", mix=ends)
        tip = Bind(matrix="M", vector="x", mix=ends[1:])
        marks += [
            Arrow("image", "image", bind=image, points=both, width=4.5),
            Label(
                "image-name", "image", bind=tip, at=origin(size), text="Ax", bold=True, place="bottom right"
            ),
        ]
    return marks


def circle_marks() -> list[Mark]:
    """The unit circle and its image, an ellipse."""
    points = tuple((math.cos(k * math.pi / 60), math.sin(k * math.pi / 60)) for k in range(121))
    return [
        Path("circle", "quiet", layer="circle", points=points, width=1.5, dash="dot"),
        Path("circle-image", "circle", layer="circle", bind=MOVED, points=points, width=2.5),
    ]


def sphere_marks(axes: int) -> list[Mark]:
    """The unit sphere as circles of latitude and longitude, moved by M; for 2 axes the unit circle in space."""
    ring = [2 * math.pi * k / 36 for k in range(37)]
    points: list[Point | None] = [(math.cos(a), math.sin(a), 0.0) for a in ring]
    if axes == 3:
        for latitude in (-math.pi / 3, -math.pi / 6, math.pi / 6, math.pi / 3):
            r, z = math.cos(latitude), math.sin(latitude)
            points += [None, *((r * math.cos(a), r * math.sin(a), z) for a in ring)]
        for k in range(4):
            c, s = math.cos(k * math.pi / 4), math.sin(k * math.pi / 4)
            points += [None, *((c * math.cos(a), s * math.cos(a), math.sin(a)) for a in ring)]
    return [Path("circle-image", "circle", layer="circle", bind=MOVED, points=tuple(points), width=2.0)]


def area_marks() -> list[Mark]:
    """The unit square, moved to a parallelogram whose signed area is the determinant."""
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))
    return [
        Path("area", "area", layer="area", bind=MOVED, points=corners, width=1.5, fill=0.22),
        Label("area-name", "area-text", layer="area", bind=MOVED, at=(0.7, 0.3), text=_("area"),
              live=("det", _("area {}")), place="middle center"),
    ]  # fmt: skip


def volume_marks() -> list[Mark]:
    """The unit cube, moved to a parallelepiped whose signed volume is the determinant."""
    corners = tuple(itertools.product((0.0, 1.0), repeat=3))
    edges: list[Point | None] = []
    for a, b in CUBE_EDGES:
        edges += [corners[a], corners[b], None]
    return [
        Solid("area", "area", layer="area", bind=MOVED, points=corners, faces=CUBE_FACES, opacity=0.18),
        Path("area-edges", "area", layer="area", bind=MOVED, points=tuple(edges), width=3.0),
        Label("area-name", "area-text", layer="area", bind=MOVED, at=(1.0, 1.0, 1.0), text=_("volume"),
              live=("det", _("volume {}")), place="bottom center"),
    ]  # fmt: skip


def eigen_marks(A: Matrix, lines: list[geometry.EigenLine], reach: float) -> list[Mark]:
    """Directions that A only stretches, each with its factor."""
    size = len(A)
    marks: list[Mark] = []
    if size == 2:
        marks.append(Eigen("eigen", "eigen", layer="eigen", matrix=A, reach=3 * reach))
    elif lines:
        ends: list[Point | None] = []
        for line in lines:
            ends += [*geometry.span((line.direction,), reach, size), None]
        marks.append(
            Path("eigen", "eigen", layer="eigen", hides=True, points=tuple(ends), width=3.0, dash="dash")
        )
    for k, line in enumerate(lines):
        at = tuple(0.86 * reach * c for c in line.direction)
        text = f"λ{subscript(k + 1)} = {number(line.value)}"
        marks.append(Label(f"eigen-{k + 1}-name", "eigen", layer="eigen", hides=True, at=at, text=text))
    return marks


def subspace_marks(found: geometry.Subspaces, shape: tuple[int, int], reach: float, size: int) -> list[Mark]:
    """The null space (what goes to zero) and the image (what can be reached) where they are lines or planes."""
    marks: list[Mark] = []
    if 0 < len(found.null) < size and len(found.null) < shape[1] + 1:
        marks += _subspace("null", "null", _("null space"), found.null, reach, size)
    if 0 < len(found.image) < shape[0]:
        marks += _subspace("image-space", "image-space", _("image of A"), found.image, reach, size)
    return marks


def _subspace(name: str, colour: str, title: str, basis: Matrix, reach: float, size: int) -> list[Mark]:
    points = geometry.span(basis, 3 * reach if size == 2 else reach, size)
    end = -0.8 if name == "null" else 0.8  # at different ends: a nilpotent matrix has one line for both
    at = tuple(end * reach * c for c in (*basis[0], *(0.0,) * (size - len(basis[0]))))
    label = Label(f"{name}-name", colour, layer="null", hides=True, at=at, text=title)
    if len(basis) == 1:
        return [Path(name, colour, layer="null", hides=True, points=points, width=4.0, dash="dash"), label]
    faces = ((0, 1, 2), (0, 2, 3))
    return [Solid(name, colour, layer="null", hides=True, points=points, faces=faces, opacity=0.25), label]


def lattice(size: int, axes: int) -> Mark:
    """The grid that M moves: 41 x 41 lines in the plane, a lattice of whole points in space."""
    reach = 20 if size == 2 else (3 if axes == 2 else 2)
    return Lattice(
        "grid", "grid", layer="grid", bind=MOVED, reach=reach, axes=axes, width=1.2 if size == 2 else 2.0
    )

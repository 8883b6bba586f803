"""The geometry of a small matrix: how it turns and stretches, what it keeps, what it crushes. float64 throughout."""

from __future__ import annotations

import math
from typing import NamedTuple

from core import lazy
from core.panels import Matrix, Point, Turn

torch = lazy.load("torch")

SMALL = 4  # axes up to which a determinant is cleaned of dust: size ** axes stays a float64
FLAT = 1e-6  # singular values below this share of the largest count as zero (inputs are float32)


class Factors(NamedTuple):
    """A = second @ diag(stretch) @ first, with both turns proper; a negative stretch is a reflection."""

    first: torch.Tensor
    stretch: torch.Tensor
    second: torch.Tensor


class EigenLine(NamedTuple):
    """A direction that A only stretches, by `value`."""

    value: float
    direction: Point


class Subspaces(NamedTuple):
    """Orthonormal bases of what A sends to zero and of what it can reach; rank = len(image)."""

    null: Matrix
    image: Matrix


def padded(tensor: torch.Tensor, size: int) -> torch.Tensor:
    """`tensor` (m, n) or (n,) with zeros up to (size, size) or (size,), as float64 on the CPU."""
    result = torch.zeros((size,) * tensor.dim(), dtype=torch.float64)
    result[tuple(slice(0, length) for length in tensor.shape)] = tensor.detach().to("cpu", torch.float64)
    return result


def rows(tensor: torch.Tensor) -> Matrix | Point:
    """`tensor` as nested tuples of floats."""
    if tensor.dim() == 1:
        return tuple(float(value) for value in tensor.tolist())
    return tuple(tuple(float(value) for value in row) for row in tensor.tolist())


def factors(A: torch.Tensor) -> Factors:
    """Turn, stretch, turn: the singular value decomposition of A (d, d) with both orthogonal factors proper.

    Where U or V reflects, its last column and the last stretch change sign: U Σ Vᵀ stays A.
    """
    U, stretch, Vh = torch.linalg.svd(A)
    stretch = stretch.clone()
    if torch.linalg.det(Vh) < 0:
        Vh[-1] = -Vh[-1]
        stretch[-1] = -stretch[-1]
    if torch.linalg.det(U) < 0:
        U[:, -1] = -U[:, -1]
        stretch[-1] = -stretch[-1]
    return _shortest(Factors(Vh, stretch, U))


def _shortest(found: Factors) -> Factors:
    """The same product with the smaller first turn: two columns of V and U may change sign together."""
    if found.first.shape[0] != 2 or found.first[0, 0] >= 0:
        return found
    return Factors(-found.first, found.stretch, -found.second)


def turn(R: torch.Tensor) -> Turn:
    """The angle (radians) and, in 3-D, the axis of a proper rotation R (d, d), d = 2 or 3."""
    if R.shape[0] == 2:
        return Turn(math.atan2(float(R[1, 0]), float(R[0, 0])))
    cosine = min(1.0, max(-1.0, (float(R.trace()) - 1) / 2))
    angle = math.acos(cosine)
    axis = torch.stack((R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]))
    if float(axis.norm()) < 1e-9:  # no turn, or a half turn: the axis is the eigenvector of 1
        values, vectors = torch.linalg.eigh((R + R.T) / 2)
        axis = vectors[:, int(values.argmax())]
    return Turn(angle, rows(axis / axis.norm()))


def eigen_lines(A: torch.Tensor) -> list[EigenLine]:
    """The real eigen-directions of A (d, d), one for each eigenvalue that has just one; [] where A only scales."""
    values, vectors = torch.linalg.eig(A)
    scale = float(A.abs().max()) or 1.0
    lines: list[EigenLine] = []
    for k, value in enumerate(values.tolist()):
        repeated = sum(abs(value - other) < 1e-6 * scale for other in values.tolist()) > 1
        if abs(value.imag) > 1e-9 * scale or (repeated and _whole_plane(A, value.real, scale)):
            continue
        direction = vectors[:, k].real
        direction = direction / direction.norm()
        if not any(abs(abs(_dot(direction, line.direction)) - 1) < 1e-6 for line in lines):
            lines.append(EigenLine(cleaned(value.real, scale), rows(direction)))
    return lines


def cleaned(value: float, scale: float) -> float:
    """`value`, or 0 where it is rounding dust beside numbers of size `scale` (inputs are float32)."""
    return 0.0 if abs(value) < FLAT * scale else value


def determinant(A: torch.Tensor) -> float:
    """det A (d, d), exactly 0 where only rounding dust is left of it."""
    A = A.detach().to("cpu", torch.float64)
    found = float(torch.linalg.det(A))
    size = A.shape[0]
    if not 0 < size <= SMALL:
        return found
    return cleaned(found, float(A.abs().max()) ** size)


def _whole_plane(A: torch.Tensor, value: float, scale: float) -> bool:
    """Whether the eigenvalue has more than one direction: then no single line tells the truth."""
    rest = torch.linalg.svdvals(A - value * torch.eye(A.shape[0], dtype=A.dtype))
    return int((rest < 1e-6 * scale).sum()) > 1


def _dot(direction: torch.Tensor, other: Point) -> float:
    return float(direction @ torch.tensor(other, dtype=direction.dtype))


def subspaces(A: torch.Tensor) -> Subspaces:
    """The null space and the image of A (m, n), from its singular vectors."""
    U, stretch, Vh = torch.linalg.svd(A.to(torch.float64), full_matrices=True)
    largest = float(stretch.max()) if stretch.numel() else 0.0
    rank = int((stretch > FLAT * largest).sum()) if largest > 0 else 0
    return Subspaces(rows(Vh[rank:]), rows(U[:, :rank].T))


ROUND = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.2, 3.6, 4.0, 4.5, 5.0, 5.6, 6.4, 7.2, 8.0, 9.0, 10.0)
FARTHEST = 1e6  # units that a view shows to each side


def round_reach(*needed: float) -> float:
    """The smallest round number of units that holds all that is needed: a small change leaves the view where it is."""
    most = min(max(needed), FARTHEST)
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in ROUND if step * power >= most * (1 - 1e-6))


def span(basis: Matrix, reach: float, size: int) -> tuple[Point, ...]:
    """Two ends of a line, or four corners of a square, spanned by one or two basis vectors, padded to `size`."""
    full = [tuple(vector) + (0.0,) * (size - len(vector)) for vector in basis]
    if len(full) == 1:
        return tuple(tuple(sign * reach * c for c in full[0]) for sign in (-1, 1))
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return tuple(
        tuple(reach * (a * u + b * v) for u, v in zip(full[0], full[1], strict=True)) for a, b in corners
    )

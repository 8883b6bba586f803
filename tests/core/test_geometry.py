"""The geometry of small matrices, against torch and by its own laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.figures import plane
from core.ops import geometry

NUMBERS = st.integers(-40, 40).map(lambda k: k / 10)


def matrices(size: int) -> st.SearchStrategy[torch.Tensor]:
    rows = st.lists(NUMBERS, min_size=size, max_size=size)
    return st.lists(rows, min_size=size, max_size=size).map(lambda m: torch.tensor(m, dtype=torch.float64))


def rotation(turn) -> torch.Tensor:
    """The rotation matrix of a Turn, by Rodrigues' formula."""
    c, s = math.cos(turn.angle), math.sin(turn.angle)
    if not turn.axis:
        return torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    x, y, z = turn.axis
    K = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
    return torch.eye(3, dtype=torch.float64) + s * K + (1 - c) * K @ K


@settings(deadline=None, max_examples=200)
@given(st.one_of(matrices(2), matrices(3)))
def test_turn_stretch_turn_is_the_matrix(A) -> None:
    first, stretch, second = geometry.factors(A)
    torch.testing.assert_close(second @ torch.diag(stretch) @ first, A, rtol=0, atol=1e-9)
    for proper in (first, second):
        assert float(torch.linalg.det(proper)) == pytest.approx(1, abs=1e-9)
    torch.testing.assert_close(stretch.abs(), torch.linalg.svdvals(A), rtol=0, atol=1e-9)


@settings(deadline=None, max_examples=200)
@given(st.one_of(matrices(2), matrices(3)))
def test_a_turn_is_its_angle_and_axis(A) -> None:
    for R in (geometry.factors(A).first, geometry.factors(A).second):
        torch.testing.assert_close(rotation(geometry.turn(R)), R, rtol=0, atol=1e-6)


@settings(deadline=None, max_examples=200)
@given(st.one_of(matrices(2), matrices(3)))
def test_eigen_lines_are_only_stretched(A) -> None:
    for line in geometry.eigen_lines(A):
        direction = torch.tensor(line.direction, dtype=torch.float64)
        assert float(direction.norm()) == pytest.approx(1)
        torch.testing.assert_close(A @ direction, line.value * direction, rtol=0, atol=1e-4)


def test_eigen_lines_of_known_matrices() -> None:
    double = torch.float64
    lines = geometry.eigen_lines(torch.tensor([[2, 1], [0, 3]], dtype=double))
    assert sorted(round(line.value, 9) for line in lines) == [2, 3]
    # a quarter turn keeps no direction
    assert geometry.eigen_lines(torch.tensor([[0, -1], [1, 0]], dtype=double)) == []
    assert geometry.eigen_lines(2 * torch.eye(3, dtype=double)) == []  # every direction: no line tells it
    assert len(geometry.eigen_lines(torch.tensor([[1, 1], [0, 1]], dtype=double))) == 1  # a shear keeps one


@settings(deadline=None, max_examples=200)
@given(matrices(2))
def test_the_drawer_finds_the_same_lines(A) -> None:
    ends = [
        point for point in plane.eigen_ends(A.numpy(), 1.0) if point is not None and not np.isnan(point[0])
    ]
    for point in ends:
        direction = torch.tensor(point, dtype=torch.float64)
        image = A @ direction
        cross = float(direction[0] * image[1] - direction[1] * image[0])
        assert cross == pytest.approx(0, abs=1e-4)


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 3), st.integers(1, 3), st.data())
def test_null_space_goes_to_zero_and_ranks_add_up(m, n, data) -> None:
    rows = st.lists(st.lists(st.integers(-3, 3), min_size=n, max_size=n), min_size=m, max_size=m)
    A = torch.tensor(data.draw(rows), dtype=torch.float64)
    found = geometry.subspaces(A)
    assert len(found.image) == int(torch.linalg.matrix_rank(A))
    assert len(found.image) + len(found.null) == n
    for vector in found.null:
        torch.testing.assert_close(
            A @ torch.tensor(vector, dtype=A.dtype), torch.zeros(m, dtype=A.dtype), rtol=0, atol=1e-9
        )


def test_spans_and_padding() -> None:
    assert geometry.span(((1.0, 0.0),), 2, 3) == ((-2.0, 0.0, 0.0), (2.0, 0.0, 0.0))
    assert len(geometry.span(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)), 2, 3)) == 4
    wide = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert geometry.rows(geometry.padded(wide, 3)) == ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (0.0, 0.0, 0.0))
    assert geometry.rows(geometry.padded(torch.tensor([7.0]), 2)) == (7.0, 0.0)


def test_rounding_dust_is_zero() -> None:
    thirds = torch.tensor([[0.8, 0.4], [0.4, 0.2]]).double()  # a projection, rounded to float32 first
    assert geometry.determinant(thirds) == 0
    assert min(abs(line.value) for line in geometry.eigen_lines(thirds)) == 0
    assert geometry.determinant(torch.tensor([[2.0, 1.0], [1.0, 3.0]])) == pytest.approx(5)


@given(st.floats(1e-3, 1e9), st.floats(1e-3, 1e9))
def test_a_round_reach_holds_all_and_little_more(one: float, other: float) -> None:
    most = min(max(one, other), geometry.FARTHEST)
    found = geometry.round_reach(one, other)
    assert (1 - 1e-5) * most <= found <= 1.26 * most


def test_a_small_change_leaves_the_view() -> None:
    assert len({geometry.round_reach(2.6, 3.61 + k / 100) for k in range(39)}) == 1

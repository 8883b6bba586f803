"""Derived lines against torch: shadows, arcs, balls and unit vectors, in the plane and in space."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.figures import derived
from core.panels import Bind, Derived, Label

SIZES = (2, 3)
NUMBERS = st.floats(-50, 50).map(lambda value: round(value, 3))
PAIRS = st.sampled_from(SIZES).flatmap(
    lambda d: st.tuples(*(st.lists(NUMBERS, min_size=d, max_size=d) for _k in range(2)))
)
POWERS = (0.3, 0.5, 1.0, 1.5, 2.0, 3.0, math.inf)


def inverse(p: float) -> float:
    return 0.0 if math.isinf(p) else 1 / p


@given(PAIRS)
def test_the_shadow_ends_where_the_rest_is_upright(pair) -> None:
    of, onto = (np.array(value) for value in pair)
    tip, foot, gap, origin, again = derived.projection(of, onto)
    assert np.allclose(tip, of) and np.isnan(gap).all() and not origin.any()
    assert np.array_equal(foot, again)
    scale = 1e-9 * (1 + np.abs(of).max()) * (1 + np.abs(onto).max())
    assert abs((of - foot) @ onto) <= scale


@given(PAIRS)
def test_an_arc_goes_the_short_way_at_its_radius(pair) -> None:
    of, onto = (np.array(value) for value in pair)
    found = derived.arc(of, onto, 1.5)
    if min(np.linalg.norm(of), np.linalg.norm(onto)) <= 1e-12:
        assert np.isnan(found).all()
        return
    assert np.allclose(np.linalg.norm(found, axis=1), 1.5)
    assert np.allclose(found[0], 1.5 * of / np.linalg.norm(of))
    assert np.allclose(found[-1], 1.5 * onto / np.linalg.norm(onto), atol=1e-6)


@settings(max_examples=60)
@given(PAIRS, st.sampled_from(POWERS))
def test_a_norm_is_torchs(pair, p: float) -> None:
    vector = torch.tensor(pair[0], dtype=torch.float64)
    expected = float(torch.linalg.vector_norm(vector, p))
    assert derived.norm(vector.numpy(), inverse(p)) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("p", POWERS)
def test_every_point_of_a_ball_has_its_norm(size: int, p: float) -> None:
    mark = Derived("ball", "circle", kind="ball", of="x", inverse="q")
    state = {"x": (3.0, -4.0, 1.0)[:size], "q": inverse(p)}
    points = derived.points(mark, state, size)
    assert len(points) == derived.count(mark, size)
    points = points[~np.isnan(points).any(axis=1)]
    radius = float(torch.linalg.vector_norm(torch.tensor(state["x"]), p))
    norms = torch.linalg.vector_norm(torch.tensor(points), p, dim=1)
    torch.testing.assert_close(norms, torch.full_like(norms, radius), rtol=1e-6, atol=0)
    largest = np.abs(points).max(axis=0)  # it reaches its radius along every axis
    assert np.allclose(largest, radius, rtol=0.02)


def test_a_ball_is_moved_by_its_matrix_and_a_unit_vector_has_norm_one() -> None:
    A = ((2.0, 1.0), (0.0, 3.0))
    still = derived.points(Derived("b", "ink", kind="ball", radius=2.0), {}, 2)
    moved = derived.points(Derived("b", "ink", bind=Bind("A"), kind="ball", radius=2.0), {"A": A}, 2)
    assert np.allclose(moved, still @ np.array(A).T)
    unit = derived.points(
        Derived("u", "ink", kind="unit", of="x", inverse="q"), {"x": (3.0, -1.0), "q": 1.0}, 2
    )
    assert np.allclose(unit, [(0, 0), (0.75, -0.25)])
    assert not derived.points(Derived("u", "ink", kind="unit", of="x"), {"x": (0.0, 0.0)}, 2).any()


@pytest.mark.parametrize(
    ("kind", "y", "text"),
    [
        ("dot", (2.0, -1.0), "2"),
        ("cosine", (24.0, -7.0), "0.35"),
        ("angle", (24.0, -7.0), "69.4"),
        ("angle", (0.0, 0.0), "–"),
        ("norm", (0.0, 0.0), "5"),
        ("sum", (1.0, -0.5), "(4, 3.5)"),
    ],
)
def test_words_follow_the_vectors(kind: str, y: tuple, text: str) -> None:
    mark = Label("l", "ink", live=(kind, "<{}>"), of="x", onto="y")
    assert derived.live_text(mark, {"x": (3.0, 4.0), "y": y}) == f"<{text}>"

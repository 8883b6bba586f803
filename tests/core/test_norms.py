"""Norms: numbers and pictures agree with torch and numpy; the practice agrees with scikit-learn and scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, Ridge

from core import answers, tensors
from core.figures import film
from core.ops import data, lasso_zeros, norm_per_row, norms, outlier_fit, weight_decay
from core.ops.norm_words import stretch
from core.panels import Derived, Plane
from core.shapes import ShapeError

VECTORS = st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=3)


@given(VECTORS, st.sampled_from(norms.POWERS))
def test_run_is_the_definition(values, p) -> None:
    found = float(norms.run(torch.tensor(values), p=p))
    sizes = np.abs(np.array(values, dtype=np.float64))
    expected = sizes.max() if math.isinf(p) else (sizes**p).sum() ** (1 / p)
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)


@given(VECTORS, st.sampled_from(norms.POWERS))
def test_the_ball_through_x_goes_through_x(values, p) -> None:
    x = torch.tensor(values)
    step = list(norms.steps(x, p=p))[-1]
    plane = next(panel for panel in step.panels if isinstance(panel, Plane))
    own = next(mark for mark in plane.marks if isinstance(mark, Derived) and mark.name == "own-ball")
    state = plane.state
    sizes = np.abs(np.array(state[own.of]))
    inverse = state[own.inverse]
    length = sizes.max() if inverse == 0 else (sizes ** (1 / inverse)).sum() ** inverse
    assert length == pytest.approx(float(norms.run(x.double(), p=p)), rel=1e-6, abs=1e-9)


def test_the_ball_takes_every_shape_and_ends_at_the_chosen_one() -> None:
    planes = [
        next(p for p in step.panels if isinstance(p, Plane))
        for step in norms.steps(torch.tensor([3.0, 4.0]), p=4)
    ]
    seen = [plane.state["q"] for plane in planes]
    assert seen[:7] == [0.25, 1 / 0.3, 2.0, 1.0, 0.5, 0.25, 0.0]
    assert seen[-1] == 0.25


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, math.inf])
def test_the_operator_norm_is_the_farthest_point_of_the_image(p) -> None:
    A = torch.tensor([[2.0, 1.0], [-1.0, 3.0]])
    turns = torch.linspace(0, 2 * torch.pi, 20_001).double()
    ways = torch.stack([turns.cos(), turns.sin()])
    lengths = torch.linalg.vector_norm(A.double() @ ways, p, dim=0) / torch.linalg.vector_norm(ways, p, dim=0)
    assert stretch(A, p) == pytest.approx(float(lengths.max()), rel=1e-3)


@pytest.mark.parametrize(("p", "holds"), [(0.5, False), (1, True), (2, True), (math.inf, True)])
def test_the_triangle_is_told_truly(p, holds) -> None:
    told = list(norms.steps(torch.tensor([2.0, 0.0]), p=p, view="triangle", y=(0.0, 2.0)))
    assert ("No norm" in told[1].sentence) is not holds
    plane = next(panel for panel in told[0].panels if isinstance(panel, Plane))
    assert {handle.name for handle in plane.handles} == {"x", "y"}


@pytest.mark.parametrize("p", [0.3, 1, 2, math.inf])
@pytest.mark.parametrize(
    "text",
    [
        "[nan, 1]",
        "[inf]",
        "[1e30, 1]",
        "[0, 0]",
        "7",
        "ones(2, 3, 4)",
        "[[1, 2], [3, 4]]",
        "ones(1000, 1000)",
    ],
)
def test_anything_is_measured(text, p) -> None:
    x = tensors.read(text).float()
    steps = list(norms.steps(x, p=p))
    assert 1 < len(steps) <= 60
    film.to_json(film.film(steps, key="norms", mode="light"))


def test_nothing_to_measure_is_said() -> None:
    with pytest.raises(ShapeError) as refused:
        norms.explain((0,))
    assert refused.value.sentence == "x (0,) has no entries: there is nothing to measure."


def test_the_code_for_infinity_runs() -> None:
    data_, _blobs = answers.operation({"key": "norms", "parameters": {"p": math.inf}})
    assert data_["code"].splitlines()[-1].endswith("p=float('inf')))")


def test_the_diabetes_table_is_scikit_learns() -> None:
    X, y = data.diabetes()
    bunch = load_diabetes()
    np.testing.assert_allclose(X.numpy(), bunch.data, atol=1e-12)
    np.testing.assert_array_equal(y.numpy(), bunch.target)


@pytest.mark.parametrize("decay", [1e-3, 0.2, 30.0])
def test_weight_decay_is_scikit_learns_ridge(decay) -> None:
    x, y, *_others = weight_decay.sample()
    X = weight_decay.powers(x, 5)
    w = weight_decay.run(X - X.mean(0), y - y.mean(), decay)
    expected = Ridge(alpha=decay, solver="svd").fit(X.numpy(), y.numpy()).coef_
    np.testing.assert_allclose(w.numpy(), expected, rtol=1e-6, atol=1e-6)


def test_some_weight_decay_beats_none_and_far_too_much() -> None:
    fit = weight_decay.fitted(12)
    assert min(fit.validation) < 0.8 * fit.validation[0]
    assert min(fit.validation) < fit.validation[-1]
    assert list(fit.norms) == sorted(fit.norms, reverse=True)
    assert list(fit.training) == sorted(fit.training)


@pytest.mark.parametrize("at", [0, 8, 14, 24, 32, 40])
def test_lasso_is_scikit_learns(at) -> None:
    X, y = lasso_zeros.standardised()
    found = lasso_zeros.paths()
    tool = Lasso(alpha=float(found.lambdas[at]), fit_intercept=False, tol=1e-10, max_iter=200_000)
    expected = tool.fit(X.numpy(), y.numpy()).coef_
    np.testing.assert_allclose(found.lasso[:, at].numpy(), expected, atol=1e-4)
    np.testing.assert_array_equal(found.lasso[:, at].numpy() == 0, expected == 0)


@pytest.mark.parametrize("at", [3, 30])
def test_the_ridge_beside_it_is_scikit_learns(at) -> None:
    X, y = lasso_zeros.standardised()
    found = lasso_zeros.paths()
    strength = float(found.lambdas[at]) * len(y)
    expected = Ridge(alpha=strength, fit_intercept=False).fit(X.numpy(), y.numpy()).coef_
    np.testing.assert_allclose(found.ridge[:, at].numpy(), expected, atol=1e-8)


@pytest.mark.parametrize("outlier", [(1.5, 3.5), (6.5, 0.2), (4.0, -0.5), (0.0, 0.0)])
def test_both_lines_are_the_best_of_their_kind(outlier) -> None:
    x, y = outlier_fit.flowers()
    x, y = (
        torch.cat([x, torch.tensor([outlier[0]]).double()]),
        torch.cat([y, torch.tensor([outlier[1]]).double()]),
    )
    squares, sizes = outlier_fit.run(x, y)
    np.testing.assert_allclose(squares.numpy(), np.polyfit(x.numpy(), y.numpy(), 1), atol=1e-9)
    X = np.stack([x.numpy(), np.ones(len(x))], axis=1)
    n = len(x)  # least sum of t with −t <= y − X w <= t
    best = linprog(
        np.r_[0, 0, np.ones(n)],
        A_ub=np.block([[X, -np.eye(n)], [-X, -np.eye(n)]]),
        b_ub=np.r_[y.numpy(), -y.numpy()],
        bounds=[(None, None)] * 2 + [(0, None)] * n,
    )
    assert np.abs(y.numpy() - X @ sizes.numpy()).sum() == pytest.approx(best.fun, abs=1e-9)


def test_a_drag_of_the_outlier_moves_the_line_of_least_squares_more() -> None:
    x, y = outlier_fit.flowers()
    before = outlier_fit.run(x, y)
    far = torch.tensor(outlier_fit.START).double()
    after = outlier_fit.run(torch.cat([x, far[:1]]), torch.cat([y, far[1:]]))
    moved = [abs(float(b[0] - a[0])) for b, a in zip(before, after, strict=True)]
    assert moved[0] > 3 * moved[1]


def test_one_norm_for_all_rows_normalises_nothing_and_the_fix_does() -> None:
    X = torch.tensor(norm_per_row.X)
    assert not torch.allclose(torch.linalg.vector_norm(norm_per_row.run(X), dim=1), torch.ones(3))
    last = list(norm_per_row.steps())[-1]
    fixed = torch.tensor(last.panels[0].blocks[-1].rows)
    torch.testing.assert_close(torch.linalg.vector_norm(fixed, dim=1), torch.ones(3))

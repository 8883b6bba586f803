"""The dot product: the picture measures what torch measures, and the traps' fixes were really executed."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core import tensors
from core.figures import film
from core.ops import column_times_row, dot_product, long_vectors_win
from core.ops.dot_scene import measured
from core.panels import Bars, Cells, Plane
from core.shapes import ShapeError

NUMBERS = st.floats(-50, 50, width=32).filter(lambda value: value == 0 or abs(value) > 1e-2)
PAIRS = st.integers(2, 3).flatmap(lambda n: st.tuples(*[st.lists(NUMBERS, min_size=n, max_size=n)] * 2))


@given(PAIRS)
def test_shadow_times_length_is_the_dot_product(pair) -> None:
    x, y = (torch.tensor(values, dtype=torch.float64) for values in pair)
    for onto, other in (("y", y), ("x", x)):
        found = measured(x, y, onto)
        product = found.shadow * float(torch.linalg.vector_norm(other))
        assert product == pytest.approx(float(torch.dot(x, y)), abs=1e-6)


@given(PAIRS)
def test_cosine_and_angle_are_torchs(pair) -> None:
    x, y = (torch.tensor(values, dtype=torch.float64) for values in pair)
    found = measured(x, y, "y")
    if not all(found.lengths.values()):
        assert math.isnan(found.cosine)
        return
    expected = torch.nn.functional.cosine_similarity(x, y, dim=0)
    assert found.cosine == pytest.approx(float(expected), abs=1e-9)
    assert math.cos(math.radians(found.degrees)) == pytest.approx(float(expected), abs=1e-6)


@pytest.mark.parametrize(
    ("y", "word"), [([2.0, 4.0], "acute"), ([-1.0, 3.0], "right"), ([-4.0, -2.0], "obtuse")]
)
def test_the_sign_is_told(y, word) -> None:
    last = list(dot_product.steps(torch.tensor([3.0, 1.0]), torch.tensor(y)))[-1]
    assert word in last.sentence


def test_lengths_that_differ_get_the_sentence_of_the_house() -> None:
    with pytest.raises(ShapeError) as refused:
        dot_product.explain((3,), (4,))
    assert refused.value.sentence == "Axis n is 3 in x (3,) but 4 in y (4,)."


@pytest.mark.parametrize(
    "text", ["zeros(0)", "[nan, 1]", "[1, inf]", "[1e30, 1]", "[0, 0]", "[7]", "ones(5)", "arange(1000000)"]
)
def test_any_vector_is_told(text) -> None:
    x = tensors.read(text).float()
    steps = list(dot_product.steps(x, x))
    assert 1 < len(steps) <= 60
    assert len(film.to_json(film.film(steps, key="dot-product", mode="light"))) < 400_000


def test_a_long_vector_is_told_by_stretches_that_add_up() -> None:
    x = torch.arange(1000.0)
    last = list(dot_product.steps(x, torch.ones(1000)))[-1]
    bars = next(panel for panel in last.panels if isinstance(panel, Bars))
    assert sum(bars.values) == 499_500
    cells = next(panel for panel in last.panels if isinstance(panel, Cells))
    assert any(block.note == "the first 8 of 1,000 entries" for block in cells.blocks)


def test_both_arrows_can_be_dragged() -> None:
    step = next(dot_product.steps(torch.tensor([3.0, 1.0]), torch.tensor([2.0, 4.0])))
    plane = next(panel for panel in step.panels if isinstance(panel, Plane))
    assert {handle.name for handle in plane.handles} == {"x", "y"}
    assert all(
        any(mark.kind == kind for mark in plane.marks if hasattr(mark, "kind"))
        for kind in ("arc", "projection")
    )


def test_the_longest_vector_wins_and_the_fix_finds_the_right_one() -> None:
    q, K = torch.tensor(long_vectors_win.QUERY), torch.tensor(long_vectors_win.KEYS)
    assert int(long_vectors_win.run(q, K).argmax()) == 0
    assert int(long_vectors_win.normalised(q, K).argmax()) == 1
    expected = torch.nn.functional.cosine_similarity(K, q[None, :], dim=1)
    torch.testing.assert_close(long_vectors_win.normalised(q, K), expected)


def test_a_column_times_a_row_adds_up_all_pairs() -> None:
    x, y = torch.tensor(column_times_row.X), torch.tensor(column_times_row.Y)
    assert float(column_times_row.run(x, y)) == float(x.sum() * y.sum()) == 30
    last = list(column_times_row.steps())[-1]
    assert last.panels[0].blocks[-1].rows == ((7.0,),)

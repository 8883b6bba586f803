"""read and literal: text to tensor and back, and the net that keeps our own mistakes from becoming stack traces."""

from __future__ import annotations

import doctest
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import tensors
from core.expression import ExpressionError
from core.tensors import literal, read


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (torch.tensor([[2.0, 1.0], [0.0, 3.0]]), "[[2, 1], [0, 3]]"),
        (torch.tensor([0.1, -0.25, 1 / 3]), "[0.1, -0.25, 0.3333333]"),
        (torch.tensor([1, -2]), "[1, -2]"),
        (torch.tensor(5.0), "5"),
        (torch.tensor([True, False]), "[True, False]"),
        (torch.tensor([math.nan, math.inf, -math.inf]), "[nan, inf, -inf]"),
        (torch.tensor([1e20, 1e-9]), "[1e+20, 1e-09]"),
        (torch.tensor([12345678, 9007199254740993]), "[12345678, 9007199254740993]"),
        (torch.tensor([]), "[]"),
        (torch.zeros(0, 3), "torch.zeros(0, 3)"),
        (torch.tensor([-0.0]), "[0]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_literal_is_the_shortest_text(tensor, text):
    assert literal(tensor) == text
    again = read(text)
    assert again.shape == tensor.shape
    assert torch.allclose(again.double(), tensor.double(), rtol=1e-6, equal_nan=True)


def test_digits_are_significant_digits():
    assert literal(torch.tensor([math.pi, 1234.5678], dtype=torch.float64), digits=3) == "[3.14, 1.23e+03]"
    assert literal(torch.tensor(math.pi, dtype=torch.float64), digits=17) == "3.1415926535897931"


SHAPES = st.sampled_from([(), (3,), (2, 3), (3, 1), (2, 1, 2), (0,), (2, 0)])
FLOATS = st.floats(width=32, allow_nan=False)


@st.composite
def float_tensors(draw):
    shape = draw(SHAPES)
    count = torch.Size(shape).numel()
    return torch.tensor(draw(st.lists(FLOATS, min_size=count, max_size=count))).reshape(shape)


@settings(max_examples=500, deadline=None)
@given(float_tensors())
def test_float32_survives_the_round_trip_with_nine_digits(tensor):
    again = read(literal(tensor, digits=9)).float()
    assert again.shape == tensor.shape
    assert torch.equal(again, tensor)


@settings(max_examples=300, deadline=None)
@given(float_tensors())
def test_literal_of_what_was_read_is_the_same_text(tensor):
    text = literal(tensor)
    assert literal(read(text)) == text  # 1e+07 is read as a float, and written 1e+07


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=6))
def test_whole_numbers_survive_exactly(values):
    assert read(literal(torch.tensor(values, dtype=torch.int64))).tolist() == values


def test_our_own_mistake_becomes_an_error_without_a_trace(monkeypatch):
    def broken(*_arguments):
        raise KeyError("/secret/path.py")

    monkeypatch.setattr(tensors, "check_program", broken)
    with pytest.raises(ExpressionError) as caught:
        read("[1, 2]")
    assert caught.value.rule == "internal"
    assert "secret" not in caught.value.sentence + caught.value.fix
    assert caught.value.__suppress_context__


def test_examples_in_the_docstrings_are_true():
    found = doctest.testmod(tensors)
    assert found.attempted >= 3 and not found.failed

"""Numbers as readers see them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        (-1.0, "−1"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.41421, "1.41"),
        (-0.5, "−0.5"),
        (12345.0, "12345"),
        (0.1 + 0.2, "0.3"),
        (1234.56, "1235"),
        (1.5e7, "1.5×10⁷"),
        (-2e-5, "−2×10⁻⁵"),
        (0.9999, "1"),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
    ],
)
def test_number(value, text) -> None:
    assert numbers.number(value) == text


@given(st.floats(min_value=1e-3, max_value=9e5))
def test_three_digits_tell_the_truth(value) -> None:
    assert float(numbers.number(value)) == pytest.approx(value, rel=0.005)


def test_a_negative_factor_stands_in_brackets() -> None:
    assert numbers.factor(-1) == "(−1)"
    assert numbers.factor(3) == "3"
    assert numbers.vector([1, -2.5]) == "(1, −2.5)"
    assert numbers.subscript(12) == "₁₂"

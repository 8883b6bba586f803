"""Numbers as a reader sees them: as few digits as tell the truth, minus signs as minus signs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

MINUS = "−"
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@lru_cache(maxsize=4096)
def number(value: float, digits: int = 3) -> str:
    """`value` with at most `digits` significant digits: 2, −0.5, 1.41, 1.2×10⁶, NaN, ∞.

    Whole numbers below a million are written in full.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    size = abs(value)
    if size == round(size) and size < 1e6:
        text = str(round(size))
    elif 1e-3 <= size < 1e6:
        text = _plain(size, digits)
    else:
        text = _scientific(size, digits)
    return (MINUS if value < 0 and text != "0" else "") + text


def _plain(size: float, digits: int) -> str:
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{size:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scientific(size: float, digits: int) -> str:
    if size == 0:
        return "0"
    mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
    powers = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}×10{str(int(exponent)).translate(powers)}"


def factor(value: float) -> str:
    """`value` as a factor in a product: a negative one stands in brackets, as in 5·(−1)."""
    text = number(value)
    return f"({text})" if text.startswith(MINUS) else text


def vector(values: Iterable[float], most: int | None = None) -> str:
    """(1, −2): a vector in a sentence; of more than `most` entries the first ones, and an ellipsis."""
    texts = [number(value) for value in values]
    shown = texts if most is None or len(texts) <= most else [*texts[:most], "…"]
    return f"({', '.join(shown)})"


def subscript(index: int) -> str:
    """₁₂ for 12."""
    return str(index).translate(SUBSCRIPTS)


def plus(terms: Iterable[str]) -> str:
    """Terms joined by plus signs."""
    return " + ".join(terms)

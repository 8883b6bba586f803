"""Arithmetic on the plain numbers of a line, checked against int64 before anything is computed.

Python's own integers have no end: 10**10**7 would hold the interpreter for six seconds.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from core.expression.errors import ExpressionError
from core.words import _

Number = bool | int | float
LOW, HIGH = -(2**63), 2**63 - 1


def overflow(dtype: str = "int64") -> ExpressionError:
    """The refusal of a whole number that its type cannot hold."""
    sentence = _("{dtype} overflow: the value does not fit into {dtype}.").format(dtype=dtype)
    return ExpressionError(sentence, _("Use floats, such as `10.0`, or smaller numbers."), rule="overflow")


def whole(value: Number) -> Number:
    """`value`, refused where it is an integer beyond int64."""
    if isinstance(value, int) and not LOW <= value <= HIGH:
        raise overflow()
    return value


def _by_zero() -> ExpressionError:
    fix = _("Write `inf` or `nan` if that is what you mean.")
    return ExpressionError(_("This divides by zero."), fix, rule="division-by-zero")


def _power(base: Number, exponent: Number) -> Number:
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        if abs(base) > 1 and exponent > 63:
            raise overflow()
        return base**exponent
    if base == 0 and exponent < 0:
        raise _by_zero()
    if base < 0 and not float(exponent).is_integer():
        sentence = _("A negative number has no real power {exponent}.").format(exponent=exponent)
        raise ExpressionError(sentence, rule="complex")
    try:
        return float(base) ** float(exponent)
    except OverflowError:
        odd = base < 0 and float(exponent) % 2 == 1
        return -math.inf if odd else math.inf


def _dividing(divide: Callable[[Number, Number], Number]) -> Callable[[Number, Number], Number]:
    def divided(left: Number, right: Number) -> Number:
        if right == 0:
            raise _by_zero()
        return divide(left, right)

    return divided


def _bits(combine: Callable[[int, int], int]) -> Callable[[Number, Number], Number]:
    def combined(left: Number, right: Number) -> Number:
        if isinstance(left, float) or isinstance(right, float):
            sentence = _("`&`, `|`, `^` and `~` work on whole numbers and on True and False.")
            raise ExpressionError(sentence, rule="dtype")
        return combine(left, right)

    return combined


def _invert(value: Number) -> Number:
    _bits(operator.and_)(value, value)
    return not value if isinstance(value, bool) else ~value


def _no_product(_left: Number, _right: Number) -> Number:
    sentence = _("@ multiplies vectors and matrices, not single numbers.")
    raise ExpressionError(sentence, _("Use `*`."), rule="shape")


BINARY: dict[str, Callable[[Number, Number], Number]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _dividing(operator.truediv),
    "//": _dividing(operator.floordiv),
    "%": _dividing(operator.mod),
    "**": _power,
    "@": _no_product,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "&": _bits(operator.and_),
    "|": _bits(operator.or_),
    "^": _bits(operator.xor),
}
FUNCTIONS: dict[str, Callable[[float], Number]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "tanh": math.tanh,
    "floor": math.floor,
    "ceil": math.ceil,
}
UNARY: dict[str, Callable[[Number], Number]] = {"-": operator.neg, "+": operator.pos, "~": _invert}


def combine(sign: str, left: Number, right: Number) -> Number:
    """`left sign right`, of plain numbers."""
    try:
        return whole(BINARY[sign](left, right))
    except (ArithmeticError, ValueError):
        raise overflow("float64") from None


def turn(sign: str, value: Number) -> Number:
    """`sign value`, of a plain number."""
    return whole(UNARY[sign](value))


def call(name: str, value: Number) -> Number:
    """`name(value)`, of a plain number; what Python refuses is nan or inf, as torch has it.

    >>> call("sqrt", 4), call("log", 0), call("sqrt", -1)
    (2.0, -inf, nan)
    """
    try:
        return whole(FUNCTIONS[name](value))
    except OverflowError:
        return math.inf if name == "exp" else value
    except ValueError:
        if name in ("floor", "ceil"):  # of nan
            return value
        return -math.inf if name.startswith("log") and value == 0 else math.nan

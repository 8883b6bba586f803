"""Tensors from text and back: `read` a few lines of the tensor language, write a small tensor as a `literal`."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch

from core.expression import ExpressionError, check_program, evaluate_program, parse_program
from core.limits import Limits, current
from core.words import _

__all__ = ["ExpressionError", "literal", "read"]


def read(
    text: str,
    *,
    limits: Limits | None = None,
    names: Mapping[str, torch.Tensor] | None = None,
    device: str = "cpu",
) -> torch.Tensor:
    """The tensor that `text` means: the last of its lines; raises ExpressionError, and nothing else.

    >>> read("[[2, 1], [0, 3]] @ [1, 2]")
    tensor([4, 6])
    """
    limits = limits or current()
    try:
        program = parse_program(text, limits, names or ())
        check_program(program, limits, names)
        return evaluate_program(program, limits, names, device)
    except ExpressionError:
        raise
    except (
        Exception
    ):  # a mistake of ours must not become a visitor's stack trace; the tests look for this rule
        raise ExpressionError(_("This cannot be computed."), "", 0, len(text), "internal") from None


def literal(tensor: torch.Tensor, digits: int = 7) -> str:
    """The shortest text for a small tensor, `digits` significant digits a number, whole numbers without ".0".

    >>> literal(torch.tensor([[2.0, 1.0], [0.0, 3.5]]))
    '[[2, 1], [0, 3.5]]'
    """
    if tensor.numel() == 0 and (tensor.ndim != 1):
        return f"torch.zeros({', '.join(map(str, tensor.shape))})"
    return _nested(tensor.detach().cpu().tolist(), digits)


def _nested(value: list | bool | int | float, digits: int) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_nested(one, digits) for one in value) + "]"
    return number(value, digits)


def number(value: bool | int | float, digits: int = 7) -> str:
    """One number as short as it can be said.

    >>> number(2.0), number(0.1 + 0.2), number(float("-inf"))
    ('2', '0.3', '-inf')
    """
    if isinstance(value, bool | int) or not math.isfinite(value):
        return str(value)
    if value.is_integer() and abs(value) < 10**digits:
        return str(int(value))
    return f"{value:.{digits}g}"

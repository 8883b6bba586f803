"""Texts that name tensors of the shelf, as torch code that runs alone: made anew where a text says how, else loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch

from core import tensors
from core.expression import ExpressionError
from core.expression.program import parse_program
from core.expression.script import program_lines
from core.limits import current
from core.shapes import show

LOADED = 'load_file("workspace.safetensors")["{name}"]'
IMPORT = "from safetensors.torch import load_file  # the workspace file, saved on the tensors page"
MOST_IN_CODE = 200  # elements of a tensor written number by number
CLOSE = 1e-4  # another processor adds up in another order
ROUNDINGS = 10  # of numbers with fewer digits


def code(text: str, names: Mapping[str, torch.Tensor], texts: Mapping[str, str]) -> str:
    """`text`, already read without error, as a script that prints its result.

    `names`: the tensors of the shelf; `texts`: those of them that a text alone gives.
    """
    imports, done, result = lines(text, names, texts)
    return "\n".join([*imports, "", *done, f"print({result})", ""])


def lines(
    text: str, names: Mapping[str, torch.Tensor], texts: Mapping[str, str]
) -> tuple[list[str], list[str], str]:
    """The same in parts: what is imported, what is done, and the name that the result then has."""
    named = [name for name in names if re.search(rf"\b{name}\b", text)]
    before = [f"{name} = {texts[name]}" for name in named if name in texts]
    whole = "\n".join([*before, text])
    if len(whole) > current().text or not _reads(whole, names):
        before, whole = [], text
    loaded = {name: LOADED.format(name=name) for name in named if not before or name not in texts}
    imports, done, result = program_lines(whole, _numbers, loaded)
    needs_file = any(call in line for call in loaded.values() for line in done)
    return [IMPORT, *imports] if needs_file else imports, done, result


def check(result: Any) -> list[str]:
    """Lines that hold `result` against the value that the page showed: number by number, or by its shape."""
    if not isinstance(result, torch.Tensor):
        return []
    result = result.detach().cpu()
    if not 0 < result.numel() <= MOST_IN_CODE:
        return [f"assert result.shape == ({show(tuple(result.shape))})"]
    name = "result"
    if result.is_complex():
        name, result = "torch.view_as_real(result.resolve_conj())", torch.view_as_real(result.resolve_conj())
    compare = f"torch.equal({name}, shown)"
    if result.is_floating_point():
        compare = f"torch.allclose({name}, shown, {_tolerance(result.dtype)}, equal_nan=True)"
    return [
        f"shown = torch.tensor({python(tensors.literal(result))}, dtype={result.dtype})",
        f"assert {compare}",
    ]


def _tolerance(dtype: torch.dtype) -> str:
    """Relative, and absolute a hundredth of it, as arguments."""
    near = max(CLOSE, ROUNDINGS * torch.finfo(dtype).eps)
    return f"rtol={near:.1g}, atol={near / 100:.1g}"


def python(literal: str) -> str:
    """Numbers as Python writes them: it has no literals for what is not finite."""
    return literal.replace("nan", "float('nan')").replace("inf", "float('inf')")


def _reads(whole: str, names: Mapping[str, torch.Tensor]) -> bool:
    try:
        parse_program(whole, names=names)
    except ExpressionError:
        return False
    return True


def _numbers(part: str) -> str:
    """What only the atlas has, such as rotation(degrees=30), as nested lists."""
    return tensors.literal(tensors.read(part))

"""Texts that name tensors of the shelf, as torch code that runs alone: made anew where a text says how, else loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch

from core import tensors
from core.expression import ExpressionError
from core.expression.program import parse_program
from core.expression.script import program_as_torch
from core.limits import current

LOADED = 'load_file("workspace.safetensors")["{name}"]'
IMPORT = "from safetensors.torch import load_file  # the workspace file, saved on the tensors page"
PRINT = "\nprint("


def code(text: str, names: Mapping[str, torch.Tensor], texts: Mapping[str, str]) -> str:
    """`text`, already read without error, as a script that prints its result.

    `names`: the tensors of the shelf; `texts`: those of them that a text alone gives.
    """
    named = [name for name in names if re.search(rf"\b{name}\b", text)]
    before = [f"{name} = {texts[name]}" for name in named if name in texts]
    whole = "\n".join([*before, text])
    if len(whole) > current().text or not _reads(whole, names):
        before, whole = [], text
    loaded = {name: LOADED.format(name=name) for name in named if not before or name not in texts}
    written = program_as_torch(whole, _numbers, loaded)
    return f"{IMPORT}\n{written}" if any(call in written for call in loaded.values()) else written


def lines(
    text: str, names: Mapping[str, torch.Tensor], texts: Mapping[str, str]
) -> tuple[list[str], list[str], str]:
    """The same in parts: what is imported, what is done, and the name that the result then has."""
    imports, _blank, rest = code(text, names, texts).partition("\n\n")
    body, _print, result = rest.rstrip().rpartition(PRINT)
    return imports.split("\n"), body.split("\n"), result.removesuffix(")")


def cells(written: str) -> list[str]:
    """A script as the cells of a notebook: what is imported, what is given and done, what comes of it."""
    imports, _blank, rest = written.partition("\n\n")
    body, _print, result = rest.rstrip().rpartition(PRINT)
    return [imports, body, result.removesuffix(")")]


def _reads(whole: str, names: Mapping[str, torch.Tensor]) -> bool:
    try:
        parse_program(whole, names=names)
    except ExpressionError:
        return False
    return True


def _numbers(part: str) -> str:
    """What only the atlas has, such as rotation(degrees=30), as nested lists."""
    return tensors.literal(tensors.read(part))

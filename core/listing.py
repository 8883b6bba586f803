"""The code that ran, as lines of Python that run alone: the tensors written in, the source, the call."""

from __future__ import annotations

import base64
import inspect
import math
import textwrap
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

from core import tensors
from core.expression.forms import is_pasted
from core.expression.script import as_torch
from core.operation import Example, Operation
from core.shapes import show
from core.words import _
from core.workbench import shelf, written
from core.workbench.written import MOST_IN_CODE

MOST_PACKED = 60_000  # letters of a tensor's bytes, packed, in a file that has to run alone


class Listing(NamedTuple):
    """Imports, lines that give the tensors, the function's source, and its call ("": there is nothing to call)."""

    imports: list[str]
    given: list[str]
    source: str
    call: str

    def text(self) -> str:
        """All of it, as a page shows it: it prints what the call returns."""
        return "\n".join([*self.imports, "", *self.given, "", "", self.source, "", "", f"print({self.call})"])


def of_operation(
    found: Operation,
    given: Mapping[str, torch.Tensor],
    parameters: Mapping[str, Any],
    texts: Mapping[str, str],
    arguments: Mapping[str, Any] | None = None,
    *,
    packed: bool = False,
) -> Listing:
    """The code that ran, with the tensors written in: it runs alone. Large ones are written as they were typed.

    `arguments`: the question, with the tensors of the shelf that the texts name.
    `packed`: a tensor that would need more than torch (a data set, the workspace file) is written as packed bytes,
    as far as that is not too long.

    What was typed in another notation (LaTeX, rows of a spreadsheet) is written number by number, however large: it
    has no more numbers than a line of text.
    """
    imports, lines, last = _givens(found, given, texts, arguments or {}, packed)
    named = []
    for name, value in found.run_parameters(parameters).items():
        if isinstance(value, list):  # tensors that were prepared: the weights of a network
            lines += _listed(name, value)
        named.append(f"{name}={name if isinstance(value, list) else _argument(value)}")
    call = f"{found.run.__name__}({', '.join([*given, *named])})"
    return Listing(imports, [*lines, *last], found.code, call)


def of_example(
    found: Operation, chosen: Example, given: Mapping[str, torch.Tensor], arguments: Mapping[str, Any]
) -> Listing:
    """The source of a practice or a trap of `found`; called where it takes nothing but the page's tensors."""
    imports, lines, last = _givens(found, given, arguments.get("inputs", {}), arguments, True)
    takes = len(inspect.signature(chosen.run).parameters)
    call = f"{chosen.run.__name__}({', '.join(given)})" if takes == len(given) else ""
    return Listing(imports, [*lines, *last], chosen.code, call)


def _givens(
    found: Operation,
    given: Mapping[str, torch.Tensor],
    texts: Mapping[str, str],
    arguments: Mapping[str, Any],
    packed: bool,
) -> tuple[list[str], list[str], list[str]]:
    """What is imported, the lines that come first, and those that give the page's tensors their names.

    The last come after all that names the shelf, where a tensor may be called like an input.
    """
    imports, lines, last = {"import torch"}, [], []
    typed = {item.name: texts.get(item.name, item.default) for item in found.inputs}
    for name, tensor in given.items():
        more, done, assigned = _assignment(name, tensor, typed.get(name, ""), arguments, packed)
        imports.update(more)
        lines += done
        last.append(assigned)
    return sorted(imports), lines, last


def _argument(value: Any) -> str:
    """A parameter's value as Python writes it; infinity has no literal of its own."""
    return "float('inf')" if value == math.inf else repr(value)


def _listed(name: str, values: list[Any]) -> list[str]:
    """A list of tensors, or of tuples of them, as Python writes it: an entry a line."""
    return [f"{name} = [", *(f"    {_written(value)}," for value in values), "]"]


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_written, value))})"
    return f"torch.tensor({_digits(value.tolist())})" if isinstance(value, torch.Tensor) else _argument(value)


def _digits(value: Any) -> str:
    """float32 numbers in nested lists, each with as many digits as tell it from its neighbours."""
    if isinstance(value, list):
        return f"[{', '.join(map(_digits, value))}]"
    return next(text for digits in range(1, 18) if _single(text := f"{value:.{digits}g}") == _single(value))


def _single(value: Any) -> float:
    return float(torch.tensor(float(value), dtype=torch.float32))


def _assignment(
    name: str, tensor: torch.Tensor, typed: str, arguments: Mapping[str, Any], packed: bool
) -> tuple[list[str], list[str], str]:
    """What is imported, the lines that come first, and the line that gives `name` its tensor."""
    shape = show(tuple(tensor.shape))
    if tensor.numel() > MOST_IN_CODE:
        alone = as_torch(typed, lambda part: tensors.literal(tensors.read(part)))
        if alone is not None and "sklearn" not in alone:
            return [], [], f"{name} = ({alone}).to({tensor.dtype})  # {shape}"
        if not is_pasted(typed):
            return (packed and _packed(name, tensor)) or _as_typed(name, tensor, typed, arguments, packed)
    if tensor.numel() == 0:
        return [], [], f"{name} = torch.zeros({shape})"
    text = written.python(tensors.literal(tensor))
    return [], [], f"{name} = torch.tensor({text}, dtype={tensor.dtype})  # {shape}"


def _as_typed(
    name: str, tensor: torch.Tensor, typed: str, arguments: Mapping[str, Any], alone: bool
) -> tuple[list[str], list[str], str]:
    """The text in torch, which needs a data set or the workspace file; `alone`: a comment says so."""
    given = (shelf.tensors_of(arguments), shelf.texts_of(arguments))
    imports, done, result = written.lines(typed, *given)
    done.append(f"given_{name} = {result}")
    if alone:
        sentence = _(
            "{name} is too large to be written here; this makes it again, and needs what is imported for it."
        )
        done.insert(0, f"# {sentence.format(name=name)}")
    return imports, done, f"{name} = given_{name}.to({tensor.dtype})  # {show(tuple(tensor.shape))}"


def _packed(name: str, tensor: torch.Tensor) -> tuple[list[str], list[str], str] | None:
    """The tensor's own bytes, exact and short; None where they are too long."""
    raw = tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
    text = base64.b64encode(zlib.compress(raw, 9)).decode()
    if len(text) > MOST_PACKED:
        return None
    shape = show(tuple(tensor.shape))
    lines = [f"bytes_of_{name} = (", *(f'    "{line}"' for line in textwrap.wrap(text, 100)), ")"]
    unpacked = f"bytearray(zlib.decompress(base64.b64decode(bytes_of_{name})))"
    return (
        ["import base64", "import zlib"],
        lines,
        f"{name} = torch.frombuffer({unpacked}, dtype={tensor.dtype}).reshape({shape})  # {shape}",
    )

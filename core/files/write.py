"""Tensors -> files and lines of code: .npy, safetensors, CSV, torch, NumPy, LaTeX. What is written reads back equal.

`tensor` is a dense one of the language's dtypes, on any device. What cannot be said in a format is a FileError.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core import lazy
from core.files.errors import FileError
from core.limits import current
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

np = lazy.load("numpy")
torch = lazy.load("torch")
torch_format = lazy.load("safetensors.torch")

NAME = re.compile(r"[A-Za-z_]\w{0,59}", re.ASCII)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula
DIGITS = 6  # significant, in LaTeX


def npy(tensor: Tensor) -> bytes:
    """A .npy of the same shape and dtype; NumPy has no bfloat16."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, _array(tensor), allow_pickle=False)
    return buffer.getvalue()


def safetensors(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """A safetensors file: tensors by name, and notes by name. Views of one storage are written out each."""
    whole = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    return torch_format.save(whole, dict(metadata) or None)


def csv(tensor: Tensor) -> bytes:
    """One line a row; a vector is a column. Each number is the shortest that reads back as the same value."""
    if tensor.ndim > 2:
        raise FileError(
            _("CSV is a table of two axes, and the tensor has {count}.").format(count=tensor.ndim),
            _("Take a slice of it, or save it as .npy or .safetensors."),
        )
    texts = [_cell(text) for text in _texts(tensor)]
    width = tensor.shape[1] if tensor.ndim == 2 else 1
    rows = tensor.shape[0] if tensor.ndim else 1
    lines = [",".join(texts[k * width : (k + 1) * width]) for k in range(rows)]
    return "".join(line + "\n" for line in lines).encode("ascii")


def torch_code(tensor: Tensor, name: str) -> str:
    """The line of torch that makes the tensor: `A = torch.tensor([[1, 2]], dtype=torch.int64)`."""
    _check_code(tensor, name)
    dtype = str(tensor.dtype)
    if not tensor.numel():
        return f"{name} = torch.zeros({tuple(tensor.shape)}, dtype={dtype})"
    words = {"nan": 'float("nan")', "inf": 'float("inf")', "-inf": '-float("inf")'}
    return f"{name} = torch.tensor({_nested(tensor, words)}, dtype={dtype})"


def numpy_code(tensor: Tensor, name: str) -> str:
    """The line of NumPy that makes the tensor: `A = np.array([[1, 2]], dtype=np.int64)`."""
    _check_code(tensor, name)
    dtype = {"bool": "bool"}.get(
        kind := _array(tensor[..., :0] if tensor.ndim else tensor).dtype.name, f"np.{kind}"
    )
    if not tensor.numel():
        return f"{name} = np.zeros({tuple(tensor.shape)}, dtype={dtype})"
    words = {"nan": "np.nan", "inf": "np.inf", "-inf": "-np.inf"}
    return f"{name} = np.array({_nested(tensor, words)}, dtype={dtype})"


def latex(tensor: Tensor) -> str:
    """A number, or a pmatrix of 6 significant digits; a vector is a column."""
    limit = current().latex_elements
    if tensor.ndim > 2:
        raise FileError(
            _("A matrix in LaTeX has two axes, and the tensor has {count}.").format(count=tensor.ndim),
            _("Take a slice of it."),
        )
    if tensor.numel() > limit:
        raise FileError(
            _("The tensor has {count} elements; {limit} are written as LaTeX.").format(
                count=tensor.numel(), limit=limit
            ),
            _("Take a slice of it."),
        )
    if tensor.ndim == 0:
        return _latex_number(tensor.item())
    rows = (tensor if tensor.ndim == 2 else tensor.unsqueeze(1)).tolist()
    lines = [" & ".join(map(_latex_number, row)) for row in rows]
    return "\\begin{pmatrix}\n" + " \\\\\n".join(lines) + "\n\\end{pmatrix}"


def _array(tensor: Tensor) -> Any:
    if tensor.dtype == torch.bfloat16:
        raise FileError(_("NumPy has no bfloat16."), _("Convert it to float32, or save it as .safetensors."))
    return tensor.detach().cpu().contiguous().numpy()


def _check_code(tensor: Tensor, name: str) -> None:
    limit = current().code_elements
    if not NAME.fullmatch(name):
        raise FileError(_("This is no name for a tensor in code."))
    if tensor.numel() > limit:
        raise FileError(
            _("The tensor has {count} elements; {limit} are written as code.").format(
                count=tensor.numel(), limit=limit
            ),
            _("Save it as .npy or .safetensors."),
        )


def _cell(text: str) -> str:
    """Text that a spreadsheet would run is quoted with an apostrophe; numbers never are."""
    if not text.startswith(FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text


def _nested(tensor: Tensor, words: Mapping[str, str]) -> str:
    """Python's list of the values, in the tensor's shape."""
    texts = _texts(tensor)
    if tensor.dtype == torch.bool:
        texts = [{"0": "False", "1": "True"}[text] for text in texts]
    elif tensor.is_floating_point():
        texts = [words.get(text, text) for text in texts]
    for size in reversed(tensor.shape):
        texts = ["[" + ", ".join(texts[k : k + size]) + "]" for k in range(0, len(texts), size)]
    return texts[0]


def _texts(tensor: Tensor) -> list[str]:
    """Every value, in order, as the shortest decimal that reads back as the same one; truth is 1 and 0."""
    flat = tensor.detach().cpu().reshape(-1)
    if not tensor.is_floating_point():
        return [str(int(value)) for value in flat.tolist()]
    if tensor.dtype == torch.bfloat16:
        return _bfloat16(flat)
    if tensor.dtype == torch.float64:
        return [_short(repr(value)) for value in flat.tolist()]
    return _shortest(flat.numpy(), flat.tolist())


def _shortest(values: Any, exact: list[float]) -> list[str]:
    """Of float32 or float16. A reader by way of float64 rounds twice: where that shows, all digits are given."""
    texts = [_short(str(value)) for value in values]
    through = np.array([float(text) for text in texts], np.float64).astype(values.dtype)
    for place in np.flatnonzero((through != values) & ~np.isnan(values)):
        texts[place] = repr(exact[place])
    return texts


def _bfloat16(flat: Tensor) -> list[str]:
    """Each of the 65,536 values is looked for once: four digits are always enough."""
    kinds, places = torch.unique(flat.view(torch.int16), return_inverse=True)
    values = kinds.view(torch.bfloat16)
    known = [_digits(value) for value in values]
    return [known[place] for place in places.tolist()]


def _digits(value: Tensor) -> str:
    number = value.item()
    if math.isfinite(number):
        for digits in range(1, 5):
            text = _short(repr(float(f"{number:.{digits}g}")))
            if torch.tensor(float(text), dtype=torch.bfloat16) == value:
                return text
    return _short(repr(number))


def _short(text: str) -> str:
    """1.0 as 1, 1e+20 as 1e20, 1e-05 as 1e-5.

    >>> _short("2.0"), _short("1e-05"), _short("-0.0")
    ('2', '1e-5', '-0.0')
    """
    mantissa, mark, exponent = text.partition("e")
    if mantissa.endswith(".0") and mantissa != "-0.0":  # an integer has no -0
        mantissa = mantissa[:-2]
    return f"{mantissa}e{int(exponent)}" if mark else mantissa


def _latex_number(value: bool | int | float) -> str:
    if isinstance(value, bool | int):
        return str(int(value))
    if math.isnan(value):
        return r"\mathrm{nan}"
    if math.isinf(value):
        return r"\infty" if value > 0 else r"-\infty"
    mantissa, mark, exponent = f"{value:.{DIGITS}g}".partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if mark else mantissa

"""What may become a tensor of the atlas: shapes are asked before anything is copied, dtypes are made its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core import lazy
from core.files.errors import FileError, shown
from core.files.records import Loaded, tensor_name
from core.limits import Limits
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

torch = lazy.load("torch")

KEPT = (
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool",
)  # fmt: skip
# The language has no such dtype; every value is in the other one (uint64 is asked).
BECOMES = {
    "uint16": "int32",
    "uint32": "int64",
    "uint64": "int64",
    "float8_e4m3fn": "float32",
    "float8_e4m3fnuz": "float32",
    "float8_e5m2": "float32",
    "float8_e5m2fnuz": "float32",
    "float8_e8m0fnu": "float32",
}
LARGEST = 2**63 - 1


def dtype_name(tensor: Tensor) -> str:
    """The dtype as torch calls it, without "torch."."""
    return str(tensor.dtype).removeprefix("torch.")


def check_dtype(name: str) -> None:
    """Refuses a dtype, by its torch name, that the atlas neither has nor converts."""
    if name in KEPT or name in BECOMES:
        return
    if name.startswith("complex"):
        raise FileError(
            _("It holds complex numbers ({dtype}), and the atlas computes with real ones.").format(
                dtype=shown(name)
            ),
            _("Save the real and the imaginary part as two arrays."),
        )
    raise FileError(
        _("It holds values of the kind {dtype}, which is not read here.").format(dtype=shown(name)),
        _("Convert it to float32 or int64 before saving."),
    )


@dataclass
class Admission:
    """The tensors of one file as they are let in, and what is said about them."""

    limits: Limits
    taken: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    found: list[Loaded] = field(default_factory=list)
    elements: int = 0

    def shape(self, shape: Sequence[int]) -> None:
        """Refuses too many axes or elements, in this tensor or together with those before; counts it."""
        check_shape(shape, self.limits)
        self.elements += math.prod(shape)
        if self.elements > self.limits.total_elements:
            sentence = _("The tensors of the file have more than {limit} elements in all.")
            raise FileError(
                sentence.format(limit=self.limits.total_elements), _("Save fewer of them in one file.")
            )

    def tensor(self, tensor: Tensor, wanted: str, note: str, key: str = "") -> None:
        """Let in a tensor whose shape was counted; it is copied unless it is contiguous already."""
        tensor = self._own_dtype(tensor.detach()).contiguous()
        name = tensor_name(wanted, self.taken)
        self.taken.add(name)
        self.found.append(Loaded(name, tensor, note, shown(key)))

    def _own_dtype(self, tensor: Tensor) -> Tensor:
        name = dtype_name(tensor)
        check_dtype(name)
        if name == "bool":
            # a byte that is neither 0 nor 1 is a bool that is neither True nor False
            return tensor.contiguous().view(torch.uint8).ne(0)
        if name not in BECOMES:
            return tensor
        if name == "uint64" and bool((tensor.view(torch.int64) < 0).any()):
            sentence = _("It holds whole numbers above {limit}, which no dtype of the atlas can hold.")
            raise FileError(sentence.format(limit=LARGEST))
        self._say(_("{dtype} was read as {other}.").format(dtype=name, other=BECOMES[name]))
        return tensor.to(getattr(torch, BECOMES[name]))

    def _say(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


def check_shape(shape: Sequence[int], limits: Limits) -> None:
    """Refuses more axes or more elements than one tensor may have, and an axis that no tensor could have."""
    if len(shape) > limits.axes:
        sentence = _("A tensor of the file has {count} axes, and {limit} are allowed.")
        raise FileError(sentence.format(count=len(shape), limit=limits.axes))
    if any(size < 0 for size in shape):
        raise FileError(_("The file gives an axis a negative size: it is damaged."))
    count = math.prod(shape)
    if count > limits.elements or max(shape, default=0) > limits.elements:
        sentence = _(
            "A tensor of the file has the shape {shape}: that is too large, {limit} elements are allowed."
        )
        raise FileError(
            sentence.format(shape=shape_text(shape), limit=limits.elements), _("Save a smaller part of it.")
        )


def shape_text(shape: Iterable[int]) -> str:
    """(2, 3) as a reader writes it; enormous sizes are cut."""
    return "(" + ", ".join(shown(str(size), 20) for size in shape) + ")"


def left_out(names: Sequence[str], count: int) -> str:
    """A sentence about entries of a file that are no tensors; `names` are the first of them."""
    listed = ", ".join(shown(name, 30) for name in names[:5])
    if count == 1:
        return _("Left out, as it is no tensor: {names}.").format(names=listed)
    return _("Left out, as they are no tensors: {count} entries ({names}).").format(
        count=count, names=listed + (", …" if count > 5 else "")
    )

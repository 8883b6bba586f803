"""NumPy's files -> tensors: .npy read by its own header, .npz as an archive of them. Nothing is unpickled."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from core import lazy
from core.files.admit import Admission, check_dtype, left_out, shape_text
from core.files.archives import Archive
from core.files.errors import FileError, shown
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

np = lazy.load("numpy")
torch = lazy.load("torch")

MAGIC = b"\x93NUMPY"
MOST_SHAPE = 1_000  # letters; numpy's own arrays have at most 64 axes
ITEM = re.compile(
    r"""\s*["'](descr|fortran_order|shape)["']\s*:\s*("[^"]{0,60}"|'[^']{0,60}'|True|False|\([\d,\sL]*\))\s*(,|\Z)"""
)
STRUCTURED = re.compile(r"""[\"']descr[\"']\s*:\s*\[""")
DESCRIPTION = re.compile(r"([<>|=]?)([a-zA-Z])(\d{0,9})(\[[^\]]*\])?")
NUMBERS = {  # numpy's kind and bytes -> torch's name
    "f2": "float16", "f4": "float32", "f8": "float64", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
    "u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64", "b1": "bool", "c8": "complex64",
    "c16": "complex128",
}  # fmt: skip


class Header(NamedTuple):
    """What the head of a .npy says."""

    descr: str  # with the byte order: "<f4"
    fortran: bool
    shape: tuple[int, ...]
    start: int  # byte at which the values begin


def npy(data: bytes, admission: Admission) -> Tensor:
    """The array of a .npy (versions 1 to 3) as a tensor; its shape is counted."""
    header = _header(data, admission.limits.npy_header_bytes)
    admission.shape(header.shape)
    dtype = np.dtype(header.descr)
    count, rest = math.prod(header.shape), len(data) - header.start
    if count * dtype.itemsize != rest:
        sentence = _(
            "The header promises {shape} values of {dtype}, {wanted} bytes, and {found} bytes follow."
        )
        raise FileError(
            sentence.format(
                shape=shape_text(header.shape), dtype=dtype.name, wanted=count * dtype.itemsize, found=rest
            ),
            _("The file is cut off or damaged: save it again."),
        )
    flat = np.frombuffer(data, dtype, count, header.start) if count else np.zeros(0, dtype)
    array = flat.reshape(header.shape, order="F" if header.fortran else "C")
    return torch.from_numpy(np.array(array, dtype=dtype.newbyteorder("="), order="C", copy=True))


def _header(data: bytes, limit: int) -> Header:
    damaged = FileError(_("The header of the NumPy file is damaged."), _("Save it again with numpy.save."))
    version = data[6:7]
    if version not in (b"\1", b"\2", b"\3"):
        raise damaged
    length_at = ("<H", 8, 10) if version == b"\1" else ("<I", 8, 12)
    if len(data) < length_at[2]:
        raise damaged
    (length,) = struct.unpack_from(length_at[0], data, length_at[1])
    start = length_at[2] + length
    if length > limit or start > len(data):
        raise damaged
    items = _items(data[length_at[2] : start].decode("utf-8", "replace"))
    if set(items) != {"descr", "fortran_order", "shape"}:
        raise damaged
    descr = _described(items["descr"])
    if not items["shape"].startswith("(") or items["fortran_order"] not in ("True", "False"):
        raise damaged
    if len(items["shape"]) > MOST_SHAPE:
        raise damaged
    sizes = [int(size) for size in re.findall(r"\d+", items["shape"])]
    return Header(descr, items["fortran_order"] == "True", tuple(sizes), start)


def _items(text: str) -> dict[str, str]:
    """{"descr": "'<f4'", ...}: a fixed form, read by rule. What does not fit is left out, and so missed."""
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return {}
    if STRUCTURED.search(text):
        raise FileError(
            _("The array is a table with named columns (a structured dtype), which is no tensor."),
            _("Save each column as an array of its own."),
        )
    inside, found, at = text[1:-1].rstrip(), {}, 0
    while match := ITEM.match(inside, at):
        if match[1] in found:
            return {}
        found[match[1]] = match[2]
        at = match.end()
    return found if at == len(inside) else {}


def _described(text: str) -> str:
    """The dtype as numpy writes it, of a kind that is read here."""
    match = DESCRIPTION.fullmatch(text.strip("\"'"))
    if match is None:
        raise FileError(_("The header of the NumPy file is damaged."), _("Save it again with numpy.save."))
    order, kind, size = match[1], match[2], match[3]
    if kind == "O":
        raise FileError(
            _("The array contains program objects (dtype object), which are never loaded."),
            _("Convert it to numbers, then save it, or save it as safetensors."),
        )
    name = NUMBERS.get(kind + size)
    if name is None:
        words = {"U": _("text"), "S": _("text"), "a": _("text"), "M": _("dates"), "m": _("spans of time")}
        sentence = _("The array holds {what} (dtype {dtype}), and the atlas computes with numbers.")
        raise FileError(
            sentence.format(what=words.get(kind, _("other values")), dtype=shown(text.strip("\"'")))
        )
    check_dtype(name)
    return (order if order in "<>" else "") + kind + size


def npz(archive: Archive, admission: Admission) -> None:
    """Every array of a .npz."""
    skipped: Sequence[str] = [name for name in archive.names if not name.endswith(".npy")]
    for name in archive.names:
        if not name.endswith(".npy"):
            continue
        content, key = archive.read(name), name.removesuffix(".npy")
        if not content.startswith(MAGIC):
            raise FileError(
                _("The member {name} of the archive is no NumPy array.").format(name=shown(name)),
                _("Save it again with numpy.savez."),
            )
        tensor = npy(content, admission)
        admission.tensor(tensor, key, _("member {name} of the archive").format(name=shown(key)), key)
    if skipped:
        admission.notes.append(left_out(skipped, len(skipped)))

"""safetensors -> tensors. Header length, names, shapes and offsets are checked here first; then the library reads."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from core import lazy
from core.files.admit import Admission, check_dtype
from core.files.errors import FileError, shown
from core.limits import Limits
from core.words import _

torch_format = lazy.load("safetensors.torch")

METADATA = "__metadata__"
HEADER = 8  # bytes of its length, little endian
DTYPES = {  # of the format -> torch's
    "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64", "I8": "int8", "I16": "int16",
    "I32": "int32", "I64": "int64", "U8": "uint8", "BOOL": "bool", "U16": "uint16", "U32": "uint32", "U64": "uint64",
    "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz", "C64": "complex64",
}  # fmt: skip
BYTES = {"F16": 2, "BF16": 2, "F32": 4, "F64": 8, "I8": 1, "I16": 2, "I32": 4, "I64": 8, "U8": 1, "BOOL": 1,
         "U16": 2, "U32": 4, "U64": 8, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1}  # fmt: skip


def looks_like(data: bytes) -> bool:
    """A length, then the brace of a header. Eight letters of a text are a length too, so those are not taken."""
    return data[HEADER : HEADER + 1] == b"{" and not all(9 <= byte < 127 for byte in data[:HEADER])


def safetensors(data: bytes, admission: Admission) -> dict[str, str]:
    """Every tensor of a safetensors file; returns its metadata."""
    header, start = _header(data, admission.limits)
    metadata = _metadata(header.pop(METADATA, {}), admission.limits)
    if len(header) > admission.limits.safetensors_tensors:
        sentence = _("The file has {count} tensors, and {limit} are allowed.")
        raise FileError(
            sentence.format(count=len(header), limit=admission.limits.safetensors_tensors),
            _("Save fewer tensors in one file."),
        )
    if not header:
        raise FileError(_("The safetensors file holds no tensor."))
    _filled([_entry(one, admission) for one in header.values()], len(data) - start)
    try:
        tensors = torch_format.load(data)
    except MemoryError:
        raise
    except Exception:  # the library's own errors, and KeyError for a dtype that torch lacks
        raise _damaged() from None
    for key in header:
        if key not in tensors:
            raise _damaged()
        admission.tensor(
            tensors.pop(key), key, _("entry {key} of the safetensors file").format(key=shown(key)), key
        )
    return metadata


def _damaged() -> FileError:
    return FileError(
        _("The header of the safetensors file is damaged."), _("Save it again, or transfer it again.")
    )


def _header(data: bytes, limits: Limits) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(data[:HEADER], "little")
    if length > limits.safetensors_header_bytes:
        sentence = _(
            "The header of the safetensors file says that it is {size} MB long, and {limit} MB are allowed."
        )
        raise FileError(
            sentence.format(size=f"{length / 1e6:.3g}", limit=f"{limits.safetensors_header_bytes / 1e6:g}")
        )
    if HEADER + length > len(data):
        raise FileError(
            _("The safetensors file is cut off: its header is longer than the file."), _("Transfer it again.")
        )
    try:
        header = json.loads(data[HEADER : HEADER + length].decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise _damaged() from None
    if not isinstance(header, dict):
        raise _damaged()
    return header, HEADER + length


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise FileError(_("The safetensors file gives the same name twice."), _("Save it again."))
    return found


def _metadata(found: Any, limits: Limits) -> dict[str, str]:
    if not isinstance(found, Mapping) or not all(isinstance(text, str) for text in found.values()):
        raise _damaged()
    if len(found) > limits.metadata_entries:
        sentence = _("The safetensors file has {count} notes in its header, and {limit} are allowed.")
        raise FileError(sentence.format(count=len(found), limit=limits.metadata_entries))
    return dict(found)


def _entry(one: Any, admission: Admission) -> tuple[int, int]:
    """The bytes, from and to, of one tensor; they must be as many as its shape and dtype need."""
    if not isinstance(one, dict) or set(one) != {"dtype", "shape", "data_offsets"}:
        raise _damaged()
    dtype, shape, offsets = one["dtype"], one["shape"], one["data_offsets"]
    if not isinstance(dtype, str) or not _whole(shape) or not _whole(offsets) or len(offsets) != 2:
        raise _damaged()
    check_dtype(DTYPES.get(dtype, f"({dtype})"))
    admission.shape(shape)
    if offsets[1] - offsets[0] != math.prod(shape) * BYTES[dtype]:
        raise _damaged()
    return offsets[0], offsets[1]


def _whole(found: Any) -> bool:
    return isinstance(found, list) and all(type(one) is int and 0 <= one < 2**63 for one in found)


def _filled(spans: Sequence[tuple[int, int]], size: int) -> None:
    """The tensors lie one after another and fill the file: no gap, no overlap."""
    at = 0
    for begin, end in sorted(spans):
        if begin != at:
            raise _damaged()
        at = end
    if at != size:
        raise FileError(
            _(
                "The safetensors file is cut off or damaged: {wanted} bytes of values are listed, {found} are there."
            ).format(wanted=at, found=size),
            _("Transfer it again."),
        )

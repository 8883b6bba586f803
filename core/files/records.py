"""What reading a file gives: its tensors with their names, and what is to be said about them."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

MOST_NAME = 30  # letters of a tensor's name
NAMELESS = "T"
MOST_FILENAME = 300  # letters of a file's name that are looked at


@dataclass(frozen=True)
class Loaded:
    """One tensor out of a file: strided, real, contiguous, on the CPU, of a dtype that the tensor language knows."""

    name: str  # an identifier, made from the file's name or the member's key
    tensor: Tensor
    note: str  # what it is, in the visitor's language: "PNG, 640 × 427"
    key: str = ""  # the member's own key, as it may be shown


@dataclass(frozen=True)
class Read:
    """All that one file holds."""

    tensors: tuple[Loaded, ...]
    metadata: Mapping[str, str]  # of a safetensors file; else empty
    kind: str  # npy, npz, pt, safetensors, csv, image, clip
    notes: tuple[str, ...]  # sentences: what was converted, what was left out


def tensor_name(text: str, taken: Container[str] = (), reserved: Container[str] = ()) -> str:
    """An identifier of at most 30 ASCII letters, digits and underscores out of any text; numbered where it is taken.

    >>> tensor_name("layer.0.weight"), tensor_name("photo", {"photo"}), tensor_name("照片")
    ('layer_0_weight', 'photo_2', 'T')
    """
    plain = unicodedata.normalize("NFKD", text[:MOST_FILENAME]).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").lstrip("0123456789_")
    base = words[:MOST_NAME].rstrip("_") or NAMELESS
    name, number = base, 1
    while name in taken or name in reserved or keyword.iskeyword(name):
        number += 1
        tail = f"_{number}"
        name = base[: MOST_NAME - len(tail)].rstrip("_") + tail
    return name


def stem(filename: str) -> str:
    """A file's name without its folders (of any system) and its ending.

    >>> stem("C:\\\\data\\\\photo.final.png"), stem("/etc/.hidden")
    ('photo.final', '.hidden')
    """
    last = re.split(r"[/\\]", filename[-MOST_FILENAME:])[-1]
    before, dot, _ending = last.rpartition(".")
    return before if dot and before else last

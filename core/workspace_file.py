"""A shelf and a deck as one workspace file: safetensors, put together from the bytes that a session holds. No torch.

Names, texts and origins lie in its metadata, the slides in one tensor of bytes. `core.workbench.shelf.load` reads it,
as it reads every file from outside.
"""

from __future__ import annotations

import json
from typing import Any

from core.slides import Deck
from core.workspace import Item, Workspace

MARK = "tensor_atlas"  # in the metadata of a workspace file
VERSION = "1"
DECK = "atlas:slides"  # the tensor that holds the deck; no tensor of the shelf can be called so
LENGTH = 4  # bytes that say how long the list of slides is, big endian
HEADER = 8  # bytes that say how long the file's header is, little endian; its end is padded to as many
KINDS = {  # torch's name of a dtype -> that of the format, and the bytes of a number
    "float64": ("F64", 8), "int64": ("I64", 8), "float32": ("F32", 4), "int32": ("I32", 4), "float16": ("F16", 2),
    "bfloat16": ("BF16", 2), "int16": ("I16", 2), "int8": ("I8", 1), "uint8": ("U8", 1), "bool": ("BOOL", 1),
}  # fmt: skip


def pieces(workspace: Workspace, deck: Deck) -> list[bytes]:
    """The file in pieces: what describes it, then each tensor and each figure as it lies in the session.

    Empty where there is nothing to keep. The same shelf and deck always give the same bytes.
    """
    items = sorted(
        workspace.items, key=lambda item: -KINDS[item.dtype][1]
    )  # the widest first, so all are aligned
    films = [slide.film for slide in deck.slides]
    told = _deck_header(deck) if films else b""
    if not items and not films:
        return []
    entries, at = {}, 0
    for item in items:
        entries[item.name] = _entry(KINDS[item.dtype][0], item.shape, at, len(item.data))
        at += len(item.data)
    if films:
        size = len(told) + sum(map(len, films))
        entries[DECK] = _entry("U8", (size,), at, size)
    found = [_header(workspace.items, entries), *(item.data for item in items), told, *films]
    return [piece for piece in found if piece]


def written(workspace: Workspace, deck: Deck) -> bytes:
    """The file in one."""
    return b"".join(pieces(workspace, deck))


def _entry(kind: str, shape: tuple[int, ...], at: int, size: int) -> dict[str, Any]:
    return {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + size]}


def _header(items: tuple[Item, ...], entries: dict[str, Any]) -> bytes:
    listed = [{"name": item.name, "text": item.text, "origin": item.origin} for item in items]
    metadata = {MARK: VERSION, "items": json.dumps(listed, ensure_ascii=False)}
    text = json.dumps(
        {"__metadata__": metadata, **entries}, ensure_ascii=False, separators=(",", ":")
    ).encode()
    text += b" " * (-len(text) % HEADER)
    return len(text).to_bytes(HEADER, "little") + text


def _deck_header(deck: Deck) -> bytes:
    listed = [slide.described() | {"size": len(slide.film)} for slide in deck.slides]
    text = json.dumps({"title": deck.title, "slides": listed}, ensure_ascii=False).encode()
    return len(text).to_bytes(LENGTH, "big") + text

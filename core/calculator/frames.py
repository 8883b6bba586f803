"""The wire between the server and a worker: a JSON header and raw parts. Data only, never a pickle.

    magic "ATL1" | header length (4 bytes) | body length (8 bytes) | header (JSON) | the parts, one after another

The header is an object; its "lengths" say where the parts end. What does not fit this exactly is Corrupt.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

MAGIC = b"ATL1"
PREAMBLE = struct.Struct(">4sIQ")
HEADER_BYTES = 64 << 10
PARTS = 80  # the question, and all the tensors of a shelf (core.limits) beside it

ReadInto = Callable[[memoryview], int]  # fills some of a buffer, returns how much; 0 at the end of the stream


class Corrupt(Exception):
    """What came over the wire is not a frame, or is larger than allowed."""


class Closed(Exception):
    """The other end is gone."""


@dataclass(frozen=True)
class Message:
    """One request or one reply."""

    header: dict[str, Any]
    parts: tuple[bytes, ...] = ()


def encode(header: dict[str, Any], parts: Sequence[bytes] = ()) -> bytes:
    """The bytes of a message."""
    lengths = [len(part) for part in parts]
    text = json.dumps({**header, "lengths": lengths}).encode()
    return b"".join([PREAMBLE.pack(MAGIC, len(text), sum(lengths)), text, *parts])


def read(read_into: ReadInto, limit: int) -> Message:
    """The next message; its body is at most `limit` bytes. Raises Corrupt, or Closed at the end of the stream."""
    magic, header_length, body_length = PREAMBLE.unpack(_exactly(read_into, PREAMBLE.size))
    if magic != MAGIC or header_length > HEADER_BYTES or body_length > limit:
        raise Corrupt(f"{magic!r} {header_length} {body_length}")
    header = as_object(_exactly(read_into, header_length))
    lengths = _lengths(header, body_length)
    return Message(header, _split(_exactly(read_into, body_length), lengths))


def as_object(data: bytes) -> dict[str, Any]:
    """`data` as a JSON object; Corrupt for anything else, however deeply nested or strangely encoded."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Corrupt(type(error).__name__) from None
    if not isinstance(value, dict):
        raise Corrupt(type(value).__name__)
    return value


def _lengths(header: dict[str, Any], body_length: int) -> list[int]:
    lengths = header.pop("lengths", None)
    whole = isinstance(lengths, list) and all(type(n) is int and n >= 0 for n in lengths)
    if not whole or len(lengths) > PARTS or sum(lengths) != body_length:
        raise Corrupt("lengths")
    return lengths


def _split(body: bytearray, lengths: Sequence[int]) -> tuple[bytes, ...]:
    view, start, parts = memoryview(body), 0, []
    for length in lengths:
        parts.append(bytes(view[start : start + length]))
        start += length
    return tuple(parts)


def _exactly(read_into: ReadInto, count: int) -> bytearray:
    buffer = bytearray(count)
    view = memoryview(buffer)
    while view:
        got = read_into(view)
        if not got:
            raise Closed
        view = view[got:]
    return buffer

"""What the components of a page were given, as a browser would read it."""

from __future__ import annotations

import json
import zlib
from typing import Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PACKED = b"x"  # zlib's first byte (pages/shared/stage/static/film.js)


def unpacked(data: bytes) -> bytes:
    """The JSON of a payload."""
    return zlib.decompress(data) if data[:1] == PACKED else data


def payload(element: Any) -> dict[str, Any]:
    """What a component of ours was given; `element`: its protobuf."""
    return json.loads(unpacked(bytes(element.bytes)) or element.json or element.mixed.json)


def readable(raw: bytes) -> bytes:
    """A message to a browser with what is packed in it unpacked: packed bytes may say any three letters."""
    packed = bytes(ForwardMsg.FromString(raw).delta.new_element.bidi_component.bytes)
    return raw.replace(packed, b"") + unpacked(packed) if packed else raw

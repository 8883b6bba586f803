"""Many files in one message to a component of ours: JSON first, then their bytes, as static/framing.js reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def framed(header: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """4 bytes with the length of the JSON (big endian), the JSON with {"files": [{name, size}]}, the files."""
    listed = [{"name": name, "size": len(content)} for name, content in files.items()]
    told = json.dumps({**header, "files": listed}, ensure_ascii=False, separators=(",", ":")).encode()
    return b"".join([len(told).to_bytes(4, "big"), told, *files.values()])

"""The stills of home as files of their own: fetched when they come into view, kept by the browser.

Within the page's messages, thirteen of them would hold its words up.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from pages.shared.assets import Asset, Assets
from pages.shared.base import base

FOLDER = Path(__file__).resolve().parents[1] / "home"
ROUTE = "/poster"
# A still is a picture and nothing more, also for a browser that opens it alone.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def folders() -> dict[str, Assets]:
    """Where the stills lie, under server.baseUrlPath: for assets.Folders."""
    return {f"{base()}{ROUTE}/": Assets(_still)}


def address(path: Path) -> str:
    """Where the browser finds a still, an address that changes with its content; empty where there is none."""
    found = _stills().get(path.name)
    return f"{base()}{ROUTE}/{found[0]}/{path.name}" if found else ""


@cache
def _stills() -> dict[str, tuple[str, bytes]]:
    """name -> (digest, content), read once."""
    found = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.svg"))}
    return {name: (hashlib.sha256(content).hexdigest()[:16], content) for name, content in found.items()}


def _still(name: str) -> Asset | None:
    """`name`: digest and file, as `address` says them."""
    digest, _slash, file = name.partition("/")
    known, content = _stills().get(file, ("", b""))
    if not known or known != digest:
        return None
    return Asset(content, "image/svg+xml", headers={"Content-Security-Policy": POLICY})

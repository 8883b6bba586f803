"""Files that never change under their address, sent out of memory: the stage's, the stills of home, and Streamlit's.

A page asks for 120 of them before its first picture. Streamlit reads each anew in another thread (1 to 2 ms of the
processor), and sends it as it is to everybody; from here it takes a fifth of that, and who is far away gets it packed.
"""

from __future__ import annotations

import gzip
import mimetypes
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import anyio.to_thread
import streamlit
from starlette.datastructures import Headers
from starlette.responses import Response

from pages.shared.base import base

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

FOREVER = "public, max-age=31536000, immutable"
PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
# Streamlit's files: each name has a digest of the content in it.
FOLDER = Path(streamlit.__file__).parent / "static" / "static"
CHUNK = re.compile(r'(?:from|import)"\./([\w.$-]+\.js)"')  # in Streamlit's scripts
TEXTS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}  # what packing makes smaller


class Asset(NamedTuple):
    """A file: its bytes, its type, gzip's level (0: it is sent as it is) and its headers beside the usual ones."""

    content: bytes
    media_type: str
    packing: int = 9
    headers: Mapping[str, str] = {}


class Assets:
    """The files of a folder: `read(name)` is asked once for each, None says that there is no such file."""

    def __init__(self, read: Callable[[str], Asset | None]) -> None:
        self._read = read
        self._made: dict[tuple[str, bool], Asset] = {}

    async def answer(self, scope: Scope, name: str) -> Response:
        """The answer to a request for `name`. Reading and packing (0.1 s at most) are done once, in another thread."""
        packs = _packs(scope)
        asset = self._made.get((name, packs)) or await anyio.to_thread.run_sync(self._make, name, packs)
        if asset is None:
            return Response("Not found", status_code=404, media_type="text/plain")
        headers = {"Cache-Control": FOREVER, "X-Content-Type-Options": "nosniff", **asset.headers}
        return Response(asset.content, media_type=asset.media_type, headers=headers)

    def _make(self, name: str, packs: bool) -> Asset | None:
        asset = self._read(name)
        if asset is None:
            return None
        if asset.packing:
            headers = {**asset.headers, "Vary": "Accept-Encoding"}
            if packs:
                headers["Content-Encoding"] = "gzip"
                asset = asset._replace(content=gzip.compress(asset.content, asset.packing, mtime=0))
            asset = asset._replace(headers=headers)
        return self._made.setdefault((name, packs), asset)


def _packs(scope: Scope) -> bool:
    """Whether the answer shall be packed: not on this machine with no proxy between, where it would only delay."""
    headers = Headers(scope=scope)
    client = scope["client"][0] if scope.get("client") else ""
    near = client in ("127.0.0.1", "::1") and not any(name in headers for name in PROXIED)
    return not near and "gzip" in headers.get("accept-encoding", "")


class Folders:
    """ASGI middleware: what is asked for in `folders` (address of a folder -> its files), and in Streamlit's own.

    Streamlit's middleware, which packs each answer anew for every visitor, does not come to see these.
    """

    def __init__(self, app: ASGIApp, folders: Mapping[str, Assets]) -> None:
        self.app = app
        self.folders = {f"{base()}/static/": Assets(_of_streamlit), **folders}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is in a folder; all other requests pass."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            path = scope["path"]
            for start, files in self.folders.items():
                if path.startswith(start):
                    answer = await files.answer(scope, path.removeprefix(start))
                    return await answer(scope, receive, send)
        return await self.app(scope, receive, send)


@cache
def _names() -> frozenset[str]:
    """The files of Streamlit's folder: nothing else is opened, whatever an address says."""
    return frozenset(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())


def chunks(*components: str) -> list[str]:
    """The addresses of the scripts of Streamlit's `components` and of all that those import, but its page's own.

    Its page asks for each when the first of its kind has come, and then, one after another, for what that imports.
    """
    page = (FOLDER.parent / "index.html").read_text(encoding="utf-8")
    waiting = [path.name for name in components for path in (FOLDER / "js").glob(f"{name}.*.js")]
    found: list[str] = []
    while waiting:
        name = waiting.pop(0)
        if name not in found and name not in page:
            found.append(name)
            waiting += CHUNK.findall((FOLDER / "js" / name).read_text(encoding="utf-8"))
    return [f"{base()}/static/js/{name}" for name in found]


def _of_streamlit(name: str) -> Asset | None:
    if name not in _names():
        return None
    path = FOLDER / name
    kind = TEXTS.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(path.read_bytes(), kind, 6 if path.suffix in TEXTS else 0)

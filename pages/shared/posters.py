"""The stills of home as files of their own: fetched when they come into view, kept by the browser.

Within the page's messages, thirteen of them would hold its words up.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pages.shared.base import base

FOLDER = Path(__file__).resolve().parents[1] / "home"
ROUTE = "/poster"
FOREVER = "public, max-age=31536000, immutable"
# A still is a picture and nothing more, also for a browser that opens it alone.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def routes() -> list[BaseRoute]:
    """The route of the stills, under server.baseUrlPath."""
    return [Route(f"{base()}{ROUTE}/{{digest}}/{{name}}", _serve, methods=["GET"])]


def address(path: Path) -> str:
    """Where the browser finds a still, an address that changes with its content; empty where there is none."""
    found = _stills().get(path.name)
    return f"{base()}{ROUTE}/{found[0]}/{path.name}" if found else ""


@cache
def _stills() -> dict[str, tuple[str, bytes]]:
    """name -> (digest, content), read once."""
    found = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("*.svg"))}
    return {name: (hashlib.sha256(content).hexdigest()[:16], content) for name, content in found.items()}


def _serve(request: Request) -> Response:
    digest, content = _stills().get(request.path_params["name"], ("", b""))
    if not digest or digest != request.path_params["digest"]:
        return Response("Not found", status_code=404, media_type="text/plain")
    headers = {"Cache-Control": FOREVER, "Content-Security-Policy": POLICY}
    return Response(content, media_type="image/svg+xml", headers=headers)

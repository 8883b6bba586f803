"""Uploads on their way to Streamlit: counted for each visitor, and not taken where the server has no room for them.

Streamlit's field would show a refusal as a status in English. So a file that is refused is read and thrown away, an
empty one takes its place, and the page, which asks `why_not`, says why in a sentence.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from core import calculator, events
from core.limits import current
from pages.shared.base import base
from pages.shared.hosting import refusals, visitors

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADDRESS = re.compile(r"/_stcore/upload_file/([^/]{1,100})/([^/]{1,100})")
BOUNDARY = re.compile(r"multipart/form-data;.*\bboundary=\"?([^\s;\"]{1,200})", re.IGNORECASE)
REMEMBERED = 10_000  # refused files whose page has not asked yet
HEAD = 4096  # bytes of a body in which the name of its file stands
FRAMING = 64 << 10  # bytes of a body beside the file

_lock = threading.Lock()
_refused: OrderedDict[str, calculator.Failure] = OrderedDict()


def why_not(given: Any) -> tuple[str, str] | None:
    """(Why this file of a field was not taken, what would work); None where it was."""
    with _lock:
        failure = _refused.pop(given.file_id, None)
    if failure is None:
        return None
    return refusals.uploads(failure.seconds) if failure.detail == "upload" else refusals.sentence_of(failure)


class Uploads:
    """ASGI middleware that takes uploads within the limits."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.base = app, base()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an upload on, or an empty one in its place; everything else as it is."""
        path = scope.get("path", "")
        place = ADDRESS.fullmatch(path.removeprefix(self.base)) if scope["type"] == "http" else None
        if place is None or scope["method"] != "PUT":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        size, boundary = headers.get("content-length", ""), BOUNDARY.match(headers.get("content-type", ""))
        if not size.isdecimal() or len(size) > 15 or boundary is None:
            answer = PlainTextResponse("An upload says how large it is.", status_code=411)
            await answer(scope, receive, send)
            return
        session, file = place.groups()
        visitor = visitors.named(Request(scope).cookies, session)
        failure = _refusal(visitor, int(size))
        if failure is None:
            events.emit("upload", bytes=int(size))
            await self.app(scope, receive, send)
            return
        events.emit("refused", why=failure.detail, task="upload")
        start = await _throw_away(receive, current().file_bytes + FRAMING)
        with _lock:
            _refused[file] = failure
            while len(_refused) > REMEMBERED:
                _refused.popitem(last=False)
        await self.app(*_empty(scope, start, boundary[1].encode("latin-1")), send)


def _refusal(visitor: str, size: int) -> calculator.Failure | None:
    running = calculator.running()
    why = running.refusal(heavy=True)
    if why is not None:
        return calculator.Failure("refused", detail=why)
    wait = running.budget.upload(visitor, size)
    return calculator.Failure("refused", wait, "upload") if wait else None


async def _throw_away(receive: Receive, most: int) -> bytes:
    """Read the body and forget all but its start: a browser that is still sending hears no answer."""
    start = b""
    async for piece in _pieces(receive):
        start += piece[: HEAD - len(start)]
        most -= len(piece)
        if most < 0:
            break
    return start


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
        yield message.get("body", b"")


def _empty(scope: Scope, start: bytes, boundary: bytes) -> tuple[dict[str, Any], Receive]:
    """The same request with a file in it that holds nothing. It keeps its name: a field takes certain endings only."""
    head, _found, _content = start.removeprefix(b"--%b\r\n" % boundary).partition(b"\r\n\r\n")
    body = b"--%b\r\n%b\r\n\r\n\r\n--%b--\r\n" % (boundary, head, boundary)
    kept = [pair for pair in scope["headers"] if pair[0].lower() != b"content-length"]
    headers = [*kept, (b"content-length", str(len(body)).encode())]
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return {**scope, "headers": headers}, receive

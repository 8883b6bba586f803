"""Exports over HTTP: the browser sends pictures, and a file comes back; stateless, in memory, bounded.

`POST /export/film|pdf|steps|deck`. The body: 4 bytes that say how long the header is (big-endian), the header (JSON),
then the files, one after another. The header holds "name" (of the file that comes back), "language", "files" as
[{"name": ..., "size": ...}], and what the task asks for (core.export.tasks). What cannot be made is answered by
{"sentence": ...}. Nothing here looks into a picture: that is done by a worker of the calculator.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import weakref
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from core import calculator, events
from core.calculator.fair import FairQueue
from core.export.pictures import safe_name
from core.limits import current
from core.words import _, speaking
from pages.shared.base import base
from pages.shared.hosting import refusals, visitors

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ROUTE = "/export"
OURS = "x-atlas-export"  # no form of another site can send it
HEADER_BYTES = 1_000_000
FILES = 1_000
PATIENCE = 30.0  # seconds that an export waits for its turn, or for room
SLOWEST = 120.0  # seconds that a body may take to come, and a file to go
GRACE, LEAST_RATE = 10.0, 20_000  # seconds; bytes a second that must come from then on
DRAINED = 3  # a body up to so many times too large is read and thrown away, so that the answer arrives
CHUNK = 256 << 10
TYPES = {
    "film": {"gif": "image/gif", "webp": "image/webp", "mp4": "video/mp4"},
    "pdf": {"pdf": "application/pdf"},
    "steps": {"zip": "application/zip"},
    "deck": {"pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
}


def routes() -> list[BaseRoute]:
    """The routes of the exports, under server.baseUrlPath."""
    made = Exports()
    return [Route(f"{address()}/{what}", Endpoint(made, what), methods=["POST"]) for what in TYPES]


def address() -> str:
    """Where the browser sends an export, without the "/film" that says which."""
    return base() + ROUTE


class Refused(Exception):
    """An export that is not made; a sentence and a status say why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Gone(Exception):
    """The browser went away."""


def at_once() -> int:
    """How many exports are made at the same time: they leave a worker to the pages, where there are two."""
    return max(1, min(current().exports_at_once, calculator.Settings().workers - 1))


def under_way() -> int:
    """Exports that this server is at: they come, wait, are made, or go."""
    return sum(len(one.rooms) for one in _all)


@dataclass(eq=False)
class Room:
    """The memory of one export, taken as its bytes come: who only announces many holds none."""

    exports: Exports
    visitor: str
    size: int = 0

    async def take(self, more: int) -> None:
        """`more` bytes; Refused where they do not become free in time."""
        changed = self.exports.changed
        async with changed:
            try:
                async with asyncio.timeout(PATIENCE):
                    await changed.wait_for(lambda: self.exports.fits(self, more))
            except TimeoutError:
                raise _busy() from None
            self.size += more


@dataclass(eq=False)
class Exports:
    """What all exports of a server share: turns and memory. Turns go round over visitors."""

    free: int = field(default_factory=at_once)
    turns: FairQueue[asyncio.Future[None]] = field(default_factory=lambda: FairQueue(current().exports))
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    rooms: list[Room] = field(default_factory=list)  # the oldest first

    def __post_init__(self) -> None:
        _all.add(self)

    @contextlib.asynccontextmanager
    async def room(self, visitor: str) -> AsyncIterator[Room]:
        """Memory for a body of that visitor; it is held until the block ends."""
        room = Room(self, visitor)
        self.rooms.append(room)
        try:
            yield room
        finally:
            self.rooms.remove(room)
            async with self.changed:
                self.changed.notify_all()

    def fits(self, room: Room, more: int) -> bool:
        """Whether it may grow. The oldest always may: many halves that wait for each other would never end."""
        own = [one for one in self.rooms if one.visitor == room.visitor]
        held = current().export_held_bytes
        limits = ((self.rooms, held), (own, held // 2))
        return all(rooms[0] is room or _held(rooms) + more <= most for rooms, most in limits)

    @contextlib.asynccontextmanager
    async def turn(self, visitor: str) -> AsyncIterator[None]:
        """One of the few exports that are made now; Refused where the others take too long."""
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.turns.add(visitor, called)
        self._call()
        try:
            await asyncio.wait({called}, timeout=PATIENCE)
            if not called.done():
                raise _busy()
            yield
        finally:
            if not self.turns.remove(visitor, called):  # it had its turn
                self.turns.done(visitor)
                self.free += 1
                self._call()

    def _call(self) -> None:
        while self.free and (called := self.turns.take()) is not None:
            self.free -= 1
            called.set_result(None)


_all: weakref.WeakSet[Exports] = weakref.WeakSet()


def _held(rooms: Sequence[Room]) -> int:
    return sum(room.size for room in rooms)


def _busy() -> Refused:
    return Refused(429, _("Too many exports are being made at this moment. Try again in a minute."))


@dataclass(frozen=True)
class Endpoint:
    """One of the exports as an ASGI application."""

    exports: Exports
    what: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, make, send; whatever happens, nothing stays behind."""
        headers = Headers(scope=scope)
        with speaking(_language(headers)):
            try:
                await self._serve(scope, headers, receive, send)
            except Refused as refused:
                events.emit("export", kind=self.what, outcome=str(refused.status))
                await _say(refused, scope, receive, send)
            except Gone:
                events.emit("export", kind=self.what, outcome="left")

    async def _serve(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        size = _announced(headers)
        most = current().export_bytes + HEADER_BYTES + 4
        if not same_origin(headers) or size > most:
            await _drain(receive, DRAINED * most)
            if size > most:
                sentence = _("The pictures of an export may have {most} MB in all. Choose a smaller size.")
                raise Refused(413, sentence.format(most=f"{current().export_bytes / 1e6:g}"))
            raise Refused(403, _("Exports are made for pages of this server only."))
        async with self.exports.room(_visitor(scope)) as room:
            try:
                question, made = await self._made(await _read(receive, size, room), receive, room.visitor)
            except Refused as refused:  # told before the room is free: it may hold the pictures by its frames
                events.emit("export", kind=self.what, outcome=str(refused.status))
                await _say(refused, scope, receive, send)
            else:
                events.emit("export", kind=self.what, outcome="made")
                await _send(send, made, _file_headers(self.what, question, len(made)))

    async def _made(self, body: bytearray, receive: Receive, visitor: str) -> tuple[dict[str, Any], bytes]:
        question, files = opened(body)
        del body  # its files are held once
        with speaking(str(question.get("language", ""))):
            lease = calculator.Lease()
            reply = await _unless_gone(receive, lease, self._reply(question, files, lease, visitor))
            if isinstance(reply, Refused):
                raise reply
            if "file" not in reply.blobs:
                raise Refused(422, str(reply.data.get("sentence")) or _failed())
        return question, reply.blobs["file"]

    async def _reply(
        self, question: dict[str, Any], files: bytes, lease: calculator.Lease, visitor: str
    ) -> calculator.Reply | Refused:
        async with self.exports.turn(visitor):
            making = asyncio.ensure_future(
                asyncio.to_thread(_ask, self.what, question, files, lease, visitor)
            )
            try:
                return await asyncio.shield(making)
            finally:
                await asyncio.wait({making})  # a thread cannot be ended, and it holds the pictures twice


# --- who asks


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a page of this server asks, as far as a browser tells; a program has only to say that it means it."""
    if headers.get(OURS) != "1":
        return False
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def _language(headers: Mapping[str, str]) -> str:
    """Of the sentences before the question is read: the browser's."""
    return headers.get("accept-language", "")[:2].lower()


def _announced(headers: Mapping[str, str]) -> int:
    """How many bytes come. A browser says so; who does not could send for ever."""
    text = headers.get("content-length", "")
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise Refused(411, _("An export must say how large it is."))
    return int(text)


def _visitor(scope: Scope) -> str:
    """Who sends: the cookie's visitor, for a class shares one address; without a cookie it is the address."""
    return visitors.named(Request(scope).cookies, scope["client"][0] if scope.get("client") else "")


# --- reading


async def _read(receive: Receive, size: int, room: Room) -> bytearray:
    """The body, exactly as long as it announced."""
    body, now = bytearray(), asyncio.get_running_loop().time
    begun = now()
    try:
        async with asyncio.timeout(min(SLOWEST, GRACE)) as limit:
            async for chunk in _chunks(receive):
                if len(body) + len(chunk) > size:
                    raise Refused(400, _malformed())
                came = now()
                limit.reschedule(None)  # who waits for room is not slow
                await room.take(len(chunk))
                begun += now() - came
                body += chunk
                limit.reschedule(begun + min(SLOWEST, GRACE + len(body) / LEAST_RATE))
    except TimeoutError:
        raise Refused(
            408, _("The pictures of the export did not arrive in time. Choose a smaller size.")
        ) from None
    if len(body) != size:
        raise Refused(400, _malformed())
    return body


async def _drain(receive: Receive, most: int) -> None:
    """Read and forget, up to `most` bytes: a browser that is still sending hears no answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SLOWEST):
            async for chunk in _chunks(receive):
                most -= len(chunk)
                if most < 0:
                    return


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        more = message.get("more_body", False)
        yield message.get("body", b"")


def opened(body: bytearray) -> tuple[dict[str, Any], bytes]:
    """The question, its "files" as "sizes" [(name, size)], and the files in one piece; Refused where they disagree."""
    length = int.from_bytes(body[:4], "big")
    if len(body) < 4 or not 0 < length <= min(HEADER_BYTES, len(body) - 4):
        raise Refused(400, _malformed())
    try:
        question = json.loads(body[4 : 4 + length].decode())
    except (ValueError, RecursionError):
        raise Refused(400, _malformed()) from None
    sizes = _sizes(question.pop("files", None)) if isinstance(question, dict) else None
    if sizes is None or sum(size for _name, size in sizes) != len(body) - 4 - length:
        raise Refused(400, _malformed())
    return question | {"sizes": sizes}, bytes(memoryview(body)[4 + length :])


def _sizes(files: Any) -> list[tuple[str, int]] | None:
    """(name, size) of each file; None for anything else."""
    if not isinstance(files, list) or len(files) > FILES:
        return None
    found = [(one.get("name"), one.get("size")) for one in files if isinstance(one, dict)]
    good = all(isinstance(name, str) and type(size) is int and size >= 0 for name, size in found)
    return found if good and len(found) == len(files) else None


def _malformed() -> str:
    return _("The export did not arrive as it was sent. Try again.")


# --- making


async def _unless_gone(receive: Receive, lease: calculator.Lease, work: Coroutine[Any, Any, Any]) -> Any:
    """What `work` returns; Gone as soon as the browser goes away: the worker that is at it is ended."""
    working, watching = asyncio.create_task(work), asyncio.create_task(_left(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Gone
        return working.result()
    finally:
        lease.call_off()
        working.cancel()
        watching.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _ask(
    what: str, question: dict[str, Any], files: bytes, lease: calculator.Lease, visitor: str
) -> calculator.Reply | Refused:
    """A worker's answer; a failure of the calculator becomes a sentence.

    It is returned: raised, it would hold by its frames what was sent to the worker.
    """
    try:
        return calculator.ask_once(what, question, {"body": files}, lease=lease, visitor=visitor)
    except calculator.Failure as failure:
        if failure.kind == "refused":
            return Refused(503, " ".join(refusals.sentence_of(failure)))
        sentences = {
            "slow": (504, _("Making the file took longer than is allowed. Choose a smaller size.")),
            "memory": (413, _("Making the file needs more memory than is allowed. Choose a smaller size.")),
            "busy": (429, _busy().sentence),
        }
        return Refused(*sentences.get(failure.kind, (500, _failed())))
    except (ValueError, RecursionError):  # deeper than it can be written again
        return Refused(400, _malformed())


def _failed() -> str:
    return _("The file could not be made. Try another format or a smaller size.")


# --- sending


def _file_headers(what: str, question: Mapping[str, Any], size: int) -> list[tuple[bytes, bytes]]:
    """Name and kind of the file: a download, never a page of ours."""
    endings = TYPES[what]
    ending = question.get("format") if len(endings) > 1 else next(iter(endings))
    name = safe_name(question.get("name"), f".{ending}")
    plain = name.encode("ascii", "ignore").decode()
    plain = plain if len(plain) == len(name) else f"tensor-atlas.{ending}"
    headers = {
        "Content-Type": endings[ending],
        "Content-Length": str(size),
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Encoding": "identity",  # or a middleware would compress what is compressed
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


async def _send(send: Send, content: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    """The file in pieces, so that a slow reader holds no second copy, and not for ever."""
    view = memoryview(content)
    try:
        async with asyncio.timeout(SLOWEST):
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for start in range(0, len(view), CHUNK):
                piece, end = bytes(view[start : start + CHUNK]), start + CHUNK
                await send({"type": "http.response.body", "body": piece, "more_body": end < len(view)})
    except TimeoutError:
        raise Gone from None


async def _say(refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    answer = JSONResponse({"sentence": refused.sentence}, status_code=refused.status, headers=headers)
    await answer(scope, receive, send)

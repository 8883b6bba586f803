"""Students without a browser: they speak Streamlit's own protocol over its websocket, hundreds in one process.

A student opens a page, changes a number now and then, and knows which picture he sees: the digest of the film that
the server sent last. One who is cut off comes back as a browser does: with his session's id, the page's address and
the values of his fields. Traffic to this machine only.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlparse

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import DoubleArray, FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.payloads import unpacked
from tests.tab import Tab, chosen

LOCAL = {"127.0.0.1", "localhost", "::1"}
PATIENCE = 30.0  # seconds for one answer
FIRST_TRY, LATER_TRIES = (
    0.5,
    1.5,
)  # seconds between tries to come back, at most; Streamlit's frontend begins with 0.5
FIELDS = {
    "slider": "double_array_value",
    "text_input": "string_value",
    "text_area": "string_value",
    "button": "trigger_value",
    "file_uploader": "file_uploader_state_value",
}

Value = Callable[[random.Random], object]


class Failed(Exception):
    """The answer did not come, or not as it should."""


@dataclass
class Turn:
    """One question and its answer, in seconds since it was sent: the picture's arrival, and the end of the script."""

    picture: float | None
    end: float
    size: int  # bytes that came


@dataclass
class Plan:
    """What students do: at `page` with `query`, widget `key` gets a new `value` (of the kind of its field)."""

    url: str
    page: str
    key: str
    value: Value
    query: str = ""

    @property
    def stage(self) -> str:
        """The key of the page's own stage: examples have stages, too."""
        return f"{self.page}.stage" if self.page else "floor"


@dataclass
class Student(Tab):
    """One browser tab."""

    number: int
    plan: Plan
    rng: random.Random = field(init=False)
    visitor: str = field(default_factory=lambda: secrets.token_hex(16))
    picture: str = ""  # digest of the film on the stage
    overhears: Callable[[bytes], None] = field(
        default=lambda _raw: None, repr=False
    )  # every message as it comes
    _socket: ClientConnection | None = field(default=None, repr=False)
    _widgets: dict[str, tuple[str, str, str]] = field(
        default_factory=dict
    )  # user key -> (id, kind, fragment)
    _values: dict[str, tuple[str, object]] = field(default_factory=dict)  # widget id -> (field, value)
    _known: dict[str, str] = field(default_factory=dict)  # message hash -> digest of the film in it

    def __post_init__(self) -> None:
        self.rng = random.Random(self.number)
        self.query = self.plan.query

    @property
    def connected(self) -> bool:
        return self._socket is not None and self._socket.close_code is None

    async def answered(self, patience: float = PATIENCE) -> bool:
        """Whether somebody at the other end answers a ping."""
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(patience):
                await (await self._socket.ping())
            return True
        return False

    async def open(self) -> Turn:
        """Connect, and run the page: the first view, or the view after having been cut off."""
        address = urlparse(self.plan.url)
        if address.hostname not in LOCAL:
            raise ValueError("traffic goes to this machine only")
        begun = time.perf_counter()
        self._socket = await connect(
            f"ws://{address.netloc}/_stcore/stream",
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN", *([self.session] if self.session else [])],
            origin=f"http://{address.netloc}",
            additional_headers={"Cookie": f"atlas_visitor={self.visitor}"},
            max_size=None,
            open_timeout=PATIENCE,
            ping_interval=None,
            compression=None,
        )
        return await self._run(begun, page=self.plan.page)

    async def change(self) -> Turn:
        """A new value in the plan's field."""
        return await self.put(self.plan.value(self.rng))

    async def put(self, value: object, key: str = "") -> Turn:
        """That value in the field `key`, the plan's where it is not named."""
        widget, kind, fragment = self._find(key or self.plan.key)
        self._values[widget] = (FIELDS[kind], DoubleArray(data=value) if kind == "slider" else value)
        return await self._run(time.perf_counter(), fragment=fragment)

    async def put_all(self, values: dict[str, tuple[str, object]]) -> Turn:
        """Run the page with these values alone: widget id -> (kind of value, value)."""
        self._values = dict(values)
        return await self._run(time.perf_counter())

    async def press(self, key: str) -> Turn:
        """The button `key`."""
        widget, _kind, fragment = self._find(key)
        self._values[widget] = ("trigger_value", True)
        try:
            return await self._run(time.perf_counter(), fragment=fragment)
        finally:
            del self._values[widget]

    async def go(self, page: str, query: str = "") -> Turn:
        """Another page of the same visitor, as by a link of the page."""
        self.query, self.page_hash = query, ""
        self._values.clear()
        self._widgets.clear()
        return await self._run(time.perf_counter(), page=page)

    async def send(self, data: bytes) -> None:
        """Whatever bytes."""
        await self._socket.send(data)

    async def ask(self, message: BackMsg, answer: str, patience: float = PATIENCE) -> ForwardMsg:
        """The first message of the kind `answer` that comes after `message`."""
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(patience):
            while True:
                raw = await self._socket.recv()
                self.overhears(raw)
                found = ForwardMsg.FromString(raw)
                if found.WhichOneof("type") == answer:
                    return found

    async def upload(
        self, key: str, name: str, size: int, address: FileURLs, patience: float = PATIENCE
    ) -> Turn:
        """Tell the page of a file that lies at `address` now."""
        widget, _kind, fragment = self._find(key)
        self._values[widget] = chosen(address, name, size)
        async with asyncio.timeout(patience):
            return await self._run(time.perf_counter(), fragment=fragment)

    async def settle(self, silence: float = 0.5) -> None:
        """Read until nothing has come for so long: what was asked last may have caused another run of the page."""
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(silence):
                    self.overhears(await self._socket.recv())

    def has(self, key: str) -> bool:
        """Whether the page has shown that field."""
        return key in self._widgets

    async def back(self, within: float) -> float:
        """Come back after a cut, trying as a browser does; how many seconds it took to see the page again."""
        begun = time.perf_counter()
        pause = FIRST_TRY
        while True:
            try:
                await self.open()
                return time.perf_counter() - begun
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError) as error:
                if time.perf_counter() - begun > within:
                    raise Failed(f"not back within {within:g} s: {type(error).__name__}") from error
            await asyncio.sleep(pause * self.rng.uniform(0.5, 1))
            pause = min(2 * pause, LATER_TRIES)

    async def cut(self) -> None:
        """The network is gone: no farewell."""
        if self._socket is not None:
            self._socket.transport.abort()
            self._socket = None

    async def leave(self) -> None:
        """Close the tab."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    def _find(self, key: str) -> tuple[str, str, str]:
        if key not in self._widgets:
            raise Failed(f"the page has no field {key!r}; it has {sorted(self._widgets)}")
        return self._widgets[key]

    async def _run(self, begun: float, *, page: str | None = None, fragment: str = "") -> Turn:
        message = self.rerun_message(self._values, page, fragment)
        await self._socket.send(message.SerializeToString())
        return await self._until_end(begun)

    async def _until_end(self, begun: float) -> Turn:
        picture, size = None, 0
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    raw = await self._socket.recv()
                    size += len(raw)
                    self.overhears(raw)
                    message = ForwardMsg.FromString(raw)
                    kind = message.WhichOneof("type")
                    if kind in ("delta", "ref_hash"):
                        film = self._seen(message, kind)
                        if film:
                            self.picture, picture = film, time.perf_counter() - begun
                    elif kind == "page_not_found":
                        raise Failed("the page was not found")
                    if self.hear(message):
                        if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                            raise Failed("the page's script does not compile")
                        return Turn(picture, time.perf_counter() - begun, size)
        except TimeoutError as error:
            raise Failed(f"no answer within {PATIENCE:g} s") from error

    def _seen(self, message: ForwardMsg, kind: str) -> str:
        """The digest of the film in this message, "" where it has none; takes fields down on the way."""
        if kind == "ref_hash":
            return self._known.get(message.ref_hash, "")
        if message.delta.WhichOneof("type") != "new_element":
            return ""
        element = message.delta.new_element
        what = element.WhichOneof("type")
        if what == "exception":
            raise Failed(f"the page shows an exception: {element.exception.type}")
        if what in FIELDS:
            own = getattr(element, what)
            key = own.id.split("-", 2)[-1]  # $$ID-<digest>-<key>
            self._widgets[key] = (own.id, what, message.delta.fragment_id)
            if getattr(own, "set_value", False):  # the page moved the field itself
                self._values.pop(own.id, None)
        if what != "bidi_component" or not element.bidi_component.id.endswith(f"-{self.plan.stage}"):
            return ""
        _head, _mark, film = unpacked(element.bidi_component.bytes).rpartition(b',"film":')
        digest = hashlib.sha256(film).hexdigest()[:16]
        if message.hash:
            self._known[message.hash] = digest
        return digest


async def together(tasks: Iterable[asyncio.Future]) -> tuple[list, list[BaseException]]:
    """The results, and what failed."""
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return (
        [one for one in found if not isinstance(one, BaseException)],
        [one for one in found if isinstance(one, BaseException)],
    )

"""An ASGI application asked by a test, without a server and without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests import loops


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)


def request(
    app: Any,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] = b"",
    headers: dict[str, str] | None = None,
    client: tuple[str, int] | None = ("192.0.2.1", 1),
    query: str = "",
) -> Answer:
    """One request and its answer. A body of bytes says how long it is, one of pieces does not."""
    pieces = [body] if isinstance(body, bytes) else list(body)
    sent = {"host": "atlas.example"} | {name.lower(): value for name, value in (headers or {}).items()}
    if isinstance(body, bytes):
        sent.setdefault("content-length", str(len(body)))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "client": client,
        "server": ("atlas.example", 80), "headers": [(n.encode(), v.encode("latin-1")) for n, v in sent.items()],
    }  # fmt: skip
    messages = [
        {"type": "http.request", "body": piece, "more_body": k + 1 < len(pieces)}
        for k, piece in enumerate(pieces)
    ]
    came: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else await asyncio.Future()  # whoever asked stays

    async def send(message: dict[str, Any]) -> None:
        came.append(message)

    loops.run(app(scope, receive, send))
    named = {name.decode().lower(): value.decode("latin-1") for name, value in came[0]["headers"]}
    return Answer(came[0]["status"], named, b"".join(message.get("body", b"") for message in came[1:]))


def form(content: bytes, name: str = "x.npy") -> tuple[bytes, dict[str, str]]:
    """A body with one file in it, and the header that says so."""
    head = f'--atlas\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return head + content + b"\r\n--atlas--\r\n", {"content-type": "multipart/form-data; boundary=atlas"}

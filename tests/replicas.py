"""Stand-ins for replicas, and a real nginx before them: what the proxy does is seen without Streamlit."""

from __future__ import annotations

import contextlib
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from deploy import proxy
from deploy.local import free_port

SCRIPT = b"// a script\n" + b"export const number = 3.14159;\n" * 4_000
FOREVER = "public, max-age=31536000, immutable"
UPGRADE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


class Answers(BaseHTTPRequestHandler):
    """A page, a script that never changes, uploads that are counted, and a socket that says everything again."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one piece: else each answer waits 40 ms for an acknowledgement
    server: Crowd

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def do_GET(self) -> None:
        self.server.seen[self.path] += 1
        self.server.seen[f"packed as {self.headers.get('Accept-Encoding', '')}"] += 1
        if self.headers.get("Upgrade"):
            self._echo()
        elif self.path.startswith("/static/none"):
            self.send_error(404)
        elif self.path.startswith("/static/"):
            self._say(SCRIPT, "text/javascript", FOREVER, ("Vary", "Accept-Encoding"))
        else:
            self._say(b"<html>" + b"a page " * 200 + b"</html>", "text/html", "private, no-cache")

    def do_PUT(self) -> None:
        self.server.seen[self.path] += 1
        left = int(self.headers.get("Content-Length", 0))
        while left > 0 and (piece := self.rfile.read(min(left, 65536))):
            left -= len(piece)
        self._say(b"", "text/plain", "no-store")

    do_POST = do_PUT

    def _say(self, body: bytes, kind: str, keep: str, *more: tuple[str, str]) -> None:
        self.send_response(200)
        told = (("Content-Type", kind), ("Cache-Control", keep), ("X-Replica", self.server.name), *more)
        for name, value in told:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _echo(self) -> None:
        self.send_response(101)
        for name, value in (
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("X-Replica", self.server.name),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        while piece := self.connection.recv(65536):
            self.connection.sendall(piece)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Crowd(ThreadingHTTPServer):
    """The stand-in's server."""

    daemon_threads = True
    request_queue_size = 512
    name = ""
    seen: Counter[str]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.lines: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.lines.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.lines.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        """Every connection ends, as when a process is killed."""
        for line in list(self.lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


@dataclass
class Stand:
    """One stand-in for a replica; it can be ended and come back at the same port."""

    port: int = field(default_factory=free_port)
    seen: Counter[str] = field(default_factory=Counter)
    server: Crowd | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def name(self) -> str:
        """What it says in X-Replica."""
        return proxy.name_of(self.address)

    def start(self) -> None:
        self.server = Crowd(("127.0.0.1", self.port), Answers)
        self.server.name, self.server.seen = self.name, self.seen
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def end(self) -> None:
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server.cut()
            self.server = None


@dataclass
class Answer:
    """What came back over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for found, value in self.headers if found.lower() == name.lower()]

    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def one(self, name: str) -> str:
        """The value of a header; "" where it is missing."""
        return (self.all(name) or [""])[0]

    def cookies(self) -> dict[str, str]:
        """name -> value of what was set."""
        return dict(text.split(";")[0].split("=", 1) for text in self.all("Set-Cookie"))


def connected(port: int, source: str = "127.0.0.1") -> socket.socket:
    """A connection from an address of this machine; each 127.x.y.z is another one."""
    line = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def read(line: socket.socket) -> Answer:
    """The next answer on a connection."""
    held = b""
    while b"\r\n\r\n" not in held:
        piece = line.recv(65536)
        if not piece:
            return Answer(0, [], held)
        held += piece
    head, _end, body = held.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    status = int(first.split()[1])
    headers = [(name, value.strip()) for name, _colon, value in (text.partition(":") for text in rest)]
    answer = Answer(status, headers, body)
    if status == 101:
        return answer
    if answer.one("Transfer-Encoding") == "chunked":
        answer.body = _unchunked(line, body)
    else:
        size = int(answer.one("Content-Length") or 0)
        while len(answer.body) < size and (piece := line.recv(65536)):
            answer.body += piece
    return answer


def _unchunked(line: socket.socket, held: bytes) -> bytes:
    whole = b""
    while True:
        while b"\r\n" not in held:
            held += line.recv(65536)
        size_text, _end, held = held.partition(b"\r\n")
        size = int(size_text, 16)
        while len(held) < size + 2:
            held += line.recv(65536)
        whole, held = whole + held[:size], held[size + 2 :]
        if not size:
            return whole


def request(path: str, method: str = "GET", more: str = "", cookie: str = "") -> bytes:
    """The head of a request as it goes over the wire."""
    jar = f"Cookie: {cookie}\r\n" if cookie else ""
    return f"{method} {path} HTTP/1.1\r\nHost: atlas.test\r\n{jar}{more}\r\n".encode()


def visitor(number: int) -> str:
    """The cookie of a visitor."""
    return f"atlas_visitor={number:032x}"


class Site:
    """Stand-ins with a real nginx before them."""

    def __init__(self, stands: int = 2, changes: Sequence[tuple[str, str]] = (), **more: Any) -> None:
        self.stands = [Stand() for _ in range(stands)]
        self.port = free_port()
        self.folder = tempfile.TemporaryDirectory(
            prefix="atlas-site-"
        )  # pytest's own are closed to nginx's workers
        folder = Path(self.folder.name)
        folder.chmod(0o711)
        self.log = folder / "access.log"
        settings = proxy.Settings(f"127.0.0.1:{self.port}", folder / "nginx", str(self.log), **more)
        self.nginx = Changed(settings, quiet=True, changes=changes)

    def __enter__(self) -> Site:
        for stand in self.stands:
            stand.start()
        self.nginx.start([stand.address for stand in self.stands])
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.nginx.end()
        for stand in self.stands:
            stand.end()
        self.folder.cleanup()

    def wait(self) -> None:
        """Until it answers."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                return connected(self.port).close()
            time.sleep(0.02)
        raise AssertionError("nginx does not start")

    def ask(
        self, path: str = "/", method: str = "GET", more: str = "", cookie: str = "",
        source: str = "127.0.0.1", body: bytes = b"",
    ) -> Answer:  # fmt: skip
        """One request on a connection of its own."""
        with connected(self.port, source) as line:
            if body or method != "GET":
                more += f"Content-Length: {len(body)}\r\n"
            line.sendall(request(path, method, more, cookie) + body)
            return read(line)

    @contextlib.contextmanager
    def socket(self, cookie: str = "", source: str = "127.0.0.1") -> Iterator[tuple[Answer, socket.socket]]:
        """A websocket that stays open."""
        line = connected(self.port, source)
        try:
            line.sendall(request("/_stcore/stream", more=UPGRADE, cookie=cookie))
            yield read(line), line
        finally:
            line.close()

    def stand(self, name: str) -> Stand:
        """The stand-in of that name."""
        return next(one for one in self.stands if one.name == name)

    def reached(self, path: str) -> int:
        """How often `path` was asked of a replica."""
        return sum(one.seen[path] for one in self.stands)


@dataclass
class Changed(proxy.Nginx):
    """nginx with a few numbers of its configuration changed, so that a test need not wait."""

    changes: Sequence[tuple[str, str]] = ()

    def write(self, replicas: Sequence[str]) -> Path:
        path = super().write(replicas)
        text = path.read_text(encoding="utf-8")
        for old, new in self.changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        return path

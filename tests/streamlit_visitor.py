"""A visitor by raw protocol: HTTP and Streamlit's own messages over a websocket, without a browser."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from tests import asgi
from tests.payloads import readable
from tests.replicas import Answer
from tests.tab import Tab, chosen


@dataclass
class Visitor(Tab):
    """One browser's worth: cookies, a page, a live session."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    elements: list[Any] = field(default_factory=list)  # of the last run
    raw: list[bytes] = field(default_factory=list)  # the messages of the last run, as they came
    line: ClientConnection | None = None

    def get(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """One request with this visitor's cookies; those that are set are kept."""
        host = urlsplit(self.url)
        connection = http.client.HTTPConnection(host.hostname, host.port, timeout=60)
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, {**({"Cookie": jar} if jar else {}), **told})
            answer = connection.getresponse()
            reply = Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()
        self.cookies |= reply.cookies()
        return reply

    def open(self, path: str = "/", **more: Any) -> Visitor:
        """Open a page: its HTML, Streamlit's cookie, the socket, the first run."""
        self.get(path, Accept="text/html")
        self.get("/_stcore/health")
        place = urlsplit(path)
        self.query = place.query
        self.connect(**more)
        self.rerun(page_name=place.path.strip("/"))
        return self

    def connect(self, origin: str | None = None, existing: str = "") -> ClientConnection:
        """The socket, as Streamlit's page opens it."""
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        token = self.cookies.get("_streamlit_xsrf", "x")
        self.line = connect(
            f"{self.url.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=["streamlit", token, *([existing] if existing else [])],
            origin=origin or self.url,
            additional_headers={"Cookie": jar} if jar else {},
            compression=None,
            max_size=None,
            open_timeout=60,
            proxy=None,
            ping_interval=None,
            max_queue=None,  # what nobody reads does not stand before the farewell
            legacy=True,  # kept open beyond a block
        )
        self.cookies |= Answer(101, list(self.line.response.headers.raw_items()), b"").cookies()
        return self.line

    def send(self, message: BackMsg) -> None:
        """A message as it is."""
        self.line.send(message.SerializeToString())

    def rerun(self, page_name: str | None = None, **values: Any) -> list[Any]:
        """Run the page; `values`: widget id -> (kind of value, value). Returns the elements of the run."""
        self.send(self.rerun_message(values, page_name))
        return self.read()

    def messages(self, timeout: float = 60.0) -> Iterator[ForwardMsg]:
        """Messages as they come."""
        while True:
            raw = self.line.recv(timeout=timeout)
            self.raw.append(raw)
            message = ForwardMsg()
            message.ParseFromString(raw)
            yield message

    def read(self) -> list[Any]:
        """Until the run has ended."""
        self.elements, self.raw = [], []
        for message in self.messages():
            if self.hear(message):
                return self.elements
            if message.delta.WhichOneof("type") == "new_element":
                self.elements.append(message.delta.new_element)
        raise AssertionError("the socket was closed")

    def element(self, kind: str) -> Any:
        """The first element of that kind in the last run."""
        return next(getattr(one, kind) for one in self.elements if one.WhichOneof("type") == kind)

    def seen(self) -> str:
        """All that came in the last run, the packed payloads as they are read."""
        return b" ".join(map(readable, self.raw)).decode("utf-8", "replace")

    def until(self, kind: str) -> ForwardMsg:
        """The next message of that kind."""
        return next(message for message in self.messages() if message.WhichOneof("type") == kind)

    def upload(self, name: str, content: bytes, **headers: str) -> tuple[Answer, FileURLs]:
        """Ask where a file of a field goes, and send it there, as Streamlit's page does."""
        self.send(self.place_message(name))
        (place,) = self.until("file_urls_response").file_urls_response.file_urls
        return self.put(place.upload_url, name, content, **headers), place

    def put(self, address: str, name: str, content: bytes, **headers: str) -> Answer:
        """One file as a form."""
        body, kind = asgi.form(content, name)
        told = {"X_Xsrftoken": self.cookies.get("_streamlit_xsrf", ""), **headers}
        return self.get(address, "PUT", body, **kind, **told)

    def choose(self, place: FileURLs, name: str, size: int) -> list[Any]:
        """Tell the page that its field holds that file now."""
        return self.rerun(**{self.element("file_uploader").id: chosen(place, name, size)})

    def close(self) -> None:
        if self.line:
            self.line.close()

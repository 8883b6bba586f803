"""A visitor by raw protocol: HTTP and Streamlit's own messages over a websocket, without a browser."""

from __future__ import annotations

import http.client
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileUploaderState, FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN
_numbers = itertools.count()


@dataclass
class Reply:
    """An answer over HTTP."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for found, value in self.headers if found.lower() == name.lower()]

    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Visitor:
    """One browser's worth: cookies, a page, a live session."""

    url: str
    cookies: dict[str, str] = field(default_factory=dict)
    session: str = ""
    page_hash: str = ""
    query: str = ""
    elements: list[Any] = field(default_factory=list)  # of the last run
    raw: list[bytes] = field(default_factory=list)  # the messages of the last run, as they came
    line: ClientConnection | None = None

    def get(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        """One request with this visitor's cookies; those that are set are kept."""
        host = urlsplit(self.url)
        connection = http.client.HTTPConnection(host.hostname, host.port, timeout=60)
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, {**({"Cookie": jar} if jar else {}), **told})
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()
        for text in reply.all("Set-Cookie"):
            name, _equals, value = text.split(";")[0].partition("=")
            self.cookies[name] = value
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
            legacy=True,  # kept open beyond a block
        )
        for name, value in self.line.response.headers.raw_items():
            if name.lower() == "set-cookie":
                key, _equals, rest = value.split(";")[0].partition("=")
                self.cookies[key] = rest
        return self.line

    def send(self, message: BackMsg) -> None:
        """A message as it is."""
        self.line.send(message.SerializeToString())

    def rerun(self, page_name: str | None = None, **values: Any) -> list[Any]:
        """Run the page; `values`: widget id -> (kind of value, value). Returns the elements of the run."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self.query, self.page_hash
        if page_name is not None:
            state.page_name = page_name
        for name, (kind, value) in values.items():
            widget = state.widget_states.widgets.add()
            widget.id = name
            if hasattr(value, "SerializeToString"):
                getattr(widget, kind).CopyFrom(value)
            else:
                setattr(widget, kind, value)
        self.send(message)
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
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.session = message.new_session.initialize.session_id or self.session
                self.page_hash = message.new_session.page_script_hash
            elif kind == "navigation":
                self.page_hash = message.navigation.page_script_hash or self.page_hash
            elif kind == "page_info_changed":
                self.query = message.page_info_changed.query_string
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self.elements.append(message.delta.new_element)
            elif kind == "script_finished" and message.script_finished != EARLY:
                return self.elements
        raise AssertionError("the socket was closed")

    def element(self, kind: str) -> Any:
        """The first element of that kind in the last run."""
        return next(getattr(one, kind) for one in self.elements if one.WhichOneof("type") == kind)

    def seen(self) -> str:
        """All that came in the last run."""
        return b" ".join(self.raw).decode("utf-8", "replace")

    def until(self, kind: str) -> ForwardMsg:
        """The next message of that kind."""
        return next(message for message in self.messages() if message.WhichOneof("type") == kind)

    def upload(self, name: str, content: bytes, **headers: str) -> tuple[Reply, FileURLs]:
        """Ask where a file of a field goes, and send it there, as Streamlit's page does."""
        message = BackMsg()
        asked = message.file_urls_request
        asked.request_id, asked.session_id = f"request-{next(_numbers)}", self.session
        asked.file_names.append(name)
        self.send(message)
        (place,) = self.until("file_urls_response").file_urls_response.file_urls
        return self.put(place.upload_url, name, content, **headers), place

    def put(self, address: str, name: str, content: bytes, **headers: str) -> Reply:
        """One file as a form."""
        body = (
            f'--atlas\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: text/csv\r\n\r\n"
        ).encode() + content + b"\r\n--atlas--\r\n"  # fmt: skip
        told = {"X_Xsrftoken": self.cookies.get("_streamlit_xsrf", ""), **headers}
        return self.get(address, "PUT", body, Content_Type="multipart/form-data; boundary=atlas", **told)

    def choose(self, place: FileURLs, name: str, size: int) -> list[Any]:
        """Tell the page that its field holds that file now."""
        state = FileUploaderState()
        state.uploaded_file_info.add(file_id=place.file_id, name=name, size=size).file_urls.CopyFrom(place)
        return self.rerun(**{self.element("file_uploader").id: ("file_uploader_state_value", state)})

    def close(self) -> None:
        if self.line:
            self.line.close()

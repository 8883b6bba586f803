"""What is done for the first paint: the page brings what its picture will need, and torch is held back.

Without the first, plotly.js and the stage's modules are asked for when the first picture arrives, one after another.
Without the second, torch's import takes one of two cores away from the server and the browser while they paint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core import calculator
from pages.shared import stage

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

QUIET = 2.0  # seconds without a request: whoever was opening a page has it
LONGEST = 20.0  # seconds that visitors can hold torch back; a question that is not kept starts it at once
HEAD_ENDS = b"</head>"
OF_THE_FILE = (b"etag", b"last-modified", b"content-length")  # headers of what Streamlit has on disk


def hold_torch() -> None:
    """Let the calculator start in the next quiet moment, or when somebody asks what is not kept."""
    calculator.start_after(QUIET, at_most=LONGEST)


def link_header() -> bytes:
    """The Link header: the stage's modules, after what Streamlit's own page asks for."""
    _plotly, modules = stage.needed()
    return ", ".join(f"<{module}>; rel=modulepreload; fetchpriority=low" for module in modules).encode()


def script_tag() -> bytes:
    """plotly.js, read and run after Streamlit's own script: while the server makes the page the browser is idle."""
    plotly, _modules = stage.needed()
    return f'<script defer src="{plotly}"></script>'.encode()


class Early:
    """ASGI middleware that adds both to HTML answers, but not to home's: that page shows no stage."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.header, self.tag = (b"link", link_header()), script_tag()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with what it lacks."""
        if scope["type"] == "http":
            hold_torch()
            if scope["method"] == "GET" and not stage.is_home(scope["path"]):
                scope, send = _plain(scope), self._richer(send)
        await self.app(scope, receive, send)

    def _richer(self, send: Send) -> Send:
        """A `send` that holds an HTML answer's head back until its first bytes are there to be added to."""
        held: list[Message] = []

        async def richer(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                held.append(message)
                return
            if held:
                body = message.get("body", b"")
                start = held.pop()
                headers = [*start["headers"], self.header]
                if HEAD_ENDS in body and not message.get("more_body"):
                    body = body.replace(HEAD_ENDS, self.tag + HEAD_ENDS, 1)
                    headers = [pair for pair in headers if pair[0].lower() not in OF_THE_FILE]
                    headers.append((b"content-length", str(len(body)).encode()))
                    message = {**message, "body": body}
                await send({**start, "headers": headers})
            await send(message)

        return richer


def _plain(scope: Scope) -> dict[str, Any]:
    """The request of a page without leave to compress: its few kB are read by us on their way."""
    headers = scope["headers"]
    if not any(name == b"accept" and b"text/html" in value for name, value in headers):
        return dict(scope)
    return {
        **scope,
        "headers": [pair for pair in headers if pair[0] not in (b"accept-encoding", b"if-none-match")],
    }


def _is_page(message: Message) -> bool:
    kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
    return message["status"] == 200 and bool(kinds) and kinds[0].startswith(b"text/html")

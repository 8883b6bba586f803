"""What is done for the first paint: the page brings what its picture needs and no more, and torch is held back.

Without the first, plotly.js and the stage's modules are asked for when the first picture arrives, one after another,
and Streamlit's own page fetches 170 kB of a font in which our theme writes nothing. Without the second, torch's import
takes one of two cores away from the server and the browser while they paint.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from streamlit import config

from core import calculator
from core.figures import theme
from pages.shared import assets, stage

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

QUIET = 2.0  # seconds without a request: whoever was opening a page has it
LONGEST = 20.0  # seconds that visitors can hold torch back; a question that is not kept starts it at once
HEAD_ENDS = b"</head>"
FONT = re.compile(rb'\s*<link\s+rel="preload"[^>]*\bas="font"[^>]*>')
# Until it has our theme Streamlit writes in its own font: nobody reads it then, but the font would be fetched for it.
STAND_INS = ("Segoe UI", "Helvetica Neue", "Roboto", "Arial", "Liberation Sans", "DejaVu Sans")
FACE = """<style>@font-face {{
  font-family: "Source Sans"; font-weight: 100 900; font-style: normal; src: {};
}}</style>""".format(", ".join(f'local("{name}")' for name in STAND_INS))
PRESENTER = """<style id="atlas-until-stage">
html {{ background: {light}; }}
@media (prefers-color-scheme: dark) {{ html {{ background: {dark}; }} }}
@keyframes atlas-late {{ to {{ opacity: 1; }} }}
@keyframes atlas-stageless {{ to {{ opacity: 1; }} }}
body:not(:has({seen})) #root {{ opacity: 0; animation: atlas-late 1ms {late:g}s forwards; }}
body:has({done}):not(:has({seen}, .st-key-stage)) #root {{ animation: atlas-stageless 1ms {soon:g}s forwards; }}
</style>"""
# Streamlit's page looks for its server first: above a page's own address (a 404) and then at the root, and opens its
# socket when that has answered. Told where it is (it may be said, and what the answer would say), it opens it at once.
PLACE = """<script>window.__streamlit ??= {{
  BACKEND_BASE_URL: new URL("./", document.baseURI).href,
  HOST_CONFIG: {{ allowedOrigins: {origins}, useExternalAuthToken: false }},
}};</script>"""
# What stands before and in a stage's place, in turn.
WIDGETS = ("Html", "Button", "BidiComponent", "TextInput")
LATE = 20.0  # seconds until a page is seen whose stage does not come
SOON = 0.5  # seconds from a page's end to its being seen without a stage: its last elements may come after its end
OF_THE_FILE = (b"etag", b"last-modified", b"content-length")  # headers of what Streamlit has on disk


def hold_torch() -> None:
    """Let the calculator start in the next quiet moment, or when somebody asks what is not kept."""
    calculator.start_after(QUIET, at_most=LONGEST)


def link_header() -> bytes:
    """The Link header: what the first picture needs, after what Streamlit's own page asks for."""
    _plotly, modules, sheet = stage.needed()
    early = [f"<{one}>; rel=modulepreload; fetchpriority=low" for one in (*modules, *assets.chunks(*WIDGETS))]
    return ", ".join([*early, f"<{sheet}>; rel=preload; as=style; fetchpriority=low"]).encode()


def script_tag() -> bytes:
    """plotly.js, read and run after Streamlit's own script: while the server makes the page the browser is idle."""
    plotly, *_modules = stage.needed()
    return f'<script defer src="{plotly}"></script>'.encode()


def place_tag() -> str:
    """The script that says where the server is; security.py's policy lets it run.

    `allowedOrigins`: whose pages may command a frame of ours. Where nobody may, a list that is not empty is asked for.
    """
    others = config.get_option("client.allowedOrigins")
    origins = json.dumps(others).replace("<", "\\u003c") if others else "[location.origin]"
    return PLACE.format(origins=origins)


def presenter_style() -> bytes:
    """For `?present=true`: until a stage is there (which takes this away) nothing is seen but what is wrong."""
    seen = '.st-key-stage .atlas-stage, .st-key-problem, .st-key-apology, [role="dialog"]:not(.atlas-stage *)'
    done = '.stApp[data-test-script-state="notRunning"] :is(.st-key-title, .st-key-welcome)'  # a page without a stage
    papers = {mode: theme.colour("background", mode) for mode in ("light", "dark")}
    return PRESENTER.format(seen=seen, done=done, late=LATE, soon=SOON, **papers).encode()


def _presents(scope: Scope) -> bool:
    """Whether the address asks for the presenter's view."""
    return parse_qs(scope["query_string"].decode("latin-1")).get("present") == ["true"]


class Early:
    """ASGI middleware that changes HTML answers: no font ahead of time, plotly.js and the modules instead.

    Not on home: that page shows no stage.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.header, self.tag = (b"link", link_header()), script_tag()
        self.always = FACE.encode() + place_tag().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with what it lacks."""
        if scope["type"] == "http":
            hold_torch()
            if scope["method"] == "GET":
                headers, more = [], self.always
                if not stage.is_home(scope["path"]):
                    headers, more = [self.header], more + self.tag
                    more += presenter_style() if _presents(scope) else b""
                scope, send = _plain(scope), self._changed(send, headers, more)
        await self.app(scope, receive, send)

    @staticmethod
    def _changed(send: Send, more_headers: list[tuple[bytes, bytes]], more: bytes) -> Send:
        """A `send` that holds an HTML answer's head back until its first bytes are there to be changed.

        They get `more` at the end of their head, and no font ahead of time.
        """
        held: list[Message] = []

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                held.append(message)
                return
            if held:
                body = message.get("body", b"")
                start = held.pop()
                headers = [*start["headers"], *more_headers]
                if HEAD_ENDS in body and not message.get("more_body"):
                    body = FONT.sub(b"", body).replace(HEAD_ENDS, more + HEAD_ENDS, 1)
                    headers = [pair for pair in headers if pair[0].lower() not in OF_THE_FILE]
                    headers.append((b"content-length", str(len(body)).encode()))
                    message = {**message, "body": body}
                await send({**start, "headers": headers})
            await send(message)

        return changed


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

"""What every answer of the server tells the browser not to do, and what it does not tell of the host.

The patches name Streamlit's insides; tests/test_insides.py says where a version has them no more.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit

from pages.shared import early

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRAMES = os.environ.get(
    "ATLAS_FRAME_ANCESTORS", "'self'"
)  # who may show the atlas in a frame: a course's own site
APP = "tensor-atlas"
NUMBERS = {"int_value", "double_value"}  # of one field for numbers, as its step is
UPLOADS = 2  # files that a session may have here at one time
INDEX = Path(streamlit.__file__).parent / "static" / "index.html"


def inline_scripts(page: str) -> list[str]:
    """The source expressions ('sha256-...') that let exactly the inline scripts of `page` run."""
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def content_policy(page: str, frames: str) -> str:
    """The Content-Security-Policy: everything from this server, no inline script but the page's own."""
    return "; ".join(
        (
            "default-src 'self'",
            " ".join(("script-src 'self' blob:", *inline_scripts(page))),  # blob: a component's inline module
            "style-src 'self' 'unsafe-inline'",  # emotion and plotly.js write style attributes
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss: blob: data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            f"frame-ancestors {frames}",
        )
    )


CONTENT_POLICY = content_policy(INDEX.read_text(encoding="utf-8") + early.place_tag(), FRAMES)
NO_GUESSING = (b"x-content-type-options", b"nosniff")
HEADERS = (
    NO_GUESSING,
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", CONTENT_POLICY.encode()),
)
# What is a part of a page runs under that page's policy: of a first view's 150 answers the others were 100 kB.
PARTS = (b"text/css", b"text/javascript", b"application/javascript", b"font/")
SHARED = (b"public", b"no-store")  # what says of itself whether others may keep it
OURS_ALONE = (b"cache-control", b"private, no-cache")


class Headers:
    """ASGI middleware that adds HEADERS to every HTTP answer that does not have them yet, to PARTS only the first.

    An answer that does not say it is public is the visitor's alone: a cache on the way must not give its cookies, or
    his download, to the next one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers to the answer's start."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                wanted = (NO_GUESSING,) if _is_part(message["headers"]) else HEADERS
                added = [pair for pair in wanted if pair[0] not in present]
                message = {**message, "headers": [*_private(message["headers"]), *added]}
            await send(message)

        await self.app(scope, receive, with_headers)


def _is_part(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether it is a script, a sheet or a font."""
    return any(name.lower() == b"content-type" and value.startswith(PARTS) for name, value in headers)


def _private(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    said = [value for name, value in headers if name.lower() == b"cache-control"]
    if any(word in value for value in said for word in SHARED):
        return headers
    return [*(pair for pair in headers if pair[0].lower() != b"cache-control"), OURS_ALONE]


def keep_the_host_private() -> None:
    """Before the server starts: a visitor is told neither the folder nor the machine nor the repository that serves."""
    from streamlit.runtime.app_session import AppSession

    # Any browser may ask for the name, the branch and the untracked files of the repository.
    AppSession._handle_git_information_request = lambda _session: None
    # Every run of a page begins with a message that has the script's path, the machine's number and system in it. The
    # browser takes another number for another app and forgets what it has: replicas must not differ in it.
    AppSession._create_new_session_message = _without_the_host(AppSession._create_new_session_message)


def keep_uploads_few() -> None:
    """Before the server starts: of the files that a session sends, the server holds the last UPLOADS.

    Streamlit holds each until the session ends, and anybody may send as many as he likes. A field of ours takes one,
    and forgets it as soon as it is read.
    """
    from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

    add = MemoryUploadedFileManager.add_file

    def add_file(self: Any, session_id: str, file: Any) -> None:
        add(self, session_id, file)
        for older in list(self.file_storage.get(session_id, ()))[:-UPLOADS]:
            self.remove_file(session_id, older)

    MemoryUploadedFileManager.add_file = add_file


def keep_widgets_to_their_kind() -> None:
    """Before the server starts: what is sent for a widget counts only where it is of that widget's kind.

    Streamlit hands on whatever arrives: bytes or 1e308 for a field of text, which every callback would have to expect.
    """
    from streamlit.runtime.state.session_state import Serialized, WStates

    put, read = WStates.set_widget_from_proto, WStates.__getitem__

    def of_its_kind(states: Any, sent: Any) -> bool:
        known = states.widget_metadata.get(sent.id)
        kind = sent.WhichOneof("value")  # None: nothing is chosen
        return known is None or kind in (None, known.value_type) or {kind, known.value_type} == NUMBERS

    def put_if_of_its_kind(self: Any, sent: Any) -> None:
        if of_its_kind(self, sent):
            put(self, sent)

    def read_if_of_its_kind(self: Any, key: str) -> Any:
        held = self.states.get(key)  # of a session's first run the kinds are known only now
        if isinstance(held, Serialized) and not of_its_kind(self, held.value):
            raise KeyError(key)
        return read(self, key)

    WStates.set_widget_from_proto, WStates.__getitem__ = put_if_of_its_kind, read_if_of_its_kind


def _without_the_host(create: Callable[..., Any]) -> Callable[..., Any]:
    def message(*arguments: Any, **named: Any) -> Any:
        made = create(*arguments, **named)
        told, begin = made.new_session, made.new_session.initialize
        told.main_script_path = Path(told.main_script_path).name
        for field in ("installation_id", "installation_id_v3", "installation_id_v4"):
            setattr(begin.user_info, field, APP)
        version = begin.environment_info.streamlit_version  # the browser reloads when it changes
        begin.environment_info.Clear()
        begin.environment_info.streamlit_version = version
        return made

    return message

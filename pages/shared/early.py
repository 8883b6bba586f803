"""What is done for the first paint: the browser is told with the page what it will need, and torch is held back.

Without the first, plotly.js and the stage's modules are asked for when the first picture arrives, one after another.
Without the second, torch's import takes one of two cores away from the server and the browser while they paint.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from core import calculator
from pages.shared import stage

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

QUIET = 2.0  # seconds without a request: whoever was opening a page has it
LONGEST = 20.0  # seconds that a stream of visitors can hold torch back; a question of theirs starts it at once


def hold_torch() -> None:
    """Let the calculator start in the next quiet moment, or when somebody asks what is not kept."""
    calculator.start_after(QUIET, at_most=LONGEST)


def link_header() -> bytes:
    """The Link header: one classic script, and the modules."""
    plotly, modules = stage.needed()
    parts = [f"<{plotly}>; rel=preload; as=script", *(f"<{module}>; rel=modulepreload" for module in modules)]
    mode = os.environ.get("X_EARLY", "")
    if mode == "prefetch":
        parts = [f"<{p}>; rel=prefetch; as=script" for p in (plotly, *modules)]
    if mode == "low":
        parts = [f"<{plotly}>; rel=preload; as=script; fetchpriority=low", *(f"<{module}>; rel=modulepreload; fetchpriority=low" for module in modules)]
    if mode == "plotly":
        parts = [f"<{plotly}>; rel=preload; as=script; fetchpriority=low"]
    if mode == "none":
        parts = ["</x>; rel=help"]
    return ", ".join(parts).encode()


class Early:
    """ASGI middleware that adds the Link header to HTML answers, but home's: that page shows no stage."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.header = (b"link", link_header())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the header when the answer is a page."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        hold_torch()
        if stage.is_home(scope["path"]):
            await self.app(scope, receive, send)
            return

        async def with_link(message: Message) -> None:
            if message["type"] == "http.response.start":
                kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                if kinds and kinds[0].startswith(b"text/html"):
                    message = {**message, "headers": [*message["headers"], self.header]}
            await send(message)

        await self.app(scope, receive, with_link)

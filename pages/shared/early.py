"""Tells the browser with the page itself what it will need: plotly.js and the stage's modules.

Without it they are asked for when the first picture arrives, two seconds after the page, and one after another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pages.shared import stage

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


def link_header() -> bytes:
    """The Link header: one classic script, and the modules."""
    plotly, modules = stage.needed()
    parts = [f"<{plotly}>; rel=preload; as=script", *(f"<{module}>; rel=modulepreload" for module in modules)]
    return ", ".join(parts).encode()


class Early:
    """ASGI middleware that adds the Link header to HTML answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.header = (b"link", link_header())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the header when the answer is a page."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_link(message: Message) -> None:
            if message["type"] == "http.response.start":
                kinds = [value for name, value in message["headers"] if name.lower() == b"content-type"]
                if kinds and kinds[0].startswith(b"text/html"):
                    message = {**message, "headers": [*message["headers"], self.header]}
            await send(message)

        await self.app(scope, receive, with_link)

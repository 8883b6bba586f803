"""A bare page for the stage: no Streamlit, the real modules and the real plotly.js over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from pages.shared import assets, posters, stage

THEMES = {
    "light": {
        "text": "#1c1f24",
        "background": "#fdfcf9",
        "secondary": "#f3f1ec",
        "primary": "#d1005b",
        "border": "#e6e3dc",
    },
    "dark": {
        "text": "#ebe8e1",
        "background": "#14171c",
        "secondary": "#1f242c",
        "primary": "#ff4f86",
        "border": "#262b33",
    },
}
PAGE = """<!doctype html><meta charset="utf-8"><title>stage</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">
<style>body {{ margin: 0; padding: 12px 24px; background: {background};
  --st-text-color: {text}; --st-background-color: {background}; --st-secondary-background-color: {secondary};
  --st-primary-color: {primary}; --st-border-color: {border}; }}</style>
<style>@import url("{style}");</style><div id="place"></div>
<script type="module">
  import atlas from "{script}";
  window.sent = [];
  const place = document.querySelector("#place");
  window.give = (text) => {{
    const data = new TextEncoder().encode(text);
    const setTriggerValue = (name, value) => window.sent.push([name, value]);
    window.undo = atlas({{ data, parentElement: place, setTriggerValue }}, {{ plotly: "{plotly}" }});
  }};
  window.root = () => place.querySelector(".atlas-stage").atlas;
  window.loaded = true;
</script>"""


def _page(request: Request) -> HTMLResponse:
    folder = stage._stage_folder()
    colours = THEMES[request.query_params.get("theme", "light")]
    plotly = request.query_params.get("plotly", stage._plotly_path())
    return HTMLResponse(
        PAGE.format(script=f"{folder}/stage.js", style=f"{folder}/stage.css", plotly=plotly, **colours)
    )


@contextmanager
def serving(port: int = 0) -> Iterator[str]:
    """The page's address while the server runs in a thread of its own; without `port`, on one that is free."""
    middleware = [Middleware(assets.Folders, folders=stage.folders() | posters.folders())]
    app = Starlette(routes=[Route("/", _page)], middleware=middleware)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    (listening,) = server.servers[0].sockets
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.should_exit = True
    thread.join(timeout=10)


@contextmanager
def workshop(browser: Browser) -> Iterator[Page]:
    """A page with no figure on it, which can import the stage's modules from `module(...)`."""
    with serving() as url:
        page = browser.new_page()
        page.goto(url)
        yield page
        page.close()


def module(name: str) -> str:
    """The address of one of the stage's modules."""
    return f"{stage._stage_folder()}/{name}"


def give(page: Page, text: str) -> None:
    """Hand the stage a payload and wait until its picture stands."""
    page.wait_for_function("window.loaded")
    page.evaluate("text => window.give(text)", text)
    page.wait_for_selector(".atlas-stage .main-svg, .atlas-stage.is-failed", state="attached")
    page.evaluate("() => root().whenIdle()")

"""Keeping out of the visitors' way: the garbage collector, and what Streamlit does at its start and first element.

The patches below name Streamlit's insides. Where a version has them no more a test says so; without the first the
server would ask a host of others for its own address.
"""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable
from typing import Any

QUIET = 2.0  # seconds after the first run: its page has been painted
_settled: list[bool] = []


def before_first_run() -> None:
    """At the server's start: spare the first visitor what nobody needs (a tenth of a second each)."""
    from asyncio import base_events

    from streamlit import config, delta_generator, net_util
    from streamlit.commands import page_config
    from streamlit.runtime import app_session
    from streamlit.watcher import local_sources_watcher

    # At its start, and for every websocket of a page of another host, Streamlit asks checkip.amazonaws.com what
    # address this machine has. The atlas contacts nobody: who serves it under a name says so in browser.serverAddress.
    if hasattr(net_util, "get_external_ip"):
        net_util.get_external_ip = lambda: None

    # At its first element Streamlit looks through every loaded module to ask whether it runs in a REPL.
    if hasattr(delta_generator, "_use_warning_has_been_displayed"):
        delta_generator._use_warning_has_been_displayed = True
    # A page's icon goes through image_to_url, which imports numpy and Pillow; ours is a data address already.
    if hasattr(page_config, "image_to_url"):
        page_config.image_to_url = _as_it_is(page_config.image_to_url)
    # Every run of a page reads the six sections of the theme out of the options again: 7 % of the server's time.
    if hasattr(app_session, "_populate_theme_msg"):
        app_session._populate_theme_msg = _remembered(app_session._populate_theme_msg)
    # After a session's first run, and after each time it comes back, Streamlit resolves the path of every loaded module
    # in order to watch it: 150 ms on the thread that serves everybody, to no end where nothing is watched.
    if config.get_option("server.fileWatcherType") == "none":
        watcher = local_sources_watcher.LocalSourcesWatcher
        if hasattr(watcher, "update_watched_modules"):
            watcher.update_watched_modules = _nothing
    # Streamlit's listening socket does not say that it is one of TCP, and asyncio leaves Nagle's algorithm on for such:
    # the second of two small messages waits until the browser has confirmed the first, up to 40 ms.
    if hasattr(base_events, "_set_nodelay"):
        base_events._set_nodelay = _at_once
    gc.freeze()  # what the imports left need not be walked during the first run


def _at_once(connection: socket.socket) -> None:
    """Send what is written to `connection` at once, if it is one of TCP."""
    if connection.family in (socket.AF_INET, socket.AF_INET6) and connection.type == socket.SOCK_STREAM:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _nothing(_watcher: Any) -> None:
    """Watch nothing."""


def _remembered(populate: Callable[..., None]) -> Callable[..., None]:
    """`populate(message, section)`, but each section is read once: the theme does not change while the server runs."""
    known: dict[str, Any] = {}

    def fill(message: Any, section: str = "theme") -> None:
        if section not in known:
            kept = type(message)()
            populate(kept, section)
            known[section] = kept
        if known[section].ByteSize():  # merging nothing would still say that the section is there
            message.MergeFrom(known[section])

    return fill


def _as_it_is(image_to_url: Any) -> Any:
    """`image_to_url`, but a data address stays what it is without a look at it."""

    def address(image: Any, *arguments: Any, **named: Any) -> str:
        if isinstance(image, str) and image.startswith("data:"):
            return image
        return image_to_url(image, *arguments, **named)

    return address


def after_first_run() -> None:
    """Once, a little after the first page has been shown and all is imported: set what lives for ever aside.

    Later collections need not walk it. With `runner.postScriptGC` off this is what lets one process serve a
    class: p95 of 100 sessions fell from 7.7 s to 71 ms. Not at once: it holds every thread for 50 ms.
    """
    if not _settled:
        _settled.append(True)
        later = threading.Timer(QUIET, _settle)
        later.daemon = True
        later.start()


def _settle() -> None:
    gc.collect()
    gc.freeze()

"""Keeping out of the visitors' way what Streamlit does at its start, its first element, and in every run.

The patches below name Streamlit's insides. Where a version has them no more a test says so; without the first the
server would ask a host of others for its own address.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any

BETWEEN_SENDINGS = 0.001  # seconds


def before_first_run() -> None:
    """At the server's start: spare the first visitor what nobody needs (a tenth of a second each)."""
    from asyncio import base_events

    from streamlit import config, delta_generator, net_util
    from streamlit.commands import page_config
    from streamlit.runtime import app_session, runtime
    from streamlit.runtime.state.safe_session_state import SafeSessionState
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
    # After each burst of messages Streamlit sends nothing for 5 ms, and the picture comes behind the word that a run
    # has begun: it left 4 ms after it was made.
    if hasattr(runtime, "MESSAGE_FLUSH_INTERVAL_SECS"):
        runtime.MESSAGE_FLUSH_INTERVAL_SECS = BETWEEN_SENDINGS
    # Each field looks its key up in a copy of the whole session's state, and for each component in that copy Streamlit
    # makes a class, which only the collector frees: 450 of the 530 objects that a change left to it, 8 % of the time.
    if isinstance(getattr(SafeSessionState, "filtered_state", None), property):
        SafeSessionState.filtered_state = property(_Looked)


class _Looked(Mapping):
    """A session's state as its keys and values are asked for; the whole of it only for who wants that."""

    def __init__(self, state: Any) -> None:
        self._lock, self._state = state._lock, state._state

    def __getitem__(self, key: str) -> Any:
        with self._lock:
            return self._state[key]

    def _whole(self) -> dict[str, Any]:
        with self._lock:
            return self._state.filtered_state

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())

    def __repr__(self) -> str:
        return repr(self._whole())


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

"""Who asks the calculator on a page's behalf, and what the page says while he waits for his turn.

A visitor is the cookie that the proxy gives (deploy/nginx.conf.template), one for all windows of a browser; without a
proxy it is the session of a page, and the address of a request.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import RerunException, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

from core import calculator
from core.words import _
from pages.shared.markup import tag

COOKIE = "atlas_visitor"
VALUE = re.compile(r"[0-9a-f]{32}")
PLACE = "atlas.waiting"  # in the session: where the page says that it waits


def named(cookies: Mapping[str, str], otherwise: str) -> str:
    """The visitor whose cookies these are."""
    cookie = cookies.get(COOKIE, "")
    return cookie if isinstance(cookie, str) and VALUE.fullmatch(cookie) else otherwise


def here() -> str:
    """The visitor whose page this thread runs; "" where it runs none."""
    context = get_script_run_ctx(suppress_warning=True)
    return named(st.context.cookies, context.session_id) if context is not None else ""


def asker() -> calculator.Asker:
    """Who asks in this thread: the visitor whose page it runs, or nobody in particular."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return calculator.Asker()
    waiting = Waiting(context)
    return calculator.Asker(here(), waiting, waiting.end)


def reserve() -> None:
    """Keep a place in which the page, or this part of it, says that it waits. A part may not write into another's."""
    st.session_state[PLACE] = st.empty()


class Waiting:
    """One question that waits: the page says how many are before it, and a page that is left waits no more."""

    def __init__(self, context: Any) -> None:
        self._context, self._said = context, ""

    def __call__(self, before: int | None) -> None:
        """Say where it stands. Raises what ends the page's run, where it was left or changed."""
        self._context.yield_check()
        _end_if_overtaken(self._context)
        sentence = _said(before)
        if sentence == self._said or PLACE not in st.session_state:
            return
        with contextlib.suppress(
            StreamlitAPIException
        ):  # a question outside of any part: it waits without a word
            st.session_state[PLACE].html(tag("p", sentence, class_="atlas-waiting", role="status"))
        self._said = sentence

    def end(self) -> None:
        """It waits no more."""
        if self._said:
            with contextlib.suppress(StreamlitAPIException):
                st.session_state[PLACE].empty()


def _end_if_overtaken(context: Any) -> None:
    """End a run whose part the visitor has changed meanwhile: Streamlit would begin the new one only after the old one.

    The run of a whole page begins anew as a whole, with the new value.
    """
    requests = context.script_requests
    if requests is None or requests._state is not ScriptRequestType.RERUN:
        return
    running = context.fragment_ids_this_run or []
    if not set(running) <= set(requests._rerun_data.fragment_id_queue):
        return  # parts that would be left out
    wanted = requests.on_scriptrunner_ready()
    if wanted.type is ScriptRequestType.RERUN:
        raise RerunException(
            wanted.rerun_data if running else replace(wanted.rerun_data, fragment_id_queue=[])
        )
    context.yield_check()  # it was closed in that moment


def _said(before: int | None) -> str:
    if before is None:
        return _("Your question waits for a moment.")
    if before == 0:
        return _("You are next.")
    if before == 1:
        return _("One other is before you.")
    return _("{count} others are before you.").format(count=before)

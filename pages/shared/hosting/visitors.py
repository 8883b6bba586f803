"""Who asks the calculator on a page's behalf, and what the page says while he waits for his turn.

A visitor is the cookie that the proxy gives (deploy/nginx.conf.template), one for all windows of a browser; without a
proxy it is the session of a page, and the address of a request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import calculator
from core.words import _
from pages.shared.markup import tag

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

COOKIE = "atlas_visitor"
VALUE = re.compile(r"[0-9a-f]{32}")
PLACE = "atlas.waiting"  # in the session: where the page says that it waits


def named(cookies: Mapping[str, str], otherwise: str) -> str:
    """The visitor whose cookies these are."""
    cookie = cookies.get(COOKIE, "")
    return cookie if isinstance(cookie, str) and VALUE.fullmatch(cookie) else otherwise


def asker() -> calculator.Asker:
    """Who asks in this thread: the visitor whose page it runs, or nobody in particular."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return calculator.Asker()
    waiting = Waiting(context)
    return calculator.Asker(named(st.context.cookies, context.session_id), waiting, waiting.end)


def reserve() -> None:
    """Keep the place in which a page says that it waits: over the page, and empty."""
    st.session_state[PLACE] = st.container(key="waiting")


class Waiting:
    """One question that waits: the page says how many are before it, and a page that is left waits no more."""

    def __init__(self, context: Any) -> None:
        self._context, self._said = context, ""
        self._slot: DeltaGenerator | None = None  # a part of a page may write into a container of the page's

    def __call__(self, before: int | None) -> None:
        """Say where it stands. Raises what ends the page's run, where it was left or changed."""
        self._context.yield_check()
        sentence = _said(before)
        if sentence == self._said or PLACE not in st.session_state:
            return
        self._slot = self._slot or st.session_state[PLACE].empty()
        self._slot.html(tag("p", sentence, class_="atlas-waiting", role="status"))
        self._said = sentence

    def end(self) -> None:
        """It waits no more."""
        if self._slot:
            self._slot.empty()


def _said(before: int | None) -> str:
    if before is None:
        return _("Your question waits for a moment.")
    if before == 0:
        return _("You are next.")
    if before == 1:
        return _("One other is before you.")
    return _("{count} others are before you.").format(count=before)

"""What stands beside the stage on every page that has one."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st
from streamlit import runtime

from pages.shared import embedded, part
from pages.shared.answer import Problem
from pages.shared.turns import TURNS

# Seconds between the picture and all that is beside and below it: the browser draws what has come in one go, and a new
# picture would wait for two dozen texts. bench_page change, p95 in floors of the same run: without it 1.4 to 2.0, with
# 30 ms 1.1 to 1.6, with 60 ms 1.1 to 1.3, with 150 ms 0.9 to 1.4. A class of 100 has all of matrix-vector after 85 to
# 90 ms (p95) with 40 ms here; with 150 it was 234. A page just opened has its stage still to begin: from the
# server's start to the first picture of matrix-vector 2.1 s with 40 ms, 1.8 with 200, no less with 400.
HEAD_START, AT_OPENING = 0.04, 0.2
OPENED = "atlas.plate.opened"  # in the session: the page whose plate stood there last


def show_beside(problem: Problem | None, show: Callable[[], None]) -> None:
    """The narrow column, shown by `show` when the picture is on its way; in a frame only what is wrong."""
    if embedded.alone():
        embedded.show_problem(problem)
        return
    if runtime.exists():  # a page in a test has no browser that draws
        with TURNS.away():
            time.sleep(_head_start())
        TURNS.give_way()
    with st.container(key="inputs"):
        show()


def _head_start() -> float:
    """Seconds; more at a page that the visitor has just come to."""
    page = st.session_state.get(part.FRAME_PAGE)
    before = st.session_state.get(OPENED)
    st.session_state[OPENED] = page
    return HEAD_START if page == before else AT_OPENING

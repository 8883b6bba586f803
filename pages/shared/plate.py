"""What stands beside the stage on every page that has one."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st
from streamlit import runtime

from pages.shared import embedded
from pages.shared.answer import Problem
from pages.shared.turns import TURNS

# Seconds between the picture and all that is beside and below it: the browser draws what has come in one go, and a new
# picture would wait for two dozen texts. bench_page change, p95 in floors of the same run: without it 1.4 to 2.0, with
# 30 ms 1.1 to 1.6, with 60 ms 1.1 to 1.3, with 150 ms 0.9 to 1.4. A class of 100 has all of matrix-vector after 97 to
# 113 ms (p95) with 40 ms here, and after 234 with 150. At a visitor's first page a second was no gain.
HEAD_START = 0.04


def show_beside(problem: Problem | None, show: Callable[[], None]) -> None:
    """The narrow column, shown by `show` when the picture is on its way; in a frame only what is wrong."""
    if embedded.alone():
        embedded.show_problem(problem)
        return
    if runtime.exists():  # a page in a test has no browser that draws
        with TURNS.away():
            time.sleep(HEAD_START)
        TURNS.give_way()
    with st.container(key="inputs"):
        show()

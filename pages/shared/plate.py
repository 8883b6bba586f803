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
# picture would wait for two dozen texts. It draws for 50 to 100 ms (bench_page change on /tensors, two runs each: with
# 50 ms here p95 is 203 and 224 ms, with 150 ms 119 and 152). At a visitor's first page a second was no gain.
HEAD_START = 0.15


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

"""Parts of a page that run again by themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st

from pages.shared import language
from pages.shared.hosting import reruns, visitors
from pages.shared.turns import TURNS

FRAME_PAGE = "atlas.frame.page"  # in the session: the address of the page that the frame showed last


def part(show: Callable[..., None]) -> Callable[..., None]:
    """`show` as a fragment in the visitor's language: a change inside runs it alone and not the frame around it."""

    @st.fragment
    @wraps(show)
    def run(*arguments: Any, **named: Any) -> None:
        if not reruns.alone():
            visitors.reserve()
            show(*arguments, **named)
            return
        with TURNS.turn(visitors.here()):
            language.speak()  # the frame, which spoke at the page's own run, is not run again
            visitors.reserve()
            with reruns.timed(st.session_state.get(FRAME_PAGE, ""), show.__name__):
                show(*arguments, **named)

    return run


def window(title: str, show: Callable[..., None], width: str) -> Callable[..., None]:
    """`show` as a window over the page, in the visitor's language: a change inside runs it alone, as a part."""

    @st.dialog(title, width=width)
    def run(*arguments: Any) -> None:
        language.speak()
        show(*arguments)

    return run

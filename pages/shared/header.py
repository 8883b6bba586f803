"""The right end of the header line: the other language, and the device that computes."""

from __future__ import annotations

import streamlit as st

from core import words
from core.words import _
from pages.shared import language
from pages.shared.markup import put, tag


def show() -> None:
    """The language switch: one press, no menu, as there are two."""
    other = next(code for code in words.LANGUAGES if code != words.language())
    with st.container(key="header"):
        st.button(
            words.LANGUAGES[other], key="atlas.switch", type="tertiary", on_click=language.choose, args=(other,)
        )


def apology() -> None:
    """What a visitor reads when a page failed: no trace, no path."""
    with st.container(key="apology"):
        put(tag("p", _("This page could not be shown. It has been noted; reload it, or go back to the start.")))

"""Which language a visitor reads: the link's, else the one chosen, else the browser's."""

from __future__ import annotations

import streamlit as st

from core import words

KEY = "atlas.language"  # in the session: the language chosen or linked; absent while the browser decides
SEEN = "atlas.language.seen"  # the address's `lang` when it was last looked at or written


def speak() -> None:
    """Use the visitor's language for the rest of this run; a `lang` new in the address counts as a choice."""
    linked = st.query_params.get("lang")
    if linked != st.session_state.get(SEEN):
        st.session_state[SEEN] = linked
        if linked in words.LANGUAGES:
            st.session_state[KEY] = linked
    words.use(chosen() or words.best_language(st.context.locale))


def choose(code: str) -> None:
    """The visitor's own choice (a callback)."""
    st.session_state[KEY] = code


def chosen() -> str | None:
    """The language chosen or linked, if any."""
    return st.session_state.get(KEY)


def written(code: str | None) -> None:
    """The address now says `code`."""
    st.session_state[SEEN] = code
    if code:
        st.session_state[KEY] = code

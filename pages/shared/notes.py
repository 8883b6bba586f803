"""What the link asked for that could not be had: sentences on the page until they are dismissed."""

from __future__ import annotations

import streamlit as st

from core.operation import Operation
from core.words import _
from pages.shared import state
from pages.shared.markup import prose, put, tag


def show(operation: Operation | None) -> None:
    """The notes that wait, with a button that takes them away."""
    waiting = state.notes(operation)
    if waiting:
        with st.container(key="note"):
            put(tag("ul", *(tag("li", prose(sentence)) for sentence in waiting), role="status"))
            st.button(
                _("Understood"), key=state.key(operation, "dismiss"), type="tertiary", on_click=waiting.clear
            )

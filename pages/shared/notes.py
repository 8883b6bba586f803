"""What the link asked for that could not be had: sentences on the page until they are dismissed."""

from __future__ import annotations

import streamlit as st

from core.operation import Desk, Operation
from core.words import _
from pages.shared import shelf, state
from pages.shared.markup import prose, put, tag


def show(operation: Operation | Desk | None) -> None:
    """The notes that wait, with a button that takes them away."""
    waiting = [*state.notes(operation), *shelf.notes()]
    if waiting:
        with st.container(key="note"):
            put(tag("ul", *(tag("li", prose(sentence)) for sentence in waiting), role="status"))
            st.button(
                _("Understood"), key=state.key(operation, "dismiss"), type="tertiary", on_click=_clear,
                args=(operation,),
            )  # fmt: skip


def _clear(operation: Operation | Desk | None) -> None:
    state.notes(operation).clear()
    shelf.notes().clear()

"""The first page: what this is in two sentences, and a picture of each concept that leads to it."""

from __future__ import annotations

import streamlit as st

from core import ops
from core.operation import Operation
from core.words import _
from pages.shared import navigation, notes, state
from pages.shared.markup import put, tag


def show_home() -> None:
    """The whole first page."""
    state.adopt(None)
    notes.show(None)
    with st.container(key="welcome"):
        put(
            tag("h1", "Tensor Atlas"),
            tag(
                "p",
                _("The linear algebra under deep learning, as pictures that move."),
                " ",
                _("Type a tensor or drag it by hand, and watch what torch computes, number by number."),
                class_="atlas-lead",
            ),
        )
    for operation in ops.CHAPTERS:
        show_poster(operation)
    state.publish(None)


def show_poster(operation: Operation) -> None:
    """A concept's picture, its title and its one line."""
    with st.container(key=f"poster-{operation.key}"):
        st.page_link(navigation.page_of(operation), label=_(operation.title))
        put(tag("p", _(operation.summary)))

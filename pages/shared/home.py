"""The first page: what this is in two sentences, and a picture of each concept that leads to it."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

import streamlit as st

from core import ops, words
from core.operation import Operation
from core.words import _
from pages.shared import answer, navigation, notes, state
from pages.shared.markup import put, tag

POSTERS = Path(__file__).resolve().parents[1] / "home"


def show_home() -> None:
    """The whole first page."""
    state.adopt(None)
    notes.show(None)
    with st.container(key="welcome"):
        put(
            tag("h1", "Tensor Atlas"),
            tag(
                "p",
                _(
                    "The linear algebra under deep learning, as pictures that move. Type a tensor or drag it by "
                    "hand, and watch what torch computes, number by number."
                ),
                class_="atlas-lead",
            ),
        )
    with st.container(key="posters"):
        for operation in ops.CHAPTERS:
            show_poster(operation)
    state.publish(None)


def show_poster(operation: Operation) -> None:
    """A concept's picture with its name and its idea; all of it leads to the concept."""
    with st.container(key=f"poster-{operation.key}"):
        put(picture(operation))
        st.page_link(navigation.page_of(operation), label=_(operation.title))
        put(tag("p", tag("i", operation.notation), " ", _(operation.summary)))


def picture(operation: Operation) -> str:
    """The still as an image element; an empty frame where there is none."""
    drawn = _still(kept(operation, words.language(), answer.theme())) or answer.poster(operation)
    if not drawn:
        return tag("div", class_="atlas-poster")
    source = "data:image/svg+xml;base64," + base64.b64encode(drawn).decode()
    return tag("img", src=source, alt=_(operation.title), class_="atlas-poster")


def kept(operation: Operation, language: str, theme: str) -> Path:
    """Where the still lies, drawn beforehand (tests/posters.py draws, a test compares): home waits for no torch."""
    return POSTERS / f"{operation.key}.{language}.{theme}.svg"


@cache
def _still(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""

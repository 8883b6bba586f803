"""The first page: what this is in two sentences, and the map of the course, a real picture for each concept."""

from __future__ import annotations

import base64
import itertools
from pathlib import Path

import streamlit as st

from core import ops, words
from core.operation import Operation
from core.words import N_, _
from core.workbench.desks import DESKS
from pages.shared import answer, navigation, notes, posters, state
from pages.shared.markup import put, tag

LEAD = N_(
    "The linear algebra under deep learning, as pictures that move. Type a tensor or drag it by hand, and watch what "
    "torch computes, number by number."
)
DESK_WORDS = {
    "tensors": N_("Build, load and look at tensors, and keep them under names that every page knows."),
    "expression": N_("Have any line of tensor code explained, node by node."),
    "slides": N_("Collect figures, put them in order, and take them to class as a presentation."),
}


def show_home() -> None:
    """The whole first page."""
    state.adopt(None)
    notes.show(None)
    with st.container(key="welcome"):
        put(tag("h1", navigation.NAME), tag("p", _(LEAD), class_="atlas-lead"))
    with st.container(key="posters"):
        for chapter, operations in itertools.groupby(ops.CHAPTERS, key=lambda operation: operation.chapter):
            show_chapter(chapter, list(operations))
        show_workbench()
    state.publish(None)


def show_chapter(chapter: str, operations: list[Operation]) -> None:
    """A chapter of the course: its name, and its concepts in reading order; a lone one is shown large."""
    put(tag("h2", _(ops.CHAPTER_TITLES[chapter]), class_="atlas-chapter"))
    with st.container(key=f"chapter-{chapter}" if len(operations) > 1 else f"lone-{chapter}"):
        for operation in operations:
            show_poster(operation)


def show_workbench() -> None:
    """The pages that are not one concept, each with its few words."""
    put(tag("h2", _("Workbench"), class_="atlas-chapter"))
    with st.container(key="desks"):
        for desk in DESKS:
            with st.container(key=f"desk-{desk.key}"):
                st.page_link(navigation.desk_page(desk.key), label=_(desk.title))
                put(tag("p", _(DESK_WORDS[desk.key])))


def show_poster(operation: Operation) -> None:
    """A concept's picture with its name and its idea; all of it leads to the concept."""
    number = 1 + ops.CHAPTERS.index(operation)
    with st.container(key=f"poster-{operation.key}"):
        put(picture(operation))
        st.page_link(navigation.page_of(operation), label=f"{number} · {_(operation.title)}")
        put(tag("p", tag("i", operation.notation), " ", _(operation.summary)))


def picture(operation: Operation) -> str:
    """The still as an image element; an empty frame where there is none."""
    source = posters.address(kept(operation, words.language(), answer.theme()))
    if not source:
        drawn = answer.poster(operation)
        source = "data:image/svg+xml;base64," + base64.b64encode(drawn).decode() if drawn else ""
    if not source:
        return tag("div", class_="atlas-poster")
    return tag("img", src=source, alt=_(operation.title), class_="atlas-poster", loading="lazy")


def kept(operation: Operation, language: str, theme: str) -> Path:
    """Where the still lies, drawn beforehand (tests/posters.py draws, a test compares): home waits for no torch."""
    return posters.FOLDER / f"{operation.key}.{language}.{theme}.svg"

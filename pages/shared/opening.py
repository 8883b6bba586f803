"""A file of the visitor's own is opened: its tensors onto the shelf, and of a workspace file the slides, too."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.runtime.uploaded_file_manager import DeletedFile

from core.words import _, together
from core.workspace import Item, free_name
from pages.shared import answer, keeping, language, shelf, slides
from pages.shared.answer import Problem
from pages.shared.hosting import uploads


def version() -> int:
    """Which field takes the next file: after each it is another one, and empty again."""
    return st.session_state.setdefault("file.version", 0)


def open_file(field: str) -> tuple[list[Item], bool]:
    """(The tensors as they lie on the shelf now, whether the file is a workspace of ours). A callback's work."""
    given = st.session_state[field]
    if given is None:
        return [], False
    language.speak()
    if isinstance(given, DeletedFile):  # this server lost it, or never had it
        st.session_state["file.version"] = version() + 1
        shelf.say(_("The file did not arrive. Choose it once more."))
        return [], False
    if refused := uploads.why_not(given):
        st.session_state["file.version"] = version() + 1
        shelf.say(together(*refused))
        return [], False
    found = answer.asked("load", {"filename": given.name[:200]}, file=given.getvalue())
    st.session_state["file.version"] = version() + 1
    keeping.forget_file(given)
    if isinstance(found, Problem):
        shelf.say(together(f"{given.name[:60]}: {found.sentence}", found.fix))
        return [], False
    told, items = keeping.loaded(found)
    for sentence in told["notes"]:
        shelf.say(sentence)
    slides.adopt(found)
    taken_in = placed(items, told["workspace"])
    if not taken_in or not shelf.attempt(lambda workspace: workspace.with_all(taken_in)):
        return [], False
    st.session_state[keeping.CHANGED] = True
    return taken_in, told["workspace"]


def placed(items: list[Item], ours: bool) -> list[Item]:
    """The items under free names; those of a workspace file that are on the shelf already keep theirs."""
    taken, found = [*shelf.now().names, *keeping.reserved()], []
    for item in items:
        known = ours and item.name in shelf.now() and shelf.now().find(item.name).same(item)
        name = item.name if known else free_name(item.name, taken)
        taken.append(name)
        found.append(replace(item, name=name))
    return found

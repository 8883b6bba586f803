"""The visitor's slides: in the session, beside the stages from which they come, and in the header of every page.

They are the visitor's alone and bounded (core.slides); the browser keeps them for the next session (kept.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from core import calculator, words, workspace_file
from core.slides import Deck, Edits, Slide, View
from core.slides import told as described
from core.words import _, together
from core.workbench.desks import SLIDES
from core.workspace import WorkspaceError, to_link
from pages.shared import answer, embedded, keeping, language, navigation, shelf
from pages.shared.answer import Answer, Problem
from pages.shared.link import VIEW

KEY = "atlas.slides"  # the Edits, in the session
SAID = "atlas.slides.said"  # what was said last, and on which stage
LONGEST_LINK = 4_000


@dataclass(frozen=True)
class Subject:
    """What a figure is about, for the slide that it goes onto. `query`: what its page's link says beside the view."""

    page: str
    title: str
    query: Mapping[str, str]
    code: str = ""
    formula: str = ""  # where the step has none
    addressed: bool = True  # the view is in the address, too


def edits() -> Edits:
    """The deck with its past."""
    return st.session_state.get(KEY, Edits())


def now() -> Deck:
    """The deck."""
    return edits().now


def change(deck: Deck) -> None:
    """The deck after a change, which can be undone. The frame, which counts and keeps the slides, is to run again."""
    st.session_state[KEY] = edits().then(deck)
    st.session_state[keeping.CHANGED] = True


def begin(deck: Deck) -> None:
    """The deck of a session that goes on where another ended: there is nothing to undo."""
    st.session_state[KEY] = Edits(deck)


def undo() -> None:
    """One change back (a callback)."""
    st.session_state[KEY] = edits().undone()
    st.session_state[keeping.CHANGED] = True


def redo() -> None:
    """An undone change forward again (a callback)."""
    st.session_state[KEY] = edits().redone()
    st.session_state[keeping.CHANGED] = True


def attempt(do: Callable[[Deck], Deck]) -> str:
    """`do(deck)`; where it cannot be done nothing changes, and the sentence that says why comes back."""
    language.speak()  # a callback runs in a thread of its own
    try:
        change(do(now()))
    except WorkspaceError as error:
        return together(error.sentence, error.fix)
    return ""


def show_header(page: str) -> None:
    """How many slides there are, as the way to them; nothing while there are none, and on their own page."""
    count = len(now())
    if count and page != SLIDES.key:
        with st.container(key="slides-link"):
            st.page_link(navigation.desk_page(SLIDES.key), label=_("Slides · {count}").format(count=count))


# --- from a stage


def offered(key: str, found: Answer, subject: Callable[[], Subject]) -> dict[str, Any]:
    """What the stage called `key` needs so that what it shows can be put onto a slide: arguments for stage.stage."""
    if embedded.alone():  # in a frame of another site there is no page of slides to go to
        return {}
    said = st.session_state.get(SAID, {})
    return {
        "on_slide": lambda view: add(key, found.film, view, subject()),
        "said": said if said.get("stage") == key else None,
    }


def add(key: str, film: bytes, view: View, subject: Subject) -> None:
    """The film as it is looked at becomes the last slide; the stage says so, or why not (a callback)."""
    language.speak()
    made = drafted(film, view, subject)
    try:
        if isinstance(made, Problem):
            raise WorkspaceError(made.sentence, made.fix)
        change(now().added([made]))
    except WorkspaceError as error:
        say(
            key, error.sentence
        )  # beside the button there is room for what is wrong, on the page for what would work
        shelf.say(together(error.sentence, error.fix))
        st.session_state[keeping.CHANGED] = True
    else:
        say(key, _("Added to slides · {count}").format(count=len(now())))


def say(key: str, text: str) -> None:
    """A sentence for the stage called `key`."""
    number = st.session_state.get(SAID, {}).get("number", 0) + 1
    st.session_state[SAID] = {"number": number, "text": text, "stage": key}


def drafted(film: bytes, view: View, subject: Subject) -> Slide | Problem:
    """The slide, without a place in the deck; a program that is too long is left out."""
    found = answer.asked("slide", {"view": view.plain()}, film=film)
    if isinstance(found, Problem):
        return found
    made = Slide(
        key="s1",
        page=subject.page,
        title=subject.title,
        film=found.blobs["film"],
        still=found.blobs["still"],
        view=View(found.data["step"], view.camera, view.zoom, view.layers),
        caption=found.data["sentence"],
        formula=found.data["formula"] or subject.formula,
        code=subject.code,
        link=link_of(subject, view),
        alt=subject.title,
        kind="picture",
        theme=answer.theme() if answer.theme() in answer.THEMES else "light",
        language=words.language(),
    )
    return described(
        made.described(), made.film, made.still
    )  # with the lengths that a file's slides have, too


def link_of(subject: Subject, view: View) -> str:
    """Path and query that show the same again; what is too long for a link leaves the shelf, and then all, out."""
    seen = view.query() if subject.addressed else {}
    carried = to_link(shelf.now().mentioned(*subject.query.values()))
    asked = {**subject.query, "lang": words.language(), **seen}
    for query in ({**asked, "shelf": carried}, asked, {"lang": words.language()}):
        link = f"/{subject.page}?{urlencode({name: text for name, text in query.items() if text})}"
        if len(link) <= LONGEST_LINK:
            return link
    return f"/{subject.page}"


def link_at(link: str, view: View) -> str:
    """A slide's link, looked at otherwise; one that says nothing of a view stays."""
    path, _mark, query = link.partition("?")
    asked = dict(parse_qsl(query))
    if "step" not in asked:
        return link
    kept = {name: text for name, text in asked.items() if name not in VIEW}
    changed = f"{path}?{urlencode(kept | view.query())}"
    return changed if len(changed) <= LONGEST_LINK else link


# --- in a workspace file


def show_save(key: str) -> None:
    """The workspace file: the shelf and the deck."""
    workspace, deck = shelf.now(), now()  # Streamlit asks for the file outside of the session
    st.download_button(
        _("Save the workspace"), data=lambda: workspace_file.written(workspace, deck), key=key,
        file_name="workspace.safetensors", mime="application/octet-stream", on_click="ignore",
    )  # fmt: skip


def read(reply: calculator.Reply) -> tuple[str, list[Slide]]:
    """(Title, slides that are not in the deck yet) of a workspace file that a worker opened."""
    told = reply.data.get("deck") or {}
    listed = told.get("slides", ())
    found = [
        described(one, reply.blobs[f"slide:{k}"], reply.blobs[f"still:{k}"]) for k, one in enumerate(listed)
    ]
    return now().title or told.get("title", ""), now().unknown(slide for slide in found if slide is not None)


def adopt(reply: calculator.Reply) -> None:
    """The slides of a workspace file behind those that are there; a sentence where that cannot be."""
    title, found = read(reply)
    if not found:
        return
    problem = attempt(lambda deck: deck.renamed(title).added(found))
    shelf.say(problem or _("Slides that came with the file: {count}.").format(count=len(found)))

"""The slides page: figures that were collected anywhere in the atlas become a deck, and leave as a file."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from core import ops, words
from core.figures import theme
from core.slides import KINDS, LONGEST, THEMES, Deck, Slide, View, cleaned
from core.words import N_, _, together
from core.workbench.desks import SLIDES as DESK
from core.workspace import WorkspaceError
from pages.shared import (
    answer,
    embedded,
    keeping,
    kept,
    language,
    navigation,
    notes,
    opening,
    shelf,
    slides,
    stage,
    state,
)
from pages.shared.answer import Answer, Problem
from pages.shared.base import base
from pages.shared.framing import framed
from pages.shared.markup import put, tag
from pages.shared.part import part
from pages.shared.sections import section, show_desk_title

CHOSEN = "slides.chosen"  # the key of the slide that is looked at
WANTED = "slides.wanted"  # the number of the browser's question for all figures
STAGE = "slides.stage"
EXAMPLES = (("matrix-vector", None), ("matrix-matrix", 3), ("norms", None))  # concept, step (None: the last)
KINDS_MEAN = N_(
    "In a presentation: a picture of this step, or a film of all steps. In HTML every figure plays and turns."
)


def show_slides() -> None:
    """The whole page."""
    state.adopt(DESK)
    if embedded.alone():
        show_elsewhere()
        return
    show_desk_title(DESK, _("collect, order, take to class"))
    show_bench()


def show_elsewhere() -> None:
    """In a frame of another page: slides are those of a visit, and a frame is another visit than its page's."""
    with st.container(key="empty"):
        put(
            tag("h2", _("Slides do not live in a frame")),
            tag(
                "p",
                _(
                    "A deck belongs to the visit in which it was collected. Take it along as HTML: that file plays in "
                    "a frame, and without a network."
                ),
                class_="atlas-text",
            ),
        )


@part
def show_bench() -> None:
    """Everything below the title; a change runs only this."""
    keeping.catch_up()
    deck = slides.now()
    notes_place = st.container(key="notes")
    if deck.slides:
        with st.container(key="wide"), st.container(key="plate"):
            with st.container(key="slide"):
                show_slide(deck, chosen(deck))
            with st.container(key="inputs"):
                show_deck(deck)
    else:
        show_empty()
    with notes_place:
        notes.show(DESK)
    with st.container(key="more"):
        show_file(deck)
    state.publish(DESK)


def chosen(deck: Deck) -> Slide:
    """The slide that is looked at: the one that was chosen, else the first."""
    key = st.session_state.get(CHOSEN)
    return next((slide for slide in deck.slides if slide.key == key), deck.slides[0])


# --- while there is none


def show_empty() -> None:
    """How slides come here, and three of them to begin with."""
    with st.container(key="empty"):
        put(
            tag("h2", _("No slides yet")),
            tag(
                "p",
                _(
                    "Every figure of the atlas has a button “Add to slides” under it. What you add comes here as you "
                    "looked at it: the step, the view, the sentence, the code and a link back."
                ),
                class_="atlas-text",
            ),
        )
        st.button(_("Begin with three figures of the course"), key="slides.example", on_click=_begin)


def _begin() -> None:
    language.speak()
    made = [_example(key, step) for key, step in EXAMPLES]
    if None in made:  # all or none
        shelf.say(_("The figures could not be computed just now. Try again in a moment."))
    else:
        _do(lambda deck: deck.added(made))


def _example(key: str, step: int | None) -> Slide | None:
    """A figure of the course on its defaults."""
    operation = ops.find(key)
    for _attempt in range(answer.ATTEMPTS):  # on a busy machine a worker may be slow
        found = answer.of_operation(operation, state.defaults(operation))
        if not isinstance(found, Answer):
            continue
        last = found.data["steps"] - 1
        subject = slides.Subject(key, _(operation.title), {}, found.data["code"], operation.notation)
        made = slides.drafted(found.film, View(last if step is None else min(step, last)), subject)
        if isinstance(made, Slide):
            return made
    return None


# --- the slide that is looked at


def show_slide(deck: Deck, slide: Slide) -> None:
    """The figure as it will be on the slide, and the words with it."""
    with st.container(key=f"stage-{slide.theme}"):
        said = st.session_state.get(slides.SAID, {})
        film = gzip.decompress(slide.film)
        stage.stage(
            STAGE,
            film,
            identity=f"slide-{slide.key}-{_mark(repr(slide.view).encode())}",
            revision=_mark(slide.film),
            address=False,
            language=words.language(),
            theme=slide.theme,
            alt=slide.alt or slide.title,
            view=slide.view,
            fixed=True,
            link=base() + slide.link if slide.link else "",
            on_slide=lambda view: _look(slide.key, view),
            slide_word=_("Use this step and this view"),
            said=said if said.get("stage") == STAGE else None,
        )
    with st.container(key="slide-words"):
        show_words(slide)
    with st.container(key="slide-actions"):
        show_actions(deck, slide)


def _mark(data: bytes) -> int:
    """The same for the same bytes, another for others."""
    return zlib.crc32(data)


def _look(key: str, view: View) -> None:
    """The slide is looked at as the stage is now. Its caption follows the step where it was the step's own."""
    slide = next((one for one in slides.now().slides if one.key == key), None)
    if slide is None:
        return
    language.speak()
    views = {"view": view.plain(), "before": slide.view.plain()}
    found = answer.asked("slide", views, film=gzip.decompress(slide.film))
    if isinstance(found, Problem):
        slides.say(STAGE, _("That could not be done just now. Try again in a moment."))
        return
    now, before = found.data, found.data["before"]
    seen = replace(view, step=now["step"])
    changes = {"view": seen, "still": found.blobs["still"], "link": slides.link_at(slide.link, seen)}
    if slide.caption == cleaned(before["sentence"], LONGEST["caption"]):  # nobody has written another one
        changes["caption"] = now["sentence"]
    if now["formula"] or slide.formula == cleaned(before["formula"], LONGEST["formula"]):
        changes["formula"] = now["formula"]
    problem = slides.attempt(lambda deck: deck.changed(key, **changes))
    slides.say(STAGE, problem or _("The slide is at step {step} now.").format(step=seen.step + 1))


def show_words(slide: Slide) -> None:
    """Title, caption, and as what it goes onto the slide."""
    _mirrored(
        f"slides.title.{slide.key}", slide.title,
        lambda field: st.text_input(
            _("Title"), key=field, max_chars=LONGEST["title"], on_change=_change, args=(slide.key, "title", field),
            autocomplete="off",
        ),
    )  # fmt: skip
    _mirrored(
        f"slides.caption.{slide.key}", slide.caption,
        lambda field: st.text_area(  # tall enough for three lines; a line break is a space
            _("Caption"), key=field, max_chars=LONGEST["caption"], height=80, on_change=_change,
            args=(slide.key, "caption", field),
        ),
    )  # fmt: skip
    titles = {kind: _(label) for kind, label in KINDS.items()}
    _mirrored(
        f"slides.kind.{slide.key}", slide.kind,
        lambda field: st.pills(
            _("On the slide"), list(titles), format_func=titles.__getitem__, key=field, on_change=_change,
            args=(slide.key, "kind", field), help=_(KINDS_MEAN),
        ),
    )  # fmt: skip


def _mirrored(field: str, value: Any, show: Callable[[str], Any]) -> None:
    """A field that shows what the deck holds, also after undo."""
    if st.session_state.get(field) != value:
        st.session_state[field] = value
    show(field)


def _change(key: str, name: str, field: str) -> None:
    value = st.session_state[field]
    if value is not None:  # a choice that was pressed once more stays
        _do(lambda deck: deck.changed(key, **{name: value}))


def show_actions(deck: Deck, slide: Slide) -> None:
    """What can be done with the slide."""
    place = deck.place(slide.key)
    move = {"on_click": _move, "type": "tertiary"}
    st.button(_("Move up"), key="slides.up", args=(slide.key, place - 1), disabled=place == 0, **move)
    st.button(
        _("Move down"),
        key="slides.down",
        args=(slide.key, place + 1),
        disabled=place == len(deck) - 1,
        **move,
    )
    st.button(_("Duplicate"), key="slides.double", on_click=_double, args=(slide.key,), type="tertiary")
    st.button(_("Delete"), key="slides.delete", on_click=_delete, args=(slide.key,), type="tertiary")
    parts = urlsplit(slide.link)
    page = _page(parts.path.strip("/"))
    if page is not None:
        st.page_link(page, label=_("Open its page"), query_params=dict(parse_qsl(parts.query)))


def _page(key: str) -> Any:
    """The page at `/<key>`; None where there is none."""
    operation = next((one for one in ops.CHAPTERS if one.key == key), None)
    if operation is not None:
        return navigation.page_of(operation)
    return navigation.desk_page(key) if key in ("tensors", "expression") else None


def _do(change: Callable[[Deck], Deck]) -> bool:
    """A change of the deck; what cannot be done is said on the page."""
    problem = slides.attempt(change)
    if problem:
        shelf.say(problem)
    return not problem


def _move(key: str, to: int) -> None:
    if _do(lambda deck: deck.moved(key, to)):
        st.session_state[CHOSEN] = key


def _double(key: str) -> None:
    if _do(lambda deck: deck.doubled(key)):
        deck = slides.now()
        st.session_state[CHOSEN] = deck.slides[deck.place(key) + 1].key


def _delete(key: str) -> None:
    """The slide behind it is looked at next, else the one before."""
    try:
        place = slides.now().place(key)
    except WorkspaceError:
        return
    if _do(lambda deck: deck.without(key)):
        left = slides.now().slides
        st.session_state[CHOSEN] = left[min(place, len(left) - 1)].key if left else None


# --- the deck


def show_deck(deck: Deck) -> None:
    """Its title, all slides in their order, undo and redo, and the deck as a file."""
    _mirrored(
        "slides.deck", deck.title,
        lambda field: st.text_input(
            _("Title of the deck"), key=field, max_chars=LONGEST["title"], placeholder=_("Untitled deck"),
            on_change=lambda: _do(lambda one: one.renamed(st.session_state[field])), autocomplete="off",
        ),
    )  # fmt: skip
    show_strip(deck)
    past = slides.edits()
    with st.container(key="slides-past"):
        st.button(
            _("Undo"), key="slides.undo", on_click=slides.undo, disabled=not past.before, type="tertiary"
        )
        st.button(
            _("Redo"), key="slides.redo", on_click=slides.redo, disabled=not past.after, type="tertiary"
        )
    show_maker(deck)


def show_strip(deck: Deck) -> None:
    """The slides as small drawings."""
    now = chosen(deck).key
    listed = [
        {"key": s.key, "title": s.title, "theme": s.theme, "kind": s.kind, "mark": _mark(s.still)}
        for s in deck.slides
    ]
    told = {"slides": _("Slides"), "slideOf": _("Slide {slide} of {slides}: {title}")}
    stage.component("strip")(
        key="slides.strip",
        data=framed(
            {"chosen": now, "slides": listed, "words": told},
            {slide.key: slide.still for slide in deck.slides},
        ),
        on_deed_change=_strip_deed,
    )


def _strip_deed() -> None:
    """What was done with the strip; anything but a deed that it can do is left alone."""
    sent = st.session_state["slides.strip"].get("deed")
    if not isinstance(sent, Mapping):
        return
    key, to = sent.get("key"), sent.get("to")
    known = isinstance(key, str) and any(slide.key == key for slide in slides.now().slides)
    match sent.get("name"):
        case "undo":
            slides.undo()
        case "redo":
            slides.redo()
        case "choose" if known:
            st.session_state[CHOSEN] = key
        case "move" if known and type(to) is int:
            _move(key, to)
        case "delete" if known:
            _delete(key)


def show_maker(deck: Deck) -> None:
    """The deck as a file, made in the browser. The figures travel when they are asked for, and not before."""
    wanted = st.session_state.pop(WANTED, 0)
    header = {
        "words": _maker_words(),
        "title": deck.title,
        "language": words.language(),
        "base": base(),
        "backgrounds": {mode: theme.colour("background", mode) for mode in THEMES},
        "wanted": wanted,
        "slides": [slide.described() | {"mark": _mark(slide.film)} for slide in deck.slides]
        if wanted
        else [],
    }
    films = {slide.key: slide.film for slide in deck.slides} if wanted else {}
    stage.component("deckmaker")(key="slides.maker", data=framed(header, films), on_wanted_change=_want)


def _maker_words() -> dict[str, str]:
    return {
        "take": _("Take the deck along"),
        "pptx": _("A presentation: figure or film, caption, code in the notes, a QR code of the link"),
        "html": _("One page that works offline; the figures play and turn"),
        "zip": _("Every slide's picture as PNG"),
        "pictures": _("Pictures"),
        "making": _("Making the file"),
        "count": _("{slide} of {slides}"),
        "cancel": _("Cancel"),
        "cancelled": _("Cancelled"),
        "saved": _("Saved"),
        "failed": _("The file could not be made. Try again."),
        "untitled": _("Slides"),
    }


def _want() -> None:
    """The browser asks for all figures, under a number that comes back with them."""
    sent = st.session_state["slides.maker"].get("wanted")
    number = sent.get("number") if isinstance(sent, Mapping) else None
    if type(number) is int and 0 < number < 2**53:
        st.session_state[WANTED] = number


# --- the workspace file


def show_file(deck: Deck) -> None:
    """The workspace file: the deck and the shelf, to go on another day or on another machine."""
    with section("slides-file", _("Keep the deck") if deck.slides else _("Bring a deck back")):
        put(
            tag(
                "p",
                together(
                    kept.lasting(),
                    _(
                        "A workspace file holds them as they are; opened here or on the tensors page, another day or "
                        "on another machine, everything is back."
                    ),
                ),
                class_="atlas-text",
            )
        )
        with st.container(key="slides-files"):
            if deck.slides:
                slides.show_save("slides.save")
            kept.show_forget("slides")
            field = f"file.{opening.version()}"
            st.file_uploader(
                _("Open a workspace file"),
                type=["safetensors"],
                key=field,
                on_change=opening.open_file,
                args=(field,),
            )

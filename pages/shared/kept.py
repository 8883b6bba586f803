"""What a lost session would take along lies in the visitor's browser, too: the shelf and the slides, for each tab.

The frame has one element without a face, the keeper (stage/static/keeper.js). It is given the workspace file in pieces,
each once, and writes them to IndexedDB. A new session whose browser says by a cookie that something may be kept asks
for it before anything is shown, and reads it as it reads every file from outside. When the connection comes back the
keeper has the frame run again: a session may be a new one, which knows no part of the page until then.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import calculator, workspace_file
from core.slides import Deck
from core.words import _, together
from core.workspace import Workspace, WorkspaceError
from pages.shared import answer, embedded, keeping, opening, shelf, slides, stage
from pages.shared.answer import Problem
from pages.shared.base import base
from pages.shared.framing import framed
from pages.shared.markup import Html, put, tag
from pages.shared.turns import TURNS

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator
    from streamlit.runtime.uploaded_file_manager import UploadedFileRec

VARIABLE = "ATLAS_KEEP"  # "off": browsers keep nothing, for computers that many people use
OFF = ("off", "0", "none", "no")
COOKIE = "atlas_kept"  # the browser sets it: it may keep something
SAME, OTHER = "same", "other"  # what a page calls its file: whether it had a session before this one
BEGUN = "atlas.kept.begun"  # this session has what its browser kept
HELD = "atlas.kept.held"  # it could not be had now: it must not be written over
TOLD = "atlas.kept.told"  # what the browser was told last: the shelf, the deck, the digests of their pieces
FORGOTTEN = "atlas.kept.forgotten"  # how often the browser was told to forget everything
BACK = "atlas.kept.back"  # when the connection came back last, as the browser says it
SESSION = "atlas.kept.session"  # tells the browser one session from another
KEY = "atlas.keeper"
PATIENCE = 5.0  # seconds that a first run waits for its browser
LOOK = 0.02  # seconds between two looks
ATTEMPTS = 3  # at reading it, where others keep the workers busy


def on() -> bool:
    """Whether browsers may keep something. Nothing is put into a page that another site shows in a frame."""
    return os.environ.get(VARIABLE, "").strip().lower() not in OFF and not embedded.alone()


# --- a new session


def restore() -> DeltaGenerator:
    """The keeper's place, before anything else; in it, once in a session, what the browser kept is asked for.

    The place is there in every run: whatever comes after it would else be another element in the next one.
    """
    place = st.container(key="keeper")
    if not st.session_state.get(BEGUN):
        _restore(place)
        st.session_state[BEGUN] = True  # last: where another run overtakes this one, that one asks, too
    return place


def _restore(place: DeltaGenerator) -> None:
    if on() and st.context.cookies.get(COOKIE) == "1":
        given = _asked(place)
        if given is None or given.name not in (
            SAME,
            OTHER,
        ):  # late, not taken by this server, or not readable
            st.session_state[HELD] = True
            shelf.say(_("What this browser keeps for you did not arrive. Reload the page to have it back."))
        elif given.data:
            _take(given)


def _asked(there: DeltaGenerator) -> UploadedFileRec | None:
    """The browser's answer: a file that it sends where this session's uploads go, empty where it keeps nothing.

    None where it does not come in time.
    """
    context = get_script_run_ctx()
    files, session = context.uploaded_file_mgr, context.session_id
    (place,) = files.get_upload_urls(session, ["workspace"])
    _show(there, "atlas.asker", {"ask": base() + place.upload_url})
    until = time.monotonic() + PATIENCE
    with TURNS.away():
        while not (found := files.get_files(session, [place.file_id])) and time.monotonic() < until:
            time.sleep(LOOK)
    files.remove_file(session_id=session, file_id=place.file_id)
    return found[0] if found else None


def _take(given: UploadedFileRec) -> None:
    """The workspace file that lay in the browser, onto the shelf and into the deck. It is as hostile as any file."""
    found = _read(given.data)
    try:
        if isinstance(found, Problem):
            raise WorkspaceError(found.sentence, found.fix)
        told, items = keeping.loaded(found)
        if not told["workspace"] and not told["deck"]:
            raise WorkspaceError(_("It is no workspace file."))
        title, more = slides.read(found)
        workspace = shelf.now().with_all(opening.placed(items, ours=True))
        deck = slides.now().renamed(title).added(more)
    except WorkspaceError as error:
        st.session_state[HELD] = True
        sentence = _("What this browser keeps could not be opened: {reason}")
        shelf.say(together(sentence.format(reason=error.sentence), error.fix))
        return
    for sentence in told["notes"]:
        shelf.say(sentence)
    shelf.begin(workspace)
    slides.begin(deck)
    st.session_state[TOLD] = (workspace, deck, _digests(workspace_file.pieces(workspace, deck)))
    if given.name != SAME:
        _say_what_came(len(workspace), len(deck))


def _read(data: bytes) -> calculator.Reply | Problem:
    for attempt in range(ATTEMPTS):
        found = answer.asked("load", {"filename": "workspace.safetensors"}, file=data)
        if not isinstance(found, Problem) or found.rule not in answer.PASSING or attempt == ATTEMPTS - 1:
            break
    return found


def _say_what_came(tensors: int, count: int) -> None:
    if tensors and count:
        sentence = _(
            "Your shelf ({tensors}) and your slides ({slides}) came back from this browser; undo begins anew."
        )
    elif tensors:
        sentence = _("Your shelf ({tensors}) came back from this browser; undo begins anew.")
    elif count:
        sentence = _("Your slides ({slides}) came back from this browser; undo begins anew.")
    else:
        return
    shelf.say(sentence.format(tensors=tensors, slides=count))


# --- every run of the frame


def show(place: DeltaGenerator) -> None:
    """At the end of the frame: the keeper in its place, and what it has not got yet."""
    header: dict[str, Any] = {
        "words": _words(),
        "cookie": COOKIE,
        "base": base() or "/",
        "session": st.session_state.setdefault(SESSION, secrets.token_hex(8)),
        "back": st.session_state.get(BACK),
        "forget": st.session_state.get(FORGOTTEN, 0),
        "counts": [len(shelf.now()), len(slides.now())],
    }
    files: dict[str, bytes] = {}
    if on() and not st.session_state.get(HELD):
        more, files = _news()
        header |= more
    _show(place, KEY, header, files)


def _news() -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the browser should keep ("mark" and "pieces": digests in the file's order), and what of it is new."""
    workspace, deck = shelf.now(), slides.now()
    known = st.session_state.get(TOLD)
    if (
        known and known[0] is workspace and known[1] is deck
    ):  # they never change, so nothing is digested again
        return {"mark": _mark(known[2])}, {}
    if not known and not len(workspace) and not len(deck):
        return {"mark": ""}, {}
    pieces = workspace_file.pieces(workspace, deck)
    digests = _digests(pieces)
    st.session_state[TOLD] = (workspace, deck, digests)
    before = set(known[2]) if known else set()
    new = {name: piece for name, piece in zip(digests, pieces, strict=True) if name not in before}
    return {"mark": _mark(digests), "pieces": digests}, new


def _digests(pieces: Iterable[bytes]) -> list[str]:
    return [hashlib.sha256(piece).hexdigest()[:32] for piece in pieces]


def _mark(digests: Sequence[str]) -> str:
    """The same for the same file; "" for none."""
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()[:32] if digests else ""


def _show(
    place: DeltaGenerator, key: str, header: dict[str, Any], files: dict[str, bytes] | None = None
) -> None:
    with place:
        stage.component("keeper", draws=False)(
            key=key, data=framed(header, files or {}), on_want_change=_all_again, on_back_change=_back
        )


def _all_again() -> None:
    """The browser lacks a piece (a callback)."""
    st.session_state.pop(TOLD, None)


def _back() -> None:
    """The connection is back (a callback): the frame runs, and says so."""
    sent = st.session_state[KEY].get("back")
    st.session_state[BACK] = sent if type(sent) is int else None


def _words() -> dict[str, str]:
    return {
        "lost": _("The connection is lost. Trying to reach the server …"),
        "back": _("The connection was lost; everything is back."),
        "less": _(
            "The connection was lost. The page is back, but your shelf and your slides are not all there."
        ),
    }


# --- forgetting


def lasting() -> str:
    """A sentence: how long slides and tensors last."""
    if on():
        return _(
            "Slides and tensors lie in this browser, too, until the tab is closed: a reload takes nothing away."
        )
    return _("Slides last for this visit only; reloading the page ends it.")


def show_forget(key: str) -> None:
    """Where the visitor's things lie, and how they are got rid of."""
    if not on():
        return
    with st.popover(_("Kept in this browser"), key=f"kept-{key}"):
        put(_about())
        st.button(_("Forget everything kept in this browser"), key=f"{key}.forget", on_click=_forget)


def _about() -> Html:
    return tag(
        "p",
        _(
            "The shelf and the slides lie in this browser, too, apart for each tab: a reload or a lost connection "
            "takes nothing away, only undo begins anew. They cannot be reached any more when the tab is closed, and "
            "are deleted after three days. Forgetting empties this tab's shelf and slides and deletes what was kept "
            "for all tabs."
        ),
    )


def _forget() -> None:
    """The session's things and the browser's (a callback)."""
    shelf.begin(Workspace())
    slides.begin(Deck())
    st.session_state.pop(TOLD, None)
    st.session_state.pop(HELD, None)
    st.session_state[FORGOTTEN] = st.session_state.get(FORGOTTEN, 0) + 1
    st.session_state[keeping.CHANGED] = True

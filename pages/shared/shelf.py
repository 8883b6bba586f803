"""The visitor's shelf of named tensors: in the session, in the link, beside the questions that name them.

It is the visitor's alone and bounded (core.workspace); small tensors travel in the link, and the browser keeps all of
them for the next session (kept.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import calculator, words
from core.words import _, together
from core.workspace import (
    History,
    Item,
    Linked,
    Workspace,
    WorkspaceError,
    from_link,
    to_link,
)
from pages.shared import language

KEY = "atlas.shelf"  # the History, in the session
SEEN = "atlas.shelf.seen"  # the shelves of links that were looked at or written, in the session
NOTES = "atlas.shelf.notes"  # sentences about the shelf that wait to be read
QUERY = "shelf"  # its parameter in a link
MOST_NOTES, MOST_SEEN = 8, 500
PLACE = "shelf:"  # before a tensor's name among the files of a question


def history() -> History:
    """The shelf with its past."""
    return st.session_state.get(KEY, History())


def now() -> Workspace:
    """The shelf."""
    return history().now


def change(workspace: Workspace) -> None:
    """The shelf after a change, which can be undone."""
    st.session_state[KEY] = history().then(workspace)


def begin(workspace: Workspace) -> None:
    """The shelf of a session that goes on where another ended: there is nothing to undo."""
    st.session_state[KEY] = History(workspace)


def undo() -> None:
    """One change back (a callback)."""
    st.session_state[KEY] = history().undone()


def redo() -> None:
    """An undone change forward again (a callback)."""
    st.session_state[KEY] = history().redone()


def notes() -> list[str]:
    """Sentences about the shelf that wait to be read."""
    return st.session_state.setdefault(NOTES, [])


def say(sentence: str) -> None:
    """One more sentence to be read; of many the last ones."""
    waiting = notes()
    if sentence not in waiting:
        waiting.append(sentence)
    del waiting[:-MOST_NOTES]


def attempt(do: Any) -> bool:
    """`do()` with the shelf; what cannot be done becomes a sentence, and nothing is lost."""
    language.speak()  # a callback runs in a thread of its own
    try:
        change(do(now()))
    except WorkspaceError as error:
        say(together(error.sentence, error.fix))
        return False
    return True


# --- beside a question


def beside(*texts: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What a question about these texts must bring along: {"shelf": ...} and the tensors' bytes, by file name."""
    items = now().mentioned(*texts)
    if not items:
        return {}, {}
    return (
        {"shelf": {item.name: item.described() for item in items}},
        {f"{PLACE}{item.name}": item.data for item in items},
    )


def item_of(told: Mapping[str, Any], data: bytes) -> Item:
    """A worker's answer as an Item."""
    return Item(told["name"], tuple(told["shape"]), told["dtype"], data, told["text"], told["origin"])


# --- in the link


def written() -> str:
    """The shelf as every link holds it: what is too large for a link is only named."""
    text = to_link(now().items)
    _see(text)
    return text


def _see(text: str) -> bool:
    """Whether a link of this session has held this shelf; it is not taken over again. Digests of the last ones."""
    known = st.session_state.setdefault(SEEN, {})
    digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
    seen = digest in known
    known[digest] = True
    while len(known) > MOST_SEEN:
        del known[next(iter(known))]
    return seen


def adopt(value: str | None, *, only_missing: bool = False) -> None:
    """Take the link's shelf over, once for each value: its tensors take their names, and what they replace stays.

    `only_missing`: after Back and Forward, what the visitor has now is newer than the link.
    """
    if not value or _see(value):
        return
    linked = from_link(value)
    for sentence in linked.notes:
        say(sentence)
    found = now()
    missing = [name for name in linked.missing if name not in found]
    if missing:
        sentence = _(
            "The link's shelf also held {names}, too large for a link: open the workspace file to have it again."
        )
        say(sentence.format(names=_(", ").join(f"`{name}`" for name in missing)))
    wanted = {name: text for name, text in linked.texts.items() if not _has(found, name, text, only_missing)}
    if wanted:
        _adopt(Linked(wanted))


def _has(workspace: Workspace, name: str, text: str, by_name: bool) -> bool:
    return name in workspace and (by_name or workspace.find(name).text == text)


def _adopt(linked: Linked) -> None:
    try:
        reply = calculator.ask("adopt", {"texts": dict(linked.texts), "language": words.language()})
    except calculator.Failure:
        say(_("The link's shelf could not be computed and was left out."))
        return
    for sentence in reply.data["notes"]:
        say(sentence)
    found, said = now(), []
    for told in reply.data["items"]:
        item = item_of(told, reply.blobs[told["name"]])
        try:
            found, sentence = _beside_old(found, item)
        except WorkspaceError as error:
            sentence = together(error.sentence, error.fix)
        said += [sentence] if sentence else []
    change(found)  # all that the link brought is one step back
    for sentence in said:
        say(sentence)


def _beside_old(workspace: Workspace, item: Item) -> tuple[Workspace, str]:
    """`item` on the shelf; another tensor of its name stays under a new one, and a sentence says so."""
    if item.name not in workspace or workspace.find(item.name).same(item):
        return workspace.with_item(item), ""
    kept = workspace.doubled(item.name)
    sentence = _("The link brought another `{name}`; yours is now called `{new}`.")
    return kept.with_item(item), sentence.format(name=item.name, new=kept.names[-1])

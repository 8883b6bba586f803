"""The state of a page: its home is the session, under "matrix-vector.A"; the address follows it.

The link is adopted at a page's first run in a session, after Back and Forward, and when another page's link
names parameters. Otherwise the session is right, and the address is written when it says something else: one
history entry a change. Widgets have keys of their own ("matrix-vector.A.field") and are only mirrors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import words
from core.operation import Desk, Operation
from core.shapes import ShapeError
from pages.shared import language, link, shelf
from pages.shared.teaching import NAMES, PLAIN, Teaching

CARRIED = {"hide", "ask"}  # what a teacher's link takes along to the next page
ALONG = {*CARRIED, "lang", link.SHELF}
PAGE = "atlas.page"  # the page shown last
HOME = "home"


def name_of(operation: Operation | Desk | None) -> str:
    """The prefix of a page's keys in the session."""
    return operation.key if operation else HOME


def key(operation: Operation | Desk | None, name: str) -> str:
    """Where the session keeps `name` of a page."""
    return f"{name_of(operation)}.{name}"


def defaults(operation: Operation | Desk) -> dict[str, Any]:
    """Every input's and parameter's default."""
    return {item.name: item.default for item in (*operation.inputs, *operation.parameters)}


def teaching(operation: Operation | Desk | None) -> Teaching:
    """What the teacher's link asks of this page."""
    return st.session_state.get(key(operation, "teaching"), PLAIN)


def teach(operation: Operation, changed: Teaching) -> None:
    """Ask something else of it (a callback). A challenge brings the values it begins with."""
    if changed.challenge and changed.challenge != teaching(operation).challenge:
        put(operation, operation.begun(changed.challenge))
    st.session_state[key(operation, "teaching")] = changed


def begun(operation: Operation) -> dict[str, Any]:
    """How the page begins: its defaults, and over them those of the challenge."""
    return operation.begun(teaching(operation).challenge)


def values(operation: Operation | Desk) -> dict[str, Any]:
    """What the visitor has now, usable or not."""
    return {
        name: st.session_state.get(key(operation, name), value) for name, value in defaults(operation).items()
    }


def put(operation: Operation | Desk, changes: Mapping[str, Any]) -> None:
    """Change some values. Also a callback for presets, fixes and Reset.

    An input that is changed while a parameter stands in for all of them takes the others' texts from it, and its place.
    """
    for name, value in {**_taken_over(operation, changes), **changes}.items():
        st.session_state[key(operation, name)] = value


def unchosen(operation: Operation | Desk) -> list[str]:
    """The parameters that nobody chose: as the page brought them, or as they last gave way to the inputs."""
    found, fitted = values(operation), st.session_state.get(key(operation, "fitted"), {})
    return [
        item.name
        for item in operation.parameters
        if found[item.name] in (item.default, fitted.get(item.name, item.default))
    ]


def fit(operation: Operation | Desk, fitted: Mapping[str, Any]) -> None:
    """Parameters that gave way to the inputs."""
    if fitted:
        points = {name: tuple(value) if isinstance(value, list) else value for name, value in fitted.items()}
        known = st.session_state.get(key(operation, "fitted"), {})
        st.session_state[key(operation, "fitted")] = {**known, **points}
        put(operation, points)


def shown(operation: Operation | Desk) -> dict[str, Any]:
    """The values as the fields show them: inputs that a parameter stands in for have the texts it means."""
    found = values(operation)
    try:
        return {**found, **operation.stood_in(found)}
    except ShapeError:
        return found


def _taken_over(operation: Operation | Desk, changes: Mapping[str, Any]) -> dict[str, Any]:
    if not operation.instead or operation.instead[0] in changes:
        return {}
    inputs = [item.name for item in operation.inputs]
    if not any(name in inputs for name in changes):
        return {}
    texts = shown(operation)
    return {**{name: texts[name] for name in inputs}, operation.instead[0]: ""}


def accepted(operation: Operation | Desk) -> dict[str, Any]:
    """The last values that made a picture; the defaults before any did."""
    return st.session_state.get(key(operation, "accepted")) or defaults(operation)


def accept(operation: Operation | Desk, good: Mapping[str, Any]) -> None:
    """These values made a picture: it stays until the next that do."""
    st.session_state[key(operation, "accepted")] = dict(good)


def adopt_shelf() -> None:
    """Take the link's shelf over: before anything is shown, as the header of every page shows the shelf."""
    shelf.adopt(st.query_params.get(link.SHELF), only_missing=_back_or_forward())


def adopt(operation: Operation | Desk | None) -> None:
    """Take the link over where it counts (see above)."""
    arrived = st.session_state.get(PAGE) != name_of(operation)
    st.session_state[PAGE] = name_of(operation)
    known = key(operation, "notes") in st.session_state
    if known and not _back_or_forward() and not (arrived and len(st.query_params)):
        return
    given = _read(operation)
    st.session_state[key(operation, "notes")] = list(given.notes)
    st.session_state[key(operation, "linked-view")] = given.view
    st.session_state[key(operation, "teaching")] = given.teaching
    if known and CARRIED & set(st.query_params) and not set(st.query_params) - ALONG:
        return  # it came along from another page, or is less or more hidden now: this page's values stay
    if operation:
        put(operation, {**defaults(operation), **given.values})
        st.session_state.pop(key(operation, "accepted"), None)
        st.session_state[key(operation, "linked")] = True


def newly_linked(operation: Operation | Desk) -> bool:
    """Whether the values came from a link and nobody has looked at them yet; asked once."""
    return bool(st.session_state.pop(key(operation, "linked"), False))


def publish(operation: Operation | Desk | None, *, settled: bool = True) -> None:
    """Write the address where it says something else than the page. `settled`: the page's values made a picture."""
    present = {name: st.query_params[name] for name in st.query_params if name != link.SHELF}
    own = {name: text for name, text in present.items() if name not in link.VIEW and name != "lang"}
    asked = teaching(operation)
    if operation and settled:
        wanted = link.write(operation, accepted(operation), teaching=asked)
    else:
        wanted = {name: text for name, text in own.items() if name not in NAMES} | asked.written()
    view = _read(operation).view
    code = language.chosen() or (words.language() if wanted != own and wanted else None)
    spoken = {"lang": code} if code else {}
    if {**wanted, **spoken, **view} != present:
        carried = shelf.written()
        along = {link.SHELF: carried} if carried else {}
        st.query_params.from_dict({**wanted, **spoken, **view, **along})
        language.written(code)


def linked_view(operation: Operation | Desk) -> dict[str, str]:
    """The view (step, camera, zoom, layers) of the link that was adopted last."""
    return st.session_state.get(key(operation, "linked-view"), {})


def notes(operation: Operation | Desk | None) -> list[str]:
    """The sentences about the link that wait to be read."""
    return st.session_state.setdefault(key(operation, "notes"), [])


def _read(operation: Operation | Desk | None) -> link.Link:
    return link.read(operation, {name: st.query_params.get_all(name) for name in st.query_params})


def _back_or_forward() -> bool:
    context = get_script_run_ctx()
    return bool(context and context.is_history_navigation)

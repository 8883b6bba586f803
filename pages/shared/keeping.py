"""The shelf as readers see it: what is on it, putting a result on it, and its names beside a field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import calculator
from core.operation import Input, Operation
from core.words import _, together
from core.workspace import Item, WorkspaceError, check_name, next_letter
from pages.shared import answer, navigation, shelf, state
from pages.shared.answer import Problem
from pages.shared.markup import Html, put, tag, written_shape

MOST_NAMES = 12  # of the shelf, offered beside a field
CHANGED = "atlas.shelf.changed"  # the frame shows an older shelf than there is


def reserved() -> frozenset[str]:
    """The words of the tensor language, which no tensor can be called; empty while nobody can say."""
    try:
        return frozenset(calculator.ask("reserved", {}, keep=True).data["names"])
    except calculator.Failure:
        return frozenset()


def keep(found: calculator.Reply | Problem) -> None:
    """A worker's tensor onto the shelf, or the sentence that says why not."""
    if isinstance(found, Problem):
        shelf.say(together(found.sentence, found.fix))
        return
    item = shelf.item_of(found.data["item"], found.blobs["data"])
    if shelf.attempt(lambda workspace: workspace.with_item(item)):
        st.session_state[CHANGED] = True


def catch_up() -> None:
    """Inside a part of the page: where the shelf has changed, the frame, which shows it, is run again."""
    if st.session_state.pop(CHANGED, False):
        st.rerun(scope="app")


def show_keep(operation: Operation) -> None:
    """A button that puts the result on the shelf under the next letter."""
    name = next_letter(shelf.now().names)
    st.button(
        _("Keep as {name}").format(name=name),
        key=state.key(operation, "keep"),
        type="tertiary",
        on_click=_keep_result,
        args=(operation, name),
    )


def _keep_result(operation: Operation, name: str) -> None:
    keep(answer.result_of(operation, state.values(operation), name))


def show_names(operation: Operation, item: Input) -> None:
    """The names on the shelf under a field; one press puts one in."""
    names = shelf.now().names[-MOST_NAMES:]
    if not names:
        return
    text = state.values(operation)[item.name].strip()
    field = state.key(operation, f"{item.name}.shelf")
    chosen = text if text in names else None
    if st.session_state.get(field) != chosen:
        st.session_state[field] = chosen
    st.pills(
        _("{name} from your shelf").format(name=item.name),
        names,
        key=field,
        on_change=_put_name,
        args=(operation, item, field),
        label_visibility="collapsed",
    )


def _put_name(operation: Operation, item: Input, field: str) -> None:
    if st.session_state[field]:
        state.put(operation, {item.name: st.session_state[field]})


# --- in the header of every page


def show_header(page: str) -> None:
    """The shelf behind one word of the header; nothing while it is empty. Another `page` finds it closed."""
    items = shelf.now().items
    if not items:
        return
    with st.popover(_("Shelf · {count}").format(count=len(items)), key=f"shelf-{page or state.HOME}"):
        put(listed(items))
        st.page_link(navigation.desk_page("tensors"), label=_("Open the shelf"))


def listed(items: tuple[Item, ...]) -> Html:
    """Name, shape and dtype of each tensor."""
    rows = [
        tag(
            "div",
            tag("dt", item.name),
            tag("dd", f"{written_shape(item.shape)} {item.dtype}"),
            title=item.origin,
        )
        for item in items
    ]
    return tag("dl", *rows, class_="atlas-facts atlas-shelf")


# --- one tensor of the shelf


def rename(old: str, new: str, then: Callable[[str], None]) -> None:
    """`old` is called `new`; `then(new)` where that could be done."""
    names = reserved()
    if shelf.attempt(lambda workspace: workspace.renamed(old, new.strip(), names)):
        st.session_state[CHANGED] = True
        then(new.strip())


def checked(name: str) -> str:
    """`name` where a tensor can be called so; else a sentence is said and nothing comes back."""
    try:
        check_name(name.strip(), reserved())
    except WorkspaceError as error:
        shelf.say(together(error.sentence, error.fix))
        return ""
    return name.strip()


def forget_file(given: Any) -> None:
    """Streamlit would keep an upload's bytes until the session ends."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_file(session_id=context.session_id, file_id=given.file_id)


def loaded(reply: calculator.Reply) -> tuple[Mapping[str, Any], list[Item]]:
    """What a file held, as items under names that are free."""
    return reply.data, [shelf.item_of(told, reply.blobs[told["name"]]) for told in reply.data["items"]]

"""A link for a class: what it hides, what has to be said first, which challenge it sets; to copy, and as a QR code."""

from __future__ import annotations

import base64

import streamlit as st

from core.operation import Operation
from core.words import _
from pages.shared import answer, out, state
from pages.shared.markup import put, tag
from pages.shared.part import window
from pages.shared.teaching import ASKS, PARTS, Teaching, ordered


def show(operation: Operation) -> None:
    """The way to it."""
    with st.container(key="handout"):
        if st.button(_("Link for a class"), key=state.key(operation, "handout"), type="tertiary"):
            window(_("Link for a class"), _show, "medium")(operation)


def _show(operation: Operation) -> None:
    """The choices, and the link that they make. It opens the page as it stands now."""
    present = state.teaching(operation)
    hide = _parts(operation, present)
    ask = st.selectbox(
        _("To be predicted first"), ["", *ASKS], format_func=lambda name: _(ASKS[name]) if name else _("no question"),
        index=["", *ASKS].index(present.ask), key=state.key(operation, "handout.ask"),
    )  # fmt: skip
    texts = {one.key: _(one.text) for one in operation.challenges}
    challenge = st.selectbox(
        _("Challenge"), ["", *texts], format_func=lambda key: texts[key] if key else _("none"),
        index=["", *texts].index(present.challenge), key=state.key(operation, "handout.challenge"),
    )  # fmt: skip
    _offer(operation, Teaching(hide, ask, challenge))


def _parts(operation: Operation, present: Teaching) -> tuple[str, ...]:
    with st.container(key="handout-parts"):
        put(tag("p", _("Hidden until somebody presses “Show everything”:"), class_="atlas-quiet"))
        chosen = [
            name
            for name, label in PARTS.items()
            if st.checkbox(_(label), value=name in present.hide, key=state.key(operation, f"handout.{name}"))
        ]
    return ordered(chosen)


def _offer(operation: Operation, wanted: Teaching) -> None:
    """The link, to copy, and its QR code where a camera can read it."""
    same = wanted.challenge == state.teaching(operation).challenge
    values = state.accepted(operation) if same else operation.begun(wanted.challenge)
    address = out.address(operation, values, wanted)
    st.code(address, language=None, wrap_lines=True)
    picture = answer.qr(address)
    if picture:
        source = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
        put(tag("img", src=source, alt=_("QR code of the link"), class_="atlas-qr"))

"""The right end of the header line: the device that computes, and the other language."""

from __future__ import annotations

import streamlit as st

from core import calculator, words
from core.words import N_, _
from pages.shared import keeping, language, slides
from pages.shared.markup import put, tag

# Codes of core.device -> what the badge says about it.
NOTES = {
    "looking": N_("Looking for an accelerator; until one answers, the CPU computes."),
    "unknown": N_("ATLAS_DEVICE names no device that the atlas knows; it chose by itself."),
    "missing": N_("The device asked for is not there; the CPU computes."),
    "failed": N_("The accelerator's process ended; the CPU computes until it is back."),
}


def show(page: str) -> None:
    """On the page at `/<page>`: the shelf, the device badge, and the other language, one press away."""
    other = next(code for code in words.LANGUAGES if code != words.language())
    with st.container(key="header"):
        slides.show_header(page)
        keeping.show_header(page)
        show_device(calculator.device())
        st.button(
            words.LANGUAGES[other],
            key="atlas.switch",
            type="tertiary",
            on_click=language.choose,
            args=(other,),
        )


def show_device(device: dict[str, str]) -> None:
    """Where tensors are computed."""
    note = _(NOTES[device["note"]]) if device["note"] in NOTES else _("Tensors are computed here.")
    label = f"{device['kind'].upper()}{'*' if device['note'] else ''}"
    title = f"{device['name']} {note}".strip()
    put(tag("span", label, class_="atlas-badge", title=title))


def apology(number: str) -> None:
    """What a visitor reads when a page failed: no trace, no path; `number` is the one of its line in the log."""
    sorry = _("This page could not be shown. It has been noted; reload it, or go back to the start.")
    ask = _("If you ask somebody about it, say the number {number}.")
    with st.container(key="apology"):
        put(tag("p", sorry), tag("p", ask.format(number=number), class_="atlas-quiet"))

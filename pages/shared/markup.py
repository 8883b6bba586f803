"""HTML of our own with other people's text in it: the only place where the two meet.

Every value is escaped; there is no way to pass markup through. Streamlit sanitises once more in the browser.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

import streamlit as st

VOID = ("img", "br")  # elements that have no end tag


class Html(str):
    """Text that is already markup, made by `tag` alone."""

    __slots__ = ()


def text(value: object) -> Html:
    """`value` as text, whatever it contains."""
    return value if isinstance(value, Html) else Html(html.escape(str(value), quote=True))


def tag(name: str, *children: object, **attributes: str) -> Html:
    """One element; `class_` becomes class, `aria_label` aria-label. Children and attribute values are escaped."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value, quote=True)}"'
        for key, value in attributes.items()
    )
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{''.join(text(child) for child in children)}</{name}>")


def prose(sentence: str) -> Html:
    """A sentence whose words in `backticks` are code."""
    parts = sentence.split("`")
    if len(parts) % 2 == 0:  # a lone backtick is only itself
        return text(sentence)
    return join(tag("code", part) if k % 2 else part for k, part in enumerate(parts))


def join(parts: Iterable[object], between: object = "") -> Html:
    """The parts one after the other."""
    return Html(text(between).join(text(part) for part in parts))


def put(*parts: object) -> None:
    """Show the parts on the page."""
    st.html(join(parts))


def written_shape(shape: Sequence[int]) -> str:
    """A shape as torch writes it: (2, 3), (3,), ()."""
    return f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"

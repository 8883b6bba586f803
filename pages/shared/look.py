"""What the pages wear: one style sheet of our own over Streamlit's, in the colours of the figures."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

import streamlit as st

from core.figures import theme
from pages.shared import answer, embedded

SHEET = Path(__file__).with_name("look.css").read_text(encoding="utf-8")
ICON = (
    "data:image/svg+xml;base64,"
    + base64.b64encode(Path(__file__).with_name("icon.svg").read_bytes()).decode()
)
COLOURS = ("background", "ink", "quiet", "hairline", "axis", "accent", "area-text", "image")


@cache
def style(mode: str, more: str = "") -> str:
    """The style sheet in the theme "light" or "dark", and `more` after it."""
    colours = "".join(f"--atlas-{name}: {theme.colour(name, mode)};" for name in COLOURS)
    return f"<style>:root {{ {colours} }}\n{SHEET}{more}</style>"


def apply() -> None:
    """Put the style sheet on the page; it takes no room."""
    st.html(style(answer.theme(), embedded.style()))

"""What the pages wear: one style sheet of our own over Streamlit's, read once."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

STYLE = "<style>" + Path(__file__).with_name("look.css").read_text(encoding="utf-8") + "</style>"
ICON = Path(__file__).with_name("icon.svg").read_text(encoding="utf-8")


def apply() -> None:
    """Put the style sheet on the page; it takes no room."""
    st.html(STYLE)

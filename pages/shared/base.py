"""Where this server's addresses begin."""

from __future__ import annotations

import streamlit as st


def base() -> str:
    """What every address of this server begins with (server.baseUrlPath): "" or "/atlas"."""
    path = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""

"""Addresses and the top navigation: one page per concept, grouped by chapter, from the written catalogue."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core import ops
from core.operation import Operation
from core.words import _
from core.workbench.desks import DESKS
from pages.shared import embedded

NAME = "Tensor Atlas"
PAGES = Path(__file__).resolve().parents[1]


def script(operation: Operation) -> Path:
    """The page file of a concept."""
    return PAGES / operation.chapter / f"{operation.key.replace('-', '_')}.py"


def page_of(operation: Operation) -> st.Page:
    """The page that shows a concept, at `/<key>`."""
    return st.Page(script(operation), title=_(operation.title), url_path=operation.key)


def desk_page(key: str) -> st.Page:
    """The page of the workbench at `/<key>`."""
    desk = next(desk for desk in DESKS if desk.key == key)
    return st.Page(PAGES / "workbench" / f"{key}.py", title=_(desk.title), url_path=key)


def choose() -> st.Page:
    """Declare every page and return the one that the address asks for."""
    sections = {"": [st.Page(PAGES / "home" / "home.py", title=NAME, default=True)]}
    for operation in ops.CHAPTERS:
        sections.setdefault(_(ops.CHAPTER_TITLES[operation.chapter]), []).append(page_of(operation))
    sections[_("Workbench")] = [desk_page(desk.key) for desk in DESKS]
    return st.navigation(sections, position="hidden" if embedded.alone() else "top")


def window_title(page: st.Page) -> str:
    """What the browser's tab says."""
    return NAME if page.title == NAME else f"{page.title} · {NAME}"

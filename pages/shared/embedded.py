"""A page in the frame of another page (`?embed=true`): the stage fills the frame, and nothing is around it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.shared.answer import Problem
from pages.shared.markup import prose, put, tag

SHEET = Path(__file__).with_name("embedded.css").read_text(encoding="utf-8")


def alone() -> bool:
    """Whether this visitor sees the stage alone."""
    return bool(st.context.is_embedded)


def style() -> str:
    """The sheet that takes the page away from around the stage; nothing on a page of its own."""
    return SHEET if alone() else ""


def show_problem(problem: Problem | None) -> None:
    """What is wrong, in a sentence over the picture; a frame has no fields in which it could be put right."""
    if problem and not problem.film:
        with st.container(key="problem"):
            put(tag("p", prose(problem.sentence), role="alert"))

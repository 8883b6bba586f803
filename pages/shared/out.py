"""Take it out: a concept, a practice, a trap or a program as a script and as a notebook, made when it is asked for.

The buttons stand outside of the part of the page that a changed number runs: they need no message of their own for
it. What they make is what the page shows when they are pressed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from core import words
from core.operation import Desk, Example, Operation
from core.words import _
from core.workspace import to_link
from pages.shared import answer, link, shelf, state
from pages.shared.base import base
from pages.shared.sections import section
from pages.shared.teaching import PLAIN, Teaching

FORMS = ("py", "ipynb")


class Present:
    """The question to which the page is the answer, as it stands now."""

    def __init__(self) -> None:
        self.question: answer.Question = ({}, {})


def remember(operation: Operation | Desk, question: answer.Question) -> None:
    """The page shows the accepted values: from now on it is the answer to this question, and taken out as such."""
    told, files = question
    present = {**told, "link": address(operation, state.accepted(operation))}
    _present(operation).question = (present, files)


def show_out(operation: Operation | Desk, task: str = "code") -> None:
    """The page as code; `task` writes it: of a concept, or the program that is explained."""
    present = _present(operation)
    with section("out", _("Take it out")):
        _buttons(task, operation.key, lambda: present.question)


def show_example_out(operation: Operation, example: Example, values: Mapping[str, Any]) -> None:
    """A practice or a trap with these settings as code."""
    question, files = answer.code_question(operation, state.defaults(operation), example, values)
    question["link"] = address(operation, state.defaults(operation))
    name = f"{operation.key}-{example.key}"
    _buttons("code", name, lambda: (question, files))


def _buttons(task: str, name: str, asked: answer.Asked) -> None:
    labels = {"py": _("Script"), "ipynb": _("Notebook")}
    with st.container(key=f"out-files-{name}", horizontal=True):
        for form in FORMS:
            st.download_button(
                labels[form], data=answer.made(task, _as(asked, form), wall=answer.EXAMPLE_WALL),
                file_name=f"{name}.{form}", key=f"out.{name}.{form}", on_click="ignore",
            )  # fmt: skip


def _as(asked: answer.Asked, form: str) -> answer.Asked:
    def question() -> answer.Question:
        told, files = asked()
        return {**told, "format": form}, files

    return question


def _present(operation: Operation | Desk) -> Present:
    return st.session_state.setdefault(state.key(operation, "out"), Present())


def address(operation: Operation | Desk, values: Mapping[str, Any], teaching: Teaching = PLAIN) -> str:
    """The page's link, with the tensors it names. Of Streamlit's address only the server's part can be relied on."""
    query = link.write(operation, values, words.language(), teaching)
    carried = to_link(shelf.now().mentioned(*query.values()))
    query |= {link.SHELF: carried} if carried else {}
    server = urlsplit(st.context.url or "")
    return urlunsplit((server.scheme, server.netloc, f"{base()}/{operation.key}", urlencode(query), ""))

"""The problem card: which rule, where in the text, and one fix. Calm, beside the field, gone when all is well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.operation import Operation
from core.words import _
from pages.shared import answer, state
from pages.shared.answer import Problem
from pages.shared.markup import Html, join, prose, put, tag

AROUND = 24  # characters of the text shown on each side of the marked place


def show_problem(operation: Operation, problem: Problem, values: Mapping[str, Any], kept: bool) -> None:
    """The card. `kept`: the picture on the stage is still the last good one, and the card says so."""
    with st.container(key="problem"):
        text = str(values.get(problem.input, "")) if problem.input else ""
        put(
            tag(
                "div",
                tag("p", prose(problem.sentence), class_="atlas-problem-sentence"),
                *([marked(text, problem)] if text and problem.end else []),
                *([tag("p", prose(problem.fix), class_="atlas-problem-fix")] if problem.fix else []),
                role="alert",
            )
        )
        for name, text in problem.apply.items():
            st.button(
                _("Use {name} = {text}").format(name=name, text=_short(text)),
                key=state.key(operation, f"fix.{name}"),
                on_click=state.put,
                args=(operation, {name: text}),
            )
        if problem.rule in answer.PASSING:
            st.button(_("Try again"), key=state.key(operation, "again"))
        if kept:
            put(tag("p", _("The picture shows the last values that worked."), class_="atlas-quiet"))


def marked(text: str, problem: Problem) -> Html:
    """The text around the place that is wrong, with the place marked."""
    start = min(max(problem.start or 0, 0), len(text))
    end = min(max(problem.end or start, start), len(text))
    low, high = max(0, start - AROUND), min(len(text), end + AROUND)
    middle = text[start:end] if end - start <= 3 * AROUND else text[start : start + 3 * AROUND] + "…"
    parts = (
        ("…" if low else "") + text[low:start],
        tag("mark", middle or " "),
        text[end:high] + ("…" if high < len(text) else ""),
    )
    return tag("p", tag("code", join(parts)), class_="atlas-problem-text")


def _short(text: str) -> str:
    plain = text if len(text) <= 28 else text[:27] + "…"
    return "".join("\\" + letter if letter in "\\`*_[]<>$:~#" else letter for letter in plain)

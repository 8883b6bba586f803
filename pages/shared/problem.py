"""The problem card: which rule, where, and what would work; and the alarm: it ran, and was perhaps not meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.operation import Operation
from core.words import _
from pages.shared import answer, classroom, state
from pages.shared.answer import Alarm, Fix, Problem
from pages.shared.markup import Html, join, prose, put, tag, written_shape

MOST_CODE = 40  # characters of a fix on its button
AROUND = 24  # characters of the text shown on each side of the marked place


def show_problem(operation: Operation, problem: Problem, values: Mapping[str, Any], kept: bool) -> None:
    """The card. `kept`: the picture on the stage is still the last good one, and the card says so."""
    with st.container(key="problem"):
        text = str(values.get(problem.input, "")) if problem.input else ""
        offers = bool(problem.fixes)  # what works is on the buttons, and need not be said as well
        put(
            tag(
                "div",
                tag("p", prose(problem.sentence), class_="atlas-problem-sentence"),
                *([marked(text, problem)] if text and problem.end else []),
                *(
                    [tag("p", prose(problem.fix), class_="atlas-problem-fix")]
                    if problem.fix and not offers
                    else []
                ),
                role="alert",
            ),
            strips(problem.strips),
        )
        show_fixes(operation, "fix", problem.fixes)
        if problem.rule in answer.PASSING:
            st.button(_("Try again"), key=state.key(operation, "again"))
        if kept and not problem.film:
            put(tag("p", _("The picture shows the last values that worked."), class_="atlas-quiet"))


def show_alarm(operation: Operation, alarm: Alarm) -> None:
    """A calm card: it ran, and the result is larger than every operand."""
    with st.container(key="alarm"):
        put(tag("div", tag("p", prose(alarm.sentence)), role="status"), strips(alarm.strips))
        if alarm.fixes:
            put(tag("p", _("What was probably meant:"), class_="atlas-quiet"))
        show_fixes(operation, "meant", alarm.fixes)


def show_fixes(operation: Operation, kind: str, fixes: Sequence[Fix]) -> None:
    """A button for each fix: the call and the shape of its result; one click sets it."""
    tells = classroom.shows(operation)("result")
    for number, fix in enumerate(fixes):
        st.button(
            f"`{_short(fix.code)}`" + (f" → {written_shape(fix.shape)}" if tells else ""),
            key=state.key(operation, f"{kind}.{number}"),
            on_click=state.put,
            args=(operation, fix.changes),
        )


def strips(found: Sequence[Mapping[str, Any]]) -> Html:
    """Shapes under each other, aligned at the right; clashing boxes have a heavy frame and a sign."""
    if not found:
        return Html("")
    rows = [
        tag(
            "tr", tag("th", strip["name"], scope="row"), *(_box(strip, k) for k in range(len(strip["sizes"])))
        )
        for strip in found
    ]
    shapes = "; ".join(f"{strip['name']} {written_shape(_own(strip))}" for strip in found)
    told = _("Shapes under each other, aligned at the right: {shapes}.").format(shapes=shapes)
    return tag(
        "div", tag("table", *rows, aria_hidden="true"), class_="atlas-strips", role="img", aria_label=told
    )


def _own(strip: Mapping[str, Any]) -> list[int]:
    return [size for size in strip["sizes"] if size is not None]


def _box(strip: Mapping[str, Any], k: int) -> Html:
    size = strip["sizes"][k]
    kind = "missing" if size is None else "clash" if k in strip["clash"] else "own"
    return tag("td", "" if size is None else size, class_=f"atlas-box atlas-{kind}")


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
    plain = text if len(text) <= MOST_CODE else text[: MOST_CODE - 1] + "…"
    return plain.replace("`", "'")

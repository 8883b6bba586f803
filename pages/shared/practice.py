"""Practice and traps: the operation at work on real data, each on a small stage of its own.

Changing the settings of one runs only that one again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import words
from core.operation import Choice, Example, Operation, Parameter, Toggle
from core.words import _
from pages.shared import answer, controls, drag, keeping, out, slides, stage, state
from pages.shared.answer import Answer, Problem
from pages.shared.listing import listing
from pages.shared.markup import prose, put, tag
from pages.shared.part import part
from pages.shared.sections import section

HEIGHT = 460  # of an example's stage, in pixels
SETTING_WIDTH = 255  # of a field that may be wide, in pixels


def show_practice(operation: Operation) -> None:
    """The operation at work on real data."""
    _show("practice", _("Practice"), operation, operation.practice)


def show_traps(operation: Operation) -> None:
    """The mistakes people make, on the page's default tensors: a changed number need not tell them again."""
    _show("trap", _("A common mistake"), operation, operation.traps)


def _show(kind: str, heading: str, operation: Operation, examples: Sequence[Example]) -> None:
    for number, example in enumerate(examples):
        first = (tag("h3", _(example.title)), tag("p", _(example.summary), class_="atlas-text"))
        with section(kind if number == 0 else f"{kind}-{number + 1}", heading if number == 0 else "", *first):
            show_example(operation, example)


@part
def show_example(operation: Operation, example: Example) -> None:
    """One example: its settings, its stage, its code."""
    keeping.catch_up()
    prefix = state.key(operation, example.key)
    values = {
        item.name: st.session_state.get(f"{prefix}.{item.name}", item.default) for item in example.parameters
    }
    show_settings(prefix, example, values)
    found = _compute(prefix, operation, example, values)
    if isinstance(found, Problem):
        put(
            tag(
                "div",
                tag("p", prose(found.sentence)),
                *([tag("p", prose(found.fix))] if found.fix else []),
                class_="atlas-quiet",
                role="status",
            )
        )
        return
    stage.stage(
        f"{prefix}.stage",
        found.film,
        identity=f"{operation.key}.{example.key}",
        revision=found.revision,
        address=False,
        height=HEIGHT,
        finished=True,  # who scrolls by sees what comes of it
        language=words.language(),
        theme=answer.theme(),
        alt=_(example.title),
        on_drag=lambda moved: _let_go(prefix, example, moved),
        **slides.offered(f"{prefix}.stage", found, lambda: _subject(operation, example, found)),
    )
    if "code" in state.teaching(operation).hide:
        return
    with st.expander(_("The code that ran")):
        put(listing(found.data.get("code") or example.code))
        out.show_example_out(operation, example, values)


def _subject(operation: Operation, example: Example, found: Answer) -> slides.Subject:
    """What the picture is about. An example has no address of its own: the link leads to its page."""
    hidden = "code" in state.teaching(operation).hide
    code = "" if hidden else found.data.get("code") or example.code
    return slides.Subject(operation.key, _(example.title), {}, code, addressed=False)


def _let_go(prefix: str, example: Example, moved: stage.Drag) -> None:
    """A point of the example that was let go is its parameter's new value."""
    change = drag.new_point(example.parameters, moved)
    if change is not None:
        st.session_state[f"{prefix}.{change[0]}"] = change[1]


def _compute(prefix: str, operation: Operation, example: Example, values: dict[str, Any]) -> Answer | Problem:
    """The answer, with a sign of work while it is new to this visitor."""
    inputs, known = state.defaults(operation), st.session_state.get(f"{prefix}.known")
    if known == values or example.uses_inputs:  # answered before, or as quick as the page itself
        return answer.of_example(operation, example, inputs, values)
    with st.spinner(_("Computing …")):
        found = answer.of_example(operation, example, inputs, values)
    st.session_state[f"{prefix}.known"] = values
    return found


def show_settings(prefix: str, example: Example, values: dict[str, Any]) -> None:
    """The example's parameters side by side."""
    if not example.parameters:
        return
    with st.container(key=f"settings-{example.key}", horizontal=True):
        for item in example.parameters:
            narrow = isinstance(item, Toggle) or (isinstance(item, Choice) and not item.menu)
            with st.container(
                key=f"setting-{example.key}-{item.name}", width="content" if narrow else SETTING_WIDTH
            ):
                controls.show_parameters(
                    prefix, (item,), values, lambda _name, field, item=item: _take(prefix, item, field)
                )


def _take(prefix: str, item: Parameter, field: str) -> None:
    last = st.session_state.get(f"{prefix}.{item.name}", item.default)
    st.session_state[f"{prefix}.{item.name}"] = controls.taken(item, st.session_state[field], last)

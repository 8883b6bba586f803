"""show_operation(op): the one layout in which every concept is read.

The plate first (stage, and the inputs at hand beside it), then the text in quiet sections, with the numbers in the
margin. The order on a phone is the order here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import ops, words
from core.operation import Operation
from core.words import _
from pages.shared import (
    answer,
    classroom,
    controls,
    drag,
    embedded,
    handout,
    keeping,
    link,
    notes,
    out,
    plate,
    practice,
    shelf,
    slides,
    stage,
    state,
)
from pages.shared.answer import Answer, Problem
from pages.shared.markup import put, tag
from pages.shared.part import part
from pages.shared.problem import show_alarm, show_problem
from pages.shared.sections import show_next, show_place, show_result, show_text


def show_operation(operation: Operation) -> None:
    """The whole page of a concept."""
    state.adopt(operation)
    if embedded.alone():
        show_plate(operation)
        return
    shows = classroom.shows(operation)
    show_title(operation)
    classroom.show_hidden(operation)
    show_plate(operation)
    with st.container(key="more"):
        if shows("challenges"):
            classroom.show_challenges(operation)
        if shows("out"):
            out.show_out(operation)
        if shows("trap"):
            practice.show_traps(operation)
        if shows("practice"):
            practice.show_practice(operation)
        if shows("place"):
            show_place(operation)
        handout.show(operation)
        show_next(operation)


@part
def show_plate(operation: Operation) -> None:
    """The stage with its inputs, and what is read off it. A changed number runs only this."""
    keeping.catch_up()
    bar = Progress(
        operation
    )  # the answer comes before any message: each would be one more drawing of the page
    found, problem = _answers(operation, state.newly_linked(operation), bar)
    bar.end()
    notes_place = st.container(key="notes")
    with st.container(key="plate"):  # the style sheet lays it out: each element saved is a message saved
        clash = problem.film if problem else b""
        picture = Answer({}, clash) if clash else found
        if picture:
            show_stage(operation, picture)
        plate.show_beside(problem, lambda: show_side(operation, found, problem))
        if embedded.alone():
            classroom.show_cards(operation, found, problem)
    with notes_place:
        notes.show(operation)
    if found and not embedded.alone():
        show_text_below(operation, found)
    state.publish(operation, settled=problem is None)
    classroom.catch_up(operation)


def show_title(operation: Operation) -> None:
    """One slim line: where in the course, what, how it is written, what torch calls it."""
    number = 1 + [item.key for item in ops.CHAPTERS].index(operation.key)
    shows = classroom.shows(operation)
    with st.container(key="title"):
        put(
            tag(
                "div",
                tag(
                    "span", f"{_(ops.CHAPTER_TITLES[operation.chapter])} · {number}", class_="atlas-position"
                ),
                tag("h1", _(operation.title)),
                tag("span", operation.notation, class_="atlas-notation") if shows("formula") else "",
                tag("code", operation.call) if "code" not in state.teaching(operation).hide else "",
                class_="atlas-title",
            )
        )


def show_stage(operation: Operation, found: Answer) -> None:
    """The picture; what a hand lets go of is taken over before the run that it causes."""
    with st.container(key="stage"):
        stage.stage(
            state.key(operation, "stage"),
            found.film,
            identity=classroom.subject(operation),
            revision=found.revision,
            address=True,
            language=words.language(),
            theme=answer.theme(),
            alt=_(operation.title),
            on_drag=lambda moved: _let_go(operation, moved, found),
            shelf=shelf.written(),
            play=classroom.opened(operation),
            finished=bool(
                state.teaching(operation).challenge
            ),  # at its end the picture is in the reader's hands
            **slides.offered(state.key(operation, "stage"), found, lambda: _subject(operation, found)),
        )


def _subject(operation: Operation, found: Answer) -> slides.Subject:
    """What the picture is about; that of a clash shows what stands in the fields."""
    values = state.accepted(operation) if found.data else state.values(operation)
    query, code = link.write(operation, values), found.data.get("code", operation.code)
    shows = classroom.shows(operation)
    formula = operation.notation if shows("formula") else ""
    return slides.Subject(operation.key, _(operation.title), query, code if shows("code") else "", formula)


def show_side(operation: Operation, found: Answer | None, problem: Problem | None) -> None:
    """The narrow column: a field for each tensor, examples, settings, Reset."""
    shows = classroom.shows(operation)
    known = found.data if found and not problem else {}
    classroom.show_cards(operation, found, problem)
    if shows("inputs"):
        controls.show_inputs(
            operation, problem, found is not None, known.get("inputs", {}), known.get("axes", {})
        )
    elif problem:
        show_problem(operation, problem, state.values(operation), found is not None)
    alarm = answer.alarm_of(found) if found and not problem and shows("result") else None
    if alarm:
        show_alarm(operation, alarm)
    if shows("presets"):
        controls.show_presets(operation)
    if shows("parameters"):
        controls.show_operation_parameters(operation)
    with st.container(key="actions"):
        controls.show_reset(operation)
        if not problem and shows("result"):
            keeping.show_keep(operation)


def show_text_below(operation: Operation, found: Answer) -> None:
    """What is read off the plate: text with the numbers in the margin."""
    with st.container(key="reading"):
        shows = classroom.shows(operation)
        show_text(operation, found, shows)
        show_result(found, shows)
    out.remember(operation, answer.code_question(operation, state.accepted(operation)))


class Progress:
    """How far what comes before the answer is: a bar, from the first part on until the end."""

    def __init__(self, operation: Operation) -> None:
        self._operation, self._bar = operation, None
        if operation.prepare:  # the place is always there, so that what follows keeps its own
            self._place = st.container(key="progress")

    def __call__(self, part: int, parts: int) -> None:
        """`part` of `parts` are done. A changed parameter ends the run here, and with it the work."""
        if self._bar is None:
            with self._place:
                self._bar = st.empty()
        self._bar.progress(part / parts, _(self._operation.prepare.title))

    def end(self) -> None:
        """Nothing is left of it."""
        if self._bar is not None:
            self._bar.empty()


def _answers(operation: Operation, fresh: bool, progress: Progress) -> tuple[Answer | None, Problem | None]:
    """The answer to show, and what is wrong with the present values. With a problem the last good answer stays."""
    values = state.values(operation)
    asked = {"teaching": classroom.question(operation)}
    found = answer.of_operation(operation, values, progress, state.unchosen(operation), **asked)
    while fresh and isinstance(found, Problem) and found.input and values != state.defaults(operation):
        values = _without(operation, found, values)
        found = answer.of_operation(operation, values, progress, **asked)
    if isinstance(found, Problem):
        last = answer.of_operation(operation, state.accepted(operation), progress, **asked)
        return answer.last_good(operation, last), found
    answer.shown(operation, found)
    fitted = found.data.get("fitted", {})
    state.fit(operation, fitted)
    state.accept(operation, {**values, **fitted})
    if fresh:
        _check_view(operation, found)
    return found, None


def _without(operation: Operation, problem: Problem, values: Mapping[str, Any]) -> dict[str, Any]:
    """A link's values without the input that cannot be used: its default, and a sentence that says so."""
    sentence = _("{name} in the link cannot be used: {reason} The default is shown instead.")
    state.notes(operation).append(sentence.format(name=problem.input, reason=problem.sentence))
    default = {problem.input: state.defaults(operation)[problem.input]}
    if values[problem.input] == default[problem.input]:  # the default clashes with the rest of the link
        default = state.defaults(operation)
    state.put(operation, default)
    return {**values, **default}


def _check_view(operation: Operation, found: Answer) -> None:
    view = state.linked_view(operation)
    layers = tuple(found.data.get("layers", ()))
    wrong = (
        [] if classroom.closed(operation) else [link.wrong_step(view.get("step", ""), found.data["steps"])]
    )
    wrong += [link.wrong_layers(view.get("layers", ""), layers)] if layers else []
    state.notes(operation).extend(sentence for sentence in wrong if sentence)


def _let_go(operation: Operation, moved: stage.Drag, found: Answer) -> None:
    """Take a drag over; the film of a clash has nothing to drag."""
    change = drag.new_text(operation, moved, found.data.get("inputs", {}))
    if change is not None:
        state.put(operation, dict([change]))

"""A class on a concept's page: parts that the link hides, a question before the picture, a challenge at the stage.

What the link asks is pages.shared.teaching's and the address's; what was answered and solved is the session's alone.
While a question is open, or the result is hidden, the worker sends a film of one step, and nothing else of the page
tells of the result: neither the browser nor this process has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.operation import Challenge, Desk, Operation
from core.words import _, together
from pages.shared import answer, language, stage, state
from pages.shared.answer import Answer, Problem
from pages.shared.markup import put, tag, written_shape
from pages.shared.sections import section
from pages.shared.teaching import PLAIN

TELLING = (
    "result",
    "facts",
    "out",
    "trap",
)  # parts that say what the result is; a trap may work on these very numbers
CLOSED = (*TELLING, "why", "code", "steps")  # until the question is answered
FILMED = ("steps", "result", "sentence", "formula")  # parts that change the film
LONGEST = {"shape": 60, "value": 2_000}  # characters of an answer
SOLVED = "solved"  # keys of the challenges that were met, in the session


@dataclass(frozen=True)
class Asked:
    """How far a page's questions are. `done`: those answered or given up; `number` counts the presses."""

    done: tuple[str, ...] = ()
    sentence: str = ""
    kind: str = ""  # "right", "not", or "shown" where it was given up
    number: int = 0


# --- what is hidden


def asking(operation: Operation | Desk) -> str:
    """The question that is open, "shape" or "value"; "" where none is."""
    done = _asked(operation).done
    return next((what for what in state.teaching(operation).questions if what not in done), "")


def shows(operation: Operation | Desk) -> Callable[[str], bool]:
    """shows(operation)("code"): whether that part of the page is to be seen now.

    With the result goes what says it too. An answered question opens result and steps, hidden or not.
    """
    teaching = state.teaching(operation)
    hidden = set(teaching.hide)
    if asking(operation):
        hidden |= {*CLOSED}
    elif teaching.ask:
        hidden -= {"result", "steps"}
    if "result" in hidden:
        hidden |= {*TELLING}
    if "code" in hidden:
        hidden.add("out")
    return lambda part: part not in hidden


def closed(operation: Operation) -> bool:
    """Whether the film ends with its first step."""
    found = shows(operation)
    return not (found("result") and found("steps"))


def opened(operation: Operation) -> int:
    """Changes when the film has been opened by an answer: the stage plays it."""
    asked = _asked(operation)
    return asked.number if asked.done and not asking(operation) else 0


def subject(operation: Operation) -> str:
    """What the stage shows: each challenge is another subject, and opens anew."""
    return "-".join(filter(None, (operation.key, state.teaching(operation).challenge)))


def question(operation: Operation) -> dict[str, Any]:
    """What the link changes of the question to the worker; as little as can be, so that classes share an answer."""
    teaching, open_question, found = state.teaching(operation), asking(operation), shows(operation)
    without = [part for part in FILMED if not found(part)] if not open_question else []
    told = {"asking": open_question, "without": without, "challenge": teaching.challenge}
    return {name: value for name, value in told.items() if value}


def show_hidden(operation: Operation) -> None:
    """A line that says that something is hidden, and one press that shows it."""
    if state.teaching(operation).hide:
        with st.container(key="hidden"):
            put(tag("p", _("Some parts are hidden by this link.")))
            st.button(
                _("Show everything"), key=state.key(operation, "show"), type="tertiary",
                on_click=state.teach,
                args=(operation, replace(PLAIN, challenge=state.teaching(operation).challenge)),
            )  # fmt: skip


def show_cards(operation: Operation, found: Answer | None, problem: Problem | None) -> None:
    """The question and the challenge, beside the stage."""
    if state.teaching(operation).ask:
        with st.container(key="ask"):
            _show_question(operation, found)
    chosen = operation.challenge(state.teaching(operation).challenge)
    if chosen:
        met = bool(found and not problem and found.data.get("met"))
        with st.container(key="challenge"):
            _show_challenge(operation, chosen, met)


def catch_up(operation: Operation) -> None:
    """At the end of the part of the page that a change runs: where more is open now, or solved, all of it is run."""
    now = (asking(operation), tuple(sorted(_solved(operation))))
    before = st.session_state.get(state.key(operation, "class"), now)
    st.session_state[state.key(operation, "class")] = now
    if before != now:
        st.rerun(scope="app")


# --- the question


def _asked(operation: Operation | Desk) -> Asked:
    return st.session_state.get(state.key(operation, "asked"), Asked())


def _told(operation: Operation, sentence: str, kind: str, *done: str) -> None:
    asked = _asked(operation)
    st.session_state[state.key(operation, "asked")] = Asked(
        (*asked.done, *done), sentence, kind, asked.number + 1
    )


def _show_question(operation: Operation, found: Answer | None) -> None:
    what, asked, name = asking(operation), _asked(operation), operation.result
    if what:
        questions = {
            "shape": _("Which shape will {name} have?"),
            "value": _("What will {name} be? Two decimals are enough."),
        }
        put(tag("h2", _("Predict first")), tag("p", questions[what].format(name=name)))
        _show_form(operation, what)
    else:
        put(tag("h2", _("Your prediction")))
    _notice(operation, "asked", _verdict(operation, asked, found), asked.kind, asked.number)
    if what:
        st.button(
            _("Give up, show me"), key=state.key(operation, "give-up"), type="tertiary",
            on_click=_told, args=(operation, "", "shown", what),
        )  # fmt: skip
    else:
        st.button(
            _("Ask me again"), key=state.key(operation, "ask-again"), type="tertiary",
            on_click=_ask_again, args=(operation,),
        )  # fmt: skip


def _show_form(operation: Operation, what: str) -> None:
    field = state.key(operation, f"{what}.said")
    labels = {"shape": _("Shape"), "value": _("Value")}
    hints = {"shape": "2, 3", "value": "[1, 2]"}
    with st.form(state.key(operation, f"{what}.form"), border=False):
        st.text_input(
            labels[what], key=field, max_chars=LONGEST[what], placeholder=hints[what], autocomplete="off"
        )
        st.form_submit_button(_("Check"), on_click=_check, args=(operation, what, field))


def _verdict(operation: Operation, asked: Asked, found: Answer | None) -> str:
    """What was said of the last answer; of one that was given up, what it is."""
    if asked.kind != "shown" or not found:
        return asked.sentence
    if "shape" not in asked.done[-1:]:
        return _("Here it is. Watch where the numbers of {name} come from.").format(name=operation.result)
    shape = written_shape(found.data["result"]["shape"])
    why = found.data["why"] if "why" not in state.teaching(operation).hide else ""
    return together(_("{name} has the shape {shape}.").format(name=operation.result, shape=shape), why)


def _check(operation: Operation, what: str, field: str) -> None:
    """What was said is judged by a worker (a callback)."""
    language.speak()
    text = st.session_state[field]
    if not text.strip():
        return
    found = answer.prediction(operation, state.accepted(operation), what, text)
    if isinstance(found, Problem):
        _told(operation, together(found.sentence, found.fix), "not")
    elif found.data["right"]:
        _told(operation, found.data["sentence"], "right", what)
    else:
        _told(operation, found.data["sentence"], "not")


def _ask_again(operation: Operation) -> None:
    """Once more, of the numbers that stand there now (a callback)."""
    st.session_state[state.key(operation, "asked")] = replace(Asked(), number=_asked(operation).number)


def _notice(operation: Operation, name: str, text: str, kind: str = "", number: int = 0) -> None:
    """A sentence that is read aloud; with another `number` than before it takes the focus."""
    key = state.key(operation, f"{name}.notice")
    stage.component("notice")(key=key, data={"id": key, "text": text, "kind": kind, "number": number})


# --- the challenges


def _solved(operation: Operation) -> set[str]:
    return st.session_state.setdefault(state.key(operation, SOLVED), set())


def _begin(operation: Operation, key: str) -> None:
    """Set a challenge, or none (a callback)."""
    count = state.key(operation, "begun")
    st.session_state[count] = st.session_state.get(count, 0) + 1
    state.teach(operation, replace(state.teaching(operation), challenge=key))


def _show_challenge(operation: Operation, chosen: Challenge, met: bool) -> None:
    keys = [one.key for one in operation.challenges]
    if met:
        _solved(operation).add(chosen.key)
    place = _("Challenge {number} of {count}").format(number=keys.index(chosen.key) + 1, count=len(keys))
    put(tag("h2", place))
    begun = st.session_state.get(state.key(operation, "begun"), 0)
    _notice(operation, "challenge", _(chosen.text), number=begun)
    done = _("✓ Solved. {why}").format(why=_(chosen.why)) if met else ""
    _notice(operation, "met", done, "right")
    _show_row(operation, chosen)
    following = _following(operation, chosen)
    with st.container(key="challenge-actions"):
        if following:
            st.button(
                _("Next challenge"), key=state.key(operation, "next-challenge"),
                type="secondary" if met else "tertiary", on_click=_begin, args=(operation, following),
            )  # fmt: skip
        st.button(
            _("No challenge"), key=state.key(operation, "no-challenge"), type="tertiary",
            on_click=_begin, args=(operation, ""),
        )  # fmt: skip


def _show_row(operation: Operation, chosen: Challenge) -> None:
    """All challenges of the concept as numbers, those solved marked."""
    labels = {one.key: _numbered(operation, k) for k, one in enumerate(operation.challenges)}
    field = state.key(operation, "challenge.field")
    if st.session_state.get(field) != chosen.key:
        st.session_state[field] = chosen.key
    st.pills(
        _("Challenges"), list(labels), format_func=labels.__getitem__, key=field, required=True,
        on_change=lambda: _begin(operation, st.session_state[field]), label_visibility="collapsed",
    )  # fmt: skip


def _numbered(operation: Operation, k: int) -> str:
    return f"{k + 1} ✓" if operation.challenges[k].key in _solved(operation) else str(k + 1)


def _following(operation: Operation, chosen: Challenge) -> str:
    """The next one that is not solved yet, from here on and round; the next one where all are."""
    keys = [one.key for one in operation.challenges]
    place = keys.index(chosen.key)
    order = [*keys[place + 1 :], *keys[:place]]
    return next((key for key in order if key not in _solved(operation)), order[0] if order else "")


def show_challenges(operation: Operation) -> None:
    """The concept's challenges, each begun by one press."""
    if not operation.challenges:
        return
    with section("challenges", _("Try this")):
        for one in operation.challenges:
            st.button(
                f"✓ {_(one.text)}" if one.key in _solved(operation) else _(one.text),
                key=state.key(operation, f"try.{one.key}"), type="tertiary",
                on_click=_begin, args=(operation, one.key),
            )  # fmt: skip

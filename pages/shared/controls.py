"""Inputs, presets and parameters as widgets. Each widget mirrors the page state: it is set from it and changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from core.operation import (
    Choice,
    File,
    Input,
    Operation,
    Parameter,
    Phrase,
    Slider,
    Spot,
    Toggle,
    Upload,
    offered,
    spelled,
)
from core.words import _, together
from pages.shared import axes, keeping, shelf, state
from pages.shared.answer import Problem
from pages.shared.hosting import uploads
from pages.shared.markup import Html, put, tag
from pages.shared.problem import show_problem

MOST_KEPT = (
    20_000  # characters of a field's text: past every limit, so that it is refused with a reason, not cut
)


def show_inputs(
    operation: Operation,
    problem: Problem | None,
    kept: bool,
    known: Mapping[str, Mapping[str, Any]],
    own: Mapping[str, Sequence[Sequence[str]]],
) -> None:
    """A field for each input under its line, the problem card under the field it is about.

    `kept`: a picture of earlier values is on the stage. `known`: shape and dtype by input; `own`: its axes.
    """
    for item in operation.inputs:
        put(_line_over(item, known.get(item.name), own.get(item.name, ())))
        _input_field(operation, item)
        keeping.show_names(operation, item)
        if problem and problem.input == item.name:
            show_problem(operation, problem, state.values(operation), kept)
    if problem and problem.input is None:
        show_problem(operation, problem, state.values(operation), kept)


def _line_over(item: Input, known: Mapping[str, Any] | None, own: Sequence[Sequence[str]]) -> Html:
    """The line over a field: the tensor's name, what it is, and its shape and dtype once they are known.

    `own`: name and colour of the tensor's axes.
    """
    shape = (
        tag("span", axes.shape(known["shape"], own), f" {known['dtype']}", class_="atlas-shape")
        if known
        else ""
    )
    return tag(
        "div",
        tag("b", item.name),
        tag("span", _(item.label), class_="atlas-label"),
        shape,
        class_="atlas-field",
    )


def show_presets(operation: Operation) -> None:
    """The presets as pills; the one that the fields show is lit."""
    if not operation.presets:
        return
    titles = {preset.key: _(preset.title) for preset in operation.presets}
    field = state.key(operation, "preset.field")
    _mirror(field, _matching(operation))
    st.pills(
        _("Examples"),
        list(titles),
        format_func=titles.__getitem__,
        key=field,
        on_change=_choose_preset,
        args=(operation, field),
        label_visibility="collapsed",
    )


def show_parameters(
    prefix: str,
    parameters: Sequence[Parameter],
    values: Mapping[str, Any],
    change: Callable[[str, str], None],
) -> None:
    """A widget for each parameter, keyed "<prefix>.<name>.field". `change(name, field)` is called back."""
    for parameter in (one for one in parameters if offered(one, values)):
        field = f"{prefix}.{parameter.name}.field"
        if not isinstance(parameter, Upload):  # a file field cannot be set
            _mirror(field, written(values[parameter.name]))
        _WIDGETS[type(parameter)](parameter, field, change)


def show_operation_parameters(operation: Operation) -> None:
    """The operation's own parameters; they go into the link."""
    show_parameters(
        operation.key,
        operation.parameters,
        state.values(operation),
        lambda name, field: _take_parameter(operation, name, field),
    )


def show_reset(operation: Operation) -> None:
    """Back to the defaults, or to where a challenge begins."""
    st.button(
        _("Reset"),
        key=state.key(operation, "reset"),
        type="tertiary",
        on_click=state.put,
        args=(operation, state.begun(operation)),
        disabled=state.values(operation) == state.begun(operation),
    )


def _input_field(operation: Operation, item: Input) -> None:
    field = state.key(operation, f"{item.name}.field")
    _mirror(field, state.shown(operation)[item.name])
    st.text_input(
        f"{item.name}: {_(item.label)}",
        key=field,
        label_visibility="collapsed",
        on_change=_take_input,
        args=(operation, item, field),
        autocomplete="off",
    )


def _mirror(field: str, value: Any) -> None:
    if st.session_state.get(field) != value:  # setting an equal value would overwrite what is being typed
        st.session_state[field] = value


def _take_input(operation: Operation, item: Input, field: str) -> None:
    text = st.session_state[field][:MOST_KEPT]
    if "\t" in text and "[" not in text:
        text = text.replace("\n", " ").replace(
            " ", "\n"
        )  # rows of a spreadsheet: a field joins them with a space
    empty = "" if item.optional else item.default
    state.put(operation, {item.name: text if text.strip() else empty})


def _take_parameter(operation: Operation, name: str, field: str) -> None:
    parameter = next(item for item in operation.parameters if item.name == name)
    state.put(operation, {name: taken(parameter, st.session_state[field], state.values(operation)[name])})


def _choose_preset(operation: Operation, field: str) -> None:
    chosen = st.session_state[field]
    for preset in operation.presets:
        if preset.key == chosen:
            state.put(operation, operation.typed(preset.values))


def _matching(operation: Operation) -> str | None:
    now = state.values(operation)
    for preset in operation.presets:
        if all(now[name] == value for name, value in operation.typed(preset.values).items()):
            return preset.key
    return None


def _choice(parameter: Choice, field: str, change: Callable[[str, str], None]) -> None:
    labels = {value: _(label) for value, label in parameter.options}
    if parameter.menu:
        st.selectbox(
            _(parameter.label),
            list(labels),
            format_func=labels.__getitem__,
            key=field,
            on_change=change,
            args=(parameter.name, field),
        )
        return
    st.pills(
        _(parameter.label),
        list(labels),
        format_func=labels.__getitem__,
        key=field,
        required=True,
        on_change=change,
        args=(parameter.name, field),
    )


def _slider(parameter: Slider, field: str, change: Callable[[str, str], None]) -> None:
    st.slider(
        _(parameter.label),
        parameter.low,
        parameter.high,
        step=parameter.step,
        key=field,
        on_change=change,
        args=(parameter.name, field),
    )


def _toggle(parameter: Toggle, field: str, change: Callable[[str, str], None]) -> None:
    st.toggle(_(parameter.label), key=field, on_change=change, args=(parameter.name, field))


def _phrase(parameter: Phrase, field: str, change: Callable[[str, str], None]) -> None:
    st.text_input(
        _(parameter.label),
        key=field,
        max_chars=parameter.longest,
        on_change=change,
        args=(parameter.name, field),
        autocomplete="off",
    )


def _spot(parameter: Spot, field: str, change: Callable[[str, str], None]) -> None:
    """A point as text: what is no point leaves the last one."""
    st.text_input(_(parameter.label), key=field, on_change=change, args=(parameter.name, field))


ENDINGS = {
    "csv": ["csv", "tsv", "txt"],
    "image": ["png", "jpg", "jpeg", "webp", "gif"],
    "clip": ["gif", "webp"],
}


def _upload(parameter: Upload, field: str, change: Callable[[str, str], None]) -> None:
    """A field for a file. What it may hold is told by content, in a worker; the endings only help to choose."""
    endings = [ending for kind in parameter.kinds for ending in ENDINGS[kind]]
    st.file_uploader(
        _(parameter.label),
        type=list(dict.fromkeys(endings)),
        key=field,
        on_change=change,
        args=(parameter.name, field),
    )


def written(value: Any) -> Any:
    """A parameter's value as its widget holds it: a point is text."""
    return spelled(value) if isinstance(value, tuple | list) else value


def taken(parameter: Parameter, given: Any, last: Any) -> Any:
    """A widget's value as the parameter's; `last` where it is none."""
    if isinstance(parameter, Upload) and given is not None and (refused := uploads.why_not(given)):
        shelf.say(together(*refused))
        return None
    if isinstance(parameter, Upload):
        return File(given.name, given.getvalue()) if given is not None else None
    try:
        return parameter.read(spelled(given))
    except ValueError:
        return last


_WIDGETS = {Choice: _choice, Slider: _slider, Toggle: _toggle, Phrase: _phrase, Spot: _spot, Upload: _upload}

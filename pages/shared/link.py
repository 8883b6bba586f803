"""Page state <-> address. Pure: plain dictionaries in, plain dictionaries and sentences out.

A link is read as strictly as typing is: a value that cannot be used is named in a sentence and left out, so that
its default stands, and everything else is kept. `read(write(state))` is `state`.
Texts in the tensor language are only measured here; whether they compute is the calculator's to say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core import limits, words
from core.operation import Desk, Input, Operation, Parameter, Upload, spelled
from core.words import _
from pages.shared.teaching import NAMES as TEACHING
from pages.shared.teaching import PLAIN, Teaching
from pages.shared.teaching import read as read_teaching

VERSION = "1"
SHELF = "shelf"  # the visitor's named tensors: pages.shared.shelf reads and writes it
VIEW = ("step", "camera", "zoom", "layers", "present")  # the browser writes these; the page only checks them
ONCE = (*VIEW, *TEACHING, "lang")
LONGEST_NAME = 30
MOST_NAMED = 5
LONGEST_VIEW = 400
LARGEST = 1e6  # of a camera's or a zoom's coordinates


@dataclass(frozen=True)
class Link:
    """What a link says. `values`: inputs (text) and parameters (typed) that can be used; `notes`: sentences.

    Those that a challenge begins with are among the values, unless the link has others.
    """

    values: dict[str, Any] = field(default_factory=dict)
    view: dict[str, str] = field(default_factory=dict)
    language: str | None = None
    notes: tuple[str, ...] = ()
    teaching: Teaching = PLAIN


def read(operation: Operation | Desk | None, query: Mapping[str, list[str]]) -> Link:
    """The link's content for `operation` (None: a page that has no inputs)."""
    values: dict[str, Any] = {}
    view: dict[str, str] = {}
    language, notes, unknown = None, [], []
    teaching = PLAIN
    if isinstance(operation, Operation):
        teaching, notes = read_teaching(operation, {name: given[-1:] for name, given in query.items()})
        values |= operation.typed(teaching.start(operation))
    inputs = {item.name: item for item in operation.inputs} if operation else {}
    parameters = {item.name: item for item in operation.parameters} if operation else {}
    for name, given in query.items():
        text = given[-1] if given else ""
        if len(given) > 1 and (name in inputs or name in parameters or name in ONCE):
            notes.append(_("The link names {name} more than once; the last value is used.").format(name=name))
        if name in inputs:
            _take(values, notes, name, *_input(inputs[name], text))
        elif name in parameters:
            _take(values, notes, name, *_parameter(parameters[name], text))
        elif name in VIEW and operation:
            _take(view, notes, name, *_view(name, text))
        elif name == SHELF or (name in TEACHING and isinstance(operation, Operation)):
            continue
        elif name == "lang":
            language = text if text in words.LANGUAGES else None
            notes += [] if language else [_no_language(text)]
        elif name == "v":
            notes += [] if text == VERSION else [_other_version(text)]
        else:
            unknown.append(name)
    return Link(values, view, language, (*notes, *_not_known(unknown)), teaching)


def write(
    operation: Operation | Desk | None,
    values: Mapping[str, Any],
    language: str | None = None,
    teaching: Teaching = PLAIN,
) -> dict[str, str]:
    """The query parameters of a page: what differs from how it begins, and the language when it is given."""
    query: dict[str, str] = {}
    begun = operation.typed(teaching.start(operation)) if isinstance(operation, Operation) else {}
    for item in operation.inputs if operation else ():
        first = begun.get(item.name, item.default)
        if values.get(item.name, first) != first:
            query[item.name] = values[item.name]
    for parameter in operation.parameters if operation else ():
        first = begun.get(parameter.name, parameter.default)
        value = values.get(parameter.name, first)
        if value != first and not isinstance(parameter, Upload):  # no link can carry a file
            query[parameter.name] = spelled(value)
    query |= teaching.written()
    if language:
        query["lang"] = language
    return query


def wrong_step(text: str, steps: int) -> str:
    """A sentence when the link's `step` lies outside 0 .. steps - 1, else nothing."""
    if not text or int(text) < steps:
        return ""
    return _(
        "The link asks for step={step}, but the last one is step={last}; the page opens as usual."
    ).format(step=shown(text), last=steps - 1)


def wrong_layers(text: str, known: tuple[str, ...]) -> str:
    """A sentence when the link's `layers` names one that the picture does not have, else nothing."""
    strangers = [name for name in text.split(",") if name not in known and name != "none"] if text else []
    if not strangers:
        return ""
    return _("The link asks for the layer “{name}”, which this picture does not have.").format(
        name=shown(strangers[0])
    )


def shown(text: str, longest: int = LONGEST_NAME) -> str:
    """`text` short enough for a sentence, without characters that do not show."""
    clean = "".join(letter if letter.isprintable() else "�" for letter in text[: longest + 1])
    return clean if len(clean) <= longest else clean[:longest] + "…"


def _take(into: dict[str, Any], notes: list[str], name: str, value: Any, note: str) -> None:
    if note:
        notes.append(note)
    else:
        into[name] = value


def _input(item: Input, text: str) -> tuple[str, str]:
    name = item.name
    longest = limits.current().text
    if len(text) > longest:
        return "", _(
            "{name} in the link is {length} characters long, and {limit} are allowed; the default is shown instead."
        ).format(name=name, length=len(text), limit=longest)
    if not text.strip() and not item.optional:
        return "", _("{name} is empty in the link; the default is shown instead.").format(name=name)
    return text, ""


def _parameter(parameter: Parameter, text: str) -> tuple[Any, str]:
    try:
        value = parameter.read(text)
        numbers = value if isinstance(value, tuple) else (value,)
        if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
            raise ValueError(text)
    except ValueError:
        default = spelled(parameter.default)
        return None, _("{name} cannot be “{value}”; {default} is used instead.").format(
            name=parameter.name, value=shown(text), default=default
        )
    return value, ""


def _view(name: str, text: str) -> tuple[str, str]:
    if len(text) <= LONGEST_VIEW and _VIEW_RULES[name](text):
        return text, ""
    return "", _("The link's {name} cannot be “{value}”; the page opens as usual.").format(
        name=name, value=shown(text)
    )


def _is_step(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


def _numbers(count: int, text: str) -> list[float]:
    """The `count` numbers in `text`, or none of them when one cannot be used."""
    parts = text.split(",")
    if len(parts) != count or not text.isascii() or "_" in text or any(len(part) > 20 for part in parts):
        return []
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return []
    return numbers if all(abs(number) <= LARGEST for number in numbers) else []


def _is_camera(text: str) -> bool:
    numbers = _numbers(9, text)
    eye, centre, up = numbers[:3], numbers[3:6], numbers[6:]
    return bool(numbers) and math.dist(eye, centre) > 1e-3 and math.hypot(*up) > 1e-3  # else there is no view


def _is_zoom(text: str) -> bool:
    numbers = _numbers(4, text)
    return bool(numbers) and numbers[1] - numbers[0] > 1e-6 and numbers[3] - numbers[2] > 1e-6


def _are_layers(text: str) -> bool:
    return bool(text) and all(part.isascii() and part.replace("-", "").isalnum() for part in text.split(","))


_VIEW_RULES = {
    "step": _is_step,
    "camera": _is_camera,
    "zoom": _is_zoom,
    "layers": _are_layers,
    "present": lambda text: text == "true",
}


def _no_language(text: str) -> str:
    return _("The atlas does not speak “{value}”; it speaks English (en) and Chinese (zh).").format(
        value=shown(text)
    )


def _other_version(text: str) -> str:
    return _("The link was written for version {version} of the atlas; what is understood is shown.").format(
        version=shown(text)
    )


def _not_known(names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    listed = _(", ").join(f"“{shown(name)}”" for name in names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        return (
            _(
                "The link has {count} parts that this page does not know, and they were left out: {names} …"
            ).format(count=len(names), names=listed),
        )
    return (
        _("The link has parts that this page does not know, and they were left out: {names}.").format(
            names=listed
        ),
    )

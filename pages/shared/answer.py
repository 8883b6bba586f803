"""Asking the calculator on a page's behalf: an answer, or the problem as a sentence for the reader."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core import calculator, words
from core.operation import Desk, Example, File, Input, Operation, Parameter
from core.words import _
from pages.shared import shelf
from pages.shared.hosting import refusals, visitors

EXAMPLE_WALL = 10.0  # seconds: an example may train a network
ATTEMPTS = 3  # at a file that is asked for, where others keep the workers busy
FILE_WALL = 5.0  # seconds: a clip is decoded frame by frame
THEMES = ("light", "dark")
Progress = Callable[[int, int], None]  # parts done, parts in all
Question = tuple[dict[str, Any], dict[str, bytes]]  # what a task is asked, and the files beside it
Asked = Callable[[], Question]
SHOWN = "atlas.shown"  # in the session: the last good answer, of one page
PASSING = ("busy", "died", "broken", "refused")  # failures that may not come again


@dataclass(frozen=True)
class Answer:
    """A computed page: `data` as core.answers gives it, and the film's JSON bytes."""

    data: Mapping[str, Any]
    film: bytes

    @property
    def revision(self) -> int:
        """The same for the same film, another for another."""
        return zlib.crc32(self.film)


@dataclass(frozen=True)
class Fix:
    """A change that was executed and works: the call as it is written then, its result's shape, and what to set."""

    code: str
    shape: tuple[int, ...]
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class Problem:
    """Why there is no answer. `strips`: the shapes that met (core.doctor); `start`, `end`: the place in the text.

    `film`: the clash told on the stage, where the concept tells one.
    """

    rule: str
    sentence: str
    input: str | None = None
    fix: str = ""
    fixes: tuple[Fix, ...] = ()
    start: int | None = None
    end: int | None = None
    strips: Sequence[Mapping[str, Any]] = ()
    film: bytes = b""


@dataclass(frozen=True)
class Alarm:
    """It ran, but probably another thing was meant: what happened, the shapes, and what would do the other thing."""

    sentence: str
    fixes: tuple[Fix, ...]
    strips: Sequence[Mapping[str, Any]]


def alarm_of(found: Answer) -> Alarm | None:
    """The alarm of an answer, if any."""
    data = found.data.get("alarm")
    return Alarm(data["sentence"], _fixes(data), data["strips"]) if data else None


def of_operation(
    operation: Operation,
    values: Mapping[str, Any],
    progress: Progress = lambda _part, _parts: None,
    unchosen: Sequence[str] | None = None,
    teaching: Mapping[str, Any] | None = None,
) -> Answer | Problem:
    """The answer for these inputs and parameters. What takes long comes first, and tells `progress` how far it is.

    `unchosen`: the parameters that may give way to the inputs (data["fitted"] says to what); None: the defaults.
    `teaching`: what a teacher's link changes of it (core.teaching), and its challenge.
    """
    teaching = teaching or {}
    request = {"key": operation.key, **_split(operation, values), **_setting(), **teaching}
    if operation.fit and unchosen is not None:
        request["unchosen"] = list(unchosen)
    if operation.prepare:
        done = _prepared(operation, values, progress)
        if isinstance(done, Problem):
            return done
        request["prepared"] = done
    keep = dict(values) == operation.begun(teaching.get("challenge", "")) and theme() in THEMES
    return _ask("operation", request, keep=keep, named=tuple(request["inputs"].values()))


def _prepared(
    operation: Operation, values: Mapping[str, Any], progress: Progress
) -> Mapping[str, Any] | Problem:
    """What the operation needs beforehand, asked for part after part; a new run of the page ends it in between.

    The calculator keeps every part, for everyone; the session keeps the last one, so that nothing is asked again.
    """
    chosen = {name: values[name] for name in operation.prepare.parameters}
    place = f"{operation.key}.prepared"
    if place in st.session_state and st.session_state[place][0] == chosen:
        return st.session_state[place][1]
    try:
        with calculator.training():
            done = _trained(operation, chosen, progress)
    except calculator.Failure as failure:
        return _failed(failure)
    if not isinstance(done, Problem):
        st.session_state[place] = (chosen, done)
    return done


def _trained(
    operation: Operation, chosen: Mapping[str, Any], progress: Progress
) -> Mapping[str, Any] | Problem:
    """Part after part; raises Failure. Once it is begun it is not refused: its first part alone is heavy."""
    needed = operation.prepare
    keep = _catalogues(chosen, [item for item in operation.parameters if item.name in needed.parameters])
    done = None
    for part in range(needed.parts):
        progress(part, needed.parts)
        request, files = _apart({"key": operation.key, "parameters": chosen, "before": done})
        reply = calculator.ask("prepare", request, keep=keep and not files, files=files, heavy=part == 0)
        if "problem" in reply.data:
            return _problem(reply.data["problem"], b"")
        done = reply.data["done"]
    progress(needed.parts, needed.parts)
    return done


def shown(page: Operation | Desk, found: Answer) -> None:
    """The page shows this answer from now on. The session holds it, by the very bytes that the cache may have, too."""
    st.session_state[SHOWN] = (page.key, found)


def last_good(page: Operation | Desk, found: Answer | Problem) -> Answer | None:
    """What a page shows beside a problem: `found` for the values that worked last, or what was shown, if that is none.

    A server that is full may refuse to compute even those again; the picture stays.
    """
    if isinstance(found, Answer):
        return found
    key, answer = st.session_state.get(SHOWN, ("", None))
    return answer if key == page.key else None


def of_example(
    operation: Operation, example: Example, values: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Answer | Problem:
    """The answer of one practice example or trap; it receives the page's inputs only where it uses them."""
    inputs = _split(operation, values)["inputs"] if example.uses_inputs else {}
    request = {"key": operation.key, "example": example.key, "inputs": inputs, "parameters": dict(parameters)}
    keep = _catalogues(inputs, operation.inputs if example.uses_inputs else ()) and _catalogues(
        parameters, example.parameters
    )
    asked = {**request, **_setting()}
    return _ask("example", asked, wall=EXAMPLE_WALL, keep=keep, named=tuple(inputs.values()), heavy=not keep)


def of_desk(task: str, desk: Desk, values: Mapping[str, Any], **more: Any) -> Answer | Problem:
    """The answer of a page of the workbench: `task` on its input's text and its parameters."""
    (item,) = desk.inputs
    parameters = {one.name: values[one.name] for one in desk.parameters}
    request = {"text": values[item.name], "parameters": parameters, **more, **_setting()}
    texts = [str(values[name]) for name in (item.name, *parameters)]
    return _ask(task, request, keep=_catalogues(values, (*desk.inputs, *desk.parameters)), named=texts)


def asked(
    task: str, request: Mapping[str, Any], *texts: str, wall: float | None = None, **files: bytes
) -> calculator.Reply | Problem:
    """The reply of a task that makes no film, with the tensors of the shelf that `texts` name."""
    told, data = shelf.beside(*texts)
    question = {**request, **told, "language": words.language()}
    try:
        all_files = {**data, **files}
        reply = calculator.ask(
            task, question, files=all_files, wall=FILE_WALL if files else wall, heavy=bool(files)
        )
    except calculator.Failure as failure:
        return _failed(failure)
    return _problem(reply.data["problem"], b"") if "problem" in reply.data else reply


def file_of(task: str, request: Mapping[str, Any], *texts: str) -> Callable[[], bytes]:
    """What makes a file when it is asked for: Streamlit calls it outside of the session, so all it needs is here.

    Where it cannot be made there is no file: Streamlit says that it failed, and nothing is saved under its name.
    """
    told, data = shelf.beside(*texts)
    question = {**request, **told, "language": words.language()}
    return made(task, lambda: (question, data))


def made(task: str, asked: Asked, wall: float | None = None) -> Callable[[], bytes]:
    """The same for a question that is only told when the file is asked for. It counts as this visitor's."""
    visitor = visitors.here()

    def file() -> bytes:
        question, files = asked()
        for attempt in range(ATTEMPTS):
            try:
                reply = calculator.ask(task, question, files=files, wall=wall, visitor=visitor)
                break
            except calculator.Failure as failure:
                if failure.kind not in PASSING or attempt == ATTEMPTS - 1:
                    raise
        if "problem" in reply.data:
            raise ValueError(reply.data["problem"]["rule"])
        return reply.blobs["file"]

    return file


def code_question(
    operation: Operation,
    values: Mapping[str, Any],
    example: Example | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Question:
    """What the task "code" is asked for a page that shows `values`, or for an example of it with its `settings`."""
    split = _split(operation, values)
    request = {"key": operation.key, **split, **_setting()}
    example_of = {"example": example.key, "parameters": dict(settings or {})} if example else None
    request |= example_of or _brought(operation)
    request, files = _apart(request)
    told, data = shelf.beside(*split["inputs"].values())
    return {**request, **told}, {**files, **data}


def program_question(text: str) -> Question:
    """What the task "program" is asked for a page that explains `text`."""
    told, data = shelf.beside(text)
    return {"text": text, **told, **_setting()}, data


def _brought(operation: Operation) -> dict[str, Any]:
    """What was prepared for the page last, as a question brings it along."""
    place = f"{operation.key}.prepared"
    return {"prepared": st.session_state[place][1]} if operation.prepare and place in st.session_state else {}


def result_of(operation: Operation, values: Mapping[str, Any], name: str) -> calculator.Reply | Problem:
    """The result of an operation as a tensor for the shelf, called `name`."""
    request, files = _apart({"key": operation.key, **_split(operation, values), "name": name})
    request |= _brought(operation)
    return asked("keep", request, *request["inputs"].values(), **files)


def prediction(
    operation: Operation, values: Mapping[str, Any], asking: str, text: str
) -> calculator.Reply | Problem:
    """Whether `text` predicts the shape or the value of the result: {"right", "sentence"}."""
    question = {"key": operation.key, **_split(operation, values), "asking": asking, "text": text}
    request, files = _apart(question | _brought(operation))
    return asked("predict", request, text, *request["inputs"].values(), **files)


def qr(link: str) -> bytes:
    """The QR code of a link as a PNG; empty where it is too long for one, or nobody can draw it now."""
    try:
        return calculator.ask("qr", {"link": link}).blobs["png"]
    except calculator.Failure:
        return b""


def poster(operation: Operation) -> bytes:
    """The still of a concept on its defaults, as SVG; empty when there is none now."""
    try:
        request = {"key": operation.key, **_setting()}
        return calculator.ask("poster", request, keep=theme() in THEMES).blobs["svg"]
    except calculator.Failure:
        return b""


def theme() -> str:
    """Light or dark, as the visitor's page is."""
    return st.context.theme.type or "light"


def _setting() -> dict[str, str]:
    return {"language": words.language(), "theme": theme()}


def _split(operation: Operation, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "inputs": {item.name: values[item.name] for item in operation.inputs},
        "parameters": {item.name: values[item.name] for item in operation.parameters},
    }


def _catalogues(values: Mapping[str, Any], known: Iterable[Input | Parameter]) -> bool:
    """Whether these are the catalogue's own values: only such an answer is kept, nothing that a visitor typed."""
    return dict(values) == {item.name: item.default for item in known} and theme() in THEMES


def _ask(
    task: str,
    request: dict[str, Any],
    *,
    wall: float | None = None,
    keep: bool = False,
    named: Sequence[str] = (),
    heavy: bool = False,
) -> Answer | Problem:
    """The answer; the tensors of the shelf that the texts `named` name travel with the question."""
    request, files = _apart(request)
    told, data = shelf.beside(*named)
    request, files = request | told, files | data
    try:
        reply = calculator.ask(task, request, wall=wall, keep=keep and not files, files=files, heavy=heavy)
    except calculator.Failure as failure:
        return _failed(failure)
    if "problem" in reply.data:
        return _problem(reply.data["problem"], reply.blobs.get("film", b""))
    return Answer(reply.data, reply.blobs["film"])


def _apart(request: dict[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The request without the visitor's files, which travel beside it."""
    parameters = request.get("parameters", {})
    files = {name: value.data for name, value in parameters.items() if isinstance(value, File)}
    kept = {name: None if name in files else value for name, value in parameters.items()}
    return {**request, "parameters": kept}, files


def _problem(data: Mapping[str, Any], film: bytes) -> Problem:
    return Problem(
        data["rule"],
        data["sentence"],
        data.get("input"),
        data.get("fix") or "",
        _fixes(data),
        data.get("start"),
        data.get("end"),
        data.get("strips") or (),
        film,
    )


def _fixes(data: Mapping[str, Any]) -> tuple[Fix, ...]:
    return tuple(Fix(one["code"], tuple(one["shape"]), one["changes"]) for one in data.get("fixes") or ())


def _failed(failure: calculator.Failure) -> Problem:
    if failure.kind == "refused":
        sentence, fix = refusals.sentence_of(failure)
        return Problem(failure.kind, sentence, fix=fix)
    smaller = _("Try smaller tensors or fewer operations.")
    again = _("Change a value to try again.")
    sentences = {
        "slow": (
            _("This took longer than {seconds} seconds and was stopped.").format(seconds=_seconds(failure)),
            smaller,
        ),
        "memory": (_("This needs more memory than one answer may use."), smaller),
        "died": (_("torch ended its own process while computing this. Nothing else was lost."), again),
        "busy": (_("Many readers are computing at this moment."), _("Try again in a few seconds.")),
    }
    sentence, fix = sentences.get(failure.kind, (_("This could not be computed."), again))
    return Problem(failure.kind, sentence, fix=fix)


def _seconds(failure: calculator.Failure) -> str:
    return f"{failure.seconds or 2:.3g}"

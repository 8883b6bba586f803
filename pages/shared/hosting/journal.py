"""The log: one line an event, with its time, level, name and an id; nothing that a visitor typed, and not who he is.

`ATLAS_LOG=json` writes JSON, one object a line; `text`, the default, the same for the eye. Streamlit's and uvicorn's
loggers are brought into the same form. Of their messages only the pattern is written ("Session with id %s ..."), not
what is put in; of an error its kind and where it happened, but not its words, which may repeat what was typed.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import events

VARIABLE = "ATLAS_LOG"
FORMS = ("text", "json")
ROOT = Path(__file__).resolve().parents[3]
SLOW = 1.5  # seconds; an answer that took longer is a line
FRAMES = 30  # of an error
LONGEST = 300  # letters of somebody else's pattern
ACCESS = "uvicorn.access"  # a handler would have uvicorn write a line for every request
WARNING = re.compile(r"(.+?):(\d+): (\w+Warning)\b")
ID = "atlas_id"  # on an exception: the id that its visitor reads
QUIET = ("hit", "joined")  # answers that no worker was asked for
# event -> level of its line; the others are counted only (pages/shared/hosting/metrics.py)
LEVELS = {
    "start": logging.INFO,
    "stopping": logging.INFO,
    "stop": logging.INFO,
    "refused": logging.WARNING,
    "failure": logging.WARNING,
    "slow": logging.INFO,
    "task.failed": logging.ERROR,
    "worker.ended": logging.WARNING,
    "health": logging.WARNING,
}
log = logging.getLogger("atlas")


def install() -> None:
    """Write all lines of this process in one form, from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(form()))
    _only(log, handler)
    _only(logging.getLogger("core"), handler)
    log.setLevel(logging.INFO)
    from streamlit import logger as streamlits

    # Streamlit gives each of its loggers a handler of its own, whenever one is made and when its settings are read.
    if hasattr(streamlits, "setup_formatter"):
        streamlits.setup_formatter = lambda logger: _only(logger, handler)
    for logger in getattr(streamlits, "_loggers", {}).values():
        _only(logger, handler)
    logging.captureWarnings(capture=True)
    for name in (
        "uvicorn",
        "uvicorn.error",
        "uvicorn.asgi",
        "websockets",
        "asyncio",
        "py.warnings",
    ):
        _only(logging.getLogger(name), handler)
    threading.excepthook = lambda told: _uncaught(told.exc_type, told.exc_value, told.exc_traceback)
    events.listen(_tell)


def _uncaught(*error: Any) -> None:
    """An error that ended a thread: Python would print its words."""
    log.error("A thread ended.", exc_info=error)


def form() -> str:
    """What ATLAS_LOG says; the text form for anything that is none."""
    asked = os.environ.get(VARIABLE, "").strip().lower()
    return asked if asked in FORMS else "text"


def _only(logger: logging.Logger, handler: logging.Handler) -> None:
    logger.handlers[:] = [handler] if logger.name != ACCESS else []
    logger.propagate = False
    logger.streamlit_console_handler = handler  # Streamlit takes this one away before it asks for a new one


def id_of(error: BaseException) -> str:
    """The id of an error: the same in the log and on the visitor's card."""
    found = getattr(error, ID, None)
    if found is None:
        found = new_id()
        try:
            setattr(error, ID, found)
        except (AttributeError, TypeError):  # an exception of C may take none
            log.debug("no id")
    return found


def new_id() -> str:
    """Eight letters that can be read out over a telephone."""
    return secrets.token_hex(4)


def _tell(event: str, facts: dict[str, Any]) -> None:
    """Write the events that are worth a line."""
    if event == "answer":
        if facts["failure"]:
            event = "failure"
        elif facts["seconds"] > SLOW and facts["how"] not in QUIET:
            event = "slow"
    if event in LEVELS:
        log.log(LEVELS[event], event, extra={"atlas": facts})


class Lines(logging.Formatter):
    """A record as one line."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The line of `record`, without what was put into a pattern of others."""
        line = told(record)
        if self._json:
            return json.dumps(line, ensure_ascii=True, default=str)
        head = f"{line.pop('time')} {line.pop('level'):<7} {line.pop('event')}"
        trace = line.pop("trace", [])
        facts = " ".join(f"{name}={value}" for name, value in line.items())
        return "\n".join([f"{head} {facts}".rstrip(), *(f"    {one}" for one in trace)])


def told(record: logging.LogRecord) -> dict[str, Any]:
    """What is written of a record: time, level, event, id, and the facts."""
    ours = getattr(record, "atlas", None)
    line = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": record.msg if ours is not None else "log",
        "id": new_id(),
    }
    if ours is not None:
        line |= {name: round(value, 3) if isinstance(value, float) else value for name, value in ours.items()}
    else:
        line |= {"logger": record.name, "message": _pattern(record)}
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        line |= {"id": id_of(error), "event": "error", "error": type(error).__name__, "trace": frames(error)}
    return line


def _pattern(record: logging.LogRecord) -> str:
    """What a library says, before anything is put in; of Python's warnings, which are put together, kind and place."""
    if record.name == "py.warnings":
        found = WARNING.match(str(record.msg))
        return f"{found[3]} at {_place(found[1])}:{found[2]}" if found else "a warning"
    return " ".join(str(record.msg).split())[:LONGEST]


def frames(error: BaseException) -> list[str]:
    """Where an error happened, the innermost last: "file:line function"; and before it, what it was caused by."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = [*frames(cause), f"{type(cause).__name__}, and then:"] if cause is not None else []
    found = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return [*before, *(f"{_place(one.filename)}:{one.lineno} {one.name}" for one in found)][-2 * FRAMES :]


def _place(filename: str) -> str:
    """A file as the repository or a package has it."""
    path = Path(filename)
    if path.is_relative_to(ROOT) and "site-packages" not in path.parts:
        return path.relative_to(ROOT).as_posix()
    return "/".join(path.parts[-3:])

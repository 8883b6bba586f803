"""What happens in the server, told to whoever listens (the log, the metrics): names and numbers, nothing typed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

Listener = Callable[[str, dict[str, Any]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener(event, facts)` at every event from now on. It runs in the thread of whoever tells: be quick."""
    if listener not in _listeners:
        _listeners.append(listener)


def emit(event: str, **facts: Any) -> None:
    """Tell an event, such as emit("answer", task="operation", how="miss", seconds=0.02).

    `facts` are numbers and words of ours: never a text, an address, a file's name or a cookie of a visitor.
    """
    for listener in _listeners:
        with contextlib.suppress(Exception):  # an answer does not fail because it could not be counted
            listener(event, facts)

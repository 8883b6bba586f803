"""The calculator: a small pool of worker processes that compute whatever a visitor typed, linked or uploaded.

    calculator.start_after(4, at_most=20)               # in the background, when the first pages have been painted
    reply = calculator.ask("operation", {...})          # Reply(data, blobs, device), or raises Failure(kind, detail)
    calculator.device()                                 # {"kind": "cpu", "name": "", "asked": "auto", "note": ""}

A crash costs one answer, a hang costs its wall (2 s), an allocation too large is refused; others notice nothing.

Why not pebble 5.2 (tests/bench/bench_calculator.py, 2 cores)? Its round trip is as quick (0.1 ms each), but it pickles
both ways; its forkserver's children re-import `__main__`, which under Streamlit is the page's script; an idle worker
killed from outside fails the next caller (BrokenProcessPool); after a death the next answer takes 108 ms (ours 28).
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.calculator.engine import Calculator
from core.calculator.lease import Lease
from core.calculator.records import Asker, Failure, Reply, Settings

__all__ = [
    "Asker", "Calculator", "Failure", "Lease", "Reply", "Settings", "ask", "ask_once", "asked_by", "device", "running",
    "start", "start_after", "stop", "training",
]  # fmt: skip

_lock = threading.Lock()
_calculator: Calculator | None = None
_asker: Callable[[], Asker] = Asker
_meanwhile: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext


def asked_by(
    asker: Callable[[], Asker],
    meanwhile: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
) -> None:
    """Say how to find out who asks: called for each question, in the thread of whoever puts it.

    `meanwhile` is entered while the thread waits for the answer, in which it computes nothing itself.
    """
    global _asker, _meanwhile
    _asker, _meanwhile = asker, meanwhile


def _the() -> Calculator:
    global _calculator
    with _lock:
        if _calculator is None:
            _calculator = Calculator()
            atexit.register(stop)
        return _calculator


def start() -> None:
    """Start the server's calculator in the background. Does not block; a second call does nothing."""
    _the().start()


def start_after(seconds: float, *, at_most: float) -> None:
    """Start it when this has not been called again for `seconds`, at the latest `at_most` after the first call.

    The import of torch takes a core for more than a second; beside a first paint that second is felt.
    """
    _the().start_after(seconds, at_most=at_most)


def stop() -> None:
    """End the server's calculator and its processes; the next `start` or `ask` makes a new one."""
    global _calculator
    with _lock:
        calculator, _calculator = _calculator, None
    if calculator is not None:
        calculator.stop()


def ask(
    task: str,
    arguments: dict[str, Any],
    *,
    wall: float | None = None,
    keep: bool = False,
    files: Mapping[str, bytes] | None = None,
    heavy: bool = False,
    visitor: str = "",
) -> Reply:
    """The answer of `task` to `arguments` (plain data). Blocks; thread-safe; raises Failure.

    `wall` is how many seconds the worker may take (default: the limits'); an answer given before comes from the cache.
    `keep` marks a question of the catalogue's own (nothing typed): its answer is kept on disk for the next start.
    `files` travel beside the question as raw bytes, by name.
    `heavy`: begins what takes long or much memory; where the server has enough to do that is refused, and nothing else.
    `visitor`: for whom, where that cannot be found out in this thread.
    """
    asker = Asker(visitor) if visitor else _asker()
    try:
        with _meanwhile():
            return _the().ask(task, arguments, wall=wall, keep=keep, files=files, heavy=heavy, asker=asker)
    finally:
        if asker.end:
            asker.end()


def ask_once(
    task: str,
    arguments: dict[str, Any],
    files: Mapping[str, bytes],
    *,
    lease: Lease | None = None,
    visitor: str = "",
) -> Reply:
    """The answer of `task` to large files of one visitor (an export): not cached, with limits of its own.

    Blocks; thread-safe; raises Failure. Another thread can call the question off: `lease.call_off()`.
    """
    return _the().ask_once(task, arguments, files, lease=lease, asker=Asker(visitor))


@contextlib.contextmanager
def training() -> Iterator[None]:
    """While whoever asks here has a training under way; raises Failure where he has as many as he may."""
    with _the().training(_asker()):
        yield


def running() -> Calculator:
    """The server's calculator itself: for its state, its limits, and its end."""
    return _the()


def device() -> dict[str, str]:
    """Where answers are computed, for a badge: kind, name, what was asked for, and a note (a code of core.device)."""
    return _the().device()

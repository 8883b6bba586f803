"""The garbage collector, in the moments in which nobody waits.

Every run of a page leaves Streamlit's cycles behind. Left to Python, a walk over the young objects comes in the middle
of every run, and one over all that 100 sessions hold, 60 to 90 ms in which every thread stands still, every three
seconds of a class. Here the young are walked behind the answers, when no page computes, and all of them in a pause.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable

THRESHOLDS = (5_000, 20, 100)  # Python's own collections, for a server that never has such a moment
UNTIL_THEN = 100_000  # young objects before the first page is done: its imports and catalogues live on
BEHIND = 0.03  # seconds after a run: its answer is being sent
LONGEST = 0.5  # seconds that a page which computes is waited for
OLDER = 16  # collections of the youngest to one of those that outlived one
PAUSE = 3.0  # seconds without a run: then all are walked, if there were RUNS since the last time
RUNS = 300
QUIET = 2.0  # seconds after the first run: its page has been painted


class Collector:
    """A thread that collects when it is told of a run's end; `busy()` is whether a page computes."""

    def __init__(self, busy: Callable[[], bool]) -> None:
        self._busy = busy
        self._ended = threading.Event()
        self._begun = threading.Lock()
        self._since = self._turn = 0

    def run_ended(self) -> None:
        """A page has computed. Costs its thread nothing; the first time is the first page of this server."""
        self._ended.set()
        if self._begun.acquire(blocking=False):  # held for ever
            threading.Thread(target=self._keep, name="atlas-collector", daemon=True).start()

    def _keep(self) -> None:
        time.sleep(QUIET)
        set_aside()
        while True:
            if self._ended.wait(PAUSE if self._since >= RUNS else None):
                self._young()
            else:
                gc.collect()
                self._since = 0

    def _young(self) -> None:
        self._ended.clear()
        self._since += 1
        time.sleep(BEHIND)
        until = time.monotonic() + LONGEST
        while self._busy() and time.monotonic() < until:
            time.sleep(BEHIND / 10)
        self._turn += 1
        gc.collect(0 if self._turn % OLDER else 1)


def set_aside() -> None:
    """What lives now lives for ever: later collections need not walk it. Holds every thread for 50 ms."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def before_first_run() -> None:
    """What the imports left need not be walked during the first run."""
    gc.freeze()
    gc.set_threshold(UNTIL_THEN, *THRESHOLDS[1:])

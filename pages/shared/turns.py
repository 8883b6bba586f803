"""Pages in turns, pictures first: at most a few scripts compute at a time, the others wait in the order they came.

All scripts of a server share one interpreter with the thread that sends their messages. Left alone, eighty who open a
link in one instant are eighty threads that ask for it, the sender is the eighty-first, and everybody has his picture
when all eighty pages are done. In turns the sender has its share, and a page that has sent its picture lets those go
first who have none yet. Who waits for a worker, or for anything else, waits outside: `with TURNS.away()`.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

AT_ONCE = 2  # scripts; they have one interpreter between them, and the second one fills the first one's gaps
LONGEST = 15.0  # seconds in the queue; after them a script goes on without a turn


class Turns:
    """Who computes, and who waits: who was at it already, then who has no picture yet, then the rest; each in order."""

    def __init__(self, at_once: int = AT_ONCE, longest: float = LONGEST) -> None:
        self._lock = threading.Lock()
        self._free, self._longest = at_once, longest
        self._back: deque[threading.Event] = deque()  # from waiting for something else
        self._first: deque[threading.Event] = deque()
        self._later: deque[threading.Event] = deque()  # with a picture
        self._own = threading.local()

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Compute in here. A thread that has its turn already goes on."""
        if self._mine():
            yield
            return
        self._take(self._first)
        try:
            yield
        finally:
            self._give()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Wait in here: the turn is somebody else's meanwhile, and the next one is ours again afterwards."""
        if not self._mine():
            yield
            return
        self._give()
        try:
            yield
        finally:
            self._take(self._back)

    def give_way(self) -> None:
        """The picture is sent: those who have none go first."""
        with self._lock:
            waited_for = bool(self._back or self._first)
        if waited_for and self._mine():
            self._give()
            self._take(self._later)

    def _mine(self) -> bool:
        return getattr(self._own, "turn", False)

    def _take(self, queue: deque[threading.Event]) -> None:
        with self._lock:
            if self._free > 0:
                self._free -= 1
                self._own.turn = True
                return
            called = threading.Event()
            queue.append(called)
        if not called.wait(self._longest):
            with self._lock:
                if not called.is_set():
                    queue.remove(called)
                    return  # without a turn, so that nothing is given back
        self._own.turn = True

    def _give(self) -> None:
        if not self._mine():
            return
        self._own.turn = False
        with self._lock:
            waiting = self._back or self._first or self._later
            if waiting:
                waiting.popleft().set()
            else:
                self._free += 1


TURNS = Turns()

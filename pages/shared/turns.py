"""Pages in turns, pictures first: at most a few scripts compute at a time, the others wait in the order they came.

All scripts of a server share one interpreter with the thread that sends their messages. Left alone, eighty who open a
link in one instant are eighty threads that ask for it, the sender is the eighty-first, and everybody has his picture
when all eighty pages are done. In turns the sender has its share, and a page that has sent its picture lets those go
first who have none yet. Who waits for a worker, or for anything else, waits outside: `with TURNS.away()`.
Only one page of a visitor goes before others at a time: his further windows wait behind everybody who has none there.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from core.calculator.fair import FairQueue

AT_ONCE = 2  # scripts; they have one interpreter between them, and the second one fills the first one's gaps
LONGEST = 15.0  # seconds in the queue; after them a script goes on without a turn


class _Waiter:
    """A script in a queue."""

    def __init__(self, visitor: str) -> None:
        self.visitor, self.called = visitor, threading.Event()


class Turns:
    """Who computes, and who waits: who was at it already, then who has no picture yet, then the rest; each in order."""

    def __init__(self, at_once: int = AT_ONCE, longest: float = LONGEST) -> None:
        self._lock = threading.Lock()
        self._at_once, self._longest = at_once, longest
        self._having: list[str] = []  # the visitor of each script that computes
        self._back: FairQueue[_Waiter] = FairQueue(at_once)  # from waiting for something else
        self._first: FairQueue[_Waiter] = FairQueue(at_once)
        self._later: FairQueue[_Waiter] = FairQueue(at_once)  # with a picture, or a visitor's further pages
        self._own = threading.local()
        self.ended: Callable[[], None] = lambda: None  # called when a script has had its turn to the end

    @contextlib.contextmanager
    def turn(self, visitor: str = "") -> Iterator[None]:
        """Compute in here, for that visitor ("" is nobody). A thread that has its turn already goes on."""
        if self._mine():
            yield
            return
        self._own.visitor = visitor
        self._take(self._first)
        try:
            yield
        finally:
            self._give()
            self.ended()

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

    def busy(self) -> bool:
        """Whether a script computes now."""
        return bool(self._having)

    def free(self) -> int:
        """How many more scripts may compute now."""
        return self._at_once - len(self._having)

    def _mine(self) -> bool:
        return getattr(self._own, "turn", False)

    def _take(self, queue: FairQueue[_Waiter]) -> None:
        waiter = _Waiter(self._own.visitor)
        visitor = waiter.visitor
        with self._lock:
            if self.free() > 0:
                self._having.append(visitor)
                self._own.turn = True
                return
            if visitor and any(visitor in ahead for ahead in (self._having, self._back, self._first)):
                queue = self._later
            queue.add(visitor, waiter)
        if not waiter.called.wait(self._longest):
            with self._lock:
                if queue.remove(visitor, waiter):
                    return  # without a turn, so that nothing is given back
        self._own.turn = True

    def _give(self) -> None:
        if not self._mine():
            return
        self._own.turn = False
        with self._lock:
            self._having.remove(self._own.visitor)
            for queue in (self._back, self._first, self._later):
                if (waiter := queue.take()) is not None:
                    queue.done(waiter.visitor)  # the queue counts nothing: who computes is in the list
                    self._having.append(waiter.visitor)
                    waiter.called.set()
                    return


TURNS = Turns()

"""What one visitor may use over time: buckets that fill again, and what is under way at once.

A visitor is a name that the pages give (a cookie's or a session's); nobody in particular, "", is not counted.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator

from core.limits import Limits

MINUTE = 60.0
BURST = 3.0  # seconds' worth of questions that may come at once: a page that opens asks several
VISITORS = 10_000  # that are remembered; who has been away longest is forgotten, and begins with full buckets


class Bucket:
    """Holds at most `size`, and fills by `rate` a second. May be overdrawn: then it must fill first."""

    def __init__(self, size: float, rate: float, now: float) -> None:
        self.size, self.rate = size, rate
        self._level, self._at = size, now

    def level(self, now: float) -> float:
        """What is in it."""
        self._level = min(self.size, self._level + (now - self._at) * self.rate)
        self._at = now
        return self._level

    def spend(self, amount: float, now: float) -> None:
        """Take `amount` out, whatever is left."""
        self._level = self.level(now) - amount

    def until(self, amount: float, now: float) -> float:
        """Seconds until it holds `amount`; 0 where it does."""
        return max(0.0, (amount - self.level(now)) / self.rate)


class Budget:
    """The accounts of all visitors. Thread-safe."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._accounts: OrderedDict[str, dict[str, Bucket]] = OrderedDict()
        self._held: Counter[tuple[str, str]] = Counter()

    def question(self, visitor: str) -> float:
        """A new question is asked: seconds that it has to wait, so that no more than so many come in a second."""
        if not visitor:
            return 0.0
        with self._lock:
            now, bucket = self._clock(), self._bucket(visitor, "questions")
            wait = bucket.until(1.0, now)
            bucket.spend(1.0, now)
            return wait

    def unasked(self, visitor: str) -> None:
        """That question was not put after all."""
        if visitor:
            with self._lock:
                self._bucket(visitor, "questions").spend(-1.0, self._clock())

    def exhausted(self, visitor: str) -> float:
        """Seconds until this visitor may have something computed again; 0 while there is anything left."""
        if not visitor:
            return 0.0
        with self._lock:
            return self._bucket(visitor, "compute").until(0.0, self._clock())

    def spend(self, visitor: str, seconds: float) -> None:
        """A worker has computed for this visitor for so long."""
        if visitor:
            with self._lock:
                self._bucket(visitor, "compute").spend(seconds, self._clock())

    def upload(self, visitor: str, size: int) -> float:
        """`size` bytes are to come: 0 where they may, else seconds until they might."""
        if not visitor:
            return 0.0
        with self._lock:
            now, bucket = self._clock(), self._bucket(visitor, "upload")
            wait = bucket.until(min(size, bucket.size), now)
            if wait == 0.0:
                bucket.spend(size, now)
            return wait

    @contextlib.contextmanager
    def holding(self, visitor: str, what: str, most: int) -> Iterator[bool]:
        """One more `what` of this visitor's is under way while the block runs; False where there are `most` already."""
        place = (visitor, what)
        with self._lock:
            free = not visitor or self._held[place] < most
            self._held[place] += free
        try:
            yield free
        finally:
            with self._lock:
                self._held[place] -= free
                if not self._held[place]:
                    del self._held[place]

    def _bucket(self, visitor: str, what: str) -> Bucket:
        """One of a visitor's buckets; holds the lock."""
        if visitor not in self._accounts:
            self._accounts[visitor] = self._new()
            while len(self._accounts) > VISITORS:
                self._accounts.popitem(last=False)
        self._accounts.move_to_end(visitor)
        return self._accounts[visitor][what]

    def _new(self) -> dict[str, Bucket]:
        limits, now = self.limits, self._clock()
        return {
            "questions": Bucket(max(1.0, limits.questions * BURST), limits.questions, now),
            "compute": Bucket(limits.compute_seconds, limits.compute_seconds / MINUTE, now),
            "upload": Bucket(limits.upload_bytes, limits.upload_bytes / MINUTE, now),
        }

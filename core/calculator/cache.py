"""Answers that were given before, and questions that are being answered: both by the hash of the request's own bytes.

Plain objects behind locks, not `st.cache_data`: any visitor can clear that for everyone, and it samples large arrays.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from core.calculator.records import Failure

LOOK = 1.0  # seconds between two times that one who waits for another's answer is told so


def canonical(value: Any) -> bytes:
    """`value` as the one JSON text it has: sorted keys, no spaces. TypeError for what is not plain data."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def digest(data: bytes, *more: str) -> str:
    """The key of a request: sha256 of all its bytes."""
    head = "\0".join(more).encode() + b"\0"
    return hashlib.sha256(head + data).hexdigest()


class Cache:
    """The most recently used answers, at most `limit` bytes of them. An answer is a tuple of bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, tuple[bytes, ...]] = OrderedDict()

    def get(self, key: str) -> tuple[bytes, ...] | None:
        """The answer kept under `key`."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, key: str, parts: tuple[bytes, ...]) -> None:
        """Keep an answer; the least recently used make room. One larger than a quarter of the cache is not kept."""
        cost = _cost(parts)
        if cost > self.limit // 4:
            return
        with self._lock:
            self.size += cost - _cost(self._entries.pop(key, None))
            self._entries[key] = parts
            while self.size > self.limit:
                self.size -= _cost(self._entries.popitem(last=False)[1])

    def __len__(self) -> int:
        return len(self._entries)


def _cost(parts: tuple[bytes, ...] | None) -> int:
    """Bytes that an entry holds, its key and its bookkeeping estimated."""
    return 0 if parts is None else 512 + sum(len(part) + 64 for part in parts)


class Flights:
    """Equal requests at the same moment are computed once: the first caller computes, the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[str, Future] = {}

    def join(
        self, key: str, compute: Callable[[], Any], waiting: Callable[[None], None] | None = None
    ) -> tuple[Any, bool]:
        """What `compute` returns, and whether this caller was the one that ran it.

        What it raises, it raises for that caller only; the others get the Failure "left", and may ask again.
        `waiting(None)` is called now and then for one of the others.
        """
        with self._lock:
            flight = self._flights.get(key)
            first = flight is None
            if first:
                flight = self._flights[key] = Future()
        if not first:
            return _landed(flight, waiting), False
        outcome: Any = Failure("left")
        try:
            outcome = compute()
        finally:
            with self._lock:
                del self._flights[key]
            flight.set_result(outcome)
        return outcome, True


def _landed(flight: Future, waiting: Callable[[None], None] | None) -> Any:
    """What comes of it."""
    while waiting:
        try:
            return flight.result(LOOK)
        except TimeoutError:
            waiting(None)
    return flight.result()

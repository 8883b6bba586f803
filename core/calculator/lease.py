"""A question that its asker can call off while a worker is at it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from core.calculator.records import Failure


class Lease:
    """Made by who asks; another thread may `call_off`. The worker that is at it then is ended, and no other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._worker: Any = None
        self._off = False

    def call_off(self) -> None:
        """Nobody waits for the answer any more: who asked gets a Failure at once."""
        with self._lock:
            self._off = True
            if self._worker is not None:
                self._worker.kill()

    def check(self) -> None:
        """Raises Failure("died") where it was called off."""
        if self._off:
            raise Failure("died", detail="called off")

    @contextlib.contextmanager
    def on(self, worker: Any) -> Iterator[None]:
        """While `worker` is at the question; raises Failure("died") where it was called off before."""
        with self._lock:
            self.check()
            self._worker = worker
        try:
            yield
        finally:
            with self._lock:
                self._worker = None

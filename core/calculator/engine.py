"""The calculator itself: cache, flights, accelerator, pool, in this order."""

from __future__ import annotations

import logging
import time
from typing import Any

from core.calculator import frames
from core.calculator.accelerator import Accelerator
from core.calculator.cache import Cache, Flights, canonical, digest
from core.calculator.pool import Pool, next_number
from core.calculator.records import Failure, Reply, Settings

log = logging.getLogger("core.calculator")


class Calculator:
    """Asks worker processes. Thread-safe; can be used in a `with` block."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.pool = Pool(self.settings)
        self.accelerator = Accelerator(self.settings, wait_for=self.pool.arrived)
        self.cache = Cache(self.settings.cache_bytes)
        self.flights = Flights()

    def __enter__(self) -> Calculator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the workers in the background. Does not block; a second call does nothing."""
        self.pool.start()
        self.accelerator.start()

    def stop(self) -> None:
        """End all processes."""
        self.accelerator.close()
        self.pool.close()

    def device(self) -> dict[str, str]:
        """What the badge says: kind, name, asked, and a note (a code of core.device)."""
        return self.accelerator.state().as_dict()

    def ask(self, task: str, arguments: dict[str, Any], *, wall: float | None = None) -> Reply:
        """The answer of `task` to `arguments`, from a worker or from the cache. Raises Failure.

        `wall` in seconds, counted from when the worker has the request; at most `longest_wall`.
        """
        question = canonical({"task": task, "arguments": arguments})
        if len(question) > self.settings.request_bytes:
            raise Failure("broken", detail="request-size")
        wall = self.settings.wall_for(wall)
        kind = self.device()["kind"]
        key = digest(question, kind)
        begun = time.monotonic()
        while True:
            kept = self.cache.get(key)
            if kept is not None:
                return _reply(kept)
            outcome, first = self.flights.join(
                f"{key} {wall}", lambda: self._outcome(key, kind, question, wall)
            )
            if not isinstance(outcome, Failure):
                return _reply(outcome)
            waited = time.monotonic() - begun
            if first or outcome.kind != "busy" or waited > self.settings.patience:
                raise Failure(outcome.kind, waited, outcome.detail)

    def _outcome(self, key: str, kind: str, question: bytes, wall: float) -> tuple[bytes, ...] | Failure:
        """The answer, or the failure: returned, so that everyone who waits can raise one of his own."""
        try:
            message, where = self._compute(question, wall)
            if "failure" in message.header:
                return _failure(message.header)
            # Parsed here once, so that a worker that writes no JSON is a failure and not in the cache.
            frames.as_object(message.parts[0])
        except Failure as failure:
            return failure
        except frames.Corrupt:
            return Failure("broken", detail="reply")
        names = message.header["blobs"]
        parts = (where.encode(), *message.parts, *(name.encode() for name in names))
        if where == kind:  # an answer that stood in for another device's is not kept
            self.cache.put(key, parts)
        return parts

    def _compute(self, question: bytes, wall: float) -> tuple[frames.Message, str]:
        number = next_number()
        header = {"id": number, "wall": wall, "cpu": self.settings.cpu_for(wall)}
        request = frames.encode(header, [question])
        kind = self.accelerator.state().kind
        first = self.accelerator.run(request, number, wall)
        if first is not None and "failure" not in first.header:
            return first, kind
        second = self.pool.run(request, number, wall)
        if first is not None and "failure" not in second.header:
            self.accelerator.suspect()
        return second, "cpu"


def _reply(parts: tuple[bytes, ...]) -> Reply:
    """A reply of the caller's own: what he changes in it, nobody else sees."""
    where, data, *rest = parts
    half = len(rest) // 2
    names = [name.decode() for name in rest[half:]]
    return Reply(frames.as_object(data), dict(zip(names, rest[:half], strict=True)), where.decode())


def _failure(header: dict[str, Any]) -> Failure:
    detail = header.get("detail")
    if header.get("trace"):
        log.warning("a task failed:\n%s", str(header["trace"])[:10_000])
    return Failure(header["failure"], detail=detail[:80] if isinstance(detail, str) else "")

"""The pool: as many workers as asked for, lent to one caller at a time, each replaced as soon as it is lost."""

from __future__ import annotations

import itertools
import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from core.calculator import frames
from core.calculator.lease import Lease
from core.calculator.processes import ForkServer, NotStarted, SpawnSource
from core.calculator.records import KINDS, Failure, Settings

log = logging.getLogger("core.calculator")

PRELOAD_AFTER = 2.0  # seconds after the start, if no answer was given before
LONGEST_PAUSE = 30.0  # between two attempts to start a zygote that does not come up

_numbers = itertools.count(1)


class _Waiter:
    """A caller in the queue."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.worker: Any = None


class Pool:
    """Workers for everyone. Thread-safe; `start` does not block."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.size = settings.workers
        self.source: Any = None
        self.arrived = threading.Event()  # a first worker has come
        self.failures = 0  # sources in a row that ended before they gave a worker
        self._came = False  # the present one gave one
        self._lock = threading.Lock()
        self._workers: set[Any] = set()
        self._idle: deque[Any] = deque()
        self._waiters: deque[_Waiter] = deque()
        self._expected = 0  # asked for, not here yet
        self._preload = bool(settings.preload)
        self._preloading = False
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    # ---- life

    def start(self) -> None:
        """Begin to start workers, in the background."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, name="atlas-calculator", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End all workers and their source."""
        with self._lock:
            self._closing.set()
            source, workers, idle = self.source, list(self._workers), set(self._idle)
            self._idle.clear()
            self._drop_waiters()
        for worker in workers:
            worker.close() if worker in idle else worker.kill()
        if source is not None:
            source.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5.0)

    def workers(self) -> list[Any]:
        """Those that live now."""
        with self._lock:
            return list(self._workers)

    def _keep(self) -> None:
        """The pool's thread: keep a source of workers alive."""
        make = ForkServer if self.settings.method == "fork" else SpawnSource
        while not self._closing.is_set():
            with self._lock:
                if self._closing.is_set():
                    return
                self.source = make(self.settings)
                self._expected, self._came = 0, False
            self.source.pump(self)
            if self._closing.is_set():
                break
            self._source_ended()
            log.warning("the source of workers ended; another is started (failure %d)", self.failures)
            self._closing.wait(min(2.0 ** (self.failures - 1), LONGEST_PAUSE) if self.failures else 0)
        self.source.close()

    def _source_ended(self) -> None:
        with self._lock:
            self._expected = 0
            self.failures = 0 if self._came else self.failures + 1
            if self._preloading:  # it may have been the cause
                self._preload = self._preloading = False
            if self.failures and not self._workers:
                self._drop_waiters()

    def _drop_waiters(self) -> None:
        while self._waiters:
            self._waiters.popleft().called.set()

    # ---- what the source tells (Sink)

    def on_ready(self) -> None:
        """It can give workers: ask for as many as are missing."""
        with self._lock:
            self._ask_for(self.size - len(self._workers))

    def on_worker(self, worker: Any) -> None:
        """A new worker."""
        with self._lock:
            if self._closing.is_set():
                worker.close()
                return
            self._came, self.failures = True, 0
            self._expected = max(0, self._expected - 1)
            self._workers.add(worker)
            self._offer(worker)
            first = not self.arrived.is_set()
            self.arrived.set()
        if first and self._preload:
            timer = threading.Timer(PRELOAD_AFTER, self._start_preload)
            timer.daemon = True
            timer.start()

    def on_exit(self, worker: Any) -> None:
        """A worker ended. If nobody has it, nobody else would notice; who has it sees the stream end."""
        with self._lock:
            idle = worker in self._idle
        if idle:
            self._lose(worker)

    def on_preloaded(self) -> None:
        """Later workers have more at hand: a new set takes the place of those that have not."""
        with self._lock:
            self._preload = self._preloading = False
            self._ask_for(sum(not worker.preloaded for worker in self._workers))

    def _start_preload(self) -> None:
        with self._lock:
            go = self._preload and not self._preloading
            self._preloading = self._preloading or go
        if go:
            self.source.preload()

    # ---- lending

    def run(
        self, request: bytes, number: int, wall: float, *, most: int | None = None, lease: Lease | None = None
    ) -> frames.Message:
        """A worker's reply to `request`. Raises Failure; whatever happens, no worker is lost and none is kept.

        `most`: bytes of the reply, where they are not the usual ones.
        """
        begun = time.monotonic()
        settings, lease = self.settings, lease or Lease()
        while True:
            lease.check()
            worker = self._borrow(begun)
            try:
                with lease.on(worker):
                    message = worker.exchange(request, wall, most or settings.reply_bytes)
                check(message, number)
            except NotStarted:
                self._lose(worker)
                if time.monotonic() > self._until(begun):
                    raise Failure("died", time.monotonic() - begun) from None
                continue
            except Failure:  # called off before it had the question
                self._give_back(worker)
                raise
            except (TimeoutError, frames.Closed, frames.Corrupt, OSError) as error:
                self._lose(worker)
                raise failure_of(error, worker, time.monotonic() - begun) from None
            except BaseException:
                self._lose(worker)
                raise
            strained = message.header.get("failure") == "memory" and settings.method == "fork"
            worn = strained or worker.served >= settings.requests_per_worker
            self._lose(worker) if worn else self._give_back(worker)
            return message

    def _until(self, begun: float) -> float:
        """How long who came at `begun` waits: for a busy worker a little, for the first one (again) as it takes."""
        return begun + (self.settings.patience if self._workers else self.settings.startup)

    def _borrow(self, begun: float) -> Any:
        self.start()
        while True:
            with self._lock:
                if self._closing.is_set() or (self.failures and not self._workers):
                    raise Failure("broken", time.monotonic() - begun, "start")
                worker, waiter = (self._idle.pop(), None) if self._idle else (None, _Waiter())
                if waiter is not None:
                    self._waiters.append(waiter)
            if waiter is not None:
                worker = self._wait(waiter, self._until(begun))
            if worker is not None and worker.well():
                return worker
            if worker is not None:
                self._lose(worker)
            elif time.monotonic() >= self._until(begun):
                raise Failure("busy", time.monotonic() - begun)

    def _wait(self, waiter: _Waiter, until: float) -> Any:
        waiter.called.wait(max(0.0, until - time.monotonic()))
        with self._lock:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        return waiter.worker

    def _give_back(self, worker: Any) -> None:
        with self._lock:
            if self._closing.is_set():
                worker.close()
            else:
                self._offer(worker)
        self._start_preload()  # the first answer is out

    def _offer(self, worker: Any) -> None:
        """To the one who waits longest, or to the idle ones; holds the lock."""
        if len(self._workers) > self.size and self._retire(worker):
            return
        if self._waiters:
            waiter = self._waiters.popleft()
            waiter.worker = worker
            waiter.called.set()
        else:
            self._idle.append(worker)

    def _retire(self, offered: Any) -> bool:
        """One too many: send away one without the preloaded modules; True if it was `offered`. Holds the lock."""
        old = next((worker for worker in (offered, *self._idle) if not worker.preloaded), None)
        if old is None:
            return False
        self._workers.discard(old)
        if old is not offered:
            self._idle.remove(old)
        old.close()
        return old is offered

    def _lose(self, worker: Any) -> None:
        """End `worker` and ask for another in its place."""
        with self._lock:
            self._workers.discard(worker)
            if worker in self._idle:
                self._idle.remove(worker)
            if not self._closing.is_set():
                self._ask_for(self.size - len(self._workers) - self._expected)
        worker.close()

    def _ask_for(self, count: int) -> None:
        """Ask the source for `count` more; holds the lock."""
        for _ in range(count):
            self._expected += 1
            self.source.spawn()


def next_number() -> int:
    """A number that ties a reply to its request."""
    return next(_numbers)


def check(message: frames.Message, number: int) -> None:
    """Corrupt unless `message` is a well-formed reply to request `number`."""
    header = message.header
    names = header.get("blobs", [])
    good = header.get("id") == number and isinstance(names, list) and all(isinstance(n, str) for n in names)
    if good and "failure" in header:
        good = header["failure"] in KINDS and not message.parts
    elif good:
        good = len(message.parts) == len(names) + 1 and len(set(names)) == len(names)
    if not good:
        raise frames.Corrupt("reply")


def failure_of(error: Exception, worker: Any, seconds: float) -> Failure:
    """What the caller of a lost worker is told."""
    if isinstance(error, TimeoutError):
        return Failure("slow", seconds)
    if isinstance(error, frames.Corrupt):
        log.warning("a worker's reply was no reply: %s", error)
        return Failure("broken", seconds, "reply")
    return died(worker.exit_status(), seconds)


def died(status: int | None, seconds: float) -> Failure:
    """A process that ended: by its own limits on time, or by what the task did."""
    own_limits: Sequence[str] = ("SIGXCPU", "SIGALRM")
    detail = "" if status is None else f"exit {status}"
    if status is not None and status < 0:
        try:
            detail = signal.Signals(-status).name
        except ValueError:
            detail = f"signal {-status}"
    return Failure("slow" if detail in own_limits else "died", seconds, detail)

"""The pool: as many workers as asked for, lent to one caller at a time, each replaced as soon as it is lost."""

from __future__ import annotations

import itertools
import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from core import events
from core.calculator import frames
from core.calculator.fair import FairQueue
from core.calculator.lease import Lease
from core.calculator.processes import ForkServer, NotStarted, SpawnSource
from core.calculator.records import KINDS, Asker, Failure, Settings

log = logging.getLogger("core.calculator")

PRELOAD_AFTER = 2.0  # seconds after the start, if no answer was given before
LONGEST_PAUSE = 30.0  # between two attempts to start a zygote that does not come up
NOTICE = 1.0  # seconds that a caller waits before he is told his place
BETWEEN = 0.3  # and between two times that he is told

_numbers = itertools.count(1)


class _Waiter:
    """A caller in the queue."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.called = threading.Event()
        self.worker: Any = None


class Pool:
    """Workers for everyone. Thread-safe; `start` does not block.

    `spend(visitor, seconds)` is told what each question has cost: processor time, or all of it where a worker is lost.
    """

    def __init__(self, settings: Settings, spend: Callable[[str, float], None] = lambda *_: None) -> None:
        self.settings, self._spend = settings, spend
        self.size = settings.workers
        self.source: Any = None
        self.arrived = threading.Event()  # a first worker has come
        self.failures = 0  # sources in a row that ended before they gave a worker
        self._came = False  # the present one gave one
        self._lock = threading.Lock()
        self._workers: set[Any] = set()
        self._idle: deque[Any] = deque()
        self._turns: FairQueue[_Waiter] = FairQueue(settings.visitor_workers)
        self._lent: dict[Any, str] = {}  # worker -> the visitor that it computes for
        self.answered = float("-inf")  # when a worker last gave a well-formed reply
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

    def pids(self) -> list[int]:
        """The processes of the pool: the workers and what they come from."""
        process = getattr(self.source, "process", None)
        return [*(worker.pid for worker in self.workers()), *([process.pid] if process else [])]

    def queued(self) -> int:
        """How many questions wait."""
        with self._lock:
            return len(self._turns)

    def lent(self) -> int:
        """How many workers are at a question."""
        with self._lock:
            return len(self._lent)

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
        for waiter in self._turns.clear():
            waiter.called.set()

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
            self._offer(worker, last=True)
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
            events.emit("worker.ended", how="died", detail="idle")
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
        self,
        request: bytes,
        number: int,
        wall: float,
        *,
        most: int | None = None,
        lease: Lease | None = None,
        asker: Asker = Asker(),  # noqa: B008 (frozen)
    ) -> frames.Message:
        """A worker's reply to `request`. Raises Failure; whatever happens, no worker is lost and none is kept.

        `most`: bytes of the reply, where they are not the usual ones. What `asker.waiting` raises passes through.
        """
        begun = time.monotonic()
        settings, lease = self.settings, lease or Lease()
        while True:
            lease.check()
            worker = self._borrow(begun, asker)
            lent = time.monotonic()
            try:
                with lease.on(worker):
                    message = worker.exchange(request, wall, most or settings.reply_bytes)
                check(message, number)
            except NotStarted:
                self._lose(worker)
                if time.monotonic() > self._until(begun, asker):
                    raise Failure("died", time.monotonic() - begun) from None
                continue
            except Failure:  # called off before it had the question
                self._give_back(worker)
                raise
            except (TimeoutError, frames.Closed, frames.Corrupt, OSError) as error:
                self._lose(worker)
                now = time.monotonic()
                self._spend(asker.visitor, now - lent)
                raise told(
                    failure_of(error, worker, now - begun)
                ) from None  # in no name here: it would hold the request
            except BaseException:
                self._lose(worker)
                raise
            self.answered = time.monotonic()
            self._spend(asker.visitor, cost(message.header, self.answered - lent))
            strained = message.header.get("failure") == "memory" and settings.method == "fork"
            worn = strained or worker.served >= settings.requests_per_worker
            self._lose(worker) if worn else self._give_back(worker)
            return message

    def _until(self, begun: float, asker: Asker) -> float:
        """How long who came at `begun` waits: for a busy worker a little, for the first one (again) as it takes.

        Who is told his place waits longer.
        """
        patience = self.settings.queue_patience if asker.waiting else self.settings.patience
        return begun + (patience if self._workers else self.settings.startup)

    def _borrow(self, begun: float, asker: Asker) -> Any:
        self.start()
        while True:
            waiter = _Waiter(asker)
            with self._lock:
                if self._closing.is_set() or (self.failures and not self._workers):
                    raise Failure("broken", time.monotonic() - begun, "start")
                if len(self._turns) >= self.settings.queue:
                    raise Failure("refused", 0.0, "full")
                self._turns.add(asker.visitor, waiter)
                self._match()
            worker = self._wait(waiter, begun)
            if worker is not None and worker.well():
                return worker
            if worker is not None:
                self._lose(worker)
            elif time.monotonic() >= self._until(begun, asker):
                raise Failure("busy", time.monotonic() - begun)

    def _wait(self, waiter: _Waiter, begun: float) -> Any:
        """The worker that `waiter` gets; None where it takes too long."""
        asker, pause = waiter.asker, NOTICE
        try:
            while not waiter.called.is_set() and (left := self._until(begun, asker) - time.monotonic()) > 0:
                if not waiter.called.wait(min(left, pause) if asker.waiting else left) and asker.waiting:
                    asker.waiting(self._before(waiter))
                pause = BETWEEN
        except BaseException:  # the page was left, or changed
            with self._lock:
                waits = self._turns.remove(asker.visitor, waiter)
            if not waits and waiter.worker is not None:
                self._give_back(waiter.worker)
            raise
        with self._lock:
            self._turns.remove(asker.visitor, waiter)
        return waiter.worker

    def _before(self, waiter: _Waiter) -> int:
        with self._lock:
            return self._turns.before(waiter.asker.visitor, waiter)

    def _match(self) -> None:
        """Give the idle workers to those whose turn it is; holds the lock."""
        while self._idle and (waiter := self._turns.take()) is not None:
            waiter.worker = self._idle.pop()
            self._lent[waiter.worker] = waiter.asker.visitor
            waiter.called.set()

    def _ended(self, worker: Any) -> None:
        """Nobody has `worker` any more; holds the lock."""
        if worker in self._lent:
            self._turns.done(self._lent.pop(worker))

    def _give_back(self, worker: Any) -> None:
        with self._lock:
            self._ended(worker)
            if self._closing.is_set():
                worker.close()
            else:
                self._offer(worker)
        self._start_preload()  # the first answer is out

    def _offer(self, worker: Any, *, last: bool = False) -> None:
        """To the one whose turn it is, or to the idle ones, of whom it is the `last` to be asked; holds the lock."""
        if len(self._workers) > self.size and self._retire(worker):
            return
        self._idle.appendleft(worker) if last else self._idle.append(worker)
        self._match()

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
            self._ended(worker)
            self._workers.discard(worker)
            if worker in self._idle:
                self._idle.remove(worker)
            if not self._closing.is_set():
                self._ask_for(self.size - len(self._workers) - self._expected)
            self._match()  # its visitor may have another one now
        worker.close()

    def _ask_for(self, count: int) -> None:
        """Ask the source for `count` more; holds the lock."""
        for _ in range(count):
            self._expected += 1
            self.source.spawn()


def next_number() -> int:
    """A number that ties a reply to its request."""
    return next(_numbers)


def cost(header: dict[str, Any], seconds: float) -> float:
    """What a question has cost: the processor time that the worker tells, if that can be; else all the `seconds`."""
    told = header.get("cpu")
    return told if isinstance(told, float) and 0.0 <= told <= seconds else seconds


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


def told(failure: Failure) -> Failure:
    """`failure`, by which a worker ended."""
    how = "killed" if failure.kind == "slow" else "died"
    events.emit("worker.ended", how=how, detail=failure.detail)
    return failure


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

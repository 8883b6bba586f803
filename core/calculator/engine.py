"""The calculator itself: cache, kept answers, flights, limits, accelerator, pool, in this order."""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from core import events
from core.calculator import frames
from core.calculator.accelerator import Accelerator
from core.calculator.budget import Budget
from core.calculator.cache import Cache, Flights, canonical, digest
from core.calculator.kept import Kept
from core.calculator.lease import Lease
from core.calculator.memory import Memory
from core.calculator.pool import BETWEEN, NOTICE, Pool, next_number
from core.calculator.records import Asker, Failure, Reply, Settings
from core.limits import current as limits

NOBODY = Asker()
# What a worker may say of a failure; the rest is dropped.
FRAME = re.compile(r"[\w./+-]{1,160}:\d{1,6} [\w.<>]{1,60}")  # a place in a trace
CODE = re.compile(r"[\w.-]{1,80}")
SCARCE_RULES = ("too-many-elements", "too-many-in-all", "too-much-work")  # of problems due to little memory
LONGEST_HOLD = 5.0  # seconds that questions are held back because too many came; with more they are refused


class Calculator:
    """Asks worker processes. Thread-safe; can be used in a `with` block."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.budget = Budget(limits())
        self.pool = Pool(self.settings, self.budget.spend)
        self.memory = Memory(limits().memory_ceiling, self.pool.pids)
        self.stopping = False  # nothing heavy is begun any more
        self.accelerator = Accelerator(self.settings, wait_for=self.pool.arrived)
        self.cache = Cache(self.settings.cache_bytes)
        self.kept = Kept(self.settings.kept, f"{limits()} {self.settings.tasks}")
        self.flights = Flights()
        self._lock = threading.Lock()
        self._due: float | None = None  # when to start, if nobody asks or puts it off before
        self._latest = 0.0  # until when it may be put off
        self._begun = threading.Event()  # started, or stopped before

    def __enter__(self) -> Calculator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the workers in the background. Does not block; a second call does nothing."""
        self._begun.set()
        self.pool.start()
        self.accelerator.start()

    def start_after(self, seconds: float, *, at_most: float) -> None:
        """Start in a quiet moment: when this has not been called again for `seconds`, `at_most` after the first call.

        A question that nobody has answered yet does not wait for it.
        """
        if self._begun.is_set():
            return
        now = time.monotonic()
        with self._lock:
            first = self._due is None
            self._latest = now + at_most if first else self._latest
            self._due = min(now + seconds, self._latest)
        if first:
            threading.Thread(target=self._start_when_due, name="atlas-start", daemon=True).start()

    def _start_when_due(self) -> None:
        while not self._begun.wait(max(0.0, self._due - time.monotonic())):
            if time.monotonic() >= self._due:
                return self.start()

    def refusal(self, *, heavy: bool) -> str | None:
        """Why nothing new is begun just now (of HELD_BACK), if so. What is light goes on."""
        if heavy and self.stopping:
            return "stopping"
        if heavy and self.pool.queued() > limits().heavy_queue:
            return "queue"
        return "memory" if heavy and self.memory.short() else None

    @contextlib.contextmanager
    def training(self, asker: Asker = NOBODY) -> Iterator[None]:
        """While a training of this visitor's is under way; Failure where he has as many as he may."""
        with self.budget.holding(asker.visitor, "trainings", limits().trainings) as free:
            if not free:
                raise self._refused("trainings", "prepare")
            yield

    def stop(self) -> None:
        """End all processes."""
        self._begun.set()
        self.accelerator.close()
        self.pool.close()

    def pulse(self, wall: float) -> bool:
        """Whether torch adds two numbers in a worker, past the cache and everybody's account. Raises Failure."""
        number = next_number()
        header = {"id": number, "wall": wall, "cpu": self.settings.cpu_for(wall)}
        request = frames.encode(header, (canonical({"task": "pulse", "arguments": {}}),))
        message = self.pool.run(request, number, wall)
        return bool(message.parts) and frames.as_object(message.parts[0]) == {"sum": 3.0}

    def device(self) -> dict[str, str]:
        """What the badge says: kind, name, asked, and a note (a code of core.device)."""
        return self.accelerator.state().as_dict()

    def ask(
        self,
        task: str,
        arguments: dict[str, Any],
        *,
        wall: float | None = None,
        keep: bool = False,
        files: Mapping[str, bytes] | None = None,
        heavy: bool = False,
        asker: Asker = NOBODY,
    ) -> Reply:
        """The answer of `task` to `arguments`, from a worker or from the cache. Raises Failure.

        `wall` in seconds, counted from when the worker has the request; at most `longest_wall`.
        `keep`: a question of the catalogue's own, whose answer is kept on disk; nobody typed it, so that a server that
        is still warming up may take its time.
        `files`: bytes that travel beside the question; the task finds them in its arguments under "files".
        `heavy`: begins what takes long or much memory, and is refused where the server has enough to do.
        """
        files = dict(sorted((files or {}).items()))  # as the question names them: its text is sorted
        sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        question = canonical({"task": task, "arguments": arguments, **({"files": sums} if sums else {})})
        size = len(question) + sum(map(len, files.values()))
        if len(question) > self.settings.question_bytes or size > self.settings.request_bytes:
            raise Failure("broken", detail="request-size")
        settings = self.settings
        wall = settings.longest_wall if keep and wall is None else settings.wall_for(wall)
        kind = self.device()["kind"]
        key = digest(question, kind)
        begun = time.monotonic()
        while True:
            known = self.cache.get(key) or (self._from_disk(key) if keep else None)
            if known is not None:
                events.emit("answer", task=task, how="hit", seconds=time.monotonic() - begun, failure="")
                return _reply(known)
            outcome, first = self.flights.join(
                f"{key} {wall}",
                lambda: self._outcome(task, key, kind, (question, *files.values()), wall, keep, heavy, asker),
                asker.waiting,
            )
            waited = time.monotonic() - begun
            if not isinstance(outcome, Failure):
                events.emit(
                    "answer", task=task, how="miss" if first else "joined", seconds=waited, failure=""
                )
                return _reply(outcome)
            # What the first one was told of himself is not for the others: they ask again.
            if first or outcome.kind not in ("busy", "refused", "left") or waited > self.settings.patience:
                raise self._failed(outcome, task, waited)

    def _failed(self, outcome: Failure, task: str, waited: float) -> Failure:
        """One of the caller's own, and told."""
        if outcome.kind == "refused":
            return self._refused(outcome.detail, task, outcome.seconds)
        kind = "busy" if outcome.kind == "left" else outcome.kind
        events.emit("answer", task=task, how="miss", seconds=waited, failure=kind, detail=outcome.detail)
        return Failure(kind, waited, outcome.detail)

    def _refused(self, why: str, task: str, seconds: float = 0.0) -> Failure:
        events.emit("refused", why=why, task=task)
        return Failure("refused", seconds, why)

    def _may(self, asker: Asker, *, heavy: bool) -> None:
        """Hold a question back for a moment where this visitor asks too often. Failure where it may not be asked."""
        why = self.refusal(heavy=heavy)
        if why is None and (seconds := self.budget.exhausted(asker.visitor)):
            raise Failure("refused", seconds, "compute")
        if why is not None:
            raise Failure("refused", 0.0, why)
        hold = self.budget.question(asker.visitor)
        if hold > LONGEST_HOLD:
            self.budget.unasked(asker.visitor)
            raise Failure("refused", hold, "questions")
        until, pause = time.monotonic() + hold, NOTICE
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, pause))
            pause = BETWEEN
            if left > pause and asker.waiting:
                asker.waiting(None)

    def ask_once(
        self,
        task: str,
        arguments: dict[str, Any],
        files: Mapping[str, bytes],
        *,
        lease: Lease | None = None,
        asker: Asker = NOBODY,
    ) -> Reply:
        """The answer of `task` to large files of one visitor, from the CPU. Raises Failure.

        Past the cache, which it would empty, and past the GPU, which has nothing to do there; with limits of its own.
        """
        settings, files = self.settings, dict(sorted(files.items()))
        question = canonical({"task": task, "arguments": arguments, "files": dict.fromkeys(files, "")})
        size = len(question) + sum(map(len, files.values()))
        if len(question) > settings.question_bytes or size > settings.once_bytes:
            raise Failure("memory", detail="request-size")
        begun = time.monotonic()
        try:
            self._may(asker, heavy=True)
            reply = self._once(task, (question, *files.values()), lease, asker)
        except Failure as failure:
            raise self._failed(failure, task, time.monotonic() - begun) from None
        events.emit("answer", task=task, how="miss", seconds=time.monotonic() - begun, failure="")
        return reply

    def _once(self, task: str, question: tuple[bytes, ...], lease: Lease | None, asker: Asker) -> Reply:
        settings = self.settings
        self.start()
        number, wall = next_number(), settings.once_wall
        header = {
            "id": number,
            "wall": wall,
            "cpu": settings.cpu_for(wall),
            "reply_bytes": settings.once_bytes,
        }
        request = frames.encode(header, question)
        message = self.pool.run(request, number, wall, most=settings.once_bytes, lease=lease, asker=asker)
        if "failure" in message.header:
            raise _failure(message.header, task)
        try:
            data = frames.as_object(message.parts[0])
        except frames.Corrupt:
            raise Failure("broken", detail="reply") from None
        return Reply(data, dict(zip(message.header["blobs"], message.parts[1:], strict=True)))

    def _from_disk(self, key: str) -> tuple[bytes, ...] | None:
        parts = self.kept.get(key)
        if parts is not None:
            self.cache.put(key, parts)
        return parts

    def _outcome(
        self,
        task: str,
        key: str,
        kind: str,
        question: tuple[bytes, ...],
        wall: float,
        keep: bool,
        heavy: bool,
        asker: Asker,
    ) -> tuple[bytes, ...] | Failure:
        """The answer, or the failure: returned, so that everyone who waits can raise one of his own."""
        try:
            self._may(asker, heavy=heavy)
            scarce = not keep and self.memory.short()
            message, where = self._compute(question, wall, asker, scarce)
            if "failure" in message.header:
                return _failure(message.header, task)
            # Parsed here once, so that a worker that writes no JSON is a failure and not in the cache.
            data = frames.as_object(message.parts[0])
        except Failure as failure:
            return failure
        except frames.Corrupt:
            return Failure("broken", detail="reply")
        names = message.header["blobs"]
        parts = (where.encode(), *message.parts, *(name.encode() for name in names))
        if scarce and _rule(data) in SCARCE_RULES:  # it may be none when there is memory again
            return Failure("refused", 0.0, "memory")
        if where == kind:  # an answer that stood in for another device's is not kept
            self.cache.put(key, parts)
            if keep and "problem" not in data:  # the reader does not wait for the disk
                threading.Thread(target=self.kept.put, args=(key, parts), name="atlas-kept").start()
        return parts

    def _compute(
        self, question: tuple[bytes, ...], wall: float, asker: Asker, scarce: bool
    ) -> tuple[frames.Message, str]:
        self.start()
        number = next_number()
        header = {"id": number, "wall": wall, "cpu": self.settings.cpu_for(wall), "scarce": scarce}
        request = frames.encode(header, question)
        kind = self.accelerator.state().kind
        first = self.accelerator.run(request, number, wall)
        if first is not None and "failure" not in first.header:
            return first, kind
        second = self.pool.run(request, number, wall, asker=asker)
        if first is not None and "failure" not in second.header:
            self.accelerator.suspect()
        return second, "cpu"


def _reply(parts: tuple[bytes, ...]) -> Reply:
    """A reply of the caller's own: what he changes in it, nobody else sees."""
    where, data, *rest = parts
    half = len(rest) // 2
    names = [name.decode() for name in rest[half:]]
    return Reply(frames.as_object(data), dict(zip(names, rest[:half], strict=True)), where.decode())


def _rule(data: dict[str, Any]) -> Any:
    problem = data.get("problem")
    return problem.get("rule") if isinstance(problem, dict) else None


def _failure(header: dict[str, Any], task: str) -> Failure:
    detail, trace = header.get("detail"), header.get("trace")
    if isinstance(trace, list) and trace:
        known = [one for one in trace[:20] if isinstance(one, str) and FRAME.fullmatch(one)]
        events.emit("task.failed", task=task, trace=known)
    return Failure(
        header["failure"], detail=detail if isinstance(detail, str) and CODE.fullmatch(detail) else ""
    )

"""The accelerator's lane: one long-lived fresh process that holds the GPU, where there is one.

The CPU pool stands behind it: whatever the GPU fails to answer, the CPU is asked.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

from core import device
from core.calculator import frames
from core.calculator.pool import check, failure_of
from core.calculator.processes import NotStarted, SpawnedWorker
from core.calculator.records import Failure, Settings

log = logging.getLogger("core.calculator")

PATIENCE = 0.25  # seconds to wait for the GPU while another caller has it; then the CPU answers
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # before the process is started again


class Accelerator:
    """Looks for a GPU once, keeps its worker alive, and says on the badge what is so."""

    def __init__(self, settings: Settings, *, wait_for: threading.Event) -> None:
        self.settings = settings
        custom = settings.detector != Settings.detector
        self.wanted = device.worth_looking(settings.device) or (custom and settings.device != "cpu")
        note = device.LOOKING if self.wanted else device.unlooked_note(settings.device)
        self._state = device.Device(asked=settings.device, note=note)
        self._wait_for = wait_for  # the pool's first worker: the first answer comes first
        self._worker: SpawnedWorker | None = None
        self._turn = threading.Lock()  # the one caller who has the GPU
        self._lost = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look, in the background."""
        if self.wanted and self._thread is None:
            self._thread = threading.Thread(target=self._keep, name="atlas-accelerator", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the worker."""
        self._closing.set()
        self.drop()

    def state(self) -> device.Device:
        """What the badge says now."""
        return self._state

    def drop(self) -> None:
        """End the worker; another is started."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()
        self._lost.set()

    def run(self, request: bytes, number: int, wall: float) -> frames.Message | None:
        """The GPU worker's reply, or None where the CPU has to answer. Raises Failure("slow")."""
        if self._worker is None or not self._turn.acquire(timeout=PATIENCE):
            return None
        begun = time.monotonic()
        worker = self._worker
        try:
            if worker is None:
                return None
            message = worker.exchange(request, wall, self.settings.reply_bytes)
            check(message, number)
            return message
        except (TimeoutError, frames.Closed, frames.Corrupt, NotStarted, OSError) as error:
            self._fail()
            if isinstance(error, TimeoutError):  # the CPU would not be faster
                raise Failure("slow", time.monotonic() - begun) from None
            log.warning("the accelerator's worker failed: %s", failure_of(error, worker, 0.0))
            return None
        except BaseException:
            self._fail()
            raise
        finally:
            self._turn.release()

    def _fail(self) -> None:
        self._state = replace(self._state, kind="cpu", name="", note=device.FAILED)
        self.drop()

    def suspect(self) -> None:
        """It refused what the CPU then did: start it afresh."""
        self._fail()

    def _keep(self) -> None:
        self._wait_for.wait(self.settings.startup)
        pause = FIRST_PAUSE
        while not self._closing.is_set():
            self._lost.clear()
            begun = time.monotonic()
            found = self._begin()
            if found is not None:
                if found.kind == "cpu":  # looked for, and not there
                    return
                self._lost.wait()
            pause = FIRST_PAUSE if time.monotonic() - begun > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
            self._closing.wait(pause)

    def _begin(self) -> device.Device | None:
        """Start the worker and hear what it found; None if it did not come up."""
        worker = SpawnedWorker(self.settings, detect=True)
        try:
            found = device.Device(**worker.hello(self.settings.startup))
        except (TimeoutError, frames.Closed, frames.Corrupt, NotStarted, TypeError, KeyError):
            worker.kill()
            self._state = replace(self._state, kind="cpu", name="", note=device.FAILED)
            return None
        self._state = found
        if found.kind == "cpu" or self._closing.is_set():
            worker.kill()
        else:
            self._worker = worker
        return found

"""An orderly end: SIGTERM lets what is running end within a bounded time, begins nothing heavy, and leaves nothing.

uvicorn would close its door at once and wait for ever for what is behind it; then it would let the signal end the
process, past every clean-up. So the signal is ours while the server runs: first the health says "stopping" (the proxy
sends visitors elsewhere), then what is running ends or its time does, then uvicorn is told to leave, and the process
ends with 0. A second signal ends it at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import Any

from core import calculator, events
from core.limits import current
from pages.shared import exports

BETWEEN = 0.1  # seconds between two looks at what still runs
CLOSING = 3  # seconds that uvicorn waits for open connections when nothing is running any more


@contextlib.asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[dict[str, Any]]:
    """For st.App: from the server's start to its end."""
    begun = time.monotonic()
    events.emit("start", pid=os.getpid(), workers=calculator.Settings().workers)
    loop = asyncio.get_running_loop()
    with _signal(lambda leave: _begin(loop, leave)):
        yield {}
    await asyncio.to_thread(calculator.stop)
    events.emit("stop", seconds=time.monotonic() - begun)


@contextlib.contextmanager
def _signal(begin: Callable[[Callable[[], None]], None]) -> Iterator[None]:
    """While the block runs SIGTERM calls `begin` once, with what makes the server leave; then it is as before."""
    old = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(old):
        yield  # not started by uvicorn: whoever did knows how it ends
        return
    seen = []

    def handle(number: int, frame: FrameType | None) -> None:
        if seen:
            os._exit(1)
        seen.append(number)
        begin(lambda: _leave(old, number, frame))

    signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, old)


def _leave(old: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None) -> None:
    """Make uvicorn leave; by its handler where that is not uvicorn's, which ends the process by the signal."""
    server = getattr(old, "__self__", None)
    if server is not None and hasattr(server, "should_exit"):
        server.config.timeout_graceful_shutdown = CLOSING
        server.should_exit = True
    else:
        old(number, frame)


def _begin(loop: asyncio.AbstractEventLoop, leave: Callable[[], None]) -> None:
    """In the signal's handler: as little as possible, and no lock, which the interrupted code may hold."""
    loop.call_soon_threadsafe(lambda: _tasks.append(loop.create_task(_end(leave))))


_tasks: list[asyncio.Task] = []  # held: a task that nobody holds may be collected


async def _end(leave: Callable[[], None]) -> None:
    """Wait for what is running, at most so long, and leave."""
    seconds = current().stop_seconds
    calculator.running().stopping = True
    events.emit("stopping", running=_running(), seconds=seconds)
    until = time.monotonic() + seconds
    while _running() and time.monotonic() < until:
        await asyncio.sleep(BETWEEN)
    leave()


def _running() -> int:
    """Exports, and answers that a worker is at."""
    return exports.under_way() + calculator.running().pool.lent()

"""`/healthz`: whether this server can serve a visitor. 200 only when torch answers and the stage's files are there.

    {"state": "ok"}                                     200
    {"state": "starting"}                               503: no worker has come yet; being asked starts them
    {"state": "failed", "failed": ["torch", "stage"]}   503: what is wrong, by name; nothing else is told
    {"state": "stopping"}                               503: it was asked to end, and begins nothing heavy

A probe costs nothing: what was found holds for some seconds, and torch is asked only where no worker has answered
anything lately. Workers that are all busy are well: each is ended at its wall, and another comes.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from core import calculator, events
from pages.shared import stage
from pages.shared.base import base

ADDRESS = "/healthz"
HOLDS = 5.0  # seconds that what was found holds
WALL = 3.0  # seconds in which torch has to answer
BETWEEN = 0.05  # seconds between two looks for a worker
LATELY = 10.0  # seconds; a worker that has answered anything since then shows that torch is well


def route() -> Route:
    """The route, under server.baseUrlPath."""
    return Route(base() + ADDRESS, _serve, methods=["GET"])


async def _serve(_request: Request) -> JSONResponse:
    state = await _the.state()
    status = 200 if state["state"] == "ok" else 503
    return JSONResponse(state, status_code=status, headers={"Cache-Control": "no-store"})


class Health:
    """What was found last, and one look at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._found: dict[str, Any] = {}
        self._at = float("-inf")

    async def state(self) -> dict[str, Any]:
        """The answer to a probe."""
        if calculator.running().stopping:
            return {"state": "stopping"}
        async with self._lock:
            if time.monotonic() - self._at >= HOLDS:
                self._found = await run_in_threadpool(look)
                starting = self._found["state"] == "starting"  # may be over at any moment
                self._at = float("-inf") if starting else time.monotonic()
            return self._found


def look() -> dict[str, Any]:
    """How things are now. Blocks for `WALL` seconds at most."""
    failed = stage.unreadable()
    torch = _torch()
    if torch == "starting" and not failed:
        return {"state": "starting"}
    failed += ["torch"] if torch == "failed" else []
    if failed:
        events.emit("health", failed=",".join(failed))
        return {"state": "failed", "failed": failed}
    return {"state": "ok"}


def _torch() -> str:
    """Whether workers compute: "ok", "starting" or "failed"."""
    running = calculator.running()
    running.start()
    pool = running.pool
    until = time.monotonic() + WALL
    while not pool.workers() and not pool.failures and pool.arrived.is_set() and time.monotonic() < until:
        time.sleep(BETWEEN)  # the last one has ended, and the next is on its way
    if not pool.workers():
        return "failed" if pool.failures or pool.arrived.is_set() else "starting"
    if time.monotonic() - pool.answered < LATELY or pool.lent() >= len(pool.workers()):
        return "ok"
    try:
        return "ok" if running.pulse(WALL) else "failed"
    except calculator.Failure as failure:
        return "ok" if failure.kind in ("busy", "refused") else "failed"


_the = Health()

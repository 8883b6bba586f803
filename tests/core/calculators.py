"""Calculators for tests: small, with the hostile table, and ways to look at their processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from core.calculator import Calculator, Failure, Settings

HERE = Path(__file__).parent
TASKS = {"tasks": "hostile_tasks:TASKS", "path": (str(HERE),)}


def settings(**changes) -> Settings:
    """Settings of a test's calculator: short walls, nothing to preload."""
    return Settings(**{**TASKS, "workers": 4, "wall": 1.0, "preload": (), "device": "cpu", **changes})


def failure(calculator: Calculator, task: str, *, wall: float | None = None, **arguments) -> Failure:
    """The failure that `task` ends in."""
    try:
        reply = calculator.ask(task, arguments, wall=wall)
    except Failure as caught:
        return caught
    raise AssertionError(f"{task} answered {str(reply)[:200]}")


def value(calculator: Calculator, task: str, *, wall: float = 8.0, **arguments):
    """The data that `task` answers; with time enough also on a machine that is busy with something else."""
    return calculator.ask(task, arguments, wall=wall).data


def eventually(true: Callable[[], object], seconds: float = 15.0) -> bool:
    """Whether `true` becomes so; asked often, for long: nothing here is a matter of speed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.02)
    return bool(true())


def alive(pid: int) -> bool:
    """Whether a process lives: neither gone nor a zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def children(pid: int) -> list[tuple[int, str]]:
    """The children of a process, each with its state ("Z" is a zombie)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append((int(entry.name), fields[0]))
    return found


def full(calculator: Calculator) -> bool:
    """Whether it has all its workers, none of them lent."""
    pool = calculator.pool
    return len(pool.workers()) == pool.size == len(pool._idle) and all(alive(w.pid) for w in pool.workers())


def environment_path() -> str:
    """PYTHONPATH for a subprocess that stands in for a server."""
    return os.pathsep.join([str(HERE.parents[1]), str(HERE)])

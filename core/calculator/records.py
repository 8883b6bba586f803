"""What goes into the calculator and what comes out: Settings, Reply, Failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import device, limits
from core.calculator import kept

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("slow", "died", "memory", "busy", "broken")
# Why a question is refused before anybody is asked.
HELD_BACK = ("stopping", "memory", "queue", "full", "compute", "questions", "trainings")


class Failure(Exception):
    """Why there is no answer.

    `kind`: "slow" (over the wall or the CPU limit), "died" (the worker's process ended), "memory" (an allocation was
    refused), "busy" (no worker became free in time), "broken" (the task failed, or its answer is no answer), "refused"
    (the question was not even asked; the detail, of HELD_BACK, is why, and `seconds` is when it might be).
    `seconds` is how long the caller waited; `detail` a short code such as "SIGFPE": never a path, never a trace.
    """

    def __init__(self, kind: str, seconds: float = 0.0, detail: str = "") -> None:
        super().__init__(f"{kind} after {seconds:.2f} s" + (f" ({detail})" if detail else ""))
        self.kind, self.seconds, self.detail = kind, seconds, detail


@dataclass(frozen=True)
class Reply:
    """An answer: `data` is small JSON, `blobs` are bytes by name, `device` is where it was computed."""

    data: dict[str, Any]
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    device: str = "cpu"


@dataclass(frozen=True)
class Asker:
    """Who asks: a name for his visitor's account ("" is nobody in particular), and how he hears of his waiting.

    `waiting(before)` is called now and then while he waits; `before` is how many questions of others come before his,
    None where his is being answered for somebody else just now. What it raises ends the waiting. `end` is called when
    his question has its answer, or has none.
    """

    visitor: str = ""
    waiting: Callable[[int | None], None] | None = None
    end: Callable[[], None] | None = None


def _workers() -> int:
    """As set, or one a core and at least four: a hang in one or two must not be felt by the others."""
    return min(limits.current().workers, 256) or max(4, os.cpu_count() or 1)


def _method() -> str:
    """ATLAS_WORKER_START, or "fork" where a fork after `import torch` is sound and a pidfd exists: Linux."""
    asked = os.environ.get("ATLAS_WORKER_START", "")
    forks = hasattr(os, "pidfd_open")
    return asked if asked in ("fork", "spawn") and (forks or asked == "spawn") else ("spawn", "fork")[forks]


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen about a calculator. Seconds and bytes."""

    tasks: str = "core.answers:TASKS"  # the table the workers run: "module:NAME"
    path: tuple[str, ...] = ()  # further folders in which `tasks` and `detector` are looked for
    preload: tuple[str, ...] = ("core.warm",)  # imported in the zygote after the first workers are out
    method: str = field(default_factory=_method)
    workers: int = field(default_factory=_workers)
    wall: float = field(default_factory=lambda: limits.current().wall_seconds)
    longest_wall: float = field(default_factory=lambda: max(10.0, limits.current().wall_seconds))
    cpu: int = field(default_factory=lambda: limits.current().cpu_seconds)
    memory: int = field(default_factory=lambda: limits.current().memory_bytes)
    threads: int = field(default_factory=lambda: limits.current().threads)
    patience: float = 5.0  # how long a caller waits for a worker to become free
    queue_patience: float = field(
        default_factory=lambda: limits.current().queue_seconds
    )  # who is told his place
    queue: int = field(default_factory=lambda: limits.current().queue)
    visitor_workers: int = field(default_factory=lambda: limits.current().visitor_workers)
    startup: float = 60.0  # the same, while the first worker is still starting
    question_bytes: int = 2 << 20  # of a request, without its files
    request_bytes: int = field(default_factory=lambda: limits.current().file_bytes + (2 << 20))
    reply_bytes: int = 32 << 20
    once_bytes: int = field(default_factory=lambda: limits.current().export_bytes + (2 << 20))
    once_wall: float = field(default_factory=lambda: limits.current().export_seconds)
    cache_bytes: int = 64 << 20
    kept: str = field(
        default_factory=kept.place
    )  # folder of the answers that outlive the server, "" for none
    requests_per_worker: int = 5_000  # then a fresh one takes its place
    device: str = field(default_factory=device.asked)
    detector: str = "core.device:detect"

    def wall_for(self, asked: float | None) -> float:
        """The wall that a request gets: what it asks for, within the longest one allowed."""
        return self.wall if asked is None else min(max(asked, 0.05), self.longest_wall)

    def cpu_for(self, wall: float) -> int:
        """CPU seconds for a request: the limit, and never less than a longer wall needs."""
        return max(self.cpu, int(wall * self.threads) + 1)

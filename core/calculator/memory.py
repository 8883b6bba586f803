"""How much memory the server and its workers hold, and how much they may. Read from /proc: elsewhere nothing is known.

Workers share what they were forked with: each page of memory is counted once (its proportional share, Pss).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PART = 0.8  # of what the machine or the container has
REMEMBERED = 5.0  # seconds: a look costs 1 to 5 ms a process
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
TOTAL = Path("/proc/meminfo")


def of_process(pid: int | str = "self") -> int:
    """Bytes that a process holds; 0 where that cannot be known."""
    try:
        found = re.search(rb"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_bytes(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) << 10 if found else 0


def of_machine() -> int:
    """Bytes that this machine, or the container, has; 0 where that cannot be known."""
    known = []
    for path in LIMITS:
        try:
            text = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        known += [int(text)] if text.isdecimal() else []  # "max" is none
    try:
        found = re.search(r"^MemTotal:\s+(\d+) kB", TOTAL.read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        found = None
    known += [int(found[1]) << 10] if found else []
    return min(known, default=0)


class Memory:
    """The memory of this process and of those that `pids` names, looked at now and then. Thread-safe."""

    def __init__(self, ceiling: int, pids: Callable[[], Iterable[int]]) -> None:
        self.ceiling = ceiling or int(of_machine() * PART)
        self._pids = pids
        self._lock = threading.Lock()
        self._seen, self._at = 0, -REMEMBERED

    def used(self) -> int:
        """Bytes, as of the last seconds."""
        if time.monotonic() - self._at >= REMEMBERED and self._lock.acquire(blocking=False):
            try:
                self._seen = of_process() + sum(map(of_process, self._pids()))
                self._at = time.monotonic()
            finally:
                self._lock.release()
        return self._seen

    def short(self) -> bool:
        """Whether there is more in use than should be."""
        return 0 < self.ceiling < self.used()

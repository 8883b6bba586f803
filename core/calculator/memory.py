"""How much memory the server and its workers hold, and how much they may. Read from /proc: elsewhere nothing is known.

Workers share what they were forked with: each page of memory is counted once (its proportional share, Pss).
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

PART = 0.8  # of what the machine or the container has
REMEMBERED = 5.0  # seconds that what was found holds
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096  # bytes
LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
TOTAL = Path("/proc/meminfo")


def of_process(pid: int | str = "self") -> int:
    """Bytes that a process holds; 0 where that cannot be known. Takes 1 to 10 ms, and holds the process meanwhile."""
    try:
        found = re.search(rb"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_bytes(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) << 10 if found else 0


def at_most(pid: int | str = "self") -> int:
    """No fewer bytes than a process holds: what it shares is counted in full. Takes 0.1 ms."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


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
        """Bytes, as of the last seconds; perhaps more than there are, while even those are within the ceiling."""
        if time.monotonic() - self._at >= REMEMBERED and self._lock.acquire(blocking=False):
            try:
                processes = ["self", *self._pids()]
                bound = sum(map(at_most, processes))
                self._seen = bound if bound <= self.ceiling else sum(map(of_process, processes))
                self._at = time.monotonic()
            finally:
                self._lock.release()
        return self._seen

    def short(self) -> bool:
        """Whether there is more in use than should be."""
        return 0 < self.ceiling < self.used()

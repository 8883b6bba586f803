"""Two lanes through one queue of tests: browser tests from its front, everything else from its back."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

LONGEST = (
    "test_operations",
    "test_calculator",
    "test_device",
)  # first of the second lane, so that none is left last


def place(nodeid: str) -> int:
    """Where in the queue a test stands: those with a browser in front, the longest of the others at the end."""
    if nodeid.startswith("tests/browser/"):
        return 0
    return 2 if any(name in nodeid for name in LONGEST) else 1


class Lanes(LoadScopeScheduling):
    """Even workers take from the front, odd ones from the back, until they meet.

    So at most one of two workers drives a browser for most of the time, and both cores have work to the end. A unit
    is a file; of the browser tests a function, as one file of those takes minutes.
    """

    def __init__(self, config: Any, log: Any) -> None:
        config.option.loadscopereorder = False  # which would put the files with the most tests first
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        file, _colons, rest = nodeid.partition("::")
        return f"{file}::{rest.partition('[')[0]}" if place(nodeid) == 0 else file

    def _assign_work_unit(self, node: Any) -> None:
        if self.nodes.index(node) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)

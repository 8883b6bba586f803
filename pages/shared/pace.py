"""Pictures first: when many come in one instant, what is read below a picture waits until the others have theirs.

All scripts of a server share one interpreter. Left alone, three hundred who open a link at once get their pictures
when nearly all of the three hundred pages are done; so, the pictures cost a third of that. Who is alone never waits.
"""

from __future__ import annotations

import threading
import time

EACH = 0.01  # seconds of grace for every other who has no picture yet: about what one costs
LONGEST = 2.0  # seconds, however many they are
FORGOTTEN = (
    5.0  # seconds after which a run without a picture (a page that has none, an error) no longer counts
)


class Pace:
    """Who is on the way to a picture."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._drawing: dict[int, float] = {}  # thread -> when its run began

    def begin(self) -> None:
        """This thread's run has begun."""
        with self._changed:
            self._drawing[threading.get_ident()] = time.monotonic()

    def shown(self) -> None:
        """Its picture is on the way to the browser, or there will be none."""
        with self._changed:
            self._drawing.pop(threading.get_ident(), None)
            if not self._drawing:
                self._changed.notify_all()

    def others(self) -> int:
        """How many have no picture yet."""
        with self._changed:
            late = time.monotonic() - FORGOTTEN
            self._drawing = {who: begun for who, begun in self._drawing.items() if begun > late}
            return len(self._drawing)

    def give_way(self) -> None:
        """Wait for them: longer for many, not at all for none, and one who dawdles costs a hundredth of a second."""
        self.shown()
        grace = min(EACH * self.others(), LONGEST)
        if grace:
            with self._changed:
                self._changed.wait_for(lambda: not self._drawing, timeout=grace)


PACE = Pace()

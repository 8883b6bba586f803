"""Whose turn it is: things that wait are taken in turns over visitors, and in order of arrival within each.

Who asks for much waits behind his own questions, not before those of others. Whoever comes is served after at most one
thing of each other visitor; and no visitor has more than his share being worked on, as long as it lasts.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """A fair queue. Not thread-safe: its owner holds a lock, or is one thread.

    `most`: things of one visitor that are out at once. The visitor "" is nobody in particular, and may have any number.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()  # in the order of their turns
        self._out: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def __contains__(self, visitor: str) -> bool:
        """Whether something of that visitor's waits."""
        return visitor in self._waiting

    def add(self, visitor: str, thing: T) -> None:
        """`thing` waits, after everything of that visitor's that waits already."""
        self._waiting.setdefault(visitor, deque()).append(thing)

    def remove(self, visitor: str, thing: T) -> bool:
        """`thing` waits no more; False where it did not."""
        own = self._waiting.get(visitor, ())
        if thing not in own:
            return False
        own.remove(thing)
        if not own:
            del self._waiting[visitor]
        return True

    def clear(self) -> list[T]:
        """Everything that waited; now nothing does."""
        things = [thing for own in self._waiting.values() for thing in own]
        self._waiting.clear()
        return things

    def take(self) -> T | None:
        """The next thing, which is out from now on until `done`; None where nothing waits that may go."""
        visitor = next((one for one in self._waiting if self._may(one)), None)
        if visitor is None:
            return None
        own = self._waiting[visitor]
        thing = own.popleft()
        if own:
            self._waiting.move_to_end(visitor)
        else:
            del self._waiting[visitor]
        self._out[visitor] += 1
        return thing

    def done(self, visitor: str) -> None:
        """A thing of that visitor's is out no more."""
        self._out[visitor] -= 1
        if self._out[visitor] <= 0:
            del self._out[visitor]

    def before(self, visitor: str, thing: T) -> int:
        """How many things of other visitors are taken before `thing`, if nobody comes or goes."""
        own = self._waiting.get(visitor, ())
        if thing not in own:
            return 0
        rounds, passed, count = list(own).index(thing), False, 0
        for other, things in self._waiting.items():
            if other == visitor:
                passed = True
            else:
                count += min(len(things), rounds if passed else rounds + 1)
        return count

    def _may(self, visitor: str) -> bool:
        return not visitor or self._out[visitor] < self.most

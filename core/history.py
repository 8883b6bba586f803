"""What was done and can be undone: the states of something, back and forth. Bounded in steps and in bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, Self, TypeVar

MOST_UNDONE = 50


class Kept(Protocol):
    """A state: never changes, and names the bytes that it holds."""

    def blobs(self) -> Iterable[bytes]:
        """Everything large in it."""


State = TypeVar("State", bound=Kept)


@dataclass(frozen=True)
class Past(Generic[State]):
    """A state with what was undone and what can be: at most MOST_UNDONE steps."""

    now: State
    before: tuple[State, ...] = ()
    after: tuple[State, ...] = ()

    def followed(self, now: State, room: int) -> Self:
        """After a change. What had been undone is gone, and so is the oldest past over `room` bytes in all."""
        if now == self.now:
            return self
        return replace(
            self, now=now, before=_within(now, (*self.before, self.now)[-MOST_UNDONE:], room), after=()
        )

    def undone(self) -> Self:
        """One change back, where there is one."""
        if not self.before:
            return self
        return replace(self, now=self.before[-1], before=self.before[:-1], after=(self.now, *self.after))

    def redone(self) -> Self:
        """One undone change forward again, where there is one."""
        if not self.after:
            return self
        return replace(self, now=self.after[0], before=(*self.before, self.now), after=self.after[1:])


def _within(now: State, before: tuple[State, ...], room: int) -> tuple[State, ...]:
    while before and _bytes_of((now, *before)) > room:
        before = before[1:]
    return before


def _bytes_of(states: Iterable[Kept]) -> int:
    """Bytes that these states hold; what several of them share is counted once."""
    return sum({id(blob): len(blob) for state in states for blob in state.blobs()}.values())

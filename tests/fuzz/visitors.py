"""Two visitors at one server, in turns: neither may ever be sent what the other typed.

`python tests/fuzz/visitors.py [actions] [seed]` says how far it is and, at its end or when it is interrupted, how many
messages were read and what was found. Each visitor's texts hold a number and a name that nobody else has; every byte
that reaches the other one is searched for them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from tests.payloads import readable  # noqa: E402
from tests.students import Plan, Student  # noqa: E402

ACTIONS = 10_000
TOLD = 250  # actions between two lines that say how far it is
CANARIES = ("4711.0625", "9343.0625")  # exact in float32, so that torch writes them as they were typed
NAMES = ("canaryfinch", "canarylinnet")


@dataclass
class Visitor:
    """One of the two: his texts, and what of the other one's has reached him."""

    number: int
    student: Student
    rng: random.Random
    found: list[str] = field(default_factory=list)
    messages: int = 0
    own: int = 0  # messages with his own canary: so the search can find something
    done: int = 0  # actions

    def __post_init__(self) -> None:
        other = 1 - self.number
        self._foreign = (CANARIES[other].encode(), NAMES[other].encode())
        self._mine = (CANARIES[self.number].encode(), NAMES[self.number].encode())
        self.student.overhears = self._read

    def _read(self, raw: bytes) -> None:
        raw = readable(raw)
        self.messages += 1
        self.own += any(word in raw for word in self._mine)
        self.found += [
            f"message {self.messages} holds {word.decode()}" for word in self._foreign if word in raw
        ]

    @property
    def vector(self) -> str:
        return f"[{CANARIES[self.number]}, {self.rng.randint(-3, 3)}]"

    async def act(self) -> None:
        """One thing that visitors do."""
        await self.rng.choice(ACTS)(self)


async def change_a_number(visitor: Visitor) -> None:
    """His number into a concept's field."""
    await _on(visitor, "matrix-vector", "matrix-vector.x.field", visitor.vector)


async def type_wrongly(visitor: Visitor) -> None:
    """A text that cannot work: the card quotes it."""
    await _on(visitor, "matrix-vector", "matrix-vector.x.field", f"[[{CANARIES[visitor.number]}, 1], [2]]")


async def write_code(visitor: Visitor) -> None:
    """His own names in the expression page."""
    name = NAMES[visitor.number]
    await _on(visitor, "expression", "expression.code.field", f"{name} = {visitor.vector}\n{name} * 2")


async def build(visitor: Visitor) -> None:
    """A tensor of his own."""
    await _on(visitor, "tensors", "tensors.A.field", visitor.vector)


async def keep(visitor: Visitor) -> None:
    """A tensor onto his shelf, under his name."""
    await build(visitor)
    await visitor.student.put(NAMES[visitor.number], "tensors.name.field")
    if visitor.student.has("tensors.keep"):
        await visitor.student.press("tensors.keep")
    await visitor.student.settle()  # the frame, which shows the shelf, is run again


async def follow_a_link(visitor: Visitor) -> None:
    """A link that holds his number."""
    await visitor.student.go("norms", f"x={visitor.vector}")


async def come_again(visitor: Visitor) -> None:
    """A new session of the same visitor: a reload."""
    await visitor.student.leave()
    await visitor.student.open()


ACTS: tuple[Callable, ...] = (
    change_a_number, change_a_number, type_wrongly, write_code, build, keep, follow_a_link, come_again,
)  # fmt: skip


async def _on(visitor: Visitor, page: str, key: str, text: str) -> None:
    await visitor.student.go(page)
    await visitor.student.put(text, key)


def visitors(url: str, seed: int = 1) -> tuple[Visitor, Visitor]:
    """The two of them."""
    return tuple(
        Visitor(
            number, Student(number, Plan(url, "", "", lambda _rng: "")), random.Random(f"{seed} {number}")
        )
        for number in (0, 1)
    )


async def run(
    both: tuple[Visitor, Visitor], actions: int, tell: Callable[[int], None] = lambda _: None
) -> None:
    """Both act at the same time, `actions` in all; `tell` hears how many are done."""

    async def live(visitor: Visitor) -> None:
        await visitor.student.open()
        for _action in range(actions // 2):
            await visitor.act()
            visitor.done += 1
            tell(sum(one.done for one in both))
        await visitor.student.leave()

    await asyncio.gather(*(live(one) for one in both))


def main() -> int:
    """1 where one was sent what the other typed."""
    sys.path[:0] = [str(ROOT / "tests" / "bench")]
    from bench_page import healthy, running

    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    reader.add_argument("actions", nargs="?", type=int, default=ACTIONS)
    reader.add_argument("seed", nargs="?", type=int, default=1)
    options = reader.parse_args()

    def tell(done: int) -> None:
        if done % TOLD == 0:
            print(f"{done} of {options.actions} actions", flush=True)

    with running("run", "app.py") as (url, _process):
        healthy(url)
        both = visitors(url, options.seed)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(run(both, options.actions, tell))
    for one in both:
        print(
            f"visitor {one.number}: {one.done} actions, {one.messages} messages, {one.own} with his own canary, "
            f"found: {one.found[:5]}"
        )
    return int(any(one.found for one in both))


if __name__ == "__main__":
    sys.exit(main())

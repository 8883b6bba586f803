"""Pages in turns: how many at once, in which order, and what happens to one who never comes to his end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.shared.turns import Turns

PATIENCE = 30.0


def run(act: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return thread


def until(rule: Callable[[], bool]) -> None:
    """Wait for it."""
    end = time.monotonic() + PATIENCE
    while not rule():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.002)


class Pages:
    """Pages that note what they do, and go on when they are told."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.done, self.threads = turns, [], []
        self.go: dict[str, threading.Event] = {}

    def open(self, name: str, visitor: str = "") -> None:
        """A page that shows a picture when it may, then its text; returns when it runs or stands in the queue."""
        self.go[name] = threading.Event()
        before = self._standing()

        def act() -> None:
            with self.turns.turn(visitor):
                self.done.append(f"{name} begins")
                assert self.go[name].wait(PATIENCE)
                self.done.append(f"{name} picture")
                self.turns.give_way()
                self.done.append(f"{name} text")

        self.threads.append(run(act))
        until(lambda: f"{name} begins" in self.done or self._standing() > before)

    def _standing(self) -> int:
        return len(self.turns._back) + len(self.turns._first) + len(self.turns._later)

    def end(self) -> list[str]:
        for thread in self.threads:
            thread.join(PATIENCE)
        return self.done


def test_pictures_come_first_and_each_kind_in_order() -> None:
    pages = Pages(Turns(at_once=1))
    for name in "abc":
        pages.open(name)
    assert pages.done == ["a begins"]
    for name in "abc":
        pages.go[name].set()
    assert pages.end() == [
        "a begins", "a picture", "b begins", "b picture", "c begins", "c picture", "c text", "a text", "b text",
    ]  # fmt: skip


def test_further_pages_of_a_visitor_wait_behind_everybody_elses_picture() -> None:
    """Who opens many windows has one of them served like anybody's; among what is left visitors take turns."""
    pages = Pages(Turns(at_once=1))
    for name, visitor in [("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("b2", "b"), ("c1", "c")]:
        pages.open(name, visitor)
    for go in pages.go.values():
        go.set()
    begun = [line.split()[0] for line in pages.end() if line.endswith("begins")]
    assert begun == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_one_visitor_who_comes_back_again_and_again_does_not_keep_others_out() -> None:
    turns, ends = Turns(at_once=2, longest=2 * PATIENCE), threading.Event()

    def flood() -> None:
        with turns.turn("flood"):
            while not ends.is_set():
                with turns.away():
                    time.sleep(0.001)
                time.sleep(0.001)

    def come() -> None:
        with turns.turn("ada"):
            pass

    threads = [run(flood) for _ in range(20)]
    until(lambda: len(turns._later) > 10)
    newcomer = run(come)
    newcomer.join(PATIENCE)
    came = not newcomer.is_alive()
    ends.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert came and turns.free() == 2


def test_who_waits_for_a_worker_keeps_nobody_and_is_next() -> None:
    turns, order, answered = Turns(at_once=1), [], threading.Event()
    holds, free = threading.Event(), threading.Event()

    def asks() -> None:
        with turns.turn():
            with turns.away():
                assert answered.wait(PATIENCE)
            order.append("asked")

    def computes() -> None:
        with turns.turn():
            holds.set()
            assert free.wait(PATIENCE)
            order.append("computed")

    threads = [run(asks)]
    until(lambda: turns.free() == 1 and not order)
    threads.append(run(computes))
    assert holds.wait(PATIENCE)  # although the first one has begun and is not done
    threads.append(run(lambda: turns.turn().__enter__() or order.append("came last")))
    until(lambda: len(turns._first) == 1)
    answered.set()
    until(lambda: len(turns._back) == 1)
    free.set()
    until(lambda: len(order) == 3)
    assert order == ["computed", "asked", "came last"]


def test_a_turn_in_a_turn_is_the_same_one() -> None:
    turns = Turns(at_once=1, longest=PATIENCE)
    with turns.turn(), turns.turn():
        assert turns.free() == 0
    assert turns.free() == 1


def test_the_end_of_a_turn_is_told_once_when_nothing_computes_any_more() -> None:
    turns, told = Turns(at_once=1), []
    turns.ended = lambda: told.append(turns.busy())
    assert not turns.busy()
    with turns.turn():
        assert turns.busy()
        with turns.away():
            assert not turns.busy()
        with turns.turn():
            pass
        assert told == []
    with pytest.raises(ValueError, match="wrong"), turns.turn():
        raise ValueError("wrong")
    assert told == [False, False]


def test_an_error_gives_the_turn_back() -> None:
    turns = Turns(at_once=1)
    try:
        with turns.turn():
            raise KeyboardInterrupt  # as Streamlit ends a script: no Exception
    except KeyboardInterrupt:
        pass
    assert turns.free() == 1


def test_who_has_waited_too_long_goes_on_without_a_turn() -> None:
    turns = Turns(at_once=1, longest=0.01)
    with turns.turn():
        went: list[bool] = []

        def late() -> None:
            with turns.turn():
                turns.give_way()
                with turns.away():
                    went.append(True)

        run(late).join(PATIENCE)
        assert went == [True]
    assert turns.free() == 1 and not turns._first


@settings(max_examples=25)
@given(st.integers(1, 3), st.lists(st.lists(st.sampled_from("wag"), max_size=4), min_size=1, max_size=8))
def test_never_too_many_and_all_come_to_their_end(at_once: int, pages: list[list[str]]) -> None:
    """Whatever pages do: work, wait away from their turn, give way."""
    turns, lock, inside, most = Turns(at_once), threading.Lock(), [0], [0]

    def work() -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0)
        with lock:
            inside[0] -= 1

    def act(deeds: list[str]) -> None:
        with turns.turn():
            for deed in deeds:
                if deed == "a":
                    with turns.away():
                        time.sleep(0)
                elif deed == "g":
                    turns.give_way()
                work()

    threads = [run(lambda deeds=deeds: act(deeds)) for deeds in pages]
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    assert most[0] <= at_once and turns.free() == at_once

"""The collector: behind the answers, when no page computes; the whole heap in a pause."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from pages.shared import collector
from pages.shared.collector import Collector


class Cycle:
    """Freed by the collector alone."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _nobody_else_collects(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Python's own collections are off; times are short; what was frozen is thawed again."""
    monkeypatch.setattr(collector, "QUIET", 0.0)
    monkeypatch.setattr(collector, "BEHIND", 0.001)
    before = gc.get_threshold()
    gc.disable()
    yield
    gc.enable()
    gc.set_threshold(*before)
    gc.unfreeze()


def litter() -> weakref.ref[Cycle]:
    """A cycle that nobody holds."""
    return weakref.ref(Cycle())


def aged() -> weakref.ref[Cycle]:
    """The same, among the oldest objects."""
    held = Cycle()
    gc.collect()
    return weakref.ref(held)


def freed(*refs: weakref.ref[Cycle], seconds: float = 10.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if all(ref() is None for ref in refs):
            return True
        time.sleep(0.005)
    return False


def begun(busy: Callable[[], bool] = lambda: False) -> Collector:
    """One that has set the first page's objects aside, has collected behind it, and waits."""
    walked: list[int] = []

    def watch(phase: str, about: dict[str, int]) -> None:
        if phase == "stop":
            walked.append(about["generation"])

    gc.callbacks.append(watch)
    made = Collector(busy)
    made.run_ended()
    until = time.monotonic() + 10.0
    while walked != [2, 0] and time.monotonic() < until:
        time.sleep(0.005)
    gc.callbacks.remove(watch)
    assert walked == [2, 0]
    return made


def test_what_a_run_left_is_collected_behind_it() -> None:
    made = begun()
    for _run in range(3):
        left = litter()
        made.run_ended()
        assert freed(left)


def test_not_while_a_page_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "LONGEST", 60.0)
    busy = threading.Event()
    made = begun(busy.is_set)
    busy.set()
    left = litter()
    made.run_ended()
    assert not freed(left, seconds=0.2)
    busy.clear()
    assert freed(left)


def test_a_page_that_computes_for_ever_does_not_keep_it_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "LONGEST", 0.01)
    made = begun(lambda: True)
    left = litter()
    made.run_ended()
    assert freed(left)


def test_the_oldest_are_walked_in_a_pause_after_many_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "RUNS", 4)
    monkeypatch.setattr(collector, "PAUSE", 0.05)
    made = begun()  # the first run
    left = aged()
    for _run in range(2):
        young = litter()
        made.run_ended()
        assert freed(young)
    assert left() is not None  # the pause is not enough, there must have been runs
    made.run_ended()
    assert freed(left)


def test_until_the_first_page_is_done_python_hardly_collects() -> None:
    collector.before_first_run()
    assert gc.get_threshold()[0] == collector.UNTIL_THEN
    begun()
    assert gc.get_threshold() == collector.THRESHOLDS

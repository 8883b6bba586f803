"""Pictures first: who waits for whom, and for how long."""

from __future__ import annotations

import threading
import time

import pytest

from pages.shared import pace
from pages.shared.pace import Pace

PATIENCE = 30.0


class Run(threading.Thread):
    """A page on its way, in a thread of its own as Streamlit's scripts are."""

    def __init__(self, everyone: Pace) -> None:
        super().__init__(daemon=True)
        self.everyone = everyone
        self.began, self.go, self.done = threading.Event(), threading.Event(), threading.Event()

    def run(self) -> None:
        self.everyone.begin()
        self.began.set()
        self.go.wait(PATIENCE)
        self.everyone.give_way()
        self.done.set()


def started(everyone: Pace) -> Run:
    found = Run(everyone)
    found.start()
    assert found.began.wait(PATIENCE)
    return found


def test_who_is_alone_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "EACH", 3600.0)
    monkeypatch.setattr(pace, "LONGEST", 3600.0)
    alone = started(Pace())
    alone.go.set()
    assert alone.done.wait(PATIENCE)


def test_text_waits_until_the_last_picture_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "EACH", 3600.0)
    monkeypatch.setattr(pace, "LONGEST", 3600.0)
    everyone = Pace()
    first, second, third = (started(everyone) for _ in range(3))
    first.go.set()
    second.go.set()
    assert not first.done.wait(0.2) and not second.done.wait(0.2)
    third.go.set()
    assert all(one.done.wait(PATIENCE) for one in (first, second, third))


@pytest.mark.parametrize(("count", "longest", "grace"), [(3, 2.0, 0.03), (300, 2.0, 2.0)])
def test_grace_is_for_each_and_has_an_end(
    monkeypatch: pytest.MonkeyPatch, count: int, longest: float, grace: float
) -> None:
    """One who dawdles keeps the others a hundredth of a second."""
    everyone, waited = Pace(), []
    everyone._drawing = {-number: time.monotonic() for number in range(1, count + 1)}
    monkeypatch.setattr(everyone._changed, "wait_for", lambda _rule, timeout: waited.append(timeout))
    everyone.begin()
    everyone.give_way()
    assert waited == [pytest.approx(grace)] and waited[0] <= longest


def test_a_run_without_a_picture_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = Pace()
    everyone.begin()
    assert everyone.others() == 1
    monkeypatch.setattr(pace, "FORGOTTEN", -1.0)
    assert everyone.others() == 0

"""The calculator with more questions than workers: turns, places, what is refused, and what a flood leaves alone."""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from calculators import eventually, failure, full, settings, value

from core.calculator import Asker, Calculator, Failure, memory, pool
from core.calculator import engine as engine_module

NOBODY, ADA = Asker(), Asker("ada")
FAST = {"NOTICE": 0.05, "BETWEEN": 0.02}


class Left(BaseException):
    """What Streamlit raises in a page that is left: no Exception."""


@pytest.fixture
def quick_notice(monkeypatch):
    """Who waits is told his place at once."""
    for name, seconds in FAST.items():
        monkeypatch.setattr(pool, name, seconds)
        monkeypatch.setattr(engine_module, name, seconds)


@pytest.fixture(scope="module")
def shared():
    """A calculator of one worker, for all tests: each start imports torch."""
    with Calculator(settings(workers=1, wall=8.0)) as made:
        yield made


@pytest.fixture
def one(shared):
    """The same with its worker free, nobody's account touched and its settings as they were."""
    assert eventually(lambda: full(shared), 120)
    asked, ceiling = shared.pool.settings, shared.memory.ceiling
    yield shared
    shared.pool.settings, shared.memory.ceiling, shared.stopping = asked, ceiling, False
    shared.budget._accounts.clear()
    shared.cache._entries.clear()
    shared.cache.size = 0


class Hog:
    """Something that has a worker until it is let go."""

    def __init__(self, calculator, tmp_path, asker=NOBODY):
        mark = tmp_path / "hog"
        arguments = {"seconds": 60, "mark": str(mark)}
        self.thread = threading.Thread(target=self._ask, args=(calculator, arguments, asker))
        self.thread.start()
        assert eventually(mark.exists)
        self.worker = next(iter(calculator.pool._lent))

    def _ask(self, calculator, arguments, asker):
        with pytest.raises(Failure):
            calculator.ask("sleep", arguments, asker=asker)

    def let_go(self):
        """Its worker is ended, and another one comes."""
        self.worker.kill()
        self.thread.join()


def ask(calculator, served, name, number, **more):
    """A question of a visitor in a thread of its own; `served` says when it was answered."""

    def asking():
        try:
            calculator.ask("echo", {"who": name, "number": number}, asker=Asker(name, **more))
        except BaseException as error:
            served.append((name, error))
        else:
            served.append((name, number))

    thread = threading.Thread(target=asking)
    thread.start()
    return thread


def test_visitors_are_served_in_turns(one, tmp_path):
    hog, served, threads = Hog(one, tmp_path), [], []
    for name, number in [("flood", k) for k in range(6)] + [("ada", 0), ("bob", 0)]:
        waiting = one.pool.queued()
        threads.append(ask(one, served, name, number))
        assert eventually(lambda before=waiting: one.pool.queued() == before + 1)
    hog.let_go()
    for thread in threads:
        thread.join()
    assert served == [("flood", 0), ("ada", 0), ("bob", 0), *(("flood", k) for k in range(1, 6))]


def test_a_visitor_has_no_more_than_his_share_of_the_workers(tmp_path):
    with Calculator(settings(workers=2, visitor_workers=1, wall=8.0)) as calculator:
        assert eventually(lambda: full(calculator), 60)
        hog, served = Hog(calculator, tmp_path, Asker("flood")), []
        second = ask(calculator, served, "flood", 1)
        assert eventually(lambda: calculator.pool.queued() == 1)
        assert calculator.ask(
            "echo", {"who": "ada"}, asker=Asker("ada")
        ).data  # the other worker is for others
        assert served == [] and len(calculator.pool._idle) == 1
        hog.let_go()
        second.join()
        assert served == [("flood", 1)]


def test_who_waits_is_told_how_many_are_before_him(one, tmp_path, quick_notice):
    hog, served, places = Hog(one, tmp_path), [], []
    others = [ask(one, served, name, 0) for name in ("bob", "eve", "kim")]
    assert eventually(lambda: one.pool.queued() == 3)
    mine = ask(one, served, "ada", 0, waiting=places.append)
    assert eventually(lambda: places)
    assert set(places) == {3}
    hog.let_go()
    for thread in (*others, mine):
        thread.join()
    assert served[-1] == ("ada", 0) and places == sorted(places, reverse=True)


def test_who_leaves_while_he_waits_leaves_no_trace(one, tmp_path, quick_notice):
    hog, served = Hog(one, tmp_path), []

    def leave(_before):
        raise Left

    ask(one, served, "ada", 0, waiting=leave).join()
    assert isinstance(served.pop()[1], Left) and one.pool.queued() == 0
    hog.let_go()
    assert eventually(lambda: full(one)) and one.pool.lent() == 0
    assert value(one, "echo", after="all") == {"echo": {"after": "all"}}


def test_who_leaves_as_his_worker_comes_gives_it_back(one, tmp_path, quick_notice):
    """The worker was given to him between two looks at whether he is still there."""
    hog, served = Hog(one, tmp_path), []

    def leave_late(_before):
        hog.let_go()
        assert eventually(lambda: one.pool.lent() == 1)
        raise Left

    ask(one, served, "ada", 0, waiting=leave_late).join()
    assert isinstance(served.pop()[1], Left)
    assert eventually(lambda: full(one)) and one.pool.lent() == 0


def test_who_is_told_his_place_waits_longer(one, tmp_path, quick_notice):
    one.pool.settings = replace(one.pool.settings, patience=0.1, queue_patience=0.6)
    hog, served = Hog(one, tmp_path), []
    assert failure(one, "echo").kind == "busy"
    ask(one, served, "ada", 0, waiting=lambda _before: None).join()
    assert (served[0][1].kind, served[0][1].seconds >= 0.6) == ("busy", True)
    hog.let_go()


def test_a_first_caller_who_leaves_does_not_take_the_others_with_him(one, tmp_path, quick_notice):
    """The same question of three: who asks first computes for all, and when he leaves one of the others does."""
    hog, served, asked = Hog(one, tmp_path), [], threading.Event()

    def leave(_before):
        assert asked.wait(10)
        raise Left

    def asking(name, waiting):
        try:
            served.append((name, one.ask("echo", {"same": 1}, asker=Asker(name, waiting)).data))
        except Left:
            served.append((name, None))

    threads = [threading.Thread(target=asking, args=("first", leave))]
    threads[0].start()
    assert eventually(lambda: one.pool.queued() == 1)
    threads += [threading.Thread(target=asking, args=(name, lambda _before: None)) for name in ("ada", "bob")]
    for thread in threads[1:]:
        thread.start()
    asked.set()
    threads[0].join()
    hog.let_go()
    for thread in threads:
        thread.join()
    assert served[0] == ("first", None)
    assert dict(served[1:]) == {"ada": {"echo": {"same": 1}}, "bob": {"echo": {"same": 1}}}


# ---- what is refused, and what goes on


def why(calculator, *, asker=ADA, heavy=False, **arguments):
    """The reason for which a question is refused; "" where it is answered."""
    try:
        calculator.ask("echo", arguments, asker=asker, heavy=heavy)
    except Failure as refused:
        assert refused.kind == "refused", refused
        return refused.detail
    return ""


def test_one_more_than_the_queue_holds_is_refused(one, tmp_path):
    one.pool.settings = replace(one.pool.settings, queue=3)
    hog, served = Hog(one, tmp_path), []
    threads = [ask(one, served, name, 0) for name in ("a", "b", "c")]
    assert eventually(lambda: one.pool.queued() == 3)
    assert why(one, n=1) == "full"
    hog.let_go()
    for thread in threads:
        thread.join()
    assert sorted(served) == [("a", 0), ("b", 0), ("c", 0)]
    assert why(one, n=1) == ""


def test_heavy_work_is_refused_where_many_wait_and_light_work_goes_on(one, tmp_path, set_limits):
    set_limits(heavy_queue=2)
    assert why(one, heavy=True, known=1) == ""
    hog, served = Hog(one, tmp_path), []
    threads = [ask(one, served, name, 0) for name in ("a", "b")]
    assert eventually(lambda: one.pool.queued() == 2)
    threads.append(threading.Thread(target=lambda: served.append(why(one, heavy=True, n=1))))
    threads[-1].start()
    assert eventually(lambda: one.pool.queued() == 3)  # two wait: that is not too many yet
    assert why(one, heavy=True, n=2) == "queue"
    assert why(one, heavy=True, known=1) == ""  # answered before: nothing is begun
    with pytest.raises(Failure, match="queue"):
        one.ask_once("echo", {}, {})
    hog.let_go()
    for thread in threads:
        thread.join()
    assert set(served) == {("a", 0), ("b", 0), ""}


def test_memory_is_looked_at_closely_only_where_it_may_be_short(monkeypatch):
    """A close look holds each process for milliseconds; what is shared is counted once only there."""
    processes, looks, exact = [os.getpid()], [], memory.of_process
    monkeypatch.setattr(memory, "of_process", lambda pid: looks.append(pid) or exact(pid))
    far, near = (memory.Memory(ceiling, lambda: processes) for ceiling in (1 << 50, 1))
    assert not far.short() and looks == []
    assert near.short() and looks == ["self", *processes]
    assert far.used() >= near.used() > 20_000_000


def test_heavy_work_is_refused_where_memory_is_short(one, monkeypatch):
    used = one.memory.used()
    monkeypatch.setattr(memory, "REMEMBERED", float("inf"))  # it stays what it is
    one.memory.ceiling = used
    assert why(one, heavy=True, n=1) == "" and used > 50_000_000
    one.memory.ceiling = used - 1
    assert why(one, heavy=True, n=2) == "memory" and why(one, n=3) == ""
    with pytest.raises(Failure, match="memory"):
        one.ask_once("echo", {}, {})


def test_where_memory_is_short_large_tensors_are_not_made_and_not_remembered(one):
    one.memory.ceiling = 1
    with pytest.raises(Failure, match="memory"):
        one.ask("limited", {"elements": 500_000})
    assert one.ask("limited", {"elements": 50_000}).data == {"elements": 50_000}
    assert one.ask("limited", {"elements": 500_000}, keep=True).data  # the catalogue's own are what they are
    one.memory.ceiling = 1 << 50
    assert one.ask("limited", {"elements": 500_001}).data == {"elements": 500_001}
    assert one.ask("limited", {"elements": 5_000_000}).data["problem"]["rule"] == "too-many-elements"


def test_a_server_that_stops_begins_nothing_heavy(one):
    one.stopping = True
    assert (why(one, heavy=True, n=1), why(one, n=2)) == ("stopping", "")


def test_a_visitor_who_has_used_up_his_minute_is_refused_and_nobody_else(one, told):
    one.budget.spend("ada", one.budget.limits.compute_seconds + 1.0)
    assert (why(one, n=1), why(one, asker=Asker("bob"), n=2)) == ("compute", "")
    assert [facts["why"] for event, facts in told if event == "refused"] == ["compute"]


def test_computing_is_counted_in_processor_time_and_a_lost_worker_in_full(one):
    one.ask("sleep", {"seconds": 0.3}, asker=Asker("ada"))
    assert one.budget._bucket("ada", "compute")._level > one.budget.limits.compute_seconds - 0.2
    before = one.budget._bucket("ada", "compute")._level
    with pytest.raises(Failure):
        one.ask("sleep", {"seconds": 9}, wall=0.5, asker=Asker("ada"))
    assert one.budget._bucket("ada", "compute")._level < before - 0.4


def test_too_many_questions_wait_and_more_are_refused(one, quick_notice):
    for _ in range(60):
        one.budget.question("ada")
    places = []
    assert one.ask(
        "echo", {"n": 0}, asker=Asker("ada", places.append)
    ).data  # held back for a twentieth of a second
    for _ in range(120):
        one.budget.question("ada")
    assert why(one, n=1) == "questions"


def test_one_training_at_once(one):
    begun = []
    with one.training(ADA), one.training(Asker("bob")), contextlib.suppress(Failure), one.training(ADA):
        begun.append("a second one")
    with one.training(ADA):
        begun.append("a later one")
    assert begun == ["a later one"]


def test_what_a_worker_says_of_its_costs_is_taken_only_where_it_can_be():
    assert pool.cost({"cpu": 0.2}, 1.0) == 0.2
    assert [pool.cost(header, 1.0) for header in ({}, {"cpu": -1.0}, {"cpu": 2.0}, {"cpu": "0"})] == [1.0] * 4


def test_three_hundred_at_one_instant_are_all_answered(one):
    with ThreadPoolExecutor(300) as threads:
        asked = [
            threads.submit(one.ask, "echo", {"who": k}, asker=Asker(str(k), lambda _before: None))
            for k in range(300)
        ]
        assert [each.result().data["echo"]["who"] for each in asked] == list(range(300))

"""The calculator answers: data and blobs, within limits, each request as if it were the first of its process."""

from __future__ import annotations

import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest
from calculators import TASKS, failure, settings, value

from core import calculator as module
from core.calculator import Calculator, Failure, Settings
from core.calculator.records import KINDS


@pytest.fixture(scope="module")
def calculator():
    with Calculator(settings()) as started:
        yield started


def test_answer_is_data_and_blobs(calculator):
    reply = calculator.ask("double", {"values": [1.5, -2, 7]})
    assert reply.data == {"count": 3}
    assert numpy.frombuffer(reply.blobs["values"], "f4").tolist() == [3, -4, 14]
    assert reply.device == "cpu"


def test_files_travel_beside_the_question_and_are_part_of_its_key(calculator):
    for data in (b"\0\xff" * 1_000_000, b"", b"other bytes of the same name"):
        reply = calculator.ask("weigh", {"key": "a"}, files={"own": data})
        assert reply.data == {"lengths": {"own": len(data)}, "others": ["files", "key"]}
    with pytest.raises(Failure) as caught:
        calculator.ask("weigh", {}, files={"own": bytes(20_000_000)})
    assert caught.value.detail == "request-size"


def test_every_file_arrives_under_its_own_name(calculator):
    lengths = {"W": 3, "b": 1, "A": 2, "shelf:b": 5, "shelf:W": 4}  # in no order that a sort would give
    reply = calculator.ask("weigh", {}, files={name: bytes(count) for name, count in lengths.items()})
    assert reply.data["lengths"] == lengths


@pytest.mark.parametrize("text", ["中文 ∈ ℝ", "\ud800 a lone surrogate", "\0", '"\\', "x" * 500_000, ""])
def test_text_arrives_as_it_was_sent(calculator, text):
    assert value(calculator, "echo", text=text) == {"echo": {"text": text}}


def test_start_does_not_wait_for_anyone():
    with Calculator(
        settings(workers=1)
    ) as fresh:  # `start` has returned, and no interpreter starts that fast
        assert not fresh.pool.arrived.is_set()
        assert value(fresh, "echo", a=1) == {"echo": {"a": 1}}
        assert fresh.pool.arrived.is_set()


def test_worker_is_one_thread_with_few_descriptors(calculator):
    seen = value(calculator, "who")
    assert (seen["threads"], seen["tasks"]) == (1, 1)
    # 0, 1, 2, the socket, and the listing itself: nothing of the zygote's and nobody else's wire
    assert len(seen["descriptors"]) == 5


def test_worker_inherits_no_secret(monkeypatch):
    monkeypatch.setenv("ATLAS_TEST_SECRET", "hush")
    with Calculator(settings(workers=1)) as fresh:
        assert value(fresh, "who")["secret"] == ""


def test_nothing_leaks_from_one_request_to_the_next():
    with Calculator(settings(workers=1)) as single:
        before = value(single, "state", turn=1)
        first = value(single, "who", turn=1)["pid"]
        value(single, "disturb")
        assert value(single, "state", turn=2) == before
        assert value(single, "who", turn=2)["pid"] == first  # it was the same process
        assert before["dtype"] == "torch.float32" and before["grad"] is False and before["word"] == "unsaid"


def test_shapes_are_checked_without_the_machinery_of_torch_compile(calculator):
    """0.7 s and 80 MB in each worker otherwise: see core/calculator/torch_start.py."""
    seen = value(calculator, "checks_shapes")
    assert seen == {"shapes": [[3, 4], [3, 3], [3], [4], [3, 4], [3, 3], [3]], "dynamo": False}


def test_a_training_step_runs_though_no_file_can_be_written(calculator):
    assert value(calculator, "checks_shapes", train=True, wall=8)["dynamo"] is False


def test_what_a_task_prints_goes_nowhere(calculator, capfd):
    assert value(calculator, "prints") == {"printed": True}
    assert value(calculator, "echo", after="print") == {"echo": {"after": "print"}}
    assert capfd.readouterr() == ("", "")


def test_failure_of_a_task_tells_no_path_and_no_message(calculator, caplog, told):
    """Not even the host: an error's words may repeat what was typed. The host hears where it happened."""
    found = failure(calculator, "raises", what="value")
    assert (found.kind, found.detail) == ("broken", "ValueError")
    assert "secret" not in f"{found} {found!r} {found.args} {caplog.text} {told}"
    (facts,) = [facts for event, facts in told if event == "task.failed"]
    assert facts["task"] == "raises"
    assert re.fullmatch(r"tests/core/hostile_tasks\.py:\d+ raises", facts["trace"][-1])


@pytest.mark.parametrize(
    ("task", "arguments", "kind", "detail"),
    [
        ("not_data", {}, "broken", "TypeError"),
        ("not_bytes", {}, "broken", "TypeError"),
        ("there is no such task", {}, "broken", "KeyError"),
        ("large", {"bytes": 33 << 20}, "memory", "reply-size"),
        ("large_data", {"bytes": 33 << 20}, "memory", "reply-size"),
        ("echo", {"text": "x" * (2 << 20)}, "broken", "request-size"),
        ("writes_file", {"path": os.devnull + "-no"}, "broken", None),
        ("opens_files", {}, "broken", "OSError"),
    ],
)
def test_what_is_no_answer_is_a_failure(calculator, task, arguments, kind, detail):
    told = failure(calculator, task, **arguments)
    assert told.kind == kind and told.kind in KINDS
    assert detail is None or told.detail == detail


def test_a_worker_cannot_write_a_file(calculator, tmp_path):
    assert failure(calculator, "writes_file", path=str(tmp_path / "x")).detail == "OSError"
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0


def test_a_reply_just_within_the_limit_arrives(calculator):
    assert len(calculator.ask("large", {"bytes": 31 << 20}, wall=5).blobs["block"]) == 31 << 20


def test_arguments_must_be_plain_data(calculator):
    with pytest.raises(TypeError):
        calculator.ask("echo", {"tensor": object()})


def test_many_threads_get_each_his_own_answer(calculator):
    def ask(number):
        return value(calculator, "double", values=[number, number + 0.5], who=number), number

    with ThreadPoolExecutor(24) as pool:
        replies = list(pool.map(lambda n: calculator.ask("double", {"values": [n, n + 0.5]}), range(300)))
    for number, reply in enumerate(replies):
        assert numpy.frombuffer(reply.blobs["values"], "f4").tolist() == [2 * number, 2 * number + 1]


# ---- walls


def test_wall_is_the_callers_within_the_longest(calculator):
    assert failure(calculator, "sleep", seconds=5).kind == "slow"
    assert value(calculator, "sleep", wall=3, seconds=0.8) == {"slept": 0.8}
    assert calculator.ask("sleep", {"seconds": 1.5}, keep=True).data == {"slept": 1.5}  # nobody typed it
    made = settings(longest_wall=0.4)
    assert made.wall_for(100) == 0.4 and made.wall_for(None) == 1.0


def test_a_longer_wall_has_the_cpu_time_it_needs():
    assert settings(cpu=3).cpu_for(10.0) >= 10 > settings(cpu=3).cpu_for(2.0) == 3
    with Calculator(settings(workers=1, cpu=1, longest_wall=40)) as calculator:
        assert value(calculator, "spin", wall=40, seconds=2.2) == {"spun": 2.2}


def cpu_limited(monkeypatch, cpu: int) -> Calculator:
    """One worker whose CPU limit is reached long before its wall."""
    monkeypatch.setattr(Settings, "cpu_for", lambda self, wall: self.cpu)
    return Calculator(settings(workers=1, wall=40, longest_wall=40, cpu=cpu))


def test_cpu_limit_ends_what_the_wall_would_not(monkeypatch):
    with cpu_limited(monkeypatch, 1) as calculator:
        told = failure(calculator, "spin", seconds=30)
    assert (told.kind, told.detail) == ("slow", "SIGXCPU")


def test_cpu_time_is_counted_for_each_request_anew(monkeypatch):
    with cpu_limited(monkeypatch, 2) as calculator:
        pids = {value(calculator, "who", turn=0)["pid"]}
        for turn in range(5):  # 4 s in sum, 0.8 s each
            assert value(calculator, "spin", wall=40, seconds=0.8, turn=turn) == {"spun": 0.8}
            pids.add(value(calculator, "who", turn=turn)["pid"])
        assert len(pids) == 1


def test_a_caller_waits_for_a_worker_only_so_long():
    with Calculator(settings(workers=1, wall=3.0, patience=0.3)) as calculator:
        value(calculator, "echo")
        hog = threading.Thread(target=value, args=(calculator, "sleep"), kwargs={"seconds": 1.5})
        hog.start()
        while calculator.pool._idle:
            pass
        told = failure(calculator, "echo", other=1)
        hog.join()
        assert told.kind == "busy" and told.seconds >= 0.3
        assert value(calculator, "echo", other=2) == {"echo": {"other": 2}}


def test_callers_are_served_in_the_order_they_came():
    with Calculator(settings(workers=1, wall=3.0)) as calculator:
        value(calculator, "echo")
        served, threads = [], []
        for number in range(5):
            thread = threading.Thread(
                target=lambda n=number: served.append(value(calculator, "sleep", seconds=0.2, n=n) and n)
            )
            thread.start()
            while calculator.pool._idle or calculator.pool.queued() < number:
                pass
            threads.append(thread)
        for thread in threads:
            thread.join()
        assert served == [0, 1, 2, 3, 4]


def test_a_worker_is_replaced_after_its_share_of_requests():
    with Calculator(settings(workers=1, requests_per_worker=3)) as calculator:
        pids = [value(calculator, "who", turn=turn)["pid"] for turn in range(7)]
    assert len(set(pids)) == 3 and pids[0] == pids[2] != pids[3]


# ---- the cache, from outside


def test_an_answer_given_before_is_not_computed_again(calculator, tmp_path):
    ask = {"folder": str(tmp_path)}
    assert [value(calculator, "once", **ask)["runs"] for _ in range(3)] == [1, 1, 1]


def test_a_failure_is_not_kept(calculator):
    first, second = (failure(calculator, "sleep", seconds=1.6) for _ in range(2))
    assert first.kind == second.kind == "slow" and first is not second
    assert value(calculator, "sleep", wall=8, seconds=1.6) == {"slept": 1.6}  # now with time enough


def test_equal_requests_in_flight_are_computed_once(calculator, tmp_path):
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(value, calculator, "once", folder=str(tmp_path), seconds=0.3) for _ in range(12)]
        assert [each.result()["runs"] for each in asked] == [1] * 12


def test_equal_failures_in_flight_are_each_ones_own(calculator):
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(failure, calculator, "sleep", seconds=7) for _ in range(4)]
        told = [each.result() for each in asked]
    assert {each.kind for each in told} == {"slow"} and len({id(each) for each in told}) == 4


def test_what_a_caller_does_to_his_answer_nobody_else_sees(calculator):
    mine = calculator.ask("echo", {"shared": [1, 2]})
    mine.data["echo"]["shared"].append("mine")
    mine.blobs["mine"] = b""
    yours = calculator.ask("echo", {"shared": [1, 2]})
    assert yours.data == {"echo": {"shared": [1, 2]}} and yours.blobs == {}


def test_one_element_makes_another_answer(calculator):
    values = [float(n) for n in range(10_000)]
    changed = [*values[:7_777], -1.0, *values[7_778:]]
    first, second = (
        calculator.ask("double", {"values": v}, wall=3).blobs["values"] for v in (values, changed)
    )
    assert numpy.frombuffer(first, "f4")[7_777] == 15_554 and numpy.frombuffer(second, "f4")[7_777] == -2


# ---- the module's own calculator


def test_the_servers_calculator_is_one_and_can_be_stopped(monkeypatch):
    from core.calculator import records

    monkeypatch.setattr(module, "Calculator", lambda: Calculator(settings(workers=2)))
    module.stop()
    try:
        module.start()
        module.start()
        assert module.ask("echo", {"a": 1}).data == {"echo": {"a": 1}}
        assert module.device() == {"kind": "cpu", "name": "", "asked": "cpu", "note": ""}
        pool = module._the().pool
        module.stop()
        assert pool.source.process.poll() is not None
        with pytest.raises(Failure):
            pool.run(b"", 1, 0.5)
    finally:
        module.stop()
    assert records.Settings().tasks == "core.answers:TASKS"


def test_workers_by_the_environment(set_limits):
    for text, count in [("3", 3), ("0", max(4, os.cpu_count())), ("", max(4, os.cpu_count()))]:
        set_limits(workers=text)
        assert module.Settings(**TASKS).workers == count

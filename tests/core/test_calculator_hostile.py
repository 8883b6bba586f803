"""What ends, stalls or exhausts a process: HOSTILE.md's torch lines, run for real, at every upgrade of torch.

A line that stops killing under a newer torch makes its test fail here: then HOSTILE.md is to be brought up to date.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from contextlib import contextmanager

import numpy
import pytest
from calculators import alive, children, eventually, failure, full, settings, value

from core.calculator import Calculator, Failure


@pytest.fixture(scope="module")
def calculator():
    with Calculator(settings(wall=0.6)) as started:
        assert eventually(lambda: full(started))
        yield started


@contextmanager
def others(calculator):
    """Other visitors, asking all the while; at the end each must have had nothing but right answers."""
    stop, wrong, served = threading.Event(), [], []

    def visit(number):
        turn = 0
        while not stop.is_set():
            turn += 1
            try:
                ask = {"values": [number, turn], "at": time.monotonic_ns()}
                blob = calculator.ask("double", ask, wall=8).blobs["values"]
                if numpy.frombuffer(blob, "f4").tolist() != [2 * number, 2 * turn]:
                    wrong.append(blob)
                served.append(number)
            except Failure as error:
                wrong.append(error)
            time.sleep(0.01)

    threads = [threading.Thread(target=visit, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
        before = len(served)
        assert eventually(lambda: len(served) > before)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("task", "arguments", "kind", "detail"),
    [
        ("div_trunc", {"bits": 32}, "died", "SIGFPE"),
        ("div_trunc", {"bits": 64}, "died", "SIGFPE"),
        ("div_scalar_tensor", {}, "died", "SIGFPE"),
        ("range_int", {}, "died", "SIGFPE"),
        ("sparse_dense", {}, "died", "SIGSEGV"),
        ("sparse_csr_dense", {}, "broken", "IndexError"),
        ("expand_sum", {}, "slow", ""),
        ("binomial_nan", {}, "slow", ""),
        ("zeros", {"elements": 10**9}, "memory", "RuntimeError"),
        ("zeros", {"elements": 10**12}, "memory", "RuntimeError"),
        ("ones_tolist", {"elements": 10**8}, "slow", ""),
        ("raises", {"what": "memory"}, "memory", "MemoryError"),
        ("raises", {"what": "exit"}, "died", "exit 0"),
        ("ends", {"code": 0}, "died", "exit 0"),
        ("ends", {"code": 7}, "died", "exit 7"),
        ("signals", {"name": "SIGKILL"}, "died", "SIGKILL"),
        ("signals", {"name": "SIGABRT"}, "died", "SIGABRT"),
        ("signals", {"name": "SIGXCPU"}, "slow", "SIGXCPU"),
        ("signals", {"name": "SIGSTOP"}, "slow", ""),
        ("burns_cpu_and_ignores", {}, "slow", ""),
    ],
)
def test_a_killer_costs_one_answer(calculator, task, arguments, kind, detail):
    with others(calculator):
        told = failure(calculator, task, **arguments)
    assert (told.kind, told.detail) == (kind, detail)
    assert eventually(lambda: full(calculator))


def test_torch_calls_that_answer_after_all(calculator):
    """The rest of HOSTILE.md's lines: accepted in silence, so the tensor language has to refuse them."""
    assert value(calculator, "many_axes", axes=200) == {"axes": 200}
    assert value(calculator, "pow_overflow") == {"result": 0}


@pytest.mark.parametrize(
    ("task", "arguments", "kind"),
    [
        ("forges", {"magic": "EVIL", "header": "{}", "body": 0}, "broken"),
        ("forges", {"magic": "ATL1", "header": "{}", "body": 0}, "broken"),
        ("forges", {"magic": "ATL1", "header": '{"lengths": [1, -1]}', "body": 0}, "broken"),
        ("forges", {"magic": "ATL1", "header": '{"lengths": [5]}', "body": 4}, "broken"),
        ("forges", {"magic": "ATL1", "header": '{"lengths": [], "id": 0, "blobs": []}', "body": 0}, "broken"),
        (
            "forges",
            {"magic": "ATL1", "header": '{"lengths": [2], "id": 0, "blobs": []}', "text": "{}"},
            "broken",
        ),
        ("forges", {"magic": "ATL1", "header": "[" * 60_000, "body": 0}, "broken"),
        ("forges", {"magic": "ATL1", "header": '{"lengths": [true]}', "body": 1}, "broken"),
        ("lies_about_length", {"length": 2**60}, "broken"),
        ("lies_about_length", {"length": 1_000_000}, "slow"),
        ("nested", {}, "broken"),
    ],
)
def test_a_worker_that_lies_on_the_wire_is_replaced(calculator, task, arguments, kind):
    with others(calculator):
        assert failure(calculator, task, **arguments).kind == kind
    assert eventually(lambda: full(calculator))


def test_a_worker_that_talks_unasked_is_not_asked_again():
    with Calculator(settings(workers=1)) as calculator:
        first = value(calculator, "talks_after")["pid"]
        assert eventually(lambda: not calculator.pool.workers()[0].well())
        assert value(calculator, "who")["pid"] != first


def test_workers_killed_while_idle_are_replaced_before_anyone_asks(calculator):
    before = {worker.pid for worker in calculator.pool.workers()}
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: full(calculator) and not before & {w.pid for w in calculator.pool.workers()})
    assert value(calculator, "echo", after="massacre") == {"echo": {"after": "massacre"}}


def test_a_caller_never_meets_a_worker_that_was_killed_while_idle(calculator):
    assert eventually(lambda: full(calculator))
    for turn in range(30):
        for worker in list(calculator.pool._idle)[-1:]:  # the next to be lent
            os.kill(worker.pid, signal.SIGKILL)
        assert value(calculator, "echo", turn=turn) == {"echo": {"turn": turn}}


def test_a_worker_killed_while_working_costs_its_caller_the_answer(calculator, tmp_path):
    assert eventually(lambda: full(calculator))
    told, begun = [], tmp_path / "begun"
    arguments = {"wall": 8, "seconds": 6, "mark": str(begun)}
    asking = threading.Thread(target=lambda: told.append(failure(calculator, "sleep", **arguments)))
    asking.start()
    assert eventually(begun.exists)
    busy = [worker.pid for worker in calculator.pool.workers() if worker not in calculator.pool._idle]
    os.kill(busy[0], signal.SIGKILL)
    asking.join()
    assert (told[0].kind, told[0].detail) == ("died", "SIGKILL")
    assert eventually(lambda: full(calculator))


def test_no_zombies_are_left(calculator):
    for _ in range(3):
        failure(calculator, "ends", code=3)
    zygote = calculator.pool.source.process.pid
    assert eventually(lambda: full(calculator) and all(state != "Z" for _, state in children(zygote)))
    assert len(children(zygote)) == 4


def test_more_killers_than_workers_at_once(calculator):
    told, threads = [], []
    for number in range(12):
        arguments = {"name": "SIGSEGV", "number": number}
        # a wall so wide that a slow machine does not make a death a kill at the wall
        threads.append(
            threading.Thread(
                target=lambda a=arguments: told.append(failure(calculator, "signals", wall=30, **a))
            )
        )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.kind for each in told] == ["died"] * 12
    assert eventually(lambda: full(calculator))


def test_one_visitors_failure_does_not_poison_anothers(calculator):
    """The same request kills a worker for one; the next visitor with it gets his own try."""
    first = failure(calculator, "ends", code=5)
    second = failure(calculator, "ends", code=5)
    assert first.kind == second.kind == "died" and first is not second
    assert json.dumps(value(calculator, "echo", code=5)) == '{"echo": {"code": 5}}'


def test_a_stopped_calculator_leaves_no_process():
    calculator = Calculator(settings(workers=3))
    calculator.start()
    pids = {value(calculator, "who", turn=turn)["pid"] for turn in range(3)} | {
        calculator.pool.source.process.pid
    }
    hang = threading.Thread(target=lambda: failure(calculator, "sleep", wall=9, seconds=9))
    hang.start()
    assert eventually(lambda: any(worker.served for worker in calculator.pool.workers()))
    calculator.stop()
    hang.join()  # the one who was waiting is told
    assert eventually(lambda: not any(map(alive, pids)))

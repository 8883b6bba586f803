"""The device: chosen once, by a process that has torch; and when the accelerator fails, the CPU answers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from calculators import alive, eventually, failure, settings, value

from core import answers, device, doctor
from core.calculator import Calculator
from core.ops import find
from core.refusal import Refusal

FAKE = {"detector": "hostile_tasks:fake_cuda", "workers": 2, "patience": 30, "wall": 2.0}


def fake(asked: str = "auto", **changes) -> Calculator:
    """A calculator that believes in a GPU."""
    return Calculator(settings(device=asked, **{**FAKE, **changes}))


def has_accelerator(calculator: Calculator) -> bool:
    return calculator.device()["kind"] == "cuda" and calculator.accelerator._worker is not None


# ---- core.device


@pytest.mark.parametrize(
    ("text", "asked"), [("", "auto"), ("CUDA ", "cuda"), ("cpu", "cpu"), ("mps", "mps"), ("tpu", "tpu")]
)
def test_what_is_asked_for(text, asked):
    assert device.asked({device.VARIABLE: text}) == asked
    assert device.asked({}) == "auto"


def pretend(monkeypatch, *, cuda: bool = False, mps: bool = False) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _index: "Pretended GPU")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("there", "asked", "kind", "note"),
    [
        ({}, "auto", "cpu", ""),
        ({}, "cpu", "cpu", ""),
        ({}, "cuda", "cpu", device.MISSING),
        ({}, "mps", "cpu", device.MISSING),
        ({}, "tpu", "cpu", device.UNKNOWN),
        ({"cuda": True}, "auto", "cuda", ""),
        ({"cuda": True}, "cpu", "cpu", ""),
        ({"cuda": True}, "mps", "cpu", device.MISSING),
        ({"cuda": True}, "tpu", "cuda", device.UNKNOWN),
        ({"mps": True}, "auto", "mps", ""),
        ({"mps": True}, "cuda", "cpu", device.MISSING),
        ({"cuda": True, "mps": True}, "auto", "cuda", ""),
        ({"cuda": True, "mps": True}, "mps", "mps", ""),
    ],
)
def test_the_device_that_is_found(monkeypatch, there, asked, kind, note):
    pretend(monkeypatch, **there)
    found = device.detect(asked)
    assert (found.kind, found.asked, found.note) == (kind, asked, note)
    assert bool(found.name) == (kind != "cpu")


def test_looking_is_worth_it_only_where_there_may_be_something(monkeypatch):
    assert not device.worth_looking("cpu")
    assert device.worth_looking("cuda") and device.worth_looking("mps")
    monkeypatch.setattr(device, "_LINUX_NODES", ("/nonexistent",))
    monkeypatch.setattr(sys, "platform", "linux")
    assert not device.worth_looking("auto")
    monkeypatch.setattr(device, "_LINUX_NODES", (os.devnull,))
    assert device.worth_looking("auto")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert device.worth_looking("auto")


def test_current_is_the_cpu_until_a_process_says_otherwise(monkeypatch):
    assert device.current() == torch.device("cpu")
    monkeypatch.setattr(device, "_current", {"kind": "cpu"})
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    device.use("meta")
    assert device.current() == torch.device("meta")
    assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32


def test_reading_the_device_does_not_load_torch():
    code = (
        "import sys; from core import device as d; d.worth_looking(d.asked()); print('torch' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "False"


# ---- what the accelerator does not do


def test_an_expression_that_the_accelerator_refuses_is_computed_by_the_cpu(monkeypatch):
    """CUDA multiplies no whole numbers; a torch without CUDA refuses everything there."""
    monkeypatch.setattr(device, "_current", {"kind": "cuda"})
    assert [place.type for place in device.places()] == ["cuda", "cpu"]
    text = "[[1, 2], [3, 4]] @ [[0, 1], [1, 0]]"
    data, _blobs = answers.TASKS["expression"]({"text": text, "parameters": {"node": ""}})
    assert data["result"]["dtype"] == "int64" and data["result"]["device"] == "cpu"
    assert "[[2, 1],\n        [4, 3]]" in data["result"]["text"]
    wrong, _blobs = answers.TASKS["expression"](
        {"text": "inverse([[1.0, 2], [2, 4]])", "parameters": {"node": ""}}
    )
    assert "problem" in wrong and "CUDA" not in str(wrong["problem"])


def test_a_concept_that_the_accelerator_refuses_is_computed_by_the_cpu(monkeypatch):
    meta = torch.device("meta")
    asked = []

    def run(A, **_parameters):
        asked.append(A.device)
        if A.device == meta or len(A) > 2:
            raise RuntimeError(f"not implemented on {A.device}")
        return 2 * A

    monkeypatch.setattr(device, "places", lambda: (meta, torch.device("cpu")))
    found = replace(find("matrix"), run=run)
    case = doctor.Case(found, {}, {"A": torch.eye(2)}, {item.name: item.default for item in found.parameters})
    assert torch.equal(answers._run(case), 2 * torch.eye(2))
    assert [place.type for place in asked] == ["meta", "cpu"]
    case = replace(case, given={"A": torch.eye(3)})
    with pytest.raises(Refusal, match="on cpu"):  # what the CPU says is told
        answers._run(case)


# ---- the accelerator's lane


def test_without_an_accelerator_no_process_looks_for_one(monkeypatch):
    monkeypatch.setattr(device, "_LINUX_NODES", ("/nonexistent",))
    with Calculator(settings(device="auto", workers=1)) as calculator:
        assert value(calculator, "on_device")["where"] == "cpu"
        assert calculator.device() == {"kind": "cpu", "name": "", "asked": "auto", "note": ""}
        assert calculator.accelerator._thread is None


def test_a_device_that_does_not_exist_is_named(monkeypatch):
    monkeypatch.setattr(device, "_LINUX_NODES", ("/nonexistent",))
    with Calculator(settings(device="tpu", workers=1)) as calculator:
        assert calculator.device() == {"kind": "cpu", "name": "", "asked": "tpu", "note": device.UNKNOWN}


def test_an_accelerator_asked_for_and_really_none_there():
    missing = "mps" if torch.cuda.is_available() else "cuda"
    with Calculator(settings(device=missing, workers=1)) as calculator:
        assert calculator.device()["note"] == device.LOOKING
        assert calculator.ask("on_device", {}).device == "cpu"  # nobody waits for the search
        assert eventually(lambda: calculator.device()["note"] == device.MISSING, 60)
        assert calculator.device() == {"kind": "cpu", "name": "", "asked": missing, "note": device.MISSING}
        assert value(calculator, "on_device", again=1)["where"] == "cpu"


def test_the_accelerator_answers_from_one_fresh_process_of_its_own():
    with fake() as calculator:
        early = calculator.ask("on_device", {})
        assert early.device == "cpu"
        assert eventually(lambda: has_accelerator(calculator), 60)
        assert calculator.device() == {"kind": "cuda", "name": "Pretended GPU", "asked": "auto", "note": ""}
        replies = [calculator.ask("on_device", {"turn": turn}) for turn in range(5)]
        assert {reply.device for reply in replies} == {"cuda"}
        assert {reply.data["where"] for reply in replies} == {"cuda"}
        pids = {reply.data["pid"] for reply in replies}
        assert len(pids) == 1 and not pids & {worker.pid for worker in calculator.pool.workers()}
        seen = value(calculator, "who")
        assert (
            seen["main"] == "core.calculator.worker" and seen["parent"] == os.getpid()
        )  # not the zygote's child
        # An answer from before, by the CPU, is not given as the GPU's.
        assert calculator.ask("on_device", {}).device == "cuda"


@pytest.mark.parametrize("fail", ["die", "raise"])
def test_where_the_accelerator_fails_the_cpu_answers_and_the_badge_says_so(fail):
    with fake() as calculator:
        value(calculator, "echo")
        assert eventually(lambda: has_accelerator(calculator), 60)
        reply = calculator.ask("on_device", {"fail": fail})
        assert reply.device == reply.data["where"] == "cpu"
        assert calculator.device() == {"kind": "cpu", "name": "", "asked": "auto", "note": device.FAILED}
        assert calculator.ask("on_device", {"meanwhile": 1}).device == "cpu"
        assert eventually(lambda: has_accelerator(calculator), 60)  # and it comes back
        assert calculator.device()["note"] == ""
        assert calculator.ask("on_device", {"later": 1}).device == "cuda"


def test_what_fails_on_the_cpu_too_is_not_the_accelerators_fault():
    with fake() as calculator:
        value(calculator, "echo")
        assert eventually(lambda: has_accelerator(calculator), 60)
        assert failure(calculator, "on_device", fail="always").detail == "ValueError"
        assert has_accelerator(calculator)


def test_a_hang_on_the_accelerator_is_slow_and_ends_it():
    with fake() as calculator:
        value(calculator, "echo")
        assert eventually(lambda: has_accelerator(calculator), 60)
        pid = value(calculator, "on_device")["pid"]
        assert failure(calculator, "on_device", fail="hang").kind == "slow"
        assert eventually(lambda: not alive(pid))
        assert calculator.device()["note"] == device.FAILED
        assert calculator.ask("on_device", {"after": 1}).device == "cpu"


def test_an_accelerator_killed_while_idle_is_noticed_by_no_one_but_the_badge():
    with fake() as calculator:
        value(calculator, "echo")
        assert eventually(lambda: has_accelerator(calculator), 60)
        os.kill(value(calculator, "on_device")["pid"], signal.SIGKILL)
        assert calculator.ask("on_device", {"after": 1}).device == "cpu"
        assert calculator.device()["note"] == device.FAILED


def test_a_busy_accelerator_is_not_waited_for():
    from concurrent.futures import ThreadPoolExecutor

    with fake(wall=4.0) as calculator:
        value(calculator, "echo")
        assert eventually(lambda: has_accelerator(calculator), 60)
        with ThreadPoolExecutor(3) as pool:
            asked = [pool.submit(calculator.ask, "sleep", {"seconds": 1.0, "n": n}) for n in range(3)]
            assert sorted(each.result().device for each in asked) == ["cpu", "cpu", "cuda"]
        assert has_accelerator(calculator)


def test_a_search_that_crashes_is_said_and_leaves_the_cpu():
    with fake(detector="hostile_tasks:deadly") as calculator:
        assert calculator.ask("on_device", {}).device == "cpu"
        assert eventually(lambda: calculator.device()["note"] == device.FAILED, 60)
        assert calculator.ask("on_device", {"after": 1}).device == "cpu"


def test_cpu_asked_for_is_cpu_whatever_is_there():
    with fake("cpu") as calculator:
        assert calculator.ask("on_device", {}).device == "cpu"
        assert calculator.accelerator._thread is None


def test_a_detector_that_finds_nothing():
    with fake("cuda", detector="hostile_tasks:no_accelerator") as calculator:
        value(calculator, "echo")
        assert eventually(lambda: calculator.device()["note"] == device.MISSING, 60)
        assert not calculator.accelerator._thread.is_alive() or eventually(
            lambda: not calculator.accelerator._thread.is_alive()
        )


def test_stop_ends_the_accelerators_process():
    calculator = fake()
    calculator.start()
    value(calculator, "echo")
    assert eventually(lambda: has_accelerator(calculator), 60)
    pid = calculator.accelerator._worker.pid
    calculator.stop()
    assert eventually(lambda: not alive(pid))
    assert eventually(lambda: not calculator.accelerator._thread.is_alive())

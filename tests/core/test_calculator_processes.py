"""Where the workers come from: the zygote and what becomes of it, fresh interpreters, a server that dies."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
from calculators import alive, children, eventually, failure, full, settings, value

from core.calculator import Calculator, Failure, Settings
from core.calculator.processes import environment

ROOT = Path(__file__).parents[2]


def run_python(code: str, **more) -> subprocess.CompletedProcess:
    """`code` in a fresh interpreter, which stands for the server."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"},
        **more,
    )


# ---- the zygote


def test_the_zygote_has_one_thread_when_it_forks():
    with Calculator(settings(preload=("sklearn.datasets",))) as calculator:
        value(calculator, "echo")
        source = calculator.pool.source
        assert eventually(lambda: "preloaded" in source.threads, 60)
        assert source.threads == {"ready": 1, "preloaded": 1}


def test_the_thread_count_would_see_a_thread():
    from core.calculator import zygote

    before = zygote.threads()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    assert zygote.threads() == before + 1
    stop.set()
    thread.join()


def test_first_answer_does_not_wait_for_the_preload_and_later_workers_have_it():
    with Calculator(settings(preload=("sklearn.datasets",))) as calculator:
        first = value(calculator, "who", turn="first")
        assert (first["sklearn"], first["warm"]) == (False, False)
        assert eventually(
            lambda: full(calculator) and all(w.preloaded for w in calculator.pool.workers()), 60
        )
        later = value(calculator, "who", turn="later")
        assert (later["sklearn"], later["warm"]) == (True, True)


def test_a_module_that_cannot_be_preloaded_is_done_without():
    with Calculator(settings(preload=("there_is_no_such_module",))) as calculator:
        value(calculator, "echo")
        assert eventually(
            lambda: full(calculator) and all(w.preloaded for w in calculator.pool.workers()), 60
        )
        assert value(calculator, "echo", again=1) == {"echo": {"again": 1}}


def test_later_workers_rehearse_once_each_and_serve_even_if_that_fails():
    with Calculator(settings(preload=("rehearsing_module",))) as calculator:
        assert value(calculator, "who", turn="first")["rehearsed"] == 0
        assert eventually(
            lambda: full(calculator) and all(w.preloaded for w in calculator.pool.workers()), 60
        )
        seen = [value(calculator, "who", turn=turn) for turn in range(3)]
        assert {one["rehearsed"] for one in seen} == {1} and len({one["pid"] for one in seen}) == 1


def test_a_new_worker_is_the_last_to_be_asked():
    """Its memory is not its own yet: who has answered before is faster."""
    with Calculator(settings(workers=3)) as calculator:
        value(calculator, "echo")
        assert eventually(lambda: full(calculator))
        known = value(calculator, "who", turn="first")["pid"]
        for turn in range(3):
            other = next(worker for worker in calculator.pool.workers() if worker.pid != known)
            os.kill(other.pid, signal.SIGKILL)
            assert eventually(
                lambda other=other: other not in calculator.pool.workers() and full(calculator), 30
            )
            assert value(calculator, "who", turn=turn)["pid"] == known


def test_a_preload_that_kills_the_zygote_is_not_tried_again():
    with Calculator(settings(preload=("deadly_module",))) as calculator:
        value(calculator, "echo")
        first = calculator.pool.source.process
        assert eventually(lambda: first.poll() is not None, 30)
        assert eventually(lambda: calculator.pool.source.process is not first, 30)
        assert failure(calculator, "ends", code=1).kind == "died"
        assert value(calculator, "echo", again=1) == {
            "echo": {"again": 1}
        }  # an answer is what starts a preload
        assert eventually(lambda: full(calculator), 30)
        assert calculator.pool.source.process.poll() is None and not calculator.pool._preload


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_libraries_larger_than_the_memory_limit_leave_the_whole_limit(method):
    """torch for CUDA maps 3.3 GB, and a worker may take 3: what it cannot write to does not count."""
    vast = settings(method=method, tasks="vast_module:TASKS", workers=1, wall=8.0, patience=30)
    assert vast.memory < 6 << 30
    with Calculator(vast) as calculator:
        assert value(calculator, "double", values=[1.0, 2.0]) == {"count": 2}
        assert failure(calculator, "zeros", elements=vast.memory // 4).kind == "memory"
        assert value(calculator, "echo", again=1) == {"echo": {"again": 1}}


def test_workers_outlive_the_zygote_and_another_one_is_started():
    with Calculator(settings()) as calculator:
        value(calculator, "echo")
        assert eventually(lambda: full(calculator))
        first = calculator.pool.source.process
        os.kill(first.pid, signal.SIGKILL)
        assert value(calculator, "echo", at="once") == {"echo": {"at": "once"}}
        assert eventually(lambda: calculator.pool.source.process.pid != first.pid, 30)
        assert failure(calculator, "ends", code=1).kind == "died"
        assert eventually(lambda: full(calculator), 30)  # the replacement came from the new one
        assert any(w.server is calculator.pool.source for w in calculator.pool.workers())
        assert failure(calculator, "sleep", seconds=3).kind == "slow"


def test_zygote_and_all_workers_killed_at_once():
    with Calculator(settings()) as calculator:
        value(calculator, "echo")
        assert eventually(lambda: full(calculator))
        for pid in [calculator.pool.source.process.pid, *(w.pid for w in calculator.pool.workers())]:
            os.kill(pid, signal.SIGKILL)
        assert value(calculator, "echo", after="all", wall=3) == {"echo": {"after": "all"}}


def test_tasks_that_cannot_be_imported_are_a_failure_and_not_a_wait(capfd):
    with Calculator(settings(tasks="there_is_no_such_module:TASKS")) as calculator:
        told = failure(calculator, "echo")
        assert (told.kind, told.detail) == ("broken", "start")
    assert "there_is_no_such_module" in capfd.readouterr().err  # for who runs the server


def test_without_a_pidfd_the_zygote_kills():
    with Calculator(settings(workers=2)) as calculator:
        value(calculator, "echo")
        assert eventually(lambda: full(calculator))
        old = calculator.pool.workers()
        for worker in old:
            os.close(worker.pidfd)
            worker.pidfd = None
        assert failure(calculator, "expand_sum").kind == "slow"
        gone = [worker for worker in old if worker not in calculator.pool.workers()]
        assert len(gone) == 1 and eventually(lambda: not alive(gone[0].pid))


def test_a_secret_in_the_environment_stays_in_the_server(monkeypatch):
    for name in ("STREAMLIT_SERVER_COOKIE_SECRET", "HF_TOKEN", "db_password"):
        monkeypatch.setenv(name, "hush")
    assert "hush" not in environment().values()
    assert environment()["PATH"] == os.environ["PATH"]


# ---- the server's death


SERVER = """
    import sys, threading, time
    from calculators import settings, value
    from core.calculator import Calculator
    calculator = Calculator(settings(method={method!r}, workers=2, longest_wall=60))
    calculator.start()
    pids = [value(calculator, "who", wall=9)["pid"]]
    threading.Thread(target=lambda: calculator.ask({stuck!r}, {{"seconds": 40}}, wall=50), daemon=True).start()
    time.sleep(0.5)
    pool = calculator.pool
    pids += [worker.pid for worker in pool.workers()]
    if {method!r} == "fork":
        pids.append(pool.source.process.pid)
    print(*sorted(set(pids)), flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize(
    ("method", "stuck"), [("fork", "sleep"), ("fork", "expand_sum"), ("fork", "echo"), ("spawn", "echo")]
)
def test_nothing_is_left_when_the_server_is_killed(method, stuck):
    code = textwrap.dedent(SERVER.format(method=method, stuck=stuck))
    path = {"PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"}
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ | path)
    pids = [int(word) for word in server.stdout.readline().split()]
    assert pids and all(map(alive, pids))
    server.kill()
    server.wait()
    server.stdout.close()
    assert eventually(lambda: not any(map(alive, pids)), 20), [pid for pid in pids if alive(pid)]


def test_a_fork_of_the_server_does_not_keep_the_zygote_alive():
    """Who forks the server (multiprocessing, an old library) holds its sockets: no end of stream comes."""
    code = textwrap.dedent(
        """
        import os, time
        from calculators import settings, value
        from core.calculator import Calculator
        calculator = Calculator(settings(workers=1))
        calculator.start()
        value(calculator, "echo")
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        print(calculator.pool.source.process.pid, calculator.pool.workers()[0].pid, flush=True)
        time.sleep(60)
        """
    )
    path = {"PYTHONPATH": f"{ROOT}{os.pathsep}{Path(__file__).parent}"}
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ | path)
    pids = [int(word) for word in server.stdout.readline().split()]
    forked = [pid for pid, _ in children(server.pid) if pid not in pids]
    server.kill()
    server.wait()
    server.stdout.close()
    assert len(forked) == 1 and alive(forked[0])
    assert eventually(lambda: not any(map(alive, pids)), 30)
    os.kill(forked[0], signal.SIGKILL)


# ---- the server's process


def test_the_server_never_imports_torch():
    told = run_python(
        """
        import sys
        from calculators import settings, value
        from core.calculator import Calculator
        with Calculator(settings(workers=1)) as calculator:
            value(calculator, "double", values=[1.0])
            calculator.device()
        print(sorted({"torch", "numpy", "plotly", "streamlit", "multiprocessing.process"} & set(sys.modules)))
        """
    )
    assert told.stdout.strip() == "[]", told.stderr


def test_the_check_for_torch_would_see_it():
    told = run_python(
        "import sys, core.calculator.worker as w; w.start_afresh(1); print('torch' in sys.modules)"
    )
    assert told.stdout.strip() == "True", told.stderr


def test_main_is_not_run_again(tmp_path):
    """Streamlit puts the page's script in the place of __main__: no process of ours may run it."""
    page = tmp_path / "page.py"
    marks = tmp_path / "marks"
    marks.mkdir()
    page.write_text(
        textwrap.dedent(
            f"""
            import os, pathlib, sys, threading, types
            pathlib.Path({str(marks)!r}, str(os.getpid())).mkdir()
            sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]
            page = types.ModuleType("__main__")
            page.__file__ = __file__
            sys.modules["__main__"] = page
            from calculators import settings, value
            from core.calculator import Calculator
            with Calculator(settings(workers=2)) as calculator:
                answers = []
                run = threading.Thread(target=lambda: answers.append(value(calculator, "who")))
                run.start()
                run.join()
            print(answers[0]["main"])
            """
        )
    )
    alone = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    told = subprocess.run(
        [sys.executable, str(page)], cwd=tmp_path, env=alone, capture_output=True, text=True, timeout=60
    )
    assert told.stdout.strip() == "core.calculator.zygote", told.stderr
    assert len(list(marks.iterdir())) == 1


def test_it_answers_inside_a_streamlit_run():
    testing = importlib.import_module("streamlit.testing.v1")  # not at the top: the others need no Streamlit

    def page():
        import streamlit as st
        from calculators import settings, value

        from core.calculator import Calculator

        with Calculator(settings(workers=1)) as calculator:
            st.text(value(calculator, "who")["main"])

    run = testing.AppTest.from_function(page, default_timeout=60).run()
    assert not run.exception
    assert run.text[0].value == "core.calculator.zygote"


# ---- without fork


@pytest.fixture(scope="module")
def spawning():
    with Calculator(settings(method="spawn", workers=2, startup=60, patience=30)) as started:
        yield started


def test_spawned_workers_answer(spawning):
    assert value(spawning, "echo", a=[1, "中"]) == {"echo": {"a": [1, "中"]}}
    seen = value(spawning, "who")
    assert seen["main"] == "core.calculator.worker" and seen["parent"] == os.getpid()
    assert len(spawning.ask("large", {"bytes": 5 << 20}, wall=5).blobs["block"]) == 5 << 20
    assert value(spawning, "prints", wall=5) == {"printed": True}


def test_spawned_workers_are_ended_and_replaced(spawning):
    with pytest.raises(Failure, match="SIGSEGV"):
        spawning.ask("signals", {"name": "SIGSEGV"})
    assert failure(spawning, "expand_sum").kind == "slow"
    assert failure(spawning, "zeros", elements=10**9).kind == "memory"
    assert failure(spawning, "large", bytes=40 << 20).detail == "reply-size"
    assert value(spawning, "echo", after="all") == {"echo": {"after": "all"}}
    assert eventually(lambda: full(spawning), 60)


def test_a_spawned_worker_killed_while_idle_is_not_met(spawning):
    assert eventually(lambda: full(spawning), 60)
    for worker in spawning.pool.workers():
        os.kill(worker.pid, signal.SIGKILL)
    assert value(spawning, "echo", after="massacre") == {"echo": {"after": "massacre"}}
    assert eventually(lambda: full(spawning), 60)
    killed = spawning.pool.workers()[0]
    os.kill(killed.pid, signal.SIGKILL)
    # Replaced without anyone asking.
    assert eventually(lambda: killed not in spawning.pool.workers() and full(spawning), 60)
    assert all(state != "Z" for _, state in children(os.getpid()))


def test_a_spawned_worker_that_was_told_to_end_takes_no_request(spawning):
    assert eventually(lambda: full(spawning), 60)
    for turn in range(2):
        spawning.pool.workers()[0].kill()  # and perhaps it is the one that is lent next
        assert value(spawning, "echo", told=turn) == {"echo": {"told": turn}}


def test_spawned_workers_after_the_first_are_preloaded():
    with Calculator(settings(method="spawn", workers=2, preload=("sklearn.datasets",))) as calculator:
        first = value(calculator, "who", turn=1)
        assert first["sklearn"] is False
        assert eventually(lambda: full(calculator), 60)
        assert sorted(worker.preloaded for worker in calculator.pool.workers()) == [False, True]


def test_without_the_resource_module_the_wall_remains(monkeypatch):
    """Windows, as far as it can be had here: no `resource`, no signals of our own."""
    stub = Path(__file__).parent / "windows"
    monkeypatch.setenv("PYTHONPATH", str(stub))
    with Calculator(settings(method="spawn", workers=1, patience=30)) as calculator:
        assert value(calculator, "echo") == {"echo": {}}
        assert failure(calculator, "writes_file", path="/nonexistent/x").detail == "FileNotFoundError"
        assert failure(calculator, "sleep", seconds=4).kind == "slow"
        assert value(calculator, "echo", after=1) == {"echo": {"after": 1}}


def test_stop_while_a_spawned_worker_is_starting():
    calculator = Calculator(settings(method="spawn", workers=2))
    calculator.start()
    assert eventually(lambda: calculator.pool.source and calculator.pool.source.starting)
    pid = calculator.pool.source.starting.pid
    calculator.stop()
    assert eventually(lambda: not alive(pid))
    with pytest.raises(Failure):
        calculator.ask("echo", {})


def test_how_workers_start_is_a_setting(monkeypatch):
    monkeypatch.setenv("ATLAS_WORKER_START", "spawn")
    assert Settings().method == "spawn"
    monkeypatch.setenv("ATLAS_WORKER_START", "rubbish")
    assert Settings().method == ("fork" if hasattr(os, "pidfd_open") else "spawn")
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    monkeypatch.setenv("ATLAS_WORKER_START", "fork")
    assert Settings().method == "spawn"


def test_a_request_larger_than_any_pipe_and_a_worker_that_does_not_read(spawning):
    text = "x" * 1_900_000
    assert value(spawning, "echo", wall=5, text=text)["echo"]["text"] == text
    assert eventually(lambda: full(spawning), 60)
    worker = spawning.pool.workers()[0]
    os.kill(worker.pid, signal.SIGSTOP)
    begun = time.monotonic()
    outcomes = []
    for turn in range(2):  # one of the two gets the stopped worker
        try:
            outcomes.append(spawning.ask("echo", {"turn": turn, "text": text}) and "answer")
        except Failure as error:
            outcomes.append(error.kind)
    assert set(outcomes) <= {"answer", "slow"} and time.monotonic() - begun < 60
    if worker in spawning.pool.workers():
        os.kill(worker.pid, signal.SIGKILL)
    assert eventually(lambda: full(spawning), 60)

"""Figures of the calculator, beside pebble's in the same run: `python tests/bench/bench_calculator.py`. Never a test.

pebble is no requirement of the atlas: where it is not installed, only our own figures are printed.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TASKS = ROOT / "tests" / "core"
sys.path[:0] = [str(ROOT), str(TASKS)]

from calculators import eventually, full, settings  # noqa: E402

from core.calculator import Calculator, Failure  # noqa: E402

ROUNDS = 300
MEGABYTE = 1 << 20


def milliseconds(action, rounds: int) -> str:
    """Median and p95 of `action(n)`."""
    times = []
    for number in range(rounds):
        begun = time.perf_counter()
        action(number)
        times.append(1e3 * (time.perf_counter() - begun))
    times.sort()
    return f"{statistics.median(times):8.2f} ms median {times[int(0.95 * len(times))]:8.2f} ms p95"


def private_megabytes(pid: int) -> float:
    """Memory that a process shares with no other."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def show(name: str, figure: str) -> None:
    print(f"{name:44} {figure}", flush=True)


def after_a_death(calculator: Calculator, number: int) -> None:
    """The only worker dies in a task; the next answer is its successor's."""
    with contextlib.suppress(Failure):
        calculator.ask("ends", {"code": 3, "n": number})
    calculator.ask("echo", {"after": number})


def ours() -> None:
    """The calculator's figures."""
    begun = time.perf_counter()
    with Calculator(settings(workers=4, wall=2.0, preload=("sklearn.datasets",))) as calculator:
        calculator.ask("echo", {"first": 1})
        show("ours: cold start to first answer", f"{time.perf_counter() - begun:8.2f} s")
        eventually(lambda: full(calculator) and all(w.preloaded for w in calculator.pool.workers()), 60)
        show("ours: ... to all preloaded", f"{time.perf_counter() - begun:8.2f} s")
        time.sleep(0.5)
        ask = calculator.ask
        show("ours: round trip", milliseconds(lambda n: ask("echo", {"n": n}), ROUNDS))
        show("ours: the same from the cache", milliseconds(lambda n: ask("echo", {"n": 1}), ROUNDS))
        show("ours: answer of 1 MB", milliseconds(lambda n: ask("large", {"bytes": MEGABYTE, "n": n}), 100))
        workers = [worker.pid for worker in calculator.pool.workers()]
        private = [private_megabytes(pid) for pid in workers]
        show(
            "ours: private memory a worker",
            f"{statistics.median(private):8.1f} MB ({min(private):.1f}-{max(private):.1f})",
        )
        zygote = calculator.pool.source.process.pid
        show("ours: private memory of the zygote", f"{private_megabytes(zygote):8.1f} MB")
        begun = time.perf_counter()
        try:
            ask("expand_sum", {}, wall=0.5)
        except Failure as failure:
            show(
                "ours: a hang with a wall of 500 ms",
                f"{1e3 * (time.perf_counter() - begun):8.1f} ms, {failure.kind}",
            )
    with Calculator(settings(workers=1, wall=2.0)) as calculator:
        calculator.ask("echo", {"first": 1})
        show("ours: a task dies -> next answer", milliseconds(lambda n: after_a_death(calculator, n), 30))
    with Calculator(settings(workers=1, wall=2.0, method="spawn", patience=30)) as calculator:
        calculator.ask("echo", {"first": 1})
        show(
            "ours, without fork: round trip", milliseconds(lambda n: calculator.ask("echo", {"n": n}), ROUNDS)
        )
        show(
            "ours, without fork: a task dies -> next", milliseconds(lambda n: after_a_death(calculator, n), 3)
        )


def pebble_echo(arguments):
    return {"echo": arguments}, {}


def pebble_large(size):
    return {}, {"block": bytes(size)}


def pebble_pid():
    return os.getpid()


def pebble_die():
    os._exit(3)


def theirs() -> None:
    """pebble's figures: its ProcessPool over multiprocessing's forkserver, with the same modules preloaded."""
    import multiprocessing

    from pebble import ProcessExpired, ProcessPool

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "hostile_tasks"])
    begun = time.perf_counter()
    pool = ProcessPool(max_workers=1, context=context)
    try:
        pool.schedule(pebble_echo, args=[{"first": 1}]).result()
        show("pebble: cold start to first answer", f"{time.perf_counter() - begun:8.2f} s")

        def echo(n):
            pool.schedule(pebble_echo, args=[{"n": n}], timeout=2).result()

        def after_a_death(n):
            try:
                pool.schedule(pebble_die, timeout=2).result()
            except ProcessExpired:
                echo(n)

        show("pebble: round trip", milliseconds(echo, ROUNDS))
        large = milliseconds(lambda n: pool.schedule(pebble_large, args=[MEGABYTE], timeout=2).result(), 100)
        show("pebble: answer of 1 MB", large)
        pid = pool.schedule(pebble_pid).result()
        show("pebble: private memory a worker", f"{private_megabytes(pid):8.1f} MB")
        show("pebble: a task dies -> next answer", milliseconds(after_a_death, 30))
        os.kill(pool.schedule(pebble_pid).result(), 9)
        try:
            echo("after an idle worker was killed")
            show("pebble: idle worker killed, next caller", "is answered")
        except Exception as error:
            show("pebble: idle worker killed, next caller", f"gets {error!r}")
    finally:
        pool.stop()
        pool.join()


def main() -> None:
    """Ours, then pebble's."""
    ours()
    try:
        import pebble  # noqa: F401
    except ImportError:
        show("pebble", "not installed")
    else:
        theirs()


if __name__ == "__main__":
    main()

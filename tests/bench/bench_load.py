"""A class at the atlas, beside the same class at a bare Streamlit page: `python tests/bench/bench_load.py [part ...]`.

Parts: class (1 to 300 students, one change every 3 s), press (300 in one instant), open (300 open the link in one
instant), blink (300 cut off, 300 back), kill (a replica dies), attack (one student with hostile input in a loop),
growth (comings and goings). Each on one process and on two replicas behind nginx. Never a test; traffic to this
machine only.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "deploy"), str(ROOT / "tests" / "bench")]

import psutil  # noqa: E402
from bench_page import FLOOR, TUNED, healthy, percentile, running  # noqa: E402

from tests.students import Failed, Plan, Student, Turn, together  # noqa: E402

GOALS = {"p50": 100.0, "p95": 300.0, "p99": 1000.0}  # ms, of a class of 300
EVERY = 3.0  # seconds between two changes of one student
RAMP = 0.05  # seconds between two who open the page, where they do not all at once


# --- what students do: one number of the page's example is changed


def in_class(rng: random.Random) -> str:
    """One entry of the example, from the numbers that a class tries: many of them meet."""
    entries = [2, 1]
    entries[rng.randrange(2)] = rng.randint(-3, 3)
    return json.dumps(entries)


def of_ones_own(rng: random.Random) -> str:
    """Numbers that nobody else has: nothing comes out of a cache."""
    return json.dumps([round(rng.uniform(-3, 3), 3), round(rng.uniform(-3, 3), 3)])


def matrices(rng: random.Random) -> str:
    """The same for a page with larger tensors."""
    return json.dumps([[rng.randint(-99, 99) for _column in range(3)] for _row in range(2)])


def slider(rng: random.Random) -> list[float]:
    """The bare page's number."""
    return [float(rng.randint(0, 1000))]


PAGES = {
    "median": ("matrix-vector", "matrix-vector.x.field", of_ones_own),
    "median-shared": ("matrix-vector", "matrix-vector.x.field", in_class),
    "heaviest": ("matrix-matrix", "matrix-matrix.A.field", matrices),
}
BARE = ("", "None", slider)  # a widget without a key of its own


# --- servers


@dataclass
class Served:
    """Where a class goes, and what to weigh: the processes of the server and its replicas."""

    url: str
    processes: Callable[[], list[int]]
    kill_one: Callable[[], None] = field(default=lambda: None)

    def memory(self) -> float:
        """MB of the servers' own processes, workers not counted; what they share is counted once for each."""
        return sum(psutil.Process(number).memory_full_info().uss for number in self.processes()) / 1e6

    def everything(self) -> float:
        """CPU seconds so far, workers and all."""
        found = 0.0
        for number in self.processes():
            process = psutil.Process(number)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    found += sum(one.cpu_times()[:4])  # its own, and of those it has buried
        return found


@contextlib.contextmanager
def served(kind: str) -> Iterator[Served]:
    """One process ("one"), two replicas behind nginx ("two"), or the bare page ("bare")."""
    os.environ.setdefault("ATLAS_LIMITS", "hosted")
    if kind == "two":
        import local

        with local.Hosted(2, quiet=True, listen=f"127.0.0.1:{local.free_port()}") as hosted:
            healthy(hosted.url)
            yield Served(
                hosted.url,
                lambda: [one.process.pid for one in hosted.replicas],
                lambda: hosted.replicas[0].process.kill(),
            )
        return
    command = ("run", FLOOR, *TUNED) if kind == "bare" else ("run", "app.py")
    with running(*command) as (url, process):
        healthy(url)
        yield Served(url, lambda: [process.pid])


def plan(server: Served, page: str) -> Plan:
    """What its students do."""
    path, key, value = PAGES.get(page, BARE)
    return Plan(server.url, path, key, value)


# --- figures


@dataclass
class Figures:
    """What a part found: turns, failures by their words."""

    turns: list[Turn] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def failed(self, error: BaseException) -> None:
        self.failures.append(f"{type(error).__name__}: {error}"[:120])

    def told(self, what: str, **more: object) -> dict:
        """One line, printed and returned."""
        found: dict = {"what": what, "n": len(self.turns), "failures": len(self.failures), **more}
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
            if self.turns:
                pictures = [turn.picture if turn.picture is not None else turn.end for turn in self.turns]
                found[name] = round(1000 * percentile(pictures, share), 1)
                found[f"{name} end"] = round(1000 * percentile([turn.end for turn in self.turns], share), 1)
        if self.failures:
            found["reasons"] = sorted(set(self.failures))[:5]
        print(json.dumps(found), flush=True)
        return found


async def warm(wanted: Plan) -> None:
    """Every replica has started its workers, and torch in them, before anything is measured."""
    figures = Figures()
    await gone(await _worked(await opened(wanted, 8, figures, first=9000), 8, figures))
    if figures.failures:
        print("while it warmed up:", sorted(set(figures.failures)), flush=True)


async def opened(wanted: Plan, count: int, figures: Figures, *, first: int = 0) -> list[Student]:
    """`count` students who came one after the other."""
    students = [Student(first + number, wanted) for number in range(count)]

    async def come(number: int, student: Student) -> None:
        await asyncio.sleep(number * RAMP)
        await student.open()

    _done, failed = await together(come(*one) for one in enumerate(students))
    for error in failed:
        figures.failed(error)
    return [student for student in students if student.connected]


async def lesson(students: list[Student], seconds: float, figures: Figures) -> None:
    """Each changes a number every 3 s, not in step."""
    end = time.perf_counter() + seconds

    async def work(student: Student) -> None:
        await asyncio.sleep(student.rng.uniform(0, EVERY))
        while time.perf_counter() < end:
            begun = time.perf_counter()
            figures.turns.append(await student.change())
            await asyncio.sleep(max(0.0, begun + EVERY * student.rng.uniform(0.9, 1.1) - time.perf_counter()))

    _done, failed = await together(work(student) for student in students)
    for error in failed:
        figures.failed(error)


async def gone(students: list[Student]) -> None:
    """They close their tabs."""
    await together(student.leave() for student in students)


# --- parts


async def school(server: Served, page: str, options: argparse.Namespace) -> list[dict]:
    """Ever more students, one change every 3 s each."""
    found = []
    for count in options.sessions:
        figures, before = Figures(), server.memory()
        students = await opened(plan(server, page), count, figures)
        spent, own, begun = server.everything(), _own(), time.perf_counter()
        await lesson(students, options.seconds, figures)
        took = time.perf_counter() - begun
        cpu = (server.everything() - spent) / max(1, len(figures.turns))
        found.append(
            figures.told(
                f"class of {count}", seconds=options.seconds,
                cpu_ms_a_change=round(1000 * cpu, 1), client_cores=round((_own() - own) / took, 2),
                mb_a_session=round((server.memory() - before) / count, 2),
            )
        )  # fmt: skip
        await gone(students)
        await asyncio.sleep(2)
    return found


async def _worked(students: list[Student], seconds: float, figures: Figures) -> list[Student]:
    await lesson(students, seconds, figures)
    return students


async def press(server: Served, page: str, options: argparse.Namespace) -> list[dict]:
    """Everyone presses now, three times."""
    figures = Figures()
    students = await opened(plan(server, page), max(options.sessions), figures)
    await asyncio.sleep(2)
    for _time in range(3):
        done, failed = await together(student.change() for student in students)
        figures.turns += done
        for error in failed:
            figures.failed(error)
        await asyncio.sleep(2)
    await gone(students)
    return [figures.told(f"{len(students)} press at one instant")]


async def open_now(server: Served, page: str, options: argparse.Namespace) -> list[dict]:
    """Everyone opens the link now."""
    figures = Figures()
    students = [Student(number, plan(server, page)) for number in range(max(options.sessions))]
    done, failed = await together(student.open() for student in students)
    figures.turns += done
    for error in failed:
        figures.failed(error)
    await gone(students)
    return [figures.told(f"{len(students)} open at one instant", last=round(max(t.end for t in done), 2))]


async def blink(server: Served, page: str, options: argparse.Namespace) -> list[dict]:
    """Everyone is cut off at once and comes back."""
    figures = Figures()
    students = await opened(plan(server, page), max(options.sessions), figures)
    await together(student.change() for student in students)
    before = [student.picture for student in students]
    await together(student.cut() for student in students)
    await asyncio.sleep(1)
    return [await _back(students, before, figures, f"{len(students)} cut off and back", 20)]


async def kill(server: Served, page: str, options: argparse.Namespace) -> list[dict]:
    """A replica dies in mid-lesson."""
    figures = Figures()
    students = await opened(plan(server, page), min(100, max(options.sessions)), figures)
    await together(student.change() for student in students)
    before = [student.picture for student in students]
    server.kill_one()
    lost = [student for student in students if not await student.answered(5)]
    kept = [picture for student, picture in zip(students, before, strict=True) if student in lost]
    return [await _back(lost, kept, figures, f"a replica killed under {len(students)}, {len(lost)} lost", 10)]


async def _back(
    students: list[Student], before: list[str], figures: Figures, what: str, within: float
) -> dict:
    times, failed = await together(student.back(within) for student in students)
    for error in failed:
        figures.failed(error)
    same = sum(student.picture == picture for student, picture in zip(students, before, strict=True))
    await gone(students)
    return figures.told(
        what, same_picture=f"{same} of {len(before)}",
        back_p50=round(statistics.median(times), 2) if times else None,
        last_back=round(max(times), 2) if times else None,
    )  # fmt: skip


HOSTILE = (
    "[" * 2000, "-" * 1900 + "1", "10**10**7", "ones(100000000)", "zeros(1000,1000) @ zeros(1000,1000)",
    "ｏｓ.system(1)", "__import__('os')", "einsum('a,b,c,d->', ones(99), ones(99), ones(99), ones(99))",
    "rand(1000, 1000).T @ rand(1000, 1000)", "[1e400, nan]", "<script>alert(1)</script>", "[[1, 2], [3]]",
    "ones(1,1,1,1,1,1,1,1,1)", "\x00", "[1" + ",1" * 900 + "]",
)  # fmt: skip


async def attack(server: Served, page: str, options: argparse.Namespace) -> list[dict]:
    """A quiet class; then the same beside one student who sends hostile input without a pause."""
    found = []
    for armed in (False, True):
        figures = Figures()
        students = await opened(plan(server, page), 30, figures)
        attacker = Student(666, plan(server, page))
        await attacker.open()
        done = asyncio.Event()
        loop = asyncio.create_task(_attack(attacker, done)) if armed else None
        await lesson(students, options.seconds, figures)
        done.set()
        sent = await loop if loop else 0
        await gone([*students, attacker])
        found.append(figures.told("30 beside an attacker" if armed else "30 in quiet", attacks=sent))
    return found


async def _attack(attacker: Student, done: asyncio.Event) -> int:
    sent = 0
    while not done.is_set():
        try:
            await attacker.put(HOSTILE[sent % len(HOSTILE)])
        except (Failed, OSError):
            await attacker.open()
        sent += 1
    return sent


async def growth(server: Served, page: str, options: argparse.Namespace) -> list[dict]:
    """Classes of 50 come, work 6 s and go, again and again, as the disconnected are kept for two minutes."""
    figures, weights = Figures(), []
    end = time.perf_counter() + options.seconds
    while time.perf_counter() < end or len(weights) < 4:
        students = await opened(plan(server, page), 50, figures, first=100 * len(weights))
        await lesson(students, 6, figures)
        await gone(students)
        weights.append(round(server.memory()))
    return [figures.told(f"{len(weights)} classes of 50", mb=weights)]


def _own() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


PARTS = {
    "class": school,
    "press": press,
    "open": open_now,
    "blink": blink,
    "kill": kill,
    "attack": attack,
    "growth": growth,
}


async def _measured(part: Callable, server: Served, page: str, options: argparse.Namespace) -> list[dict]:
    await warm(plan(server, page))
    return await part(server, page, options)


def main() -> None:
    """Every part asked for, on every server and page."""
    reader = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    reader.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="part")
    reader.add_argument("--seconds", type=float, default=30)
    reader.add_argument("--sessions", default="1,10,50,100,300")
    reader.add_argument("--pages", default="median,heaviest")
    reader.add_argument("--servers", default="one,two,bare")
    reader.add_argument("--json", type=Path)
    options = reader.parse_args()
    options.sessions = [int(one) for one in options.sessions.split(",")]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 8192)), hard))
    print(subprocess.run(["nproc"], capture_output=True, text=True).stdout.strip(), "cores; goals", GOALS)
    for part in options.parts or PARTS:
        for kind in options.servers.split(","):
            pages = ["bare"] if kind == "bare" else options.pages.split(",")
            for page in pages:
                if (part == "kill" and kind != "two") or (part == "attack" and kind == "bare"):
                    continue
                with served(kind) as server:
                    print(f"-- {part}, {kind}, {page}", flush=True)
                    found = asyncio.run(_measured(PARTS[part], server, page, options))
                if options.json:
                    with options.json.open("a") as file:
                        for one in found:
                            file.write(json.dumps({"part": part, "server": kind, "page": page, **one}) + "\n")


if __name__ == "__main__":
    main()

"""Every page of the course in one table: `python tests/bench/bench_course.py [concept ...]`. Never a test.

wire: the largest film of defaults, presets and first choices, gzipped (limit 50 kB, 80 with a photograph). worker: the
median of an answer to changed numbers. body: CPU of the script's own thread for one change, median and p95 (limits 8
and 30 ms), in a real server that ../shared/tools/st_load.py drives. unit: a loop of Python on this machine, so that
tables of two machines can be told apart.
"""

from __future__ import annotations

import gzip
import math
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import bench_page  # noqa: E402

from core import answers, ops  # noqa: E402
from core.operation import Choice, Operation, Slider  # noqa: E402

SITE = """
import os, threading, time
from streamlit.runtime.scriptrunner import script_runner
whole = script_runner.ScriptRunner._run_script
def timed(self, data):
    begun = time.thread_time()
    try:
        return whole(self, data)
    finally:
        with open(os.environ["ATLAS_BENCH_TIMES"], "a") as sink:
            print(time.thread_time() - begun, int(bool(data.fragment_id_queue or data.fragment_id)), file=sink)
script_runner.ScriptRunner._run_script = timed
"""
VARIANTS, WARMING, SECONDS = 8, 6, 10


def asked(operation: Operation, **more: object) -> tuple[dict, dict]:
    """The answer of a worker, given here."""
    return answers.TASKS["operation"]({"key": operation.key, **more})


def wire(operation: Operation) -> float:
    """kB of the largest film, gzipped."""
    parameters = [
        {choice.name: value}
        for choice in operation.parameters[:2]
        if isinstance(choice, Choice)
        for value, _label in choice.options
    ]
    names = [item.name for item in operation.inputs]
    cases = [{}, *({"parameters": one} for one in parameters)]
    for preset in operation.presets:
        texts = {name: text for name, text in preset.values.items() if name in names}
        rest = {name: value for name, value in preset.values.items() if name not in names}
        cases.append({"inputs": texts, "parameters": rest})
    films = [asked(operation, **case)[1].get("film", b"") for case in cases]
    return max(len(gzip.compress(film, 6)) for film in films) / 1e3


def variants(operation: Operation) -> tuple[str, list[str]]:
    """(label of a field, texts for it that all give an answer)."""
    if not operation.inputs:
        sliders = [item for item in operation.parameters if isinstance(item, Slider)]
        needed = operation.prepare.parameters if operation.prepare else ()
        return next(item.label for item in sliders if item.name not in needed), ["*"]
    item = operation.inputs[0]
    found = []
    for number in range(1, 10):
        text = re.sub(
            r"\d+", lambda match, number=number: str((int(match[0]) + number) % 10), item.default, count=1
        )
        if "problem" not in asked(operation, inputs={item.name: text})[0]:
            found.append(text)
    return f"{item.name}: .*", found[:VARIANTS] or [item.default]


def worker(operation: Operation, texts: list[str]) -> float:
    """ms of one answer."""
    times = []
    for text in texts * 2:
        inputs = {} if text == "*" else {operation.inputs[0].name: text}
        begun = time.perf_counter()
        asked(operation, inputs=inputs)
        times.append(1e3 * (time.perf_counter() - begun))
    return statistics.median(times)


def body(operation: Operation, label: str, texts: list[str]) -> tuple[float, float]:
    """(median, p95) ms of CPU of the script's thread for one change."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(SITE)
        times = Path(folder) / "times.txt"
        env = {"PYTHONPATH": f"{folder}:{ROOT}", "ATLAS_BENCH_TIMES": str(times)}
        with bench_page.running("run", "app.py", env=env) as (url, process):
            bench_page.healthy(url)
            change = f"{label}={'|'.join(texts)}"
            for seconds in (WARMING, SECONDS):  # at first torch is still on its way
                times.write_text("")
                bench_page.load(
                    url, process, sessions=1, every=0.3, seconds=seconds, page=operation.key, change=change
                )
        lines = [line.split() for line in times.read_text().splitlines()]
    spent = [1e3 * float(seconds) for seconds, fragment in lines if fragment == "1"] or [math.nan]
    return statistics.median(spent), bench_page.percentile(spent, 0.95)


def main(keys: list[str]) -> None:
    """The table, row by row as it is measured."""
    begun = time.perf_counter()
    sum(number * number for number in range(5_000_000))
    print(f"unit: {time.perf_counter() - begun:.2f} s", flush=True)
    print(f"{'concept':22} {'wire kB':>8} {'worker ms':>10} {'body ms':>8} {'p95 ms':>7}", flush=True)
    for operation in ops.CHAPTERS:
        if keys and operation.key not in keys:
            continue
        label, texts = variants(operation)
        median, most = body(operation, label, texts)
        row = (wire(operation), worker(operation, texts), median, most)
        print(f"{operation.key:22} {row[0]:8.1f} {row[1]:10.1f} {row[2]:8.1f} {row[3]:7.1f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

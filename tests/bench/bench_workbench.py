"""The workbench, beside floors of the same run: `python tests/bench/bench_workbench.py [part ...]`. Never a test.

Parts: summary (a million and ten million numbers summed up, beside one pass over them: torch.sum), inspect (a whole
answer of the tensors page in a worker), wire (the film of every view and of every example of the expression page,
gzipped; limit 50 kB), expression (a whole answer of the expression page), shelf (a question
with eight megabytes beside it, through the server's calculator and a worker's pipe), body (processor time of the
script's own thread for one change, as in bench_course; limits 8 and 30 ms).
"""

from __future__ import annotations

import gzip
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import bench_course  # noqa: E402
import torch  # noqa: E402

from core import answers, calculator  # noqa: E402
from core.expression.examples import EXAMPLES  # noqa: E402
from core.workbench import inspect, shelf  # noqa: E402
from core.workbench.desks import EXPRESSION, TENSORS, VIEWS  # noqa: E402

ROUNDS = 7
SHOWN = (
    "torch.arange(24).reshape(2, 3, 4)",
    "torch.randn(1000, 1000, seed=1)",
    "china()",
    "digits()",
    "iris()",
)


def taken(work: Callable[[], object]) -> float:
    """ms of `work`: the median of a few."""
    times = []
    for _round in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return 1e3 * statistics.median(times)


def line(label: str, value: str, beside: str = "") -> None:
    """One line of the table."""
    print(f"{label:<58}{value:>12}   {beside}", flush=True)


def looked(text: str, **changes: str) -> tuple[dict, dict]:
    """The tensors page's answer."""
    values = {item.name: item.default for item in TENSORS.parameters} | changes
    return answers.TASKS["inspect"]({"text": text, "parameters": values})


def explained(text: str) -> tuple[dict, dict]:
    """The expression page's answer."""
    return answers.TASKS["expression"]({"text": text, "parameters": {"node": ""}})


def summary() -> None:
    """The summary of many numbers."""
    for count in (1_000_000, 10_000_000):
        for dtype in (torch.float32, torch.uint8):
            numbers = (torch.rand(count) * 255).to(dtype)
            one_pass = taken(lambda numbers=numbers: numbers.sum())
            found = taken(lambda numbers=numbers: inspect.summed_up(numbers))
            label = f"summary: {count:,} of {str(dtype).removeprefix('torch.')}"
            line(label, f"{found:.1f} ms", f"{found / one_pass:.1f} x one pass ({one_pass:.1f} ms)")


def inspected() -> None:
    """Whole answers about tensors."""
    for text in SHOWN:
        looked(text)
        line(f"inspect: {text}", f"{taken(lambda text=text: looked(text)):.0f} ms")


def wire() -> None:
    """Films as they travel."""
    for text in SHOWN:
        sizes = {
            view: len(gzip.compress(looked(text, view=view)[1]["film"], 6)) / 1e3 for view, _label in VIEWS
        }
        largest = max(sizes, key=sizes.__getitem__)
        line(f"wire: {text}", f"{sizes[largest]:.1f} kB", largest)
    for example in EXAMPLES:
        line(
            f"wire: {example.key}",
            f"{len(gzip.compress(explained(example.text)[1]['film'], 6)) / 1e3:.1f} kB",
        )


def expression() -> None:
    """Whole answers about programs."""
    for text, label in (
        (EXPRESSION.inputs[0].default, "the default"),
        *((one.text, one.key) for one in EXAMPLES),
    ):
        explained(text)
        line(f"expression: {label}", f"{taken(lambda text=text: explained(text)):.0f} ms")


def carried() -> None:
    """A question with the largest tensor of the shelf beside it."""
    numbers = torch.randn(1000, 1000, dtype=torch.float64)
    data = shelf.bytes_of(numbers)
    values = {item.name: item.default for item in TENSORS.parameters} | {"view": "values"}
    described = {"big": {"shape": [1000, 1000], "dtype": "float64", "text": "", "origin": ""}}
    calculator.start()
    asked = 0

    def ask() -> None:
        nonlocal asked
        asked += 1
        request = {"text": f"big + {asked}", "parameters": values, "shelf": described}
        calculator.ask("inspect", request, files={"shelf:big": data})

    ask()
    through = taken(ask)
    calculator.stop()
    alone = taken(lambda: inspect.inspect({"text": "big + 1", "parameters": values, "shelf": described,
                                           "files": {"shelf:big": data}}))  # fmt: skip
    line(
        "shelf: a million float64 beside a question",
        f"{through:.0f} ms",
        f"{through / alone:.2f} x in one process",
    )


def body() -> None:
    """One change of the field, in a real server."""
    tensors = [f"torch.arange({2 * k}).reshape(2, {k})" for k in range(5, 13)]
    expressions = [f"softmax([[{k}., 2], [3, 4]] @ [[1., 0], [2, 1]], 1)" for k in range(1, 9)]
    for page, label, texts in ((TENSORS, "A: .*", tensors), (EXPRESSION, ".*tensor code.*", expressions)):
        median, most = bench_course.body(page, label, texts)
        line(f"body: {page.key}", f"{median:.1f} ms", f"p95 {most:.1f} ms")


PARTS = {
    "summary": summary, "inspect": inspected, "wire": wire, "expression": expression, "shelf": carried, "body": body,
}  # fmt: skip


def main() -> None:
    """The parts asked for, or all."""
    torch.set_num_threads(1)
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main()

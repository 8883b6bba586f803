"""Everything the course computes, on the accelerator beside the CPU: `python tests/bench/bench_accelerator.py [N]`.

Never a test: CI has no accelerator. First every answer of the catalogue twice in this process, compared number by
number, with the milliseconds of both; whatever differs is printed. Then the calculator itself: how long until the
badge names the accelerator, a round trip there and on the CPU, and one large product (N x N, 1,000 without N).
"""

from __future__ import annotations

import json
import math
import os
import re
import statistics
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("ATLAS_CACHE", "off")

import torch  # noqa: E402

from core import answers, device, ops  # noqa: E402
from core.calculator import Calculator, Settings  # noqa: E402
from core.calculator.worker import start_afresh, trace  # noqa: E402
from core.expression.examples import EXAMPLES  # noqa: E402
from core.operation import Choice  # noqa: E402
from core.workbench.desks import EXPRESSION, TENSORS  # noqa: E402

ROUNDS = 100
# What a float32 sum in another order may differ by; a picture's numbers are rounded to a few digits beside that.
RELATIVE, ABSOLUTE = 2e-3, 2e-4
SHELF_TEXTS = ("A + ones(2, 3)", "randn(4, 2) @ A", "A.mT @ A", "stack([A, zeros(2, 3)])", "A[:, [0, 2]]")
NUMBER = re.compile(r"(-?\d+(?:\.\d*)?(?:e[+-]?\d+)?)")
Question = tuple[str, str, dict[str, Any]]


def catalogue() -> Iterator[Question]:
    """(name, task, arguments): defaults, presets and choices of all concepts, their examples, and the workbench."""
    for found in ops.CHAPTERS:
        names = {item.name for item in found.inputs}
        yield found.key, "operation", {"key": found.key}
        for preset in found.presets:
            inputs = {name: text for name, text in preset.values.items() if name in names}
            rest = {name: value for name, value in preset.values.items() if name not in names}
            arguments = {"key": found.key, "inputs": inputs, "parameters": rest}
            yield f"{found.key}, {preset.key}", "operation", arguments
        for item in found.parameters:
            for value, _label in item.options if isinstance(item, Choice) else ():
                arguments = {"key": found.key, "parameters": {item.name: value}}
                yield f"{found.key}, {item.name}={value}", "operation", arguments
        yield f"keep {found.key}", "keep", {"key": found.key, "name": "C"}
        yield f"code {found.key}", "code", {"key": found.key, "format": "py"}
        for one in (*found.practice, *found.traps):
            yield f"{found.key}: {one.key}", "example", {"key": found.key, "example": one.key}
    for one in EXAMPLES:
        yield f"expression {one.key}", "expression", {"text": one.text, "parameters": {"node": ""}}
        for node in range(12):
            arguments = {"text": one.text, "parameters": {"node": str(node)}}
            yield f"expression {one.key}, node {node}", "expression", arguments
        yield f"keep {one.key}", "keep_node", {"text": one.text, "node": "", "name": "C"}
        yield f"program {one.key}", "program", {"text": one.text, "format": "py"}
    numbers = torch.tensor([[2.0, 1.0, -1.0], [0.5, 3.0, 4.0]])
    told = {"shape": [2, 3], "dtype": "float32", "text": ""}
    shelf = {"shelf": {"A": told}, "files": {"shelf:A": numbers.numpy().tobytes()}}
    for text in SHELF_TEXTS:
        yield f"shelf {text}", "expression", {"text": text, "parameters": {"node": ""}, **shelf}
    for desk, task in ((TENSORS, "inspect"), (EXPRESSION, "expression")):
        values = {item.name: item.default for item in desk.parameters}
        yield f"{task}, as it opens", task, {"text": desk.inputs[0].default, "parameters": values}


def answered(task: str, arguments: dict[str, Any], kind: str) -> tuple[Any, float]:
    """(the answer as plain data, ms), computed on `kind` as a worker does; where it raises, the place is the answer."""
    device.use(kind)
    start_afresh(1)
    begun = time.perf_counter()
    try:
        data, blobs = answers.TASKS[task](arguments)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:160]} at {trace(error)[-1]}", 0.0
    spent = 1e3 * (time.perf_counter() - begun)
    film = json.loads(blobs["film"]) if "film" in blobs else None
    rest = {name: len(blob) for name, blob in blobs.items() if name != "film"}
    return json.loads(json.dumps([data, film, rest])), spent


def differences(left: Any, right: Any, where: str = "") -> Iterator[str]:
    """Where two answers differ by more than rounding; the name of the device is no difference."""
    if isinstance(left, dict) and isinstance(right, dict) and left.keys() == right.keys():
        for key in left:
            yield from () if key == "device" else differences(left[key], right[key], f"{where}/{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for place, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from differences(one, other, f"{where}/{place}")
    elif isinstance(left, int | float) and isinstance(right, int | float):
        if not math.isclose(left, right, rel_tol=RELATIVE, abs_tol=ABSOLUTE):
            yield f"{where}: {left} on the CPU, {right}"
    elif isinstance(left, str) and isinstance(right, str):
        yield from _in_words(left, right, where)
    elif left != right:
        yield f"{where}: {str(left)[:140]!r} on the CPU, {str(right)[:140]!r}"


def _in_words(left: str, right: str, where: str) -> Iterator[str]:
    """The numbers of a sentence, a literal or a code as numbers; pictures, whose bytes follow from them, not at all."""
    one, other = NUMBER.split(left), NUMBER.split(right)
    if left == right or (left.startswith("data:image/") and right.startswith("data:image/")):
        return
    if [text.split() for text in one[::2]] != [text.split() for text in other[::2]]:
        yield f"{where}: {left[:140]!r} on the CPU, {right[:140]!r}"
    else:
        yield from differences(list(map(float, one[1::2])), list(map(float, other[1::2])), where)


def compare(kind: str) -> None:
    """The whole catalogue on both."""
    times: list[tuple[float, float]] = []
    asked = bad = 0
    slowest = (0.0, "")
    for name, task, arguments in catalogue():
        asked += 1
        expected, cpu = answered(task, arguments, "cpu")
        found, spent = answered(task, arguments, kind)
        slowest = max(slowest, (spent, name))
        times.append((cpu, spent))
        wrong = list(differences(expected, found))
        if wrong:
            bad += 1
            print(f"  {name}: {len(wrong)} differences; {wrong[0]}", flush=True)
    device.use("cpu")
    print(f"{asked} answers compared, {bad} differ")
    print(f"median ms: {statistics.median(c for c, _ in times):.1f} on the CPU, ", end="")
    print(f"{statistics.median(s for _, s in times):.1f} there; the slowest {slowest[0]:.0f}, {slowest[1]}")


def round_trips(asked: str, size: int) -> None:
    """The calculator as the server has it."""
    begun = time.perf_counter()
    with Calculator(Settings(device=asked, longest_wall=30.0)) as calculator:
        while calculator.device()["note"] == device.LOOKING and time.perf_counter() - begun < 120:
            time.sleep(0.05)
        print(f"{asked}: {calculator.device()} after {time.perf_counter() - begun:.1f} s", flush=True)
        # Small seeds: what is measured is the way, not the sum. The first is not counted.
        times = []
        for number in range(ROUNDS):
            question = {"key": "matrix-vector", "inputs": {"x": f"[{number}, 1]"}}
            begun = time.perf_counter()
            reply = calculator.ask("operation", question)
            times.append(1e3 * (time.perf_counter() - begun))
        print(
            f"  an answer: first {times[0]:.0f} ms, median {statistics.median(times[1:]):.1f} ({reply.device})"
        )
        for text in (
            "svd(randn(6, 6)).S",
            "randn(8, 8).inverse()",
            f"randn({size}, {size}) @ randn({size}, {size})",
        ):
            begun = time.perf_counter()
            try:
                reply = calculator.ask("expression", {"text": text, "parameters": {"node": ""}}, wall=30.0)
                told = reply.device
            except Exception as error:
                told = str(error)
            print(
                f"  {text}: {1e3 * (time.perf_counter() - begun):.0f} ms ({told}; {calculator.device()['note']})"
            )


def main(size: int) -> None:
    """Both parts, or a word that there is no accelerator."""
    found = device.detect("auto")
    print(f"torch {torch.__version__}, {found}", flush=True)
    for asked in ("auto", "cpu"):
        round_trips(asked, size)
    if found.kind == "cpu":
        print("No accelerator here: nothing to compare.")
        return
    try:
        compare(found.kind)
    except Exception:
        traceback.print_exc()
        raise


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)

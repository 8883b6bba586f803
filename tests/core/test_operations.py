"""The promises of the catalogue, over every concept in CHAPTERS: the picture is the computation, and nothing else."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go
import pytest
import torch

from core import answers, tensors, words
from core.figures import film
from core.operation import Choice, Operation, Step, Toggle, taken
from core.ops import CHAPTER_TITLES, CHAPTERS, find
from core.panels import Block, Cells
from core.shapes import ShapeError

CHINESE = re.compile("[一-鿿]")


@dataclass(frozen=True, eq=False)
class Case:
    """A concept, the texts of its inputs and the values of its parameters."""

    operation: Operation
    texts: dict[str, str]
    picked: dict


def cases() -> list[pytest.param]:
    """Every concept: its defaults with every other value of each choice and toggle, each preset in every view."""
    found = []
    for operation in CHAPTERS:
        known = {p.name: p for p in operation.parameters}
        standing = {name: p.default for name, p in known.items()}
        others = [
            {p.name: value}
            for p in operation.parameters
            for value in (
                [v for v, _ in p.options]
                if isinstance(p, Choice)
                else [False, True]
                if isinstance(p, Toggle)
                else []
            )
            if value != p.default
        ]
        first = next((p.name for p in operation.parameters if isinstance(p, Choice)), "")
        for key, values in [("default", {}), *((p.key, dict(p.values)) for p in operation.presets)]:
            texts = {item.name: values.get(item.name, item.default) for item in operation.inputs}
            chosen = {name: known[name].read(text) for name, text in values.items() if name in known}
            views = [other for other in others if key == "default" or set(other) == {first}]
            for other in [{}, *views]:
                picked = standing | chosen | other
                name = "-".join([operation.key, key, *map(str, other.values())])
                found.append(pytest.param(Case(operation, texts, picked), id=name))
    return found


CASES = cases()


def read(operation: Operation, texts: dict[str, str]) -> dict[str, torch.Tensor]:
    found = {}
    for item in operation.inputs:
        if texts[item.name].strip() or not item.optional:
            tensor = tensors.read(texts[item.name])
            found[item.name] = tensor if item.own_dtype else tensor.float()
    return found


@functools.cache
def _done(key: str, chosen: tuple) -> dict:
    """What an operation prepares for these parameters, as its page asks for it: part after part."""
    needed, done = find(key).prepare, None
    for _part in range(needed.parts):
        done = json.loads(json.dumps(needed.part(done, dict(chosen))))
    return done


def prepared(operation: Operation, picked: dict) -> dict:
    """The parameters, with what was prepared for them."""
    if not operation.prepare:
        return picked
    chosen = tuple((name, picked[name]) for name in operation.prepare.parameters)
    return picked | operation.prepare.values(_done(operation.key, chosen), picked)


def slices(operation: Operation, step: Step) -> list[Block]:
    """The blocks of cells that hold the result in `step`, or slices of it."""
    blocks = [b for panel in step.panels if isinstance(panel, Cells) for b in panel.blocks]
    return [b for b in blocks if (b.tensor or b.name) == operation.result]


def table(tensor: torch.Tensor, upright: bool) -> torch.Tensor:
    """A slice as it stands in cells: a vector as a column, or as a row."""
    if tensor.dim() == 1:
        return tensor[:, None] if upright else tensor[None, :]
    return tensor.reshape(1, 1) if tensor.dim() == 0 else tensor


@dataclass(frozen=True)
class Told:
    """A case worked out: its last step's blocks of the result, what `run` computes, and the inputs that changed."""

    shown: list[Block]
    expected: torch.Tensor | None
    touched: list[str]


@functools.cache
def worked_out(case: Case) -> Told:
    """`expected` is None where these choices do not fit these shapes, which `explain` has to say."""
    operation, given = case.operation, read(case.operation, case.texts)
    picked, before = (
        prepared(operation, case.picked),
        {name: tensor.clone() for name, tensor in given.items()},
    )
    try:
        operation.explain(**{n: tuple(t.shape) for n, t in given.items()}, **taken(operation.explain, picked))
    except ShapeError as error:
        assert error.sentence
        return Told([], None, [])
    steps = list(operation.steps(**given, **taken(operation.steps, picked)))
    expected = operation.run(**given, **operation.run_parameters(picked))
    touched = [name for name, tensor in given.items() if not torch.equal(tensor, before[name])]
    return Told(slices(operation, steps[-1]), expected, touched)


@pytest.mark.parametrize("case", CASES)
def test_the_last_step_shows_what_run_computes(case: Case) -> None:
    told = worked_out(case)
    if told.expected is None:
        return
    assert told.shown
    for block in told.shown:
        wanted = table(told.expected[block.at].to(torch.float64), block.upright)
        drawn = torch.tensor(
            [[float("nan") if v is None else v for v in row] for row in block.rows], dtype=torch.float64
        )
        window = wanted[tuple(slice(0, size) for size in drawn.shape)] if drawn.numel() else wanted
        torch.testing.assert_close(drawn.reshape(window.shape), window, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("case", CASES)
def test_inputs_are_not_touched(case: Case) -> None:
    assert worked_out(case).touched == []


def answered(case: Case, language: str) -> tuple[dict, dict]:
    """A case's answer and its film."""
    operation, picked = case.operation, case.picked
    arguments = {"key": operation.key, "inputs": case.texts, "parameters": picked, "language": language}
    if operation.prepare:
        chosen = tuple((name, picked[name]) for name in operation.prepare.parameters)
        arguments["prepared"] = _done(operation.key, chosen)
    data, blobs = answers.operation(arguments)
    return data, json.loads(blobs.get("film", b"null"))


PASSED: set[bytes] = set()  # digests of the traces and layouts that plotly has passed


def check(figure: dict) -> None:
    """plotly itself checks every attribute, of the frames too; a trace that comes again is not checked again."""
    traces = {
        _digest(trace): trace
        for trace in (*figure["data"], *(trace for frame in figure["frames"] for trace in frame["data"]))
    }
    fresh = [trace for digest, trace in traces.items() if digest not in PASSED]
    layout = _digest(figure["layout"])
    frames = [{name: frame[name] for name in frame.keys() - {"data"}} for frame in figure["frames"]]
    go.Figure({"data": fresh, "layout": {} if layout in PASSED else figure["layout"], "frames": frames})
    PASSED.update(traces, {layout})


def _digest(part: dict) -> bytes:
    return hashlib.sha256(json.dumps(part).encode()).digest()


@pytest.mark.parametrize(
    "broken",
    [
        {"data": [{"type": "scatter", "line": {"colour": "red"}}]},
        {"frames": [{"name": "0", "traces": [0], "data": [{"x": [0], "y": 3}]}]},
        {"frames": [{"label": "0", "data": []}]},
        {"layout": {"margin": {"l": "wide"}}},
    ],
    ids=lambda broken: next(iter(broken)),
)
def test_what_plotly_does_not_know_is_seen_each_time(broken: dict) -> None:
    whole = {"data": [{"type": "scatter", "x": [1]}], "layout": {}, "frames": []}
    for _time in range(2):
        check(whole)
        with pytest.raises(ValueError):
            check(whole | broken)


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_every_step_speaks_and_draws(case: Case, language: str) -> None:
    data, figure = answered(case, language)
    if "problem" in data:  # these choices do not fit these shapes, and the sentence says so
        assert data["problem"]["rule"] == "shape" and data["problem"]["sentence"]
        return
    told = figure["layout"]["meta"]["steps"]
    assert len(told) == len(figure["frames"]) == data["steps"] > 1
    assert all(step["sentence"].strip() and step["formula"].strip() for step in told)
    if language == "zh":
        assert all(CHINESE.search(step["sentence"]) for step in told)
    check(figure)
    check(film.unfold(figure))


EACH_ALONE = """
import os, runpy, sys, torch
torch.set_num_threads(1)
for path in sys.argv[1:]:
    child = os.fork()
    if not child:
        os.dup2(os.open(path + ".txt", os.O_WRONLY | os.O_CREAT), 1)
        os.dup2(1, 2)
        try:
            runpy.run_path(path, run_name="__main__")
            sys.stdout.flush()
        except BaseException:
            import traceback
            traceback.print_exc()
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the code shown of each concept prints, run by itself: torch is imported once, then each has a fork."""
    folder, shown = tmp_path_factory.mktemp("shown"), {}
    for operation in CHAPTERS:
        shown[operation.key] = folder / f"{operation.key}.py"
        shown[operation.key].write_text(
            answers.operation({"key": operation.key})[0]["code"], encoding="utf-8"
        )
    subprocess.run([sys.executable, "-I", "-c", EACH_ALONE, *shown.values()], check=True, cwd=folder)
    return {key: Path(f"{path}.txt").read_text(encoding="utf-8").strip() for key, path in shown.items()}


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
def test_the_code_shown_runs_alone_and_gives_the_result(
    operation: Operation, printed: dict[str, str]
) -> None:
    data, _blobs = answers.operation({"key": operation.key})
    assert printed[operation.key] == data["result"]["text"]
    assert operation.code in data["code"]  # the very source, not one that looks like it


def examples() -> list[pytest.param]:
    return [
        pytest.param(operation, example, id=f"{operation.key}-{example.key}")
        for operation in CHAPTERS
        for example in (*operation.practice, *operation.traps)
    ]


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize(("operation", "example"), examples())
def test_every_practice_and_trap_speaks_and_draws(operation, example, language) -> None:
    data, blobs = answers.example({"key": operation.key, "example": example.key, "language": language})
    figure = json.loads(blobs["film"])
    told = figure["layout"]["meta"]["steps"]
    assert len(told) == data["steps"] > 1
    assert all(step["sentence"].strip() for step in told)
    if language == "zh":
        assert all(CHINESE.search(step["sentence"]) for step in told)
    check(figure)


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
def test_a_concept_is_declared_whole(operation) -> None:
    assert operation.chapter in CHAPTER_TITLES
    assert operation.presets and operation.practice and operation.traps and operation.place
    assert "def run" in operation.code


def test_keys_are_unique_and_the_catalogue_is_in_course_order() -> None:
    keys = [operation.key for operation in CHAPTERS]
    assert len(set(keys)) == len(keys)
    chapters = list(CHAPTER_TITLES)
    assert [chapters.index(operation.chapter) for operation in CHAPTERS] == sorted(
        chapters.index(operation.chapter) for operation in CHAPTERS
    )

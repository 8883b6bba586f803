"""The promises of the catalogue, over every concept in CHAPTERS: the picture is the computation, and nothing else."""

from __future__ import annotations

import functools
import json
import subprocess
import sys

import plotly.graph_objects as go
import pytest
import torch

from core import answers, tensors, words
from core.figures import film
from core.operation import Choice, Operation, Step, Toggle, taken
from core.ops import CHAPTER_TITLES, CHAPTERS, find
from core.panels import Block, Cells
from core.shapes import ShapeError


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
                found.append(pytest.param(operation, texts, picked, id=name))
    return found


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


def told(operation: Operation, given: dict[str, torch.Tensor], picked: dict) -> list[Step]:
    """The steps; the test ends where these choices do not fit these shapes, which `explain` has to say."""
    try:
        operation.explain(**{n: tuple(t.shape) for n, t in given.items()}, **taken(operation.explain, picked))
    except ShapeError as error:
        assert error.sentence
        return []
    return list(operation.steps(**given, **taken(operation.steps, picked)))


def slices(operation: Operation, step: Step) -> list[Block]:
    """The blocks of cells that hold the result in `step`, or slices of it."""
    blocks = [b for panel in step.panels if isinstance(panel, Cells) for b in panel.blocks]
    return [b for b in blocks if (b.tensor or b.name) == operation.result]


def table(tensor: torch.Tensor, upright: bool) -> torch.Tensor:
    """A slice as it stands in cells: a vector as a column, or as a row."""
    if tensor.dim() == 1:
        return tensor[:, None] if upright else tensor[None, :]
    return tensor.reshape(1, 1) if tensor.dim() == 0 else tensor


@pytest.mark.parametrize(("operation", "texts", "picked"), cases())
def test_the_last_step_shows_what_run_computes(operation, texts, picked) -> None:
    given, picked = read(operation, texts), prepared(operation, picked)
    steps = told(operation, given, picked)
    if not steps:
        return
    expected = operation.run(**given, **operation.run_parameters(picked))
    shown = slices(operation, steps[-1])
    assert shown
    for block in shown:
        wanted = table(expected[block.at].to(torch.float64), block.upright)
        drawn = torch.tensor(
            [[float("nan") if v is None else v for v in row] for row in block.rows], dtype=torch.float64
        )
        window = wanted[tuple(slice(0, size) for size in drawn.shape)] if drawn.numel() else wanted
        torch.testing.assert_close(drawn.reshape(window.shape), window, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize(("operation", "texts", "picked"), cases())
def test_inputs_are_not_touched(operation, texts, picked) -> None:
    given, picked = read(operation, texts), prepared(operation, picked)
    before = {name: tensor.clone() for name, tensor in given.items()}
    if told(operation, given, picked):
        operation.run(**given, **operation.run_parameters(picked))
    for name, tensor in given.items():
        assert torch.equal(tensor, before[name])


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize(("operation", "texts", "picked"), cases())
def test_every_step_speaks_and_draws(operation, texts, picked, language) -> None:
    arguments = {"key": operation.key, "inputs": texts, "parameters": picked, "language": language}
    if operation.prepare:
        chosen = tuple((name, picked[name]) for name in operation.prepare.parameters)
        arguments["prepared"] = _done(operation.key, chosen)
    data, blobs = answers.operation(arguments)
    if "problem" in data:  # these choices do not fit these shapes, and the sentence says so
        assert data["problem"]["rule"] == "shape" and data["problem"]["sentence"]
        return
    figure = json.loads(blobs["film"])
    told = figure["layout"]["meta"]["steps"]
    assert len(told) == len(figure["frames"]) == data["steps"] > 1
    assert all(step["sentence"].strip() and step["formula"].strip() for step in told)
    if language == "zh":
        assert all(any("一" <= letter <= "鿿" for letter in step["sentence"]) for step in told)
    go.Figure(figure)  # plotly itself checks every attribute
    go.Figure(film.unfold(figure, between=1))


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
def test_the_code_shown_runs_alone_and_gives_the_result(operation, tmp_path) -> None:
    data, _blobs = answers.operation({"key": operation.key})
    script = tmp_path / "shown.py"
    script.write_text(data["code"], encoding="utf-8")
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == data["result"]["text"]
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
        assert all(any("一" <= letter <= "鿿" for letter in step["sentence"]) for step in told)
    go.Figure(figure)


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

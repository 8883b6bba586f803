"""The promises of the catalogue, over every concept in CHAPTERS: the picture is the computation, and nothing else."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import plotly.graph_objects as go
import pytest
import torch

from core import answers, tensors, words
from core.figures import film
from core.operation import Choice, Operation, Step
from core.ops import CHAPTER_TITLES, CHAPTERS
from core.panels import Cells


def cases() -> list[pytest.param]:
    """Every concept with its defaults and each preset, under every combination of its choices."""
    found = []
    for operation in CHAPTERS:
        texts = {item.name: item.default for item in operation.inputs}
        choices = [
            [(p.name, value) for value, _label in p.options]
            for p in operation.parameters
            if isinstance(p, Choice)
        ]
        for preset in [("default", {}), *((p.key, dict(p.values)) for p in operation.presets)]:
            for picked in itertools.product(*choices):
                name = "-".join([operation.key, preset[0], *(value for _name, value in picked)])
                found.append(pytest.param(operation, texts | preset[1], dict(picked), id=name))
    return found


def read(operation: Operation, texts: dict[str, str]) -> dict[str, torch.Tensor]:
    return {item.name: tensors.read(texts[item.name]).float() for item in operation.inputs}


def shown_result(operation: Operation, step: Step) -> torch.Tensor:
    """The block of cells that holds the result in `step`, as a column."""
    blocks = [b for panel in step.panels if isinstance(panel, Cells) for b in panel.blocks]
    rows = next(block.rows for block in blocks if block.name == operation.result)
    return torch.tensor([[float("nan") if v is None else v for v in row] for row in rows])


@pytest.mark.parametrize(("operation", "texts", "picked"), cases())
def test_the_last_step_shows_what_run_computes(operation, texts, picked) -> None:
    given = read(operation, texts)
    last = list(operation.steps(*given.values(), **picked))[-1]
    expected = operation.run(**given)
    torch.testing.assert_close(
        shown_result(operation, last).reshape(expected.shape), expected, rtol=0, atol=0
    )


@pytest.mark.parametrize(("operation", "texts", "picked"), cases())
def test_inputs_are_not_touched(operation, texts, picked) -> None:
    given = read(operation, texts)
    before = {name: tensor.clone() for name, tensor in given.items()}
    list(operation.steps(*given.values(), **picked))
    operation.run(**given)
    for name, tensor in given.items():
        assert torch.equal(tensor, before[name])


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize(("operation", "texts", "picked"), cases())
def test_every_step_speaks_and_draws(operation, texts, picked, language) -> None:
    arguments = {"key": operation.key, "inputs": texts, "parameters": picked, "language": language}
    data, blobs = answers.operation(arguments)
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
    assert all(item.axes.split() for item in operation.inputs)
    assert "def run" in operation.code


def test_keys_are_unique_and_the_catalogue_is_in_course_order() -> None:
    keys = [operation.key for operation in CHAPTERS]
    assert len(set(keys)) == len(keys)
    chapters = list(CHAPTER_TITLES)
    assert [chapters.index(operation.chapter) for operation in CHAPTERS] == sorted(
        chapters.index(operation.chapter) for operation in CHAPTERS
    )

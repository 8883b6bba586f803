"""The challenges of all concepts: unsolved as they begin, solved by their solution, and no goal stumbles."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import answers, tensors
from core.operation import Challenge, Choice, Operation, taken
from core.ops import CHAPTERS, find
from core.ops.challenges import goals
from core.refusal import Refusal, guarded
from core.shapes import ShapeError

EVERY = [
    pytest.param(operation, one, id=f"{operation.key}-{one.key}")
    for operation in CHAPTERS
    for one in operation.challenges
]


def asked(operation: Operation, challenge: Challenge, texts: dict[str, str]) -> dict[str, Any]:
    """The page's own question to the worker, and its answer."""
    values = {**operation.begun(), **operation.typed(texts)}
    names = [item.name for item in operation.inputs]
    question = {
        "key": operation.key,
        "inputs": {name: values[name] for name in names},
        "parameters": {name: value for name, value in values.items() if name not in names},
        "challenge": challenge.key,
    }
    return answers.operation(question)[0]


@pytest.mark.parametrize(("operation", "challenge"), EVERY)
def test_it_begins_unsolved_and_its_solution_solves_it(operation: Operation, challenge: Challenge) -> None:
    """As a worker sees it. What it begins with may clash, its solution may not."""
    first = asked(operation, challenge, dict(challenge.start))
    assert "problem" in first or first["met"] is False
    found = asked(operation, challenge, {**challenge.start, **challenge.solution})
    assert "problem" not in found
    assert found["met"] is True


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
def test_every_concept_has_a_row_of_them(operation: Operation) -> None:
    """Three at least, with keys for a link, texts of their own, and a reason each."""
    row = operation.challenges
    assert len(row) >= 3
    assert len({one.key for one in row}) == len({one.text for one in row}) == len(row)
    for one in row:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", one.key)
        assert one.text.endswith((".", "?")) and one.why.endswith(".")
        assert len(one.text) <= 130
        assert set(one.start) | set(one.solution) <= set(operation.begun())


def test_there_are_forty_and_more() -> None:
    assert len(EVERY) >= 40


def test_another_solution_counts_too_and_a_near_miss_does_not() -> None:
    """A goal says what is wanted and not how: the other quarter turn, what a hand lets go of, and what is too far."""
    operation = find("matrix-vector")
    quarter = operation.challenge("quarter")
    met = {
        text: asked(operation, quarter, {"A": text})["met"]
        for text in (
            "[[0, 1], [-1, 0]]", "[[0.013, -0.99], [1.01, 0.002]]", "[[0.1, -1], [1, 0]]", "[[0, -2], [2, 0]]",
        )
    }  # fmt: skip
    assert list(met.values()) == [True, True, False, False]


def test_a_page_without_a_challenge_meets_none() -> None:
    """A key that nobody has is not met, and asks nothing."""
    operation = find("vector")
    assert operation.meets("nothing", {}, None) is False
    data, _film = answers.operation({"key": "vector"})
    assert data["met"] is False


def test_a_goal_that_stumbles_is_not_met(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's answer comes all the same."""
    operation = find("vector")

    def broken(result: torch.Tensor) -> bool:
        return bool(result[99] > 0)

    one = operation.challenges[0]
    monkeypatch.setattr(Operation, "challenge", lambda _self, _key: Challenge("x", "", broken, "", {}, {}))
    found = asked(operation, one, {})
    assert found["met"] is False
    assert found["result"]


NUMBERS = st.one_of(
    st.integers(-5, 5).map(float),
    st.sampled_from([0.5, -0.25, 1e30, float("inf"), float("-inf"), float("nan")]),
)


@st.composite
def any_tensor(draw: st.DrawFn, wanted: torch.Tensor, own_dtype: bool) -> torch.Tensor:
    """A tensor as a challenge has it, or one of its shape, or of any; now and then of another dtype."""
    kind = draw(st.sampled_from(["same", "shape", "any"]))
    if kind == "same":
        return wanted if own_dtype else wanted.float()
    shape = (
        list(wanted.shape) if kind == "shape" else draw(st.lists(st.sampled_from([1, 2, 3, 0]), max_size=4))
    )
    count = int(torch.Size(shape).numel())
    few = draw(st.lists(NUMBERS, min_size=1, max_size=min(count, 9) or 1))
    values = torch.tensor((few * (count // len(few) + 1))[:count]).reshape(shape)
    whole = own_dtype and draw(st.booleans())
    dtype = draw(st.sampled_from([torch.int64, torch.bool])) if whole else torch.float32
    return (values.nan_to_num(0, 0, 0) if whole else values).to(dtype)


@st.composite
def situations(draw: st.DrawFn, operation: Operation) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Inputs and parameters: where one of the challenges begins or ends, and what may have become of it."""
    one = draw(st.sampled_from(operation.challenges))
    values = {**operation.begun(one.key), **operation.typed(one.solution if draw(st.booleans()) else {})}
    found = {}
    for item in operation.inputs:
        text = values.pop(item.name)
        if text.strip() or not item.optional:
            found[item.name] = draw(any_tensor(tensors.read(text), item.own_dtype))
    for choice in (item for item in operation.parameters if isinstance(item, Choice)):
        if draw(st.integers(0, 3)) == 0:
            values[choice.name] = draw(st.sampled_from([value for value, _label in choice.options]))
    return found, values


COMPUTED = [operation for operation in CHAPTERS if not operation.prepare]


@pytest.mark.parametrize("operation", COMPUTED, ids=lambda operation: operation.key)
@settings(max_examples=20)
@given(data=st.data())
def test_no_goal_stumbles_over_what_computes(operation: Operation, data: st.DataObject) -> None:
    """Whatever the concept computes, each of its goals says yes or no, and changes nothing."""
    tensors_given, values = data.draw(situations(operation))
    try:
        answers._explained(operation, tensors_given, values)
        result = guarded(lambda: operation.run(**tensors_given, **operation.run_parameters(values)))
    except (Refusal, ShapeError):
        return
    before = {name: tensor.clone() for name, tensor in tensors_given.items()}
    empty = {item.name: None for item in operation.inputs if item.optional}
    for one in operation.challenges:
        told = taken(one.goal, {**empty, **values, **tensors_given, "result": result})
        assert bool(one.goal(**told)) in (True, False)
    for name, tensor in tensors_given.items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0, equal_nan=True)


def test_large_tensors_are_no_work() -> None:
    """A goal looks at sizes first: a million numbers are not even copied."""
    large = torch.ones(1000, 1000)
    assert not goals.small(large)
    assert not goals.square(2, large)
    assert not goals.vectors(torch.ones(10**6))


def test_texts_of_the_challenges_are_read_as_typing_is() -> None:
    """Every start and solution is text of the tensor language."""
    for operation in CHAPTERS:
        names = {item.name for item in operation.inputs}
        for one in operation.challenges:
            for name, text in (*one.start.items(), *one.solution.items()):
                if name in names and text:
                    tensors.read(text)

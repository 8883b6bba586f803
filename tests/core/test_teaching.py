"""A teacher's link in the worker: a film that stays closed tells nothing, and a prediction is judged with a reason."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from core import answers, teaching
from core.operation import Operation, taken
from core.ops import CHAPTERS, find
from core.panels import Alignment, Cells, Label, Plane

SHAPE = "Which shape will {} have? Predict it; then the picture plays."
VALUE = "What will {} be? Predict it; then the picture plays."


def shown(key: str, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answer to a page's question, and its film."""
    data, blobs = answers.operation({"key": key, **more})
    return data, json.loads(blobs["film"])


def told(film: dict[str, Any]) -> list[tuple[str, str]]:
    """Sentence and formula of every step."""
    return [(step["sentence"], step["formula"]) for step in film["layout"]["meta"]["steps"]]


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
def test_an_open_question_closes_the_film(operation: Operation) -> None:
    """One step, with the question for its sentence; nothing of the result, no number that follows the hand."""
    case = answers._case(operation, {})
    steps = list(operation.steps(**case.given, **taken(operation.steps, case.parameters)))
    for asking in ("shape", "value"):
        (only,) = teaching.seen(operation, steps, {"asking": asking})
        assert only.sentence == (SHAPE if asking == "shape" else VALUE).format(operation.result)
        assert (only.formula, only.links) == ("", ())
        blocks = [b for panel in only.panels if isinstance(panel, Cells) for b in panel.blocks]
        own = [block for block in blocks if (block.tensor or block.name) == operation.result]
        if asking == "shape":
            strips = [s.name for panel in only.panels if isinstance(panel, Alignment) for s in panel.strips]
            assert own == []
            assert operation.result not in strips
        assert all(number is None for block in own for row in block.rows for number in row)
        marks = [mark for panel in only.panels if isinstance(panel, Plane) for mark in panel.marks]
        assert not any(isinstance(mark, Label) and mark.live for mark in marks)


def test_the_film_that_travels_is_the_closed_one() -> None:
    """What the server gets has one step; open, it has all; and the result's section is the page's to leave out."""
    _data, film = shown("matrix-matrix", asking="shape")
    assert told(film) == [(SHAPE.format("C"), "")]
    assert not film.get("frames") or len(film["frames"]) == 1
    assert len(told(shown("matrix-matrix")[1])) > 20
    data, film = shown("matrix-matrix", without=["result"])
    assert (told(film), data["steps"]) == ([("What comes of it is not shown here.", "")], 1)


def test_steps_sentences_and_formulas_can_be_left_out() -> None:
    """Each by itself; the rest is as it was."""
    every = told(shown("vector")[1])
    assert told(shown("vector", without=["steps"])[1]) == every[:1]
    assert told(shown("vector", without=["sentence"])[1]) == [("", formula) for _sentence, formula in every]
    assert told(shown("vector", without=["formula"])[1]) == [(sentence, "") for sentence, _formula in every]


def test_a_clash_is_not_told_while_a_question_is_open() -> None:
    """The film of a clash shows shapes meet; the card beside the field says enough."""
    clash = {"inputs": {"A": "torch.ones(2, 3)", "B": "torch.ones(2)"}}
    assert "film" in answers.operation({"key": "broadcasting", **clash})[1]
    data, blobs = answers.operation({"key": "broadcasting", "asking": "shape", **clash})
    assert data["problem"]["rule"] == "shape"
    assert blobs == {}


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("2, 3", (2, 3)), ("(2,3)", (2, 3)), ("2×3", (2, 3)), ("2 x 3", (2, 3)), ("[2, 3]", (2, 3)), ("2 * 3", (2, 3)),
        ("torch.Size([2, 3])", (2, 3)), ("（2，3）", (2, 3)), ("3", (3,)), ("(3,)", (3,)), ("()", ()), ("scalar", ()),
        ("标量", ()), ("", None), ("two", None), ("-1", None), ("2.5", None), ("1" * 61, None), ("٣", None),
        ("1,1,1,1,1,1,1,1,1", None),
    ],
)  # fmt: skip
def test_a_shape_may_be_written_as_people_do(text: str, shape: tuple[int, ...] | None) -> None:
    assert teaching.read_shape(text) == shape


def judged(key: str, asking: str, text: str, **inputs: str) -> tuple[bool, str]:
    """The worker's answer to a prediction."""
    data, _blobs = answers.predict({"key": key, "inputs": inputs, "asking": asking, "text": text})
    return data["right"], data["sentence"]


PRODUCT = {"A": "torch.ones(2, 3)", "B": "torch.ones(3, 4)"}


@pytest.mark.parametrize(
    ("text", "right", "sentence"),
    [
        ("2, 4", True, "Right: C has the shape (2, 4)."),
        ("4, 2", False, "Not yet. The sizes are right, their order is not."),
        ("2, 3", False, "Not yet. (2, 3) is the shape of A; C has another. Axis 1 of C is not 3. "
                        "3 is the size of k, which is added up and disappears."),
        ("2, 3, 4", False, "Not yet. C has fewer axes than that. "
                           "3 is the size of k, which is added up and disappears."),
        ("2", False, "Not yet. C has more axes than that."),
        ("2, 1, 4", False, "Not yet. C has fewer axes than that. It is only about axes of size 1."),
        ("[[1]]?", False, "This is no shape. Write the sizes axis by axis: `2, 3`; of a vector `3`; of a number `()`."),
    ],
)  # fmt: skip
def test_a_wrong_shape_gets_its_reason(text: str, right: bool, sentence: str) -> None:
    """Which axis, and where the size stands; never the answer itself."""
    assert judged("matrix-matrix", "shape", text, **PRODUCT) == (right, sentence)
    assert right or "(2, 4)" not in sentence


@pytest.mark.parametrize(
    ("text", "right", "sentence"),
    [
        ("[[4, 5], [10, 11]]", True, "Right: that is C. torch holds its numbers as float32."),
        ("[[4.004, 5], [10.04, 11.]]", True, "Right: that is C."),
        ("[[4, 5], [10, 12]]", False, "Not yet. 1 of 4 numbers differ: at `[1, 1]`."),
        ("[[0, 0], [0, 0]]", False, "Not yet. 4 of 4 numbers differ, the first at `[0, 0]`, `[0, 1]`, `[1, 0]`."),
        ("[[4, 10], [5, 11]]", False, "Not yet. 2 of 4 numbers differ: at `[0, 1]`, `[1, 0]`. "
                                         "Rows and columns are exchanged."),
        ("[[-4, -5], [-10, -11]]", False, "Not yet. 4 of 4 numbers differ, the first at `[0, 0]`, `[0, 1]`, `[1, 0]`. "
                                          "With the other sign it would be right."),
        ("[[2, 2], [3, 8]]", False, "Not yet. 4 of 4 numbers differ, the first at `[0, 0]`, `[0, 1]`, `[1, 0]`. "
                                    "That is A * B, cell by cell."),
        ("[4, 5, 10, 11]", False, "Not yet. The numbers are right, but yours stand in the shape (4,), "
                                   "those of C do not."),
        ("[1, 2, 3]", False, "Not yet. Yours has the shape (3,), and C has another."),
        ("1j", False, "`1j` is a complex number; the tensors here are real."),
    ],
)  # fmt: skip
def test_a_wrong_value_gets_its_reason(text: str, right: bool, sentence: str) -> None:
    """[[1, 2], [3, 4]] @ [[2, 1], [1, 2]], judged within half a percent."""
    inputs = {"A": "[[1, 2], [3, 4]]", "B": "[[2, 1], [1, 2]]"}
    assert judged("matrix-matrix", "value", text, **inputs) == (right, sentence)


def test_of_one_number_it_says_on_which_side() -> None:
    assert judged("dot-product", "value", "9")[1] == "Not yet. It is larger."
    assert judged("dot-product", "value", "11") == (False, "Not yet. It is smaller.")
    assert judged("dot-product", "value", "10")[0]


@pytest.mark.parametrize("text", ["[[1", "torch.zeros(10**12)", "().__class__", "nope", "\x00", "[" * 500])
def test_a_hostile_prediction_is_a_sentence(text: str) -> None:
    """It is read as strictly as every text of the language."""
    right, sentence = judged("vector", "value", text)
    assert not right
    assert sentence


def test_what_cannot_be_computed_is_a_problem() -> None:
    """The inputs are the page's; where they clash there is nothing to predict."""
    clash = {"A": "torch.ones(2, 3)", "B": "torch.ones(2, 3)"}
    data, _blobs = answers.predict({"key": "matrix-matrix", "inputs": clash, "asking": "shape", "text": "2"})
    assert data["problem"]["rule"] == "shape"


def test_nan_where_nan_is_and_true_for_one() -> None:
    """A prediction may name what is no number, and say True and False as torch does."""
    case = answers._case(find("vector"), {})
    result = torch.tensor([float("nan"), float("inf")])
    assert teaching.judged(case, result, "value", "[nan, inf]")[0]
    assert not teaching.judged(case, result, "value", "[0, inf]")[0]
    assert teaching.judged(case, torch.tensor([True, False]), "value", "[True, False]")[0]


def test_a_complex_tensor_of_the_shelf_is_no_answer() -> None:
    """A prediction may name what the visitor keeps; only files bring complex numbers."""
    case = replace(answers._case(find("vector"), {}), names={"Z": torch.tensor([1j, 2j])})
    assert teaching.judged(case, torch.tensor([1.0, 2.0]), "value", "Z") == (False, "Real numbers are meant.")

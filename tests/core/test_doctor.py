"""The shape doctor: every fix that is offered was executed, reads back as promised, and works when it is set."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import answers, doctor, tensors
from core.operation import taken
from core.ops import CHAPTERS, find
from core.shapes import ShapeError

TWO = [operation for operation in CHAPTERS if sum(not item.optional for item in operation.inputs) == 2]
SHAPES = st.lists(st.integers(1, 4), max_size=3).map(tuple)


def texts_of(operation, shapes) -> dict[str, str]:
    """Counting numbers in the shapes, one for each input that must be given."""
    names = [item.name for item in operation.inputs]
    sizes = {
        name: torch.arange(float(torch.Size(shape).numel())).reshape(shape)
        for name, shape in zip(names, shapes, strict=False)
    }
    return {name: tensors.literal(sizes[name]) if name in sizes else "" for name in names}


def case_of(operation, texts, changes=None) -> doctor.Case:
    changes = changes or {}
    arguments = {
        "inputs": texts | {k: v for k, v in changes.items() if k in texts},
        "parameters": {k: v for k, v in changes.items() if k not in texts},
    }
    return answers._case(operation, arguments)


def outcome(case: doctor.Case) -> tuple[int, ...]:
    """The shape of the result on real numbers; raises where it does not run."""
    operation, parameters = case.operation, case.parameters
    operation.explain(**case.shapes, **taken(operation.explain, parameters))
    return tuple(operation.run(**case.given, **operation.run_parameters(parameters)).shape)


@pytest.mark.parametrize("operation", TWO, ids=lambda operation: operation.key)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=SHAPES, second=SHAPES)
def test_every_offered_fix_runs_and_has_the_promised_shape(operation, first, second) -> None:
    texts = texts_of(operation, (first, second))
    case = case_of(operation, texts)
    offered = doctor.fixes(case)
    assert len(offered) <= doctor.MOST
    for fix in offered:
        assert outcome(case_of(operation, texts, fix.changes)) == fix.shape
        assert fix.code


@settings(max_examples=60, deadline=None)
@given(first=SHAPES, second=SHAPES)
def test_what_was_probably_meant_is_no_larger_than_an_operand(first, second) -> None:
    operation = find("broadcasting")
    texts = texts_of(operation, (first, second))
    case = case_of(operation, texts)
    try:
        outcome(case)
    except (ShapeError, RuntimeError):
        return
    for fix in doctor.meant(case):
        after = case_of(operation, texts, fix.changes)
        assert outcome(after) == fix.shape
        assert torch.Size(fix.shape).numel() <= max(t.numel() for t in after.given.values())


def problem(key, **inputs) -> dict:
    data, _blobs = answers.operation({"key": key, "inputs": inputs})
    return data["problem"]


def test_a_transpose_is_offered_first() -> None:
    found = problem("matrix-vector", A="[[1, 2, 3], [4, 5, 6]]", x="[1, 2]")
    assert found["fixes"][0] == {
        "code": "torch.mv(A.T, x)",
        "shape": [3],
        "changes": {"A": "([[1, 2, 3], [4, 5, 6]]).T"},
    }
    assert found["strips"] == [
        {"name": "A", "sizes": [2, 3], "clash": [1]},
        {"name": "x", "sizes": [None, 2], "clash": [1]},
    ]


def test_swapped_operands_are_put_right() -> None:
    found = problem("matrix-vector", A="[1, 2]", x="[[1, 2], [3, 4]]")
    assert found["fixes"][0]["changes"] == {"A": "[[1, 2], [3, 4]]", "x": "[1, 2]"}


def test_a_column_is_offered_where_a_vector_clashes() -> None:
    found = problem("broadcasting", A="[[1, 2, 3], [4, 5, 6]]", B="[10, 20]")
    codes = {fix["code"]: fix["shape"] for fix in found["fixes"]}
    assert codes["A + B.unsqueeze(1)"] == [2, 3]
    assert list(codes)[-1] == "A.unsqueeze(2) + B"  # it runs, and outgrows both: last


def test_texts_that_cannot_stand_in_brackets_are_written_out() -> None:
    found = problem("broadcasting", A="1 2 3\n4 5 6", B="10 20")
    texts = [text for fix in found["fixes"] for text in fix["changes"].values()]
    assert "([10, 20]).unsqueeze(1)" in texts
    assert all(tensors.read(text) is not None for text in texts)


def test_cut_or_filled_is_the_last_resort() -> None:
    found = problem("matrix-vector", A="[[2, 1], [0, 1]]", x="[1, 2, 3]")
    assert [fix["changes"] for fix in found["fixes"]] == [{"A": "[[2, 1, 0], [0, 1, 0]]"}, {"x": "[1, 2]"}]


@pytest.mark.parametrize(
    ("A", "B", "op", "sounds"),
    [
        ("[[1], [2], [3]]", "[1, 2, 3]", "-", True),
        ("[[1], [2], [3]]", "[1, 2, 3]", "+", True),
        ("[[1, 2], [3, 4], [5, 6]]", "[1, 2]", "+", False),
        ("[[1], [2], [3]]", "[5]", "+", False),
        ("[[1], [2], [3]]", "[[1, 2, 3]]", "@", False),
    ],
)
def test_the_alarm_sounds_when_the_result_outgrows_every_operand(A, B, op, sounds) -> None:
    data, _blobs = answers.operation(
        {"key": "broadcasting", "inputs": {"A": A, "B": B}, "parameters": {"op": op}}
    )
    assert bool(data["alarm"]) == sounds
    if sounds:
        assert data["alarm"]["fixes"][0]["code"] == f"A.squeeze(1) {op} B"
        assert {fix["code"] for fix in data["alarm"]["fixes"]} >= {
            f"A.squeeze(1) {op} B",
            f"A {op} B.unsqueeze(1)",
        }


def test_a_clash_comes_with_its_film() -> None:
    data, blobs = answers.operation({"key": "broadcasting", "inputs": {"A": "[[1, 2, 3]]", "B": "[1, 2]"}})
    assert data["problem"]["rule"] == "shape" and data["steps"] > 1 and blobs["film"]


def test_markup_in_a_text_is_only_text() -> None:
    from pages.shared import problem as cards

    drawn = cards.strips([{"name": "<b>", "sizes": [None, 2], "clash": [1]}])
    assert "<b>" not in drawn and 'role="img"' in drawn and "aria-label=" in drawn

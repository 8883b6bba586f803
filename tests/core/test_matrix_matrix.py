"""Matrix-matrix: six readings stop at the same places, large matrices are told, the plane is moved twice."""

from __future__ import annotations

import gzip
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import answers, tensors
from core.operation import Step
from core.ops import matmul_order, matmul_plane, matmul_story, matmul_traps
from core.ops.matmul_order import READINGS, Sizes
from core.ops.matrix_matrix import MATRIX_MATRIX, facts, steps
from core.panels import Cells, Cubes, Plane, Raster

WIRE = 50_000
reading = pytest.mark.parametrize("reading", READINGS)


def told(A: str, B: str, **picked: str) -> list[Step]:
    return list(steps(tensors.read(A).float(), tensors.read(B).float(), **picked))


def known(step: Step) -> int:
    """The entries of C that are written."""
    blocks = [b for panel in step.panels if isinstance(panel, Cells) for b in panel.blocks if b.name == "C"]
    return sum(value is not None for row in blocks[0].rows for value in row)


@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 9), k=st.integers(1, 9), m=st.integers(1, 9))
def test_every_reading_has_the_same_places(n, k, m) -> None:
    A, B = torch.arange(n * k).reshape(n, k).float(), torch.arange(k * m).reshape(k, m).float()
    counts = {name: len(list(steps(A, B, reading=name))) for name in READINGS}
    assert len(set(counts.values())) == 1
    assert counts["dot"] == len(matmul_story.moments(Sizes(n, k, m))) <= 40


@reading
def test_a_place_is_the_same_amount_of_the_product(reading) -> None:
    sizes = Sizes(3, 4, 5)
    for moment in matmul_story.moments(sizes):
        done = matmul_order.counts(reading, sizes, moment.after, range(3), range(5))
        assert int(done.sum()) == moment.after  # whatever the order: as many multiply-adds


@reading
def test_every_reading_begins_empty_and_ends_whole(reading) -> None:
    found = told("[[1, 2, 0], [3, -1, 2]]", "[[2, 0, 1, 3], [1, 4, -2, 0], [5, 1, 0, 2]]", reading=reading)
    assert known(found[0]) == 0 and known(found[-1]) == known(found[-2]) == 8
    assert all(step.sentence and step.formula for step in found)


def test_the_sentence_of_a_dot_product_holds_its_numbers() -> None:
    found = told("[[1, 2, 0], [3, -1, 2]]", "[[2, 0, 1, 3], [1, 4, -2, 0], [5, 1, 0, 2]]")
    assert found[15].sentence == "Row 2 of A meets column 1 of B: 3·2 + (−1)·1 + 2·5 = 15."
    assert found[15].formula == "c₂₁ = 3·2 + (−1)·1 + 2·5 = 15"


def test_the_addends_below_make_up_the_part_in_work() -> None:
    for name in ("columns", "rows", "blocks"):
        for step in told(
            "[[1, 2, 0], [3, -1, 2]]", "[[2, 0, 1, 3], [1, 4, -2, 0], [5, 1, 0, 2]]", reading=name
        ):
            *addends, total = step.panels[0].lines[1]
            for i, row in enumerate(total.rows):
                for j, value in enumerate(row):
                    parts = [a.rows[i][j] for a in addends if a.rows[i][j] is not None]
                    assert (value is None and not parts) or value == sum(parts)


def test_the_cube_holds_every_product_and_lights_the_bar() -> None:
    found = told("[[1, 2, 0], [3, -1, 2]]", "[[2, 0, 1, 3], [1, 4, -2, 0], [5, 1, 0, 2]]", reading="cube")
    cubes = {m.name: m for m in found[-1].panels[0].marks if isinstance(m, Cubes)}
    products = torch.tensor(cubes["products"].values).reshape(2, 3, 4)
    A, B = (
        torch.tensor([[1, 2, 0], [3, -1, 2.0]]),
        torch.tensor([[2, 0, 1, 3], [1, 4, -2, 0], [5, 1, 0, 2.0]]),
    )
    assert torch.equal(products, torch.einsum("nk,km->nkm", A, B))
    assert torch.equal(torch.tensor(cubes["C-face"].values).reshape(2, 4), A @ B)
    third = {m.name: m for m in found[3].panels[0].marks if isinstance(m, Cubes)}
    assert [cubes["products"].points[k][:1] for k in third["products"].lit] == [(0.0,)] * 3  # the bar of c11


@reading
@pytest.mark.parametrize(
    ("A", "B"),
    [
        ("torch.ones(1000, 1000)", "torch.ones(1000, 1000)"),
        ("torch.ones(1, 100000)", "torch.ones(100000, 1)"),
        ("torch.ones(999, 1)", "torch.ones(1, 7)"),
        ("torch.arange(90).reshape(9, 10)", "torch.arange(30).reshape(10, 3)"),
        ("torch.zeros(0, 3)", "torch.zeros(3, 2)"),
        ("torch.zeros(2, 0)", "torch.zeros(0, 3)"),
        ("[[nan, inf], [1, 2]]", "[[1, -inf], [0, 1e30]]"),
        ("[[3]]", "[[4]]"),
    ],
)
def test_any_sizes_and_numbers_are_told(A, B, reading) -> None:
    for view in ("cells", "plane"):
        data, blobs = answers.operation(
            {
                "key": "matrix-matrix",
                "inputs": {"A": A, "B": B},
                "parameters": {"view": view, "reading": reading},
            }
        )
        assert "problem" not in data
        assert 2 <= data["steps"] <= 40
        assert len(gzip.compress(blobs["film"])) <= WIRE


def test_large_matrices_are_seen_from_afar_and_it_is_said() -> None:
    found = told("torch.ones(300, 200)", "torch.ones(200, 100)", reading="outer")
    assert len(found) == matmul_story.LARGE_SHARES + 2
    assert "seen from afar" in found[0].sentence
    rasters = [panel for panel in found[3].panels if isinstance(panel, Raster)]
    assert [(r.height, r.width) for r in rasters] == [(32, 32)] * 3
    assert rasters[0].lit == ((0, 8, 32, 4),)  # a band of the columns of A


@pytest.mark.parametrize(
    ("A", "B"), [("[[0, -1], [1, 0]]", "[[2, 0], [0, 1]]"), ("[[1, 1], [0, 1]]", "[[1, 0], [1, 1]]")]
)
def test_the_plane_is_moved_by_both_in_both_orders(A, B) -> None:
    found = told(A, B, view="plane")
    first, second = (panel for panel in found[-1].panels if isinstance(panel, Plane))
    a, b = tensors.read(A).float(), tensors.read(B).float()
    assert torch.equal(torch.tensor(first.state["AB"]), (a @ b).double().float())
    assert torch.equal(torch.tensor(second.state["BA"]), (b @ a).double().float())
    assert "order matters" in found[-1].sentence


def test_a_rotation_turns_and_nothing_else_does() -> None:
    found = told("rotation(degrees=90)", "diag([2, 0.5])", view="plane")
    left = [panel.turns for step in found for panel in step.panels[:1]]
    assert math.degrees(left[2]["AB"].angle) == pytest.approx(90, abs=1e-3)
    assert not left[1]


def test_commuting_maps_are_said_to_commute() -> None:
    found = told("rotation(degrees=30)", "rotation(degrees=50)", view="plane")
    assert "commute" in found[-1].sentence and "=" in found[-1].formula
    assert matmul_plane.drawable(torch.eye(2), torch.eye(2)) and not matmul_plane.drawable(
        torch.eye(3), torch.eye(3)
    )


def test_facts_count_the_work() -> None:
    found = dict(facts(torch.ones(2, 3), torch.ones(3, 4)))
    assert found["multiply-adds"] == "n·k·m = 24"
    assert found["floating-point operations"] == "2·n·k·m = 48"
    assert found["numbers read and written"] == "n·k + k·m + n·m = 26"
    assert dict(facts(torch.eye(2), torch.ones(2, 2)))["A B = B A"] == "yes"


def test_inner_sizes_that_differ_are_refused_with_both_sizes() -> None:
    data, _ = answers.operation(
        {"key": "matrix-matrix", "inputs": {"A": "torch.ones(2, 3)", "B": "torch.ones(4, 5)"}}
    )
    assert data["problem"]["sentence"] == "Axis k is 3 in A (2, 3) but 4 in B (4, 5)."


def test_the_trap_quotes_torch_and_its_fixes_were_executed() -> None:
    Q, K = matmul_traps.keys()
    with pytest.raises(RuntimeError) as error:
        torch.mm(Q, K)
    found = list(matmul_traps.inner_steps())
    assert str(error.value) in found[1].formula
    scores = found[2].panels[0].blocks[-1]
    assert torch.equal(torch.tensor(scores.rows), Q @ K.mT)
    assert len(matmul_traps.ORDER_MATTERS.title) and len(MATRIX_MATRIX.traps) == 2

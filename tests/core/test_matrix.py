"""Matrix: the entry, the flip, the symmetry check, and the practice, against torch and numpy."""

from __future__ import annotations

import numpy as np
import torch

from core import answers
from core.ops import data, iris_table, matrix, matrix_story, reshape_is_not_transpose, row_by_row
from core.ops.matrix import MATRIX
from core.panels import Cells
from pages.shared import drag

DEFAULTS = {parameter.name: parameter.default for parameter in MATRIX.parameters}
A = torch.arange(12.0).reshape(3, 4)


def blocks(step) -> dict:
    return {b.name: b for panel in step.panels if isinstance(panel, Cells) for b in panel.blocks}


def test_a_click_on_a_cell_chooses_it() -> None:
    step = next(iter(matrix.steps(A, **DEFAULTS)))
    assert [(link.result, link.pick) for link in step.links if link.pick] == [("A", "cell")]
    assert drag.new_text(MATRIX, {"variable": "cell", "value": [2, 3]}, {}) == ("cell", (2.0, 3.0))
    assert drag.new_text(MATRIX, {"variable": "cell", "value": [-2, 3]}, {}) == ("cell", (0, 3.0))
    assert drag.new_text(MATRIX, {"variable": "cell", "value": [2]}, {}) is None
    chosen = list(matrix.steps(A, **DEFAULTS | {"cell": (2.0, 3.0)}))[-1]
    assert blocks(chosen)["B"].rows == ((11.0,),)
    assert blocks(chosen)["A"].lit == ((2, 3),)


def test_a_cell_that_nobody_chose_gives_way_to_the_matrix() -> None:
    asked = {"key": "matrix", "inputs": {"A": "[[1, 2, 3]]"}}
    data, _blobs = answers.TASKS["operation"](asked)
    assert data["fitted"] == {"cell": (0, 0)} and data["result"]["text"] == "tensor(1.)"
    data, _blobs = answers.TASKS["operation"]({**asked, "unchosen": []})
    assert "there is no index 1" in data["problem"]["sentence"]


def test_the_entry_of_a_large_matrix_is_in_its_window() -> None:
    large = torch.arange(10_000.0).reshape(100, 100)
    block = blocks(list(matrix.steps(large, **DEFAULTS | {"cell": (99.0, 50.0)}))[-1])["A"]
    (i, j), (top, left) = block.lit[0], block.first
    assert (i + top, j + left) == (99, 50)
    assert block.rows[i][j] == 9950.0


def test_every_cell_flies_to_its_mirror_image() -> None:
    last = list(matrix.steps(A, **DEFAULTS | {"view": "transpose"}))[-1]
    flights = next(p for p in last.panels if isinstance(p, Cells)).flights
    found = blocks(last)
    assert len(flights) == A.numel()
    for flight in flights:
        (i, j), (k, m) = flight.start[1], flight.end[1]
        assert found["A"].rows[i][j] == found["B"].rows[k][m]


def test_every_unequal_pair_is_marked_and_no_other() -> None:
    S = torch.tensor([[1.0, 2, 3], [2, 5, 6], [4, 6, 9]])
    last = list(matrix.steps(S, **DEFAULTS | {"view": "symmetry"}))[-1]
    assert set(blocks(last)["A"].flagged) == {(0, 2), (2, 0)}
    assert "1" in last.sentence and "3" in last.sentence


def test_nan_is_said_to_equal_nothing() -> None:
    S = torch.tensor([[float("nan"), 1.0], [1.0, 2.0]])
    assert "NaN" in list(matrix_story.symmetry_steps(S, S == S.T))[-1].sentence


def test_a_matrix_that_is_not_square_has_no_symmetry() -> None:
    found, _blobs = answers.operation({"key": "matrix", "parameters": {"view": "symmetry"}})
    assert "not square" in found["problem"]["sentence"]


def test_iris_is_the_table_that_scikit_learn_ships_and_is_standardised() -> None:
    from sklearn.datasets import load_iris
    from sklearn.preprocessing import StandardScaler

    table = load_iris()
    X, kinds = data.iris()
    np.testing.assert_array_equal(X.numpy(), table.data.astype(np.float32))
    np.testing.assert_array_equal(kinds.numpy(), table.target)
    wanted = StandardScaler().fit_transform(table.data) * np.sqrt(149 / 150)  # torch divides by n - 1
    np.testing.assert_allclose(iris_table.run(X).numpy(), wanted, atol=1e-4)


def test_row_by_row_and_all_at_once_agree() -> None:
    X, W = torch.randn(5, 7, generator=torch.Generator().manual_seed(1)), torch.arange(21.0).reshape(3, 7)
    loop, whole = row_by_row.run(X, W)
    torch.testing.assert_close(loop, whole)
    np.testing.assert_allclose(whole.numpy(), X.numpy() @ W.numpy().T, rtol=1e-4)


def test_times_are_measured_and_not_invented() -> None:
    waited = row_by_row.shortest(lambda: torch.ones(300, 300) @ torch.ones(300, 300))
    nothing = row_by_row.shortest(lambda: None)
    assert 0 < nothing < waited


def test_reshape_has_the_shape_of_the_transpose_and_other_numbers() -> None:
    wrong = reshape_is_not_transpose.run(A)
    assert wrong.shape == A.T.shape
    assert not torch.equal(wrong, A.T)

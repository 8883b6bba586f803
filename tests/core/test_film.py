"""Films: valid plotly figures whose every step stands alone, small on the wire, and true to torch."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import torch

from core import answers, tensors
from core.figures import film, grid, maps
from core.ops import CHAPTERS
from core.ops.matrix_vector import MATRIX_VECTOR, run, steps
from core.panels import Bind, Block, in_line

WIRE = 50_000  # bytes, gzipped


def make(A: str, x: str, **picked) -> dict:
    given = (tensors.read(A).float(), tensors.read(x).float())
    return film.film(list(steps(*given, **picked)), key="k", mode="light")


def presets() -> list:
    return [
        pytest.param(operation, dict(preset.values), id=f"{operation.key}-{preset.key}")
        for operation in CHAPTERS
        for preset in operation.presets
    ]


@pytest.mark.parametrize(("operation", "values"), presets())
def test_every_preset_is_small_on_the_wire(operation, values) -> None:
    names = {item.name for item in operation.inputs}
    inputs = {name: text for name, text in values.items() if name in names}
    chosen = {p.name: p.read(values[p.name]) for p in operation.parameters if p.name in values}
    _data, blobs = answers.operation({"key": operation.key, "inputs": inputs, "parameters": chosen})
    assert len(gzip.compress(blobs["film"])) <= WIRE


def test_a_film_does_not_depend_on_those_before_it() -> None:
    """Layouts and words are kept from film to film; nothing of one is written into another."""
    begun = [(one, one.begun("")) for one in CHAPTERS if not one.prepare]
    questions = [
        {"key": one.key, "inputs": {item.name: values[item.name] for item in one.inputs}, "theme": theme}
        for one, values in begun
        for theme in ("light", "dark")
    ]
    first, second = ([answers.operation(dict(one))[1]["film"] for one in questions] for _time in range(2))
    assert first == second


def test_a_frame_is_whole_so_that_a_step_can_be_shown_alone() -> None:
    figure = make("[[2, 1], [0, 3]]", "[1, 2]")
    names = [trace["meta"]["name"] for trace in figure["data"]]
    assert len(set(names)) == len(names)
    first = figure["frames"][0]
    for frame in figure["frames"]:
        assert frame["traces"] == first["traces"]
        assert [sorted(part) for part in frame["data"]] == [sorted(part) for part in first["data"]]


def test_mapped_traces_are_left_to_the_browser() -> None:
    figure = make("[[2, 1], [0, 3]]", "[1, 2]", reading="columns")
    mapped = {k for k, trace in enumerate(figure["data"]) if "map" in trace["meta"]}
    assert mapped
    assert mapped.isdisjoint(figure["frames"][0]["traces"])


@pytest.mark.parametrize("motion", ["straight", "svd", "columns"])
@pytest.mark.parametrize(
    ("A", "x"),
    [
        ("[[2, 1], [0, 3]]", "[1, 2]"),
        ("[[1, 0, -1], [0, 1, 1]]", "[1, 2, 3]"),
        ("[[1, 0], [0, 1], [1, -0.5]]", "[2, 1]"),
    ],
)
def test_the_image_lands_where_torch_says(A, x, motion) -> None:
    figure = film.unfold(make(A, x, motion=motion))
    names = [trace["meta"]["name"] for trace in figure["data"]]
    last = figure["frames"][-1]
    image = last["data"][last["traces"].index(names.index("image"))]
    y = run(tensors.read(A).float(), tensors.read(x).float()).tolist()
    landed = [image[axis][1] for axis in "xyz" if axis in image]
    assert landed[: len(y)] == pytest.approx(y, abs=1e-4)
    assert landed[len(y) :] == [0] * (len(landed) - len(y))


def test_home_is_where_the_matrix_has_arrived() -> None:
    for motion, home in (("straight", 1), ("svd", 3), ("columns", 2)):
        figure = make("[[2, 1], [0, 3]]", "[1, 2]", motion=motion)
        meta = figure["layout"]["meta"]
        assert meta["home"] == home
        np.testing.assert_allclose(meta["steps"][home]["state"]["M"], [[2, 1], [0, 3]], atol=1e-9)


def test_turns_lead_from_step_to_step() -> None:
    meta = make("[[2, 1], [0, 3]]", "[1, 2]", motion="svd")["layout"]["meta"]
    for before, after in zip(meta["steps"], meta["steps"][1:], strict=False):
        path = after.get("path", {}).get("M")
        if path:
            c, s = np.cos(path["angle"]), np.sin(path["angle"])
            turned = np.array([[c, -s], [s, c]]) @ before["state"]["M"]
            np.testing.assert_allclose(turned, after["state"]["M"], atol=1e-9)


def test_the_rule_of_maps() -> None:
    bind = Bind("M", "x", mix=((0, 0), (1, 1)), keep=((1, 1), (1, 0)))
    state = {"M": ((2, 1), (0, 3)), "x": (5, 7)}
    np.testing.assert_array_equal(maps.place(((1, 1), (0, 0)), bind, state), [[3, 3], [17, 0]])
    assert np.isnan(maps.place((None, (1.0, 2.0)), Bind(), {})[0]).all()


def test_json_has_no_nan() -> None:
    for A in ("[[nan, inf], [0, 1]]", "[[2, 1], [0, 3]]", "torch.zeros(0, 2)", "torch.zeros(2, 0)"):
        x = "torch.zeros(0)" if A.endswith("(2, 0)") else "[1, 2]"
        _data, blobs = answers.operation({"key": "matrix-vector", "inputs": {"A": A, "x": x}})
        json.loads(blobs["film"], parse_constant=lambda word: pytest.fail(word))


@pytest.mark.parametrize("reading", ["rows", "columns"])
@pytest.mark.parametrize(
    ("A", "x"),
    [
        ("torch.ones(100000, 10)", "torch.ones(10)"),
        ("torch.ones(10, 100000)", "torch.ones(100000)"),
        ("torch.randn(100, 100, seed=1)", "torch.ones(100)"),
        ("torch.full((3, 3), 1e38)", "torch.ones(3)"),
        ("torch.zeros(100000, 0)", "torch.zeros(0)"),
        ("[[1e-30, 0], [0, 1e-30]]", "[1, 1]"),
        ("torch.zeros(3, 3)", "torch.zeros(3)"),
    ],
)
def test_every_size_is_answered_and_stays_small_on_the_wire(A, x, reading) -> None:
    arguments = {"key": "matrix-vector", "inputs": {"A": A, "x": x}, "parameters": {"reading": reading}}
    data, blobs = answers.operation(arguments)
    assert "problem" not in data
    assert len(gzip.compress(blobs["film"])) <= WIRE
    expected = run(tensors.read(A).float(), tensors.read(x).float())
    assert data["result"]["text"] == repr(expected)


def test_large_tensors_show_a_window_and_say_so() -> None:
    arguments = {"key": "matrix-vector", "inputs": {"A": "torch.ones(30, 40)", "x": "torch.ones(40)"}}
    data, blobs = answers.operation(arguments)
    assert data["result"]["shape"] == [30]
    assert "30" in blobs["film"].decode() and "8 × 8" in blobs["film"].decode()


def test_cells_stay_inside_their_axes() -> None:
    panel = in_line(Block("A", ((1.0, 2.0), (3.0, 4.0))), Block("x", ((1.0,), (2.0,)), before="="))
    across, down = grid.ranges([grid.frame(panel)])
    for trace in grid.draw(panel, "light", ("x2", "y2")):
        assert all(across[0] <= x <= across[1] for x in trace["x"] if x is not None)
        assert all(down[1] <= y <= down[0] for y in trace["y"] if y is not None)


def test_lit_frames_keep_their_number_so_that_they_can_slide() -> None:
    figure = make("[[2, 1], [0, 3]]", "[1, 2]")
    names = [trace["meta"]["name"] for trace in figure["data"]]
    where = figure["frames"][0]["traces"].index(names.index("cells-lit"))
    assert len({len(frame["data"][where]["x"]) for frame in figure["frames"]}) == 1


def test_facts_are_torchs() -> None:
    facts = dict(MATRIX_VECTOR.facts(torch.tensor([[2.0, 1.0], [1.0, 3.0]])))
    assert facts["determinant"] == "5"
    assert facts["rank"] == "2"
    assert (
        dict(MATRIX_VECTOR.facts(torch.tensor([[0.0, -1.0], [1.0, 0.0]])))["eigenvalues"] == "0 + 1i, 0 − 1i"
    )

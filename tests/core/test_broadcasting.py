"""Broadcasting: the story agrees with torch's own shapes and strides; practice and trap with independent sums."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import answers, tensors
from core.ops import bias, broadcast_story, broadcasting, larger_loss, photo_channels
from core.ops import broadcast_strips as strips
from core.ops.data import photograph
from core.ops.digits_layer import digits, network
from core.panels import Alignment, Cells
from core.shapes import ShapeError

SHAPES = st.lists(st.integers(0, 4), max_size=4).map(tuple)
NAMES = broadcasting.NAMES


def broadcast_shapes(shapes) -> tuple[int, ...] | None:
    try:
        return tuple(torch.broadcast_shapes(*shapes))
    except RuntimeError:
        return None


@settings(max_examples=300, deadline=None)
@given(st.lists(SHAPES, min_size=2, max_size=4))
def test_the_strips_end_where_torch_ends(shapes) -> None:
    found = strips.Shapes(dict(zip(NAMES, shapes, strict=False)))
    *_, last = [*strips.coming(found), *strips.comparing(found)]
    expected = broadcast_shapes(shapes)
    boxes = [box for strip in last.panel.strips for box in strip.boxes]
    if expected is None:
        assert sum(box.state == "clash" for box in boxes) >= 2
        return
    assert not any(box.state == "clash" for box in boxes)
    assert tuple(box.size for box in last.panel.strips[-1].boxes if box.state == "own") == expected


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.integers(1, 4), max_size=4).map(tuple), min_size=2, max_size=3))
def test_stretched_boxes_and_ghosts_are_where_torch_has_stride_0(shapes) -> None:
    result = broadcast_shapes(shapes)
    if result is None:
        return
    given = {
        n: torch.arange(float(np.prod(s, dtype=int))).reshape(s) for n, s in zip(NAMES, shapes, strict=False)
    }
    scene = broadcast_story._scene(given, broadcasting.run(*given.values()), "+")
    found = strips.Shapes(dict(zip(NAMES, shapes, strict=False)))
    panel = strips.at_column(found, -found.width) if found.width else None
    for index, operand in enumerate(scene.operands):
        stride = operand.tensor.expand(result).stride()
        repeated = [step == 0 and size > 1 for step, size in zip(stride, result, strict=True)]
        if panel:
            assert [box.state == "stretched" for box in panel.strips[index].boxes] == repeated
        for front in scene.fronts:
            stored = broadcast_story._stored(operand, operand.stretched[front], front)
            addresses = {
                (*front, *cell)[-len(result) :] if result else (): cell
                for cell in broadcast_story._window(operand.stretched[front])
            }
            for at, cell in addresses.items():
                assert (cell in stored) == all(k == 0 for k, again in zip(at, repeated, strict=True) if again)


@settings(max_examples=60, deadline=None)
@given(st.lists(SHAPES, min_size=2, max_size=4), st.sampled_from(["+", "-", "*", "/", "@"]))
def test_any_shapes_get_a_story_or_a_sentence(shapes, op) -> None:
    texts = broadcasting.texts(";".join(str(shape).replace(" ", "") for shape in shapes))
    data, blobs = answers.operation({"key": "broadcasting", "inputs": texts, "parameters": {"op": op}})
    assert blobs["film"] and json.loads(blobs["film"])["frames"]
    if "problem" in data:
        assert data["problem"]["sentence"]
        return
    values = [tensors.read(text).float() for text in texts.values() if text]
    assert data["result"]["shape"] == list(broadcasting.run(*values, op=op).shape)


def test_the_articles_example() -> None:
    """a (3, 3, 2) @ b (2, 4): b becomes (1, 2, 4), then (3, 2, 4), and the product is (3, 3, 4)."""
    data, blobs = answers.operation(
        {"key": "broadcasting", "parameters": {"shapes": "(3,3,2);(2,4)", "op": "@"}}
    )
    a, b = torch.arange(18.0).reshape(3, 3, 2), torch.arange(8.0).reshape(2, 4)
    assert data["result"]["text"] == repr(torch.matmul(a, b)) and data["result"]["shape"] == [3, 3, 4]
    told = json.loads(blobs["film"])["layout"]["meta"]["steps"]
    assert any(step["formula"] == "(2, 4) → (1, 2, 4) → (3, 2, 4)" for step in told)


@pytest.mark.parametrize(
    ("shapes", "op"), [("(3,2);(2,)", "@"), ("(3,);(2,3,4)", "@"), ("(4,);(4,)", "@"), ("();(3,)", "*")]
)
def test_vectors_and_numbers_end_with_torchs_result(shapes, op) -> None:
    texts = {name: text for name, text in broadcasting.texts(shapes).items() if text}
    values = [tensors.read(text).float() for text in texts.values()]
    last = list(broadcasting.steps(*values, op=op))[-1]
    cells = next(panel for panel in last.panels if isinstance(panel, Cells))
    expected = broadcasting.run(*values, op=op)
    for block in (one for one in cells.blocks if one.tensor == "R"):
        assert sum(block.rows, ()) == tuple(expected[block.at].flatten().tolist())


@pytest.mark.parametrize(
    "text",
    ["(3,3)", "(3,a);(2,)", "3;4", "(3 3);(2,)", "(-1,);(2,)", "(1e3,);(2,)", "(9999999,9);(2,)", "(1,)" * 5,
     "(1,);(1,);(1,);(1,);(1,)", "(1,1,1,1,1,1,1,1,1);(1,)", "(٣,);(2,)", "<b>;(2,)"],
)  # fmt: skip
def test_bad_shapes_are_a_sentence(text) -> None:
    with pytest.raises(ShapeError) as caught:
        broadcasting.texts(text)
    assert caught.value.sentence
    data, _blobs = answers.operation({"key": "broadcasting", "parameters": {"shapes": text}})
    assert data["problem"]["rule"] == "value"


@pytest.mark.parametrize("op", ["+", "@"])
def test_a_million_elements_are_told_by_windows(op) -> None:
    shapes = "(1000,1000);(1000,1)" if op == "+" else "(9000,100);(100,20)"
    data, blobs = answers.operation({"key": "broadcasting", "parameters": {"shapes": shapes, "op": op}})
    assert "problem" not in data
    assert len(gzip.compress(blobs["film"])) < 50_000
    assert data["steps"] < 60


def test_the_clash_film_stops_at_the_clashing_column() -> None:
    *_, last = broadcasting.clash((2, 3), (2,), op="+")
    (panel,) = last.panels
    assert isinstance(panel, Alignment) and panel.lit == (-1,)
    assert [strip.boxes[-1].state for strip in panel.strips] == ["clash", "clash", "absent"]


def test_the_bias_gives_the_networks_scores_in_both_layouts() -> None:
    net, (images, _labels) = network(), digits()
    H = torch.relu(images[5:8] @ net.W.T + net.b)
    expected = np.maximum(images[5:8].numpy() @ net.W.numpy().T + net.b.numpy(), 0) @ net.V.numpy().T
    in_rows, in_columns = bias.run(H, net.V, net.c)
    np.testing.assert_allclose(in_rows, expected + net.c.numpy()[None, :], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(in_columns, in_rows.T)


def test_every_channel_of_the_photograph_is_normalised() -> None:
    X = photograph("china", photo_channels.WIDTH)
    Z = photo_channels.run(X).numpy()
    expected = np.stack([(channel - channel.mean()) / channel.std(ddof=1) for channel in X.numpy()])
    np.testing.assert_allclose(Z, expected, atol=1e-4)


def test_the_trap_loses_what_it_says() -> None:
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import LinearRegression

    features, target = load_diabetes(return_X_y=True)
    guess = LinearRegression().fit(features, target).predict(features)
    prediction, found = larger_loss.fitted()
    np.testing.assert_allclose(prediction.squeeze(1), guess, rtol=1e-3)
    right = ((guess - target) ** 2).mean()
    wrong = ((guess[:, None] - target[None, :]) ** 2).mean()
    assert float(larger_loss.run(prediction, found)) == pytest.approx(wrong, rel=1e-4)
    for _code, error in larger_loss.fixes(prediction, found):
        assert float((error**2).mean()) == pytest.approx(right, rel=1e-4)
    assert wrong > 2 * right

"""Scalars and vectors: their practice against closed forms and numpy, their traps executed, all sizes answered."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core import answers, files
from core.ops import (
    gradient_descent,
    heartbeat,
    list_is_no_vector,
    not_a_vector,
    reader_profile,
    scalar,
    text_corpus,
    vector,
    word_sum,
)
from core.ops.data import help_texts
from core.panels import Bars, Curve
from core.shapes import ShapeError


@given(st.floats(0.05, 2.3), st.floats(-2.5, 6.5))
def test_the_walk_is_gradient_descent(rate: float, start: float) -> None:
    """On (w - 2)² / 2 each step multiplies the distance to 2 by 1 - rate."""
    places = gradient_descent.walk(start, rate)
    expected = [2 + (1 - rate) ** k * (start - 2) for k in range(len(places))]
    assert places == pytest.approx(expected, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("rate", "word"), [(0.05, "small"), (0.6, "right"), (1.7, "swings"), (2.0, "edge"), (2.2, "large")]
)
def test_the_verdict_fits_the_rate(rate: float, word: str) -> None:
    assert word in list(gradient_descent.steps(rate=rate))[-1].sentence


@pytest.mark.parametrize("text", ["0", "nan", "inf", "1e38", "-3", "1e-30"])
@pytest.mark.parametrize("op", ["+", "-", "*", "/", "**"])
def test_every_scalar_is_answered(op: str, text: str) -> None:
    request = {"key": "scalar", "inputs": {"a": "3", "b": text}, "parameters": {"op": op}}
    data, blobs = answers.operation(request)
    assert "problem" not in data
    json.loads(blobs["film"])
    expected = scalar.run(torch.tensor(3.0), torch.tensor(float(text)), op)
    assert data["result"]["text"] == repr(expected)


def test_a_scalar_with_axes_is_refused_by_name() -> None:
    with pytest.raises(ShapeError, match="single number"):
        scalar.explain((3,), ())
    data, _blobs = answers.operation({"key": "scalar", "inputs": {"a": "[1, 2]", "b": "3"}})
    assert "A" not in data and "(2,)" in data["problem"]["sentence"]


def test_three_is_not_a_list_of_three() -> None:
    assert not_a_vector.run().shape == (3, 3)
    last = list(not_a_vector.steps())[-1]
    assert "(3,)" in last.sentence


@given(st.integers(1, 12), st.sampled_from((-2.5, 0.25, 3.0)))
def test_the_sum_is_numpys(n: int, c: float) -> None:
    x, y = torch.arange(n), torch.arange(n, 0, -1)
    np.testing.assert_allclose(vector.run(x, y, c).numpy(), x.numpy() + c * y.numpy())


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ("torch.zeros(0)", "torch.zeros(0)"),
        ("torch.ones(1000000)", "torch.ones(1000000)"),
        ("[nan, 1]", "[1, inf]"),
        ("[1e30, 0]", "[0, 1]"),
        ("[True, False]", "[1, 2]"),
        ("[5]", "[-2]"),
        ("torch.zeros(3)", "torch.zeros(3)"),
    ],
)
def test_every_vector_is_answered(x: str, y: str) -> None:
    data, blobs = answers.operation({"key": "vector", "inputs": {"x": x, "y": y}})
    assert "problem" not in data
    assert len(blobs["film"]) < 200_000
    json.loads(blobs["film"], parse_constant=lambda word: pytest.fail(word))


def test_lists_are_strung_together() -> None:
    assert list_is_no_vector.run() == [3.0, 1.0, -1.0, 2.0]
    assert len(list(list_is_no_vector.steps())) == 5


@pytest.mark.parametrize("rate", [40.0, 72.0, 120.0, 160.0])
def test_the_beats_are_those_that_were_put_in(rate: float) -> None:
    """The R wave stands at 0.375 of each beat."""
    clean = heartbeat.run(heartbeat.ecg(rate), 60)
    wanted = [(k + 0.375) * 60 / rate for k in range(20) if (k + 0.375) * 60 / rate < heartbeat.SECONDS]
    found = [place / heartbeat.RATE for place in heartbeat.beats(clean)]
    assert found == pytest.approx(wanted, abs=0.012)


def test_the_drift_is_numpys_moving_mean() -> None:
    x, window = heartbeat.ecg(72.0), 30
    padded = np.pad(x.numpy().astype(float), window, mode="edge")
    means = np.convolve(padded, np.ones(2 * window + 1) / (2 * window + 1), mode="valid")
    np.testing.assert_allclose(heartbeat.run(x, window).numpy(), x.numpy() - means, atol=1e-5)


def test_a_trace_of_ones_own_is_read_and_a_broken_one_is_a_sentence() -> None:
    rows = "\n".join(f"{k},{(k % 20) == 5}".replace("True", "1").replace("False", "0") for k in range(200))
    steps = list(heartbeat.steps(own=rows.encode()))
    assert "200" in steps[0].sentence and isinstance(steps[0].panels[0], Curve)
    with pytest.raises(files.FileError, match="8"):
        list(heartbeat.steps(own=b"1\n2\n3"))
    request = {"key": "vector", "example": "heartbeat", "files": {"own": b"\x89PNG not a table"}}
    data, _blobs = answers.example(request)
    assert data["problem"]["rule"] == "file" and "text file" in data["problem"]["sentence"]


def test_a_profile_moves_a_share_of_the_way() -> None:
    vectors = reader_profile.articles()
    lengths = torch.linalg.vector_norm(vectors, dim=1)
    assert ((lengths - 1).abs() < 1e-4).float().mean() > 0.9  # an article of common words alone has none
    moved = reader_profile.run(vectors[0], vectors[1], 0.25)
    torch.testing.assert_close(moved, 0.75 * vectors[0] + 0.25 * vectors[1])
    assert set(reader_profile.ARTICLES) <= set(help_texts())


def test_the_nearest_words_of_a_sum_are_numpys() -> None:
    found = text_corpus.word_vectors()
    x, y = (found.vectors[found.row(word)] for word in ("integer", "string"))
    V = found.vectors.double().numpy()
    z = x.double().numpy() / np.linalg.norm(x) + y.double().numpy() / np.linalg.norm(y)
    cosines = V @ z / np.linalg.norm(V, axis=1) / np.linalg.norm(z)
    best = {found.words[k] for k in np.argsort(-cosines)[:8]}
    bars = next(p for p in list(word_sum.steps())[-1].panels if isinstance(p, Bars))
    shown = [cosines[found.row(word)] for word in bars.labels]
    assert set(bars.labels) == best
    assert shown == pytest.approx(sorted(shown, reverse=True), abs=1e-6)  # the two words themselves are a tie


@pytest.mark.parametrize("word", ["<img src=x onerror=alert(1)>", "中文", "zzzzqq", "a" * 30, "&lt;b&gt;"])
def test_unknown_words_are_a_sentence_and_never_markup(word: str) -> None:
    request = {"key": "vector", "example": "word-sum", "parameters": {"one": word}}
    data, blobs = answers.example(request)
    assert "problem" not in data
    figure = json.loads(blobs["film"])
    assert all("<img" not in json.dumps(trace) for trace in figure["data"])

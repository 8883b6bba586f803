"""Reduction: torch's own numbers, its own shapes, and a film for everything that can be typed."""

from __future__ import annotations

import gzip
import json
import math
import time

import numpy as np
import pytest
import torch
from scipy import ndimage

from core import answers
from core.operation import Step
from core.ops import average_pooling, lost_axis, reduction
from core.shapes import ShapeError

OPS = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod}


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4), (2, 2, 3, 2)])
@pytest.mark.parametrize("op", OPS)
def test_run_is_numpys_reduction(op, shape, keepdim) -> None:
    A = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    for axis in (None, *range(len(shape))):
        expected = OPS[op](A.numpy(), axis=axis, keepdims=keepdim)
        np.testing.assert_allclose(
            reduction.run(A, op, axis, keepdim).numpy(), expected, rtol=2e-5, atol=1e-6
        )


def test_the_articles_call() -> None:
    data, _blobs = answers.operation({"key": "reduction", "inputs": {"A": "[[1, 5, 2], [4, 0, 3]]"}})
    assert data["result"]["text"] == repr(torch.tensor([[1.0, 5, 2], [4, 0, 3]]).sum(axis=0))


@pytest.mark.parametrize(
    ("shape", "op", "axis"),
    [((2, 3), "sum", 2), ((2, 3), "cumsum", None), ((0, 3), "max", 0), ((1,) * 5, "sum", 0)],
)
def test_what_cannot_be_is_a_sentence(shape, op, axis) -> None:
    with pytest.raises(ShapeError) as caught:
        reduction.explain(shape, op, axis)
    assert caught.value.sentence.endswith(".")


@pytest.mark.parametrize(
    "shape", [(), (0,), (0, 3), (3, 0), (2, 0, 3), (1000, 1000), (50, 20, 10, 100), (9, 9, 9)]
)
def test_every_shape_has_a_film_that_is_small_and_quick(shape) -> None:
    A = torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape)
    for op in (*OPS, "cumsum"):
        for axis in (None, *range(len(shape))):
            request = {"key": "reduction", "inputs": {"A": f"torch.ones{shape}" if shape else "5"}}
            try:
                reduction.explain(shape, op, axis)
            except ShapeError:
                continue
            steps = list(reduction.steps(A, op=op, axis=axis))
            assert 2 <= len(steps) <= 12
    started = time.perf_counter()
    _data, blobs = answers.operation(request)
    assert len(gzip.compress(blobs.get("film", b""))) < 50_000 and time.perf_counter() - started < 60


def blocks(step: Step) -> dict[str, object]:
    return {block.name: block for panel in step.panels for block in panel.blocks}


def test_partial_results_are_those_of_the_slices_so_far() -> None:
    A = torch.tensor([[1.0, 5, 2], [4, 0, 3], [7, 7, 7]])
    told = list(reduction.steps(A, op="sum", axis=0))
    assert [blocks(step)["s"].rows for step in told[1:]] == [((1, 5, 2),), ((5, 5, 5),), ((12, 12, 12),)]
    landed = [sum(flight.landed for flight in step.panels[0].flights) for step in told]
    assert landed == [0, 3, 6, 9]


def test_a_mean_is_divided_last() -> None:
    told = list(reduction.steps(torch.tensor([[2.0, 4], [4, 8]]), op="mean", axis=0))
    assert blocks(told[-2])["s"].rows == ((6, 12),) and blocks(told[-1])["s"].rows == ((3, 6),)


def test_nothing_typed_can_break_it() -> None:
    for text in ("[[nan, inf], [-inf, 1]]", "true", "5", "[[1e38, 1e38]]", "torch.zeros(0)"):
        for op in (*OPS, "cumsum"):
            for axis in (None, 0, 3):
                arguments = {
                    "key": "reduction",
                    "inputs": {"A": text},
                    "parameters": {"op": op, "axis": axis},
                }
                data, blobs = answers.operation(arguments)
                assert data.get("problem") or json.loads(blobs["film"])


def test_pooling_is_scipys_correlation_averaged() -> None:
    grey, maps, averages = average_pooling.pooled("china")
    for k, (_name, weights) in enumerate(average_pooling.FILTERS):
        edges = ndimage.correlate(grey.double().numpy(), np.array(weights, dtype=float), mode="constant")[
            1:-1, 1:-1
        ]
        np.testing.assert_allclose(maps[k].numpy(), np.maximum(edges, 0), atol=1e-4)
        assert float(averages[k]) == pytest.approx(np.maximum(edges, 0).mean(), abs=1e-5)


def test_the_trap_fails_where_it_fails_and_is_wrong_where_it_runs() -> None:
    with pytest.raises(RuntimeError):
        lost_axis.run(torch.tensor(lost_axis.WIDE))
    square = torch.tensor(lost_axis.SQUARE)
    assert not torch.allclose(lost_axis.run(square).sum(1), torch.ones(2))
    assert torch.allclose((square / square.sum(1, keepdim=True)).sum(1), torch.ones(2))
    flagged = [blocks(step)["shares"].flagged for step in lost_axis.steps()]
    assert [bool(one) for one in flagged] == [False, False, True, False, False]

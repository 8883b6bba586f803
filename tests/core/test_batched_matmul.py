"""Batched matmul: every shape that torch multiplies is told, in its slices, with where each entry comes from."""

from __future__ import annotations

import gzip
import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import answers
from core.ops import batched_matmul, batched_traps
from core.ops.batched_matmul import explain, run, steps
from core.panels import Alignment, Cells
from core.shapes import ShapeError

SHAPES = [
    ((3, 3, 2), (3, 2, 4), (3, 3, 4)),
    ((3, 3, 2), (2, 4), (3, 3, 4)),
    ((2, 1, 2, 3), (3, 3, 2), (2, 3, 2, 2)),
    ((3, 3, 2), (2,), (3, 3)),
    ((2,), (3, 2, 4), (3, 4)),
    ((2, 3), (3, 4), (2, 4)),
    ((3,), (3,), ()),
    ((0, 2, 3), (3, 4), (0, 2, 4)),
    ((2, 2, 0), (2, 0, 3), (2, 2, 3)),
    ((1, 1, 2, 1, 2, 3), (2, 1, 3, 3, 1), (1, 2, 2, 3, 2, 1)),
]


def tensor(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    return torch.randint(-4, 5, shape, generator=torch.Generator().manual_seed(seed)).float()


@pytest.mark.parametrize(("a", "b", "c"), SHAPES)
def test_every_slice_shown_is_torchs(a, b, c) -> None:
    A, B = tensor(a), tensor(b, 1)
    expected = torch.matmul(A, B)
    assert tuple(expected.shape) == c
    last = list(steps(A, B))[-1]
    blocks = [block for panel in last.panels if isinstance(panel, Cells) for block in panel.blocks]
    for name, whole in (("A", A), ("B", B), ("C", expected)):
        for block in (one for one in blocks if one.tensor == name):
            shown = torch.tensor(block.rows).reshape(whole[block.at].shape)
            assert torch.equal(shown, whole[block.at])


@pytest.mark.parametrize(("a", "b", "c"), SHAPES)
def test_the_shape_is_explained_and_lies_in_the_last_strip(a, b, c) -> None:
    assert str(c) in explain(a, b)
    if len(a) > 1 and len(b) > 1:
        strips = next(
            p for p in list(steps(tensor(a), tensor(b)))[-1].panels if isinstance(p, Alignment)
        ).strips
        assert tuple(box.size for box in strips[-1].boxes) == c


@settings(deadline=None, max_examples=60)
@given(shapes=st.sampled_from(SHAPES), data=st.data())
def test_links_find_the_numbers_of_each_entry(shapes, data) -> None:
    a, b, c = shapes
    if 0 in (*a, *b):
        return
    A, B = tensor(a), tensor(b, 1)
    C = run(A, B)
    at = tuple(data.draw(st.integers(0, size - 1)) for size in c)
    (link,) = next(iter(steps(A, B))).links
    picked = []
    for source, whole in zip(link.sources, (A, B), strict=True):
        index = [
            slice(None) if follows is None else 0 if size == 1 else at[follows]
            for follows, size in zip(source.follows, whole.shape, strict=True)
        ]
        assert len(source.follows) == whole.dim()
        picked.append(whole[tuple(index)].reshape(-1))
    assert float(picked[0] @ picked[1]) == float(C[at])


def test_a_matrix_that_serves_the_whole_batch_is_a_ghost_after_its_first_line() -> None:
    lines = next(
        p for p in next(iter(steps(tensor((3, 3, 2)), tensor((2, 4))))).panels if isinstance(p, Cells)
    ).lines
    assert [bool(line[1].ghost) for line in lines] == [False, True, True]
    assert not any(line[0].ghost for line in lines)


def test_prefixes_that_differ_are_refused_by_their_axis() -> None:
    with pytest.raises(ShapeError) as error:
        explain((2, 3, 4), (5, 4, 6))
    assert "Batch axis -3 is 2 in A (2, 3, 4) but 5 in B (5, 4, 6)" in error.value.sentence


@pytest.mark.parametrize(
    ("A", "B"),
    [
        ("torch.ones(10000, 10, 10)", "torch.ones(10000, 10, 10)"),
        ("torch.ones(1000, 1000)", "torch.ones(1000, 300)"),
        ("torch.ones(3, 200, 300)", "torch.ones(300)"),
        ("[nan, inf]", "[[1, 2], [3, -inf]]"),
    ],
)
def test_large_and_odd_stacks_are_told(A, B) -> None:
    data, blobs = answers.operation({"key": "batched-matmul", "inputs": {"A": A, "B": B}})
    assert "problem" not in data and 2 <= data["steps"] <= 50
    assert len(gzip.compress(blobs["film"])) <= 50_000


def test_numbers_without_axes_are_refused_in_words() -> None:
    data, _ = answers.operation({"key": "batched-matmul", "inputs": {"A": "3", "B": "[1, 2]"}})
    assert data["problem"]["rule"] == "shape"


def test_the_article_is_the_default() -> None:
    data, _ = answers.operation({"key": "batched-matmul"})
    assert data["result"]["shape"] == [3, 3, 4]
    preset = {p.key: p.values for p in batched_matmul.BATCHED_MATMUL.presets}["one-for-all"]
    found, _ = answers.operation({"key": "batched-matmul", "inputs": dict(preset)})
    assert found["result"]["shape"] == [3, 3, 4]


def test_the_traps_were_executed() -> None:
    A, B = batched_traps.squares()
    wrong = list(batched_traps.star_steps())[1]
    flagged = {(b, *cell) for b, block in enumerate(wrong.panels[0].blocks[2::3]) for cell in block.flagged}
    odd = {
        (b, i, j) for b, i, j in itertools.product(range(2), repeat=3) if (A * B)[b, i, j] != (A @ B)[b, i, j]
    }
    assert flagged == odd
    found = list(batched_traps.turned_steps())
    assert "must match" in found[1].formula
    for step in found[2:]:
        rows = torch.tensor([block.rows for block in step.panels[0].blocks[2::3]])
        Q, K = torch.arange(1.0, 13).reshape(2, 2, 3), torch.arange(24.0).reshape(2, 4, 3) % 5 - 1
        assert torch.equal(rows, torch.einsum("bqk,bsk->bqs", Q, K))

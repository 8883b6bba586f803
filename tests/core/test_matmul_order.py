"""Six orders of one triple loop: every multiply-add once, and the same amount done at the same place."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ops import matmul_order
from core.ops.matmul_order import READINGS, Sizes

SIZES = st.builds(Sizes, st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
reading = pytest.mark.parametrize("reading", READINGS)


@reading
@settings(deadline=None)
@given(sizes=SIZES)
def test_every_multiply_add_comes_once(reading, sizes) -> None:
    told = [matmul_order.term(reading, sizes, number) for number in range(sizes.all)]
    n, k, m = sizes
    assert sorted(told) == list(itertools.product(range(n), range(k), range(m)))


@reading
@settings(deadline=None)
@given(sizes=SIZES, share=st.floats(0, 1))
def test_counts_are_those_of_the_loop(reading, sizes, share) -> None:
    done = round(share * sizes.all)
    loop = torch.zeros(sizes.n, sizes.m, dtype=torch.int64)
    for number in range(done):
        i, l, j = matmul_order.term(reading, sizes, number)  # noqa: E741
        assert loop[i, j] == l  # the terms of an entry come in the order of l
        loop[i, j] += 1
    rows, columns = list(range(sizes.n))[::-1], list(range(0, sizes.m, 2))
    found = matmul_order.counts(reading, sizes, done, rows, columns)
    assert torch.equal(found, loop[rows][:, columns])
    assert int(matmul_order.counts(reading, sizes, done, range(sizes.n), range(sizes.m)).sum()) == done


@reading
@settings(deadline=None)
@given(sizes=SIZES, share=st.floats(0, 1), seed=st.integers(0, 99))
def test_so_far_is_the_sum_of_the_first_terms(reading, sizes, share, seed) -> None:
    seeded = torch.Generator().manual_seed(seed)
    A = torch.randn(sizes.n, sizes.k, generator=seeded)
    B = torch.randn(sizes.k, sizes.m, generator=seeded)
    C, done = torch.mm(A, B), round(share * sizes.all)
    rows, columns = range(sizes.n), range(sizes.m)
    terms = matmul_order.counts(reading, sizes, done, rows, columns)
    loop = torch.zeros(sizes.n, sizes.m, dtype=torch.float64)
    for number in range(done):
        i, l, j = matmul_order.term(reading, sizes, number)  # noqa: E741
        loop[i, j] += A[i, l].double() * B[l, j].double()
    found = matmul_order.so_far(A, B, C, terms, (rows, columns))
    torch.testing.assert_close(found, loop, rtol=1e-5, atol=1e-5)
    assert torch.equal(
        found[terms == sizes.k].float(), C[terms == sizes.k]
    )  # a finished entry is torch's own


def test_a_reading_does_whole_pieces_at_the_ends_of_its_shares() -> None:
    sizes = Sizes(4, 4, 4)
    counts = {name: matmul_order.counts(name, sizes, 16, range(4), range(4)) for name in READINGS}
    assert torch.equal(counts["columns"][:, 0], torch.full((4,), 4)) and not counts["columns"][:, 1:].any()
    assert torch.equal(counts["rows"][0], torch.full((4,), 4)) and not counts["rows"][1:].any()
    assert torch.equal(counts["outer"], torch.ones(4, 4, dtype=torch.int64))
    assert torch.equal(counts["blocks"][:2, :2], torch.full((2, 2), 4)) and not counts["blocks"][2:].any()


def test_odd_sizes_are_cut_unequally_and_wholly() -> None:
    parts = matmul_order.parts(Sizes(3, 5, 1))
    assert [(len(p.rows), len(p.inner), len(p.columns)) for p in parts] == [
        (2, 3, 1), (2, 2, 1), (1, 3, 1), (1, 2, 1),
    ]  # fmt: skip
    assert sum(part.size for part in parts) == 15


@settings(deadline=None)
@given(sizes=st.builds(Sizes, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)))
def test_places_rise_from_nothing_to_all(sizes) -> None:
    places = matmul_order.places(sizes, 36, 24)
    assert places[0] == 0 and places[-1] == sizes.all
    assert sorted(set(places)) == places and len(places) <= 37

"""Six readings of C = A B as orders of one triple loop, so that "d multiply-adds are done" means the same in each.

The product is n·k·m multiply-adds C[i, j] += A[i, l]·B[l, j]. A reading only chooses their order, and in every one of
these orders the terms of an entry come in the order of l. So the state after d of them is one whole number for each
entry of C: how many of its k terms are in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from core import lazy

torch = lazy.load("torch")

READINGS = ("dot", "columns", "rows", "outer", "blocks", "cube")


class Sizes(NamedTuple):
    """A (n, k) @ B (k, m) -> C (n, m)."""

    n: int
    k: int
    m: int

    @property
    def all(self) -> int:
        """The multiply-adds of the whole product."""
        return self.n * self.k * self.m


class Term(NamedTuple):
    """The multiply-add A[i, l]·B[l, j], part of C[i, j]."""

    i: int
    l: int  # noqa: E741 - the index that is summed over, as the textbooks write it
    j: int


class Part(NamedTuple):
    """A block product A[I, L] @ B[L, J], by the index ranges that meet; `start` multiply-adds came before it."""

    rows: range
    inner: range
    columns: range
    start: int

    @property
    def size(self) -> int:
        """Its multiply-adds."""
        return len(self.rows) * len(self.inner) * len(self.columns)


def halves(size: int) -> list[range]:
    """0 .. size - 1 in two parts, the first one larger where they cannot be equal; no empty part."""
    cut = (size + 1) // 2
    return [part for part in (range(cut), range(cut, size)) if len(part)]


def parts(sizes: Sizes) -> list[Part]:
    """The block products of the 2 x 2 partition in order: block of C by block of C, over the inner halves."""
    found, start = [], 0
    for rows in halves(sizes.n):
        for columns in halves(sizes.m):
            for inner in halves(sizes.k):
                found.append(Part(rows, inner, columns, start))
                start += found[-1].size
    return found


def part_at(sizes: Sizes, number: int) -> Part:
    """The block product to which multiply-add `number` (from 0) belongs."""
    return next(part for part in parts(sizes) if number < part.start + part.size)


def term(reading: str, sizes: Sizes, number: int) -> Term:
    """Multiply-add `number` (0 to n·k·m - 1) in the order of the reading."""
    n, k, m = sizes
    if reading == "columns":
        return Term(number % n, number // n % k, number // (n * k))
    if reading == "rows":
        return Term(number // (k * m), number // m % k, number % m)
    if reading == "outer":
        return Term(number // m % n, number // (n * m), number % m)
    if reading == "blocks":
        part = part_at(sizes, number)
        inside = Sizes(len(part.rows), len(part.inner), len(part.columns))
        i, l, j = term("dot", inside, number - part.start)  # noqa: E741
        return Term(part.rows[i], part.inner[l], part.columns[j])
    return Term(number // (k * m), number % k, number // k % m)


def counts(
    reading: str, sizes: Sizes, done: int, rows: Sequence[int], columns: Sequence[int]
) -> torch.Tensor:
    """How many terms of C[i, j] are among the first `done` multiply-adds: int64 (rows, columns), 0 to k."""
    n, k, m = sizes
    i, j = torch.tensor(rows, dtype=torch.int64)[:, None], torch.tensor(columns, dtype=torch.int64)[None, :]
    if reading == "blocks":
        return sum(
            (_in_part(part, done, i, j) for part in parts(sizes)), torch.zeros(len(rows), len(columns)).long()
        )
    if reading == "columns":
        inside = (done - j * n * k).clamp(0, n * k)
        return ((inside - i + n - 1) // max(n, 1)).clamp(0, k)
    if reading == "rows":
        inside = (done - i * k * m).clamp(0, k * m)
        return ((inside - j + m - 1) // max(m, 1)).clamp(0, k)
    entry = i * m + j
    if reading == "outer":
        return ((done - entry + n * m - 1) // max(n * m, 1)).clamp(0, k)
    return (done - entry * k).clamp(0, k)


def _in_part(part: Part, done: int, i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
    """The terms of each C[i, j] that lie in one block product and are done."""
    width = len(part.inner)
    entry = (i - part.rows.start) * len(part.columns) + (j - part.columns.start)
    inside = (
        (i >= part.rows.start) & (i < part.rows.stop) & (j >= part.columns.start) & (j < part.columns.stop)
    )
    return torch.where(inside, (done - part.start - entry * width).clamp(0, width), 0)


def so_far(
    A: torch.Tensor,
    B: torch.Tensor,
    C: torch.Tensor,
    terms: torch.Tensor,
    at: tuple[Sequence[int], Sequence[int]],
) -> torch.Tensor:
    """The entries of C at rows and columns `at` with only their first `terms` terms added: float64.

    A finished entry is C's own, to its last digit.
    """
    rows, columns = (torch.tensor(indexes, dtype=torch.int64) for indexes in at)
    found = C[rows][:, columns].double()
    under_way = [some for some in distinct(terms) if some < A.shape[1]]
    if under_way:
        left, right = A[rows].double(), B[:, columns].double()
    for some in under_way:
        found = torch.where(terms == some, left[:, :some] @ right[:some], found)
    return found


def distinct(counted: torch.Tensor) -> list[int]:
    """The different counts in `counted`, which has few."""
    return sorted(set(counted.flatten().tolist()))


def places(sizes: Sizes, most_single: int, most: int) -> list[int]:
    """After how many multiply-adds the story stops, from 0 to all of them; the same in every reading.

    Up to `most_single` multiply-adds are told one by one; then k at a time, if that needs no more than `most_single`
    steps; else in `most` equal shares.
    """
    count = sizes.all
    steps = count if count <= most_single else sizes.n * sizes.m if sizes.n * sizes.m <= most_single else most
    if count == 0:
        return [0]
    return [count * step // steps for step in range(steps + 1)]

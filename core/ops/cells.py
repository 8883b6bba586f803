"""Tensors as blocks of cells: what of a large one is shown, and which cells are lit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.panels import Block
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

MOST = 8  # rows and columns of a block that are drawn


def block(
    name: str,
    tensor: Tensor,
    *,
    lit: Iterable[tuple[int, int]] = (),
    before: str = "",
    colour: str = "",
    known: int | None = None,
) -> Block:
    """`tensor` (m, n), or (n,) as a column, as cells. Of `known` rows the numbers are shown, the rest is empty.

    Of a tensor with more than MOST rows or columns the first MOST are drawn, and the note says so.
    """
    table = tensor.reshape(-1, 1) if tensor.dim() < 2 else tensor
    window = table[:MOST, :MOST].tolist()
    shown = [
        tuple(float(value) if known is None or i < known else None for value in row)
        for i, row in enumerate(window)
    ]
    note = (
        _window_note(tuple(tensor.shape)) if tensor.dim() > 1 else ""
    )  # a matrix says it for its vectors too
    inside = tuple((i, j) for i, j in lit if i < MOST and j < MOST)
    return Block(name, tuple(shown), inside, before, colour, note)


def _window_note(shape: tuple[int, ...]) -> str:
    if max(shape, default=0) <= MOST:
        return ""
    return _("the first {rows} × {columns} of {all}").format(
        rows=min(shape[0], MOST), columns=min(shape[1], MOST), all=" × ".join(map(str, shape))
    )

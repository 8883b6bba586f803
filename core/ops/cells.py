"""Tensors as blocks of cells: what of a large one is shown, and which cells are lit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from core.panels import Axis, Block, Cell
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

MOST = 8  # rows and columns of a block that are drawn
MOST_SLICES = 8  # slices of a tensor that are drawn


def block(
    name: str,
    tensor: Tensor,
    /,
    *,
    lit: Iterable[Cell] = (),
    before: str = "",
    colour: str = "",
    known: int | None = None,
    cells: Iterable[Cell] | None = None,
    axes: tuple[Axis, ...] = (),
    upright: bool = True,
    **more: Any,
) -> Block:
    """`tensor` (m, n), (n,) as a column (`upright`) or a row, or () as one cell. `more` goes to the Block.

    The numbers are shown of the first `known` rows, or of `cells`, where either is given; the rest is empty.
    Of a tensor with more than MOST rows or columns the first MOST are drawn, and the note says so.
    """
    table = tensor if tensor.dim() == 2 else tensor.reshape((-1, 1) if upright else (1, -1))
    window = table[:MOST, :MOST].tolist()
    chosen = None if cells is None else set(cells)
    shown = tuple(
        tuple(
            float(value) if (known is None or i < known) and (chosen is None or (i, j) in chosen) else None
            for j, value in enumerate(row)
        )
        for i, row in enumerate(window)
    )
    note = more.pop("note", "") or (window_note(tuple(tensor.shape)) if tensor.dim() > 1 else "")
    inside = tuple((i, j) for i, j in lit if i < MOST and j < MOST)
    more = {"rank": tensor.dim(), **more}
    if max(table.shape, default=0) > MOST:
        more.setdefault("whole", tuple(table.shape))
    return Block(name, shown, inside, before, colour, note, axes=axes, upright=upright, **more)


def slices(name: str, tensor: Tensor, **more: Any) -> list[Block]:
    """`tensor` (..., m, n) as one block for each index in front, named "A[0]", "A[1, 2]"; at most MOST_SLICES.

    `more` goes to every block; a value that is a function is called with the index.
    """
    found = []
    for index in itertools.islice(itertools.product(*map(range, tensor.shape[:-2])), MOST_SLICES):
        own = {key: value(index) if callable(value) else value for key, value in more.items()}
        title = f"{name}[{', '.join(map(str, index))}]" if index else name
        found.append(block(title, tensor[index], tensor=name, at=index, **own))
    return found


def window_note(shape: tuple[int, ...]) -> str:
    """What of a large matrix is shown; empty where all of it is."""
    if max(shape, default=0) <= MOST:
        return ""
    return _("the first {rows} × {columns} of {all}").format(
        rows=min(shape[0], MOST), columns=min(shape[1], MOST), all=" × ".join(map(str, shape))
    )

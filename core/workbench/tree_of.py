"""The tree of a trace: its nodes with shapes and small pictures, few enough to be seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import torch

from core.expression.trace import Piece
from core.panels import Node, Tree
from core.shapes import show
from core.words import _
from core.workbench.deeds import computes

MOST_NODES = 40  # more: plain numbers go into the label of what takes them
MOST_DRAWN = 48  # still more: only the last ones are drawn
SIDE = 8  # rows and columns of a picture
MOST_READ = 65_536  # numbers that a picture is made of; of a larger tensor every so many-th


@dataclass(frozen=True)
class Grown:
    """The nodes, all waiting, the note under them, and the numbers of the pieces that are told one by one."""

    nodes: tuple[Node, ...]
    note: str
    told: tuple[int, ...]
    hidden: tuple[int, ...]  # computed before, and not drawn

    def panel(self, done: Collection[int], now: int | None = None, state: str = "lit") -> Tree:
        """The tree as it stands when the pieces `done` are computed and `now` has `state`."""
        nodes = tuple(
            replace(one, state=state if one.number == now else "done" if one.number in done else "waiting")
            for one in self.nodes
        )
        return Tree(nodes, note=self.note)


def grown(pieces: Sequence[Piece]) -> Grown:
    """The tree of `pieces`, in computing order; a failed one may stand at the end."""
    drawn = pieces[-MOST_DRAWN:]
    while drawn and not computes(drawn[0]) and len(drawn) == MOST_DRAWN and len(pieces) > MOST_DRAWN:
        drawn = drawn[1:]  # a leaf whose user is drawn comes in below
    common = _common(pieces)
    known = {piece.number: piece for piece in drawn}
    folded = _folded(drawn)
    nodes = tuple(_node(piece, known, folded, common) for piece in drawn if piece.number not in folded)
    told = tuple(piece.number for piece in drawn if computes(piece))
    hidden = tuple(piece.number for piece in pieces[: len(pieces) - len(drawn)])
    return Grown(nodes, _note(pieces, common, len(hidden)), told, hidden)


def _common(pieces: Sequence[Piece]) -> str:
    """The dtype that most tensors have."""
    counted = Counter(piece.dtype for piece in pieces if piece.dtype and not is_number(piece))
    return counted.most_common(1)[0][0] if counted else ""


def is_number(piece: Piece) -> bool:
    """A plain number that was written."""
    return not piece.inputs and piece.kind in ("number", "constant") and not piece.target


def _note(pieces: Sequence[Piece], common: str, hidden: int) -> str:
    several = len({piece.dtype for piece in pieces if piece.dtype and not is_number(piece)}) > 1
    note = _("{dtype} where nothing else is said") if several else _("all of it {dtype}")
    found = [note.format(dtype=common)] if common else []
    if hidden:
        found.append(_("{count} nodes before are not drawn").format(count=hidden))
    return _(", ").join(found)


def _folded(drawn: Sequence[Piece]) -> set[int]:
    """The plain numbers that are written into the label of what takes them: the deepest first, until few are left."""
    depth = {piece.number: 0 for piece in drawn}
    for piece in reversed(drawn):
        for number in piece.inputs:
            if number in depth:
                depth[number] = max(depth[number], depth[piece.number] + 1)
    used = {number for piece in drawn for number in piece.inputs}
    plain = [piece.number for piece in drawn if is_number(piece) and piece.number in used]
    plain.sort(key=lambda number: -depth[number])
    return set(plain[: max(0, len(drawn) - MOST_NODES)])


def _node(piece: Piece, known: Mapping[int, Piece], folded: Collection[int], common: str) -> Node:
    shape = "" if piece.shape is None or is_number(piece) else show(piece.shape)
    if shape and piece.dtype != common:
        shape += f" {piece.dtype}"
    inputs = tuple(number for number in piece.inputs if number in known and number not in folded)
    target = piece.target if piece.target != piece.label else ""
    said = " ".join(part for part in (piece.text, shape and show(piece.shape), piece.dtype or "") if part)
    return Node(
        piece.number, _label(piece, known, folded), shape, picture(piece.value), inputs, target=target,
        told=" ".join(said.split())[:120],
    )  # fmt: skip


def _label(piece: Piece, known: Mapping[int, Piece], folded: Collection[int]) -> str:
    """The label, with the plain numbers that have no node of their own, and without what goes without saying."""
    label = piece.label.replace("keepdim=True", "keepdim")
    if not any(number in folded for number in piece.inputs):
        return label
    parts = [known[number].label if number in folded else "" for number in piece.inputs]
    if piece.kind == "operator" and len(parts) == 2:
        return " ".join(part for part in (parts[0], label, parts[1]) if part)
    if "(" in label:
        return label
    return f"{label}({', '.join(part or '…' for part in parts)})"


# --- pictures


def picture(value: torch.Tensor | None) -> tuple[tuple[float, ...], ...]:
    """Up to SIDE x SIDE numbers that look like the tensor: its own, or means of parts of it; () for a single number.

    Axes in front go below each other.
    """
    if value is None or value.dim() == 0 or not value.numel() or value.is_complex():
        return ()
    table = _sampled(value.detach()).cpu().to(torch.float32)
    table = table.reshape(-1, table.shape[-1]) if table.dim() > 1 else table[None]
    if max(table.shape) > SIDE:
        size = [min(side, SIDE) for side in table.shape]
        table = torch.nn.functional.adaptive_avg_pool2d(table.nan_to_num(0.0, 0.0, 0.0)[None], size)[0]
    return tuple(map(tuple, table.nan_to_num(float("nan"), float("inf"), float("-inf")).tolist()))


def _sampled(value: torch.Tensor) -> torch.Tensor:
    """Every so many-th number along the longest axes, so that little is read."""
    steps = [1] * value.dim()
    sizes = list(value.shape)
    while prod(sizes) > MOST_READ:
        axis = max(range(len(sizes)), key=sizes.__getitem__)
        steps[axis] *= 2
        sizes[axis] = -(-value.shape[axis] // steps[axis])
    return value[tuple(slice(None, None, step) for step in steps)]

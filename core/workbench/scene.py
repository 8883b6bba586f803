"""One node in cells: its operands, a sign, its result. Large tensors are windows, more axes than two are slices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import torch

from core.expression.trace import Piece, Trace, shortened
from core.figures import grid
from core.numbers import number
from core.ops.cells import MOST, block
from core.panels import Axis, Block, Cell, Cells, Link, Source
from core.words import _
from core.workbench.deeds import Deed, deed_of, operands_of, taken_at, word_of

ROOM = (430.0, 500.0)  # px that the cells have on a usual stage
LARGEST_CELL = 62.0  # px: what fits in one line stays in one line
MOST_SLICES = 3
MOST_OPERANDS = 4
SHORT = 14  # letters of a name over a block
MOST_DIGITS = 5  # of a number in a cell, the sign and the point included
FEW_DIGITS = 4  # and where a window is seen, whose cells are small
WINDOW = 6  # rows and columns that are drawn of a tensor with more than MOST
TINY = 1e-3
TWIN = "\u200b"  # a mark that is not seen: two operands of one name are two tensors to the browser
LETTERS, HUES = "ijlpqrst", ("axis1", "axis2", "axis3", "axis4", "axis5", "axis6")
NO_CHOICE = (
    "cat",
    "concat",
    "stack",
    "hstack",
    "vstack",
)  # their operands stand beside each other, without a sign


@dataclass(frozen=True)
class Scene:
    """A node as it is told: the names of its operands and its own, its deed, and the values, on the CPU."""

    piece: Piece
    operands: tuple[Piece, ...]
    deed: Deed
    names: tuple[str, ...]  # of the operands
    name: str

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of the operands that are single tensors."""
        return [one.shape for one in self.operands if one.shape is not None]


def scene_of(trace: Trace, piece: Piece) -> Scene:
    """The scene of a node that is computed, or that failed."""
    operands = operands_of(trace, piece)
    given = [name_of(trace, one) for one in operands]
    names = tuple(name + TWIN * given[:k].count(name) for k, name in enumerate(given))
    own = name_of(trace, piece)
    while own in names:
        own += TWIN
    return Scene(piece, tuple(operands), deed_of(trace, piece), names, own)


def name_of(trace: Trace, piece: Piece) -> str:
    """What a tensor is called: by its name, as it is written where that is short, else by what makes it.

    A name of several words stands in brackets, as it would have to before an index.
    """
    if piece.target:
        return piece.target
    name = _composed(trace, piece)
    return f"({name})" if piece.kind == "operator" and piece.inputs else name


def _composed(trace: Trace, piece: Piece) -> str:
    text = " ".join(piece.text.split())
    if len(text) <= SHORT or not piece.inputs:
        return shortened(text, SHORT)
    sides = [name_of(trace, trace.pieces[number]) for number in piece.inputs]
    short = [side if len(side) <= SHORT // 2 else "…" for side in sides]
    if piece.kind == "operator":
        return f" {piece.name} ".join(short) if len(short) > 1 else f"{piece.name}{short[0]}"
    if piece.kind == "call":
        return f"{word_of(piece)}(…)"
    label = (
        piece.label
        if len(piece.label) <= SHORT // 2 or piece.kind == "attribute"
        else f".{word_of(piece)}(…)"
    )
    return f"{short[0]}{'[…]' if piece.kind == 'index' and label != piece.label else label}"


def shown(name: str) -> str:
    """A name as it is read."""
    return name.replace(TWIN, "")


def title(name: str) -> str:
    """A name as it stands over a block, where nothing follows it: without its brackets."""
    name, deep = shown(name), 0
    for k, letter in enumerate(name):
        deep += (letter == "(") - (letter == ")")
        if deep == 0:
            return name[1:-1] if k and k == len(name) - 1 and name[0] == "(" else name
    return name


# --- axes of the blocks


def axes_of(scene: Scene) -> tuple[list[tuple[Axis, ...]], tuple[Axis, ...]]:
    """Letter and colour of the axes of every operand and of the result; what disappears has the accent."""
    deed, operands = scene.deed, scene.operands
    if deed.kind == "einsum":
        gone = set("".join(deed.labels[:-1])) - set(deed.labels[-1])
        hue = {c: HUES[k % len(HUES)] for k, c in enumerate(deed.labels[-1])} | dict.fromkeys(gone, "accent")
        named = [tuple((c, hue[c]) for c in part) for part in deed.labels]
        return named[:-1], named[-1]
    if deed.kind == "reduce":
        every = [
            (c, "accent" if k in deed.axes else HUES[k % len(HUES)]) for k, c in _lettered(scene.shapes[0])
        ]
        return [tuple(every)], tuple(a for k, a in enumerate(every) if deed.keepdim or k not in deed.axes)
    own = tuple((c, HUES[k % len(HUES)]) for k, c in _lettered(scene.piece.shape or ()))
    if deed.kind in ("product", "outer", "turn", "running", "along"):
        return [_followed(source, own, deed) for source in deed.sources], own
    return [() for _one in operands], ()


def _lettered(shape: tuple[int, ...]) -> list[tuple[int, str]]:
    return list(enumerate((LETTERS * 2)[: len(shape)]))


def _followed(source: Source, own: tuple[Axis, ...], deed: Deed) -> tuple[Axis, ...]:
    """The axes of an operand: those of the result that they follow; what is gathered has the accent."""
    gathered = "k" if deed.kind == "product" else ""
    return tuple(
        (gathered or LETTERS[axis], "accent") if to is None else own[to]
        for axis, to in enumerate(source.follows)
    )


# --- blocks


def cells(scene: Scene, *, failed: bool = False) -> Cells:
    """Operands, signs and result in as few lines as leave the cells large; of a failed node the operands alone."""
    given, own = axes_of(scene)
    lit = _lit(scene) if not failed else [()] * (len(scene.operands) + 1)
    parts: list[list[Block]] = []
    for k, one in enumerate(scene.operands[:MOST_OPERANDS]):
        parts.append(blocks(scene.names[k], one, given[k] if k < len(given) else (), lit[k],
                            before=_sign(scene, k), upright=_upright(scene, k)))  # fmt: skip
    parts = [part for part in parts if part]
    if not failed:
        before = "=" if len(scene.operands) > 1 else "→"
        standing = scene.deed.kind == "product" and len(scene.operands[0].shape or ()) > 1
        result = blocks(
            scene.name, scene.piece, own, lit[-1], before=before, upright=standing, colour="image"
        )
        return laid(parts, result)
    return laid(parts, [])


def _sign(scene: Scene, k: int) -> str:
    """What stands before operand `k`."""
    word = scene.deed.word
    if k == 0 or (scene.deed.kind not in ("product", "pair") and scene.piece.kind != "operator"):
        return ""
    return {"-": "−", "*": "×", "/": "÷"}.get(
        word, word if len(word) <= 2 else "@" if scene.deed.kind == "product" else ""
    )


def _upright(scene: Scene, k: int) -> bool:
    """A vector stands where it is a column: as the right operand of a product."""
    return scene.deed.kind == "product" and k == 1


def blocks(
    name: str, piece: Piece, axes: tuple[Axis, ...], lit: Sequence[tuple[int, ...]] = (), *, before: str = "",
    upright: bool = False, colour: str = "",
) -> list[Block]:  # fmt: skip
    """A piece's tensor as one block, or one for each of its first slices; nothing where it is several tensors."""
    tensor = piece.value
    if tensor is None or tensor.is_complex():
        return []
    fronts = itertools.product(*map(range, tensor.shape[:-2]))
    found = []
    for front in itertools.islice(fronts, MOST_SLICES if tensor.dim() > 2 else 1):
        inner = [index[len(front) :] for index in lit if index[: len(front)] == front]
        over = f"{shown(name)}[{', '.join(map(str, front))}]" if front else title(name)
        edges = axes[len(front) :] if len(axes) == tensor.dim() else ()
        found.append(
            _block(
                over, name, front, _window(tensor[front]), inner, edges, upright, colour, tuple(tensor.shape)
            )
        )
    if found and before:
        found[0] = replace(found[0], before=before)
    left = prod(tensor.shape[:-2]) - len(found)
    if found and left > 0:
        note = _("{shown} of {count} matrices").format(shown=len(found), count=left + len(found))
        found[-1] = replace(found[-1], note=note)
    return found


def _block(
    over: str, name: str, front: tuple[int, ...], part: torch.Tensor, lit: Sequence[tuple[int, ...]],
    axes: tuple[Axis, ...], upright: bool, colour: str, shape: tuple[int, ...],
) -> Block:  # fmt: skip
    rank = part.dim()
    whole = shape[len(front) :]
    table = (*whole,) if rank == 2 else (whole[0], 1) if rank and upright else (1, whole[0] if rank else 1)
    large = {"whole": table, "note": window_note(whole)} if max(table, default=0) > MOST else {}
    return block(
        over, part, lit=[_cell(index, upright) for index in lit], axes=axes, upright=upright, colour=colour,
        tensor=name, at=front, brackets=rank > 0, **large,
        texts=_texts(part, upright, FEW_DIGITS if large else MOST_DIGITS),
    )  # fmt: skip


def _texts(part: torch.Tensor, upright: bool, digits: int) -> tuple[tuple[str, ...], ...]:
    """Shorter words where a number is long: all letters of a film are as small as the longest number needs them.

    What is next to nothing beside the others is ≈0; hovering tells it in full.
    """
    table = part if part.dim() == 2 else part.reshape((-1, 1) if upright else (1, -1))
    values = [[float(value) for value in row] for row in table.tolist()]
    largest = max((abs(v) for row in values for v in row if math.isfinite(v)), default=0.0)
    return tuple(tuple(_text(value, largest, digits) for value in row) for row in values)


def _text(value: float, largest: float, letters: int) -> str:
    """The words for a number, "" where it is written as always."""
    if len(number(value)) <= letters:
        return ""
    if 0 < abs(value) < TINY < largest:
        return "≈0"
    shorter = [number(value, digits) for digits in (2, 1)]
    fits = next((text for text in shorter if len(text) <= letters), shorter[-1])
    return fits if len(fits) < len(number(value)) else ""


def _cell(index: tuple[int, ...], upright: bool) -> Cell:
    if len(index) == 2:
        return index
    place = index[0] if index else 0
    return (place, 0) if upright else (0, place)


def _window(part: torch.Tensor) -> torch.Tensor:
    """What is drawn of a slice, on the CPU; no more of it is read."""
    most = _most(tuple(part.shape))
    return part[tuple(slice(0, most) for _axis in range(part.dim()))].detach().cpu()


def _most(shape: tuple[int, ...]) -> int:
    """How many rows and columns of a slice are drawn."""
    return MOST if max(shape, default=0) <= MOST else WINDOW


def window_note(whole: tuple[int, ...]) -> str:
    """What of a large matrix or vector is shown."""
    some = tuple(min(size, _most(whole)) for size in whole)
    return _("{shown} of {all}").format(
        shown=" × ".join(map(str, some)), all=" × ".join(f"{size:,}" for size in whole)
    )


def _lit(scene: Scene) -> list[list[tuple[int, ...]]]:
    """For each operand and the result the cells of the one that is told: the first."""
    shape = scene.piece.shape
    if not scene.deed.sources or shape is None or not prod(shape):
        return [[] for _one in (*scene.operands, scene.piece)]
    index = (0,) * len(shape)
    found = []
    for one, source in zip(scene.operands, scene.deed.sources, strict=True):
        most = _most(tuple(one.shape[-2:]))
        places = zip(taken_at(source, one.shape, index), one.shape, strict=True)
        spans = [range(*p.indices(min(n, most))) if isinstance(p, slice) else (p,) for p, n in places]
        found.append(list(itertools.islice(itertools.product(*spans), MOST * MOST * MOST_SLICES)))
    return [*found, [index]]


def laid(parts: list[list[Block]], result: list[Block]) -> Cells:
    """The lines in which the cells are largest: all in one, the result below, or every tensor in lines of its own."""
    together = [part[0] for part in parts] + result[:1]
    single = all(len(part) == 1 for part in (*parts, result) if part)
    tried = []
    if single:
        tried.append((tuple(together),))
        tried.append((tuple(part[0] for part in parts), tuple(result)))
    tried.append((*map(tuple, parts), tuple(result)))
    if not single:
        tried.append(tuple((one,) for part in (*parts, result) for one in part))
    kept = [tuple(line for line in lines if line) for lines in tried]
    return max((Cells(lines) for lines in kept), key=size_of)


def size_of(panel: Cells) -> float:
    """Pixels of a cell on a usual stage."""
    across, down = grid.ranges([grid.frame(panel)])
    return min(LARGEST_CELL, ROOM[0] / (across[1] - across[0]), ROOM[1] / (down[0] - down[1]))


def links(scene: Scene) -> tuple[Link, ...]:
    """Whence the cells of the result come, where there is an exact rule."""
    sources = scene.deed.sources
    if not sources or len(sources) != len(scene.operands) or len(sources) > MOST_OPERANDS:
        return ()
    named = tuple(replace(source, tensor=name) for source, name in zip(sources, scene.names, strict=True))
    return (Link(scene.name, named, scene.deed.formula),)

"""The film of an expression: its tree, and node by node the cells that go in and the cells that come out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core import shapes
from core.expression.trace import Piece, Trace, shortened
from core.operation import Step
from core.ops import broadcast_story
from core.panels import Alignment, Cells, Layout, Link, Panel, Row
from core.words import _
from core.workbench import scene, telling
from core.workbench.deeds import computes, word_of
from core.workbench.scene import Scene, scene_of
from core.workbench.tree_of import Grown, grown, is_number

MOST_GIVEN = 4  # tensors that are shown before anything is computed
MOST_FORMULA = 90  # letters
TREE, CELLS, STRIPS = 0, 1, 2
CLASHING = ("+", "-", "*", "/", "@")  # told in strips where the shapes do not fit
SHARE = 0.52  # of a wide stage, for what stands beside the tree


def steps(trace: Trace) -> Iterator[Step]:
    """The tree waiting, then one step for each node that is computed, last the result, or the node that failed.

    Every step has the tree, the cells and, where shapes clash, the strips. Nothing where the trace has no pieces.
    """
    pieces = (*trace.pieces, trace.failed) if trace.failed else trace.pieces
    if not pieces:
        return
    tree = grown(pieces)
    strips = _strips(trace)
    film = _Film(trace, tree, strips)
    yield film.step(set(), None, _given(trace), _opening(trace, tree))
    done = set(tree.hidden)
    if tree.hidden:
        sentence = _("The first {count} nodes are computed in one go; they are not drawn.")
        yield film.step(done, None, Cells(((),)), (sentence.format(count=len(tree.hidden)), ""))
    for number in tree.told:
        if trace.failed and number == trace.failed.number:
            continue
        piece = trace.pieces[number]
        done |= {number, *piece.inputs}
        here = scene_of(trace, piece)
        yield film.step(done, number, scene.cells(here), telling.told(here), scene.links(here))
    yield film.failed(done) if trace.error else film.last()


class _Film:
    """What no step changes."""

    def __init__(self, trace: Trace, tree: Grown, strips: Alignment | None) -> None:
        self.trace = trace
        self.tree = tree
        self.strips = strips

    def step(
        self, done: set[int], now: int | None, cells: Cells, words: tuple[str, str], links: Sequence[Link] = (),
        *, state: str = "lit",
    ) -> Step:  # fmt: skip
        """One moment; the strips are seen only where a node failed."""
        panels: list[Panel] = [self.tree.panel(done, now, state), cells]
        if self.strips:
            panels.append(self.strips if state == "failed" else _absent(self.strips))
        return Step(tuple(panels), *words, layout=_layout(bool(self.strips)), links=tuple(links))

    def last(self) -> Step:
        """Everything is computed: the result alone."""
        piece = self.trace.pieces[self.trace.result]
        name = scene.name_of(self.trace, piece)
        blocks = scene.blocks(name, piece, (), colour="image")
        every = {one.number for one in self.trace.pieces}
        return self.step(every, piece.number, scene.laid([], blocks), _closing(self.trace, piece))

    def failed(self, done: set[int]) -> Step:
        """The operands that cannot be computed together, and why; of an error without a node the sentence alone."""
        piece, error = self.trace.failed, self.trace.error
        if piece is None:
            every = {one.number for one in self.trace.pieces}
            return self.step(every, None, Cells(((),)), (error.sentence, error.fix))
        here = scene_of(self.trace, piece)
        words = error.sentence, telling.shape_line(here)
        cells = scene.cells(here, failed=True)
        return self.step(done | set(piece.inputs), piece.number, cells, words, state="failed")


def _layout(strips: bool) -> Layout:
    """The tree at the left, cells and strips beside it; on a phone one below the other."""
    aside = (Row(((CELLS, 1.0),), 1.5), Row(((STRIPS, 1.0),), 1.0)) if strips else (Row(((CELLS, 1.0),)),)
    below = (Row(((CELLS, 1.0),), 0.9), *((Row(((STRIPS, 1.0),), 0.7),) if strips else ()))
    return Layout((Row(((TREE, 1.0),)),), (Row(((TREE, 1.0),), 1.2), *below), aside, SHARE)


# --- what is given, and what comes out


def _given(trace: Trace) -> Cells:
    """The tensors that are given, beside each other."""
    leaves = [one for one in trace.pieces if not computes(one) and not is_number(one)]
    parts = [scene.blocks(scene.name_of(trace, one), one, ()) for one in leaves[:MOST_GIVEN]]
    return scene.laid([part for part in parts if part], [])


def _opening(trace: Trace, tree: Grown) -> tuple[str, str]:
    words = {"count": len(tree.nodes) + len(tree.hidden)}
    text = _line(trace)
    if trace.error:
        sentence = _("{count} nodes, from what is given at the bottom up to the one that fails.")
        return sentence.format(**words), text
    piece = trace.pieces[trace.result]
    if not tree.told:
        return _("One node: {name} is given.").format(name=scene.name_of(trace, piece)), text
    words["result"] = shapes.show(piece.shape) if piece.shape is not None else piece.label
    sentence = _("{count} nodes, from what is given at the bottom up to the result: {result} comes out.")
    return sentence.format(**words), text


def _closing(trace: Trace, piece: Piece) -> tuple[str, str]:
    if piece.shape is None:
        return _("The result is several tensors at once."), ""
    words = {
        "name": shapes.named(scene.title(scene.name_of(trace, piece)), piece.shape),
        "dtype": piece.dtype,
        "count": f"{sum(one.operations for one in trace.pieces):,}",
    }
    sentence = _("The result: {name}, {dtype}. All nodes together took {count} operations.")
    if words["count"] == "0":
        sentence = _("The result: {name}, {dtype}.")
    return sentence.format(**words), f"{_line(trace)} → {shapes.show(piece.shape)}"


def _line(trace: Trace) -> str:
    """The last line of the program: what all others are for."""
    lines = [line for line in trace.text.strip().splitlines() if line.split("#")[0].strip()]
    return shortened(lines[-1].split("#")[0], MOST_FORMULA) if lines else ""


# --- where shapes clash


def _strips(trace: Trace) -> Alignment | None:
    """The operands' shapes under each other, with the clash marked; None where no shapes clash."""
    piece, error = trace.failed, trace.error
    if not piece or not error or not error.shapes or len(piece.inputs) != 2:
        return None
    here = scene_of(trace, piece)
    op = "@" if word_of(piece) in ("matmul", "mm", "bmm", "mv", "dot") else word_of(piece)
    if op not in CLASHING or len(here.shapes) != 2 or not _clashes(here, op):
        return None
    given = dict(zip(here.names, here.shapes, strict=True))
    return list(broadcast_story.clashing(given, op))[-1].panels[0]


def _clashes(here: Scene, op: str) -> bool:
    """Whether it is the shapes that clash: no axis is missing altogether."""
    try:
        shapes.matmul(*here.shapes) if op == "@" else shapes.broadcast(*here.shapes)
    except shapes.ShapeError:
        return op != "@" or all(here.shapes)
    return False


def _absent(strips: Alignment) -> Alignment:
    """The same strips before they are there."""
    gone = [
        type(strip)("", tuple(type(box)(box.size, state="absent") for box in strip.boxes), strip.shift)
        for strip in strips.strips
    ]
    return Alignment(tuple(gone), strips.name, ruled=False)

"""A tensor over its memory: one strip of numbers, strides as jumps, and what copies and what does not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core import lazy
from core.operation import Step
from core.ops import nd_view, tensor_story
from core.ops.nd_view import axis_colour
from core.ops.tensor_story import Moment, Story
from core.panels import Cells, Jump, Layout, Panel, Row, Tape
from core.shapes import show
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

torch = lazy.load("torch")

MOST_SHOWN = 48  # cells of the strip
MOST_WALKED = 12  # rows of B that are walked one by one
MOST_JUMPS = 12  # jumps drawn in one row


def steps(A: Tensor, story: Story, before: str) -> Iterator[Step]:
    """The strip, a jump for each axis, the deed, B read row by row along the strip, and the verdict."""
    scene = Scene(A, story)
    told = [*_strip(scene, A, before), *_deed(scene), *_walk(scene), _verdict(scene)]
    layout = _layout(scene)
    for k, (tape, moment, filled) in enumerate(told):
        yield Step(
            _panels(scene, tape, moment, filled), moment.sentence, moment.formula, layout if k == 0 else None
        )


def walk(A: Tensor, story: Story) -> Iterator[Step]:
    """A alone: the strip, and a jump for each axis."""
    layout = Layout((Row(((0, 1.0),), 2.0), Row(((1, 1.0),))))
    for k, (tape, moment, _filled) in enumerate(_strip(Scene(A, story), A, "")):
        blocks = nd_view.blocks("A", story.A, story.told, lit=moment.lit, colour="matrix")
        cells = Cells(tuple(nd_view.lines(blocks)))
        yield Step((cells, tape), moment.sentence, moment.formula, layout if k == 0 else None)


class Scene:
    """Where the numbers of A and B lie, as torch says it."""

    def __init__(self, A: Tensor, story: Story) -> None:
        self.story, self.start, self.B = story, story.A, story.B
        self.strip = memory(self.start)
        self.shared = _home(self.B) == _home(self.start)
        self.own = not self.shared and self.B.numel() > 0
        self.moved = _home(self.start) != _home(A)  # contiguous() has copied
        addresses = torch.arange(self.start.untyped_storage().nbytes() // self.start.element_size())
        placed = torch.as_strided(
            addresses, self.start.shape, self.start.stride(), self.start.storage_offset()
        )
        self.reads = placed.reshape(-1)[story.source.reshape(-1)].tolist() if self.B.numel() <= 4096 else []
        self.rows = self.B.shape[-1] if self.B.dim() else 1


def memory(tensor: Tensor) -> Tensor:
    """All numbers of the tensor's storage in their order, also those that the tensor does not show."""
    count = tensor.untyped_storage().nbytes() // tensor.element_size()
    return torch.as_strided(tensor, (count,), (1,), 0)


def _home(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _told(
    scene: Scene, moment: Moment, jumps=(), lit=(), filled: int = 0, strip: Tensor | None = None
) -> tuple[Tape, Moment, int]:
    tape = _tape(scene.strip if strip is None else strip, tuple(jumps), tuple(lit))
    return tape, moment, filled


def _tape(strip: Tensor, jumps: tuple[Jump, ...], lit: tuple[int, ...]) -> Tape:
    count = strip.numel()
    note = ""
    if count > MOST_SHOWN:
        note = _("the first {shown} of {count} numbers").format(shown=MOST_SHOWN, count=count)
    values = tuple(float(value) for value in strip[:MOST_SHOWN].tolist())
    return Tape("memory", values, lit, jumps, _("A in memory"), note)


def _strip(scene: Scene, A: Tensor, before: str) -> Iterator[tuple[Tape, Moment, int]]:
    start = scene.start
    sentence = _(
        "In memory A is one strip of {count} numbers. Its shape {shape} and its strides {strides} say how to walk it."
    )
    yield _told(
        scene,
        Moment(
            sentence.format(count=scene.strip.numel(), shape=show(A.shape), strides=show(A.stride())),
            f"A.stride() = {show(A.stride())}",
        ),
        strip=memory(A),
    )
    if before == "mT":
        words = _(
            "A.mT only swaps the last two strides. Nothing has moved in memory; what is read first has changed."
        )
        yield _told(scene, Moment(words, f"{show(A.stride())} → {show(start.stride())}"))
    if before == "copied":
        words = _(
            "A.mT.contiguous() copies the numbers into the order in which A.mT is read: this is the new strip."
        )
        yield _told(scene, Moment(words, f"A.mT.contiguous().stride() = {show(start.stride())}"))
    for axis in range(min(start.dim(), 6)):
        yield _axis(scene, axis)


def _axis(scene: Scene, axis: int) -> tuple[Tape, Moment, int]:
    """One step along an axis, as jumps from the first number on."""
    start, size = scene.start, scene.start.shape[axis]
    jump, first = start.stride(axis), start.storage_offset()
    count = min(size - 1, MOST_JUMPS) if start.numel() else 0
    jumps = [
        Jump(first + k * jump, first + (k + 1) * jump, f"+{jump}", axis_colour(axis)) for k in range(count)
    ]
    mask = torch.zeros(tensor_story.masked(scene.story), dtype=torch.bool)
    if start.numel():
        mask[tuple(slice(None) if k == axis else 0 for k in range(start.dim()))] = True
    sentence = _(
        "One step along axis {axis} is a jump over {stride} cells of the strip; axis {axis} has size {size}."
    )
    if jump == 0:
        sentence = _("Axis {axis} has stride 0: all its {size} places show the same cells, stored once.")
    moment = Moment(sentence.format(axis=axis, stride=jump, size=size), f"stride({axis}) = {jump}", lit=mask)
    lit = [first + k * jump for k in range(count + 1)] if start.numel() else []
    return _told(scene, moment, jumps, lit)


def _deed(scene: Scene) -> Iterator[tuple[Tape, Moment, int]]:
    story, B = scene.story, scene.B
    words = {"line": f"`{story.line}`", "shape": show(B.shape), "strides": show(B.stride())}
    if not scene.own:
        sentence = _(
            "{line} is another view of the same strip: shape {shape}, strides {strides}. Nothing is copied."
        )
    elif story.deed == "index":
        sentence = _(
            "{line} picks by a list of indexes: no strides can say that, so the "
            "numbers are copied to a strip of their own."
        )
    else:
        sentence = _(
            "No strides over this strip give the shape {shape}: {line} must copy, "
            "number by number, to a strip of its own."
        )
    yield _told(scene, Moment(sentence.format(**words), f"B.stride() = {words['strides']}"))


def _walk(scene: Scene) -> Iterator[tuple[Tape, Moment, int]]:
    """B in its order, a row at a time: which cells of A's strip are visited, and by which jumps."""
    count = len(scene.reads) // scene.rows if scene.rows and scene.reads else 0
    hue = scene.story.result_axes[-1] if scene.story.result_axes else -1
    for row in range(min(count, MOST_WALKED)):
        visited = scene.reads[row * scene.rows : (row + 1) * scene.rows]
        jumps = [
            Jump(a, b, f"{b - a:+d}".replace("-", "−"), axis_colour(hue) if hue >= 0 else "accent")
            for a, b in list(itertools.pairwise(visited))[:MOST_JUMPS]
        ]
        values = ", ".join(str(int(v)) if v == int(v) else f"{v:.3g}" for v in _few(scene, visited))
        sentence = _("Row {row} of B reads the cells {cells} of the strip.")
        if count == 1:
            sentence = _("B reads the cells {cells} of the strip, in this order.")
        cells = ", ".join(map(str, visited[:8])) + (", …" if len(visited) > 8 else "")
        mask = tensor_story.marked(
            scene.story, scene.story.source.reshape(-1)[row * scene.rows : (row + 1) * scene.rows]
        )
        moment = Moment(
            sentence.format(row=row, cells=cells), f"({values}{', …' if len(visited) > 8 else ''})",
            lit=mask,
        )  # fmt: skip
        yield _told(scene, moment, jumps, visited, (row + 1) * scene.rows)


def _few(scene: Scene, visited: list[int]) -> list[float]:
    """The first numbers at the visited addresses, finite ones only: the others are told by the cells."""
    found = [float(scene.strip[address]) for address in visited[:8]]
    return [value for value in found if value - value == 0]


def _verdict(scene: Scene) -> tuple[Tape, Moment, int]:
    sentence = _("A and B share one storage: writing into one changes the other.")
    if scene.own:
        sentence = _("B has a storage of its own: writing into B leaves A as it is.")
    moment = Moment(sentence, f"B.is_contiguous() = {scene.B.is_contiguous()}", landed=True)
    return _told(scene, moment, filled=scene.B.numel())


# --- panels


def _layout(scene: Scene) -> Layout:
    tapes = tuple(Row(((1 + k, 1.0),), (1.0, 0.65)[k]) for k in range(1 + scene.own))
    return Layout((Row(((0, 1.0),), 2.0 - 0.3 * scene.own), *tapes))


def _panels(scene: Scene, tape: Tape, moment: Moment, filled: int) -> tuple[Panel, ...]:
    cells = tensor_story.cells(scene.story, moment)
    return (cells, tape, *([_copy(scene, filled)] if scene.own else []))


def _copy(scene: Scene, filled: int) -> Tape:
    """B's own strip, as far as it has been written."""
    strip = memory(scene.B)
    values = tuple(float(v) if k < filled else None for k, v in enumerate(strip[:MOST_SHOWN].tolist()))
    note = ""
    if strip.numel() > MOST_SHOWN:
        note = _("the first {shown} of {count} numbers").format(shown=MOST_SHOWN, count=strip.numel())
    newest = range(max(0, filled - scene.rows), min(filled, MOST_SHOWN)) if filled < scene.B.numel() else ()
    return Tape("copy", values, tuple(newest), (), _("B in memory"), note)

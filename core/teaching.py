"""What a teacher's link changes of an answer: a film without what must not be seen yet, and a prediction judged.

This runs in the calculator's workers: a film that stays closed never reaches the server, let alone the browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from core import tensors
from core.doctor import Case
from core.expression import ExpressionError
from core.operation import Operation, Step
from core.panels import Alignment, Cells, Label, Panel, Plane
from core.shapes import Shape, show
from core.words import _, together

NEAR = 0.005  # a prediction may differ by so much, and by this share of the number: two decimals are enough
MOST_PLACES = 3  # that are named where numbers or axes are wrong
LONGEST_SHAPE, MOST_AXES = 60, 8
SIZES = re.compile(r"[\s,，、;x×*·]+")
NO_AXES = ("scalar", "标量")


# --- the film


def seen(found: Operation, steps: Sequence[Step], arguments: Mapping[str, Any]) -> list[Step]:
    """The steps as far as the link lets them be seen.

    "asking" is what has to be predicted first ("shape" or "value"); "without" what is left out: "steps" (all but the
    first), "result", "sentence", "formula".
    """
    without, asking = arguments.get("without", ()), arguments.get("asking", "")
    if closed(arguments):
        steps = [opening(found, steps[0], asking)]
    elif "steps" in without:
        steps = steps[:1]
    words = {name: "" for name in ("sentence", "formula") if name in without and not asking}
    return [replace(step, **words) for step in steps] if words else list(steps)


def closed(arguments: Mapping[str, Any]) -> bool:
    """Whether nothing that tells of the result may be seen."""
    return bool(arguments.get("asking")) or "result" in arguments.get("without", ())


def opening(found: Operation, step: Step, asking: str) -> Step:
    """The first step with nothing in it that tells of the result; its sentence is the question.

    Where the value is asked for, the result's empty cells stay.
    """
    gone = () if asking == "value" else (found.result,)
    panels = tuple(panel for each in step.panels for panel in _silent(each, gone))
    sentences = {
        "shape": _("Which shape will {name} have? Predict it; then the picture plays."),
        "value": _("What will {name} be? Predict it; then the picture plays."),
    }
    sentence = sentences.get(asking, _("What comes of it is not shown here.")).format(name=found.result)
    return replace(step, panels=panels, sentence=sentence, formula="", layout=None, links=())


def _silent(panel: Panel, gone: Sequence[str]) -> Iterator[Panel]:
    """The panel without the tensors in `gone` and without numbers that follow the hand; nothing where none is left."""
    if isinstance(panel, Plane):
        yield replace(
            panel, marks=tuple(mark for mark in panel.marks if not (isinstance(mark, Label) and mark.live))
        )
    elif isinstance(panel, Cells) and gone:
        titles = panel.titles or ("",) * len(panel.lines)
        kept = [
            (tuple(block for block in line if (block.tensor or block.name) not in gone), title)
            for line, title in zip(panel.lines, titles, strict=True)
        ]
        kept = [(line, title) for line, title in kept if line]
        if kept:
            lines, titles = zip(*kept, strict=True)
            yield replace(panel, lines=lines, titles=titles if panel.titles else (), flights=())
    elif isinstance(panel, Alignment) and gone:
        yield replace(
            panel, strips=tuple(strip for strip in panel.strips if strip.name not in gone), ruled=False
        )
    else:
        yield panel


# --- a prediction


def judged(case: Case, result: torch.Tensor, kind: str, text: str) -> tuple[bool, str]:
    """Whether `text` predicts the "shape" or the "value" of the result, and a sentence that says why not."""
    return _shape(case, tuple(result.shape), text) if kind == "shape" else _value(case, result.cpu(), text)


def read_shape(text: str) -> Shape | None:
    """`text` as a shape: "2, 3", "(2, 3)", "2×3", "torch.Size([2, 3])", "()"; None where it is none.

    >>> read_shape("2 x 3"), read_shape("(4,)"), read_shape("()"), read_shape("two")
    ((2, 3), (4,), (), None)
    """
    plain = (
        text[: LONGEST_SHAPE + 1]
        .strip()
        .removeprefix("torch.Size")
        .translate(str.maketrans("", "", "()[]（）"))
    )
    sizes = [size for size in SIZES.split(plain.strip()) if size]
    if len(text) > LONGEST_SHAPE or not text.strip() or len(sizes) > MOST_AXES:
        return None
    if sizes == [] or " ".join(sizes).lower() in NO_AXES:
        return ()
    if not all(size.isascii() and size.isdigit() and len(size) <= 9 for size in sizes):
        return None
    return tuple(int(size) for size in sizes)


def _shape(case: Case, wanted: Shape, text: str) -> tuple[bool, str]:
    said, name = read_shape(text), case.operation.result
    if said is None:
        sentence = _(
            "This is no shape. Write the sizes axis by axis: `2, 3`; of a vector `3`; of a number `()`."
        )
        return False, sentence
    if said == wanted:
        return True, _("Right: {name} has the shape {shape}.").format(name=name, shape=show(wanted))
    return False, together(_("Not yet."), *_about(case, said, wanted))


def _about(case: Case, said: Shape, wanted: Shape) -> Iterator[str]:
    """What is wrong with a shape, as far as it does not give the right one away."""
    name = case.operation.result
    same = [other for other, shape in case.shapes.items() if shape == said]
    if same:
        yield _("{shape} is the shape of {other}; {name} has another.").format(
            shape=show(said), other=same[0], name=name
        )
    if len(said) != len(wanted):
        more, fewer = _("{name} has more axes than that."), _("{name} has fewer axes than that.")
        yield (more if len(said) < len(wanted) else fewer).format(name=name)
        if [size for size in said if size != 1] == [size for size in wanted if size != 1]:
            yield _("It is only about axes of size 1.")
    elif sorted(said) == sorted(wanted):
        yield _("The sizes are right, their order is not.")
    else:
        wrong = [axis for axis, size in enumerate(said) if size != wanted[axis]]
        for axis in wrong[:MOST_PLACES]:
            yield _("Axis {axis} of {name} is not {size}.").format(axis=axis, name=name, size=said[axis])
    gone = [size for size in said if size not in wanted]
    for axis, size in _vanishing(case):
        if size in gone:
            yield _("{size} is the size of {axis}, which is added up and disappears.").format(
                size=size, axis=axis
            )
            return


def _vanishing(case: Case) -> Iterator[tuple[str, int]]:
    """Names and sizes of the axes that disappear: those in the accent, everywhere in the atlas."""
    for name, axes in case.operation.axes_of(case.shapes, case.parameters).items():
        for (axis, colour), size in zip(axes, case.shapes[name], strict=False):
            if colour == "accent":
                yield axis, size


def _value(case: Case, result: torch.Tensor, text: str) -> tuple[bool, str]:
    try:
        said = tensors.read(text, names=case.names)
    except ExpressionError as error:
        return False, together(error.sentence, error.fix)
    if said.is_complex() or said.is_sparse:
        return False, _("Real numbers are meant.")
    if said.shape != result.shape:
        return False, together(_("Not yet."), _other_shape(case, said, result))
    if _close(said, result):
        return True, _right(case.operation.result, said, result)
    return False, together(_("Not yet."), *_differing(case, said, result))


def _close(said: torch.Tensor, result: torch.Tensor) -> bool:
    """Whether they have one shape and nearly the same numbers."""
    if said.shape != result.shape:
        return False
    pair = said.to(torch.float64), result.to(torch.float64)
    return torch.allclose(*pair, rtol=NEAR, atol=NEAR, equal_nan=True)


def _right(name: str, said: torch.Tensor, result: torch.Tensor) -> str:
    sentence = _("Right: that is {name}.").format(name=name)
    if said.is_floating_point() == result.is_floating_point() or said.dtype == torch.bool:
        return sentence
    dtype = str(result.dtype).removeprefix("torch.")
    return together(sentence, _("torch holds its numbers as {dtype}.").format(dtype=dtype))


def _other_shape(case: Case, said: torch.Tensor, result: torch.Tensor) -> str:
    words = {"shape": show(said.shape), "name": case.operation.result}
    if said.numel() == result.numel() and _close(said.reshape(result.shape), result):
        return _(
            "The numbers are right, but yours stand in the shape {shape}, those of {name} do not."
        ).format(**words)
    return _("Yours has the shape {shape}, and {name} has another.").format(**words)


def _differing(case: Case, said: torch.Tensor, result: torch.Tensor) -> Iterator[str]:
    """How many numbers differ and where, and what was perhaps done instead."""
    mine, right = said.to(torch.float64), result.to(torch.float64)
    near = torch.isclose(mine, right, rtol=NEAR, atol=NEAR, equal_nan=True)
    places = (~near).nonzero().tolist()
    if result.ndim == 0:
        yield _("It is larger.") if bool(right > mine) else _("It is smaller.")
    else:
        named = _(", ").join(f"`{place}`" for place in places[:MOST_PLACES])
        template = _("{count} of {all} numbers differ: at {places}.")
        if len(places) > MOST_PLACES:
            template = _("{count} of {all} numbers differ, the first at {places}.")
        yield template.format(count=len(places), all=result.numel(), places=named)
    yield from _instead(case, mine, right)


def _instead(case: Case, mine: torch.Tensor, right: torch.Tensor) -> Iterator[str]:
    """A mistake that many make, recognised by its result."""
    first, second = [*case.given.values(), None, None][:2]
    if bool(right.any()) and _close(-mine, right):
        yield _("With the other sign it would be right.")
    elif mine.ndim == 2 and _close(mine.mT, right):
        yield _("Rows and columns are exchanged.")
    elif second is not None and _fits(first, second, mine.shape) and _close(mine, (first * second).cpu()):
        names = list(case.given)
        yield _("That is {A} * {B}, cell by cell.").format(A=names[0], B=names[1])


def _fits(first: torch.Tensor, second: torch.Tensor, shape: torch.Size) -> bool:
    """Whether the two, laid on each other, have this shape."""
    try:
        return torch.broadcast_shapes(first.shape, second.shape) == shape
    except RuntimeError:
        return False

"""Shapes on their way through broadcasting, as strips: they come, slide to the right, fill up with 1, and stretch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from core import shapes
from core.panels import Alignment, Axis, Box, Strip
from core.words import _

COLOURS = ("axis1", "axis2", "axis3", "axis4", "axis5", "axis6")  # from the last axis on
INNER = "accent"  # the axis that disappears in a product


class Sight(NamedTuple):
    """One moment of the strips and what is said."""

    panel: Alignment
    sentence: str
    formula: str


@dataclass(frozen=True)
class Shapes:
    """The shapes that meet. `fixed`: columns at the right that are matrices of a product, and do not stretch."""

    given: Mapping[str, shapes.Shape]
    fixed: int = 0
    result: str = "R"

    @property
    def width(self) -> int:
        """How many columns there are."""
        return max(self.fixed, *map(len, self.given.values()))

    @property
    def line(self) -> str:
        """All shapes in a formula."""
        return ", ".join(shapes.named(name, shape) for name, shape in self.given.items())

    def column(self, column: int) -> dict[str, int]:
        """Every tensor's size in a column counted from the right (-1 is the last); a missing one is 1."""
        return {name: shape[column] if -column <= len(shape) else 1 for name, shape in self.given.items()}

    def size(self, column: int) -> int | None:
        """What the column becomes; None where it clashes."""
        sizes = {size for size in self.column(column).values() if size != 1}
        return None if len(sizes) > 1 else next(iter(sizes), 1)

    def axis(self, column: int) -> Axis:
        """The colour of a column."""
        return ("", COLOURS[(-column - 1) % len(COLOURS)])


def coming(found: Shapes) -> Iterator[Sight]:
    """The shapes as they are, slid to the right, and filled up with ones in front."""
    strips = [_strip(found, name, "absent") for name in found.given]
    left = [replace(strip, shift=float(found.width - len(found.given[strip.name]))) for strip in strips]
    sentence = _("Each tensor brings a shape: {shapes}. May they be computed together?").format(
        shapes=found.line
    )
    yield Sight(_panel(found, left), sentence, found.line)
    lengths = {len(shape) for shape in found.given.values()}
    if len(lengths) == 1:
        return
    sentence = _("Shapes are compared from the right: the last axes come under each other.")
    yield Sight(_panel(found, strips), sentence, f"← {found.width} … 2, 1 ←")
    short = [name for name, shape in found.given.items() if len(shape) < found.width]
    padded = {name: (1,) * (found.width - len(shape)) + tuple(shape) for name, shape in found.given.items()}
    sentence = _("In {names} an axis is missing in front: torch puts a 1 there, in thought.").format(
        names=_(" and ").join(short)
    )
    formula = ", ".join(
        f"{shapes.named(name, found.given[name])} → {shapes.show(padded[name])}" for name in short
    )
    yield Sight(_panel(found, [_strip(found, name, "padded") for name in found.given]), sentence, formula)


def comparing(found: Shapes) -> Iterator[Sight]:
    """Column by column from the right: equal, stretched, or a clash, where it ends."""
    for column in range(-1 - found.fixed, -found.width - 1, -1):
        yield Sight(at_column(found, column), *_column_words(found, column))
        if found.size(column) is None:
            return


def at_column(found: Shapes, column: int, lit: bool = True) -> Alignment:
    """The strips when all columns from the right up to `column` are compared."""
    strips = [_strip(found, name, "padded", column) for name in found.given]
    return replace(_panel(found, strips, column), lit=(column,) if lit else ())


def noted(panel: Alignment, notes: Mapping[str, str]) -> Alignment:
    """The strips with a note beside each that has one."""
    return replace(
        panel, strips=tuple(replace(strip, note=notes.get(strip.name, "")) for strip in panel.strips)
    )


def _panel(found: Shapes, strips: Sequence[Strip], upto: int = 0) -> Alignment:
    """`upto`: the columns from -1 to it have their result."""
    boxes = []
    for column in range(-found.width, 0):
        size = found.size(column)
        known = upto <= column < -found.fixed and size is not None
        boxes.append(Box(size or 0, found.axis(column), "own" if known else "absent"))
    return Alignment((*strips, Strip(found.result, tuple(boxes), colour="image")))


def _strip(found: Shapes, name: str, missing: str, upto: int = 0) -> Strip:
    shape = found.given[name]
    boxes = []
    for column in range(-found.width, 0):
        if -column > len(shape):
            boxes.append(_judged(found, Box(1, found.axis(column), missing), column, upto))
        else:
            boxes.append(_judged(found, Box(shape[column], found.axis(column)), column, upto))
    return Strip(name, tuple(boxes), colour="ink")


def _judged(found: Shapes, box: Box, column: int, upto: int) -> Box:
    """A box of a compared column: equal, stretched to its size, or clashing."""
    if not upto <= column < -found.fixed:
        return box
    size = found.size(column)
    if size is None:
        return replace(box, state="clash") if box.size != 1 else box
    if box.size == 1 and size != 1:
        return replace(box, state="stretched", shown=_stretch(size))
    return replace(box, state="own") if box.state == "padded" else box


def _stretch(size: int) -> str:
    """1 → 3 as it is written in a box; closer where the number is long."""
    return f"1 → {size}" if size < 10 else f"1→{size}"


def _column_words(found: Shapes, column: int) -> tuple[str, str]:
    sizes, size = found.column(column), found.size(column)
    formula = ", ".join(str(one) for one in sizes.values())
    place = str(column).replace("-", "−")
    if size is None:
        (name, one), (other, two) = [pair for pair in sizes.items() if pair[1] != 1][:2]
        if one == two:
            other, two = next(pair for pair in sizes.items() if pair[1] not in (1, one))
        sentence = _(
            "Axis {axis}: {size} in {name} meets {other_size} in {other}. They are not equal and neither is 1, so it "
            "is not clear which numbers belong together: torch stops here."
        )
        words = {"axis": place, "size": one, "name": name, "other_size": two, "other": other}
        return sentence.format(**words), f"{one} ≠ {two}"
    if len(set(sizes.values())) == 1:
        sentence = _("Axis {axis}: the sizes are equal, {size}. Nothing needs to be stretched.")
        return sentence.format(axis=place, size=size), f"{formula} → {size}"
    ones = _(" and ").join(name for name, one in sizes.items() if one == 1)
    sentence = _(
        "Axis {axis}: the 1 of {names} is stretched to {size}. Its numbers are read again, not copied."
    )
    return sentence.format(axis=place, names=ones, size=size), f"{formula} → {size}"


# --- products


@dataclass(frozen=True)
class Product:
    """The shapes of A @ B: as they are, padded, stretched; a vector on the left is a row, one on the right a column."""

    A: shapes.Shape
    B: shapes.Shape
    result: shapes.Shape

    @property
    def matrices(self) -> tuple[shapes.Shape, shapes.Shape]:
        """Both with two axes at least."""
        return (self.A if len(self.A) > 1 else (1, *self.A)), (self.B if len(self.B) > 1 else (*self.B, 1))

    @property
    def padded(self) -> tuple[shapes.Shape, shapes.Shape]:
        """With ones in front, equally long."""
        width = max(map(len, self.matrices))
        return tuple((1,) * (width - len(shape)) + shape for shape in self.matrices)

    @property
    def stretched(self) -> tuple[shapes.Shape, shapes.Shape]:
        """With the axes in front stretched."""
        left, right = self.padded
        front = shapes.broadcast(left[:-2], right[:-2])
        return (*front, *left[-2:]), (*front, *right[-2:])


LETTERS = ((("n", "axis1"), ("k", INNER)), (("k", INNER), ("m", "axis2")), (("n", "axis1"), ("m", "axis2")))


def product_panel(found: Shapes, product: Product, stage: int) -> Alignment:
    """Stages: 0 as they are, 1 the inner axis looked at, 2 padded and stretched in front, 3 with the result."""
    rows = []
    for index, name in enumerate(found.given):
        own, full, wide = (product.A, product.B)[index], product.padded[index], product.stretched[index]
        lent = len(product.matrices[index]) - len(own)  # an axis lent to a vector
        missing = len(full) - len(product.matrices[index])
        boxes = [
            _product_box(
                full,
                wide,
                k,
                missing,
                LETTERS[index],
                stage,
                lent and (k == len(full) - (2 if index == 0 else 1)),
            )
            for k in range(len(full))
        ]
        rows.append(Strip(name, tuple(boxes), colour="ink"))
    front = product.stretched[0][:-2]
    sizes = (*front, product.padded[0][-2], product.padded[1][-1])
    names = (*(("", COLOURS[(2 + k) % len(COLOURS)]) for k in reversed(range(len(front)))), *LETTERS[2])
    gone = {len(sizes) - 2: len(product.A) == 1, len(sizes) - 1: len(product.B) == 1}
    result = [
        Box(size, axis, ("gone" if gone.get(k) else "own") if stage == 3 else "absent")
        for k, (size, axis) in enumerate(zip(sizes, names, strict=True))
    ]
    rows.append(Strip(found.result, tuple(result), colour="image"))
    return Alignment(tuple(rows), lit=(-1, -2) if stage == 1 else ())


def _product_box(
    full: shapes.Shape,
    wide: shapes.Shape,
    k: int,
    missing: int,
    letters: tuple[Axis, Axis],
    stage: int,
    lent: bool,
) -> Box:
    if k >= len(full) - 2:
        return Box(full[k], letters[k - len(full)], "padded" if lent else "own")
    axis = ("", COLOURS[(2 + len(full) - 3 - k) % len(COLOURS)])
    if stage >= 2 and full[k] != wide[k]:
        return Box(full[k], axis, "stretched", _stretch(wide[k]))
    return Box(full[k], axis, "own" if k >= missing else "padded" if stage >= 2 else "absent")


def clash_marked(found: Shapes, clash: Sequence[tuple[str, int]]) -> Alignment:
    """The strips with the axes marked that torch's rule for products refuses."""
    rows = []
    for name, shape in found.given.items():
        strip = _strip(found, name, "absent")
        marked = {found.width - len(shape) + axis for other, axis in clash if other == name}
        boxes = tuple(
            replace(box, state="clash") if k in marked else box for k, box in enumerate(strip.boxes)
        )
        rows.append(replace(strip, boxes=boxes))
    return _panel(found, rows)

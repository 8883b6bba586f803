"""Vectors: ordered numbers with a length and a direction; stretched by a scalar and put head to tail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from core import lazy, shapes
from core.numbers import factor, number, vector
from core.operation import Input, Operation, Preset, Slider, Step
from core.ops import geometry, linear_marks
from core.ops.cells import MOST, block
from core.ops.challenges.vector import CHALLENGES
from core.ops.heartbeat import HEARTBEAT
from core.ops.list_is_no_vector import LIST_IS_NO_VECTOR
from core.ops.reader_profile import READER_PROFILE
from core.ops.word_sum import WORD_SUM
from core.panels import (
    Arrow,
    Bars,
    Bind,
    Handle,
    Label,
    Layout,
    Link,
    Mark,
    Panel,
    Path,
    Plane,
    Row,
    Source,
    Variable,
    in_line,
)
from core.words import N_, _

torch = lazy.load("torch")

MOST_DRAWN = 3  # axes of a space that can be drawn
MOST_BARS = 64  # entries of a longer vector that are drawn as bars
MOST_SPELLED = 4  # entries written out in a sentence
LARGEST = 1e6
AXIS = (("n", "axis1"),)
BARS = Layout((Row(((0, 1.0), (1, 1.0), (2, 1.0)), 1.4), Row(((3, 1.0),), 1.0)))


def run(x: torch.Tensor, y: torch.Tensor, c: float = 1.0) -> torch.Tensor:
    """z = x + c y. x (n,), y (n,) -> z (n,)."""
    z = x + c * y  # (n,) + () * (n,) -> (n,): entry by entry
    return z


def explain(x: shapes.Shape, y: shapes.Shape) -> str:
    """Why z has its shape; raises ShapeError where n differs or an axis is missing."""
    sizes = shapes.bind_all({"x": ("n", x), "y": ("n", y)})
    return _(
        "x and y have one axis, (n) = {x}. Stretching multiplies every entry by the same number, and adding pairs "
        "entry with entry, so the {n} places stay {n} places: z has the shape {x}."
    ).format(x=shapes.show(x), n=sizes["n"])


class Moment(NamedTuple):
    """How far the story is: the picture's stage, the entries known, and what is said."""

    stage: int  # 0: x and y; 1: y stretched; 2: head to tail; 3: the sum
    known: int | None
    lit: tuple[int, ...]
    sentence: str
    formula: str


def steps(x: torch.Tensor, y: torch.Tensor, *, c: float = 1.0) -> Iterator[Step]:
    """x and y, y stretched by c, laid at the head of x; then the numbers, entry by entry."""
    z = run(x, y, c)
    for moment in _moments(x, y, z, c):
        yield _step(x, y, z, c, moment)


def _moments(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, c: float) -> Iterator[Moment]:
    n, drawn = len(x), _drawable(x, y)
    length = float(torch.linalg.vector_norm(x.double()))
    first = _(
        "x has one axis with {n} entries in a fixed order; mathematicians say its dimension is {n}. Its length, as "
        "an arrow, is another thing: {length}."
    ).format(n=n, length=number(length))
    yield Moment(0, 0, (), first, f"x = {_short(x)}   |x| = {number(length)}")
    stretched = _("A scalar stretches a vector: every entry of y times c = {c}. A negative c turns it round.")
    yield Moment(1, 0, (), stretched.format(c=number(c)), f"{factor(c)}·{_short(y)} = {_short(c * y)}")
    if drawn:
        tail = _("Laid with its tail at the head of x, it leads on: two ways one after the other.")
        yield Moment(2, 0, (), tail, f"x + {factor(c)}·y")
        corner = _(
            "The sum goes straight there. Whichever is walked first, the way ends at the same corner of the "
            "parallelogram."
        )
        yield Moment(3, 0, (), corner, f"z = {_short(z)}")
    if n <= MOST:
        for k in range(n):
            sentence = _("Entry {index}: {x} + {c} times {y} is {z}.").format(
                index=k + 1, x=number(float(x[k])), c=number(c), y=number(float(y[k])), z=number(float(z[k]))
            )
            formula = f"{number(float(x[k]))} + {factor(c)}·{factor(float(y[k]))} = {number(float(z[k]))}"
            yield Moment(3, k + 1, (k,), sentence, formula)
        return
    sentence = _("All {n} entries at once: each place adds its own pair, and none looks at its neighbours.")
    yield Moment(3, None, (), sentence.format(n=n), f"z = {_short(z)}")


def _short(tensor: torch.Tensor) -> str:
    return vector(tensor[: MOST_SPELLED + 1].tolist(), MOST_SPELLED)


def _drawable(x: torch.Tensor, y: torch.Tensor) -> bool:
    both = torch.cat([x.double(), y.double()])
    fits = 0 < len(x) <= MOST_DRAWN and bool(torch.isfinite(both).all())
    return fits and float(both.abs().max()) <= LARGEST


def _step(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, c: float, moment: Moment) -> Step:
    lit = tuple((k, 0) for k in moment.lit)
    scaled = (f"{factor(c)}·y" if c != 1 else "y", c * y) if moment.stage else ("y", y)
    cells = in_line(
        block("x", x, lit=lit, colour="vector", axes=AXIS),
        block(scaled[0], scaled[1], lit=lit, colour="basis1", before="+", tensor="cy", axes=AXIS),
        block("z", z, lit=lit, colour="image", before="=", known=moment.known, axes=AXIS),
    )
    links = (Link("z", (Source("x", (0,)), Source("cy", (0,))), "+" if moment.stage else ""),)
    if _drawable(x, y):
        return Step((_plane(x, y, z, c, moment), cells), moment.sentence, moment.formula, links=links)
    panels = (*_bars(x, y, z, c, moment), cells)
    return Step(panels, moment.sentence, moment.formula, BARS, links)


def _bars(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, c: float, moment: Moment) -> list[Panel]:
    """x, c y and z as bars: for vectors that no plane can hold."""
    found = []
    scaled = c * y if moment.stage else y.double()
    known = moment.known if moment.known is not None else len(z)
    shown = min(len(x), MOST_BARS)
    note = "" if shown == len(x) else _(" (the first {count} of {all})").format(count=shown, all=len(x))
    largest = _largest(x[:shown], scaled[:shown], z[:shown])
    titles = ("x" + note, ("y" if not moment.stage else f"{factor(c)} · y") + note, "z" + note)
    for name, values, title, hue in zip(
        ("x", "y", "z"), (x, scaled, z), titles, ("vector", "basis1", "image"), strict=True
    ):
        bars = [float(v) if name != "z" or k < known else None for k, v in enumerate(values[:shown].tolist())]
        found.append(
            Bars(name, tuple(bars), tuple(str(k) for k in range(shown)), title, moment.lit,
                 colours=(hue,) * shown, largest=largest)
        )  # fmt: skip
    return found


def _largest(*values: torch.Tensor) -> float:
    sizes = torch.cat([value.double().abs() for value in values])
    finite = sizes[torch.isfinite(sizes)]
    return float(finite.max()) if len(finite) else 1.0


def _plane(x: torch.Tensor, y: torch.Tensor, z: torch.Tensor, c: float, moment: Moment) -> Plane:
    size = max(2, len(x))
    pair = {name: geometry.rows(geometry.padded(value, size)) for name, value in (("x", x), ("y", y))}
    points = [geometry.padded(value, size) for value in (x, y, c * y, z)]
    laid = moment.stage >= 2
    zero = linear_marks.origin(size)
    reach, corner = _view(points, size)
    free = tuple(k < len(x) for k in range(size))
    return Plane(
        dimension=size,
        marks=_marks(size, c, moment.stage),
        state={**pair, "from": pair["x"] if laid else zero},
        reach=reach,
        free_corner=corner,
        variables=(
            Variable("x", pair["x"], "from" if laid else "x"),
            Variable("y", pair["y"], "y"),
        ),
        handles=(
            Handle("x", "x", _("the vector x"), "vector", None, free),
            Handle("y", "y", _("the vector y"), "basis1", None, free),
        ),
        moved=moment.stage >= 3,
    )


def _view(points: list[torch.Tensor], size: int) -> tuple[float, str]:
    """How far the picture goes, and the right corner that the arrows leave free for the cells."""
    all_points = torch.stack(points)
    if size == 3:
        return geometry.round_reach(2.5, 1.2 * float(all_points.abs().max())), "top"
    right = {
        up: max((float(px) for px, py in all_points.tolist() if (py > 0) == up and px > 0), default=0.0)
        for up in (True, False)
    }
    corner = "bottom" if right[False] < right[True] else "top"
    wide, tall = all_points.abs().amax(dim=0).tolist()
    return geometry.round_reach(2.6, 1.3 * tall, 0.8 * wide, min(right.values()) / 0.75), corner


def _marks(size: int, c: float, stage: int) -> tuple[Mark, ...]:
    """Everything of a stage, from the back to the front; y where it was, c y where it is."""
    zero, one, scaled = (0.0,) * size, (1.0,) * size, (c,) * size
    at = linear_marks.origin(size)
    marks: list[Mark] = []
    if stage == 3:
        corners = Bind(
            vector="x",
            mix=(zero, one, one, zero, zero),
            other="y",
            other_mix=(zero, zero, scaled, scaled, zero),
        )
        marks.append(
            Path(
                "parallelogram",
                "area",
                bind=corners,
                points=(at,) * 5,
                width=1.5,
                fill=0.2 if size == 2 else 0.0,
            )
        )
    marks += [
        *_arrow("x", "vector", Bind(vector="x", mix=(zero, one)), Bind(vector="x", mix=(one,)), at, 4.5),
        *_arrow("y", "basis1", Bind(vector="y", mix=(zero, one)), Bind(vector="y", mix=(one,)), at,
                2.5 if stage else 4.5, "dot" if stage else "solid"),
    ]  # fmt: skip
    if stage:
        ends = Bind(vector="from", mix=(one, one), other="y", other_mix=(zero, scaled))
        middle = Bind(vector="from", mix=(one,), other="y", other_mix=((c / 2,) * size,))
        text = f"{factor(c)}·y" if c != 1 else "y"
        # on the other side than y's own name: at c = 2 both stand at the same place
        marks += _arrow("step", "basis1", ends, middle, at, 4.5, text=text, place="middle left")
    if stage == 3:
        whole = Bind(vector="x", mix=(zero, one), other="y", other_mix=(zero, scaled))
        tip = Bind(vector="x", mix=(one,), other="y", other_mix=(scaled,))
        marks += _arrow("z", "image", whole, tip, at, 5.0)
    return _same(tuple(marks))


_KEPT: dict[tuple[Mark, ...], tuple[Mark, ...]] = {}


def _same(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Equal marks as one object: the drawers draw a stage once, however many steps it has."""
    if len(_KEPT) > 64:
        _KEPT.clear()
    return _KEPT.setdefault(marks, marks)


def _arrow(
    name: str,
    colour: str,
    ends: Bind,
    tip: Bind,
    at: tuple[float, ...],
    width: float,
    dash: str = "solid",
    text: str = "",
    place: str = "top right",
) -> list[Mark]:
    return [
        Arrow(name, colour, bind=ends, points=(at, at), width=width, dash=dash),
        Label(f"{name}-name", colour, bind=tip, at=at, text=text or name, bold=True, place=place),
    ]


def facts(x: torch.Tensor, y: torch.Tensor, c: float) -> list[tuple[str, str]]:
    """Dimension against length: how many axes, how many entries, how long."""
    z = run(x, y, c).double()
    return [
        (_("axes: z.dim()"), "1"),
        (_("entries: z.numel()"), str(z.numel())),
        (_("length |z|"), number(float(torch.linalg.vector_norm(z)), 5)),
        (
            _("lengths |x|, |y|"),
            ", ".join(number(float(torch.linalg.vector_norm(v.double())), 5) for v in (x, y)),
        ),
    ]


VECTOR = Operation(
    key="vector",
    chapter="objects",
    title=N_("Vector"),
    summary=N_(
        "A vector is an ordered row of numbers, and an arrow with a length and a direction. Two things can be done "
        "with it that make all of linear algebra: stretch it by a number, and put another one at its head."
    ),
    notation="x ∈ ℝⁿ",
    call="torch.arange(4)",
    latex=r"\mathbf{x} \in \mathbb{R}^n, \qquad \mathbf{z} = \mathbf{x} + c\,\mathbf{y}",
    inputs=(
        Input("x", "n", "[3, 1]", N_("an arrow from the origin: drag its head"), own_dtype=True),
        Input("y", "n", "[-1, 2]", N_("the arrow that is stretched and added"), own_dtype=True),
    ),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    result="z",
    parameters=(Slider("c", N_("c: how much of y"), -3.0, 3.0, 0.25, 1.0),),
    presets=(
        Preset("difference", N_("The way from y to x"), {"x": "[3, 1]", "y": "[1, 2]", "c": "-1.0"}),
        Preset("middle", N_("Half way"), {"x": "[2, 1]", "y": "[1, -3]", "c": "0.5"}),
        Preset("space", N_("In space"), {"x": "[2, 1, 0]", "y": "[-1, 1, 2]", "c": "1.0"}),
        Preset("article", N_("From the article"), {"x": "torch.arange(4)", "y": "[1, 1, 1, 1]", "c": "2.0"}),
        Preset(
            "waves",
            N_("Two waves"),
            {
                "x": "torch.sin(torch.linspace(0, 6.28, 41))",
                "y": "torch.sin(torch.linspace(0, 25.13, 41))",
                "c": "0.5",
            },
        ),
    ),
    practice=(READER_PROFILE, HEARTBEAT, WORD_SUM),
    traps=(LIST_IS_NO_VECTOR,),
    place=N_(
        "Whatever enters a network enters as vectors: a word as its embedding, a person as a profile, a second of "
        "sound as samples. The more entries it has, its dimension, the more it can tell. Adding vectors is how a "
        "residual connection passes on what it was given."
    ),
    challenges=CHALLENGES,
    axes={"n": "axis1"},
    shape_line="x (n) + c · y (n) → z (n)",
)

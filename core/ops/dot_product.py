"""Dot product: entries multiply pair by pair, the products add up, and one number says how far two vectors agree."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from core import lazy, shapes
from core.numbers import factor, number, plus, subscript
from core.operation import Choice, Input, Operation, Preset, Step
from core.ops.attention_scores import ATTENTION_SCORES
from core.ops.cells import MOST, block
from core.ops.challenges.dot_product import CHALLENGES
from core.ops.column_times_row import COLUMN_TIMES_ROW
from core.ops.dot_scene import HUES, MOST_DRAWN, Scene, measured
from core.ops.long_vectors_win import LONG_VECTORS_WIN
from core.ops.nearest_words import NEAREST_WORDS
from core.ops.search_engine import SEARCH_ENGINE
from core.panels import Bars, Block, Cells, Layout, Link, Panel, Source, rows
from core.words import N_, _

torch = lazy.load("torch")

MOST_TERMS = 12  # products told one by one; longer vectors are told stretch by stretch
STRETCHES = 8  # of a long vector
MOST_BARS = 48  # entries that are drawn as bars one by one
N_AXIS = (("n", "accent"),)


def run(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """s = x · y. x (n,), y (n,) -> s ()."""
    s = torch.dot(x, y)  # (n,) · (n,) -> ()
    return s


def explain(x: shapes.Shape, y: shapes.Shape) -> str:
    """Why s is a single number; raises ShapeError where the lengths differ or an axis is missing."""
    shapes.dot(x, y)
    return _(
        "x and y have one axis each, (n) = {x}. Entry meets entry along n, and the {n} products are added up: "
        "n disappears, no axis is left, and s has the shape ()."
    ).format(x=shapes.show(x), n=x[0])


class Told(NamedTuple):
    """How far the story has come: finished terms, the lit ones, and whether the sum is known."""

    terms: int = 0
    lit: tuple[int, ...] = ()
    summed: bool = False


def steps(x: torch.Tensor, y: torch.Tensor, *, onto: str = "y") -> Iterator[Step]:
    """Term by term to the sum, then the same number as a shadow; the last step shows s = run(x, y)."""
    scene, s = Scene(x, y, onto), run(x, y)
    layout = None if scene.drawable else _layout(x.numel())
    spelled = x.numel() <= MOST_TERMS
    tell = _tell_terms if spelled else _tell_stretches
    for told, falling, sentence, formula in (
        _opening(scene, x),
        *((told, None, *words) for told, *words in tell(x, y, s)),
        *(_shadow(scene, x.numel(), float(s)) if scene.drawable else _cosine(x, y, s)),
    ):
        panels = _panels(scene, x, y, s, told, falling)
        yield Step(panels, sentence, formula, layout, _links())


def _links() -> tuple[Link, ...]:
    one, all_ = (0,), (None,)
    return (
        Link("x * y", (Source("x", one), Source("y", one)), "*"),
        Link("s", (Source("x", all_), Source("y", all_), Source("x * y", all_)), "dot"),
    )


def _panels(
    scene: Scene, x: torch.Tensor, y: torch.Tensor, s: torch.Tensor, told: Told, falling: torch.Tensor | None
) -> tuple[Panel, ...]:
    if scene.drawable:
        return scene.plane(falling), Cells((_blocks(x, y, s, told, upright=True),))
    cells = _long_cells(x, y, s, told)
    return (cells, *_bars(x, y, told)) if x.numel() else (cells,)


def _blocks(
    x: torch.Tensor, y: torch.Tensor, s: torch.Tensor, told: Told, upright: bool
) -> tuple[Block, ...]:
    lit = tuple((k, 0) if upright else (0, k) for k in told.lit)
    shared = {"upright": upright, "axes": N_AXIS, "lit": lit}
    known = tuple((k, 0) if upright else (0, k) for k in range(told.terms))
    return (
        block("x", x, colour=HUES["x"], **shared),
        block("y", y, colour=HUES["y"], before="·", **shared),
        block("x * y", x * y, cells=known, before="=", **shared),
        block("s", s, before="Σ", colour="accent", lit=((0, 0),) if told.summed else (),
              known=1 if told.summed else 0, brackets=False),
    )  # fmt: skip


def _long_cells(x: torch.Tensor, y: torch.Tensor, s: torch.Tensor, told: Told) -> Cells:
    """x, y and their products as rows under each other; the sum stands at the end of the products."""
    first, second, products, total = _blocks(x, y, s, told, upright=False)
    note = (
        _("the first {count} of {all} entries").format(count=MOST, all=f"{x.numel():,}")
        if x.numel() > MOST
        else ""
    )
    lines = (
        _with(first, before=" "),
        _with(second, before="·"),
        _with(products, before="=", note=note),
        total,
    )
    return Cells(tuple((line,) for line in lines))


def _with(item: Block, **changes: object) -> Block:
    return Block(**{**item.__dict__, **changes})


def _bars(x: torch.Tensor, y: torch.Tensor, told: Told) -> tuple[Bars, ...]:
    """x, y and x * y as bars: the entries, or the sums of stretches of a long vector."""
    n = x.numel()
    products = x * y
    if n > MOST_BARS:
        parts = [float(torch.dot(x[a:b], y[a:b])) for a, b in _cuts(n)]
        values = tuple(v if k < told.terms else None for k, v in enumerate(parts))
        labels = tuple(f"{a + 1:,} …" for a, _b in _cuts(n))
        return (Bars("products", values, labels, _("sums of x * y, stretch by stretch"), told.lit,
                     largest=_largest(parts)),)  # fmt: skip
    labels = tuple(str(k + 1) if n <= 24 or k % 5 == 4 else "" for k in range(n))
    done = told.terms if n <= MOST_TERMS else (_cuts(n)[told.terms - 1][1] if told.terms else 0)
    lit = told.lit if n <= MOST_TERMS else tuple(j for k in told.lit for j in range(*_cuts(n)[k]))
    term = [float(v) for v in products]
    return (
        Bars("x-bars", tuple(map(float, x)), labels, "x", lit, largest=_largest(x.tolist())),
        Bars("y-bars", tuple(map(float, y)), labels, "y", lit, largest=_largest(y.tolist())),
        Bars("products", tuple(v if k < done else None for k, v in enumerate(term)), labels, "x * y", lit,
             largest=_largest(term)),
    )  # fmt: skip


def _largest(values: list[float]) -> float:
    return max((abs(v) for v in values if math.isfinite(v)), default=0.0)


def _layout(n: int) -> Layout | None:
    if not n:
        return None
    if n > MOST_BARS:
        return rows((0,), (1,), heights=(1.2, 1))
    return rows((0,), (1, 2, 3), heights=(1.4, 1), tall=((0,), (1,), (2,), (3,)))


def _cuts(n: int) -> list[tuple[int, int]]:
    """Where the stretches of a long vector begin and end: at most STRETCHES of nearly equal length."""
    return [(k * n // STRETCHES, (k + 1) * n // STRETCHES) for k in range(STRETCHES)]


Part = tuple[Told, "torch.Tensor | None", str, str]


def _opening(scene: Scene, x: torch.Tensor) -> Part:
    n = x.numel()
    if scene.drawable:
        sentence = _("Two arrows from one point: how far do they go the same way? One number will tell.")
    elif n == 0:
        sentence = _("x and y are empty: there are no products to add.")
    elif n <= MOST_DRAWN:
        sentence = _(
            "x or y holds NaN, ∞ or a very large number: it cannot be drawn, so only the numbers are shown."
        )
    elif n <= MOST_TERMS:
        sentence = _(
            "{n} axes are too many for a picture of arrows, but the rule is the same: entry meets entry."
        )
    else:
        sentence = _("{n} entries each: the products are told in {count} stretches, and then added up.")
    formula = "s = x · y = Σ xᵢ·yᵢ"
    return Told(), None, sentence.format(n=f"{n:,}", count=STRETCHES), formula


def _tell_terms(x: torch.Tensor, y: torch.Tensor, s: torch.Tensor) -> Iterator[tuple[Told, str, str]]:
    products = (x * y).tolist()
    pairs = [f"{factor(a)}·{factor(b)}" for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    for k, pair in enumerate(pairs):
        sentence = _("Entry {index} of x meets entry {index} of y: {product} = {value}.").format(
            index=k + 1, product=pair, value=number(products[k])
        )
        yield (
            Told(k + 1, (k,)),
            sentence,
            f"s = {_tail(pairs[: k + 1])}{' + …' if k + 1 < len(pairs) else ''}",
        )
    total = number(float(s))
    everything = Told(len(pairs), tuple(range(len(pairs))), True)
    if not pairs:
        yield everything, _("A sum of nothing is 0."), "s = 0"
        return
    terms = plus(factor(value) for value in products)
    sentence = _("Added up: {terms} = {total}. The axis n is gone, one number is left.")
    if len(pairs) > 4:
        sentence = _("The {count} products added up are {total}. The axis n is gone, one number is left.")
    yield (
        everything,
        sentence.format(terms=terms, count=len(pairs), total=total),
        f"s = {_tail(pairs)} = {total}",
    )


def _tail(terms: list[str]) -> str:
    """A sum whose beginning is left out where it grows long."""
    return plus(terms) if len(terms) <= 4 else f"… + {plus(terms[-3:])}"


def _tell_stretches(x: torch.Tensor, y: torch.Tensor, s: torch.Tensor) -> Iterator[tuple[Told, str, str]]:
    n, so_far = x.numel(), 0.0
    for k, (start, end) in enumerate(_cuts(n)):
        part = float(torch.dot(x[start:end], y[start:end]))
        so_far += part
        sentence = _(
            "Entries {first} to {last}: their {count} products add up to {part}; the sum so far is {sum}."
        )
        words = sentence.format(
            first=f"{start + 1:,}",
            last=f"{end:,}",
            count=f"{end - start:,}",
            part=number(part),
            sum=number(so_far),
        )
        yield Told(k + 1, (k,)), words, f"s{subscript(k + 1)} = {number(so_far - part)} + {factor(part)}"
    sentence = _("All {n} products added up are {total}. The axis n is gone, one number is left.")
    formula = f"s = Σ xᵢ·yᵢ = {number(float(s))}"
    yield Told(STRETCHES, (), True), sentence.format(n=f"{n:,}", total=number(float(s))), formula


def _shadow(scene: Scene, n: int, total: float) -> Iterator[Part]:
    """The same number in the picture: a shadow, its length times the other's length, and the angle."""
    told = Told(n, (), True)
    one, on = scene.other, scene.onto
    lengths, cosine, degrees, foot, shadow = scene.angle
    if not all(lengths.values()):
        sentence = _("A zero vector has no direction: there is no angle, and every product with it is 0.")
        yield told, None, sentence, "|x|·|y|·cos θ = 0"
        return
    yield (
        told,
        scene.pair[one],
        _("Now the same in the picture: take {one} …").format(one=one),
        f"|{one}| = {number(lengths[one])}",
    )
    falls = {
        1: _("… and let it fall at a right angle onto the line of {on}: its shadow is {length} long."),
        -1: _(
            "… and let it fall at a right angle onto the line of {on}: the shadow lies behind the origin "
            "and counts as {length}."
        ),
        0: _("… and let it fall at a right angle onto the line of {on}: no shadow is left."),
    }[_sign(cosine)]
    length = number(shadow if _sign(cosine) else 0.0)
    yield told, foot, falls.format(on=on, length=length), f"|{one}|·cos θ = {length}"
    sentence = _("Shadow times the length of {on}: {length}·{other} = {total}, the dot product once more.")
    words = sentence.format(on=on, length=length, other=number(lengths[on]), total=number(total))
    yield (
        told,
        foot,
        words,
        f"{factor(shadow if _sign(cosine) else 0.0)}·{number(lengths[on])} = {number(total)}",
    )
    yield told, foot, _sign_words(cosine, degrees), _cosine_formula(total, lengths, cosine)


def _sign(cosine: float) -> int:
    """1 acute, −1 obtuse, 0 right (up to rounding) or no angle."""
    return 0 if math.isnan(cosine) or abs(cosine) < 1e-9 else int(math.copysign(1, cosine))


def _sign_words(cosine: float, degrees: float) -> str:
    sentence = {
        1: _("The angle is {degrees}°, acute: the arrows agree, and the dot product is positive."),
        -1: _(
            "The angle is {degrees}°, obtuse: the arrows point against each other, and the dot product is negative."
        ),
        0: _("The angle is a right one, {degrees}°: neither helps the other, and the dot product is 0."),
    }[_sign(cosine)]
    return sentence.format(degrees=number(degrees))


def _cosine_formula(total: float, lengths: dict[str, float], cosine: float) -> str:
    value = number(cosine if _sign(cosine) else 0.0)
    return f"cos θ = x·y / (|x|·|y|) = {number(total)} / ({number(lengths['x'])}·{number(lengths['y'])}) = {value}"


def _cosine(x: torch.Tensor, y: torch.Tensor, s: torch.Tensor) -> Iterator[Part]:
    """The last word on vectors that cannot be drawn: the angle is there all the same."""
    found = measured(x, y, "y")
    if math.isnan(found.cosine):
        return
    told = Told(x.numel() if x.numel() <= MOST_TERMS else STRETCHES, (), True)
    sentence = _(
        "There is an angle in {n} dimensions too: divided by both lengths, the product is the cosine {cosine}, "
        "an angle of {degrees}°."
    )
    words = sentence.format(n=f"{x.numel():,}", cosine=number(found.cosine), degrees=number(found.degrees))
    yield told, None, words, _cosine_formula(float(s), found.lengths, found.cosine)


def facts(x: torch.Tensor, y: torch.Tensor) -> list[tuple[str, str]]:
    """Lengths, cosine similarity, angle and shadow of x (n,) and y (n,), as (label, value)."""
    if not x.numel() or not bool(torch.isfinite(x).all() & torch.isfinite(y).all()):
        return []
    found = measured(x, y, "y")
    lengths = [
        (_("length of x"), number(found.lengths["x"])),
        (_("length of y"), number(found.lengths["y"])),
    ]
    if math.isnan(found.cosine):
        return lengths
    return [
        *lengths,
        (_("cosine similarity"), number(found.cosine if _sign(found.cosine) else 0.0)),
        (_("angle"), f"{number(found.degrees)}°"),
        (_("shadow of x on y"), number(found.shadow if _sign(found.cosine) else 0.0)),
    ]


DOT_PRODUCT = Operation(
    key="dot-product",
    chapter="operations",
    title=N_("Dot product"),
    summary=N_(
        "Multiply entry by entry and add up: one number that says how far two vectors point the same way. It is the "
        "length of one arrow's shadow on the other, times the other's length."
    ),
    notation="s = x · y",
    call="torch.dot(x, y)",
    latex=r"x \cdot y = \sum_{i=1}^{n} x_i\,y_i = \|x\|\,\|y\|\,\cos\theta",
    inputs=(
        Input("x", "n", "[3, 1]", N_("the first vector")),
        Input("y", "n", "[2, 4]", N_("the second vector, of the same length")),
    ),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    result="s",
    parameters=(
        Choice("onto", N_("Whose shadow falls"), (("y", N_("x onto y")), ("x", N_("y onto x"))), "y"),
    ),
    presets=(
        Preset("orthogonal", N_("Right angle"), {"x": "[3, 1]", "y": "[-1, 3]"}),
        Preset("opposite", N_("Opposite"), {"x": "[2, 1]", "y": "[-4, -2]"}),
        Preset("parallel", N_("Parallel"), {"x": "[1, 2]", "y": "[1.5, 3]"}),
        Preset("obtuse", N_("Obtuse"), {"x": "[3, 1]", "y": "[-2, 2]"}),
        Preset("space", N_("In space"), {"x": "[2, 1, 2]", "y": "[1, 3, -1]"}),
        Preset("long", N_("Six entries"), {"x": "torch.arange(1, 7)", "y": "[2, -1, 0, 3, -2, 1]"}),
        Preset("ones", N_("With ones: a sum"), {"x": "torch.arange(4)", "y": "torch.ones(4)"}),
    ),
    practice=(SEARCH_ENGINE, ATTENTION_SCORES, NEAREST_WORDS),
    traps=(LONG_VECTORS_WIN, COLUMN_TIMES_ROW),
    place=N_(
        "Every neuron is a dot product of its weights with what it sees; attention compares a query with each key by "
        "one; search, recommendation and word vectors, such as Word2Vec, go by its cosine."
    ),
    challenges=CHALLENGES,
    axes={"n": "accent"},
    shape_line="x (n) · y (n) → s ()",
)

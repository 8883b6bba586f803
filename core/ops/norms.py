"""Norms: how long a vector is, for every p from 0.3 to infinity, and the ball of all vectors of length 1."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from core import lazy, shapes
from core.numbers import number, plus, vector
from core.operation import Choice, Input, Operation, Preset, Spot, Step
from core.ops.cells import block
from core.ops.challenges.norms import CHALLENGES
from core.ops.lasso_zeros import LASSO_ZEROS
from core.ops.norm_per_row import NORM_PER_ROW
from core.ops.norm_scene import BallScene, TriangleScene, drawable
from core.ops.norm_words import (
    INFINITE,
    carried,
    chosen,
    curve_opening,
    exponent,
    matrix_words,
    missing,
    on_curve,
    opening,
    shape_words,
    ways,
)
from core.ops.outlier_fit import OUTLIER_FIT
from core.ops.weight_decay import WEIGHT_DECAY
from core.panels import Block, Cells, Curve, Line, Panel, rows
from core.words import N_, _

torch = lazy.load("torch")

POWERS = (0.3, 0.5, 1, 1.5, 2, 3, 4, INFINITE)
STATIONS = (0.3, 0.5, 1, 2, 4, INFINITE)  # of the ball on its way to the chosen p
MOST_SPELLED = 4
CURVE_POINTS, LARGE_POINTS, LARGE = 36, 9, 100_000  # of the curve over p; fewer for large tensors
AXIS = (("n", "accent"),)


def run(x: torch.Tensor, A: torch.Tensor | None = None, p: float = 2) -> torch.Tensor:
    """s = ‖x‖ₚ, or ‖A x‖ₚ where there is a matrix A. All entries of x count, whatever its shape -> s ()."""
    y = x if A is None else torch.mv(A, x)  # (m, n) @ (n,) -> (m,)
    s = torch.linalg.vector_norm(y, p)  # (sum of |y_i|^p)^(1/p); the largest |y_i| for p = inf
    return s


def explain(x: shapes.Shape, A: shapes.Shape | None = None) -> str:
    """Why s is a single number; raises ShapeError where A does not fit x, or nothing can be measured."""
    if A is not None:
        sizes = shapes.bind_all({"A": ("m n", A), "x": ("n", x)})
        return _(
            "A carries x {x} to A x ({m},). The absolute values of all its entries go into one number: every axis "
            "disappears, and s has the shape ()."
        ).format(x=shapes.show(x), m=sizes["m"])
    if 0 in x:
        sentence = _("{tensor} has no entries: there is nothing to measure.")
        raise shapes.ShapeError(sentence.format(tensor=shapes.named("x", x)), {"x": x})
    return _(
        "A norm is one number for the whole of x {x}: the absolute values of all {count} entries go into it, every "
        "axis disappears, and s has the shape (). With dim=… only that axis would."
    ).format(x=shapes.show(x), count=f"{math.prod(x):,}")


class Told(NamedTuple):
    """How far the numbers have come: 0 x alone, 1 sizes and powers, 2 their sum, 3 the root."""

    stage: int = 0


def steps(
    x: torch.Tensor,
    A: torch.Tensor | None = None,
    *,
    p: float = 2,
    view: str = "ball",
    y: tuple[float, ...] = (0.0, 2.0),
) -> Iterator[Step]:
    """The ball takes its shape, then the numbers say how long x is; the last step shows s = run(x, A, p)."""
    if view == "triangle" and A is None and x.dim() == 1 and x.numel() == 2 and drawable(x):
        yield from _triangle(x, torch.tensor(y), p)
    elif drawable(x if x.dim() == 1 else None, A) and x.dim() == 1 and drawable(x):
        yield from _ball(x, A, p, view)
    else:
        yield from _curve(x, A, p)


def _ball(x: torch.Tensor, A: torch.Tensor | None, p: float, view: str) -> Iterator[Step]:
    scene = BallScene(x, A)
    measured = x if A is None else torch.mv(A, x)
    s = run(x, A, p)

    def step(at: float, told: Told, words: tuple[str, str], carried: bool = False) -> Step:
        cells = _cells(x, A, measured, s, p, told, upright=True)
        return Step((scene.plane(at, carried), cells), *words)

    yield step(p, Told(), missing() if view == "triangle" else opening(p))
    for station in STATIONS:
        yield step(station, Told(), shape_words(station, scene.size))
    yield step(p, Told(), chosen(x, p))
    if A is not None:
        yield step(p, Told(), carried(A, p), carried=True)
    for told, *words in _numbers(measured, s, p, "x" if A is None else "Ax"):
        yield step(p, told, tuple(words), carried=A is not None)


def _numbers(y: torch.Tensor, s: torch.Tensor, p: float, name: str) -> Iterator[tuple[Told, str, str]]:
    """Sizes, powers, sum, root: sentence and formula each."""
    values = y.flatten()
    sizes = values.abs()[: MOST_SPELLED + 1].tolist()
    long = values.numel() > MOST_SPELLED
    total = number(float(s))
    if math.isinf(p):
        yield (
            Told(1),
            _("p = ∞: take the absolute value of every entry."),
            f"|{name}| = {vector(sizes, MOST_SPELLED)}",
        )
        yield (
            Told(3),
            _("The largest absolute value is the norm: {total}.").format(total=total),
            f"max |{name}ᵢ| = {total}",
        )
        return
    raised = [size**p for size in sizes]
    terms = plus(f"{number(size)}{exponent(p)}" if p != 1 else number(size) for size in sizes[:MOST_SPELLED])
    terms += " + …" if long else ""
    added = number(float((values.abs() ** p).sum()))
    if p == 1:
        yield (
            Told(1),
            _("p = 1: take the absolute value of every entry."),
            f"|{name}| = {vector(sizes, MOST_SPELLED)}",
        )
        yield (
            Told(3),
            _("Added up, they are the norm: {total}.").format(total=total),
            f"Σ |{name}ᵢ| = {terms} = {total}",
        )
        return
    sentence = _("The absolute value of every entry to the power {p}: {values}.")
    yield (
        Told(1),
        sentence.format(p=number(float(p)), values=vector(raised, MOST_SPELLED)),
        f"|{name}ᵢ|{exponent(p)}",
    )
    yield Told(2), _("Added up: {sum}.").format(sum=added), f"{terms} = {added}"
    sentence = _("The root takes the power back: the norm is {total}.")
    root = f"√{added}" if p == 2 else f"{added}^(1/{number(p)})"
    yield Told(3), sentence.format(total=total), f"‖{name}‖ = {root} = {total}"


def _cells(
    x: torch.Tensor,
    A: torch.Tensor | None,
    y: torch.Tensor,
    s: torch.Tensor,
    p: float,
    told: Told,
    upright: bool,
) -> Cells:
    """x (A x), the powers of its sizes, their sum and the root."""
    blocks = _blocks(x, A, y, s, p, told, upright)
    return Cells((blocks,)) if A is None else Cells((blocks[:3], blocks[3:]))


def _blocks(
    x: torch.Tensor,
    A: torch.Tensor | None,
    y: torch.Tensor,
    s: torch.Tensor,
    p: float,
    told: Told,
    upright: bool,
) -> tuple[Block, ...]:
    flat = y if y.dim() <= 2 and y.dim() != 0 else y.reshape(-1)
    axes = AXIS if flat.dim() == 1 else (("n", "accent"), ("n", "accent"))
    axes = axes if x.dim() in (1, 2) else AXIS
    shared = {"upright": upright, "axes": axes if flat.dim() == 1 else ()}
    name, power = ("x" if A is None else "Ax"), 1.0 if math.isinf(p) else float(p)
    raised = flat.abs() ** power
    found = [] if A is None else [
        block("A", A, colour="matrix"), block("x", x, colour="vector", upright=upright),
    ]  # fmt: skip
    known = None if told.stage >= 1 or A is None else 0
    found.append(
        block(
            name,
            flat,
            colour="vector" if A is None else "image",
            known=known,
            before="" if A is None else "=",
            **shared,
        )
    )
    title = f"|{name}|{'' if power == 1 else exponent(p)}"
    found.append(block(title, raised, before="→", known=None if told.stage >= 1 else 0, **shared))
    done = told.stage >= 3
    if power != 1:
        found.append(block("Σ", raised.sum(), before="Σ", known=1 if told.stage >= 2 else 0, brackets=False))
    sign = "max" if math.isinf(p) else "Σ" if power == 1 else "√" if p == 2 else "→"
    found.append(block("s", s, before=sign, known=1 if done else 0, lit=((0, 0),) if done else (), colour="accent",
                       brackets=False))  # fmt: skip
    return tuple(found)


def _triangle(x: torch.Tensor, y: torch.Tensor, p: float) -> Iterator[Step]:
    """The straight way against the detour: first as the ruler measures, then with the chosen p."""
    scene = TriangleScene(x, y)
    both = x + y
    for at, first in ((2, True), (p, False)):
        lengths = [float(run(v, p=at)) for v in (x, y, both)]
        sentence, formula = ways(lengths, at, first)
        yield Step((scene.plane(at), _triangle_cells(x, y, p, 0)), sentence, formula)
    sentence = _(
        "Halfway between two points of the ball lies still in the ball: that is the same rule once more."
    )
    if p < 1:
        sentence = _("The star is the reason: halfway between two of its tips one stands outside of it.")
    yield Step(
        (scene.plane(p), _triangle_cells(x, y, p, 0)),
        sentence,
        "‖(u + v)/2‖ₚ ≤ 1 ?" if p < 1 else "‖(u + v)/2‖ₚ ≤ 1",
    )
    for k, (name, v) in enumerate((("x", x), ("y", y), ("x + y", both))):
        length = number(float(run(v, p=p)))
        sentence = _("The norm of {name} = {values} for p = {p} is {length}.")
        words = sentence.format(name=name, values=vector(v.tolist()), p=number(float(p)), length=length)
        yield Step((scene.plane(p), _triangle_cells(x, y, p, k + 1)), words, f"‖{name}‖ₚ = {length}")


def _triangle_cells(x: torch.Tensor, y: torch.Tensor, p: float, known: int) -> Cells:
    """Each vector as a row, and its norm."""
    lines = []
    for k, (name, v, hue) in enumerate((("x", x, "vector"), ("y", y, "basis1"), ("x + y", x + y, "accent"))):
        title = "s" if k == 0 else f"‖{name}‖ₚ"
        lines.append((block(name, v, upright=False, colour=hue),
                      block(title, run(v, p=p), before="→", known=1 if known > k else 0, brackets=False,
                            lit=((0, 0),) if known == k + 1 else (), colour=hue)))  # fmt: skip
    return Cells(tuple(lines))


def _curve(x: torch.Tensor, A: torch.Tensor | None, p: float) -> Iterator[Step]:
    """What cannot be drawn as a ball: the norm over p as a curve, and the numbers."""
    y = x if A is None else torch.mv(A, x)
    s = run(x, A, p)
    name = "x" if A is None else "Ax"
    values = y.double().flatten()
    curve = _norm_curve(values)
    matrix = x.dim() == 2
    layout = rows((0, 1)) if curve else None

    def step(at: float | None, told: Told, sentence: str, formula: str) -> Step:
        cells = Cells((_blocks(x, A, y, s, p, told, upright=matrix),) if matrix or y.numel() <= 3 else tuple(
            (one,) for one in _blocks(x, A, y, s, p, told, upright=False)))  # fmt: skip
        panels: tuple[Panel, ...] = (cells, _marked(curve, values, at)) if curve else (cells,)
        return Step(panels, sentence, formula, layout)

    yield step(None, Told(), *curve_opening(y, name, bool(curve)))
    for at in (1, 2, INFINITE) if curve else ():
        yield step(at, Told(), *on_curve(float(torch.linalg.vector_norm(values, at)), at, name))
    for told, sentence, formula in _numbers(y, s, p, name):
        yield step(p, told, sentence, formula)
    if matrix and min(x.shape) > 0:
        yield step(p, Told(3), *matrix_words(x, s, p))


def _norm_curve(values: torch.Tensor) -> Curve | None:
    """‖values‖ₚ for p from 1 to 16 (values float64, any length); None where there is nothing to draw."""
    if (
        not values.numel()
        or not bool(torch.isfinite(values).all())
        or not 0 < float(values.abs().max()) < 1e12
    ):
        return None
    count = LARGE_POINTS if values.numel() > LARGE else CURVE_POINTS
    ps = torch.logspace(0, math.log10(16), count).tolist()
    lengths = [float(torch.linalg.vector_norm(values, p)) for p in ps]
    top = max(lengths)
    lines = (Line("norm", tuple(ps), tuple(lengths), "vector"),)
    return Curve("over-p", lines, (1, 16), (0, 1.1 * top), "p", "‖x‖ₚ", _("the norm over p"), x_log=True)


def _marked(curve: Curve, values: torch.Tensor, p: float | None) -> Curve:
    """The curve with a point at p; infinity stands at its right end."""
    shown = p is not None and p >= 1
    at = min(float(p), 16.0) if shown else None
    length = float(torch.linalg.vector_norm(values, p)) if shown else None
    dot = Line("here", (at,), (length,), "accent", dots=12.0)
    return Curve(**{**curve.__dict__, "lines": (*curve.lines, dot)})


def facts(x: torch.Tensor) -> list[tuple[str, str]]:
    """The best-known norms of x side by side, as (label, value)."""
    if not x.numel() or not bool(torch.isfinite(x).all()):
        return []
    values = x.detach().double().flatten()
    found = [
        (_("entries that are not 0"), f"{int((values != 0).sum()):,}"),
        (_("L1: sum of absolute values"), number(float(torch.linalg.vector_norm(values, 1)))),
        (
            _("L2, for a matrix Frobenius") if x.dim() == 2 else _("L2: Euclidean length"),
            number(float(torch.linalg.vector_norm(values))),
        ),
        (_("L∞: largest absolute value"), number(float(values.abs().max()))),
    ]
    return found


NORMS = Operation(
    key="norms",
    chapter="operations",
    title=N_("Norms"),
    summary=N_(
        "A norm turns a vector into one number, its length; p decides how. The ball of all vectors no longer than 1 "
        "shows what each p finds small, from a star over the circle to a square."
    ),
    notation="s = ‖x‖ₚ",
    call="torch.linalg.vector_norm(x, p)",
    latex=r"\|x\|_p = \Bigl(\sum_i |x_i|^p\Bigr)^{1/p}, \qquad \|x\|_\infty = \max_i |x_i|",
    inputs=(
        Input("x", "...", "[3, 4]", N_("what is measured: a vector, or a tensor of any shape")),
        Input("A", "m n", "", N_("a matrix that carries the ball and x along, or nothing"), optional=True),
    ),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    result="s",
    parameters=(
        Choice("p", "p", tuple((p, "∞" if math.isinf(p) else str(p)) for p in POWERS), 2),
        Choice("view", N_("What is shown"), (("ball", N_("the ball")), ("triangle", N_("the triangle"))), "ball"),
        Spot("y", N_("y, the other side of the triangle"), (-1.0, 2.0), when=("view", ("triangle",))),
    ),
    presets=(
        Preset("pythagoras", N_("3, 4, 5"), {"x": "[3, 4]", "A": "", "p": "2", "view": "ball"}),
        Preset("city", N_("City blocks"), {"x": "[3, 4]", "A": "", "p": "1", "view": "ball"}),
        Preset("infinity", N_("Only the largest"), {"x": "[3, 4]", "A": "", "p": "inf", "view": "ball"}),
        Preset("no-norm", N_("p = 0.5 is no norm"), 
               {"x": "[2, 0]", "A": "", "p": "0.5", "view": "triangle", "y": "0.0,2.0"}),
        Preset("image", N_("Image under A"), {"x": "[1, 2]", "A": "[[2, 1], [0, 1]]", "p": "2", "view": "ball"}),
        Preset("space", N_("In space"), {"x": "[1, 2, 2]", "A": "", "p": "1", "view": "ball"}),
        Preset("sparse", N_("Sparse"), {"x": "[0, 0, 5, 0, 0, 0, 0, -2]", "A": "", "p": "1", "view": "ball"}),
        Preset("ones", N_("All ones"), {"x": "torch.ones(9)", "A": "", "p": "2", "view": "ball"}),
        Preset("frobenius", N_("Frobenius"), {"x": "[[1, 2, 2], [4, 0, 0]]", "A": "", "p": "2", "view": "ball"}),
    ),
    practice=(WEIGHT_DECAY, LASSO_ZEROS, OUTLIER_FIT),
    traps=(NORM_PER_ROW,),
    place=N_(
        "Weight decay (L2 regularisation) keeps the L2 norm of the weights small and so prevents overfitting; a "
        "penalty on the L1 norm sets many of them to zero and leaves them sparse; gradient clipping limits a norm; and "
        "a vector divided by its norm has length 1."
    ),
    challenges=CHALLENGES,
    axes={"n": "accent"},
)  # fmt: skip

"""Scalars: one number, shape (), and arithmetic as moves along the number line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from core import lazy, shapes
from core.numbers import factor, number
from core.operation import Choice, Input, Operation, Preset, Step
from core.ops import geometry
from core.ops.cells import block
from core.ops.challenges.scalar import CHALLENGES
from core.ops.gradient_descent import LEARNING_RATE
from core.ops.not_a_vector import NOT_A_VECTOR
from core.panels import Arrow, Bind, Handle, Label, Layout, Mark, Path, Plane, Row, Variable, in_line
from core.words import N_, _

torch = lazy.load("torch")

SIGNS = {"+": "+", "-": "−", "*": "·", "/": "÷", "**": "^"}
LEVELS = {"a": 0.4, "b": 0.74, "c": -0.5}  # heights over the line
LARGEST = 1e6  # a line that reaches further shows nothing
LINE_AND_CELLS = Layout((Row(((0, 1.0),), 3.0), Row(((1, 1.0),), 1.0)))
DEPTH = -0.42  # of the arc of a move
SCALE = -0.82  # height of the ruler that × and ÷ stretch
MOST_FACTORS = 6  # powers told factor by factor


def run(a: torch.Tensor, b: torch.Tensor, op: str = "+") -> torch.Tensor:
    """c = a op b. a (), b () -> c ()."""
    operations = {"+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div, "**": torch.pow}
    c = operations[op](a, b)  # () and () -> ()
    return c


def explain(a: shapes.Shape, b: shapes.Shape) -> str:
    """Why c has no axes; raises ShapeError where an operand has some."""
    shapes.bind_all({"a": ("", a), "b": ("", b)})
    return _(
        "a and b have no axes, shape (): each is one number, so there is nothing along which to count. "
        "Arithmetic of two numbers gives one number, and its shape is () again."
    )


class Move(NamedTuple):
    """One move on the line: from where to where, the words, and the formula."""

    start: float
    end: float
    sentence: str
    formula: str


def steps(a: torch.Tensor, b: torch.Tensor, *, op: str = "+") -> Iterator[Step]:
    """a stands on the line, b moves it, and c is where it lands."""
    values = float(a), float(b), float(run(a, b, op))
    drawable = all(math.isfinite(value) and abs(value) <= LARGEST for value in values)
    moves = list(_moves(op, *values)) if drawable else []
    reach = _reach(values, moves)
    first = _("a = {a}: a scalar is a place on the number line, so far from 0 and on one side of it.").format(
        a=number(values[0])
    )
    yield _step(values, op, reach if drawable else 0.0, None, first, f"a = {number(values[0])}", known=False)
    for move in moves:
        yield _step(values, op, reach, move, move.sentence, move.formula, known=False)
    last = moves[-1] if moves else None
    formula = f"{number(values[0])} {SIGNS[op]} {factor(values[1])} = {number(values[2])}"
    yield _step(values, op, reach if drawable else 0.0, last, _landed(op, values), formula, known=True)


def _moves(op: str, a: float, b: float, c: float) -> Iterator[Move]:
    words = {"a": number(a), "b": number(b), "c": number(c)}
    formula = f"{words['a']} {SIGNS[op]} {factor(b)}"
    if op == "**" and b == round(b) and 2 <= b <= MOST_FACTORS and b != 1:
        yield from _powers(a, int(b))
        return
    sentences = {
        "+": _("Adding b = {b} is a step of that length: to the right when b is positive, else to the left."),
        "-": _("Subtracting b = {b} is the same step turned round."),
        "*": _(
            "Multiplying by b = {b} stretches the whole line by b, with 0 held fast; a negative b turns it over."
        ),
        "/": _("Dividing by b = {b} shrinks the line by b: the question is how often b goes into a."),
        "**": _("A power with the exponent b = {b} is no single stretch: torch computes e to the b · ln a."),
    }
    yield Move(a, c, sentences[op].format(**words), formula)


def _powers(a: float, b: int) -> Iterator[Move]:
    """a, a·a, a·a·a ...: each factor stretches what is there by a."""
    value = a
    for count in range(2, b + 1):
        sentence = _("Factor {count} of {all}: what is there, {value}, is stretched by a = {a} once more.")
        words = {"count": count, "all": b, "value": number(value), "a": number(a)}
        end = value * a
        yield Move(value, end, sentence.format(**words), f"{number(value)}·{factor(a)} = {number(end)}")
        value = end


def _landed(op: str, values: tuple[float, float, float]) -> str:
    _a, b, c = values
    if op == "/" and b == 0:
        return _(
            "How many steps of length 0 make a? No single number answers that: torch says {c} and goes on."
        ).format(c=number(c))
    if math.isnan(c):
        return _("The real numbers have no answer to this: torch says NaN, “not a number”, and goes on.")
    if math.isinf(c):
        return _(
            "The result is too large for float32, whose largest number is about 3.4×10³⁸: torch says {c}."
        ).format(c=number(c))
    return _("c = {c}: one number again, with the shape ().").format(c=number(c))


def _reach(values: tuple[float, ...], moves: list[Move]) -> float:
    seen = [abs(v) for v in values if math.isfinite(v)] + [abs(move.start) for move in moves]
    return geometry.round_reach(4.0, 1.25 * max(seen, default=0.0))


def _step(
    values: tuple[float, float, float],
    op: str,
    reach: float,
    move: Move | None,
    sentence: str,
    formula: str,
    known: bool,
) -> Step:
    a, b, c = (torch.tensor(value) for value in values)
    cells = in_line(
        block("a", a, colour="vector", brackets=False),
        block("b", b, colour="basis1", before=SIGNS[op], brackets=False),
        block("c", c, colour="image", before="=", brackets=False, known=1 if known else 0),
    )
    if not reach:  # infinite, not a number, or too far away for a line
        return Step((cells,), sentence, formula)
    return Step((_line(values, op, reach, move), cells), sentence, formula, LINE_AND_CELLS)


def _line(values: tuple[float, float, float], op: str, reach: float, move: Move | None) -> Plane:
    a, b, _c = values
    end = move.end if move else a
    adds = op in ("+", "-")
    stretch = _stretch(op, values) if move else 1.0
    state = {
        "a": (a, 0.0),
        "b": (b, 0.0),
        "from": (a if move else 0.0, 0.0),
        "end": (end, 0.0),
        "M": ((stretch, 0.0), (0.0, 1.0)),
    }
    marks = [*_arrow("a", "vector", "a"), *(_steps_by(op) if adds else _arrow("b", "basis1", "b"))]
    if op in ("*", "/"):
        marks += _ruler()
    if move:
        marks += _flight(move, op, reach)
    marks += [
        Path("c-stem", "image", bind=Bind(vector="end", mix=((1.0, 1.0),) * 2), hides=True, width=2.0, dash="dot",
             points=((0.0, 0.0), (0.0, LEVELS["c"]))),
        Label("c-name", "image", bind=Bind(vector="end", mix=((1.0, 1.0),)), at=(0.0, LEVELS["c"]), hides=True,
              text=_("here now") if not move else number(end), bold=True, place="bottom center"),
    ]  # fmt: skip
    return Plane(
        dimension=2,
        marks=tuple(marks),
        state=state,
        reach=reach,
        variables=(Variable("a", (a, 0.0), "from" if move and adds else "a"), Variable("b", (b, 0.0), "b")),
        handles=(
            Handle("a", "a", _("the scalar a"), "vector", None, (True, False)),
            Handle("b", "b", _("the scalar b"), "basis1", None, (True, False)),
        ),
        line=True,
        moved=move is not None,
    )


def _arrow(name: str, colour: str, variable: str) -> list[Mark]:
    """From 0 to a scalar, over the line, with its name."""
    height = LEVELS[name]
    return [
        Arrow(name, colour, bind=Bind(vector=variable, mix=((0.0, 0.0), (1.0, 1.0))), width=4.0,
              points=((0.0, height), (0.0, height))),
        Label(f"{name}-name", colour, bind=Bind(vector=variable, mix=((0.5, 0.5),)), at=(0.0, height), text=name,
              bold=True, place="top center"),
    ]  # fmt: skip


def _steps_by(op: str) -> list[Mark]:
    """b as a step that starts where `from` is: the head of a, once it moves."""
    height, sign = LEVELS["b"], -1.0 if op == "-" else 1.0
    zero, one = (0.0, 0.0), (1.0, 1.0)
    ends = Bind(vector="from", mix=(one, one), other="b", other_mix=(zero, (sign, sign)))
    middle = Bind(vector="from", mix=(one,), other="b", other_mix=((sign / 2, sign / 2),))
    text = "−b" if op == "-" else "b"
    return [
        Arrow("b", "basis1", bind=ends, width=4.0, points=((0.0, height), (0.0, height))),
        Label("b-name", "basis1", bind=middle, at=(0.0, height), text=text, bold=True, place="top center"),
    ]


def _stretch(op: str, values: tuple[float, float, float]) -> float:
    """By what a product or a quotient stretches the line."""
    _a, b, _c = values
    return {"*": b, "/": 1 / b if b else 1.0}.get(op, 1.0)


def _ruler() -> list[Mark]:
    """A second ruler, which the product stretches as a whole: 1 lands on b."""
    ticks = [
        (float(k), SCALE + (0.05 if k % 5 else 0.09) * side, k) for k in range(-20, 21) for side in (1, -1)
    ]
    points = [point for x, y, _k in ticks for point in ((x, y), *((None,) if y < SCALE else ()))]
    moved = Bind(matrix="M")
    return [
        Path(
            "ruler",
            "circle",
            bind=moved,
            points=((-20.0, SCALE), (20.0, SCALE), None, *points),
            width=2.0,
            hides=True,
        ),
        Label(
            "zero", "circle", bind=moved, at=(0.0, SCALE - 0.08), text="0", place="bottom center", hides=True
        ),
        Label(
            "one",
            "accent",
            bind=moved,
            at=(1.0, SCALE),
            text="1",
            place="bottom center",
            bold=True,
            hides=True,
        ),
    ]


def _flight(move: Move, op: str, reach: float) -> list[Mark]:
    """An arc below the line from where the number was to where it lands."""
    if abs(move.end - move.start) < 1e-6 * reach:
        return []
    share = [k / 24 for k in range(25)]
    arc = tuple((move.start + (move.end - move.start) * s, 4 * s * (1 - s) * DEPTH) for s in share)
    label = Label("move-name", "accent", at=((move.start + move.end) / 2, DEPTH - 0.05), hides=True,
                  text=_move_name(op), place="bottom center")  # fmt: skip
    return [Path("move", "accent", hides=True, points=arc, width=3.0), label]


def _move_name(op: str) -> str:
    return {"+": "+ b", "-": "− b", "*": "· b", "/": "÷ b", "**": "· a"}[op]


def facts(a: torch.Tensor, b: torch.Tensor, op: str) -> list[tuple[str, str]]:
    """What torch says of the result."""
    c = run(a, b, op)
    return [(_("axes"), str(c.dim())), (_("elements"), str(c.numel())), ("c.item()", number(c.item(), 7))]


SCALAR = Operation(
    key="scalar",
    chapter="objects",
    title=N_("Scalar"),
    summary=N_(
        "A scalar is a single number: a size, and no direction. A temperature, a learning rate and the loss "
        "of a whole network are scalars, and arithmetic moves them along one line."
    ),
    notation="x ∈ ℝ",
    call="torch.tensor(3.0)",
    latex=r"x \in \mathbb{R}, \qquad c = a + b",
    inputs=(
        Input("a", "", "2", N_("a number: drag it along the line")),
        Input("b", "", "3", N_("a second number, which moves it")),
    ),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    result="c",
    parameters=(
        Choice(
            "op",
            N_("What is done"),
            (
                ("+", N_("add")),
                ("-", N_("subtract")),
                ("*", N_("multiply")),
                ("/", N_("divide")),
                ("**", N_("power")),
            ),
            "+",
        ),
    ),
    presets=(
        Preset("temperature", N_("A colder night"), {"a": "21", "b": "6", "op": "-"}),
        Preset("stretch", N_("Turned over"), {"a": "2", "b": "-1.5", "op": "*"}),
        Preset("share", N_("A share"), {"a": "3", "b": "4", "op": "/"}),
        Preset("power", N_("2 · 2 · 2"), {"a": "2", "b": "3", "op": "**"}),
        Preset("root", N_("A root"), {"a": "9", "b": "0.5", "op": "**"}),
        Preset("zero", N_("Divided by 0"), {"a": "3", "b": "0", "op": "/"}),
        Preset("article", N_("From the article"), {"a": "torch.tensor(3.0)", "b": "1", "op": "+"}),
    ),
    practice=(LEARNING_RATE,),
    traps=(NOT_A_VECTOR,),
    place=N_(
        "Hyperparameters are scalars: the learning rate, the weight of a penalty. So is a single output, such as the "
        "probability of a class, and what training looks at, the loss: however many weights a network has, one number "
        "says how wrong it is, and its slope moves them all."
    ),
    challenges=CHALLENGES,
    poster={"op": "+"},
)

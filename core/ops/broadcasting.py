"""Broadcasting: shapes aligned from the right, missing axes padded with 1, ones stretched without a copy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any

from core import lazy, shapes
from core.operation import Choice, Input, Operation, Phrase, Preset, Step, spelled
from core.ops import broadcast_story
from core.ops.bias import BIAS
from core.ops.challenges.broadcasting import CHALLENGES
from core.ops.larger_loss import LARGER_LOSS
from core.ops.photo_channels import PHOTO_CHANNELS
from core.words import N_, _

torch = lazy.load("torch")

NAMES = ("A", "B", "C", "D")
MOST_AXES = 8
LARGEST = 1_000_000  # elements of one tensor made from its shape
SHAPE = re.compile(r"\(\s*(\d{1,7}\s*(,\s*\d{1,7}\s*)*,?)?\s*\)", re.ASCII)


def run(
    A: torch.Tensor,
    B: torch.Tensor,
    C: torch.Tensor | None = None,
    D: torch.Tensor | None = None,
    op: str = "+",
) -> torch.Tensor:
    """R = A + B (+ C + D), with any operator; torch aligns the shapes from the right and stretches the ones."""
    compute = {"+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div, "@": torch.matmul}[op]
    R = compute(A, B)
    for more in (C, D):
        if more is not None:
            R = compute(R, more)
    return R


def explain(
    A: shapes.Shape,
    B: shapes.Shape,
    C: shapes.Shape | None = None,
    D: shapes.Shape | None = None,
    op: str = "+",
) -> str:
    """Why R has its shape; raises ShapeError where two sizes differ and neither is 1."""
    given = {name: shape for name, shape in zip(NAMES, (A, B, C, D), strict=True) if shape is not None}
    if op == "@":
        return _explain_product(given)
    result = shapes.broadcast(*given.values(), names=tuple(given))
    rows = "; ".join(shapes.named(name, shape) for name, shape in given.items())
    return _(
        "Written under each other from the right: {tensors}. A missing axis counts as 1. In every column the sizes are "
        "equal or 1, and a 1 is stretched to the other size. So the result has the shape {result}."
    ).format(tensors=rows, result=shapes.show(result))


def _explain_product(given: Mapping[str, shapes.Shape]) -> str:
    (name, shape), *others = given.items()
    for other, other_shape in others:
        left = shape
        shape = shapes.matmul(left, other_shape, names=(name, other))
        last = shapes.named(name, left), shapes.named(other, other_shape)
        name = f"({name} @ {other})"
    return _(
        "The last two axes are matrices, and their inner sizes must be equal: they do not stretch. The axes in front "
        "are broadcast. {left} @ {right} gives {result}."
    ).format(left=last[0], right=last[1], result=shapes.show(shape))


def steps(
    A: torch.Tensor,
    B: torch.Tensor,
    C: torch.Tensor | None = None,
    D: torch.Tensor | None = None,
    *,
    op: str = "+",
) -> Iterator[Step]:
    """The shapes slide, fill up and stretch; then the cells compute. The last step shows run's R."""
    given = {name: tensor for name, tensor in zip(NAMES, (A, B, C, D), strict=True) if tensor is not None}
    result = run(A, B, C, D, op)
    if op == "@" and len(given) > 2:  # told for the last product: what stands before it is one operand
        *before, last = given
        rest = {name: given[name] for name in before}
        given = {" @ ".join(before): run(*rest.values(), op="@"), last: given[last]}
    yield from broadcast_story.told(given, result, op)


def clash(
    A: shapes.Shape,
    B: shapes.Shape,
    C: shapes.Shape | None = None,
    D: shapes.Shape | None = None,
    op: str = "+",
) -> Iterator[Step]:
    """The shapes up to the column where they clash."""
    given = {name: shape for name, shape in zip(NAMES, (A, B, C, D), strict=True) if shape is not None}
    yield from broadcast_story.clashing(given, op)


def spell(operands: Mapping[str, str], values: Mapping[str, Any]) -> str:
    """The operation as it is written: "A.unsqueeze(1) - B"."""
    return f" {values['op']} ".join(operands.values())


def texts(value: str) -> dict[str, str]:
    """Shapes alone, "(3,3,2);(2,4)", as input texts: counting numbers in those shapes. Raises ShapeError.

    >>> texts("(3,);(2,1)")["B"]
    'torch.arange(2).reshape(2, 1)'
    """
    parts = [part.strip() for part in value.split(";")]
    if not 2 <= len(parts) <= len(NAMES):
        sentence = _("{count} shapes: between two and four are needed, as in (3,3,2);(2,4).")
        raise shapes.ShapeError(sentence.format(count=len(parts)), {})
    found = dict.fromkeys(NAMES, "")
    for name, part in zip(NAMES, parts, strict=False):
        found[name] = _counting(_shape(part))
    return found


def _shape(part: str) -> shapes.Shape:
    if not SHAPE.fullmatch(part):
        sentence = _("“{text}” is no shape. Write whole numbers in brackets, as in (3,3,2);(2,4).")
        raise shapes.ShapeError(sentence.format(text=part[:30]), {})
    shape = tuple(int(size) for size in part.strip("() ").split(",") if size.strip())
    if len(shape) > MOST_AXES or prod(shape) > LARGEST:
        sentence = _("{shape} is too large: at most {axes} axes and {count} elements.")
        words = {"shape": shapes.show(shape), "axes": MOST_AXES, "count": f"{LARGEST:,}"}
        raise shapes.ShapeError(sentence.format(**words), {})
    return shape


def _counting(shape: shapes.Shape) -> str:
    if not shape:
        return "torch.tensor(1)"
    if 0 in shape:
        return f"torch.zeros({', '.join(map(str, shape))})"
    line = f"torch.arange({prod(shape)})"
    return line if len(shape) == 1 else f"{line}.reshape({', '.join(map(str, shape))})"


def facts(A: torch.Tensor, B: torch.Tensor, op: str) -> list[tuple[str, str]]:
    """The strides with which torch reads each operand after it was stretched; 0 reads the same number again."""
    if op == "@":
        return []
    shape = torch.broadcast_shapes(A.shape, B.shape)
    return [
        (_("strides of {name}, stretched").format(name=name), spelled(tensor.expand(shape).stride()) or "()")
        for name, tensor in (("A", A), ("B", B))
    ]


BROADCASTING = Operation(
    key="broadcasting",
    chapter="operations",
    title=N_("Broadcasting"),
    summary=N_(
        "Shapes are compared from the right: two sizes fit when they are equal or one of them is 1. A 1 is stretched "
        "to the other size, as if it had been copied, and nothing is copied."
    ),
    notation="R = A + B",
    call="A + B",
    latex=r"R_{ij} = A_{i0} + B_{j}, \qquad (n, 1) + (m,) \to (n, m)",
    inputs=(
        Input("A", "...", "torch.arange(12).reshape(3, 4)", N_("the first tensor")),
        Input("B", "...", "[10, 20, 30, 40]", N_("the second tensor")),
        Input("C", "...", "", N_("a third one, if you like"), optional=True),
        Input("D", "...", "", N_("a fourth one, if you like"), optional=True),
    ),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    result="R",
    parameters=(
        Choice("op", N_("Operator"), (("+", "+"), ("-", "−"), ("*", "×"), ("/", "÷"), ("@", "@")), "+"),
        Phrase("shapes", N_("Or only shapes, as in (3,3,2);(2,4)"), "", optional=True),
    ),
    presets=(
        Preset(
            "both",
            N_("Both are stretched"),
            {"A": "[[10], [20], [30]]", "B": "[1, 2, 3, 4]", "C": "", "D": "", "op": "+", "shapes": ""},
        ),
        Preset(
            "column",
            N_("A column to every column"),
            {"A": "[[1, 2, 3], [4, 5, 6]]", "B": "[[10], [20]]", "C": "", "D": "", "op": "+", "shapes": ""},
        ),
        Preset(
            "table",
            N_("A times table"),
            {"A": "[[1], [2], [3]]", "B": "[1, 2, 3, 4]", "C": "", "D": "", "op": "*", "shapes": ""},
        ),
        Preset(
            "three",
            N_("Three at once"),
            {
                "A": "torch.arange(24).reshape(2, 3, 4)",
                "B": "[[100], [200], [300]]",
                "C": "[0.1, 0.2, 0.3, 0.4]",
                "D": "",
                "op": "+",
                "shapes": "",
            },
        ),
        Preset(
            "article",
            N_("(3,3,2) @ (2,4)"),
            {
                "A": "torch.arange(18).reshape(3, 3, 2)",
                "B": "torch.arange(8).reshape(2, 4)",
                "C": "",
                "D": "",
                "op": "@",
                "shapes": "",
            },
        ),
        Preset(
            "clash",
            N_("A clash"),
            {"A": "[[1, 2, 3], [4, 5, 6]]", "B": "[10, 20]", "C": "", "D": "", "op": "+", "shapes": ""},
        ),
    ),
    practice=(BIAS, PHOTO_CHANNELS),
    traps=(LARGER_LOSS,),
    place=N_(
        "Every bias is broadcast: one number for each unit, added to every sample of a batch. So are the mean and the "
        "standard deviation in normalisation, a mask over attention scores, and a learning rate on all weights."
    ),
    challenges=CHALLENGES,
    clash=clash,
    elementwise=lambda values: values["op"] != "@",
    spell=spell,
    instead=("shapes", texts),
)

"""The straight pieces of a relu network in the input plane, and what the whole network is on one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from core import lazy
from core.numbers import factor, number, plus, vector
from core.operation import Step
from core.ops import pieces, unfolding
from core.ops.cells import block
from core.ops.journey import SHOWN, Journey, answer
from core.panels import Bars, Cells, Layout, Mark, Panel, Path, rows
from core.words import _

np = lazy.load("numpy")
torch = lazy.load("torch")

HUES = (
    "axis2",
    "axis1",
    "axis5",
    "axis4",
    "axis3",
    "axis6",
)  # neighbours differ by one unit, so never in none
NOWHERE = ((99.0, 99.0), (99.0, 99.1), (99.1, 99.0))
LAYOUT = Layout(rows((0,)).wide, aside=rows((1,), (2,), heights=(1, 1)).wide, share=0.36)


class Local(NamedTuple):
    """The straight map z = A x + c that the network is where x lies; (classes, 2) and (classes,)."""

    A: torch.Tensor
    c: torch.Tensor


def local(journey: Journey) -> Local:
    """Layer by layer: a straight piece multiplies, a bend keeps the rows that are awake."""
    A = torch.eye(2)
    for k, (W, _b) in enumerate(journey.layers[:-1]):
        a = journey.way[2 * k + 1]
        slope = {"relu": (a > 0).float(), "tanh": 1 - torch.tanh(a) ** 2, "none": torch.ones_like(a)}
        A = slope[journey.net.activation][:, None] * (W @ A)
    A = journey.layers[-1][0] @ A
    return Local(A, journey.way[-1] - A @ journey.x)


def steps(journey: Journey) -> Iterator[Step]:
    """The creases of each layer, the piece that x lies in, and the answer."""
    cut = pieces.pieces(journey.layers, unfolding.REACH) if journey.net.activation == "relu" else []
    here = local(journey)
    counts = [len(found) for found in cut] or [1] * journey.bends
    count = len(counts)
    own = pieces.holding(cut[-1], tuple(journey.x.tolist())) if cut else None
    for k in range(count + 1):
        marks = (*_pieces(cut, k), *_frame(own, False))
        yield Step(_panels(journey, here, marks, counts[:k], 0), *_words(journey, counts, k), LAYOUT)
    marks = (*_pieces(cut, count), *_frame(own, True))
    yield Step(_panels(journey, here, marks, counts, 1), *_one_matrix(journey, here), LAYOUT)
    yield Step(_panels(journey, here, marks, counts, 2), *_answer(journey), LAYOUT)


def _pieces(cut: list[list[pieces.Piece]], shown: int) -> tuple[Path, ...]:
    """The pieces after each bend, coloured by how many of their units are awake; those of bend `shown` are seen."""
    return tuple(
        Path(f"piece-{layer}-{k}", hue, points=points, width=1.0, fill=0.26, opacity=SHOWN if layer == shown else 0.0)
        for layer, found in enumerate(cut, start=1)
        for (k, hue), points in zip(enumerate(HUES), _groups(found), strict=True)
    )  # fmt: skip


def _groups(found: list[pieces.Piece]) -> list[tuple]:
    """The outlines of all pieces of each hue."""
    groups: list[list] = [[] for _hue in HUES]
    for piece in found:
        corners = unfolding.points(torch.from_numpy(piece.corners))
        groups[piece.awake % len(HUES)] += [*corners, corners[0], None]
    return [tuple(group[:-1]) or NOWHERE for group in groups]


def _frame(piece: pieces.Piece | None, seen: bool) -> tuple[Path, ...]:
    if piece is None:
        return ()
    corners = unfolding.points(torch.from_numpy(piece.corners))
    return (
        Path(
            "own-piece",
            "accent",
            points=(*corners, corners[0]),
            width=3.0,
            fill=0.12,
            opacity=SHOWN if seen else 0.0,
        ),
    )


def _panels(
    journey: Journey, here: Local, marks: tuple[Mark, ...], counts: list[int], told: int
) -> tuple[Panel, ...]:
    """The plane, how many pieces, and z = A x + c. `told`: 0 nothing of it, 1 up to z, 2 up to p."""
    names = tuple(_("after bend {number}").format(number=k + 1) for k in range(journey.bends))
    known = (*counts, *[None] * (journey.bends - len(counts)))
    bars = Bars(
        "counts", tuple(map(_float, known)), names, _("how many straight pieces"), (len(counts) - 1,) if counts else (),
        across=True, texts=tuple("" if v is None else str(v) for v in known),
    )  # fmt: skip
    hidden = None if told else 0
    cells = (
        block("A", here.A, colour="matrix", known=hidden),
        block("x", journey.x, colour="accent"),
        block("c", here.c, before="+", known=hidden),
        block("z", journey.way[-1], before="=", known=hidden),
        answer(journey.p, told > 1),
    )
    outline = journey.territory("won", journey.areas, fill=0.06 if counts else 0.0, opacity=0.9)
    plane = (*outline, *marks, *journey.cloud("datum", size=5.0), *journey.marker())
    return (journey.plane(plane, ""), bars, Cells((cells,)))


def _float(value: int | None) -> float | None:
    return None if value is None else float(value)


def _words(journey: Journey, counts: list[int], k: int) -> tuple[str, str]:
    activation = journey.net.activation
    if activation == "tanh":
        return _(
            "tanh has no corner: it bends a little everywhere, so no piece of the plane is quite straight. "
            "With relu there are pieces to count."
        ), _("tanh: no straight pieces")
    if activation == "none":
        return _("Without an activation nothing bends: the whole plane is one single straight piece."), "1"
    if k == 0:
        return _(
            "Where does the network bend? Each unit of relu switches at one line; on either side of it the unit is "
            "straight. Let us draw these creases into the input plane."
        ), "relu(a) = max(a, 0)"
    lines = journey.width
    if k == 1:
        sentence = _("The {width} units of layer 1 draw {width} straight lines, and cut the plane into {count} pieces. "
                     "Neighbours differ in one unit.")  # fmt: skip
        return sentence.format(width=lines, count=counts[0]), f"≤ {_most(lines)}"
    sentence = _("The creases of layer {layer} bend where they cross older ones. Now there are {count} pieces, "
                 "and on each the whole network is straight.")  # fmt: skip
    return sentence.format(layer=k, count=counts[k - 1]), f"{counts[k - 2]} → {counts[k - 1]}"


def _most(lines: int) -> str:
    """Into how many pieces lines can cut the plane at most."""
    most = 1 + lines + lines * (lines - 1) // 2
    return f"1 + {lines} + {lines}·{lines - 1}/2 = {most}"


def _one_matrix(journey: Journey, here: Local) -> tuple[str, str]:
    terms = plus(
        f"{factor(a)}·{factor(v)}" for a, v in zip(here.A[0].tolist(), journey.x.tolist(), strict=True)
    )
    formula = f"z[0] = {terms} + {factor(float(here.c[0]))} = {number(float(journey.way[-1][0]))}"
    if journey.net.activation == "tanh":
        sentence = _(
            "Right at x, and only there, it is as steep as one matrix A. A step aside it is another matrix."
        )
        return sentence, formula
    return _(
        "On the piece that holds x, all layers together are one matrix A and one shift c. Drag x into another piece: "
        "A changes at the crease, and nowhere else."
    ), formula


def _answer(journey: Journey) -> tuple[str, str]:
    sentence = _("The same z as through all the layers, and so the same answer: {kind}, to {percent} %. "
                 "A network is a patchwork of matrices.")  # fmt: skip
    formula = f"p = softmax{vector(journey.way[-1].tolist())} = {vector(journey.p.tolist())}"
    return sentence.format(kind=journey.kind, percent=journey.percent), formula

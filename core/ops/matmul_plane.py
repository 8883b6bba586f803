"""Two maps of the plane one after the other: first B then A is A B, first A then B is B A, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from core import lazy
from core.numbers import number, vector
from core.operation import Step
from core.ops import geometry, linear_marks
from core.ops.cells import block
from core.panels import Arrow, Bind, Cells, Handle, Mark, Panel, Path, Plane, Turn, Variable, rows
from core.words import _

torch = lazy.load("torch")

LETTER = (
    (0.25, 0.0),
    (0.25, 1.4),
    (1.05, 1.4),
    None,
    (0.25, 0.75),
    (0.85, 0.75),
)  # an F: no mirror image is an F
SIDE_BY_SIDE = rows((0, 1), (2,), heights=(3, 1), tall=((0, 1), (2,)))
SAME = 1e-5  # of the largest entry: float32 dust between AB and BA
BOTH = ("AB", "BA")


class Pair(NamedTuple):
    """The two maps, and their products in both orders; all (2, 2), float32, on the CPU."""

    A: torch.Tensor
    B: torch.Tensor
    AB: torch.Tensor
    BA: torch.Tensor

    @property
    def equal(self) -> bool:
        """Whether the order does not matter, apart from rounding."""
        scale = float(torch.stack((self.AB, self.BA)).abs().max())
        return float((self.AB - self.BA).abs().max()) <= SAME * scale


def drawable(A: torch.Tensor, B: torch.Tensor) -> bool:
    """Whether both are finite maps of the plane."""
    return tuple(A.shape) == tuple(B.shape) == (2, 2) and bool(
        torch.isfinite(A @ B).all() & torch.isfinite(B @ A).all()
    )


def told(A: torch.Tensor, B: torch.Tensor, C: torch.Tensor) -> Iterator[Step]:
    """First one map, then the other, in both orders at once; the last step shows C = A B."""
    pair = Pair(A.detach().cpu(), B.detach().cpu(), C.detach().cpu(), (B @ A).detach().cpu())
    view = _reach(pair)
    unmoved = torch.eye(2)
    marks = tuple(tuple(_marks(order)) for order in BOTH)
    yield Step(
        _panels(pair, marks, view, (unmoved, unmoved), known=False),
        _("One plane, two maps, two orders. On the left B will act first, on the right A."),
        "(A·B)·x = A·(B·x)",
        SIDE_BY_SIDE,
    )
    first = _(
        "First step: on the left B moves the plane, e₁ lands on {b}. On the right A does, e₁ lands on {a}."
    )
    yield Step(
        _panels(
            pair, marks, view, (pair.B, pair.A), known=False, turns=(_turn(pair.B), _turn(pair.A)), moved=True
        ),
        first.format(b=vector(pair.B[:, 0].tolist()), a=vector(pair.A[:, 0].tolist())),
        "B·x   |   A·x",
    )
    yield Step(
        _panels(pair, marks, view, (pair.AB, pair.BA), turns=(_turn(pair.A), _turn(pair.B))),
        _("Second step: A moves what B has moved, and on the right B moves what A has moved."),
        "A·(B·x)   |   B·(A·x)",
    )
    yield Step(_panels(pair, marks, view, (pair.AB, pair.BA), compared=True), _verdict(pair), _formula(pair))


def _verdict(pair: Pair) -> str:
    if pair.equal:
        return _("Here both orders end the same: A and B commute. Most pairs of matrices do not.")
    return _("The order matters: A B reads from right to left, first B, then A, and B A is another map.")


def _formula(pair: Pair) -> str:
    sign = "=" if pair.equal else "≠"
    det = number(geometry.determinant(pair.AB))
    return f"A·B {sign} B·A,   det(A·B) = det A · det B = {det}"


def _turn(map_: torch.Tensor) -> Turn | None:
    """The turn that `map_` is; None where it is more than a turn."""
    M = map_.double()
    dust = 1e-4
    turning = float((M.T @ M - torch.eye(2).double()).abs().max()) < dust and float(torch.linalg.det(M)) > 0
    return geometry.turn(M) if turning else None


def _reach(pair: Pair) -> float:
    """How far the view goes, so that the columns and the letter F stay in it at every moment."""
    corners = torch.tensor([point for point in LETTER if point] + [(1.0, 0.0), (0.0, 1.0)]).T
    stations = [M @ corners for M in (torch.eye(2), *pair)]
    return geometry.round_reach(1.8, 1.2 * max(float(points.abs().max()) for points in stations))


def _marks(order: str) -> list[Mark]:
    """The marks of one plane, moved by its own matrix."""
    moved = Bind(matrix=order)
    marks = [linear_marks.lattice(2, 2), *linear_marks.area_marks()[:1], *linear_marks.basis_marks(2, 2)]
    marks.append(Path("letter", "image", points=LETTER, width=6.0))
    found = []
    for mark in marks:
        text = {"text": mark.text.replace("a", "e")} if hasattr(mark, "text") else {}
        found.append(replace(mark, name=f"{mark.name}-{order}", bind=moved, layer="", **text))
    first = "B" if order == "AB" else "A"
    found += [  # where the columns of the first map stand, to take hold of
        Arrow(f"{first}-column-{j + 1}", linear_marks.BASIS[j], bind=Bind(matrix=first), dash="dot", width=2.0,
              points=((0.0, 0.0), linear_marks.unit(j, 2)))
        for j in range(2)
    ]  # fmt: skip
    return found


def _panels(
    pair: Pair, marks: tuple, reach: float, at: tuple[torch.Tensor, torch.Tensor], *, known: bool = True,
    turns: tuple[Turn | None, Turn | None] = (None, None), moved: bool = False, compared: bool = False,
) -> tuple[Panel, ...]:  # fmt: skip
    titles = (_("first B, then A"), _("first A, then B"))
    planes = []
    for k, (order, first) in enumerate(zip(BOTH, ("B", "A"), strict=True)):
        matrix = geometry.rows(getattr(pair, first))
        planes.append(
            Plane(
                dimension=2, marks=marks[k], reach=reach, name=order, title=titles[k], moved=moved,
                state={order: geometry.rows(at[k]), first: matrix},
                turns={order: turns[k]} if turns[k] else {},
                variables=(Variable(first, matrix, order),), handles=_handles(first),
            )
        )  # fmt: skip
    return (*planes, _cells(pair, known, compared))


def _handles(first: str) -> tuple[Handle, ...]:
    label = _("column {number} of A") if first == "A" else _("column {number} of B")
    return tuple(
        Handle(f"{first}[:,{j}]", first, label.format(number=j + 1), linear_marks.BASIS[j], j)
        for j in range(2)
    )


def _cells(pair: Pair, known: bool, compared: bool) -> Cells:
    differing = (pair.AB - pair.BA).abs() > SAME * float(torch.stack((pair.AB, pair.BA)).abs().max())
    flagged = tuple((i, j) for i, j in differing.nonzero().tolist()) if compared and not pair.equal else ()
    rest = None if known else 0
    line = (
        block("A", pair.A), block("B", pair.B, before="@"),
        block("C", pair.AB, before="=", known=rest, colour="image"),
        block("B", pair.B, before=" "), block("A", pair.A, before="@"),
        block("BA", pair.BA, before="=", known=rest, flagged=flagged),
    )  # fmt: skip
    return Cells((line,))

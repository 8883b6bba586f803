"""Norms as a picture: the ball of all vectors of norm 1, a vector with the ball through its tip, and the triangle."""

from __future__ import annotations

import math

from core import lazy
from core.ops import geometry
from core.ops.dot_scene import beside
from core.ops.linear_marks import BASIS, basis_marks, origin
from core.panels import Arrow, Bind, Derived, Handle, Label, Mark, Path, Plane, Variable
from core.words import _

torch = lazy.load("torch")

MOST_DRAWN = 3
LARGEST_DRAWN = 1e6
OUTERMOST = 40.0  # a ball for small p is narrow: the view follows the vector, not the ball


def drawable(*vectors: torch.Tensor | None) -> bool:
    """Whether these tensors fit into a plane or a space."""
    given = [v for v in vectors if v is not None]
    return all(
        v.dim() in (1, 2)
        and 0 < max(v.shape) <= MOST_DRAWN
        and v.numel() > 0
        and bool(torch.isfinite(v).all())
        and float(v.abs().max()) <= LARGEST_DRAWN
        for v in given
    )


def inverse(p: float) -> float:
    """1/p, 0 for infinity: what a ball is moved by."""
    return 0.0 if math.isinf(p) else 1.0 / p


class BallScene:
    """The unit ball, x with its own ball and its direction, and where A (m, n) carries both."""

    def __init__(self, x: torch.Tensor, A: torch.Tensor | None) -> None:
        self.n = x.numel()
        self.m = self.n if A is None else A.shape[0]
        self.size = max(2, self.n, self.m)
        self.x = geometry.padded(x, self.size)
        self.A = None if A is None else geometry.padded(A, self.size)
        self.start = torch.diag(
            torch.tensor([1.0 if k < self.n or self.size == 2 else 0.0 for k in range(self.size)]).double()
        )
        self.reach, self.free_corner = self._view()
        self.marks = tuple(self._marks())

    def _view(self) -> tuple[float, str]:
        points = [self.x]
        if self.A is not None:
            points += [self.A @ self.x, *self.A.T]
        stacked = torch.stack(points)
        if self.size == 3:
            return geometry.round_reach(1.6, 1.15 * float(stacked.abs().max())), "top"
        right = [max((px for px, py in stacked.tolist() if up * py > 0), default=0.0) for up in (1, -1)]
        length = float(torch.linalg.vector_norm(self.x)) if self.A is None else 0.0  # the circle through x
        tall, wide = float(stacked[:, 1].abs().max()), float(stacked[:, 0].abs().max())
        left = max(0.0, -float(stacked[:, 0].min()))
        corner = "bottom" if right[1] <= right[0] else "top"
        reach = geometry.round_reach(
            1.7, 1.25 * tall, 0.7 * wide, 1.1 * left, 1.12 * length, min(right) / 0.75
        )
        return reach, corner

    def _marks(self) -> list[Mark]:
        zero, one = origin(self.size), (1.0,) * self.size
        flat = self.size == 2
        marks: list[Mark] = [
            Derived("ball", "area", kind="ball", inverse="q", width=2.5, fill=0.25 if flat else 0.0),
            Derived(
                "own-ball",
                "vector",
                layer="own",
                kind="ball",
                of="x",
                inverse="q",
                width=2.0,
                dash="dot" if self.A is not None else "solid",
                fill=0.06 if flat and self.A is None else 0.0,
            ),
        ]
        if self.A is not None:
            marks += [
                Derived("image-ball", "image", kind="ball", inverse="q", bind=Bind(matrix="M"), width=2.5,
                        fill=0.12 if flat else 0.0),
                *basis_marks(self.size, self.n),
                Arrow("image", "image", bind=Bind("M", "x", (zero, one)), points=(zero, zero), width=4.5),
                Label("image-name", "image", bind=Bind("M", "x", (one,)), at=zero, text="Ax", bold=True,
                      place="bottom right"),
            ]  # fmt: skip
        place = "top center" if self.size == 3 else beside(self.x.tolist(), 1.0)
        marks += [
            Arrow("x", "vector", bind=Bind("", "x", (zero, one)), points=(zero, zero),
                  width=4.5 if self.A is None else 3.0, dash="solid" if self.A is None else "dot"),
            Derived("unit", "accent", kind="unit", of="x", inverse="q", width=5.0),
            Label("x-name", "vector", bind=Bind("", "x", (one,)), at=zero, text="x", bold=True, place=place),
        ]  # fmt: skip
        return [*marks, *told((("x", "", "‖x‖ₚ = {}", "vector"),), self.reach, self.size, [self.x])]

    def plane(self, p: float, carried: bool = False) -> Plane:
        """The picture for one p; `carried`: A has moved everything."""
        M = self.A if carried and self.A is not None else self.start
        state = {"x": geometry.rows(self.x), "q": inverse(p)}
        variables = [Variable("x", geometry.rows(self.x), "x")]
        handles = [
            Handle("x", "x", _("the vector x"), "vector", None, tuple(k < self.n for k in range(self.size)))
        ]
        if self.A is not None:
            state["M"] = geometry.rows(M)
            variables.insert(0, Variable("A", geometry.rows(self.A), "M"))
            free = tuple(k < self.m for k in range(self.size))
            handles += [
                Handle(f"A[:,{j}]", "A", _("column {number} of A").format(number=j + 1), BASIS[j], j, free)
                for j in range(self.n)
            ]
        return Plane(
            self.size, self.marks, state, self.reach, free_corner=self.free_corner, variables=tuple(variables),
            handles=tuple(handles), layers=(("own", _("Ball through x"), self.size == 2),),
            moved=carried and self.A is not None,
        )  # fmt: skip


class TriangleScene:
    """x, y and x + y in the plane, and the unit ball that measures them."""

    size = 2

    def __init__(self, x: torch.Tensor, y: torch.Tensor) -> None:
        self.x, self.y = (geometry.padded(v, 2) for v in (x, y))
        points = torch.stack([self.x, self.y, self.x + self.y])
        right = [max((px for px, py in points.tolist() if up * py > 0), default=0.0) for up in (1, -1)]
        self.free_corner = "bottom" if right[1] <= right[0] else "top"
        tall, wide = float(points[:, 1].abs().max()), float(points[:, 0].abs().max())
        left = max(0.0, -float(points[:, 0].min()))
        self.reach = max(1.7, 1.25 * tall, 0.7 * wide, 1.1 * left, min(right) / 0.75)
        self.marks = tuple(self._marks(points))

    def _marks(self, points: torch.Tensor) -> list[Mark]:
        zero, one = (0.0, 0.0), (1.0, 1.0)
        both = Bind("", "x", (zero, one), other="y", other_mix=(zero, one))
        side = Bind("", "x", (one, one), other="y", other_mix=(zero, one))
        tip = Bind("", "x", (one,), other="y", other_mix=(one,))
        turn = 1.0 if float(self.x[0] * self.y[1] - self.x[1] * self.y[0]) >= 0 else -1.0
        spots = {"x": beside(self.x.tolist(), -turn), "y": beside(self.y.tolist(), turn)}
        marks: list[Mark] = [
            Derived("ball", "area", layer="ball", kind="ball", inverse="q", width=2.0, fill=0.18),
            Path("side", "basis1", bind=side, points=(zero, zero), width=2.5, dash="dash"),
            Arrow("sum", "accent", bind=both, points=(zero, zero), width=4.5),
            Label(
                "sum-name",
                "accent",
                bind=tip,
                at=zero,
                text="x + y",
                bold=True,
                place=beside(points[2].tolist(), turn),
            ),
        ]
        for name, hue in (("x", "vector"), ("y", "basis1")):
            marks += [
                Arrow(name, hue, bind=Bind("", name, (zero, one)), points=(zero, zero), width=4.0),
                Label(f"{name}-name", hue, bind=Bind("", name, (one,)), at=zero, text=name, bold=True,
                      place=spots[name]),
            ]  # fmt: skip
        lines = (
            ("x", "", "‖x‖ₚ = {}", "vector"),
            ("y", "", "‖y‖ₚ = {}", "basis1"),
            ("x", "y", "‖x + y‖ₚ = {}", "accent"),
        )
        return [*marks, *told(lines, self.reach, 2, list(points))]

    def plane(self, p: float) -> Plane:
        """The picture for one p."""
        state = {"x": geometry.rows(self.x), "y": geometry.rows(self.y), "q": inverse(p)}
        labels = {"x": _("the vector x"), "y": _("the vector y")}
        return Plane(
            2, self.marks, state, self.reach, free_corner=self.free_corner,
            variables=tuple(Variable(name, state[name], name) for name in labels),
            handles=(Handle("x", "x", labels["x"], "vector"), Handle("y", "y", labels["y"], "basis1")),
            layers=(("ball", _("Unit ball"), True),),
        )  # fmt: skip


def told(
    lines: tuple[tuple[str, str, str, str], ...], reach: float, size: int, points: list[torch.Tensor]
) -> list[Mark]:
    """Norms that follow the hand, in a corner at the left: (of, onto, words, colour) each; with onto the sum's norm."""
    above = size == 2 and any(float(v[0]) < 0.1 * reach and float(v[1]) > 0.3 * reach for v in points)
    marks: list[Mark] = []
    for k, (of, onto, template, hue) in enumerate(lines):
        at = (
            (-0.97 * reach, (-0.66 if above else 0.88) * reach - 0.13 * reach * k)
            if size == 2
            else (0.0, 0.0, (0.95 - 0.16 * k) * reach)
        )
        live = ("norm-sum" if onto else "norm", template)
        marks.append(
            Label(f"told-{k}", hue, at=at, live=live, of=of, onto=onto, inverse="q", place="middle right")
        )
    return marks

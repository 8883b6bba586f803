"""The dot product as a picture: two arrows, the shadow of one on the line of the other, and the angle between them."""

from __future__ import annotations

import math
from typing import NamedTuple

from core import lazy
from core.ops import geometry
from core.ops.linear_marks import origin
from core.panels import Arrow, Bind, Derived, Handle, Label, Mark, Path, Plane, Variable
from core.words import _

torch = lazy.load("torch")

MOST_DRAWN = 3  # axes of a space that can be drawn
LARGEST_DRAWN = 1e6
HUES = {"x": "vector", "y": "basis1"}
SHADOW = "accent"
LINE = (60.0, 1.25)  # how often the line through a vector is as long as itself, in the plane and in space


class Angle(NamedTuple):
    """What the two vectors measure: lengths, cosine, angle in degrees, and the shadow of one on the other's line."""

    lengths: dict[str, float]
    cosine: float  # NaN where a vector is zero
    degrees: float
    foot: torch.Tensor  # where the shadow ends
    shadow: float  # its signed length


def measured(x: torch.Tensor, y: torch.Tensor, onto: str) -> Angle:
    """x (n,) and y (n,), in float64; the shadow falls on the vector `onto`."""
    pair = {name: value.detach().to("cpu", torch.float64) for name, value in (("x", x), ("y", y))}
    lengths = {name: float(torch.linalg.vector_norm(value)) for name, value in pair.items()}
    product = float(torch.dot(pair["x"], pair["y"]))
    both = lengths["x"] * lengths["y"]
    cosine = max(-1.0, min(1.0, product / both)) if both > 0 else math.nan
    on = pair[onto]
    size = lengths[onto]
    foot = on * (product / size**2) if size > 0 else on * 0
    degrees = _degrees(pair["x"] / lengths["x"], pair["y"] / lengths["y"]) if both > 0 else math.nan
    return Angle(lengths, cosine, degrees, foot, product / size if size > 0 else 0.0)


def _degrees(first: torch.Tensor, second: torch.Tensor) -> float:
    """The angle of two unit vectors, exact also near 0° and 180°, where the arc cosine is not (Kahan)."""
    apart, together = (float(torch.linalg.vector_norm(v)) for v in (first - second, first + second))
    return math.degrees(2 * math.atan2(apart, together))


def beside(v: list[float], turn: float) -> str:
    """Where a name stands at the tip of v: on its left (turn 1) or right (−1), and a little onwards."""
    across, up = 0.4 * v[0] - turn * v[1], 0.4 * v[1] + turn * v[0]
    sideways = "center" if abs(across) < 0.35 * abs(up) else "right" if across > 0 else "left"
    return f"{'top' if up >= 0 else 'bottom'} {sideways}"


class Scene:
    """The plane (n = 1, 2) or space (n = 3) of two vectors; longer ones cannot be drawn."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor, onto: str) -> None:
        self.x, self.y, self.onto = x, y, onto
        self.other = "x" if onto == "y" else "y"
        values = torch.cat([x, y]).detach().to("cpu", torch.float64)
        finite = bool(torch.isfinite(values).all()) and (
            not len(values) or float(values.abs().max()) <= LARGEST_DRAWN
        )
        self.drawable = 0 < x.numel() <= MOST_DRAWN and finite
        if not self.drawable:
            return
        self.size = max(2, x.numel())
        self.pair = {"x": geometry.padded(x, self.size), "y": geometry.padded(y, self.size)}
        self.angle = measured(self.pair["x"], self.pair["y"], onto)
        self.reach, self.free_corner = self._view()
        self.marks = self._marks()

    def _view(self) -> tuple[float, str]:
        """How far the picture goes, and the right corner that the arrows leave free for the cells."""
        points = torch.stack([*self.pair.values(), self.angle.foot])
        if self.size == 3:
            return geometry.round_reach(2.5, 1.2 * float(points.abs().max())), "top"
        right = [
            max((px for px, py in points.tolist() if up * py > 0 and px > 0), default=0.0) for up in (1, -1)
        ]
        corner = "bottom" if right[1] < right[0] else "top"
        tall, wide = points.abs().amax(dim=0).flip(0).tolist()
        left = max(0.0, -float(points[:, 0].min()))
        return geometry.round_reach(2.6, 1.3 * tall, 0.75 * wide, 1.1 * left, min(right) / 0.75), corner

    def _marks(self) -> tuple[Mark, ...]:
        zero, one = origin(self.size), (1.0,) * self.size
        long = tuple((sign * LINE[self.size == 3],) * self.size for sign in (-1.0, 1.0))
        marks: list[Mark] = [
            Path(
                "line",
                HUES[self.onto],
                bind=Bind("", self.onto, long),
                points=(zero, zero),
                width=1.2,
                dash="dot",
            ),
            Derived("arc", "quiet", kind="arc", of="x", onto="y", radius=self._radius(), width=2.0),
        ]
        for name, place in self._places().items():
            marks += [
                Arrow(name, HUES[name], bind=Bind("", name, (zero, one)), points=(zero, zero), width=4.5),
                Label(f"{name}-name", HUES[name], bind=Bind("", name, (one,)), at=zero, text=name, bold=True,
                      place=place),
            ]  # fmt: skip
        shadow = Derived(
            "shadow", SHADOW, kind="projection", of=self.other, onto=self.onto, width=3.5, dash="dash"
        )
        falling = Bind("", "s", (zero, one))
        marks += [
            shadow,
            Path("falling", SHADOW, bind=falling, points=(zero, zero), width=7.0, hides=True),
        ]
        return (*marks, *self._told())

    def _places(self) -> dict[str, str]:
        """On which side of its tip a name stands: away from the other arrow."""
        if self.size == 3:
            return {"x": "top center", "y": "top center"}
        x, y = (self.pair[name].tolist() for name in "xy")
        turn = 1.0 if x[0] * y[1] - x[1] * y[0] >= 0 else -1.0  # y lies to the left of x, or to the right
        return {"x": beside(x, -turn), "y": beside(y, turn)}

    def _radius(self) -> float:
        shorter = min(self.angle.lengths.values())
        return max(0.1 * self.reach, min(0.3 * self.reach, 0.45 * shorter))

    def _told(self) -> list[Mark]:
        """What follows the hand: the product, the cosine and the angle, in a corner that the arrows leave free."""
        if self.size == 3:
            spots = [(0.0, 0.0, (0.95 - 0.16 * k) * self.reach) for k in range(3)]
        else:
            above = [v for v in self.pair.values() if v[0] < 0.2 * self.reach and v[1] > 0.2 * self.reach]
            spots = [
                (-0.97 * self.reach, (-0.66 if above else 0.9) * self.reach - 0.13 * self.reach * k)
                for k in range(3)
            ]
        found: list[Mark] = []
        lines = (
            ("dot", "x · y = {}", SHADOW),
            ("cosine", "cos = {}", "ink"),
            ("angle", _("angle {}°"), "quiet"),
        )
        for at, (kind, template, hue) in zip(spots, lines, strict=True):
            found.append(
                Label(f"told-{kind}", hue, at=at, text="", live=(kind, template), of="x", onto="y",
                      place="middle right" if self.size == 2 else "middle center", bold=kind == "dot")
            )  # fmt: skip
        return found

    def plane(self, falling: torch.Tensor | None) -> Plane:
        """The picture; `falling` is where the thick shadow ends now, None: there is none."""
        rest = torch.zeros(self.size, dtype=torch.float64)
        states = {name: geometry.rows(value) for name, value in self.pair.items()}
        free = tuple(k < self.x.numel() for k in range(self.size))
        labels = {"x": _("the vector x"), "y": _("the vector y")}
        return Plane(
            dimension=self.size,
            marks=self.marks,
            state={**states, "s": geometry.rows(rest if falling is None else falling)},
            reach=self.reach,
            free_corner=self.free_corner,
            variables=tuple(Variable(name, value, name) for name, value in states.items()),
            handles=tuple(Handle(name, name, labels[name], HUES[name], None, free) for name in states),
        )

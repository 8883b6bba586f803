"""What is said about norms: the ball for each p, the two ways round a triangle, the curve over p, a matrix."""

from __future__ import annotations

import math

from core import lazy, shapes
from core.numbers import number, vector
from core.ops.cells import MOST
from core.words import _

torch = lazy.load("torch")

INFINITE = math.inf
Words = tuple[str, str]  # sentence and formula


def opening(p: float) -> Words:
    """The ball for the chosen p, before it takes all its shapes."""
    sentence = _(
        "The yellow ball: all vectors up to length 1, measured with p = {p}. What does another p find short?"
    )
    return sentence.format(p=number(float(p))), "‖x‖ₚ = (Σ |xᵢ|^p)^(1/p)"


def missing() -> Words:
    return _("The triangle is drawn for two entries and no A; here is the ball."), "‖x + y‖ₚ ≤ ‖x‖ₚ + ‖y‖ₚ"


def shape_words(p: float, size: int) -> Words:
    """What the unit ball looks like for p, and its equation."""
    flat = size == 2
    sentence = {
        0.3: _("All vectors of length 1, measured with p = 0.3: a star with thin rays along the axes."),
        0.5: _(
            "p = 0.5: still a star. A straight line between two of its points leaves it, so this is no norm."
        ),
        1: _("p = 1: a diamond. Lengths are walked along the axes, as in a city of blocks.")
        if flat
        else _("p = 1: an octahedron. Lengths are walked along the axes, as in a city of blocks."),
        2: _("p = 2: the circle. This is the length that a ruler measures.")
        if flat
        else _("p = 2: the sphere. This is the length that a ruler measures."),
        4: _("p = 4: the circle swells into the corners; large entries count for more and more.")
        if flat
        else _("p = 4: the sphere swells into the corners; large entries count for more and more."),
    }.get(p) or (
        _("p = ∞: a square. Only the largest entry counts.")
        if flat
        else _("p = ∞: a cube. Only the largest entry counts.")
    )
    return sentence, equation(p, "v", "= 1")


def equation(p: float, name: str, end: str) -> str:
    """‖v‖ₚ in general, with the p put in."""
    if math.isinf(p):
        return f"max |{name}ᵢ| {end}"
    if p == 1:
        return f"Σ |{name}ᵢ| {end}"
    return f"(Σ |{name}ᵢ|{exponent(p)})^(1/{number(p)}) {end}" if p != 2 else f"√(Σ {name}ᵢ²) {end}"


def exponent(p: float) -> str:
    """p as an exponent: ², ^1.5."""
    return (
        str(p).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        if float(p).is_integer()
        else f"^{number(p)}"
    )


def chosen(x: torch.Tensor, p: float) -> Words:
    sentence = _(
        "Now p = {p}: the blue ball goes through the tip of x, and the strong arrow is x divided by its norm."
    )
    return sentence.format(p=number(float(p))), f"x / ‖x‖ₚ,   x = {vector(x.tolist())}"


def carried(A: torch.Tensor, p: float) -> Words:
    """What A does to the ball: how far it stretches at most, measured with the same p."""
    most = stretch(A, p)
    sentence = _(
        "A carries the ball along: what had length 1 is now up to {most} long. That is the operator norm of A."
    )
    return sentence.format(most=number(most)), f"max ‖A v‖ₚ = {number(most)}   (‖v‖ₚ = 1)"


def stretch(A: torch.Tensor, p: float) -> float:
    """The operator norm of A (m, n), n <= 3, for p: the largest ‖A v‖ₚ with ‖v‖ₚ = 1, to three digits.

    For p <= 1 a corner of the ball is farthest, so a column of A is; for 2 and ∞ torch knows it; else directions are
    tried in steps of about one degree.
    """
    A = A.double()
    if p <= 1:
        return float(torch.linalg.vector_norm(A, p, dim=0).max())
    if p in (2, INFINITE):
        return float(torch.linalg.matrix_norm(A, p))
    n = A.shape[1]
    ticks = torch.linspace(-1, 1, 241 if n < 3 else 61, dtype=torch.float64)
    walls = (
        torch.cartesian_prod(*[ticks] * (n - 1)).reshape(-1, n - 1) if n > 1 else torch.zeros(1, 0).double()
    )
    ways = torch.cat(
        [torch.cat([walls[:, :k], torch.ones(len(walls), 1).double(), walls[:, k:]], 1) for k in range(n)]
    )
    ratio = torch.linalg.vector_norm(ways @ A.T, p, dim=1) / torch.linalg.vector_norm(ways, p, dim=1)
    return float(ratio.max())


def ways(lengths: list[float], p: float, first: bool) -> Words:
    one, other, straight = lengths
    values = {"p": number(float(p)), "straight": number(straight), "detour": number(one + other)}
    longer = straight > (one + other) * (1 + 1e-6)
    sides = f"{number(one)} + {number(other)} = {number(one + other)}"
    formula = f"‖x + y‖ₚ = {number(straight)} {'>' if longer else '≤'} {sides}"
    if longer:
        sentence = _(
            "With p = {p} the straight way is {straight} long and the detour {detour}: shorter! No norm may do that."
        )
    elif first:
        sentence = _(
            "First x, then y, or straight to x + y: the straight way, {straight}, is not longer than the detour, "
            "{detour}."
        )
    else:
        sentence = _("With p = {p} too: straight {straight}, detour {detour}. The triangle inequality holds.")
    return sentence.format(**values), formula


def curve_opening(y: torch.Tensor, name: str, finite: bool) -> Words:
    if not finite:
        return _("{name} holds NaN, ∞ or a very large number: only the numbers are shown.").format(
            name=name
        ), f"‖{name}‖ₚ"
    if y.dim() == 2:
        sentence = _(
            "A matrix {shape} is measured like a vector of {count} entries; with p = 2 this is the Frobenius norm."
        )
    elif y.numel() > MOST:
        sentence = _(
            "{count} entries, the first ones are shown. The curve tells the norm for every p: it falls as p grows."
        )
    else:
        sentence = _(
            "{count} entries: no ball can be drawn, but the curve tells the norm for every p: it falls as p grows."
        )
    return sentence.format(
        shape=shapes.show(tuple(y.shape)), count=f"{y.numel():,}"
    ), f"‖{name}‖ₚ = (Σ |{name}ᵢ|^p)^(1/p)"


def on_curve(length: float, p: float, name: str) -> Words:
    sentence = {
        1: _("p = 1 adds up the absolute values of all entries: {length}."),
        2: _("p = 2 is the length as a ruler measures it: {length}."),
    }.get(p) or _("p = ∞ keeps the largest absolute value alone: {length}. No other p gives less.")
    return sentence.format(length=number(length)), equation(p, name, f"= {number(length)}")


def matrix_words(x: torch.Tensor, s: torch.Tensor, p: float) -> Words:
    """The entries' norm beside the operator norm, which asks another question."""
    if p not in (1, 2, INFINITE) or max(x.shape) > 256:
        sentence = _(
            "This measures the entries. How far a matrix stretches vectors is its operator norm, another number."
        )
        return sentence, f"s = {number(float(s))}"
    other = number(float(torch.linalg.matrix_norm(x.double(), p))) if bool(torch.isfinite(x).all()) else "NaN"
    sentence = _(
        "This measures the entries. How far x stretches a vector of norm 1 is its operator norm: {other}."
    )
    shown = "inf" if math.isinf(p) else str(p)
    return sentence.format(
        other=other
    ), f"torch.linalg.matrix_norm(x, {shown}) = {other},   s = {number(float(s))}"

"""Practice: a line through flowers with one wrong measurement. L2 runs after it, L1 hardly cares."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy
from core.numbers import factor, number
from core.operation import Example, Spot, Step
from core.ops.data import iris
from core.panels import Curve, Handle, Line, Panel, Variable, rows
from core.words import N_, _

torch = lazy.load("torch")

EVERY = 10  # of 150 flowers one in ten is taken
LENGTH, WIDTH = 2, 3  # columns: petal length and width, cm
X_RANGE, Y_RANGE = (0.0, 8.0), (-0.5, 4.0)
START = (1.5, 3.5)  # a width that somebody mistyped


def run(x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The lines of least squares (L2) and least sizes (L1). x (n,), y (n,) -> two (2,): slope, intercept."""
    X = torch.stack([x, torch.ones_like(x)], dim=1)  # (n, 2)
    squares = torch.linalg.lstsq(X, y[:, None]).solution[:, 0]  # least ‖y − X w‖₂
    i, j = torch.combinations(
        torch.arange(len(x))
    ).T  # a line of least ‖y − X w‖₁ goes through two of the points
    i, j = i[x[i] != x[j]], j[x[i] != x[j]]
    slopes = (y[j] - y[i]) / (x[j] - x[i])
    lines = torch.stack([slopes, y[i] - slopes * x[i]])  # (2, pairs)
    best = torch.linalg.vector_norm(y[:, None] - X @ lines, 1, dim=0).argmin()
    return squares, lines[:, best]


def flowers() -> tuple[torch.Tensor, torch.Tensor]:
    """Petal length and width of 15 irises, cm, float64."""
    features = iris()[0].double()[::EVERY]
    return features[:, LENGTH], features[:, WIDTH]


def steps(*, outlier: tuple[float, float] = START) -> Iterator[Step]:
    """The fits without the wrong point, the point, and both fits with it."""
    x, y = flowers()
    point = torch.tensor(outlier, dtype=torch.float64)
    clean, moved = run(x, y), run(torch.cat([x, point[:1]]), torch.cat([y, point[1:]]))
    sentence = _("{count} irises, length and width of a petal: both norms find nearly the same line.")
    yield _step(x, y, outlier, clean, False, sentence.format(count=len(x)), _formula(clean))
    sentence = _("One more measurement, and it is wrong: {length} cm long and {width} cm wide. Drag it.")
    words = sentence.format(length=number(outlier[0]), width=number(outlier[1]))
    yield _step(x, y, outlier, clean, True, words, f"({number(outlier[0])}, {number(outlier[1])})")
    far = abs(float(point[1]) - float(clean[0][0] * point[0] + clean[0][1]))
    sentence = _(
        "L2 squares the distance: {far} cm off count as {square}, so the whole line runs after one point."
    )
    halfway = (moved[0], clean[1])
    yield _step(
        x,
        y,
        outlier,
        halfway,
        True,
        sentence.format(far=number(far), square=number(far**2)),
        _formula(halfway),
    )
    sentence = _(
        "L1 counts {far} cm as {far}, one vote among {count}: its slope goes from {before} to {after} only."
    )
    if abs(float(moved[1][0] - clean[1][0])) < 1e-9:
        sentence = _("L1 counts {far} cm as {far}, one vote among {count}: its line stays where it was.")
    words = sentence.format(
        far=number(far), count=len(x) + 1, before=number(float(clean[1][0])), after=number(float(moved[1][0]))
    )
    yield _step(x, y, outlier, moved, True, words, _formula(moved))


def _formula(lines: tuple[torch.Tensor, torch.Tensor]) -> str:
    told = [
        f"{name}: y = {number(float(w[0]))}·x + {factor(float(w[1]))}"
        for name, w in zip(("L2", "L1"), lines, strict=True)
    ]
    return "   ".join(told)


def _step(
    x: torch.Tensor, y: torch.Tensor, outlier: tuple[float, float], lines: tuple[torch.Tensor, torch.Tensor],
    shown: bool, sentence: str, formula: str,
) -> Step:  # fmt: skip
    return Step(_panels(x, y, outlier, lines, shown), sentence, formula, rows((0,)))


def _panels(
    x: torch.Tensor,
    y: torch.Tensor,
    outlier: tuple[float, float],
    lines: tuple[torch.Tensor, torch.Tensor],
    shown: bool,
) -> tuple[Panel, ...]:
    drawn = [
        Line(name, X_RANGE, tuple(float(w[0] * end + w[1]) for end in X_RANGE), hue, label=name, width=3.0)
        for name, w, hue in (("L2", lines[0], "basis1"), ("L1", lines[1], "vector"))
    ]
    far = float(lines[0][0] * outlier[0] + lines[0][1])
    drawn += [
        Line(
            "residual",
            (outlier[0],) * 2,
            (outlier[1], far if shown else outlier[1]),
            "quiet",
            width=1.5,
            dash="dot",
        ),
        Line("flowers", tuple(x.tolist()), tuple(y.tolist()), "ink", dots=9.0),
        Line("wrong", (outlier[0],), (outlier[1] if shown else None,), "accent", dots=12.0),
    ]
    return (
        Curve("fit", tuple(drawn), X_RANGE, Y_RANGE, _("petal length, cm"), _("petal width, cm"),
              _("a line through flowers"), variables=(Variable("outlier", outlier, "outlier"),),
              handles=(Handle("outlier", "outlier", _("the wrong measurement"), "accent"),),
              state={"outlier": outlier}),
    )  # fmt: skip


OUTLIER_FIT = Example(
    key="outlier-fit",
    title=N_("One wrong point: L1 against L2"),
    summary=N_(
        "Fifteen irises and one mistyped width. The line of least squares (L2) runs after it; the line of least "
        "absolute errors (L1) gives it one vote like all others: it is robust. Drag the point: both are fitted anew."
    ),
    run=run,
    steps=steps,
    parameters=(Spot("outlier", N_("The wrong measurement: length, width (drag it)"), START, -0.5, 8.0),),
    source=N_("Fisher's irises (1936), as in scikit-learn."),
)

"""Practice: L1 makes zeros. On the diabetes data the lasso's weights vanish one by one; ridge only shrinks them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from core import lazy
from core.numbers import number
from core.operation import Example, Slider, Step
from core.ops.data import DIABETES_FEATURES, diabetes
from core.panels import Bars, Curve, Line, Panel, rows
from core.words import N_, _

torch = lazy.load("torch")

LAMBDAS = 49  # from 10^-1.5 to 10^1.7
RANGE = (-1.5, 1.7)
ROUNDS = 12_000
STOPS = (0, 12, 24, 32, 40, 48)
HUES = ("axis1", "axis2", "axis3", "axis4", "axis5", "axis6", "basis1", "vector", "null", "eigen")


def run(X: torch.Tensor, y: torch.Tensor, lambdas: torch.Tensor, rounds: int) -> torch.Tensor:
    """Least |y − X w|²/2n + λ·‖w‖₁. X (n, k), y (n,), lambdas (l,) -> W (k, l), one column for each λ."""
    n = len(y)
    G, c = X.T @ X / n, (X.T @ y / n)[:, None]
    pace = 1 / torch.linalg.matrix_norm(G, 2)
    W = Z = torch.zeros(X.shape[1], len(lambdas), dtype=X.dtype)
    for k in range(rounds):
        V = Z - pace * (G @ Z - c)  # a step down the squared error
        last, W = W, V.sign() * (V.abs() - pace * lambdas).clamp(min=0)  # L1 pulls towards 0, and cuts there
        Z = W + k / (k + 3) * (W - last)  # momentum (FISTA)
    return W


class Paths(NamedTuple):
    """The coefficients over lambda (10, LAMBDAS), of the lasso and of ridge with the same lambdas."""

    lambdas: torch.Tensor
    lasso: torch.Tensor
    ridge: torch.Tensor


def standardised() -> tuple[torch.Tensor, torch.Tensor]:
    """Features with mean 0 and variance 1, progress with mean 0."""
    X, y = diabetes()
    return X * len(y) ** 0.5, y - y.mean()


@cache
def paths() -> Paths:
    """All coefficients, computed once."""
    X, y = standardised()
    lambdas = torch.logspace(*RANGE, LAMBDAS, dtype=torch.float64)
    n = len(y)
    G, c = X.T @ X / n, X.T @ y / n
    ridge = torch.stack(
        [torch.linalg.solve(G + v * torch.eye(len(c), dtype=c.dtype), c) for v in lambdas], dim=1
    )
    return Paths(lambdas, run(X, y, lambdas, ROUNDS), ridge)


def steps(*, strength: int = 32) -> Iterator[Step]:
    """From nearly no penalty to one that leaves nothing, then the chosen one."""
    found = paths()
    for k, at in enumerate([*STOPS, int(strength)]):
        w = found.lasso[:, at]
        zeros = int((w == 0).sum())
        values = {
            "lambda_": number(float(found.lambdas[at])),
            "zeros": zeros,
            "kept": len(w) - zeros,
            "names": ", ".join(name for name, v in zip(DIABETES_FEATURES, w.tolist(), strict=True) if v),
        }
        yield Step(
            _panels(found, at), _sentence(found, k, at).format(**values),
            f"‖w‖₁ = {number(float(torch.linalg.vector_norm(w, 1)))}   w = 0 : {zeros} / {len(w)}",
            rows((0,), (1, 2), heights=(1.25, 1), tall=((0,), (1,), (2,))),
        )  # fmt: skip


def _sentence(found: Paths, k: int, at: int) -> str:
    zeros = int((found.lasso[:, at] == 0).sum())
    if k == 0:
        return _(
            "λ = {lambda_}: hardly a penalty. Ten measurements of 442 patients, and every one gets a weight."
        )
    if zeros == len(found.lasso):
        return _("λ = {lambda_}: the penalty has won, every weight is exactly 0. Ridge still holds all ten.")
    if zeros == 0:
        return _("λ = {lambda_}: the weights shrink; with L1 the small ones run straight towards 0.")
    return _(
        "λ = {lambda_}: with L1 {zeros} weights are exactly 0, {kept} are left: {names}. With L2 none is."
    )


def _panels(found: Paths, at: int) -> tuple[Panel, ...]:
    lambdas = tuple(found.lambdas.tolist())
    here = lambdas[at]
    largest = float(found.lasso.abs().max())
    lines = [
        Line(
            name,
            lambdas,
            _until_zero(row),
            hue,
            label=name if name in ("bmi", "s5", "bp", "s3", "sex", "s1") else "",
            texts=(name,) * len(row),
        )
        for name, row, hue in zip(DIABETES_FEATURES, found.lasso.tolist(), HUES, strict=True)
    ]
    lines.append(Line("here", (here, here), (-largest, largest), "accent", width=2.0, dash="dash"))
    both = (
        ("lasso", found.lasso, _("weights with L1 (lasso)")),
        ("ridge", found.ridge, _("weights with L2 (ridge)")),
    )
    bars = (
        Bars(key, tuple(values[:, at].tolist()), DIABETES_FEATURES, title, largest=largest)
        for key, values, title in both
    )
    return (
        Curve("paths", tuple(lines), (lambdas[0], lambdas[-1]), (-largest, largest), "λ", _("weight"),
              _("the lasso's weights over λ"), x_log=True),
        *bars,
    )  # fmt: skip


def _until_zero(weights: list[float]) -> tuple[float | None, ...]:
    """A path up to where it stays at 0 for good: it ends there, and so does its name."""
    last = max((k for k, weight in enumerate(weights) if weight), default=-1)
    return tuple(weight if k <= last + 1 else None for k, weight in enumerate(weights))


LASSO_ZEROS = Example(
    key="lasso-zeros",
    title=N_("L1 makes zeros"),
    summary=N_(
        "Ten measurements of 442 patients predict how diabetes goes on. A penalty on the L1 norm sets weights to "
        "exactly 0 and so chooses measurements; one on the L2 norm only makes all of them small."
    ),
    run=run,
    steps=steps,
    parameters=(Slider("strength", N_("Strength of the penalty at the end"), 0, LAMBDAS - 1, 1, 32),),
    source=N_("Diabetes data of Efron and others (2004), as in scikit-learn."),
)

"""Practice: weight decay. A polynomial of high degree bends to every point; a penalty on its L2 norm calms it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from core import lazy
from core.numbers import number
from core.operation import Example, Slider, Step
from core.ops.data import diabetes
from core.panels import Curve, Layout, Line, Panel, Row
from core.words import N_, _

torch = lazy.load("torch")

BMI = 2  # the column of the body mass index
TRAINED = 24  # patients that the curve is fitted to; all others tell how good it is
SEED = 3
STRENGTHS = (-8, 4)  # lambda runs from 10^-8 to 10^4
PER_DECADE = 6
GRID = 90  # points of the drawn curve
STOPS = (-8, -5, -3, -1, 1, 4)  # powers of ten that the film stops at


def run(X: torch.Tensor, y: torch.Tensor, decay: float) -> torch.Tensor:
    """The weights with the least squared error + decay · ‖w‖². X (n, k), y (n,) -> w (k,). Both are centred."""
    penalty = decay * torch.eye(X.shape[1], dtype=X.dtype)
    w = torch.linalg.solve(X.T @ X + penalty, X.T @ y)  # (k, n) @ (n, k) -> (k, k)
    return w


class Fit(NamedTuple):
    """Everything about one degree: the powers of the training points, and the errors over lambda."""

    x: torch.Tensor  # (n,) in [-1, 1]
    y: torch.Tensor  # (n,)
    others: tuple[torch.Tensor, torch.Tensor]
    X: torch.Tensor  # (n, k), centred
    middle: torch.Tensor  # (k,)
    lambdas: tuple[float, ...]
    training: tuple[float, ...]  # root mean squared error
    validation: tuple[float, ...]
    norms: tuple[float, ...]


def powers(x: torch.Tensor, degree: int) -> torch.Tensor:
    """x, x², … x^degree as columns (n, degree)."""
    return x[:, None] ** torch.arange(1, degree + 1)


def sample() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Body mass index in [-1, 1] and progress of the disease, of TRAINED patients and of all others."""
    features, y = diabetes()
    x = features[:, BMI]
    x = 2 * (x - x.min()) / (x.max() - x.min()) - 1
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(SEED))
    chosen, rest = order[:TRAINED], order[TRAINED:]
    return x[chosen], y[chosen], x[rest], y[rest]


@cache
def fitted(degree: int) -> Fit:
    """The errors of every lambda for one degree."""
    x, y, x_other, y_other = sample()
    raw = powers(x, degree)
    middle = raw.mean(0)
    X = raw - middle
    count = (STRENGTHS[1] - STRENGTHS[0]) * PER_DECADE + 1
    lambdas = torch.logspace(*STRENGTHS, count, dtype=torch.float64).tolist()
    training, validation, norms = [], [], []
    for strength in lambdas:
        w = run(X, y - y.mean(), strength)
        training.append(_error(X @ w + y.mean(), y))
        validation.append(_error((powers(x_other, degree) - middle) @ w + y.mean(), y_other))
        norms.append(float(torch.linalg.vector_norm(w)))
    return Fit(
        x, y, (x_other, y_other), X, middle, tuple(lambdas), tuple(training), tuple(validation), tuple(norms)
    )


def _error(guess: torch.Tensor, y: torch.Tensor) -> float:
    return math.sqrt(float((guess - y).square().mean()))


def steps(*, degree: int = 12) -> Iterator[Step]:
    """From no penalty to far too much, and the best lambda at the end."""
    fit = fitted(int(degree))
    best = min(range(len(fit.lambdas)), key=fit.validation.__getitem__)
    stops = [(power - STRENGTHS[0]) * PER_DECADE for power in STOPS]
    for k, at in enumerate([*stops, best]):
        yield Step(
            _panels(fit, int(degree), at),
            _sentence(fit, int(degree), k, at, len(stops)),
            f"λ = {number(fit.lambdas[at])}   ‖w‖₂ = {number(fit.norms[at])}   "
            f"λ‖w‖² = {number(fit.lambdas[at] * fit.norms[at] ** 2)}",
            Layout((Row(((0, 1.0), (1, 1.4))),)),
        )


def _sentence(fit: Fit, degree: int, k: int, at: int, stops: int) -> str:
    values = {
        "degree": degree, "count": TRAINED, "others": len(fit.others[0]), "norm": number(fit.norms[at]),
        "training": number(fit.training[at]), "validation": number(fit.validation[at]),
        "lambda_": number(fit.lambdas[at]),
    }  # fmt: skip
    if k == 0:
        sentence = _(
            "Almost no penalty: degree {degree} bends to {count} patients (error {training}) and misleads on the "
            "{others} others ({validation})."
        )
    elif k == stops:
        sentence = _(
            "Best for patients it never saw is λ = {lambda_}: error {validation}, with weights of norm {norm}."
        )
    elif k == stops - 1:
        sentence = _(
            "Too much: the weights have norm {norm}, the curve is nearly flat, and both errors grow."
        )
    else:
        sentence = _(
            "λ = {lambda_}: the norm of the weights falls to {norm}, the curve calms down. Validation error: "
            "{validation}."
        )
    return sentence.format(**values)


def _panels(fit: Fit, degree: int, at: int) -> tuple[Panel, ...]:
    x0, x1, low, high = -1.0, 1.0, 0.0, 380.0
    grid = torch.linspace(x0, x1, GRID, dtype=torch.float64)
    w = run(fit.X, fit.y - fit.y.mean(), fit.lambdas[at])
    drawn = ((powers(grid, degree) - fit.middle) @ w + fit.y.mean()).clamp(low, high)  # it leaves the paper
    lambdas = fit.lambdas
    top = min(160.0, max(fit.validation))
    error = tuple(min(v, top) for v in fit.validation)
    return (
        Curve("fit", (
            Line("others", tuple(fit.others[0].tolist()), tuple(fit.others[1].tolist()), "hairline", dots=5.0),
            Line("patients", tuple(fit.x.tolist()), tuple(fit.y.tolist()), "vector", dots=9.0),
            Line("curve", tuple(grid.tolist()), tuple(drawn.tolist()), "accent", width=3.0),
        ), (x0, x1), (low, high), _("body mass index, from −1 to 1"), _("progress"),
            _("the fitted curve")),
        Curve("errors", (
            Line("training", lambdas, fit.training, "vector", label=_("training")),
            Line("validation", lambdas, error, "basis1", label=_("validation")),
            Line("here", (lambdas[at],) * 2, (fit.training[at], error[at]), "accent", dots=11.0),
        ), (lambdas[0], lambdas[-1]), (0.0, 1.05 * top), "λ", _("error"), _("error over λ"), x_log=True),
    )  # fmt: skip


WEIGHT_DECAY = Example(
    key="weight-decay",
    title=N_("Weight decay against overfitting"),
    summary=N_(
        "A polynomial is fitted to 24 of 442 diabetes patients. The penalty λ‖w‖² makes large weights expensive: the "
        "curve calms down, and fits better where it was not trained."
    ),
    run=run,
    steps=steps,
    parameters=(Slider("degree", N_("Degree of the polynomial"), 1, 15, 1, 12),),
    source=N_("Diabetes data of Efron and others (2004), as in scikit-learn."),
)

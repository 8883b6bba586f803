"""The trap of depth: layers without an activation between them are one layer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from core import lazy
from core.numbers import MINUS, number
from core.operation import Example, Step
from core.ops import areas, network, planar, unfolding
from core.ops.cells import block
from core.ops.journey import Journey
from core.panels import Cells, Panel, rows
from core.words import N_, _

torch = lazy.load("torch")

WIDTH, DEPTH, SEED = 4, 3, 1
LAYOUT = rows((0, 1, 2), (3,), heights=(1.3, 1))


def run(X: torch.Tensor, weights: list) -> torch.Tensor:
    """X (n, 2) through all `weights` one by one, and through their product. Returns the largest difference, ()."""
    deep = X
    one = torch.eye(X.shape[1])
    for W in weights:
        deep = deep @ W.T  # (n, k) @ (k, width) -> (n, width)
        one = W @ one  # (width, k) @ (k, 2) -> (width, 2)
    return (deep - X @ one.T).abs().max()


class Case(NamedTuple):
    """A network trained on the moons, seen at the origin, and the share of unseen points that it gets right."""

    journey: Journey
    title: str
    right: str


@cache
def _nets() -> tuple[network.Trained, ...]:
    """One straight layer; four of them; four with relu between: each really trained."""
    data = planar.made("moons")
    return tuple(
        network.trained(data, width=WIDTH, depth=depth, activation=activation, seed=SEED)
        for depth, activation in ((0, "none"), (DEPTH, "none"), (DEPTH, "relu"))
    )


def steps() -> Iterator[Step]:
    """One layer, four layers that are no better, the reason, and the bends that make depth worth something."""
    titles = (_("1 layer"), _("4 layers"), _("with relu"))
    cases = [
        Case(Journey(net, torch.zeros(2), torch.zeros(2)), title, number(100 * net.accuracy()))
        for net, title in zip(_nets(), titles, strict=True)
    ]
    weights = [W for W, _b in cases[1].journey.layers]
    gap = float(run(planar.made("moons").X, weights))
    told = (
        (_("One straight layer, trained: it can only cut straight, and has {right} % of the unseen points right.")
         .format(right=cases[0].right), "W x + b"),
        (_("So make it deep: four layers, six times the weights, trained as long. It has {right} % right, and its "
           "border is straight again.").format(right=cases[1].right), "W₄(W₃(W₂(W₁ x)))"),
        (_("The reason: the four matrices multiply into one. Over all points the two ways differ by {gap}, which is "
           "rounding.").format(gap=number(gap, 2)), f"max |W₄W₃W₂W₁ x − W x| = {number(gap, 2)}"),
        (_("What was meant: a bend after every layer but the last. The same depth now has {right} % right.")
         .format(right=cases[2].right), "W₄ relu(W₃ relu(W₂ relu(W₁ x)))"),
    )  # fmt: skip
    for k, (sentence, formula) in enumerate(told):
        yield Step(_panels(cases, weights, k), sentence, formula, LAYOUT)


def _panels(cases: list[Case], weights: list, told: int) -> tuple[Panel, ...]:
    seen = (True, told >= 1, told >= 3)
    planes = tuple(_plane(case, k, shown) for k, (case, shown) in enumerate(zip(cases, seen, strict=True)))
    product = torch.linalg.multi_dot(weights[::-1])
    known = None if told >= 2 else 0
    names = ("W₄", "W₃", "W₂", "W₁")
    chain = [
        block(name, W, before="·" if k else "", colour="matrix", texts=_short(W))
        for k, (name, W) in enumerate(zip(names, weights[::-1], strict=True))
    ]
    whole = block("W", product, before="=", known=known, texts=_short(product) if known is None else ())
    return (*planes, Cells(((*chain, whole),)))


def _short(W: torch.Tensor) -> tuple[tuple[str, ...], ...]:
    """One decimal: of four matrices beside each other the signs and sizes are read, not the digits."""
    return tuple(
        tuple(f"{round(value, 1) + 0.0:.1f}".replace("-", MINUS) for value in row) for row in W.tolist()
    )


def _plane(case: Case, k: int, shown: bool):
    journey = case.journey
    outlines = areas.areas(journey.net.scores, unfolding.REACH, 44)
    marks = (
        *journey.territory(f"won-{k}", outlines, opacity=float(shown)),
        *journey.cloud(f"datum-{k}", size=5.0),
    )
    title = f"{case.title}: {case.right} %" if shown else case.title
    return journey.still(marks, title, f"map-{k}")


LINEAR_STACK = Example(
    key="linear-stack",
    title=N_("Depth without bends"),
    summary=N_(
        "Stacking layers looks like more power. Without an activation between them it is the same layer again, "
        "written with more numbers."
    ),
    run=run,
    steps=steps,
)

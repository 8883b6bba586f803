"""One point on its way through a trained network: what every view of describing-the-world shows of it."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

from core import lazy
from core.numbers import number, subscript
from core.ops import areas, unfolding
from core.ops.cells import block
from core.ops.network import Trained, stations
from core.panels import Bind, Block, Cells, Handle, Label, Mark, Path, Plane, Points, Variable
from core.words import _

torch = lazy.load("torch")

KINDS = ("A", "B", "C")
COLOURS = ("axis4", "axis2", "axis1")  # of the classes; their symbols differ too
SYMBOLS = ("circle", "square", "diamond")
SHOWN = 0.99  # opacity of what has faded in; 1 would leave the attribute out
SIZE = 6.5  # px, of a data point
MOST_LOST = 0.06  # share on the wrong side from which on a cut is called a failure


class Journey:
    """x (2,) and the network `net`, whose answer is p (classes,)."""

    def __init__(self, net: Trained, x: torch.Tensor, p: torch.Tensor) -> None:
        self.net, self.x, self.p = net, x, p
        self.layers = net.layers()
        self.bends = len(self.layers) - 1
        self.width = self.layers[0][0].shape[0]
        self.classes = net.data.classes
        self.way = [one[0] for one in stations(x[None], self.layers, net.activation)]  # x, a1, h1, ..., z
        self.finite = bool(torch.isfinite(x).all()) and float(x.abs().max()) < 1e4

    @cached_property
    def accuracy(self) -> float:
        """The share of unseen points on the right side."""
        return self.net.accuracy()

    @cached_property
    def areas(self) -> list:
        """Outlines of what each class wins in the input plane."""
        return areas.areas(self.net.scores, unfolding.REACH)

    @property
    def kind(self) -> str:
        """The class that wins."""
        return KINDS[int(self.p.argmax())]

    @property
    def percent(self) -> str:
        """How sure the network is, in percent; never more than it is."""
        share = float(self.p.max())
        return number(math.floor(1000 * share) / 10 if share == share else share)

    def of_kind(self, k: int) -> torch.Tensor:
        """The points of class k that the network learns from, as a mask (n,)."""
        return self.net.data.y == k

    # --- the input plane, with x to be dragged

    def cloud(self, name: str, places: Any = None, size: float = SIZE) -> tuple[Points, ...]:
        """The points of each class, where they lie or at `places` (n, dimension)."""
        spots = self.net.data.X if places is None else places
        nowhere = ((99.0,) * spots.shape[1],)
        return tuple(
            Points(f"{name}-{KINDS[k]}", COLOURS[k], points=unfolding.points(spots[self.of_kind(k)]) or nowhere,
                   size=size, symbol=SYMBOLS[k])
            for k in range(self.classes)
        )  # fmt: skip

    def territory(
        self, name: str, outlines: list, opacity: float = 1.0, fill: float = 0.2
    ) -> tuple[Path, ...]:
        """The parts of a plane that each class wins."""
        nowhere = ((99.0, 99.0), (99.0, 99.1), (99.1, 99.0))
        return tuple(
            Path(f"{name}-{KINDS[k]}", COLOURS[k], points=outline or nowhere, width=1.2, fill=fill,
                 opacity=SHOWN * opacity)
            for k, outline in enumerate(outlines)
        )  # fmt: skip

    def marker(self) -> tuple[Mark, ...]:
        """x in the input plane; the browser moves it while it is dragged."""
        if not self.finite:
            return ()
        bind = Bind("", "x", ((1.0, 1.0),))
        return (
            Points("x-here", "accent", bind=bind, points=((0.0, 0.0),), size=13.0, symbol="diamond"),
            Label("x-name", "accent", bind=bind, at=(0.0, 0.0), text="x", bold=True, place="top right"),
        )

    def plane(self, marks: tuple[Mark, ...], title: str, name: str = "map") -> Plane:
        """The input plane; every view has one, so that x can always be moved."""
        here = tuple(self.x.tolist())
        return Plane(
            dimension=2,
            marks=marks,
            state={"x": here} if self.finite else {},
            reach=unfolding.REACH,
            variables=(Variable("x", here, "x"),) if self.finite else (),
            handles=(Handle("x", "x", _("the point x"), "accent"),) if self.finite else (),
            name=name,
            title=title,
            bare=True,
        )

    def still(self, marks: tuple[Mark, ...], title: str, name: str) -> Plane:
        """An input plane in which nothing is dragged."""
        return Plane(
            dimension=2, marks=marks, state={}, reach=unfolding.REACH, name=name, title=title, bare=True
        )

    # --- the numbers

    def numbers(self, told: int, lit: int | None = None) -> Cells:
        """x, h1, h2, ..., z, p as columns: those of the first `told` stations are filled (x, a1, h1, a2, ..., z, p).

        At an odd station the column still holds a, the straight part, and says so.
        """
        blocks = [block("x", self.x, colour="accent", lit=_all(self.x) if lit == 0 else ())]
        for layer in range(1, self.bends + 1):
            station = min(max(told, 2 * layer - 1), 2 * layer)
            name = f"{'a' if station % 2 else 'h'}{subscript(layer)}"
            blocks.append(self._column(name, self.way[station], told >= station, lit == station))
        last = 2 * self.bends + 1
        blocks.append(self._column("z", self.way[last], told >= last, lit == last))
        blocks.append(answer(self.p, told > last, lit == last + 1))
        return Cells((tuple(blocks),))

    def _column(self, name: str, values: torch.Tensor, known: bool, lit: bool) -> Block:
        return block(
            name, values, before="→", known=None if known else 0, lit=_all(values) if lit else (),
        )  # fmt: skip


def answer(p: torch.Tensor, known: bool, lit: bool = False) -> Block:
    """The shares p (classes,) as a column, written in percent."""
    texts = tuple((f"{number(round(100 * v, 1))} %",) for v in p.tolist()) if known else ()
    return block(
        "p",
        p,
        before="→",
        colour="image",
        known=None if known else 0,
        lit=_all(p) if lit else (),
        texts=texts,
    )


def _all(values: torch.Tensor) -> tuple[tuple[int, int], ...]:
    return tuple((i, 0) for i in range(values.numel()))

"""The trap of vectors: between Python lists, + strings them together and * repeats them."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import Cells
from core.words import N_, _

torch = lazy.load("torch")

X, Y = [3.0, 1.0], [-1.0, 2.0]


def run() -> list[float]:
    """The mistake: lists instead of vectors. Nothing complains."""
    x, y = [3.0, 1.0], [-1.0, 2.0]
    return x + y  # four numbers: the lists one after the other


def steps() -> Iterator[Step]:
    """Both look-alikes, and what makes vectors of them, each executed."""
    x, y = torch.tensor(X), torch.tensor(Y)
    joined, repeated = torch.tensor(run()), torch.tensor(X * 2)
    yield _step(
        (("x", x), ("y", y), ("x + y", joined)), ("", "+", "="),
        _("Between two lists, + means “one after the other”: four numbers, and no entry was added to any other."),
        "[3, 1] + [-1, 2] = [3, 1, -1, 2]",
    )  # fmt: skip
    yield _step(
        (("x", x), ("x * 2", repeated)), ("", "→"),
        _("And * 2 writes the list twice. It runs, it is longer, and nothing is doubled."),
        "[3, 1] * 2 = [3, 1, 3, 1]",
    )  # fmt: skip
    shape = shapes.show(tuple(x.shape))
    for code, value in (
        ("torch.tensor(x) + torch.tensor(y)", x + y),
        ("torch.tensor(x) * 2", x * 2),
        ("torch.add(torch.tensor(x), torch.tensor(y), alpha=2)", torch.add(x, y, alpha=2)),
    ):
        yield _step(
            (("x", x), ("y", y), (_("result"), value)), ("", ",", "→"),
            _("{code} computes with entries: the shape stays {shape}.").format(code=code, shape=shape),
            f"{code} : {shape}",
        )  # fmt: skip


def _step(named: tuple, signs: tuple[str, ...], sentence: str, formula: str) -> Step:
    hues = ("vector", "basis1", "image")
    blocks = tuple(
        block(name, value, before=sign, colour=hues[k if k < len(named) - 1 else 2], upright=False)
        for k, ((name, value), sign) in enumerate(zip(named, signs, strict=True))
    )
    return Step((Cells((blocks,)),), sentence, formula)


LIST_IS_NO_VECTOR = Example(
    key="list-is-no-vector",
    title=N_("A list is not a vector"),
    summary=N_(
        "[3, 1] + [−1, 2] runs with lists too, and gives four numbers. Only a tensor adds entry by entry."
    ),
    run=run,
    steps=steps,
)

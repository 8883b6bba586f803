"""The traps of the matrix product: inner sizes that differ, and an order that is not the reader's to choose."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import Block, Cells, in_line
from core.words import N_, _

torch = lazy.load("torch")

N_AXIS, K_AXIS, M_AXIS = ("n", "axis1"), ("k", "accent"), ("m", "axis2")


def keys(n: int = 2, m: int = 4, k: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    """Queries Q (n, k) and keys K (m, k), small whole numbers: every score Q Kᵀ can be checked by hand."""
    Q = torch.arange(1.0, n * k + 1).reshape(n, k)
    K = torch.arange(m * k, dtype=torch.float32).reshape(m, k) % 4 - 1
    return Q, K


def refused(Q: torch.Tensor, K: torch.Tensor) -> str:
    """What torch itself says to Q @ K."""
    try:
        torch.mm(Q, K)
    except RuntimeError as error:
        return str(error)
    return ""


def inner_run(Q: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Scores. Q (query, k), K (key, k): the axis that both share has to meet."""
    scores = torch.mm(Q, K.mT)  # (query, k) @ (k, key) -> (query, key); Q @ K would be refused
    return scores


def inner_steps() -> Iterator[Step]:
    """Q @ K is refused; K.mT @ Q.mT and Q @ K.mT are executed, and only one is what was meant."""
    Q, K = keys()
    fixed = inner_run(Q, K)
    other = torch.mm(K, Q.mT)
    q, key = (shapes.show(tuple(tensor.shape)) for tensor in (Q, K))
    yield Step(
        (_clash(Q, K),),
        _(
            "Two tables with rows of {k} numbers: Q holds questions, K holds keys. Is their product Q @ K?"
        ).format(k=Q.shape[1]),
        f"Q {q} @ K {key}",
    )
    yield Step(
        (_clash(Q, K, flagged=True),),
        _(
            "No: a row of Q has {k} entries, a column of K has {m}. Nothing pairs up, and torch refuses."
        ).format(k=Q.shape[1], m=K.shape[0]),
        f"RuntimeError: {refused(Q, K)}",
    )
    yield Step(
        (_mended(Q, K.mT, fixed, ("Q", "K.mT")),),
        _(
            "K.mT lays the rows of K as columns. Now k meets k, and every question gets a score for every key."
        ),
        f"Q @ K.mT : {q} @ {shapes.show(tuple(K.mT.shape))} → {shapes.show(tuple(fixed.shape))}",
    )
    yield Step(
        (_mended(K, Q.mT, other, ("K", "Q.mT"), swapped=True),),
        _("K @ Q.mT runs too: the same scores, lying the other way. The shape tells which axis is which."),
        f"K @ Q.mT : {key} @ {shapes.show(tuple(Q.mT.shape))} → {shapes.show(tuple(other.shape))}",
    )


def _clash(Q: torch.Tensor, K: torch.Tensor, flagged: bool = False) -> Cells:
    row = tuple((0, l) for l in range(Q.shape[1])) if flagged else ()  # noqa: E741
    column = tuple((j, 0) for j in range(K.shape[0])) if flagged else ()
    empty = torch.zeros(Q.shape[0], K.shape[0])
    return in_line(
        block("Q", Q, flagged=row, axes=(N_AXIS, K_AXIS)),
        block("K", K, before="@", flagged=column, axes=(M_AXIS, K_AXIS)),
        block("?", empty, before="=", known=0),
    )


def _mended(
    left: torch.Tensor,
    right: torch.Tensor,
    value: torch.Tensor,
    names: tuple[str, str],
    swapped: bool = False,
) -> Cells:
    outer = (M_AXIS, N_AXIS) if swapped else (N_AXIS, M_AXIS)
    return in_line(
        block(names[0], left, axes=(outer[0], K_AXIS)),
        block(names[1], right, before="@", axes=(K_AXIS, outer[1])),
        block("scores", value, before="=", axes=outer, colour="image"),
    )


def order_run(A: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
    """A is a quarter turn, B a stretch, both (2, 2): the two orders differ by this much."""
    difference = torch.mm(A, B) - torch.mm(B, A)
    return difference


def order_steps() -> Iterator[Step]:
    """A @ B against B @ A, and what would make them equal."""
    A, B = torch.tensor([[0.0, -1.0], [1.0, 0.0]]), torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    AB, BA, difference = torch.mm(A, B), torch.mm(B, A), order_run(A, B)
    odd = tuple((i, j) for i, j in difference.nonzero().tolist())
    yield Step(
        (_orders(A, B, AB, BA, shown=1),),
        _("A turns by a quarter, B doubles the width. A @ B stretches first, then turns."),
        "A @ B : B, then A",
    )
    yield Step(
        (_orders(A, B, AB, BA, shown=2, flagged=odd),),
        _("B @ A turns first, then stretches what is wide now: other numbers, no error, no warning."),
        "A @ B ≠ B @ A",
    )
    fixed = torch.mm(B.mT, A.mT)
    yield Step(
        (_orders(A, B, AB, fixed, shown=2, names=("B.mT", "A.mT", "(A @ B).mT")),),
        _("What does hold: a transposed product is the product of the transposes in the opposite order."),
        "(A @ B).mT = B.mT @ A.mT",
    )


def _orders(
    A: torch.Tensor, B: torch.Tensor, AB: torch.Tensor, second: torch.Tensor, *, shown: int,
    flagged: tuple = (), names: tuple[str, str, str] = ("B", "A", "B @ A"),
) -> Cells:  # fmt: skip
    left, right = (B, A) if names[0] == "B" else (B.mT, A.mT)
    lines: tuple[tuple[Block, ...], ...] = (
        (block("A", A), block("B", B, before="@"), block("A @ B", AB, before="=", colour="image")),
        (
            block(names[0], left), block(names[1], right, before="@"),
            block(names[2], second, before="=", known=None if shown > 1 else 0, flagged=flagged),
        ),
    )  # fmt: skip
    return Cells(lines)


INNER_SIZES = Example(
    key="inner-sizes",
    title=N_("The inner sizes differ"),
    summary=N_(
        "Two tables whose rows should be compared do not multiply as they lie: one of them has to be turned."
    ),
    run=inner_run,
    steps=inner_steps,
)
ORDER_MATTERS = Example(
    key="order-matters",
    title=N_("A @ B is not B @ A"),
    summary=N_("For square matrices both orders run, and nothing warns: the result is another map."),
    run=order_run,
    steps=order_steps,
)

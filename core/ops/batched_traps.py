"""The traps of the batched product: `*` for `@` on stacks, and `.T` of a stack."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

from core import lazy
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import Block, Cells
from core.shapes import show
from core.words import N_, _

torch = lazy.load("torch")

M_AXIS, K_AXIS, N_AXIS, BATCH = ("m", "axis1"), ("k", "accent"), ("n", "axis2"), ("b", "axis4")


def squares() -> tuple[torch.Tensor, torch.Tensor]:
    """Two stacks of square matrices (2, 2, 2): both * and @ run on them."""
    return torch.arange(1.0, 9).reshape(2, 2, 2), torch.tensor([[[2.0, 0], [1, 1]], [[0.0, 1], [1, 0]]])


def star_run(A: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
    """The mistake. A, B (batch, 2, 2): * multiplies cell by cell, and the shape does not give it away."""
    C = A * B  # (batch, 2, 2) * (batch, 2, 2) -> (batch, 2, 2): nothing is added up
    return C


def star_steps() -> Iterator[Step]:
    """A * B, what it computed, and A @ B, executed."""
    A, B = squares()
    wrong, right = star_run(A, B), torch.matmul(A, B)
    shape = show(tuple(A.shape))
    odd = tuple((b, tuple((i, j) for i, j in (wrong[b] != right[b]).nonzero().tolist())) for b in range(2))
    yield Step(
        (_lines(A, B, wrong, "*"),),
        _("Stacks of square matrices: A * B runs, and its shape is the one that was expected."),
        f"A * B : {shape} * {shape} → {shape}",
    )
    yield Step(
        (_lines(A, B, wrong, "*", dict(odd)),),
        _("But * multiplies cell by cell: no row met a column. These entries are not those of the product."),
        "(A * B)[b, i, j] = A[b, i, j]·B[b, i, j]",
    )
    yield Step(
        (_lines(A, B, right, "@"),),
        _("A @ B multiplies and adds, matrix by matrix. One entry checked by hand tells them apart."),
        f"A @ B : C[0, 0, 0] = 1·2 + 2·1 = {int(right[0, 0, 0])}",
    )


def _lines(A: torch.Tensor, B: torch.Tensor, C: torch.Tensor, sign: str, odd: dict | None = None) -> Cells:
    flagged = odd or {}
    return Cells(
        tuple(
            (
                block(f"A[{b}]", A[b]),
                block(f"B[{b}]", B[b], before=sign),
                block(f"(A {sign} B)[{b}]", C[b], before="=", flagged=flagged.get(b, ())),
            )
            for b in range(2)
        )
    )


def turned_run(Q: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """Scores of a batch. Q, K (batch, word, 3): only the last two axes of K change places."""
    scores = torch.matmul(Q, K.mT)  # (batch, query, 3) @ (batch, 3, key) -> (batch, query, key)
    return scores


def turned_steps() -> Iterator[Step]:
    """K.T turns all axes round; torch's own refusal; K.mT and K.transpose(-2, -1), executed."""
    Q = torch.arange(1.0, 13).reshape(2, 2, 3)
    K = torch.arange(24, dtype=torch.float32).reshape(2, 4, 3) % 5 - 1
    with warnings.catch_warnings():  # torch warns once that .T of more than two axes will be an error
        warnings.simplefilter("ignore")
        reversed_ = K.permute(2, 1, 0)  # what K.T gives
    shape = {"Q": show(tuple(Q.shape)), "K": show(tuple(K.shape)), "T": show(tuple(reversed_.shape))}
    fixed, other = turned_run(Q, K), torch.matmul(Q, K.transpose(-2, -1))
    yield Step(
        (_stack("Q", Q, "K", K, None),),
        _(
            "Two texts, each with 2 queries and 4 keys of 3 numbers. Every query should meet every key of its own text."
        ),
        f"Q {shape['Q']}, K {shape['K']}",
    )
    yield Step(
        (_stack("Q", Q, "K.T", reversed_, None, clash=True),),
        _(
            "K.T of a stack turns all three axes round: the batch comes last, and the texts are mixed. torch refuses."
        ),
        f"{shape['Q']} @ K.T {shape['T']} : {refused(Q, reversed_)}",
    )
    yield Step(
        (_stack("Q", Q, "K.mT", K.mT, fixed),),
        _("K.mT flips the last two axes and leaves the batch where it is: m for matrix."),
        f"Q @ K.mT : {shape['Q']} @ {show(tuple(K.mT.shape))} → {show(tuple(fixed.shape))}",
    )
    yield Step(
        (_stack("Q", Q, "K.transpose(-2, -1)", K.transpose(-2, -1), other),),
        _("K.transpose(-2, -1) says the same with the axes by number, counted from the right."),
        f"Q @ K.transpose(-2, -1) → {show(tuple(other.shape))}",
    )


def refused(Q: torch.Tensor, K: torch.Tensor) -> str:
    """What torch itself says to Q @ K."""
    try:
        torch.matmul(Q, K)
    except RuntimeError as error:
        return str(error).split("\n")[0]
    return ""


def _stack(
    left: str, Q: torch.Tensor, right: str, K: torch.Tensor, C: torch.Tensor | None, clash: bool = False
) -> Cells:
    axes = (M_AXIS, BATCH) if clash else (N_AXIS, K_AXIS) if right == "K" else (K_AXIS, N_AXIS)
    lines: list[tuple[Block, ...]] = []
    for b in range(2):
        every = tuple((i, j) for i in range(K.shape[1]) for j in range(K.shape[2])) if clash else ()
        result = torch.zeros(2, 4) if C is None else C[b]
        lines.append(
            (
                block(f"{left}[{b}]", Q[b], axes=(M_AXIS, K_AXIS)),
                block(f"{right}[{b}]" if "." not in right else f"({right})[{b}]", K[b], axes=axes,
                      before="@", flagged=every),
                block(f"C[{b}]", result, before="=", known=0 if C is None else None, axes=(M_AXIS, N_AXIS)),
            )
        )  # fmt: skip
    return Cells(tuple(lines))


STAR_ON_STACKS = Example(
    key="star-on-stacks",
    title=N_("A * B is not A @ B, and the shape does not tell"),
    summary=N_(
        "On stacks of square matrices both give the same shape. Only the numbers know the difference."
    ),
    run=star_run,
    steps=star_steps,
)
T_OF_A_STACK = Example(
    key="t-of-a-stack",
    title=N_(".T of a stack"),
    summary=N_(
        "For a matrix .T flips rows and columns. For a stack it reverses every axis, and torch warns against it."
    ),
    run=turned_run,
    steps=turned_steps,
)

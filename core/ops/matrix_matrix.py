"""Matrix times matrix: one product in six readings that keep the same place, and as two maps of the plane."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy, shapes
from core.numbers import number
from core.operation import Choice, Input, Operation, Preset, Step
from core.ops import matmul_plane, matmul_story
from core.ops.attention_head import ATTENTION_HEAD
from core.ops.challenges.matrix_matrix import CHALLENGES
from core.ops.matmul_traps import INNER_SIZES, ORDER_MATTERS
from core.ops.matmul_words import number_of
from core.words import N_, _

torch = lazy.load("torch")

MOST_COMPARED = 512  # rows of square matrices up to which A B is compared with B A


def run(A: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
    """C = A B. A (n, k), B (k, m) -> C (n, m)."""
    C = torch.mm(A, B)  # (n, k) @ (k, m) -> (n, m)
    return C


def explain(A: shapes.Shape, B: shapes.Shape) -> str:
    """Why C has its shape; raises ShapeError where k differs or an axis is missing."""
    n, m = shapes.mm(A, B)
    return _(
        "A has the axes (n, k) = {A}, B has the axes (k, m) = {B}. Each row of A meets each column of B along k: "
        "{k} products are added up, so k disappears. The {n} rows of A and the {m} columns of B stay: C has the "
        "shape {C}."
    ).format(A=shapes.show(A), B=shapes.show(B), k=A[1], n=n, m=m, C=shapes.show((n, m)))


def steps(A: torch.Tensor, B: torch.Tensor, *, view: str = "cells", reading: str = "dot") -> Iterator[Step]:
    """One reading of the numbers, or the plane moved twice; the last step shows C = run(A, B)."""
    C = run(A, B)
    if view == "plane" and matmul_plane.drawable(A, B):
        yield from matmul_plane.told(A, B, C)
        return
    yield from matmul_story.told(A, B, C, reading, _undrawable(A, B) if view == "plane" else "")


def _undrawable(A: torch.Tensor, B: torch.Tensor) -> str:
    if tuple(A.shape) == tuple(B.shape) == (2, 2):
        return _("A number here is NaN or ∞: the plane cannot be moved there, so the numbers tell the story.")
    return _("Only two 2 × 2 matrices can be drawn as maps of one plane, so the numbers tell the story.")


def facts(A: torch.Tensor, B: torch.Tensor) -> list[tuple[str, str]]:
    """The work of the product: multiply-adds, operations, numbers moved; and whether the order matters."""
    n, k, m = A.shape[0], A.shape[1], B.shape[1]
    moved = n * k + k * m + n * m
    found = [
        (_("multiply-adds"), f"n·k·m = {number_of(n * k * m)}"),
        (_("floating-point operations"), f"2·n·k·m = {number_of(2 * n * k * m)}"),
        (_("numbers read and written"), f"n·k + k·m + n·m = {number_of(moved)}"),
        (_("operations per number moved"), number(2 * n * k * m / moved) if moved else "0"),
    ]
    if n == k == m and 0 < n <= MOST_COMPARED and bool(torch.isfinite(A).all() & torch.isfinite(B).all()):
        same = torch.allclose(A @ B, B @ A, rtol=1e-5, atol=1e-5)
        found.append(("A B = B A", _("yes") if same else _("no")))
    return found


MATRIX_MATRIX = Operation(
    key="matrix-matrix",
    chapter="operations",
    title=N_("Matrix-matrix product"),
    summary=N_(
        "A product of two matrices does many matrix-vector products at once: every row of A meets every column of "
        "B. As maps, A B is one motion that does B first and then A."
    ),
    notation="C = A B",
    call="torch.mm(A, B)",
    latex=r"C = A\,B, \qquad C_{ij} = \sum_{l=1}^{k} A_{il}\,B_{lj}",
    inputs=(
        Input("A", "n k", "[[1, 2, 0], [3, -1, 2]]", N_("the left matrix: its rows are used")),
        Input("B", "k m", "[[2, 0, 1, 3], [1, 4, -2, 0], [5, 1, 0, 2]]", N_("the right matrix: its columns are used")),
    ),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    result="C",
    parameters=(
        Choice(
            "view",
            N_("What is shown"),
            (("cells", N_("cells with numbers")), ("plane", N_("maps of the plane"))),
            "cells",
        ),
        Choice(
            "reading",
            N_("How the product is read"),
            (
                ("dot", N_("rows meet columns")),
                ("columns", N_("column by column")),
                ("rows", N_("row by row")),
                ("outer", N_("outer products")),
                ("blocks", N_("blocks")),
                ("cube", N_("cube of products")),
            ),
            "dot",
            menu=True,
            when=("view", ("cells",)),
        ),
    ),
    presets=(
        Preset("shapes", "(4, 3) @ (3, 2)", {"A": "torch.arange(12).reshape(4, 3)", "B": "[[1, 0], [2, 1], [0, 3]]"}),
        Preset("identity", N_("Identity"), {"A": "torch.eye(3)", "B": "[[2, 1], [0, 3], [4, -1]]"}),
        Preset("permutation", N_("Permutation of rows"),
               {"A": "[[0, 0, 1], [1, 0, 0], [0, 1, 0]]", "B": "[[1, 2], [3, 4], [5, 6]]"}),
        Preset("turn-after-scaling", N_("Turn after scaling"),
               {"A": "rotation(degrees=90)", "B": "diag([2, 0.5])", "view": "plane"}),
        Preset("shear", N_("Two shears"), {"A": "[[1, 1], [0, 1]]", "B": "[[1, 0], [1, 1]]", "view": "plane"}),
        Preset("outer", N_("Outer product"),
               {"A": "[[1], [2], [3]]", "B": "[[4, 5, -1, 2]]", "reading": "outer"}),
        Preset("blocks", N_("Blocks of 4 × 4"),
               {"A": "torch.arange(16).reshape(4, 4)", "B": "torch.eye(4) * 2", "reading": "blocks"}),
        Preset("scores", N_("Scores of attention"),
               {"A": "[[1, 0, 2, -1], [0, 1, 1, 1], [2, -1, 0, 1]]",
                "B": "[[1, 0, 2, -1], [0, 1, 1, 1], [2, -1, 0, 1], [1, 1, -2, 0], [0, 3, 1, 1]].mT"}),
        Preset("large", "1000 × 1000", {"A": "torch.eye(1000) * 2 - 0.002",
                                        "B": "torch.arange(1000000).reshape(1000, 1000) / 1000000"}),
    ),
    practice=(ATTENTION_HEAD,),
    traps=(INNER_SIZES, ORDER_MATTERS),
    place=N_(
        "Most of what a large model computes is this product: a batch of tokens times a weight matrix, and, in "
        "attention, queries times keys. A GPU is built for it."
    ),
    challenges=CHALLENGES,
    axes={"n": "axis1", "k": "accent", "m": "axis2"},
    shape_line="A (n, k) @ B (k, m) → C (n, m)",
)  # fmt: skip

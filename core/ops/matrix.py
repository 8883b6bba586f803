"""Matrix: rows are samples, columns are features; one entry, the transpose, and symmetry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core import lazy, shapes
from core.numbers import number
from core.operation import Choice, Input, Operation, Preset, Spot, Step
from core.ops import matrix_story
from core.ops.challenges.matrix import CHALLENGES
from core.ops.iris_table import IRIS_TABLE
from core.ops.reshape_is_not_transpose import RESHAPE_IS_NOT_TRANSPOSE
from core.ops.row_by_row import ROW_BY_ROW
from core.words import N_, _

torch = lazy.load("torch")


def run(A: torch.Tensor, view: str, i: int = 0, j: int = 0) -> torch.Tensor:
    """A (m, n) -> one entry (), the transpose (n, m), or whether each entry equals its mirror image (m, m)."""
    if view == "index":
        return A[i, j]  # row i, column j, both counted from 0
    if view == "symmetry":
        return A == A.T  # (m, m): A is symmetric where all of it is True
    return A.T  # (m, n) -> (n, m)


def arguments(values: Mapping[str, Any]) -> dict[str, Any]:
    """What `run` is called with."""
    if values["view"] != "index":
        return {"view": values["view"]}
    i, j = (round(value) for value in values["cell"])
    return {"view": "index", "i": i, "j": j}


def fit(A: shapes.Shape, *, values: Mapping[str, Any]) -> dict[str, Any]:
    """A cell that A has, where it has not the one that stands there."""
    if len(A) != 2 or 0 in A:
        return {}
    cell = tuple(min(round(place), size - 1) for place, size in zip(values["cell"], A, strict=True))
    return {} if cell == tuple(map(round, values["cell"])) else {"cell": cell}


def explain(A: shapes.Shape, **values: Any) -> str:
    """Why the result has its shape; raises ShapeError where A is no matrix, has no such cell, or is not square."""
    sizes = shapes.bind_all({"A": ("m n", A)})
    words = {"A": shapes.show(A), "T": shapes.show(A[::-1]), **sizes}
    if values["view"] == "symmetry":
        shapes.square(A)
        return _(
            "A is {A}, square, so A and A.T lie on each other cell by cell: one answer for each cell."
        ).format(**words)
    if values["view"] == "transpose":
        return _("A is {A}: {m} rows, {n} columns. The rows become columns, so A.T is {T}.").format(**words)
    called = arguments(values)
    for axis, (place, size) in enumerate(((called["i"], sizes["m"]), (called["j"], sizes["n"]))):
        if not -size <= place < size:
            sentence = _("Axis {axis} of {tensor} has size {size}: there is no index {place}.")
            words = {"axis": axis, "tensor": shapes.named("A", A), "size": size, "place": place}
            raise shapes.ShapeError(sentence.format(**words), {"A": A}, [("A", axis)])
    return _(
        "A is {A}. One index picks a row, the other a column; both axes are gone, and one number is left: ()."
    ).format(**words)


def steps(A: torch.Tensor, **values: Any) -> Iterator[Step]:
    """One entry, the flip, or the symmetry check; the last step shows what run computes."""
    called = arguments(values)
    result = run(A, **called)
    if called["view"] == "index":
        yield from matrix_story.index_steps(A, result, called["i"] % A.shape[0], called["j"] % A.shape[1])
    elif called["view"] == "symmetry":
        yield from matrix_story.symmetry_steps(A, result)
    else:
        yield from matrix_story.transpose_steps(A, result)


def facts(A: torch.Tensor) -> list[tuple[str, str]]:
    """What is worth knowing of A (m, n)."""
    m, n = A.shape
    found = [(_("rows, columns"), f"{m}, {n}"), (_("numbers"), number(float(A.numel())))]
    if m == n:
        unequal = int((A != A.T).triu(1).sum())
        found.append((_("pairs that differ across the diagonal"), str(unequal)))
    found.append(("A.T.is_contiguous()", str(A.T.is_contiguous())))
    return found


MATRIX = Operation(
    key="matrix",
    chapter="objects",
    title=N_("Matrix"),
    summary=N_(
        "A matrix is a table of numbers: each row is one sample, each column one feature of all samples. A whole "
        "batch lies in it, and one operation handles all of it at once."
    ),
    notation="A ∈ ℝᵐˣⁿ",
    call="A[i, j], A.T, A == A.T",
    latex=r"A \in \mathbb{R}^{m \times n}, \qquad (A^\top)_{ij} = A_{ji}",
    inputs=(
        Input(
            "A", "m n", "[[5, 1, 4, 2], [3, 8, 0, 6], [7, 9, 2, 1]]", N_("rows are samples, columns features")
        ),
    ),
    run=run,
    explain=explain,
    steps=steps,
    facts=facts,
    arguments=arguments,
    fit=fit,
    result="B",
    parameters=(
        Choice(
            "view",
            N_("What is shown"),
            (("index", "A[i, j]"), ("transpose", N_("transpose")), ("symmetry", N_("symmetry"))),
            "index",
        ),
        Spot(
            "cell", N_("Row i, column j (or click a cell)"), (1, 0), 0, 1_000_000, when=("view", ("index",))
        ),
    ),
    presets=(
        Preset(
            "rectangular",
            N_("Rectangular"),
            {"A": "[[5, 1, 4, 2], [3, 8, 0, 6], [7, 9, 2, 1]]", "view": "transpose"},
        ),
        Preset(
            "symmetric",
            N_("Symmetric"),
            {"A": "[[2, 7, 1, 3], [7, 4, 5, 9], [1, 5, 8, 6], [3, 9, 6, 0]]", "view": "symmetry"},
        ),
        Preset(
            "almost",
            N_("Almost symmetric"),
            {"A": "[[2, 7, 1, 3], [7, 4, 5, 8], [1, 5, 8, 6], [3, 9, 6, 0]]", "view": "symmetry"},
        ),
        Preset("identity", N_("Identity"), {"A": "eye(4)", "view": "symmetry"}),
        Preset("diagonal", N_("Diagonal"), {"A": "diag([3, 1, 4, 2])", "view": "transpose"}),
    ),
    practice=(IRIS_TABLE, ROW_BY_ROW),
    traps=(RESHAPE_IS_NOT_TRANSPOSE,),
    place=N_(
        "A batch of inputs is a matrix, and so are the weights of a layer: one product handles all samples at once, "
        "which is what a GPU is built for."
    ),
    challenges=CHALLENGES,
    axes={"m": "axis1", "n": "axis2"},
    shape_line="A (m, n)",
)

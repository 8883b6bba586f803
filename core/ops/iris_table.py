"""Practice: the iris table, 150 flowers in rows and four lengths in columns, made comparable by torch."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy
from core.numbers import number
from core.operation import Example, Slider, Step
from core.ops import data
from core.ops.cells import MOST, block
from core.panels import Bars, Cells, Layout, Row
from core.words import N_, _

torch = lazy.load("torch")

SHOWN = 6  # flowers in the cells


def run(X: torch.Tensor) -> torch.Tensor:
    """X (sample, feature) -> Z of the same shape: each column with mean 0 and standard deviation 1."""
    Z = (X - X.mean(0)) / X.std(0)  # (sample, feature) - (feature,): each column by its own numbers
    return Z


def steps(*, flower: int = 100) -> Iterator[Step]:
    """The table, one row, one column, its mean and spread, and the standardised table."""
    X, kinds = data.iris()
    Z, flower = run(X), int(flower)
    kind = data.IRIS_KINDS[int(kinds[flower])]
    first = max(0, min(flower - 2, len(X) - SHOWN))
    here = flower - first
    mean, spread = X.mean(0), X.std(0)
    row, column = tuple((here, j) for j in range(4)), tuple((i, 2) for i in range(SHOWN))
    told = (
        (
            (),
            False,
            _(
                "150 flowers in rows, four lengths in columns, all in "
                "centimetres: a matrix of shape (150, 4)."
            ),
            "X.shape = (150, 4)",
        ),
        (
            row,
            False,
            _("Row {row} is one sample, an iris {kind}.").format(row=flower, kind=kind),
            f"X[{flower}] = {_row(X[flower])}",
        ),
        (
            column,
            False,
            _(
                "Column 2 is one feature of all flowers, the petal length: mean "
                "{mean} cm, standard deviation {spread} cm."
            ).format(mean=number(float(mean[2])), spread=number(float(spread[2]))),
            f"X[:, 2].mean() = {number(float(mean[2]))}",
        ),
        (
            row,
            True,
            _(
                "Minus the column's mean, divided by its standard deviation: features with "
                "different spreads become comparable."
            ),
            _worked(X, Z, flower),
        ),
    )
    for lit, known, sentence, formula in told:
        yield Step(
            _panels(X, Z, first, flower, lit, known), sentence, formula, Layout((Row(((0, 1.5), (1, 1.0))),))
        )


def _worked(X: torch.Tensor, Z: torch.Tensor, flower: int) -> str:
    """The petal length of one flower, standardised, with the numbers put in."""
    mean, spread = number(float(X[:, 2].mean())), number(float(X[:, 2].std()))
    return f"z = ({number(float(X[flower, 2]))} − {mean}) / {spread} = {number(float(Z[flower, 2]))}"


def _row(values: torch.Tensor) -> str:
    return "(" + ", ".join(number(float(value)) for value in values) + ")"


def _panels(X: torch.Tensor, Z: torch.Tensor, first: int, flower: int, lit, known: bool):
    window = slice(first, first + SHOWN)
    note = _("rows {low} to {high} of 150").format(low=first, high=first + SHOWN - 1)
    axes = (("sample", "axis1"), ("feature", "axis2"))
    cells = (
        block(
            "X", X[window], lit=lit, colour="matrix", note=note, axes=axes, whole=(150, 4), first=(first, 0)
        ),
        block(
            "Z",
            Z[window],
            lit=lit if known else (),
            before="→",
            colour="image",
            note=note,
            axes=axes,
            whole=(150, 4),
            first=(first, 0),
            known=MOST if known else 0,
        ),
    )
    labels = (_("sepal length"), _("sepal width"), _("petal length"), _("petal width"))
    values = Z[flower].tolist() if known else X[flower].tolist()
    title = _("row {row}, standardised") if known else _("row {row}, in cm")
    return (
        Cells((cells,)),
        Bars(
            "flower",
            tuple(values),
            labels,
            title.format(row=flower),
            across=True,
            texts=tuple(map(number, values)),
        ),
    )


IRIS_TABLE = Example(
    key="iris-table",
    title=N_("The iris table"),
    summary=N_(
        "A data set is a matrix: flowers in rows, measurements in columns. What is "
        "done to a column is done to all flowers at once."
    ),
    run=run,
    steps=steps,
    parameters=(Slider("flower", N_("Which flower"), 0, 149, 1, 100),),
    source=N_("Iris data: R. A. Fisher, 1936; shipped with scikit-learn."),
)

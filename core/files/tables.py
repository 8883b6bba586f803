"""Tables: CSV and TSV -> a tensor. Commas, semicolons or tabs; headings passed over; words become labels."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core import lazy
from core.files.errors import FileError, shown, within
from core.limits import Limits, current
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

torch = lazy.load("torch")

DELIMITERS = ("\t", ";", ",")  # the first that is in the first line: between semicolons, 2,5 is a number
MOST_CLASSES = 50  # different words in a column of labels
MOST_CELL = 24  # letters of a cell, where it is shown


def read_csv(data: bytes, limits: Limits | None = None) -> Tensor:
    """A table as float32 (rows, columns). Commas, semicolons or tabs; one heading line is passed over.

    An empty cell is NaN. A column of words becomes 0, 1, 2 ... in the order in which the words appear.
    """
    limits = limits or current()
    within(data, limits.csv_bytes)
    lines = [row for row in _rows(_text(data)) if any(cell.strip() for cell in row)]
    width = len(lines[0]) if lines else 0
    if width > limits.csv_columns:
        raise FileError(
            _("The table has {count} columns, and {limit} are allowed.").format(
                count=width, limit=limits.csv_columns
            )
        )
    if len(lines) > 1 and _is_heading(lines[0], lines[1]):
        lines = lines[1:]
    if not lines or not width:
        raise FileError(_("The table holds no numbers."), _("Save rows of numbers, separated by commas."))
    _same_width(lines, width)
    columns = [_column(k, [row[k] for row in lines]) for k in range(width)]
    return torch.tensor(columns, dtype=torch.float32).T.contiguous()  # (column, row) -> (row, column)


def _text(data: bytes) -> str:
    if b"\0" in data or data[:4] in (b"%PDF", b"PK\x03\x04", b"\x89PNG"):
        raise FileError(
            _("This is not a text file."), _("Save the table as CSV: text, numbers separated by commas.")
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _rows(text: str) -> list[list[str]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((one for one in DELIMITERS if one in first), ",")
    try:
        read = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise FileError(_("The table cannot be read: {reason}.").format(reason=str(error)[:80])) from None
    if delimiter == ";":  # the decimal comma
        return [[cell.replace(",", ".") if cell.count(",") == 1 else cell for cell in row] for row in read]
    return read


def _is_heading(first: Sequence[str], second: Sequence[str]) -> bool:
    """Words over numbers, in at least one column."""
    pairs = zip(first, second, strict=False)
    return any(_number(a) is None and a.strip() and _number(b) is not None for a, b in pairs)


def _same_width(lines: Sequence[Sequence[str]], width: int) -> None:
    for number, row in enumerate(lines, start=1):
        if len(row) != width:
            sentence = _("Row {row} of the table has {found} cells, and the first one has {count}.")
            raise FileError(sentence.format(row=number, found=len(row), count=width))


def _number(cell: str) -> float | None:
    text = cell.strip()
    if not text:
        return math.nan
    if len(text) > 40 or "_" in text or not text.isascii():
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _column(index: int, cells: Sequence[str]) -> list[float]:
    numbers = [_number(cell) for cell in cells]
    if None not in numbers:
        return numbers
    if any(number is not None and not math.isnan(number) for number in numbers):
        row = numbers.index(None)
        sentence = _("Row {row}, column {column} of the table holds “{text}”, which is no number.")
        raise FileError(sentence.format(row=row + 1, column=index + 1, text=shown(cells[row], MOST_CELL)))
    known: dict[str, int] = {}
    codes = [float(known.setdefault(cell.strip(), len(known))) for cell in cells]
    if len(known) > MOST_CLASSES:
        sentence = _(
            "Column {column} of the table holds {count} different words; up to {limit} can be labels."
        )
        raise FileError(sentence.format(column=index + 1, count=len(known), limit=MOST_CLASSES))
    return codes

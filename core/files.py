"""Files of a visitor's own -> tensors: tables, pictures, clips. Known by content, bounded before they are decoded.

Runs in the calculator's workers only. Every refusal is a FileError, whose sentence says what was wrong and what works.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from core import lazy
from core.limits import Limits, current
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

np = lazy.load("numpy")
torch = lazy.load("torch")
image = lazy.load("PIL.Image")
image_ops = lazy.load("PIL.ImageOps")

PICTURES = ("PNG", "JPEG", "WEBP", "GIF")  # Pillow's names; nothing else is ever opened
CLIPS = ("GIF", "WEBP")
DELIMITERS = ("\t", ";", ",")  # the first that is in the first line: between semicolons, 2,5 is a number
MOST_CLASSES = 50  # different words in a column of labels


class FileError(Exception):
    """A file that cannot be used; `sentence` says why, `fix` what would work."""

    def __init__(self, sentence: str, fix: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.fix = sentence, fix


# --- tables


def read_csv(data: bytes, limits: Limits | None = None) -> Tensor:
    """A table as float32 (rows, columns). Commas, semicolons or tabs; one heading line is passed over.

    An empty cell is NaN. A column of words becomes 0, 1, 2 ... in the order in which the words appear.
    """
    limits = limits or current()
    _within(data, limits.csv_bytes)
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
        raise FileError(sentence.format(row=row + 1, column=index + 1, text=_short(cells[row])))
    known: dict[str, int] = {}
    codes = [float(known.setdefault(cell.strip(), len(known))) for cell in cells]
    if len(known) > MOST_CLASSES:
        sentence = _(
            "Column {column} of the table holds {count} different words; up to {limit} can be labels."
        )
        raise FileError(sentence.format(column=index + 1, count=len(known), limit=MOST_CLASSES))
    return codes


def _short(text: str) -> str:
    clean = "".join(letter if letter.isprintable() else "�" for letter in text.strip()[:24])
    return clean + ("…" if len(text.strip()) > 24 else "")


# --- pictures and clips


def read_image(data: bytes, limits: Limits | None = None) -> Tensor:
    """A PNG, JPEG, WebP or GIF picture as uint8 (3, H, W); what is transparent becomes white."""
    limits = limits or current()
    _within(data, limits.file_bytes)
    return _decoded(data, PICTURES, lambda opened: _picture(opened, limits))


def read_clip(data: bytes, limits: Limits | None = None) -> Tensor:
    """An animated GIF or WebP as uint8 (T, 3, H, W)."""
    limits = limits or current()
    _within(data, limits.file_bytes)
    return _decoded(data, CLIPS, lambda opened: _frames(opened, limits))


def _decoded(data: bytes, formats: Sequence[str], read: Callable[[Any], Tensor]) -> Tensor:
    """`read` on the opened file; whatever Pillow raises on a broken one becomes a sentence."""
    wanted = ", ".join({"WEBP": "WebP"}.get(name, name) for name in formats)
    fix = _("Formats that work: {formats}.").format(formats=wanted)
    try:
        with image.open(io.BytesIO(data), formats=formats) as opened:
            return read(opened)
    except FileError:
        raise
    except MemoryError:
        raise
    except Exception as error:
        # Pillow's decoders raise OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError ...
        if type(error).__name__ == "UnidentifiedImageError":
            raise FileError(_("This is not a picture in a format that is read here."), fix) from None
        raise FileError(_("The picture is damaged or cut off and cannot be decoded."), fix) from None


def _picture(opened: Any, limits: Limits) -> Tensor:
    _few_pixels(opened, 1, limits)
    return _pixels(image_ops.exif_transpose(opened))


def _frames(opened: Any, limits: Limits) -> Tensor:
    _few_pixels(opened, 1, limits)
    count = getattr(opened, "n_frames", 1)
    if count > limits.clip_frames:
        sentence = _("The clip has {count} frames, and {limit} are allowed.")
        raise FileError(
            sentence.format(count=count, limit=limits.clip_frames), _("Cut it, or leave frames out.")
        )
    _few_pixels(opened, count, limits)
    found = []
    for number in range(count):
        opened.seek(number)
        found.append(_pixels(opened))
    return torch.stack(found)  # T times (3, H, W) -> (T, 3, H, W)


def _few_pixels(opened: Any, frames: int, limits: Limits) -> None:
    """Sizes are told by the header, before any pixel is decoded."""
    width, height = opened.size
    limit = limits.image_pixels * (1 if frames == 1 else 4)
    if width * height * frames > limit:
        sentence = _(
            "The picture is {width} × {height} × {frames} pixels large, and {limit} in all are allowed."
        )
        raise FileError(
            sentence.format(width=width, height=height, frames=frames, limit=limit), _("Make it smaller.")
        )


def _pixels(opened: Any) -> Tensor:
    rgba = opened.convert("RGBA")
    paper = image.new("RGBA", rgba.size, (255, 255, 255, 255))
    flat = np.asarray(image.alpha_composite(paper, rgba).convert("RGB"))
    return torch.from_numpy(flat.copy()).permute(2, 0, 1).contiguous()  # (H, W, 3) -> (3, H, W)


def _within(data: bytes, limit: int) -> None:
    if not data:
        raise FileError(_("The file is empty."))
    if len(data) > limit:
        sentence = _("The file has {size} MB, and {limit} MB are allowed.")
        raise FileError(sentence.format(size=f"{len(data) / 1e6:.1f}", limit=f"{limit / 1e6:g}"))

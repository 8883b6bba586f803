"""Pictures that a browser drew: what their bytes announce, and stills as files: a zip of steps, a page of PDF.

Nothing is decoded before its header has said how large it will be.
"""

from __future__ import annotations

import io
import math
import re
import struct
import time
import unicodedata
import zipfile
from collections.abc import Sequence
from typing import Any, NamedTuple

from core.limits import Limits, current
from core.words import _, plain_text, printable

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = struct.Struct(
    ">4xI4sIIBBBBB"
)  # behind 4 bytes of the signature that are skipped: length, "IHDR", sizes
COLOURS = (2, 6)  # RGB and RGBA, which is what a canvas gives
LONGEST_SIDE = 16_384  # of a canvas in any browser
POINTS = 72 / 96  # of a page, in a pixel of CSS
MOST_LETTERS, MOST_BYTES = 80, 240  # of a name that we give: a Chinese letter has three bytes
LONGEST_NAME = 255  # bytes that file systems take
# Devices, on Windows, with any ending.
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)", re.IGNORECASE)
FORBIDDEN = '<>:"/\\|?*'


class ExportError(Exception):
    """What cannot be made into a file; `sentence` says why, and what would work."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.width * self.height


# --- what the bytes announce


def png_size(data: bytes) -> Size:
    """The size that the header of a PNG announces; ExportError for anything but a PNG as a canvas writes it."""
    if len(data) < 45 or not data.startswith(SIGNATURE):
        raise ExportError(_("A picture of the export is no PNG."))
    length, kind, width, height, depth, colours, _packing, _filters, interlaced = HEADER.unpack_from(data, 4)
    plain = length == 13 and kind == b"IHDR" and depth == 8 and colours in COLOURS and not interlaced
    if not plain or not 0 < width <= LONGEST_SIDE or not 0 < height <= LONGEST_SIDE:
        raise ExportError(_("A picture of the export is not one that a browser draws."))
    return Size(width, height)


def still_size(data: bytes, limits: Limits | None = None) -> Size:
    """The size of a still; refuses one of too many pixels."""
    size, most = png_size(data), (limits or current()).picture_pixels
    if size.pixels > most:
        raise ExportError(too_large(size, most))
    return size


def too_large(size: Size, most: int) -> str:
    """The sentence about a picture of more than `most` pixels, and the size of the same form that would do."""
    scale = math.sqrt(most / size.pixels)
    sentence = _(
        "The picture is {width} × {height} pixels large; {most} megapixels can be exported. Choose a smaller size, "
        "{fits} would do."
    )
    fits = f"{int(size.width * scale)} × {int(size.height * scale)}"
    return sentence.format(width=size.width, height=size.height, most=f"{most / 1e6:.1f}", fits=fits)


# --- names and texts


def safe_name(text: Any, ending: str, otherwise: str = "tensor-atlas") -> str:
    """`text` as a file's name on every system, with `ending` (".png"): no path, no reserved word, not too long."""
    letters = unicodedata.normalize("NFC", plain_text(text, 4 * MOST_LETTERS))
    kept = "".join(" " if letter in FORBIDDEN else letter for letter in letters)
    kept = " ".join(kept.split())
    if kept.lower().endswith(ending):
        kept = kept[: -len(ending)]
    kept = kept[:MOST_LETTERS].encode()[:MOST_BYTES].decode(errors="ignore").strip(" .~")
    if not is_name(kept):
        kept = f"{otherwise} {kept}".strip()
    return kept + ending


def is_name(text: str) -> bool:
    """Whether every system takes `text` as the name of a file or a folder."""
    seen = bool(text) and all(printable(letter) and letter not in FORBIDDEN for letter in text)
    ends = text == text.lstrip(" ").rstrip(" .")  # Windows drops what stands there
    return seen and ends and not RESERVED.match(text) and len(text.encode()) <= LONGEST_NAME


# --- files


def steps_zip(pictures: Sequence[tuple[str, bytes]], limits: Limits | None = None) -> bytes:
    """The stills of the steps as PNG files in one zip, in their order. `pictures`: (name, PNG)."""
    if not pictures:
        raise ExportError(_("There is no picture to export."))
    file, taken = io.BytesIO(), set()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:  # a PNG does not get smaller
        for number, (name, data) in enumerate(pictures, start=1):
            still_size(data, limits)
            packed.writestr(
                zipfile.ZipInfo(_free(safe_name(name, ".png", f"{number:02d}"), taken), _now()), data
            )
    return file.getvalue()


def _now() -> tuple[int, ...]:
    return time.localtime()[:6]


def _free(name: str, taken: set[str]) -> str:
    """`name`, or with a number where it is taken; "A" and "a" are one file on Windows and macOS."""
    stem, dot, ending = name.rpartition(".")
    tries = (name, *(f"{stem} ({count}){dot}{ending}" for count in range(2, len(taken) + 3)))
    free = next(tried for tried in tries if tried.casefold() not in taken)
    taken.add(free.casefold())
    return free


def pdf(
    png: bytes, *, width: float = 0.0, title: str = "", alt: str = "", language: str = "en",
    limits: Limits | None = None,
) -> bytes:  # fmt: skip
    """One page of exactly the figure's size, 96 pixels of CSS an inch; `width`: how many it is wide, 0: a quarter.

    The picture lies in it pixel by pixel, without loss: four for one of CSS are 384 to the inch, and a Chinese
    letter is what the visitor's browser drew, whatever fonts a reader of the PDF has.
    """
    from fpdf import FPDF

    size = still_size(png, limits)
    width = width or size.width / 4
    if not isinstance(width, int | float) or not size.width / 16 <= width <= 2 * size.width:  # NaN is not
        raise ExportError(_("The width of a page and of its picture do not fit together."))
    points = tuple(side / size.width * width * POINTS for side in size)
    document = FPDF(unit="pt", format=points)
    document.set_margin(0)
    document.set_auto_page_break(False)
    document.set_image_filter("FlateDecode")
    document.set_title(plain_text(title, 300) or "Tensor Atlas")
    document.set_creator("Tensor Atlas")
    document.set_lang("zh-CN" if language == "zh" else "en-US")
    document.add_page()
    described = plain_text(alt, 2_000) or plain_text(title, 300)
    document.image(decoded(png), 0, 0, *points, alt_text=described or None)
    return bytes(document.output())


def decoded(png: bytes) -> Any:
    """The picture of a PNG whose header was checked; RGB unless something in it is transparent."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as opened:
            opened.load()
            picture = opened.convert(opened.mode)
    except (OSError, SyntaxError, ValueError, struct.error, EOFError) as error:
        raise ExportError(damaged()) from error
    opaque = picture.mode == "RGBA" and picture.getextrema()[3] == (255, 255)
    return picture.convert("RGB") if opaque else picture


def damaged() -> str:
    """The sentence about a picture that announces itself well and cannot be decoded."""
    return _("A picture of the export is damaged or cut off. Export it again.")

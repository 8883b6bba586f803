"""Pictures and clips that Pillow reads -> tensors. Sizes are told by the header, before any pixel is decoded."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from core import lazy
from core.files.errors import FileError, within
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


class Picture(NamedTuple):
    """A still (3, H, W) or a clip (T, 3, H, W), uint8."""

    tensor: Tensor
    form: str  # "PNG"
    whole: tuple[int, int] = ()  # width and height in the file, where it was made smaller


def read_image(data: bytes, limits: Limits | None = None) -> Tensor:
    """A PNG, JPEG, WebP or GIF picture as uint8 (3, H, W); what is transparent becomes white."""
    limits = limits or current()
    within(data, limits.file_bytes)
    return _decoded(data, PICTURES, limits.image_pixels, lambda opened: _still(opened, limits.image_pixels))


def read_clip(data: bytes, limits: Limits | None = None) -> Tensor:
    """An animated GIF or WebP as uint8 (T, 3, H, W)."""
    limits = limits or current()
    within(data, limits.file_bytes)
    most = 4 * limits.image_pixels
    size, frames = _announced(data, limits)
    few_pixels(size, frames, most)
    return _decoded(data, CLIPS, most, lambda opened: _frames(opened, most, limits))


def read_picture(data: bytes, limits: Limits) -> Picture:
    """A picture of one frame as a still, of more as a clip; made smaller where one tensor would not hold it.

    Decoded are at most `limits.image_pixels`, over all frames four times as many.
    """
    fits = limits.elements // 3
    most = min(4 * limits.image_pixels, 16 * fits)
    size, frames = _announced(data, limits)
    few_pixels(size, frames, most)

    def read(opened: Any) -> Picture:
        form = "JPEG" if opened.format == "MPO" else opened.format  # a photograph with others behind it
        count = getattr(opened, "n_frames", 1)
        moves = form != "JPEG" and count > 1
        few_pixels(opened.size, 1, min(limits.image_pixels, 16 * fits))
        small = smaller(opened.size, count if moves else 1, fits)
        whole = opened.size if small else ()
        tensor = _frames(opened, most, limits, small) if moves else _still(opened, most, small)
        return Picture(tensor, form, whole)

    return _decoded(data, PICTURES, most, read)


def smaller(size: tuple[int, int], frames: int, most: int) -> tuple[int, int] | None:
    """The largest width and height of the same form that have `most` pixels over all frames; None: they fit."""
    (width, height), frames = size, max(frames, 1)
    if width * height * frames <= most:
        return None
    scale = math.sqrt(most / (width * height * frames))
    return max(1, int(width * scale)), max(1, int(height * scale))


def format_name(form: str) -> str:
    """Pillow's name of a format as people write it."""
    return {"WEBP": "WebP"}.get(form, form)


def _decoded(data: bytes, formats: Sequence[str], most: int, read: Callable[[Any], Any]) -> Any:
    """`read` on the opened file; whatever Pillow raises on a broken one becomes a sentence."""
    wanted = ", ".join(map(format_name, formats))
    fix = _("Formats that work: {formats}.").format(formats=wanted)
    try:
        if data[8:12] == b"WEBP":
            few_pixels(_webp_size(data), 1, most)  # Pillow's WebP reader allocates its canvas when it opens
        with image.open(io.BytesIO(data), formats=formats) as opened:
            return read(opened)
    except (FileError, MemoryError):
        raise
    except Exception as error:
        # Pillow's decoders raise OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error, IndexError ...
        kind = type(error).__name__
        if kind == "UnidentifiedImageError":
            raise FileError(_("This is not a picture in a format that is read here."), fix) from None
        if kind == "DecompressionBombError":
            raise FileError(
                _("The picture has more than {limit} pixels.").format(limit=most), _("Make it smaller.")
            ) from None
        raise FileError(_("The picture is damaged or cut off and cannot be decoded."), fix) from None


def _still(opened: Any, most: int, small: tuple[int, int] | None = None) -> Tensor:
    few_pixels(opened.size, 1, most)
    upright = image_ops.exif_transpose(opened)
    turned = small and upright.size != opened.size and upright.size == opened.size[::-1]
    return _pixels(upright, small[::-1] if turned else small)


def _frames(opened: Any, most: int, limits: Limits, small: tuple[int, int] | None = None) -> Tensor:
    few_pixels(opened.size, 1, most)
    count = getattr(opened, "n_frames", 1)
    few_frames(count, limits)
    few_pixels(opened.size, count, most)
    found = []
    for number in range(count):
        opened.seek(number)
        found.append(_pixels(opened, small))
    return torch.stack(found)  # T times (3, H, W) -> (T, 3, H, W)


def few_frames(count: int, limits: Limits) -> None:
    """Refuses a clip of too many frames."""
    if count > limits.clip_frames:
        raise FileError(
            _("The clip has more than the {limit} frames that are allowed.").format(limit=limits.clip_frames),
            _("Cut it, or leave frames out."),
        )


def few_pixels(size: tuple[int, int], frames: int, most: int) -> None:
    """Refuses more than `most` pixels over all frames, and says what size would do."""
    (width, height), frames = size, max(frames, 1)
    fits = smaller(size, frames, most)
    if fits is None:
        return
    sentence = _("The picture is {width} × {height} × {frames} pixels large, and {limit} in all are allowed.")
    raise FileError(
        sentence.format(width=width, height=height, frames=frames, limit=most),
        _("Make it smaller: {width} × {height} would do.").format(width=fits[0], height=fits[1]),
    )


def _pixels(opened: Any, small: tuple[int, int] | None = None) -> Tensor:
    rgba = opened.convert("RGBA")
    if small:
        rgba = rgba.resize(small)
    paper = image.new("RGBA", rgba.size, (255, 255, 255, 255))
    flat = np.asarray(image.alpha_composite(paper, rgba).convert("RGB"))
    return torch.from_numpy(flat.copy()).permute(2, 0, 1).contiguous()  # (H, W, 3) -> (3, H, W)


# --- what the bytes announce, where Pillow would decode or allocate to tell


def _announced(data: bytes, limits: Limits) -> tuple[tuple[int, int], int]:
    """(width, height) and frames of a GIF; nothing of other formats, whose sizes Pillow tells for free."""
    if not data.startswith((b"GIF87a", b"GIF89a")):
        return (0, 0), 1
    try:
        return _gif(data, limits)
    except IndexError:
        raise FileError(
            _("The picture is damaged or cut off and cannot be decoded."), _("Save it again.")
        ) from None


def _gif(data: bytes, limits: Limits) -> tuple[tuple[int, int], int]:
    """The extent of all frames: one may lie outside the screen that the header announces, and Pillow grows to it."""
    width, height = _pair(data, 6)
    at, frames = 13 + _colours(data[10]), 0
    while at < len(data) and data[at] != 0x3B:  # ";" ends the file
        if data[at] == 0x21:  # an extension
            at = _after_blocks(data, at + 2)
        elif data[at] == 0x2C:  # a frame
            (left, top), (across, down) = _pair(data, at + 1), _pair(data, at + 5)
            width, height, frames = max(width, left + across), max(height, top + down), frames + 1
            few_frames(frames, limits)
            at = _after_blocks(data, at + 11 + _colours(data[at + 9]))
        else:
            at += 1  # as Pillow does
    return (width, height), frames


def _pair(data: bytes, at: int) -> tuple[int, int]:
    return data[at] | data[at + 1] << 8, data[at + 2] | data[at + 3] << 8


def _colours(flags: int) -> int:
    """Bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while size := data[at]:
        at += size + 1
    return at + 1


def _webp_size(data: bytes) -> tuple[int, int]:
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        raise EOFError
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    wide, high = _pair(body, 6)
    return wide & 0x3FFF, high & 0x3FFF

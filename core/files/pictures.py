"""Pictures and clips that Pillow reads -> tensors. Sizes are told by the header, before any pixel is decoded."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

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

def read_image(data: bytes, limits: Limits | None = None) -> Tensor:
    """A PNG, JPEG, WebP or GIF picture as uint8 (3, H, W); what is transparent becomes white."""
    limits = limits or current()
    within(data, limits.file_bytes)
    return _decoded(data, PICTURES, lambda opened: _picture(opened, limits))


def read_clip(data: bytes, limits: Limits | None = None) -> Tensor:
    """An animated GIF or WebP as uint8 (T, 3, H, W)."""
    limits = limits or current()
    within(data, limits.file_bytes)
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

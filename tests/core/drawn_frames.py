"""Pictures as a browser would draw them, for the tests of exports; and what is said of a PNG that lies."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image, ImageDraw

PAPER, INK, MARK = (0xFD, 0xFC, 0xF9), (0x1C, 0x1F, 0x24), (0xC2, 0x50, 0x0C)


def frame(part: float, size: tuple[int, int] = (320, 180), mode: str = "RGBA") -> Image.Image:
    """A plate with a mark that has moved `part` of the way, 0 to 1."""
    picture = Image.new(mode, size, PAPER)
    pen = ImageDraw.Draw(picture)
    width, height = size
    for line in range(0, width, 20):
        pen.line([(line, 0), (line + part * 60, height)], fill=(0x9D, 0xB9, 0xD9), width=1)
    left = 10 + part * (width - 70)
    pen.rectangle([left, height / 3, left + 50, height / 3 + 40], fill=MARK)
    pen.text((12, 8), f"{part:.2f}", fill=INK)
    return picture


def png(picture: Image.Image) -> bytes:
    """Its bytes."""
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def frames(count: int, size: tuple[int, int] = (320, 180), mode: str = "RGBA") -> list[bytes]:
    """`count` frames of one film."""
    return [png(frame(k / max(1, count - 1), size, mode)) for k in range(count)]


def announcing(width: int, height: int, *, depth: int = 8, colours: int = 6, interlaced: int = 0) -> bytes:
    """A small PNG whose header announces any size."""
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, interlaced)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )

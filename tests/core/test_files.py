"""Files of a visitor's own: what they say is read, and what is hostile, broken or too large is a sentence."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core import files
from core.limits import HOSTED


def saved(picture: Image.Image, form: str, **more: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **more)
    return buffer.getvalue()


def colours(height: int = 5, width: int = 7) -> Image.Image:
    values = np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)
    return Image.fromarray(values)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]]),
        ("x,y\n1,2\n3,4", [[1, 2], [3, 4]]),
        ("1;2,5\n3;4\n", [[1, 2.5], [3, 4]]),
        ("1;2.5\n3;4\n", [[1, 2.5], [3, 4]]),
        ("1\t2\n\n3\t4\n", [[1, 2], [3, 4]]),
        ("\ufeff1,2\r\n3,4\r\n", [[1, 2], [3, 4]]),
        ("a,b,label\n1,2,moon\n3,4,sun\n5,6,moon", [[1, 2, 0], [3, 4, 1], [5, 6, 0]]),
        ("5", [[5]]),
        ("1,nan\ninf,-2e3", [[1, float("nan")], [float("inf"), -2000]]),
    ],
)
def test_a_table_is_its_numbers(text: str, rows: list | None) -> None:
    expected = torch.tensor(rows, dtype=torch.float32)
    torch.testing.assert_close(files.read_csv(text.encode()), expected, equal_nan=True)


def test_an_empty_cell_is_nan() -> None:
    found = files.read_csv(b"1,2\n3,\n")
    assert torch.isnan(found[1, 1]) and found[1, 0] == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"1,2\n3", "Row 2"),
        (b"1,2\n3,x\n", "Row 2, column 2"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 50, "text file"),
        (b"1\0002", "text file"),
        (b"1" * 1_000_001, "MB"),
        (b",".join([b"1"] * 2_000), "columns"),
        ("\n".join(f"w{k}" for k in range(99)).encode(), "different words"),
        (b"x,y\n", "different words"),
        (b"\n\n", "no numbers"),
        (b"1,2\n__import__('os'),<script>\n", "no number"),
    ],
    ids=lambda value: value[:12].decode("latin-1") if isinstance(value, bytes) else value,
)
def test_a_table_that_is_none_is_a_sentence(data: bytes, words: str) -> None:
    if data == b"x,y\n":  # words alone are a table of labels
        assert files.read_csv(data).tolist() == [[0, 0]]
        return
    with pytest.raises(files.FileError, match=words):
        files.read_csv(data)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for read in (files.read_csv, files.read_image, files.read_clip):
        try:
            read(data)
        except files.FileError as error:
            assert error.sentence


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_a_picture_keeps_its_pixels(form: str) -> None:
    picture = colours().convert("P") if form == "GIF" else colours()
    found = files.read_image(saved(picture, form))
    expected = np.asarray(picture.convert("RGB"))
    assert found.shape == (3, 5, 7) and found.dtype == torch.uint8
    assert np.array_equal(found.permute(1, 2, 0).numpy(), expected)


def test_what_is_transparent_becomes_white() -> None:
    picture = Image.new("RGBA", (2, 3), (10, 20, 30, 0))
    assert files.read_image(saved(picture, "PNG")).unique().tolist() == [255]


def test_a_clip_has_all_its_frames() -> None:
    first, *others = [Image.new("RGB", (4, 6), (60 * k, 0, 0)) for k in range(4)]
    found = files.read_clip(saved(first, "GIF", save_all=True, append_images=others, duration=50))
    assert found.shape == (4, 3, 6, 4)
    assert found[:, 0, 0, 0].tolist() == [0, 60, 120, 180]


def bomb() -> bytes:
    """A PNG of a few kB whose header promises 13,000 x 13,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 13_000, 13_000, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(13_001 * 200), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        bomb(),
        saved(colours(50, 50), "PNG")[:200],
        saved(colours(), "JPEG")[:60],
        b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        b"GIF89a",
        saved(colours(), "BMP"),
        b"\0" * 100,
    ],
    ids=["bomb", "cut-png", "cut-jpeg", "svg", "head-only", "other-format", "zeros"],
)
def test_a_picture_that_is_none_is_a_sentence(data: bytes) -> None:
    with pytest.raises(files.FileError) as caught:
        files.read_image(data)
    assert caught.value.sentence


def test_a_clip_of_too_many_frames_is_refused_before_it_is_decoded() -> None:
    first, *others = [Image.new("L", (4, 4), k % 256) for k in range(HOSTED.clip_frames + 1)]
    data = saved(first, "GIF", save_all=True, append_images=others)
    with pytest.raises(files.FileError, match="frames"):
        files.read_clip(data)

"""Small valid files of every format that is read, made by the libraries that own the formats."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from functools import cache

import av
import numpy as np
import safetensors.torch
import torch
from PIL import Image


def npy(array: object, version: tuple[int, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(array), version=version)
    return buffer.getvalue()


def npz(packed: bool = False, **arrays: object) -> bytes:
    buffer = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def pt(thing: object, **how: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer, **how)
    return buffer.getvalue()


def zipped(members: Mapping[str, bytes] | list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in dict(members).items() if isinstance(members, Mapping) else members:
            archive.writestr(name, content)
    return buffer.getvalue()


def safe(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    return safetensors.torch.save(dict(tensors), metadata)


def safe_header(header: str | bytes, values: bytes = b"") -> bytes:
    """A safetensors file with a header of one's own."""
    text = header.encode() if isinstance(header, str) else header
    return struct.pack("<Q", len(text)) + text + values


def saved(picture: Image.Image, form: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **how)
    return buffer.getvalue()


def colours(height: int = 5, width: int = 7, shift: int = 0) -> Image.Image:
    values = np.arange(height * width * 3, dtype=np.int64).reshape(height, width, 3) + shift
    return Image.fromarray((values % 256).astype(np.uint8))


def animated(form: str, frames: int = 3, **how: object) -> bytes:
    first, *others = [Image.new("RGB", (8, 6), (60 * k % 256, 0, k % 256)) for k in range(frames)]
    return saved(first, form, save_all=True, append_images=others, duration=50, **how)


def video(
    form: str, codec: str, frames: int = 5, size: tuple[int, int] = (32, 24), sound: bool = False
) -> bytes:
    """Frames of grey: 0, 40, 80 ..."""
    buffer, (width, height) = io.BytesIO(), size
    with av.open(buffer, "w", format=form) as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = width, height, "yuv420p", 1
        heard = container.add_stream("aac", rate=44_100) if sound else None
        for k in range(frames):
            values = np.full((height, width, 3), 40 * k % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(values, format="rgb24")))
        container.mux(stream.encode(None))
        if heard is not None:
            silence = av.AudioFrame.from_ndarray(
                np.zeros((2, 1024), np.float32), format="fltp", layout="stereo"
            )
            silence.sample_rate = 44_100
            container.mux(heard.encode(silence))
            container.mux(heard.encode(None))
    return buffer.getvalue()


@cache
def valid() -> Mapping[str, bytes]:
    """One or two files of each format; the key begins with what `read` calls the kind."""
    grid = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    model = {
        "layer.weight": grid,
        "layer.bias": grid[0],
        "steps": 3,
        "more": [grid.T, {"deep": torch.tensor(True)}],
    }
    return {
        "npy": npy(grid.numpy()),
        "npy-ints": npy(np.asfortranarray(np.arange(6, dtype=">i4").reshape(3, 2)), (2, 0)),
        "npz": npz(A=np.eye(3), b=np.arange(4, dtype=np.uint16)),
        "npz-packed": npz(True, A=np.zeros((9, 9))),
        "pt": pt(model),
        "pt-lone": pt(grid.to(torch.bfloat16)),
        "safetensors": safe({"A": grid, "b": grid[1].half()}, {"made": "by a test"}),
        "csv": b"x,y,label\n1,2.5,moon\n-3e2,nan,sun\n",
        "image-png": saved(colours(), "PNG"),
        "image-jpeg": saved(colours(), "JPEG"),
        "image-webp": saved(colours(), "WEBP", lossless=True),
        "image-gif": saved(colours().convert("P"), "GIF"),
        "clip-gif": animated("GIF"),
        "clip-webp": animated("WEBP", lossless=True),
        "clip-png": animated("PNG"),
        "clip-mp4": video("mp4", "libx264"),
        "clip-mov": video("mov", "mpeg4", sound=True),
        "clip-webm": video("webm", "libvpx-vp9"),
    }


def program(key: str) -> bytes:
    """The list of contents of a valid checkpoint: in its zip, a checksum would hide most changes from a reader."""
    return next(content for name, content in _members(key).items() if name.endswith("data.pkl"))


def with_program(key: str, changed: bytes) -> bytes:
    """The checkpoint with another list of contents."""
    return zipped({n: changed if n.endswith("data.pkl") else content for n, content in _members(key).items()})


@cache
def _members(key: str) -> Mapping[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(valid()[key])) as archive:
        return {name: archive.read(name) for name in archive.namelist()}

"""MP4, MOV and WebM clips -> tensors, by FFmpeg (PyAV). What the file announces is asked before FFmpeg sees it.

FFmpeg makes an entry for every frame and sound that an index announces: a file of 1.7 kB that announces 50 million took
26 s and 3.6 GB. So the boxes are walked here first; then only known decoders run, on one thread, pixels bounded.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from core import lazy
from core.files.errors import FileError
from core.files.pictures import few_frames, few_pixels
from core.limits import Limits
from core.words import _

if TYPE_CHECKING:
    from torch import Tensor

np = lazy.load("numpy")
torch = lazy.load("torch")
av = lazy.load("av")

EBML = b"\x1a\x45\xdf\xa3"
SEGMENT = b"\x18\x53\x80\x67"
BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip")  # how an MP4 or a MOV begins
HOLDERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf")  # boxes of boxes
MOST_DEPTH = 8
DECODERS = "h264,hevc,mpeg4,mjpeg,vp8,vp9,libvpx,libvpx-vp9,av1,libdav1d,libaom-av1"


def looks_like(data: bytes) -> str:
    """FFmpeg's name for the container, or ""."""
    if data[4:8] in BOXES:
        return "mov"
    return "matroska" if data.startswith(EBML) else ""


def read_video(data: bytes, limits: Limits) -> tuple[Tensor, str]:
    """The frames as uint8 (T, 3, H, W), and the format's name."""
    form = looks_like(data)
    if form == "mov":
        _check_boxes(data, limits)
    elif _segment_end(data) > len(data):
        raise _damaged()
    try:
        return _decoded(data, form, limits), "WebM" if form == "matroska" else "MP4"
    except FileError:
        raise
    except Exception as error:  # FFmpeg's are OSErrors, ValueErrors, MemoryErrors ... of many names
        if isinstance(error, MemoryError) and not isinstance(error, av.error.FFmpegError):
            raise  # not FFmpeg's word for a size in the file that nobody could hold
        raise _damaged() from None


def _damaged() -> FileError:
    return FileError(
        _("The clip is damaged or cut off and cannot be decoded."),
        _("Save it as MP4 (H.264) or WebM, or as GIF."),
    )


def _decoded(data: bytes, form: str, limits: Limits) -> Tensor:
    most = min(limits.image_pixels, limits.elements // 3)
    options = {"codec_whitelist": DECODERS, "max_pixels": str(max(most, 1)), "threads": "1"}
    with av.open(io.BytesIO(data), mode="r", format=form, options=options) as container:
        if not container.streams.video:
            raise FileError(_("The file holds no moving picture."), _("Sound is not read here."))
        stream = container.streams.video[0]
        few_frames(stream.frames, limits)
        few_pixels((stream.width, stream.height), stream.frames, most)
        stream.codec_context.options = {"max_pixels": str(max(most, 1))}
        stream.codec_context.thread_count, stream.codec_context.thread_type = 1, "NONE"
        frames = list(_frames(container, stream, most, limits))
        if not frames or len(frames) < stream.frames:
            raise _damaged()
        return torch.stack(frames)  # T times (3, H, W) -> (T, 3, H, W)


def _frames(container: Any, stream: Any, most: int, limits: Limits) -> Iterator[Tensor]:
    first, count = None, 0
    for packets, packet in enumerate(container.demux(stream)):
        few_frames(
            packets - 3 * limits.clip_frames, limits
        )  # packets that give no frame are work all the same
        for frame in packet.decode():
            count += 1
            size = (frame.width, frame.height)
            few_frames(count, limits)
            few_pixels(size, count, most)
            if size != (first := first or size):
                raise FileError(_("The clip changes its size on the way."), _("Save it in one size."))
            pixels = np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)  # as the phone was held
            yield torch.from_numpy(pixels.transpose(2, 0, 1).copy())  # (H, W, 3) -> (3, H, W)


# --- MP4 and MOV: boxes of (size, kind, content)


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The boxes between two places: kind, begin and end of the content. A box that does not fit is damage."""
    while at + 8 <= end:
        size, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:  # to the end
            size = end - at
        if size < head or at + size > end:
            raise _damaged()
        yield kind, at + head, at + size
        at += size


def _check_boxes(data: bytes, limits: Limits) -> None:
    """The file is whole, and its tracks announce no more than FFmpeg can make entries for in no time."""
    kinds, announced = set(), 0
    for number, (kind, start) in enumerate(_inside(data, 0, len(data), MOST_DEPTH)):
        kinds.add(kind)
        if number > limits.clip_boxes or kind == b"cmov":  # an index that is packed cannot be asked
            raise _damaged()
        if kind in (b"stsz", b"stz2", b"trun"):
            announced += _samples(data, start, kind)
    if b"moov" not in kinds:
        raise _damaged()
    if announced > min(limits.clip_samples, len(data)):  # each takes a byte at least
        raise FileError(
            _("The clip announces {count} frames and sounds, more than are read here.").format(
                count=announced
            ),
            _("Cut it, or save it without sound."),
        )


def _inside(data: bytes, begin: int, end: int, depth: int) -> Iterator[tuple[bytes, int]]:
    """Every box, and the boxes in it: its kind, and where its content begins."""
    if depth == 0:
        raise _damaged()
    for kind, start, stop in _boxes(data, begin, end):
        yield kind, start
        if kind in HOLDERS:
            yield from _inside(data, start, stop, depth - 1)


def _samples(data: bytes, start: int, kind: bytes) -> int:
    at = start + (4 if kind == b"trun" else 8)
    return int.from_bytes(data[at : at + 4], "big")


# --- WebM: elements of (name, size, content)


def _segment_end(data: bytes) -> int:
    """Where the clip itself ends, as it announces; 0 where it does not say."""
    at = data.find(SEGMENT, 0, 4_096)
    if at < 0 or at + 5 > len(data):
        raise _damaged()
    at += len(SEGMENT)
    first = data[at]
    length = 9 - first.bit_length()
    size = int.from_bytes(data[at : at + length], "big") & (1 << 7 * length) - 1
    return 0 if not first or size == (1 << 7 * length) - 1 else at + length + size

"""Films of pictures that a browser drew: GIF, WebP and MP4, encoded in memory, one frame after another."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from core.export.pictures import ExportError, Size, damaged, png_size, too_large
from core.limits import Limits, current
from core.words import _, plain_text

RATES = (12, 15, 20, 24, 25, 30, 50, 60)  # frames a second that projectors and players know
ALMOST = 0.98  # 33 ms are 1/30 s
GIF_TICK, GIF_LEAST = 10, 2  # ms, and how many a frame lasts at least: browsers show shorter ones for 100 ms
WEBP_LEAST = 12  # ms, for the same reason
CONSTANT_PIXELS = 600_000_000  # over all frames: up to here every frame of a constant rate is written
LONGEST_FRAME = 0.5  # seconds; beyond, a still is repeated only so often
FLAT, APART = 32, 8  # colours that a GIF keeps exactly; how far from each other, and others from them
SAMPLED = 8  # frames that the colours of a GIF are taken from
COLOURS_OF_GIF = 255  # and one for what did not change
# Of x264. Time on 60 frames of 960x540, one core: "veryfast" 1.3 s and 690 kB, so 0.6 s and 720 kB, "superfast"
# 0.8 s and 1.3 MB. Without B-frames a film begins at 0 and ends where it says, in every player.
X264 = {
    "preset": "veryfast",
    "crf": "18",
    "profile": "high",
    "x264-params": "bframes=0:subme=1:trellis=0",
}
BT709 = 1  # what FFmpeg calls it


def film(
    frames: Sequence[bytes], times: Sequence[float], form: str, *, loop: bool = True, title: str = "",
    limits: Limits | None = None,
) -> bytes:  # fmt: skip
    """`frames` (PNG, all of one size), each shown for its time in milliseconds, as "gif", "webp" or "mp4".

    `loop`: over and over, or once; an MP4 leaves that to its player. What is transparent becomes white.
    """
    size = checked(frames, times, limits or current())
    write = {"gif": _gif, "webp": _webp, "mp4": _mp4}.get(form)
    if write is None:
        raise ExportError(_("A film can be a GIF, a WebP or an MP4."))
    return write(frames, [float(time) for time in times], size, loop, plain_text(title, 200))


def checked(frames: Sequence[bytes], times: Sequence[float], limits: Limits) -> Size:
    """The one size of all frames; ExportError where they are too many, too large, too long, or unequal."""
    if not frames:
        raise ExportError(_("A film needs at least one picture."))
    if len(frames) > limits.film_frames:
        sentence = _("The film has {count} pictures, and {most} can be exported. Choose a higher speed.")
        raise ExportError(sentence.format(count=len(frames), most=limits.film_frames))
    _check_times(times, len(frames), limits)
    size = png_size(frames[0])
    if size.pixels > limits.film_pixels:
        raise ExportError(too_large(size, limits.film_pixels))
    if size.pixels * len(frames) > limits.film_total_pixels:
        sentence = _(
            "The film has {count} pictures of {width} × {height} pixels, more than can be exported. "
            "Choose a smaller size."
        )
        raise ExportError(sentence.format(count=len(frames), width=size.width, height=size.height))
    if any(png_size(frame) != size for frame in frames):
        raise ExportError(_("The pictures of a film must all be of one size."))
    return size


def _check_times(times: Sequence[float], count: int, limits: Limits) -> None:
    numbers = [time for time in times if isinstance(time, int | float) and not isinstance(time, bool)]
    if len(times) != count or len(numbers) != count or not all(time >= 0 for time in numbers):  # NaN is not
        raise ExportError(_("Every picture of a film needs a time in milliseconds."))
    if not 0 < sum(numbers) <= 1_000 * limits.film_seconds:
        sentence = _("A film lasts up to {most} seconds. Choose a higher speed.")
        raise ExportError(sentence.format(most=f"{limits.film_seconds:g}"))


# --- when which frame is shown


def slots(times: Sequence[float], tick: float, least: int = 1) -> list[tuple[int, int]]:
    """(frame, how many ticks it is shown), so that every one begins within half a tick of its time.

    A frame that would be shown for less than `least` ticks is left out, but never the last one.
    """
    shown, at, until = [], 0, 0.0
    for frame, time in enumerate(times):
        until += time
        ticks = round(until / tick) - at
        if ticks >= least:
            shown.append((frame, ticks))
            at += ticks
    last = len(times) - 1
    return shown if shown and shown[-1][0] == last else [*shown, (last, least)]


def rate_for(times: Sequence[float]) -> int:
    """The lowest usual frame rate that shows every frame."""
    shortest = min((time for time in times if time > 0), default=1_000.0)
    return next((rate for rate in RATES if rate >= ALMOST * 1_000 / shortest), RATES[-1])


# --- frames


def _frame(png: bytes, size: Size) -> Any:
    """A frame as FFmpeg decodes it (a third faster than Pillow), opaque: RGB, or RGBA with nothing transparent."""
    import av

    decoder = av.CodecContext.create(
        "png", "r"
    )  # a fresh one: it would take the next picture for a difference
    decoder.thread_count = 1
    try:
        found = decoder.decode(av.Packet(png)) or decoder.decode(None)
    except (av.FFmpegError, ValueError) as error:
        raise ExportError(damaged()) from error
    if len(found) != 1 or (found[0].width, found[0].height) != size:
        raise ExportError(damaged())
    return _opaque(found[0])


def _opaque(frame: Any) -> Any:
    import av
    import numpy as np

    if frame.format.name != "rgba":
        return frame
    pixels = frame.to_ndarray()
    alpha = pixels[..., 3:]
    if alpha.min() == 255:
        return frame
    white = pixels[..., :3] * (alpha / 255.0) + (255 - alpha)
    return av.VideoFrame.from_ndarray(np.rint(white).astype(np.uint8), format="rgb24")


# --- GIF


def _gif(frames: Sequence[bytes], times: Sequence[float], size: Size, loop: bool, _title: str) -> bytes:
    """One palette for all frames and no dithering: flat colours stay flat, and only what changes is written again."""
    shown = slots(times, GIF_TICK, GIF_LEAST)
    colours, exact = _colours([_frame(frames[index], size).to_image() for index in _spread(shown)])
    map_to = _exactly(colours) if exact else _nearly(colours)
    pictures = (map_to(_frame(frames[index], size).to_image()) for index, _ticks in shown)
    file = io.BytesIO()
    next(pictures).save(
        file, "GIF", save_all=True, append_images=pictures, optimize=False, disposal=1,
        duration=[GIF_TICK * ticks for _frame_, ticks in shown], **({"loop": 0} if loop else {}),
    )  # fmt: skip
    return file.getvalue()


def _spread(shown: Sequence[tuple[int, int]]) -> list[int]:
    """Some frames from all over the film, the first and the last among them."""
    step = max(1, math.ceil((len(shown) - 1) / (SAMPLED - 1)))
    return sorted({index for index, _ticks in (*shown[::step], shown[-1])})


def _colours(samples: Sequence[Any]) -> tuple[Any, bool]:
    """At most 255 colours (n, 3), and whether these are all that there are.

    Where there are more: the flat ones exactly, and the best others by an octree.
    """
    import numpy as np
    from PIL import Image

    runs, lengths = map(np.concatenate, zip(*map(_runs, samples), strict=True))
    colours, which = np.unique(runs, return_inverse=True)
    counts = np.bincount(which, weights=lengths)
    if len(colours) <= COLOURS_OF_GIF:
        return _channels(colours), True
    often = np.argsort(-counts, kind="stable")
    flat = _apart(_channels(colours[often[: 4 * FLAT]]))
    # Counted at most 50 times: an area, however large, is one colour.
    strip = Image.fromarray(_channels(np.repeat(colours, np.minimum(counts, 50).astype(int)))[None])
    mixed = strip.quantize(COLOURS_OF_GIF - len(flat), method=Image.Quantize.FASTOCTREE).getpalette()
    others = np.array(mixed, np.uint8).reshape(-1, 3)
    far = np.abs(others[:, None].astype(int) - flat[None].astype(int)).max(-1).min(1) > APART
    return np.concatenate([flat, others[far]]), False


def _nearly(colours: Any) -> Callable[[Any], Any]:
    """A picture in the nearest of `colours`, exactly in those that are APART from all others."""
    from PIL import Image

    palette = Image.new("P", (1, 1))
    palette.putpalette(colours.tobytes())
    return lambda picture: picture.quantize(palette=palette, dither=0)


def _exactly(colours: Any) -> Callable[[Any], Any]:
    """A picture in `colours`, sorted; what no sample had, in the nearest of them."""
    import numpy as np
    from PIL import Image

    known = _numbers(np.concatenate([colours, np.zeros((len(colours), 1), np.uint8)], axis=-1))

    def mapped(picture: Any) -> Any:
        runs, lengths = _runs(picture)
        at = np.searchsorted(known, runs).clip(max=len(known) - 1)
        new = known[at] != runs
        if new.any():
            others, which = np.unique(runs[new], return_inverse=True)
            far = (_channels(others)[:, None].astype(np.int32) - colours[None].astype(np.int32)) ** 2
            at[new] = far.sum(-1).argmin(1)[which]
        at = np.repeat(at.astype(np.uint8), lengths)
        indexed = Image.fromarray(at.reshape(picture.height, picture.width))
        indexed.putpalette(colours.tobytes())
        return indexed

    return mapped


def _runs(picture: Any) -> tuple[Any, Any]:
    """The colours of the pixels, row by row, as numbers, each with how often it comes in a row."""
    import numpy as np

    pixels = _numbers(np.asarray(picture.convert("RGBX")))
    starts = np.flatnonzero(np.concatenate([[True], pixels[1:] != pixels[:-1]]))
    return pixels[starts], np.diff(starts, append=len(pixels))


def _numbers(colours: Any) -> Any:
    """(..., 4) bytes as numbers: red + 256 green + 65,536 blue; the fourth does not count."""
    import numpy as np

    return np.ascontiguousarray(colours).view("<u4").ravel() & 0xFFFFFF


def _channels(numbers: Any) -> Any:
    """The other way: (n, 3) bytes."""
    import numpy as np

    return np.stack([numbers & 255, numbers >> 8 & 255, numbers >> 16], axis=-1).astype(np.uint8)


def _apart(colours: Any) -> Any:
    """The first FLAT of `colours` that are no shades of each other."""
    import numpy as np

    kept: list[Any] = []
    for colour in colours.astype(int):
        if len(kept) < FLAT and all(abs(colour - other).max() > APART for other in kept):
            kept.append(colour)
    return np.array(kept, np.uint8)


# --- WebP


def _webp(frames: Sequence[bytes], times: Sequence[float], size: Size, loop: bool, _title: str) -> bytes:
    """Without loss: on plates of flat colour and text that is quicker than lossy WebP, and of its size."""
    shown = slots(times, 1, WEBP_LEAST)
    options = {"lossless": "1", "compression_level": "0", "quality": "0"}

    def timed() -> Iterator[Any]:
        at = 0
        for index, ticks in shown:
            yield at, _frame(frames[index], size).reformat(format="bgra")
            at += ticks

    unit, play = Fraction(1, 1_000), {"loop": "0" if loop else "1"}
    data = _encoded("webp", "libwebp_anim", 1_000, unit, size, "bgra", options, play, timed())
    return _lasting(data, sum(ticks for _index, ticks in shown))


def _lasting(data: bytes, milliseconds: int) -> bytes:
    """A WebP that lasts so long in all: the encoder is never told how long its last frame stands.

    It writes the mean of the others. And it may be an earlier frame: the encoder leaves out what looks the same.
    """
    at, place, before, told = 12, -1, 0, 0
    while at + 8 <= len(data):
        if data[at : at + 4] == b"ANMF":
            place = at + 8 + 12  # behind the frame's left, top, width and height, three bytes each
            before, told = before + told, int.from_bytes(data[place : place + 3], "little")
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    if place < 0:  # a still: all frames are equal
        return data
    return data[:place] + (milliseconds - before).to_bytes(3, "little") + data[place + 3 :]


# --- MP4


def _mp4(frames: Sequence[bytes], times: Sequence[float], size: Size, _loop: bool, title: str) -> bytes:
    """H.264 as every player knows it: yuv420p, BT.709, even sides, the index before the pictures."""
    rate = rate_for(times)
    shown = slots(times, 1_000 / rate)
    total = sum(ticks for _index, ticks in shown)
    even = Size(size.width + size.width % 2, size.height + size.height % 2)
    constant = total * even.pixels <= CONSTANT_PIXELS
    every = 1 if constant else max(1, round(rate * LONGEST_FRAME))

    def timed() -> Iterator[Any]:
        at = 0
        for index, ticks in shown:
            picture = _yuv(_frame(frames[index], size), even)
            at += ticks
            for tick in range(at - ticks, at, every):
                yield tick, picture
        if (ticks - 1) % every:  # says when the film ends
            yield at - 1, picture

    options = X264 | {"g": str(2 * rate)}
    room = {"moov_size": str(8_192 + 32 * total)}  # of the index, kept free at the front
    words = {"title": title} if title else {}
    return _encoded("mp4", "libx264", rate, Fraction(1, rate), even, "yuv420p", options, room, timed(), words)


def _yuv(frame: Any, even: Size) -> Any:
    """In the colours of video, each side made even by repeating the border."""
    import av
    import numpy as np
    from av.video.reformatter import Interpolation

    more = (even.width - frame.width, even.height - frame.height)
    if any(more):
        pixels = np.pad(frame.to_ndarray(format="rgb24"), ((0, more[1]), (0, more[0]), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    rounded = (
        Interpolation.ACCURATE_RND | Interpolation.AREA
    )  # else the paper is a shade darker than the slide's
    return frame.reformat(
        format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG", interpolation=rounded
    )


# --- FFmpeg


def _encoded(
    container: str, codec: str, rate: int, unit: Fraction, size: Size, pixels: str,
    options: dict[str, str], settings: dict[str, str], timed: Iterator[tuple[int, Any]],
    words: dict[str, str] | None = None,
) -> bytes:  # fmt: skip
    """The file of one stream of `timed` (when, frame), when in `unit`s of a second; never more than one in memory."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=container, options=settings) as output:
        output.metadata.update(words or {})
        stream = output.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        coder = stream.codec_context
        coder.thread_count, coder.time_base = 1, unit
        if pixels == "yuv420p":
            coder.colorspace = coder.color_primaries = coder.color_trc = BT709
        for at, frame in timed:
            frame.pts, frame.time_base = at, unit
            frame.pict_type = (
                0  # a decoded PNG says "I", and every frame of the film would be a whole picture
            )
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return file.getvalue()

"""What an export costs a worker, beside the same frames through bare Pillow and PyAV. CPU seconds and kB.

`.venv/bin/python tests/bench/bench_export.py`: 60 frames of 960x540, a page of PDF, a deck of ten slides.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "core")]

import av  # noqa: E402
from drawn_frames import frame, frames, png  # noqa: E402
from PIL import Image  # noqa: E402

from core.calculator import Calculator, Settings  # noqa: E402
from core.export.deck import deck  # noqa: E402
from core.export.film import film  # noqa: E402
from core.export.pictures import pdf, steps_zip  # noqa: E402

COUNT, SIZE = 60, (960, 540)


def pillow(form: str, given: list[bytes]) -> bytes:
    """The floor of a GIF and of a WebP: decode, and save as it comes."""
    opened = [Image.open(io.BytesIO(data)).convert("RGB") for data in given]
    file = io.BytesIO()
    opened[0].save(file, form, save_all=True, append_images=opened[1:], duration=40, loop=0)
    return file.getvalue()


def pyav(given: list[bytes]) -> bytes:
    """The floor of an MP4: decode, and x264 as it comes, on one core."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.thread_count = 1
        for data in given:
            picture = Image.open(io.BytesIO(data)).convert("RGB")
            output.mux(stream.encode(av.VideoFrame.from_image(picture)))
        output.mux(stream.encode())
    return file.getvalue()


def show(name: str, make: Callable[[], bytes]) -> None:
    """A line: CPU seconds of the best of three, and the size."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        data = make()
        best = min(best, time.process_time() - begun)
    print(f"{name:<34}{best:>8.2f} s{len(data) / 1e3:>10.0f} kB", flush=True)


def road(given: list[bytes]) -> None:
    """The whole way to a worker and back, by the clock; the first one imports what it needs."""
    question = {"sizes": [[str(k), len(data)] for k, data in enumerate(given)]}
    with Calculator(Settings(workers=1, preload=(), device="cpu")) as calculator:
        calculator.ask_once("steps", question, {"body": b"".join(given)})
        for form in ("gif", "webp", "mp4"):
            for turn in ("first", "second"):
                begun = time.perf_counter()
                more = {"format": form, "times": [40] * COUNT, "loop": True}
                calculator.ask_once("film", question | more, {"body": b"".join(given)})
                print(f"{form}, in a worker, {turn:<17}{time.perf_counter() - begun:>8.2f} s")


def main() -> None:
    """The table."""
    given, times = frames(COUNT, SIZE), [40] * COUNT
    print(f"{COUNT} frames of {SIZE[0]}x{SIZE[1]}, {sum(map(len, given)) / 1e6:.1f} MB of PNG")
    show("gif, Pillow as it comes", lambda: pillow("GIF", given))
    show("gif", lambda: film(given, times, "gif"))
    show("webp, Pillow as it comes", lambda: pillow("WEBP", given))
    show("webp", lambda: film(given, times, "webp"))
    show("mp4, PyAV as it comes", lambda: pyav(given))
    show("mp4", lambda: film(given, times, "mp4"))
    large = png(frame(0.5, (3_840, 2_160)))
    show("pdf of 3840x2160", lambda: pdf(large, width=960))
    show("zip of 60", lambda: steps_zip([(str(k), data) for k, data in enumerate(given)]))
    clip = film(given, times, "mp4")
    slide = {
        "title": "Matrix × vector",
        "caption": "A sentence.",
        "formula": "Ax = b",
        "code": "import torch\n" * 30,
    }
    slide |= {"link": "http://localhost:8501/matrix-vector?A=[[2,1],[0,3]]", "kind": "film", "picture": "p"}
    slides = [{**slide, "film": f"m{k}"} for k in range(10)]
    show("deck of ten films", lambda: deck(slides, {"p": given[0], **{f"m{k}": clip for k in range(10)}}))
    road(given)


if __name__ == "__main__":
    main()

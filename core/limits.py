"""The limits: every number that says how much may be asked for, by one visitor and of one server. One place for all.

`ATLAS_LIMITS=local` (one's own machine) allows more than `hosted` (a class, the public), the default. Each number can
be set by itself: `ATLAS_` and its name in capitals (`ATLAS_ELEMENTS=2000000`). `python -m core.limits` writes the table
of all of them, which stands in the README.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path

PROFILE_VARIABLE = "ATLAS_LIMITS"
PREFIX = "ATLAS_"
SCARCE = 10  # where memory is short a tensor may have the tenth part


@dataclass(frozen=True)
class Limits:
    """How much one request may ask for. Sizes in bytes, times in seconds."""

    # The tensor language.
    text: int = 2_000  # characters of a text
    depth: int = 32  # nested brackets, and levels of the tree
    nodes: int = 500  # parts of an expression's tree
    digits: int = 20  # characters of one number
    axes: int = 8  # axes of one tensor
    elements: int = 1_000_000  # logical elements of one tensor: an expanded view counts in full
    total_elements: int = 4_000_000  # elements over all the parts of an expression
    einsum_operands: int = 4  # operands of one einsum
    einsum_product: int = 10_000_000  # product of the sizes of all labels of an einsum
    products: int = 100_000_000  # multiplications of one matrix product or factorisation
    # A worker.
    wall_seconds: float = 2.0  # seconds that one answer may take
    cpu_seconds: int = 3  # seconds of processor time that one answer may take
    memory_bytes: int = 3 << 30  # bytes of address space of one worker, beside the code of its libraries
    threads: int = 1  # threads of torch in one worker
    # Files.
    file_bytes: int = 13_000_000  # bytes of a file; a full shelf and a full deck are one, too
    image_pixels: int = 4_000_000  # pixels of a picture, before decoding
    clip_frames: int = 64  # frames of a clip
    clip_samples: int = 200_000  # frames and sounds that the index of a clip announces
    clip_boxes: int = 10_000  # parts of an MP4
    archive_members: int = 32  # files in one archive
    archive_bytes: int = 64_000_000  # bytes of an archive, unpacked
    archive_ratio: int = 100  # bytes unpacked against packed
    archive_small_bytes: int = 1_000_000  # bytes unpacked; below this the ratio is not asked
    npy_header_bytes: int = 10_000  # bytes of the text before an array
    safetensors_header_bytes: int = 1_000_000  # bytes of the table of contents
    safetensors_tensors: int = 64  # tensors in one file
    metadata_entries: int = 256  # notes in one file
    pickle_bytes: int = 1_000_000  # bytes of the list of contents in a checkpoint
    pickle_steps: int = 200_000  # instructions of that list
    entries: int = 50_000  # entries of a checkpoint's dictionaries and lists, tensors or not
    csv_bytes: int = 1_000_000  # bytes of one table
    csv_columns: int = 1_000  # columns of one table
    code_elements: int = 10_000  # elements of a tensor written out as code
    latex_elements: int = 400  # elements of a tensor written out as LaTeX
    # Exports: pictures that a browser drew, packed or encoded in a worker.
    export_bytes: int = 40_000_000  # bytes of the pictures that come, and of the file that goes
    export_seconds: float = 40.0  # seconds of a worker for one export
    picture_pixels: int = 34_000_000  # pixels of one still: four times 1920 x 1080
    film_frames: int = 600  # frames of one film
    film_pixels: int = 1920 * 1080  # pixels of one frame of a film
    film_total_pixels: int = 320_000_000  # pixels over all frames of a film
    film_seconds: float = 300.0  # seconds that a film lasts
    # A visitor's shelf of tensors: what it holds must fit into one file, or a saved one could not be opened again.
    workspace_tensors: int = 64  # tensors on one shelf
    workspace_elements: int = 4_000_000  # elements of all of them
    workspace_bytes: int = 9_000_000  # bytes of all of them
    # The slides of a visitor, which are in that file, too.
    slides: int = 40  # slides in one deck
    slides_bytes: int = 3_000_000  # bytes of their figures, compressed
    film_bytes: int = 16_000_000  # bytes of one slide's figure, unpacked
    # One visitor over time. What was answered before, for anybody, costs nothing.
    compute_seconds: float = 40.0  # one visitor: seconds of workers' processor time, a minute
    questions: float = 20.0  # one visitor: new questions a second; more have to wait
    trainings: int = 1  # one visitor: trainings at once
    exports: int = 2  # one visitor: exports at once; more wait
    upload_bytes: int = 100_000_000  # one visitor: bytes of uploads, a minute
    visitor_workers: int = 2  # one visitor: workers at once; more questions wait
    # A server: one process with its workers.
    workers: int = 0  # processes that compute; 0: one a core, at least four
    queue: int = 1_000  # questions that wait for a worker
    heavy_queue: int = 40  # questions that wait, beyond which no training, export or upload is begun
    queue_seconds: float = 30.0  # seconds that a page waits for a worker; it says how many are before it
    memory_ceiling: int = 0  # bytes in use, above which nothing large is begun; 0: 80 % of the machine
    exports_at_once: int = 2  # exports at once, of all visitors; one worker is left to the pages
    export_held_bytes: int = 160_000_000  # bytes of pictures that wait for export; half of it for one visitor
    stop_seconds: float = 20.0  # seconds that running work is given when the server is stopped


HOSTED = Limits()
LOCAL = replace(
    HOSTED,
    elements=100_000_000,
    total_elements=400_000_000,
    einsum_product=1_000_000_000,
    products=10_000_000_000,
    wall_seconds=20.0,
    cpu_seconds=60,
    memory_bytes=8 << 30,
    threads=2,
    file_bytes=1_000_000_000,
    image_pixels=33_000_000,
    archive_bytes=1_000_000_000,
    csv_bytes=10_000_000,
    compute_seconds=1_200.0,
    questions=200.0,
    trainings=4,
    exports=4,
    upload_bytes=4_000_000_000,
    visitor_workers=64,
    heavy_queue=400,
    queue_seconds=60.0,
    exports_at_once=4,
)
PROFILES = {"hosted": HOSTED, "local": LOCAL}


_lowered: ContextVar[Limits | None] = ContextVar("lowered", default=None)


class SettingError(ValueError):
    """A setting that is none; the message is a sentence for the host."""


def current() -> Limits:
    """The limits that the environment asks for; an unknown profile gets the strict one. Raises SettingError."""
    return _lowered.get() or _chosen(os.environ.get(PROFILE_VARIABLE, "hosted").strip().lower())


@cache
def _chosen(profile: str) -> Limits:
    return read(os.environ, PROFILES.get(profile, HOSTED))


def read(environment: Mapping[str, str], profile: Limits) -> Limits:
    """`profile` with what `environment` changes in it. Raises SettingError, with everything that is wrong."""
    changes, wrong = {}, []
    for item in fields(Limits):
        if (text := environment.get(variable(item.name), "").strip()) == "":
            continue
        try:
            changes[item.name] = _number(text, variable(item.name), getattr(HOSTED, item.name))
        except SettingError as error:
            wrong.append(str(error))
    if wrong:
        raise SettingError(" ".join(wrong))
    return replace(profile, **changes) if changes else profile


def variable(name: str) -> str:
    """What the environment calls the limit `name`."""
    return PREFIX + name.upper()


def _number(text: str, name: str, usual: float) -> float:
    """The number that a variable holds: whole where the limit is, and 0 only where that means something."""
    whole = isinstance(usual, int)
    kind = "a whole number" if whole else "a number"
    wanted = f"{kind} of 0 or more" if usual == 0 else f"{kind} above 0"
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        raise SettingError(f"{name}={text!r} is not {kind}; write {wanted}, for example {usual}.") from None
    if not math.isfinite(value) or value < 0 or (value == 0 and usual != 0):
        raise SettingError(f"{name}={text!r} is out of range; write {wanted}, for example {usual}.")
    return value


@contextlib.contextmanager
def scarce() -> Iterator[None]:
    """While memory is short: smaller tensors only, in this context."""
    now = current()
    smaller = {
        name: max(1, getattr(now, name) // SCARCE) for name in ("elements", "total_elements", "products")
    }
    token = _lowered.set(replace(now, **smaller))
    try:
        yield
    finally:
        _lowered.reset(token)


def table() -> str:
    """The limits as a table of Markdown. What each of them limits is said once: beside it, above."""
    source = Path(__file__).read_text(encoding="utf-8")
    said = dict(re.findall(r"^    (\w+): (?:int|float) = [^#\n]*?(?:  # (.*))?$", source, flags=re.MULTILINE))
    rows = ["| variable | limits | hosted | local |", "|---|---|---|---|"]
    for item in fields(Limits):
        numbers = (f"{getattr(profile, item.name):,}" for profile in (HOSTED, LOCAL))
        rows.append(f"| `{variable(item.name)}` | {said[item.name]} | {' | '.join(numbers)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())

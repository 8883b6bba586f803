"""The limits: every number that says how much one visitor may ask for, as settings with safe defaults.

`ATLAS_LIMITS=local` (one's own machine) allows more than `hosted` (a class, the public), the default.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

PROFILE_VARIABLE = "ATLAS_LIMITS"


@dataclass(frozen=True)
class Limits:
    """How much one request may ask for. Sizes in bytes, times in seconds."""

    # The tensor language.
    text: int = 2_000  # characters
    depth: int = 32  # nested brackets, and levels of the tree
    nodes: int = 500  # parts of the tree
    digits: int = 20  # characters of one number
    axes: int = 8
    elements: int = 1_000_000  # logical elements of one tensor: an expanded view counts in full
    total_elements: int = 4_000_000  # over all the parts of an expression
    einsum_operands: int = 4
    einsum_product: int = 10_000_000  # of the sizes of all its labels
    products: int = 100_000_000  # multiplications of one matrix product or factorisation
    # A worker.
    wall_seconds: float = 2.0
    cpu_seconds: int = 3
    memory_bytes: int = 3 << 30  # address space
    threads: int = 1
    reply_bytes: int = 64 << 20
    # Files.
    file_bytes: int = 13_000_000  # of a workspace file, too: a full shelf with a full deck of slides
    image_pixels: int = 4_000_000  # before decoding
    clip_frames: int = 64
    clip_samples: int = 200_000  # frames and sounds that the index of a clip announces
    clip_boxes: int = 10_000  # parts of an MP4
    archive_members: int = 32
    archive_bytes: int = 64_000_000  # unpacked
    archive_ratio: int = 100  # unpacked against packed
    archive_small_bytes: int = 1_000_000  # unpacked; below this the ratio is not asked
    npy_header_bytes: int = 10_000
    safetensors_header_bytes: int = 1_000_000
    safetensors_tensors: int = 64
    metadata_entries: int = 256
    pickle_bytes: int = 1_000_000  # the list of contents in a checkpoint
    pickle_steps: int = 200_000  # instructions of that list
    entries: int = 50_000  # of a checkpoint's dictionaries and lists, tensors or not
    csv_bytes: int = 1_000_000
    csv_columns: int = 1_000
    code_elements: int = 10_000  # of a tensor written out as code
    latex_elements: int = 400
    # Exports: pictures that a browser drew, packed or encoded in a worker.
    export_bytes: int = 40_000_000  # of the pictures that come, and of the file that goes
    export_seconds: float = 40.0  # of a worker
    picture_pixels: int = 34_000_000  # of one still: four times 1920 x 1080
    film_frames: int = 600
    film_pixels: int = 1920 * 1080  # of one frame
    film_total_pixels: int = 320_000_000  # over all frames
    film_seconds: float = 300.0
    # A visitor's shelf of tensors: what it holds must fit into one file, or a saved one could not be opened again.
    workspace_tensors: int = 64
    workspace_elements: int = 4_000_000
    workspace_bytes: int = 9_000_000
    # The slides of a visitor, which are in that file, too.
    slides: int = 40
    slides_bytes: int = 3_000_000  # of their figures, compressed
    film_bytes: int = 16_000_000  # of one slide's figure, unpacked


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
)
PROFILES = {"hosted": HOSTED, "local": LOCAL}


def current() -> Limits:
    """The profile that the environment asks for; an unknown name gets the strict one."""
    return PROFILES.get(os.environ.get(PROFILE_VARIABLE, "hosted").strip().lower(), HOSTED)

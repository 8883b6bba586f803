"""Where tensors live: cuda, mps or cpu. Chosen once, by ATLAS_DEVICE=auto|cpu|cuda|mps and what the machine has.

`detect` asks torch, so it runs in a process that has torch, and in a fresh one: a CUDA context does not survive a fork.
The server's own process only ever reads `asked()`; a task in a worker reads `current()`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

VARIABLE = "ATLAS_DEVICE"
CHOICES = ("auto", "cpu", "cuda", "mps")

# Codes for `Device.note`; the page turns them into sentences.
LOOKING = "looking"  # an accelerator may be there, its process is still starting
UNKNOWN = "unknown"  # ATLAS_DEVICE names no device; auto was used
MISSING = "missing"  # the device asked for is not there; the CPU answers
FAILED = "failed"  # the accelerator's process ended; the CPU answers until it is back

_LINUX_NODES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")  # NVIDIA, NVIDIA under WSL, AMD


@dataclass(frozen=True)
class Device:
    """What the badge on the page says."""

    kind: str = "cpu"
    name: str = ""
    asked: str = "auto"
    note: str = ""

    def as_dict(self) -> dict[str, str]:
        """Plain data, for the wire and the page."""
        return asdict(self)


def asked(environment: dict[str, str] | None = None) -> str:
    """What ATLAS_DEVICE says, as it is written; "auto" where it says nothing."""
    environment = os.environ if environment is None else environment
    return environment.get(VARIABLE, "").strip().lower() or "auto"


def worth_looking(choice: str) -> bool:
    """Whether a process should be started to look for an accelerator. Costs nothing and loads nothing."""
    if choice == "cpu":
        return False
    if choice in ("cuda", "mps"):
        return True
    if sys.platform.startswith("linux"):
        return any(Path(node).exists() for node in _LINUX_NODES)
    return True


def unlooked_note(choice: str) -> str:
    """The note where no process needs to look."""
    return "" if choice in CHOICES else UNKNOWN


def detect(choice: str) -> Device:
    """The device that torch offers for `choice`. For a fresh process only: it may initialise CUDA."""
    import torch

    if choice not in CHOICES:
        return _note(detect("auto"), choice, UNKNOWN)
    if choice in ("auto", "cuda") and torch.cuda.is_available():
        return Device("cuda", torch.cuda.get_device_name(0), choice)
    if choice in ("auto", "mps") and torch.backends.mps.is_available():
        return Device("mps", "Apple GPU", choice)
    return Device(asked=choice, note="" if choice in ("auto", "cpu") else MISSING)


def _note(device: Device, choice: str, note: str) -> Device:
    return Device(device.kind, device.name, choice, note)


# The device of this process: "cpu" everywhere but in the accelerator's worker, which says `use` once at its start.
_current: dict[str, Any] = {"kind": "cpu"}


def use(kind: str) -> None:
    """Compute on `kind` in this process from here on, with all the digits of float32.

    cuDNN's convolutions round what they multiply to 10 bits of mantissa (TF32) unless they are told not to.
    """
    import torch

    _current["kind"] = kind
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


def current() -> torch.device:
    """The device on which a task in this worker makes its tensors."""
    import torch

    return torch.device(_current["kind"])


def places() -> tuple[torch.device, ...]:
    """Where a task in this worker is tried, one after the other, until one computes it.

    An accelerator has not all of torch: CUDA refuses a product of whole numbers. The CPU's refusal is what is told.
    """
    import torch

    return tuple(dict.fromkeys((current(), torch.device("cpu"))))

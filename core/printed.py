"""A tensor as torch prints it, bounded."""

from __future__ import annotations

from typing import Any

import torch

MOST_PRINTED_AXES = 3


def printed(tensor: torch.Tensor) -> str:
    """As torch prints it: the middle is left out above a thousand elements. Of many axes it shows the ends alone.

    Three at each end of six axes would be 46,656 numbers.
    """
    if tensor.numel() <= 1000 or tensor.ndim <= MOST_PRINTED_AXES:
        return repr(tensor)
    torch.set_printoptions(edgeitems=1)
    try:
        return repr(tensor)
    finally:
        torch.set_printoptions(profile="default")


def described(tensor: torch.Tensor) -> dict[str, Any]:
    """A result as torch prints it, with shape, dtype and device."""
    return {
        "text": printed(tensor.cpu()),
        "shape": list(tensor.shape),
        "dtype": str(tensor.dtype).removeprefix("torch."),
        "device": str(tensor.device),
    }

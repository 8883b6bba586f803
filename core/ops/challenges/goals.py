"""What the goals of the challenges are made of. All take any tensor and never raise."""

from __future__ import annotations

from collections.abc import Sequence

from core import lazy

torch = lazy.load("torch")

NEAR = 0.02  # a drag ends so near to a number
MOST = 400  # numbers of a tensor that a challenge looks at
NONE = 1e-6  # less is nothing


def exact(tensor: torch.Tensor) -> torch.Tensor:
    """The same numbers as float64, whatever their dtype."""
    return tensor.detach().to(torch.float64)


def small(*tensors: torch.Tensor | None) -> bool:
    """Whether all are there, with a few real, finite numbers each."""
    return all(
        tensor is not None and 0 < tensor.numel() <= MOST and bool(torch.isfinite(exact(tensor)).all())
        for tensor in tensors
    )


def vectors(*tensors: torch.Tensor | None) -> bool:
    """Whether all are small, with one axis of the same length, and none is zero."""
    return (
        small(*tensors)
        and len({tuple(tensor.shape) for tensor in tensors}) == 1
        and all(tensor.ndim == 1 and length(tensor) > NONE for tensor in tensors)
    )


def square(size: int, *tensors: torch.Tensor | None) -> bool:
    """Whether all are matrices (size, size)."""
    return small(*tensors) and all(tuple(tensor.shape) == (size, size) for tensor in tensors)


def near(tensor: torch.Tensor, wanted: torch.Tensor | Sequence | float, within: float = NEAR) -> bool:
    """Whether both have one shape and differ nowhere by more than `within`."""
    other = exact(torch.as_tensor(wanted)).to(tensor.device)
    return tensor.shape == other.shape and torch.allclose(exact(tensor), other, rtol=0, atol=within)


def length(tensor: torch.Tensor) -> float:
    """The L2 norm of all numbers."""
    return float(torch.linalg.vector_norm(exact(tensor)))


def cosine(x: torch.Tensor, y: torch.Tensor) -> float:
    """Of the angle between two vectors that are not zero."""
    return float(exact(x) @ exact(y)) / (length(x) * length(y))


def no_zero(tensor: torch.Tensor) -> bool:
    """Whether no number is 0."""
    return bool((tensor != 0).all())


def multiple_of_identity(tensor: torch.Tensor) -> bool:
    """Whether a square matrix only stretches, by the same in all directions."""
    stretched = tensor[0, 0] * torch.eye(len(tensor), dtype=tensor.dtype, device=tensor.device)
    return near(tensor, stretched)

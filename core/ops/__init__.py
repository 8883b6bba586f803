"""The written catalogue: every concept in reading order. The order is the course."""

from __future__ import annotations

from core.operation import Operation
from core.ops.batched_matmul import BATCHED_MATMUL
from core.ops.broadcasting import BROADCASTING
from core.ops.describing_the_world import DESCRIBING_THE_WORLD
from core.ops.dot_product import DOT_PRODUCT
from core.ops.hadamard import HADAMARD
from core.ops.matrix import MATRIX
from core.ops.matrix_matrix import MATRIX_MATRIX
from core.ops.matrix_vector import MATRIX_VECTOR
from core.ops.norms import NORMS
from core.ops.reduction import REDUCTION
from core.ops.scalar import SCALAR
from core.ops.tensor import TENSOR
from core.ops.vector import VECTOR
from core.words import N_

CHAPTER_TITLES = {
    "meaning": N_("Meaning"),
    "objects": N_("Objects"),
    "operations": N_("Operations"),
}

CHAPTERS: tuple[Operation, ...] = (
    DESCRIBING_THE_WORLD,
    SCALAR,
    VECTOR,
    MATRIX,
    TENSOR,
    HADAMARD,
    REDUCTION,
    DOT_PRODUCT,
    MATRIX_VECTOR,
    MATRIX_MATRIX,
    BATCHED_MATMUL,
    BROADCASTING,
    NORMS,
)


def find(key: str) -> Operation:
    """The concept that answers at /<key>; raises KeyError where there is none."""
    return {operation.key: operation for operation in CHAPTERS}[key]

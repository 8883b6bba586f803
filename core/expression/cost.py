"""What one call costs: additions and multiplications, and the bytes that it reads and writes.

The rule of counting, as papers and profilers have it:
- a product of matrices, a convolution, an einsum: 2 for each pair of numbers that is multiplied and added up, so
  (m, k) @ (k, n) takes 2·m·k·n; the bias and the scaling beside it are not counted;
- inverses, decompositions and the like: 2 for each of rows · columns · the smaller of both, their leading order;
- element by element: 1 for each number of the result, broadcast numbers included, whatever the function;
- a reduction, a cumulative sum, a sort: 1 for each number that goes in;
- softmax and its kin: 5 for each number: maximum, difference, exponential, sum, quotient;
- views, creations, copies, casts and indices: 0.
Bytes: every tensor that goes in and the result, once each, as if nothing stayed in a cache; a view moves none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from core.expression.arguments import Given, Several
from core.expression.entry import Entry
from core.expression.table import GROUPS

SOFT = 5
SOFTMAX_LIKE = {
    "torch.softmax",
    "torch.log_softmax",
    "torch.logsumexp",
    "torch.nn.functional.layer_norm",
    "torch.nn.functional.normalize",
    "torch.nn.functional.cosine_similarity",
    "torch.nn.functional.cross_entropy",
}
_ONE_EACH = ("elementwise", "operators")
_GROUP_OF = {entry.path: group for group, entries in GROUPS.items() for entry in entries}


@dataclass(frozen=True)
class Cost:
    """`operations`: additions and multiplications; `read`, `written`: bytes; `view`: the result shares its memory."""

    operations: int = 0
    read: int = 0
    written: int = 0
    view: bool = False


FREE = Cost()


def cost(entry: Entry | None, given: Given | None, inputs: Sequence[Any], result: Any) -> Cost:
    """The cost of one call, its arguments `given`, from the tensors `inputs` to `result`; by the rule above."""
    tensors = [one for value in inputs for one in _tensors(value)]
    results = _tensors(result)
    view = bool(results) and all(_shares(one, tensors) for one in results)
    operations = _operations(entry, given, tensors, results) if entry and given else 0
    if view:
        return Cost(operations, 0, 0, True)
    return Cost(operations, sum(map(_bytes, tensors)), sum(map(_bytes, results)))


def _operations(
    entry: Entry, given: Given, inputs: Sequence[torch.Tensor], results: Sequence[torch.Tensor]
) -> int:
    group = _GROUP_OF.get(entry.path, "operators")
    taken, made = sum(one.numel() for one in inputs), sum(one.numel() for one in results)
    if entry.path in SOFTMAX_LIKE:
        return SOFT * taken
    if entry.work and (group != "reductions"):
        return 2 * entry.work(given)
    if entry.path == "torch.clone" or entry.path == "torch.detach":
        return 0
    if group in _ONE_EACH or group == "products":  # outer, kron: every number of the result is one product
        return made
    return taken if group == "reductions" else 0


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, Several):
        return list(value.tensors)
    if isinstance(value, list | tuple):
        return [one for entry in value for one in _tensors(entry)]
    return [value] if isinstance(value, torch.Tensor) else []


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _shares(result: torch.Tensor, inputs: Sequence[torch.Tensor]) -> bool:
    """Whether a real result lies in the memory of one of the tensors it was made of."""
    if result.is_meta or not result.untyped_storage().nbytes():
        return False
    place = result.untyped_storage().data_ptr()
    return any(place == one.untyped_storage().data_ptr() for one in inputs if not one.is_meta)

"""Which concept explains a node: its run on the node's operands is the node's own value."""

from __future__ import annotations

import json

import pytest
import torch

from core.expression.trace import Piece, Trace, trace
from core.operation import taken
from core.ops import find
from core.workbench import told
from core.workbench.concept_of import concept_of, film_of, parameters_of

M = "[[1.0, -2, 3], [4, 5, -6]]"  # (2, 3)
N = "[[2, 0.5], [1, 3], [-1, 4]]"  # (3, 2)
B = "torch.arange(24).reshape(2, 3, 4)"
C = "torch.arange(40).reshape(2, 4, 5)"
NAMES = {"x": torch.tensor([1.0, -2.0, 3.0]), "y": torch.tensor([4.0, 0.5, 2.0]), "s": torch.tensor(2.5)}

CASES = [
    ("x @ y", "dot-product"), ("torch.dot(x, y)", "dot-product"), ("x.inner(y)", "dot-product"),
    (f"{M} @ x", "matrix-vector"), (f"torch.mv(torch.tensor({M}), x)", "matrix-vector"),
    (f"{M} @ {N}", "matrix-matrix"), (f"torch.mm(torch.tensor({M}), {N})", "matrix-matrix"),
    (f"torch.matmul({B}, {C})", "batched-matmul"), (f"torch.bmm({B}, {C})", "batched-matmul"),
    (f"x @ {N}", "batched-matmul"), (f"{B} @ torch.arange(4)", "batched-matmul"),
    ("x * y", "hadamard"), ("torch.mul(x, y)", "hadamard"), (f"{B} * {B}", "hadamard"),
    ("x + y", "broadcasting"), ("x - y", "broadcasting"), ("x / y", "broadcasting"), (f"{M} * x", "broadcasting"),
    ("x / 4", "broadcasting"), ("3 - x", "broadcasting"), ("torch.add(x, 2)", "broadcasting"),
    (f"{B} + {M}[:, :, None]", "broadcasting"), ("torch.div(x, y)", "broadcasting"),
    ("s + 3", "scalar"), ("s * s", "scalar"), ("2 - s", "scalar"), ("s / 4", "scalar"), ("s ** 3", "scalar"),
    ("sqrt(s)", "scalar"), ("s.square()", "scalar"), ("torch.reciprocal(s)", "scalar"), ("-s", "scalar"),
    (f"sum({M})", "reduction"), (f"torch.tensor({M}).sum(1)", "reduction"),
    (f"sum({M}, dim=-1, keepdim=True)", "reduction"),
    (f"{B}.sum((0, 1, 2), keepdim=True)", "reduction"),
    (f"torch.mean({N}, 0)", "reduction"), (f"amax({B}, 1)", "reduction"),
    (f"torch.amin({B}, -2, keepdim=True)", "reduction"), ("x.max()", "reduction"), ("x.min()", "reduction"),
    (f"prod({M}, 1)", "reduction"), (f"cumsum({M}, 1)", "reduction"), ("x.sum(0)", "reduction"),
    ("norm(x)", "norms"), ("torch.linalg.vector_norm(x, 1)", "norms"), (f"torch.linalg.norm({N})", "norms"),
    ("torch.linalg.norm(x, inf)", "norms"), (f"norm({N}, 3)", "norms"),
    (f"torch.tensor({M}).T", "matrix"), (f"torch.tensor({M}).mT", "matrix"), (f"torch.transpose({N}, 0, 1)", "matrix"),
    (f"{B}.mT", "tensor"), (f"{B}.transpose(0, -1)", "tensor"), (f"{B}.reshape(4, -1)", "tensor"),
    (f"{B}.view(6, 4)", "tensor"), (f"{B}.flatten(1)", "tensor"), (f"{B}.permute(2, 0, 1)", "tensor"),
    (f"{B}.movedim(0, 2)", "tensor"), (f"{B}.unsqueeze(-1)", "tensor"), (f"{B}[:, :1].squeeze(1)", "tensor"),
    (f"{B}[:1].squeeze()", "tensor"), (f"{B}[1, :, ::2]", "tensor"), (f"{B}[..., -1]", "tensor"),
    ("x[:, None]", "tensor"), (f"{B}[:, [0, 2]]", "tensor"),
]  # fmt: skip

NONE = [
    "x.softmax(0)", "torch.exp(x)", "cat([x, y])", "x.std()", f"{B}.sum((0, 1))", f"{N}.norm(dim=1)",
    f"torch.linalg.norm({N}, 2)", "[True, False] + [True, True]", "x.half() * y.half()", "where(x > 0, x, y)", "x ** 2",
    "torch.linalg.vector_norm(x, 7)", "norm(x, keepdim=True)", "torch.div(x, y, rounding_mode='floor')",
    "torch.arange(96).reshape(2, 2, 2, 3, 4) * torch.ones(2, 2, 2, 3, 4)", "torch.ones(2, 2, 2, 2, 2).sum(0)", "7",
]  # fmt: skip


def last(text: str) -> tuple[Trace, Piece]:
    found = trace(text, names=NAMES)
    assert found.error is None, found.error.sentence
    return found, found.pieces[found.result]


@pytest.mark.parametrize(("text", "key"), CASES)
def test_the_concept_computes_the_nodes_value(text: str, key: str) -> None:
    """Its run on the operands, as its page would call it, gives the same numbers in the same shape."""
    found, piece = last(text)
    explained = concept_of(found, piece)
    assert explained is not None and explained.key == key
    operation = find(key)
    values = parameters_of(operation, explained.parameters)
    result = operation.run(**explained.tensors, **operation.run_parameters(values))
    assert result.shape == piece.value.shape
    assert torch.allclose(result.double(), piece.value.double(), rtol=1e-5, atol=1e-6, equal_nan=True)
    assert set(explained.inputs) == set(explained.tensors) <= {item.name for item in operation.inputs}


@pytest.mark.parametrize("text", NONE)
def test_no_concept(text: str) -> None:
    """What no concept does, or could not draw, is explained by none: better nothing than something else."""
    assert concept_of(*last(text)) is None and film_of(*last(text)) is None


@pytest.mark.parametrize(("text", "key"), CASES[::4])
def test_the_film_is_the_concepts_own(text: str, key: str) -> None:
    """Its steps run on the node's operands."""
    steps, operation = film_of(*last(text))
    assert operation is find(key) and len(steps) > 1


def test_texts_of_a_link() -> None:
    """Small operands are written out; a large one is not."""
    explained = concept_of(*last("torch.tensor([[1., 2], [3, 4.5]]) @ [1.0, -1]"))
    assert explained.inputs == {"A": "[[1, 2], [3, 4.5]]", "x": "[1, -1]"}
    assert concept_of(*last("randn(30, 40) @ randn(40, 2)")).inputs["A"] == ""


def test_parameters_are_those_of_the_page() -> None:
    """Named as the page's own, and readable there."""
    explained = concept_of(*last(f"{B}.transpose(0, -1)"))
    assert explained.parameters == {"deed": "transpose", "pair": "0, 2"}
    values = parameters_of(find("tensor"), explained.parameters)
    assert taken(find("tensor").explain, values)["view"] == "cells"


def test_cards_are_plain_data() -> None:
    """What the page gets goes through JSON; each card says what its node cost."""
    found, _piece = last("y @ x + s\ntorch.tensor([[1.0, 2, 3], [4, 5, 6]]) @ x")
    cards = told.cards(found)
    assert json.loads(json.dumps(cards)) == cards
    assert [card["concept"] for card in cards if card["concept"]] == [
        "dot-product",
        "scalar",
        "matrix-vector",
    ]
    product = cards[-1]
    assert (product["label"], product["shape"], product["operations"]) == ("@", [2], 12)


def test_totals() -> None:
    """Sums over all nodes, and the largest tensor that is neither given nor the result."""
    found, _piece = last("A = ones(20, 3)\n(A @ A.mT).sum()")
    totals = told.totals(found)
    assert totals["operations"] == sum(one.operations for one in found.pieces) > 2 * 20 * 3 * 20
    assert totals["largest"]["elements"] == 400
    assert totals["bytes"] == sum(one.read + one.written for one in found.pieces)
    assert told.totals(last("7")[0])["largest"] is None

"""The Hadamard product: cell by cell, told by pairs, and honest about what torch stretches."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
import torch

from core import answers
from core.ops import data, hadamard, mask, not_the_product, recommender
from core.shapes import ShapeError


def test_every_pair_is_told_once() -> None:
    told = list(hadamard.steps(torch.tensor([[1.0, 2], [3, 4]]), torch.tensor([[5.0, 6], [7, 8]])))
    assert [step.formula for step in told[1:]] == [
        "C[0, 0] = 1·5 = 5", "C[0, 1] = 2·6 = 12", "C[1, 0] = 3·7 = 21", "C[1, 1] = 4·8 = 32",
    ]  # fmt: skip
    assert [sum(flight.landed for flight in step.panels[0].flights) for step in told] == [0, 2, 4, 6, 8]


def test_unequal_shapes_are_said_to_be_stretched() -> None:
    assert "broadcasting" in hadamard.explain((2, 3), (3,))
    (first, *_rest) = hadamard.steps(torch.ones(2, 3), torch.ones(3))
    ghosts = {block.name: block.ghost for block in first.panels[0].blocks}
    assert ghosts == {"A": (), "B": ((1, 0), (1, 1), (1, 2)), "C": ()}
    with pytest.raises(ShapeError):
        hadamard.explain((2, 3), (2,))


@pytest.mark.parametrize(
    ("A", "B"),
    [
        ("torch.ones(1000, 1000)", "torch.ones(1000, 1000)"), ("torch.zeros(0, 3)", "torch.zeros(0, 3)"),
        ("[[nan, inf]]", "[[0, -inf]]"), ("5", "[1, 2]"), ("true", "false"), ("torch.ones(2, 2, 3, 4)", "[1, 2, 3, 4]"),
        ("torch.ones(9, 9, 9, 9)", "torch.ones(9, 9, 9, 9)"), ("torch.ones(1, 1, 1, 1, 1)", "1"),
    ],
)  # fmt: skip
def test_everything_is_answered_and_small(A, B) -> None:
    found, blobs = answers.operation({"key": "hadamard", "inputs": {"A": A, "B": B}})
    assert found.get("problem") or json.loads(blobs["film"])
    assert len(gzip.compress(blobs.get("film", b""))) < 50_000


def test_the_mask_is_numpys_product() -> None:
    image = data.photograph("flower", 40)
    weights = mask.round_mask(*image.shape[1:], 0.5, "soft")
    np.testing.assert_array_equal(mask.run(image, weights).numpy(), image.numpy() * weights.numpy()[None])
    assert 0 < float(weights.mean()) < 1 and float(weights.max()) == 1 and float(weights.min()) == 0


def test_the_factors_explain_the_ratings_they_saw() -> None:
    found = recommender.factors()
    guess = found.mean + found.users.numpy() @ found.items.numpy().T
    off = (guess - found.ratings.numpy())[found.known.numpy()]
    plain = (found.ratings - found.mean)[found.known].square().mean().sqrt()
    assert np.sqrt((off**2).mean()) < 0.5 * float(plain)
    held = (guess - found.ratings.numpy())[~found.known.numpy()]
    assert found.error == pytest.approx(np.sqrt((held**2).mean()), rel=1e-4)
    assert found.error < float((found.ratings - found.mean)[~found.known].square().mean().sqrt())


def test_gradient_descent_comes_as_close_as_alternating_least_squares() -> None:
    """An independent way to the same goal: each side solved exactly in turn, with the same penalty."""
    found = recommender.factors()
    target, known = (found.ratings - found.mean).double().numpy(), found.known.numpy()
    penalty = recommender.DECAY * np.eye(recommender.FACTORS)
    users, items = found.users.double().numpy().copy(), found.items.double().numpy().copy()

    def solved(other: np.ndarray, values: np.ndarray, here: np.ndarray) -> np.ndarray:
        return np.linalg.solve(other[here].T @ other[here] + penalty, other[here].T @ values[here])

    def loss(one: np.ndarray, other: np.ndarray) -> float:
        off = (one @ other.T - target)[known]
        return float((off**2).sum() + recommender.DECAY * ((one**2).sum() + (other**2).sum()))

    before = loss(users, items)
    for _round in range(30):
        users = np.stack([solved(items, target[u], known[u]) for u in range(len(users))])
        items = np.stack([solved(users, target[:, i], known[:, i]) for i in range(len(items))])
    assert before < 1.1 * loss(users, items)


def test_the_trap_runs_both() -> None:
    A, B = torch.tensor(not_the_product.A), torch.tensor(not_the_product.B)
    cells, product = not_the_product.run(A, B)
    np.testing.assert_array_equal(cells.numpy(), A.numpy() * B.numpy())
    np.testing.assert_array_equal(product.numpy(), A.numpy() @ B.numpy())
    assert len(list(not_the_product.steps())) == 4

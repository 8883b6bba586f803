"""The practice of matrix-vector: a layer that was really trained, equal to torch's own linear layer."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits

from core.ops import digits_layer
from core.panels import Bars


def test_the_digits_are_scikit_learns() -> None:
    images, labels = digits_layer.digits()
    bunch = load_digits()
    assert torch.equal(images, torch.tensor(bunch.data, dtype=torch.float32) / 16)
    assert torch.equal(labels, torch.tensor(bunch.target))


def test_the_layer_is_torchs_linear_and_relu() -> None:
    images, _labels = digits_layer.digits()
    net = digits_layer.network()
    for sample in (0, 1502, 1796):
        expected = torch.relu(torch.nn.functional.linear(images[sample], net.W, net.b))
        torch.testing.assert_close(
            digits_layer.run(net.W, images[sample], net.b), expected, rtol=1e-5, atol=1e-5
        )


def test_the_network_has_learnt_and_is_always_the_same() -> None:
    net = digits_layer.network()
    assert net.accuracy > 0.88
    digits_layer.network.cache_clear()
    again = digits_layer.network()
    for first, second in zip(net[:4], again[:4], strict=True):
        assert torch.equal(first, second)


def test_training_leaves_no_trace_in_torch() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    digits_layer.network.cache_clear()
    digits_layer.network()
    assert torch.equal(torch.rand(2), expected)


def test_the_last_step_shows_the_hidden_values_and_the_verdict() -> None:
    images, _labels = digits_layer.digits()
    net = digits_layer.network()
    last = list(digits_layer.steps(sample=12, unit=5))[-1]
    bars = {panel.name: panel for panel in last.panels if isinstance(panel, Bars)}
    hidden = digits_layer.run(net.W, images[12], net.b)
    torch.testing.assert_close(torch.tensor(bars["hidden"].values), hidden, rtol=0, atol=0)
    assert abs(sum(bars["classes"].values) - 1) < 1e-5
    assert bars["hidden"].lit == (5,)

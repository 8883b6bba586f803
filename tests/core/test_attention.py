"""The practices of the two products: a layer that was really trained, equal to torch's own attention."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from core.ops import attention_head, attention_net, multi_head
from core.panels import Bars

SENTENCES = [attention_net.DEFAULT, "Return the keys and values of a dictionary", "a string"]


def heads(text: str) -> tuple[attention_net.Heard, dict[str, torch.Tensor]]:
    return attention_net.heard(text), multi_head.weights()


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("head", [0, 1])
def test_one_head_is_torchs_scaled_dot_product_attention(text, head) -> None:
    heard = attention_net.heard(text)
    shown = attention_head.computed(heard.words, heard.X, head, 0)
    expected = F.scaled_dot_product_attention(shown.Q[None], shown.K[None], shown.V[None])[0]
    torch.testing.assert_close(shown.mixed, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(shown.weights.sum(1), torch.ones(len(heard.words)))


@pytest.mark.parametrize("text", SENTENCES)
def test_all_heads_are_torchs_multi_head_attention(text) -> None:
    heard, W = heads(text)
    found = multi_head.run(heard.X, **W, heads=attention_net.HEADS)
    X = heard.X[:, None]  # (word, batch, width), as torch.nn wants it
    expected, _weights = F.multi_head_attention_forward(
        X, X, X, attention_net.WIDTH, attention_net.HEADS,
        torch.cat([W["W_Q"].T, W["W_K"].T, W["W_V"].T]), None, None, None, False, 0.0, W["W_O"].T, None,
    )  # fmt: skip
    torch.testing.assert_close(found, expected[:, 0], rtol=1e-4, atol=1e-5)


def test_the_pictures_show_what_run_computes() -> None:
    heard, W = heads(attention_net.DEFAULT)
    shown = multi_head.computed(heard.words, heard.X, 1)
    assert torch.equal(shown.out, multi_head.run(heard.X, **W, heads=attention_net.HEADS))
    torch.testing.assert_close(shown.merged @ W["W_O"], shown.out)
    net = attention_net.network()
    one = attention_head.run(heard.X, net.W_Q[1], net.W_K[1], net.W_V[1])
    torch.testing.assert_close(
        shown.mixed[1], one
    )  # the second head of the layer is the head of the other practice


def test_the_layer_reads_as_it_was_trained() -> None:
    """The sentence with its padding, through the code that trained, is the sentence without, through `run`."""
    heard, W = heads(attention_net.DEFAULT)
    net, count = attention_net.network(), len(heard.words)
    padded = torch.zeros(1, attention_net.LONGEST, attention_net.WIDTH)
    padded[0, :count] = heard.X
    real = (torch.arange(attention_net.LONGEST) < count)[None]
    scores = attention_net.read(padded, real, list(net[:5]))
    out = multi_head.run(heard.X, **W, heads=attention_net.HEADS)
    torch.testing.assert_close(out.mean(0) @ net.classes, scores[0], rtol=1e-4, atol=1e-4)


def test_it_has_learnt_and_is_always_the_same() -> None:
    net = attention_net.network()
    largest_class = attention_net.sentences().subject.bincount().max() / len(
        attention_net.sentences().subject
    )
    assert net.accuracy > 0.75 > 2 * float(largest_class)
    attention_net.network.cache_clear()
    again = attention_net.network()
    assert all(torch.equal(one, other) for one, other in zip(net[:5], again[:5], strict=True))


def test_training_leaves_no_trace_in_torch() -> None:
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    attention_net.network.cache_clear()
    attention_net.network()
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.parametrize("text", ["", "zzz qqq", "<b>string</b> &amp; string", "的 字符串", "string " * 40])
def test_any_words_are_read(text) -> None:
    heard = attention_net.heard(text)
    assert 2 <= len(heard.words) <= attention_net.MOST_WORDS
    for steps in (attention_head.steps(text=text, word=6, head=2), multi_head.steps(text=text, word=6)):
        assert list(steps)[-1].sentence


def test_the_bars_are_the_attention_of_the_chosen_word() -> None:
    last = list(attention_head.steps(word=3, head=2))[-1]
    bars = next(panel for panel in last.panels if isinstance(panel, Bars))
    heard = attention_net.heard(attention_net.DEFAULT)
    expected = attention_head.computed(heard.words, heard.X, 1, 2).weights[2]
    torch.testing.assert_close(torch.tensor(bars.values), expected, rtol=0, atol=0)

"""Practice: attention scores. One word's query meets the key of every word in the sentence, and softmax shares out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from core import lazy
from core.numbers import number
from core.operation import Example, Phrase, Slider, Step
from core.ops import text_corpus
from core.ops.nearest_words import quoted
from core.panels import Bars, Layout, Panel, Row
from core.words import N_, _

torch = lazy.load("torch")

SENTENCE = "an exception is raised when the index is out of range"  # of words that Python's help uses often
MOST = 12  # words of a sentence
LAYOUT = Layout(
    (Row(((0, 1.0),), 1.0), Row(((1, 1.0), (2, 1.0)), 2.4)),
    (Row(((1, 1.0),), 1.5), Row(((2, 1.0),), 1.5), Row(((0, 1.0),), 0.5)),
)
DRAWN = 24  # entries of a vector that are drawn


def run(q: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """How much attention the query pays to each key. q (d,), K (word, d) -> weights (word,)."""
    scores = torch.mv(K, q) / K.shape[1] ** 0.5  # one dot product for each word; √d keeps them moderate
    weights = torch.softmax(scores, dim=0)  # positive, and they add up to 1
    return weights


def tokens(sentence: str) -> list[str]:
    """The words of `sentence` that have a vector, at most MOST."""
    vectors = text_corpus.word_vectors()
    words = re.findall(r"[a-z]{2,}", sentence.lower())
    return [word for word in words if vectors.row(word) is not None][:MOST]


def keys(words: list[str]) -> torch.Tensor:
    """K (word, d): each word's vector, scaled so that a key has length 2·d^(1/4) and q·k/√d runs from −4 to 4."""
    vectors = text_corpus.word_vectors()
    rows = torch.stack([vectors.vectors[vectors.row(word)] for word in words])
    return torch.nn.functional.normalize(rows, dim=1) * 2 * rows.shape[1] ** 0.25


def steps(*, sentence: str = SENTENCE, asks: int = 2) -> Iterator[Step]:
    """The query, its dot product with each key, and the weights that softmax makes of them."""
    words = tokens(sentence)
    if len(words) < 2:
        yield from _too_few(words)
        return
    K = keys(words)
    row = min(int(asks), len(words)) - 1
    q, name = K[row], quoted(words[row])
    d = len(q)
    told = _(
        "{word} asks: its vector is the query q. Every word of the sentence offers its own vector as a key."
    )
    yield _step(words, row, q, None, None, told.format(word=name), f"q : ({d},)   K : ({len(words)}, {d})")
    scores = torch.mv(K, q) / d**0.5
    others = [k for k in range(len(words)) if words[k] != words[row]]
    for k in others[:2]:
        told = _("Query times key {word}: a dot product of {count} terms, divided by √{count}, is {score}.")
        known = [float(v) if j == row or j <= k else None for j, v in enumerate(scores)]
        sentence_ = told.format(word=quoted(words[k]), count=d, score=number(float(scores[k])))
        formula = f"q · k / √{d} = {number(float(q @ K[k]))} / {number(d**0.5)} = {number(float(scores[k]))}"
        yield _step(words, row, q, known, None, sentence_, formula)
    told = _("All scores at once are a matrix-vector product: how well each word answers what {word} asks.")
    yield _step(
        words,
        row,
        q,
        scores.tolist(),
        None,
        told.format(word=name),
        f"K @ q / √{d} : ({len(words)}, {d}) @ ({d},) → ({len(words)},)",
    )
    weights = run(q, K)
    best = max(others, key=lambda k: float(weights[k]), default=row)
    told = _(
        "Softmax turns scores into shares that add up to 1. After itself, {word} attends most to {other}: {percent} %."
    )
    words_ = told.format(word=name, other=quoted(words[best]), percent=number(100 * float(weights[best])))
    yield _step(words, row, q, scores.tolist(), weights.tolist(), words_, "softmax(s)ᵢ = e^sᵢ / Σ e^sⱼ")


def _too_few(words: list[str]) -> Iterator[Step]:
    """Fewer than two words have a vector: what that means, and what would work."""
    told = _("Fewer than two words of this sentence have a vector: attention needs something to attend to.")
    rest = torch.zeros(DRAWN)
    yield _step(words or [""], 0, rest, None, None, told, "K : (0, d)")
    hint = _("The texts are Python's help, in English. Try one of these: {words}.").format(words=SENTENCE)
    yield _step(words or [""], 0, rest, None, None, hint, "K : (0, d)")


def _step(
    words: list[str],
    row: int,
    q: torch.Tensor,
    scores: list | None,
    weights: list | None,
    sentence: str,
    formula: str,
) -> Step:
    layout = LAYOUT
    return Step(_panels(words, row, q, scores, weights), sentence, formula, layout)


def _panels(
    words: list[str], row: int, q: torch.Tensor, scores: list | None, weights: list | None
) -> tuple[Panel, ...]:
    labels = tuple(escape(word) for word in words)
    none = [None] * len(words)
    title = _("the query, its first {count} entries").format(count=DRAWN)
    return (
        Bars("q", tuple(q[:DRAWN].tolist()), ("",) * min(DRAWN, len(q)), title),
        Bars("scores", tuple(scores or none), labels, _("score: query · key / √d"), (row,), across=True, largest=4.0,
             texts=tuple("" if v is None else number(v) for v in scores or none)),
        Bars("weights", tuple(weights or none), labels, _("attention after softmax"), (row,), across=True, largest=1.0,
             texts=tuple("" if v is None else f"{number(100 * v)} %" for v in weights or none)),
    )  # fmt: skip


ATTENTION_SCORES = Example(
    key="attention-scores",
    title=N_("Attention scores"),
    summary=N_(
        "In a transformer every word asks and every word answers: query · key says how well they fit. Here the word "
        "vectors of Python's help are queries and keys themselves; a trained head multiplies them by matrices first."
    ),
    run=run,
    steps=steps,
    parameters=(
        Phrase("sentence", N_("A sentence (English)"), SENTENCE),
        Slider("asks", N_("Which word asks"), 1, MOST, 1, 2),
    ),
    source=N_("The help texts of Python's standard library (pydoc_data.topics)."),
)

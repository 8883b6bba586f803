"""A small attention layer that was really trained: it reads a sentence of Python's help texts and says its subject.

Shared by the practices of the matrix product (one head) and of the batched product (all heads). There are no
positions: the layer sees which words meet, not in what order.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from core import lazy
from core.ops import text_corpus
from core.ops.data import help_texts
from core.words import N_, _

torch = lazy.load("torch")

SUBJECTS = {  # subject: the help topics its sentences come from
    N_("text"): ("string-methods", "formatstrings", "strings"),
    N_("debugger"): ("debugger",),
    N_("collections"): ("typesseq", "typesmapping", "typesseq-mutable"),
    N_("running a program"): ("execmodel", "import", "try", "naming"),
}
WIDTH, HEADS, HEAD = 8, 2, 4  # entries of a word vector, heads, entries of a query
SHORTEST, LONGEST = 4, 10  # known words of a sentence that is used for training
ROUNDS, RATE, DECAY, SEED = 25, 0.08, 0.0015, 5
EVERY = 3  # each third sentence is kept for the examination


class Network(NamedTuple):
    """The trained weights, by head where they have one, and the share of unseen sentences it knows."""

    W_Q: torch.Tensor  # (head, WIDTH, HEAD)
    W_K: torch.Tensor  # (head, WIDTH, HEAD)
    W_V: torch.Tensor  # (head, WIDTH, HEAD)
    W_O: torch.Tensor  # (head * HEAD, WIDTH)
    classes: torch.Tensor  # (WIDTH, subject)
    accuracy: float


class Sentences(NamedTuple):
    """Sentences filled up to LONGEST words with zeros."""

    X: torch.Tensor  # (sentence, word, WIDTH)
    real: torch.Tensor  # (sentence, word), bool
    subject: torch.Tensor  # (sentence,)


@cache
def vectors() -> torch.Tensor:
    """The WIDTH strongest directions of the word vectors, every word at length √WIDTH: (word, WIDTH)."""
    found = text_corpus.word_vectors().vectors[:, :WIDTH]
    found = (found - found.mean(0)) / found.std(0)
    return WIDTH**0.5 * torch.nn.functional.normalize(found, dim=1)


def known_words(text: str, most: int = LONGEST) -> list[str]:
    """The words of `text` that have a vector, the first `most` of them."""
    words = text_corpus.PLAIN.findall(text.lower())
    return [word for word in words if text_corpus.word_vectors().row(word) is not None][:most]


def embedded(words: list[str]) -> torch.Tensor:
    """One row a word: (word, WIDTH)."""
    rows = [text_corpus.word_vectors().row(word) for word in words]
    return vectors()[torch.tensor(rows, dtype=torch.int64)]


@cache
def sentences() -> Sentences:
    """The sentences of the chosen help topics that hold enough words with a vector."""
    X, real, subject = [], [], []
    for number, topics in enumerate(SUBJECTS.values()):
        for text in re.split(r"[.:;]\s+", " ".join(help_texts()[topic] for topic in topics)):
            words = known_words(text)
            if len(words) >= SHORTEST:
                row = torch.zeros(LONGEST, WIDTH)
                row[: len(words)] = embedded(words)
                X.append(row)
                real.append(torch.arange(LONGEST) < len(words))
                subject.append(number)
    return Sentences(torch.stack(X), torch.stack(real), torch.tensor(subject))


def read(X: torch.Tensor, real: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    """Scores of the subjects. X (sentence, word, WIDTH), real (sentence, word) -> (sentence, subject)."""
    W_Q, W_K, W_V, W_O, classes = weights
    Q, K, V = (X[:, None] @ W for W in (W_Q, W_K, W_V))  # (sentence, head, word, HEAD)
    scores = Q @ K.mT / HEAD**0.5  # (sentence, head, query, key)
    mixed = scores.masked_fill(~real[:, None, None, :], float("-inf")).softmax(-1) @ V
    merged = mixed.transpose(1, 2).flatten(2) @ W_O  # (sentence, word, WIDTH)
    counted = real[..., None] / real.sum(1)[:, None, None]
    return (merged * counted).sum(1) @ classes


@cache
def network() -> Network:
    """The layer, trained by Adam on two thirds of the sentences; seeded, so always the same."""
    data = sentences()
    held_out = torch.arange(len(data.subject)) % EVERY == 0
    weights = _untrained(torch.Generator().manual_seed(SEED))
    moments = [(torch.zeros_like(weight), torch.zeros_like(weight)) for weight in weights]
    for number in range(1, ROUNDS + 1):
        with torch.enable_grad():
            scores = read(data.X[~held_out], data.real[~held_out], weights)
            loss = torch.nn.functional.cross_entropy(scores, data.subject[~held_out])
            loss = loss + DECAY * sum(weight.square().sum() for weight in weights[:2])  # scores stay moderate
            slopes = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for weight, moment, slope in zip(weights, moments, slopes, strict=True):
                _improve(weight, moment, slope, number)
    weights = [weight.detach() for weight in weights]
    guesses = read(data.X[held_out], data.real[held_out], weights).argmax(1)
    return Network(*weights, float((guesses == data.subject[held_out]).float().mean()))


def _improve(
    weight: torch.Tensor, moment: tuple[torch.Tensor, torch.Tensor], slope: torch.Tensor, number: int
) -> None:
    """One step of Adam (Kingma and Ba, 2014), written out: torch.optim would load torch.compile's machinery."""
    first, second = moment
    first.mul_(0.9).add_(0.1 * slope)
    second.mul_(0.99).add_(0.01 * slope * slope)
    weight.sub_(RATE * (first / (1 - 0.9**number)) / ((second / (1 - 0.99**number)).sqrt() + 1e-8))


def _untrained(seeded: torch.Generator) -> list[torch.Tensor]:
    shapes = ((HEADS, WIDTH, HEAD),) * 3 + ((HEADS * HEAD, WIDTH), (WIDTH, len(SUBJECTS)))
    return [(torch.randn(*shape, generator=seeded) / WIDTH**0.5).requires_grad_() for shape in shapes]


DEFAULT = "Set a breakpoint at the next line"
MOST_WORDS = 6  # of the reader's sentence: what fits into cells


class Heard(NamedTuple):
    """The reader's sentence as the layer takes it."""

    words: list[str]
    X: torch.Tensor  # (word, WIDTH)
    replaced: bool  # nothing in it was known, so the default sentence stands in


@cache
def heard(text: str) -> Heard:
    """The known words of `text`, or those of DEFAULT where it has fewer than two."""
    words = known_words(text, MOST_WORDS)
    replaced = len(words) < 2
    words = known_words(DEFAULT, MOST_WORDS) if replaced else words
    return Heard(words, embedded(words), replaced)


def subject(out: torch.Tensor) -> str:
    """What the layer takes the sentence for. out (word, WIDTH), averaged over the words."""
    scores = out.mean(0) @ network().classes
    return _(list(SUBJECTS)[int(scores.argmax())])

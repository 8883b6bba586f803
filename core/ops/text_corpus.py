"""Python's own help texts as a corpus: words, counts, TF-IDF, and word vectors from the company that words keep."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import NamedTuple

from core import lazy
from core.ops.data import help_texts

np = lazy.load("numpy")
torch = lazy.load("torch")

WORD = re.compile(r"\b\w\w+\b")  # two letters or more, as scikit-learn's TfidfVectorizer takes them
PLAIN = re.compile(r"[a-z]{2,}")  # words with a meaning of their own: no numbers
GRAMMAR = re.compile(
    r"^.*::=.*(?:\n\s+\|.*)*", re.MULTILINE
)  # rules such as `with_stmt ::= "with" ...` are no prose
WINDOW = 8  # words to each side that count as company
LEAST = 6  # occurrences of a word that gets a vector
SIZE = 48  # entries of a word vector


class Corpus(NamedTuple):
    """Documents by title, the words in alphabetical order, and how often each occurs where."""

    titles: tuple[str, ...]
    words: tuple[str, ...]
    counts: torch.Tensor  # (document, word)

    def column(self, word: str) -> int | None:
        """The place of `word`, None where no document has it."""
        return _places()[0].get(word)


class WordVectors(NamedTuple):
    """One vector a word; words that keep the same company lie close together."""

    words: tuple[str, ...]
    vectors: torch.Tensor  # (word, SIZE)

    def row(self, word: str) -> int | None:
        """The place of `word`, None where it has no vector."""
        return _places()[1].get(word)


@cache
def _places() -> tuple[dict[str, int], dict[str, int]]:
    return tuple({word: k for k, word in enumerate(found.words)} for found in (corpus(), word_vectors()))


def words_of(text: str) -> list[str]:
    """The words of `text`, in lower case."""
    return WORD.findall(text.lower())


@cache
def corpus() -> Corpus:
    """All help texts, counted."""
    texts = help_texts()
    counted = [Counter(words_of(text)) for text in texts.values()]
    words = sorted(set().union(*counted))
    place = {word: k for k, word in enumerate(words)}
    counts = np.zeros((len(texts), len(words)), dtype=np.float32)
    for row, counter in zip(counts, counted, strict=True):
        row[[place[word] for word in counter]] = list(counter.values())
    return Corpus(tuple(texts), tuple(words), torch.from_numpy(counts))


@cache
def word_vectors() -> WordVectors:
    """Vectors of the words that occur LEAST times, from how often two stand within WINDOW words of each other.

    Positive pointwise mutual information, then the SIZE strongest directions of its symmetric matrix (Levy and
    Goldberg, 2014). Common words such as "the" keep everyone's company: they say little, and PPMI lets them.
    """
    streams = [PLAIN.findall(GRAMMAR.sub(" ", text).lower()) for text in help_texts().values()]
    often = Counter(word for stream in streams for word in stream)
    words = tuple(sorted(word for word, count in often.items() if count >= LEAST))
    together = _together(streams, words)
    total, single = together.sum(), together.sum(1)
    expected = torch.outer(single, single.pow(0.75) / single.pow(0.75).sum() * total) / total
    ppmi = torch.log(together / expected).clamp(min=0).nan_to_num(0.0)
    ppmi = (ppmi + ppmi.T) / 2
    values, directions = torch.linalg.eigh(ppmi)
    strongest = values.abs().argsort(descending=True)[:SIZE]
    return WordVectors(words, directions[:, strongest] * values[strongest].abs().sqrt())


def _together(streams: list[list[str]], words: tuple[str, ...]) -> torch.Tensor:
    """How often each pair of `words` stands within WINDOW words (word, word)."""
    place = {word: k for k, word in enumerate(words)}
    found = torch.zeros(len(words), len(words))
    for stream in streams:
        known = torch.tensor([place.get(word, -1) for word in stream])
        for gap in range(1, min(WINDOW, len(stream) - 1) + 1):
            left, right = known[:-gap], known[gap:]
            both = (left >= 0) & (right >= 0)
            near = torch.full((int(both.sum()),), 1.0 / gap)  # a near word says more than a far one
            found.index_put_((left[both], right[both]), near, accumulate=True)
    return found + found.T

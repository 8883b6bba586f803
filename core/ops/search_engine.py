"""Practice: a search engine over Python's own help texts. Documents are ranked by the cosine of TF-IDF vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from core import lazy
from core.numbers import factor, number, plus
from core.operation import Example, Phrase, Step
from core.ops import text_corpus
from core.panels import Bars, Panel, rows
from core.words import N_, _

torch = lazy.load("torch")

HITS = 8  # documents shown
EXPLAINED = 3  # of them, told one by one
MOST_WORDS = 7  # of a query that are drawn
TRY = "context manager, loop, exception, string"  # words that occur, for a reader whose own do not


def run(counts: torch.Tensor, query: torch.Tensor) -> torch.Tensor:
    """How well each document answers. counts (document, word), query (word,) -> cosines (document,)."""
    documents = counts.shape[0]
    having = (counts > 0).sum(dim=0)  # (word,): in how many documents a word occurs
    weight = torch.log((1 + documents) / (1 + having)) + 1  # a rare word says more than a common one
    vectors = torch.nn.functional.normalize(counts * weight, dim=1)  # every document has length 1
    asked = torch.nn.functional.normalize(query * weight, dim=0)
    cosines = vectors @ asked  # one dot product for each document
    return cosines


class Search(NamedTuple):
    """A query and what it found. `parts` (document, query word) are the products that add up to the cosines."""

    words: tuple[str, ...]  # of the query, as often as they matter: the heaviest first
    unknown: tuple[str, ...]
    weights: tuple[float, ...]  # of those words in the query's vector of length 1
    having: tuple[int, ...]
    titles: tuple[str, ...]
    cosines: torch.Tensor
    parts: torch.Tensor
    best: tuple[int, ...]  # the documents, best first


def search(query: str) -> Search:
    """Ranks every help text for `query`."""
    found = text_corpus.corpus()
    counted = Counter(text_corpus.words_of(query))
    places = {word: found.column(word) for word in counted}
    known = {word: place for word, place in places.items() if place is not None}
    asked = torch.zeros(len(found.words))
    for word, place in known.items():
        asked[place] = counted[word]
    columns = list(known.values())
    having = (found.counts > 0).sum(0)
    weight = torch.log((1 + len(found.titles)) / (1 + having)) + 1
    vector = torch.nn.functional.normalize(asked * weight, dim=0)[columns]
    parts = torch.nn.functional.normalize(found.counts * weight, dim=1)[:, columns] * vector
    cosines = run(found.counts, asked)
    order = vector.argsort(descending=True, stable=True).tolist()
    ranked = cosines.argsort(descending=True, stable=True)
    return Search(
        tuple(list(known)[k] for k in order), tuple(w for w in counted if w not in known),
        tuple(vector[order].tolist()), tuple(having[columns][order].tolist()), found.titles, cosines,
        parts[:, order], tuple(d for d in ranked[:HITS].tolist() if float(cosines[d]) > 0),
    )  # fmt: skip


def steps(*, query: str = "break out of a nested loop") -> Iterator[Step]:
    """Words, weights, the ranking, and for the best documents which words did it."""
    found = search(query)
    if not found.words:
        yield from _nothing(found)
        return
    yield _step(found, 0, None, _counted(found), f"q : ({len(text_corpus.corpus().words)},)")
    rare = found.words[0]
    sentence = _(
        "Rare words weigh more: {word} stands in {count} of {all} texts. The query becomes a vector of length 1."
    )
    words = sentence.format(word=_quoted(rare), count=found.having[0], all=len(found.titles))
    yield _step(found, 1, None, words, f"tf · (ln({1 + len(found.titles)} / (1 + {found.having[0]})) + 1)")
    sentence = _("One dot product with each of {all} texts, all of length 1: the largest cosine comes first.")
    yield _step(
        found, 2, None, sentence.format(all=len(found.titles)), "cos θ = d · q / (|d|·|q|),   |d| = |q| = 1"
    )
    for rank, document in enumerate(found.best[:EXPLAINED]):
        yield _step(found, 2, rank, *_why(found, rank, document))


def _counted(found: Search) -> str:
    if found.unknown:
        return _(
            "Of the query's words, {count} occur in Python's help texts; these are not found: {unknown}."
        ).format(count=len(found.words), unknown=_listed(found.unknown))
    return _("The query is cut into words, and every one of them occurs in Python's help texts.")


def _why(found: Search, rank: int, document: int) -> tuple[str, str]:
    parts = found.parts[document]
    order = [k for k in parts.argsort(descending=True).tolist() if float(parts[k]) > 0]
    words = {
        "number": rank + 1,
        "title": _quoted(found.titles[document]),
        "word": _quoted(found.words[order[0]]),
    }
    share = 100 * float(parts[order[0]]) / float(found.cosines[document])
    sentence = _("Number {number} is the text {title}: {percent} % of its cosine come from the word {word}.")
    terms = plus(factor(float(parts[k])) for k in order[:4])
    more = " + …" if len(order) > 4 else ""
    return sentence.format(
        percent=number(share, 2), **words
    ), f"cos = {terms}{more} = {number(float(found.cosines[document]))}"


def _quoted(word: str) -> str:
    """A word of a text or of a reader, in quotation marks."""
    return f"“{_short(word)}”"


def _short(word: str, most: int = 24) -> str:
    return word if len(word) <= most else word[: most - 1] + "…"


def _listed(words: tuple[str, ...], most: int = 3) -> str:
    shown = [_quoted(word) for word in words[:most]]
    return ", ".join(shown) + (" …" if len(words) > most else "")


def _nothing(found: Search) -> Iterator[Step]:
    """No word of the query is in the texts: what that means, and what would work."""
    if found.unknown:
        words = _(
            "None of these words occurs in the help texts, so every dot product is 0: {unknown}."
        ).format(unknown=_listed(found.unknown))
    else:
        words = _("The query has no word of two letters or more: there is nothing to look for.")
    yield _step(found, 0, None, words, "q = 0")
    hint = _("The texts are Python's help, in English. Try one of these: {words}.").format(words=TRY)
    yield _step(found, 2, None, hint, "d · 0 = 0")


def _step(found: Search, stage: int, rank: int | None, sentence: str, formula: str) -> Step:
    layout = rows((0, 1), (2,), heights=(1.6, 1), tall=((1,), (0,), (2,)))
    return Step(_panels(found, stage, rank), sentence, formula, layout)


def _panels(found: Search, stage: int, rank: int | None) -> tuple[Panel, ...]:
    """The query's words, the best documents, and the words that speak for the one looked at."""
    words = found.words[:MOST_WORDS]
    labels = tuple(escape(_short(word, 14)) for word in words) or ("",)
    weights = found.weights[:MOST_WORDS] or (0.0,)
    hits = [(found.titles[d], float(found.cosines[d])) for d in found.best]
    hits += [("", 0.0)] * (HITS - len(hits))
    parts = found.parts[found.best[rank], :MOST_WORDS].tolist() if rank is not None else [None] * len(weights)
    shown = stage >= 2
    largest = max((float(p) for d in found.best[:EXPLAINED] for p in found.parts[d]), default=1.0)
    return (
        Bars("query", tuple(weights if stage >= 1 else (None,) * len(weights)), labels,
             _("the query: weight of each word"), across=True,
             texts=tuple(number(w) if stage >= 1 and words else "" for w in weights)),
        Bars("ranking", tuple(cosine if shown and title else None for title, cosine in hits),
             tuple(escape(title) if shown else "" for title, _c in hits), _("cosine with each text"),
             () if rank is None else (rank,), across=True,
             texts=tuple(number(cosine) if shown and title else "" for title, cosine in hits)),
        Bars("why", tuple(parts), labels, _("which words did it: weight in the text × weight in the query"),
             across=True, largest=largest or 1.0,
             texts=tuple("" if p is None else number(p) for p in parts), colours=("accent",) * len(parts)),
    )  # fmt: skip


SEARCH_ENGINE = Example(
    key="search-engine",
    title=N_("A search engine"),
    summary=N_(
        "79 articles of Python's own help. A text is a vector with one entry for each word, a query is another, and "
        "the cosine between them says how well the text answers."
    ),
    run=run,
    steps=steps,
    parameters=(Phrase("query", N_("What do you look for? (English words)"), "break out of a nested loop"),),
    source=N_("The help texts of Python's standard library (pydoc_data.topics)."),
)

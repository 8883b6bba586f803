"""Practice with vectors: a reader's profile is the mean of what was read, and it recommends what to read next."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from core import lazy
from core.numbers import number
from core.operation import Choice, Example, Slider, Step
from core.ops import text_corpus
from core.panels import Bars, Panel, rows
from core.words import N_, _

torch = lazy.load("torch")

ARTICLES = (
    "for",
    "while",
    "if",
    "try",
    "with",
    "import",
    "lambda",
    "class",
    "function",
    "dict",
    "strings",
    "numbers",
)
SHOWN = 9  # words and articles in the picture
TOO_COMMON = 0.25  # words in more than this share of the articles say nothing about a reader


def run(profile: torch.Tensor, article: torch.Tensor, rate: float) -> torch.Tensor:
    """A profile moves towards what was just read. profile (word,), article (word,) -> profile (word,)."""
    return profile + rate * (article - profile)  # a step along the difference of two vectors


def articles() -> torch.Tensor:
    """Every help text as a vector of TF-IDF weights with length 1: (document, word)."""
    counts = text_corpus.corpus().counts
    documents = (counts > 0).sum(0)
    weights = torch.log((1 + len(counts)) / (1 + documents)) + 1
    weights = weights * (documents <= TOO_COMMON * len(counts))
    weighted = torch.log1p(counts) * weights
    return weighted / torch.linalg.vector_norm(weighted, dim=1, keepdim=True).clamp(min=1e-12)


def steps(*, first: str = "for", second: str = "dict", rate: float = 0.5) -> Iterator[Step]:
    """The first article is the profile, the second moves it, and the nearest other article is recommended."""
    corpus, vectors = text_corpus.corpus(), articles()
    places = [corpus.titles.index(title) for title in (first, second)]
    profile = vectors[places[0]]
    words = len(corpus.words)
    yield _step(profile, vectors, places[:1], 1, _(
        "A reader of “{title}”: the profile is that article's vector, one weight for each of {count} words."
    ).format(title=first, count=f"{words:,}"), f"p = a : ({words},)")  # fmt: skip
    moved = run(profile, vectors[places[1]], rate)
    yield _step(moved, vectors, places, 1, _(
        "Then “{title}” is read. The profile takes a step of {rate} towards it: "
        "vectors are subtracted, stretched and added."
    ).format(title=second, rate=number(rate)), f"p + {number(rate)}·(a − p)")  # fmt: skip
    near = vectors @ moved / torch.linalg.vector_norm(moved).clamp(min=1e-12)
    best = _others(near, places)[0]
    yield _step(moved, vectors, places, 2, _(
        "Articles that point the same way as the profile come first: next, this reader would be shown “{title}”."
    ).format(title=corpus.titles[best]), f"cos = {number(float(near[best]))}")  # fmt: skip


def _others(near: torch.Tensor, read: list[int]) -> list[int]:
    return [k for k in near.argsort(descending=True).tolist() if k not in read][:SHOWN]


def _step(
    profile: torch.Tensor, vectors: torch.Tensor, read: list[int], stage: int, sentence: str, formula: str
) -> Step:
    return Step(_panels(profile, vectors, read, stage), sentence, formula, rows((0, 1)))


def _panels(profile: torch.Tensor, vectors: torch.Tensor, read: list[int], stage: int) -> tuple[Panel, ...]:
    corpus = text_corpus.corpus()
    top = profile.argsort(descending=True)[:SHOWN].tolist()
    near = vectors @ profile / torch.linalg.vector_norm(profile).clamp(min=1e-12)
    best = _others(near, read)
    shown = [float(near[k]) if stage >= 2 else None for k in best]
    return (
        Bars("profile", tuple(float(profile[k]) for k in top), tuple(escape(corpus.words[k]) for k in top),
             _("the profile's strongest words"), across=True, texts=tuple(number(float(profile[k])) for k in top)),
        Bars("next", tuple(shown), tuple(escape(corpus.titles[k]) if stage >= 2 else "" for k in best),
             _("what to read next"), (0,) if stage >= 2 else (), across=True, largest=1.0,
             texts=tuple(number(v) if v is not None else "" for v in shown)),
    )  # fmt: skip


READER_PROFILE = Example(
    key="reader-profile",
    title=N_("A user profile is a vector"),
    summary=N_(
        "Python's own help texts, each a vector of word weights. A reader is the mean of what was read, and what lies "
        "in the same direction is recommended."
    ),
    run=run,
    steps=steps,
    parameters=(
        Choice("first", N_("Read first"), tuple((title, title) for title in ARTICLES), "for", menu=True),
        Choice("second", N_("Then read"), tuple((title, title) for title in ARTICLES), "dict", menu=True),
        Slider("rate", N_("How far the profile moves"), 0.0, 1.0, 0.1, 0.5),
    ),
    source=N_("Python's help texts (pydoc_data.topics)"),
)

"""Practice: the nearest words. Words that keep the same company have vectors with a large cosine."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from html import escape

from core import lazy
from core.numbers import number
from core.operation import Example, Phrase, Step
from core.ops import text_corpus
from core.panels import Bars, Panel, rows
from core.words import N_, _

torch = lazy.load("torch")

NEAREST = 10


def run(vectors: torch.Tensor, word: torch.Tensor) -> torch.Tensor:
    """How near every word is to one. vectors (word, d), word (d,) -> cosines (word,)."""
    lengths = torch.linalg.vector_norm(vectors, dim=1) * torch.linalg.vector_norm(word)
    cosines = vectors @ word / lengths  # one dot product for each word, and both lengths taken out
    return cosines


def steps(*, word: str = "float") -> Iterator[Step]:
    """The word's vector, its dot products with all others, and the nearest by cosine."""
    found = text_corpus.word_vectors()
    asked = (text_corpus.PLAIN.findall(word.lower()) or [word.lower()])[0]
    row = found.row(asked)
    if row is None:
        yield from _unknown(asked, found.words)
        return
    vector, name = found.vectors[row], quoted(asked)
    d = len(vector)
    sentence = _(
        "The vector of {word}: {count} numbers, learnt from the words that stand beside it in the texts."
    )
    yield _step(vector, None, (), 0, sentence.format(word=name, count=d), f"x : ({d},)")
    dots = found.vectors @ vector
    sentence = _(
        "Its dot product with every one of {count} words: words with long vectors push to the front."
    )
    yield _step(vector, dots, found.words, 1, sentence.format(count=f"{len(found.words):,}"), "s = V @ x")
    cosines = run(found.vectors, vector)
    best = cosines.argsort(descending=True).tolist()[1:4]
    sentence = _(
        "Divided by both lengths, only the direction counts. Nearest to {word}: {first}, {second}, {third}."
    )
    first, second, third = (quoted(found.words[k]) for k in best)
    words = sentence.format(word=name, first=first, second=second, third=third)
    yield _step(
        vector, cosines, found.words, 2, words, f"cos θ = x·v / (|x|·|v|) = {number(float(cosines[best[0]]))}"
    )


def quoted(word: str) -> str:
    """A word marked as such in a sentence: text, whatever it holds."""
    return f"“{word[:24]}”"


def _unknown(word: str, known: tuple[str, ...]) -> Iterator[Step]:
    """The word has no vector: why, and words that have one."""
    rest = torch.zeros(text_corpus.SIZE)
    sentence = _("{word} has no vector: it stands in the help texts fewer than {least} times.")
    yield _step(rest, None, (), 0, sentence.format(word=quoted(word), least=text_corpus.LEAST), "x = ?")
    close = difflib.get_close_matches(word, known, 3, 0.5) or ["list", "string", "loop"]
    hint = _("The texts are Python's help, in English. Try one of these: {words}.").format(
        words=", ".join(close)
    )
    yield _step(rest, None, (), 0, hint, "x = ?")


def _step(
    vector: torch.Tensor,
    values: torch.Tensor | None,
    words: tuple[str, ...],
    stage: int,
    sentence: str,
    formula: str,
) -> Step:
    layout = rows((0,), (1,), heights=(1, 2.2), tall=((1,), (0,)))
    return Step(_panels(vector, values, words, stage), sentence, formula, layout)


def _panels(
    vector: torch.Tensor, values: torch.Tensor | None, words: tuple[str, ...], stage: int
) -> tuple[Panel, ...]:
    title = (_("the nearest words"), _("largest dot products"), _("largest cosines"))[stage]
    shown: list[tuple[str, float | None]] = [("", None)] * NEAREST
    if values is not None:
        order = values.argsort(descending=True).tolist()[: NEAREST + 1]
        own = int(torch.linalg.vector_norm(vector) > 0)
        kept = (
            [k for k in order if words[k] != words[order[0]] or stage == 1][:NEAREST]
            if own
            else order[:NEAREST]
        )
        shown = [(words[k], float(values[k])) for k in kept]
    return (
        Bars("vector", tuple(vector.tolist()), ("",) * len(vector), _("the word's vector")),
        Bars("nearest", tuple(v for _w, v in shown), tuple(escape(w) for w, _v in shown), title, across=True,
             texts=tuple("" if v is None else number(v) for _w, v in shown)),
    )  # fmt: skip


NEAREST_WORDS = Example(
    key="nearest-words",
    title=N_("The nearest words"),
    summary=N_(
        "Word vectors made from Python's help texts: how often two words stand close to each other, pressed into 48 "
        "numbers. The cosine finds words of the same kind."
    ),
    run=run,
    steps=steps,
    parameters=(Phrase("word", N_("Which word (English)"), "float", longest=40),),
    source=N_("The help texts of Python's standard library (pydoc_data.topics)."),
)

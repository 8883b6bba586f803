"""Practice with vectors: words as vectors. Two of them are added, and the nearest words say what the sum means."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from html import escape

from core import lazy
from core.numbers import number
from core.operation import Example, Phrase, Step
from core.ops import text_corpus
from core.panels import Arrow, Bars, Label, Panel, Plane, rows
from core.words import N_, _

torch = lazy.load("torch")

NEAREST = 8


def run(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The direction half way between two words. x (d,), y (d,) -> (d,)."""
    return x / torch.linalg.vector_norm(x) + y / torch.linalg.vector_norm(y)


def steps(*, one: str = "integer", other: str = "string") -> Iterator[Step]:
    """Two words' vectors, their sum, and the words nearest to it; an unknown word is told with its look-alikes."""
    found = text_corpus.word_vectors()
    asked = [_asked(one), _asked(other)]
    unknown = [word for word in asked if found.row(word) is None]
    if unknown:
        yield from _unknown(unknown[0], found.words)
        return
    x, y = (found.vectors[found.row(word)] for word in asked)
    z = run(x, y)
    d = len(x)
    yield _step(asked, (x, y, z), 1, _(
        "“{one}” and “{other}” as vectors of {count} numbers, learnt from the words that stand beside them. "
        "Seen in the plane that holds them both."
    ).format(one=asked[0], other=asked[1], count=d), f"x : ({d},)   y : ({d},)")  # fmt: skip
    yield _step(asked, (x, y, z), 2, _("Added, entry by entry, they give a third vector between the two."),
                f"z = x/|x| + y/|y| : ({d},)")  # fmt: skip
    near = _cosines(found.vectors, z)
    best = next(k for k in near.argsort(descending=True).tolist() if found.words[k] not in asked)
    yield _step(asked, (x, y, z), 3, _(
        "Which words point that way? Besides the two themselves, “{word}” comes nearest: it keeps the company of both."
    ).format(word=found.words[best]), f"cos = {number(float(near[best]))}")  # fmt: skip


def _asked(text: str) -> str:
    return (text_corpus.PLAIN.findall(text.lower()) or [text.lower()])[0]


def _cosines(vectors: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    lengths = torch.linalg.vector_norm(vectors, dim=1) * torch.linalg.vector_norm(z)
    return vectors @ z / lengths.clamp(min=1e-12)


def _unknown(word: str, words: tuple[str, ...]) -> Iterator[Step]:
    """Two steps that say so, and offer words that are spelled alike."""
    alike = difflib.get_close_matches(word[:40], words, n=3, cutoff=0.6) or ["list", "loop", "module"]
    sentence = _("“{word}” stands in these texts too seldom to have a vector. Words that have one: {alike}.")
    told = sentence.format(word=word[:40], alike=_(", ").join(alike))
    panels = _panels(("", ""), None, 0)
    yield Step(panels, told, f"{len(words):,}", rows((0, 1)))
    yield Step(panels, _("Type another word: English, in lower case, as in Python's own help."), "")


def _step(
    asked: list[str], vectors: tuple[torch.Tensor, ...], stage: int, sentence: str, formula: str
) -> Step:
    return Step(_panels(tuple(asked), vectors, stage), sentence, formula, rows((0, 1)))


def _panels(
    asked: tuple[str, ...], vectors: tuple[torch.Tensor, ...] | None, stage: int
) -> tuple[Panel, ...]:
    if vectors is None:
        return Plane(2, (), {}, 2.2), Bars(
            "near", (None,) * NEAREST, ("",) * NEAREST, across=True, largest=1.0
        )
    x, y, z = vectors
    flat = _flattened(x, y)
    tips = {"x": flat[0], "y": flat[1], "z": tuple(a + b for a, b in zip(*flat, strict=True))}
    marks = [
        *_arrow("x", "vector", tips["x"], asked[0]),
        *_arrow("y", "basis1", tips["y"], asked[1]),
        *(_arrow("z", "image", tips["z"], "z") if stage >= 2 else []),
    ]
    found = text_corpus.word_vectors()
    near = _cosines(found.vectors, z)
    best = near.argsort(descending=True)[:NEAREST].tolist()
    values = tuple(float(near[k]) if stage >= 3 else None for k in best)
    labels = tuple(escape(found.words[k]) if stage >= 3 else "" for k in best)
    return (
        Plane(2, tuple(marks), {}, 2.1),
        Bars("near", values, labels, _("nearest to the sum"), across=True, largest=1.0,
             texts=tuple(number(v) if v is not None else "" for v in values)),
    )  # fmt: skip


def _flattened(x: torch.Tensor, y: torch.Tensor) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both directions in the plane that they span, x to the right: their true angle is kept."""
    one, other = x / torch.linalg.vector_norm(x), y / torch.linalg.vector_norm(y)
    cosine = max(-1.0, min(1.0, float(one @ other)))
    return (1.0, 0.0), (cosine, (1 - cosine**2) ** 0.5)


def _arrow(name: str, colour: str, tip: tuple[float, ...], text: str) -> list:
    place = "bottom right" if tip[1] <= 0 else "top right"
    return [
        Arrow(name, colour, points=((0.0, 0.0), tip), width=4.5),
        Label(f"{name}-name", colour, at=tip, text=escape(text), bold=True, place=place),
    ]


WORD_SUM = Example(
    key="word-sum",
    title=N_("Words are vectors, and can be added"),
    summary=N_(
        "Words that keep the same company have vectors that point the same way. Type two words of Python's help texts "
        "and see which words their sum is nearest to."
    ),
    run=run,
    steps=steps,
    parameters=(
        Phrase("one", N_("A word"), "integer", 30),
        Phrase("other", N_("Another word"), "string", 30),
    ),
    source=N_("Python's help texts (pydoc_data.topics)"),
)

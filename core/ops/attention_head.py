"""Practice of the matrix product: one attention head on the words of a sentence, six products in a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from core import lazy
from core.numbers import number
from core.operation import Example, Phrase, Slider, Step
from core.ops import attention_net, cells
from core.panels import Axis, Bars, Block, Layout, Panel, Row, in_line
from core.shapes import show
from core.words import N_, _

torch = lazy.load("torch")

WORD, WIDTH, HEAD, KEY = ("t", "axis1"), ("d", "axis3"), ("h", "axis2"), ("s", "axis4")
LAYOUT = Layout((Row(((0, 2.4), (1, 1.0))),), (Row(((0, 1.0),), 1.3), Row(((1, 1.0),), 1.0)))


def run(X: torch.Tensor, W_Q: torch.Tensor, W_K: torch.Tensor, W_V: torch.Tensor) -> torch.Tensor:
    """One attention head. X (word, 8), W_Q, W_K, W_V (8, 4) -> (word, 4)."""
    Q = torch.mm(X, W_Q)  # (word, 8) @ (8, 4) -> (word, 4): what each word asks
    K = torch.mm(X, W_K)  # (word, 8) @ (8, 4) -> (word, 4): what each word offers to be found by
    V = torch.mm(X, W_V)  # (word, 8) @ (8, 4) -> (word, 4): what each word passes on
    scores = torch.mm(Q, K.mT) / Q.shape[1] ** 0.5  # (query, 4) @ (4, key) -> (query, key)
    weights = torch.softmax(scores, dim=1)  # each row adds up to 1
    mixed = torch.mm(weights, V)  # (query, key) @ (key, 4) -> (query, 4)
    return mixed


def block(name: str, matrix: torch.Tensor, **more: Any) -> Block:
    """`matrix` in cells, written with one decimal (weights with two): what has to be seen here is the pattern."""
    decimals = 2 if name.startswith("weights") else 1
    texts = tuple(tuple(number(round(value, decimals) + 0.0) for value in row) for row in matrix.tolist())
    return cells.block(name, matrix, texts=texts, **more)


class Head(NamedTuple):
    """All that the head computes on one sentence."""

    words: list[str]
    asking: int
    X: torch.Tensor
    W: dict[str, torch.Tensor]
    Q: torch.Tensor
    K: torch.Tensor
    V: torch.Tensor
    scores: torch.Tensor
    weights: torch.Tensor
    mixed: torch.Tensor


def computed(words: list[str], X: torch.Tensor, head: int, asking: int) -> Head:
    """The way of X (word, 8) through one trained head."""
    net = attention_net.network()
    W = {"W_Q": net.W_Q[head], "W_K": net.W_K[head], "W_V": net.W_V[head]}
    Q, K, V = (torch.mm(X, matrix) for matrix in W.values())
    scores = torch.mm(Q, K.mT) / Q.shape[1] ** 0.5
    return Head(words, asking, X, W, Q, K, V, scores, torch.softmax(scores, dim=1), run(X, **W))


def steps(*, text: str = attention_net.DEFAULT, word: int = 2, head: int = 1) -> Iterator[Step]:
    """X, then Q, K and V, the scores, the weights and the mix: each a matrix product, or a softmax."""
    heard = attention_net.heard(text)
    shown = computed(heard.words, heard.X, int(head) - 1, min(int(word), len(heard.words)) - 1)
    t = len(heard.words)
    blank = _nothing(shown)
    yield Step(
        _panels((block("X", shown.X, axes=(WORD, WIDTH)),), blank),
        _opening(heard),
        f"X : {show((t, 8))}",
        LAYOUT,
    )
    told = {
        "Q": _("X times W_Q: each word's vector becomes a query, its question in 4 numbers."),
        "K": _("X times W_K: the same words, as keys by which they can be found."),
        "V": _("X times W_V: and as values, what a word passes on when it is found."),
    }
    for name, sentence in told.items():
        result = getattr(shown, name)
        line = _product(
            ("X", shown.X, (WORD, WIDTH)), (f"W_{name}", shown.W[f"W_{name}"], (WIDTH, HEAD)), (name, result)
        )
        yield Step(
            _panels(line, blank),
            sentence,
            f"{name} = X @ W_{name} : {show((t, 8))} @ (8, 4) → {show((t, 4))}",
        )
    yield _scoring(shown)
    yield from _mixing(shown)


def _opening(heard: attention_net.Heard) -> str:
    words = " ".join(heard.words)
    if heard.replaced:
        return _(
            "Python's help texts hold too few of these words. Instead: “{words}”, one row of X for each word."
        ).format(words=words)
    return _(
        "“{words}”: each known word is a row of X, its vector from the company it keeps in Python's help texts."
    ).format(words=words)


def _scoring(shown: Head) -> Step:
    t, word = len(shown.words), shown.words[shown.asking]
    line = _product(
        ("Q", shown.Q, (WORD, HEAD)),
        ("K.mT", shown.K.mT, (HEAD, KEY)),
        ("scores", shown.scores),
        shown.asking,
    )
    best = shown.words[int(shown.scores[shown.asking].argmax())]
    sentence = _(
        "Queries times keys: every word asks every word. “{word}” fits “{best}” best. Divided by √4 = 2."
    )
    formula = f"scores = Q @ K.mT / √4 : {show((t, 4))} @ {show((4, t))} → {show((t, t))}"
    return Step(
        _panels(line, _bars(shown, shown.scores, _("scores of “{word}”"))),
        sentence.format(word=word, best=best),
        formula,
    )


def _mixing(shown: Head) -> Iterator[Step]:
    t, word = len(shown.words), shown.words[shown.asking]
    weights = shown.weights[shown.asking]
    lit = tuple((shown.asking, j) for j in range(t))
    attention = _bars(shown, shown.weights, _("attention of “{word}”"))
    line = (
        block("scores", shown.scores, axes=(WORD, KEY), lit=lit),
        block("weights", shown.weights, axes=(WORD, KEY), before="→", lit=lit),
    )
    best = int(weights.argmax())
    sentence = _(
        "Softmax makes each row add up to 1: “{word}” gives {percent} % of its attention to “{best}”."
    )
    words = {"word": word, "best": shown.words[best], "percent": number(100 * float(weights[best]))}
    yield Step(
        _panels(line, attention),
        sentence.format(**words),
        f"weights = softmax(scores, dim=1) : {show((t, t))}",
    )
    line = _product(
        ("weights", shown.weights, (WORD, KEY)),
        ("V", shown.V, (KEY, HEAD)),
        ("mixed", shown.mixed),
        shown.asking,
    )
    sentence = _(
        "Weights times values: each word takes its share of the others. The layer knows the subject of {accuracy} % "
        "of the sentences it never saw."
    ).format(accuracy=number(100 * attention_net.network().accuracy))
    yield Step(
        _panels(line, attention),
        sentence,
        f"mixed = weights @ V : {show((t, t))} @ {show((t, 4))} → {show((t, 4))}",
    )


def _product(
    left: tuple[str, torch.Tensor, tuple[Axis, Axis]], right: tuple[str, torch.Tensor, tuple[Axis, Axis]],
    result: tuple[str, torch.Tensor], row: int | None = None,
) -> tuple[Block, ...]:  # fmt: skip
    """left @ right = result, with one row in use."""
    (name, first, axes), (other, second, other_axes) = left, right
    lit = [] if row is None else [(row, j) for j in range(first.shape[1])]
    made = [] if row is None else [(row, j) for j in range(result[1].shape[1])]
    return (
        block(name, first, axes=axes, lit=lit),
        block(other, second, axes=other_axes, before="@"),
        block(result[0], result[1], axes=(axes[0], other_axes[1]), before="=", lit=made, colour="image"),
    )


def _panels(line: tuple[Block, ...], bars: Bars) -> tuple[Panel, ...]:
    return in_line(*line), bars


def _nothing(shown: Head) -> Bars:
    title = _("attention of “{word}”").format(word=shown.words[shown.asking])
    return Bars(
        "attention", (None,) * len(shown.words), tuple(shown.words), title, (shown.asking,), across=True
    )


def _bars(shown: Head, table: torch.Tensor, title: str) -> Bars:
    values = tuple(float(value) for value in table[shown.asking])
    name = title.format(word=shown.words[shown.asking])
    texts = tuple(number(round(value, 2) + 0.0) for value in values)
    return Bars("attention", values, tuple(shown.words), name, (shown.asking,), across=True, texts=texts)


ATTENTION_HEAD = Example(
    key="attention-head",
    title=N_("Query, key and value: one attention head"),
    summary=N_(
        "Words of Python's help texts, as vectors of 8 numbers, in a layer with two heads that torch trained to tell "
        "what a sentence is about. All that a head does are matrix products and one softmax."
    ),
    run=run,
    steps=steps,
    parameters=(
        Phrase("text", N_("A sentence about Python"), attention_net.DEFAULT),
        Slider("word", N_("Which word asks"), 1, attention_net.MOST_WORDS, 1, 2),
        Slider("head", N_("Which head"), 1, attention_net.HEADS, 1, 1),
    ),
    source=N_("Sentences and word vectors: Python's own help texts (pydoc_data.topics)."),
)

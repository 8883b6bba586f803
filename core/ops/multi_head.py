"""Practice of the batched product: multi-head attention on a sentence, with every shape on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from core import lazy
from core.numbers import number
from core.operation import Example, Phrase, Slider, Step
from core.ops import attention_net
from core.ops.attention_head import block
from core.ops.attention_net import HEAD, HEADS, WIDTH
from core.panels import Axis, Bars, Block, Cells, Layout, Panel, Row
from core.shapes import show
from core.words import N_, _

torch = lazy.load("torch")

WORD, ENTRY, INSIDE, KEY = ("t", "axis1"), ("d", "axis3"), ("h", "axis2"), ("s", "axis4")
LAYOUT = Layout(
    (Row(((0, 2.6), (1, 0.8), (2, 0.8))),), (Row(((0, 1.0),), 1.6), Row(((1, 1.0), (2, 1.0)), 1.0))
)


def run(
    X: torch.Tensor, W_Q: torch.Tensor, W_K: torch.Tensor, W_V: torch.Tensor, W_O: torch.Tensor, heads: int
) -> torch.Tensor:
    """Multi-head attention. X (word, 8), all W (8, 8) -> (word, 8)."""
    words, width = X.shape
    Q, K, V = (
        (X @ W)
        .reshape(words, heads, width // heads)
        .transpose(0, 1)  # (word, 8) -> (word, 2, 4) -> (2, word, 4)
        for W in (W_Q, W_K, W_V)
    )
    scores = Q @ K.mT / (width // heads) ** 0.5  # (2, query, 4) @ (2, 4, key) -> (2, query, key)
    weights = torch.softmax(scores, dim=-1)  # (2, query, key): each row adds up to 1
    mixed = weights @ V  # (2, query, key) @ (2, key, 4) -> (2, query, 4)
    merged = mixed.transpose(0, 1).reshape(words, width)  # (2, word, 4) -> (word, 2, 4) -> (word, 8)
    return merged @ W_O  # (word, 8) @ (8, 8) -> (word, 8)


def weights() -> dict[str, torch.Tensor]:
    """The trained matrices with all heads side by side: each (8, 8)."""
    net = attention_net.network()
    wide = {
        name: getattr(net, name).transpose(0, 1).reshape(WIDTH, HEADS * HEAD)
        for name in ("W_Q", "W_K", "W_V")
    }
    return wide | {"W_O": net.W_O}


class Shown(NamedTuple):
    """All that happens to one sentence."""

    words: list[str]
    asking: int
    X: torch.Tensor
    W: dict[str, torch.Tensor]
    flat: torch.Tensor  # X @ W_Q, not split yet
    Q: torch.Tensor  # (head, word, HEAD), and so K and V
    K: torch.Tensor
    V: torch.Tensor
    scores: torch.Tensor  # (head, query, key)
    attention: torch.Tensor
    mixed: torch.Tensor  # (head, word, HEAD)
    merged: torch.Tensor  # (word, WIDTH)
    out: torch.Tensor


def computed(words: list[str], X: torch.Tensor, asking: int) -> Shown:
    """The way of X (word, 8) through the trained layer."""
    W = weights()
    Q, K, V = (
        (X @ W[name]).reshape(len(words), HEADS, HEAD).transpose(0, 1) for name in ("W_Q", "W_K", "W_V")
    )
    scores = Q @ K.mT / HEAD**0.5
    attention = torch.softmax(scores, dim=-1)
    mixed = attention @ V
    merged = mixed.transpose(0, 1).reshape(len(words), WIDTH)
    out = run(X, **W, heads=HEADS)
    return Shown(words, asking, X, W, X @ W["W_Q"], Q, K, V, scores, attention, mixed, merged, out)


def steps(*, text: str = attention_net.DEFAULT, word: int = 2) -> Iterator[Step]:
    """Project, split, score, softmax, mix, merge, and out: seven lines of code, seven pictures."""
    heard = attention_net.heard(text)
    shown = computed(heard.words, heard.X, min(int(word), len(heard.words)) - 1)
    t = len(heard.words)
    yield _projecting(shown, heard)
    yield _splitting(shown)
    yield _scoring(shown)
    lines = (
        tuple(_one("weights", k, shown.attention[k], (WORD, KEY), lit=_row(shown, t)) for k in range(HEADS)),
    )
    best = [shown.words[int(shown.attention[k, shown.asking].argmax())] for k in range(HEADS)]
    yield Step(
        _panels(shown, lines, 1),
        _("Softmax, row by row: in head 1 “{word}” looks most at “{first}”, in head 2 at “{second}”.").format(
            word=shown.words[shown.asking], first=best[0], second=best[1]
        ),
        f"weights = softmax(scores, dim=-1) : {show((HEADS, t, t))}",
    )
    yield from _ending(shown)


def _projecting(shown: Shown, heard: attention_net.Heard) -> Step:
    t = len(shown.words)
    line = (
        block("X", shown.X, axes=(WORD, ENTRY)),
        block("W_Q", shown.W["W_Q"], axes=(ENTRY, ENTRY), before="@"),
        block("X @ W_Q", shown.flat, axes=(WORD, ENTRY), before="="),
    )
    sentence = (
        _(
            "Python's help texts hold too few of these words. Instead: “{words}”. X times W_Q asks for both heads."
        )
        if heard.replaced
        else _("“{words}”: a row of X for each known word. X times W_Q asks for both heads.")
    )
    formula = f"X @ W_Q : {show((t, WIDTH))} @ {show((WIDTH, WIDTH))} → {show((t, WIDTH))}"
    return Step(_panels(shown, (line,), 0), sentence.format(words=" ".join(shown.words)), formula, LAYOUT)


def _splitting(shown: Shown) -> Step:
    t = len(shown.words)
    lines = tuple(
        tuple(_one(name, k, getattr(shown, name)[k], (WORD, INSIDE)) for name in ("Q", "K", "V"))
        for k in range(HEADS)
    )
    return Step(
        _panels(shown, lines, 0),
        _(
            "Split: the 8 columns become 2 heads of 4, and the heads come to the front. So with K and V: a stack each."
        ),
        f"reshape, transpose : {show((t, WIDTH))} → {show((t, HEADS, HEAD))} → {show((HEADS, t, HEAD))}",
    )


def _scoring(shown: Shown) -> Step:
    t = len(shown.words)
    lines = tuple(
        (
            _one("Q", k, shown.Q[k], (WORD, INSIDE)),
            _one("K.mT", k, shown.K[k].mT, (INSIDE, KEY), before="@"),
            _one("scores", k, shown.scores[k], (WORD, KEY), before="="),
        )
        for k in range(HEADS)
    )
    return Step(
        _panels(shown, lines, 0),
        _(
            "One batched product compares every word with every word, in each head by itself. Divided by √4 = 2."
        ),
        f"Q @ K.mT / √4 : {show((HEADS, t, HEAD))} @ {show((HEADS, HEAD, t))} → {show((HEADS, t, t))}",
    )


def _ending(shown: Shown) -> Iterator[Step]:
    t = len(shown.words)
    lines = tuple(
        (
            _one("weights", k, shown.attention[k], (WORD, KEY), lit=_row(shown, t)),
            _one("V", k, shown.V[k], (KEY, INSIDE), before="@"),
            _one("mixed", k, shown.mixed[k], (WORD, INSIDE), before="=", lit=_row(shown, HEAD)),
        )
        for k in range(HEADS)
    )
    yield Step(
        _panels(shown, lines, 1),
        _(
            "The second batched product mixes: each word takes the values of the others, weighted by its attention."
        ),
        f"weights @ V : {show((HEADS, t, t))} @ {show((HEADS, t, HEAD))} → {show((HEADS, t, HEAD))}",
    )
    line = tuple(_one("mixed", k, shown.mixed[k], (WORD, INSIDE)) for k in range(HEADS))
    yield Step(
        _panels(shown, ((*line, block("merged", shown.merged, axes=(WORD, ENTRY), before="→")),), 1),
        _("Merge: the heads go back beside each other, 4 columns and 4 columns."),
        f"transpose, reshape : {show((HEADS, t, HEAD))} → {show((t, HEADS, HEAD))} → {show((t, WIDTH))}",
    )
    line = (
        block("merged", shown.merged, axes=(WORD, ENTRY)),
        block("W_O", shown.W["W_O"], axes=(ENTRY, ENTRY), before="@"),
        block("out", shown.out, axes=(WORD, ENTRY), before="="),
    )
    accuracy = number(100 * attention_net.network().accuracy)
    yield Step(
        _panels(shown, (line,), 1),
        _(
            "W_O mixes the heads. From the mean over the words the layer says: {subject}. "
            "It is right for {accuracy} % of the sentences it never saw."
        ).format(accuracy=accuracy, subject=attention_net.subject(shown.out)),
        f"merged @ W_O : {show((t, WIDTH))} @ {show((WIDTH, WIDTH))} → {show((t, WIDTH))}",
    )


def _one(name: str, head: int, matrix: torch.Tensor, axes: tuple[Axis, Axis], **more: object) -> Block:
    title = f"({name})[{head}]" if "." in name else f"{name}[{head}]"
    return block(title, matrix, axes=axes, **more)


def _row(shown: Shown, columns: int) -> list[tuple[int, int]]:
    return [(shown.asking, j) for j in range(columns)]


def _panels(shown: Shown, lines: tuple[tuple[Block, ...], ...], known: int) -> tuple[Panel, ...]:
    """The product in work, and whom the chosen word looks at in each head."""
    bars, largest = [], float(shown.attention[:, shown.asking].max())
    for k in range(HEADS):
        values = tuple(float(v) if known else None for v in shown.attention[k, shown.asking])
        title = _("head {number}: “{word}”").format(number=k + 1, word=shown.words[shown.asking])
        labels, lit = tuple(shown.words), (shown.asking,)
        bars.append(Bars(f"bars-{k}", values, labels, title, lit, across=True, largest=largest))
    return (Cells(lines), *bars)


MULTI_HEAD = Example(
    key="multi-head",
    title=N_("Multi-head attention, with every shape on the way"),
    summary=N_(
        "The same small trained layer with both heads: split, compare, weigh, mix, merge. Two batched products do "
        "for all heads what the matrix product did for one."
    ),
    run=run,
    steps=steps,
    parameters=(
        Phrase("text", N_("A sentence about Python"), attention_net.DEFAULT),
        Slider("word", N_("Which word asks"), 1, attention_net.MOST_WORDS, 1, 2),
    ),
    source=N_("Sentences and word vectors: Python's own help texts (pydoc_data.topics)."),
)

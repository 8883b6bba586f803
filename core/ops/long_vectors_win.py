"""A trap of the dot product: taken as similarity, the longest vector wins."""

from __future__ import annotations

from collections.abc import Iterator

from core import lazy
from core.numbers import number, vector
from core.operation import Example, Step
from core.ops.cells import block
from core.panels import Arrow, Label, Panel, Path, Plane, in_line, rows
from core.words import N_, _

torch = lazy.load("torch")

QUERY = (2.0, 1.0)
KEYS = ((4.0, 2.5), (2.0, 1.0), (-1.0, 6.0))  # nearly the same direction; the same vector; far off, and long
HUES = ("basis1", "basis2", "basis3")


def run(q: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The mistake. q (n,), K (m, n): the largest dot product is taken for the most similar row."""
    scores = torch.mv(K, q)  # grows with the length of a row, not only with its direction
    return scores


def normalised(q: torch.Tensor, K: torch.Tensor) -> torch.Tensor:
    """The fix by hand: unit vectors first."""
    return torch.nn.functional.normalize(K, dim=1) @ torch.nn.functional.normalize(q, dim=0)


def steps() -> Iterator[Step]:
    """Which row is most like q? The dot product's answer, why it is wrong, and two fixes that were executed."""
    q, K = torch.tensor(QUERY), torch.tensor(KEYS)
    scores = run(q, K)
    sentence = _("Which row of K is most like q? Row 2 is q itself, so there is no doubt.")
    yield _step(q, K, None, "", False, sentence, f"q = {vector(QUERY)}")
    wrong = int(scores.argmax())
    sentence = _("The dot product says row {row}: {score} is the largest, because that arrow is long.")
    yield _step(
        q,
        K,
        scores,
        "K @ q",
        False,
        sentence.format(row=wrong + 1, score=number(float(scores[wrong]))),
        f"K @ q = {vector(scores.tolist())}",
    )
    unit = normalised(q, K)
    sentence = _(
        "Brought to length 1, arrows differ by direction alone, and row {row} wins with cosine {score}."
    )
    right = int(unit.argmax())
    yield _step(
        q,
        K,
        unit,
        "cos",
        True,
        sentence.format(row=right + 1, score=number(float(unit[right]))),
        "normalize(K, dim=1) @ normalize(q, dim=0)",
    )
    short = torch.nn.functional.cosine_similarity(K, q[None, :], dim=1)
    sentence = _("{code} does the same in one call: {values}.")
    code = "torch.nn.functional.cosine_similarity(K, q[None, :], dim=1)"
    yield _step(
        q,
        K,
        short,
        "cos",
        True,
        sentence.format(code=code, values=vector(short.tolist())),
        f"cos θ = q·k / (|q|·|k|) = {vector(short.tolist())}",
    )


def _step(
    q: torch.Tensor,
    K: torch.Tensor,
    values: torch.Tensor | None,
    name: str,
    unit: bool,
    sentence: str,
    formula: str,
) -> Step:
    return Step(_panels(q, K, values, name, unit), sentence, formula, rows((0, 1)))


def _panels(
    q: torch.Tensor, K: torch.Tensor, values: torch.Tensor | None, name: str, unit: bool
) -> tuple[Panel, ...]:
    shown = torch.nn.functional.normalize(K, dim=1) if unit else K
    asked = torch.nn.functional.normalize(q, dim=0) if unit else q
    zero, scale = (0.0, 0.0), 4.0 if unit else 1.0  # unit arrows are drawn four times as long, on a circle
    marks = [_circle(scale if unit else 0.0)]
    for k, row in enumerate((shown * scale).tolist()):
        marks += [
            Arrow(f"k{k}", HUES[k], points=(zero, tuple(row)), width=4.0),
            Label(f"k{k}-name", HUES[k], at=tuple(row), text=str(k + 1), bold=True, place="top right"),
        ]
    tip = tuple((asked * scale).tolist())
    marks += [Arrow("q", "vector", points=(zero, tip), width=5.0, dash="dot"),
              Label("q-name", "vector", at=tip, text="q", bold=True, place="bottom right")]  # fmt: skip
    best = () if values is None else ((int(values.argmax()), 0),)
    answer = torch.zeros(len(K)) if values is None else values
    lit = tuple((i, j) for i, _j in best for j in range(2))
    known = 0 if values is None else None
    cells = in_line(
        block("K", K, lit=lit),
        block("q", q, before="@", colour="vector"),
        block(name or "?", answer, before="→", known=known, lit=best, colour="accent"),
    )
    return Plane(2, tuple(marks), {}, reach=6.5, across=6.5, centre=(1.0, 2.5)), cells


def _circle(radius: float) -> Path:
    """The circle of length 1, where there is one."""
    turns = torch.linspace(0, 2 * torch.pi, 61)
    points = tuple(zip((radius * turns.cos()).tolist(), (radius * turns.sin()).tolist(), strict=True))
    return Path("circle", "quiet", points=points, width=1.5, dash="dot")


LONG_VECTORS_WIN = Example(
    key="long-vectors-win",
    title=N_("Long vectors win"),
    summary=N_(
        "A dot product measures direction and length at once. Used as a similarity it prefers whatever is long: long "
        "documents, frequent words, large numbers."
    ),
    run=run,
    steps=steps,
)

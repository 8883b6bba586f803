"""Practice: a recommender. A user and an item are vectors of hidden tastes; their Hadamard product says why they fit.

The ratings are not opinions of real people: they are made from real measurements, the wine table of scikit-learn
(Forina, 1991; 178 wines of three growers, 13 measurements). A "user" is a taste: how a drinker weighs alcohol, acid,
colour and so on. Sixteen seeded tastes rate ten wines from 1 to 5, with gaps, and torch factorises that table.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from core import lazy
from core.numbers import factor, number, plus
from core.operation import Example, Slider, Step
from core.panels import Bars, Panel, Picture, rows
from core.words import N_, _

np = lazy.load("numpy")
torch = lazy.load("torch")

WINES = "datasets/data/wine_data.csv"  # in scikit-learn's folder
USERS, ITEMS, FACTORS, SEED = 16, 10, 4, 5
GIVEN = 0.8  # share of the ratings that are known; the others test the factors
ROUNDS, RATE, DECAY = 500, 0.05, 0.02


class Factors(NamedTuple):
    """The factorised table: ratings ≈ mean + users @ items.T, and how far it is off where nobody rated."""

    ratings: torch.Tensor  # (user, item)
    known: torch.Tensor  # (user, item), bool
    users: torch.Tensor  # (user, factor)
    items: torch.Tensor  # (item, factor)
    mean: float
    error: float  # root mean square, on the ratings that were held back


def run(user: torch.Tensor, item: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """user (k,), item (k,): how much each hidden taste speaks for the item, and all together."""
    match = user * item  # (k,) * (k,) -> (k,): agreement, taste by taste
    score = match.sum()  # (k,) -> (): added up, it is the dot product
    return match, score


@cache
def factors() -> Factors:
    """Users and items as vectors, found by gradient descent (Adam, written out) on the known ratings; seeded."""
    ratings, known = table()
    seeded = torch.Generator().manual_seed(SEED)
    mean = float(ratings[known].mean())
    weights = [torch.randn(count, FACTORS, generator=seeded) * 0.3 for count in (USERS, ITEMS)]
    moments = [(torch.zeros_like(weight), torch.zeros_like(weight)) for weight in weights]
    for t in range(1, ROUNDS + 1):
        users, items = weights
        off = torch.where(known, mean + users @ items.T - ratings, 0.0)  # (user, item)
        slopes = (off @ items + DECAY * users, off.T @ users + DECAY * items)
        for weight, (first, second), slope in zip(weights, moments, slopes, strict=True):
            first.mul_(0.9).add_(0.1 * slope)
            second.mul_(0.999).add_(0.001 * slope**2)
            weight.sub_(RATE * (first / (1 - 0.9**t)) / ((second / (1 - 0.999**t)).sqrt() + 1e-8))
    users, items = weights
    missed = (mean + users @ items.T - ratings)[~known]
    return Factors(ratings, known, users, items, mean, float(missed.square().mean().sqrt()))


def table() -> tuple[torch.Tensor, torch.Tensor]:
    """Ratings (16, 10) from 1 to 5, and which of them are known (16, 10)."""
    path = Path(find_spec("sklearn").origin).parent / WINES
    wines = torch.from_numpy(np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32)[:, :13])
    scaled = (wines - wines.mean(0)) / wines.std(0)
    seeded = torch.Generator().manual_seed(SEED)
    chosen = scaled[torch.linspace(0, 177, ITEMS).long()]  # from all three growers
    basic = torch.randn(3, 13, generator=seeded)  # three basic tastes, which every user mixes
    tastes = torch.randn(USERS, 3, generator=seeded) @ basic
    liking = tastes @ chosen.T  # (user, measurement) @ (measurement, wine)
    ratings = (3 + 1.2 * liking / liking.std()).round().clamp(1, 5)
    return ratings, torch.rand(USERS, ITEMS, generator=seeded) < GIVEN


def steps(*, user: int = 2, item: int = 6) -> Iterator[Step]:
    """The table, one user and one wine as vectors, their product taste by taste, and the sum."""
    found = factors()
    u, v = found.users[int(user)], found.items[int(item)]
    match, score = run(u, v)
    total = found.mean + float(score)
    layout = rows((0, 1), (2, 3), tall=((0, 1), (2, 3)))
    percent = number(100 * float(found.known.float().mean()))
    yield Step(
        _panels(found, (u, v, match), (int(user), int(item)), 0),
        _(
            "{users} drinkers (across) rated {items} wines (down) from 1 to 5; {percent} % of the "
            "ratings are known, the empty cells are not."
        ).format(users=USERS, items=ITEMS, percent=percent),
        f"ratings : ({USERS}, {ITEMS}) ≈ {number(found.mean)} + users ({USERS}, "
        f"{FACTORS}) @ items.T ({FACTORS}, {ITEMS})",
        layout=layout,
    )
    yield Step(
        _panels(found, (u, v, match), (int(user), int(item)), 1),
        _(
            "Gradient descent gave every drinker and every wine {count} hidden numbers. Nobody "
            "named them: they are what explains the ratings."
        ).format(count=FACTORS),
        f"users[{int(user)}] : ({FACTORS},)   items[{int(item)}] : ({FACTORS},)",
    )
    best = int(match.abs().argmax())
    yield Step(
        _panels(found, (u, v, match), (int(user), int(item)), 2),
        _(
            "user ⊙ item: where both are large with the same sign, the taste speaks for the wine; with "
            "opposite signs, against it. Here taste {best} says most."
        ).format(best=best),
        f"match[{best}] = {factor(float(u[best]))}·{factor(float(v[best]))} = {number(float(match[best]))}",
    )
    terms = plus(factor(float(value)) for value in match)
    yield Step(
        _panels(found, (u, v, match), (int(user), int(item)), 3),
        _verdict(found, int(user), int(item), total),
        f"{number(found.mean)} + {terms} = {number(total)}",
    )


def _verdict(found: Factors, user: int, item: int, total: float) -> str:
    words = {
        "score": number(total),
        "rating": number(float(found.ratings[user, item])),
        "error": number(found.error),
    }
    if bool(found.known[user, item]):
        return _(
            "Added to the average the sum predicts a rating of {score}; the drinker "
            "gave {rating}. Where ratings were held "
            "back, the guess is off by {error} on average (root mean square)."
        ).format(**words)
    return _(
        "Added to the average the sum predicts a rating of {score}; it was held "
        "back, and is {rating}. Over all that were "
        "held back the guess is off by {error} (root mean square)."
    ).format(**words)


def _panels(
    found: Factors, vectors: tuple[torch.Tensor, ...], at: tuple[int, int], stage: int
) -> tuple[Panel, ...]:
    shown = torch.where(found.known, found.ratings, 0.0)
    largest = float(max(vector.abs().max() for vector in vectors))
    bars = [
        Bars(name, tuple(float(v) if stage >= since else None for v in vector), tuple(map(str, range(FACTORS))), title,
             texts=tuple(number(float(v)) if stage >= since else "" for v in vector), largest=largest)
        for name, vector, title, since in (
            ("user", vectors[0], _("drinker {number}").format(number=at[0]), 1),
            ("item", vectors[1], _("⊙ wine {number}").format(number=at[1]), 1),
            ("match", vectors[2], _("= agreement"), 2),
        )
    ]  # fmt: skip
    picture = Picture("ratings", tuple(map(tuple, shown.T.tolist())), _("ratings"))
    return (picture, *bars)


RECOMMENDER = Example(
    key="recommender",
    title=N_("Why this wine? A recommender's user ⊙ item"),
    summary=N_(
        "A table of ratings, factorised by torch: every drinker and every wine "
        "becomes a vector. The ratings are made, not "
        "asked: sixteen seeded tastes judge ten real wines by their measured alcohol, acid and colour."
    ),
    run=run,
    steps=steps,
    parameters=(
        Slider("user", N_("Which drinker"), 0, USERS - 1, 1, 2),
        Slider("item", N_("Which wine"), 0, ITEMS - 1, 1, 6),
    ),
    source=N_("Measurements: the wine recognition data (Forina et al., 1991), from scikit-learn."),
)

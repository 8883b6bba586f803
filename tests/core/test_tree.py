"""The tree panel: nothing overlaps, nothing is clipped, every step has the same traces, each picture is sent once."""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import replace

import numpy as np
import pytest

from core.figures import arrange, film, theme, tree, tree_room
from core.figures.film import numbers
from core.operation import Step
from core.panels import Cells, Layout, Node, Row, Tree

WORDS = ["@", "+", "softmax(dim=-1)", ".mT", "maximum", ".reshape(4, 16)", "A", "weights", "[[1, 2], [3, 4]]"]


def node(number: int, label: str, inputs: tuple[int, ...] = (), shape: str = "(3, 4)", size: int = 4) -> Node:
    values = random.Random(number)
    rows = (
        tuple(tuple(values.uniform(-2, 2) for _column in range(size)) for _row in range(3)) if shape else ()
    )
    return Node(number, label, shape, rows, inputs)


def grown(count: int, seed: int) -> tuple[Node, ...]:
    """A line of `count` nodes: leaves, operations on one or two of what is there, some values used twice."""
    chance, found, unused = random.Random(seed), [], []
    for number in range(count):
        if len(unused) < 2 or (chance.random() < 0.35 and number < count - 3):
            found.append(node(number, chance.choice(WORDS[-3:])))
        else:
            first = unused.pop(chance.randrange(len(unused)))
            second = chance.choice(unused if chance.random() < 0.7 else range(number))
            unused = [one for one in unused if one != second]
            found.append(node(number, chance.choice(WORDS[:-3]), (first, second)))
        unused.append(number)
    return tuple(found)


def chain(count: int) -> tuple[Node, ...]:
    return tuple(node(k, "tanh", (k - 1,) if k else ()) for k in range(count))


def fan(count: int) -> tuple[Node, ...]:
    return (*(node(k, f"x{k}") for k in range(count)), node(count, "stack(dim=0)", tuple(range(count))))


ATTENTION = (
    node(0, "Q"), node(1, "K"), node(2, ".mT", (1,)), node(3, "@", (0, 2)), node(4, "4", shape=""),
    node(5, "sqrt", (4,), "()", 1), node(6, "/", (3, 5)), node(7, "softmax(dim=-1)", (6,)), node(8, "V"),
    node(9, "@", (7, 8)),
)  # fmt: skip
TREES = {
    "attention": ATTENTION,
    "one": (node(0, "A"),),
    "chain": chain(25),
    "fan": fan(12),
    "twice": (node(0, "x"), node(1, "@", (0, 0))),
    "apart": (node(0, "A"), node(1, "B"), node(2, "@", (1, 1))),
    **{f"random {seed}": grown(25, seed) for seed in range(8)},
}


def boxes(found: tree_room.Room) -> list[tuple[float, float, float, float]]:
    return [
        (s.x - s.width / 2, s.x + s.width / 2, s.y - s.height / 2, s.y + s.height / 2) for s in found.spots
    ]


@pytest.mark.parametrize("name", TREES)
def test_no_box_overlaps_or_leaves_the_room(name: str) -> None:
    """Boxes keep apart, and the room holds them all."""
    found = tree._room(Tree(TREES[name]))
    for one, other in itertools.combinations(boxes(found), 2):
        assert one[1] < other[0] or other[1] < one[0] or one[3] < other[2] or other[3] < one[2]
    for left, right, top, bottom in boxes(found):
        assert -1e-6 <= left < right <= found.width + 1e-6
        assert -1e-6 <= top < bottom <= found.height + 1e-6


@pytest.mark.parametrize("name", TREES)
def test_words_lie_in_their_boxes(name: str) -> None:
    """Label, shape and picture, as wide as a wide font makes them; letters stay readable on a usual stage."""
    found = tree._room(Tree(TREES[name]))
    for spot, one, box in zip(found.spots, TREES[name], boxes(found), strict=True):
        label, rest = tree_room.parts(one.label)
        width = tree_room.breadth(label, tree_room.LABEL, bold=True) + tree_room.breadth(
            rest, tree_room.SHAPE
        )
        for (x, y), wide in (
            (spot.label_at, width),
            (spot.shape_at, tree_room.breadth(one.shape, tree_room.SHAPE)),
        ):
            assert box[0] < x and x + wide < box[1] and box[2] < y < box[3]
        left, top, across, down = spot.picture
        assert box[0] < left and left + across <= spot.label_at[0] and box[2] < top and top + down < box[3]
    assert tree_room.scale(found) >= 10.5 and tree_room.scale(found) * tree_room.SHAPE > 8.4


@pytest.mark.parametrize("name", TREES)
def test_ways_lead_from_box_to_box_and_under_none(name: str) -> None:
    """A way begins at the upper edge of its node, ends at the lower edge of the one that takes it, in operand order."""
    found = tree._room(Tree(TREES[name]))
    box_of = dict(zip((spot.number for spot in found.spots), boxes(found), strict=True))
    wanted = [(number, one.number) for one in TREES[name] for number in one.inputs]
    assert sorted((way.start, way.end) for way in found.ways) == sorted(wanted)
    for way in found.ways:
        start, end = box_of[way.start], box_of[way.end]
        assert way.points[0][1] == pytest.approx(start[2]) and way.points[-1][1] == pytest.approx(end[3])
        assert end[0] < way.points[-1][0] < end[1]
        for x, y in tree._bent(way)[1:-1]:
            inside = [
                number for number, (a, b, c, d) in box_of.items() if a + 0.01 < x < b - 0.01 and c + 0.01 < y < d - 0.01
            ]  # fmt: skip
            assert not inside, (way.start, way.end, inside)
    for one in TREES[name]:
        ends = [way.points[-1][0] for number in one.inputs for way in found.ways
                if (way.start, way.end) == (number, one.number)]  # fmt: skip
        if len(set(one.inputs)) == len(one.inputs):
            assert ends == sorted(ends)


def test_results_stand_above_what_they_are_made_of() -> None:
    found = tree._room(Tree(ATTENTION))
    height = {spot.number: spot.y for spot in found.spots}
    assert all(height[one.number] < height[number] for one in ATTENTION for number in one.inputs)
    assert min(height, key=height.get) == 9


def test_a_tall_chain_is_cut_in_two() -> None:
    """Two parts beside each other, which make the letters larger."""
    found = tree._room(Tree(chain(25)))
    assert len({round(spot.x) for spot in found.spots}) == 2
    assert tree_room.scale(found) > 1.5 * tree_room.STAGE[1] / (25 * (1.9 + 1.35))


def steps_of(nodes: tuple[Node, ...], failing: int | None = None) -> list[Step]:
    layout = Layout((Row(((0, 1.0),)),), aside=(Row(((1, 1.0),)),))
    told = [one.number for one in nodes if one.inputs]
    found = [Step((Tree(nodes), Cells(((),))), "before", layout=layout)]
    for number in told:
        states = {True: "done", False: "waiting"}
        now = "failed" if number == failing else "lit"
        drawn = tuple(
            replace(n, state=now if n.number == number else states[n.number < number]) for n in nodes
        )
        found.append(Step((Tree(drawn), Cells(((),))), "now"))
        if number == failing:
            break
    return found


def standing(figure: dict, step: int) -> dict[str, dict]:
    """The traces of the tree as they are at a step, by name."""
    found = {trace["meta"]["name"]: dict(trace) for trace in figure["data"]}
    names = [trace["meta"]["name"] for trace in figure["data"]]
    for k, change in zip(figure["frames"][step]["traces"], figure["frames"][step]["data"], strict=True):
        found[names[k]] |= change
    return found


def test_what_never_changes_is_not_in_the_frames_and_pictures_come_once() -> None:
    """Ways, boxes and words are sent once; a picture is one trace that is seen from its node's step on."""
    figure = film.film(steps_of(ATTENTION), key="t", mode="light")
    names = [trace["meta"]["name"] for trace in figure["data"]]
    changing = {names[k] for frame in figure["frames"] for k in frame["traces"]}
    assert not changing & {"tree-ways", "tree-heads", "tree-boxes", "tree-frames", "tree-shapes", "tree-note"}
    pictures = [name for name in names if name.startswith("tree-picture")]
    assert len(pictures) == len(set(pictures)) == sum(bool(one.rows) for one in ATTENTION)
    seen = [
        sum(standing(figure, k)[name]["visible"] for name in pictures) for k in range(len(figure["frames"]))
    ]
    assert seen[0] == 0 and seen == sorted(seen) and seen[-1] == len(pictures)
    assert not any("source" in change for frame in figure["frames"] for change in frame["data"])


def test_the_lit_node_and_its_ways_stand_out() -> None:
    """As many heads as it takes operands, in the accent; its label too."""
    figure = film.film(steps_of(ATTENTION), key="t", mode="dark")
    now = standing(figure, 2)  # Q @ K.mT
    assert len(now["tree-lit-heads"]["x"]) == 2 and len(numbers(now["tree-lit"]["x"])) > 4
    accent = theme.colour("accent", "dark")
    assert now["tree-lit-ways"]["line"]["color"] == accent
    assert [color == accent for color in now["tree-labels"]["textfont"]["color"]].index(True) == 3


def test_a_failed_node_is_seen_without_its_colour() -> None:
    """A double heavy frame and a sign; no other film has them."""
    figure = film.film(steps_of(ATTENTION, failing=6), key="t", mode="light")
    before, last = standing(figure, 1), standing(figure, len(figure["frames"]) - 1)
    assert last["tree-failed"]["line"]["width"] == 3 and last["tree-failed-sign"]["text"] == ["<b>✗</b>"]
    outline = numbers(last["tree-failed"]["x"])
    assert np.isnan(outline).sum() == 2, "two frames"
    assert not before["tree-failed-sign"]["x"]
    sound = film.film(steps_of(ATTENTION), key="t", mode="light")
    assert not any("failed" in trace["meta"]["name"] for trace in sound["data"])


def test_a_film_of_25_nodes_stays_small() -> None:
    """Pictures and all: what a slow phone loads in a second."""
    for name in ("chain", "random 0", "random 3"):
        size = len(film.to_json(film.film(steps_of(TREES[name]), key="t", mode="light")))
        assert size < 160_000, (name, size)


def test_words_are_text_and_not_markup() -> None:
    shown = Tree((Node(0, "<b>x</b>", "(1,)<i>", told="<a href='x'>"),), note="<script>")
    traces = {trace["meta"]["name"]: trace for trace in tree.draw(shown, "light", ("x", "y"))}
    assert (
        "&lt;b&gt;x" in traces["tree-labels"]["text"][0] and "<a" not in traces["tree-labels"]["hovertext"][0]
    )
    assert "<" not in traces["tree-shapes"]["text"][0] + traces["tree-note"]["text"][0]


def test_pictures_show_the_numbers_and_what_is_none() -> None:
    """The source is a PNG of the theme's diverging scale; NaN and infinity have places of their own."""
    rows = ((1.0, -1.0), (float("nan"), float("inf")))
    light, dark = (tree._source(rows, mode) for mode in ("light", "dark"))
    assert light[0].startswith("data:image/png;base64,") and light[1:] == dark[1:] and light[0] != dark[0]
    assert light[0] != tree._source(((1.0, 1.0), (0.0, 1.0)), "light")[0]


def test_empty_and_large() -> None:
    """No nodes draw nothing; many are drawn all the same. All of it is JSON."""
    for nodes in ((), grown(60, 1)):
        shown = [Step((Tree(nodes),), "s"), Step((Tree(nodes),), "t")]
        figure = film.film(shown, key="t", mode="light")
        json.dumps(figure, allow_nan=False)


def test_a_tree_has_room_on_a_phone() -> None:
    """There it is as high as three rows of panels."""
    layout = Layout((Row(((0, 1.0),)),), (Row(((0, 1.0),)), Row(((1, 1.0),))))
    panels = (Tree(ATTENTION), Cells(((),)))
    assert arrange.lines_when_tall(layout, panels) == 4 and arrange.lines_when_tall(layout, panels[1:]) == 2

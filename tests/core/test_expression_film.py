"""The film of an expression: every node once, torch's own numbers, links that hold, windows of what is large."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import pytest
import torch

from core.expression.trace import Piece, Trace, trace
from core.figures import film
from core.operation import Step
from core.panels import Alignment, Block, Cells, Link, Tree
from core.workbench import deeds, expression_film, scene
from core.workbench.tree_of import MOST_DRAWN, MOST_NODES, grown, picture

NAMES = {
    "Q": torch.arange(8.0).reshape(4, 2) - 3, "K": torch.arange(6.0).reshape(3, 2) - 2,
    "V": torch.tensor([[1.0, 0], [0, 1], [2, 5]]), "x": torch.tensor([1.0, -2.0, 3.0]),
    "T": torch.arange(24.0).reshape(2, 3, 4) + 1,
}  # fmt: skip
TEXTS = [
    "softmax(Q @ K.mT / sqrt(2), dim=-1) @ V", "x @ x", "Q @ x[:2]", "x[:2] @ Q.T", "T @ T.mT", "T[0] @ T.mT",
    "T.mean(1, keepdim=True) - x.max()", "T.sum((0, 2)) * x", "T.prod(-1)", "T.amin()", "cumsum(T, 1)",
    "T.permute(2, 0, 1) + torch.ones(4, 1, 3)", "T.transpose(0, 2).unsqueeze(1).squeeze(1)", "torch.outer(x, x[:2])",
    "torch.einsum('ij,kj->ki', Q, K)", "torch.einsum('ij->j', Q)", "torch.einsum('i,j->ij', x, x)", "exp(x) / 2 - 1",
    "x.expand(2, 3)", "torch.pow(x, 2).norm()", "-x + abs(x)", "maximum(x, 0.5)", "stack([x, x, x]) > 0",
    "U, S, Vh = torch.linalg.svd(Q)\nS * 2", "[[1, 2], [3, 4]]", 
    "y = x - x.mean()\ny / y.std()", "T.reshape(4, 6)[1:3]",
]  # fmt: skip


def told(text: str) -> tuple[Trace, list[Step]]:
    found = trace(text, names=NAMES)
    return found, list(expression_film.steps(found))


def blocks(step: Step) -> dict[str, list[Block]]:
    """The blocks by the tensor that they show."""
    found: dict[str, list[Block]] = {}
    for block in step.panels[1].blocks:
        found.setdefault(block.tensor, []).append(block)
    return found


def lit(step: Step) -> int | None:
    return next((one.number for one in step.panels[0].nodes if one.state == "lit"), None)


@pytest.mark.parametrize("text", TEXTS)
def test_every_node_is_told_once_and_the_last_step_shows_the_result(text: str) -> None:
    """In computing order; the result's cells hold torch's numbers; every step has the same panels."""
    found, steps = told(text)
    assert found.error is None
    computed = [one.number for one in found.pieces if one.inputs]
    assert [lit(step) for step in steps] == [None, *computed, found.result]
    assert {tuple(type(panel) for panel in step.panels) for step in steps} == {(Tree, Cells)}
    assert all(step.sentence for step in steps)
    shown = [block for group in blocks(steps[-1]).values() for block in group]
    value = found.pieces[found.result].value
    for block in shown:
        part = value[block.at].reshape(len(block.rows), -1)
        assert torch.allclose(torch.tensor(block.rows).double(), part.double(), equal_nan=True)
    assert film.to_json(film.film(steps, key="t", mode="light"))


@pytest.mark.parametrize("text", TEXTS)
def test_a_node_is_done_only_when_all_it_takes_is(text: str) -> None:
    """And what is done stays done; at the end nothing waits."""
    _found, steps = told(text)
    before: set[int] = set()
    for step in steps:
        nodes = step.panels[0].nodes
        now = {one.number for one in nodes if one.state in ("done", "lit")}
        assert before <= now
        assert all(set(one.inputs) <= now for one in nodes if one.number in now)
        before = now
    assert len(before) == len(steps[-1].panels[0].nodes)


def links_of(text: str) -> Iterator[tuple[Trace, Piece, Link]]:
    found, steps = told(text)
    for step in steps:
        for link in step.links:
            yield found, found.pieces[lit(step)], link


def worked(formula: str, parts: list[torch.Tensor]) -> torch.Tensor | None:
    """What a Link's formula says that the browser writes."""
    first = parts[0].flatten()
    pairs = {
        "+": torch.add,
        "-": torch.sub,
        "*": torch.mul,
        "/": torch.div,
        "dot": lambda a, b: (a.flatten() * b.flatten()).sum(),
    }
    if formula in pairs:
        return pairs[formula](*parts)
    single = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin, "prod": torch.prod}
    return single[formula](first) if formula else None


@pytest.mark.parametrize("text", TEXTS)
def test_links_say_whence_every_cell_comes(text: str) -> None:
    """Worked out from the cells that a link names, every cell of the result is torch's own."""
    for found, piece, link in links_of(text):
        operands = [one.value for one in deeds.operands_of(found, piece)]
        for index in itertools.product(*map(range, piece.shape)):
            parts = [
                value[deeds.taken_at(source, tuple(value.shape), index)]
                for source, value in zip(link.sources, operands, strict=True)
            ]
            value = worked(link.formula, [part.double() for part in parts])
            if value is not None:
                assert torch.allclose(value, piece.value[index].double(), atol=1e-5), (text, piece.label)


@pytest.mark.parametrize("text", TEXTS)
def test_links_without_a_formula_hold_too(text: str) -> None:
    """A number that is named by no link changes nothing: all others may become anything."""
    for found, piece, link in links_of(text):
        operands = [one.value for one in deeds.operands_of(found, piece)]
        deed = deeds.deed_of(found, piece)
        if deed.kind != "turn":
            continue
        index = tuple(size - 1 for size in piece.shape)
        taken = operands[0][deeds.taken_at(link.sources[0], tuple(operands[0].shape), index)]
        assert taken.flatten().tolist() == [piece.value[index].item()]


def test_links_are_not_empty() -> None:
    """The loops above walk over something."""
    kinds = {deeds.deed_of(found, piece).kind for text in TEXTS for found, piece, _link in links_of(text)}
    assert kinds >= {"product", "pair", "map", "reduce", "running", "along", "turn", "outer", "einsum"}


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("Q @ K.mT", "(Q @ K.mT)[0, 0] = (−3)·(−2) + (−2)·(−1) = 8"),
        ("x + [10, 20, 30]", "= 1 + 10 = 11"),
        ("x.mean()", "x.mean() = (1 + (−2) + 3) / 3 = 0.667"),
        ("T.amax(-1)", "T.amax(-1)[0, 0] = max(1, 2, 3, 4) = 4"),
        ("sqrt(torch.tensor(9.0))", "= √9 = 3"),
        ("softmax(x, 0)", "= e^1 / (e^1 + e^(−2) + e^3) = 0.118"),
        ("norm([3.0, 4.0])", "= √(3² + 4²) = 5"),
        ("torch.linalg.inv([[2.0, 0], [0, 4]])", "inv: (2, 2) → (2, 2)"),
        ("randn(2, 9) @ randn(9, 2)", " + … = "),
    ],
)
def test_formulas_have_the_numbers_put_in(text: str, formula: str) -> None:
    assert formula in told(text)[1][-2].formula


def test_sentences_say_the_shapes() -> None:
    sentence = told("Q @ K.mT")[1][-2].sentence
    assert (
        sentence
        == "Q (4, 2) times K.mT (2, 3) gives (4, 3): the axis of size 2 is multiplied and summed away."
    )


def test_one_tensor_twice_is_two_tensors_to_the_browser() -> None:
    """In A @ A a row is lit in the left one and a column in the right one, not both in both."""
    found = trace("A = torch.tensor([[1.0, 2], [3, 4]])\nA @ A")
    step = list(expression_film.steps(found))[-2]
    names = list(blocks(step))
    assert names[0] == "A" and scene.shown(names[1]) == "A" and names[1] != "A"
    assert [source.tensor for source in step.links[0].sources] == names[:2]
    left, right = (blocks(step)[name][0] for name in names[:2])
    assert left.lit == ((0, 0), (0, 1)) and right.lit == ((0, 0), (1, 0)) and right.name == "A"


def test_only_a_window_of_what_is_large_is_sent() -> None:
    """And the note says so; three slices of many matrices."""
    _found, steps = told("torch.ones(120, 300) @ torch.ones(300, 50)")
    sent = [block for step in steps for block in step.panels[1].blocks]
    assert all(len(block.rows) * len(block.rows[0]) <= 36 for block in sent)
    assert "6 × 6 of 120 × 300" in {block.note for block in sent}
    assert {block.whole for block in sent} == {(120, 300), (300, 50), (120, 50)}
    _found, steps = told("torch.ones(50, 2, 3) * 2")
    assert [block.name for block in steps[-1].panels[1].blocks][1] == "(… * 2)[1]"
    assert steps[-1].panels[1].blocks[-1].note == "3 of 50 matrices"
    assert len(film.to_json(film.film(steps, key="t", mode="light"))) < 60_000


def test_a_picture_is_small_whatever_the_tensor() -> None:
    """An expanded view of a billion numbers is not read through."""
    huge = torch.ones(1).expand(1_000_000, 1_000)
    assert [len(picture(huge)), len(picture(huge)[0])] == [8, 8]
    assert picture(torch.tensor(3.0)) == () == picture(torch.ones(0, 3))
    assert picture(torch.tensor([1, 2])) == ((1.0, 2.0),)
    assert len(picture(NAMES["T"])) == 6, "the axis in front goes down the page"
    checked = picture(torch.tensor([[math.nan, math.inf]]))
    assert math.isnan(checked[0][0]) and checked[0][1] == math.inf


@pytest.mark.parametrize(
    ("text", "words", "strips"),
    [
        ("y = Q * 2\ny @ K", "Axis k is 2", True),
        ("Q + K", "Axis -2 is 4 in Q (4, 2) but 3 in K (3, 2)", True),
        ("torch.mm(Q, V)", "Axis k is 2", True),
        ("(Q @ K.mT).reshape(5, 5)", "12 elements", False),
        ("Q + 1 + missing", "There is no `missing` here.", False),
    ],
)
def test_a_failing_line_is_told_up_to_the_node_that_fails(text: str, words: str, strips: bool) -> None:
    """The tree stands; the last step has the failed node, its operands, the reason, and the clash in strips."""
    found, steps = told(text)
    last = steps[-1]
    assert words in last.sentence and last.sentence == found.error.sentence
    failed = [one for one in last.panels[0].nodes if one.state == "failed"]
    assert [one.number for one in failed] == [found.failed.number]
    assert [one.state for one in last.panels[0].nodes if one.number in found.failed.inputs] == ["done"] * len(
        set(found.failed.inputs)
    )
    assert all(one.state != "failed" for step in steps[:-1] for one in step.panels[0].nodes)
    assert {len(step.panels) for step in steps} == {3 if strips else 2}
    assert len(blocks(last)) == len(found.failed.inputs)
    if strips:
        states = [{box.state for strip in s.panels[2].strips for box in strip.boxes} for s in steps]
        assert "clash" in states[-1] and all(one == {"absent"} for one in states[:-1])
        assert isinstance(last.panels[2], Alignment)
    assert film.to_json(film.film(steps, key="t", mode="dark"))


def test_an_error_without_a_node_keeps_the_tree() -> None:
    """Several tensors are no result: the tree is whole, and the sentence says it."""
    _found, steps = told("torch.linalg.svd(Q)")
    assert "several tensors" in steps[-1].sentence
    assert list(expression_film.steps(trace("Q @ (", names=NAMES))) == []


def test_plain_numbers_are_folded_where_nodes_are_many() -> None:
    """They go into the label of what takes them, the deepest first; below the limit all stand alone."""
    few = grown(trace("x * 2 + 1", names=NAMES).pieces)
    assert [one.label for one in few.nodes] == ["x", "2", "*", "1", "+"]
    text = " + ".join(f"x * {k}" for k in range(2, 16))
    many = trace(text, names=NAMES).pieces
    nodes = grown(many).nodes
    assert len(many) > MOST_NODES >= len(nodes)
    assert "* 2" in [one.label for one in nodes] and "* 15" not in [one.label for one in nodes]
    assert all(number in {one.number for one in nodes} for one in nodes for number in one.inputs)


def test_of_very_many_nodes_the_last_ones_are_drawn() -> None:
    """The others are computed in one step that says so."""
    found, steps = told("+".join(["x"] * 150))
    assert len(steps[0].panels[0].nodes) <= MOST_DRAWN
    assert "are not drawn" in steps[0].panels[0].note and "in one go" in steps[1].sentence
    assert len(steps) <= MOST_DRAWN + 3
    assert lit(steps[-1]) == found.result
    assert len(film.to_json(film.film(steps, key="t", mode="light"))) < 550_000


def test_dtypes_are_named_where_they_differ() -> None:
    nodes = grown(trace("x > 0", names=NAMES).pieces).nodes
    assert [one.shape for one in nodes] == ["(3,)", "", "(3,) bool"]
    assert grown(trace("x + x", names=NAMES).pieces).note == "all of it float32"
    assert "float32" in grown(trace("x > 0", names=NAMES).pieces).note


def test_names_that_are_markup_stay_text() -> None:
    """Text of the visitor reaches the figure escaped."""
    found = trace("einsum('i,i->', x, x) < 3", names=NAMES)
    figure = film.to_json(film.film(list(expression_film.steps(found)), key="t", mode="light")).decode()
    assert "&lt;" in figure and "<b><</b>" not in figure

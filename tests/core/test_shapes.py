"""The shape rules: they agree with torch on random shapes, refusals included, and say why in pinned words."""

from __future__ import annotations

import doctest
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import shapes
from core.shapes import ShapeError
from core.words import speaking

SIZES = st.sampled_from([0, 1, 1, 1, 2, 2, 3, 3, 4])
SHAPES = st.lists(SIZES, max_size=5).map(tuple)
AXES = st.integers(-6, 6)
STRICT = [
    (shapes.matvec, torch.mv),
    (shapes.mm, torch.mm),
    (shapes.bmm, torch.bmm),
    (shapes.dot, torch.dot),
    (shapes.outer, torch.outer),
]
MANY = settings(max_examples=1500, deadline=None)
SOME = settings(max_examples=400, deadline=None)


def meta(shape):
    return torch.empty(shape, device="meta")


def answer(compute, *refusals):
    """The shape that comes back, or None where the call is refused."""
    try:
        result = compute()
    except refusals:
        return None
    shape = tuple(getattr(result, "shape", result))
    return shape if min(shape, default=0) >= 0 else None  # torch 2.13: zeros(()).expand(0, -1) has a size -1


def agrees(ours, theirs):
    assert answer(ours, ShapeError) == answer(theirs, RuntimeError, IndexError)


@st.composite
def related(draw, count):
    """Shapes that often fit: one shape, with axes turned to 1, cut from the left, or changed."""
    full = draw(SHAPES)
    found = []
    for _one in range(count):
        sizes = [draw(st.sampled_from([size, size, size, 1, 3])) for size in full]
        found.append(tuple(sizes[draw(st.integers(0, len(sizes))) if draw(st.booleans()) else 0 :]))
    return found


@st.composite
def factors(draw):
    """Two shapes that often multiply."""
    front, back = draw(related(2))
    rows, inner, columns = draw(SIZES), draw(SIZES), draw(SIZES)
    other = inner if draw(st.integers(0, 5)) else draw(SIZES)
    left = draw(st.sampled_from([(inner,), (*front, rows, inner), (*front, rows, inner), front]))
    right = draw(st.sampled_from([(other,), (*back, other, columns), (*back, other, columns), back]))
    return left, right


@given(st.lists(st.integers(1, 4), max_size=4), st.lists(st.integers(1, 4), max_size=4))
def test_a_clash_is_told_of_the_axis_at_which_torch_stops(one, other) -> None:
    try:
        torch.add(torch.zeros(one), torch.zeros(other))
    except RuntimeError as error:
        dimension = int(re.search(r"dimension (\d+)", str(error))[1]) - max(len(one), len(other))
        with pytest.raises(shapes.ShapeError, match=f"Axis {dimension} is"):
            shapes.broadcast(one, other)


@MANY
@given(st.one_of(related(2), related(3), st.lists(SHAPES, min_size=1, max_size=3)))
def test_broadcast_agrees_with_torch(found):
    agrees(
        lambda: shapes.broadcast(*found),
        lambda: torch.broadcast_tensors(*map(meta, found))[0],
    )


@MANY
@given(factors())
def test_matmul_agrees_with_torch(pair):
    agrees(lambda: shapes.matmul(*pair), lambda: torch.matmul(*map(meta, pair)))


@MANY
@given(SHAPES, st.one_of(st.none(), AXES, st.lists(AXES, max_size=3).map(tuple)), st.booleans())
def test_reduce_agrees_with_torch(shape, axis, keepdim):
    agrees(
        lambda: shapes.reduce(shape, axis, keepdim),
        lambda: torch.sum(meta(shape), dim=axis, keepdim=keepdim),
    )


@SOME
@given(factors())
def test_strict_products_agree_with_torch(pair):
    for ours, theirs in STRICT:
        agrees(lambda rule=ours: rule(*pair), lambda call=theirs: call(*map(meta, pair)))


@SOME
@given(SHAPES, st.lists(st.integers(-2, 8), max_size=4).map(tuple))
def test_reshape_and_expand_agree_with_torch(shape, sizes):
    agrees(lambda: shapes.reshape(shape, sizes), lambda: meta(shape).reshape(sizes))
    agrees(lambda: shapes.expand(shape, sizes), lambda: meta(shape).expand(sizes))


@SOME
@given(st.sampled_from([(2, 3, 4), (6, 4), (24,), (1, 24), (2, 1, 12)]), st.permutations([2, 3, 4, -1]))
def test_reshape_finds_the_size_written_as_minus_one(shape, sizes):
    for cut in (sizes, sizes[:3], sizes[:2]):
        agrees(lambda cut=cut: shapes.reshape(shape, cut), lambda cut=cut: meta(shape).reshape(cut))


@SOME
@given(SHAPES, AXES, AXES)
def test_moves_of_axes_agree_with_torch(shape, one, two):
    agrees(lambda: shapes.transpose(shape, one, two), lambda: meta(shape).transpose(one, two))
    agrees(lambda: shapes.flatten(shape, one, two), lambda: meta(shape).flatten(one, two))
    agrees(lambda: shapes.squeeze(shape, one), lambda: meta(shape).squeeze(one))
    agrees(lambda: shapes.squeeze(shape), lambda: meta(shape).squeeze())
    agrees(lambda: shapes.unsqueeze(shape, one), lambda: meta(shape).unsqueeze(one))


@SOME
@given(SHAPES, st.data())
def test_permute_agrees_with_torch(shape, data):
    axes = (
        data.draw(st.permutations(range(len(shape))))
        if data.draw(st.booleans())
        else data.draw(st.lists(AXES))
    )
    agrees(lambda: shapes.permute(shape, axes), lambda: meta(shape).permute(axes))


@SOME
@given(related(3), AXES)
def test_cat_and_stack_agree_with_torch(found, axis):
    if (0,) not in found:  # torch lets an empty vector pass cat, and says itself that this is history
        agrees(lambda: shapes.cat(found, axis), lambda: torch.cat([meta(shape) for shape in found], axis))
    agrees(lambda: shapes.stack(found, axis), lambda: torch.stack([meta(shape) for shape in found], axis))


def test_align_pads_on_the_left():
    assert shapes.align((3, 3, 2), (2, 4), ()) == ((3, 3, 2), (None, 2, 4), (None, None, None))


def test_bind_names_the_sizes():
    assert shapes.bind("m n", (2, 3)) == {"m": 2, "n": 3}
    assert shapes.bind("... m k", (5, 7, 2, 3)) == {"m": 2, "k": 3}
    assert shapes.bind("", ()) == {}
    assert shapes.bind_all({"A": ("m n", (2, 3)), "x": ("n", (3,))}) == {"m": 2, "n": 3}


SENTENCES = [
    (
        lambda: shapes.bind_all({"A": ("m n", (2, 3)), "x": ("n", (4,))}),
        "Axis n is 3 in A (2, 3) but 4 in x (4,).",
        [("x", 0)],
    ),
    (lambda: shapes.bind("m n", (2, 3, 4), "A"), "A (2, 3, 4) must have 2 axes (m n), and has 3.", []),
    (lambda: shapes.bind("n", (2, 3), "x"), "x (2, 3) must have 1 axis (n), and has 2.", []),
    (lambda: shapes.bind("", (3,), "a"), "a (3,) must be a single number, without axes.", []),
    (lambda: shapes.bind("... m k", (3,), "A"), "A (3,) needs at least 2 axes (... m k), and has 1.", []),
    (lambda: shapes.bind("2 n", (3, 4), "A"), "Axis 0 of A (3, 4) is 3, but must be 2.", [("A", 0)]),
    (
        lambda: shapes.broadcast((5, 2, 3), (2, 4)),
        "Axis -1 is 3 in A (5, 2, 3) but 4 in B (2, 4); "
        "sizes aligned from the right must be equal, or one of them 1.",
        [("A", 2), ("B", 1)],
    ),
    (
        lambda: shapes.broadcast((2, 1), (3, 1), (4, 5), names=("p", "q", "r")),
        "Axis -2 is 2 in p (2, 1) but 3 in q (3, 1); "
        "sizes aligned from the right must be equal, or one of them 1.",
        [("p", 0), ("q", 0)],
    ),
    (
        lambda: shapes.matmul((2, 3), (4, 5)),
        "Axis k is 3 in A (2, 3) but 4 in B (4, 5).",
        [("A", 1), ("B", 0)],
    ),
    (
        lambda: shapes.matmul((2, 5, 3), (4, 3, 6)),
        "Batch axis -3 is 2 in A (2, 5, 3) but 4 in B (4, 3, 6); "
        "sizes aligned from the right must be equal, or one of them 1.",
        [("A", 0), ("B", 0)],
    ),
    (
        lambda: shapes.matmul((), (3,)),
        "A () is a single number: @ multiplies vectors and matrices. Use * for numbers.",
        [],
    ),
    (lambda: shapes.matvec((2, 3), (4,)), "Axis n is 3 in A (2, 3) but 4 in x (4,).", [("x", 0)]),
    (
        lambda: shapes.reduce((2, 3, 4), 3),
        "There is no axis 3 in A (2, 3, 4): its axes are 0 to 2 (or -3 to -1).",
        [],
    ),
    (lambda: shapes.reduce((4,), 1), "There is no axis 1 in A (4,): its only axis is 0 (or -1).", []),
    (lambda: shapes.reduce((), 1), "There is no axis 1 in A (), which is a single number without axes.", []),
    (lambda: shapes.reduce((2, 3), (1, -1)), "Axis 1 of A (2, 3) is named twice.", []),
    (
        lambda: shapes.square((2, 3)),
        "A (2, 3) is not square: it has 2 rows and 3 columns.",
        [("A", 0), ("A", 1)],
    ),
    (lambda: shapes.reshape((2, 3), (4, 2)), "A (2, 3) has 6 elements, but (4, 2) would hold 8.", []),
    (
        lambda: shapes.reshape((2, 3), (4, -1)),
        "A (2, 3) has 6 elements, which 4 does not divide: (4, -1) is not possible.",
        [],
    ),
    (
        lambda: shapes.reshape((2, 3), (-1, -1)),
        "A (2, 3) cannot become (-1, -1): only one size can be -1.",
        [],
    ),
    (
        lambda: shapes.reshape((0, 3), (0, -1)),
        "A (0, 3) cannot become (0, -1): the rest holds no elements, so -1 could be any size.",
        [],
    ),
    (
        lambda: shapes.expand((2, 3), (2, 4)),
        "Axis 1 of A (2, 3) is 3 and cannot become 4: only an axis of size 1 expands.",
        [("A", 1)],
    ),
    (
        lambda: shapes.permute((2, 3, 4), (0, 1)),
        "permute must name every axis of A (2, 3, 4) once: 3 axes, but 2 named.",
        [],
    ),
    (lambda: shapes.unsqueeze((2, 3), 4), "A new axis of A (2, 3) can stand at -3 to 2, not at 4.", []),
    (
        lambda: shapes.flatten((2, 3, 4), 2, 1),
        "flatten starts at axis 2 of A (2, 3, 4), after its end at axis 1.",
        [],
    ),
    (
        lambda: shapes.cat([(2, 3), (4, 5)], 0),
        "Axis 1 is 3 in A (2, 3) but 5 in B (4, 5).",
        [("A", 1), ("B", 1)],
    ),
    (lambda: shapes.stack([(2, 3), (2,)]), "A (2, 3) and B (2,) have different numbers of axes.", []),
]


@pytest.mark.parametrize(
    ("refused", "sentence", "clash"), SENTENCES, ids=[words for _f, words, _c in SENTENCES]
)
def test_refusal_says_which_tensors_axes_and_sizes(refused, sentence, clash):
    with speaking("en"), pytest.raises(ShapeError) as caught:
        refused()
    assert caught.value.sentence == str(caught.value) == sentence
    assert caught.value.clash == tuple(clash)
    for name, shape in caught.value.tensors.items():
        assert f"{name} {shapes.show(shape)}" in sentence


def test_examples_in_the_docstrings_are_true():
    assert doctest.testmod(shapes).attempted >= 8
    assert doctest.testmod(shapes).failed == 0

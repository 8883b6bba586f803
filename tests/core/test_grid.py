"""Cells as they are drawn: axes at the edges, marks of odd cells, frames, tables of lines, and flights."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core import words
from core.figures import film, grid, grid_room, theme
from core.operation import Step
from core.ops.cells import block
from core.panels import Block, Cells, Flight, Link, Source, in_line


def drawn(panel: Cells) -> dict[str, dict]:
    traces = grid.draw(panel, "light", ("x2", "y2"))
    return {trace["meta"]["name"].removeprefix(f"{panel.name}-"): trace for trace in traces}


def matrix(rows: int, columns: int, **more) -> Block:
    return Block("A", tuple(tuple(float(i + j) for j in range(columns)) for i in range(rows)), **more)


def test_axes_are_drawn_along_the_edges_in_their_colours() -> None:
    traces = drawn(in_line(matrix(2, 3, axes=(("n", "axis1"), ("k", "accent")))))
    left, top = traces["axis-axis1"], traces["axis-accent"]
    assert left["line"]["color"] == theme.colour("axis1", "light")
    assert left["x"][0] == left["x"][1] and left["y"][1] - left["y"][0] == pytest.approx(1.92)
    assert top["y"][0] == top["y"][1] and top["x"][1] - top["x"][0] == pytest.approx(2.92)
    assert traces["letters"]["text"] == ["<b><i>n</i></b> 2", "<b><i>k</i></b> 3"]


@pytest.mark.parametrize(("upright", "side"), [(True, "x"), (False, "y")])
def test_a_vector_has_its_axis_along_its_length(upright, side) -> None:
    vector = block("x", torch.arange(3.0), axes=(("n", "axis1"),), upright=upright)
    rule = drawn(in_line(vector))["axis-axis1"]
    assert rule[side][0] == rule[side][1]


def test_odd_cells_have_marks_and_say_so() -> None:
    odd = Block("A", ((math.nan, math.inf), (-math.inf, 1.0)), ghost=((1, 1),), flagged=((1, 1),))
    traces = drawn(in_line(odd))
    assert traces["marks"]["x"] and traces["flags"]["x"]
    spoken = traces["squares"]["hovertext"]
    assert (
        "not a number" in spoken[0]
        and "∞" in spoken[1]
        and "not stored" in spoken[3]
        and "marked" in spoken[3]
    )


def test_what_is_kept_of_a_block_is_of_that_very_block_and_language() -> None:
    """Equal is not the same: 0.0 and −0.0; nor are the words of two languages, or two panels with one layout."""
    zero, minus = (drawn(in_line(Block("A", ((value,),))))["squares"]["hovertext"] for value in (0.0, -0.0))
    assert (zero, minus) == (["A[0, 0] = 0.0"], ["A[0, 0] = −0.0"])
    large = in_line(block("A", torch.full((9, 1), math.nan)))
    said = {}
    for language in words.LANGUAGES:
        with words.speaking(language):
            traces = drawn(large)
            said[language] = traces["squares"]["hovertext"], traces["notes"]["hovertext"]
    assert all(one != other for one, other in zip(*said.values(), strict=True))
    one, other = (grid.draw(in_line(matrix(2, 2), name=name), "dark", (f"{name}2", "y2")) for name in "xz")
    for name, traces in (("x", one), ("z", other), ("x", one)):
        assert all(trace["meta"]["name"].startswith(f"{name}-") for trace in traces)
        assert {trace["meta"].get("unit", {}).get("axis", f"{name}2") for trace in traces} == {f"{name}2"}


def test_what_is_cut_off_is_said() -> None:
    traces = drawn(in_line(block("A", torch.zeros(20, 30))))
    assert {"⋯", "⋮"} <= set(traces["notes"]["text"])
    assert any("12" in text for text in traces["notes"]["hovertext"])


def test_words_are_text_and_no_markup() -> None:
    traces = drawn(in_line(Block("A", ((1.0,),), texts=(("<b>&",),))))
    assert traces["numbers"]["text"] == ["&lt;b&gt;&amp;"]


@given(st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5))))
def test_rectangles_cover_exactly_the_cells(cells) -> None:
    found = [
        (i, j)
        for top, left, bottom, right in grid_room.rectangles(list(cells))
        for i in range(top, bottom + 1)
        for j in range(left, right + 1)
    ]
    assert sorted(found) == sorted(cells)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 8), st.integers(1, 8), st.booleans()), min_size=1, max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_everything_lies_inside_and_no_two_blocks_touch(lines) -> None:
    axes = (("n", "axis1"), ("k", "accent"))
    panel = Cells(
        tuple(
            tuple(matrix(rows, columns, axes=axes if named else ()) for rows, columns, named in line)
            for line in lines
        )
    )
    across, down = grid.ranges([grid.frame(panel)])
    for trace in grid.draw(panel, "light", ("x2", "y2")):
        assert all(across[0] <= x <= across[1] for x in trace["x"] if x is not None)
        assert all(down[1] <= y <= down[0] for y in trace["y"] if y is not None)
    boxes = [placed.spot.box for placed in grid.frame(panel).placed]
    for k, (left, right, top, bottom) in enumerate(boxes):
        for low, high, up, under in boxes[k + 1 :]:
            assert right < low or high < left or bottom < up or under < top


def test_lines_of_equal_length_stand_as_a_table() -> None:
    named = matrix(2, 3, axes=(("n", "axis1"), ("k", "accent")))
    upper, lower = grid.frame(Cells(((named,), (matrix(1, 3),)))).placed
    assert upper.spot.left == lower.spot.left


def test_a_flight_slides_under_the_block_that_it_lands_on() -> None:
    def panel(landed: bool) -> Cells:
        goal = Block("s", ((9.0,),), over=True)
        return Cells(((matrix(1, 2), goal),), flights=(Flight(("A", (0, 1)), ("s", (0, 0)), landed),))

    names = list(drawn(panel(False)))
    assert names.index("numbers") < names.index("flights") < names.index("over-squares")
    before, after = drawn(panel(False))["flights"], drawn(panel(True))["flights"]
    assert before["x"] == drawn(panel(False))["squares"]["x"][1:2] and before["text"] == ["1"]
    assert after["x"] == drawn(panel(True))["over-squares"]["x"]


def test_letters_are_as_small_as_the_longest_number_of_any_step_needs() -> None:
    steps = [Step((in_line(Block("A", ((value,),))),), "s", "f") for value in (1.0, -123456.0)]
    (numbers,) = [
        t for t in film.film(steps, key="k", mode="light")["data"] if t["meta"]["name"] == "cells-numbers"
    ]
    assert numbers["meta"]["unit"]["textfont.size"] < 0.3


def test_the_film_says_which_cells_are_whose() -> None:
    link = Link("C", (Source("A", (0, None)),), "sum")
    blocks = (
        block("A[1]", torch.zeros(2, 3), tensor="A", at=(1,)),
        block("C", torch.zeros(9), upright=False),
    )
    meta = film.film([Step((in_line(*blocks),), "s", "f", links=(link,))], key="k", mode="light")["layout"][
        "meta"
    ]
    assert meta["linked"] == [{"kind": "cells", "panel": "cells", "axes": ["x2", "y2"]}]
    first, second = meta["steps"][0]["cells"]["cells"]
    assert first == {"tensor": "A", "at": [1], "rank": 2, "size": [2, 3]}
    assert second == {"tensor": "C", "at": [], "rank": 1, "size": [1, 8], "whole": [1, 9], "lying": True}

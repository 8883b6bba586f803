"""The memory tape: everything is drawn, and from step to step the same number of points, so that things slide."""

from __future__ import annotations

import pytest

from core.figures import film, tape
from core.operation import Step
from core.panels import Jump, Tape


def drawn(panel: Tape) -> dict[str, dict]:
    return {trace["meta"]["name"]: trace for trace in tape.draw(panel, "light", ("x2", "y2"))}


def test_every_cell_has_its_number_and_its_address() -> None:
    traces = drawn(Tape("t", (5.0, -2.0, None), start=7))
    assert traces["t-numbers"]["text"] == ["5", "−2", ""]
    assert traces["t-addresses"]["text"] == ["7", "8", "9"]


@pytest.mark.parametrize("count", [0, 1, 12])
def test_jumps_of_any_number_take_the_same_points(count: int) -> None:
    """Else the browser could not tween them."""
    jumps = tuple(Jump(k, k + 3, "+3", "axis1") for k in range(count))
    lit = drawn(Tape("t", tuple(map(float, range(20))), lit=tuple(range(count)), jumps=jumps))
    one = drawn(Tape("t", tuple(map(float, range(20))), jumps=(Jump(0, 1, "", "axis1"),)))
    assert len(lit["t-lit"]["x"]["bdata"]) == len(one["t-lit"]["x"]["bdata"])
    if count:
        assert len(lit["t-jumps-axis1"]["x"]["bdata"]) == len(one["t-jumps-axis1"]["x"]["bdata"])


def test_a_longer_storage_is_cut_and_a_jump_out_of_it_is_not_drawn() -> None:
    traces = drawn(Tape("t", tuple(map(float, range(500))), jumps=(Jump(0, 60, "+60"), Jump(0, 3, "+3"))))
    assert len(traces["t-cells"]["x"]) == tape.MOST
    assert traces["t-labels"]["text"] == ["+3"]


def test_words_are_text_and_never_markup() -> None:
    traces = drawn(Tape("t", (1.0,), title="<a>", note="&"))
    assert traces["t-words"]["text"] == ["<b>&lt;a&gt;</b>", "&amp;"]


def test_a_tape_is_a_valid_film_even_when_it_is_empty() -> None:
    assert film.film([Step((Tape("t", ()),), "s"), Step((Tape("t", ()),), "s")], key="t", mode="dark")["data"]

"""What the drawers make of pictures, curves, bars, clouds and cubes: true colours, true places, small films."""

from __future__ import annotations

import base64
import gzip
import io
import itertools
import math

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from core.figures import bars, curve, film, maps, raster, theme
from core.operation import Step
from core.ops import data
from core.panels import Arrow, Bars, Bind, Cubes, Curve, Handle, Line, Plane, Points, Raster, Variable, rows

THEMES = ("light", "dark")


def opened(source: str) -> np.ndarray:
    """The pixels (h, w, 3) of a data URI."""
    picture = Image.open(io.BytesIO(base64.b64decode(source.split(",", 1)[1])))
    return np.array(picture.convert("RGB"))


def numbers(values: list, kind: str = "signed", **more: object) -> Raster:
    table = np.array(values, dtype=np.float32)
    return Raster("map", table.tobytes(), *table.shape, kind, **more)


def trace(traces: list, name: str) -> dict:
    return next(one for one in traces if one["meta"]["name"].startswith(name))


@pytest.mark.parametrize("mode", THEMES)
def test_zero_is_the_page_and_what_is_no_number_has_a_mark_of_its_own(mode: str) -> None:
    panel = numbers([[0, 2, -2], [math.nan, math.inf, -1]])
    scale = raster._scale(panel)
    pixels = opened(raster.source(panel, mode))[scale // 2 :: scale, scale // 2 :: scale]
    paper, high, low, none = (
        theme.rgb(theme.colour(name, mode)) for name in ("background", "positive", "negative", "axis")
    )
    assert pixels[0].tolist() == [list(paper), list(high), list(low)]
    assert pixels[1, :2].tolist() == [list(none), list(high)]
    assert pixels[1, 2].tolist() == [round((a + b) / 2) for a, b in zip(paper, low, strict=True)]


def test_a_grey_picture_keeps_its_greys_and_small_ones_are_enlarged_whole() -> None:
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    panel = Raster("grey", grey.tobytes(), 6, 8, "grey")
    found = opened(raster.source(panel, "light"))
    scale = raster._scale(panel)
    assert scale > 1
    assert np.array_equal(found[::scale, ::scale, 0], grey)
    assert np.array_equal(found[scale - 1 :: scale, scale - 1 :: scale, 2], grey)


def test_a_picture_that_comes_back_is_not_sent_twice() -> None:
    first, second = numbers([[1, -1, 0]]), numbers([[0, -1, 1]])
    steps = [Step((panel,), "said", "", rows((0,))) for panel in (first, second, first)]
    figure = film.film(steps, key="k", mode="light")
    pictures = [k for k, one in enumerate(figure["data"]) if one["type"] == "image"]
    assert len(pictures) == 2
    shown = [[dict(zip(f["traces"], f["data"], strict=True))[k]["visible"] for k in pictures]
             for f in figure["frames"]]  # fmt: skip
    assert [sorted(one) for one in shown] == [[False, True]] * 3
    assert shown[0] == shown[2] != shown[1]
    go.Figure(figure)


def test_a_photograph_of_320_pixels_fits_the_wire() -> None:
    photograph = (data.photograph("china", 320).permute(1, 2, 0) * 255).byte().contiguous()
    panel = Raster("photo", photograph.numpy().tobytes(), *photograph.shape[:2])
    steps = [Step((panel,), "said", "", rows((0,)))] * 3
    assert len(gzip.compress(film.to_json(film.film(steps, key="k", mode="light")))) <= 50_000


def test_a_logarithmic_axis_draws_logarithms_and_leaves_out_what_has_none() -> None:
    line = Line("loss", (1.0, 2.0, 3.0), (100.0, 0.0, 0.01), label="loss")
    panel = Curve("c", (line,), (1, 3), (0.01, 100), y_log=True)
    drawn = trace(curve.draw(panel, "light", ("x2", "y2")), "c-loss")
    assert drawn["y"] == [2, None, -2] and drawn["x"] == [1, 2, 3]
    assert [text for _place, text in curve.ticks(-2, 2, True)] == ["0.01", "0.1", "1", "10", "100"]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 7.5), (1e-4, 2e-4), (0, 123_456)])
def test_ticks_lie_within_and_say_where_they_stand(low: float, high: float) -> None:
    found = curve.ticks(low, high, False)
    assert 3 <= len(found) <= 8
    slack = 1e-6 * (high - low)
    assert all(low - slack <= place <= high + slack for place, _text in found)
    assert len({text for _place, text in found}) == len(found)


def test_names_at_the_ends_of_lines_keep_apart() -> None:
    lines = tuple(Line(f"l{k}", (0.0, 1.0), (0.0, 0.5 + k / 1000), label=f"name {k}") for k in range(3))
    ends = trace(curve.draw(Curve("c", lines, (0, 1), (0, 1)), "light", ("x2", "y2")), "c-names")
    ys = sorted(ends["y"])
    assert min(b - a for a, b in itertools.pairwise(ys)) > 0.05


def test_many_bars_have_room_for_their_labels_and_unknown_ones_none_of_height() -> None:
    count = 200
    values = tuple(None if k == 7 else float(k % 5) for k in range(count))
    panel = Bars("b", values, tuple(str(k) for k in range(count)), "bars")
    drawn = bars.draw(panel, "light", ("x2", "y2"))
    shown = [text for text in trace(drawn, "b-labels")["text"] if text]
    assert 5 <= len(shown) <= 40
    assert (
        len(
            gzip.compress(
                film.to_json(film.film([Step((panel,), "s", "", rows((0,)))], key="k", mode="light"))
            )
        )
        < 20_000
    )


def test_long_words_beside_bars_end_in_an_ellipsis() -> None:
    panel = Bars("b", (1.0, 0.5), ("short", "a word that is much too long to stand here"), across=True)
    texts = trace(bars.draw(panel, "light", ("x2", "y2")), "b-labels")["text"]
    assert any(text.endswith("…") for text in texts)
    assert max(map(len, texts)) <= bars.LONGEST + 12  # with the spaces that keep it off the bar


def test_a_second_vector_moves_marks_too() -> None:
    bind = Bind("M", "x", ((1.0, 1.0),), ((1.0, 0.5),), "y", ((2.0, -1.0),))
    state = {"M": ((2.0, 1.0), (0.0, 3.0)), "x": (1.0, 2.0), "y": (-1.0, 4.0)}
    placed = maps.place(((0.5, 0.25),), bind, state)
    before = np.array([0.5 + 1 - 2, 0.25 + 2 - 4])
    np.testing.assert_allclose(placed[0], (np.array(state["M"]) @ before) * (1.0, 0.5))


@pytest.mark.parametrize("size", (2, 3))
def test_clouds_and_cubes_are_valid_and_keep_their_count(size: int) -> None:
    def step(shift: float, lit: tuple[int, ...]) -> Step:
        places = tuple((k + shift, float(k % 2), 1.0)[:size] for k in range(4))
        marks: tuple = (Points("cloud", "vector", points=places, colours=("vector", "accent") * 2, symbol="cross",
                               texts=("a", "b", "c", "d")),)  # fmt: skip
        if size == 3:
            marks += (Cubes("cubes", "ink", points=places, values=(1.0, None, -2.0, 0.0), lit=lit),)
        return Step((Plane(size, marks, {}, 4.0),), "said", "1")

    figure = film.film([step(0.0, ()), step(1.0, (1, 2))], key="k", mode="light")
    go.Figure(figure)
    for first, second in zip(figure["frames"][0]["data"], figure["frames"][1]["data"], strict=True):
        for axis in {"x", "y", "z"} & first.keys():
            assert len(film.numbers(first[axis])) == len(film.numbers(second[axis]))


def test_a_number_line_has_no_upwards_and_a_handle_says_in_which_space_it_stands() -> None:
    line = Plane(2, (), {"a": (1.0, 0.0)}, 4.0, line=True)
    layout = film.film([Step((line,), "s", "f", rows((0,)))], key="k", mode="light")["layout"]
    assert layout["meta"]["equal"] is False and "scaleanchor" not in layout["yaxis"]
    spaces = tuple(
        Plane(3, (), {}, 3.0, variables=(Variable(name, (1.0, 0.0, 2.0), name),),
              handles=(Handle(name, name, name, "vector", free=(True,) * 3),))
        for name in ("x", "y")
    )  # fmt: skip
    meta = film.film([Step(spaces, "s", "f", rows((0, 1)))], key="k", mode="light")["layout"]["meta"]
    assert [one["axes"] for one in meta["handles"]] == ["scene", "scene2"]


@pytest.mark.parametrize("size", (2, 3))
def test_a_moved_mark_is_hidden_where_a_step_has_none_of_it(size: int) -> None:
    zero, one = (0.0,) * size, (1.0,) * size
    late = Arrow("late", "accent", bind=Bind(vector="x", mix=(zero, one)), points=(zero, zero))
    first, second = (Plane(size, marks, {"x": one}, 3.0) for marks in ((), (late,)))
    figure = film.film([Step((panel,), "s", "f") for panel in (first, second, first)], key="k", mode="light")
    places = [k for k, one in enumerate(figure["data"]) if one["meta"]["name"].startswith("late")]
    assert len(places) == size - 1  # a line with a head; in space the head is a cone of its own
    for frame, shown in zip(figure["frames"], (False, True, False), strict=True):
        changes = dict(zip(frame["traces"], frame["data"], strict=True))
        assert all(changes[k]["visible"] is shown for k in places)
    go.Figure(figure)

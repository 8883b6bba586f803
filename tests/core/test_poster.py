"""Stills for home: the film's own traces as SVG, whole, finite, and in the picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from core import answers
from core.figures import film, poster, theme
from core.operation import Step
from core.ops import CHAPTERS
from core.panels import Arrow, Bind, Cubes, Label, Path, Plane

SVG = "{http://www.w3.org/2000/svg}"


def still(
    marks: tuple, *, dimension: int = 2, state: dict | None = None, **more: object
) -> ElementTree.Element:
    plane = Plane(dimension, marks, state or {}, 4.0, **more)
    return ElementTree.fromstring(
        poster.poster(film.film([Step((plane,), "a", "b")], key="k", mode="light"), 0)
    )


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_concept_has_a_picture_of_its_own(operation, mode: str) -> None:
    _data, blobs = answers.poster({"key": operation.key, "theme": mode})
    text = blobs["svg"].decode()
    tree = ElementTree.fromstring(text)
    assert len(list(tree.iter())) > 8
    assert not re.search(r"\bnan\b|\binf\b|undefined|<script|javascript:", text)
    assert len(blobs["svg"]) < 120_000


def test_an_arrow_stands_where_its_map_puts_it() -> None:
    """A moved arrow's head has its tip at M @ (1, 0), with 135 units of the drawing for 1 of the plane's 4."""
    arrow = Arrow("a", "image", bind=Bind("M"), points=((0.0, 0.0), (1.0, 0.0)), width=0.01)
    tree = still((arrow,), state={"M": ((2.0, 0.0), (1.0, 1.0))})
    unit = poster.HEIGHT / 2 / 4.0
    head = tree.find(f"{SVG}polygon")
    tip = np.array([float(v) for v in head.get("points").split()[0].split(",")])
    path = next(
        one
        for one in tree.iter(f"{SVG}path")
        if one.get("stroke-width") and "M" in one.get("d") and "L" in one.get("d")
    )
    start = np.array([float(v) for v in re.findall(r"[-\d.]+", path.get("d"))[:2]])
    np.testing.assert_allclose(tip - start, (2 * unit, -unit), atol=0.2)


def test_words_of_others_are_text() -> None:
    tree = still((Label("l", "ink", text="a &lt;b&gt; <i>c</i>"),))
    assert [one.text for one in tree.iter(f"{SVG}text")] == ["a <b> c"]


def test_what_is_near_in_space_is_drawn_last() -> None:
    cubes = Cubes(
        "c", "image", points=((0.0, 0.0, 0.0), (0.0, -2.0, 0.0)), values=(1.0, -1.0), texts=("", "")
    )
    tree = still((cubes,), dimension=3)
    fills = [one.get("fill") for one in tree.iter(f"{SVG}polygon")]
    assert fills[-1] != fills[0]
    assert fills[-1].lower() != fills[-1].upper()
    xs = [float(v) for one in tree.iter(f"{SVG}polygon") for v in re.findall(r"[-\d.]+", one.get("points"))]
    assert all(np.isfinite(xs))


def test_a_layer_that_is_off_is_left_out() -> None:
    line = Path("p", "accent", layer="extra", points=((0.0, 0.0), (1.0, 1.0)))
    on = still((line,), layers=(("extra", "Extra", True),))
    off = still((line,), layers=(("extra", "Extra", False),))
    hue = theme.colour("accent", "light")
    drawn = [[one.get("stroke") for one in tree.iter(f"{SVG}path")] for tree in (on, off)]
    assert hue in drawn[0] and hue not in drawn[1]

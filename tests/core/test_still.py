"""Small drawings of a film as it was looked at: the camera, the zoom, and whatever a film from a file holds."""

from __future__ import annotations

import copy
import functools
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import answers
from core.figures import film, still
from core.operation import Step
from core.panels import Plane, Points

SVG = "{http://www.w3.org/2000/svg}"
CORNERS = tuple((x, y, z) for x in (-2.0, 2.0) for y in (-2.0, 2.0) for z in (-1.0, 3.0))
ABOVE = (0, 0, 2, 0, 0, 0)  # eye and centre
FRONT = (0, -2, -0.08, 0, 0, -0.08, 0, 0, 1)  # at the height of a space's own centre


def space() -> dict[str, Any]:
    """A cuboid's corners in a space whose half width is 4."""
    panel = Plane(3, (Points("corners", "ink", points=CORNERS),), {}, 4.0)
    return film.film([Step((panel,), "a", "b")], key="k", mode="light")


@functools.cache
def film_of(key: str, **inputs: str) -> dict[str, Any]:
    """The film of a concept."""
    return json.loads(answers.operation({"key": key, "inputs": inputs})[1]["film"])


def places(svg: str) -> np.ndarray:
    """Where the points of a drawing are, (count, 2), in any order."""
    circles = ElementTree.fromstring(svg).iter(f"{SVG}circle")
    return np.array([[float(one.get(name)) for name in ("cx", "cy")] for one in circles])


def by_camera(*camera: float) -> np.ndarray:
    """The corners as a camera sees them."""
    return places(still.still(space(), 0, camera=camera))


@pytest.mark.parametrize("up", [(0, 1, 0), (0, 0, 1), (1, 1, 0)])
def test_from_right_above_a_space_is_a_surface(up: tuple[int, ...]) -> None:
    """Whatever is up: also the way in which the eye looks, which is none."""
    seen = by_camera(*ABOVE, *up)
    assert np.isfinite(seen).all() and (np.ptp(seen, axis=0) > 80).all()


def test_what_is_up_is_up() -> None:
    """Turned by a quarter about the line of sight, right becomes up."""
    upright, lying = by_camera(*FRONT), by_camera(*FRONT[:6], 1, 0, 0)
    middle = np.array([480, 270])
    turned = (lying - middle) @ np.array([[0, 1], [-1, 0]]) + middle
    np.testing.assert_allclose(np.sort(turned, axis=0), np.sort(upright, axis=0), atol=0.2)
    assert np.ptp(upright[:, 1]) == pytest.approx(np.ptp(upright[:, 0]), abs=0.3)
    assert upright[:, 1].mean() < middle[1] - 10  # the cuboid reaches further up than down


def test_a_panned_view_is_drawn_panned() -> None:
    """Eye and centre go to the right together: all goes to the left, what is near by more."""
    before, after = by_camera(*FRONT), by_camera(0.2, -2, -0.08, 0.2, 0, -0.08, 0, 0, 1)
    moved = np.sort(after[:, 0]) - np.sort(before[:, 0])
    assert (moved < -20).all() and len(set(moved.round(1))) > 1
    np.testing.assert_allclose(np.sort(after[:, 1]), np.sort(before[:, 1]), atol=0.2)


def test_nearer_is_larger_and_the_first_camera_is_the_usual_one() -> None:
    near, far = by_camera(0, -1.5, -0.08, *FRONT[3:]), by_camera(*FRONT)
    assert (np.ptp(near, axis=0) > np.ptp(far, axis=0)).all()
    own = space()["layout"]["scene"]["camera"]
    camera = [own[part][axis] for part in ("eye", "center", "up") for axis in "xyz"]
    assert still.still(space(), 0, camera=camera) == still.still(space(), 0)


def test_a_zoom_is_what_it_says() -> None:
    """The middle of the ranges is the middle of the drawing, and their height is its height."""
    points = ((1.0, 2.0), (1.0, 3.0), (2.0, 2.0))
    panel = Plane(2, (Points("p", "ink", points=points),), {}, 4.0)
    figure = film.film([Step((panel,), "a", "b")], key="k", mode="light")
    seen = places(still.still(figure, 0, zoom=(-1, 3, 1, 3)))
    np.testing.assert_allclose(seen, [(480, 270), (480, 0), (750, 270)], atol=0.1)
    assert "zoom" not in json.dumps(figure)


# --- films from files

ELEMENTS = {"svg", "path", "g", "rect", "circle", "polygon", "text", "image"}
ATTRIBUTES = {
    "viewBox", "preserveAspectRatio", "font-family", "d", "fill", "fill-opacity", "stroke", "stroke-opacity",
    "stroke-width", "stroke-linejoin", "stroke-dasharray", "opacity", "x", "y", "width", "height", "cx", "cy", "r",
    "points", "font-size", "font-weight", "text-anchor", "href",
}  # fmt: skip
STRUCTURE = {"type", "scene", "xaxis", "yaxis", "anchor", "scaleanchor", "meta", "dtype", "bdata", "name"}
HOSTILE = (
    'red" onload="alert(1)', "red' onload='alert(1)", '"/><script>alert(1)</script>', "</svg><b>", "a<br><script>",
    "&quot; onload=&quot;alert(1)", "]]>", "<!--", "&", "url(https://evil.example/x)",
)  # fmt: skip
FILMS = (
    ("matrix-vector", {}), ("vector", {"x": "[1, 2, 3]", "y": "[2, 0, 1]"}), ("tensor", {}), ("norms", {}),
    ("hadamard", {}), ("scalar", {}),
)  # fmt: skip


def drawn(svg: str) -> None:
    """It is XML, of known elements with known attributes."""
    for one in ElementTree.fromstring(svg).iter():
        assert one.tag.removeprefix(SVG) in ELEMENTS
        assert one.attrib.keys() <= ATTRIBUTES


def spoiled(node: Any, name: str, kind: type | tuple[type, ...], put: Callable[[Any], Any]) -> Any:
    """The tree with every leaf of a kind below the attribute `name` changed; "" is any attribute."""
    if isinstance(node, dict):
        return {
            key: value if key in STRUCTURE and key not in ("xaxis", "yaxis", "scene") else
            spoiled(value, "" if key == name else name, kind, put)
            for key, value in node.items()
        }  # fmt: skip
    if isinstance(node, list):
        return [spoiled(one, name, kind, put) for one in node]
    return put(node) if not name and type(node) in kind else node


def hostile(figure: dict[str, Any], name: str, kind: tuple[type, ...], put: Callable[[Any], Any]) -> str:
    """The last step of a film, drawn with what `put` makes of an attribute wherever it stands."""
    figure = copy.deepcopy(figure)
    for trace in (*figure["data"], *(one for frame in figure["frames"] for one in frame["data"])):
        kept = {key: trace[key] for key in STRUCTURE & trace.keys()}
        trace.update(spoiled(trace, name, kind, put) | kept)
    for key, value in figure["layout"].items():
        if key[:5] in ("xaxis", "yaxis", "scene"):
            figure["layout"][key] = spoiled(value, name, kind, put)
    return still.still(figure, len(figure["frames"]) - 1)


def names(node: Any) -> set[str]:
    """All attributes of a tree."""
    if isinstance(node, list):
        return set().union(*map(names, node))
    return set(node).union(*map(names, node.values())) if isinstance(node, dict) else set()


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(HOSTILE), st.booleans())
def test_no_word_of_a_film_breaks_out_of_its_attribute(data: st.DataObject, text: str, added: bool) -> None:
    key, inputs = data.draw(st.sampled_from(FILMS))
    figure = film_of(key, **inputs)
    name = data.draw(st.sampled_from(["", *sorted(names(figure["data"] + [figure["layout"]]) - STRUCTURE)]))
    drawn(hostile(figure, name, (str,), lambda old: old + text if added else text))


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(HOSTILE))
def test_a_word_in_the_place_of_a_number_is_no_drawing_or_a_harmless_one(
    data: st.DataObject, text: str
) -> None:
    key, inputs = data.draw(st.sampled_from(FILMS))
    figure = film_of(key, **inputs)
    name = data.draw(st.sampled_from(sorted(names(figure["data"]) - STRUCTURE)))
    try:
        svg = hostile(figure, name, (int, float), lambda _old: text)
    except (ValueError, TypeError):
        return
    drawn(svg)


def test_the_colour_of_an_axis_and_the_width_of_an_edge_are_written_as_such() -> None:
    """Those of the two attributes that once were not."""
    figure = film_of("matrix-vector")
    svg = hostile(figure, "zerolinecolor", (str,), lambda _old: HOSTILE[0])
    drawn(svg)
    assert re.search(r'stroke="red&quot; onload', svg)
    panel = Plane(2, (Points("p", "ink", points=((0.0, 0.0),)),), {}, 4.0)
    edged = film.film([Step((panel,), "a", "b")], key="k", mode="light")
    edged["data"][0]["marker"]["line"] = {"width": '1" onload="alert(1)', "color": "red"}
    with pytest.raises(ValueError, match="format"):
        still.still(edged, 0)

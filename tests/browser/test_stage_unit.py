"""The stage on a bare page: what it draws equals numpy, and what the hand, the keys and the link do to it."""

from __future__ import annotations

import base64
import io
import itertools
import json
import math
import xml.etree.ElementTree
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from tests.browser import samples
from tests.browser.bench_page import give, serving
from tests.browser.tabs import Tabs, opened

CLOSE = 1e-4
WATCH = """() => {
    window.seen = new Set();
    const look = () => { seen.add(root().position()); requestAnimationFrame(look); };
    look();
}"""
# All at once: between two presses through the driver, a busy machine may let the time of a release pass.
QUICK_PRESSES = """(keys) => {
    for (const [key, shiftKey] of keys) {
        const pressed = new KeyboardEvent("keydown", { key, shiftKey, bubbles: true, cancelable: true });
        document.activeElement.dispatchEvent(pressed);
    }
}"""
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The bare page."""
    with serving() as url:
        yield url


@pytest.fixture(scope="module")
def tabs(browser: Browser, address: str) -> Iterator[Tabs]:
    """The tabs of the bare page."""
    kept = Tabs(browser, f"{address}parked")
    yield kept
    kept.close()


@pytest.fixture
def stage(tabs: Tabs, address: str, passed: Callable[[], bool]) -> Iterator[Open]:
    """stage(film, ...) -> a page on which its picture stands. No page may throw."""
    with opened(tabs, passed) as take:

        def open_page(
            film: samples.Film, *, query: str = "", size: tuple[int, int] = (1100, 860), **more: Any
        ) -> Page:
            given = {
                name: more.pop(name) for name in ("identity", "revision", "address", "height") if name in more
            }
            page = take({"viewport": {"width": size[0], "height": size[1]}, **more}).page
            page.goto(address + query)
            give(page, samples.payload(film, **given))
            return page

        yield open_page


def idle(page: Page) -> None:
    page.evaluate("root().whenIdle()")


def position(page: Page) -> float:
    return page.evaluate("root().position()")


def points(page: Page, name: str) -> np.ndarray:
    found = page.evaluate("name => root().positionsOf(name)", name)
    lists = [found[axis] for axis in "xyz" if found[axis] is not None]
    return np.array([[math.nan if value is None else value for value in one] for one in lists]).T


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def handle(page: Page, name: str) -> Locator:
    return page.locator(f'[data-handle="{name}"]')


def pixel(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the plane lies on the screen, by plotly's own axes."""
    return tuple(
        page.evaluate(
            """([x, y]) => {
                const gd = root().gd, box = gd.getBoundingClientRect(), { xaxis, yaxis } = gd._fullLayout;
                return [box.left + xaxis._offset + xaxis.l2p(x), box.top + yaxis._offset + yaxis.l2p(y)];
            }""",
            [x, y],
        )
    )


def drag(page: Page, name: str, to: tuple[float, float], *, drop: bool = True) -> None:
    box = handle(page, name).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(*pixel(page, *to), steps=6)
    if drop:
        page.mouse.up()
        idle(page)


def image(matrix: Any, base: np.ndarray) -> np.ndarray:
    return base @ np.array(matrix).T  # (count, d) @ (d, d)


# --- the picture equals numpy


def test_the_end_of_a_tween_is_the_matrix_times_the_grid(stage: Open) -> None:
    page = stage(samples.plane())
    np.testing.assert_allclose(points(page, "grid"), samples.lattice(9), atol=CLOSE)
    press(page, "forward")
    idle(page)
    assert position(page) == 1
    np.testing.assert_allclose(points(page, "grid"), image(samples.SHEAR, samples.lattice(9)), atol=CLOSE)
    np.testing.assert_allclose(points(page, "image-x")[1], image(samples.SHEAR, np.array([1, 2])), atol=CLOSE)


def test_half_way_a_straight_path_is_the_mean_of_the_ends(stage: Open) -> None:
    page = stage(samples.plane())
    page.evaluate("root().stage.player.seek(0.5)")
    idle(page)
    half = (np.eye(2) + np.array(samples.SHEAR)) / 2
    np.testing.assert_allclose(points(page, "grid"), image(half, samples.lattice(9)), atol=CLOSE)
    np.testing.assert_allclose(points(page, "dot")[0], [-2, -4], atol=CLOSE)


def test_a_quarter_of_the_time_is_eased(stage: Open) -> None:
    page = stage(samples.plane())
    page.evaluate("root().stage.player.seek(0.25)")
    idle(page)
    early = np.eye(2) + (np.array(samples.SHEAR) - np.eye(2)) * 4 * 0.25**3  # cubic, in and out
    np.testing.assert_allclose(points(page, "grid"), image(early, samples.lattice(9)), atol=CLOSE)


def test_half_way_a_turn_is_half_the_angle_and_keeps_lengths(stage: Open) -> None:
    page = stage(samples.turn(2.0))
    page.evaluate("root().stage.player.seek(0.5)")
    idle(page)
    half = [[math.cos(1), -math.sin(1)], [math.sin(1), math.cos(1)]]
    np.testing.assert_allclose(points(page, "grid"), image(half, samples.lattice(9)), atol=CLOSE)
    np.testing.assert_allclose(np.hypot(*points(page, "circle").T), 1, atol=CLOSE)


def test_space_ends_at_the_matrix_and_cones_point_along_the_columns(stage: Open) -> None:
    page = stage(samples.space())
    before = points(page, "lattice")
    press(page, "forward")
    idle(page)
    np.testing.assert_allclose(points(page, "lattice"), image(samples.SPATIAL, before), atol=CLOSE)
    for column in range(3):
        tip = np.array(samples.SPATIAL)[:, column]
        np.testing.assert_allclose(points(page, f"tip-{column}")[0], tip, atol=CLOSE)
        way = page.evaluate("i => 'uvw'.split('').map(k => root().gd.data[2 + 2 * i][k][0])", column)
        np.testing.assert_allclose(way, 0.3 * tip / np.linalg.norm(tip), atol=CLOSE)


def test_half_way_a_turn_in_space_is_half_the_angle_about_the_axis(stage: Open) -> None:
    axis, angle = [0.0, 0.6, 0.8], 1.4
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])

    def rotation(a: float) -> np.ndarray:
        return np.eye(3) + math.sin(a) * cross + (1 - math.cos(a)) * cross @ cross

    film = samples.space(rotation(angle).tolist(), path={"kind": "turn", "angle": angle, "axis": axis})
    page = stage(film)
    before = points(page, "lattice")
    page.evaluate("root().stage.player.seek(0.5)")
    idle(page)
    np.testing.assert_allclose(points(page, "lattice"), image(rotation(angle / 2), before), atol=CLOSE)


def test_keyframes_move_numbers_and_switch_words_half_way(stage: Open) -> None:
    page = stage(samples.plane())
    seen = []
    for at in (0.49, 0.51):
        page.evaluate("p => root().stage.player.seek(p)", at)
        idle(page)
        seen.append(page.evaluate("[root().gd.data[8].text[0], root().gd.data[8].marker.size]"))
    assert [text for text, _ in seen] == ["before", "between"]
    assert 10 < seen[0][1] < 20 < seen[1][1] < 30


def test_what_does_not_move_stays_drawn(stage: Open) -> None:
    """plotly's animate drops drawing layers that it is not told of; the cells of another subplot must stay."""
    film = samples.plane()
    cell = samples.cells()["data"][0]
    film["data"].append({**cell, "xaxis": "x2", "yaxis": "y2", "meta": {"name": "cells"}})
    film["layout"] |= {
        "xaxis2": {"domain": [0.7, 1], "anchor": "y2"},
        "yaxis2": {"domain": [0.6, 1], "anchor": "x2"},
    }
    page = stage(film)
    press(page, "forward")
    idle(page)
    assert page.locator(".x2y2 .point").count() == 4
    assert page.locator(".subplot.xy .trace").count() >= 8


def test_eigen_lines_are_the_eigen_directions(stage: Open) -> None:
    page = stage(samples.plane([[2.0, 1.0], [1.0, 3.0]]))
    page.get_by_role("button", name="Eigen").click()
    idle(page)
    found = points(page, "eigen")[[1, 4]]
    _, vectors = np.linalg.eigh(np.array([[2.0, 1.0], [1.0, 3.0]]))
    for line, vector in zip(found, vectors.T[::-1], strict=True):
        assert abs(abs(line @ vector) - 12) < 1e-3


# --- transport


def test_playing_ends_at_the_last_step_and_stops(stage: Open) -> None:
    page = stage(samples.plane())
    root = page.locator(".atlas-stage")
    press(page, "play")
    assert root.get_attribute("data-state") == "playing"
    page.wait_for_selector('.atlas-stage[data-state="paused"]')
    assert (position(page), root.get_attribute("data-step"), root.get_attribute("data-steps")) == (
        2,
        "2",
        "3",
    )
    assert (
        page.locator(".atlas-line:not([aria-hidden]) .atlas-sentence").inner_text() == "And there it stays."
    )


def test_a_step_by_the_button_is_a_motion_and_no_jump(stage: Open) -> None:
    film = samples.plane()
    film["layout"]["meta"]["duration"] = 1200  # ms; a busy machine draws few frames a second
    page = stage(film)
    page.evaluate(WATCH)
    press(page, "forward")
    idle(page)
    assert sum(0 < at < 1 for at in page.evaluate("[...seen]")) >= 3


def test_three_quick_presses_are_three_steps(stage: Open) -> None:
    page = stage(samples.cells())
    page.evaluate(
        "() => { for (let i = 0; i < 3; i++) document.querySelector('[data-name=forward]').click(); }"
    )
    idle(page)
    assert position(page) == 3


def test_keys_play_step_and_jump(stage: Open) -> None:
    page = stage(samples.plane())
    page.locator(".atlas-stage").focus()
    for key, expected in (("ArrowRight", 1), ("End", 2), ("ArrowLeft", 1), ("Home", 0)):
        page.keyboard.press(key)
        idle(page)
        assert position(page) == expected, key
    page.keyboard.press("Space")
    assert page.locator(".atlas-stage").get_attribute("data-state") == "playing"
    page.keyboard.press("Space")
    assert page.locator(".atlas-stage").get_attribute("data-state") == "paused"


def test_scrubbing_is_continuous_and_snaps_on_release(stage: Open) -> None:
    page = stage(samples.plane())
    box = page.locator(".atlas-scrub").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.37, middle, steps=5)
    held = position(page)
    assert 0.6 < held < 0.9
    page.mouse.up()
    idle(page)
    assert position(page) == 1


def test_looping_begins_again(stage: Open) -> None:
    page = stage(samples.cells())
    press(page, "loop")
    press(page, "play")
    page.wait_for_function("root().position() === 3")
    page.wait_for_function("root().position() < 1")
    assert page.locator(".atlas-stage").get_attribute("data-state") == "playing"


def test_reduced_motion_opens_on_the_last_step_and_jumps(stage: Open) -> None:
    page = stage(samples.plane(), reduced_motion="reduce")
    assert position(page) == 2
    page.evaluate(WATCH)
    press(page, "back")
    idle(page)
    assert set(page.evaluate("[...seen]")) <= {1, 2}
    assert position(page) == 1


def test_the_sentence_is_a_live_region_and_the_figure_says_it(stage: Open) -> None:
    page = stage(samples.plane())
    live = page.locator('[aria-live="polite"]')
    assert live.inner_text() == "Nothing has moved yet."
    press(page, "forward")
    idle(page)
    assert live.inner_text() == "A moves the plane."
    assert page.locator(".atlas-plot[role=img]").get_attribute("aria-label").endswith("A moves the plane.")
    assert page.locator(".atlas-counter").inner_text() == "2 / 3"


# --- handles


def test_dragging_a_column_moves_the_grid_and_sends_once_on_release(stage: Open) -> None:
    page = stage(samples.plane())
    page.evaluate("root().stage.player.jump(1)")
    drag(page, "A[:,0]", (2.03, 1.52), drop=False)
    idle_frame(page)
    assert page.evaluate("sent.length") == 0
    live = page.evaluate("root().state().M")
    np.testing.assert_allclose([live[0][0], live[1][0]], [2.03, 1.52], atol=0.05)
    np.testing.assert_allclose(points(page, "grid"), image(live, samples.lattice(9)), atol=CLOSE)
    page.mouse.up()
    idle(page)
    expected = [[2.0, 0.7], [1.5, 1.5]]
    assert page.evaluate("sent") == [
        ["drag", {"variable": "A", "value": expected, "step": 1, "camera": None}]
    ]
    np.testing.assert_allclose(points(page, "grid"), image(expected, samples.lattice(9)), atol=CLOSE)
    assert page.evaluate("root().gd.data[6].text[0]") == f"det = {2 * 1.5 - 0.7 * 1.5:.4g}"


def idle_frame(page: Page) -> None:
    """Two frames: the picture of the last move stands."""
    page.evaluate("() => new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))")


def test_a_drag_before_the_matrix_works_goes_home_first(stage: Open) -> None:
    page = stage(samples.plane())
    drag(page, "A[:,1]", (-1, 2))
    assert position(page) == 1
    assert page.evaluate("sent[0][1].value") == [[1.2, -1.0], [-0.4, 2.0]]


def test_dragging_x_moves_its_image(stage: Open) -> None:
    page = stage(samples.plane())
    page.evaluate("root().stage.player.jump(2)")
    drag(page, "x", (-2, 3))
    assert page.evaluate("sent[0][1]") == {"variable": "x", "value": [-2.0, 3.0], "step": 2, "camera": None}
    np.testing.assert_allclose(
        points(page, "image-x")[1], image(samples.SHEAR, np.array([-2, 3])), atol=CLOSE
    )


def test_what_only_the_server_computes_is_hidden_in_the_hand(stage: Open) -> None:
    page = stage(samples.plane())
    page.evaluate("root().stage.player.jump(1)")
    assert page.evaluate("root().gd.data[7].opacity") == 1
    drag(page, "x", (3, 1))
    assert page.evaluate("root().gd.data[7].opacity") == 0


def test_a_value_is_held_within_the_limit(stage: Open) -> None:
    film = samples.plane(reach=40)
    page = stage(film)
    page.evaluate("root().stage.player.jump(1)")
    drag(page, "x", (30, -35), drop=False)
    idle_frame(page)
    assert page.evaluate("root().state().x") == [10, -10]
    page.mouse.up()
    idle(page)
    assert page.evaluate("sent[0][1].value") == [10, -10]


def test_dragged_values_stay_until_the_answer_and_a_payload_in_between_does_not_disturb(stage: Open) -> None:
    page = stage(samples.plane())
    page.evaluate("root().stage.player.jump(1)")
    drag(page, "A[:,0]", (2, 1), drop=False)
    give_only(page, samples.payload(samples.plane([[5.0, 0.7], [5.0, 1.5]]), revision=2))
    idle_frame(page)
    assert page.evaluate("root().state().M[0][0]") == pytest.approx(2, abs=0.05)
    page.mouse.up()
    idle(page)
    dragged = [[2.0, 0.7], [1.0, 1.5]]
    assert page.evaluate("root().state().M") == dragged  # and not the film that came in between
    give_only(page, samples.payload(samples.plane(dragged), revision=3))
    idle(page)
    assert page.evaluate("root().state().M") == dragged
    assert page.evaluate("root().stage.drag.holding()") is False
    assert page.evaluate("root().gd.data[7].opacity") == 1


def give_only(page: Page, text: str) -> None:
    page.evaluate("text => window.give(text)", text)


def test_after_release_nothing_flickers_back(stage: Open) -> None:
    page = stage(samples.plane())
    page.evaluate("root().stage.player.jump(1)")
    drag(page, "A[:,0]", (2, 1))
    give_only(
        page, samples.payload(samples.plane())
    )  # the same film once more: the server has not answered yet
    idle(page)
    assert page.evaluate("root().state().M") == [[2.0, 0.7], [1.0, 1.5]]


def test_a_finger_drags_too(stage: Open) -> None:
    page = stage(samples.plane(), size=(390, 844), has_touch=True, is_mobile=True)
    page.evaluate("root().stage.player.jump(1)")
    box = handle(page, "x").bounding_box()
    assert box["width"] >= 44 and box["height"] >= 44
    start = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    end = pixel(page, 3, -2)
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *spots: tuple[float, float]) -> None:
        points_ = [{"x": x, "y": y} for x, y in spots]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points_})

    send("touchStart", start)
    for share in (0.3, 0.6, 1.0):
        send("touchMove", tuple(a + (b - a) * share for a, b in zip(start, end, strict=True)))
    send("touchEnd")
    idle(page)
    assert page.evaluate("sent.map(one => one[1].value)") == [[3.0, -2.0]]


def test_two_fingers_zoom_the_plane(stage: Open) -> None:
    page = stage(samples.plane(), size=(390, 844), has_touch=True, is_mobile=True)
    box = page.locator(".atlas-plot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.8  # where no handle is
    touch = page.context.new_cdp_session(page)
    wide = zoom(page)[1] - zoom(page)[0]
    for kind, gap in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80), ("touchEnd", 0)):
        spots = [{"x": x - gap, "y": y}, {"x": x + gap, "y": y}] if gap else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": spots})
    page.wait_for_function("root().stage.where.view.zoom !== null")
    idle_frame(page)
    assert (zoom(page)[1] - zoom(page)[0]) / wide == pytest.approx(0.5, abs=0.03)


def test_arrow_keys_move_a_handle_and_many_presses_are_one_release(stage: Open) -> None:
    page = stage(samples.plane())
    knob = handle(page, "x")
    knob.focus()
    page.evaluate(QUICK_PRESSES, [*[["ArrowRight", False]] * 3, ["ArrowDown", True]])
    idle(page)
    assert page.evaluate("sent.map(one => one[1].value)") == [[1.3, 1.0]]
    assert knob.get_attribute("aria-valuetext") == "(1.3, 1)"
    assert knob.get_attribute("role") == "slider" and knob.get_attribute("aria-valuenow") == "1"


def test_in_space_a_slider_moves_a_column(stage: Open) -> None:
    page = stage(samples.space())
    page.evaluate("root().stage.player.jump(1)")
    page.locator(".atlas-panel-chip").nth(1).click()
    slider = page.get_by_label("second column of A, coordinate z")
    slider.focus()
    page.keyboard.press("ArrowRight")
    idle(page)
    expected = np.array(samples.SPATIAL)
    expected[2, 1] = -0.0 + 0.1
    sent = page.evaluate("sent")
    assert len(sent) == 1 and sent[0][1]["variable"] == "A"
    np.testing.assert_allclose(sent[0][1]["value"], expected, atol=1e-9)
    assert set(sent[0][1]["camera"]) == {"eye", "center", "up"}


def test_in_space_keys_move_a_handle_up(stage: Open) -> None:
    page = stage(samples.space())
    page.evaluate("root().stage.player.jump(1)")
    handle(page, "x").focus()
    page.keyboard.press("PageUp")
    idle(page)
    assert page.evaluate("sent.map(one => one[1].value)") == [[1.0, 2.0, 0.6]]


def test_in_space_handles_lie_on_their_points(stage: Open) -> None:
    """The ring of e1 and of its mirror image lie on opposite sides of the projected origin."""
    page = stage(samples.space(np.diag([2.0, 2.0, 2.0]).tolist()))
    origin = page.evaluate(
        "async () => { const m = await import(document.querySelector('script[type=module]').textContent"
        ".match(/\"(.*)stage.js\"/)[1] + 'scene.js'); return m.projectScene(root().gd, [0, 0, 0]); }"
    )
    box = page.evaluate("(({ width, height }) => [width, height])(root().gd._fullLayout)")
    assert origin == pytest.approx([box[0] / 2, box[1] / 2], abs=1.5)  # the camera looks at the middle
    knob = handle(page, "A[:,2]").bounding_box()
    host = page.locator(".atlas-plot").bounding_box()
    assert knob["x"] + 22 - host["x"] == pytest.approx(origin[0], abs=1.5)  # up is up
    assert knob["y"] + 22 - host["y"] < origin[1] - 20


# --- view and address


def zoom(page: Page) -> list[float]:
    return page.evaluate("[...root().gd._fullLayout.xaxis.range, ...root().gd._fullLayout.yaxis.range]")


def wheel(page: Page) -> None:
    box = page.locator(".atlas-plot").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.3)
    page.mouse.wheel(0, -300)
    page.wait_for_function("root().stage.where.view.zoom !== null")
    idle(page)


def test_a_zoom_stays_when_a_number_changes(stage: Open) -> None:
    page = stage(samples.plane())
    before = zoom(page)
    wheel(page)
    zoomed = zoom(page)
    assert zoomed[1] - zoomed[0] < before[1] - before[0]
    give(page, samples.payload(samples.plane([[0.0, -1.0], [1.0, 0.0]]), revision=2))
    assert zoom(page) == pytest.approx(zoomed, abs=1e-6)
    press(page, "view")
    idle(page)
    assert zoom(page) == pytest.approx(before, abs=1e-6)


def test_aspect_stays_equal_through_zoom_and_resize(stage: Open) -> None:
    page = stage(samples.plane())
    wheel(page)
    page.set_viewport_size({"width": 800, "height": 700})
    page.wait_for_function("Math.abs(root().gd._fullLayout.width - root().gd.clientWidth) < 1")
    idle(page)
    x, y = page.evaluate("['xaxis', 'yaxis'].map(a => Math.abs(root().gd._fullLayout[a]._m))")
    assert x == pytest.approx(y, rel=1e-6)


def test_a_resize_there_and_back_shows_the_same(stage: Open) -> None:
    page = stage(samples.plane())
    before = zoom(page)
    for width in (640, 1100):
        page.set_viewport_size({"width": width, "height": 860})
        page.wait_for_function("Math.abs(root().gd._fullLayout.width - root().gd.clientWidth) < 1")
        idle(page)
    assert zoom(page) == pytest.approx(before, abs=1e-6)


def eye(page: Page) -> list[float]:
    return page.evaluate("(({ x, y, z }) => [x, y, z])(root().gd._fullLayout.scene._scene.getCamera().eye)")


def orbit(page: Page) -> None:
    box = page.locator(".atlas-plot").bounding_box()
    x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.7
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y - 60, steps=5)
    page.mouse.up()
    page.wait_for_function("root().stage.where.view.camera !== null")


def test_a_camera_stays_when_a_number_changes(stage: Open) -> None:
    page = stage(samples.space())
    before = eye(page)
    orbit(page)
    turned = eye(page)
    assert np.linalg.norm(np.subtract(turned, before)) > 0.1
    give(page, samples.payload(samples.space(np.diag([2.0, 1.0, 0.5]).tolist()), revision=2))
    assert eye(page) == pytest.approx(turned, abs=1e-6)
    press(page, "forward")
    idle(page)
    assert eye(page) == pytest.approx(turned, abs=1e-6)


def test_an_orbit_goes_on_while_numbers_change(stage: Open) -> None:
    page = stage(samples.space())
    box = page.locator(".atlas-plot").bounding_box()
    x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.7
    before = eye(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y - 60, steps=5)
    page.wait_for_function(
        "x => Math.abs(root().gd._fullLayout.scene._scene.getCamera().eye.x - x) > 0.2", arg=before[0]
    )
    give(page, samples.payload(samples.space(np.diag([2.0, 1.0, 0.5]).tolist()), revision=2))
    page.evaluate("root().stage.player.seek(0.7)")
    idle(page)
    assert abs(eye(page)[0] - before[0]) > 0.2
    page.mouse.up()


def test_aspect_is_equal_in_the_next_film_too(stage: Open) -> None:
    page = stage(samples.plane(reach=6))
    give(page, samples.payload(samples.plane(reach=2.5), revision=2))
    give(page, samples.payload(samples.plane(reach=8), revision=3))
    x, y = page.evaluate("['xaxis', 'yaxis'].map(a => Math.abs(root().gd._fullLayout[a]._m))")
    assert x == pytest.approx(y, rel=1e-6)
    assert zoom(page)[2:] == pytest.approx([-8, 8])


def test_step_zoom_and_layers_are_in_the_address_and_open_again(stage: Open) -> None:
    page = stage(samples.plane(), address=True, query="?A=[[1,2],[0,1]]")
    press(page, "forward")
    idle(page)
    wheel(page)
    page.get_by_role("button", name="Eigen").click()
    page.get_by_role("button", name="Unit circle").click()
    page.wait_for_function("location.search.includes('layers=eigen')")
    search = page.evaluate("location.search")
    assert search.startswith("?A=[[1,2],[0,1]]&step=1&zoom=")
    other = stage(samples.plane(), address=True, query=search)
    assert position(other) == 1
    assert zoom(other) == pytest.approx(zoom(page), abs=2e-3)
    assert other.get_by_role("button", name="Eigen").get_attribute("aria-pressed") == "true"
    assert points(other, "circle") is not None and other.evaluate("root().gd.data[1].visible") is False


def test_the_camera_is_in_the_address_and_opens_again(stage: Open) -> None:
    page = stage(samples.space(), address=True)
    orbit(page)
    page.wait_for_function(
        """() => {
            const said = new URLSearchParams(location.search).get("camera")?.split(",").map(Number) ?? [];
            const { x, y, z } = root().gd._fullLayout.scene._scene.getCamera().eye;
            return [x, y, z].every((value, k) => Math.abs(value - said[k]) < 1e-3);
        }"""
    )
    other = stage(samples.space(), address=True, query=page.evaluate("location.search"))
    assert eye(other) == pytest.approx(eye(page), abs=2e-3)


@pytest.mark.parametrize(
    "query",
    [
        "?step=99",
        "?step=-1",
        "?step=1e0",
        "?zoom=1,2,3",
        "?zoom=NaN,1,2,3",
        "?layers=nothing",
        "?layers=<b>",
        "?camera=1,2",
    ],
)
def test_a_bad_value_in_the_address_is_ignored(stage: Open, query: str) -> None:
    page = stage(samples.plane(), address=True, query=query)
    assert position(page) == 0
    assert page.evaluate("root().stage.where.view.zoom") is None
    assert page.evaluate("[...root().stage.where.layers]") == ["circle"]


def test_only_one_stage_owns_the_address(stage: Open) -> None:
    page = stage(samples.plane(), address=False, query="?step=1")
    assert position(page) == 0
    press(page, "forward")
    idle(page)
    page.wait_for_timeout(300)
    assert page.evaluate("location.search") == "?step=1"


def test_back_returns_to_the_step(stage: Open) -> None:
    page = stage(samples.plane(), address=True)
    press(page, "forward")
    idle(page)
    page.wait_for_function("location.search === '?step=1'")
    page.evaluate("history.pushState({}, '', '?A=[[1,0],[0,1]]')")
    page.wait_for_function("location.search.endsWith('step=1')")
    page.keyboard.press("End")
    page.wait_for_function("location.search.endsWith('step=2')")
    page.go_back()
    page.wait_for_function("root().position() === 1")


def test_the_link_is_copied_and_it_is_said(stage: Open) -> None:
    page = stage(samples.plane(), address=True, permissions=["clipboard-read", "clipboard-write"])
    press(page, "forward")
    idle(page)
    press(page, "copyLink")
    page.wait_for_selector(".atlas-note:text('copied')")
    assert page.evaluate("navigator.clipboard.readText()").endswith("?step=1")


# --- payloads


def test_an_equal_payload_changes_nothing(stage: Open) -> None:
    page = stage(samples.plane())
    page.evaluate("() => { window.drawn = 0; root().gd.on('plotly_afterplot', () => drawn++); }")
    give(page, samples.payload(samples.plane()))
    assert page.evaluate("drawn") == 0


def test_step_and_playing_stay_through_a_new_film(stage: Open) -> None:
    film = samples.plane()
    page = stage(film)
    press(page, "forward")
    idle(page)
    film["layout"]["meta"]["duration"] = 600_000  # the way to the last step, where it would rest
    give_only(page, samples.payload(film, revision=2))
    press(page, "play")
    changed = json.loads(json.dumps(film))
    changed["data"][0]["line"]["color"] = "#ff0000"
    give_only(page, samples.payload(changed, revision=3))
    page.wait_for_function("root().gd.data[0].line.color === '#ff0000'")
    assert page.locator(".atlas-stage").get_attribute("data-state") == "playing"
    assert position(page) >= 1


def picture(level: int, size: int = 4) -> str:
    """A grey picture as a data URI."""
    buffer = io.BytesIO()
    Image.new("L", (size, size), level).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def pictured(level: int, text: str, size: int = 4) -> samples.Film:
    """The plane, and two pictures behind it: the second one is seen from step 1 on."""
    film = samples.plane()
    placed = {"type": "image", "hoverinfo": "skip", "x0": 1, "y0": 1, "dx": 0.5, "dy": 0.5}
    for k, shown in enumerate((True, False)):
        source = picture(level + k, size)
        meta = {"name": f"picture-{zlib.crc32(source.encode()):08x}", "size": [size, size]}
        film["data"].append({**placed, "source": source, "visible": shown, "meta": meta})
    film["data"][8]["text"] = [text]
    last = len(film["data"]) - 1
    for step, frame in enumerate(film["frames"]):
        frame["traces"].append(last)
        frame["data"].append({"visible": step > 0})
    return film


SHOWN = "[...root().gd.querySelectorAll('.imagelayer image')].map((one) => one.getAttribute('href'))"
COUNT = """() => {
    window.whole = 0;
    for (const name of ["react", "restyle"]) {
        const before = Plotly[name];
        Plotly[name] = (...given) => { window.whole += 1; return before(...given); };
    }
}"""


def test_a_picture_that_changes_is_put_in_where_it_stands(stage: Open) -> None:
    """plotly would draw all of the figure anew; of one that is not shown nothing is drawn until its step comes."""
    page = stage(pictured(40, "one"))
    assert page.evaluate(SHOWN) == [picture(40)]
    page.evaluate(COUNT)
    give(page, samples.payload(pictured(90, "two"), revision=2))
    idle(page)
    assert page.evaluate("whole") == 0
    assert page.evaluate(SHOWN) == [picture(90)]
    press(page, "forward")
    idle(page)
    assert page.evaluate(SHOWN) == [picture(90), picture(91)]
    give(page, samples.payload(pictured(140, "three"), revision=3))
    idle(page)
    assert page.evaluate(SHOWN) == [picture(140), picture(141)]


def test_a_picture_of_another_size_is_drawn_by_plotly(stage: Open) -> None:
    page = stage(pictured(40, "one"))
    page.evaluate(COUNT)
    give(page, samples.payload(pictured(90, "two", size=6), revision=2))
    idle(page)
    assert page.evaluate("whole") > 0
    assert page.evaluate(SHOWN) == [picture(90, 6)]


LATE = """() => {
    let wait = 450;
    window.Image = class extends window.Image {
        set onload(act) {
            const own = wait;
            wait -= 200;
            super.onload = () => setTimeout(act, own);
        }
    };
}"""


def test_of_pictures_in_a_hurry_the_last_one_stays(stage: Open) -> None:
    """Also where the first of them takes longest to come."""
    page = stage(pictured(40, "one"))
    page.evaluate(LATE)
    for revision, level in enumerate((90, 140, 190), start=2):
        give_only(page, samples.payload(pictured(level, "next"), revision=revision))
    page.wait_for_function(f"{SHOWN}[0] === {json.dumps(picture(190))}")
    page.wait_for_timeout(600)
    assert page.evaluate(SHOWN) == [picture(190)]


def test_from_plane_to_space_and_back(stage: Open) -> None:
    page = stage(samples.plane())
    for film, name in ((samples.space(), "lattice"), (samples.plane(), "grid"), (samples.cells(), "cells")):
        give(page, samples.payload(film, revision=2))
        assert len(points(page, name)) > 3
    assert page.locator(".atlas-handle").count() == 0


def test_unmounting_leaves_nothing_behind(stage: Open) -> None:
    page = stage(samples.plane())
    press(page, "play")
    page.evaluate("window.undo()")
    page.wait_for_function("!document.querySelector('.atlas-stage')")


def test_an_overtaken_undo_does_not_take_the_stage_down(stage: Open) -> None:
    page = stage(samples.plane())
    page.evaluate(
        "text => { const old = window.undo; window.give(text); old(); }", samples.payload(samples.turn())
    )
    page.wait_for_timeout(100)
    assert page.locator(".atlas-stage").count() == 1


# --- capture and screen


SIZE = "() => [root().gd._fullLayout.width, root().gd._fullLayout.height]"


def taken(page: Page, **options: Any) -> bytes:
    script = """async (options) => {
        const blob = await root().capture(options);
        return [...new Uint8Array(await blob.arrayBuffer())];
    }"""
    return bytes(page.evaluate(script, options))


def test_png_is_as_large_as_asked_and_not_empty(stage: Open) -> None:
    page = stage(samples.plane())
    width, height = page.evaluate("[root().gd.clientWidth, root().gd.clientHeight]")
    for scale in (1, 2):
        picture = Image.open(io.BytesIO(taken(page, format="png", scale=scale)))
        assert picture.size == (width * scale, height * scale)
        assert len(picture.convert("RGB").getcolors(1 << 24)) > 20
    assert Image.open(io.BytesIO(taken(page, format="png", size="16:9", scale=2))).size == (2560, 1440)


def test_png_is_transparent_or_on_the_theme_as_asked(stage: Open) -> None:
    page = stage(samples.plane())
    corner = {}
    for transparent in (True, False):
        picture = Image.open(io.BytesIO(taken(page, transparent=transparent))).convert("RGBA")
        corner[transparent] = picture.getpixel((2, 2))
    assert corner[True][3] == 0
    assert corner[False] == (0xFD, 0xFC, 0xF9, 255)


def test_svg_is_xml_with_paths(stage: Open) -> None:
    page = stage(samples.plane())
    tree = xml.etree.ElementTree.fromstring(taken(page, format="svg").decode())
    assert tree.tag.endswith("svg")
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}path"))) > 10


def test_space_is_captured_from_the_present_camera(stage: Open) -> None:
    page = stage(samples.space())
    first = taken(page, format="png")
    orbit(page)
    second = taken(page, format="png")
    assert len(Image.open(io.BytesIO(first)).convert("RGB").getcolors(1 << 24)) > 20
    assert first != second


def test_the_menu_saves_a_file_named_after_subject_and_step(stage: Open) -> None:
    page = stage(samples.plane(), identity="matrix-vector")
    press(page, "forward")
    idle(page)
    press(page, "capture")
    with page.expect_download() as download:
        press(page, "PNG 1×")
    assert download.value.suggested_filename == "matrix-vector-1.png"
    press(page, "capture")
    page.keyboard.press("Escape")
    assert not page.locator(".atlas-menu").is_visible()


def test_a_picture_that_is_called_off_is_not_saved(stage: Open) -> None:
    """Called off while it was made: no file, no figure left out of sight, and the stage says so."""
    page = stage(samples.plane())
    saved: list[object] = []
    page.on("download", lambda one: saved.append(one))
    page.evaluate(
        """async () => {
            const off = new AbortController();
            const work = { signal: off.signal, progress: () => {} };
            const taking = root().stage.deeds.take({ format: "png", scale: 4 }, work);
            off.abort();
            await taking; }"""
    )
    assert page.locator(".atlas-note").inner_text() == "cancelled"
    assert page.locator(".atlas-studio").count() == 0 and saved == []


def test_the_frames_of_the_animation_are_pictures_in_order(stage: Open) -> None:
    """All of the film's time is in the frames; two that would look alike are one that stands longer."""
    page = stage(samples.cells(), size=(500, 600))
    found = page.evaluate(
        """async () => {
            const { blobs, times } = await root().frames({ fps: 10, speed: 2 });
            const { steps, duration, last } = root().stage.film;
            const holds = steps.slice(0, -1).map((step) => step.hold ?? 500);
            const whole = (holds.reduce((sum, one) => sum + one, 0) + duration * last) / 2 + 1000;
            const bytes = async (blob) => [...new Uint8Array(await blob.arrayBuffer())];
            const pictures = await Promise.all(blobs.map(bytes));
            return { pictures, times, whole }; }"""
    )
    assert sum(found["times"]) == pytest.approx(found["whole"], rel=0.01)
    pictures = [bytes(picture) for picture in found["pictures"]]
    assert len(pictures) == len(found["times"]) >= 4
    assert all(one != other for one, other in itertools.pairwise(pictures))
    assert {Image.open(io.BytesIO(picture)).size for picture in pictures} == {tuple(page.evaluate(SIZE))}


@pytest.mark.parametrize(
    "film", [samples.plane, samples.space, samples.cells], ids=lambda make: make.__name__
)
def test_what_is_walked_once_finds_what_plotly_finds(stage: Open, film: Any) -> None:
    page = stage(film())
    found = page.evaluate(
        """() => root().gd._fullData.map((trace) =>
            [Plotly.PlotSchema.findArrayAttributes(trace), Plotly.PlotSchema.atlas(trace)])"""
    )
    assert found and all(ours == theirs for ours, theirs in found)
    assert any("x" in theirs for _, theirs in found)


def test_presenting_shows_only_figure_and_words_larger(stage: Open) -> None:
    page = stage(samples.plane())
    width = page.evaluate("root().gd.data[4].line.width")
    type_size = page.locator(".atlas-sentence[aria-live]").evaluate(
        "e => parseFloat(getComputedStyle(e).fontSize)"
    )
    page.locator(".atlas-stage").focus()
    page.keyboard.press("p")
    page.wait_for_function("w => root().gd.data[4].line.width === 2 * w", arg=width)
    idle(page)
    assert not page.locator(".atlas-bar").is_visible()
    larger = page.locator(".atlas-sentence[aria-live]").evaluate(
        "e => parseFloat(getComputedStyle(e).fontSize)"
    )
    assert larger == pytest.approx(1.5 * type_size)
    page.keyboard.press("ArrowRight")
    idle(page)
    assert position(page) == 1
    page.keyboard.press("p")
    page.wait_for_function("w => root().gd.data[4].line.width === w", arg=width)
    assert page.locator(".atlas-bar").is_visible()


def test_without_plotly_there_is_a_sentence(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address + "?plotly=/nowhere.js")
    page.wait_for_function("window.loaded")
    give_only(page, samples.payload(samples.plane()))
    page.wait_for_selector(".atlas-stage.is-failed")
    assert page.locator(".atlas-figure").get_attribute("data-problem") == "noPlotly"
    assert not page.locator(".atlas-bar").is_visible()
    page.close()


@pytest.mark.parametrize(("size", "least"), [((1400, 900), 600), ((390, 844), 400)])
def test_the_figure_is_large(stage: Open, size: tuple[int, int], least: int) -> None:
    page = stage(samples.plane(), size=size)
    assert page.locator(".atlas-plot").bounding_box()["height"] >= least
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_control_has_a_name_and_is_large_enough_for_a_finger(stage: Open) -> None:
    page = stage(samples.plane(), size=(390, 844), has_touch=True, is_mobile=True)
    for button in page.locator(".atlas-bar button:visible, .atlas-chip").all():
        box = button.bounding_box()
        assert box["height"] >= 44 and box["width"] >= 40, button.inner_html()
        assert button.get_attribute("aria-label") or button.inner_text()

"""Panels in the browser: pictures beside what moves, several spaces in one figure, points of an example in the hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from core.figures import film
from core.operation import Step
from core.panels import Bind, Handle, Layout, Path, Plane, Raster, Variable, rows
from tests.browser import samples
from tests.browser.bench_page import give, serving
from tests.browser.tabs import Tabs, opened

Open = Callable[..., Page]
HREFS = "[...root().gd.querySelectorAll('.imagelayer image')].map((one) => one.href.baseVal)"


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
    """stage(steps) -> a page on which their film stands. No page may throw."""
    with opened(tabs, passed) as take:

        def open_page(steps: list[Step], revision: int = 1) -> Page:
            page = take({"viewport": {"width": 1000, "height": 800}}).page
            page.goto(address)
            show(page, steps, revision)
            return page

        yield open_page


def show(page: Page, steps: list[Step], revision: int) -> None:
    figure = json.loads(film.to_json(film.film(steps, key="panels", mode="light")))
    give(page, samples.payload(figure, revision=revision))
    page.evaluate("root().whenIdle()")


def at(page: Page, position: float) -> None:
    page.evaluate("(to) => { root().stage.player.seek(to); return root().whenIdle(); }", position)


def picture(values: list[list[float]]) -> Raster:
    table = np.array(values, dtype=np.float32)
    return Raster("map", table.tobytes(), *table.shape, "signed", title="a map")


def moved_beside_a_picture() -> list[Step]:
    """A line that M turns and stretches, beside a picture that becomes another one and comes back."""
    line = Path("line", "vector", bind=Bind("M"), points=((0.0, 0.0), (1.0, 2.0)))
    pictures = [picture([[1, -1], [0, 1]]), picture([[0, 1], [1, -1]])]
    found = []
    for k, factor in enumerate((1.0, 3.0, 2.0)):
        plane = Plane(2, (line,), {"M": ((factor, 0.0), (0.5, factor))}, 8.0)
        found.append(Step((plane, pictures[k % 2]), f"step {k}", "f", rows((0, 1)) if not k else None))
    return found


def test_a_picture_stays_beside_what_moves_and_gives_way_to_the_next(stage: Open) -> None:
    page = stage(moved_beside_a_picture())
    first = page.evaluate(HREFS)
    assert len(first) == 1 and first[0].startswith("data:image/png")
    at(page, 0.25)
    here = page.evaluate("root().state().M")
    line = page.evaluate("root().positionsOf('line')")
    assert [line["x"][1], line["y"][1]] == pytest.approx(
        [here[0][0] + 2 * here[0][1], here[1][0] + 2 * here[1][1]]
    )
    assert page.evaluate(HREFS) == first
    drawn = page.evaluate("root().gd.querySelector('.xy .scatterlayer .js-line')?.getAttribute('d')")
    at(page, 0.4)
    assert page.evaluate("root().gd.querySelector('.xy .scatterlayer .js-line')?.getAttribute('d')") != drawn
    assert page.evaluate(HREFS) == first
    at(page, 1)
    second = page.evaluate(HREFS)
    assert len(second) == 1 and second != first
    at(page, 1.25)
    assert page.evaluate(HREFS) == second
    at(page, 2)
    assert page.evaluate(HREFS) == first


def test_motion_beside_a_picture_draws_nothing_anew(stage: Open) -> None:
    page = stage(moved_beside_a_picture())
    page.evaluate("""() => {
        window.redrawn = 0;
        root().gd.on("plotly_restyle", () => (window.redrawn += 1));
    }""")
    for share in (0.1, 0.2, 0.3, 0.4):
        at(page, share)
    assert page.evaluate("window.redrawn") == 0


def two_spaces(tip: float = 1.0) -> list[Step]:
    """Two spaces side by side, a handle in each."""

    def space(name: str) -> Plane:
        value = (tip, 0.0, 2.0)
        line = Path(f"{name}-line", "vector", points=((0.0, 0.0, 0.0), value))
        return Plane(3, (line,), {name: value}, 3.0, name=name, variables=(Variable(name, value, name),),
                     handles=(Handle(name, name, name, "vector", free=(True,) * 3),))  # fmt: skip

    layout: Layout = rows((0, 1))
    return [Step((space("x"), space("y")), f"step {k}", "f", layout) for k in range(2)]


def test_handles_stand_in_their_own_space(stage: Open) -> None:
    page = stage(two_spaces())
    lefts = [page.locator(f'[data-handle="{name}"]').bounding_box()["x"] for name in ("x", "y")]
    assert lefts[0] < 500 < lefts[1]


def eyes(page: Page) -> list[dict]:
    script = "['scene', 'scene2'].map((name) => root().gd._fullLayout[name]._scene.getCamera().eye)"
    return page.evaluate(script)


def eyes_at_rest(page: Page) -> list[dict]:
    """A turn runs out slowly."""
    before, now = None, eyes(page)
    while before != now:
        page.wait_for_timeout(900)
        before, now = now, eyes(page)
    return now


def test_every_space_keeps_its_camera_over_another_film(stage: Open) -> None:
    page = stage(two_spaces())
    first = eyes(page)
    page.mouse.move(850, 250)
    page.mouse.down()
    page.mouse.move(760, 300, steps=6)
    page.mouse.up()
    turned = eyes_at_rest(page)
    assert turned[0] == first[0]
    assert abs(turned[1]["x"] - first[1]["x"]) > 0.1
    show(page, two_spaces(1.5), revision=2)
    assert [eyes(page)[1][axis] for axis in "xyz"] == pytest.approx(
        [turned[1][axis] for axis in "xyz"], abs=1e-3
    )


@pytest.mark.parametrize("size", (2, 3))
def test_a_moved_mark_is_seen_only_in_its_steps(stage: Open, size: int) -> None:
    zero, one = (0.0,) * size, (1.0,) * size
    late = Path("late", "accent", bind=Bind(vector="x", mix=(zero, one)), points=(zero, zero))
    other = Path("other", "vector", points=(zero, one))
    planes = [Plane(size, marks, {"x": one}, 3.0) for marks in ((other,), (other, late), (other,))]
    page = stage([Step((plane,), f"step {k}", "f") for k, plane in enumerate(planes)])
    script = """() => {
        const full = root().gd._fullData.find((one) => one.meta?.name === "late");
        return full !== undefined && full.visible === true && (full.opacity ?? 1) > 0;
    }"""
    for step, seen in ((0, False), (1, True), (2, False), (1, True)):
        at(page, step)
        assert page.evaluate(script) is seen

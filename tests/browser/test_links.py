"""Linked views: a result cell pointed at or focused lights the cells it came from and writes its term."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.lesson import WAIT, Lesson

Visit = Callable[..., Page]
PLACE = """(atlas, name) => {
    const node = atlas.stage.parts.links.querySelector(`[data-cell="${name}"]`).getBoundingClientRect();
    return [node.left + node.width / 2, node.top + node.height / 2];
}"""
BOXES = """(atlas, kind) => [...atlas.stage.parts.links.querySelectorAll(kind)].map((node) => node.getBBox().height)"""


def opened(visit: Visit, path: str = "/matrix-vector", **more) -> Lesson:
    lesson = Lesson(visit(path, **more), ready=False)
    at_its_end(lesson)
    return lesson


def at_its_end(lesson: Lesson) -> None:
    lesson.wait()
    lesson.stage.focus()
    lesson.page.keyboard.press("End")
    lesson.rest()


def point(lesson: Lesson, name: str) -> None:
    lesson.page.mouse.move(*lesson.evaluate(PLACE, name))


def formula(lesson: Lesson):
    return lesson.stage.locator(".atlas-line:not([aria-hidden]) .atlas-formula")


def test_pointing_lights_the_sources_and_writes_the_term(visit: Visit) -> None:
    lesson = opened(visit)
    own = formula(lesson).text_content()
    point(lesson, "y[0]")
    expect(formula(lesson)).to_have_text("y[0] = 2·1 + 1·2 = 4", timeout=WAIT)
    lit = lesson.evaluate(BOXES, ".is-source")
    assert len(lit) == 2  # row 0 of A as one box, all of x as another
    assert max(lit) > 1.5 * min(lit)
    assert len(lesson.evaluate(BOXES, ".is-result")) == 1
    lesson.page.mouse.move(5, 5)
    expect(formula(lesson)).to_have_text(own, timeout=WAIT)
    assert lesson.evaluate(BOXES, "svg > *") == []


def test_pointing_asks_nothing_of_the_server_and_lets_it_play(visit: Visit) -> None:
    lesson = opened(visit)
    sent: list[object] = []
    lesson.page.on("request", lambda request: sent.append(request.url))
    lesson.evaluate("(atlas) => { window.sent = 0; atlas.stage.trigger = () => (window.sent += 1); }")
    lesson.stage.focus()
    lesson.page.keyboard.press("Home")
    lesson.page.keyboard.press(" ")
    expect(lesson.stage).to_have_attribute("data-state", "playing", timeout=WAIT)
    point(lesson, "y[1]")
    lesson.page.wait_for_timeout(300)
    assert lesson.stage.get_attribute("data-state") == "playing"
    expect(lesson.stage).to_have_attribute("data-state", "paused", timeout=WAIT)
    expect(formula(lesson)).to_have_text("y[1] = 0·1 + 1·2 = 2", timeout=WAIT)
    assert sent == [] and lesson.page.evaluate("window.sent") == 0


def test_one_tab_stop_and_arrows_between_cells(visit: Visit) -> None:
    lesson = opened(visit)
    stops = lesson.stage.locator(".atlas-cells [tabindex='0']")
    assert stops.count() == 1
    stops.focus()
    step = lesson.stage.get_attribute("data-step")
    lesson.page.keyboard.press("ArrowDown")
    expect(lesson.stage.locator(".atlas-cells [tabindex='0']")).to_have_attribute("data-cell", "y[1]")
    expect(lesson.stage.locator(".atlas-voice")).to_have_text("y[1] = 0·1 + 1·2 = 2")
    assert lesson.stage.get_attribute("data-step") == step
    lesson.page.keyboard.press("Escape")
    assert lesson.evaluate(BOXES, "svg > *") == []


def test_a_tap_on_a_phone(visit: Visit) -> None:
    lesson = opened(visit, size="phone")
    lesson.page.touchscreen.tap(*lesson.evaluate(PLACE, "y[0]"))
    expect(formula(lesson)).to_have_text("y[0] = 2·1 + 1·2 = 4", timeout=WAIT)


def test_a_slice_of_three_axes_and_a_running_sum(visit: Visit) -> None:
    path = "/reduction?A=torch.arange(24).reshape(2,3,4)&axis=1"
    lesson = opened(visit, path)
    point(lesson, "s[1, 2]")
    expect(formula(lesson)).to_have_text("s[1, 2] = 14 + 18 + 22 = 54", timeout=WAIT)
    assert len(lesson.evaluate(BOXES, ".is-source")) == 1  # a column of A[1]
    lesson.page.goto(lesson.page.url.partition("/reduction")[0] + path + "&op=cumsum")
    at_its_end(lesson)
    point(lesson, "s[0, 1, 3]")
    expect(formula(lesson)).to_have_text("s[0, 1, 3] = 3 + 7 = 10", timeout=WAIT)


def test_a_row_that_is_stretched_is_found(visit: Visit) -> None:
    lesson = opened(visit, "/hadamard?A=[[1,2,3],[4,5,6]]&B=[[1,10,100]]")
    point(lesson, "C[1, 2]")
    expect(formula(lesson)).to_have_text("C[1, 2] = 6·100 = 600", timeout=WAIT)


def test_an_unknown_cell_lights_but_is_not_computed(visit: Visit) -> None:
    lesson = Lesson(visit("/hadamard"))
    lesson.stage.focus()
    lesson.page.keyboard.press("Home")
    lesson.rest()
    own = formula(lesson).text_content()
    point(lesson, "C[0, 0]")
    expect(formula(lesson)).to_have_text("C[0, 0] = 1·2", timeout=WAIT)
    assert len(lesson.evaluate(BOXES, ".is-source")) == 2
    lesson.page.mouse.move(5, 5)
    expect(formula(lesson)).to_have_text(own, timeout=WAIT)


def test_the_letters_in_the_code_have_the_colours_of_the_axes(visit: Visit) -> None:
    lesson = opened(visit)
    letters = lesson.page.locator(".st-key-code .atlas-comment .atlas-axis")
    letters.first.wait_for(timeout=WAIT)
    assert set(letters.all_text_contents()) == {"m", "n"}
    hue = "(node) => getComputedStyle(node).color"
    written = dict(
        zip(letters.all_text_contents(), letters.evaluate_all(f"(nodes) => nodes.map({hue})"), strict=True)
    )
    line = lesson.page.locator(".atlas-why .atlas-shape-line")
    expect(line).to_have_text("A (m 2, n 2) @ x (n 2) → y (m 2)")
    hues = line.locator("b").evaluate_all("(nodes) => nodes.map((node) => getComputedStyle(node).color)")
    assert hues == [written["m"], written["n"], written["n"], written["m"]] and hues[0] != hues[1]


def test_the_code_is_copied_by_mouse_and_by_keyboard(visit: Visit) -> None:
    """Also of a practice, whose code lies in a fold; what is copied is the text and nothing else."""
    page = Lesson(visit("/matrix-vector", permissions=["clipboard-read", "clipboard-write"])).page
    listing = page.locator(".st-key-code .atlas-listing")
    listing.hover()
    listing.locator(".atlas-copy").click()
    expect(listing.locator(".atlas-copy")).to_have_text("Copied", timeout=WAIT)
    assert page.evaluate("navigator.clipboard.readText()") == listing.locator("code").text_content()
    folded = page.locator("[class*='st-key-practice'] [data-testid=stExpander]").first
    folded.locator("summary").click()
    folded.locator(".atlas-copy").focus()
    page.keyboard.press("Enter")
    expect(folded.locator(".atlas-copy")).to_have_text("Copied", timeout=WAIT)
    assert page.evaluate("navigator.clipboard.readText()") == folded.locator("code").text_content()

"""The shape doctor in real Chromium: a clash, its film and its card, one click, and the address follows."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from playwright.sync_api import Page, expect

from tests.browser.lesson import WAIT, Lesson
from tests.browser.test_lesson import wait_for_query

Visit = Callable[..., Page]
PATH = "/broadcasting"
CLASH = {"A": "[[1, 2, 3], [4, 5, 6]]", "B": "[10, 20]"}


def fill(page: Page, name: str, text: str) -> None:
    """Type into a field of the broadcasting page."""
    field = page.locator(f".st-key-broadcasting-{name}-field input")
    field.fill(text)
    field.press("Enter")


def test_a_clash_is_told_and_one_click_mends_it(visit: Visit) -> None:
    """The stage stops at the clashing axis, the card marks it; a fix sets the field, the picture and the address."""
    lesson = Lesson(visit(PATH))
    fill(lesson.page, "A", CLASH["A"])
    card = lesson.page.locator(".st-key-problem")
    card.wait_for(timeout=WAIT)  # (2, 3) and (4,)
    fill(lesson.page, "B", CLASH["B"])
    expect(card.locator(".atlas-clash")).to_have_count(2, timeout=WAIT)
    expect(card.get_by_role("img")).to_have_attribute(
        "aria-label", "Shapes under each other, aligned at the right: A (2, 3); B (2,)."
    )
    lesson.stage.focus()
    lesson.page.keyboard.press("End")
    lesson.rest()
    assert any(point for point in lesson.positions("alignment-clash"))
    card.get_by_role("button", name="A + B.unsqueeze(1) → (2, 3)").click()
    card.wait_for(state="detached", timeout=WAIT)
    lesson.shows("tensor([[11., 12., 13.],")
    wait_for_query(lesson.page, A=CLASH["A"], B="([10, 20]).unsqueeze(1)")
    expect(lesson.page.locator(".st-key-broadcasting-B-field input")).to_have_value("([10, 20]).unsqueeze(1)")


def test_the_alarm_is_calm_and_one_click_gives_what_was_meant(visit: Visit) -> None:
    """(3, 1) - (3,) runs and gives (3, 3): no error, and the vector is one press away."""
    lesson = Lesson(visit(f"{PATH}?{urlencode({'A': '[[1], [2], [4]]', 'B': '[1, 1, 1]', 'op': '-'})}"))
    alarm = lesson.page.locator(".st-key-alarm")
    expect(alarm).to_contain_text("(3, 3)", timeout=WAIT)
    assert lesson.page.locator(".st-key-problem").count() == 0
    alarm.get_by_role("button", name="A.squeeze(1) - B → (3,)").click()
    alarm.wait_for(state="detached", timeout=WAIT)
    lesson.shows("tensor([0., 1., 3.])")
    wait_for_query(lesson.page, A="([[1], [2], [4]]).squeeze(1)", op="-")


def test_shapes_alone_are_a_link_and_yield_to_typing(visit: Visit) -> None:
    """The article's example by its shapes; a typed tensor takes over, and the others keep what they stood for."""
    lesson = Lesson(visit(f"{PATH}?{urlencode({'shapes': '(3,3,2);(2,4)', 'op': '@'})}"))
    lesson.shows("(3, 3, 4)")
    fill(lesson.page, "B", "[[1, 0], [0, 1]]")
    lesson.shows("(3, 3, 2)")
    wait_for_query(lesson.page, A="torch.arange(18).reshape(3, 3, 2)", B="[[1, 0], [0, 1]]", shapes=None)

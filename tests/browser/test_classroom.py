"""A class in the browser: what is hidden is nowhere, a question by keyboard, a challenge solved by hand."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.lesson import Lesson
from tests.browser.test_course import violations

HIDDEN = "result,code,why,formula"
LETTERS = re.compile(r"tensor\(|torch\.mv|y = A x|Why this shape")
EVERYTHING = """() => [document.documentElement.outerHTML, ...[...document.querySelectorAll('.atlas-stage')]
  .map((root) => JSON.stringify(root.atlas.stage.payload))].join(' ')"""


def said(page: Page, text: str) -> None:
    """Predict, by keyboard alone."""
    entry = page.locator(".st-key-ask input")
    entry.focus()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_what_is_hidden_is_nowhere_in_the_page(visit: Visit) -> None:
    """Neither in the markup, hover texts included, nor in what the stage was given; one press brings it all."""
    page = visit(f"/matrix-vector?hide={HIDDEN},practice,trap,place,inputs")
    lesson = Lesson(page)
    expect(page.locator(".st-key-hidden")).to_contain_text("Some parts are hidden by this link.")
    assert not LETTERS.search(page.evaluate(EVERYTHING))
    expect(page.locator(".atlas-transport")).to_be_hidden()  # one step: there is nothing to play
    page.get_by_role("button", name="Show everything").click()
    lesson.shows("tensor([4., 2.])")
    expect(page.locator(".st-key-code")).to_contain_text("torch.mv(A, x)")
    assert "hide" not in page.url


def test_a_question_is_answered_by_keyboard_and_the_stage_plays(visit: Visit) -> None:
    """The keys of the stage reach no further step; a wrong answer has the focus and its reason; a right one plays."""
    page = visit("/matrix-vector?ask=shape&hide=code")
    lesson = Lesson(page)
    lesson.stage.focus()
    for key in ("End", "ArrowRight", " "):
        page.keyboard.press(key)
    expect(lesson.stage).to_have_attribute("data-step", "0")
    expect(lesson.stage).to_have_attribute("data-steps", "1")
    said(page, "2, 2")
    notice = page.locator(".st-key-ask .atlas-notice")
    expect(notice).to_contain_text("(2, 2) is the shape of A; y has another.")
    expect(notice).to_be_focused()
    expect(notice).to_have_attribute("role", "status")
    page.locator(".st-key-ask input").fill("")
    said(page, "2")
    expect(notice).to_have_text("Right: y has the shape (2,).")
    expect(notice).to_be_focused()
    expect(lesson.stage).not_to_have_attribute("data-steps", "1")
    expect(lesson.stage).not_to_have_attribute("data-step", "0")
    assert "ask=shape" in page.url
    assert "hide=code" in page.url


def test_a_drag_solves_a_challenge(visit: Visit) -> None:
    """By the handle's keys and by the mouse: the card says so at once, and marks it in the row."""
    page = visit("/vector?challenge=cancel")
    lesson = Lesson(page)
    card = page.locator(".st-key-challenge")
    expect(card).to_contain_text("Challenge 1 of 4")
    handle = lesson.handle("y")
    expect(handle).to_be_visible()
    scale = lesson.evaluate(
        "(atlas) => { const { _length, range } = atlas.gd._fullLayout.xaxis; return _length / (range[1] - range[0]); }"
    )
    lesson.drag("y", -2 * scale, 3 * scale)  # from (-1, 2) to (-3, -1): a pixel's y counts downwards
    expect(card).to_contain_text("✓ Solved. y is −x")
    expect(card.get_by_role("radio", name="1 ✓").or_(card.get_by_role("button", name="1 ✓"))).to_be_visible()
    page.get_by_role("button", name="Next challenge").click()
    notice = card.locator(".atlas-notice").first
    expect(notice).to_contain_text("Make z three times as long")
    expect(notice).to_be_focused()
    assert "challenge=triple" in page.url


def test_a_link_for_a_class_opens_what_it_says(visit: Visit) -> None:
    """Made in the dialog, opened by a fresh visitor: the question stands there, and the code does not."""
    page = visit("/dot-product")
    Lesson(page)
    page.get_by_role("button", name="Link for a class").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("the code, and the name of the call").click()
    link = dialog.locator("code")
    expect(link).to_contain_text("hide=code")
    expect(dialog.get_by_alt_text("QR code of the link")).to_be_visible()
    page.goto(link.inner_text())
    Lesson(page)
    expect(page.locator(".st-key-result")).to_be_visible()
    expect(page.locator(".st-key-code")).to_have_count(0)


def test_in_a_frame_the_question_stands_over_the_stage(visit: Visit) -> None:
    """No fields, no sections: the card and, when it is answered, the playing stage."""
    page = visit("/matrix-vector?embed=true&ask=shape", size=(700, 460))
    stage = page.locator(".atlas-stage")
    expect(stage).to_have_attribute("data-steps", "1")
    card = page.locator(".st-key-ask").bounding_box()
    assert card["y"] + card["height"] <= stage.bounding_box()["y"] + 1
    said(page, "2")
    expect(page.locator(".atlas-notice")).to_have_text("Right: y has the shape (2,).")
    expect(stage).not_to_have_attribute("data-step", "0")


@pytest.mark.parametrize(
    "look",
    [{}, {"size": "phone", "theme": "dark", "language": "zh"}],
    ids=["light-desktop-en", "dark-phone-zh"],
)
def test_the_cards_are_accessible(visit: Visit, look: dict[str, Any]) -> None:
    """A challenge with a question before it, wrongly answered and rightly; the dialog of the link."""
    page = visit("/matrix-vector?challenge=lost&ask=shape&hide=why", **look)
    Lesson(page)
    notice = page.locator(".st-key-ask .atlas-notice")
    for text in ("2, 2", "2"):
        page.locator(".st-key-ask input").fill("")
        before = notice.inner_text()
        said(page, text)
        expect(notice).not_to_have_text(before)
        assert violations(page) == []
    page.locator(".st-key-handout button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("img.atlas-qr")).to_be_visible()
    assert violations(page, "[role=dialog]") == []

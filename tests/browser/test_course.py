"""Every concept of the course in real Chromium: what each page promises alike, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from core import words
from core.ops import CHAPTERS
from tests.browser.lesson import WAIT, Lesson

Visit = Callable[..., Page]
EVERY = pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
SENTENCE = ".st-key-stage .atlas-sentence[aria-live]"
RULES = {"runOnly": ["wcag2a", "wcag2aa"], "resultTypes": ["violations"]}  # what passes need not be listed
EXAMPLES = "[class*='st-key-practice'] .atlas-stage, [class*='st-key-trap'] .atlas-stage"


def violations(page: Page, part: str = ".stMainBlockContainer") -> list[tuple[str, list[str]]]:
    """What axe finds in the part of the page that is ours, or in another."""
    found = Axe().run(page, context=part, options=RULES).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


def whole(page: Page, operation) -> None:
    """Until every stage of the page has drawn, those of practice and traps too."""
    count = len(operation.practice) + len(operation.traps)
    expect(page.locator(EXAMPLES)).to_have_count(count, timeout=2 * WAIT)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.atlas-stage')].every((root) => root.atlas?.gd?._fullLayout)",
        timeout=2 * WAIT,
    )


@EVERY
def test_a_lesson_in_the_first_screenful(visit: Visit, operation) -> None:
    """The stage is the biggest thing and wholly in view; it plays to its end; axe finds nothing; no stage failed."""
    lesson = Lesson(visit(f"/{operation.key}"))
    box = lesson.stage.bounding_box()
    assert box["width"] * box["height"] >= 0.6 * 1400 * 900
    assert box["y"] + box["height"] <= 900
    steps = int(lesson.stage.get_attribute("data-steps"))
    assert steps > 1
    lesson.stage.focus()
    lesson.page.keyboard.press("End")
    expect(lesson.stage).to_have_attribute("data-step", str(steps - 1), timeout=WAIT)
    lesson.rest()
    assert lesson.page.locator(SENTENCE).first.inner_text().strip()
    whole(lesson.page, operation)
    assert lesson.page.locator(".atlas-stage.is-failed").count() == 0
    assert lesson.page.locator(".st-key-problem").count() == 0
    assert violations(lesson.page) == []


@EVERY
def test_a_lesson_on_a_phone_in_the_dark_in_chinese(visit: Visit, operation) -> None:
    """Nothing wider than the screen, stage before inputs before text, Chinese throughout, axe finds nothing."""
    page = visit(f"/{operation.key}", size="phone", theme="dark", language="zh")
    lesson = Lesson(page)
    places = (".atlas-figure", ".atlas-bar", ".atlas-caption", ".st-key-inputs", ".st-key-reading")
    tops = [page.locator(selector).first.bounding_box()["y"] for selector in places]
    assert tops == sorted(tops)
    whole(page, operation)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    for text in (page.locator("h1").first.inner_text(), page.locator(SENTENCE).first.inner_text()):
        assert any("一" <= letter <= "鿿" for letter in text), text
    lesson.rest()
    assert violations(page) == []


def test_a_walk_through_the_course_by_keyboard_alone(visit: Visit) -> None:
    """From home by Tab and Enter to the first concept, and by its link to the next, to the end of the course."""
    page = visit("/")
    page.locator(".st-key-posters img").first.wait_for(timeout=WAIT)
    assert pressed(page, f"[class*='st-key-poster-{CHAPTERS[0].key}'] a")
    for number, operation in enumerate(CHAPTERS):
        page.wait_for_url(f"**/{operation.key}*", timeout=WAIT)
        lesson = Lesson(page)
        assert pressed(page, ".st-key-stage .atlas-stage", act=False)
        page.keyboard.press("End")
        expect(lesson.stage).to_have_attribute(
            "data-step", str(int(lesson.stage.get_attribute("data-steps")) - 1), timeout=WAIT
        )
        lesson.quiet()
        if number + 1 < len(CHAPTERS):
            page.locator(".st-key-next a").wait_for(timeout=2 * WAIT)
            assert pressed(page, ".st-key-next a")


def pressed(page: Page, selector: str, act: bool = True) -> bool:
    """Tab until the focus is on `selector` (at most 150 times), then Enter. Whether it could be reached."""
    for _press in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement?.matches(selector)", selector):
            if act:
                page.keyboard.press("Enter")
            return True
    return False


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_home_is_the_map_of_the_course(visit: Visit, language: str) -> None:
    """A drawn picture for each concept, in the course's order; in both languages axe finds nothing."""
    page = visit("/", language=language)
    pictures = page.locator(".st-key-posters img")
    expect(pictures).to_have_count(len(CHAPTERS), timeout=WAIT)
    for k in range(len(CHAPTERS)):
        pictures.nth(k).scroll_into_view_if_needed()
        assert pictures.nth(k).evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    said = [pictures.nth(k).get_attribute("alt") for k in range(len(CHAPTERS))]
    with words.speaking(language):
        assert said == [words._(operation.title) for operation in CHAPTERS]
    assert violations(page) == []

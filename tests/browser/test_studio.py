"""How a picture and a film are divided: lines of words, moments in time. The modules alone, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bench_page import module, workshop

LINES = "async ([path, text, width]) => (await import(path)).wrapped(text, width, (part) => [...part].length)"
MOMENTS = "async ([path, film, wish]) => (await import(path)).positions(film, wish)"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with workshop(browser) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("Row 2 of A meets column 1 of B", 12, ["Row 2 of A", "meets column", "1 of B"]),
        ("第二行与第一列相遇，得到九。", 7, ["第二行与第一列", "相遇，得到九。"]),
        ("矩阵 A 作用之前：", 6, ["矩阵 A 作", "用之前："]),
        ("a word_that_is_longer", 10, ["a word_tha", "t_is_longe", "r"]),
        ("", 10, []),
        ("   ", 10, []),
    ],
)
def test_a_sentence_in_lines(page: Page, text: str, width: int, lines: list[str]) -> None:
    """Between words in English, between characters in Chinese, and no line begins with a comma."""
    assert page.evaluate(LINES, [module("plate.js"), text, width]) == lines


@pytest.mark.parametrize("steps", [1, 2, 7, 90])
@pytest.mark.parametrize("speed", [0.5, 1, 2])
def test_the_moments_of_a_film(page: Page, steps: int, speed: float) -> None:
    """First and last step are in it, all of its time too, and never more moments than there may be."""
    film = {"last": steps - 1, "duration": 800, "steps": [{"hold": 400}] * steps}
    wish = {"fps": 20, "speed": speed, "most": 100}
    found = page.evaluate(MOMENTS, [module("studio.js"), film, wish])
    places = [moment["position"] for moment in found]
    assert places == sorted(set(places)) and places[0] == 0 and places[-1] == steps - 1
    assert set(range(steps)) <= set(places) and len(places) <= 100
    moving = (steps - 1) * (400 + 800) / speed
    assert sum(moment["time"] for moment in found) == pytest.approx(moving + 1000)
    if steps == 7:
        assert len(places) == 1 + 6 * min(round(16 / speed), 99 // 6)

"""The offline gallery: made once by its command, opened from file:// in a browser without a network."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from core import words
from core.ops import CHAPTERS
from pages.shared.stage import shell, shell_page
from tests.browser.bench_page import module, workshop
from tests.browser.conftest import ROOT

STAGE = ".atlas-stage"
READY = "() => document.querySelector('.atlas-stage')?.atlas?.gd?.data?.length > 0"
MOST = 1_800_000  # bytes of a page, gzipped: four figures and plotly.js


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery, as a teacher makes it; all of its pages in both languages, light and dark."""
    place = tmp_path_factory.mktemp("gallery") / "course"
    made = subprocess.run(
        [sys.executable, "-m", "core.export", "--gallery", str(place)],
        cwd=ROOT, env={**os.environ, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("\n") == len(CHAPTERS) + 2
    assert str(place / "index.html") in made.stdout.splitlines()[-1]
    return place


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """One tab for all of it, offline; nothing may go wrong in it, and nothing may be asked for."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800}, locale="en-US")
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    opened.on("request", lambda request: request.url.startswith("http") and complaints.append(request.url))
    yield opened
    context.close()
    assert complaints == []


def at_rest(page: Page) -> None:
    page.wait_for_function(READY)
    page.locator(STAGE).evaluate("async (root) => { await root.atlas.whenIdle(); }")


def findings(page: Page) -> list[str]:
    """What axe has against the page."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found]


def test_the_folder_holds_the_course_and_nothing_half(folder: Path) -> None:
    """A page for each concept and the map; how large a page is on the wire."""
    names = {path.name for path in folder.iterdir()}
    assert names == {"index.html", *(f"{operation.key}.html" for operation in CHAPTERS)}
    largest = max(folder.glob("*.html"), key=lambda path: path.stat().st_size)
    assert len(gzip.compress(largest.read_bytes(), 6)) < MOST


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_map_in_its_reader_s_language_and_light(
    folder: Path, page: Page, language: str, scheme: str
) -> None:
    """Chapters, titles, a picture and a line for each concept; links that lead into the folder."""
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{(folder / 'index.html').as_uri()}#lang={language}")
    page.reload()
    expect(page.locator("main:visible")).to_have_count(1)
    expect(page.locator("main:visible")).to_have_attribute("lang", language)
    with words.speaking(language):
        titles = [f"{k} · {words._(operation.title)}" for k, operation in enumerate(CHAPTERS, 1)]
    links = page.locator("main:visible li a")
    assert links.all_inner_texts() == titles
    assert links.evaluate_all("(all) => all.map((one) => one.getAttribute('href'))") == [
        f"{operation.key}.html#lang={language}" for operation in CHAPTERS
    ]
    wide = "(all) => all.map((one) => one.complete && one.naturalWidth > 100 && one.currentSrc.length > 500)"
    assert page.locator("main:visible img").evaluate_all(wide) == [True] * len(CHAPTERS)
    paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(253, 252, 249)", "dark": "rgb(20, 23, 28)"}[scheme]
    assert findings(page) == []


def test_the_pictures_follow_the_light(folder: Path, page: Page) -> None:
    """A browser chooses another source in its own time; there are two, and the light decides."""
    page.emulate_media(color_scheme="light")
    page.goto((folder / "index.html").as_uri())
    image = page.locator("main:visible img").first
    light = image.evaluate("(image) => image.decode().then(() => image.currentSrc)")
    for scheme, same in (("dark", False), ("light", True)):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            "([image, light, same]) => image.complete && (image.currentSrc === light) === same",
            arg=[image.element_handle(), light, same],
        )


def test_every_concept_plays_to_its_end(folder: Path, page: Page) -> None:
    """One after the other by the link to the next, as a class would go; then the last one says so."""
    page.emulate_media(color_scheme="light")
    page.goto((folder / "index.html").as_uri())
    page.locator("main:visible li a").first.click()
    for place, operation in enumerate(CHAPTERS):
        page.wait_for_url(re.compile(re.escape(f"/{operation.key}.html")))
        at_rest(page)
        root = page.locator(STAGE)
        steps = int(root.get_attribute("data-steps"))
        assert steps > 1
        root.evaluate(
            "(root) => { root.atlas.stage.player.jump(0); root.atlas.stage.player.clock.speed = 40; }"
        )
        root.get_by_role("button", name="Play", exact=True).click()
        expect(root).to_have_attribute("data-state", "paused")
        expect(root).to_have_attribute("data-step", str(steps - 1))
        expect(page.locator(".atlas-slide-caption").first).to_have_text(operation.summary)
        following = page.locator(".atlas-course-next")
        if place + 1 < len(CHAPTERS):
            following.click()
        else:
            expect(following).to_have_count(0)
    page.locator(".atlas-course-previous").click()
    page.wait_for_url(re.compile(CHAPTERS[-2].key))
    page.locator(".atlas-course-home").click()
    expect(page.locator("main:visible h1")).to_be_visible()


def test_a_page_in_the_other_language_and_in_the_dark(folder: Path, page: Page) -> None:
    """By the link on it and by the system; the language goes on to the next page, and back to the map."""
    page.emulate_media(color_scheme="dark")
    page.goto((folder / "norms.html").as_uri())
    at_rest(page)
    assert findings(page) == []
    page.locator(".atlas-course-language").click()
    expect(page.get_by_role("button", name="播放", exact=True)).to_be_visible()
    at_rest(page)
    assert page.evaluate(
        "() => [document.documentElement.lang, getComputedStyle(document.body).backgroundColor]"
    ) == [
        "zh",
        "rgb(20, 23, 28)",
    ]
    assert findings(page) == []
    page.locator(".atlas-course-previous").click()
    expect(page.get_by_role("button", name="播放", exact=True)).to_be_visible()
    page.locator(".atlas-course-home").click()
    expect(page.locator("main:visible")).to_have_attribute("lang", "zh")
    page.locator("main:visible .atlas-languages a").click()
    expect(page.locator("main:visible")).to_have_attribute("lang", "en")
    page.emulate_media(color_scheme="light")


def test_a_page_of_the_command_is_filled_as_the_browser_fills_one(browser: Browser) -> None:
    """Both write the same document for the same subject, whatever its texts say."""
    title = "A <b>title</b> & </script><script>alert(1)</script>"
    payload = {
        "id": "one",
        "language": "en",
        "film": {"data": [], "layout": {}},
        "title": title,
        "labels": {"alt": "</x"},
    }
    make = """async ([path, payloads, title]) => {
        const { standalone } = await import(path);
        return (await standalone(payloads, { title })).text();
    }"""
    with workshop(browser) as shop:
        theirs = shop.evaluate(make, [module("standalone.js"), [payload], title])
    subject = {"title": title, "language": "en", "payloads": [payload]}
    ours = shell.filled(shell_page(), title, subject).decode()
    told = [re.search(r'id="atlas-subject">(.*?)</script>', text, re.DOTALL)[1] for text in (ours, theirs)]
    assert json.loads(told[0]) == json.loads(told[1]) == subject
    assert ours.replace(told[0], "") == theirs.replace(told[1], "")

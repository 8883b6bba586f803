"""Files that play without a server: a figure made on its page, and a deck, both opened from file:// with no network."""

from __future__ import annotations

import base64
import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser import samples
from tests.browser.bench_page import module, workshop
from tests.browser.conftest import Visit
from tests.browser.lesson import Lesson, close

MOST = 1_600_000  # bytes of a file, gzipped
STAGE = ".atlas-stage"
Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """opened(path) -> the file's page in a browser without a network; at the end nothing may have gone wrong."""
    contexts, complaints = [], []

    def open_file(path: Path, **settings) -> Page:
        context = browser.new_context(offline=True, viewport={"width": 1400, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.on("request", lambda request: request.url.startswith("http") and complaints.append(request.url))
        page.goto(path.as_uri())
        at_rest(page)
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert complaints == []


def at_rest(page: Page) -> None:
    """Until the stage has drawn and nothing moves."""
    page.wait_for_function("() => document.querySelector('.atlas-stage')?.atlas?.gd?.data?.length > 0")
    page.locator(STAGE).evaluate("async (root) => { await root.atlas.whenIdle(); }")


def made(page: Page, path: Path) -> Path:
    """The file that the page's own stage makes."""
    found = page.locator(".st-key-stage .atlas-stage").evaluate(
        "(root) => root.atlas.make({ format: 'html' })"
    )
    path.write_bytes(base64.b64decode(found["base64"]))
    return path


def end(page: Page, name: str) -> tuple[float, float]:
    """Where an arrow of the plane points."""
    drawn = page.locator(STAGE).evaluate("(root, name) => root.atlas.positionsOf(name)", name)
    return drawn["x"][1], drawn["y"][1]


def state(page: Page) -> dict:
    """The values on the stage."""
    return page.locator(STAGE).evaluate("(root) => root.atlas.state()")


def drag(page: Page, name: str, dx: float, dy: float) -> None:
    """Drag a handle by pixels."""
    box = page.locator(f'[data-handle="{name}"]').bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=12)
    page.mouse.up()
    at_rest(page)


def test_a_figure_plays_offline(visit: Visit, opened: Open, tmp_path: Path) -> None:
    """The file opens where its page stood, plays, steps and is dragged; it writes no address."""
    lesson = Lesson(visit("/matrix-vector?A=[[1,0.5],[0,1]]&x=[1,1]&step=1"))
    path = made(lesson.page, tmp_path / "figure.html")
    assert len(gzip.compress(path.read_bytes(), 6)) < MOST
    page = opened(path)
    root = page.locator(STAGE)
    expect(root).to_have_attribute("data-step", "1")
    expect(page.locator(".atlas-deck-slide .atlas-slide-title")).to_have_text("Matrix-vector product")

    page.keyboard.press("Home")
    expect(root).to_have_attribute("data-step", "0")
    assert close(state(page)["M"][0], [1, 0])
    page.keyboard.press("ArrowRight")
    expect(root).to_have_attribute("data-step", "1")
    assert close(state(page)["M"][0], [1, 0.5])
    root.get_by_role("button", name="Play", exact=True).click()
    expect(root).to_have_attribute("data-state", "playing")
    expect(root).to_have_attribute("data-step", "2")
    page.keyboard.press("End")
    at_rest(page)
    assert page.url == path.as_uri()


def test_what_is_dragged_stays_in_the_hand(visit: Visit, opened: Open, tmp_path: Path) -> None:
    """The image follows, the words of the old numbers go, and the view's reset brings all back."""
    lesson = Lesson(visit("/matrix-vector?A=[[1,0.5],[0,1]]&x=[1,1]&step=1"))
    page = opened(made(lesson.page, tmp_path / "figure.html"))
    sentence = page.locator(".atlas-line").nth(1).locator(".atlas-sentence")
    told = sentence.inner_text()
    drag(page, "x", 80, -60)
    (a, b), moved = state(page)["A"], state(page)["x"]
    assert moved != [1, 1]
    image = [row[0] * moved[0] + row[1] * moved[1] for row in (a, b)]
    drawn = page.locator(STAGE).evaluate(
        "(root) => root.atlas.gd.data.filter((trace) => trace.meta?.map?.vector === 'x')"
        ".map((trace) => [trace.x.at(-1), trace.y.at(-1)])"
    )
    assert any(close(list(point), image, 1e-3) for point in drawn)
    expect(sentence).to_contain_text("Moved by hand")
    page.locator('[data-name="view"]').click()
    at_rest(page)
    assert state(page)["x"] == [1, 1]
    expect(sentence).to_have_text(told)


def test_a_file_speaks_and_wears_what_its_page_did(visit: Visit, opened: Open, tmp_path: Path) -> None:
    """Chinese and dark, whatever the browser that opens it would choose."""
    lesson = Lesson(visit("/norms", theme="dark", language="zh"))
    page = opened(made(lesson.page, tmp_path / "figure.html"), color_scheme="light", locale="en-US")
    expect(page.get_by_role("button", name="播放", exact=True)).to_be_visible()
    expect(page.locator(".atlas-slide-link")).to_have_text("在 Tensor Atlas 中打开")
    background = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(20, 23, 28)"
    assert page.evaluate("() => document.documentElement.lang") == "zh"


def test_a_link_of_a_file_leads_to_where_the_reader_is(visit: Visit, opened: Open, tmp_path: Path) -> None:
    """The living page's address with this step, never the file's own."""
    lesson = Lesson(visit("/norms?p=1"))
    page = opened(made(lesson.page, tmp_path / "figure.html"))
    page.keyboard.press("ArrowRight")
    at_rest(page)
    link = page.locator(STAGE).evaluate("(root) => root.atlas.stage.where.link()")
    assert link.startswith(lesson.page.url.split("/norms")[0] + "/norms?")
    assert "p=1" in link
    assert "step=1" in link


def test_a_file_makes_pictures_itself(visit: Visit, opened: Open, tmp_path: Path) -> None:
    """What the browser alone can make; what a server encodes is not offered."""
    lesson = Lesson(visit("/norms"))
    page = opened(made(lesson.page, tmp_path / "figure.html"))
    make = "(root, format) => root.atlas.make({ format, size: '16:9', scale: 1 }).then((made) => made.base64)"
    picture = Image.open(io.BytesIO(base64.b64decode(page.locator(STAGE).evaluate(make, "png"))))
    assert picture.size == (1280, 720)
    assert b"<svg" in base64.b64decode(page.locator(STAGE).evaluate(make, "svg"))[:200]
    page.locator(f"{STAGE} [data-name=camera]").click()
    expect(page.get_by_role("button", name="SVG", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="MP4", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="PDF", exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Add to slides", exact=True)).to_have_count(0)
    words = page.locator(".atlas-menu").inner_text().split()
    assert words[-2:] == ["SVG", "Copy"] or words[-1] == "Copy"
    assert "false" not in " ".join(words)


# --- a deck

HOSTILE = "Week <3> </script><script>window.broken = true</script><!-- &amp;"


def slides() -> list[dict]:
    """Three slides: the plane, space, the plane in the dark and in Chinese."""
    common = {"language": "en", "theme": "light", "labels": {"alt": "A sample"}}
    return [
        {**common, "id": "one", "film": samples.plane(), "title": "First", "caption": "Said by the teacher.",
         "code": "print(A @ x)", "link": "https://atlas.example/matrix-vector?step=1"},
        {**common, "id": "two", "film": samples.space(), "title": "Second"},
        {**common, "id": "three", "film": samples.plane(), "title": "第三", "language": "zh", "theme": "dark"},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def deck_file(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deck as static/standalone.js makes it."""
    make = """async ([path, payloads, title]) => {
        const { standalone } = await import(path);
        return (await standalone(payloads, { title })).text();
    }"""
    path = tmp_path_factory.mktemp("deck") / "deck.html"
    payloads = [{"revision": 0, **one} for one in slides()]
    with workshop(browser) as page:
        path.write_text(page.evaluate(make, [module("standalone.js"), payloads, HOSTILE]), encoding="utf-8")
    return path


@pytest.fixture
def deck(opened: Open, deck_file: Path) -> Page:
    """The deck, opened."""
    return opened(deck_file)


def shows(page: Page, title: str) -> None:
    """Wait until a slide is the one shown."""
    expect(page.locator(".atlas-deck-slide .atlas-slide-title")).to_have_text(title)
    at_rest(page)


def test_a_deck_goes_from_slide_to_slide(deck: Page) -> None:
    """By the clicker's keys; arrows walk through the film first, and back to its end."""
    last = len(samples.plane()["layout"]["meta"]["steps"]) - 1
    shows(deck, "First")
    expect(deck.locator(".atlas-slide-caption").first).to_have_text("Said by the teacher.")
    assert deck.title() == f"First · {HOSTILE}"
    assert deck.evaluate("() => window.broken") is None
    deck.keyboard.press("PageDown")
    shows(deck, "Second")
    deck.keyboard.press("PageDown")
    shows(deck, "第三")
    expect(deck.get_by_role("button", name="播放", exact=True)).to_be_visible()
    deck.keyboard.press("PageUp")
    deck.keyboard.press("PageUp")
    shows(deck, "First")
    deck.keyboard.press("Home")
    for _step in range(last):
        deck.keyboard.press("ArrowRight")
        at_rest(deck)
    shows(deck, "First")
    deck.keyboard.press("ArrowRight")
    shows(deck, "Second")
    deck.keyboard.press("ArrowLeft")
    shows(deck, "First")
    expect(deck.locator(STAGE)).to_have_attribute("data-step", str(last))


def test_a_deck_shows_all_its_slides(deck: Page) -> None:
    """The overview leads to each; a page of paper for each has its picture at the last step."""
    deck.locator(".atlas-paper[data-ready]").wait_for(state="attached")
    deck.keyboard.press("o")
    expect(deck.locator(".atlas-overview-choice")).to_have_count(3)
    deck.locator(".atlas-overview-choice").nth(2).click()
    shows(deck, "第三")
    deck.emulate_media(media="print")
    expect(deck.locator(".atlas-paper-page")).to_have_count(3)
    expect(deck.locator(".atlas-deck-slide")).to_be_hidden()
    widths = deck.locator(".atlas-paper-picture").evaluate_all(
        "(all) => all.map((image) => image.naturalWidth)"
    )
    assert all(width > 0 for width in widths)
    tops = deck.locator(".atlas-paper-page").evaluate_all("(all) => all.map((page) => page.offsetHeight)")
    assert all(abs(top - 7.5 * 96) <= 1 for top in tops)


def test_a_presentation_goes_on_from_slide_to_slide(deck: Page) -> None:
    """With the clicker's keys, step after step; Escape ends it."""
    shows(deck, "First")
    deck.keyboard.press("p")
    expect(deck.locator(STAGE)).to_have_class("atlas-stage is-presenting")
    deck.keyboard.press("End")
    at_rest(deck)
    deck.keyboard.press("PageDown")
    deck.wait_for_function("() => document.querySelector('.atlas-stage')?.atlas.stage.payload.id === 'two'")
    at_rest(deck)
    expect(deck.locator(STAGE)).to_have_class("atlas-stage is-presenting")
    deck.keyboard.press("b")
    expect(deck.locator(".atlas-curtain")).to_be_visible()
    deck.keyboard.press("PageDown")
    expect(deck.locator(".atlas-curtain")).to_be_hidden()
    expect(deck.locator(STAGE)).to_have_attribute("data-step", "0")
    deck.keyboard.press("Escape")
    shows(deck, "Second")
    expect(deck.locator(STAGE)).to_have_class("atlas-stage")

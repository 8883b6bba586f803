"""Slides as a teacher makes them: collected on several pages, put in order, kept in a file, taken to class."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from pptx import Presentation

from tests.browser.conftest import Visit
from tests.browser.lesson import WAIT, close
from tests.browser.test_course import violations

STAGE = ".st-key-stage .atlas-stage"
READY = "(where) => document.querySelector(where)?.atlas?.gd?._fullLayout"


class Atlas:
    """A visitor's page, on which things are added to slides."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def quiet(self) -> None:
        """Until Streamlit has run the script to its end, twice looked at: the frame may run after a part of it."""
        for _look in range(2):
            self.page.wait_for_function(
                "() => document.querySelector('.stApp')?.dataset.testScriptState !== 'running'", timeout=WAIT
            )
            self.page.wait_for_timeout(250)

    def ready(self, where: str = STAGE) -> Locator:
        """The stage there, once it has drawn and rests."""
        self.page.wait_for_function(READY, arg=where, timeout=WAIT)
        stage = self.page.locator(where).first
        stage.evaluate("async (root) => { await root.atlas.whenIdle(); }")
        self.quiet()
        return stage

    def add(self, where: str = STAGE) -> None:
        """Press the stage's button, and read its answer."""
        stage = self.ready(where)
        stage.get_by_role("button", name="Add to slides", exact=True).click(timeout=WAIT)
        expect(stage.locator(".atlas-note")).to_contain_text("Added to slides", timeout=WAIT)
        self.quiet()

    def seek(self, step: int) -> None:
        """The main stage at a step."""
        self.ready().evaluate("async (root, step) => { root.atlas.stage.player.seek(step); }", step)
        self.ready()

    def turn(self) -> dict[str, float]:
        """Turn the main stage's space by the mouse. -> where the eye is then"""
        before = self.ready().evaluate("(root) => root.atlas.stage.where.seen().camera.eye")
        box = self.page.locator(f"{STAGE} .atlas-plot").bounding_box()
        x, y = box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"]
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for k in range(1, 8):
            self.page.mouse.move(x + 20 * k, y + 6 * k)
        self.page.mouse.up()
        self.page.wait_for_function(
            "(where) => document.querySelector(where).atlas.stage.where.chosen().camera",
            arg=STAGE,
            timeout=WAIT,
        )
        after = self.ready().evaluate("(root) => root.atlas.stage.where.chosen().camera.eye")
        assert not close(list(before.values()), list(after.values()), 0.05)
        return after

    def go(self, section: str, title: str) -> None:
        """To another page by the navigation, in the same session."""
        self.page.locator("[data-testid=stTopNavSection]", has_text=section).click()
        self.page.locator("a", has_text=re.compile(f"^{title}$")).first.click()
        expect(self.page.locator(".atlas-title h1")).to_have_text(title, timeout=WAIT)
        self.quiet()

    def follow(self) -> None:
        """From the header to the slides."""
        self.page.locator(".st-key-slides-link a").click()
        expect(self.page.locator(".atlas-title h1")).to_have_text("Slides", timeout=WAIT)
        self.drawn()

    # --- on the slides page

    def drawn(self) -> Locator:
        """The stage of the slide that is looked at."""
        return self.ready(".st-key-slide .atlas-stage")

    def slides(self) -> Locator:
        """The slides of the strip."""
        return self.page.locator(".atlas-strip-slide")

    def titles(self, *wanted: str) -> None:
        """Wait until the strip shows these titles, in this order."""
        expect(self.page.locator(".atlas-strip-title")).to_have_text(list(wanted), timeout=WAIT)
        self.quiet()

    def take(self, name: str) -> bytes:
        """Press a button of the deck maker and read the file that comes."""
        self.drawn()
        with self.page.expect_download(timeout=4 * WAIT) as coming:
            self.page.get_by_role("button", name=name, exact=True).click()
        return Path(coming.value.path()).read_bytes()

    def seen(self) -> dict[str, Any]:
        """Where the slide's stage stands: step, camera, layers."""
        return self.drawn().evaluate("(root) => root.atlas.stage.where.chosen()")


@pytest.fixture
def begun(visit: Visit) -> Atlas:
    """The slides page with the three figures to begin with."""
    atlas = Atlas(visit("/slides"))
    atlas.page.get_by_role("button", name="Begin with three figures of the course").click(timeout=WAIT)
    atlas.titles("Matrix-vector product", "Matrix-matrix product", "Norms")
    atlas.drawn()
    return atlas


def test_from_three_pages_to_the_deck(visit: Visit) -> None:
    """A space that was turned, a plane at a step, a practice: each comes as it was looked at."""
    atlas = Atlas(visit("/tensors?view=space"))
    turned = atlas.turn()
    atlas.add()
    expect(atlas.page.locator(".st-key-header")).to_contain_text("Slides · 1", timeout=WAIT)
    atlas.go("Operations", "Matrix-vector product")
    atlas.seek(2)
    sentence = atlas.page.locator(f"{STAGE} .atlas-sentence[aria-live]").inner_text()
    atlas.add()
    expect(atlas.page.locator(".st-key-header")).to_contain_text("Slides · 2", timeout=WAIT)
    practice = '[class*="st-key-practice"] .atlas-stage'
    atlas.page.locator(practice).first.scroll_into_view_if_needed()
    atlas.add(practice)
    worked = atlas.page.locator(practice).first.evaluate("(root) => root.atlas.stage.where.chosen()")
    assert worked["step"] != 2

    atlas.follow()
    expect(atlas.slides()).to_have_count(3, timeout=WAIT)
    camera = atlas.seen()["camera"]["eye"]
    assert close([camera[axis] for axis in "xyz"], [turned[axis] for axis in "xyz"], 1e-3)
    atlas.slides().nth(1).click()
    atlas.quiet()
    expect(atlas.page.get_by_label("Caption")).to_have_value(sentence, timeout=WAIT)
    assert atlas.seen()["step"] == 2
    link = atlas.page.get_by_role("link", name="Open its page").get_attribute("href")
    assert "matrix-vector" in link and "step=2" in link
    atlas.slides().nth(2).click()
    atlas.quiet()
    assert atlas.seen() == worked


def test_a_deck_is_ordered_named_and_mended(begun: Atlas) -> None:
    """By buttons, by keys and by the hand; what was done is taken back."""
    page = begun.page
    page.get_by_role("button", name="Move down", exact=True).click()
    begun.titles("Matrix-matrix product", "Matrix-vector product", "Norms")
    begun.slides().nth(1).press("Alt+ArrowDown")
    begun.titles("Matrix-matrix product", "Norms", "Matrix-vector product")
    begun.slides().nth(2).drag_to(begun.slides().nth(0), target_position={"x": 40, "y": 3})
    begun.titles("Matrix-vector product", "Matrix-matrix product", "Norms")

    begun.slides().nth(1).click()
    begun.drawn()
    field = page.get_by_label("Title", exact=True)
    field.fill("Rows meet columns")
    field.press("Tab")
    begun.titles("Matrix-vector product", "Rows meet columns", "Norms")
    begun.slides().nth(1).focus()
    page.keyboard.press("Delete")
    begun.titles("Matrix-vector product", "Norms")
    page.keyboard.press("Control+z")
    begun.titles("Matrix-vector product", "Rows meet columns", "Norms")
    page.keyboard.press("Control+Shift+z")
    begun.titles("Matrix-vector product", "Norms")
    page.keyboard.press("Control+z")
    begun.titles("Matrix-vector product", "Rows meet columns", "Norms")
    page.get_by_role("button", name="Duplicate", exact=True).click()
    expect(begun.slides()).to_have_count(4, timeout=WAIT)


def test_the_view_of_a_slide_is_changed_on_the_page(begun: Atlas) -> None:
    """Another step on its stage, one press: caption and link follow; a caption of one's own stays."""
    before = begun.page.get_by_label("Caption").input_value()
    stage = begun.drawn()
    stage.evaluate("async (root) => { root.atlas.stage.player.seek(1); }")
    begun.drawn().get_by_role("button", name="Use this step and this view").click()
    expect(begun.page.get_by_label("Caption")).not_to_have_value(before, timeout=WAIT)
    begun.drawn()
    assert begun.seen()["step"] == 1
    way = begun.page.get_by_role("link", name="Open its page")
    expect(way).to_have_attribute("href", re.compile(r"[?&]step=1(&|$)"), timeout=WAIT)
    caption = begun.page.get_by_label("Caption")
    caption.fill("Said by the teacher.")
    caption.press("Control+Enter")
    begun.quiet()
    begun.drawn().evaluate("async (root) => { root.atlas.stage.player.seek(2); }")
    begun.drawn().get_by_role("button", name="Use this step and this view").click()
    expect(way).to_have_attribute("href", re.compile(r"[?&]step=2(&|$)"), timeout=WAIT)
    expect(caption).to_have_value("Said by the teacher.")


def test_the_workspace_file_brings_the_deck_back(begun: Atlas, visit: Visit) -> None:
    """Title, order, words, and the figures themselves, in a session that never computed them."""
    title = begun.page.get_by_label("Title of the deck")
    title.fill("Lecture 3")
    title.press("Tab")
    begun.quiet()
    begun.page.get_by_label("Caption").fill("Look at row two.")
    begun.page.get_by_label("Caption").press("Tab")
    begun.quiet()
    shown = begun.drawn().evaluate("(root) => JSON.stringify(root.atlas.stage.payload.film)")
    with begun.page.expect_download(timeout=WAIT) as coming:
        begun.page.get_by_role("button", name="Save the workspace").click()
    saved = Path(coming.value.path()).read_bytes()
    other = Atlas(visit("/slides"))
    other.quiet()
    other.page.locator("input[type=file]").set_input_files(
        {"name": "w.safetensors", "mimeType": "application/octet-stream", "buffer": saved}
    )
    other.titles("Matrix-vector product", "Matrix-matrix product", "Norms")
    expect(other.page.get_by_label("Title of the deck")).to_have_value("Lecture 3", timeout=WAIT)
    expect(other.page.get_by_label("Caption")).to_have_value("Look at row two.", timeout=WAIT)
    assert other.drawn().evaluate("(root) => JSON.stringify(root.atlas.stage.payload.film)") == shown


def test_the_deck_as_powerpoint(begun: Atlas) -> None:
    """Three slides with their words; one of them moves."""
    begun.slides().nth(2).click()
    begun.drawn()
    begun.page.locator(".st-key-slide-words button", has_text="Film").click()
    begun.quiet()
    made = Presentation(io.BytesIO(begun.take("PowerPoint")))
    assert len(made.slides) == 3
    texts = [
        "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
        for slide in made.slides
    ]
    assert [
        "Matrix-vector product" in texts[0],
        "Matrix-matrix product" in texts[1],
        "Norms" in texts[2],
    ] == [True] * 3
    assert "torch.mv" in made.slides[0].notes_slide.notes_text_frame.text
    kinds = [shape.shape_type.name for shape in made.slides[2].shapes if shape.shape_type]
    assert any("MEDIA" in kind for kind in kinds), kinds


def test_the_deck_as_pictures(begun: Atlas) -> None:
    """A PNG for each slide, all of one size, no two the same."""
    with zipfile.ZipFile(io.BytesIO(begun.take("Pictures"))) as packed:
        found = {name: packed.read(name) for name in packed.namelist()}
    assert len(found) == 3 and len(set(found.values())) == 3
    assert {Image.open(io.BytesIO(data)).size for data in found.values()} == {(2560, 1440)}


def test_the_deck_as_one_page(begun: Atlas, tmp_path: Path) -> None:
    """It opens without a server, at the step of its first slide, and goes on to the next."""
    file = tmp_path / "deck.html"
    file.write_bytes(begun.take("HTML"))
    page = begun.page.context.new_page()
    page.goto(file.as_uri())
    page.wait_for_function(READY, arg=".atlas-slide .atlas-stage", timeout=WAIT)
    heading = page.locator("h1:visible").first
    expect(heading).to_have_text("Matrix-vector product")
    page.keyboard.press("PageDown")
    expect(heading).to_have_text("Matrix-matrix product", timeout=WAIT)
    page.close()


def test_a_deck_that_is_being_made_can_be_stopped(begun: Atlas) -> None:
    """Cancel: nothing is saved, no figure is left out of sight, and the page is as before."""
    saved: list[object] = []
    begun.page.on("download", lambda one: saved.append(one))
    begun.drawn()
    begun.page.get_by_role("button", name="PowerPoint", exact=True).click()
    begun.page.locator(".atlas-deckmaker").get_by_role("button", name="Cancel").click()
    expect(begun.page.locator(".atlas-deckmaker-note")).to_have_text("Cancelled", timeout=WAIT)
    expect(begun.page.get_by_role("button", name="PowerPoint", exact=True)).to_be_visible()
    expect(begun.page.locator(".atlas-studio")).to_have_count(0)
    assert saved == []


@pytest.mark.parametrize(("theme", "size", "language"), [("light", "desktop", "en"), ("dark", "phone", "zh")])
def test_the_page_is_accessible(visit: Visit, theme: str, size: str, language: str) -> None:
    """axe finds nothing, neither on the empty page nor with a deck; in Chinese no label is left in English."""
    atlas = Atlas(visit("/slides", theme=theme, size=size, language=language))
    begin = atlas.page.locator(".st-key-empty button")
    begin.wait_for(timeout=WAIT)
    assert violations(atlas.page) == []
    begin.click()
    expect(atlas.slides()).to_have_count(3, timeout=WAIT)
    atlas.drawn()
    assert violations(atlas.page) == []
    if language == "zh":
        words = atlas.page.locator(".st-key-wide label, .st-key-wide button p").all_inner_texts()
        assert words and not [word for word in words if re.fullmatch(r"[A-Za-z ]+", word.strip())]

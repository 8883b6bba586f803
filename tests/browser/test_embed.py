"""The stage alone in another page's frame, and presenting by link and by keys."""

from __future__ import annotations

import html
import re

import pytest
from playwright.sync_api import Page, expect

from pages.shared import early
from tests.browser.conftest import Server, Visit
from tests.browser.lesson import Lesson

SIZES = [(320, 240), (640, 420), (1920, 1080)]
AROUND = ".st-key-header, .st-key-title, .st-key-inputs, .st-key-reading, .st-key-more, header[data-testid=stHeader]"
PRESENTING = re.compile("is-presenting")


def covers(page: Page) -> bool:
    """Whether the stage is as large as the window, and over all else at its edges."""
    return page.evaluate(
        """() => {
          const root = document.querySelector(".atlas-stage"), box = root.getBoundingClientRect();
          const edges = [[2, 2], [innerWidth - 60, 16], [2, innerHeight - 2], [innerWidth - 2, innerHeight - 2]];
          return box.left === 0 && box.top === 0 && box.width === innerWidth && box.height === innerHeight
            && edges.every(([x, y]) => root.contains(document.elementFromPoint(x, y)));
        }"""
    )


def fills(page: Page) -> bool:
    """Whether the stage is the window, and there is nothing to scroll to."""
    main = page.locator("[data-testid=stMain]")
    beyond = "(main) => main.scrollHeight > innerHeight || main.scrollWidth > innerWidth"
    return covers(page) and not main.evaluate(beyond)


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_shows_the_stage_alone(visit: Visit, size: tuple[int, int]) -> None:
    """At any size: figure, bar and sentence within the frame, and it still plays."""
    page = visit("/matrix-vector?embed=true", size=size)
    lesson = Lesson(page)
    lesson.quiet()
    assert fills(page)
    expect(page.locator(AROUND).locator("visible=true")).to_have_count(0)
    inside = page.locator(".atlas-line .atlas-sentence").nth(1).bounding_box()
    assert inside["y"] + inside["height"] <= size[1]
    assert page.locator(".atlas-plot").bounding_box()["height"] > size[1] / 3
    lesson.button("Play").click()
    expect(lesson.stage).to_have_attribute("data-step", "1")


@pytest.mark.parametrize("path", ["/expression?embed=true", "/tensors?embed=true&lang=zh"])
def test_a_desk_is_a_stage_too(visit: Visit, path: str) -> None:
    """The workbench's pages in a frame."""
    page = visit(path, size=(800, 600))
    Lesson(page).quiet()
    assert fills(page)
    expect(page.locator(AROUND).locator("visible=true")).to_have_count(0)


def test_the_slides_are_in_no_frame(visit: Visit) -> None:
    """A deck belongs to a visit, and a frame is another one: it says so, and what would work; no desk around it."""
    page = visit("/slides?embed=true", size=(640, 420))
    expect(page.locator(".st-key-empty")).to_contain_text("Take it along as HTML")
    expect(page.locator(AROUND).locator("visible=true")).to_have_count(0)
    expect(page.get_by_role("button").locator("visible=true")).to_have_count(0)


def test_a_drag_in_a_frame_reaches_the_server(visit: Visit) -> None:
    """The frame is the living page: the words are of the new numbers."""
    page = visit("/matrix-vector?embed=true", size=(960, 640))
    lesson = Lesson(page)
    lesson.handle("x").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => new URL(location.href).searchParams.has('x')")
    assert "embed=true" in page.url


def test_what_a_link_gets_wrong_is_said_in_a_frame(visit: Visit) -> None:
    """Over the picture, which keeps its room."""
    page = visit("/norms?embed=true&p=nonsense", size=(640, 420))
    Lesson(page).quiet()
    expect(page.locator(".st-key-note")).to_be_in_viewport()
    assert page.locator(".atlas-stage").bounding_box()["height"] == 420


def test_the_code_of_a_frame_shows_the_same(visit: Visit) -> None:
    """One line of HTML, safe whatever the page and its title say; a frame's own link is the whole page's."""
    page = visit("/matrix-vector?embed=true&A=[[2,1],[0,3]]", size=(960, 640))
    lesson = Lesson(page)
    link = lesson.evaluate("(atlas) => atlas.stage.where.link()")
    assert "embed" not in link
    made = lesson.evaluate(
        """async (atlas, title) => {
          const fetched = performance.getEntriesByType("resource").map((one) => one.name);
          const module = fetched.find((name) => name.endsWith("/stage.js"));
          const { snippet } = await import(new URL("snippet.js", module));
          return snippet(atlas.stage.where.link(), title);
        }""",
        'A "bent" <plane> & more',
    )
    assert made.startswith("<iframe ")
    source, title = (html.unescape(re.search(f'{name}="([^"]*)"', made)[1]) for name in ("src", "title"))
    assert title == 'A "bent" <plane> & more'
    page.goto(source)
    lesson.wait()
    assert fills(page)
    assert lesson.state()["A"] == [[2, 1], [0, 3]]


# --- presenting


# Of every frame that is painted: whether there is anything of the page, and whether it is seen around the stage.
WATCH = """() => {
  window.frames_seen = [];
  const around = ".st-key-title, header[data-testid=stHeader], [data-testid=stToolbar]";
  const look = () => {
    const nodes = [...document.querySelectorAll(around)], covered = document.querySelector(".is-presenting");
    const seen = !covered && nodes.some((node) => node.checkVisibility({ opacityProperty: true }));
    window.frames_seen.push([nodes.length > 0, seen]);
    if (!covered) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def test_a_link_presents(visit: Visit, server: Server) -> None:
    """Only figure and words, large; the clicker's keys step, b blanks, Escape ends it, and the address says so."""
    page = visit("/_stcore/health", size=(1280, 720))
    page.goto(server.address("/matrix-vector?step=1&present=true"), wait_until="commit")
    page.evaluate(WATCH)
    lesson = Lesson(page)
    expect(lesson.stage).to_have_class(PRESENTING)
    lesson.quiet()
    assert covers(page)
    frames = page.evaluate("() => window.frames_seen")
    assert any(there for there, _seen in frames), "the page was built while we looked"
    assert not any(seen for _there, seen in frames), "and nothing of it was seen around the stage"
    sentence = lesson.stage.locator(".atlas-line:last-child .atlas-sentence")
    assert float(sentence.evaluate("(node) => parseFloat(getComputedStyle(node).fontSize)")) >= 24
    page.keyboard.press("PageDown")
    expect(lesson.stage).to_have_attribute("data-step", "2")
    page.keyboard.press("PageUp")
    expect(lesson.stage).to_have_attribute("data-step", "1")
    for key in ("b", "."):
        page.keyboard.press(key)
        expect(lesson.stage.locator(".atlas-curtain")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(lesson.stage.locator(".atlas-curtain")).to_be_hidden()
    expect(lesson.stage).to_have_attribute("data-step", "1")
    page.wait_for_function("() => location.search.includes('present=true')")
    page.keyboard.press("Escape")
    expect(lesson.stage).not_to_have_class(PRESENTING)
    page.wait_for_function("() => !location.search.includes('present')")
    expect(page.locator(".st-key-title h1")).to_be_visible()
    page.locator("[data-testid=stTopNavLink]").first.click()  # a page without a stage is seen, too
    expect(page.locator(".st-key-welcome h1")).to_be_visible()


def test_the_cover_outlasts_a_script_whose_last_elements_are_under_way(visit: Visit) -> None:
    """Streamlit tells a script's end up to 10 ms before it paints the last of it: no stage yet is not no stage."""
    page = visit("/_stcore/health")
    page.set_content(early.presenter_style().decode() + '<div id="root"></div>')
    root = "const root = document.querySelector('#root'); "
    opacity = "return getComputedStyle(root).opacity; "
    ended = "<div class=stApp data-test-script-state=notRunning><div class=st-key-title></div>{}</div>"
    # An example's stage, with its menu, may come before the page's own.
    example = "<div class=st-key-more><div class=atlas-stage><p role=dialog></p></div></div>"
    own = "<div class=st-key-stage>{}</div>"
    shown = [
        page.evaluate(f"() => {{ {root} root.innerHTML = '{ended.format(more)}'; {opacity} }}")
        for more in ("", own, own + example, own.format("<div class=atlas-stage></div>"), "")
    ]
    assert shown == ["0", "0", "0", "1", "0"]
    page.wait_for_function(f"() => {{ {root} {opacity} }}".replace("opacity; ", "opacity === '1'; "))


def test_a_presentation_can_be_shared_and_left_by_pointer(visit: Visit) -> None:
    """The key writes it into the address; a moving pointer shows the way out."""
    page = visit("/norms")
    lesson = Lesson(page)
    lesson.stage.focus()
    page.keyboard.press("p")
    expect(lesson.stage).to_have_class(PRESENTING)
    page.wait_for_function("() => location.search.includes('present=true')")
    way = lesson.stage.locator(".atlas-way-out")
    page.mouse.move(200, 200)
    page.mouse.move(220, 210)
    expect(way).to_have_css("opacity", "1")
    way.get_by_role("button", name="End the presentation").click()
    expect(lesson.stage).not_to_have_class(PRESENTING)


def test_another_word_for_presenting_is_a_note(visit: Visit) -> None:
    """A link is read as strictly as ever."""
    page = visit("/norms?present=perhaps")
    lesson = Lesson(page)
    expect(page.locator(".st-key-note")).to_contain_text("present")
    expect(lesson.stage).not_to_have_class(PRESENTING)

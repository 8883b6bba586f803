"""The lesson in real Chromium, as a reader uses it: type, drag, play, orbit, link, capture, go back."""

from __future__ import annotations

import base64
import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import psutil
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from core.figures import marks
from tests.browser.lesson import PATH, WAIT, Lesson, close

Visit = Callable[..., Page]
SPACE = {"A": "[[1, -1, 0], [1, 1, 0.5], [0, 0, 1.5]]", "x": "[1, 1, 2]"}


def query(page: Page) -> dict[str, str]:
    """What the address says."""
    return {name: texts[-1] for name, texts in parse_qs(urlsplit(page.url).query).items()}


def wait_for_query(page: Page, **wanted: str | None) -> None:
    """Until the address says so; None: until it says nothing of it."""
    for name, text in wanted.items():
        page.wait_for_function(
            "([name, text]) => new URLSearchParams(location.search).get(name) === text",
            arg=[name, text],
            timeout=WAIT,
        )


def grid_is(lesson: Lesson, matrix: list[list[float]]) -> bool:
    """Whether the drawn grid is torch's image of the whole-number grid under `matrix`, to 1e-4."""
    drawn = [point for point in lesson.positions("grid") if point is not None]
    reach = (len(drawn) // 4 - 1) // 2
    base = torch.tensor(
        [point for point in marks.lattice(reach, 2, 2) if point is not None], dtype=torch.float64
    )
    image = base @ torch.tensor(matrix, dtype=torch.float64).T  # (points, 2) @ (2, 2)
    return torch.allclose(torch.tensor(drawn, dtype=torch.float64), image, atol=1e-4, rtol=1e-5)


# --- first sight


def test_the_stage_is_the_biggest_thing_in_the_first_screenful(visit: Visit) -> None:
    """At 1400x900: at least 60 % of the area, wholly in view, with the inputs beside it."""
    lesson = Lesson(visit(PATH))
    box = lesson.stage.bounding_box()
    assert box["width"] * box["height"] >= 0.6 * 1400 * 900
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 900
    inputs = lesson.page.locator(".st-key-inputs").bounding_box()
    assert inputs["x"] >= box["x"] + box["width"]
    assert inputs["y"] < 200
    assert inputs["width"] <= 300


def test_the_order_on_a_phone(visit: Visit) -> None:
    """Stage, transport, sentence, inputs, rest; nothing wider than the screen; buttons that a thumb can hit."""
    lesson = Lesson(visit(PATH, size="phone"))
    tops = [
        lesson.page.locator(selector).first.bounding_box()["y"]
        for selector in (".atlas-figure", ".atlas-bar", ".atlas-caption", ".st-key-inputs", ".st-key-reading")
    ]
    assert tops == sorted(tops)
    assert lesson.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    for name in ("Play", "Step forward"):
        box = lesson.button(name).bounding_box()
        assert min(box["width"], box["height"]) >= 44
    for pill in lesson.page.locator(".st-key-inputs button:visible").all():
        assert pill.bounding_box()["height"] >= 43.5


FADES = """() => {
    Object.assign(window, { old: 0, fading: 0 });  // elements that may be old, in all frames, and those that fade
    const look = () => {
        for (const one of document.querySelectorAll("[data-stale=true]")) {
            const style = getComputedStyle(one);
            window.old += 1;
            if (parseFloat(style.transitionDuration) > 0 || style.opacity !== "1") window.fading += 1;
        }
        requestAnimationFrame(look);
    };
    look();
}"""


def test_a_long_answer_is_told_by_a_line_and_nothing_fades(visit: Visit) -> None:
    """Streamlit would fade each element half a second after a change; the head of the window says it instead."""
    lesson = Lesson(visit(PATH))
    line = "getComputedStyle(document.querySelector('.stApp'), '::before').opacity"
    assert lesson.page.evaluate(line) == "0"
    state = "(state) => document.querySelector('.stApp').setAttribute('data-test-script-state', state)"
    lesson.page.evaluate(state, "running")  # what Streamlit writes while a script runs
    lesson.page.wait_for_function(f"() => {line} === '1'", timeout=WAIT)
    lesson.page.evaluate(state, "notRunning")
    lesson.page.wait_for_function(f"() => {line} === '0'", timeout=WAIT)
    lesson.page.evaluate(FADES)
    lesson.type("x", "[3, 1]")
    lesson.page.wait_for_function("() => old > 0", timeout=WAIT)
    assert lesson.page.evaluate("fading") == 0


def test_home_leads_to_the_concept(visit: Visit) -> None:
    """The picture is drawn, and pressing it opens the lesson."""
    page = visit("/")
    poster = page.locator(".st-key-poster-matrix-vector img")
    poster.wait_for(timeout=WAIT)
    assert poster.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
    poster.scroll_into_view_if_needed()
    box = poster.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**/matrix-vector", timeout=WAIT)
    Lesson(page).shows("tensor([4., 2.])")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", PATH])
def test_nothing_for_axe_to_find(visit: Visit, path: str, theme: str) -> None:
    """Accessibility rules of WCAG A and AA on what is ours; Streamlit's own chrome apart."""
    page = visit(path, theme=theme)
    page.locator(".st-key-posters img, .st-key-place").first.wait_for(timeout=WAIT)
    if path == PATH:
        Lesson(page)
    rules = {"runOnly": ["wcag2a", "wcag2aa"], "resultTypes": ["violations"]}
    found = Axe().run(page, context=".stMainBlockContainer", options=rules).response["violations"]
    assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found] == []


# --- typing


def test_type_a_matrix_and_see_it(visit: Visit) -> None:
    """Numbers, code, reason, facts, address and picture follow the text."""
    lesson = Lesson(visit(PATH))
    lesson.type("A", "[[0, -3], [2, 1]]")
    lesson.shows("tensor([-6.,  4.])")
    wait_for_query(lesson.page, A="[[0, -3], [2, 1]]")
    expect(lesson.page.locator(".st-key-code").first).to_contain_text("[[0, -3], [2, 1]]")
    expect(lesson.page.locator(".atlas-result")).to_contain_text("6")
    lesson.to_step(1)
    assert grid_is(lesson, [[0, -3], [2, 1]])


def test_every_animation_ends_where_torch_says(visit: Visit) -> None:
    """Three ways to move, one end: the image of the grid and of x, to 1e-4."""
    A = [[1.2, -0.7], [0.4, 0.9]]
    image = (torch.tensor(A, dtype=torch.float64) @ torch.tensor([1.0, 2.0], dtype=torch.float64)).tolist()
    page = visit("/")
    for motion in ("straight", "svd", "columns"):
        page.goto(urljoin(page.url, f"{PATH}?{urlencode({'A': str(A), 'motion': motion})}"))
        lesson = Lesson(page)
        lesson.stage.focus()
        lesson.page.keyboard.press("End")
        lesson.rest()
        assert grid_is(lesson, A), motion
        assert close(list(lesson.positions("image")[-1]), image), motion


def test_a_mistake_leaves_the_picture(visit: Visit) -> None:
    """A card beside the field; the picture and the address stay; the next good text takes the card away."""
    lesson = Lesson(visit(PATH))
    lesson.to_step(1)
    before = lesson.positions("grid")
    lesson.type("A", "[[2, 1], [0, 1]")
    problem = lesson.page.locator(".st-key-problem")
    problem.wait_for(timeout=WAIT)
    expect(problem.locator("mark")).to_have_count(1)
    assert lesson.positions("grid") == before
    assert lesson.stage.get_attribute("data-step") == "1"
    assert "A" not in query(lesson.page)
    lesson.type("A", "[[2, 1], [0, 3]]")
    problem.wait_for(state="detached", timeout=WAIT)
    lesson.shows("tensor([4., 6.])")


def test_markup_in_a_field_stays_text(visit: Visit) -> None:
    """What is typed is never an element, in the card or anywhere."""
    lesson = Lesson(visit(PATH))
    lesson.type("A", "<img src=x onerror=document.title='owned'>")
    lesson.page.locator(".st-key-problem").wait_for(timeout=WAIT)
    assert lesson.page.locator(".st-key-problem img").count() == 0
    assert "owned" not in lesson.page.title()


def test_rows_from_a_spreadsheet(visit: Visit) -> None:
    """Pasted cells arrive with tabs between columns; the field's line breaks are not lost."""
    lesson = Lesson(visit(PATH, permissions=["clipboard-read", "clipboard-write"]))
    lesson.page.evaluate("navigator.clipboard.writeText('3\\t0\\n1\\t2')")
    lesson.field("A").select_text()
    lesson.page.keyboard.press("Control+V")
    lesson.field("A").press("Enter")
    lesson.shows("tensor([3., 5.])")


def test_a_visitor_in_trouble_does_not_trouble_another(visit: Visit) -> None:
    """While one page waits for its wall, another answers at once."""
    one, other = Lesson(visit(PATH)), Lesson(visit(PATH))
    one.type("A", "torch.ones(700, 700) @ torch.ones(700, 700) @ torch.ones(700, 2)")
    other.type("A", "[[0, 5], [7, 0]]")
    other.shows("tensor([10.,  7.])")


# --- the hand


def test_drag_a_column(visit: Visit) -> None:
    """Nothing is sent while the hand moves, one message when it lets go; then everything follows, as torch says."""
    page = visit("/")
    sent: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda payload: sent.append(payload)))
    page.goto(urlsplit(page.url)._replace(path=PATH).geturl())
    lesson = Lesson(page)
    lesson.page.locator(".st-key-place").wait_for(timeout=WAIT)
    lesson.to_step(1)
    lesson.quiet()
    page.wait_for_timeout(700)
    sent.clear()
    box = lesson.handle("A[:,0]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    followed = set()
    for k in range(1, 25):
        page.mouse.move(x + 2 * k, y - 3 * k)
        if k % 6 == 0:
            lesson.evaluate("async () => new Promise(requestAnimationFrame)")
            followed.add(str(lesson.positions("grid")[:3]))
    assert len(followed) >= 3
    assert sent == []
    page.mouse.up()
    page.wait_for_function("() => new URLSearchParams(location.search).has('A')", timeout=WAIT)
    lesson.rest()
    assert len(sent) == 1
    A = torch.tensor(eval_literal(query(page)["A"]), dtype=torch.float64)
    assert A[1, 0] > 0.3
    assert lesson.field("A").input_value() == query(page)["A"]
    assert grid_is(lesson, A.tolist())
    expect(page.locator(".st-key-code").first).to_contain_text(query(page)["A"])
    product = (A @ torch.tensor([1.0, 2.0], dtype=torch.float64)).tolist()
    assert close(list(lesson.positions("image")[-1]), product)
    determinant = float(torch.linalg.det(A))
    expect(page.locator(".atlas-result")).to_contain_text(f"{determinant:.3g}".replace("-", "−"))


def eval_literal(text: str) -> list:
    """The numbers of a literal."""
    import ast

    return ast.literal_eval(text)


def test_a_handle_by_the_keyboard(visit: Visit) -> None:
    """Arrow keys move x by a tenth; the page follows."""
    lesson = Lesson(visit(PATH))
    lesson.to_step(1)
    lesson.handle("x").focus()
    for _count in range(3):
        lesson.page.keyboard.press("ArrowRight")
    wait_for_query(lesson.page, x="[1.3, 2]")
    lesson.shows("tensor([4.6000, 2.0000])")


# --- time


def test_play_step_and_scrub(visit: Visit) -> None:
    """By mouse and by keyboard, and without a word to the server."""
    lesson = Lesson(visit(PATH))
    last = int(lesson.stage.get_attribute("data-steps")) - 1
    lesson.button("Step forward").click()
    lesson.rest()
    expect(lesson.stage).to_have_attribute("data-step", "1")
    lesson.button("Step back").click()
    lesson.rest()
    expect(lesson.stage).to_have_attribute("data-step", "0")
    lesson.stage.focus()
    lesson.page.keyboard.press("End")
    expect(lesson.stage).to_have_attribute("data-step", str(last))
    lesson.page.keyboard.press("Home")
    expect(lesson.stage).to_have_attribute("data-step", "0")
    lesson.page.keyboard.press("Space")
    expect(lesson.stage).to_have_attribute("data-state", "playing")
    expect(lesson.stage).to_have_attribute("data-step", "1", timeout=WAIT)
    lesson.page.keyboard.press("Space")
    expect(lesson.stage).to_have_attribute("data-state", "paused")
    slider = lesson.stage.get_by_role("slider", name="Position in the animation")
    box = slider.bounding_box()
    lesson.page.mouse.click(box["x"] + box["width"] - 6, box["y"] + box["height"] / 2)
    lesson.rest()
    expect(lesson.stage).to_have_attribute("data-step", str(last))
    wait_for_query(lesson.page, step=str(last))


# --- view


def test_the_camera_stays_when_a_number_changes(visit: Visit) -> None:
    """Orbit in space, then type: the same camera, also in the address."""
    lesson = Lesson(visit(f"{PATH}?{urlencode(SPACE)}"))
    box = lesson.stage.locator(".atlas-plot").bounding_box()
    x, y = box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.5
    lesson.page.mouse.move(x, y)
    lesson.page.mouse.down()
    lesson.page.mouse.move(x + 120, y + 60, steps=8)
    lesson.page.mouse.up()
    lesson.page.wait_for_function("() => new URLSearchParams(location.search).has('camera')", timeout=WAIT)
    before = lesson.camera()
    lesson.type("x", "[2, 0, 1]")
    wait_for_query(lesson.page, x="[2, 0, 1]")
    lesson.shows("tensor([2.0000, 2.5000, 1.5000])")
    lesson.rest()
    assert close(lesson.camera(), before, 1e-3)
    lesson.page.wait_for_function("() => new URLSearchParams(location.search).has('camera')", timeout=WAIT)
    told = [float(value) for value in query(lesson.page)["camera"].split(",")]
    assert close(told, before, 2e-3)


def test_the_zoom_and_the_step_stay_when_a_number_changes(visit: Visit) -> None:
    """In the plane too."""
    lesson = Lesson(visit(f"{PATH}?zoom=-1,4,-1,3"))
    lesson.to_step(1)
    before = lesson.ranges()
    lesson.type("x", "[2, 1]")
    lesson.shows("tensor([5., 1.])")
    lesson.rest()
    assert close(lesson.ranges(), before, 1e-3)
    assert lesson.stage.get_attribute("data-step") == "1"


# --- links


@pytest.mark.parametrize("space", [False, True], ids=["plane", "space"])
def test_a_copied_link_shows_the_same_elsewhere(visit: Visit, space: bool) -> None:
    """Inputs, parameter, step, view, layers and language, in a second browser context."""
    start = SPACE if space else {"A": "[[1, 1], [-0.5, 1]]"}
    view = {"camera": "1.6,0.7,1.1,0,0,0,0,0,1"} if space else {"zoom": "-2,3,-2,2"}
    asked = {**start, **view, "motion": "svd", "lang": "zh", "layers": "grid"}
    one = Lesson(visit(f"{PATH}?{urlencode(asked)}", permissions=["clipboard-read", "clipboard-write"]))
    one.to_step(2)
    wait_for_query(one.page, step="2")
    one.stage.locator("button[data-action=copyLink], .atlas-bar button").last.wait_for()
    copied = one.page.evaluate("location.href")
    other = Lesson(visit(copied.removeprefix(f"http://{urlsplit(copied).netloc}")))
    assert other.stage.get_attribute("data-step") == "2"
    for name in ("grid", "image", "basis-1"):
        assert other.positions(name) == one.positions(name)
    assert close(other.camera(), one.camera(), 1e-3) if space else close(other.ranges(), one.ranges(), 1e-3)
    assert other.page.locator(".st-key-atlas-switch").inner_text() == "English"
    assert query(other.page) == query(one.page)


def test_copy_link_copies_the_address(visit: Visit) -> None:
    """The button in the stage's bar."""
    lesson = Lesson(visit(f"{PATH}?x=[2,1]", permissions=["clipboard-read", "clipboard-write"]))
    lesson.button("Copy link").click()
    lesson.stage.locator(".atlas-note:text('copied')").wait_for(timeout=WAIT)
    assert lesson.page.evaluate("navigator.clipboard.readText()") == lesson.page.url


def test_a_bad_link_is_named(visit: Visit) -> None:
    """One sentence for each bad part, the rest kept, and the address put right."""
    asked = {
        "A": "[[1, 2], [3",
        "x": "[3, 1]",
        "step": "99",
        "camera": "no",
        "layers": "ghost",
        "lang": "xx",
        "q": "1",
    }
    lesson = Lesson(visit(f"{PATH}?{urlencode(asked)}"))
    note = lesson.page.locator(".st-key-note")
    for part in ("A in the link", "step=99", "camera", "ghost", "xx", "“q”"):
        expect(note).to_contain_text(part, timeout=WAIT)
    lesson.shows("tensor([7., 1.])")
    wait_for_query(lesson.page, A=None, camera=None, lang="en", q=None, x="[3, 1]")
    note.get_by_role("button").click()
    note.wait_for(state="detached", timeout=WAIT)


def test_back_and_forward(visit: Visit) -> None:
    """One entry a change; each shows its own values again."""
    lesson = Lesson(visit(PATH))
    lesson.type("x", "[2, 1]")
    lesson.shows("tensor([5., 1.])")
    lesson.type("x", "[0, 3]")
    lesson.shows("tensor([3., 3.])")
    wait_for_query(lesson.page, x="[0, 3]")
    lesson.page.go_back()
    lesson.shows("tensor([5., 1.])")
    wait_for_query(lesson.page, x="[2, 1]")
    lesson.page.go_back()
    lesson.shows("tensor([4., 2.])")
    wait_for_query(lesson.page, x=None)
    lesson.page.go_forward()
    lesson.shows("tensor([5., 1.])")
    lesson.page.go_forward()
    lesson.shows("tensor([3., 3.])")
    expect(lesson.field("x")).to_have_value("[0, 3]", timeout=WAIT)


def test_reset(visit: Visit) -> None:
    """Everything as it was at first."""
    lesson = Lesson(visit(f"{PATH}?A=[[0,5],[7,0]]&motion=svd"))
    lesson.shows("tensor([10.,  7.])")
    lesson.page.locator(".st-key-matrix-vector-reset button").click()
    lesson.shows("tensor([4., 2.])")
    wait_for_query(lesson.page, A=None, motion=None)


def test_the_language_follows_browser_switch_and_link(visit: Visit) -> None:
    """Chinese for a Chinese browser; one press changes it; the link says so."""
    lesson = Lesson(visit(PATH, language="zh"))
    switch = lesson.page.locator(".st-key-atlas-switch button")
    expect(switch).to_have_text("English")
    switch.click()
    expect(switch).to_have_text("中文", timeout=WAIT)
    wait_for_query(lesson.page, lang="en")
    assert Lesson(visit(f"{PATH}?lang=zh")).page.locator(".st-key-atlas-switch").inner_text() == "English"


# --- capture


@pytest.mark.parametrize("form", ["png", "svg"])
def test_a_captured_picture_opens_and_is_not_empty(visit: Visit, form: str) -> None:
    """What a reader puts on a slide."""
    lesson = Lesson(visit(PATH))
    lesson.to_step(1)
    uri = lesson.evaluate(
        "async (atlas, format) => { const blob = await atlas.capture({ format, scale: 2 });"
        " return typeof blob === 'string' ? blob : new Promise((done) => { const r = new FileReader();"
        " r.onload = () => done(r.result); r.readAsDataURL(blob); }); }",
        form,
    )
    content = base64.b64decode(uri.split(",", 1)[1])
    if form == "png":
        picture = Image.open(io.BytesIO(content)).convert("RGB")
        assert min(picture.size) >= 800
        assert len(picture.getcolors(maxcolors=1 << 24)) > 20
    else:
        tree = ElementTree.fromstring(content)
        assert tree.tag.endswith("svg")
        assert len([node for node in tree.iter() if node.tag.endswith("path")]) > 10


def test_a_shown_page_is_safe_to_be_shown(visit: Visit, server: object) -> None:
    """The headers that a hosted page needs, on pages, assets and routes alike."""
    import urllib.request

    for path in ("/", "/_stcore/health"):
        with urllib.request.urlopen(server.address(path)) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
            assert answer.headers["Referrer-Policy"]


def test_the_server_itself_never_loads_torch(visit: Visit, server: object) -> None:
    """After real pages were served: nothing typed can have been computed in the server's own process."""
    Lesson(visit(PATH)).shows("tensor([4., 2.])")
    mapped = {Path(part.path).name for part in psutil.Process(server.process.pid).memory_maps()}
    assert [name for name in mapped if "torch" in name] == []

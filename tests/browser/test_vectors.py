"""Figures as standalone SVG: every concept, in the plane and in space, and the space without WebGL."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import Browser, Page, Playwright

from core import answers
from core.figures import film as films
from core.ops import CHAPTERS
from pages.shared import stage
from tests import chrome
from tests.browser import samples
from tests.browser.bench_page import THEMES, give, serving
from tests.browser.test_panels import two_spaces

SIZE = {"width": 1000, "height": 640}
SHAPES = {"path", "rect", "circle"}
SPACES = {  # the concepts in space: key, inputs, parameters, step
    "map": ("matrix-vector", {"A": "[[1,0.5,0],[0,1.2,-0.3],[0.4,0,0.8]]", "x": "[1,1,1]"}, {}, 2),
    "arrows": ("dot-product", {"x": "[1,2,2]", "y": "[2,1,-1]"}, {}, 2),
    "network": ("describing-the-world", {}, {"view": "space"}, 2),
    "block": ("tensor", {}, {"view": "space"}, None),
    "cube": ("matrix-matrix", {}, {"reading": "cube"}, 4),
}
CAMERAS = (
    {"eye": {"x": 1.02, "y": -1.29, "z": 0.66}},
    {"eye": {"x": -0.4, "y": 1.6, "z": -1.1}, "center": {"x": 0.1, "y": -0.2, "z": 0.3}},
    {"eye": {"x": 0.8, "y": 0.9, "z": 0.7}, "up": {"x": 0.3, "y": 0.1, "z": 0.9}},
    {"eye": {"x": 1.1, "y": -1.2, "z": 0.5}, "projection": {"type": "orthographic"}},
)
WITHOUT_WEBGL = [flag for flag in chrome.FLAGS if not re.search("angle|swiftshader", flag)]
WITHOUT_WEBGL += ["--disable-webgl", "--disable-3d-apis"]
BOTH = (("en", "light"), ("zh", "dark"))
HAND = (
    ".atlas-overlay, .atlas-links, .atlas-panel { visibility: hidden }"  # rings and sliders over the picture
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The bare page."""
    with serving() as url:
        yield url


def opened(browser: Browser, address: str, theme: str = "light") -> Page:
    """The bare page with the module under test as `svg`, and nothing of the hand over the picture."""
    page = browser.new_page(viewport=SIZE)
    page.goto(f"{address}?theme={theme}")
    folder = stage._stage_folder()
    page.evaluate(
        f"Promise.all(['svg', 'project', 'scene'].map(async (name) =>"
        f" (window[name] = await import(`{folder}/${{name}}.js`))))"
    )
    return page


@pytest.fixture(scope="module")
def pages(browser: Browser, address: str) -> Iterator[dict[str, Page]]:
    """One page for each theme, for all films, and an empty one."""
    found = {theme: opened(browser, address, theme) for theme in THEMES}
    found["alone"] = browser.new_page()
    yield found
    for page in found.values():
        page.close()


@cache
def prepared(key: str) -> dict | None:
    """What a concept needs beforehand, done once for all its films: none here changes what it hangs on."""
    torch.set_num_threads(1)
    operation = next(one for one in CHAPTERS if one.key == key)
    if not operation.prepare:
        return None
    values = {item.name: item.default for item in operation.parameters}
    done = None
    for _part in range(operation.prepare.parts):
        done = operation.prepare.part(done, values)
    return done


@cache
def film_of(key: str, language: str, theme: str, inputs: str = "{}", parameters: str = "{}") -> dict:
    """The film of a concept, as a visitor gets it."""
    asked = {"key": key, "language": language, "theme": theme, "prepared": prepared(key)}
    more = {"inputs": json.loads(inputs), "parameters": json.loads(parameters)}
    _answer, blobs = answers.operation(asked | more)
    return json.loads(bytes(blobs["film"]))


def show(page: Page, film: dict, position: float | None = None) -> None:
    """Put a film on the stage, and go to a position: its last step when none is said."""
    give(page, samples.payload(film, identity=str(id(film))))
    page.evaluate(
        "(to) => { const { player, film } = root().stage; player.seek(to ?? film.last); return root().whenIdle(); }",
        position,
    )


def svg_of(page: Page, **options: str) -> str:
    return page.evaluate("(options) => svg.svgOf(root().gd, options)", options)


def names(tree: ElementTree.Element) -> list[str]:
    return [node.tag.rpartition("}")[2] for node in tree.iter()]


def words(tree: ElementTree.Element) -> set[str]:
    """What the texts of a document say, without spaces."""
    texts = ["".join(node.itertext()) for node in tree.iter() if node.tag.endswith("}text")]
    return {re.sub(r"\s", "", text) for text in texts}


def shown_words(page: Page) -> set[str]:
    """What the figure writes now: the letters in the plane that are seen, and the texts of the spaces."""
    plane = page.evaluate("""() => [...root().gd.querySelectorAll('.main-svg text')]
        .filter((node) => node.checkVisibility({ opacityProperty: true, visibilityProperty: true })
            && !node.closest('.hoverlayer')).map((node) => node.textContent)""")
    spaces = page.evaluate("""() => root().gd._fullData
        .filter((one) => one.scene && one.visible === true && one.mode === 'text' && one.opacity > 0)
        .flatMap((one) => one.text)""")
    plain = [re.sub(r"<[^>]*>", "", text) for text in spaces]
    return {re.sub(r"\s", "", text) for text in [*plane, *plain]} - {""}


def check_document(text: str) -> ElementTree.Element:
    """A document of its own: XML, nothing that runs or is fetched, every reference inside, each id once."""
    tree = ElementTree.fromstring(text)
    tags = names(tree)
    assert tags[0] == "svg"
    assert not {"image", "foreignObject", "script", "style", "a"} & set(tags)
    assert not re.findall(r"\son\w+=|javascript:|https?://(?!www\.w3\.org/)", text)
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", text)) == set(ids)
    assert sum(tag in SHAPES for tag in tags) >= 12
    return tree


def picture(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content)).convert("RGB")


def alone(page: Page, text: str, folder: Path) -> Image.Image:
    """What Chromium shows of the document when it is opened as a file."""
    file = folder / "figure.svg"
    file.write_text(text, encoding="utf-8")
    root = ElementTree.fromstring(text)
    page.set_viewport_size({side: round(float(root.get(side))) for side in ("width", "height")})
    page.goto(file.as_uri())
    return picture(page.screenshot(path=folder / "alone.png"))


def apart(one: Image.Image, other: Image.Image, blur: float) -> tuple[float, float]:
    """How far two pictures differ once they are blurred: on average, and in the worst hundredth; 0 to 255."""
    soft = [image.filter(ImageFilter.GaussianBlur(blur)) for image in (one, other)]
    off = np.asarray(ImageChops.difference(*soft), dtype=float).max(axis=2)
    return float(off.mean()), float(np.quantile(off, 0.99))


def on_stage(page: Page, folder: Path) -> Image.Image:
    page.mouse.move(0, 0)
    page.evaluate(
        "document.activeElement?.blur()"
    )  # a test before may have used the keys: no ring of the focus
    return picture(page.locator(".atlas-plot").screenshot(style=HAND, path=folder / "stage.png"))


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
def test_a_concept_as_a_document_of_its_own(pages: dict[str, Page], operation, tmp_path: Path) -> None:
    for language, theme in BOTH:
        page = pages[theme]
        show(page, film_of(operation.key, language, theme))
        text = svg_of(
            page, background=THEMES[theme]["background"], language=language, title="A & B", desc="<x>"
        )
        tree = check_document(text)
        assert [tree[0].text, tree[1].text] == ["A & B", "<x>"]
        assert shown_words(page) <= words(tree)
        mean, worst = apart(alone(pages["alone"], text, tmp_path), on_stage(page, tmp_path), blur=2)
        # Where colours lie over each other, a level up or down is the browser's rounding, and not the same everywhere.
        assert mean < 0.6 and worst < 6


@pytest.mark.parametrize("name", SPACES)
def test_a_space_is_vectors_and_looks_as_on_the_stage(
    pages: dict[str, Page], name: str, tmp_path: Path
) -> None:
    key, inputs, parameters, step = SPACES[name]
    film = film_of(key, "en", "light", json.dumps(inputs), json.dumps(parameters))
    page = pages["light"]
    show(page, film, step)
    text = svg_of(page, background=THEMES["light"]["background"])
    tree = check_document(text)
    assert shown_words(page) <= words(tree)
    seen, drawn = on_stage(page, tmp_path), alone(pages["alone"], text, tmp_path)
    mean, worst = apart(drawn, seen, blur=4)
    assert mean < 1.5 and worst < 40  # numbers in cubes, which WebGL leaves behind their faces, are read here
    blank = Image.new("RGB", seen.size, THEMES["light"]["background"])
    assert apart(blank, seen, blur=4)[0] > 3 * mean  # an empty document would be noticed


def test_points_lie_where_the_scene_draws_them(pages: dict[str, Page]) -> None:
    """Both projections, two spaces in one figure, four cameras: less than a pixel apart."""
    page = pages["light"]
    points = np.random.default_rng(5).uniform(-2.5, 2.5, (40, 3)).tolist()
    for camera in CAMERAS:
        film = json.loads(films.to_json(films.film(two_spaces(), key="two", mode="light")))
        for scene in ("scene", "scene2"):
            film["layout"][scene] |= {"camera": camera}
        film["layout"]["scene2"] |= {"aspectmode": "manual", "aspectratio": {"x": 1.2, "y": 0.8, "z": 1}}
        show(page, film)
        for name in ("scene", "scene2"):
            ours, theirs = page.evaluate(
                """([name, points]) => {
                    const lens = project.lensIn(root().gd, name);
                    return [points.map((point) => lens.onPaper(lens.seen(lens.world(...point)))),
                        points.map((point) => scene.projectScene(root().gd, point, name))];
                }""",
                [name, points],
            )
            assert np.abs(np.array(ours) - np.array(theirs)).max() < 1
            assert np.ptp(np.array(theirs), axis=0).min() > 50  # they are not all in one place


def test_the_same_picture_is_the_same_text_and_another_one_has_other_names(pages: dict[str, Page]) -> None:
    """A film finds frames that repeat by their text; two documents may stand in one page."""
    page = pages["light"]
    show(page, film_of("matrix-vector", "en", "light"), 0)
    first, again = svg_of(page), svg_of(page)
    assert first == again
    show(page, film_of("matrix-vector", "en", "light"), 1.5)
    ids = [set(re.findall(r'\sid="([^"]+)"', text)) for text in (first, svg_of(page))]
    assert ids[0] and ids[1] and not ids[0] & ids[1]


def test_pixels_of_a_document_have_its_letters(pages: dict[str, Page], tmp_path: Path) -> None:
    """As an image a document has no page around it: Chinese and Latin come out in the fonts of the stage."""
    page = pages["dark"]
    show(page, film_of("describing-the-world", "zh", "dark"))
    text = svg_of(page, background=THEMES["dark"]["background"], language="zh")
    assert re.search(r"[\u4e00-\u9fff]", text)
    code = page.evaluate(
        """async (text) => {
            const { width, height } = root().gd._fullLayout;
            const canvas = await svg.rasterOf(text, { width, height, scale: 2 });
            return [canvas.width / width, canvas.height / height, canvas.toDataURL().split(',')[1]];
        }""",
        text,
    )
    assert code[:2] == [2, 2]
    made = picture(base64.b64decode(code[2]))
    shown = alone(pages["alone"], text, tmp_path)
    mean, worst = apart(made.resize(shown.size, Image.Resampling.BOX), shown, blur=1)
    assert mean < 1.5 and worst < 12  # half a level is rounding, where one sees through


def test_without_a_background_the_ground_is_seen_through(pages: dict[str, Page]) -> None:
    page = pages["light"]
    show(page, film_of("vector", "en", "light"))
    corner = """async (background) => {
        const { width, height } = root().gd._fullLayout;
        const canvas = await svg.rasterOf(svg.svgOf(root().gd, { background }), { width, height });
        return [...canvas.getContext('2d').getImageData(1, 1, 1, 1).data];
    }"""
    assert page.evaluate(corner, None)[3] == 0
    assert page.evaluate(corner, "#102030") == [0x10, 0x20, 0x30, 255]


# --- no WebGL


@pytest.fixture(scope="module")
def poor(playwright: Playwright, chrome_path: str, address: str) -> Iterator[Page]:
    """The bare page in a Chromium that has no WebGL."""
    browser = playwright.chromium.launch(executable_path=chrome_path, args=WITHOUT_WEBGL)
    page = opened(browser, address)
    assert page.evaluate("document.createElement('canvas').getContext('webgl')") is None
    yield page
    browser.close()


def places(page: Page) -> dict[str, list[float]]:
    """Where the handles stand, from the middle of each."""
    script = """() => Object.fromEntries([...document.querySelectorAll('[data-handle]:not([hidden])')].map((node) => {
        const box = node.getBoundingClientRect(), own = root().gd.getBoundingClientRect();
        return [node.dataset.handle, [box.left + box.width / 2 - own.left, box.top + box.height / 2 - own.top]];
    }))"""
    return page.evaluate(script)


def drawing(page: Page) -> str:
    return page.locator(".atlas-space svg").first.inner_html()


def test_without_webgl_the_space_plays_and_turns(poor: Page, tmp_path: Path, pages: dict[str, Page]) -> None:
    key, inputs, parameters, step = SPACES["map"]
    film = film_of(key, "en", "light", json.dumps(inputs), json.dumps(parameters))
    show(poor, film, 0)
    assert not poor.locator(".atlas-stage.is-failed").count()
    assert poor.locator(".atlas-space path").count() > 20
    assert poor.locator(".atlas-plot canvas").count() == 0
    before = drawing(poor)
    with_webgl = pages["light"]
    show(with_webgl, film, 0)
    ours, theirs = places(poor), places(with_webgl)
    assert ours.keys() == theirs.keys() and len(ours) == 4
    assert all(np.hypot(*np.subtract(ours[name], theirs[name])) < 1 for name in ours)
    poor.get_by_role("button", name="play").click()
    poor.wait_for_function("root().position() > 1")
    assert drawing(poor) != before
    show(poor, film, step)
    seen, there = on_camera(poor), places(poor)
    box = poor.locator(".atlas-space").bounding_box()
    poor.mouse.move(box["x"] + 60, box["y"] + 300)
    poor.mouse.down()
    poor.mouse.move(box["x"] + 160, box["y"] + 340, steps=4)
    poor.mouse.up()
    poor.wait_for_function("(before) => JSON.stringify(root().stage.where.view.camera) !== before", arg=seen)
    poor.evaluate("root().whenIdle()")
    assert all(np.hypot(*np.subtract(there[name], place)) > 2 for name, place in places(poor).items())
    tree = check_document(svg_of(poor))
    assert {"Ax", "x"} <= words(tree)


def on_camera(page: Page) -> str:
    return page.evaluate("JSON.stringify(root().stage.where.view.camera)")


def test_a_space_turns_by_keys(poor: Page, pages: dict[str, Page]) -> None:
    """Shift and an arrow, + and -: with WebGL and without, the same way, and the address's camera with it."""
    key, inputs, parameters, step = SPACES["map"]
    film = film_of(key, "en", "light", json.dumps(inputs), json.dumps(parameters))
    seen = []
    for page in (poor, pages["light"]):
        show(page, film, step)
        page.evaluate("() => { root().stage.where.resetView(); return root().whenIdle(); }")
        page.locator(".atlas-stage").focus()
        eyes = [eye(page)]
        for press in ("Shift+ArrowRight", "Shift+ArrowUp", "+", "-"):
            page.keyboard.press(press)
            page.wait_for_function(
                "(before) => JSON.stringify(root().gd._fullLayout.scene._scene.getCamera().eye) !== before",
                arg=json.dumps(eyes[-1], separators=(",", ":")),
            )
            eyes.append(eye(page))
        page.wait_for_function("() => root().stage.where.view.camera")
        page.evaluate("root().whenIdle()")
        assert page.evaluate("root().position()") == step, "the film stays where it is"
        assert page.evaluate("root().stage.where.view.camera.eye") == pytest.approx(eyes[-1])
        seen.append([[round(one[axis], 4) for axis in "xyz"] for one in eyes])
    assert seen[0] == seen[1]
    far = [np.hypot.reduce(one) for one in seen[0]]
    assert far[1:3] == pytest.approx([far[0]] * 2, abs=2e-2), "round it"
    assert far[3] < 0.95 * far[2] and far[4] == pytest.approx(far[2], abs=1e-3), "nearer, and back"


def eye(page: Page) -> dict[str, float]:
    return page.evaluate(
        "(({ x, y, z }) => ({ x, y, z }))(root().gd._fullLayout.scene._scene.getCamera().eye)"
    )


def test_without_webgl_it_looks_as_with_it(poor: Page, pages: dict[str, Page], tmp_path: Path) -> None:
    """The block of cubes, also after the plane was there: what stood before is gone."""
    key, inputs, parameters, step = SPACES["block"]
    film = film_of(key, "en", "light", json.dumps(inputs), json.dumps(parameters))
    seen = []
    for page in (poor, pages["light"]):
        show(page, film_of("matrix-vector", "en", "light"))
        show(page, film, step)
        seen.append(on_stage(page, tmp_path))
    mean, worst = apart(*seen, blur=4)
    assert mean < 1 and worst < 16

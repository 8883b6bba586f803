"""Every format of every concept, made by its own page in Chromium and opened by readers that had no part in it."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import av
import numpy as np
import pypdf
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from core.ops import CHAPTERS
from tests.browser.conftest import Visit

WIDE, HIGH = 480, 270  # px: small, so that all of them are made in a minute or two
SIZE = {"size": "16:9", "width": WIDE}
SPEED = 10  # of the films: few frames a step
STAGE = ".st-key-stage .atlas-stage"
WAIT = 120_000  # ms; a machine that runs other tests beside this one is slow
READY = "(stage) => document.querySelector(stage)?.atlas?.gd?.data?.length > 0"
MAKE = "async (root, wish) => { await root.atlas.whenIdle(); return root.atlas.make(wish); }"
SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"[-−]?\d")
EXTERNAL = re.compile(r"""(?:href|src)\s*=\s*["'](?!#|data:)|url\(\s*["']?(?!#|data:)|@import""")


@dataclass(frozen=True)
class Shown:
    """What a concept's page shows, and what makes files of it."""

    make: Callable[..., bytes]
    steps: int
    words: str  # in the figure
    paper: tuple[int, ...]  # the background's colour
    seconds: float  # of the film at SPEED: it moves, it stands still at each step, and a second at the last


def shown(page: Page) -> Shown:
    """The page, when its stage has drawn."""
    page.wait_for_function(READY, arg=STAGE, timeout=WAIT)
    root = page.locator(STAGE)

    def make(form: str, **wish) -> bytes:
        found = root.evaluate(MAKE, {"format": form, **SIZE, **wish}, timeout=WAIT)
        assert found["name"].endswith(form) and "/" not in found["name"], found["name"]
        return base64.b64decode(found["base64"])

    told = root.evaluate(
        """(root) => {
          const { film } = root.atlas.stage;
          const texts = root.atlas.gd.data.flatMap((trace) => trace.visible === false ? [] : [trace.text ?? []].flat());
          return { steps: film.steps.length, texts,
                   moving: film.last * film.duration, holds: film.steps.map((step) => step.hold),
                   paper: getComputedStyle(root).getPropertyValue("--paper").trim() };
        }"""
    )
    paper = tuple(bytes.fromhex(told["paper"].lstrip("#")))
    words = " ".join(re.sub(r"<[^>]*>", "", text) for text in told["texts"] if text)
    *holds, last = told["holds"]
    seconds = (told["moving"] + sum(holds)) / SPEED + max(last / SPEED, 1000)
    return Shown(make, told["steps"], words, paper, seconds / 1000)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"), dtype=int)


def is_drawn(image: np.ndarray, page: Shown) -> None:
    """A picture of the right size on the page's paper, with something on it."""
    assert image.shape[:2] == (HIGH, WIDE)
    away = np.abs(image - np.array(page.paper)).max(axis=2)
    assert np.median(away) <= 40, "most of it is paper, or lies on it"
    assert (away > 60).mean() > 0.003, "something is drawn"


def differ(first: np.ndarray, last: np.ndarray) -> None:
    """Two pictures that are not one and the same with another compression."""
    assert (np.abs(first - last).max(axis=2) > 40).sum() > 20


# --- one reader for each format


def check_png(page: Shown) -> None:
    image = Image.open(io.BytesIO(page.make("png")))
    is_drawn(pixels(image), page)
    twice = Image.open(io.BytesIO(page.make("png", scale=2)))
    assert twice.size == (2 * WIDE, 2 * HIGH)
    clear = Image.open(io.BytesIO(page.make("png", transparent=True)))
    assert clear.mode == "RGBA" and np.asarray(clear)[..., 3].min() == 0


def check_svg(page: Shown) -> None:
    source = page.make("svg").decode()
    root = ElementTree.fromstring(source)
    assert root.tag == f"{SVG}svg"
    assert not EXTERNAL.search(source)
    names = {element.tag for element in root.iter()}
    assert f"{SVG}image" not in names and f"{SVG}foreignObject" not in names and f"{SVG}script" not in names
    assert len(list(root.iter(f"{SVG}path"))) + len(list(root.iter(f"{SVG}polygon"))) > 3
    said = "".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))
    numbers = [word for word in page.words.split() if NUMBER.match(word)][:20]
    assert numbers and all(word in said for word in numbers)
    across, down = (float(root.get(name).removesuffix("px")) for name in ("width", "height"))
    assert across / down == pytest.approx(WIDE / HIGH, rel=0.01)


def check_pdf(page: Shown) -> None:
    (sheet,) = pypdf.PdfReader(io.BytesIO(page.make("pdf"))).pages
    assert float(sheet.mediabox.width) / float(sheet.mediabox.height) == pytest.approx(WIDE / HIGH, rel=0.01)
    (image,) = sheet.images
    assert image.image.width >= 2 * WIDE


def check_animation(page: Shown, form: str) -> None:
    """GIF and WebP, read by Pillow."""
    image = Image.open(io.BytesIO(page.make(form, speed=SPEED, loop=True)))
    assert image.format.lower() == form and image.size == (WIDE, HIGH)
    assert image.n_frames >= page.steps and image.info["loop"] == 0
    times, pictures = [], []
    for k in range(image.n_frames):
        image.seek(k)
        image.load()
        times.append(image.info["duration"])
        if k in (0, image.n_frames - 1):
            pictures.append(pixels(image))
    lasts(sum(times) / 1000, page)
    is_drawn(pictures[0], page)
    differ(*pictures)


def check_mp4(page: Shown) -> None:
    """Read by PyAV, and of the kind that PowerPoint and browsers play."""
    with av.open(io.BytesIO(page.make("mp4", speed=SPEED))) as file:
        (stream,) = file.streams
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in file.decode(stream)]
        lasts(float(stream.duration * stream.time_base), page)
    assert len(frames) >= page.steps
    is_drawn(frames[0], page)
    differ(frames[0], frames[-1])


def lasts(seconds: float, page: Shown) -> None:
    """As long as the stage takes; formats count in ticks."""
    assert seconds == pytest.approx(page.seconds, rel=0.03, abs=0.1)


def check_steps(page: Shown) -> None:
    """A still of each step, in order, under safe names."""
    with zipfile.ZipFile(io.BytesIO(page.make("zip"))) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
        pictures = [pixels(Image.open(io.BytesIO(packed.read(name)))) for name in names]
    assert len(names) == page.steps and names == sorted(names)
    assert all(re.fullmatch(r"[^/\\:]+\.png", name) for name in names)
    is_drawn(pictures[0], page)
    differ(pictures[0], pictures[-1])


def check_html(page: Shown, opened: Callable[[bytes], Page]) -> None:
    """Plays from file:// without a network: first and last step stand where the film says."""
    file = opened(page.make("html"))
    root = file.locator(".atlas-stage")
    assert int(root.get_attribute("data-steps")) == page.steps
    root.evaluate("async (root) => { await root.atlas.whenIdle(); }")
    seen = []
    for key, step in (("Home", 0), ("End", page.steps - 1)):
        root.focus()
        file.keyboard.press(key)
        root.evaluate("async (root) => { await root.atlas.whenIdle(); }")
        assert int(root.get_attribute("data-step")) == step
        seen.append(
            root.evaluate(
                "(root) => JSON.stringify(root.atlas.gd.data.map((t) => [t.x, t.text, t.marker, t.opacity]))"
            )
        )
    assert json.loads(seen[0]) != json.loads(seen[1])


# --- all of it


@pytest.fixture
def opened(browser: Browser, tmp_path) -> Iterator[Callable[[bytes], Page]]:
    """opened(html) -> the file in a browser without a network."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    complaints: list[str] = []

    def open_file(content: bytes) -> Page:
        path = tmp_path / "figure.html"
        path.write_bytes(content)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: request.url.startswith("http") and complaints.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_function(
            "() => document.querySelector('.atlas-stage')?.atlas?.gd?.data?.length > 0", timeout=WAIT
        )
        return page

    yield open_file
    context.close()
    assert complaints == []


@pytest.mark.parametrize(
    ("key", "language", "theme"),
    [
        (operation.key, ("en", "zh")[k % 2], ("light", "dark")[k // 2 % 2])
        for k, operation in enumerate(CHAPTERS)
    ],
)
def test_every_format(visit: Visit, opened, key: str, language: str, theme: str) -> None:
    page = shown(visit(f"/{key}", language=language, theme=theme))
    assert page.steps > 1
    check_png(page)
    check_svg(page)
    check_pdf(page)
    for form in ("gif", "webp"):
        check_animation(page, form)
    check_mp4(page)
    check_steps(page)
    check_html(page, opened)


def drawn(mark: int) -> Image.Image:
    """A picture with a mark of black so far from the left; 0: none."""
    image = Image.new("RGB", (WIDE, HIGH), (253, 252, 249))
    image.paste((0, 0, 0), (mark, 10, mark + 60 * bool(mark), 70))
    return image


def animated(*images: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    images[0].save(file, form.upper(), save_all=True, append_images=images[1:], duration=500, loop=0)
    return file.getvalue()


def still(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


PLAIN = '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="270"><text>7</text>{}</svg>'
WRONG = {
    "an empty picture": (check_png, still(drawn(0))),
    "another size": (check_png, still(drawn(50).resize((WIDE, HIGH + 2)))),
    "a picture in vectors": (check_svg, PLAIN.format("<path d='M0,0'/>" * 4 + "<image/>").encode()),
    "a number left out": (check_svg, PLAIN.replace("7", "8").format("<path d='M0,0'/>" * 4).encode()),
    "an address": (check_svg, PLAIN.format("<path fill='url(http://x/#a)'/>" * 4).encode()),
    "a film that stands still": (
        lambda page: check_animation(page, "webp"),
        animated(drawn(50), drawn(50).point(lambda value: value - 5), form="webp"),
    ),
    "a film of another length": (
        lambda page: check_animation(page, "gif"),
        animated(drawn(50), drawn(200), drawn(50), drawn(300), form="gif"),
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_seen(wrong: str) -> None:
    """The test above can fail."""
    check, content = WRONG[wrong]
    with pytest.raises(AssertionError):
        check(Shown(lambda *_asked, **_wish: content, 2, "7", (253, 252, 249), 1.0))


@pytest.mark.parametrize("form", ["gif", "webp"])
def test_a_right_film_is_not_refused(form: str) -> None:
    content = animated(drawn(50), drawn(200), form=form)
    check_animation(Shown(lambda *_asked, **_wish: content, 2, "7", (253, 252, 249), 1.0), form)

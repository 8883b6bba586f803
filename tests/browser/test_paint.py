"""Painting documents on a canvas: what comes out is what the browser shows of them, and what is not known is left."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from core.ops import CHAPTERS
from tests.browser import samples
from tests.browser.bench_page import THEMES, give, module, serving
from tests.browser.test_vectors import SIZE, SPACES, apart, film_of, show

# Both ways at once: as PNG, and whether the painter knew all of it.
BOTH_WAYS = """async ([paths, text, width, height]) => {
  const [{ paint }, { drawAsImage }] = await Promise.all(paths.map((path) => import(path)));
  const canvases = [0, 1].map(() => Object.assign(document.createElement("canvas"), { width, height }));
  const known = await paint(text, canvases[0]);
  await drawAsImage(text, canvases[1]);
  return { known, pictures: canvases.map((canvas) => canvas.toDataURL().split(",")[1]) };
}"""
NOW = """async ([path, options]) => (await import(path)).svgOf(root().gd, options)"""
SCALES = (0.75, 2)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A stage on a bare page."""
    with serving() as url:
        opened = browser.new_page(viewport=SIZE)
        opened.goto(url)
        yield opened
        opened.close()


def two_ways(page: Page, text: str, size: tuple[int, int]) -> tuple[bool, list[Image.Image]]:
    paths = [module("paint.js"), module("svg.js")]
    made = page.evaluate(BOTH_WAYS, [paths, text, *size])
    opened = [Image.open(io.BytesIO(base64.b64decode(code))) for code in made["pictures"]]
    return made["known"], opened


def check_now(page: Page) -> None:
    """The figure that stands: painted in every size it looks as the browser's own drawing."""
    text = page.evaluate(NOW, [module("svg.js"), {"background": THEMES["light"]["background"]}])
    width, height = page.evaluate("() => [root().gd._fullLayout.width, root().gd._fullLayout.height]")
    for scale in SCALES:
        known, pictures = two_ways(page, text, (round(width * scale), round(height * scale)))
        assert known, "the painter does not know all of it"
        ours, theirs = (picture.convert("RGB") for picture in pictures)
        assert len(theirs.getcolors(theirs.width * theirs.height)) > 20
        mean, worst = apart(ours, theirs, blur=1)
        assert mean < 0.8 and worst < 10, (
            scale,
            mean,
            worst,
        )  # of 255: hairlines at three quarters of their size


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
def test_a_concept_is_painted_as_it_is_drawn(page: Page, operation) -> None:
    """In the middle of its first movement and at its end."""
    film = film_of(operation.key, "zh", "light")
    for position in (0.5, None):
        show(page, film, position)
        check_now(page)


@pytest.mark.parametrize("name", SPACES)
def test_a_space_is_painted_as_it_is_drawn(page: Page, name: str) -> None:
    key, inputs, parameters, step = SPACES[name]
    show(page, film_of(key, "en", "light", json.dumps(inputs), json.dumps(parameters)), step)
    check_now(page)


def document(body: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="100" height="80"'
        f' viewBox="0 0 100 80">{body}</svg>'
    )


KNOWN = {
    "a group that is faint as one": """<g opacity="0.5"><rect x="10" y="10" width="40" height="40" fill="#c00"/>
        <rect x="30" y="30" width="40" height="40" fill="#00c" stroke="#0a0" stroke-width="6"/></g>""",
    "faint in faint": """<g opacity="0.5"><g opacity="0.4" transform="translate(5,5)"><circle cx="30" cy="30" r="20"/>
        <circle cx="45" cy="30" r="20" fill="#c00"/></g><path d="M0 0L90 70" stroke="#000" stroke-width="4"/></g>""",
    "a stroke that is faint with its fill": """<circle cx="50" cy="40" r="25" opacity="0.5" fill="#c00"
        stroke="#000" stroke-width="10"/>""",
    "clipped and turned": """<defs><clipPath id="c"><rect x="0" y="0" width="30" height="30"/>
        <circle cx="40" cy="40" r="12"/></clipPath></defs>
        <g transform="translate(20,10) rotate(10) scale(1.2,0.9)" clip-path="url(#c)">
        <rect width="80" height="80" fill="#07c"/></g>""",
    "dashes, ends and corners": """<path d="M10 10H80L20 40V70" fill="none" stroke="#000" stroke-width="5"
        stroke-dasharray="12px,6px" stroke-linecap="round" stroke-linejoin="bevel"/>
        <path d="M85 10L95 60L90 10" fill="none" stroke="#a00" stroke-width="3"/>""",
    "a hole by the rule of evens": """<path d="M10 10H90V70H10ZM30 25H70V55H30Z" fill-rule="evenodd" fill="#484"
        fill-opacity="0.6"/>""",
    "hair lines": """<path d="M10,10.3h70M10,20H80M33.4,5v60" shape-rendering="crispEdges" stroke="#000" fill="none"/>
        <rect x="40.3" y="30.4" width="20" height="20.3" shape-rendering="crispEdges" fill="#c00"/>""",
    "a document in a document": """<svg width="60" height="40" viewBox="0 0 120 80">
        <rect x="-10" y="10" width="90" height="90" fill="#c80"/></svg>
        <g fill="#00c"><polygon points="70,50 90,50 80,70"/><line x1="60" y1="5" x2="95" y2="30" stroke="#000"/></g>""",
    "a picture of squares": """<image x="10" y="10" width="60" height="60" preserveAspectRatio="none"
        image-rendering="pixelated" xlink:href="{}"/>""",
}


def squares() -> str:
    picture, file = Image.new("RGB", (2, 2), (200, 0, 0)), io.BytesIO()
    picture.putpixel((1, 0), (0, 0, 200))
    picture.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("name", KNOWN)
def test_every_way_of_drawing(page: Page, name: str) -> None:
    """Pixel by pixel, up to the softness of edges."""
    known, (ours, theirs) = two_ways(page, document(KNOWN[name].format(squares())), (100, 80))
    assert known
    assert len(theirs.getcolors(8_000)) > 1
    mean, worst = apart(ours.convert("RGBa").convert("RGB"), theirs.convert("RGBa").convert("RGB"), blur=0)
    assert mean < 0.3 and worst < 26, (mean, worst)


WORDS = (
    '<text x="50" y="20" text-anchor="middle" font-size="12">A<tspan font-size="70%" dy="0.3em">12</tspan>'
    '<tspan dy="-0.21em"> = <tspan font-weight="bold">矩阵</tspan></tspan></text>'
    '<text x="95" y="45" text-anchor="end" font-size="14" transform="rotate(-10,95,45)" fill="#c00">−3.5</text>'
    '<text font-size="11" x="5" y="60"><tspan x="5" y="60">one</tspan>'
    '<tspan x="5" dy="1.3em">two   three</tspan></text>'
)


def test_words_stand_where_the_browser_sets_them(page: Page) -> None:
    """Anchored, lifted, turned, in several lines, in both scripts."""
    known, (ours, theirs) = two_ways(page, document(WORDS), (400, 320))
    assert known
    boxes = [
        picture.getchannel("A").point(lambda value: 255 * (value > 100)).getbbox()
        for picture in (ours, theirs)
    ]
    assert all(abs(one - other) <= 2 for one, other in zip(*boxes, strict=True))
    mean, worst = apart(ours.convert("RGBa").convert("RGB"), theirs.convert("RGBa").convert("RGB"), blur=2)
    assert mean < 0.5 and worst < 12, (mean, worst)


UNKNOWN = {
    "a gradient": '<defs><linearGradient id="g"/></defs><rect width="9" height="9" fill="url(#g)"/>',
    "a mask": '<rect width="9" height="9"/><rect x="20" width="9" height="9" mask="url(#m)"/>',
    "a use": '<rect width="9" height="9"/><use xlink:href="#x"/>',
    "an unknown turn": '<rect width="9" height="9" transform="skewX(10)"/>',
    "numbers of one width": '<rect width="9" height="9"/><text font-variant="tabular-nums">1</text>',
    "no document": "<p>",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_left_to_the_browser(page: Page, name: str) -> None:
    """Nothing of it is painted, and the picture is the browser's own."""
    text = document(UNKNOWN[name])
    paths = [module("paint.js"), module("svg.js")]
    found = page.evaluate(
        """async ([paths, text]) => {
          const [{ paint }, { rasterOf }] = await Promise.all(paths.map((path) => import(path)));
          const canvas = Object.assign(document.createElement("canvas"), { width: 100, height: 80 });
          const known = await paint(text, canvas);
          const left = canvas.getContext("2d").getImageData(0, 0, 100, 80).data.every((value) => value === 0);
          const drawn = await rasterOf(text, { width: 100, height: 80 }).then((one) => one.width, () => "refused");
          return [known, left, drawn];
        }""",
        [paths, text],
    )
    assert found[:2] == [False, True]
    assert found[2] == ("refused" if name == "no document" else 100)


@pytest.mark.parametrize("name", ["plane", "space"])
def test_a_film_is_drawn_in_a_tab_that_nobody_sees(page: Page, name: str) -> None:
    """Where the browser gives no frames, as in a hidden tab, the pictures are the same."""
    give(page, samples.payload(getattr(samples, name)(), identity=f"hidden {name}"))
    frames = """async (hidden) => {
      const { requestAnimationFrame } = window;
      if (hidden) window.requestAnimationFrame = () => 1;
      try {
        const { blobs, times } = await root().frames({ width: 320, height: 180, fps: 20, most: 12 });
        const text = async (blob) => btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
        return [times, await Promise.all(blobs.map(text))];
      } finally {
        window.requestAnimationFrame = requestAnimationFrame;
      }
    }"""
    (seen_times, seen), (times, hidden) = page.evaluate(frames, False), page.evaluate(frames, True)
    assert times == seen_times and len(hidden) == len(seen) > 5
    assert hidden == seen and len(set(hidden)) > 5


def test_pictures_are_pressed_where_no_worker_starts(page: Page) -> None:
    """A browser that refuses it encodes on its own."""
    made = page.evaluate(
        """async (path) => {
          const { Press } = await import(path), { Worker } = window;
          const canvas = Object.assign(document.createElement("canvas"), { width: 30, height: 20 });
          const types = [];
          for (const url of [null, "data:text/javascript,throw 1"]) {
            if (url) window.Worker = class extends Worker { constructor(_, options) { super(url, options); } };
            const press = new Press();
            const [one, other] = await Promise.all([press.png(canvas), press.png(canvas)]);
            types.push(one.type, other.size === one.size);
            press.end();
          }
          window.Worker = Worker;
          return types;
        }""",
        module("press.js"),
    )
    assert made == ["image/png", True] * 2

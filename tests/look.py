#!/usr/bin/env python3
"""Screenshots to look at: `python tests/look.py PATH ... [options]`, e.g. `matrix-vector?motion=svd --steps 0,2,last`.

Starts the app on a free port, opens each path at each size, theme and language, goes to each step, and saves PNGs.
`--quick` is one desktop picture, light, English; `--full` takes the whole page and not the first screenful.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tests import chrome  # noqa: E402
from tests.browser import conftest  # noqa: E402

READY = """() => {
  const stages = [...document.querySelectorAll('.atlas-stage')];
  return stages.length && stages.every((root) => root.atlas?.gd?._fullLayout);
}"""


def opened(browser: Browser, url: str, size: str, theme: str, language: str) -> Page:
    """A page of a fresh visitor whose stage, where there is one, has drawn."""
    width, height = conftest.SIZES[size]
    touch = {"has_touch": True, "is_mobile": True} if size == "phone" else {}
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        locale=conftest.LOCALES[language],
        **touch,
    )
    page = context.new_page()
    page.on("pageerror", lambda error: print("  page error:", error))
    page.on("console", lambda message: message.type in ("error", "warning") and "atlas" in message.text
            and print("  console:", message.text))  # fmt: skip
    page.goto(url)
    page.wait_for_selector(".st-key-stage .atlas-stage, .st-key-posters", timeout=60_000)
    if page.locator(".st-key-stage").count():
        page.wait_for_selector(".st-key-course", timeout=60_000)  # the end of a lesson
        page.wait_for_function(READY, timeout=60_000)
    page.wait_for_timeout(1200)
    return page


def go(page: Page, step: str) -> None:
    """To a step ("last", "2", "1.5" for half way), and wait until it is drawn."""
    script = """async ([step]) => {
      const atlas = document.querySelector('.st-key-stage .atlas-stage')?.atlas;
      if (!atlas) return;
      atlas.stage.player.seek(step === 'last' ? atlas.stage.film.last : Number(step));
      await atlas.whenIdle();
    }"""
    page.evaluate(script, [step])
    page.wait_for_timeout(250)


def main() -> None:
    """Take the pictures."""
    known = argparse.ArgumentParser(description=__doc__)
    known.add_argument("paths", nargs="+")
    known.add_argument("--sizes", default="desktop,wide,phone")
    known.add_argument("--themes", default="light,dark")
    known.add_argument("--languages", default="en,zh")
    known.add_argument("--steps", default="last")
    known.add_argument("--out", default=tempfile.gettempdir() + "/look")
    known.add_argument("--full", action="store_true")
    known.add_argument("--quick", action="store_true")
    told = known.parse_args()
    if told.quick:
        told.sizes, told.themes, told.languages = "desktop", "light", "en"
    out = Path(told.out)
    out.mkdir(parents=True, exist_ok=True)
    server = conftest.serve(out / "server.log")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chrome.find(), args=chrome.FLAGS)
        for path in told.paths:
            for size in told.sizes.split(","):
                for theme in told.themes.split(","):
                    for language in told.languages.split(","):
                        shoot(browser, server, out, path, (size, theme, language), told)
        browser.close()
    conftest.stop(server)


def shoot(browser: Browser, server: conftest.Server, out: Path, path: str, look: tuple, told: object) -> None:
    """The pictures of one path in one look."""
    page = opened(browser, server.address("/" + path.lstrip("/")), *look)
    for step in told.steps.split(","):
        go(page, step)
        name = re.sub(r"[^\w.-]+", "_", path)[:60] or "home"
        file = out / f"{name}-{'-'.join(look)}-{step}.png"
        if told.full:  # Streamlit scrolls inside: a window as high as the page shows all of it
            tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({"width": conftest.SIZES[look[0]][0], "height": min(int(tall) + 60, 9000)})
            page.wait_for_timeout(900)
        page.screenshot(path=file)
        print(file, flush=True)
    page.context.close()


if __name__ == "__main__":
    main()

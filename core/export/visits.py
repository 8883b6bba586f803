"""A browser without a window that opens an atlas's page and asks its stage for a file."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.export import browser
from core.export.orders import Order, OrderError
from core.words import DEFAULT, _

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SCREEN = {"width": 1400, "height": 900}
LOCALES = {"en": "en-US", "zh": "zh-CN"}
STAGE = ".st-key-stage .atlas-stage"
FLAGS = ("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-quic", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")  # fmt: skip
# The page is there, its stage has drawn (or says that it cannot), and Streamlit's script has come to its end. A dialog
# that is not the stage's own menu is Streamlit's, which says that there is no such page.
READY = """(stage) => {
  const root = document.querySelector(stage);
  const drawn = root?.atlas?.gd?.data?.length > 0 || root?.classList.contains("is-failed");
  const wrong = document.querySelector(".st-key-problem, .st-key-apology, [role=dialog]:not(.atlas-menu)");
  return (drawn || wrong) && document.querySelector(".stApp")?.dataset.testScriptState !== "running";
}"""
SAID = """() => {
  const words = (place) => document.querySelector(place)?.innerText.trim() ?? "";
  return {
    problem: words(".st-key-problem p") || words(".st-key-apology"),
    unknown: Boolean(document.querySelector("[role=dialog]:not(.atlas-menu)")),
    failed: document.querySelector(".atlas-stage.is-failed .atlas-figure")?.dataset.problem ?? "",
    notes: [...document.querySelectorAll(".st-key-note li")].map((note) => note.innerText.trim()),
  };
}"""
MAKE = """async (root, wish) => {
  await root.atlas.whenIdle();
  return root.atlas.make(wish);
}"""
BUTTON = ".st-key-out-{page}-{ending} button, .st-key-out-{ending} button"  # of a download


class Missing(Exception):
    """What the command needs is not installed; the message says how to install it."""


class Visits:
    """Pages of an atlas. A tab is kept for each theme and language: its next page costs a quarter of the first."""

    def __init__(self, running: Browser, patience: float) -> None:
        self._browser, self._patience = running, patience * 1000
        self._tabs: dict[tuple[str, str, str | None], Page] = {}

    def make(self, order: Order, base: str) -> bytes:
        """The file that `order` asks for, from the server at `base`. Raises OrderError."""
        from playwright.sync_api import Error, TimeoutError

        try:
            with self._tab(order, base) as page:
                self._open(page, order, base)
                return self._asked(page, order)
        except TimeoutError as error:
            raise OrderError(
                _("No figure of “{page}” appeared within {seconds} seconds. Is it a page of the atlas with a figure?")
                .format(page=order.link.page, seconds=f"{self._patience / 1000:g}")
            ) from error  # fmt: skip
        except Error as error:
            raise OrderError(_reason(error.message)) from error

    @contextlib.contextmanager
    def _tab(self, order: Order, base: str) -> Iterator[Page]:
        """A tab that is kept for the next file, unless this one failed in it."""
        kind = (base, order.theme, order.language)
        page = self._tabs.pop(kind, None) or self._new_tab(order)
        try:
            yield page
        except BaseException:
            page.context.close()
            raise
        self._tabs[kind] = page

    def _new_tab(self, order: Order) -> Page:
        context = self._browser.new_context(
            viewport=SCREEN,
            color_scheme=order.theme,
            locale=LOCALES[order.language or DEFAULT],
            service_workers="block",
        )
        context.set_default_timeout(self._patience)
        return context.new_page()

    def _open(self, page: Page, order: Order, base: str) -> None:
        """Show the page; what it has to say against the link is an error: the file would not be what was asked for."""
        page.goto(order.address(base), wait_until="domcontentloaded")
        page.wait_for_function(READY, arg=STAGE)
        said = page.evaluate(SAID)
        if said["unknown"]:
            raise OrderError(_("The atlas has no page “{page}”.").format(page=order.link.page))
        against = [said["problem"], said["failed"], *said["notes"]]
        if any(against):
            raise OrderError(" ".join(sentence for sentence in against if sentence))

    def _asked(self, page: Page, order: Order) -> bytes:
        if order.format in ("py", "ipynb"):
            return _downloaded(page, order)
        made = page.locator(STAGE).evaluate(MAKE, order.wish(), timeout=self._patience)
        content = base64.b64decode(made["base64"])
        if not content:
            raise OrderError(_("The page made an empty file."))
        return content


def _downloaded(page: Page, order: Order) -> bytes:
    """Code is written by the server and downloaded from the page."""
    button = page.locator(BUTTON.format(page=order.link.page, ending=order.format)).first
    with page.expect_download() as coming:
        button.click()
    return coming.value.path().read_bytes()


def _reason(message: str) -> str:
    """The browser's own words without the trace that comes after them."""
    lines = message.strip().splitlines() or [_("The browser stopped before the file was made.")]
    return lines[0].split("Error: ", 1)[-1]


@contextlib.contextmanager
def visits(patience: float) -> Iterator[Visits]:
    """A browser for as long as the block runs. Raises Missing where there is none, or nothing that drives it."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise Missing(
            _(
                "Pictures by command need Playwright, which drives a browser. Install it with: {command}"
            ).format(command="pip install playwright")
        ) from error
    found = browser.find()
    if not found:
        raise Missing(
            _("No Chrome or Chromium was found. Install one ({command}), or name yours in the variable CHROME.")
            .format(command="python -m playwright install chromium.")
        )  # fmt: skip
    rooted = (
        ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    )  # Chrome has none for root
    with sync_playwright() as driver:
        try:
            running = driver.chromium.launch(executable_path=found, args=[*FLAGS, *rooted])
        except Error as error:
            raise Missing(
                _("{browser} does not start: {reason}").format(browser=found, reason=_reason(error.message))
            ) from error
        try:
            yield Visits(running, patience)
        finally:
            running.close()

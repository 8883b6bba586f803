"""Tabs that one test after another opens its pages in: the second page of a tab costs a quarter of the first.

A new tab is a new process of Chromium, which has to compile Streamlit and plotly.js once more. So a tab is kept with
its context; between two tests it is emptied of what a visitor leaves behind. Size, theme, motion and permissions are
set anew for each test, as a context would set them; for another language or kind of screen there is another tab.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

MOST = 4  # tabs kept; each holds some 200 MB
MEDIA = {
    "color_scheme": "light",
    "reduced_motion": "no-preference",
}  # what a context has when nothing else is said
EMPTY = """async () => {
  localStorage.clear();
  sessionStorage.clear();
  for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
}"""
SET_ANEW = {"viewport", "permissions", *MEDIA}


@dataclass
class Tab:
    """A page in a context of its own, and what its pages complained of."""

    kind: str
    page: Page
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note uncaught exceptions, and what the content policy stopped."""
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("dialog", lambda dialog: dialog.accept())  # a page with slides asks before it is left

    def _note(self, message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            self.complaints.append(message.text)


class Tabs:
    """The tabs of one Chromium at one address."""

    def __init__(self, browser: Browser, parking: str) -> None:
        """`parking` is the full address of a plain page of the same site, where a tab waits."""
        self.browser = browser
        self.parking = parking
        self.waiting: list[Tab] = []

    def take(self, settings: dict[str, Any]) -> Tab:
        """A tab with these settings of a context, as empty as a new one."""
        own = {name: value for name, value in settings.items() if name not in SET_ANEW}
        kind = repr(sorted(own.items()))
        tab = next((tab for tab in self.waiting if tab.kind == kind), None)
        if tab:
            self.waiting.remove(tab)
        else:
            tab = Tab(kind, self.browser.new_context(**own).new_page())
            tab.listen()
        tab.page.set_viewport_size(settings["viewport"])
        tab.page.emulate_media(**{name: settings.get(name, standing) for name, standing in MEDIA.items()})
        tab.page.context.grant_permissions(settings.get("permissions", []))
        return tab

    def leave(self, tab: Tab) -> None:
        """Empty a tab and keep it for the next test; the one that waited longest gives way."""
        if tab.page.is_closed():
            return
        tab.page.goto(self.parking)
        tab.page.mouse.up()
        tab.page.mouse.move(0, 0)
        tab.page.evaluate(EMPTY)
        tab.page.context.clear_cookies()
        tab.page.context.clear_permissions()
        tab.complaints.clear()
        self.waiting.append(tab)
        if len(self.waiting) > MOST:
            self.waiting.pop(0).page.context.close()

    def close(self) -> None:
        """Of all that wait."""
        while self.waiting:
            self.waiting.pop().page.context.close()


@contextmanager
def opened(tabs: Tabs, passed: Any) -> Iterator[Any]:
    """take(settings) -> a tab for one test. Afterwards none may have complained; after a failure none is kept.

    `passed()` says whether the test did.
    """
    taken: list[Tab] = []

    def take(settings: dict[str, Any]) -> Tab:
        taken.append(tabs.take(settings))
        return taken[-1]

    yield take
    complaints = [text for tab in taken for text in tab.complaints]
    for tab in taken:
        if passed() and not complaints:
            tabs.leave(tab)
        else:
            tab.page.context.close()
    assert complaints == []

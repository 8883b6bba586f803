"""The plotly.js that we serve, in a browser (tests/test_library.py: nothing is missing in it)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from pages.shared import stage
from pages.shared.stage import library

KINDS = "() => Object.keys(beginPlotly().PlotSchema.get().traces).sort()"


@pytest.fixture
def blank(browser: Browser) -> Iterator[Page]:
    """A page with nothing in it."""
    page = browser.new_page()
    yield page
    page.close()


def test_it_has_the_kinds_of_our_figures_and_no_others(blank: Page) -> None:
    """It begins when it is called, not before."""
    blank.add_script_tag(content=library.served(stage._plotly_file().read_bytes()).decode())
    assert blank.evaluate("() => [typeof window.Plotly, typeof beginPlotly]") == ["undefined", "function"]
    assert blank.evaluate(KINDS) == sorted({*library.KINDS, library.STAND_IN})

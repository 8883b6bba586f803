"""What the browser keeps of a visit: back after a reload, for one tab, bounded, forgotten when that is asked for."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Visit
from tests.browser.lesson import WAIT
from tests.browser.test_course import violations
from tests.browser.test_slides import STAGE, Atlas

RECORDS = """async () => {
  const open = indexedDB.open("tensor-atlas", 1);
  const db = await new Promise((come, fail) => ([open.onsuccess, open.onerror] = [() => come(open.result), fail]));
  const transaction = db.transaction("tabs", "readwrite"), tabs = transaction.objectStore("tabs");
  const answer = (request) => new Promise((come) => (request.onsuccess = () => come(request.result)));
  const found = await answer(tabs.getAll());
  for (const one of CHANGED) tabs.put(one);
  const left = await answer(tabs.getAll());
  await new Promise((come) => (transaction.oncomplete = come));
  db.close();
  return left.map(({ id, used, mark, pieces }) => ({ id, used, mark, sizes: pieces.map(([, bytes]) => bytes.length) }));
}"""
FILM = "(root) => JSON.stringify(root.atlas.stage.payload.film)"


def records(page: Page, change: str = "[]") -> list[dict[str, Any]]:
    """What lies in this browser, after `change` (of what was `found`) has been put there."""
    return page.evaluate(RECORDS.replace("CHANGED", change))  # no page lets a text become a program


def kept(page: Page, tensors: int, count: int) -> None:
    """Wait until the header and this browser have so many tensors and slides."""
    header = page.locator(".st-key-header")
    for number, word in ((tensors, "Shelf"), (count, "Slides")):
        if number:
            expect(header).to_contain_text(f"{word} · {number}", timeout=WAIT)
        else:
            expect(header).not_to_contain_text(word, timeout=WAIT)
    page.wait_for_function("() => document.cookie.includes('atlas_kept=1')", timeout=WAIT)


def large() -> bytes:
    """A file with a tensor that no link can hold and no text gives."""
    buffer = io.BytesIO()
    np.save(buffer, np.random.default_rng(7).normal(size=(40, 50)).astype("float32"))
    return buffer.getvalue()


def filled(page: Page) -> Atlas:
    """A tensor too large for a link on the shelf, looked at by its name, and a slide of it."""
    atlas = Atlas(page)
    atlas.ready()
    page.get_by_test_id("stButtonGroup").get_by_text("file", exact=True).click()
    file = {"name": "W.npy", "mimeType": "application/octet-stream", "buffer": large()}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".st-key-tensors-A-field input")).to_have_value("W", timeout=WAIT)
    kept(page, 1, 0)
    atlas.add()
    kept(page, 1, 1)
    return atlas


def note(page: Page, text: str) -> None:
    """Wait until the page says so."""
    expect(page.locator(".st-key-note")).to_contain_text(text, timeout=WAIT)


def test_a_reload_takes_nothing_away(visit: Visit) -> None:
    """Numbers, picture, slide; nobody is asked whether to leave; what came back is said, and can be gone on with."""
    asked: list[Dialog] = []
    page = visit("/tensors")
    page.on("dialog", lambda dialog: asked.append(dialog))
    atlas = filled(page)
    film = page.locator(STAGE).evaluate(FILM)
    page.reload()
    note(page, "Your shelf (1) and your slides (1) came back from this browser; undo begins anew.")
    assert atlas.ready().evaluate(FILM) == film and asked == []
    kept(page, 1, 1)
    atlas.add()
    kept(page, 1, 2)
    atlas.follow()
    expect(atlas.slides()).to_have_count(2)
    page.reload()
    note(page, "Your shelf (1) and your slides (2) came back")
    expect(atlas.slides()).to_have_count(2, timeout=WAIT)


def test_each_tab_keeps_its_own(visit: Visit) -> None:
    """A new tab has nothing; a duplicated one goes on with a copy, and neither takes anything from the other."""
    page = visit("/tensors")
    atlas = filled(page)
    other = page.context.new_page()
    other.goto(page.url.split("?")[0])
    Atlas(other).ready()
    expect(other.locator(".st-key-header")).not_to_contain_text("Shelf")
    other.close()

    tab = page.evaluate("() => sessionStorage.getItem('atlas.tab')")
    double = page.context.new_page()
    double.add_init_script(
        f"sessionStorage.getItem('atlas.tab') ?? sessionStorage.setItem('atlas.tab', '{tab}');"
    )
    double.goto(page.url)
    note(double, "Your shelf (1) and your slides (1) came back")
    Atlas(double).add()
    kept(double, 1, 2)
    assert len({one["id"] for one in records(page)}) >= 2
    atlas.ready()
    page.reload()
    note(page, "Your shelf (1) and your slides (1) came back")
    double.reload()
    note(double, "Your shelf (1) and your slides (2) came back")
    double.close()


def test_everything_is_forgotten_when_it_is_asked_for(visit: Visit) -> None:
    """Shelf, slides, every tab's record and the cookie; axe finds nothing in the window that says so."""
    page = visit("/tensors")
    atlas = filled(page)
    assert records(page, "found.map((one) => ({ ...one, id: 'of-another-tab' }))")
    page.get_by_role("button", name="Kept in this browser").click()
    button = page.get_by_role("button", name="Forget everything kept in this browser")
    button.wait_for(timeout=WAIT)
    assert violations(page) == []
    button.click()
    expect(page.locator(".st-key-header")).not_to_contain_text("Shelf", timeout=WAIT)
    page.wait_for_function("() => !document.cookie.includes('atlas_kept')", timeout=WAIT)
    assert records(page) == []
    atlas.quiet()
    page.reload()
    atlas.ready()
    expect(page.locator(".st-key-header")).not_to_contain_text("Slides")


def test_what_lies_in_the_browser_is_bounded(visit: Visit) -> None:
    """Records that nobody used for days go, and the oldest of too many; the tab's own stays."""
    page = visit("/tensors")
    filled(page)
    own = page.evaluate("() => sessionStorage.getItem('atlas.tab')")
    old = "{ ...found[0], id: 'old', used: Date.now() - 4 * 86400000 }"
    many = "[...Array(40).keys()].map((k) => ({ ...found[0], id: `n${k}`, used: Date.now() - 1000 * k }))"
    assert len(records(page, f"[{old}, ...{many}]")) >= 41
    page.reload()
    note(page, "came back")
    left = {one["id"] for one in records(page)}
    assert own in left and "old" not in left and len(left) <= 21
    assert "n0" in left and "n39" not in left


CHANGES = (
    (
        "found.map((one) => ({ ...one, pieces: one.pieces.slice(0, -1) }))",
        "could not be opened",
    ),  # half of it
    ("found.map((one) => ({ ...one, pieces: [['d', new Uint8Array(14000000)]] }))", ""),  # too large
    ("found.map((one) => ({ ...one, pieces: [['d', 'no bytes']] }))", "could not be opened"),
)


def test_what_was_changed_in_the_browser_opens_nothing(visit: Visit) -> None:
    """A sentence at most, the page runs, and what lies there is not written over."""
    page = visit("/tensors")
    atlas = filled(page)
    for change, words in CHANGES:
        before = records(page, change)
        page.reload()
        if words:
            note(page, words)
        atlas.ready()
        expect(page.locator(".st-key-header")).not_to_contain_text("Shelf")
        atlas.add()
        assert [one["mark"] for one in records(page)] == [one["mark"] for one in before]


def test_where_the_browser_keeps_nothing_leaving_is_asked_about(visit: Visit) -> None:
    """A private window: the visit goes on, and slides are not lost without a question."""
    first = visit("/matrix-vector")
    page = first.context.new_page()  # a tab of its own: what it is taught stays in it
    page.add_init_script("indexedDB.open = () => { throw new DOMException('refused', 'SecurityError'); };")
    page.goto(first.url)
    atlas = Atlas(page)
    atlas.add()
    expect(page.locator(".st-key-header")).to_contain_text("Slides · 1", timeout=WAIT)
    assert page.evaluate("() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))")
    page.close()


def test_nothing_of_one_visitor_reaches_another(visit: Visit) -> None:
    """Another browser has neither record nor cookie, and its page asks for nothing."""
    page = visit("/tensors")
    filled(page)
    other = visit(page.url.split("/", 3)[3].join(("/", "")), language="zh")
    Atlas(other).ready()
    expect(other.locator(".st-key-header")).not_to_contain_text("幻灯片")
    assert other.evaluate("async () => (await indexedDB.databases()).length") in (0, 1)
    assert "atlas_kept" not in other.evaluate("() => document.cookie")

"""The workbench as a visitor uses it: a photograph from file to expression, the link, the workspace file."""

from __future__ import annotations

import io
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Locator, Page, expect
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from core import words
from tests.browser.conftest import Visit
from tests.browser.lesson import WAIT
from tests.browser.test_course import SENTENCE, violations

PHOTOGRAPH = Path(find_spec("sklearn").origin).parent / "datasets" / "images" / "china.jpg"


class Bench:
    """A page of the workbench or a concept, opened."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wait()

    def wait(self) -> None:
        """Until the stage has drawn and the script has come to its end."""
        self.page.wait_for_function(
            "() => document.querySelector('.st-key-stage .atlas-stage')?.atlas?.gd?._fullLayout", timeout=WAIT
        )
        self.quiet()

    def quiet(self) -> None:
        """Until Streamlit has run the script to its end, twice looked at: the frame may run after a part of it."""
        for _look in range(2):
            self._done()
            self.page.wait_for_timeout(250)

    def _done(self) -> None:
        self.page.wait_for_function(
            "() => document.querySelector('.stApp')?.dataset.testScriptState !== 'running'", timeout=WAIT
        )

    def field(self, key: str) -> Locator:
        """A text field by the key of its widget."""
        return self.page.locator(f".st-key-{key} input, .st-key-{key} textarea").first

    def type(self, key: str, text: str) -> None:
        """Type into a field and leave it."""
        self.field(key).fill(text)
        self.field(key).press("Tab")
        self.quiet()

    def shows(self, text: str) -> None:
        """Wait until the result says so."""
        expect(self.page.locator(".atlas-result")).to_contain_text(text, timeout=WAIT)

    def press(self, name: str) -> None:
        """Press a button by its name."""
        self.page.get_by_role("button", name=name, exact=True).click(timeout=WAIT)
        self.quiet()

    def load(self, name: str, data: bytes) -> None:
        """Give a file to the tensors page."""
        if not self.page.locator("input[type=file]").count():
            self.page.locator(".st-key-tensors-way button", has_text="file").click()
        self.page.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": data}
        )

    def holds(self, *names: str) -> None:
        """Wait until the header says how many tensors there are, and the list names them."""
        count = f"Shelf · {len(names)}"
        expect(self.page.locator(".st-key-header")).to_contain_text(count, timeout=WAIT)
        for name in names:
            expect(self.page.locator(".st-key-shelf-list table")).to_contain_text(name, timeout=WAIT)
        self.quiet()

    def go(self, section: str, title: str) -> None:
        """To another page by the navigation, in the same session."""
        self.page.locator("[data-testid=stTopNavSection]", has_text=section).click()
        self.page.locator("a", has_text=title).first.click()
        expect(self.page.locator(".atlas-title h1")).to_have_text(title, timeout=WAIT)
        self.wait()

    def linked(self) -> str:
        """The address once the browser has written the shelf into it."""
        self.page.wait_for_function("() => location.search.includes('shelf=')", timeout=WAIT)
        self.page.wait_for_timeout(400)  # the address follows the page with a delay of its own
        return self.page.evaluate("location.pathname + location.search")

    def film(self) -> Any:
        """The picture that is shown, for comparison."""
        return self.page.evaluate(
            "() => document.querySelector('.st-key-stage .atlas-stage').atlas.stage.payload.revision"
        )


def test_a_photograph_from_file_to_expression_and_to_another_visitor(visit: Visit) -> None:
    """Load, slice a channel, take it to reduction, keep, use it, send the link and the workspace file."""
    bench = Bench(visit("/tensors"))
    bench.load("temple.jpg", PHOTOGRAPH.read_bytes())
    bench.holds("temple")
    bench.shows("(3, 427, 640)")
    bench.type("tensors-slice-field", "0")
    bench.shows("(427, 640)")
    bench.type("tensors-name-field", "red")
    bench.press("Keep on the shelf")
    bench.holds("temple", "red")

    bench.go("Operations", "Reduction")
    bench.page.locator(".st-key-reduction-A-shelf button", has_text="red").click()
    bench.shows("(640,)")
    bench.page.locator(".st-key-reduction-keep button").click()
    expect(bench.page.locator(".st-key-header")).to_contain_text("Shelf · 3", timeout=WAIT)

    bench.go("Workbench", "Expression")
    bench.type("expression-code-field", "m = C / 427\n(m - m.mean())[:4] * 0 + [1, 2, 3, 4]")
    bench.shows("tensor([1., 2., 3., 4.])")
    bench.page.locator(".st-key-expression-keep button").click()
    expect(bench.page.locator(".st-key-header")).to_contain_text("Shelf · 4", timeout=WAIT)
    bench.go("Workbench", "Tensors")
    bench.holds("temple", "red", "C", "D")
    with bench.page.expect_download(timeout=WAIT) as saving:
        bench.press("Save the workspace")
    saved = Path(saving.value.path()).read_bytes()
    found = load_tensors(saved)
    assert found["temple"].shape == (3, 427, 640) and (found["red"] == found["temple"][0]).all()
    assert (found["C"] == found["red"].astype("float32").sum(0)).all()

    # the link: small tensors are there, of the large ones it says that they are not
    other = Bench(visit(bench.linked()))
    expect(other.page.locator(".st-key-note")).to_contain_text("temple", timeout=WAIT)
    other.holds("D")
    # and the file brings the rest, names and origins included
    other.load("workspace.safetensors", saved)
    other.holds("temple", "red", "C", "D")
    expect(other.page.locator(".st-key-shelf-list table")).to_contain_text("temple.jpg", timeout=WAIT)
    other.type("tensors-A-field", "C - red.float().sum(0)")
    other.shows("0 to 0")


@pytest.mark.parametrize("kind", ["safetensors", "npz"])
def test_files_of_other_libraries(visit: Visit, kind: str) -> None:
    """What the safetensors library and NumPy write is loaded, used, and travels in a link."""
    arrays = {"W": np.arange(12, dtype="float32").reshape(3, 4), "b": np.array([1, 2, 3])}
    if kind == "npz":
        written = io.BytesIO()
        np.savez(written, **arrays)
        data = written.getvalue()
    else:
        data = save_tensors(arrays)
    bench = Bench(visit("/tensors"))
    bench.load(f"weights.{kind}", data)
    bench.holds("W", "b")
    bench.type("tensors-A-field", "W.mT @ b.float()")
    bench.shows("(4,)")
    other = Bench(visit(bench.linked()))
    other.holds("W", "b")
    other.shows("(4,)")
    assert other.film() == bench.film()


def test_what_is_no_file_of_ours_is_said_and_nothing_is_lost(visit: Visit) -> None:
    """A pickle, a picture cut off, markup in a name: sentences, and the shelf as it was."""
    bench = Bench(visit("/tensors"))
    bench.load("ok.npy", _npy(np.eye(3)))
    bench.holds("ok")
    pickled = io.BytesIO()
    np.save(pickled, np.array([{"a": 1}], dtype=object))
    for name, data in (
        ("objects.npy", pickled.getvalue()),
        ("<img src=x onerror=alert(1)>.npy", b"\x93NUMPY\x01\x00" + b"x" * 50),
        ("cut.jpg", PHOTOGRAPH.read_bytes()[:2000]),
    ):
        bench.load(name, data)
        expect(bench.page.locator(".st-key-note")).to_contain_text(name[:8], timeout=WAIT)
        bench.press("Understood")
        expect(bench.page.locator(".st-key-note")).to_have_count(0, timeout=WAIT)
    bench.holds("ok")
    bench.shows("(3, 3)")


def _npy(array: np.ndarray) -> bytes:
    written = io.BytesIO()
    np.save(written, array)
    return written.getvalue()


def test_undo_brings_back_what_was_deleted(visit: Visit) -> None:
    """Delete, undo, redo: by keyboard."""
    bench = Bench(visit("/tensors?A=[1,2]"))
    bench.type("tensors-name-field", "P")
    bench.press("Keep on the shelf")
    bench.holds("P")
    for name, empty in (("Delete", True), ("Undo", False), ("Redo", True), ("Undo", False)):
        button = bench.page.get_by_role("button", name=name, exact=True)
        button.focus()
        button.press("Enter")
        bench.quiet()
        if empty:
            expect(bench.page.locator(".st-key-header")).not_to_contain_text("Shelf", timeout=WAIT)
        else:
            bench.holds("P")


def test_the_grid_by_keyboard(visit: Visit) -> None:
    """The window of the grid shows the matrix, takes a number, grows, and writes the line: nothing typed is lost."""
    bench = Bench(visit("/tensors?A=[[1,2],[3,4]]"))
    bench.page.locator(".st-key-tensors-way button", has_text="grid").click()
    bench.press("Open the grid")
    dialog = bench.page.get_by_role("dialog")
    rows = dialog.get_by_label("Rows")
    expect(rows).to_have_value("2", timeout=WAIT)
    box = dialog.locator("[data-testid=stDataFrame] canvas").first.bounding_box()
    bench.page.mouse.dblclick(box["x"] + 20, box["y"] + box["height"] / 2)  # the first cell, under the head
    cell = bench.page.locator("#portal input")
    cell.fill("7")
    cell.press("Enter")
    bench.page.wait_for_timeout(500)  # the editor tells it a little later
    rows.fill("3")
    rows.press("Enter")  # and at once, while the page may still run
    dialog.get_by_role("button", name="Use these numbers").click()
    expect(bench.field("tensors-A-field")).to_have_value("[[7, 2], [3, 4], [0, 0]]", timeout=WAIT)


def test_the_grid_goes_on_in_the_readers_language(visit: Visit) -> None:
    """A change in the window runs the window alone: its words stay Chinese."""
    bench = Bench(visit("/tensors?A=[[1,2],[3,4]]", language="zh"))
    with words.speaking("zh"):
        way, opening, height, use = (
            words._(text) for text in ("grid", "Open the grid", "Rows", "Use these numbers")
        )
    bench.page.locator(".st-key-tensors-way button", has_text=way).click()
    bench.press(opening)
    dialog = bench.page.get_by_role("dialog")
    rows = dialog.get_by_label(height)
    rows.fill("3")
    rows.press("Enter")
    expect(dialog.get_by_role("switch").or_(dialog.get_by_role("checkbox"))).to_be_disabled(
        timeout=WAIT
    )  # 3 x 2
    expect(dialog.get_by_label(height)).to_have_value("3", timeout=WAIT)
    dialog.get_by_role("button", name=use).click()
    expect(bench.field("tensors-A-field")).to_have_value("[[1, 2], [3, 4], [0, 0]]", timeout=WAIT)


def test_a_failing_line_is_shown_and_mended(visit: Visit) -> None:
    """The tree stands up to the failing node; one press on a mend makes it run."""
    bench = Bench(visit("/expression?code=A%20%3D%20arange(6).reshape(2,%203)%0AA%20%40%20A"))
    problem = bench.page.locator(".st-key-problem")
    expect(problem).to_contain_text("Axis k is 3", timeout=WAIT)
    expect(problem.locator("table")).to_have_count(1)
    problem.get_by_role("button", name="A.T @ A").click()
    expect(problem).to_have_count(0, timeout=WAIT)
    bench.shows("(3, 3)")
    assert bench.field("expression-code-field").input_value().endswith("A.T @ A")


def test_a_node_leads_to_the_page_of_its_concept(visit: Visit) -> None:
    """Look at one node: the stage tells it as its concept does, and a link opens that page on its operands."""
    bench = Bench(
        visit("/expression?code=A%20%3D%20%5B%5B1.,2%5D,%5B3,4%5D%5D%0AA%20%40%20A%20%2B%20A&node=1")
    )
    link = bench.page.get_by_role("link", name="Open in Matrix-matrix product")
    expect(link).to_be_visible(timeout=WAIT)
    link.click()
    expect(bench.page.locator(".atlas-title h1")).to_have_text("Matrix-matrix product", timeout=WAIT)
    bench.wait()
    bench.shows("7., 10.")


def test_the_script_and_the_notebook_give_the_same_numbers(visit: Visit) -> None:
    """Downloaded, executed, compared."""
    bench = Bench(visit("/expression"))
    with bench.page.expect_download(timeout=WAIT) as saving:
        bench.press("Script")
    script = Path(saving.value.path()).read_text()
    with bench.page.expect_download(timeout=WAIT) as saving:
        bench.press("Notebook")
    notebook = json.loads(Path(saving.value.path()).read_text())
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for code in (script, "\n".join(cells)):
        names: dict[str, Any] = {}
        exec(compile(code, "downloaded", "exec"), names)  # our own file, written by our own page
        Q, K, V = (names[name] for name in "QKV")
        expected = torch.softmax(Q @ K.mT / 2**0.5, -1) @ V
        assert torch.allclose(names["result"], expected)


@pytest.mark.parametrize("page", ["tensors", "expression"])
def test_a_page_in_the_first_screenful(visit: Visit, page: str) -> None:
    """The stage is the biggest thing and wholly in view; it plays to its end; axe finds nothing, a shelf included."""
    bench = Bench(visit(f"/{page}?shelf=Q%3D%5B%5B1,2%5D,%5B3,4%5D%5D"))
    stage = bench.page.locator(".st-key-stage .atlas-stage")
    box = stage.bounding_box()
    assert box["width"] * box["height"] >= 0.6 * 1400 * 900
    assert box["y"] + box["height"] <= 900
    steps = int(stage.get_attribute("data-steps"))
    stage.focus()
    bench.page.keyboard.press("End")
    expect(stage).to_have_attribute("data-step", str(steps - 1), timeout=WAIT)
    assert bench.page.locator(SENTENCE).first.inner_text().strip()
    for text in bench.page.locator(".stHtml summary").all():
        text.press("Enter")
    assert violations(bench.page) == []


@pytest.mark.parametrize("page", ["tensors", "expression"])
def test_a_page_on_a_phone_in_the_dark_in_chinese(visit: Visit, page: str) -> None:
    """Nothing wider than the screen, stage before fields before text, Chinese throughout, axe finds nothing."""
    bench = Bench(visit(f"/{page}", size="phone", theme="dark", language="zh"))
    places = (".atlas-figure", ".atlas-bar", ".atlas-caption", ".st-key-inputs", ".st-key-reading")
    tops = [bench.page.locator(selector).first.bounding_box()["y"] for selector in places]
    assert tops == sorted(tops)
    assert bench.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390
    for text in (
        bench.page.locator("h1").first.inner_text(),
        bench.page.locator(SENTENCE).first.inner_text(),
    ):
        assert any("一" <= letter <= "鿿" for letter in text), text
    assert violations(bench.page) == []


def test_a_slice_by_clicking_and_by_keyboard(visit: Visit) -> None:
    """A click on a number takes the matrix it stands in, then its row; Enter on a cell the number; and back."""
    bench = Bench(visit("/tensors"))
    cells = bench.page.locator(".st-key-stage [data-cell]")
    for text, shape in (("1", "(3, 4)"), ("1, 2", "(4,)"), ("1, 2, 3", "()")):
        last = cells.last
        expect(last).to_be_attached(timeout=WAIT)
        last.focus()
        last.press("Enter")
        expect(bench.field("tensors-slice-field")).to_have_value(text, timeout=WAIT)
        bench.shows(f"shape{shape}")
        bench.quiet()
    bench.press("The whole tensor")
    bench.shows("(2, 3, 4)")


def test_every_view_of_a_tensor_draws(visit: Visit) -> None:
    """What is shown is chosen by keyboard; each view arrives on the stage."""
    bench = Bench(visit("/tensors?A=torch.arange(24).reshape(2,3,4)"))
    seen = set()
    for view in ("cells", "space", "values", "memory"):
        bench.page.goto(bench.page.url.split("?")[0] + f"?A=torch.arange(24).reshape(2,3,4)&view={view}")
        bench.wait()
        seen.add(bench.film())
        assert bench.page.locator(".atlas-stage.is-failed").count() == 0
    assert len(seen) == 4

"""Code out: the two buttons of a page and of its practice give files that read, compile and hold the page's figure."""

from __future__ import annotations

import ast
import base64
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import nbformat
import plotly.graph_objects as go
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server

WAIT = 60_000  # ms; a machine that runs other tests beside this one is slow
Visit = Callable[..., Page]


def saved(page: Page, button: Locator) -> tuple[str, bytes]:
    """The name and the bytes of the file that a button gives."""
    with page.expect_download(timeout=WAIT) as download:
        button.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def figure_in(source: str) -> go.Figure:
    """The figure that code holds; plotly checks every attribute of it."""
    (packed,) = [
        node.value.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "FIGURE"
    ]
    return go.Figure(json.loads(zlib.decompress(base64.b64decode(packed))))


def code_of(notebook: bytes) -> str:
    """The cells of a notebook, one after the other."""
    read = nbformat.reads(notebook.decode(), as_version=4)
    nbformat.validate(read)
    return "\n".join(cell.source for cell in read.cells if cell.cell_type == "code")


def buttons(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-out-files-{key}").get_by_role("button")


@pytest.mark.parametrize(
    ("path", "key", "given"),
    [
        ("/matrix-vector?A=[[2,1],[0,3]]&x=[1,2]", "matrix-vector", "[[2, 1], [0, 3]]"),
        ("/reduction?A=[[1,5,2],[4,0,7]]&op=max", "reduction", "op='max'"),
    ],
)
def test_a_page_is_taken_out_as_it_is(visit: Visit, server: Server, path: str, key: str, given: str) -> None:
    page = visit(path, language="zh" if key == "reduction" else "en")
    expect(buttons(page, key)).to_have_count(2, timeout=WAIT)
    name, script = saved(page, buttons(page, key).first)
    assert name == f"{key}.py" and given in script.decode()
    assert f"# {server.address(f'/{key}')}?A=" in script.decode().split("import torch")[0]
    whole, (name, notebook) = figure_in(script.decode()), saved(page, buttons(page, key).last)
    assert name == f"{key}.ipynb" and given in code_of(notebook)
    assert (
        len(whole.frames) == len(figure_in(code_of(notebook)).frames) > len(whole.layout.sliders[0].steps) > 1
    )


def test_a_changed_number_is_taken_out(visit: Visit) -> None:
    """The buttons are not drawn anew when a number changes; what they give is what the page shows then."""
    page = visit("/matrix-vector")
    expect(buttons(page, "matrix-vector")).to_have_count(2, timeout=WAIT)
    field = page.locator(".st-key-matrix-vector-x-field input")
    field.fill("[7, 8]")
    field.press("Enter")
    expect(page.locator(".atlas-result")).to_contain_text("22", timeout=WAIT)
    _name, script = saved(page, buttons(page, "matrix-vector").first)
    assert "x = torch.tensor([7, 8]" in script.decode()
    field.fill("[1, 2, 3]")  # a clash: the page keeps the picture before, and so does the file
    field.press("Enter")
    page.locator(".st-key-problem").wait_for(timeout=WAIT)
    assert saved(page, buttons(page, "matrix-vector").first)[1] == script


def test_a_practice_is_taken_out(visit: Visit) -> None:
    page = visit("/matrix-vector")
    place = page.locator(".st-key-practice")
    place.get_by_text("The code that ran").click(timeout=WAIT)
    name, script = saved(page, buttons(page, "matrix-vector-digits-layer").first)
    assert name == "matrix-vector-digits-layer.py" and "torch.relu" in script.decode()
    assert len(figure_in(script.decode()).frames) > 1
    name, notebook = saved(page, buttons(page, "matrix-vector-digits-layer").last)
    assert name == "matrix-vector-digits-layer.ipynb" and "torch.relu" in code_of(notebook)

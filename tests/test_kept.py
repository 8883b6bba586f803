"""What the browser is given to keep and gives back, as Streamlit runs it. In a browser: browser/test_kept.py."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import calculator, workspace_file
from core.slides import Deck
from core.workspace import Item, Workspace
from pages.shared import answer, kept, shelf, slides
from tests.test_slides_page import begun, deck_of, titles
from tests.test_workbench import FRAME, Open, go, on_shelf, press, type_
from tests.test_workbench import kept as keep_line

pytestmark = pytest.mark.usefixtures("pool")


def told(app: AppTest) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the keeper was given in the last run: the header, and the files that came with it."""
    (keeper,) = (e for e in app.get("bidi_component") if e.proto.component_name.endswith("atlas_keeper"))
    data = bytes(keeper.proto.bytes)
    end = 4 + int.from_bytes(data[:4], "big")
    header, files = json.loads(data[4:end]), {}
    for one in header["files"]:
        files[one["name"]] = data[end : end + one["size"]]
        end += one["size"]
    return header, files


def whole(browser: dict[str, bytes], header: dict[str, Any]) -> bytes:
    """The file that a browser with these pieces has."""
    return b"".join(browser[digest] for digest in header["pieces"])


def test_an_empty_shelf_costs_a_page_nothing(open_page: Open) -> None:
    header, files = told(open_page("matrix_vector"))
    assert header["mark"] == "" and not files and "pieces" not in header


def test_a_piece_travels_once_and_a_number_takes_nothing_along(open_page: Open) -> None:
    """A tensor, a number, another tensor, a name: the browser always has the whole file, and gets what is new."""
    app, browser = keep_line(open_page("tensors"), "torch.arange(600.0)", "M"), {}
    header, files = told(app)
    browser |= files
    assert whole(browser, header) == workspace_file.written(app.session_state[shelf.KEY].now, Deck())
    assert on_shelf(app)["M"].data in files.values()

    go(app, "matrix_vector")
    type_(app, "matrix-vector.x.field", "[5, 6]")
    again, more = told(app)
    assert again["mark"] == header["mark"] and not more and "pieces" not in again

    go(app, "tensors")
    keep_line(app, "torch.ones(900)", "N")
    header, files = told(app)
    assert on_shelf(app)["M"].data not in files.values() and on_shelf(app)["N"].data in files.values()
    browser |= files
    press(app, "shelf.undo")
    header, files = told(app)
    browser |= files
    assert whole(browser, header) == workspace_file.written(app.session_state[shelf.KEY].now, Deck())


def test_a_caption_takes_no_figure_along(open_page: Open) -> None:
    """Every change of a deck is kept, and the figures travel once."""
    app = begun(open_page)
    _header, browser = told(app)
    first = deck_of(app).slides[0]
    assert first.film in browser.values()
    app.text_area(key=f"slides.caption.{first.key}").set_value("Look at row two.").run()
    header, files = told(app)
    assert files and not any(slide.film in files.values() for slide in deck_of(app).slides)
    assert whole(browser | files, header) == workspace_file.written(Workspace(), deck_of(app))


def test_a_browser_that_lacks_a_piece_gets_all(open_page: Open) -> None:
    app = keep_line(open_page("tensors"), "torch.arange(600.0)", "M")
    del app.session_state[kept.TOLD]  # what its question does
    app.run()
    header, files = told(app)
    assert set(header["pieces"]) == set(files)


def test_the_last_tensor_that_goes_is_forgotten(open_page: Open) -> None:
    app = keep_line(open_page("tensors"), "[1, 2]", "M")
    assert told(app)[0]["mark"]
    press(app, "tensors.delete")
    assert told(app)[0]["mark"] == ""


def test_everything_is_forgotten_when_it_is_asked_for(open_page: Open) -> None:
    app = begun(open_page)
    keep_line(go(app, "tensors"), "[1, 2]", "M")
    press(app, "shelf.forget")
    header, files = told(app)
    assert not on_shelf(app) and not titles(app) and not app.session_state[shelf.KEY].before
    assert (header["forget"], header["mark"], files) == (1, "", {})


def test_a_host_may_have_nothing_kept(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kept.VARIABLE, "off")
    app = keep_line(open_page("tensors"), "[1, 2]", "M")
    header, files = told(app)
    assert "mark" not in header and not files
    assert not [one for one in app.button if one.key == "shelf.forget"]


# --- what comes back


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A session of its own, where functions of a page are called without one."""
    found: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", found)
    return found


def given(data: bytes, name: str = "other") -> Any:
    """What a browser sent."""
    return SimpleNamespace(data=data, name=name)


@pytest.fixture(scope="module")
def made(pool: None) -> tuple[Workspace, Deck]:
    """A shelf and a deck as a visit leaves them."""
    app = AppTest.from_file(FRAME, default_timeout=60).run()
    app = begun(lambda page: go(app, page))
    keep_line(go(app, "tensors"), "torch.rand(30, 40)", "noise")
    keep_line(app, "[[1, 2], [3, 4]]", "M")
    return app.session_state[shelf.KEY].now, deck_of(app)


def test_all_comes_back_as_it_was(made: tuple[Workspace, Deck], session: dict[str, Any]) -> None:
    """Bytes, names, texts, origins; title, words, views and figures. The browser has it already."""
    workspace, deck = made
    kept._take(given(workspace_file.written(workspace, deck)))
    assert session[shelf.KEY].now == workspace and not session[shelf.KEY].before
    assert [(one.described(), one.film) for one in session[slides.KEY].now.slides] == [
        (one.described(), one.film) for one in deck.slides
    ]
    assert session[shelf.NOTES] == [
        "Your shelf (2) and your slides (3) came back from this browser; undo begins anew."
    ]
    pieces = workspace_file.pieces(workspace, deck)
    assert session[kept.TOLD][2] == [hashlib.sha256(piece).hexdigest()[:32] for piece in pieces]


def test_a_page_that_never_went_says_nothing_of_it(
    made: tuple[Workspace, Deck], session: dict[str, Any]
) -> None:
    """It says by itself that the connection is back."""
    kept._take(given(workspace_file.written(*made), kept.SAME))
    assert len(session[shelf.KEY].now) == 2 and shelf.NOTES not in session


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[: len(data) // 2], "cut off"),
        (lambda data: b"\x80\x05" + data, "could not be opened"),
        (lambda data: b"0" * 1000, "no workspace file"),
        (lambda data: data + bytes(14_000_000), "could not be opened"),
    ],
)
def test_what_was_changed_in_the_browser_is_refused_in_a_sentence(
    change: Any, words: str, made: tuple[Workspace, Deck], session: dict[str, Any]
) -> None:
    """It is not written over: a mistake of ours would else cost a visitor everything."""
    kept._take(given(change(workspace_file.written(*made))))
    assert words in session[shelf.NOTES][0] and shelf.KEY not in session and slides.KEY not in session
    assert session[kept.HELD]


def test_names_that_nobody_may_give_do_not_come_back(session: dict[str, Any], pool: None) -> None:
    """A word of the language, and one that is no name."""
    items = tuple(Item(name, (1,), "uint8", b"\1") for name in ("softmax", "a b<script>", "M"))
    kept._take(given(workspace_file.written(Workspace(items), Deck())))
    names = session[shelf.KEY].now.names
    assert "M" in names and "softmax" not in names and not any("<" in name for name in names)


def test_busy_workers_are_asked_again(
    made: tuple[Workspace, Deck], session: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ask = [], calculator.ask

    def busy_at_first(task: str, *rest: Any, **more: Any) -> Any:
        asked.append(task)
        if asked.count("load") == 1:
            raise calculator.Failure("busy")
        return ask(task, *rest, **more)

    monkeypatch.setattr(answer.calculator, "ask", busy_at_first)
    kept._take(given(workspace_file.written(*made)))
    assert len(session[shelf.KEY].now) == 2 and kept.HELD not in session

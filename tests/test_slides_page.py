"""The slides as Streamlit runs them: added on every page, put in order, undone, kept in the workspace file."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import calculator
from core.slides import Deck, Slide, View
from core.workspace import Item
from pages.shared import keeping, shelf, slides, slides_desk
from pages.shared.slides import Subject
from tests import payloads
from tests.test_workbench import Open, go, html_of, press, type_

pytestmark = pytest.mark.usefixtures("pool")

VIEW = {"step": 1, "camera": None, "zoom": None, "layers": None, "at": 1}


def deck_of(app: AppTest) -> Deck:
    """The visitor's deck."""
    return app.session_state[slides.KEY].now if slides.KEY in app.session_state else Deck()


def titles(app: AppTest) -> list[str]:
    """Its slides by title."""
    return [slide.title for slide in deck_of(app).slides]


def payload(app: AppTest, key: str) -> dict[str, Any]:
    """What the stage with that key was given."""
    for element in app.get("bidi_component"):
        proto = element.proto
        if proto.component_name.endswith("atlas_stage") and key in proto.id:
            return payloads.payload(proto)
    raise AssertionError(key)


def begun(open_page: Open) -> AppTest:
    """The slides page with the three figures to begin with; where others keep the machine busy, it is asked again."""
    app = open_page("slides")
    for _attempt in range(10):
        if not deck_of(app).slides:
            press(app, "slides.example")
    return app


def test_an_empty_deck_has_an_example_to_press(open_page: Open) -> None:
    app = begun(open_page)
    assert titles(app) == ["Matrix-vector product", "Matrix-matrix product", "Norms"]
    assert payload(app, "slides.stage")["view"]["step"] == deck_of(app).slides[0].view.step
    first = deck_of(app).slides[0]
    assert (
        first.caption
        and first.formula
        and "torch.mv" in first.code
        and first.link.startswith("/matrix-vector?")
    )


def test_every_stage_offers_a_slide(open_page: Open) -> None:
    """On concepts, in practice, on the workbench."""
    for page in ("vector", "expression", "tensors"):
        app = open_page(page)
        found = [
            payloads.payload(e.proto)
            for e in app.get("bidi_component")
            if e.proto.component_name.endswith("atlas_stage")
        ]
        assert found and all(one["adds"] is True for one in found), page


def test_the_deck_is_edited_and_every_step_undone(open_page: Open) -> None:
    app = begun(open_page)
    first = deck_of(app).slides[0].key
    press(app, "slides.down")
    assert titles(app) == ["Matrix-matrix product", "Matrix-vector product", "Norms"]
    type_(app, f"slides.title.{first}", "Shear <b>")
    assert titles(app)[1] == "Shear <b>" and "Shear <b>" not in html_of(app)
    app.text_area(key=f"slides.caption.{first}").set_value("Look at row two.").run()
    app.button_group(key=f"slides.kind.{first}").set_value("film").run()
    press(app, "slides.double")
    press(app, "slides.delete")
    type_(app, "slides.deck", "Lecture 3")
    assert (deck_of(app).title, deck_of(app).find(first).kind) == ("Lecture 3", "film")
    for _count in range(7):
        press(app, "slides.undo")
    assert (
        titles(app) == ["Matrix-vector product", "Matrix-matrix product", "Norms"]
        and deck_of(app).title == ""
    )
    for _count in range(7):
        press(app, "slides.redo")
    assert (deck_of(app).title, deck_of(app).find(first).caption) == ("Lecture 3", "Look at row two.")


def test_the_last_slide_deleted_leaves_the_empty_page(open_page: Open) -> None:
    app = begun(open_page)
    for _count in range(3):
        press(app, "slides.delete")
    assert app.button(key="slides.example") and not deck_of(app).slides


@pytest.mark.parametrize(
    "sent",
    [
        None, 7, "delete", {}, {"name": "delete"}, {"name": "delete", "key": "s99"}, {"name": "delete", "key": ["s1"]},
        {"name": "move", "key": "s1"}, {"name": "move", "key": "s1", "to": "2"},
        {"name": "move", "key": "s1", "to": True},
        {"name": "choose", "key": None}, {"name": "__class__", "key": "s1"}, {"name": ["undo"]},
    ],
)  # fmt: skip
def test_what_no_strip_sends_is_left_alone(monkeypatch: pytest.MonkeyPatch, sent: Any) -> None:
    deck = Deck().added([Slide("s1", "norms", "a", b""), Slide("s1", "norms", "b", b"")])
    state: dict[str, Any] = {slides.KEY: slides.Edits(deck), "slides.strip": {"deed": sent}}
    monkeypatch.setattr("streamlit.session_state", state)
    slides_desk._strip_deed()
    assert state[slides.KEY].now == deck and slides_desk.CHOSEN not in state


@pytest.mark.parametrize(
    "sent", [None, 7, {}, {"number": "1"}, {"number": True}, {"number": -1}, {"number": 2**60}]
)
def test_what_no_deck_maker_asks_is_left_alone(monkeypatch: pytest.MonkeyPatch, sent: Any) -> None:
    state: dict[str, Any] = {"slides.maker": {"wanted": sent}}
    monkeypatch.setattr("streamlit.session_state", state)
    slides_desk._want()
    assert slides_desk.WANTED not in state


def test_the_figures_travel_only_when_they_are_asked_for(open_page: Open) -> None:
    app = begun(open_page)

    def sent() -> bytes:
        return next(
            bytes(e.proto.bytes)
            for e in app.get("bidi_component")
            if e.proto.component_name.endswith("deckmaker")
        )

    film = deck_of(app).slides[0].film
    assert film not in sent()
    app.session_state[slides_desk.WANTED] = 17
    app.run()
    assert film in sent() and b'"wanted":17' in sent()
    app.run()
    assert film not in sent()


def test_the_header_counts_and_leads(open_page: Open) -> None:
    app = begun(open_page)
    go(app, "vector")
    assert "Slides · 3" in [link.proto.label for link in app.get("page_link")]


@pytest.mark.parametrize(("language", "said"), [("en", "at most 40 slides"), ("zh", "最多")])
def test_a_full_deck_says_so_and_keeps_what_is_there(open_page: Open, language: str, said: str) -> None:
    """In the visitor's language, though a callback runs in a thread of its own."""
    app = begun(lambda page: open_page(page, lang=language))
    for _count in range(37):
        press(app, "slides.double")
    assert len(deck_of(app)) == 40
    press(app, "slides.double")
    assert len(deck_of(app)) == 40 and said in html_of(app) and "40" in html_of(app)


def test_nothing_of_one_visitor_reaches_another(open_page: Open) -> None:
    one, other = begun(open_page), open_page("slides")
    assert len(deck_of(one)) == 3 and not deck_of(other).slides


def test_a_busy_calculator_is_a_sentence(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("slides")

    def busy(*_arguments: Any, **_more: Any) -> calculator.Reply:
        raise calculator.Failure("busy", 2.0)

    monkeypatch.setattr(calculator, "ask", busy)
    press(app, "slides.example")
    assert not deck_of(app).slides and "Try again" in html_of(app)


# --- what a stage hands over


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, pool: None) -> dict[str, Any]:
    """A visitor's session without a page."""
    state: dict[str, Any] = {}
    monkeypatch.setattr("streamlit.session_state", state)
    monkeypatch.setattr("pages.shared.answer.theme", lambda: "dark")
    monkeypatch.setattr("pages.shared.language.speak", lambda: None)
    return state


def film() -> bytes:
    """The film of a concept."""
    request = {"key": "vector", "language": "en", "theme": "dark"}
    return calculator.ask("operation", request).blobs["film"]


def test_a_figure_is_added_as_it_was_looked_at(session: dict[str, Any]) -> None:
    view = View(1, (1, 2, 0.5, 0, 0, 0, 0, 0, 1), (), ("grid",))
    subject = Subject("vector", "Vector", {"x": "[1, 2]"}, "import torch")
    shown = film()
    slides.add("vector.stage", shown, view, subject)
    (found,) = session[slides.KEY].now.slides
    assert gzip.decompress(found.film) == shown and found.view == view and found.theme == "dark"
    assert (
        found.link
        == "/vector?x=%5B1%2C+2%5D&lang=en&step=1&camera=1%2C2%2C0.5%2C0%2C0%2C0%2C0%2C0%2C1&layers=grid"
    )
    assert session[slides.SAID] == {"number": 1, "text": "Added to slides · 1", "stage": "vector.stage"}
    assert session[keeping.CHANGED]


def test_the_same_workspace_file_twice_brings_its_slides_once() -> None:
    own = [Slide("s1", "norms", "a", b"f"), Slide("s2", "vector", "b", b"g")]
    deck = Deck().added(own)
    assert deck.unknown([replace(one, key="s9", still=b"s") for one in own]) == []
    other = replace(own[0], caption="Other words")
    assert deck.unknown([*own, other]) == [other]


def test_a_full_deck_is_told_beside_the_button_and_on_the_page(session: dict[str, Any]) -> None:
    session[slides.KEY] = slides.Edits(Deck().added([Slide("s1", "norms", "a", b"")] * 40))
    slides.add("vector.stage", film(), View(1), Subject("vector", "Vector", {}))
    assert len(session[slides.KEY].now) == 40
    assert session[slides.SAID]["text"] == "A deck holds at most 40 slides."
    assert "delete slides" in session[shelf.NOTES][0] and session[keeping.CHANGED]


def test_the_link_of_a_slide_carries_the_shelf_it_names_and_never_grows_too_long(
    session: dict[str, Any],
) -> None:
    session[shelf.KEY] = shelf.History(
        shelf.Workspace(
            (Item("Q", (2,), "int64", bytes(16), "[0, 0]"), Item("K", (1,), "int64", bytes(8), "[7]"))
        )
    )
    assert "shelf=Q%3D%5B0%2C+0%5D" in slides.link_of(Subject("vector", "", {"x": "Q + 1"}), View())
    assert "shelf" not in slides.link_of(Subject("vector", "", {"x": "[1, 2]"}), View())
    assert "step" not in slides.link_of(Subject("norms", "", {}, addressed=False), View(3))
    assert slides.link_of(Subject("vector", "", {"x": "1" * 9_000}), View()) == "/vector?lang=en"

"""A class's pages as Streamlit runs them: what is hidden is not sent, a question comes first, challenges are solved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import calculator
from core.ops import CHAPTERS
from pages.shared.teaching import PARTS
from tests.payloads import payload
from tests.test_pages import field, html_of

Open = Callable[..., AppTest]
pytestmark = pytest.mark.usefixtures("pool")


def payloads(app: AppTest) -> list[dict[str, Any]]:
    """What the components were given, as text would be searched in it; the keeper (pages/shared/kept.py) has none."""
    protos = [element.proto for element in app.get("bidi_component")]
    protos = [proto for proto in protos if not proto.component_name.endswith("atlas_keeper")]
    return [payload(proto) for proto in protos]


def film(app: AppTest) -> dict[str, Any]:
    """What the page's own stage was given."""
    return next(one for one in payloads(app) if "film" in one)


def steps(app: AppTest) -> list[dict[str, Any]]:
    """The steps of its film."""
    return film(app)["film"]["layout"]["meta"]["steps"]


def notices(app: AppTest) -> dict[str, dict[str, Any]]:
    """The sentences that are read aloud, by name."""
    return {one["id"].split(".")[1]: one for one in payloads(app) if "kind" in one}


def keys(app: AppTest) -> set[str]:
    """Names of the keyed containers and of the sections that bear such a name."""
    return {name for name in PARTS if f"st-key-{name}" in html_of(app)}


def buttons(app: AppTest) -> dict[str, Any]:
    """Buttons by their words."""
    return {button.label: button for button in app.button}


def say(app: AppTest, what: str, text: str, page: str = "hadamard") -> AppTest:
    """Answer the question."""
    app.text_input(key=f"{page}.{what}.said").set_value(text)
    buttons(app)["Check"].click()
    app.run()
    assert not app.exception
    return app


def test_what_is_hidden_is_not_sent(open_page: Open) -> None:
    """Every part, beside a page that hides nothing."""
    plain = open_page("hadamard")
    assert {"why", "code", "result"} <= keys(plain)
    assert "Show everything" not in buttons(plain)
    app = open_page("hadamard", hide=",".join(PARTS))
    shown = html_of(app)
    assert keys(app) == set()
    for text in ("A * B", "C = A ⊙ B", "tensor(", "Gates of an LSTM", "(2, 3)"):
        assert text in html_of(plain)
        assert text not in shown
    assert [step["sentence"] for step in steps(app)] == [""]
    assert len(payloads(plain)) > len(payloads(app)) == 1  # practice and trap are stages of their own
    assert app.text_input == []
    assert set(buttons(app)) == {"中文", "Show everything", "Reset", "Link for a class"}


def test_one_press_shows_everything(open_page: Open) -> None:
    """The address loses what the link hid, and keeps the numbers."""
    app = open_page("hadamard", hide="code,result", B="[[1, 1, 1], [1, 1, 1]]")
    assert "Some parts are hidden by this link." in html_of(app)
    assert app.query_params["hide"] in ("result,code", ["result,code"])
    buttons(app)["Show everything"].click().run()
    assert {"why", "code", "result"} <= keys(app)
    assert "hide" not in app.query_params
    assert "B" in app.query_params
    assert len(steps(app)) > 1


def test_a_hidden_result_has_no_back_door(open_page: Open) -> None:
    """No other step, no script, no trap on the same numbers, no shape on the button of a fix, no alarm."""
    app = open_page("hadamard", hide="result", B="[1, 10, 100]")
    assert len(steps(app)) == 1
    assert "100" not in html_of(app).replace("[1, 10, 100]", "").partition("st-key-code")[0]
    assert not any(button.label.startswith("Keep") for button in app.button)
    assert app.get("download_button") == [] or all(
        "out.hadamard." not in str(one.proto.id) for one in app.get("download_button")
    )
    field(app, "B", "hadamard").set_value("[[1, 2], [3, 4], [5, 6]]").run()
    offers = [button.label for button in app.button if str(button.key).startswith("hadamard.fix")]
    assert offers
    assert not any("→" in label for label in offers)


def test_a_question_comes_first_and_then_the_picture_plays(open_page: Open) -> None:
    """Wrong, with its reason; right; then all is there, and the stage is told to play."""
    app = open_page("hadamard", ask="shape", hide="result,code")
    assert "Which shape will C have?" in html_of(app)
    assert (len(steps(app)), film(app).get("play", 0)) == (1, 0)
    assert not {"why", "code", "result"} & keys(app)
    say(app, "shape", "3, 2")
    assert notices(app)["asked"]["text"] == "Not yet. The sizes are right, their order is not."
    assert (notices(app)["asked"]["kind"], notices(app)["asked"]["number"], len(steps(app))) == ("not", 1, 1)
    say(app, "shape", "2×3")
    assert notices(app)["asked"]["text"] == "Right: C has the shape (2, 3)."
    assert len(steps(app)) > 1
    assert film(app)["play"] == 2
    assert keys(app) >= {"why", "result"}
    assert "code" not in keys(app)  # hidden by name, and not asked for
    field(app, "B", "hadamard").set_value("[[1, 1, 1], [2, 2, 2]]").run()
    assert len(steps(app)) > 1  # from now on the numbers are the student's to play with
    assert "ask" in app.query_params and "hide" in app.query_params and "B" in app.query_params
    buttons(app)["Ask me again"].click().run()
    assert len(steps(app)) == 1


def test_both_are_asked_one_after_the_other_and_giving_up_shows(open_page: Open) -> None:
    """After the shape the value; what was given up is told with its reason."""
    app = open_page("hadamard", ask="both")
    buttons(app)["Give up, show me"].click().run()
    assert notices(app)["asked"]["text"].startswith("C has the shape (2, 3). ")
    assert "What will C be?" in html_of(app)
    assert len(steps(app)) == 1
    say(app, "value", "[[2, 0, -3], [4, 15, 12.001]]")
    assert notices(app)["asked"]["kind"] == "right"
    assert len(steps(app)) > 1


def test_a_challenge_is_set_solved_and_followed(open_page: Open) -> None:
    """Its numbers, its card; solved in the very answer that brings the picture; marked; the next by one press."""
    app = open_page("vector", challenge="cancel")
    assert field(app, "y", "vector").value == "[-1, 2]"
    assert notices(app)["challenge"]["text"] == "Drag y until z = x + y is the zero vector."
    assert notices(app)["met"]["text"] == ""
    field(app, "y", "vector").set_value("[-3, -1]").run()
    assert notices(app)["met"]["text"].startswith("✓ Solved. y is −x")
    assert app.query_params["challenge"] in ("cancel", ["cancel"])
    buttons(app)["Next challenge"].click().run()
    assert notices(app)["challenge"]["text"].startswith("Make z three times as long")
    assert notices(app)["challenge"]["number"] == 1  # a press of the reader's: the focus goes there
    assert (field(app, "x", "vector").value, field(app, "y", "vector").value) == ("[2, 1]", "[1, 2]")
    assert "y" not in app.query_params
    assert any(label.startswith("✓ Drag y until") for label in buttons(app))
    buttons(app)["No challenge"].click().run()
    assert "challenge" not in app.query_params
    assert "challenge" not in notices(app)


def test_a_class_at_once_asks_one_question(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a teacher's link asks of the catalogue's own numbers is kept for all; what a student typed is not."""
    asked: list[tuple[dict[str, Any], bool]] = []
    ask = calculator.ask

    def listening(task: str, arguments: dict[str, Any], **more: Any) -> calculator.Reply:
        if task == "operation":
            asked.append((arguments, bool(more.get("keep"))))
        return ask(task, arguments, **more)

    monkeypatch.setattr(calculator, "ask", listening)
    app = open_page("vector", challenge="cancel", ask="shape", hide="code,why")
    assert {name: asked[-1][0].get(name) for name in ("asking", "without", "challenge")} == {
        "asking": "shape", "without": None, "challenge": "cancel",
    }  # fmt: skip
    assert asked[-1][1]
    field(app, "y", "vector").set_value("[0, 1]").run()
    assert not asked[-1][1]


def test_the_class_goes_on_to_the_next_page(open_page: Open) -> None:
    """Next and Previous take what is hidden and asked along; a challenge stays where it is."""
    app = open_page("vector", hide="code", ask="value", challenge="cancel")
    queries = {link.proto.page: link.proto.query_string for link in app.get("page_link")}
    assert queries["matrix"] == queries["scalar"] == "hide=code&ask=value"


def test_a_link_for_a_class_is_made_in_a_dialog(open_page: Open) -> None:
    """Boxes and choices, the link to copy, and a picture of it."""
    app = open_page("vector", y="[5, 5]")
    app.session_state["vector.handout.code"] = True
    app.session_state["vector.handout.ask"] = "shape"
    buttons(app)["Link for a class"].click().run()
    (code,) = [element.value for element in app.code]
    assert code.endswith("/vector?y=%5B5%2C+5%5D&hide=code&ask=shape&lang=en")
    assert "data:image/png;base64," in html_of(app)


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
def test_wrong_names_are_notes(operation: Any) -> None:
    """Pure and the same on every page."""
    from pages.shared import link

    found = link.read(operation, {"hide": ["x"], "ask": ["y"], "challenge": ["z"]})
    assert len(found.notes) == 3
    assert all(f"“{name}”" in note for name, note in zip("xyz", found.notes, strict=True))

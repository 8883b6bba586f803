"""The pages as Streamlit runs them, without a browser: what is on them, what a link does, what a mistake does."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import calculator
from core.figures import theme
from core.ops import CHAPTERS, find
from pages.shared import drag, early, look, markup, navigation, security
from tests import posters
from tests.payloads import payload

ROOT = Path(__file__).resolve().parents[1]
FRAME = str(ROOT / "pages" / "shared" / "frame.py")
MATRIX_VECTOR = find("matrix-vector")


Open = Callable[..., AppTest]
pytestmark = pytest.mark.usefixtures("pool")


def html_of(app: AppTest) -> str:
    """Everything that st.html put on the page."""
    return "\n".join(element.proto.body for element in app.get("html") if "<style>" not in element.proto.body)


def field(app: AppTest, name: str, page: str = "matrix-vector") -> Any:
    """The text field of an input or a parameter."""
    return app.text_input(key=f"{page}.{name}.field")


def film_of(app: AppTest) -> dict[str, Any]:
    """The figure that the first stage was given."""
    protos = [element.proto for element in app.get("bidi_component")]
    stage = next(proto for proto in protos if proto.component_name.endswith("atlas_stage"))
    return payload(stage)["film"]


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
def test_every_concept_has_its_page(operation: Any) -> None:
    """The file that the navigation names is there, nested, and short."""
    page = navigation.script(operation)
    assert page.parent.parent == ROOT / "pages"
    assert len(page.read_text(encoding="utf-8").strip().splitlines()) <= 6


def test_home_leads_to_every_concept(open_page: Open) -> None:
    """One sentence what this is, and a link for each concept."""
    app = open_page()
    assert "Tensor Atlas" in html_of(app)
    links = {link.proto.page for link in app.get("page_link")}
    assert {operation.key for operation in CHAPTERS} <= links


def test_the_posters_are_todays() -> None:
    """Those kept for home are what the film's own drawers draw now; if not: python tests/posters.py."""
    stale = [
        path.name for path, content in posters.drawn() if not path.exists() or path.read_bytes() != content
    ]
    assert stale == []


def test_no_rule_has_all_that_is_in_a_wrapper_styled_anew() -> None:
    """Streamlit's wrappers change classes in every run; `[class*=…] *` would hang everything in them on that.

    So would `[class*=…] > :first-child`: whatever follows has to say of what name, class or attribute it is.
    """
    anything = re.compile(r"\[class[^\]]*\][^{},]*[ >+~][*:]")
    assert anything.search('[class*="a"] > * {}') and anything.search('[class*="a"] b > :first-child {}')
    assert anything.findall(look.SHEET.partition("*/")[2]) == []


def test_a_page_shows_result_reason_code_and_stage(open_page: Open) -> None:
    """The default numbers: [[2, 1], [0, 1]] @ [1, 2] = [4, 2]."""
    app = open_page("matrix_vector")
    assert "tensor([4., 2.])" in html_of(app)
    assert "torch.mv(A, x)" in html_of(app)
    assert "(2,)" in html_of(app)
    assert film_of(app)["frames"]


def test_typing_changes_the_picture(open_page: Open) -> None:
    """A new matrix: a new result, and the address says so."""
    app = open_page("matrix_vector")
    before = film_of(app)
    field(app, "A").set_value("[[0, 5], [7, 0]]").run()
    assert "tensor([10.,  7.])" in html_of(app)
    assert film_of(app) != before
    assert app.query_params["A"] == "[[0, 5], [7, 0]]"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[[1, 2], [3, 4]", ""),
        ("torch.zeros(10**12)", ""),
        ("().__class__", ""),
        ("ｏｓ", ""),
        ("1" * 10_000, ""),
        ("[" * 1000, ""),
        ("nope(3)", "nope"),
        ("<img src=x onerror=alert(1)>", ""),
    ],
    ids=["bracket", "huge", "dunder", "full-width", "long", "deep", "name", "markup"],
)
def test_a_mistake_is_a_card_and_the_picture_stays(open_page: Open, text: str, word: str) -> None:
    """No exception, no trace, no path: one sentence beside the field, and the last good film."""
    app = open_page("matrix_vector")
    before = film_of(app)
    field(app, "A").set_value(text).run()
    assert not app.exception
    assert film_of(app) == before
    shown = html_of(app)
    assert 'role="alert"' in shown
    assert word in shown
    assert not re.search(r"Traceback|site-packages|\.py\b|<img", shown)
    assert "A" not in app.query_params


def test_shapes_that_do_not_fit_name_both(open_page: Open) -> None:
    """The clash names the tensors and both sizes."""
    app = open_page("matrix_vector")
    field(app, "x").set_value("[1, 2, 3]").run()
    shown = html_of(app)
    assert 'role="alert"' in shown
    assert "(2, 2)" in shown
    assert "(3,)" in shown
    field(app, "x").set_value("[1, 2]").run()
    assert 'role="alert"' not in html_of(app)


def test_what_nobody_chose_gives_way_and_what_was_typed_does_not(open_page: Open) -> None:
    """Another tensor, another slice in the field; but a slice of one's own that does not fit is a mistake."""
    app = open_page("tensor")
    field(app, "A", "tensor").set_value("[1, 2, 3]").run()
    assert 'role="alert"' not in html_of(app)
    assert (field(app, "index", "tensor").value, app.query_params["index"]) == ("A[::2]", "A[::2]")
    field(app, "A", "tensor").set_value("[[1, 2], [3, 4]]").run()
    assert field(app, "index", "tensor").value == "A[::2]"  # it fits: it stays
    field(app, "index", "tensor").set_value("A[1, 0, 0]").run()
    assert 'role="alert"' in html_of(app)
    assert field(app, "index", "tensor").value == "A[1, 0, 0]"


def test_one_click_mends_a_clash(open_page: Open) -> None:
    """The card offers what was executed; a click sets the field, and the address follows."""
    app = open_page("matrix_vector")
    field(app, "A").set_value("[[1, 2, 3], [4, 5, 6]]").run()
    button = app.button(key="matrix-vector.fix.0")
    assert button.label == "`torch.mv(A.T, x)` → (3,)"
    assert "atlas-clash" in html_of(app)
    button.click().run()
    assert 'role="alert"' not in html_of(app)
    assert "tensor([ 9., 12., 15.])" in html_of(app)
    assert app.query_params["A"] == "([[1, 2, 3], [4, 5, 6]]).T"


def test_a_result_larger_than_every_operand_is_pointed_out(open_page: Open) -> None:
    """(3, 1) - (3,) runs: a calm card, not an alert; a click gives what was meant."""
    app = open_page("broadcasting", A="[[1], [2], [4]]", B="[1, 1, 1]", op="-")
    assert 'role="alert"' not in html_of(app)
    assert 'role="status"' in html_of(app)
    app.button(key="broadcasting.meant.0").click().run()
    assert 'role="status"' not in html_of(app)
    assert "tensor([0., 1., 3.])" in html_of(app)


@pytest.mark.parametrize("kind", ["slow", "died", "memory", "busy", "broken"])
def test_a_failing_calculator_is_a_sentence(
    open_page: Open, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Whatever happens to a worker, the page says it calmly and keeps the picture."""
    app = open_page("matrix_vector")
    before, ask = film_of(app), calculator.ask

    def failing(task: str, arguments: dict[str, Any], **more: Any) -> calculator.Reply:
        if arguments["inputs"].get("A") == "[[9, 9], [9, 9]]":
            raise calculator.Failure(kind, 2.0, "/secret/path.py line 3")
        return ask(task, arguments, **more)

    monkeypatch.setattr(calculator, "ask", failing)
    field(app, "A").set_value("[[9, 9], [9, 9]]").run()
    assert not app.exception
    assert 'role="alert"' in html_of(app)
    assert "secret" not in html_of(app)
    assert film_of(app) == before


def test_only_the_catalogues_own_questions_are_kept(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Defaults may go to disk, of the page and of its examples; nothing that a visitor typed or chose."""
    asked: list[tuple[str, dict[str, Any], bool]] = []
    ask = calculator.ask

    def noting(task: str, arguments: dict[str, Any], *, keep: bool = False, **more: Any) -> calculator.Reply:
        asked.append((task, arguments, keep))
        return ask(task, arguments, **more)

    monkeypatch.setattr(calculator, "ask", noting)
    app = open_page("matrix_vector")
    assert {"operation", "example"} <= {task for task, _arguments, keep in asked if keep}
    assert all(keep for _task, _arguments, keep in asked)
    asked.clear()
    field(app, "A").set_value("[[0, 5], [7, 0]]").run()
    typed = [keep for task, arguments, keep in asked if "[[0, 5], [7, 0]]" in str(arguments)]
    assert typed and not any(typed)
    asked.clear()
    open_page("matrix_vector", motion="svd")
    assert not any(
        keep for task, _arguments, keep in asked if task == "operation" and "svd" in str(_arguments)
    )


def test_a_link_is_taken(open_page: Open) -> None:
    """Inputs, parameter, language."""
    app = open_page("matrix_vector", A="[[0, 5], [7, 0]]", x="[3, 1]", motion="svd", lang="zh")
    assert field(app, "A").value == "[[0, 5], [7, 0]]"
    assert "tensor([ 5., 21.])" in html_of(app)
    assert app.session_state["matrix-vector.motion"] == "svd"
    assert app.button(key="atlas.switch").label == "English"


@pytest.mark.parametrize(
    "query",
    [
        {"A": "__import__('os').system('id')"},
        {"A": "[[1, 2], [3"},
        {"A": "9" * 5000},
        {"motion": "sideways"},
        {"step": "4000"},
        {"camera": "a,b"},
        {"lang": "xx"},
        {"stranger": "<script>alert(1)</script>"},
    ],
    ids=lambda query: next(iter(query)),
)
def test_a_bad_link_is_named_and_the_rest_kept(open_page: Open, query: dict[str, str]) -> None:
    """The bad part's name is in a sentence; the good part of the same link is on the page."""
    app = open_page("matrix_vector", x="[3, 1]", **query)
    shown = html_of(app)
    note = re.search(r'role="status".*?</ul>', shown, re.DOTALL)
    assert note and (next(iter(query)) in note[0] or "xx" in note[0])
    assert "<script" not in shown
    assert field(app, "x").value == "[3, 1]"
    assert field(app, "A").value == "[[2, 1], [0, 1]]"
    assert "tensor([7., 1.])" in html_of(app)


def test_notes_can_be_dismissed(open_page: Open) -> None:
    """Read once is enough."""
    app = open_page("matrix_vector", motion="sideways")
    app.button(key="matrix-vector.dismiss").click().run()
    assert 'role="status"' not in html_of(app)


def test_presets_and_reset(open_page: Open) -> None:
    """A preset fills the fields; Reset puts the defaults back."""
    app = open_page("matrix_vector")
    preset = MATRIX_VECTOR.presets[1]
    app.button_group(key="matrix-vector.preset.field").set_value(preset.key).run()
    assert field(app, "A").value == preset.values["A"]
    app.button(key="matrix-vector.reset").click().run()
    assert field(app, "A").value == "[[2, 1], [0, 1]]"
    assert "A" not in app.query_params


def test_the_language_switch(open_page: Open) -> None:
    """One press, and it is in the link."""
    app = open_page("matrix_vector")
    app.button(key="atlas.switch").click().run()
    assert app.button(key="atlas.switch").label == "English"
    assert app.query_params["lang"] == "zh"


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ({"variable": "A", "value": [[2.0, 0.5], [-0.0, 3.25]]}, "[[2, 0.5], [0, 3.25]]"),
        ({"variable": "x", "value": [1.1000000001, 2, 0]}, "[1.1, 2]"),
        ({"variable": "x", "value": [1.0]}, None),
        ({"variable": "x", "value": [float("nan"), 1]}, None),
        ({"variable": "x", "value": [1e9, 1]}, None),
        ({"variable": "x", "value": ["1", "2"]}, None),
        ({"variable": "x", "value": [True, 1]}, None),
        ({"variable": "os", "value": [1, 2]}, None),
        ({"variable": ["x"], "value": [1, 2]}, None),
        ("hello", None),
        (None, None),
    ],
)
def test_what_the_hand_lets_go_of(sent: Any, text: str | None) -> None:
    """Cut to the input's shape and written as a person would; anything else is left alone."""
    inputs = {"A": {"shape": [2, 2]}, "x": {"shape": [2]}}
    found = drag.new_text(MATRIX_VECTOR, sent, inputs)
    assert (found[1] if found else None) == text


def test_markup_of_others_is_text() -> None:
    """Every value is escaped, in children and in attributes."""
    made = markup.tag("p", '<b onclick="x">', title='"><script>')
    assert made == '<p title="&quot;&gt;&lt;script&gt;">&lt;b onclick=&quot;x&quot;&gt;</p>'


def test_the_pages_wear_the_figures_colours() -> None:
    """.streamlit/config.toml and core/figures/theme.py say the same."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    for mode in ("light", "dark"):
        worn = config["theme"][mode]
        assert worn["backgroundColor"] == theme.colour("background", mode)
        assert worn["textColor"] == theme.colour("ink", mode)
        assert worn["primaryColor"] == theme.colour("accent", mode)


def test_the_policy_lets_only_the_pages_own_inline_scripts_run() -> None:
    """No 'unsafe-inline' and no 'unsafe-eval' for scripts."""
    scripts = next(part for part in security.CONTENT_POLICY.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    assert scripts.count("'sha256-") == len(
        security.inline_scripts(security.INDEX.read_text(encoding="utf-8") + early.place_tag())
    )
    assert security.inline_scripts("<script>a</script>") != security.inline_scripts("<script>b</script>")

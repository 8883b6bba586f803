"""The workbench's pages as Streamlit runs them: the shelf, its link, undo, and what a mistake does."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import answers
from core.workbench.desks import TENSORS, VIEWS
from core.workspace import Item
from pages.shared import builder, shelf

ROOT = Path(__file__).resolve().parents[1]
FRAME = str(ROOT / "pages" / "shared" / "frame.py")
Open = Callable[..., AppTest]
pytestmark = pytest.mark.usefixtures("pool")


def go(app: AppTest, page: str) -> AppTest:
    """To another page in the same session."""
    (script,) = (path for path in (ROOT / "pages").glob(f"*/{page}.py") if path.parent.name != "shared")
    app.switch_page(str(script)).run()
    assert not app.exception, app.exception
    return app


def html_of(app: AppTest) -> str:
    """Everything that st.html put on the page."""
    return "\n".join(element.proto.body for element in app.get("html") if "<style>" not in element.proto.body)


def on_shelf(app: AppTest) -> dict[str, Item]:
    """The tensors of this visitor."""
    if shelf.KEY not in app.session_state:
        return {}
    return {item.name: item for item in app.session_state[shelf.KEY].now.items}


def type_(app: AppTest, key: str, text: str) -> AppTest:
    """Type a text into the field with that key."""
    app.text_input(key=key).set_value(text).run()
    assert not app.exception, app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    """Press the button with that key."""
    app.button(key=key).click().run()
    assert not app.exception, app.exception
    return app


def kept(app: AppTest, text: str, name: str) -> AppTest:
    """A line typed on the tensors page, and kept."""
    type_(app, "tensors.A.field", text)
    type_(app, "tensors.name.field", name)
    return press(app, "tensors.keep")


def test_a_line_is_looked_at_and_kept(open_page: Open) -> None:
    app = kept(open_page("tensors"), "torch.arange(12).reshape(3, 4)", "M")
    item = on_shelf(app)["M"]
    assert (item.shape, item.dtype, item.text) == ((3, 4), "int64", "torch.arange(12).reshape(3, 4)")
    assert item.data == b"".join(k.to_bytes(8, "little") for k in range(12))
    assert app.text_input(key="tensors.A.field").value == "M"  # it stands in the field by its name
    for fact in ("(3, 4)", "int64", "96 bytes", "0 to 11", "5.5"):
        assert fact in html_of(app)


def test_a_slice_is_kept_as_what_is_shown(open_page: Open) -> None:
    app = open_page("tensors")
    type_(app, "tensors.slice.field", "1, :, ::2")
    type_(app, "tensors.name.field", "S")
    press(app, "tensors.keep")
    assert on_shelf(app)["S"].shape == (3, 2)
    assert on_shelf(app)["S"].text == "torch.arange(24).reshape(2, 3, 4)[1, :, ::2]"


def test_operations_chain_over_pages(open_page: Open) -> None:
    """Build on tensors, use by name on a concept's page, keep its result, use that elsewhere."""
    app = kept(open_page("tensors"), "[[1, 2], [3, 4]]", "M")
    go(app, "reduction")
    type_(app, "reduction.A.field", "M * 10")
    assert "(2, 2)" in html_of(app)
    press(app, "reduction.keep")
    assert on_shelf(app)["C"].data  # the sum over the page's axis
    go(app, "tensors")
    type_(app, "tensors.A.field", "C + 1")
    assert "class=&quot;" not in html_of(app) and not problem(app)


def problem(app: AppTest) -> bool:
    """Whether the problem card is there."""
    return "atlas-problem-sentence" in html_of(app)


def test_a_result_travels_as_a_text_that_gives_it(open_page: Open) -> None:
    app = open_page("dot_product", x="[1, 2, 3]", y="[4, 5, 6]")
    press(app, "dot-product.keep")
    assert (on_shelf(app)["C"].shape, on_shelf(app)["C"].text) == (
        (),
        "torch.tensor(32, dtype=torch.float32)",
    )
    assert on_shelf(app)["C"].origin == "torch.dot(x, y)"


def test_undo_and_redo(open_page: Open) -> None:
    app = kept(open_page("tensors"), "[1, 2]", "P")
    app = kept(app, "[3, 4]", "R")
    press(app, "shelf.undo")
    assert set(on_shelf(app)) == {"P"}
    assert app.text_input(key="tensors.A.field").value == "P"  # R is gone, and the field does not name it
    press(app, "shelf.redo")
    assert set(on_shelf(app)) == {"P", "R"}
    assert app.button(key="shelf.redo").disabled


def test_rename_double_delete(open_page: Open) -> None:
    app = kept(open_page("tensors"), "[1, 2]", "P")
    type_(app, "tensors.name.field", "query")
    assert set(on_shelf(app)) == {"query"}
    press(app, "tensors.double")
    assert set(on_shelf(app)) == {"query", "query_2"}
    press(app, "tensors.delete")
    assert set(on_shelf(app)) == {"query"}


@pytest.mark.parametrize("name", ["for", "softmax", "<b>x</b>", "a b", "1x", "torch", "pi", "名"])
def test_what_cannot_be_a_name_is_said_and_nothing_is_lost(open_page: Open, name: str) -> None:
    app = open_page("tensors")
    type_(app, "tensors.A.field", "[1, 2]")
    type_(app, "tensors.name.field", name)
    press(app, "tensors.keep")
    assert on_shelf(app) == {} and app.text_input(key="tensors.A.field").value == "[1, 2]"
    assert "<b>x" not in html_of(app)
    assert 'role="status"' in html_of(app)


def test_a_mistake_keeps_the_picture_and_says_where(open_page: Open) -> None:
    app = open_page("tensors")
    type_(app, "tensors.A.field", "torch.zeros(3, 4) @ torch.zeros(5)")
    assert problem(app) and app.get("bidi_component")
    type_(app, "tensors.A.field", "photo + 1")
    assert "There is no <code>photo</code> here" in html_of(app)
    type_(app, "tensors.A.field", "[1, 2]")
    type_(app, "tensors.slice.field", "7")
    assert "outside axis 0" in html_of(app)


# --- links


def test_a_link_brings_its_shelf(open_page: Open) -> None:
    app = open_page("matrix_vector", A="M", x="[1, 1]", shelf="M=[[1, 2], [3, 4]];photo=?")
    assert set(on_shelf(app)) == {"M"} and "[3., 7.]" in html_of(app)
    assert "atlas-shelf" in html_of(app)  # the header knows it at the first run
    assert "<code>photo</code>, too large for a link" in html_of(app)


def test_a_hostile_shelf_in_a_link_is_named_and_left_out(open_page: Open) -> None:
    bad = "M=torch.zeros(10**9);for=1;ok=[1, 2];x=__import__('os');softmax=[1]"
    app = open_page("tensors", A="ok", shelf=bad)
    assert set(on_shelf(app)) == {"ok"} and not problem(app)
    assert "<code>softmax</code> of the link" in html_of(app)
    text = html_of(app)
    assert "<code>M</code>" in text and "<code>x</code>" in text and "means something else" in text


def test_what_a_link_replaces_stays_under_a_new_name(open_page: Open) -> None:
    app = kept(open_page("tensors"), "[1, 2]", "M")
    app.query_params["shelf"] = "M=[3, 4]"
    go(app, "matrix")
    assert {name: item.text for name, item in on_shelf(app).items()} == {"M": "[3, 4]", "M_2": "[1, 2]"}
    assert "yours is now called <code>M_2</code>" in html_of(app)


def test_word_vectors_come_as_data(open_page: Open) -> None:
    app = open_page("tensors")
    app.session_state["tensors.way"] = "example"
    app.run()
    press(app, "example.words")
    item = on_shelf(app)["words"]
    assert item.shape[1] == 48 and item.text == "" and "Python" in item.origin
    type_(app, "tensors.A.field", "(words[:9] @ words[:9].mT).diagonal().sqrt() - words[:9].norm(dim=1)")
    assert not problem(app)


def test_a_link_s_tensor_of_equal_bytes_is_another_tensor(open_page: Open) -> None:
    app = kept(open_page("tensors"), "torch.zeros(2, 2)", "M")
    app.query_params["shelf"] = "M=torch.zeros(4);K=[1];L=[2]"
    go(app, "matrix")
    assert {name: item.shape for name, item in on_shelf(app).items()} == {
        "M": (4,),
        "M_2": (2, 2),
        "K": (1,),
        "L": (1,),
    }
    go(app, "tensors")
    press(app, "shelf.undo")  # all that the link brought is one step
    assert set(on_shelf(app)) == {"M"} and on_shelf(app)["M"].shape == (2, 2)


def test_undo_leaves_what_was_typed(open_page: Open) -> None:
    app = kept(open_page("tensors"), "[1, 2]", "P")
    type_(app, "tensors.A.field", "pi")
    press(app, "shelf.undo")
    assert app.text_input(key="tensors.A.field").value == "pi"


def test_many_links_leave_little_behind(open_page: Open) -> None:
    app = open_page("tensors")
    for k in range(20):
        app.query_params["shelf"] = f"bad name {k}=1;" + "x" * 9_000
        app.run()
    assert len(app.session_state[shelf.NOTES]) <= shelf.MOST_NOTES
    assert sum(map(len, app.session_state[shelf.SEEN])) < 32 * 40


def test_nothing_of_one_visitor_reaches_another(open_page: Open) -> None:
    one = kept(open_page("tensors"), "[4711, 1147]", "secret")
    other = open_page("tensors")
    assert on_shelf(other) == {} and "4711" not in html_of(other)
    type_(other, "tensors.A.field", "secret")
    assert problem(other) and "4711" not in html_of(other)
    assert "secret" in on_shelf(one)


def test_the_shelf_is_on_every_page(open_page: Open) -> None:
    app = kept(open_page("tensors"), "[1, 2]", "M")
    for page in ("vector", "norms", "home", "describing_the_world"):
        go(app, page)
        assert "atlas-shelf" in html_of(app), page


def test_ten_thousand_names_and_a_full_shelf(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page("tensors")
    app.query_params["shelf"] = ";".join(f"T{k}={k}" for k in range(70))
    go(app, "tensors")
    assert len(on_shelf(app)) == 64
    type_(app, "tensors.A.field", "[1, 2]")
    type_(app, "tensors.name.field", "more")
    press(app, "tensors.keep")
    assert "more" not in on_shelf(app) and "at most 64 tensors" in html_of(app)


def test_the_form_writes_lines_that_the_language_reads() -> None:
    from core import tensors
    from pages.shared import builder

    for fill in builder.FILLS:
        for dtype in builder.DTYPES:
            if (fill, dtype) == ("randn", "uint8"):  # a negative number is no byte: the language says so
                continue
            for sizes in ((), (3,), (2, 3), (2, 3, 4)):
                found = tensors.read(builder.line(fill, sizes, dtype, 2.0, 7))
                wanted = sizes if fill != "eye" else ((sizes or (1,))[-2:] * 2)[:2]
                assert str(found.dtype) == f"torch.{dtype}", (fill, dtype, sizes)
                assert tuple(found.shape) == wanted, (fill, dtype, sizes)


@pytest.mark.parametrize("value", [1234567.0, 16777217.5, 1e20, 1e-7, -0.0, 3.0])
def test_the_form_s_number_is_the_one_that_was_typed(value: float) -> None:
    from core import tensors
    from pages.shared import builder

    assert tensors.read(builder.line("full", (2,), "float64", value)).tolist() == [value, value]


def test_the_grid_writes_what_it_shows() -> None:
    from pages.shared import builder

    rows = [[1.0, 2.5], [0.0, -3.0]]
    assert builder.literal(rows) == "[[1, 2.5], [0, -3]]"
    assert builder.resized(rows, 3, 1) == [[1.0], [0.0], [0.0]]
    edited: list[list[Any]] = [[1.0, 9.0], [0.0, -3.0]]
    assert builder.mirrored(rows, edited) == [[1.0, 9.0], [9.0, -3.0]]


@pytest.mark.parametrize("text", builder.EXAMPLES)
def test_a_shelf_examples_film_is_small_on_the_wire(text: str) -> None:
    """However it is looked at."""
    values = {item.name: item.default for item in TENSORS.parameters}
    for view, _label in VIEWS:
        _data, blobs = answers.TASKS["inspect"]({"text": text, "parameters": values | {"view": view}})
        assert "film" not in blobs or len(gzip.compress(blobs["film"])) <= 50_000, view

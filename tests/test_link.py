"""Links: state -> link -> state is exact, and a bad part is named, replaced by its default, and the rest kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.operation import Challenge, Choice, Input, Operation, Slider, Toggle, spelled
from core.ops import CHAPTERS
from pages.shared import link
from pages.shared.teaching import ASKS, PARTS, Teaching, ordered


def _nothing(*_given: Any) -> Any:
    """A run that is never run."""


OPERATION = Operation(
    key="try-out",
    chapter="operations",
    title="Try-out",
    summary="",
    notation="",
    call="",
    latex="",
    inputs=(Input("A", "m n", "[[1, 2], [0, 1]]", "a matrix"), Input("x", "n", "[3, 4]", "a vector")),
    run=_nothing,
    explain=_nothing,
    steps=_nothing,
    result="y",
    parameters=(
        Choice("motion", "Motion", (("straight", "straight"), ("svd", "by parts")), "straight"),
        Slider("p", "p", 0.3, 8.0, 0.1, 2.0),
        Slider("axis", "axis", 0, 4, 1, 1),
        Toggle("keepdim", "keepdim", False),
    ),
)
DEFAULTS = {item.name: item.default for item in (*OPERATION.inputs, *OPERATION.parameters)}


def once(query: dict[str, str]) -> dict[str, list[str]]:
    """A query in which every name stands once."""
    return {name: [text] for name, text in query.items()}


TEXTS = st.text(min_size=1, max_size=60).filter(lambda text: text.strip() != "")
STATES = st.fixed_dictionaries(
    {
        "A": TEXTS,
        "x": TEXTS,
        "motion": st.sampled_from(["straight", "svd"]),
        "p": st.floats(0.3, 8.0),
        "axis": st.integers(0, 4),
        "keepdim": st.booleans(),
    }
)


@settings(max_examples=1000, deadline=None)
@given(STATES, st.sampled_from([None, "en", "zh"]))
def test_state_to_link_to_state_is_exact(state: dict[str, Any], language: str | None) -> None:
    """What is written is read back, and nothing is named as wrong."""
    found = link.read(OPERATION, once(link.write(OPERATION, state, language)))
    assert {**DEFAULTS, **found.values} == state
    assert (found.language, found.notes) == (language, ())
    assert {name: type(value) for name, value in found.values.items()} == {
        name: type(state[name]) for name in found.values
    }


def test_defaults_make_an_empty_link() -> None:
    """The address of a fresh page is its name alone."""
    assert link.write(OPERATION, DEFAULTS) == {}


@pytest.mark.parametrize("operation", CHAPTERS, ids=lambda operation: operation.key)
def test_default_links_are_short(operation: Operation) -> None:
    """Every preset's link stays under 2,048 characters."""
    from urllib.parse import urlencode

    for preset in operation.presets:
        assert len(urlencode({**preset.values, "lang": "zh"})) < 2048


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"motion": "up"}, "motion cannot be “up”; straight is used instead."),
        ({"p": "0.1"}, "p cannot be “0.1”; 2.0 is used instead."),
        ({"p": "nan"}, "p cannot be “nan”; 2.0 is used instead."),
        ({"p": "inf"}, "p cannot be “inf”; 2.0 is used instead."),
        ({"axis": "1.5"}, "axis cannot be “1.5”; 1 is used instead."),
        ({"keepdim": "yes"}, "keepdim cannot be “yes”; 0 is used instead."),
        (
            {"A": "1" * 2001},
            "A in the link is 2001 characters long, and 2000 are allowed; the default is shown instead.",
        ),
        ({"A": "  "}, "A is empty in the link; the default is shown instead."),
        ({"step": "-1"}, "The link's step cannot be “-1”; the page opens as usual."),
        ({"step": "٣"}, "The link's step cannot be “٣”; the page opens as usual."),
        ({"step": "99999"}, "The link's step cannot be “99999”; the page opens as usual."),
        ({"camera": "1,2,3"}, "The link's camera cannot be “1,2,3”; the page opens as usual."),
        ({"camera": "1,1,1,0,0,0,0,nan"}, "The link's camera cannot be “1,1,1,0,0,0,0,nan”; the page opens as usual."),
        ({"camera": "nan" + ",1" * 8}, "The link's camera cannot be “nan,1,1,1,1,1,1,1,1”; the page opens as usual."),
        ({"camera": "0,0,0,0,0,0,0,0,1"}, "The link's camera cannot be “0,0,0,0,0,0,0,0,1”; the page opens as usual."),
        ({"zoom": "2,1,0,1"}, "The link's zoom cannot be “2,1,0,1”; the page opens as usual."),
        ({"zoom": "0,1e9,0,1"}, "The link's zoom cannot be “0,1e9,0,1”; the page opens as usual."),
        ({"layers": "<b>"}, "The link's layers cannot be “<b>”; the page opens as usual."),
        ({"lang": "fr"}, "The atlas does not speak “fr”; it speaks English (en) and Chinese (zh)."),
        ({"v": "2"}, "The link was written for version 2 of the atlas; what is understood is shown."),
        ({"B": "1"}, "The link has parts that this page does not know, and they were left out: “B”."),
    ],
)  # fmt: skip
def test_a_bad_part_is_named_and_the_rest_kept(query: dict[str, str], sentence: str) -> None:
    """One sentence names it; the default stands; the good parts of the same link are kept."""
    good = {"x": "[7, 8, 9]"}
    found = link.read(OPERATION, once({**good, **query}))
    assert found.notes == (sentence,)
    assert found.values == good
    assert found.view == {}


def test_a_good_link_is_taken_whole() -> None:
    """Everything that may stand in a link."""
    query = {
        "A": "[[5, 6], [7, 8]]", "p": "1.5", "step": "3", "camera": "1.25,1.25,1.25,0,0,0,0,0,1", "zoom": "-3,3,-2,2",
        "layers": "circle,eigen", "lang": "zh", "v": "1",
    }  # fmt: skip
    found = link.read(OPERATION, once(query))
    assert found.notes == ()
    assert found.values == {"A": "[[5, 6], [7, 8]]", "p": 1.5}
    assert set(found.view) == {"step", "camera", "zoom", "layers"}
    assert found.language == "zh"


def test_a_repeated_part_is_named() -> None:
    """The last value is used, and the page says so."""
    found = link.read(OPERATION, {"A": ["[1]", "[[5, 6]]"]})
    assert found.values == {"A": "[[5, 6]]"}
    assert found.notes == ("The link names A more than once; the last value is used.",)


def test_many_strangers_are_counted() -> None:
    """A flood of unknown parts makes one sentence, not a wall."""
    found = link.read(OPERATION, once({f"k{number}": "1" for number in range(1000)}))
    assert len(found.notes) == 1
    assert found.notes[0].startswith("The link has 1000 parts that this page does not know")


def test_a_step_past_the_end_is_named() -> None:
    """Only the answer knows how many steps there are."""
    assert link.wrong_step("6", 7) == ""
    assert (
        link.wrong_step("7", 7)
        == "The link asks for step=7, but the last one is step=6; the page opens as usual."
    )


def test_a_layer_that_is_not_there_is_named() -> None:
    """Only the answer knows the layers."""
    assert link.wrong_layers("circle,none", ("circle",)) == ""
    assert link.wrong_layers("ghost", ("circle",)) == (
        "The link asks for the layer “ghost”, which this picture does not have."
    )


NAMES = st.one_of(
    st.sampled_from(["A", "x", "motion", "p", "axis", "keepdim", *link.VIEW, "lang", "v"]),
    st.text(max_size=20),
)
VALUES = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        ["[[2,1],[0,3]]", "1.5", "0", "nan", "-1", "1e400", "9" * 400, "1,2,3,4", "__import__('os')", "\x00"]
    ),
)


@settings(max_examples=1000, deadline=None)
@given(st.dictionaries(NAMES, st.lists(VALUES, max_size=3), max_size=8))
@example({"p": ["1" * 5000]})
@example({"axis": ["\u0663"]})
def test_no_link_raises_and_nothing_is_dropped_in_silence(query: dict[str, list[str]]) -> None:
    """Whatever a link holds: no exception, and each part is either taken as it stands or a sentence was written."""
    found = link.read(OPERATION, query)
    taken = {
        *found.values,
        *found.view,
        *(["lang"] if found.language else []),
        *(["v"] if query.get("v", [""])[-1:] == ["1"] else []),
    }
    if set(query) - taken:
        assert found.notes
    for name, value in found.values.items():
        assert spelled(value) == query[name][-1] or type(value)(query[name][-1]) == value
    assert all(len(sentence) < 600 for sentence in found.notes)


TAUGHT = replace(
    OPERATION,
    challenges=(
        Challenge("first", "", _nothing, "", {"A": "[[9, 9], [9, 9]]", "p": "3.0"}, {}),
        Challenge("second", "", _nothing, "", {"x": "[0, 0]", "motion": "svd"}, {}),
    ),
)
TEACHINGS = st.builds(
    Teaching,
    st.sets(st.sampled_from(list(PARTS))).map(ordered),
    st.sampled_from(["", *ASKS]),
    st.sampled_from(["", "first", "second"]),
)


@given(STATES, TEACHINGS)
def test_a_teachers_link_is_exact_too(state: dict[str, Any], teaching: Teaching) -> None:
    """What is hidden, asked and set; and values beside a challenge, also those that are the page's own defaults."""
    found = link.read(TAUGHT, once(link.write(TAUGHT, state, teaching=teaching)))
    assert {**DEFAULTS, **found.values} == state
    assert (found.teaching, found.notes) == (teaching, ())


def test_a_challenge_brings_what_it_begins_with() -> None:
    """The link names it, and nothing more."""
    begun = TAUGHT.begun("first")
    assert link.write(TAUGHT, begun, teaching=Teaching(challenge="first")) == {"challenge": "first"}
    found = link.read(TAUGHT, once({"challenge": "first", "p": "2.0"}))
    assert found.values == {"A": "[[9, 9], [9, 9]]", "p": 2.0}


@pytest.mark.parametrize(
    ("query", "sentence", "kept"),
    [
        (
            {"hide": "code, solutions,result"},
            "The link hides “solutions”, and a page has no such part; what can be hidden: inputs, presets, parameters, "
            "steps, sentence, formula, result, facts, why, code, challenges, out, trap, practice, place.",
            Teaching(("result", "code")),
        ),
        (
            {"ask": "colour"},
            "The link cannot ask for “colour”; it can ask for shape, value or both.",
            Teaching(),
        ),
        (
            {"challenge": "<b>third", "ask": "shape"},
            "The link sets the challenge “<b>third”, which this page does not have; it has first, second.",
            Teaching(ask="shape"),
        ),
    ],
    ids=["hide", "ask", "challenge"],
)
def test_what_a_teacher_cannot_have_is_named(query: dict[str, str], sentence: str, kept: Teaching) -> None:
    """One sentence, and the rest of the link counts."""
    found = link.read(TAUGHT, once(query))
    assert found.notes == (sentence,)
    assert found.teaching == kept


def test_a_page_that_is_no_concept_has_nothing_to_hide() -> None:
    """Home names the strangers, as it names all others."""
    found = link.read(None, once({"hide": "code"}))
    assert found.notes == (
        "The link has parts that this page does not know, and they were left out: “hide”.",
    )

"""The shelf: names, limits, undo and redo, and its place in a link."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.history import MOST_UNDONE
from core.limits import HOSTED
from core.workspace import (
    MOST_LINKED,
    History,
    Item,
    Workspace,
    WorkspaceError,
    check_name,
    free_name,
    from_link,
    next_letter,
    to_link,
)

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}", fullmatch=True)


def item(name: str = "Q", size: int = 3, text: str = "") -> Item:
    """A tensor of `size` bytes."""
    return Item(name, (size,), "uint8", bytes(size), text, "here")


def test_a_name_is_replaced_in_its_place_and_others_stay():
    shelf = Workspace().with_all([item("Q"), item("K", 4), item("V", 5)]).with_item(item("K", 9))
    assert [(one.name, one.elements) for one in shelf.items] == [("Q", 3), ("K", 9), ("V", 5)]


def test_rename_keeps_the_place_and_refuses_what_is_taken():
    shelf = Workspace().with_all([item("Q"), item("K", 4)])
    assert shelf.renamed("Q", "query").names == ("query", "K")
    with pytest.raises(WorkspaceError, match="`K` on the shelf already"):
        shelf.renamed("Q", "K")
    with pytest.raises(WorkspaceError, match="no `R` on the shelf"):
        shelf.renamed("R", "S")
    assert shelf.renamed("Q", "Q") is shelf


@pytest.mark.parametrize(
    "name", ["", " ", "1a", "_x", "a__b", "a_", "a b", "<b>", "名", "x" * 31, "a.b", "a\n"]
)
def test_what_is_no_name(name):
    with pytest.raises(WorkspaceError):
        check_name(name)


@pytest.mark.parametrize("name", ["for", "None", "lambda"])
def test_keywords_are_no_names(name):
    with pytest.raises(WorkspaceError, match="means something else"):
        check_name(name)


def test_words_of_the_language_are_no_names():
    check_name("softmax")
    with pytest.raises(WorkspaceError, match="`softmax` means something else"):
        check_name("softmax", {"softmax"})


def test_limits_are_told_with_numbers_and_nothing_is_lost():
    limits = replace(HOSTED, workspace_tensors=2, workspace_elements=10, workspace_bytes=12)
    shelf = Workspace().with_item(item("Q", 6), limits)
    with pytest.raises(WorkspaceError, match="would have 13 elements; 10 are allowed"):
        shelf.with_item(item("K", 7), limits)
    with pytest.raises(WorkspaceError, match="at most 2 tensors"):
        shelf.with_item(item("K", 1), limits).with_item(item("V", 1), limits)
    wide = Item("W", (2,), "float64", bytes(16))
    with pytest.raises(WorkspaceError, match="MB are allowed"):
        shelf.with_item(wide, limits)
    assert shelf.names == ("Q",)


def test_only_names_that_a_text_says_are_mentioned():
    shelf = Workspace().with_all([item("Q"), item("K"), item("Qs")])
    assert [one.name for one in shelf.mentioned("Q @ K.mT", "2 + 3")] == ["Q", "K"]
    assert shelf.mentioned("Queue") == ()


def test_free_names_and_letters():
    assert free_name("photo", ("photo", "photo_2")) == "photo_3"
    assert free_name("photo_2", ("photo_2",)) == "photo_3"
    assert next_letter(("A", "C")) == "D"


# --- undo and redo


def test_undo_and_redo_walk_through_every_shelf():
    past = History()
    shelves = [past.now]
    for name in "QKV":
        past = past.then(past.now.with_item(item(name)))
        shelves.append(past.now)
    for shelf in reversed(shelves[:-1]):
        past = past.undone()
        assert past.now == shelf
    assert past.undone() is past
    for shelf in shelves[1:]:
        past = past.redone()
        assert past.now == shelf
    assert past.redone() is past


def test_a_change_after_undo_forgets_what_was_undone():
    past = History().then(Workspace((item("Q"),))).then(Workspace((item("K"),))).undone()
    assert past.then(Workspace((item("V"),))).redone().now.names == ("V",)


def test_no_change_is_no_step():
    past = History().then(Workspace((item("Q"),)))
    assert past.then(Workspace((item("Q"),))) is past


def test_the_past_is_bounded_in_steps_and_bytes():
    past = History()
    for k in range(3 * MOST_UNDONE):
        past = past.then(Workspace((item(f"T{k}"),)))
    assert len(past.before) == MOST_UNDONE
    limits = replace(HOSTED, workspace_bytes=100)
    past = History()
    for k in range(10):
        past = past.then(Workspace((Item(f"T{k}", (60,), "uint8", bytes([k]) * 60),)), limits)
    assert len(past.before) == 2  # 60 now and 120 before: more would be over 200
    shared = bytes(90)
    past = History()
    for k in range(10):  # the same numbers under other names take their room once
        past = past.then(Workspace((Item(f"T{k}", (90,), "uint8", shared),)), limits)
    assert len(past.before) == 10


# --- in a link


def test_what_is_short_travels_and_what_is_not_is_named():
    text = to_link([item("Q", text="[[1, 2]]"), item("photo"), item("K", text="x" * (MOST_LINKED + 1))])
    assert text == "Q=[[1, 2]];photo=?;K=?"
    linked = from_link(text)
    assert (dict(linked.texts), linked.missing, linked.notes) == ({"Q": "[[1, 2]]"}, ("photo", "K"), ())


@given(st.dictionaries(NAMES, st.from_regex(r"[0-9a-zA-Z\[\]=, .()+-]{1,40}", fullmatch=True), max_size=6))
def test_a_link_gives_back_what_was_written(texts):
    items = []
    for name, text in texts.items():
        try:
            check_name(name)
        except WorkspaceError:
            continue
        if text.strip():
            items.append(item(name, text=text.strip()))
    assert dict(from_link(to_link(items)).texts) == {one.name: one.text for one in items}


@given(st.text(max_size=200))
def test_no_link_breaks_it(value):
    linked = from_link(value)
    assert set(linked.texts).isdisjoint(linked.missing)


def test_hostile_shelves_in_links():
    assert from_link("x" * 100_000).texts == {} and "left out" in from_link("x" * 100_000).notes[0]
    linked = from_link("<script>=1;__import__=2;for=3;ok=[1]")
    assert dict(linked.texts) == {"ok": "[1]"} and len(linked.notes) == 3
    many = from_link(";".join(f"T{k}=1" for k in range(500)))
    assert len(many.texts) == HOSTED.workspace_tensors


def test_a_tensor_of_other_shape_is_another_though_its_bytes_agree():
    one, other = Item("M", (2, 2), "uint8", bytes(4)), Item("N", (4,), "uint8", bytes(4))
    assert not one.same(other) and one.same(replace(one, name="N"))
    assert not one.same(replace(one, dtype="int8"))


def test_second_names_are_names():
    for name in ("x", "x" * 30, "a" * 23 + "_b", "photo_2"):
        check_name(free_name(name, (name,)))

"""A deck of slides: what is done to it, its limits, its way into a workspace file and out of it, however hostile."""

from __future__ import annotations

import base64
import json
import math
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from core import answers, ops
from core.figures import checked, still
from core.files import write
from core.history import MOST_UNDONE
from core.limits import HOSTED
from core.slides import KINDS, LONGEST, Deck, Edits, Slide, View, cleaned, read_view, told
from core.workbench import shelf, slides
from core.workspace import Item, Workspace, WorkspaceError
from core.workspace_file import written

CAMERA = {
    "eye": {"x": 1, "y": 2, "z": 0.5},
    "center": {"x": 0, "y": 0, "z": 0},
    "up": {"x": 0, "y": 0, "z": 1},
}
GOOD = {"step": 3, "camera": None, "zoom": None, "layers": None}


def slide(title: str = "Norms", film: bytes = b"film", **more: Any) -> Slide:
    """A slide; its film is any bytes."""
    return Slide("s1", "norms", title, film, **more)


def deck(*titles: str) -> Deck:
    """A deck of slides with these titles."""
    return Deck().added(slide(title) for title in titles)


def titles(found: Deck) -> list[str]:
    """The titles in order."""
    return [one.title for one in found.slides]


def changed(found: Deck, deed: str, key: str, k: int) -> Deck:
    """The deck after a deed."""
    match deed:
        case "without":
            return found.without(key)
        case "move":
            return found.moved(key, k)
        case "double":
            return found.doubled(key)
    return found.changed(key, caption=str(k))


def film_of(key: str = "vector", **more: Any) -> bytes:
    """The film of a concept on its defaults."""
    return answers.operation({"key": key, **more})[1]["film"]


# --- the deck


def test_slides_are_added_moved_doubled_and_taken_out() -> None:
    found = deck("a", "b", "c")
    first, second, third = (one.key for one in found.slides)
    assert len({first, second, third}) == 3
    assert titles(found.moved(third, 0)) == ["c", "a", "b"]
    assert titles(found.moved(first, 99)) == ["b", "c", "a"]
    assert titles(found.moved(third, -1)) == ["c", "a", "b"]
    assert titles(found.doubled(second)) == ["a", "b", "b", "c"]
    assert titles(found.without(second)) == ["a", "c"]
    assert titles(found.changed(second, title="x")) == ["a", "x", "c"]
    assert titles(found) == ["a", "b", "c"]


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8), st.data())
def test_a_move_loses_nothing_and_keeps_the_order_of_the_others(
    names: list[str], data: st.DataObject
) -> None:
    found = deck(*names)
    key = data.draw(st.sampled_from([one.key for one in found.slides]))
    moved = found.moved(key, data.draw(st.integers(-3, 12)))
    assert sorted(one.key for one in moved.slides) == sorted(one.key for one in found.slides)
    assert moved.without(key) == found.without(key)
    assert moved.moved(key, found.place(key)) == found


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "without", "move", "double", "change", "undo", "redo"]), st.integers(0, 9)
        ),
        max_size=30,
    )
)
def test_whatever_is_done_keys_stay_different_and_undo_finds_each_deck_again(
    deeds: list[tuple[str, int]],
) -> None:
    past, known = Edits(), [Deck()]
    for deed, k in deeds:
        now = past.now
        key = now.slides[k % len(now)].key if now.slides else None
        if deed == "undo":
            past = past.undone()
        elif deed == "redo":
            past = past.redone()
        elif deed == "add" or key is None:
            past = past.then(now.added([slide(str(k))]))
        else:
            past = past.then(changed(now, deed, key, k))
        keys = [one.key for one in past.now.slides]
        assert len(keys) == len(set(keys))
        known.append(past.now)
    walked = past
    while walked.before:
        walked = walked.undone()
        assert walked.now in known
    assert walked.now == Deck()


def test_a_deck_is_bounded_in_slides_bytes_and_past() -> None:
    few = replace(HOSTED, slides=2, slides_bytes=1_000)
    full = Deck().added([slide("a"), slide("b")], few)
    with pytest.raises(WorkspaceError, match="at most 2 slides"):
        full.added([slide("c")], few)
    with pytest.raises(WorkspaceError, match="MB"):
        Deck().added([slide("a", bytes(1_000))], few)
    with pytest.raises(WorkspaceError, match="MB"):
        full.changed(full.slides[0].key, few, caption="x" * 600, title="y" * 120, still=bytes(500))
    past = Edits()
    for k in range(2 * MOST_UNDONE):
        past = past.then(deck(str(k)))
    assert len(past.before) == MOST_UNDONE
    small = replace(HOSTED, slides_bytes=100)
    past = Edits()
    for k in range(10):
        past = past.then(Deck().added([slide(str(k), bytes([k]) * 90)]), small)
    assert len(past.before) == 2


def test_words_are_cut_and_cleaned() -> None:
    found = deck("a").changed("s1", title=" one\ntwo\x00\u202e ", caption="x" * 9_999)
    assert found.slides[0].title == "one two" and len(found.slides[0].caption) == LONGEST["caption"]
    assert deck().renamed("<b>" * 99).title == cleaned("<b>" * 99, LONGEST["title"])
    with pytest.raises(ValueError):
        deck("a").changed("s1", kind="program")
    with pytest.raises(ValueError):
        deck("a").changed("s1", film=b"")


# --- a view


@pytest.mark.parametrize(
    "sent",
    [
        None, [], "3", {}, {**GOOD, "step": -1}, {**GOOD, "step": True}, {**GOOD, "step": 1.5}, {**GOOD, "step": 10**9},
        {**GOOD, "camera": {}}, {**GOOD, "camera": {**CAMERA, "eye": {"x": 0, "y": 0, "z": 0}}},
        {**GOOD, "camera": {**CAMERA, "up": {"x": math.nan, "y": 0, "z": 1}}}, {**GOOD, "camera": "1,2,3"},
        {**GOOD, "camera": {**CAMERA, "eye": {"x": 1e9, "y": 0, "z": 1}}}, {**GOOD, "zoom": [1, 0, 0, 1]},
        {**GOOD, "zoom": [0, 1, 2]}, {**GOOD, "zoom": [0, math.inf, 0, 1]}, {**GOOD, "layers": "grid"},
        {**GOOD, "layers": ["<b>"]}, {**GOOD, "layers": [["grid"]]}, {**GOOD, "layers": ["grid"] * 99},
    ],
)  # fmt: skip
def test_what_is_no_view_is_none(sent: Any) -> None:
    assert read_view(sent) is None


def test_a_view_is_read_told_and_written() -> None:
    sent = {"step": 2, "camera": CAMERA, "zoom": [-1, 2.5, 0, 3], "layers": ["grid", "null-space"], "at": 17}
    found = read_view(sent)
    assert found == View(2, (1, 2, 0.5, 0, 0, 0, 0, 0, 1), (-1, 2.5, 0, 3), ("grid", "null-space"))
    assert read_view(found.plain()) == found
    assert found.query() == {
        "step": "2", "camera": "1,2,0.5,0,0,0,0,0,1", "zoom": "-1,2.5,0,3", "layers": "grid,null-space",
    }  # fmt: skip


# --- described, and read again


@given(
    st.fixed_dictionaries(
        {name: st.text(max_size=40) for name in ("title", "caption", "formula", "code", "alt")}
    )
)
def test_what_is_described_is_read_as_it_was(texts: dict[str, str]) -> None:
    clean = {name: cleaned(text, LONGEST[name], name == "code") for name, text in texts.items()}
    found = Slide(
        "s7",
        "norms",
        film=b"f",
        still=b"s",
        view=View(1),
        link="/norms?x=%5B1%5D&lang=zh",
        kind="film",
        **clean,
    )
    assert told(json.loads(json.dumps(found.described())), b"f", b"s") == found


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"link": "javascript:alert(1)"}, {"link": ""}),
        ({"link": "//evil.example/x"}, {"link": ""}),
        ({"link": "https://evil.example/"}, {"link": ""}),
        ({"link": "/norms?x=<b>"}, {"link": ""}),
        ({"link": "/" + "a" * 9_999}, {"link": ""}),
        ({"code": "x" * 99_999}, {"code": ""}),
        ({"title": "a\u202eb\x07"}, {"title": "a b"}),
        ({"kind": "program"}, None),
        ({"key": "../../x"}, None),
        ({"theme": "url(x)"}, None),
        ({"title": ["a"]}, None),
        ({"view": {"step": -1}}, None),
    ],
)
def test_what_a_file_says_is_cut_or_left_out(change: dict[str, Any], seen: dict[str, str] | None) -> None:
    found = told(slide().described() | change, b"", b"")
    assert (None if found is None else {name: getattr(found, name) for name in change}) == seen


def test_every_kind_has_a_name() -> None:
    assert set(KINDS) == {"picture", "film"}


# --- the worker's side


def test_a_film_becomes_a_slide() -> None:
    film = film_of()
    data, blobs = slides.slide({"files": {"film": film}, "view": GOOD | {"step": 1}})
    steps = json.loads(film)["layout"]["meta"]["steps"]
    assert (data["sentence"], data["formula"]) == (steps[1]["sentence"], steps[1]["formula"])
    assert slides.unpacked(blobs["film"], 10**7) == film
    assert etree.fromstring(slides.unpacked(blobs["still"], 10**7)).tag.endswith("svg")
    assert slides.slide({"files": {"film": film}, "view": GOOD | {"step": 999}})[0]["step"] == len(steps) - 1


def test_a_drawing_is_of_the_step_the_camera_the_zoom_and_the_layers() -> None:
    flat, deep = (
        json.loads(film_of("matrix-vector")),
        json.loads(film_of("vector", inputs={"x": "[1, 2, 3]", "y": "[2, 0, 1]"})),
    )
    assert "scene" in deep["layout"]
    pictures = [
        still.still(flat, 0),
        still.still(flat, 3),
        still.still(flat, 3, zoom=(0, 2, 0, 1)),
        still.still(flat, 3, layers=()),
    ]
    pictures += [still.still(deep, 0), still.still(deep, 0, camera=(0, 2, 0.5, 0, 0, 0, 0, 0, 1))]
    pictures += [still.still(deep, 0, camera=(0, 0, 2, 0, 0, 0, 0, 1, 0))]
    assert len(set(pictures)) == len(pictures)
    assert not any("nan" in picture for picture in pictures)


@pytest.mark.parametrize("operation", ops.CHAPTERS, ids=lambda operation: operation.key)
def test_every_film_of_the_course_may_come_back(operation: Any) -> None:
    """The list of what a film may hold names all that the drawers draw."""
    checked.checked(film_of(operation.key, theme="dark", language="zh"))
    for example in (*operation.practice, *operation.traps):
        _data, blobs = answers.example({"key": operation.key, "example": example.key, "inputs": {}})
        checked.checked(blobs["film"])


@pytest.mark.parametrize(
    "text",
    [
        "[1, 2] < [2, 1]",
        "softmax([[1.0, 2]], dim=-1)",
        "rand(2, 3)",
        "[[1, 2]] @ [[1], [2]]",
        "where([1, 2] > 1, 1, 0)",
    ],
)
def test_films_of_expressions_and_tensors_may_come_back(text: str) -> None:
    for task, more in (("expression", {"node": ""}), ("inspect", {"view": "auto", "slice": "", "rows": "auto",
                       "columns": "auto", "slider": "auto", "at": 0})):  # fmt: skip
        _data, blobs = answers.TASKS[task]({"text": text, "parameters": more})
        checked.checked(blobs["film"])


def nested(depth: int) -> dict[str, Any]:
    """A tree that goes deep."""
    return {"a": nested(depth - 1)} if depth else {"a": 1}


def _spoiled(change: Callable[[dict[str, Any]], object]) -> bytes:
    figure = json.loads(film_of())
    change(figure)
    return json.dumps(figure).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: f["layout"].update(images=[{"source": "https://evil.example/x.png"}]),
        lambda f: f["layout"].update(annotations=[{"text": "<a href='https://evil.example'>x</a>"}]),
        lambda f: f["layout"].update(map={"style": "https://evil.example"}),
        lambda f: f["layout"].update(template={"data": {}}),
        lambda f: f["layout"].pop("meta"),
        lambda f: f["data"].append({"type": "scattermapbox", "meta": {}}),
        lambda f: f["data"].append({"type": "image", "source": "https://evil.example/x.png", "meta": {}}),
        lambda f: f["data"].append({"type": "image", "source": "data:image/svg+xml;base64,AA==", "meta": {}}),
        lambda f: f["data"][0].update(text=["<a href='javascript:alert(1)'>x</a>"]),
        lambda f: f["data"][0].update(hovertext="<img src=x onerror=alert(1)>"),
        lambda f: f["data"][0].update(__proto__={"x": 1}),
        lambda f: f["data"][0]["meta"].update({"__proto__": {"x": 1}}),
        lambda f: f["data"][0].update(x=[float("nan")]),
        lambda f: f["data"][0].update(x=[float("inf")]),
        lambda f: f["data"][0].update(x={"dtype": "f4", "bdata": "<script>"}),
        lambda f: f["data"][0].update(x={"dtype": "O", "bdata": "AAAA"}),
        lambda f: f["data"].extend([f["data"][0]] * 3_000),
        lambda f: f["frames"].pop(),
        lambda f: f["frames"][0]["traces"].append(99),
        lambda f: f["layout"]["meta"]["steps"][0].update(cells={"p": {"cells": [{"size": [10**6, 10**6]}]}}),
        lambda f: f["layout"]["meta"]["steps"][0].update(sentence=7),
        lambda f: f.update(config={"plotlyServerURL": "https://evil.example"}),
        lambda f: f["data"][0].update(line=nested(20)),
        lambda f: f["layout"]["xaxis"].update(rangeslider={"visible": True}),
        lambda f: f["layout"].update(yaxis2={"rangebreaks": [{"bounds": [0, 1]}]}),
        lambda f: f["layout"].update(scene={"annotations": [{"text": "x", "showarrow": True}]}),
        lambda f: f["layout"].update(scene={"xaxis": {"calendar": "chinese"}}),
        lambda f: f["layout"].update(scene={"zaxis": {"range": [2, 2]}}),
        lambda f: f["layout"]["xaxis"].update(range=[1, 1]),
        lambda f: f["layout"]["xaxis"].update(range=[1e9, 1e9 + 1e-4]),
        lambda f: f["layout"]["xaxis"].update(range=[0, float("nan")]),
        lambda f: f["layout"]["xaxis"].update(range=[None, 1]),
        lambda f: f["layout"]["xaxis"].update(range={"dtype": "f8", "bdata": "AAAA"}),
        lambda f: f["layout"]["xaxis"].update(domain=[0.5, 0.5]),
        lambda f: f["layout"]["meta"]["arrange"]["wide"].update({"xaxis.range": [3, 3]}),
        lambda f: f["layout"]["meta"]["arrange"]["tall"].update({"scene.annotations": []}),
        lambda f: f["layout"]["meta"].update(handles=[{"name": "x"}] * 100_000),
        lambda f: f["layout"]["meta"].update(layers=[{"key": "x", "label": "x", "on": True}] * 101),
        lambda f: f["layout"]["meta"].update(layers={"key": "x"}),
        lambda f: f["layout"]["meta"].update(linked=[{"kind": "bars", "count": 10**9}]),
        lambda f: f["layout"]["meta"]["steps"][0].update(links=[{"result": "y"}] * 101),
    ],
)  # fmt: skip
def test_a_film_of_other_things_is_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(checked.FilmError):
        checked.checked(_spoiled(spoil))


def test_what_is_no_json_is_refused() -> None:
    for data in (
        b"",
        b"[1",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"data": [], "layout": {}, "frames": []}',
    ):
        with pytest.raises(checked.FilmError):
            checked.checked(data)


# --- in a workspace file


def packed(found: Deck, **names: torch.Tensor) -> bytes:
    """The workspace file of a deck and a shelf."""
    items = [
        Item(name, tuple(tensor.shape), "float32", shelf.bytes_of(tensor), "", "here")
        for name, tensor in names.items()
    ]
    return written(Workspace(tuple(items)), found)


def made(film: bytes, title: str = "Norms", step: int = 1) -> Slide:
    """A slide of a film."""
    data, blobs = slides.slide({"files": {"film": film}, "view": GOOD | {"step": step}})
    return slide(
        title,
        blobs["film"],
        still=blobs["still"],
        view=View(data["step"]),
        caption=data["sentence"],
        link="/norms",
    )


def load(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A file, opened by a worker."""
    return shelf.load({"filename": "w.safetensors", "files": {"file": data}})


def test_a_deck_goes_into_the_workspace_file_and_out_of_it() -> None:
    film = film_of()
    before = Deck("Lecture").added([made(film, "first"), made(film_of("norms"), "second", 2)])
    data, blobs = load(packed(before, Q=torch.eye(2)))
    found = [
        told(one, blobs[f"slide:{k}"], blobs[f"still:{k}"]) for k, one in enumerate(data["deck"]["slides"])
    ]
    assert data["deck"]["title"] == "Lecture" and [item["name"] for item in data["items"]] == ["Q"]
    assert [replace(one, film=b"", still=b"") for one in found] == [
        replace(one, film=b"", still=b"") for one in before.slides
    ]
    assert slides.unpacked(found[0].film, 10**7) == film
    assert found[0].still == before.slides[0].still


def test_a_deck_without_a_shelf_and_a_shelf_without_a_deck() -> None:
    data, _blobs = load(packed(Deck().added([made(film_of())])))
    assert (data["items"], len(data["deck"]["slides"])) == ([], 1)
    data, _blobs = load(packed(Deck(), Q=torch.eye(2)))
    assert (len(data["items"]), data["deck"]) == (1, {})


def test_a_full_deck_and_a_full_shelf_fit_into_a_file_that_can_be_opened() -> None:
    """In both there is hardly room for more."""
    small = made(film_of())
    room = HOSTED.slides_bytes // HOSTED.slides - len(small.film) - len(small.still) - small.letters()
    full = Deck().added([made(_padded(film_of(), room * 97 // 100))] * HOSTED.slides)
    with pytest.raises(WorkspaceError, match="MB"):
        full.changed(full.slides[0].key, still=bytes(HOSTED.slides_bytes // 20))
    tensors = {f"T{k}": torch.zeros(250_000) for k in range(9)}
    assert sum(tensor.nbytes for tensor in tensors.values()) == HOSTED.workspace_bytes
    data, blobs = load(packed(full, **tensors))
    assert (len(data["deck"]["slides"]), len(data["items"]), data["notes"]) == (HOSTED.slides, 9, [])
    assert slides.unpacked(blobs["slide:39"], 10**7) == slides.unpacked(full.slides[39].film, 10**7)


def _padded(film: bytes, count: int) -> bytes:
    """The film with so many bytes more that no compression makes fewer, in a trace that is not seen."""
    noise = base64.b64encode(random.Random(1).randbytes(count)).decode()
    figure = json.loads(film)
    figure["data"].append({
        "type": "scatter", "visible": False, "x": {"dtype": "f4", "bdata": noise}, "meta": {"name": "noise"},
    })  # fmt: skip
    return json.dumps(figure, ensure_ascii=False, separators=(",", ":")).encode()


def _file(deck_bytes: bytes) -> bytes:
    metadata = {shelf.MARK: shelf.VERSION, "items": "[]"}
    tensor = torch.frombuffer(bytearray(deck_bytes or b"\0"), dtype=torch.uint8)
    return write.safetensors({shelf.DECK: tensor}, metadata)


GARBAGE = [
    b"", b"\xff" * 40, b"\0\0\0\2[]", b"\0\0\0\4null", b"\xff\xff\xff\xff{}", b'\0\0\0\x0d{"slides": 3}', b"\0\0\0\2{}",
]  # fmt: skip


@pytest.mark.parametrize("data", GARBAGE)
def test_a_damaged_deck_is_a_sentence_and_the_shelf_is_kept(data: bytes) -> None:
    found, _blobs = load(_file(data))
    assert found["deck"]["slides"] == [] and any("slides" in note for note in found["notes"])


def test_a_bomb_a_strange_film_and_a_strange_record_are_left_out_and_the_rest_kept() -> None:
    good = made(film_of())
    bomb = replace(good, film=slides.packed(bytes(HOSTED.film_bytes + 1)))
    strange = replace(good, film=slides.packed(_spoiled(lambda f: f["layout"].update(images=[]))))
    lies = replace(good, view=View(99))
    found, blobs = load(packed(Deck().added([bomb, good, strange, lies])))
    assert (
        len(found["deck"]["slides"]) == 1 and len([name for name in blobs if name.startswith("slide:")]) == 1
    )
    assert any("left out: 3" in note for note in found["notes"])


@pytest.mark.parametrize("data", [b"", b"abc", slides.packed(b"x" * 51), slides.packed(b"x") + b"y",
                                  slides.packed(b"x" * 40)[:-3]])  # fmt: skip
def test_what_is_too_large_cut_off_or_followed_by_more_is_not_unpacked(data: bytes) -> None:
    assert slides.unpacked(slides.packed(b"x" * 50), 51) == b"x" * 50
    with pytest.raises(checked.FilmError):
        slides.unpacked(data, 50)


def test_sizes_that_lie_give_no_slide() -> None:
    record = made(film_of()).described()
    for size in (-1, 10**12, "9", None, 1.5, True):
        header = json.dumps({"title": "x", "slides": [record | {"size": size}]}).encode()
        found, _files, notes = slides.read(len(header).to_bytes(4, "big") + header + b"abc")
        assert found["slides"] == [] and notes


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    found, _files, _notes = slides.read(data)
    assert found["slides"] == []

"""Looking at a tensor: its summary, its histogram, its views."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import answers
from core.files import write
from core.limits import HOSTED
from core.slides import Deck
from core.workbench import inspect, shelf
from core.workbench.desks import TENSORS, VIEWS
from core.workbench.inspect import Summary, looks_like_picture, spread_of, summed_up, surprises
from core.workspace import Item, Workspace
from core.workspace_file import written

VALUES = {item.name: item.default for item in TENSORS.parameters}


def asked(text: str, **changes: Any) -> dict[str, Any]:
    """The tensors page's answer, without its film."""
    data, blobs = answers.TASKS["inspect"]({"text": text, "parameters": VALUES | changes})
    if blobs:
        data["film"] = json.loads(blobs["film"])
    return data


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8]
)
def test_the_summary_is_torchs(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(3)
    numbers = (torch.rand(3, 217, 401, generator=generator) * 200 + 30).to(dtype)  # several pieces
    told, wide = summed_up(numbers), numbers.double()
    assert (told.elements, told.low, told.high) == (numbers.numel(), float(wide.min()), float(wide.max()))
    assert math.isclose(told.mean, float(wide.mean()), rel_tol=1e-5)
    assert math.isclose(told.std, float(wide.std(correction=0)), rel_tol=1e-4)


@settings(max_examples=200)
@given(st.lists(st.floats(width=32), min_size=0, max_size=30))
def test_nan_and_infinity_are_counted_and_left_out(values: list[float]) -> None:
    finite = [value for value in values if math.isfinite(value)]
    told = summed_up(torch.tensor(values, dtype=torch.float32))
    assert told.nans == sum(map(math.isnan, values)) and told.infinite == sum(map(math.isinf, values))
    if not finite:
        assert told.low is None
        return
    assert (told.low, told.high) == (min(finite), max(finite))
    scale = max(map(abs, finite)) or 1.0
    assert math.isclose(told.mean, sum(finite) / len(finite), abs_tol=1e-5 * scale)


def test_a_small_spread_far_from_zero_is_not_lost() -> None:
    numbers = torch.tensor([1e6, 1e6 + 1, 1e6 + 2])
    assert math.isclose(summed_up(numbers).std, math.sqrt(2 / 3), rel_tol=1e-5)


def test_surprises_are_only_what_surprises() -> None:
    assert surprises(Summary(6, 0.0, 5.0, 2.5, 1.7)) == []
    assert surprises(summed_up(torch.zeros(3))) == ["All numbers are 0."]
    assert surprises(summed_up(torch.full((3,), 2.0))) == ["All finite numbers are 2."]
    found = surprises(summed_up(torch.tensor([math.nan, math.inf, -math.inf, 1.0, 2.0])))
    assert [text[-2:] for text in found] == ["1.", "2."]


@settings(max_examples=100)
@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=60))
def test_the_histogram_counts_every_finite_number(values: list[float]) -> None:
    numbers = torch.tensor(values, dtype=torch.float32)
    found = spread_of(numbers, summed_up(numbers))
    assert sum(found.counts) == len(values) and len(found.edges) == len(found.counts) + 1
    assert found.edges[0] <= min(values) and found.edges[-1] >= max(values) - 1e-3


def test_whole_numbers_of_a_small_range_have_a_bin_each() -> None:
    numbers = torch.tensor([3, 3, 4, 7])
    assert spread_of(numbers, summed_up(numbers)).counts == (2, 1, 0, 0, 1)


def test_what_looks_like_a_picture() -> None:
    assert looks_like_picture(torch.zeros(3, 20, 30, dtype=torch.uint8))
    assert looks_like_picture(torch.rand(3, 20, 30)) and looks_like_picture(torch.rand(5, 3, 20, 30))
    assert looks_like_picture(torch.zeros(20, 30, dtype=torch.uint8))
    assert not looks_like_picture(torch.rand(20, 30)) and not looks_like_picture(torch.randn(3, 20, 30))
    assert not looks_like_picture(torch.zeros(3, 4, 4, dtype=torch.uint8))


@pytest.mark.parametrize("view", [key for key, _label in VIEWS])
@pytest.mark.parametrize(
    "text",
    [
        "3", "[1, 2]", "torch.zeros(0)", "torch.zeros(2, 0, 3)", "torch.arange(24).reshape(2, 3, 4)", "[nan, inf, 1]",
        "[True, False]", "torch.ones(2, 1, 3, 1, 2, 3, 2, 2)", "torch.randint(0, 255, (3, 9, 12)).to(torch.uint8)",
        "torch.rand(2, 3, 9, 12)", "torch.randn(60, 70)", "torch.ones(3, 4).mT", "torch.ones(4, 1).expand(4, 5)",
        "[1e30, -1e30]", "torch.full((3,), 1e-40)",
    ],
)  # fmt: skip
def test_every_tensor_has_a_film_in_every_view(text: str, view: str) -> None:
    data = asked(text, view=view)
    assert "problem" not in data, data
    assert len(data["film"]["frames"]) == data["steps"] >= 1
    assert data["view"] in data["views"]


def test_a_slice_is_looked_at() -> None:
    assert asked("torch.arange(24).reshape(2, 3, 4)", slice="[1, :, ::2]")["result"]["shape"] == [3, 2]
    wrong = asked("torch.arange(24).reshape(2, 3, 4)", slice="9")["problem"]
    assert wrong["input"] == "slice" and "outside axis 0" in wrong["sentence"]
    for hostile in ("__import__('os')", "0]; x = [1", "torch.zeros(10**10)", "()()", "[[[[", "é"):
        assert "problem" in asked("[1, 2]", slice=hostile), hostile


# --- the shelf


def beside(**tensors: torch.Tensor) -> dict[str, Any]:
    """A question's shelf."""
    return {
        "shelf": {
            name: shelf.described(name, tensor, "", "here") for name, tensor in tensors.items()
        },
        "files": {shelf.PLACE + name: shelf.bytes_of(tensor) for name, tensor in tensors.items()},
    }  # fmt: skip


def opened(metadata: dict[str, str], **tensors: torch.Tensor) -> dict:
    """What a worker says to a safetensors file; "deck" stands for the deck's tensor."""
    named = {shelf.DECK if name == "deck" else name: tensor for name, tensor in tensors.items()}
    return shelf.load({"filename": "a.safetensors", "files": {"file": write.safetensors(named, metadata)}})[0]


def test_only_a_deck_is_larger_than_a_tensor_may_be() -> None:
    """A file's word for it counts for the deck alone: not for its neighbours, not for one outside a workspace."""
    ours = {shelf.MARK: shelf.VERSION, "items": "[]"}
    large = torch.zeros(HOSTED.elements + 1, dtype=torch.uint8)
    small = torch.zeros(4, dtype=torch.uint8)
    assert [item["name"] for item in opened(ours, deck=large, B=small)["items"]] == ["B"]
    assert "too large" in opened(ours, deck=small, B=large)["problem"]["sentence"]
    assert "too large" in opened(ours, deck=large, B=large)["problem"]["sentence"]
    assert "too large" in opened({}, deck=large, B=small)["problem"]["sentence"]
    assert "too large" in opened(ours | {"items": shelf.DECK}, B=large)["problem"]["sentence"]
    beyond = torch.zeros(2 * HOSTED.slides_bytes + 1, dtype=torch.uint8)
    assert "too large" in opened(ours, deck=beyond, B=small)["problem"]["sentence"]


def test_beside_a_deck_no_more_fits_than_without() -> None:
    """The others share what all tensors of a file may have."""
    ours = {shelf.MARK: shelf.VERSION, "items": "[]"}
    full = {f"T{k}": torch.zeros(HOSTED.elements, dtype=torch.uint8) for k in range(4)}
    assert len(opened(ours, deck=torch.zeros(2_000_000, dtype=torch.uint8), **full)["items"]) == 4
    more = opened(ours, deck=torch.zeros(9, dtype=torch.uint8), **full, U=torch.zeros(9, dtype=torch.uint8))
    assert "in all" in more["problem"]["sentence"]


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 100_000,
        b"[]",
        b"null",
        b'{"atlas:slides": 3}',
        b'{"atlas:slides": {"shape": 3}, "__metadata__": {"tensor_atlas": "1"}}',
        b'{"atlas:slides": {"shape": ["a", 99999999999]}, "__metadata__": {"tensor_atlas": "1"}}',
        b'{"atlas:slides": {"shape": [-1]}, "__metadata__": {"tensor_atlas": "1"}}',
        b'{"atlas:slides": {"shape": [1.5]}, "__metadata__": []}',
        b'{"atlas:slides": {"shape": [' + b"9, " * 100_000 + b'9]}, "__metadata__": {"tensor_atlas": "1"}}',
        b'"atlas:slides \xff',
    ],
)
def test_a_header_that_lies_of_a_deck_is_a_sentence(header: bytes) -> None:
    """It changes no limit."""
    data = len(header).to_bytes(8, "little") + header
    assert shelf._limits(data) == HOSTED
    assert shelf.load({"filename": "a", "files": {"file": data}})[0]["problem"]["sentence"]


@pytest.mark.parametrize("dtype", sorted(shelf.DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4), (2, 0, 3)])
def test_bytes_of_every_dtype_come_back(dtype: str, shape: tuple[int, ...]) -> None:
    tensor = torch.arange(24).to(shelf.DTYPES[dtype])[: math.prod(shape)].reshape(shape)
    back = shelf.tensors_of(beside(T=tensor))["T"]
    assert shelf.same(back, tensor)


def test_a_view_is_kept_in_its_own_order() -> None:
    tensor = torch.arange(6).reshape(2, 3).T
    assert shelf.same(shelf.tensors_of(beside(T=tensor))["T"], tensor)


@pytest.mark.parametrize(
    "text",
    [
        "M @ M.mT",
        "M[0]",
        "softmax(M * 1.0, dim=0)",
        "M.half()",
        "M > 2",
        "M.double() / 3",
        "M / 3",
        "M * nan",
    ],
)
def test_the_text_of_a_kept_tensor_gives_it_again_alone(text: str) -> None:
    M = torch.arange(6).reshape(2, 3)
    asked_for = {"text": text, "name": "C", **beside(M=M)}
    asked_for["shelf"]["M"]["text"] = "torch.arange(6).reshape(2, 3)"
    data, blobs = answers.TASKS["make"](asked_for)
    told = data["item"]
    again, more = answers.TASKS["make"]({"text": told["text"], "name": "C"})
    assert "M" not in told["text"] and more["data"] == blobs["data"]
    assert again["item"]["dtype"] == told["dtype"] and again["item"]["shape"] == told["shape"]


def test_a_large_tensor_without_a_text_has_none() -> None:
    data, _blobs = answers.TASKS["make"]({"text": "M + 1", "name": "C", **beside(M=torch.rand(300))})
    assert data["item"]["text"] == ""


def shelf_file(question: dict[str, Any]) -> bytes:
    """The workspace file of the shelf that lies beside a question."""
    items = [
        Item(
            name,
            tuple(told["shape"]),
            told["dtype"],
            question["files"][f"shelf:{name}"],
            told["text"],
            told["origin"],
        )
        for name, told in question["shelf"].items()
    ]
    return written(Workspace(tuple(items)), Deck())


def test_a_workspace_file_gives_back_names_texts_and_origins() -> None:
    question = beside(M=torch.arange(6).reshape(2, 3), big=torch.rand(1000), s=torch.tensor(2.5))
    question["shelf"]["M"]["text"] = "torch.arange(6).reshape(2, 3)"
    question["shelf"]["big"]["text"] = "torch.zeros(1000)"  # a lie: it is tried, and left out
    packed = {"file": shelf_file(question)}
    data, blobs = answers.TASKS["load"]({"filename": "workspace.safetensors", "files": packed})
    found = {item["name"]: item for item in data["items"]}
    assert list(found) == ["M", "big", "s"] and data["workspace"]
    assert found["M"]["text"] == "torch.arange(6).reshape(2, 3)" and found["big"]["text"] == ""
    assert all(item["origin"] == "here" for item in found.values())
    assert {name: blobs[name] for name in blobs} == {k.split(":")[1]: v for k, v in question["files"].items()}


def test_every_form_out_reads_back() -> None:
    question = {"text": "M", "name": "M", **beside(M=torch.arange(6.0).reshape(2, 3) / 3)}
    for form in ("npy", "safetensors", "csv"):
        _none, blobs = answers.TASKS["export"](question | {"form": form})
        data, more = answers.TASKS["load"]({"filename": "M", "files": {"file": blobs["file"]}})
        assert data["items"][0]["shape"] == [2, 3], form
        assert next(iter(more.values())) == question["files"]["shelf:M"], form


def test_a_file_of_words_that_are_taken_is_read() -> None:
    """The readers give identifiers; which of them the language needs, the page knows."""
    packed = {"file": shelf_file(beside(total=torch.ones(2), softmax=torch.zeros(2)))}
    data, _blobs = answers.TASKS["load"]({"filename": "w.safetensors", "files": packed})
    assert [item["name"] for item in data["items"]] == ["total", "softmax"]


def test_no_letter_of_a_result_is_a_word_of_the_language() -> None:
    from core.workspace import LETTERS

    assert not set(LETTERS) & set(answers.TASKS["reserved"]({})[0]["names"])


def test_the_code_of_inputs_that_name_tensors_called_like_inputs() -> None:
    """A on the shelf is not the page's A: what is listed computes what is shown."""
    A = torch.arange(300.0).reshape(15, 20)
    question = {"key": "broadcasting", "inputs": {"A": "ones(15, 20)", "B": "A * 2"}, **beside(A=A)}
    question["shelf"]["A"]["text"] = "torch.arange(300.).reshape(15, 20)"
    code = answers.TASKS["operation"](question)[0]["code"]
    names: dict[str, Any] = {}
    exec(compile(code, "shown", "exec"), names)  # the page's own listing
    assert torch.equal(names["A"], torch.ones(15, 20)) and torch.equal(names["B"], A * 2)


def test_a_full_shelf_can_be_opened_again() -> None:
    from core.limits import current

    count = current().workspace_elements // 4
    question = beside(**{f"T{k}": torch.zeros(count, dtype=torch.uint8) for k in range(4)})
    packed = {"file": shelf_file(question)}
    assert len(packed["file"]) <= current().file_bytes
    assert len(answers.TASKS["load"]({"filename": "w", "files": packed})[0]["items"]) == 4
    wide = torch.zeros(current().workspace_bytes // 16, dtype=torch.float64)
    packed = {"file": shelf_file(beside(one=wide, two=wide))}
    assert len(packed["file"]) <= current().file_bytes
    assert len(answers.TASKS["load"]({"filename": "w", "files": packed})[0]["items"]) == 2


def test_a_grid_takes_small_matrices_only() -> None:
    assert answers.TASKS["rows"]({"text": "[[1, 2], [3, 4]]"})[0]["rows"] == [[1, 2], [3, 4]]
    assert answers.TASKS["rows"]({"text": "5"})[0]["rows"] == [[5]]
    for text in (
        "torch.zeros(2, 3, 4)",
        "torch.zeros(100, 100)",
        "torch.zeros(0)",
        "torch.zeros(1, 60)",
        "[1",
    ):
        assert "problem" in answers.TASKS["rows"]({"text": text})[0], text


def test_words_of_the_language_are_reserved() -> None:
    names = answers.TASKS["reserved"]({})[0]["names"]
    assert {"softmax", "torch", "pi", "float32", "rotation", "np"} <= set(names)
    assert not {"A", "x", "Q", "photo"} & set(names)


def test_views_are_those_of_the_page() -> None:
    assert {key for key, _label in VIEWS} == {"auto", *inspect.SIZED}

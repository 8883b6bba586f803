"""Tensor: what is typed, the views, and what is said of memory, against torch itself."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core import answers, shapes, tensors
from core.ops import (
    data,
    nd_view,
    reshape_is_not_permute,
    tensor,
    tensor_memory,
    tensor_pictures,
    tensor_words,
)
from core.ops.tensor import TENSOR
from core.panels import Cells, Plane, Raster, Tape
from core.shapes import ShapeError

DEFAULTS = {parameter.name: parameter.default for parameter in TENSOR.parameters}

ends = st.none() | st.integers(-6, 6)
parts = st.integers(-6, 6) | st.builds(slice, ends, ends, st.none() | st.integers(1, 4)) | st.none()


@given(st.lists(parts, min_size=1, max_size=5))
def test_an_index_is_read_as_it_is_written(index) -> None:
    assert tensor_words.index_of(tensor_words.written(tuple(index))) == tuple(index)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.sampled_from(sorted(tensor.WORDS)))
def test_what_nobody_chose_gives_way_to_any_tensor(shape, deed) -> None:
    values = DEFAULTS | {"deed": deed}
    values |= tensor.fit(tuple(shape), values=values)
    A = torch.arange(math.prod(shape)).reshape(shape)
    tensor.explain(tuple(shape), **values)
    tensor.run(A, **tensor.arguments(values, tuple(shape)))


def test_what_fits_stays() -> None:
    assert tensor.fit((2, 3, 4), values=DEFAULTS) == {}
    assert tensor.fit((5,), values=DEFAULTS) == {"index": "A[::2]"}


@given(st.lists(parts, min_size=1, max_size=4))
def test_an_index_is_refused_exactly_where_torch_refuses(index) -> None:
    A = torch.arange(60).reshape(3, 4, 5)
    values = DEFAULTS | {"index": tensor_words.written(tuple(index))}
    try:
        wanted = A[tuple(index)]
    except IndexError:
        with pytest.raises(ShapeError):
            tensor.explain((3, 4, 5), **values)
        return
    assert shapes.show(tuple(wanted.shape)) in tensor.explain((3, 4, 5), **values)
    assert torch.equal(tensor.run(A, **tensor.arguments(values)), wanted)


@given(st.text(max_size=30))
def test_any_text_is_an_index_or_a_sentence(text: str) -> None:
    try:
        tensor_words.index_of(text)
    except ShapeError as error:
        assert error.sentence


def story(A: torch.Tensor, **changed):
    return tensor.told(A, DEFAULTS | changed)


def test_roles_cover_each_axis_once() -> None:
    shape = (2, 3, 4, 5, 6, 7)
    told = nd_view.roles(shape, 1, None, 3, 2)
    assert (told.rows, told.columns, told.held) == (1, 5, {3: 2})
    assert sorted([told.rows, told.columns, *told.facets, *told.held]) == list(range(6))


def test_facets_show_the_cells_of_the_axes_that_were_asked_for() -> None:
    A = torch.arange(24).reshape(2, 3, 4)
    blocks = nd_view.blocks("A", A, nd_view.roles((2, 3, 4), 2, 0, None, 0))
    assert [block.name for block in blocks] == ["A[:, 0]", "A[:, 1]", "A[:, 2]"]
    assert torch.equal(torch.tensor(blocks[1].rows), A[:, 1].T.float())


def test_a_view_has_one_strip_and_a_copy_a_second_one() -> None:
    A = torch.arange(12).reshape(3, 4)
    shared = list(tensor.steps(A, **DEFAULTS | {"view": "memory", "deed": "permute", "order": "1, 0"}))
    copied = list(
        tensor.steps(A, **DEFAULTS | {"view": "memory", "deed": "reshape", "sizes": "12", "before": "mT"})
    )
    assert [sum(isinstance(p, Tape) for p in steps[-1].panels) for steps in (shared, copied)] == [1, 2]
    strip = [p for p in copied[-1].panels if isinstance(p, Tape)][1]
    assert list(strip.values) == A.mT.reshape(12).tolist()


@pytest.mark.parametrize("deed", [deed for deed, _label in tensor.DEEDS])
@pytest.mark.parametrize("before", ["plain", "mT", "copied"])
def test_the_walk_along_the_strip_reads_the_result(deed: str, before: str) -> None:
    A = torch.arange(24).reshape(2, 3, 4) * 3
    values = DEFAULTS | {"view": "memory", "deed": deed, "before": before}
    try:
        tensor.explain((2, 3, 4), **values)
    except ShapeError:
        assert (deed, before) == ("view", "mT")  # and torch says so too:
        with pytest.raises(RuntimeError):
            A.mT.view(4, 6)
        return
    scene = tensor_memory.Scene(A, tensor.told(A, values))
    assert scene.strip[scene.reads].tolist() == scene.B.reshape(-1).tolist()
    assert scene.shared == (deed != "reshape" or before != "mT")


def test_view_of_a_strided_input_is_refused_with_a_sentence() -> None:
    data_, _blobs = answers.operation(
        {
            "key": "tensor",
            "inputs": {"A": "arange(24).reshape(4, 6).T"},
            "parameters": {"deed": "view", "sizes": "24"},
        }
    )
    assert "reshape" in data_["problem"]["sentence"] + data_["problem"]["fix"]


def test_a_million_numbers_go_as_a_window_and_a_summary() -> None:
    A = torch.arange(1_000_000).reshape(1000, 1000)
    step = next(iter(tensor.steps(A, **DEFAULTS | {"index": "A[::250]"})))
    cells = next(p for p in step.panels if isinstance(p, Cells))
    afar = next(p for p in step.panels if isinstance(p, Raster))
    assert sum(len(row) for block in cells.blocks for row in block.rows) < 200
    pixels = torch.frombuffer(bytearray(afar.data), dtype=torch.float32).reshape(afar.height, afar.width)
    assert pixels.double().mean().item() == pytest.approx(A.double().mean().item(), rel=0.01)


def test_the_block_in_space_flies_to_the_places_of_the_result() -> None:
    A = torch.arange(24).reshape(2, 3, 4)
    steps = list(tensor.steps(A, **DEFAULTS | {"view": "space", "deed": "transpose"}))
    first, last = (
        next(p for p in s.panels if isinstance(p, Plane)).marks[0].points for s in (steps[0], steps[-1])
    )
    assert first == tuple(nd_view.centres((2, 3, 4)))
    assert last[A[1, 2, 3]] == nd_view.centres((4, 3, 2))[A.transpose(0, 2).reshape(-1).tolist().index(23)]


ODD = [
    "3",
    "[]",
    "zeros(0, 3)",
    "[[nan, inf]]",
    "[True, False]",
    "ones(1).expand(1000, 1000)",
    "zeros(1, 1, 1, 1, 1, 1, 1)",
]


@pytest.mark.parametrize("view", ["cells", "space", "memory"])
@pytest.mark.parametrize("text", ODD)
def test_odd_tensors_are_told_or_refused(text: str, view: str) -> None:
    for deed, _label in tensor.DEEDS:
        parameters = {
            "view": view,
            "deed": deed,
            "index": "A[...]",
            "sizes": "-1",
            "order": "0",
            "pair": "0, 0",
        }
        found, _blobs = answers.operation({"key": "tensor", "inputs": {"A": text}, "parameters": parameters})
        assert found.get("steps", 0) > 1 or found["problem"]["sentence"]


def test_the_channels_are_the_photograph() -> None:
    photo = data.photograph("flower", tensor_pictures.WIDTH)
    red, green, blue, grey = tensor_pictures.channels(photo)
    assert torch.equal(torch.stack([red, green, blue]), photo)
    torch.testing.assert_close(grey, torch.from_numpy(photo.numpy().sum(0) / 3))


def test_the_clip_moves_over_the_photograph() -> None:
    photo = torch.arange(3 * 20 * 30.0).reshape(3, 20, 30)
    film = tensor_pictures.clip(photo, 12, 18, 4)
    assert film.shape == (4, 3, 12, 18)
    assert torch.equal(film[2], photo[:, 4:16, 6:24])


def test_reshape_scrambles_and_permute_does_not() -> None:
    photo = data.photograph("flower", 40).permute(1, 2, 0).contiguous()
    wrong = reshape_is_not_permute.run(photo)
    assert wrong.shape == photo.permute(2, 0, 1).shape
    assert not torch.equal(wrong, photo.permute(2, 0, 1))


def test_the_article_is_a_preset() -> None:
    assert torch.equal(tensors.read(TENSOR.presets[0].values["A"]), torch.arange(24).reshape(2, 3, 4))

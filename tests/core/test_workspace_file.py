"""A workspace file out of the bytes of a session: what torch and the safetensors library read in it."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load

from core.expression.arguments import DTYPES
from core.slides import Deck, Slide
from core.workbench import shelf
from core.workspace import Item, Workspace
from core.workspace_file import DECK, KINDS, pieces, written

EVERY = sorted({shelf.dtype_name(dtype) for dtype in DTYPES.values()})


def item(name: str, tensor: torch.Tensor) -> Item:
    """A tensor as it lies on a shelf."""
    return Item(name, tuple(tensor.shape), shelf.dtype_name(tensor.dtype), shelf.bytes_of(tensor), "", "here")


def test_every_dtype_of_the_language_has_a_name_in_the_format() -> None:
    assert set(EVERY) == set(KINDS)


def test_the_library_reads_every_dtype_and_shape_as_it_was() -> None:
    """The deck's bytes among them, empty tensors and numbers alone, in an order that is not the widths'."""
    shapes = [(), (3,), (0, 4), (2, 3), (5, 1, 2)]
    tensors = {
        f"{dtype}_{k}": torch.full(shape, k + 1, dtype=getattr(torch, dtype))
        for dtype in EVERY
        for k, shape in enumerate(shapes)
    }
    films = (b"first", b"the second")
    deck = Deck("Title", tuple(Slide(f"s{k + 1}", "norms", "N", film) for k, film in enumerate(films)))
    data = written(Workspace(tuple(item(name, tensor) for name, tensor in tensors.items())), deck)
    found = load(data)
    told = bytes(found.pop(DECK).tolist())
    assert told.endswith(b"firstthe second") and found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype and torch.equal(found[name], tensor), name
    for name, entry in entries(data).items():  # a reader may map them: each begins at a multiple of its width
        assert entry["data_offsets"][0] % (1 if name == DECK else tensors[name].element_size()) == 0


def entries(data: bytes) -> dict[str, dict]:
    """What the header says of each tensor."""
    import json

    length = int.from_bytes(data[:8], "little")
    assert length % 8 == 0
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__")
    return header


def test_the_pieces_are_the_sessions_own_bytes() -> None:
    """Nothing is copied, so that what is known of a piece (its digest) holds for as long as the tensor lies there."""
    one, film = item("A", torch.arange(600.0)), Slide("s1", "norms", "N", b"film" * 100)
    found = pieces(Workspace((one,)), Deck("T", (film,)))
    assert any(piece is one.data for piece in found) and any(piece is film.film for piece in found)
    assert b"".join(found) == written(Workspace((one,)), Deck("T", (film,)))


def test_nothing_is_no_file() -> None:
    assert pieces(Workspace(), Deck("only a title")) == [] and written(Workspace(), Deck()) == b""


@pytest.mark.parametrize("name", ["ünlaut", "A" * 30])
def test_what_is_written_is_what_a_worker_reads(name: str) -> None:
    """Origins and texts in any script come back as they were."""
    one = Item("A", (2,), "int64", (1).to_bytes(8, "little") * 2, "[1, 1]", f"aus {name} · 文件")
    data, blobs = shelf.load({"filename": "w", "files": {"file": written(Workspace((one,)), Deck())}})
    assert data["items"] == [{"name": "A", **one.described()}] and blobs["A"] == one.data

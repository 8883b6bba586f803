"""Files that lie, explode, run code or are cut off: each is one sentence, in bounded memory, and nothing is run."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import pytest
import sample_files as sample
import torch
from calculators import eventually, full, settings, value
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from core import files
from core.calculator import Calculator, Failure
from core.limits import HOSTED

WITHIN = 1.0  # seconds
MEMORY = 150_000_000  # bytes of Python's and NumPy's own; the worker has its limit besides


def refused(data: bytes, filename: str = "") -> files.FileError:
    """The FileError that reading ends in: on purpose (no cause), in a second, without much memory."""
    begun = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(files.FileError) as caught:
            files.read(data, filename)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.__cause__ is None, repr(caught.value.__cause__)
    assert (
        caught.value.sentence
        and "Traceback" not in caught.value.sentence
        and len(caught.value.sentence) < 400
    )
    assert peak < MEMORY and time.process_time() - begun < 5 * WITHIN  # tracemalloc slows it down
    return caught.value


# --- pickles


class Runs:
    """What a hostile pickle does: it calls."""

    def __init__(self, function: Callable, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple:
        return self.call


def checkpoint(program: bytes, **members: bytes) -> bytes:
    """A .pt with a list of contents of one's own; `members` are storages: d0=... is data/0."""
    inside = {"a/data.pkl": program, "a/version": b"3\n", "a/byteorder": b"little"}
    return sample.zipped(inside | {f"a/data/{name[1:]}": content for name, content in members.items()})


STORAGE = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01tQ"
REBUILD = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE
ONE = struct.pack("<f", 1.0)


def sketch(
    offset: bytes = b"K\0", size: bytes = b"K\x01\x85", stride: bytes = b"K\x01\x85", more: bytes = b""
) -> bytes:
    """The program of one tensor on a storage of one number."""
    return REBUILD + offset + size + stride + b"\x89NtR" + more + b"."


def long(number: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", number)


def test_the_program_of_one_tensor_is_good() -> None:
    assert files.read(checkpoint(sketch(), d0=ONE)).tensors[0].tensor.tolist() == [1.0]


@pytest.mark.parametrize("kind", ["plain", "legacy", "zip", "npy", "npz", "dict"])
def test_code_is_refused_and_never_run(kind: str, tmp_path) -> None:
    mark = tmp_path / "ran"
    evil = Runs(os.system, f"touch {mark}")
    data = {
        "plain": lambda: pickle.dumps(evil),
        "legacy": lambda: sample.pt(evil, _use_new_zipfile_serialization=False),
        "zip": lambda: sample.pt(evil),
        "dict": lambda: sample.pt({"w": torch.ones(2), "e": [evil]}),
        "npy": lambda: sample.npy(np.array([evil], dtype=object)),
        "npz": lambda: sample.npz(A=np.array([evil], dtype=object)),
    }[kind]()
    assert "program" in refused(data, "weights.pt").sentence
    assert not mark.exists()
    if kind == "plain":  # the proof can fail
        pickle.loads(data)
        assert mark.exists()


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_bare_pickles_are_known(protocol: int) -> None:
    for thing in (Runs(os.system, "true"), {"a": Runs(os.system, "true")}, OrderedDict(a=1)):
        assert "pickle" in refused(pickle.dumps(thing, protocol), "table.csv").sentence


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (b"ctorch\nTensor\nJ\0\0\0\x40\x85R.", "no tensor"),  # torch.load calls it: 4 GB
        (b"c__builtin__\nbytearray\nJ\0\0\0\x40\x85R.", "no tensor"),
        (b"ctorch.storage\nUntypedStorage\nJ\0\0\0\x40\x85R.", "program code"),
        (b"ctorch\nload\n(X\x01\0\0\0xtR.", "program code"),
        (b"cbuiltins\neval\n(X\x01\0\0\x001tR.", "program code"),
        (b"ctorch.nn.modules.linear\nLinear\n)\x81.", "program code"),
        (b"cposix\nsystem\n(X\x04\0\0\0truetR.", "program code"),
        (b"(X\x05\0\0\0posixX\x06\0\0\0system\x93.", "program code"),  # names by way of the stack
        (b"(iposix\nsystem\n.", "damaged"),
        (b"\x82\x01.", "damaged"),  # a registered extension
        (b"cposix\nsystem \xe2\x80\xae<b>\n.", "damaged"),
    ],
)
def test_no_call_is_made(call: bytes, words: str) -> None:
    found = refused(checkpoint(b"\x80\x02" + call))
    assert words in found.sentence and "\u202e" not in found.sentence


def test_memory_of_this_process_cannot_be_asked_for() -> None:
    """`BUILD` on a tensor is torch's `set_`: torch.load(weights_only=True) lets the storage grow. Here it is data."""
    grow = b"q\x01)b(h\x01K\0" + b"J\0\0\x10\0\x85K\x01\x85tb"
    program = sketch(more=grow)
    data = checkpoint(program, d0=ONE)
    assert torch.load(io.BytesIO(data), weights_only=True).numel() == 2**20  # what torch makes of it
    assert files.read(data).tensors[0].tensor.tolist() == [1.0]


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (sketch(size=long(10**12) + b"\x85", stride=b"K\0\x85"), "too large"),
        (sketch(size=long(2**40) + long(2**40) + b"\x86", stride=b"K\0K\0\x86"), "too large"),
        (sketch(size=long(10) + b"\x85"), "cannot fill"),
        (sketch(size=long(-1) + b"\x85"), "negative"),
        (sketch(size=long(0) + long(2**62) + b"\x86", stride=b"K\0K\0\x86"), "too large"),
        (sketch(stride=long(-1) + b"\x85"), "cannot fill"),
        (sketch(offset=long(-1)), "cannot fill"),
        (sketch(offset=long(2**62)), "cannot fill"),
        (sketch(stride=b"K\x01K\x01\x86"), "damaged"),
        (sketch(size=b"G" + bytes(8) + b"\x85"), "damaged"),
        (sketch(size=(b"K\x01" * 9).join([b"(", b"t"]), stride=(b"K\x01" * 9).join([b"(", b"t"])), "9 axes"),
        (b"\x80\x02" + STORAGE + b".", "no tensor"),
        (b"\x80\x02]q\0" + b"h\0a.", "nested too deep"),  # a list that contains itself
        (
            b"\x80\x02"
            + b"]q\0"
            + b"".join(b"](" + b"h%c" % k * 9 + b"eq%c" % (k + 1) for k in range(20))
            + b".",
            "entries",
        ),  # nine to the power of twenty
        (b"\x80\x02K\x01" + b"\x85" * 900_000 + b".", "lists more"),
        (b"\x80\x02" + b"}" * 1_000_001 + b".", "larger than"),
        (b"\x80\x02(" * 5, "damaged"),
        (b"0000", "damaged"),
        (b"", "damaged"),
        (b"\x80\x02N.", "no tensor"),
        (b"\x80\x02h\x07.", "damaged"),
        (b"\x80\x02\x8b\xff\xff\xff\x7f.", "damaged"),
    ],
    ids=range(22),
)
def test_a_list_of_contents_that_lies_is_a_sentence(program: bytes, words: str) -> None:
    assert words in refused(checkpoint(program, d0=ONE)).sentence


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: torch.ones(1).expand(10**6, 10**6), "too large"),
        (lambda: torch.eye(3).to_sparse(), "sparse"),
        (lambda: torch.eye(3).to_sparse_csr(), "sparse"),
        (lambda: torch.sparse_coo_tensor([[10**7], [0]], [1.0], (2, 2), check_invariants=False), "sparse"),
        (lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8), "quantized"),
        (lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), "nested"),
        (lambda: torch.ones(3, device="meta"), "without values"),
        (lambda: {"z": torch.ones(2, dtype=torch.complex64)}, "complex"),
        (lambda: torch.nn.Linear(2, 3), "program code"),
        (lambda: torch.zeros(1_000_001), "too large"),
        (lambda: [torch.zeros(999_999, dtype=torch.uint8) for _ in range(5)], "in all"),
        (lambda: [torch.zeros(1) for _ in range(65)], "65 tensors"),
        (lambda: torch.tensor(2**64 - 1, dtype=torch.uint64), "whole numbers above"),
        (lambda: {"epoch": 3}, "no tensor"),
        (lambda: torch.zeros((1,) * 9), "9 axes"),
    ],
    ids=range(15),
)
@pytest.mark.filterwarnings("ignore")
def test_tensors_that_are_none_of_ours(make: Callable, words: str) -> None:
    assert words in refused(sample.pt(make()), "model.pth").sentence


# --- archives


def encrypted() -> bytes:
    data = bytearray(sample.npz(A=np.ones(3)))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(signature) + flags] |= 1
    return bytes(data)


def lies_about_its_size() -> bytes:
    """The directory says 200 bytes; 100 MB come out."""
    data = bytearray(sample.zipped({"a.npy": bytes(100_000_000)}, zipfile.ZIP_DEFLATED))
    for signature, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(signature) + place
        data[at : at + 4] = struct.pack("<I", 200)
    return bytes(data)


def two_of_a_name() -> bytes:
    with pytest.warns(UserWarning):
        return sample.zipped([("a.npy", sample.npy([1])), ("a.npy", sample.npy([2]))])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sample.zipped({"a.npy": bytes(60_000_000)}, zipfile.ZIP_DEFLATED), "100 times"),
        (
            lambda: sample.zipped({f"{k}.npy": bytes(9_000_000) for k in range(8)}, zipfile.ZIP_DEFLATED),
            "72 MB",
        ),
        (lambda: sample.zipped({"data.pkl": bytes(60_000_000)}, zipfile.ZIP_DEFLATED), "100 times"),
        (lies_about_its_size, "damaged"),
        (lambda: sample.zipped({"a.npy": sample.npy([1])}, zipfile.ZIP_BZIP2), "packed in a way"),
        (lambda: sample.zipped({"a.npy": sample.npy([1])}, zipfile.ZIP_LZMA), "packed in a way"),
        (lambda: sample.zipped({f"{k}.npy": sample.npy([1]) for k in range(33)}), "33 members"),
        (lambda: sample.zipped({str(k): b"" for k in range(60_000)}), "60000 members"),
        (encrypted, "encrypted"),
        (two_of_a_name, "same name"),
        (lambda: sample.zipped({"a.txt": b"hi"}), "neither"),
        (lambda: sample.zipped({"[Content_Types].xml": b"<x/>", "xl/a.xml": b""}), "Office"),
        (lambda: sample.zipped({}), "neither"),
        (lambda: sample.zipped({"a.npy": b"no array"}), "no NumPy array"),
        (lambda: sample.npz(A=np.ones(3)).replace(b"NUMPY\1", b"NUMPY\2", 1), "damaged"),  # its checksum
        (lambda: sample.npz(A=np.array([None])), "program objects"),
        (lambda: sample.npz(A=np.array(["text"])), "text"),
    ],
    ids=range(17),
)
def test_an_archive_that_explodes_or_lies_is_a_sentence(make: Callable, words: str) -> None:
    assert words in refused(make()).sentence


def test_names_of_members_are_text() -> None:
    data = sample.zipped({"../../etc/<b>\u202epasswd.npy": sample.npy([1, 2])})
    (one,) = files.read(data).tensors
    assert one.name == "etc_b_passwd" and "\u202e" not in one.key + one.note


# --- .npy


def header(text: str, values: bytes = b"", version: int = 1, length: int | None = None) -> bytes:
    body = text.encode() + b"\n"
    size = len(body) if length is None else length
    return (
        b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", size) + body + values
    )


def said(descr: str = "'<f8'", shape: str = "(2,)", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def test_a_header_as_it_should_be_is_good() -> None:
    assert files.read(header(said(), bytes(16))).tensors[0].tensor.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (header(said(shape="(2, 3)"), bytes(16)), "48 bytes, and 16"),
        (header(said(), bytes(17)), "16 bytes, and 17"),
        (header(said(shape="(1000000000000,)"), bytes(16)), "too large"),
        (header(said(shape=f"({2**63}, {2**63})"), bytes(16)), "too large"),
        (header(said(shape=f"(0, {2**63})")), "too large"),
        (header(said(shape="(-2,)"), bytes(16)), "damaged"),
        (header(said(shape="(1,)*9"), bytes(16)), "damaged"),
        (header(said(shape="(" + "1," * 9 + ")"), bytes(8)), "9 axes"),
        (header(said(shape="(" + "1," * 900 + ")"), bytes(8)), "damaged"),
        (header(said("'|O'"), bytes(16)), "program objects"),
        (header(said("'<U5'"), bytes(40)), "text"),
        (header(said("'<M8[ns]'"), bytes(16)), "dates"),
        (header(said("'<c16'"), bytes(32)), "complex"),
        (header(said("'|V2'"), bytes(4)), "other values"),
        (header(said("[('a', '<f4'), ('b', '<i4')]"), bytes(16)), "structured"),
        (header(said("'<f999999999'"), bytes(16)), "other values"),
        (header(said(order="1"), bytes(16)), "damaged"),
        (
            header("{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (2,)}"),
            "damaged",
        ),
        (header("(" * 9_000), "damaged"),
        (header(said() + " " * 20_000, bytes(16)), "damaged"),
        (header(said(), bytes(16), length=60_000), "damaged"),
        (header(said(), bytes(16), version=2, length=2**32 - 1), "damaged"),
        (header(said(), bytes(16), version=9), "damaged"),
        (
            header("{'descr': '<f8', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", bytes(16)),
            "damaged",
        ),
        (b"\x93NUMPY", "damaged"),
    ],
    ids=range(25),
)
def test_an_npy_whose_header_lies_is_a_sentence(data: bytes, words: str) -> None:
    assert words in refused(data, "a.npy").sentence


# --- safetensors


def entry(shape: object = (2,), offsets: object = (0, 8), dtype: str = "F32") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def listed(entries: dict, size: int = 8) -> bytes:
    return sample.safe_header(json.dumps(entries), bytes(size))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (struct.pack("<Q", 2**63) + b"{}", "MB long"),
        (struct.pack("<Q", 2**64 - 1) + b"{}", "MB long"),
        (struct.pack("<Q", 900_000) + b"{}", "cut off"),
        (sample.safe_header("{" + "[" * 500_000), "damaged"),
        (sample.safe_header('{"a":' * 150_000), "damaged"),
        (sample.safe_header('{"a": ' + "9" * 5_000 + "}"), "damaged"),
        (sample.safe_header(b'{"\xff": 1}'), "damaged"),
        (listed({"A": entry((10**12,))}), "too large"),
        (listed({"A": entry((2**62, 2**62))}), "too large"),
        (listed({"A": entry((2, 2))}), "damaged"),
        (listed({"A": entry((-2,))}), "damaged"),
        (listed({"A": entry(offsets=(-8, 0))}), "damaged"),
        (listed({"A": entry(offsets=(8, 0))}), "damaged"),
        (listed({"A": entry(), "B": entry()}), "damaged"),  # they overlap
        (listed({"A": entry(offsets=(4, 12))}, 12), "damaged"),  # a gap
        (listed({"A": entry()}, 7), "cut off"),
        (listed({"A": entry()}, 9), "cut off"),
        (listed({"A": entry((2.5,))}), "damaged"),
        (listed({"A": entry((True, 2))}), "damaged"),
        (listed({"A": entry(dtype="C64", shape=(1,))}), "complex"),
        (listed({"A": entry(dtype="float32")}), "not read here"),
        (listed({"A": entry(dtype="F4")}), "not read here"),
        (listed({"A": [1]}), "damaged"),
        (listed({"A": entry() | {"more": 1}}), "damaged"),
        (listed({"A": entry((1,) * 9, (0, 4))}, 4), "9 axes"),
        (sample.safe_header('{"A": 1, "A": 2}'), "same name"),
        (listed({f"{k}": entry((0,), (0, 0)) for k in range(65)}, 0), "65 tensors"),
        (listed({"__metadata__": {"a": 1}, "A": entry()}), "damaged"),
        (listed({"__metadata__": {str(k): "" for k in range(300)}, "A": entry()}), "300 notes"),
        (listed({"__metadata__": {}}, 0), "no tensor"),
        (listed({"A": entry(), "B": entry(offsets=(8, 4_000_008), shape=(1_000_000,))}, 9), "cut off"),
    ],
    ids=range(31),
)
def test_a_safetensors_file_that_lies_is_a_sentence(data: bytes, words: str) -> None:
    assert words in refused(data, "w.safetensors").sentence


# --- pictures and clips


def png(width: int, height: int, body: bytes = b"") -> bytes:
    def chunk(kind: bytes, inside: bytes) -> bytes:
        return struct.pack(">I", len(inside)) + kind + inside + struct.pack(">I", zlib.crc32(kind + inside))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def webp_canvas() -> bytes:
    """An animation of a few bytes on a canvas of 16,383 x 16,383: Pillow allocates 2 GB as it opens it."""
    data = bytearray(sample.animated("WEBP"))
    at = data.find(b"VP8X") + 12
    data[at : at + 6] = (16_382).to_bytes(3, "little") * 2
    return bytes(data)


def gif_outside() -> bytes:
    """A screen of 8 x 6 and a frame of 60,000 x 60,000."""
    data = bytearray(sample.animated("GIF"))
    at = data.find(b"\x2c", 13 + 3 * 2 ** ((data[10] & 7) + 1))
    data[at + 5 : at + 9] = struct.pack("<HH", 60_000, 60_000)
    return bytes(data)


def boxes_lie(kind: bytes, count: int) -> bytes:
    data = bytearray(sample.valid()["clip-mp4"])
    at = data.find(kind)
    data[at + 8 : at + 16] = struct.pack(">II", 1, count)
    return bytes(data)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: png(10_000, 10_000, zlib.compress(bytes(100_000))), "10000 × 10000"),  # 100 megapixels
        (lambda: png(60_000, 60_000, zlib.compress(bytes(100_000))), "pixels"),
        (lambda: sample.saved(Image.new("1", (10_000, 10_000)), "PNG"), "10000 × 10000"),
        (lambda: sample.saved(Image.new("L", (2_100, 2_100)), "JPEG"), "2100 × 2100"),
        (lambda: sample.saved(Image.new("RGB", (2_100, 2_100)), "WEBP", lossless=True), "2100 × 2100"),
        (webp_canvas, "16383 × 16383"),
        (gif_outside, "60000 × 60000"),
        (lambda: sample.animated("GIF", 65), "64 frames"),
        (lambda: sample.animated("WEBP", 65), "64 frames"),
        (lambda: sample.animated("PNG", 65), "64 frames"),
        (lambda: sample.valid()["clip-gif"][:-1] + b"\x2c\0\0\0\0\1\0\1\0\0\2\1\0\0" * 300_000, "64 frames"),
        (lambda: sample.video("mp4", "libx264", 70), "64 frames"),
        (lambda: sample.video("webm", "libvpx", 70), "64 frames"),
        (lambda: sample.video("mp4", "libx264", 10, (320, 240)), "320 × 240"),
        (lambda: sample.video("webm", "libvpx", 10, (320, 240)), "320 × 240"),
        (lambda: sample.valid()["clip-mp4"][:-40], "damaged"),
        (lambda: sample.valid()["clip-mp4"][:400], "damaged"),
        (lambda: sample.valid()["clip-webm"][:-40], "damaged"),
        (lambda: boxes_lie(b"stsz", 50_000_000), "50000000 frames"),  # 26 s and 3.6 GB in FFmpeg
        (lambda: boxes_lie(b"stsz", 2**32 - 1), "frames"),
        (lambda: b"\0\0\0\x08moov" * 100_000, "damaged"),
        (lambda: b"\0\0\0\x10ftypheic" + bytes(99), "HEIC"),
        (lambda: sample.saved(sample.colours(), "BMP"), "BMP"),
        (lambda: sample.saved(sample.colours(), "TIFF"), "TIFF"),
        (lambda: b"\x1a\x45\xdf\xa3" + bytes(99), "damaged"),
    ],
    ids=range(25),
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_that_explodes_is_a_sentence(make: Callable, words: str) -> None:
    assert words in refused(make(), "a.png").sentence


# --- text and everything else


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (bytes(HOSTED.file_bytes + 1), "13 MB"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\xef\xbb\xbf\n <?xml version='1.0'?><svg/>", "SVG"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "HTML"),
        (b"1,2\n3\n", "Row 2"),
        (b"1,2\n3,moon\n", "moon"),
        (b",".join([b"1"] * 1_001), "1001 columns"),
        (b"1\n" * 600_000, "MB"),
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08" + bytes(50), "gzip"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"GGUF" + bytes(50), "GGUF"),
        (bytes(100), "not known"),
        (b"\x7fELF" + bytes(90), "not known"),
        (b"\n\n \n", "no numbers"),
    ],
    ids=range(16),
)
def test_what_is_no_table_is_a_sentence(data: bytes, words: str) -> None:
    assert words in refused(data, "table.csv").sentence


def test_a_wrong_ending_is_no_error() -> None:
    assert files.read(sample.valid()["image-png"], "table.csv").kind == "image"
    assert files.read(b"1,2\n3,4", "photo.png").kind == "csv"


# --- cut off, changed, invented


def answer(data: bytes) -> files.Read | None:
    """What reading gives; None is a sentence. Anything else that is raised is a finding."""
    try:
        return files.read(data, "file.bin")
    except files.FileError as error:
        if error.__cause__ is not None:
            raise error.__cause__ from None
        assert error.sentence
        return None


# A table cut off is a table; these formats say their length or how they end.
WHOLE = [key for key in sample.valid() if key != "csv"]


@pytest.mark.parametrize("key", WHOLE)
def test_a_file_that_is_cut_off_is_a_sentence(key: str) -> None:
    """Or it is the whole: a PNG without its last bytes, which say only that it ends."""
    data = sample.valid()[key]
    expected = files.read(data).tensors
    for end in range(0, len(data) - 1, 7):
        if found := answer(data[:end]):
            assert len(data) - end < 24, end
            for one, other in zip(found.tensors, expected, strict=True):
                assert torch.equal(one.tensor, other.tensor), end


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, a piece left out, doubled or moved."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at, size = chance.randrange(len(found)), chance.choice((1, 2, 4, 8, 40))
        match chance.randrange(6):
            case 0:
                found[at] = chance.randrange(256)
            case 1:
                found[at] ^= 1 << chance.randrange(8)
            case 2:
                found[at : at + size] = chance.choice((b"\0", b"\xff", b"\x7f", b"\x80")) * size
            case 3 if len(found) > size + 1:
                del found[at : at + size]
            case 4:
                found[at:at] = found[at : at + size] * chance.choice((1, 3))
            case _:
                found[at : at + 4] = struct.pack(
                    chance.choice("<>") + "I", chance.choice((0, 1, 2**16, 2**31, 2**32 - 1))
                )
    return bytes(found) or b"\0"


@pytest.mark.parametrize("key", sample.valid())
@pytest.mark.filterwarnings("ignore")
def test_three_hundred_changes_raise_nothing_else(key: str) -> None:
    chance = random.Random(key)
    for _ in range(300):
        found = answer(mutated(sample.valid()[key], chance))
        for loaded in found.tensors if found else ():
            assert loaded.tensor.numel() <= HOSTED.elements and loaded.tensor.is_contiguous()


@pytest.mark.parametrize("key", ["pt", "pt-lone"])
def test_changes_of_the_list_of_contents_raise_nothing_else(key: str) -> None:
    chance, read = random.Random(key), 0
    for _ in range(300):
        changed = mutated(sample.program(key), chance)
        read += answer(sample.with_program(key, changed)) is not None
    assert read > 3  # some changes do no harm: the reader is reached


@hypothesis_settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=200), st.sampled_from(sorted({data[:12] for data in sample.valid().values()} | {b""}))
)
def test_invented_bytes_raise_nothing_else(data: bytes, start: bytes) -> None:
    answer(start + data)


# --- in a worker, as the pages read


TOO_MUCH = {
    "bomb": lambda: sample.zipped({"a.npy": bytes(60_000_000)}, zipfile.ZIP_DEFLATED),
    "stride": lambda: sample.pt(torch.ones(1).expand(10**6, 10**6)),
    "boxes": lambda: boxes_lie(b"stsz", 50_000_000),
    "canvas": webp_canvas,
    "pixels": lambda: png(13_000, 13_000, zlib.compress(bytes(100_000))),
}


def test_a_worker_reads_and_refuses_in_its_memory() -> None:
    with Calculator(settings(workers=1, wall=8.0, tasks="reading_tasks:TASKS")) as calculator:
        assert eventually(lambda: full(calculator))
        for key, data in sample.valid().items():
            found = calculator.ask("read", {}, wall=20, files={"file": data}).data
            assert found["kind"] == key.partition("-")[0], found
        for make in TOO_MUCH.values():
            found = calculator.ask("read", {}, wall=20, files={"file": make()}).data
            assert found["sentence"]
            assert found["megabytes"] < 700, found
        # the measure sees memory that is taken, and the worker's limit holds
        assert value(calculator, "take", megabytes=900)["megabytes"] > 900
        with pytest.raises(Failure):
            calculator.ask("take", {"megabytes": 4_000}, wall=8)

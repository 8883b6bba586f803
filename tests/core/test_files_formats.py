"""Every format: what its own library wrote reads back equal, and what we write is read by another's reader."""

from __future__ import annotations

import csv
import dataclasses
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import sample_files as sample
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core import files
from core.expression.arguments import DTYPES
from core.files import admit, write
from core.limits import HOSTED

GRID = torch.tensor([[1.5, -2.0, 3.25], [0.0, float("inf"), float("nan")]])


def only(data: bytes, filename: str = "") -> torch.Tensor:
    (loaded,) = files.read(data, filename).tensors
    return loaded.tensor


def same(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)
    assert found.is_contiguous() and found.layout == torch.strided and not found.requires_grad


@pytest.mark.parametrize("key", sample.valid())
def test_a_kind_is_told_by_content_alone(key: str) -> None:
    for filename in ("", "weights.docx", "../../x.py", "a" * 5_000):
        found = files.read(sample.valid()[key], filename)
        assert found.kind == key.partition("-")[0]
        for loaded in found.tensors:
            assert loaded.tensor.dtype in DTYPES.values() and loaded.note


def test_the_dtypes_are_the_languages() -> None:
    assert {getattr(torch, name) for name in admit.KEPT} == set(DTYPES.values())
    assert set(admit.BECOMES.values()) <= set(admit.KEPT)


def test_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, core.files, core.files.write\n"
        "print([name for name in ('torch', 'numpy', 'PIL', 'av', 'safetensors') if name in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


# --- NumPy


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f2", "<f4", "<f8", ">f4", ">i8", "i1", "<i2", ">i4", "u1", "?"])
def test_an_npy_reads_back(version: tuple[int, int], order: str, dtype: str) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(dtype, order=order)
    expected = torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))
    same(only(sample.npy(array, version)), expected)


@pytest.mark.parametrize(
    ("dtype", "kept"), [("u2", "int32"), ("u4", "int64"), ("u8", "int64"), (">u2", "int32")]
)
def test_unsigned_numbers_get_a_dtype_that_holds_them(dtype: str, kept: str) -> None:
    array = np.array([0, 7, 2**15 + 1], dtype)
    found = files.read(sample.npy(array))
    same(found.tensors[0].tensor, torch.tensor([0, 7, 2**15 + 1], dtype=getattr(torch, kept)))
    assert any(kept in note for note in found.notes)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1, 1, 1), (1,) * 8])
def test_scalars_and_empty_arrays_read(shape: tuple[int, ...]) -> None:
    same(only(sample.npy(np.ones(shape))), torch.ones(shape, dtype=torch.float64))
    same(only(sample.pt(torch.ones(shape))), torch.ones(shape))
    same(only(sample.safe({"A": torch.ones(shape)})), torch.ones(shape))


def test_an_npz_has_its_members_and_names() -> None:
    arrays = {"A": np.eye(3), "layer/weight": np.arange(5), "lambda": np.ones(2, ">f4")}
    for packed in (False, True):
        found = files.read(sample.npz(packed, **arrays))
        assert {one.key: one.name for one in found.tensors} == {
            "A": "A", "layer/weight": "layer_weight", "lambda": "lambda_2",
        }  # fmt: skip
        for one in found.tensors:
            assert np.array_equal(one.tensor.numpy(), arrays[one.key])


def test_a_member_that_is_no_array_is_said() -> None:
    data = sample.zipped({"a.npy": sample.npy([1, 2]), "readme.txt": b"hello"})
    found = files.read(data)
    assert len(found.tensors) == 1 and "readme.txt" in found.notes[0]


# --- PyTorch


def checkpoint() -> dict:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimiser = torch.optim.Adam(model.parameters())
    model(torch.ones(4, 3)).sum().backward()
    optimiser.step()
    return {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "epoch": 3,
        "losses": [0.5, 0.25],
    }


def flat(tree: object, key: str = "") -> dict[str, torch.Tensor]:
    if isinstance(tree, torch.Tensor):
        return {key: tree}
    pairs = (
        tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, (list, tuple)) else ()
    )
    return {name: one for k, v in pairs for name, one in flat(v, f"{key}.{k}" if key else str(k)).items()}


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_checkpoint_has_the_tensors_that_torch_loads(protocol: int) -> None:
    data = sample.pt(checkpoint(), pickle_protocol=protocol)
    found = files.read(data)
    expected = flat(torch.load(io.BytesIO(sample.pt(checkpoint())), weights_only=True))
    assert [one.key for one in found.tensors] == list(expected)
    for one in found.tensors:
        same(one.tensor, expected[one.key].detach())
    assert "epoch" in found.notes[0]


def views() -> dict[str, torch.Tensor]:
    base = torch.arange(24.0).reshape(4, 6)
    marked = torch.ones(2)
    marked.mark = "a note"
    return {
        "transposed": base.T, "slice": base[1:3, ::2], "expanded": base[:, :1].expand(4, 5), "base": base,
        "scalar": base[2, 3], "parameter": torch.nn.Parameter(base), "attribute": marked,
        "bool": base > 7, "negative": torch.view_as_complex(base.reshape(4, 3, 2)).conj().imag.clone(),
    }  # fmt: skip


@pytest.mark.parametrize("name", views())
def test_views_and_parameters_read_as_their_values(name: str) -> None:
    same(only(sample.pt(views()[name])), views()[name].detach())
    together = {one.key: one.tensor for one in files.read(sample.pt(views())).tensors}
    same(together[name], views()[name].detach())


@pytest.mark.parametrize("dtype", [*admit.KEPT, *admit.BECOMES])
def test_each_dtype_of_torch_is_kept_or_converted(dtype: str) -> None:
    values = torch.tensor([0.0, 1.0, 1.0]).to(getattr(torch, dtype))
    kept = getattr(torch, admit.BECOMES.get(dtype, dtype))
    same(only(sample.pt(values)), values.to(kept))
    if dtype != "float8_e8m0fnu":  # the library does not know it
        same(only(sample.safe({"A": values})), values.to(kept))


def test_a_big_endian_checkpoint_is_turned() -> None:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(sample.pt(GRID))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members = {
        name: np.frombuffer(content, "<f4").astype(">f4").tobytes() if name.endswith("data/0") else content
        for name, content in members.items()
    }
    members[next(name for name in members if name.endswith("byteorder"))] = b"big"
    same(only(sample.zipped(members)), GRID)


# --- safetensors


def test_a_safetensors_file_reads_back_with_its_notes() -> None:
    tensors = {"Q": GRID, "layer.0.weight": torch.arange(4), "h": torch.ones(2, dtype=torch.bfloat16)}
    found = files.read(sample.safe(tensors, {"made": "hier <b>", "by": "测试"}))
    assert dict(found.metadata) == {"made": "hier <b>", "by": "测试"}
    for one in found.tensors:
        same(one.tensor, tensors[one.key])
    assert {one.name for one in found.tensors} == {"Q", "layer_0_weight", "h"}


# --- pictures and clips


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF"])
def test_a_still_has_its_pixels(form: str) -> None:
    picture = sample.colours().convert("P") if form == "GIF" else sample.colours()
    data = sample.saved(picture, form, **({"lossless": True} if form == "WEBP" else {}))
    found = files.read(data, "my photo.tif")
    assert found.kind == "image" and found.tensors[0].name == "my_photo" and "7 × 5" in found.tensors[0].note
    assert np.array_equal(
        found.tensors[0].tensor.permute(1, 2, 0).numpy(), np.asarray(picture.convert("RGB"))
    )


def test_a_photograph_with_others_behind_it_is_a_still() -> None:
    data = sample.saved(sample.colours(16, 16), "MPO", save_all=True, append_images=[sample.colours(16, 16)])
    assert files.read(data).kind == "image"


@pytest.mark.parametrize("key", ["clip-gif", "clip-webp", "clip-png"])
def test_more_than_one_frame_is_a_clip(key: str) -> None:
    found = only(sample.valid()[key])
    assert found.shape == (3, 3, 6, 8) and found[:, 0, 0, 0].tolist() == [0, 60, 120]


def encoded(form: str, codec: str) -> bytes:
    """A video, written in a process of its own.

    SVT-AV1 makes the thread that calls it a real-time one (SCHED_FIFO, 99) where it runs as root, and all that the
    thread starts afterwards: a browser so favoured leaves no time to anybody else on the machine.
    """
    script = (
        "import sys, sample_files; sys.stdout.buffer.write(sample_files.video(*sys.argv[1:], size=(64, 48)))"
    )
    command = [sys.executable, "-c", script, form, codec]
    return subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, check=True, timeout=120
    ).stdout


@pytest.mark.parametrize(
    ("form", "codec"),
    [("mp4", "libx264"), ("mov", "mpeg4"), ("webm", "libvpx"), ("webm", "libvpx-vp9"), ("mp4", "libsvtav1")],
)
def test_a_video_has_its_frames(form: str, codec: str) -> None:
    found = only(encoded(form, codec))
    assert found.shape == (5, 3, 48, 64) and found.dtype == torch.uint8
    grey = torch.arange(0, 200, 40).view(-1, 1, 1, 1).expand_as(found)
    torch.testing.assert_close(found.int(), grey.int(), rtol=0, atol=6)


def test_sound_is_passed_over() -> None:
    assert only(sample.video("mp4", "libx264", sound=True)).shape == (5, 3, 24, 32)


# --- names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("photo", "photo"),
        ("layer.0.weight", "layer_0_weight"),
        ("2024-photo", "photo"),
        ("Crème brûlée", "Creme_brulee"),
        ("照片", "T"),
        ("", "T"),
        ("123", "T"),
        ("lambda", "lambda_2"),
        ("<script>alert(1)</script>", "script_alert_1_script"),
        ("_private_", "private"),
        ("w" * 80, "w" * 30),
    ],
)
def test_a_name_is_an_identifier(text: str, name: str) -> None:
    assert files.tensor_name(text) == name


def test_names_that_are_taken_are_numbered() -> None:
    assert files.tensor_name("photo", {"photo", "photo_2"}) == "photo_3"
    assert files.tensor_name("softmax", (), {"softmax"}) == "softmax_2"
    assert files.tensor_name("w" * 80, {"w" * 30}) == "w" * 28 + "_2"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.sets(st.text("abT_2", max_size=5)))
def test_any_text_gives_a_name_that_is_free(text: str, taken: set[str]) -> None:
    name = files.tensor_name(text, taken)
    assert (
        name.isidentifier() and name.isascii() and name[0].isalpha() and len(name) <= 30 and name not in taken
    )


# --- written


def every_dtype() -> list[torch.Tensor]:
    wide = torch.linspace(-3, 300, 12).reshape(3, 4)
    special = torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 1e-7, 65504.0, 0.1, 1 / 3])
    floats = [
        t.to(d)
        for t in (wide, special)
        for d in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
    ]
    ints = [
        wide.abs().clamp(0, 100).to(d)
        for d in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
    ]
    ends = torch.tensor([torch.iinfo(torch.int64).min, torch.iinfo(torch.int64).max])
    shapes = [torch.tensor(2.5), torch.tensor(7), torch.tensor(True), torch.zeros(0), torch.zeros(0, 3)]
    return [*floats, *ints, ends, wide > 5, wide.T, wide[:, :1].expand(3, 5), *shapes]


def named(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype)[6:]}-{list(tensor.shape)}"


@pytest.mark.parametrize("tensor", every_dtype(), ids=named)
def test_what_is_written_is_read_by_others_and_by_us(tensor: torch.Tensor) -> None:
    data = write.safetensors({"A": tensor}, {"from": "a test"})
    same(safetensors.torch.load(data)["A"], tensor.contiguous())
    same(only(data), tensor.contiguous())
    if tensor.dtype == torch.bfloat16:
        for one in (write.npy, lambda t: write.numpy_code(t, "A")):
            with pytest.raises(files.FileError, match="bfloat16"):
                one(tensor)
        return
    assert np.array_equal(np.load(io.BytesIO(write.npy(tensor))), tensor.numpy(), equal_nan=not_int(tensor))
    same(only(write.npy(tensor)), tensor.contiguous())


def not_int(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point()


@pytest.mark.parametrize("tensor", every_dtype(), ids=named)
def test_the_code_makes_the_tensor(tensor: torch.Tensor) -> None:
    """The code is run as a visitor would run it: it is our own, of numbers."""
    scope: dict = {"torch": torch, "np": np}
    exec(write.torch_code(tensor, "A"), scope)
    same(scope["A"], tensor.contiguous())
    assert torch.equal(torch.signbit(scope["A"].nan_to_num()), torch.signbit(tensor.nan_to_num()))
    if tensor.dtype != torch.bfloat16:
        exec(write.numpy_code(tensor, "A"), scope)
        same(torch.from_numpy(np.array(scope["A"])), tensor.contiguous())


@pytest.mark.parametrize("tensor", [t for t in every_dtype() if t.ndim <= 2], ids=named)
def test_a_csv_reads_back_to_the_same_values(tensor: torch.Tensor) -> None:
    rows = list(csv.reader(io.StringIO(write.csv(tensor).decode())))
    values = [[int(c) if not tensor.is_floating_point() else float(c) for c in row] for row in rows]
    found = torch.tensor(values, dtype=torch.float64 if tensor.is_floating_point() else torch.int64)
    same(found.to(tensor.dtype).reshape(tensor.shape), tensor.contiguous())


def test_a_csv_is_as_short_as_can_be() -> None:
    values = torch.tensor([[0.1, 2.0, 1e-5, 1e20, 1 / 3, float("nan"), -float("inf")]])
    assert write.csv(values) == b"0.1,2,1e-5,1e20,0.33333334,nan,-inf\n"
    assert write.csv(values.to(torch.bfloat16)) == b"0.1,2,1e-5,1e20,0.334,nan,-inf\n"
    assert write.csv(torch.tensor([1, 2])) == b"1\n2\n" and write.csv(torch.tensor(True)) == b"1\n"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=50))
def test_sixteen_bits_are_said_exactly(bits: list[int]) -> None:
    for dtype in (torch.float16, torch.bfloat16):
        values = torch.tensor(bits, dtype=torch.int32).to(torch.int16).view(dtype)
        texts = write.csv(values).decode().split()
        same(torch.tensor([float(text) for text in texts], dtype=torch.float64).to(dtype), values)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(width=32), min_size=1, max_size=50))
def test_float32_is_said_exactly(numbers: list[float]) -> None:
    values = torch.tensor(numbers, dtype=torch.float32)
    texts = write.csv(values).decode().split()
    same(torch.tensor([float(text) for text in texts], dtype=torch.float64).float(), values)


def test_a_reader_by_way_of_float64_gets_the_same_float32() -> None:
    """The shortest decimal of this one is 7.038531e-26, and the float64 nearest to that rounds to its neighbour."""
    number = np.nextafter(np.float32(7.0385313e-26), np.float32(0))
    assert np.float32(float(str(number))) != number
    value = torch.tensor([number.item()], dtype=torch.float32)
    same(torch.tensor([float(write.csv(value))], dtype=torch.float64).float(), value)


def test_a_bool_is_true_or_false() -> None:
    """A file may hold any byte where a bool should be."""
    data = sample.npy(np.array([True, False])).replace(b"\n\1\0", b"\n\7\0")
    assert only(data).view(torch.uint8).tolist() == [1, 0]
    data = sample.safe({"A": torch.tensor([True, False])})
    assert only(data[:-2] + b"\7\0").view(torch.uint8).tolist() == [1, 0]


def test_a_mistake_of_ours_is_a_sentence_and_no_memory_is_no_memory(monkeypatch) -> None:
    def broken(*_arguments):
        raise errors.pop()

    errors = [RuntimeError("[enforce fail] can't allocate memory"), ZeroDivisionError("/a/path")]
    monkeypatch.setattr("core.files.known._read", broken)
    with pytest.raises(files.FileError) as caught:
        files.read(b"1")
    assert "/a/path" not in caught.value.sentence and isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(MemoryError):
        files.read(b"1")


def test_a_cell_that_a_spreadsheet_would_run_is_quoted() -> None:
    assert [write._cell(text) for text in ("-1", "+2", "-inf", "nan", "=1+1", "@x", "-x", "+cmd|'x'")] == [
        "-1", "+2", "-inf", "nan", "'=1+1", "'@x", "'-x", "'+cmd|'x'",
    ]  # fmt: skip


def test_latex_is_a_matrix() -> None:
    assert (
        write.latex(torch.tensor([[1, 2], [3, 4]])) == "\\begin{pmatrix}\n1 & 2 \\\\\n3 & 4\n\\end{pmatrix}"
    )
    assert (
        write.latex(torch.tensor([0.5, float("inf")]))
        == "\\begin{pmatrix}\n0.5 \\\\\n\\infty\n\\end{pmatrix}"
    )
    assert write.latex(torch.tensor(1e-9)) == r"1 \times 10^{-9}"
    assert write.latex(torch.zeros(0, 3)).startswith("\\begin{pmatrix}")


@pytest.mark.parametrize(
    ("write_it", "words"),
    [
        (lambda: write.csv(torch.zeros(2, 2, 2)), "two axes"),
        (lambda: write.latex(torch.zeros(2, 2, 2)), "two axes"),
        (lambda: write.latex(torch.zeros(21, 20)), "420"),
        (lambda: write.torch_code(torch.zeros(10_001), "A"), "10001"),
        (lambda: write.torch_code(torch.zeros(1), "A; import os"), "name"),
    ],
)
def test_what_cannot_be_written_is_a_sentence(write_it, words: str) -> None:
    with pytest.raises(files.FileError, match=words):
        write_it()


def test_limits_hold_for_what_is_read() -> None:
    narrow = dataclasses.replace(HOSTED, elements=50, total_elements=60)
    with pytest.raises(files.FileError, match="50 elements"):
        files.read(sample.npy(np.zeros((8, 8))), limits=narrow)
    with pytest.raises(files.FileError, match="60 elements"):
        files.read(sample.npz(A=np.zeros(40), B=np.zeros(40)), limits=narrow)
    assert len(files.read(sample.npz(A=np.zeros(30), B=np.zeros(30)), limits=narrow).tensors) == 2


def test_a_picture_too_large_is_told_what_would_do() -> None:
    with pytest.raises(files.FileError) as caught:
        files.read(sample.saved(Image.new("RGB", (3000, 2000)), "PNG"))
    assert "2449 × 1632" in caught.value.fix
    assert only(sample.saved(Image.new("RGB", (707, 471)), "PNG")).shape == (3, 471, 707)


def test_a_picture_that_one_tensor_cannot_hold_is_made_smaller() -> None:
    """A photograph of three megapixels, and one that lies on its side: as large as fits, and a note says so."""
    for side in (False, True):
        written = io.BytesIO()
        exif = Image.Exif()
        if side:
            exif[0x0112] = 6  # turned by the reader
        Image.new("RGB", (2000, 1500), (10, 200, 30)).save(written, "JPEG", exif=exif)
        found = files.read(written.getvalue(), "photo.jpg")
        (loaded,) = found.tensors
        shape = (3, 666, 499) if side else (3, 499, 666)
        assert tuple(loaded.tensor.shape) == shape
        assert abs(int(loaded.tensor[1].float().mean()) - 200) < 3
        assert "made smaller, from 2000 × 1500" in found.notes[0]


def test_a_clip_that_one_tensor_cannot_hold_is_made_smaller() -> None:
    frames = [Image.new("RGB", (400, 300), (k * 20, 0, 0)) for k in range(10)]
    written = io.BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    (loaded,) = files.read(written.getvalue(), "clip.gif").tensors
    assert loaded.tensor.ndim == 4 and loaded.tensor.shape[0] == 10
    assert 900_000 < loaded.tensor.numel() <= 1_000_000

"""Films, zips and pages of PDF, each opened by a reader that did not write it."""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import replace

import av
import numpy as np
import pypdf
import pytest
from drawn_frames import MARK, PAPER, announcing, frame, frames, png
from PIL import Image

from core.export import tasks
from core.export.film import film, rate_for, slots
from core.export.pictures import ExportError, is_name, pdf, png_size, safe_name, steps_zip
from core.limits import HOSTED
from core.words import plain_text, speaking

TIMES = [40] * 11 + [500]


def pillow(data: bytes) -> tuple[list[np.ndarray], list[int], dict]:
    """Frames (RGB), their times in ms, and what the file says of itself."""
    opened = Image.open(io.BytesIO(data))
    found, times = [], []
    for number in range(opened.n_frames):
        opened.seek(number)
        found.append(np.asarray(opened.convert("RGB")).astype(int))
        times.append(opened.info["duration"])
    return found, times, {**opened.info, "format": opened.format}


def video(data: bytes) -> tuple[list[np.ndarray], object]:
    """Frames (RGB) and the stream of an MP4."""
    container = av.open(io.BytesIO(data))
    stream = container.streams.video[0]
    return [one.to_ndarray(format="rgb24").astype(int) for one in container.decode(stream)], stream


def lasts(data: bytes) -> int:
    """How many milliseconds an MP4 lasts."""
    stream = av.open(io.BytesIO(data)).streams.video[0]
    return round(1_000 * stream.duration * stream.time_base)


def differs(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference of a channel."""
    return float(np.abs(one - other).max())


# --- GIF and WebP


@pytest.mark.parametrize("form", ["gif", "webp"])
def test_a_film_has_its_size_its_frames_and_its_times(form: str) -> None:
    """Every frame is shown for its time; the first and the last are not the same."""
    found, times, info = pillow(film(frames(12), TIMES, form))
    assert info["format"] == form.upper()
    assert (len(found), times) == (12, TIMES)
    assert found[0].shape == (180, 320, 3)
    assert differs(found[0], found[-1]) > 100


@pytest.mark.parametrize("form", ["gif", "webp", "mp4"])
@pytest.mark.parametrize("shown", [(0, 1, 1, 1), (0, 0, 1, 1), (0, 1, 0, 0)])
def test_a_film_that_stands_still_lasts_as_long(form: str, shown: tuple[int, ...]) -> None:
    """Encoders leave out what looks the same; the time for it is not lost, at the end of the film neither."""
    pictures = frames(2)
    made = film([pictures[k] for k in shown], [200, 100, 300, 1000], form)
    if form == "mp4":
        assert abs(lasts(made) - 1600) <= 1_000 / 12 / 2  # half a frame at its rate
    else:
        assert sum(pillow(made)[1]) == 1600


@pytest.mark.parametrize("form", ["gif", "webp"])
def test_flat_colours_are_kept_exactly(form: str) -> None:
    """Paper on a slide is the slide's paper; a mark is its colour."""
    found, _times, _info = pillow(film(frames(12), TIMES, form))
    assert all(tuple(one[5, 310]) == PAPER for one in found)
    assert tuple(found[0][80, 30]) == MARK
    assert tuple(found[-1][80, 300]) == MARK


def test_a_webp_is_without_loss() -> None:
    """Every pixel of every frame."""
    found, _times, _info = pillow(film(frames(5), [100] * 5, "webp"))
    for number, one in enumerate(found):
        assert differs(one, np.asarray(frame(number / 4).convert("RGB")).astype(int)) == 0


@pytest.mark.parametrize("flat", [PAPER, (23, 27, 31)])  # far from the corner of Pillow's cell of four
def test_colours_beyond_a_gif(flat: tuple[int, int, int]) -> None:
    """A picture of thousands of colours keeps its flat one exactly, and comes close in those that are almost it."""
    rng = np.random.default_rng(0)
    noisy = np.full((90, 160, 3), flat, np.uint8)
    noisy[:, 80:] = flat - rng.integers(0, 12, (90, 80, 3))
    noisy[:40, 80:] = rng.integers(0, 256, (40, 80, 3))
    found, _times, _info = pillow(film([png(Image.fromarray(noisy))] * 2, [100, 100], "gif"))
    assert tuple(found[0][5, 5]) == flat
    assert np.abs(found[0] - noisy).mean() < 8


def test_a_colour_that_no_sample_has() -> None:
    """Of a film with few colours some frames are looked at; what only another one has becomes the nearest of them."""
    pictures = [frame(number / 20, (64, 36)) for number in range(20)]
    pictures[7].paste((0xC3, 0x51, 0x0D), (0, 30, 6, 36))
    found, _times, _info = pillow(film([png(one) for one in pictures], [100] * 20, "gif"))
    assert tuple(found[7][33, 2]) == MARK
    assert tuple(found[7][33, 62]) == PAPER


@pytest.mark.parametrize(("form", "key"), [("gif", 0), ("webp", 0)])
def test_over_and_over_or_once(form: str, key: int) -> None:
    """A GIF that plays once says nothing; a WebP says 1."""
    assert pillow(film(frames(3), [50] * 3, form))[2]["loop"] == key
    assert pillow(film(frames(3), [50] * 3, form, loop=False))[2].get("loop", 1) == 1


def test_a_gif_is_no_faster_than_browsers_show_it() -> None:
    """Below 20 ms a browser takes 100: frames are left out, and the film lasts as long as it was."""
    _found, times, _info = pillow(film(frames(60, (64, 36)), [10] * 60, "gif"))
    assert min(times) >= 20
    assert abs(sum(times) - 600) <= 20


def test_what_is_transparent_becomes_white() -> None:
    """Over white, not over the black that lies under it."""
    clear = Image.new("RGBA", (64, 36), (0, 0, 0, 0))
    clear.paste((200, 0, 0, 128), (0, 0, 32, 36))
    for form in ("gif", "webp"):
        found, _times, _info = pillow(film([png(clear), png(frame(1, (64, 36)))], [100, 100], form))
        assert differs(found[0][10, 60], np.array([255, 255, 255])) == 0
        assert differs(found[0][10, 10], np.array([227, 127, 127])) <= 2


def test_equal_frames_are_a_still() -> None:
    """A film in which nothing happens is made all the same."""
    for form in ("gif", "webp", "mp4"):
        assert film([frames(1)[0]] * 4, [100] * 4, form)


# --- MP4


def test_an_mp4_is_what_players_know() -> None:
    """H.264, yuv420p, BT.709, a constant rate, from 0 to its end, the index in front."""
    data = film(frames(12), TIMES, "mp4", title="矩阵乘向量")
    found, stream = video(data)
    coder = stream.codec_context
    assert (coder.name, coder.pix_fmt, coder.profile) == ("h264", "yuv420p", "High")
    assert (coder.colorspace, coder.color_primaries, coder.color_trc, coder.color_range) == (1, 1, 1, 1)
    assert (stream.average_rate, stream.start_time) == (25, 0)
    assert data.index(b"moov") < data.index(b"mdat")
    assert stream.container.metadata["title"] == "矩阵乘向量"
    assert abs(float(stream.duration * stream.time_base) - 0.94) < 0.04
    assert len(found) == math.ceil(0.94 * 25)


def test_an_mp4_shows_what_was_drawn() -> None:
    """Every frame at its time; paper is paper within what eight bits of video can say."""
    found, _stream = video(film(frames(12), TIMES, "mp4"))
    for number in range(12):
        wanted = np.asarray(frame(number / 11).convert("RGB")).astype(int)
        assert np.abs(found[number] - wanted).mean() < 3, number
    assert differs(found[0][170, 310], np.array(PAPER)) <= 3
    assert differs(found[0], found[-1]) > 100


@pytest.mark.parametrize(
    ("size", "even"), [((321, 181), (322, 182)), ((320, 181), (320, 182)), ((1, 1), (2, 2))]
)
def test_odd_sides_are_made_even(size: tuple[int, int], even: tuple[int, int]) -> None:
    """By one row or column in the border's colour."""
    found, stream = video(film(frames(3, size), [100] * 3, "mp4"))
    assert (stream.width, stream.height) == even
    assert differs(found[0][-1, -1], found[0][size[1] - 1, size[0] - 1]) <= 3


@pytest.mark.parametrize(
    "times",
    [[40, 5_000, 2_000], [40, 960, 1_000], [40, 2_000, 520], [100 / 3, 500, 1_600 / 3], [40, 960, 40], [520, 0, 480]],
)  # fmt: skip
def test_a_long_still_is_repeated_now_and_then(monkeypatch: pytest.MonkeyPatch, times: list[float]) -> None:
    """Where every frame of a constant rate would be too much, the times stay the same: no moment comes twice."""
    monkeypatch.setattr("core.export.film.CONSTANT_PIXELS", 1_000)
    found, _stream = video(made := film(frames(3), times, "mp4"))
    assert abs(lasts(made) - sum(times)) < 40
    assert len(found) < 30
    assert differs(found[-1], np.asarray(frame(1).convert("RGB")).astype(int)) < 120


@pytest.mark.parametrize(
    ("times", "rate"),
    [([40], 25), ([1000 / 60], 60), ([33], 30), ([500], 12), ([1], 60), ([0, 100], 12), ([41.7, 900], 24)],
)
def test_a_rate_that_shows_every_frame(times: list[float], rate: int) -> None:
    """The lowest of those that players know."""
    assert rate_for(times) == rate


def test_slots_keep_the_times() -> None:
    """No error adds up, and the last frame is always there."""
    assert slots([33.4] * 30, 10)[-1][0] == 29
    assert sum(ticks for _frame, ticks in slots([33.4] * 30, 10)) == 100
    assert slots([5, 5, 5, 5], 10, 2) == [(2, 2), (3, 2)]
    assert slots([100, 1], 10, 2) == [(0, 10), (1, 2)]


# --- what is refused


@pytest.mark.parametrize(
    ("pictures", "times", "words"),
    [
        ([], [], "at least one"),
        ([announcing(30_000, 30_000)], [100], "not one that a browser draws"),
        ([announcing(16_000, 16_000)], [100], "1440 × 1440 would do"),
        ([announcing(100, 100, interlaced=1)], [100], "not one that a browser draws"),
        ([announcing(100, 100, depth=16)], [100], "not one that a browser draws"),
        ([announcing(0, 100)], [100], "not one that a browser draws"),
        ([announcing(100, 100)], [100], "damaged"),
        ([frames(1)[0][:-400]], [100], "damaged"),
        ([b"GIF89a" + bytes(100)], [100], "no PNG"),
        ([b""], [100], "no PNG"),
        ([frames(1)[0], frames(1, (64, 36))[0]], [100, 100], "one size"),
        ([frames(1)[0]] * 601, [1] * 601, "601 pictures"),
        ([frames(1)[0]] * 2, [100], "time in milliseconds"),
        ([frames(1)[0]], [float("nan")], "time in milliseconds"),
        ([frames(1)[0]], [float("inf")], "up to 300 seconds"),
        ([frames(1)[0]], [10**400], "up to 300 seconds"),
        ([frames(1)[0]], [-1], "time in milliseconds"),
        ([frames(1)[0]], ["100"], "time in milliseconds"),
        ([frames(1)[0]], [True], "time in milliseconds"),
        ([frames(1)[0]], [300_001], "up to 300 seconds"),
        ([frames(1)[0]], [0], "up to 300 seconds"),
    ],
)
def test_what_is_no_film(pictures: list[bytes], times: list[float], words: str) -> None:
    """A sentence for each, in every format."""
    for form in ("gif", "webp", "mp4"):
        with pytest.raises(ExportError, match=words):
            film(pictures, times, form)


def test_too_many_pixels_over_all_frames() -> None:
    """Before any is decoded: these cannot be."""
    with pytest.raises(ExportError, match="600 pictures of 1000 × 1000"):
        film([announcing(1_000, 1_000)] * 600, [10] * 600, "mp4")


def test_another_format_is_no_film() -> None:
    """A sentence, not an encoder's name tried."""
    with pytest.raises(ExportError, match="GIF, a WebP or an MP4"):
        film(frames(1), [100], "avi")


def test_sentences_are_in_the_language_asked() -> None:
    """As all others."""
    with speaking("zh"), pytest.raises(ExportError, match="一样大"):
        film([frames(1)[0], frames(1, (64, 36))[0]], [100, 100], "gif")


# --- stills


def test_the_steps_in_a_zip() -> None:
    """In their order, byte for byte, under names that every system takes."""
    pictures = frames(4)
    names = ["第一步：A 乘 x", "../../etc/passwd", "con", "Con.png"]
    with zipfile.ZipFile(io.BytesIO(steps_zip(list(zip(names, pictures, strict=True))))) as packed:
        assert packed.testzip() is None
        assert packed.namelist() == ["第一步：A 乘 x.png", "etc passwd.png", "03 con.png", "04 Con.png"]
        assert [packed.read(name) for name in packed.namelist()] == pictures


def test_equal_names_in_a_zip() -> None:
    """Also where only Windows and macOS think so."""
    pictures = [(name, frames(1)[0]) for name in ("A", "a", "A (2)", "A")]
    with zipfile.ZipFile(io.BytesIO(steps_zip(pictures))) as packed:
        names = packed.namelist()
    assert len({name.casefold() for name in names}) == 4
    assert names[0] == "A.png"


def test_a_page_of_pdf_has_the_figures_size() -> None:
    """960 x 540 pixels of CSS are 720 x 405 points; the picture lies in it without loss; Chinese is right."""
    drawn = frame(0.5, (1_920, 1_080))
    data = pdf(png(drawn), width=960, title="矩阵 (A)", alt="一个网格", language="zh")
    read = pypdf.PdfReader(io.BytesIO(data))
    page = read.pages[0]
    assert len(read.pages) == 1
    assert [float(side) for side in page.mediabox] == [0, 0, 720, 405]
    assert read.metadata.title == "矩阵 (A)"
    assert read.trailer["/Root"]["/Lang"] == "zh-CN"
    (picture,) = page.images
    assert np.array_equal(np.asarray(picture.image.convert("RGB")), np.asarray(drawn.convert("RGB")))
    assert "一个网格".encode("utf-16-be") in data or "一个网格" in str(described(read))


def described(read: pypdf.PdfReader) -> list[str]:
    """The /Alt of everything in the file's structure."""
    return [
        found["/Alt"]
        for k in range(1, len(read.xref[0]) + 1)
        if (found := _object(read, k)) and "/Alt" in found
    ]


def _object(read: pypdf.PdfReader, number: int) -> dict | None:
    found = read.get_object(pypdf.generic.IndirectObject(number, 0, read))
    return found if isinstance(found, dict) else None


def test_a_transparent_page_stays_transparent() -> None:
    """With a mask; the colour is not mixed with anything."""
    clear = Image.new("RGBA", (400, 200), (10, 20, 30, 0))
    clear.paste((200, 100, 50, 255), (0, 0, 200, 200))
    (picture,) = pypdf.PdfReader(io.BytesIO(pdf(png(clear)))).pages[0].images
    assert picture.image.getpixel((10, 10)) == (200, 100, 50, 255)
    assert picture.image.getpixel((390, 10))[3] == 0


@pytest.mark.parametrize("width", [float("nan"), 1e9, -960, 10**400, "960", 1])
def test_a_page_of_no_width(width: float) -> None:
    """A sentence."""
    with pytest.raises(ExportError, match="do not fit together"):
        pdf(frames(1)[0], width=width)


def test_a_still_beyond_a_size() -> None:
    """Told by its header."""
    with pytest.raises(ExportError, match="megapixels"):
        pdf(announcing(16_000, 16_000))
    with pytest.raises(ExportError, match="megapixels"):
        steps_zip([("a", announcing(16_000, 16_000))])
    small = replace(HOSTED, picture_pixels=1_000)
    with pytest.raises(ExportError, match="42 × 23 would do"):
        pdf(frames(1)[0], limits=small)


def test_the_size_of_a_png() -> None:
    """As Pillow wrote it."""
    assert png_size(frames(1, (321, 77))[0]) == (321, 77)
    assert png_size(frames(1, (321, 77), "RGB")[0]) == (321, 77)


# --- names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Matrix × vector", "Matrix × vector.png"),
        ("a/b\\c", "a b c.png"),
        ("../../x", "x.png"),
        ("C:\\Windows\\x", "C Windows x.png"),
        ("  .hidden. ", "hidden.png"),
        ("CON", "tensor-atlas CON.png"),
        ("nul.txt", "tensor-atlas nul.txt.png"),
        ("COM¹", "tensor-atlas COM¹.png"),
        ("con .txt", "tensor-atlas con .txt.png"),
        ("console", "console.png"),
        ("", "tensor-atlas.png"),
        (None, "tensor-atlas.png"),
        ("\u202egnp.exe", "gnp.exe.png"),
        ("a\x00\r\nb\ud800", "a b.png"),
        ('<img src="x">', "img src= x.png"),
        ("x.PNG", "x.png"),
        ("矩阵" * 100, "矩阵" * 40 + ".png"),
        ("𠀀" * 100, "𠀀" * 60 + ".png"),
    ],
)
def test_a_name_is_safe_everywhere(text: object, name: str) -> None:
    """No path, no reserved word, nothing invisible, not too long."""
    made = safe_name(text, ".png")
    assert made == name
    assert is_name(made)


@pytest.mark.parametrize(
    "text",
    ["", " a", "a ", "a.", "..", "a/b", "a\\b", "a:b", "a?", "a\nb", "a\u202eb", "a\ud800", "con", "Con .png",
     "COM¹.png", "lpt9 . x", "矩" * 86],
)  # fmt: skip
def test_what_is_no_name(text: str) -> None:
    """On one system or another."""
    assert not is_name(text)
    assert is_name("com.png") and is_name("矩" * 85) and is_name("con-1.png") and is_name(".hidden")


def test_texts_for_documents() -> None:
    """What XML cannot hold goes; what people write stays."""
    assert plain_text("a\x00b\x0b\ufffec\ud800d", 99) == "a b  c d"
    assert plain_text("👩‍🏫 ∑ᵢ 矩阵", 99) == "👩‍🏫 ∑ᵢ 矩阵"
    assert plain_text("a\r\nb\tc", 99, lines=True) == "a\nb\tc"
    assert plain_text("abcdef", 4) == "abc…"
    assert plain_text(7, 4) == ""


# --- the tasks


def asked(task, files: list[tuple[str, bytes]], **arguments) -> tuple[dict, dict[str, bytes]]:
    """A task's answer to files in one piece."""
    sizes = [[name, len(data)] for name, data in files]
    return task({**arguments, "sizes": sizes, "files": {"body": b"".join(data for _name, data in files)}})


def test_the_tasks_make_files() -> None:
    """Out of one body."""
    pictures = [(f"f{k}", data) for k, data in enumerate(frames(3))]
    data, blobs = asked(tasks.film, pictures, format="gif", times=[50, 50, 50], loop=True)
    assert data == {} and pillow(blobs["file"])[1] == [50, 50, 50]
    assert asked(tasks.pdf_page, pictures[:1], width=160)[1]["file"].startswith(b"%PDF")
    with zipfile.ZipFile(io.BytesIO(asked(tasks.steps, pictures)[1]["file"])) as packed:
        assert packed.namelist() == ["f0.png", "f1.png", "f2.png"]


@pytest.mark.parametrize(
    "changes",
    [
        {"times": None},
        {"times": {}},
        {"format": ["gif"]},
        {"title": 7, "times": 1},
        {"language": ["zh"], "times": 1},
    ],
)
def test_arguments_of_another_kind(changes: dict) -> None:
    """A sentence, no exception."""
    arguments = {"format": "gif", "times": [50], "loop": True} | changes
    assert asked(tasks.film, [("f", frames(1)[0])], **arguments)[0]["sentence"]


def test_a_language_of_another_kind() -> None:
    """Is none that is spoken; the file is made."""
    pictures = [("f0", frames(1)[0])]
    for task, more in ((tasks.pdf_page, {}), (tasks.deck, {"slides": [{"picture": "f0"}]})):
        for language in (["zh"], {"zh": 1}, None, 7):
            assert asked(task, pictures, language=language, **more)[1]["file"]


def test_a_file_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Says how large it would be."""
    monkeypatch.setattr(tasks, "current", lambda: replace(HOSTED, export_bytes=1_000))
    told = asked(tasks.film, [("f", frames(1)[0])], format="gif", times=[50])[0]
    assert "MB" in told["sentence"]

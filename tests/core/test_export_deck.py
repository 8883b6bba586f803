"""Decks, read again by python-pptx, and their QR codes by a reader of bar codes."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest
import zxingcpp
from drawn_frames import announcing, frame, frames, png
from lxml import etree
from PIL import Image
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE
from pptx.text.text import TextFrame

from core.export.deck import FIGURE, INCH, LARGEST_QR, NOTES, PAGE, Box, deck, fitted, qr
from core.export.film import film
from core.export.pictures import ExportError
from core.figures import theme
from core.limits import HOSTED
from core.slides import LONGEST
from core.words import speaking

LINK = "http://127.0.0.1:8501/matrix-vector?A=[[2,1],[0,3]]&x=[1,2]&step=3"
SLIDE = {
    "title": "矩阵乘向量：Matrix × vector",
    "caption": "A 的每一列按 x 的一个分量伸缩，再相加。",
    "formula": "Ax = x₁·a₁ + x₂·a₂ = (4, 6)",
    "code": "import torch\n\nprint(torch.ones(2))  # 一",
    "link": LINK,
    "alt": "一个被剪切的网格",
    "kind": "picture",
    "theme": "light",
    "picture": "f0",
    "film": "",
}
DRAW = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
SHOW = "{http://schemas.openxmlformats.org/presentationml/2006/main}"


def made(*slides: dict, files: dict[str, bytes] | None = None, language: str = "zh") -> Presentation:
    """The deck of `slides`, opened again."""
    given = files or {"f0": frames(1)[0]}
    with speaking(language):
        return Presentation(io.BytesIO(deck(slides, given, title="第一课", language=language)))


def shape(slide, name: str):
    """The shape of that name."""
    return next(one for one in slide.shapes if one.name == name)


def texts(slide) -> list[str]:
    """What is written on it, in the order of reading."""
    return [one.text_frame.text for one in slide.shapes if one.has_text_frame]


def test_a_slide_says_everything() -> None:
    """Title, caption and formula on it; code and address in the notes; Chinese as it was written."""
    read = made(SLIDE)
    (slide,) = read.slides
    assert (read.slide_width, read.slide_height) == (12_192_000, 6_858_000)
    assert slide.shapes.title.text_frame.text == SLIDE["title"]
    assert texts(slide) == [SLIDE["title"], SLIDE["caption"], SLIDE["formula"]]
    notes = slide.notes_slide.notes_text_frame
    assert notes.text == f"{SLIDE['code']}\n{LINK}"
    assert notes.paragraphs[-1].runs[0].hyperlink.address == LINK
    assert read.core_properties.title == "第一课"
    assert read.core_properties.author == "Tensor Atlas"


def test_notes_end_somewhere() -> None:
    """Nobody reads more while he speaks; and each line is written in the same time."""
    (slide,) = made({**SLIDE, "code": "\n".join(f"x = {k}" for k in range(1_500))}).slides
    lines = slide.notes_slide.notes_text_frame.text.split("\n")
    assert lines == [*(f"x = {k}" for k in range(NOTES - 1)), "…", LINK]


def test_the_longest_notes_are_soon_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines before are not looked at again for each."""
    looked: list[int] = []
    paragraphs = TextFrame.paragraphs.fget
    monkeypatch.setattr(
        TextFrame, "paragraphs", property(lambda frame: looked.append(1) or paragraphs(frame))
    )
    deck([{**SLIDE, "code": "x\n" * NOTES}], {"f0": frames(1)[0]})
    assert len(looked) < 10


def test_a_slide_keeps_what_the_desk_lets_it_say() -> None:
    """One table of lengths for a slide, whether it is edited or exported; a link is longer by the server's name."""
    longest = {name: "x" * LONGEST[name] for name in ("title", "caption", "formula", "alt", "code")}
    link = "https://atlas.example/" + "x" * (LONGEST["link"] - 1)
    (slide,) = made({**SLIDE, **longest, "link": link}).slides
    notes = slide.notes_slide.notes_text_frame
    assert notes.text == f"{longest['code']}\n{link}"
    assert notes.paragraphs[-1].runs[0].hyperlink.address == link
    assert shape(slide, "图")._element.nvPicPr.cNvPr.get("descr") == longest["alt"]
    (slide,) = made({**SLIDE, **{name: text + "x" for name, text in longest.items()}}).slides
    assert shape(slide, "图")._element.nvPicPr.cNvPr.get("descr") == longest["alt"][:-1] + "…"
    assert slide.notes_slide.notes_text_frame.text == f"{longest['code'][:-1]}…\n{LINK}"


def test_half_a_link_is_none() -> None:
    """It would lead elsewhere."""
    (slide,) = made({**SLIDE, "link": LINK + "&q=" + "x" * 5_000}).slides
    assert slide.notes_slide.notes_text_frame.text == SLIDE["code"]


def test_the_figure_is_the_largest_thing() -> None:
    """In its own proportions, in its room, byte for byte, with words for who cannot see it."""
    (slide,) = made(SLIDE).slides
    figure = shape(slide, "图")
    assert figure.image.blob == frames(1)[0]
    assert abs(figure.width / figure.height - 320 / 180) < 0.001
    assert figure.height == round(FIGURE.height * INCH)
    assert figure._element.nvPicPr.cNvPr.get("descr") == SLIDE["alt"]
    assert figure.width * figure.height > 0.4 * 12_192_000 * 6_858_000
    assert slide.shapes[1].name == "图"  # read after the title


@pytest.mark.parametrize("size", [(320, 180), (100, 900), (2_000, 100), (1, 1)])
def test_nothing_lies_outside_or_on_something_else(size: tuple[int, int]) -> None:
    """Whatever the picture's form."""
    (slide,) = made(SLIDE, files={"f0": frames(1, size)[0]}).slides
    boxes = [(one.left, one.top, one.left + one.width, one.top + one.height) for one in slide.shapes]
    assert len(boxes) == 5
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= 12_192_000 and 0 <= top < bottom <= 6_858_000
        for other in boxes[number + 1 :]:
            apart = right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
            assert apart, (number, other)


def test_the_qr_code_leads_back() -> None:
    """Read off the picture by another program; it can be clicked, too."""
    (slide,) = made(SLIDE).slides
    code = shape(slide, "链接")
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(code.image.blob)))
    assert found.text == LINK
    assert code.click_action.hyperlink.address == LINK
    assert code._element.nvPicPr.cNvPr.get("descr")


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_qr_code_is_dark_on_light(mode: str) -> None:
    """Also at night: few readers know the other way round; and a quiet zone is part of it."""
    (slide,) = made({**SLIDE, "theme": mode}).slides
    picture = Image.open(io.BytesIO(shape(slide, "链接").image.blob)).convert("RGB")
    paper = tuple(bytes.fromhex(theme.colour("background", "light")[1:]))
    assert picture.getpixel((0, 0)) == picture.getpixel((20, 20)) == paper


def test_an_address_too_long_for_a_code() -> None:
    """Stays a link, in words."""
    long = LINK + "&q=" + "x" * 3_000
    (slide,) = made({**SLIDE, "link": long}).slides
    run = shape(slide, "链接").text_frame.paragraphs[0].runs[0]
    assert (run.text, run.hyperlink.address) == ("打开网页", long)
    assert qr(LINK + "x" * 1_300) == b""
    assert qr(LINK + "x" * 1_000) != b""
    assert LARGEST_QR == 25


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "/matrix-vector",
        "https://",
        "http://[",
        "ppaction://x",
        "",
    ],
)
def test_a_link_leads_to_the_web_or_nowhere(link: str) -> None:
    """A slide opens no program and no file."""
    (slide,) = made({**SLIDE, "link": link}).slides
    assert [one.name for one in slide.shapes if one.name == "链接"] == []
    assert slide.notes_slide.notes_text_frame.text == SLIDE["code"]


def test_paper_and_night() -> None:
    """The slide's ground is the picture's, and ink can be read on it; also what a teacher adds."""
    light, dark = made(SLIDE, {**SLIDE, "theme": "dark"}).slides
    maps = [slide._element.find(f"{SHOW}clrMapOvr")[0] for slide in (light, dark)]
    assert maps[0].tag == f"{DRAW}masterClrMapping"
    assert (maps[1].get("bg1"), maps[1].get("tx1")) == ("dk1", "lt1")
    assert dark.slide_layout.name != light.slide_layout.name
    assert dark.slide_layout._element.find(f"{SHOW}clrMapOvr")[0].get("bg1") == "dk1"


def test_colours_and_fonts_are_the_atlas_s() -> None:
    """Latin and Chinese fonts in the theme, so that no letter is a box; no author of a template."""
    data = deck([SLIDE], {"f0": frames(1)[0]})
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        root = etree.fromstring(packed.read("ppt/theme/theme1.xml"))
        names = packed.namelist()
        assert b"Steve Canny" not in b"".join(packed.read(name) for name in names)
    fonts = {
        one.tag: [child.get("typeface") for child in one][:2]
        for one in root.iter(f"{DRAW}majorFont", f"{DRAW}minorFont")
    }
    assert all(latin and chinese == "Microsoft YaHei" for latin, chinese in fonts.values())
    colours = {
        one.getparent().tag: one.get("val") for one in root.find(f".//{DRAW}clrScheme").iter(f"{DRAW}srgbClr")
    }
    assert colours[f"{DRAW}lt1"] == theme.colour("background", "light")[1:]
    assert colours[f"{DRAW}dk1"] == theme.colour("background", "dark")[1:]
    assert not any("thumbnail" in name for name in names)
    assert sum("slideLayouts/slideLayout" in name for name in names) == 2


@pytest.mark.parametrize(("language", "code"), [("zh", "zh-CN"), ("en", "en-US"), ("fr", "en-US")])
def test_the_language_of_the_words(language: str, code: str) -> None:
    """For spelling, and for the voice that reads it."""
    (slide,) = made(SLIDE, language=language).slides
    for one in (one for one in slide.shapes if one.has_text_frame):
        assert one.text_frame.paragraphs[0].runs[0]._r.get_or_add_rPr().get("lang") == code


def test_a_film_plays_with_its_picture_before_it() -> None:
    """The MP4 byte for byte, the PNG as its poster, alt text, and what PowerPoint needs to play it."""
    clip, poster = film(frames(4), [100] * 4, "mp4"), frames(1)[0]
    (slide,) = made({**SLIDE, "kind": "film", "film": "m"}, files={"f0": poster, "m": clip}).slides
    movie = shape(slide, "动画")
    assert movie.shape_type == MSO_SHAPE_TYPE.MEDIA
    assert movie.poster_frame.blob == poster
    assert movie._element.nvPicPr.cNvPr.get("descr") == SLIDE["alt"]
    media = [
        one.target_part
        for one in slide.part.rels.values()
        if "media" in one.reltype or "video" in one.reltype
    ]
    assert {part.blob for part in media} == {clip}
    assert media[0].content_type == "video/mp4"
    assert slide._element.find(f".//{SHOW}video") is not None


def test_the_film_of_a_picture_is_left_out() -> None:
    """`kind` decides."""
    clip = film(frames(2), [100] * 2, "mp4")
    (slide,) = made({**SLIDE, "film": "m"}, files={"f0": frames(1)[0], "m": clip}).slides
    assert shape(slide, "图").shape_type == MSO_SHAPE_TYPE.PICTURE


def test_what_is_not_said_is_not_there() -> None:
    """No empty box; the title says at least which figure it is."""
    (slide,) = made({"picture": "f0"}).slides
    assert texts(slide) == ["图 1"]
    assert shape(slide, "图")._element.nvPicPr.cNvPr.get("descr") == "图 1"
    assert slide.notes_slide.notes_text_frame.text == ""


@pytest.mark.parametrize(
    (
        "text",
        "least",
        "most",
    ),  # the mean width of its letters, in sizes of the font: in Arial, and as it is reckoned
    [
        ("word " * 300, 0.47, 0.7),
        ("矩阵" * 300, 1.0, 1.0),
        ("x" * 600, 0.5, 0.6),
        ("∑ᵢ " * 200, 0.4, 0.8),
        ("W" * 600, 0.94, 1.0),
        ("a 矩 " * 150, 0.5, 0.7),
    ],
)
def test_no_text_leaves_its_box(text: str, least: float, most: float) -> None:
    """Smaller first, then cut; and not cut where there is room."""
    box = Box(0, 0, 6, 0.6)
    points, shown = fitted(text, box, (18, 14, 12))
    assert points == 12 and shown.endswith("…") and text.startswith(shown[:-1])
    room = 72 * box.width / points * int(72 * box.height / (1.22 * points))
    assert len(shown) * least <= room
    assert len(shown) * most >= 0.85 * room


def test_a_short_text_is_as_large_as_it_may_be() -> None:
    """And stays whole."""
    assert fitted("Ax = b", Box(0, 0, 6, 0.6), (18, 14, 12)) == (18, "Ax = b")


def test_texts_are_text() -> None:
    """Markup is shown, and what XML cannot hold is left out."""
    bad = "<b>&amp;</b>\x00\x0b\ud800\u202e_x0041_"
    (slide,) = made({**SLIDE, "title": bad, "caption": bad, "formula": bad, "code": bad, "alt": bad}).slides
    assert slide.shapes.title.text_frame.text.startswith("<b>&amp;</b>")
    assert "\u202e" not in slide.notes_slide.notes_text_frame.text


@pytest.mark.parametrize(
    ("slides", "files", "words"),
    [
        ([], {}, "no slide"),
        ([SLIDE] * 41, {"f0": frames(1)[0]}, "41 slides"),
        ([{**SLIDE, "picture": "other"}], {"f0": frames(1)[0]}, "Slide 1 has no picture"),
        ([SLIDE, {**SLIDE, "picture": ["f0"]}], {"f0": frames(1)[0]}, "Slide 2 has no picture"),
        (["slide"], {"f0": frames(1)[0]}, "cannot be read"),
        ([{**SLIDE, "kind": "film", "film": "f0"}], {"f0": frames(1)[0]}, "no MP4"),
        ([SLIDE], {"f0": announcing(30_000, 30_000)}, "not one that a browser draws"),
        ([SLIDE], {"f0": b"<svg/>" * 20}, "no PNG"),
    ],
)
def test_what_is_no_deck(slides: list, files: dict, words: str) -> None:
    """A sentence that names the slide."""
    with pytest.raises(ExportError, match=words):
        deck(slides, files, limits=replace(HOSTED, slides=40))


def test_many_slides_share_a_picture() -> None:
    """It lies in the file once."""
    big = png(frame(0.5, (1_920, 1_080)))
    one, ten = (len(deck([SLIDE] * count, {"f0": big})) for count in (1, 10))
    assert ten < one + 0.5 * 9 * len(big)
    assert len(made(*[SLIDE] * 10).slides) == 10
    assert PAGE.width / PAGE.height == pytest.approx(16 / 9)

"""A deck of slides (.pptx) on a look of its own: figure or film, caption, formula, code in the notes, QR code."""

from __future__ import annotations

import datetime
import io
import itertools
import math
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from core.export.pictures import ExportError, still_size
from core.figures import theme
from core.limits import Limits, current
from core.slides import LONGEST
from core.words import _, plain_text

if TYPE_CHECKING:
    from pptx.presentation import Presentation
    from pptx.slide import Slide

INCH = 914_400  # of PowerPoint's own unit
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
# Fonts that Office has on Windows and macOS; what another program puts in their place is not wider.
HEADING, BODY, MATHS, CODE, CHINESE = "Georgia", "Arial", "Cambria", "Consolas", "Microsoft YaHei"
LETTERS = {name: LONGEST[name] for name in ("title", "caption", "formula", "alt", "code")}
LONGEST_LINK = LONGEST["link"] + 300  # with the server's name
NOTES = 500  # lines
LARGEST_QR = 25  # version: 117 modules a side, 1,273 bytes; a camera at the back of a room reads no finer one
LINE = 1.22  # of a font's size
TITLE_AT, CAPTION_AT, FORMULA_AT = 0, 10, 11  # idx of the placeholders
MAPPINGS = {  # slot -> colour of the theme; a dark slide takes paper for ink
    "light": {"bg1": "lt1", "tx1": "dk1", "bg2": "lt2", "tx2": "dk2"},
    "dark": {"bg1": "dk1", "tx1": "lt1", "bg2": "dk2", "tx2": "lt2"},
}
ACCENTS = ("accent", "basis1", "basis2", "basis3", "vector", "area")


class Box(NamedTuple):
    """A place on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float

    def emu(self) -> tuple[int, int, int, int]:
        """In PowerPoint's unit."""
        return tuple(round(side * INCH) for side in self)


PAGE = Box(0, 0, 40 / 3, 7.5)
TITLE = Box(0.6, 0.3, 12.13, 0.75)
FIGURE = Box(0.6, 1.12, 12.13, 4.98)
FIGURE_ALONE = Box(0.6, 1.12, 12.13, 5.93)  # with nothing below
CAPTION = Box(0.6, 6.2, 10.9, 0.62)
FORMULA = Box(0.6, 6.84, 10.9, 0.36)
ALONE = Box(0.6, 6.2, 10.9, 1.0)  # a caption without a formula, or a formula without a caption
QR = Box(11.73, 6.2, 1.0, 1.0)
TITLE_SIZES, CAPTION_SIZES, FORMULA_SIZES = (28, 26, 24, 22, 20, 18), (18, 16, 14, 12), (18, 16, 14, 12)
LINK_SIZE = 12


def deck(
    slides: Sequence[Mapping[str, Any]], files: Mapping[str, bytes], *, title: str = "", language: str = "en",
    limits: Limits | None = None,
) -> bytes:  # fmt: skip
    """The .pptx of `slides`, 16:9, one for each record; pictures (PNG) and films (MP4) are in `files` by name.

    A record: title, caption, formula, code, link (absolute), alt, kind ("film" plays), theme ("light", "dark"),
    picture, film: all are texts, and only the picture must be there.
    """
    limits = limits or current()
    if not slides:
        raise ExportError(_("There is no slide to export."))
    if len(slides) > limits.slides:
        sentence = _("The deck has {count} slides, and {most} can be exported at once.")
        raise ExportError(sentence.format(count=len(slides), most=limits.slides))
    records = [_read(slide, files, number, limits) for number, slide in enumerate(slides, start=1)]
    made = _empty(plain_text(title, LETTERS["title"]) or "Tensor Atlas", language)
    for record in records:
        _add(made, record, LANGUAGES.get(language, LANGUAGES["en"]))
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


class _Record(NamedTuple):
    """A slide as it was read."""

    title: str
    caption: str
    formula: str
    code: str
    link: str
    alt: str
    theme: str
    picture: bytes
    film: bytes


def _read(slide: Mapping[str, Any], files: Mapping[str, bytes], number: int, limits: Limits) -> _Record:
    if not isinstance(slide, Mapping):
        raise ExportError(_("Slide {number} cannot be read.").format(number=number))
    texts = {name: plain_text(slide.get(name), most, lines=name == "code") for name, most in LETTERS.items()}
    texts["title"] = texts["title"] or _("Figure {number}").format(number=number)
    texts["alt"] = texts["alt"] or texts["caption"] or texts["title"]
    picture, film = (_file(slide.get(name), files) for name in ("picture", "film"))
    if not picture:
        raise ExportError(_("Slide {number} has no picture.").format(number=number))
    still_size(picture, limits)
    moves = slide.get("kind") == "film"
    if moves and film[4:8] != b"ftyp":
        raise ExportError(_("The film of slide {number} is no MP4.").format(number=number))
    return _Record(
        **texts,
        link=_web(slide.get("link")),
        theme="dark" if slide.get("theme") == "dark" else "light",
        picture=picture,
        film=film if moves else b"",
    )


def _file(name: Any, files: Mapping[str, bytes]) -> bytes:
    return files.get(name, b"") if isinstance(name, str) else b""


def _web(link: Any) -> str:
    """`link` where it leads to a page of the web, else nothing: a slide opens no program and no file.

    Half a link is none: it leads elsewhere.
    """
    if plain_text(link, LONGEST_LINK) != link:
        return ""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return link if parts.scheme in ("http", "https") and parts.netloc and " " not in link else ""


# --- the look


def _empty(title: str, language: str) -> Presentation:
    """A presentation without slides: one master, and one layout for paper and one for night."""
    from pptx import Presentation

    made = Presentation()
    made.slide_width, made.slide_height = PAGE.emu()[2:]
    layouts = list(made.slide_layouts)
    light, dark = layouts[5], layouts[6]  # "Title Only" and "Blank"
    for layout in layouts:
        if layout not in (light, dark):
            made.slide_layouts.remove(layout)
    _dress_master(made.slide_master)
    _dress_layout(light, "light", _("Figure, light"))
    _dress_layout(dark, "dark", _("Figure, dark"))
    _describe(made, title, language)
    return made


def _describe(made: Presentation, title: str, language: str) -> None:
    """What a file manager shows; the template's own author and thumbnail go."""
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    words = made.core_properties
    words.title, words.author, words.last_modified_by = title, "Tensor Atlas", "Tensor Atlas"
    words.created = words.modified = now
    words.language, words.revision = LANGUAGES.get(language, LANGUAGES["en"]), 1
    package = made.part.package
    for key, relation in list(package._rels.items()):
        if relation.reltype.endswith("/thumbnail"):
            package._rels.pop(key)


def _dress_master(master: Any) -> None:
    from lxml import etree
    from pptx.opc.constants import RELATIONSHIP_TYPE as KINDS

    part = master.part.part_related_by(KINDS.THEME)
    part._blob = _dressed_theme(part.blob)
    for shape in list(master.placeholders):
        if shape.placeholder_format.type not in _kinds("TITLE", "BODY"):
            shape._element.getparent().remove(shape._element)
    for shape, box in zip(master.placeholders, (TITLE, FIGURE), strict=True):
        shape.left, shape.top, shape.width, shape.height = box.emu()
    styles = master._element.find(_tag("p:txStyles"))
    for name, style in (("p:titleStyle", _style(28, "major")), ("p:bodyStyle", _style(18, "minor"))):
        old = styles.find(_tag(name))
        old.replace(old.find(_tag("a:lvl1pPr")), etree.fromstring(style))


def _kinds(*names: str) -> tuple[Any, ...]:
    from pptx.enum.shapes import PP_PLACEHOLDER

    return tuple(PP_PLACEHOLDER[name] for name in names)


def _tag(name: str) -> str:
    from pptx.oxml.ns import qn

    return qn(name)


DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def _style(points: int, font: str) -> str:
    """The first level of text: to the left, no bullet."""
    short = {"major": "+mj", "minor": "+mn"}[font]
    return (
        f'<a:lvl1pPr xmlns:a="{DRAWING}" marL="0" indent="0" algn="l" defTabSz="914400" rtl="0" eaLnBrk="1" '
        f'latinLnBrk="0" hangingPunct="1"><a:lnSpc><a:spcPct val="100000"/></a:lnSpc><a:spcBef><a:spcPts val="0"/>'
        f'</a:spcBef><a:buNone/><a:defRPr sz="{100 * points}" kern="1200"><a:solidFill><a:schemeClr val="tx1"/>'
        f'</a:solidFill><a:latin typeface="{short}-lt"/><a:ea typeface="{short}-ea"/><a:cs typeface="{short}-cs"/>'
        "</a:defRPr></a:lvl1pPr>"
    )


def _dressed_theme(blob: bytes) -> bytes:
    """The template's theme with the colours and fonts of the atlas."""
    from lxml import etree

    root = etree.fromstring(blob)
    root.set("name", "Tensor Atlas")
    parts = root.find(_tag("a:themeElements"))
    for name, text in (("a:clrScheme", _colour_scheme()), ("a:fontScheme", _font_scheme())):
        parts.replace(parts.find(_tag(name)), etree.fromstring(text))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _colour_scheme() -> str:
    named = {
        "dk1": theme.colour("background", "dark"),
        "lt1": theme.colour("background", "light"),
        "dk2": theme.colour("quiet", "light"),
        "lt2": theme.colour("quiet", "dark"),
        **{f"accent{n}": theme.colour(name, "light") for n, name in enumerate(ACCENTS, start=1)},
        "hlink": theme.colour("vector", "light"),
        "folHlink": theme.colour("vector", "light"),
    }
    colours = "".join(f'<a:{slot}><a:srgbClr val="{hue[1:]}"/></a:{slot}>' for slot, hue in named.items())
    return f'<a:clrScheme xmlns:a="{DRAWING}" name="Tensor Atlas">{colours}</a:clrScheme>'


def _font_scheme() -> str:
    fonts = "".join(
        f'<a:{place}><a:latin typeface="{font}"/><a:ea typeface="{CHINESE}"/><a:cs typeface=""/></a:{place}>'
        for place, font in (("majorFont", HEADING), ("minorFont", BODY))
    )
    return f'<a:fontScheme xmlns:a="{DRAWING}" name="Tensor Atlas">{fonts}</a:fontScheme>'


def _dress_layout(layout: Any, mode: str, name: str) -> None:
    from pptx.oxml import parse_xml

    layout.name = name
    layout._element.attrib.pop("type", None)  # it is none of PowerPoint's own
    tree = layout.shapes._spTree
    for shape in list(layout.shapes):
        tree.remove(shape._element)
    for number, (kind, at, box, anchor, words) in enumerate(
        (
            ("title", TITLE_AT, TITLE, "b", _("Title")),
            ("body", CAPTION_AT, CAPTION, "t", _("Caption")),
            ("body", FORMULA_AT, FORMULA, "t", _("Formula")),
        ),
        start=2,
    ):
        tree.append(parse_xml(_placeholder(number, kind, at, box, anchor, words)))
    _map_colours(layout._element, mode)


def _placeholder(number: int, kind: str, at: int, box: Box, anchor: str, words: str) -> str:
    from pptx.oxml.ns import nsdecls

    left, top, width, height = box.emu()
    place = 'type="title"' if kind == "title" else f'type="body" sz="quarter" idx="{at}"'
    maths = f'<a:latin typeface="{MATHS}"/>' if at == FORMULA_AT else ""
    style = (
        f'<a:lvl1pPr marL="0" indent="0"><a:buNone/><a:defRPr sz="1800">{maths}</a:defRPr></a:lvl1pPr>'
        if kind == "body"
        else ""
    )
    return (
        f'<p:sp {nsdecls("p", "a")}><p:nvSpPr><p:cNvPr id="{number}" name="{words}"/>'
        f'<p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph {place}/></p:nvPr></p:nvSpPr>'
        f'<p:spPr><a:xfrm><a:off x="{left}" y="{top}"/><a:ext cx="{width}" cy="{height}"/></a:xfrm></p:spPr>'
        f'<p:txBody><a:bodyPr lIns="0" tIns="0" rIns="0" bIns="0" anchor="{anchor}"><a:normAutofit/></a:bodyPr>'
        f"<a:lstStyle>{style}</a:lstStyle><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp>"
    )


def _map_colours(element: Any, mode: str) -> None:
    """A slide or a layout on paper or at night: also what a teacher adds to it is readable."""
    from pptx.oxml import parse_xml
    from pptx.oxml.ns import nsdecls

    others = {name: name for name in (*(f"accent{n}" for n in range(1, 7)), "hlink", "folHlink")}
    words = " ".join(f'{slot}="{colour}"' for slot, colour in (MAPPINGS[mode] | others).items())
    kind = "<a:masterClrMapping/>" if mode == "light" else f"<a:overrideClrMapping {words}/>"
    mapping = parse_xml(f"<p:clrMapOvr {nsdecls('p', 'a')}>{kind}</p:clrMapOvr>")
    old = element.find(_tag("p:clrMapOvr"))
    if old is not None:
        element.replace(old, mapping)
    else:
        element.find(_tag("p:cSld")).addnext(mapping)


# --- a slide


def _add(made: Presentation, record: _Record, language: str) -> None:
    layout = made.slide_layouts[record.theme == "dark"]
    slide = made.slides.add_slide(layout)
    _map_colours(slide._element, record.theme)
    places = {shape.placeholder_format.idx: shape for shape in slide.placeholders}
    alone = not (record.caption and record.formula)
    caption, formula = (ALONE, ALONE) if alone else (CAPTION, FORMULA)
    _write(places[TITLE_AT], record.title, TITLE, TITLE_SIZES, language)
    _write(places[CAPTION_AT], record.caption, caption, CAPTION_SIZES, language)
    _write(places[FORMULA_AT], record.formula, formula, FORMULA_SIZES, language)
    _add_figure(slide, record)
    if record.link:
        _add_link(slide, record, language)
    _add_notes(slide, record, language)


def _write(shape: Any, text: str, box: Box, sizes: Sequence[int], language: str) -> None:
    """`text` into a placeholder of that box, as large as fits; a placeholder without text goes."""
    from pptx.util import Pt

    if not text:
        shape._element.getparent().remove(shape._element)
        return
    points, shown = fitted(text, box, sizes)
    shape.left, shape.top, shape.width, shape.height = box.emu()
    run = shape.text_frame.paragraphs[0].add_run()
    run.text = shown
    if points != sizes[0]:
        run.font.size = Pt(points)
    _speak(run, language)


def _speak(run: Any, language: str) -> None:
    """The language for spelling and hyphens, and for the reader of a screen."""
    own = run._r.get_or_add_rPr()
    own.set("lang", language)
    own.set("altLang", "en-US")


def _add_figure(slide: Slide, record: _Record) -> None:
    """The picture as large as it goes, or the film with the picture before it plays."""
    size = still_size(record.picture)
    room = FIGURE if record.caption or record.formula or record.link else FIGURE_ALONE
    scale = min(room.width / size.width, room.height / size.height)
    width, height = size.width * scale, size.height * scale
    box = Box(room.left + (room.width - width) / 2, room.top + (room.height - height) / 2, width, height)
    picture = io.BytesIO(record.picture)
    if record.film:
        shape = slide.shapes.add_movie(io.BytesIO(record.film), *box.emu(), picture, "video/mp4")
    else:
        shape = slide.shapes.add_picture(picture, *box.emu())
    _tell(shape, _("Film") if record.film else _("Figure"), record.alt)
    # Behind the words, and read after the title.
    tree = slide.shapes._spTree
    tree.remove(shape._element)
    slide.shapes.title._element.addnext(shape._element)


def _tell(shape: Any, name: str, alt: str) -> None:
    """A shape's name in the list of what is on the slide, and what it says to who cannot see it."""
    shape.name = name
    shape._element.xpath("./p:nvPicPr/p:cNvPr | ./p:nvSpPr/p:cNvPr")[0].set("descr", alt)


def _add_link(slide: Slide, record: _Record, language: str) -> None:
    """The page as a QR code that can be clicked, too; as a word where the address is too long for one."""
    from pptx.util import Pt

    code = qr(record.link)
    if code:
        shape = slide.shapes.add_picture(io.BytesIO(code), *QR.emu())
        shape.click_action.hyperlink.address = record.link
    else:
        shape = slide.shapes.add_textbox(*QR.emu())
        shape.text_frame.word_wrap = True
        run = shape.text_frame.paragraphs[0].add_run()
        run.text, run.font.size = _("Open the page"), Pt(LINK_SIZE)
        run.hyperlink.address = record.link
        _speak(run, language)
    _tell(shape, _("Link"), _("Opens this page of Tensor Atlas."))


def qr(link: str) -> bytes:
    """The QR code of `link` as a PNG on light paper, for every slide: few readers know a light one on dark.

    Nothing where a camera at the back of a room could not read it.
    """
    import segno

    try:
        code = segno.make(link, error="l", boost_error=True, micro=False)
    except segno.DataOverflowError:
        return b""
    if code.version > LARGEST_QR:
        return b""
    file = io.BytesIO()
    paper, ink = theme.colour("background", "light"), theme.colour("ink", "light")
    code.save(file, kind="png", scale=math.ceil(600 / code.symbol_size()[0]), dark=ink, light=paper)
    return file.getvalue()


def _add_notes(slide: Slide, record: _Record, language: str) -> None:
    """Code and address, for the one who speaks."""
    frame = slide.notes_slide.notes_text_frame
    paragraphs = itertools.chain(frame.paragraphs, iter(frame.add_paragraph, None))  # one is there
    lines = record.code.split("\n") if record.code else []
    for line in lines if len(lines) <= NOTES else [*lines[: NOTES - 1], "…"]:
        run = next(paragraphs).add_run()
        run.text, run.font.name = line, CODE
        _speak(run, "en-US")
    if record.link:
        run = next(paragraphs).add_run()
        run.text = record.link
        run.hyperlink.address = record.link
        _speak(run, language)


# --- words in boxes


def fitted(text: str, box: Box, sizes: Sequence[int]) -> tuple[int, str]:
    """The largest of `sizes` (points) at which `text` fits into `box`; the smallest and a cut text where none does."""
    for points in sizes:
        if _fits(text, points, box):
            return points, text
    least, most = 0, len(text)  # the first fits, the second does not
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if _fits(text[:middle] + "…", sizes[-1], box) else (least, middle)
    return sizes[-1], text[:least].rstrip() + "…"


def _fits(text: str, points: int, box: Box) -> bool:
    room = 72 * box.width / points  # in sizes of the font
    return _lines(text, room) * LINE * points <= 72 * box.height


def _lines(text: str, room: float) -> int:
    """How many lines `text` takes: words are wrapped, Chinese breaks anywhere, a long word too."""
    lines, at, word = 1, 0.0, 0.0
    for letter in text:
        width = _width(letter)
        breaks = letter == " " or width >= 1
        word = 0.0 if breaks else word + width
        at += width
        if at > room and letter != " ":
            lines += 1
            at = word if 0 < word <= room else width
            word = at if word else 0.0
    return lines


def _width(letter: str) -> float:
    """Of a letter in sizes of the font: a little more than in Georgia, which is the widest of them."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if unicodedata.combining(letter):
        return 0.0
    if letter in " .,:;'|!()[]ijlftrI":
        return 0.4
    if letter in "mwMW@%—…" or ord(letter) > 0x2190:
        return 1.0 - 1e-6  # wide, but no place to break
    return 0.78 if letter.isupper() else 0.6

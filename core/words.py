"""The languages of the atlas: gettext catalogues, and the language of the visitor being served.

Sources are written in English with `_("...")`, or `N_("...")` where a constant is only marked and translated
when it is shown. The language is a context variable, so two visitors served by two threads never mix. What visitors
write is made plain here, too.
"""

from __future__ import annotations

import gettext
import io
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT = "en"
FULL_WIDTH = "。！？；：，、”）》"  # marks that bring their own space
LOCALE = Path(__file__).parent / "locale"

_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


def catalogue_path(language: str) -> Path:
    """Where the .po file of `language` lies."""
    return LOCALE / language / "LC_MESSAGES" / "atlas.po"


@cache
def _translations(language: str) -> gettext.NullTranslations:
    path = catalogue_path(language)
    if not path.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()  # .po is what people read and git keeps; gettext wants the compiled form
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def _(message: str) -> str:
    """`message` in the visitor's language."""
    return _translations(_language.get()).gettext(message) if message else ""


def N_(message: str) -> str:
    """Marks a constant for translation; it is translated with `_` where it is shown."""
    return message


def use(language: str) -> None:
    """Speak `language` (a key of LANGUAGES) from here on in this context."""
    _language.set(language if language in LANGUAGES else DEFAULT)


def language() -> str:
    """The language in use: a key of LANGUAGES."""
    return _language.get()


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Speak `code` inside the block."""
    token = _language.set(code if code in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _language.reset(token)


def best_language(locale: str | None) -> str:
    """The atlas's language for a browser's locale such as "zh-CN"; English where it speaks neither."""
    code = (locale or DEFAULT).split("-")[0].split("_")[0].lower()
    return code if code in LANGUAGES else DEFAULT


def together(*sentences: str) -> str:
    """Sentences in a row; empty ones are left out. Chinese sets no space after its full stop.

    >>> together("No.", "", "Try 3."), together("不是。", "试试 3。")
    ('No. Try 3.', '不是。试试 3。')
    """
    said = ""
    for sentence in filter(None, map(str.strip, sentences)):
        said += sentence if not said or said[-1] in FULL_WIDTH else f" {sentence}"
    return said


def plain_text(text: object, most: int, *, lines: bool = False) -> str:
    """`text` without what no document may hold (control, direction and surrogate characters), at most `most` letters.

    `lines`: line breaks and tabs stay.
    """
    if not isinstance(text, str):
        return ""
    stays = "\n\t" if lines else ""
    text = text[: 4 * most].replace("\r\n", "\n")
    kept = "".join(letter if letter in stays or printable(letter) else " " for letter in text).strip()
    return kept if len(kept) <= most else kept[: most - 1].rstrip() + "…"


def printable(letter: str) -> bool:
    """Whether a letter can be seen, or joins others (emoji): unassigned and private ones are somebody's own."""
    return letter == "\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Cn", "Zl", "Zp")

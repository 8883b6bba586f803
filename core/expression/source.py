"""The text as typed, made readable: guards against length and strange characters, and a map back to offsets."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core.expression.errors import ExpressionError
from core.limits import Limits
from core.words import _

COMMENTS = re.compile(r"""'[^'\n]*'|"[^"\n]*"|(\#[^\n]*)""")
# What NFKC does not fold to ASCII, but people paste.
PLAIN = {
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "*",
    "·": "*",
    "⋅": "*",
    "⊙": "*",
    "÷": "/",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "、": ",",
    "。": ".",
    "【": "[",
    "】": "]",
    "⟨": "(",
    "⟩": ")",
    "π": "pi",
    "∞": "inf",
    "²": "**2",
    "³": "**3",
    "ᵀ": ".T",
    "⊤": ".T",
    "\u200b": "",
    "\ufeff": "",
}


@dataclass(frozen=True)
class Source:
    """A text for the parser, and where in the typed text each of its characters comes from."""

    text: str
    places: tuple[int, ...]  # one for each character, and one for the end

    @classmethod
    def same(cls, text: str) -> Source:
        """A text that was not moved."""
        return cls(text, tuple(range(len(text) + 1)))

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Offsets of the typed text for offsets of this one."""
        last = len(self.places) - 1
        first = self.places[min(max(start, 0), last)]
        final = self.places[min(max(end - 1, 0), last)] + 1 if end > start else first
        return first, max(final, first)


class Writer:
    """Builds a Source out of kept and changed pieces."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._places: list[int] = []

    def write(self, text: str, place: int, moving: bool = False) -> None:
        """Add `text`, which stands for what is typed at `place`; `moving`: character by character."""
        self._text.append(text)
        self._places.extend(place + step if moving else place for step in range(len(text)))

    def done(self, end: int) -> Source:
        """The Source; `end` is the length of the typed text."""
        return Source("".join(self._text), tuple(min(place, end) for place in (*self._places, end)))


def readable(text: str, limits: Limits) -> str:
    """`text` with comments blanked, after the guards of length and characters; offsets stay."""
    if not isinstance(text, str):
        raise ExpressionError(_("This is no text."), start=0, end=0, rule="empty")
    if len(text) > limits.text:
        sentence = _("This is {count} characters long; at most {limit} are read.")
        words = {"count": f"{len(text):,}", "limit": f"{limits.text:,}"}
        fix = _("Use a constructor such as `torch.arange(24).reshape(4, 6)`.")
        raise ExpressionError(sentence.format(**words), fix, limits.text, len(text), "too-long")
    blanked = COMMENTS.sub(lambda found: " " * len(found[0]) if found[1] else found[0], text)
    if not blanked.strip():
        fix = _("Write a tensor, such as `[[1, 2], [3, 4]]`.")
        raise ExpressionError(_("There is nothing here yet."), fix, 0, len(text), "empty")
    for place, character in enumerate(blanked):
        if not (character.isprintable() and character.isascii()) and character not in "\t\n\r":
            raise _strange(blanked, place, character)
    return blanked


def _strange(text: str, place: int, character: str) -> ExpressionError:
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, code)
    shown = character if character.isprintable() else code
    if character.isascii():
        sentence = _("The control character {code} cannot be part of a tensor.").format(code=code)
        return ExpressionError(sentence, _("Delete it."), place, place + 1, "character")
    sentence = _("`{character}` ({name}, {code}) is not a plain ASCII character.")
    sentence = sentence.format(character=shown, name=name, code=code)
    whole = "".join(map(plain, text))
    one = plain(character)
    if one == "":
        fix = _("Delete it.")
    elif not one.isascii():
        fix = _("Write names in plain letters and tensors in plain digits and brackets.")
    elif whole.isascii() and len(whole) <= 60:
        fix = _("Write `{text}`.").format(text=whole.strip())
    else:
        fix = _("Write `{text}`.").format(text=one)
    return ExpressionError(
        sentence, fix, place, place + 1, "not-ascii", whole.strip() if whole.isascii() else ""
    )


def plain(character: str) -> str:
    """The ASCII that a character stands for, or the character itself where there is none."""
    if character.isascii():
        return character
    folded = PLAIN.get(character, unicodedata.normalize("NFKC", character))
    return folded if folded.isascii() and folded.isprintable() else character  # "" is both

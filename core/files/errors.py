"""What is said of a file that cannot be used, and the first question to every file: how large it is."""

from __future__ import annotations

from core.words import _

MOST_LETTERS = 60  # of a text out of a file, where it is shown


class FileError(Exception):
    """A file that cannot be used; `sentence` says why, `fix` what would work."""

    def __init__(self, sentence: str, fix: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.fix = sentence, fix


def within(data: bytes, limit: int) -> None:
    """Refuses an empty file and one of more than `limit` bytes."""
    if not data:
        raise FileError(_("The file is empty."))
    if len(data) > limit:
        sentence = _("The file has {size} MB, and {limit} MB are allowed.")
        raise FileError(sentence.format(size=f"{len(data) / 1e6:.1f}", limit=f"{limit / 1e6:g}"))


def shown(text: str, most: int = MOST_LETTERS) -> str:
    """A text out of a file as it may be shown: printable letters only (no bidirectional marks), not too many."""
    stripped = text[: 2 * most].strip()
    clean = "".join(letter if letter.isprintable() else "�" for letter in stripped[:most])
    return clean + ("…" if len(stripped) > most else "")

"""The gettext catalogues: what the sources say, what is translated, and `python tests/catalogue.py` to update them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from core.words import LANGUAGES, catalogue_path  # noqa: E402

SOURCES = ("core", "pages")
KEYWORDS = {"_": None, "N_": None}
PLACEHOLDER = re.compile(r"\{\w*\}")


def messages() -> dict[str, list[str]]:
    """Every message of the sources, with the files that say it."""
    found: dict[str, list[str]] = {}
    for folder in SOURCES:
        rows = extract_from_dir(str(ROOT / folder), method_map=[("**.py", "python")], keywords=KEYWORDS)
        for filename, _line, message, _comments, _context in rows:
            text = message if isinstance(message, str) else message[0]
            places = found.setdefault(text, [])
            if f"{folder}/{filename}" not in places:
                places.append(f"{folder}/{filename}")
    return found


def read(language: str) -> Catalog:
    """The catalogue of `language`; an empty one where there is none yet."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language)


def update(language: str) -> list[str]:
    """Bring the catalogue up to the sources; new English entries stand for themselves. Returns what is missing."""
    old = {message.id: message.string for message in read(language) if message.id}
    new = Catalog(locale=language, project="Tensor Atlas", charset="utf-8", fuzzy=False)
    for text, places in sorted(messages().items()):
        said = old.get(text) or (text if language == "en" else "")
        new.add(text, said, locations=[(place, None) for place in sorted(places)])
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        write_po(target, new, width=110, omit_header=False, include_lineno=False)
    _without_dates(path)
    return [message.id for message in new if message.id and not message.string]


def _without_dates(path: Path) -> None:
    """Drop the header's dates: they would change the file at every run."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    dropped = ("POT-Creation-Date", "PO-Revision-Date", "Generated-By", "# FIRST AUTHOR")
    path.write_text(
        "".join(line for line in lines if not any(word in line for word in dropped)), encoding="utf-8"
    )


if __name__ == "__main__":
    for code in LANGUAGES:
        missing = update(code)
        print(f"{code}: {len(missing)} missing")
        for text in missing:
            print("   ", text)

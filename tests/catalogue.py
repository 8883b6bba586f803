"""The gettext catalogues: what the sources say, what is translated, and `python tests/catalogue.py` to update them.

`python tests/catalogue.py FILE.json` first takes Chinese translations over: {"English source": "中文", ...}.
"""

from __future__ import annotations

import ast
import fcntl
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from core.words import LANGUAGES, catalogue_path  # noqa: E402

SOURCES = ("core", "pages")
KEYWORDS = ("_", "N_")
PLACEHOLDER = re.compile(r"\{\w*\}")


def sources() -> Iterator[tuple[str, str]]:
    """Every file that may say something, with its text."""
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def messages() -> dict[str, list[str]]:
    """Every message of the sources, with the files that say it."""
    found: dict[str, list[str]] = {}
    for place, source in sources():
        for text in said(source):
            places = found.setdefault(text, [])
            if place not in places:
                places.append(place)
    return found


def said(source: str) -> Iterator[str]:
    """The texts in `_("...")` and `N_("...")`. babel's own extractor also takes the key in `_(NOTES["key"])`."""
    for argument in _marked(source):
        if isinstance(argument, ast.Constant) and argument.value:
            yield argument.value


def assembled(source: str) -> Iterator[int]:
    """Lines where a text is put together before it is looked up, so that no catalogue has it."""
    for argument in _marked(source):
        formatted = isinstance(argument, ast.Call) and isinstance(argument.func, ast.Attribute)
        if formatted or isinstance(argument, ast.JoinedStr | ast.BinOp):
            yield argument.lineno


def _marked(source: str) -> Iterator[ast.expr]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            yield from node.args[:1]


def read(language: str) -> Catalog:
    """The catalogue of `language`; an empty one where there is none yet."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as source:
        return read_po(source, locale=language)


def update(language: str, translated: dict[str, str]) -> list[str]:
    """Bring the catalogue up to the sources; new English entries stand for themselves. Returns what is missing.

    What no source says any more is dropped, so a translation is taken over only while its source is there.
    """
    old = {message.id: message.string for message in read(language) if message.id}
    old |= translated if language != "en" else {}
    new = Catalog(locale=language, header_comment=f"# Tensor Atlas: {LANGUAGES[language]}", fuzzy=False)
    for text, places in sorted(messages().items()):
        said = old.get(text) or (text if language == "en" else "")
        new.add(text, said, locations=[(place, None) for place in sorted(places)])
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        write_po(target, new, width=110, omit_header=False, include_lineno=False)
    _plain_header(path)
    return [message.id for message in new if message.id and not message.string]


def _plain_header(path: Path) -> None:
    """Drop the header's dates, which would change the file at every run, and its unfilled forms."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    dropped = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Project-Id-Version',
               '"Report-Msgid-Bugs-To', '"Last-Translator', '"Language-Team')  # fmt: skip
    path.write_text("".join(line for line in lines if not line.startswith(dropped)), encoding="utf-8")


def main(files: list[str]) -> None:
    """Update all catalogues, one at a time whoever else does the same."""
    translated: dict[str, str] = {}
    for file in files:
        translated |= json.loads(Path(file).read_text(encoding="utf-8"))
    with (ROOT / "core" / "locale" / "zh" / "LC_MESSAGES" / "atlas.po").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for code in LANGUAGES:
            missing = update(code, translated)
            print(f"{code}: {len(missing)} missing")
            for text in missing:
                print("   ", text)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Draws the posters of home again: `python tests/posters.py`. They are kept, so that home never waits for torch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from core import answers, ops, words  # noqa: E402
from pages.shared import home  # noqa: E402


def drawn() -> Iterator[tuple[Path, bytes]]:
    """Every poster's file, and what it has to hold now."""
    for operation in ops.CHAPTERS:
        for language in words.LANGUAGES:
            for theme in ("light", "dark"):
                request = {"key": operation.key, "language": language, "theme": theme}
                _data, blobs = answers.TASKS["poster"](request)
                yield home.kept(operation, language, theme), blobs["svg"]


if __name__ == "__main__":
    for path, content in drawn():
        path.write_bytes(content)
        print(path.relative_to(ROOT))

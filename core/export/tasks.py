"""What a worker does of an export: the files apart, the pictures checked, the file made. Plain data in, bytes out.

The files travel in one piece, "body", one after another; "files" in the arguments says their names and sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.export import deck as decks
from core.export import film as films
from core.export.pictures import ExportError, pdf, steps_zip
from core.limits import current
from core.words import _, speaking

Answer = tuple[dict[str, Any], dict[str, bytes]]
MADE = "file"  # the blob of the answer


def film(arguments: Mapping[str, Any]) -> Answer:
    r""" "format" (gif, webp, mp4), "times" (ms, one a frame), "loop", "title"; the files are the frames (PNG)."""

    def made(files: list[tuple[str, bytes]]) -> bytes:
        times = arguments.get("times")
        return films.film(
            [data for _name, data in files],
            times if isinstance(times, list) else [],
            str(arguments.get("format")),
            loop=bool(arguments.get("loop", True)),
            title=arguments.get("title", ""),
        )

    return _answer(arguments, made)


def pdf_page(arguments: Mapping[str, Any]) -> Answer:
    r""" "width" (of the page, in pixels of CSS), "title", "alt"; the one file is a PNG."""

    def made(files: list[tuple[str, bytes]]) -> bytes:
        if len(files) != 1:
            raise ExportError(_("A page holds one picture."))
        words = {name: arguments.get(name, "") for name in ("title", "alt")}
        return pdf(files[0][1], width=arguments.get("width", 0), language=_language(arguments), **words)

    return _answer(arguments, made)


def steps(arguments: Mapping[str, Any]) -> Answer:
    """The files are the stills of the steps (PNG), by the names that they shall have."""
    return _answer(arguments, steps_zip)


def deck(arguments: Mapping[str, Any]) -> Answer:
    r""" "slides" (records, see `core.export.deck`), "title"; the files are their pictures (PNG) and films (MP4)."""

    def made(files: list[tuple[str, bytes]]) -> bytes:
        slides = arguments.get("slides")
        words = {"title": arguments.get("title", ""), "language": _language(arguments)}
        return decks.deck(slides if isinstance(slides, list) else [], dict(files), **words)

    return _answer(arguments, made)


TASKS: dict[str, Callable[[Mapping[str, Any]], Answer]] = {
    "film": film,
    "pdf": pdf_page,
    "steps": steps,
    "deck": deck,
}


def _answer(arguments: Mapping[str, Any], make: Callable[[list[tuple[str, bytes]]], bytes]) -> Answer:
    """The file that `make` makes of the files, or the sentence that says why not."""
    with speaking(_language(arguments)):
        try:
            made = make(_files(arguments))
            most = current().export_bytes
            if len(made) > most:
                sentence = _(
                    "The file would have {size} MB, and {most} MB can be exported. Choose a smaller size."
                )
                raise ExportError(sentence.format(size=f"{len(made) / 1e6:.1f}", most=f"{most / 1e6:g}"))
            return {}, {MADE: made}
        except ExportError as error:
            return {"sentence": error.sentence}, {}


def _language(arguments: Mapping[str, Any]) -> str:
    """The one asked for, which a page may send anything as; what is no word is none that is spoken."""
    return str(arguments.get("language", ""))


def _files(arguments: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    """The files of the body, (name, bytes) in their order."""
    body, start, found = memoryview(arguments["files"]["body"]), 0, []
    for name, size in arguments["sizes"]:
        found.append((name, bytes(body[start : start + size])))
        start += size
    return found

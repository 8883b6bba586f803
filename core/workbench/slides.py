"""Slides on the worker's side: a film as it goes onto a slide, and a deck in a workspace file and out of it again.

What a file says is checked as everything from outside: lengths before anything is unpacked, texts cut, and of a film
only what the atlas draws itself (core.figures.checked).
"""

from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from core import slides
from core.figures import film as films
from core.figures.checked import FilmError, checked
from core.figures.still import still
from core.limits import Limits, current
from core.words import _, speaking
from core.workspace_file import LENGTH

Answer = tuple[dict[str, Any], dict[str, bytes]]
PLACE = "slide:"  # before a slide's number among the files of a question
MOST_HEADER = 2_000_000  # bytes of that list
PATIENCE = 1.2  # seconds of work in which small drawings are made


def slide(arguments: Mapping[str, Any]) -> Answer:
    """The film ("film" among the files) at "view", for a slide: its step's words, the film packed, a small drawing.

    "before": the view that it had; the words of that step come, too.
    """
    with speaking(arguments.get("language", "en")):
        data = arguments["files"]["film"]
        figure = json.loads(data)
        steps = figure["layout"]["meta"]["steps"]
        view = slides.read_view(arguments["view"])
        told = _words(steps, view)
        if "before" in arguments:
            told["before"] = _words(steps, slides.read_view(arguments["before"]))
        return told, {"film": packed(data), "still": packed(_drawn(figure, view))}


def _words(steps: Sequence[Mapping[str, Any]], view: slides.View) -> dict[str, Any]:
    """What is said at the view's step, or at the last one that there is."""
    step = min(view.step, len(steps) - 1)
    return {"step": step, "sentence": steps[step]["sentence"], "formula": steps[step].get("formula", "")}


def packed(data: bytes) -> bytes:
    """Compressed; the same bytes for the same data."""
    return gzip.compress(data, 6, mtime=0)


def unpacked(data: bytes, most: int) -> bytes:
    """What was compressed, never more than `most` bytes of it; raises FilmError."""
    reader = zlib.decompressobj(wbits=31)
    try:
        found = reader.decompress(data, most)
    except zlib.error:
        raise FilmError("not compressed as it should be") from None
    if not reader.eof or reader.unused_data:
        raise FilmError("too large, or cut off")
    return found


def _drawn(figure: films.Figure, view: slides.View) -> bytes:
    """The small drawing; nothing where this cannot be drawn."""
    step = min(view.step, len(figure["layout"]["meta"]["steps"]) - 1)
    try:
        return still(figure, step, camera=view.camera, zoom=view.zoom, layers=view.layers).encode()
    except Exception:  # a drawing is only a help: a slide without one is whole
        return b""


# --- a deck in a workspace file


def read(data: bytes, limits: Limits | None = None) -> tuple[dict[str, Any], dict[str, bytes], list[str]]:
    """The deck of a workspace file (core.workspace_file).

    (title and slides, films and drawings by file name, sentences about what was left out).
    """
    limits = limits or current()
    try:
        header, films_at = _header(data)
        listed = header["slides"][: limits.slides]
        title = slides.cleaned(str(header.get("title", "")), slides.LONGEST["title"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"title": "", "slides": []}, {}, [_("The slides of the file are damaged and were left out.")]
    found, files, lost, until = [], {}, 0, time.process_time() + PATIENCE
    for one, film in _parts(data, films_at, listed):
        kept = _slide(one, film, limits, until)
        if kept is None:
            lost += 1
            continue
        described, files[f"{PLACE}{len(found)}"], files[f"still:{len(found)}"] = kept
        found.append(described)
    sentence = _("Slides of the file that could not be used and were left out: {count}.")
    notes = [sentence.format(count=lost)] if lost else []
    return {"title": title, "slides": found}, files, notes


def _header(data: bytes) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(data[:LENGTH], "big")
    if length > min(MOST_HEADER, len(data) - LENGTH):
        raise ValueError(length)
    header = json.loads(data[LENGTH : LENGTH + length].decode())
    if not isinstance(header, dict) or not isinstance(header["slides"], list):
        raise ValueError("no list")
    return header, LENGTH + length


def _parts(data: bytes, at: int, listed: Sequence[Any]) -> list[tuple[Any, bytes]]:
    """Each slide with its film's bytes; those after one without a size have none."""
    found = []
    for one in listed:
        size = one.get("size") if isinstance(one, dict) else None
        if type(size) is not int or size < 0:
            size = len(data)
        found.append((one, data[at : at + size] if at + size <= len(data) else b""))
        at += size
    return found


def _slide(one: Any, film: bytes, limits: Limits, until: float) -> tuple[dict[str, Any], bytes, bytes] | None:
    """A slide of a file, its film written anew, and its drawing; None where it cannot be used."""
    try:
        figure = checked(unpacked(film, limits.film_bytes))
        clean = packed(films.to_json(figure))
    except (FilmError, ValueError):
        return None
    kept = slides.told(one, clean, b"")
    if kept is None or kept.view.step >= len(figure["layout"]["meta"]["steps"]):
        return None
    drawn = _drawn(figure, kept.view) if time.process_time() < until else b""
    return kept.described(), clean, packed(drawn)

"""The gallery: the course as files that need no server and no network, and a map that leads to them.

`python -m core.export --gallery FOLDER` writes it. Each concept is one self-contained page that holds every language,
light and dark; its reader's browser chooses.
"""

from __future__ import annotations

import base64
import itertools
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from core import calculator, ops, words
from core.export.orders import OrderError
from core.figures import theme
from core.operation import Operation
from core.words import _
from pages.shared import home, look, stage
from pages.shared.markup import Html, join, tag
from pages.shared.navigation import NAME
from pages.shared.stage import shell

MAP = "index.html"
WALL = 60.0  # seconds for one figure; a network is trained part by part
SHEET = Path(__file__).with_name("gallery.css").read_text(encoding="utf-8")
SCRIPT = Path(__file__).with_name("gallery.js").read_text(encoding="utf-8")
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


def files(languages: Sequence[str], themes: Sequence[str]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Each file's name, and what makes it. The map comes last: it leads to nothing that is not there.

    `languages` of core.words.LANGUAGES, `themes` of "light" and "dark"; the first are those of a reader who has no
    other wish. Making a file raises OrderError where its figure cannot be computed.
    """
    for operation in ops.CHAPTERS:
        yield _name(operation), lambda shown=operation: _page(shown, languages, themes)
    yield MAP, lambda: _map(languages, themes)


def _name(operation: Operation) -> str:
    return f"{operation.key}.html"


# --- the page of a concept


def _page(operation: Operation, languages: Sequence[str], themes: Sequence[str]) -> bytes:
    versions = [
        _version(operation, language, mode, languages)
        for language, mode in itertools.product(languages, themes)
    ]
    return shell.filled(stage.shell_page(), versions[0]["title"], {"versions": versions})


def _version(operation: Operation, language: str, mode: str, languages: Sequence[str]) -> dict[str, Any]:
    """The page in one language and theme, as static/page.js takes it."""
    with words.speaking(language):
        title = _(operation.title)
        reply = _computed(operation, {"language": language, "theme": mode})
        film = reply.blobs["film"]
        payload = {
            "id": operation.key, "revision": zlib.crc32(film), "language": language, "theme": mode,
            "labels": {"alt": title}, "title": title, "caption": _(operation.summary), "code": reply.data["code"],
            "film": json.loads(film),
        }  # fmt: skip
        course = _course(operation, languages)
        return {
            "language": language,
            "theme": mode,
            "title": title,
            "course": course,
            "payloads": [payload],
        }


def _course(operation: Operation, languages: Sequence[str]) -> dict[str, Any]:
    """Where the page stands: the map, and the pages before and behind it."""
    place = ops.CHAPTERS.index(operation)
    before, after = ops.CHAPTERS[max(place - 1, 0) : place], ops.CHAPTERS[place + 1 : place + 2]

    def way(neighbours: Sequence[Operation], label: str) -> dict[str, str] | None:
        found = [{"href": _name(one), "text": label.format(title=_(one.title))} for one in neighbours]
        return found[0] if found else None

    return {
        "label": _("Course"),
        "home": {"href": MAP, "text": NAME},
        "previous": way(before, _("Previous: {title}")),
        "next": way(after, _("Next: {title}")),
        "languages": [{"code": code, "text": words.LANGUAGES[code]} for code in languages],
    }


def _computed(operation: Operation, setting: dict[str, str]) -> calculator.Reply:
    """The concept on its defaults, as its page asks for it: what was computed for a page is not computed again."""
    split = {
        "inputs": {item.name: item.default for item in operation.inputs},
        "parameters": {item.name: item.default for item in operation.parameters},
    }
    request = {"key": operation.key, **split, **setting}
    try:
        if operation.prepare:
            request["prepared"] = _prepared(operation, split["parameters"])
        reply = calculator.ask("operation", request, wall=WALL, keep=True)
    except calculator.Failure as failure:
        sentence = _("The figure of “{title}” could not be computed ({reason}). Try again.")
        raise OrderError(sentence.format(title=_(operation.title), reason=failure.kind)) from failure
    if "problem" in reply.data:
        raise OrderError(reply.data["problem"]["sentence"])
    return reply


def _prepared(operation: Operation, parameters: dict[str, Any]) -> Any:
    chosen = {name: parameters[name] for name in operation.prepare.parameters}
    done = None
    for _part in range(operation.prepare.parts):
        question = {"key": operation.key, "parameters": chosen, "before": done}
        done = calculator.ask("prepare", question, wall=WALL, keep=True).data["done"]
    return done


# --- the map


def _map(languages: Sequence[str], themes: Sequence[str]) -> bytes:
    """The map of the course as on home: a picture of each concept that leads to its page."""
    shown = join(_map_in(language, languages, themes) for language in languages)
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><meta name="generator" content="{NAME}">'
        f'<title>{NAME}</title><link rel="icon" href="{look.ICON}"><style>{_looks(themes)}\n{SHEET}</style>'
    )
    body = f"{shown}<script>{SCRIPT}</script>"
    return (
        f'<!doctype html>\n<html lang="{languages[0]}"><head>{head}</head><body>{body}</body></html>'.encode()
    )


def _looks(themes: Sequence[str]) -> str:
    """The colours of the first theme, and of the other one for those whose system says so."""
    first, *others = (
        "".join(f"--atlas-{name}: {theme.colour(name, mode)}; " for name in look.COLOURS)
        + f"color-scheme: {mode};"
        for mode in themes
    )
    more = "".join(
        f"@media (prefers-color-scheme: {mode}) {{ :root {{ {colours} }} }}"
        for mode, colours in zip(themes[1:], others, strict=True)
    )
    return f":root {{ --atlas-font: {theme.FONT}; {first} }}\n{more}"


def _map_in(language: str, languages: Sequence[str], themes: Sequence[str]) -> Html:
    with words.speaking(language):
        others = join(
            tag("a", words.LANGUAGES[code], href=f"#lang={code}", lang=code, hreflang=code)
            for code in languages
            if code != language
        )
        welcome = tag(
            "header", tag("h1", NAME), tag("p", _(home.LEAD)), tag("p", others, class_="atlas-languages")
        )
        chapters = [
            _chapter(key, list(found), language, themes)
            for key, found in itertools.groupby(ops.CHAPTERS, key=lambda one: one.chapter)
        ]
        return tag("main", welcome, *chapters, lang=language, class_="atlas-map")


def _chapter(key: str, operations: Sequence[Operation], language: str, themes: Sequence[str]) -> Html:
    alone = " atlas-lone" if len(operations) == 1 else ""
    cards = join(_card(operation, language, themes) for operation in operations)
    return tag(
        "section",
        tag("h2", _(ops.CHAPTER_TITLES[key])),
        tag("ol", cards, class_=f"atlas-cards{alone}"),
        lang=language,
    )


def _card(operation: Operation, language: str, themes: Sequence[str]) -> Html:
    number = 1 + ops.CHAPTERS.index(operation)
    link = tag("a", f"{number} · {_(operation.title)}", href=_name(operation))
    words_of = tag("p", tag("i", operation.notation), " ", _(operation.summary))
    return tag("li", _poster(operation, language, themes), tag("h3", link), words_of)


def _poster(operation: Operation, language: str, themes: Sequence[str]) -> Html:
    """The concept's still, in its reader's light or dark. It says no more than the title that stands under it."""
    first, *others = ((mode, _still(operation, language, mode)) for mode in themes)
    sources = [tag("source", srcset=still, media=f"(prefers-color-scheme: {mode})") for mode, still in others]
    return tag("picture", *sources, tag("img", src=first[1], alt="", width="640", height="360"))


def _still(operation: Operation, language: str, mode: str) -> str:
    drawn = home.kept(operation, language, mode).read_bytes()
    return "data:image/svg+xml;base64," + base64.b64encode(drawn).decode()

"""A visitor's slides: figures as they were looked at, with words, code and a link. Plain data that never change.

No torch here, as in core.workspace: a figure lies here as the bytes of its film, compressed, and only the browser and
the workers read them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.history import Past
from core.limits import Limits, current
from core.words import N_, _, plain_text
from core.workspace import WorkspaceError

KINDS = {"picture": N_("Picture"), "film": N_("Film")}  # of a presentation; in HTML every figure plays
THEMES = ("light", "dark")
LONGEST = {
    "title": 120, "caption": 600, "formula": 300, "code": 12_000, "link": 4_000, "alt": 200, "page": 60,
    "theme": 10, "language": 10,
}  # fmt: skip
EDITED = ("title", "caption", "kind", "view", "formula", "still", "link")
SEVERAL_LINES = ("code",)
MOST_STEPS, MOST_LAYERS = 10_000, 30
LARGEST = 1e6  # of a coordinate of a view
LAYER = re.compile(r"[a-z][a-z0-9-]{0,29}")
KEY = re.compile(r"s[1-9][0-9]{0,8}")
LINK = re.compile(r"/[a-z0-9-]*(\?[^\s<>\"]*)?")


@dataclass(frozen=True)
class View:
    """How a figure was looked at. `camera`: eye, centre and up, `zoom`: x and y; () is the figure's own.

    `layers`: the keys of those that are shown; None: as the figure comes.
    """

    step: int = 0
    camera: tuple[float, ...] = ()
    zoom: tuple[float, ...] = ()
    layers: tuple[str, ...] | None = None

    def plain(self) -> dict[str, Any]:
        """As the stage takes it."""
        points = (
            [dict(zip("xyz", self.camera[at : at + 3], strict=True)) for at in (0, 3, 6)]
            if self.camera
            else []
        )
        return {
            "step": self.step,
            "camera": dict(zip(("eye", "center", "up"), points, strict=True)) if points else None,
            "zoom": list(self.zoom) or None,
            "layers": None if self.layers is None else list(self.layers),
        }

    def query(self) -> dict[str, str]:
        """As a link says it.

        >>> View(2, layers=()).query()
        {'step': '2', 'layers': 'none'}
        """
        said = {"step": str(self.step)}
        for name, numbers in (("camera", self.camera), ("zoom", self.zoom)):
            if numbers:
                said[name] = ",".join(f"{number:.6g}" for number in numbers)
        return said if self.layers is None else said | {"layers": ",".join(self.layers) or "none"}


def read_view(sent: Any) -> View | None:
    """`sent` as a View when it has the form of one; anything else that a browser or a file may hold is None."""
    if not isinstance(sent, Mapping):
        return None
    step, layers = sent.get("step"), sent.get("layers")
    camera, zoom = _camera(sent.get("camera")), _zoom(sent.get("zoom"))
    stepped = isinstance(step, int) and not isinstance(step, bool) and 0 <= step < MOST_STEPS
    named = layers is None or (
        isinstance(layers, list)
        and len(layers) <= MOST_LAYERS
        and all(isinstance(name, str) and LAYER.fullmatch(name) for name in layers)
    )
    if not stepped or camera is None or zoom is None or not named:
        return None
    return View(step, camera, zoom, None if layers is None else tuple(layers))


def _numbers(found: Sequence[Any]) -> tuple[float, ...] | None:
    good = all(
        isinstance(one, int | float) and not isinstance(one, bool) and abs(one) <= LARGEST for one in found
    )
    return tuple(float(one) for one in found) if good else None


def _camera(sent: Any) -> tuple[float, ...] | None:
    """() where there is none, None where it is no camera."""
    if sent is None:
        return ()
    if not isinstance(sent, Mapping) or not all(
        isinstance(sent.get(part), Mapping) for part in ("eye", "center", "up")
    ):
        return None
    found = _numbers([sent[part].get(axis) for part in ("eye", "center", "up") for axis in "xyz"])
    sees = found and math.dist(found[:3], found[3:6]) > 1e-3 and math.hypot(*found[6:]) > 1e-3
    return found if sees else None


def _zoom(sent: Any) -> tuple[float, ...] | None:
    if sent is None:
        return ()
    found = _numbers(sent) if isinstance(sent, list) and len(sent) == 4 else None
    return found if found and found[1] - found[0] > 1e-6 and found[3] - found[2] > 1e-6 else None


@dataclass(frozen=True)
class Slide:
    """A figure on a slide. `key` names it in its deck; `page`: where it comes from, as in the address.

    `film`: what the stage showed, gzipped JSON. `still`: a small drawing of it, gzipped SVG. `link`: path and query
    that show the same again. `kind`: "picture" (as it stands) or "film" (it plays) in a presentation.
    """

    key: str
    page: str
    title: str
    film: bytes
    still: bytes = b""
    view: View = View()
    caption: str = ""
    formula: str = ""
    code: str = ""
    link: str = ""
    alt: str = ""
    kind: str = "picture"
    theme: str = "light"
    language: str = "en"

    def letters(self) -> int:
        """Bytes of its words."""
        return sum(len(getattr(self, name).encode()) for name in LONGEST)

    def described(self) -> dict[str, Any]:
        """Everything but the bytes, as a file keeps it."""
        texts = {name: getattr(self, name) for name in (*LONGEST, "kind")}
        return {"key": self.key, **texts, "view": self.view.plain()}


def told(described: Any, film: bytes, still: bytes) -> Slide | None:
    """`described` (from a file, or from a page of ours) as a Slide; None where it is none."""
    if not isinstance(described, Mapping):
        return None
    texts = {name: described.get(name, "") for name in LONGEST}
    view, kind, key = read_view(described.get("view")), described.get("kind"), described.get("key")
    known = kind in KINDS and texts["theme"] in THEMES and isinstance(key, str) and KEY.fullmatch(key)
    if view is None or not known or not all(isinstance(text, str) for text in texts.values()):
        return None
    clean = {name: cleaned(text, LONGEST[name], name in SEVERAL_LINES) for name, text in texts.items()}
    if len(texts["link"]) > LONGEST["link"] or not LINK.fullmatch(texts["link"]):
        clean["link"] = ""
    if len(texts["code"]) > LONGEST["code"]:
        clean["code"] = ""  # half a program is none
    return Slide(key=key, film=film, still=still, view=view, kind=kind, **clean)


def cleaned(text: str, longest: int, several_lines: bool = False) -> str:
    """`text` cut, without what does not print; line breaks stay where there may be several lines.

    >>> cleaned(" one\\ntwo\\x00 ", 40), cleaned("one\\ntwo", 40, True), cleaned("abcdef", 4)
    ('one two', 'one\\ntwo', 'abc…')
    """
    if several_lines:
        return plain_text(text, longest, lines=True)
    return plain_text(" ".join(plain_text(text, 4 * longest).split()), longest)


@dataclass(frozen=True)
class Deck:
    """Slides in the order in which they are shown, under a title."""

    title: str = ""
    slides: tuple[Slide, ...] = ()

    def __len__(self) -> int:
        return len(self.slides)

    def blobs(self) -> Iterable[bytes]:
        """The figures and their drawings."""
        return (blob for slide in self.slides for blob in (slide.film, slide.still))

    def find(self, key: str) -> Slide:
        """The slide with that key; raises WorkspaceError."""
        return self.slides[self.place(key)]

    def place(self, key: str) -> int:
        """Its place, from 0; raises WorkspaceError."""
        for place, slide in enumerate(self.slides):
            if slide.key == key:
                return place
        raise WorkspaceError(_("This slide is not in the deck any more."))

    def free_key(self) -> str:
        """A key that no slide has."""
        return f"s{1 + max((int(slide.key[1:]) for slide in self.slides), default=0)}"

    def added(self, slides: Iterable[Slide], limits: Limits | None = None) -> Deck:
        """`slides` at the end, all or none, each under a key of its own; raises WorkspaceError over a limit."""
        found = self
        for slide in slides:
            own = replace(slide, key=found.free_key())
            found = replace(found, slides=(*found.slides, own))
        return found._within(limits or current())

    def unknown(self, slides: Iterable[Slide]) -> list[Slide]:
        """Those that are not in the deck yet, whatever they are called there."""
        own = [replace(slide, key="", still=b"") for slide in self.slides]
        return [slide for slide in slides if replace(slide, key="", still=b"") not in own]

    def without(self, key: str) -> Deck:
        """Without that slide."""
        place = self.place(key)
        return replace(self, slides=self.slides[:place] + self.slides[place + 1 :])

    def moved(self, key: str, to: int) -> Deck:
        """That slide at the place `to`, or at the nearest that there is."""
        slide, rest = self.find(key), self.without(key).slides
        to = min(max(to, 0), len(rest))
        return replace(self, slides=(*rest[:to], slide, *rest[to:]))

    def changed(self, key: str, limits: Limits | None = None, **changes: Any) -> Deck:
        """That slide with other words, another kind or view, and what belongs to it."""
        place, slide = self.place(key), self.find(key)
        if not changes.keys() <= set(EDITED) or changes.get("kind", slide.kind) not in KINDS:
            raise ValueError(sorted(changes))
        texts = {name: cleaned(text, LONGEST[name]) for name, text in changes.items() if name in LONGEST}
        found = replace(slide, **{**changes, **texts})
        return replace(self, slides=(*self.slides[:place], found, *self.slides[place + 1 :]))._within(
            limits or current()
        )

    def doubled(self, key: str, limits: Limits | None = None) -> Deck:
        """That slide twice, one behind the other."""
        more = self.added([self.find(key)], limits)
        return more.moved(more.slides[-1].key, self.place(key) + 1)

    def renamed(self, title: str) -> Deck:
        """Under another title."""
        return replace(self, title=cleaned(title, LONGEST["title"]))

    def _within(self, limits: Limits) -> Deck:
        size = sum(map(len, self.blobs())) + sum(slide.letters() for slide in self.slides)
        if len(self.slides) > limits.slides:
            sentence = _("A deck holds at most {limit} slides.").format(limit=limits.slides)
        elif size > limits.slides_bytes:
            sentence = _("The figures would take {size} MB; a deck holds {limit} MB.")
            sentence = sentence.format(size=f"{size / 1e6:.1f}", limit=f"{limits.slides_bytes / 1e6:g}")
        else:
            return self
        raise WorkspaceError(sentence, _("Save the workspace, and delete slides that you need no more."))


@dataclass(frozen=True)
class Edits(Past[Deck]):
    """A deck with what was undone and what can be: three times a deck's bytes in all."""

    now: Deck = Deck()

    def then(self, deck: Deck, limits: Limits | None = None) -> Edits:
        """After a change. What had been undone is gone."""
        return self.followed(deck, 3 * (limits or current()).slides_bytes)

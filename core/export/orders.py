"""What is asked of `python -m core.export`: links, files and options, checked before anything is started."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import quote, urlsplit

from core.export.pictures import is_name
from core.words import LANGUAGES, _

FORMATS = ("png", "svg", "pdf", "gif", "mp4", "webp", "html", "zip", "py", "ipynb")
SIZES = ("screen", "16:9", "4:3", "1:1")
THEMES = ("light", "dark")
MOST_SCALE, SPEEDS, MOST_STEPS = 8, (0.1, 10), 9999
MOST_ORDERS, MOST_TEXT, LONGEST_PATH = 500, 2**20, 200
LONGEST_LINK = 512 * 1024  # characters of a query that Streamlit takes
NOT_THE_FIGURE = ("embed", "embed_options", "present")  # of a link: how the page stands around the figure
CLOCK = {60 * int(a) + int(b): f"{a}:{b}" for a, b in (size.split(":") for size in SIZES[1:])}
PAGE = re.compile(r"[a-z][a-z0-9-]{0,60}")
READABLE = "[](){},;:=@!*'$/.+-_~"  # what an address may hold as it is


class OrderError(ValueError):
    """What was asked cannot be done; the message is a sentence for the reader."""


@dataclass(frozen=True)
class Link:
    """An address of the atlas: where its server would be ("" when the link does not say), its page and its query."""

    base: str
    page: str
    query: str

    def at(self, base: str) -> str:
        """The full address on the server at `base`."""
        return f"{base}/{self.page}" + (f"?{self.query}" if self.query else "")

    def having(self, **parameters: str | None) -> Link:
        """The link with some parameters set; None leaves one as it is."""
        wanted = {name: text for name, text in parameters.items() if text is not None}
        kept = [part for part in self.query.split("&") if part and part.split("=")[0] not in wanted]
        return replace(
            self,
            query="&".join(
                [*kept, *(f"{name}={quote(text, safe=READABLE)}" for name, text in wanted.items())]
            ),
        )


@dataclass(frozen=True)
class Order:
    """One file to make."""

    link: Link
    file: Path
    size: str = "screen"
    scale: float = 2
    theme: str = "light"
    language: str | None = None
    transparent: bool = False
    step: int | None = None
    speed: float = 1
    loop: bool = True

    @property
    def format(self) -> str:
        """The kind of file, by its ending."""
        return self.file.suffix[1:].lower()

    def address(self, base: str) -> str:
        """Where the figure is found on the server at `base`."""
        step = None if self.step is None else str(self.step)
        return self.link.having(step=step, lang=self.language).at(base)

    def wish(self) -> dict[str, Any]:
        """What the stage is asked for."""
        asked = {"format": self.format, "size": self.size, "scale": self.scale}
        return {**asked, "transparent": self.transparent, "speed": self.speed, "loop": self.loop}


def read_link(text: Any) -> Link:
    """A full address or a path with its query. Raises OrderError."""
    if not isinstance(text, str) or not text.strip():
        raise OrderError(_("A link is missing. It looks like /matrix-vector?A=[[2,1],[0,3]]&step=1."))
    text = text.strip()
    if len(text) > LONGEST_LINK or any(not letter.isprintable() for letter in text):
        raise OrderError(_("The link is too long, or has characters that no link has."))
    whole = "://" in text.split("?")[0]
    try:
        parts = urlsplit(text if whole else "/" + text.removeprefix("/"))
        usable = not whole or (
            parts.scheme in ("http", "https") and parts.hostname and parts.username is None
        )
        base = f"{parts.scheme}://{parts.netloc}" if whole and usable else ""
    except ValueError:
        usable, base = False, ""
    if not usable or (not whole and parts.netloc):
        raise OrderError(
            _("“{link}” is no address of an atlas: it begins with http://, https:// or /.").format(
                link=_short(text)
            )
        )
    *folders, page = parts.path.split("/")
    if not PAGE.fullmatch(page) or (not whole and any(folders)):
        raise OrderError(
            _("“{link}” names no page with a figure, such as /matrix-vector.").format(link=_short(text))
        )
    kept = [part for part in parts.query.split("&") if part and part.split("=")[0] not in NOT_THE_FIGURE]
    return Link(base + "/".join(folders) if whole else "", page, "&".join(kept))


def check(order: Order) -> Order:
    """The order, when all of it can be had. Raises OrderError."""
    if order.format not in FORMATS:
        raise OrderError(
            _("“{file}” has no ending that can be made. These can: {endings}.").format(
                file=_short(order.file.name), endings=", ".join(FORMATS)
            )
        )
    _one_of("size", order.size, SIZES)
    _one_of("theme", order.theme, THEMES)
    if order.language is not None:
        _one_of("language", order.language, tuple(LANGUAGES))
    _between("scale", order.scale, 0.25, MOST_SCALE)
    _between("speed", order.speed, *SPEEDS)
    if order.step is not None:
        _between("step", order.step, 0, MOST_STEPS, whole=True)
    for name in ("transparent", "loop"):
        if not isinstance(getattr(order, name), bool):
            raise OrderError(_("{name} is true or false.").format(name=name))
    return order


def read_set(text: str, folder: Path) -> list[Order | OrderError]:
    """The orders of a YAML list, files within `folder`; an entry that cannot be used is its error.

    Raises OrderError when the text is no such list.
    """
    import yaml

    shape = _("a list of entries with link: and file:")
    if len(text) > MOST_TEXT:
        raise OrderError(_("The list is larger than {size} kB.").format(size=MOST_TEXT // 1024))
    try:
        found = yaml.safe_load(text)
    except Exception as error:  # yaml's own, and Python's for a value such as 2024-13-45
        place = getattr(error, "problem_mark", None)
        where = _(" (line {line})").format(line=place.line + 1) if place else ""
        raise OrderError(
            _("The list is no YAML{where}; it is {shape}, each link in quotes.").format(
                where=where, shape=shape
            )
        ) from error
    if not isinstance(found, list) or not found:
        raise OrderError(_("The list is empty, or is not a list; it should be {shape}.").format(shape=shape))
    if len(found) > MOST_ORDERS:
        raise OrderError(
            _("The list has {count} entries; {most} are allowed.").format(count=len(found), most=MOST_ORDERS)
        )
    orders, taken = [], {}
    for number, entry in enumerate(found, 1):
        try:
            order = _entry(entry, folder)
            first = taken.setdefault(str(order.file).casefold(), number)
            if first != number:
                raise OrderError(_("Entry {first} makes the same file.").format(first=first))
        except OrderError as error:
            order = OrderError(_("Entry {number}: {reason}").format(number=number, reason=error))
        orders.append(order)
    return orders


def _entry(entry: Any, folder: Path) -> Order:
    if not isinstance(entry, Mapping) or not all(isinstance(name, str) for name in entry):
        raise OrderError(_("It is not of the form link: …, file: …."))
    options = dict(entry)
    unknown = sorted(options.keys() - Order.__dataclass_fields__.keys())
    if unknown:
        known = ", ".join(Order.__dataclass_fields__)
        raise OrderError(
            _("“{name}” is no option; these are: {known}.").format(name=_short(unknown[0]), known=known)
        )
    link, file = read_link(options.pop("link", None)), inside(folder, options.pop("file", None))
    if isinstance(options.get("size"), int):
        options["size"] = CLOCK.get(options["size"])  # YAML reads 16:9 as a time of day
    return check(Order(link, file, **options))


def inside(folder: Path, text: Any) -> Path:
    """The file that `text` names within `folder`, on every system. Raises OrderError for anything else."""
    if not isinstance(text, str) or not text.strip():
        raise OrderError(_("A file is missing, such as picture.png."))
    parts = PurePosixPath(text).parts
    outside = PureWindowsPath(text).anchor or ".." in parts or text.startswith("~")
    if outside or not parts or len(text) > LONGEST_PATH:
        raise OrderError(_("“{file}” does not lie in the folder of the set.").format(file=_short(text)))
    for part in parts:
        if not is_name(part):
            raise OrderError(_("“{file}” is no name for a file on every system.").format(file=_short(text)))
    place = folder.joinpath(*parts)
    if not place.resolve().is_relative_to(folder.resolve()):  # by a link that lies there
        raise OrderError(_("“{file}” does not lie in the folder of the set.").format(file=_short(text)))
    return place


def _one_of(name: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        raise OrderError(_("{name} is one of {known}.").format(name=name, known=", ".join(known)))


def _between(name: str, value: Any, low: float, high: float, *, whole: bool = False) -> None:
    kind = int if whole else int | float
    if not isinstance(value, kind) or isinstance(value, bool) or not low <= value <= high:
        raise OrderError(_("{name} is a number from {low} to {high}.").format(name=name, low=low, high=high))


def _short(text: str) -> str:
    clean = "".join(letter if letter.isprintable() else "�" for letter in text[:81])
    return clean if len(clean) <= 80 else clean[:80] + "…"

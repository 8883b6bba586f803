"""A visitor's named tensors: the shelf. Plain data that never change; what is done to it can be undone.

No torch here: the server's process keeps the numbers as bytes, and only workers make tensors of them.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from core.history import Past
from core.limits import Limits, current
from core.words import _

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,29}")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LETTERS = "CDEGHIJKLMNOPQRSTUVWXYZAB"  # of results that nobody named: A and B are mostly taken, F is torch's
MOST_LINKED = 4_000  # characters of a shelf in a link
UNLINKED = "?"  # in a link: the tensor was there, and was too large


class WorkspaceError(Exception):
    """What cannot be done with the shelf; `sentence` says why, `fix` what would work."""

    def __init__(self, sentence: str, fix: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.fix = sentence, fix


@dataclass(frozen=True)
class Item:
    """A tensor on the shelf. `data`: its numbers, row by row, little-endian.

    `text`: a text of the tensor language that alone gives exactly this tensor, "" where only the numbers do.
    `origin`: where it came from, for a reader: a line of torch, the name of a file.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    data: bytes
    text: str = ""
    origin: str = ""

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)

    def same(self, other: Item) -> bool:
        """Whether the other is the same tensor, whatever it is called."""
        return (self.shape, self.dtype, self.data) == (other.shape, other.dtype, other.data)

    def described(self) -> dict[str, object]:
        """What a worker needs to know beside the bytes."""
        return {"shape": list(self.shape), "dtype": self.dtype, "text": self.text, "origin": self.origin}


@dataclass(frozen=True)
class Workspace:
    """The tensors on the shelf, in the order in which they came."""

    items: tuple[Item, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, name: object) -> bool:
        return any(item.name == name for item in self.items)

    def blobs(self) -> Iterable[bytes]:
        """The numbers of all tensors."""
        return (item.data for item in self.items)

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        return tuple(item.name for item in self.items)

    def find(self, name: str) -> Item:
        """The tensor called `name`; raises WorkspaceError."""
        for item in self.items:
            if item.name == name:
                return item
        raise WorkspaceError(_("There is no `{name}` on the shelf.").format(name=name))

    def with_item(self, item: Item, limits: Limits | None = None) -> Workspace:
        """`item` on the shelf, in the place of one of the same name; raises WorkspaceError over a limit."""
        items = tuple(item if one.name == item.name else one for one in self.items)
        return Workspace(items if item.name in self else (*items, item))._within(limits or current())

    def with_all(self, items: Iterable[Item], limits: Limits | None = None) -> Workspace:
        """Every one of `items` on the shelf; all of them or none."""
        found = self
        for item in items:
            found = found.with_item(item, limits)
        return found

    def without(self, name: str) -> Workspace:
        """Without that tensor."""
        self.find(name)
        return Workspace(tuple(item for item in self.items if item.name != name))

    def renamed(self, old: str, new: str, reserved: Collection[str] = ()) -> Workspace:
        """`old` under a new name, in its place; raises WorkspaceError where the name is none or taken."""
        self.find(old)
        if new == old:
            return self
        check_name(new, reserved)
        if new in self:
            sentence = _("There is a `{name}` on the shelf already.").format(name=new)
            raise WorkspaceError(sentence, _("Choose another name, or delete that one first."))
        return Workspace(tuple(replace(item, name=new) if item.name == old else item for item in self.items))

    def doubled(self, name: str, limits: Limits | None = None) -> Workspace:
        """A second `name` under a free name."""
        return self.with_item(replace(self.find(name), name=free_name(name, self.names)), limits)

    def mentioned(self, *texts: str) -> tuple[Item, ...]:
        """The tensors whose names occur in the texts."""
        words = {word for text in texts for word in WORD.findall(text)}
        return tuple(item for item in self.items if item.name in words)

    def _within(self, limits: Limits) -> Workspace:
        elements = sum(item.elements for item in self.items)
        size = sum(len(item.data) for item in self.items)
        if len(self.items) > limits.workspace_tensors:
            sentence = _("The shelf holds at most {limit} tensors.").format(limit=limits.workspace_tensors)
        elif elements > limits.workspace_elements:
            sentence = _(
                "All tensors on the shelf together would have {count} elements; {limit} are allowed."
            )
            sentence = sentence.format(count=f"{elements:,}", limit=f"{limits.workspace_elements:,}")
        elif size > limits.workspace_bytes:
            sentence = _("All tensors on the shelf together would take {size} MB; {limit} MB are allowed.")
            sentence = sentence.format(size=f"{size / 1e6:.1f}", limit=f"{limits.workspace_bytes / 1e6:g}")
        else:
            return self
        raise WorkspaceError(sentence, _("Delete what you need no more."))


@dataclass(frozen=True)
class History(Past[Workspace]):
    """A shelf with what was undone and what can be: twice the shelf's bytes in all."""

    now: Workspace = Workspace()

    def then(self, workspace: Workspace, limits: Limits | None = None) -> History:
        """After a change. What had been undone is gone."""
        return self.followed(workspace, 2 * (limits or current()).workspace_bytes)


# --- names


def check_name(name: str, reserved: Collection[str] = ()) -> None:
    """Raises WorkspaceError where a tensor cannot be called `name`; `reserved`: the words of the tensor language."""
    fix = _("Use letters, digits and `_`, and begin with a letter: `photo_2`.")
    if not NAME.fullmatch(name) or "__" in name or name.endswith("_"):
        shown = "".join(letter if letter.isprintable() else "�" for letter in name[:30])
        if not shown.strip():
            raise WorkspaceError(_("A tensor needs a name."), fix)
        raise WorkspaceError(_("“{name}” cannot be the name of a tensor.").format(name=shown), fix)
    if keyword.iskeyword(name) or name in reserved:
        sentence = _("`{name}` means something else in the tensor language.").format(name=name)
        raise WorkspaceError(sentence, _("Choose another name."))


def free_name(name: str, taken: Collection[str]) -> str:
    """`name`, numbered where it is taken.

    >>> free_name("photo", ["photo", "photo_2"])
    'photo_3'
    """
    if name not in taken:
        return name
    stem = re.sub(r"_\d+$", "", name)[:24].rstrip("_")
    return next(found for k in range(2, len(taken) + 3) if (found := f"{stem}_{k}") not in taken)


def next_letter(taken: Collection[str]) -> str:
    """What the next result is called: the first free letter from C on."""
    return next((letter for letter in LETTERS if letter not in taken), free_name("R", taken))


# --- in a link


def to_link(items: Iterable[Item]) -> str:
    """The tensors as one value of a link: "Q=[[1, 2]];photo=?"; what has no text, or no more room, is only named.

    >>> to_link([Item("Q", (2,), "int64", b"", "[1, 2]"), Item("photo", (3, 427, 640), "uint8", b"")])
    'Q=[1, 2];photo=?'
    """
    written: list[str] = []
    room = MOST_LINKED
    for item in items:
        fits = item.text and ";" not in item.text and "\n" not in item.text and len(item.text) <= room
        room -= len(item.text) if fits else 0
        written.append(f"{item.name}={item.text if fits else UNLINKED}")
    return ";".join(written)


@dataclass(frozen=True)
class Linked:
    """A shelf as a link holds it: texts by name, the names of those it could not hold, and what was wrong."""

    texts: Mapping[str, str]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def from_link(value: str, limits: Limits | None = None) -> Linked:
    """The shelf in a link's value, names and lengths checked; whether a text computes is a worker's to say."""
    limits = limits or current()
    texts: dict[str, str] = {}
    missing: list[str] = []
    wrong: list[str] = []
    if len(value) > 2 * MOST_LINKED:
        sentence = _(
            "The shelf in the link is {length} characters long, and {limit} are allowed; it was left out."
        )
        return Linked({}, (), (sentence.format(length=len(value), limit=2 * MOST_LINKED),))
    for part in value.split(";")[: limits.workspace_tensors]:
        name, sign, text = part.partition("=")
        name, text = name.strip(), text.strip()
        try:
            check_name(name)
        except WorkspaceError as error:
            wrong.append(error.sentence)
            continue
        if not sign or not text or len(text) > limits.text:
            sentence = _("`{name}` in the link's shelf has no usable text and was left out.")
            wrong.append(sentence.format(name=name))
        elif text == UNLINKED:
            missing.append(name)
        else:
            texts[name] = text
    return Linked(texts, tuple(missing), tuple(wrong[:3]))

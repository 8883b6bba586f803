"""What a reader types about a tensor, as values that torch takes: an index `A[1, :, ::2]`, sizes `4, 6`."""

from __future__ import annotations

from typing import Any

from core.shapes import Shape, ShapeError
from core.words import _

MOST_PARTS = 12
MOST_DIGITS = 9

Index = tuple[Any, ...]  # of whole numbers, slices, lists of whole numbers, `...` and None


def index_of(text: str, shape: Shape = (), name: str = "A") -> Index:
    """The index in `A[1, :, ::2]` or `1, :, ::2`; raises ShapeError with a sentence.

    >>> index_of("A[1, :, ::2]")
    (1, slice(None, None, None), slice(None, None, 2))
    """
    inner = text.replace(" ", "").removeprefix(name)
    if inner.startswith("[") and inner.endswith("]") and _closes_at_the_end(inner):
        inner = inner[1:-1]
    parts = _parts(inner)
    if not parts or len(parts) > MOST_PARTS:
        raise _unread(text, shape, name)
    return tuple(_part(part, text, shape, name) for part in parts)


def whole_numbers(text: str, shape: Shape = (), name: str = "A") -> tuple[int, ...]:
    """The whole numbers in `4, 6` or `(4, 6)`; raises ShapeError with a sentence.

    >>> whole_numbers("(4, -1)")
    (4, -1)
    """
    parts = [part for part in text.replace(" ", "").strip("()[]").split(",") if part]
    if len(parts) > MOST_PARTS or not all(map(_is_whole, parts)):
        sentence = _("“{text}” is no list of whole numbers such as 4, 6.").format(text=text)
        raise ShapeError(sentence, {name: shape})
    return tuple(map(int, parts))


def written(index: Index, name: str = "A") -> str:
    """The index as the reader writes it.

    >>> written((1, slice(None), slice(None, None, 2)))
    'A[1, :, ::2]'
    """
    return f"{name}[{', '.join(map(part_text, index))}]"


def part_text(part: Any) -> str:
    """One part of an index: `1`, `::2`, `...`, `None`, `[0, 2]`."""
    if part is Ellipsis:
        return "..."
    if not isinstance(part, slice):
        return str(part)
    start, stop, step = ("" if value is None else str(value) for value in (part.start, part.stop, part.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


def expanded(index: Index, count: int) -> Index:
    """The index with one part for each of `count` axes (and None for new ones): `...` and what is left out are `:`."""
    named = sum(part is not None and part is not Ellipsis for part in index)
    missing = (slice(None),) * max(0, count - named)
    if not any(part is Ellipsis for part in index):
        return (*index, *missing)
    k = next(k for k, part in enumerate(index) if part is Ellipsis)
    return (*index[:k], *missing, *index[k + 1 :])


def _closes_at_the_end(text: str) -> bool:
    """Whether the first bracket is closed by the last character: not so in `[0, 1], [2]`."""
    depth = 0
    for k, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if depth == 0:
            return k == len(text) - 1
    return False


def _parts(text: str) -> list[str]:
    """Split at the commas that lie in no bracket."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts[:-1] if parts[-1] == "" else parts


def _part(part: str, text: str, shape: Shape, name: str) -> Any:
    if part == "...":
        return Ellipsis
    if part == "None":
        return None
    if _is_whole(part):
        return int(part)
    if part.startswith("[") and part.endswith("]") and all(map(_is_whole, part[1:-1].split(","))):
        return [int(number) for number in part[1:-1].split(",")]
    ends = part.split(":")
    if len(ends) not in (2, 3) or not all(end == "" or _is_whole(end) for end in ends):
        raise _unread(text, shape, name)
    cut = slice(*(int(end) if end else None for end in ends))
    if cut.step is not None and cut.step < 1:
        sentence = _("torch cuts slices forwards: the step must be 1 or more.")
        raise ShapeError(sentence, {name: shape})
    return cut


def _is_whole(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS


def _unread(text: str, shape: Shape, name: str) -> ShapeError:
    sentence = _("“{text}” is no index. What works: A[1, :, ::2], A[..., 0], A[:, None], A[:, [0, 2]].")
    return ShapeError(sentence.format(text=text), {name: shape})

"""One colour per axis outside of the picture: in the shape line and in the shapes beside the fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.figures import theme
from pages.shared import answer
from pages.shared.markup import Html, join, tag

Axis = Sequence[str]  # name and colour


def coloured(text: str, colour: str) -> Html | str:
    """`text` in the colour of an axis; without one as it is."""
    if not colour:
        return text
    return tag("b", text, class_="atlas-axis", style=f"color: {theme.colour(colour, answer.theme())}")


def shape(sizes: Sequence[int], axes: Sequence[Axis]) -> Html:
    """A shape as torch writes it, each size in the colour of its axis."""
    hues = [colour for _name, colour in axes] if len(axes) == len(sizes) else [""] * len(sizes)
    written = [coloured(str(size), hue) for size, hue in zip(sizes, hues, strict=True)]
    return join(["(", join(written, ", "), ",)" if len(sizes) == 1 else ")"])


def shape_line(line: str, data: Mapping[str, Any], static: Mapping[str, str]) -> Html:
    """ "A (m, n) @ x (n) → y (m)": between brackets each axis in its colour, with its size."""
    hues, sizes = dict(static), {}
    for name, axes in data.get("axes", {}).items():
        for (axis, colour), size in zip(axes, data["inputs"][name]["shape"], strict=False):
            hues.setdefault(axis, colour)
            sizes.setdefault(axis, size)
    parts: list[object] = []
    for k, part in enumerate(re.split(r"\(([^()]*)\)", line)):
        parts.append(part if k % 2 == 0 else join(["(", join(_axes(part, hues, sizes), ", "), ")"]))
    return tag("p", *parts, class_="atlas-shape-line")


def _axes(part: str, hues: Mapping[str, str], sizes: Mapping[str, int]) -> list[object]:
    written = []
    for word in filter(None, part.replace(" ", "").split(",")):
        size = f" {sizes[word]}" if word in sizes else ""
        written.append(join([tag("i", coloured(word, hues.get(word, ""))), size]))
    return written

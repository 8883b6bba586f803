"""Shapes under each other, as broadcasting compares them: strips of boxes that slide, fill up, stretch or clash."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from core.figures import theme
from core.figures.marks import Trace
from core.panels import Alignment, Box, Strip

PITCH = 1.5  # from strip to strip, in boxes
RULE_ROOM = 0.3  # more above the result
HALF = 0.46  # of a box's side
HEAD = 0.95  # room above for the columns' numbers
FAINT = ("padded", "gone", "absent")  # boxes without a fill
DASHED = ("padded", "stretched")
TINT = 0.24  # of the axis's colour in its box
COPY = 0.11  # how far a ghost copy stands off

Points = Iterable[tuple[float, float] | None]


class Spot(NamedTuple):
    """A box and its middle; y grows downwards."""

    box: Box
    x: float
    y: float


def axes(panels: Sequence[Alignment], _mode: str) -> tuple[dict, dict, bool]:
    """Invisible axes that hold the strips at every step, wherever they slide; boxes square."""
    strips = [strip for panel in panels for strip in panel.strips]
    reach = max((_reach(strip) for strip in strips), default=1)
    name = max((len(strip.name) for strip in strips), default=1)
    note = max((len(strip.note) for strip in strips), default=0)
    hidden = {"visible": False, "fixedrange": True}
    across = [-max(reach, 1) - 0.9 - 0.2 * name, 0.15 + 0.17 * note]
    bottom = max(_down(panel, len(panel.strips) - 1) for panel in panels) + 0.8
    return hidden | {"range": across}, hidden | {"range": [bottom, -HEAD]}, True


def draw(panel: Alignment, mode: str, axes: tuple[str, str]) -> list[Trace]:
    """From the back: the lit column, ghost copies, boxes, frames, strokes, marks, sizes, words, the rule."""
    place = {"type": "scatter", "xaxis": axes[0], "yaxis": axes[1], "showlegend": False, "hoverinfo": "skip"}
    spots = list(_spots(panel))
    drawn = [_band(panel, mode), _copies(spots, mode), _boxes(spots, mode), _dashes(spots, mode)]
    drawn += [_gone(spots, mode), _clash(spots, mode), _unequal(spots, mode), *_sizes(spots, mode)]
    drawn += [_axis_names(spots, mode), _names(panel, mode), _notes(panel, mode), _columns(panel, mode)]
    drawn += [_rule(panel, mode)] if panel.ruled else []
    for trace in drawn:
        trace["meta"]["name"] = f"{panel.name}-{trace['meta']['name']}"
        if "unit" in trace["meta"]:
            trace["meta"]["unit"]["axis"] = axes[0]
    return [place | trace for trace in drawn]


def _down(panel: Alignment, index: int) -> float:
    """The middle of strip `index`."""
    return PITCH * index + (RULE_ROOM if panel.ruled and index == len(panel.strips) - 1 else 0.0)


def _spots(panel: Alignment) -> Iterator[Spot]:
    for index, strip in enumerate(panel.strips):
        for k, box in enumerate(strip.boxes):
            yield Spot(box, k - len(strip.boxes) + 0.5 - strip.shift, _down(panel, index))


def _reach(strip: Strip) -> float:
    """How far to the left of the last column the strip's boxes go; those that are not there yet do not count."""
    there = [k for k, box in enumerate(strip.boxes) if box.state != "absent"]
    return len(strip.boxes) - min(there, default=len(strip.boxes)) + strip.shift


def _width(panel: Alignment) -> int:
    return max((len(strip.boxes) for strip in panel.strips), default=0)


def _squares(places: Iterable[tuple[float, float, float, float]]) -> Points:
    """The outline of each (x, y, half width, half height), with a gap after it."""
    for x, y, w, h in places:
        yield from ((x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h), (x - w, y - h), None)


def _lines(points: Points, name: str, hue: str, mode: str, **line: object) -> Trace:
    found = list(points)
    return {
        "mode": "lines",
        "x": [None if point is None else round(point[0], 3) for point in found],
        "y": [None if point is None else round(point[1], 3) for point in found],
        "line": {"color": theme.colour(hue, mode), "width": 2, **line},
        "meta": {"name": name},
    }


def _words(
    items: Iterable[tuple[float, float, str, str]], name: str, size: float, mode: str, place: str = ""
) -> Trace:
    """Text (x, y, text, colour) of `size` boxes."""
    found = list(items)
    return {
        "mode": "text",
        "x": [x for x, *_ in found],
        "y": [y for _, y, *_ in found],
        "text": [text for *_, text, _hue in found],
        "textposition": place or "middle center",
        "textfont": {"size": 18, "color": [theme.colour(hue, mode) for *_, hue in found]},
        "meta": {"name": name, "unit": {"textfont.size": size}},
    }


def _hue(box: Box) -> str:
    if box.state == "clash":
        return "accent"
    return box.axis[1] or ("quiet" if box.state in ("padded", "gone") else "ink")


def _band(panel: Alignment, mode: str) -> Trace:
    """The column looked at: one band for each column, those not in use without a width, so that it slides."""
    low, high = -0.62, _down(panel, len(panel.strips) - 1) + 0.62
    lit = [column + 0.5 for column in panel.lit]
    rest = _width(panel) - len(lit)
    middles = [(x, 0.5) for x in lit] + [(lit[-1] if lit else -0.5, 0.0)] * rest
    trace = _lines(
        _squares((x, (low + high) / 2, half, (high - low) / 2) for x, half in middles),
        "lit", "accent", mode, width=0,
    )  # fmt: skip
    return trace | {"fill": "toself", "fillcolor": theme.faded("accent", 0.1, mode)}


def _copies(spots: Sequence[Spot], mode: str) -> Trace:
    """Two ghosts behind each stretched box: copies that are read, and stored nowhere."""
    halves = [HALF if box.state == "stretched" else 0.0 for box, *_ in spots]
    places = [
        (x + COPY * k, y - COPY * k, half, half)
        for (_, x, y), half in zip(spots, halves, strict=True)
        for k in (2, 1)
    ]
    return _lines(_squares(places), "copies", "quiet", mode, width=1.2, dash="dot")


def _boxes(spots: Sequence[Spot], mode: str) -> Trace:
    clear = "rgba(0,0,0,0)"
    return {
        "mode": "markers",
        "x": [round(x, 3) for _, x, _ in spots],
        "y": [y for *_, y in spots],
        "marker": {
            "symbol": "square",
            "size": 60,
            "opacity": 1,
            "color": [clear if box.state == "absent" else _fill(box, mode) for box, *_ in spots],
            "line": {
                "width": 2,
                "color": [
                    clear if box.state in (*FAINT, "stretched") else theme.colour(_hue(box), mode)
                    for box, *_ in spots
                ],
            },
        },
        "hoverinfo": "text",
        "hovertext": [_hover(box) for box, *_ in spots],
        "meta": {"name": "boxes", "unit": {"marker.size": 2 * HALF}},
    }


def _hover(box: Box) -> str:
    size = "" if box.state == "absent" else str(box.size)
    return html.escape(f"{box.axis[0]} = {size}" if box.axis[0] and size else size)


def _fill(box: Box, mode: str) -> str:
    """A tint of the axis's colour on which the number can be read; faint boxes are paper."""
    paper = theme.rgb(theme.colour("background", mode))
    if box.state in FAINT:
        return theme.colour("background", mode)
    ink = theme.rgb(theme.colour(_hue(box), mode))
    share = TINT / 2 if box.state == "stretched" or not box.axis[1] else TINT
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(paper, ink, strict=True))


def _dashes(spots: Sequence[Spot], mode: str) -> Trace:
    halves = [HALF if box.state in DASHED else 0.0 for box, *_ in spots]
    places = [(x, y, half, half) for (_, x, y), half in zip(spots, halves, strict=True)]
    return _lines(_squares(places), "dashes", "quiet", mode, dash="dash")


def _gone(spots: Sequence[Spot], mode: str) -> Trace:
    """An axis that is summed away is struck out."""
    points: list[tuple[float, float] | None] = []
    for box, x, y in spots:
        half = HALF if box.state == "gone" else 0.0
        points += [(x - half, y + half), (x + half, y - half), None, *_squares([(x, y, half, half)])]
    return _lines(points, "gone", "accent", mode, width=1.6)


def _clash(spots: Sequence[Spot], mode: str) -> Trace:
    """A heavy double frame, so that a clash is seen without its colour."""
    places = []
    for box, x, y in spots:
        for half in (HALF + 0.05, HALF - 0.06):
            size = half if box.state == "clash" else 0.0
            places.append((x, y, size, size))
    return _lines(_squares(places), "clash", "accent", mode, width=3)


def _unequal(spots: Sequence[Spot], mode: str) -> Trace:
    """The sign under every clashing box but the last of its column."""
    clashing = [spot for spot in spots if spot.box.state == "clash"]
    above = [one for one in clashing if any(other.x == one.x and other.y > one.y for other in clashing)]
    return _words(((x, y + PITCH / 2, "<b>≠</b>", "accent") for _, x, y in above), "unequal", 0.5, mode)


def _sizes(spots: Sequence[Spot], mode: str) -> list[Trace]:
    """The number in each box; a longer text, such as 1 → 3, in smaller letters."""
    texts = ["" if box.state == "absent" else html.escape(box.shown) or str(box.size) for box, *_ in spots]
    found = []
    for name, size, least, most in (
        ("sizes", 0.46, 0, 2),
        ("long-sizes", 0.3, 3, 5),
        ("longest-sizes", 0.2, 6, 99),
    ):
        chosen = [text if least <= len(text) <= most else "" for text in texts]
        items = [(round(x, 3), y + 0.06, text, "ink") for (_, x, y), text in zip(spots, chosen, strict=True)]
        found.append(_words(items, name, size, mode))
    return found


def _axis_names(spots: Sequence[Spot], mode: str) -> Trace:
    items = [
        (round(x - 0.3, 3), y - 0.28, "" if box.state == "absent" else f"<i>{html.escape(box.axis[0])}</i>", _hue(box))
        for box, x, y in spots
    ]  # fmt: skip
    return _words(items, "axes", 0.22, mode)


def _names(panel: Alignment, mode: str) -> Trace:
    """Each strip's name, left of all that any strip may become."""
    left = -max(_width(panel), *(_reach(strip) for strip in panel.strips)) - 0.35
    items = [
        (round(left, 3), _down(panel, index), f"<b>{html.escape(strip.name)}</b>", strip.colour or "ink")
        for index, strip in enumerate(panel.strips)
    ]
    return _words(items, "names", 0.42, mode, "middle left")


def _notes(panel: Alignment, mode: str) -> Trace:
    items = [
        (0.3, _down(panel, index), html.escape(strip.note), "quiet")
        for index, strip in enumerate(panel.strips)
    ]
    return _words(items, "notes", 0.26, mode, "middle right")


def _columns(panel: Alignment, mode: str) -> Trace:
    """The columns counted from the right, as torch counts axes: −1 is the last."""
    hue = dict.fromkeys(panel.lit, "accent")
    items = [
        (0.5 + column, -0.78, f"−{-column}", hue.get(column, "quiet")) for column in range(-_width(panel), 0)
    ]
    return _words(items, "columns", 0.22, mode)


def _rule(panel: Alignment, mode: str) -> Trace:
    height = _down(panel, len(panel.strips) - 1) - (PITCH + RULE_ROOM) / 2
    return _lines([(-_width(panel) - 0.1, height), (0.1, height)], "rule", "ink", mode, width=1.5)

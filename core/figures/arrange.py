"""Where the panels of a film stand in the figure: one arrangement for wide stages, one for tall ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from core.panels import Cells, Layout, Panel, Plane, Row, Tree

GAP = (0.03, 0.05)  # between panels beside and below each other


class Box(NamedTuple):
    """A part of the figure, 0 to 1 from the lower left."""

    x: list[float]
    y: list[float]


class Place(NamedTuple):
    """The boxes of one panel, and where it goes in its box when it does not fill it."""

    wide: Box
    tall: Box
    toward: tuple[str, str] = ("center", "middle")


class Subplot(NamedTuple):
    """The names of a panel's axes ("x2", "y2"), or of its scene ("scene2"); the other is empty."""

    x: str
    y: str
    scene: str = ""

    @property
    def handles(self) -> list[str] | str:
        """What a handle on this panel says of its axes."""
        return self.scene or [self.x, self.y]


WHOLE = Box([0.0, 1.0], [0.0, 1.0])


def deep(panel: Panel) -> bool:
    """Whether the panel is a space."""
    return isinstance(panel, Plane) and panel.dimension == 3


def subplots(panels: Sequence[Panel]) -> list[Subplot]:
    """The first plane has x and y, which the reader can zoom; others x2 and y2, x3 and y3 ...; spaces have scenes."""
    found, count, scenes, first = [], 1, 0, True
    for panel in panels:
        if deep(panel):
            scenes += 1
            found.append(Subplot("", "", "scene" if scenes == 1 else f"scene{scenes}"))
        elif isinstance(panel, Plane) and first:
            first = False
            found.append(Subplot("x", "y"))
        else:
            count += 1
            found.append(Subplot(f"x{count}", f"y{count}"))
    return found


def places(panels: Sequence[Panel], layout: Layout | None = None) -> list[Place]:
    """One place for each panel: as the layout says; else cells lie on the plane, or beside the space."""
    first = panels[0]
    if layout:
        wide = _beside(layout, len(panels)) if layout.aside else _boxes(layout.wide, len(panels))
        tall = _boxes(layout.tall or _stacked(layout), len(panels))
        return [Place(one, other) for one, other in zip(wide, tall, strict=True)]
    if isinstance(first, Plane) and not deep(first):
        # the plane fills the stage and the cells lie on it, to the right of the origin's half
        upright = [0.5, 0.98] if first.free_corner == "top" else [0.05, 0.5]
        inset = Place(
            Box([0.66, 0.985], upright), Box([0.05, 0.95], [0.0, 0.27]), ("right", first.free_corner)
        )
        return [Place(WHOLE, Box([0.0, 1.0], [0.28, 1.0])), *[inset] * (len(panels) - 1)]
    if deep(first):  # a WebGL scene would hide what lies under it
        beside = Place(Box([0.7, 0.985], [0.45, 0.95]), Box([0.05, 0.95], [0.0, 0.27]), ("right", "top"))
        return [
            Place(Box([0.0, 0.7], [0.0, 1.0]), Box([0.0, 1.0], [0.28, 1.0])),
            *[beside] * (len(panels) - 1),
        ]
    alone = Layout((Row(tuple((k, 1.0) for k in range(len(panels)))),))
    return places(panels, alone)


def _stacked(layout: Layout) -> tuple[Row, ...]:
    """Every panel in a row of its own, as high as its row was; a column at the right was as high as all others."""
    whole = sum(row.height for row in layout.wide)
    aside = sum(row.height for row in layout.aside)
    lines = [(row, 1.0 / whole if aside else 1.0) for row in layout.wide]
    lines += [(row, 1.0 / aside) for row in layout.aside]
    return tuple(Row(((k, 1.0),), row.height * unit) for row, unit in lines for k, _share in row.panels)


def lines_when_tall(layout: Layout | None, panels: Sequence[Panel] = ()) -> int:
    """How many rows of panels a tall stage has; 1 where the usual place is meant. A tree is as high as three."""
    trees = sum(isinstance(panel, Tree) for panel in panels)
    return 2 * trees + (len(layout.tall or _stacked(layout)) if layout else 1)


def _beside(layout: Layout, count: int) -> list[Box]:
    """The boxes of a wide stage with a column at the right."""
    edge = 1 - layout.share
    left, right = _boxes(layout.wide, count), _boxes(layout.aside, count)
    aside = {k for row in layout.aside for k, _share in row.panels}
    return [
        Box([round(edge + a * layout.share, 4) for a in right[k].x], right[k].y)
        if k in aside
        else Box([round(a * (edge - GAP[0]), 4) for a in left[k].x], left[k].y)
        for k in range(count)
    ]


def _boxes(lines: Sequence[Row], count: int) -> list[Box]:
    """The boxes of the panels by index; a panel that no row names keeps the whole figure."""
    found = [WHOLE] * count
    room = 1 - GAP[1] * (len(lines) - 1)
    unit = room / sum(row.height for row in lines)
    top = 1.0
    for row in lines:
        bottom = top - row.height * unit
        left, share = 0.0, (1 - GAP[0] * (len(row.panels) - 1)) / sum(width for _k, width in row.panels)
        for k, width in row.panels:
            found[k] = Box(
                [round(left, 4), round(left + width * share, 4)], [round(max(bottom, 0.0), 4), round(top, 4)]
            )
            left += width * share + GAP[0]
        top = bottom - GAP[1]
    return found


def sides(panel: Plane, name: str, alone: bool) -> list[float]:
    """How far a plane is seen to the left and right: a wide stage leaves room at the right for cells that lie on it."""
    middle = panel.centre[0] if panel.centre else 0.0
    if name == "wide" and not alone:
        return [-1.15 * panel.reach, 1.95 * panel.reach]
    aside = max(panel.reach, panel.across)
    return [middle - aside, middle + aside]


def upright(panel: Plane) -> list[float]:
    """How far a plane is seen up and down."""
    middle = panel.centre[1] if panel.centre else 0.0
    return [middle - panel.reach, middle + panel.reach]


def relayouts(
    panels: Sequence[Panel], found: Sequence[Place], layout: Layout | None = None
) -> dict[str, dict[str, Any]]:
    """The two arrangements as flat relayout updates: {"wide": {"xaxis.domain": [...]}, "tall": {...}}."""
    result: dict[str, dict[str, Any]] = {"wide": {}, "tall": {}}
    for panel, place, spot in zip(panels, found, subplots(panels), strict=True):
        for name, box in (("wide", place.wide), ("tall", place.tall)):
            if spot.scene:
                result[name] |= {f"{spot.scene}.domain.x": box.x, f"{spot.scene}.domain.y": box.y}
                continue
            x, y = f"xaxis{spot.x[1:]}", f"yaxis{spot.y[1:]}"
            result[name] |= {f"{x}.domain": box.x, f"{y}.domain": box.y}
            if isinstance(panel, Plane) and not panel.line:
                result[name] |= {
                    f"{x}.range": sides(panel, name, layout is not None),
                    f"{y}.range": upright(panel),
                }
            if isinstance(panel, Cells) and place.toward != ("center", "middle"):
                toward = place.toward if name == "wide" else ("center", "middle")
                result[name] |= {f"{x}.constraintoward": toward[0], f"{y}.constraintoward": toward[1]}
    return result

"""Where the panels of a step stand in the figure: one arrangement for wide stages, one for tall ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from core.panels import Bars, Cells, Panel, Picture, Plane


class Box(NamedTuple):
    """A part of the figure, 0 to 1 from the lower left."""

    x: list[float]
    y: list[float]


class Place(NamedTuple):
    """The boxes of one panel, and where it goes in its box when it does not fill it."""

    wide: Box
    tall: Box
    toward: tuple[str, str] = ("center", "middle")


WHOLE = Box([0.0, 1.0], [0.0, 1.0])


def axes_of(panels: Sequence[Panel]) -> list[tuple[str, str]]:
    """The subplot of each panel: the plane has x and y, the space its scene, the others x2 and y2, x3 and y3 ..."""
    found, count = [], 1
    for panel in panels:
        if isinstance(panel, Plane):
            found.append(("x", "y"))
        else:
            count += 1
            found.append((f"x{count}", f"y{count}"))
    return found


def places(panels: Sequence[Panel]) -> list[Place]:
    """One place for each panel, by what the panels are."""
    first = panels[0]
    if isinstance(first, Plane) and first.dimension == 2:
        # the plane fills the stage and the cells lie on it, to the right of the origin's half
        upright = [0.5, 0.98] if first.free_corner == "top" else [0.05, 0.5]
        inset = Place(
            Box([0.66, 0.985], upright), Box([0.05, 0.95], [0.0, 0.27]), ("right", first.free_corner)
        )
        return [Place(WHOLE, Box([0.0, 1.0], [0.28, 1.0])), *[inset] * (len(panels) - 1)]
    if isinstance(first, Plane):  # a WebGL scene would hide what lies under it
        beside = Place(Box([0.7, 0.985], [0.45, 0.95]), Box([0.05, 0.95], [0.0, 0.27]), ("right", "top"))
        return [
            Place(Box([0.0, 0.7], [0.0, 1.0]), Box([0.0, 1.0], [0.28, 1.0])),
            *[beside] * (len(panels) - 1),
        ]
    pictures = [panel for panel in panels if isinstance(panel, Picture)]
    if not pictures:
        return [Place(WHOLE, WHOLE) for _panel in panels]
    return _pictures_over_bars(panels, len(pictures))


def _pictures_over_bars(panels: Sequence[Panel], pictures: int) -> list[Place]:
    bars = sum(isinstance(panel, Bars) for panel in panels)
    found, picture, bar = [], 0, 0
    for panel in panels:
        if isinstance(panel, Picture):
            x = _share(picture, pictures)
            found.append(Place(Box(x, [0.44, 1.0]), Box(x, [0.62, 1.0])))
            picture += 1
        else:
            x = _share(bar, bars)
            tall = [0.3 * (bars - 1 - bar), 0.3 * (bars - 1 - bar) + 0.27]
            found.append(Place(Box(x, [0.0, 0.4]), Box([0.02, 0.98], tall)))
            bar += 1
    return found


def _share(index: int, count: int, gap: float = 0.03) -> list[float]:
    width = (1 - gap * (count - 1)) / count
    return [index * (width + gap), index * (width + gap) + width]


def sides(panel: Plane, name: str) -> list[float]:
    """How far a plane is seen to the left and right: a wide stage leaves room for the cells at the right."""
    if name == "wide":
        return [-1.15 * panel.reach, 1.95 * panel.reach]
    aside = max(panel.reach, panel.across)
    return [-aside, aside]


def relayouts(panels: Sequence[Panel], found: Sequence[Place]) -> dict[str, dict[str, Any]]:
    """The two arrangements as flat relayout updates: {"wide": {"xaxis.domain": [...]}, "tall": {...}}."""
    result: dict[str, dict[str, Any]] = {"wide": {}, "tall": {}}
    for panel, place, (x, y) in zip(panels, found, axes_of(panels), strict=True):
        for name, box in (("wide", place.wide), ("tall", place.tall)):
            if isinstance(panel, Plane) and panel.dimension == 3:
                result[name] |= {"scene.domain.x": box.x, "scene.domain.y": box.y}
            else:
                result[name] |= {f"xaxis{x[1:]}.domain": box.x, f"yaxis{y[1:]}.domain": box.y}
            if isinstance(panel, Plane) and panel.dimension == 2:
                result[name] |= {
                    "xaxis.range": sides(panel, name),
                    "yaxis.range": [-panel.reach, panel.reach],
                }
            if isinstance(panel, Cells) and place.toward != ("center", "middle"):
                toward = place.toward if name == "wide" else ("center", "middle")
                result[name] |= {
                    f"xaxis{x[1:]}.constraintoward": toward[0],
                    f"yaxis{y[1:]}.constraintoward": toward[1],
                }
    return result

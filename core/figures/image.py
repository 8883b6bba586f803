"""Small pictures: every pixel one square marker, grey or on the diverging scale, so that steps can change them."""

from __future__ import annotations

from collections.abc import Sequence

from core.figures import theme
from core.figures.marks import Trace
from core.numbers import number
from core.panels import Picture

TITLE = 1.1  # room for the title above, in pixels of the picture per eight rows


def axes(panels: Sequence[Picture], _mode: str) -> tuple[dict, dict, bool]:
    """Invisible axes that hold the picture, pixels square."""
    across, down = ranges(panels[0])
    hidden = {"visible": False, "fixedrange": True}
    return hidden | {"range": across}, hidden | {"range": down}, True


def ranges(panel: Picture) -> tuple[list[float], list[float]]:
    """The x and y ranges of the axes that hold the picture; y grows downwards."""
    rows, columns = len(panel.rows), len(panel.rows[0])
    head = TITLE * rows / 8
    return [-0.7, columns - 0.3], [rows - 0.3, -0.7 - head]


def draw(panel: Picture, mode: str, axes: tuple[str, str]) -> list[Trace]:
    """Two traces: the pixels and the title."""
    place = {"type": "scatter", "xaxis": axes[0], "yaxis": axes[1], "showlegend": False}
    cells = [(i, j, value) for i, row in enumerate(panel.rows) for j, value in enumerate(row)]
    largest = max((abs(value) for *_, value in cells), default=1.0) or 1.0
    columns = len(panel.rows[0])
    pixels = {
        "mode": "markers",
        "x": [j for _, j, _ in cells],
        "y": [i for i, _, _ in cells],
        "marker": {
            "symbol": "square",
            "size": 20,
            "opacity": 1,
            "line": {"width": 0.5, "color": theme.colour("hairline", mode)},
            "color": [_fill(value, largest, panel.signed, mode) for *_, value in cells],
        },
        "hoverinfo": "text",
        "hovertext": [f"{panel.name}[{i}, {j}] = {number(value)}" for i, j, value in cells],
        "meta": {"name": f"{panel.name}-pixels", "unit": {"marker.size": 0.98, "axis": axes[0]}},
    }
    title = {
        "mode": "text",
        "x": [(columns - 1) / 2],
        "y": [-0.7 - TITLE * len(panel.rows) / 16],
        "text": [panel.title],
        "textfont": {"size": 15, "color": theme.colour("ink", mode)},
        "hoverinfo": "skip",
        "meta": {"name": f"{panel.name}-title"},
    }
    return [place | pixels, place | title]


def _fill(value: float, largest: float, signed: bool, mode: str) -> str:
    if signed:
        return theme.signed(value / largest, mode)
    paper, ink = theme.rgb(theme.colour("background", mode)), theme.rgb(theme.colour("ink", mode))
    share = max(0.0, min(1.0, value / largest))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(paper, ink, strict=True))

"""Lines and points over two axes with numbers."""

from __future__ import annotations

from collections.abc import Sequence

from core.figures.marks import Trace
from core.panels import Curve


def axes(_panels: Sequence[Curve], _mode: str) -> tuple[dict, dict, bool]:
    """The axes that hold the panel at every step."""
    hidden = {"visible": False, "fixedrange": True}
    return hidden | {"range": [0, 1]}, hidden | {"range": [0, 1]}, False


def draw(panel: Curve, _mode: str, axes: tuple[str, str]) -> list[Trace]:
    """A stub: only the name, until the drawer is written."""
    place = {"type": "scatter", "xaxis": axes[0], "yaxis": axes[1], "showlegend": False, "mode": "text"}
    return [place | {"x": [0.5], "y": [0.5], "text": [panel.name], "meta": {"name": f"{panel.name}-stub"}}]

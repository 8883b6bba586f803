"""What the browser must know to find a tensor's cells in bars, pictures and cubes; Cells say it step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.figures import arrange
from core.panels import Bars, Cells, Cubes, Panel, Picture, Plane


def spots(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """One entry for each panel that shows a tensor by its name: which kind it is, and on which axes it stands."""
    found: list[dict[str, Any]] = []
    for panel, spot in zip(panels, arrange.subplots(panels), strict=True):
        if isinstance(panel, Cells):
            found.append({"kind": "cells", "panel": panel.name, "axes": [spot.x, spot.y]})
        elif isinstance(panel, Bars):
            found.append(
                {"kind": "bars", "tensor": panel.name, "axes": [spot.x, spot.y], "count": len(panel.values)}
                | ({"across": True} if panel.across else {})
            )
        elif isinstance(panel, Picture):
            size = [len(panel.rows), len(panel.rows[0]) if panel.rows else 0]
            found.append({"kind": "picture", "tensor": panel.name, "axes": [spot.x, spot.y], "size": size})
        elif isinstance(panel, Plane) and spot.scene:
            found += [_cubes(mark) for mark in panel.marks if isinstance(mark, Cubes) and mark.cells]
    return found


def _cubes(mark: Cubes) -> dict[str, Any]:
    return {
        "kind": "cubes",
        "tensor": mark.tensor or mark.name,
        "points": [list(point) for point in mark.points],
        "cells": [list(cell) for cell in mark.cells],
        "edge": mark.edge,
    }

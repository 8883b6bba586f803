"""A static plot for the floor page: two lines and nothing that moves."""

from __future__ import annotations

import json

AXIS = {"range": [-3, 3]}
FIGURE = {
    "data": [
        {"type": "scatter", "mode": "lines", "x": [0, 1], "y": [0, 1], "meta": {"name": "line"}},
        {"type": "scatter", "mode": "markers", "x": [0, 1, 2], "y": [1, 0, 1], "meta": {"name": "points"}},
    ],
    "layout": {
        "template": "none",
        "xaxis": AXIS,
        "yaxis": AXIS,
        "meta": {
            "steps": [{"sentence": "One picture.", "formula": "", "state": {}, "path": {}, "hold": 500}],
            "duration": 800,
            "variables": {},
            "home": 0,
            "handles": [],
            "layers": [],
            "arrange": {"wide": {}, "tall": {}},
            "equal": False,
        },
    },
    "frames": [{"name": "0", "traces": [], "data": []}],
}
FILM = json.dumps(FIGURE)

"""The floor: a bare page with one slider and a static plot in the same stage. What the lesson is measured against."""

import json
import os
from functools import cache
from pathlib import Path

import streamlit as st

from pages.shared.stage import stage

FILM = "ATLAS_FLOOR_FILM"  # the path of a film's JSON; its last picture is the static plot


@cache
def figure() -> dict:
    """The lesson's own marks, standing still: one step, nothing to drag."""
    film = json.loads(Path(os.environ[FILM]).read_text(encoding="utf-8"))
    meta = film["layout"]["meta"]
    meta |= {"steps": meta["steps"][-1:], "handles": [], "home": 0}
    film["frames"] = [film["frames"][-1] | {"name": "0"}]
    return film


value = st.slider("number", 0, 1000, 500)
shown = figure()
shown["layout"]["meta"]["steps"][0]["state"]["x"] = [value / 500, 2.0]
stage("floor", json.dumps(shown).encode(), identity="floor", revision=value, address=False, height=780)

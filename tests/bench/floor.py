"""The floor: a bare page with one slider and a static plot in the same stage. What the lesson is measured against."""

import json

import streamlit as st

from pages.shared.stage import stage
from tests.bench.floor_film import FILM

value = st.slider("number", 0, 1000, 500)
figure = json.loads(FILM)
figure["data"][0]["y"] = [0, value / 500]
film = json.dumps(figure).encode()
stage("floor", film, identity="floor", revision=value, address=False, height=600)

"""Serves the floor page with the stage's routes: `streamlit run tests/bench/floor_app.py`."""

import streamlit as st

from pages.shared import stage

app = st.App("floor.py", routes=stage.routes())

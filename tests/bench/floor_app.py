"""Serves the floor page with the stage's files: `streamlit run tests/bench/floor_app.py`."""

import streamlit as st
from starlette.middleware import Middleware

from pages.shared import assets, stage

app = st.App("floor.py", middleware=[Middleware(assets.Folders, folders=stage.folders())])

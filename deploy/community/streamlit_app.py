"""The entry for Streamlit Community Cloud: it looks for requirements.txt beside the file that it runs.

The one beside this file asks for torch's CPU build; the one at the root would bring gigabytes of CUDA.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from app import app

if (
    TYPE_CHECKING
):  # `streamlit run` reads this file's text for an assignment of this form, and then asks for `app`
    app = st.App("../../pages/shared/frame.py")

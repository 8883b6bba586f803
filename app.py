"""The server of Tensor Atlas: `streamlit run app.py` starts it.

It mounts plotly.js and the stage's own modules, sends the security headers, and lets the calculator start in a quiet
moment, so that the first page is painted before torch is imported anywhere.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from pages.shared import early, exports, header, posters, security, stage, upkeep

log = logging.getLogger("atlas")


def on_script_error(error: Exception) -> bool:
    """The trace goes to the log; the visitor reads one calm sentence instead of it."""
    log.error("A page failed: %s", type(error).__name__)  # Streamlit has logged the trace by now
    header.apology()
    return True


sys.setswitchinterval(0.001)  # a busy script lets the socket's thread send: p95 of a change 160 -> 80 ms
upkeep.before_first_run()
security.keep_the_host_private()
security.keep_uploads_few()
early.hold_torch()
app = st.App(
    Path(__file__).with_name("pages") / "shared" / "frame.py",
    routes=[*stage.routes(), *posters.routes(), *exports.routes()],
    middleware=[Middleware(security.Headers), Middleware(early.Early)],
    on_script_error=on_script_error,
)

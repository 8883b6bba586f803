"""The server of Tensor Atlas: `streamlit run app.py` starts it.

It mounts plotly.js and the stage's own modules, sends the security headers, and lets the calculator start in a quiet
moment, so that the first page is painted before torch is imported anywhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from core import calculator, events, limits
from pages.shared import assets, collector, early, exports, header, posters, security, stage, upkeep
from pages.shared.hosting import ending, health, journal, metrics, uploads, visitors
from pages.shared.turns import TURNS


def on_script_error(error: Exception) -> bool:
    """The trace is in the log, under the number that the visitor reads with one calm sentence instead of it."""
    events.emit("page.failed", error=type(error).__name__)  # Streamlit has logged where by now
    header.apology(journal.id_of(error))
    return True


try:
    limits.current()
except limits.SettingError as wrong:
    sys.exit(f"The settings cannot be used. {wrong}")
journal.install()
metrics.listen()
calculator.asked_by(visitors.asker, TURNS.away)
sys.setswitchinterval(0.001)  # a busy script lets the socket's thread send: p95 of a change 160 -> 80 ms
upkeep.before_first_run()
collector.before_first_run()
TURNS.ended = collector.Collector(TURNS.busy).run_ended
security.keep_the_host_private()
security.keep_uploads_few()
security.keep_widgets_to_their_kind()
early.hold_torch()
app = st.App(
    Path(__file__).with_name("pages") / "shared" / "frame.py",
    lifespan=ending.lifespan,
    routes=[health.route(), metrics.route(), *exports.routes()],
    middleware=[
        Middleware(security.Headers),
        Middleware(early.Early),
        Middleware(metrics.Closed),
        Middleware(uploads.Uploads),
        Middleware(assets.Folders, folders=stage.folders() | posters.folders()),
    ],
    on_script_error=on_script_error,
)

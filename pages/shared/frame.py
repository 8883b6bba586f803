"""The page frame, run at every visit: page config, language, look, navigation, and then the page itself."""

from __future__ import annotations

import streamlit as st

from pages.shared import embedded, header, kept, language, look, navigation, part, state
from pages.shared.hosting import reruns, visitors
from pages.shared.turns import TURNS

with TURNS.turn(visitors.here()):
    language.speak()
    page = navigation.choose()
    st.session_state[part.FRAME_PAGE] = page.url_path or "home"
    with reruns.timed(page.url_path or "home", "page"):
        st.set_page_config(page_title=navigation.window_title(page), page_icon=look.ICON, layout="wide")
        look.apply()
        visitors.reserve()
        keeper = kept.restore()
        state.adopt_shelf()
        if not embedded.alone():
            header.show(page.url_path)
        page.run()
        kept.show(keeper)

"""How long the scripts of the pages ran, by page: told as events, never with what was typed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.runtime.scriptrunner import get_script_run_ctx

from core import events


@contextmanager
def timed(page: str, part: str) -> Iterator[None]:
    """Tell how long the block ran; also one that is left, for the page was changed meanwhile."""
    begun = time.perf_counter()
    try:
        yield
    finally:
        events.emit("rerun", page=page, part=part, seconds=time.perf_counter() - begun)


def alone() -> bool:
    """Whether parts of the page run by themselves now, and not the whole of it."""
    context = get_script_run_ctx(suppress_warning=True)
    return bool(context and context.fragment_ids_this_run)

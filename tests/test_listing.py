"""Code as the page shows it: nothing added, nothing lost, nothing that becomes markup."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from core import ops
from pages.shared.listing import listing


def code_of(written: str) -> str:
    """What a reader copies."""
    inside = re.search(r"<code>(.*)</code>", written, re.DOTALL)[1]
    return html.unescape(re.sub(r"<[^>]*>", "", inside))


def test_the_catalogues_code_is_all_there() -> None:
    for operation in ops.CHAPTERS:
        for code in (operation.code, *(example.code for example in (*operation.practice, *operation.traps))):
            assert code_of(listing(code)) == code.strip("\n")


@given(st.text(max_size=80))
def test_any_text_stays_what_it_is(code: str) -> None:
    """Also what Python cannot read, and what looks like markup."""
    assert code_of(listing(code)) == code.strip("\n")


def test_kinds_and_axes() -> None:
    written = listing("return A @ x  # (m, n) @ (n) -> (m), n\n", {"m": "#111111", "n": "#222222"})
    assert '<span class="atlas-keyword">return</span>' in written
    assert written.count('<b class="atlas-axis" style="color: #222222">n</b>') == 2  # between brackets only
    assert "<script" not in listing("x = '<script>'")

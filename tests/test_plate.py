"""What stands beside the stage comes a little after it, and later at a page that the visitor has just come to."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pages.shared import part, plate


def test_a_page_just_opened_gives_its_picture_a_longer_head_start(monkeypatch: pytest.MonkeyPatch) -> None:
    session: dict[str, str] = {}
    monkeypatch.setattr(plate, "st", SimpleNamespace(session_state=session))
    pauses = []
    for page in ("tensors", "tensors", "expression", "expression", "tensors"):
        session[part.FRAME_PAGE] = page
        pauses.append(plate._head_start())
    opened, again = plate.AT_OPENING, plate.HEAD_START
    assert pauses == [opened, again, opened, again, opened] and again < opened < 1

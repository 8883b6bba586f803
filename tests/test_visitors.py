"""Many at one server: nothing of one reaches another, and hostile ones harm nobody. The long runs are in tests/fuzz."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests import loops, students
from tests.browser.conftest import Server, serve, stop
from tests.fuzz import server as hostile
from tests.fuzz import visitors

ACTIONS = 60
SECONDS = 8
JUNK = {
    "string_value": "[9, 9]", "double_value": 1e308, "int_value": 1 << 40, "bool_value": True, "trigger_value": True,
    "bytes_value": b"\xff" * 9, "json_value": '{"deed": 1, "drag": {"variable": "A", "value": [[1e999]]}}',
}  # fmt: skip


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of their own: one of them may end it."""
    running = serve(tmp_path_factory.mktemp("hosted") / "log.txt", env={"ATLAS_LIMITS": "hosted"})
    yield running
    stop(running)


def test_nothing_of_one_visitor_reaches_another(hosted: Server) -> None:
    """Two in turns, each with numbers and names of his own; every byte is searched for the other's."""
    both = visitors.visitors(hosted.url, seed=7)
    loops.run(visitors.run(both, ACTIONS))
    assert all(one.messages > 5 * ACTIONS for one in both)
    assert all(one.own > ACTIONS / 10 for one in both), "the search finds nothing at all"
    assert [one.found for one in both] == [[], []]


def test_a_leak_would_be_found() -> None:
    """The search itself: what one typed, in a message to the other."""
    one = visitors.Visitor(0, visitors.Student(0, visitors.Plan("", "", "", str)), visitors.random.Random(1))
    for number in (b"9343.0625", b"4711.0625"):
        for pack in (bytes, zlib.compress):
            message = ForwardMsg()
            element = message.delta.new_element.bidi_component
            element.bytes = pack(b'{"film": [' + number + b", 2], %s}" % bytes(range(256)))
            one.student.overhears(message.SerializeToString())
    assert len(one.found) == 2 and one.own == 2


@pytest.mark.parametrize("page", ["matrix-vector", "norms", "tensors", "expression", "slides"])
def test_a_widget_takes_only_what_is_of_its_kind(hosted: Server, page: str) -> None:
    """Bytes for a field of text, a text for a slider: as if nothing had been sent, for the log too."""

    async def lesson() -> None:
        student = students.Student(0, students.Plan(hosted.url, page, "", str))
        await student.open()
        shown, fields = student.picture, [(own, what) for own, what, _part in student._widgets.values()]
        assert fields
        for kind, junk in JUNK.items():
            wrong = {own: (kind, junk) for own, what in fields if students.FIELDS[what] != kind}
            await student.put_all(wrong)
            assert student.picture == shown
        await student.leave()

    said = len(hosted.log.read_bytes())
    loops.run(lesson())
    assert b" error=" not in hosted.log.read_bytes()[said:]


def test_hostile_visitors_harm_nobody(hosted: Server, tmp_path: Path) -> None:
    """Texts, links, uploads, frames and requests in a loop, beside one visitor who works."""
    report = loops.run(hostile.run(hosted.url, hosted.process.pid, SECONDS, seed=3))
    assert report.findings == []
    assert report.honest and all(report.sent[kind] for kind in hostile.KINDS)
    log = hosted.log.read_text(errors="replace")
    # An error of ours: its innermost place is in our code, and is not a middleware that others' errors pass through.
    assert not re.search(r"^    (pages/shared|core)/[\w/]+\.py:\d+ \w+\n(?!    )", log, flags=re.MULTILINE)

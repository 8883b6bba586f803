"""A real server from its start to its end: health, figures, the log in JSON, and SIGTERM with work under way."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from calculators import alive, children, eventually
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from tests.browser.conftest import free_port
from tests.streamlit_visitor import Visitor
from tests.test_exports import OURS, clip
from tests.test_hosted import with_field
from tests.test_hosting import wait_for

ROOT = Path(__file__).resolve().parents[1]
TYPED = "31337geheim"  # in an export's name and in an address: no line of the log may have it


class Host:
    """The server as a host runs it, with a folder of its own for whatever is temporary."""

    def __init__(self, folder: Path) -> None:
        self.port, self.temporary, self.log = free_port(), folder / "tmp", folder / "log.txt"
        self.temporary.mkdir()
        env = {
            **os.environ, "ATLAS_LOG": "json", "TMPDIR": str(self.temporary), "ATLAS_WORKERS": "2",
            "STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE": "true", "ATLAS_WALL_SECONDS": "20", "ATLAS_UPLOAD_BYTES": "5000",
        }  # fmt: skip
        line = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={self.port}"]
        with self.log.open("wb") as sink:
            self.process = subprocess.Popen(
                [*line, "--server.address=127.0.0.1"], cwd=ROOT, env=env, stdout=sink, stderr=sink
            )

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        """Status and text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(
                "GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()}
            )
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def begin(self, body: bytes, first: int) -> http.client.HTTPConnection:
        """An export of which the first bytes are sent."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest("POST", "/export/film")
        for name, text in {**OURS, "Content-Length": str(len(body))}.items():
            connection.putheader(name, text)
        connection.endheaders(body[:first])
        return connection

    def busy(self) -> bool:
        """Whether a worker computes."""
        return 'atlas_workers{state="busy"} 0.0' not in self.get("/metrics")[1]

    def state(self) -> tuple[int, str]:
        """What a probe hears."""
        status, text = self.get("/healthz")
        return status, json.loads(text)["state"]

    def descendants(self) -> list[int]:
        """Its processes: what the workers come from, and the workers."""
        below = [pid for pid, _state in children(self.process.pid)]
        return [*below, *(pid for one in below for pid, _state in children(one))]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A running server; killed at the end where it has not ended by itself."""
    made = Host(tmp_path)
    try:
        wait_for(made.port)
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
        made.process.wait(30)


def lines(host: Host) -> list[dict[str, Any]]:
    """The log: each line is JSON."""
    return [json.loads(line) for line in host.log.read_text().splitlines()]


def test_a_server_from_its_start_to_its_end(host: Host) -> None:
    states = [host.state()]
    assert eventually(lambda: states.append(host.state()) or states[-1] == (200, "ok"), 60)
    assert set(states) <= {(503, "starting"), (200, "ok")}

    status, figures = host.get("/metrics")
    assert (
        status == 200
        and 'atlas_workers{state="alive"}' in figures
        and "atlas_memory_ceiling_bytes" in figures
    )
    for address in ("/metrics", "/_stcore/metrics"):
        assert host.get(address, X_Forwarded_For="127.0.0.1")[0] == 404

    host.get(f"/matrix-vector?A={TYPED}")
    processes, found = host.descendants(), []
    assert len(processes) >= 3 and all(map(alive, processes))
    body = clip(60, name=TYPED, times=[40] * 60)
    running = host.begin(body, len(body))
    answering = threading.Thread(target=lambda: found.append(running.getresponse().status))
    answering.start()
    assert eventually(lambda: found or host.busy(), 30)
    coming = host.begin(body, 1_000)  # and one that is still on its way
    assert eventually(lambda: "atlas" in host.get("/metrics")[1])

    host.process.send_signal(signal.SIGTERM)
    assert eventually(lambda: host.state() == (503, "stopping"), 5)
    answering.join()
    assert found == [200]  # what was running was given its time
    coming.send(body[1_000:])
    refused = coming.getresponse()
    assert (refused.status, "This server is being restarted." in refused.read().decode()) == (503, True)

    assert host.process.wait(30) == 0
    assert eventually(lambda: not any(map(alive, processes)))
    assert list(host.temporary.iterdir()) == []
    told = lines(host)
    events = [line["event"] for line in told]
    assert [event for event in events if event in ("start", "stopping", "stop")] == [
        "start",
        "stopping",
        "stop",
    ]
    assert all({"time", "level", "event", "id"} <= set(line) for line in told)
    assert not re.search(f"{TYPED}|127\\.0\\.0\\.1|Traceback|{re.escape(str(ROOT))}", host.log.read_text())


def test_a_second_signal_ends_it_at_once(host: Host) -> None:
    """Somebody is in a hurry: what is under way does not hold the server."""
    body = clip(1, times=[50])
    held = host.begin(body, 10)
    assert eventually(lambda: host.state()[1] == "ok", 60)
    processes = host.descendants()
    host.process.send_signal(signal.SIGTERM)
    assert eventually(lambda: host.state()[1] == "stopping", 5)
    host.process.send_signal(signal.SIGTERM)
    assert host.process.wait(10) == 1
    held.close()
    assert eventually(lambda: not any(map(alive, processes)))


def test_a_file_over_the_limit_is_a_sentence_on_the_page(host: Host) -> None:
    """Five kilobytes a minute: a first file fills that, and a second one is not taken."""
    visitor, rows = with_field(Visitor(f"http://127.0.0.1:{host.port}").open("/tensors")), b"31337,1\n" * 700
    assert visitor.upload("deck.csv", rows)[0].status == 204
    reply, place = visitor.upload("deck.csv", rows)
    assert reply.status == 204
    visitor.choose(place, "deck.csv", len(rows))
    assert "Each visitor may send 0.005 MB of files in a minute." in visitor.seen()
    assert "31337" not in visitor.seen()
    visitor.close()
    assert '"event": "error"' not in host.log.read_text() and "deck" not in host.log.read_text()
    assert "uvicorn.access" not in host.log.read_text()  # a line for every request would be too many


def typed(visitor: Visitor, label: str, text: str) -> None:
    """Type into the field of that label: the part of the page that has it runs, and this does not wait for it."""
    found = [ForwardMsg.FromString(raw) for raw in visitor.raw]
    place = next(
        one.delta
        for one in found
        if one.WhichOneof("type") == "delta"
        and one.delta.new_element.WhichOneof("type") == "text_input"
        and one.delta.new_element.text_input.label.startswith(label)
    )
    message = BackMsg()
    message.rerun_script.fragment_id, message.rerun_script.page_script_hash = (
        place.fragment_id,
        visitor.page_hash,
    )
    widget = message.rerun_script.widget_states.widgets.add()
    widget.id, widget.string_value = place.new_element.text_input.id, text
    assert place.fragment_id
    visitor.send(message)


def said(visitor: Visitor, ends: list[int]) -> Iterator[str]:
    """What the page says of waiting, as it comes; `ends`: how the runs ended before."""
    waits = ""
    for message in visitor.messages():
        if message.WhichOneof("type") == "script_finished":
            ends.append(message.script_finished)
        found = re.search(rb"atlas-waiting[^>]*>([^<]+)<", message.SerializeToString())
        if found and found[1].decode() != waits:
            yield (waits := found[1].decode())


def test_a_change_of_a_tensor_does_not_send_the_shelf_again(host: Host) -> None:
    """What stands below the page is a part of its own: every message more is paid for by a whole class."""
    ada = Visitor(f"http://127.0.0.1:{host.port}").open("/tensors")
    assert "shelf-list" in ada.seen()
    typed(ada, "A", "[[1.5, 2], [3, 4]]")
    ada.read()
    assert "atlas_stage" in ada.seen() and "shelf-list" not in ada.seen()
    ada.close()


def test_a_page_that_waits_says_how_many_are_before_it(host: Host) -> None:
    """In the part of the page that a change runs; and one that is changed meanwhile waits no more."""
    assert eventually(lambda: host.state()[1] == "ok", 60)
    ada, bob, eve = (Visitor(f"http://127.0.0.1:{host.port}").open("/matrix-vector") for _ in range(3))
    frozen = host.descendants()  # what they come from, too: it may be about to fork fresh ones
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        for visitor, text in ((ada, "[[3, 1], [0, 1]]"), (bob, "[[4, 1], [0, 1]]")):
            typed(visitor, "A", text)
        assert eventually(lambda: 'atlas_workers{state="busy"} 2.0' in host.get("/metrics")[1], 10)
        typed(eve, "A", "[[5, 1], [0, 1]]")
        ends: list[int] = []
        assert next(said(eve, ends)) == "You are next."
        assert "atlas_queue 1.0" in host.get("/metrics")[1]
        typed(eve, "A", "[[6, 1], [0, 1]]")
        assert next(said(eve, ends)) == "You are next."
        assert ends == [ForwardMsg.FINISHED_EARLY_FOR_RERUN], "her first question is given up"
        assert "atlas_queue 2.0" not in host.get("/metrics")[1]
    finally:
        for pid in frozen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    for visitor in (ada, bob, eve):
        visitor.close()
    assert "StreamlitAPIException" not in host.log.read_text() and "InvalidLayout" not in host.log.read_text()

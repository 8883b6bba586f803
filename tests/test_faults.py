"""Faults without a browser: the disk is full, the clock moves, an upload is cut off, torch has no memory left."""

from __future__ import annotations

import ast
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import ClientDisconnect
from starlette.routing import Router
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_routes import create_upload_routes

from core import calculator
from core.calculator.kept import Kept
from tests import loops
from tests.test_workbench import html_of, type_

ROOT = Path(__file__).resolve().parents[1]
PARTS = (b"cpu", b"{}", bytes(range(256)) * 400, b"film")


# --- disk full


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file of this process may become larger than `room` bytes: a write ends in the middle, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_keeps_nothing_and_leaves_no_half(tmp_path: Path) -> None:
    """What is there stays and is read; what has no room is answered all the same, once for each start."""
    kept = Kept(str(tmp_path / "cache"))
    assert kept.get("old") is None and kept.put("old", PARTS)
    with full_disk(1_000):
        assert kept.put("new", PARTS) is False
    assert len(list((tmp_path / "cache").iterdir())) == 1
    assert kept.get("old") == PARTS and kept.get("new") is None
    assert kept.put("new", PARTS) and kept.get("new") == PARTS


@pytest.mark.usefixtures("pool")
def test_a_page_runs_on_over_a_full_disk(open_page: Any) -> None:
    with full_disk(1_000):
        app = open_page("matrix_vector")
        type_(app, "matrix-vector.x.field", "[5, 6]")
        assert "class=&quot;atlas-problem" not in html_of(app) and "tensor([16.,  6.])" in html_of(app)


# --- the clock moves


def test_no_duration_is_read_off_a_clock_that_can_be_set() -> None:
    """time.monotonic() and the loop's own clock never jump; only the date of a presentation wants the other one."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("core", "pages", "deploy")
        for path in [*(ROOT / folder).rglob("*.py"), ROOT / "app.py"]
        for line in clock_calls(path.read_text(encoding="utf-8"))
    ]
    assert {place.split(":")[0] for place in found} <= {"core/export/deck.py"}
    assert found, "this test has nothing to find any more"
    assert clock_calls("import time\nuntil = time.time() + 5") == [2]


def clock_calls(source: str) -> list[int]:
    """The lines that ask for the time of day."""
    if (
        "time.time" not in source and "datetime" not in source
    ):  # most do not, and to read them all takes a second
        return []
    wall = {("time", "time"), ("time", "time_ns"), ("datetime", "now"), ("datetime", "utcnow")}
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and (getattr(node.value, "attr", getattr(node.value, "id", "")), node.attr) in wall
    ]


@pytest.mark.usefixtures("pool")
def test_a_clock_that_jumps_stops_no_answer(open_page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day back, a year on, between two questions and while they are asked."""
    app, now = open_page("matrix_vector"), time.time()
    for k, jump in enumerate((-86_400.0, 31_536_000.0, -31_536_000.0)):
        monkeypatch.setattr(time, "time", lambda jump=jump: now + jump)
        type_(app, "matrix-vector.x.field", f"[{k}, 1]")
        assert f"tensor([{2.0 * k + 1:g}., 1.])" in html_of(app)


# --- an upload is cut off


def uploaded(body: bytes, announced: int) -> tuple[int | None, list[Any]]:
    """(Status, files that Streamlit keeps) of an upload of `announced` bytes that ends after those of `body`."""
    files = MemoryUploadedFileManager("/_stcore/upload_file")
    runtime: Any = SimpleNamespace(is_active_session=lambda _session: True)
    app = Router(create_upload_routes(runtime, files, None))
    messages = [{"type": "http.request", "body": body, "more_body": len(body) < announced}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    token = generate_xsrf_token_string().encode()
    headers = [
        (b"content-type", b"multipart/form-data; boundary=b"),
        (b"content-length", str(announced).encode()),
        (b"x-xsrftoken", token),
        (b"cookie", b"_streamlit_xsrf=" + token),
    ]
    scope = {
        "type": "http", "method": "PUT", "path": "/_stcore/upload_file/session/file", "headers": headers,
        "query_string": b"", "root_path": "", "scheme": "http", "server": ("127.0.0.1", 1),
    }  # fmt: skip
    with suppress(ClientDisconnect):
        loops.run(app(scope, receive, send))
    status = next((message["status"] for message in sent if "status" in message), None)
    return status, files.get_files("session", ["file"])


def form(content: bytes) -> bytes:
    """A form with one file."""
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="w.safetensors"\r\n\r\n'
    return head + content + b"\r\n--b--\r\n"


def test_half_an_upload_is_no_file() -> None:
    body = form(bytes(100_000))
    status, files = uploaded(body, len(body))
    assert status == 204 and len(files[0].data) == 100_000  # the road is the right one
    for length in (10, 90, 50_000, len(body) - 9):
        _status, files = uploaded(body[:length], len(body))
        assert files == [], length


# --- torch has no memory


@pytest.mark.usefixtures("pool")
def test_no_memory_left_is_a_sentence_and_the_picture_stays(
    open_page: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """tests/core/test_calculator_hostile.py has workers that really run out of it."""
    app, ask = open_page("matrix_vector"), calculator.ask

    def out_of_memory(task: str, request: dict[str, Any], **more: Any) -> Any:
        if request.get("inputs", {}).get("x") == "[5, 6]":
            raise calculator.Failure("memory")
        return ask(task, request, **more)

    monkeypatch.setattr(calculator, "ask", out_of_memory)
    type_(app, "matrix-vector.x.field", "[5, 6]")
    assert "This needs more memory than one answer may use." in html_of(app)
    assert "tensor([4., 2.])" in html_of(app) and len(app.get("bidi_component")) > 1
    type_(app, "matrix-vector.x.field", "[1, 1]")
    assert "tensor([3., 1.])" in html_of(app) and "more memory" not in html_of(app)

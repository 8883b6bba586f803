"""What a host relies on, without a server: health, metrics, the log, uploads. (With one: test_hosting_server.py.)"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from calculators import eventually, full
from calculators import settings as hostile
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType

from core import calculator, events
from core.calculator import Calculator, Failure, Settings
from core.calculator.budget import Budget
from core.limits import current
from pages.shared import stage
from pages.shared.hosting import health, journal, metrics, refusals, uploads, visitors
from tests import asgi, loops

ROOT = Path(__file__).resolve().parents[1]
SECRET = "[[31337, 1]] @ mybank"


@pytest.fixture
def running(workers: Calculator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calculator]:
    """The server's calculator, sound and with room."""
    monkeypatch.setattr(calculator, "_calculator", workers)
    ceiling = workers.memory.ceiling
    yield workers
    workers.stopping, workers.memory.ceiling = False, ceiling


# --- health


def test_a_sound_server_is_well_and_was_asked_once(
    running: Calculator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second probe, and one while the workers have answered lately, asks torch nothing."""
    asked, pulse = [], running.pulse
    monkeypatch.setattr(running, "pulse", lambda wall: asked.append(wall) or pulse(wall))
    running.pool.answered = float("-inf")
    assert health.look() == {"state": "ok"} and len(asked) == 1
    assert health.look() == {"state": "ok"} and len(asked) == 1
    monkeypatch.setattr(health, "look", lambda: asked.append("look") or {"state": "ok"})
    one = health.Health()
    assert [loops.run(one.state()) for _ in range(3)] == [{"state": "ok"}] * 3
    assert asked.count("look") == 1


def test_a_server_whose_workers_have_not_come_is_starting_and_then_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh = Calculator(Settings(workers=1, preload=(), device="cpu"))
    monkeypatch.setattr(calculator, "_calculator", fresh)
    try:
        assert health.look() == {"state": "starting"}  # and being asked has started them
        assert eventually(lambda: health.look() == {"state": "ok"}, 60)
    finally:
        fresh.stop()


def test_workers_that_die_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that is asked to add two numbers ends."""
    with Calculator(hostile(workers=1)) as deadly:
        monkeypatch.setattr(calculator, "_calculator", deadly)
        assert eventually(lambda: full(deadly), 60)
        assert health.look() == {"state": "failed", "failed": ["torch"]}


def test_workers_that_never_come_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    with Calculator(hostile(workers=1, tasks="no_such_module:TASKS")) as broken:
        monkeypatch.setattr(calculator, "_calculator", broken)
        assert eventually(lambda: health.look() == {"state": "failed", "failed": ["torch"]}, 60)


def test_workers_that_are_all_busy_are_well(running: Calculator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under load nobody should restart this server: each worker is ended at its wall."""
    running.pool.answered = float("-inf")
    monkeypatch.setattr(running.pool, "lent", lambda: 1)
    monkeypatch.setattr(running, "pulse", lambda _wall: pytest.fail("asked"))
    assert health.look() == {"state": "ok"}


@pytest.mark.usefixtures("running")
def test_an_asset_that_is_missing_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the server has read it before, for it could not start again."""
    for path in stage.STATIC.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes()[:10])
    monkeypatch.setattr(stage, "STATIC", tmp_path)
    assert health.look() == {"state": "ok"}
    (tmp_path / "stage.js").write_bytes(b"")
    assert health.look() == {"state": "failed", "failed": ["stage"]}
    (tmp_path / "stage.js").unlink()
    monkeypatch.setattr(stage, "_plotly_file", lambda: tmp_path / "gone")
    assert health.look() == {"state": "failed", "failed": ["plotly", "stage"]}


def test_a_server_that_stops_says_so_at_once(running: Calculator) -> None:
    one = health.Health()
    assert loops.run(one.state()) == {"state": "ok"}
    running.stopping = True
    assert loops.run(one.state()) == {"state": "stopping"}


def test_a_probe_is_told_by_its_status(running: Calculator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_the", health.Health())
    app = Starlette(routes=[health.route()])
    well = asgi.request(app, "GET", "/healthz")
    running.stopping = True
    stopping = asgi.request(app, "GET", "/healthz")
    assert (well.status, well.json()) == (200, {"state": "ok"})
    assert (stopping.status, stopping.json()) == (503, {"state": "stopping"})
    assert well.headers["cache-control"] == "no-store"


# --- metrics


def scope(address: str | None, **headers: str) -> dict[str, Any]:
    """A request from `address`."""
    named = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": (address, 1) if address else None, "headers": named}


@pytest.mark.parametrize(
    ("address", "headers", "may"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("192.168.1.20", {}, False),  # a pupil in the same school
        ("10.0.0.7", {}, False),
        ("8.8.8.8", {}, False),
        ("testclient", {}, False),
        (None, {}, False),
        ("127.0.0.1", {"X_Forwarded_For": "127.0.0.1"}, False),  # a proxy on this machine
        ("127.0.0.1", {"Via": "1.1 proxy"}, False),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False),
        ("127.0.0.1", {"X_Real_IP": "127.0.0.1"}, False),
    ],
)
def test_figures_are_for_this_machine(
    address: str | None, headers: dict[str, str], may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(metrics.TOKEN, raising=False)
    assert metrics.may_read(scope(address, **headers)) is may


def test_with_a_token_they_are_for_whoever_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(metrics.TOKEN, "s3cret")
    good = {"Authorization": "Bearer s3cret", "X_Forwarded_For": "8.8.8.8"}
    assert metrics.may_read(scope("8.8.8.8", **good))
    for wrong in (
        {},
        {"Authorization": "Bearer s3cre"},
        {"Authorization": "s3cret"},
        {"Authorization": "Bearer é"},
    ):
        assert not metrics.may_read(scope("127.0.0.1", **wrong))


def test_streamlits_own_figures_follow_the_same_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(metrics.TOKEN, "s3cret")
    routes = [
        Route(path, lambda _request: PlainTextResponse("figures")) for path in ("/_stcore/metrics", "/other")
    ]
    app = metrics.Closed(Starlette(routes=routes))
    for path, status in (("/_stcore/metrics", 404), ("/_stcore/metrics/", 404), ("/other", 200)):
        assert asgi.request(app, "GET", path).status == status
    assert (
        asgi.request(app, "GET", "/_stcore/metrics", headers={"Authorization": "Bearer s3cret"}).text
        == "figures"
    )


@pytest.mark.usefixtures("running")
def test_every_event_is_counted_also_those_before_anybody_asked() -> None:
    figures = metrics.Figures()
    heard = [
        ("answer", {"task": "operation", "how": "miss", "seconds": 0.03, "failure": ""}),
        ("answer", {"task": "operation", "how": "hit", "seconds": 0.0001, "failure": ""}),
        ("answer", {"task": "example", "how": "miss", "seconds": 2.0, "failure": "slow", "detail": ""}),
        ("rerun", {"page": "matrix-vector", "part": "page", "seconds": 0.2}),
        ("refused", {"why": "compute", "task": "operation"}),
        ("worker.ended", {"how": "killed", "detail": "SIGKILL"}),
        ("export", {"kind": "film", "outcome": "made"}),
        ("upload", {"bytes": 1_000}),
        ("page.failed", {"error": "KeyError"}),
        ("something.new", {"what": 1}),
    ]
    for event, facts in heard:
        figures.hear(event, facts)
    text, kind = figures.text()
    for event, facts in heard[:2]:
        figures.hear(event, facts)
    lines = figures.text()[0].decode().splitlines()
    for line in (
        'atlas_answer_seconds_count{how="miss",task="operation"} 2.0',
        'atlas_answer_seconds_count{how="hit",task="operation"} 2.0',
        'atlas_failures_total{kind="slow",task="example"} 1.0',
        'atlas_rerun_seconds_bucket{le="0.25",page="matrix-vector",part="page"} 1.0',
        'atlas_refusals_total{why="compute"} 1.0',
        'atlas_workers_ended_total{how="killed"} 1.0',
        'atlas_exports_total{kind="film",outcome="made"} 1.0',
        "atlas_upload_bytes_count 1.0",
        "atlas_page_errors_total 1.0",
        'atlas_workers{state="alive"} 1.0',
        "atlas_queue 0.0",
        'atlas_sessions{state="active"} 0.0',
    ):
        assert line in lines, line
    memory = {
        line.split(" ")[0]: float(line.split(" ")[1]) for line in lines if line.startswith("atlas_memory")
    }
    assert memory['atlas_memory_bytes{process="server"}'] > 1e7
    assert memory['atlas_memory_bytes{process="workers"}'] > 1e7
    assert b"atlas_rerun_seconds_sum" in text and kind.startswith("text/plain")


def test_a_thousand_events_that_nobody_asked_for_are_counted_and_forgotten() -> None:
    figures = metrics.Figures()
    for _ in range(metrics.PENDING):
        figures.hear("upload", {"bytes": 1})
    assert eventually(lambda: figures._series is not None and not figures._pending)
    assert figures._registry.get_sample_value("atlas_upload_bytes_count") == metrics.PENDING


# --- the log


def record(message: str, *arguments: Any, name: str = "streamlit.x", **more: Any) -> logging.LogRecord:
    """A line as a library would write it."""
    return logging.LogRecord(name, logging.WARNING, __file__, 1, message, arguments, more.get("exc_info"))


def line(found: logging.LogRecord) -> dict[str, Any]:
    """The JSON line of a record."""
    written = journal.Lines("json").format(found)
    assert "\n" not in written
    return json.loads(written)


def test_a_line_of_ours_has_its_facts(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal.log, "propagate", True)
    with caplog.at_level(logging.INFO, "atlas"):
        journal._tell("refused", {"why": "compute", "task": "operation", "seconds": 1.23456})
        journal._tell("answer", {"task": "operation", "how": "miss", "seconds": 0.1, "failure": ""})
        journal._tell("answer", {"task": "operation", "how": "miss", "seconds": 1.6, "failure": ""})
        journal._tell("answer", {"task": "operation", "how": "joined", "seconds": 1.6, "failure": ""})
        journal._tell(
            "answer", {"task": "operation", "how": "miss", "seconds": 2.0, "failure": "slow", "detail": ""}
        )
        journal._tell("rerun", {"page": "home", "part": "page", "seconds": 9.0})
    refused, slow, failed = (line(one) for one in caplog.records)
    assert (refused["event"], refused["level"], refused["why"], refused["seconds"]) == (
        "refused",
        "warning",
        "compute",
        1.235,
    )
    assert (slow["event"], failed["event"]) == ("slow", "failure")
    assert set(refused) == {"time", "level", "event", "id", "why", "task", "seconds"}
    assert refused["time"].endswith("+00:00") and len(refused["id"]) == 8 and refused["id"] != slow["id"]


def test_of_others_lines_only_the_pattern_is_written() -> None:
    found = line(record('%s - "WebSocket %s" [accepted]', "10.1.2.3", f"/matrix-vector?A={SECRET}"))
    assert found["message"] == '%s - "WebSocket %s" [accepted]' and found["logger"] == "streamlit.x"
    assert "10.1.2.3" not in str(found) and "31337" not in str(found)


def failing(value: str) -> None:
    try:
        raise KeyError(value)
    except KeyError as error:
        raise ValueError(f"cannot read {value}") from error


@pytest.mark.parametrize("form", journal.FORMS)
def test_an_error_is_written_without_its_words_and_with_the_visitors_number(form: str) -> None:
    """The message and the line of code of `raise` may hold what was typed; the frames hold names of ours."""
    try:
        failing(SECRET)
    except ValueError as caught:
        error = caught
    found = record("Uncaught app execution", exc_info=(type(error), error, error.__traceback__))
    written = journal.Lines(form).format(found)
    assert "31337" not in written and "mybank" not in written and "cannot read" not in written
    assert journal.id_of(error) in written and "ValueError" in written and "KeyError, and then:" in written
    assert "tests/test_hosting_parts.py:" in written and " failing" in written
    assert journal.Lines(form).format(found).count(journal.id_of(error)) == 1


def test_what_ATLAS_LOG_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, form in (("json", "json"), (" JSON ", "json"), ("text", "text"), ("", "text"), ("xml", "text")):
        monkeypatch.setenv(journal.VARIABLE, text)
        assert journal.form() == form


def test_a_listener_that_fails_costs_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []
    monkeypatch.setattr(events, "_listeners", [lambda *_: 1 / 0, lambda *event: heard.append(event)])
    events.emit("answer", task="x")
    assert heard == [("answer", {"task": "x"})]


def test_a_setting_that_is_none_ends_the_start_with_a_sentence() -> None:
    env = {**os.environ, "ATLAS_WORKERS": "many"}
    ended = subprocess.run(
        [sys.executable, "-c", "import app"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert "The settings cannot be used. ATLAS_WORKERS='many' is not a whole number" in ended.stderr


# --- uploads


@pytest.fixture
def field(running: Calculator, set_limits: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An app that says how large a file is that it is sent, behind our middleware: a megabyte a minute, and no time."""
    set_limits(upload_bytes=1_000_000)
    monkeypatch.setattr(running, "budget", Budget(current(), clock=lambda: 1.0))

    async def take(request: Request) -> PlainTextResponse:
        (file,) = (await request.form()).values()
        return PlainTextResponse(str(len(await file.read())))

    path = "/_stcore/upload_file/{session}/{file}"
    return uploads.Uploads(Starlette(routes=[Route(path, take, methods=["PUT"])]))


def sent(field: Any, size: int, file: str = "f1", session: str = "s1", cookie: str = "") -> int:
    """How large a file of `size` is when it arrives."""
    body, headers = asgi.form(bytes(size))
    headers |= {"cookie": cookie} if cookie else {}
    answer = asgi.request(field, "PUT", f"/_stcore/upload_file/{session}/{file}", body, headers)
    assert answer.status == 200
    return int(answer.text)


def given(file: str = "f1") -> SimpleNamespace:
    """The file as Streamlit's field hands it over."""
    return SimpleNamespace(file_id=file)


def test_uploads_within_the_minute_are_taken_and_one_more_is_not(
    field: Any, running: Calculator, told: list[Any]
) -> None:
    most = running.budget.limits.upload_bytes
    assert sent(field, most // 2 - 10_000, session="ada") == most // 2 - 10_000
    assert uploads.why_not(given()) is None
    assert sent(field, most // 2 - 10_000, session="ada") == most // 2 - 10_000
    assert sent(field, 50_000, "f2", session="ada") == 0
    assert sent(field, 50_000, "f3", session="bob") == 50_000
    why, fix = uploads.why_not(given("f2"))
    assert why == "Each visitor may send 1 MB of files in a minute." and fix.startswith("Try again in ")
    assert uploads.why_not(given("f2")) is None  # it is said once
    assert [facts["why"] for event, facts in told if event == "refused"] == ["upload"]
    assert [event for event, _facts in told].count("upload") == 3


def test_a_visitor_is_his_cookie_and_not_his_windows(field: Any, running: Calculator) -> None:
    most = running.budget.limits.upload_bytes
    cookie = f"atlas_visitor={'c' * 32}"
    assert sent(field, most - 20_000, session="one", cookie=cookie) > 0
    assert sent(field, 50_000, session="two", cookie=cookie) == 0


@pytest.mark.parametrize(
    ("change", "words"), [({"stopping": True}, "restarted"), ({}, "memory is nearly full")]
)
def test_nothing_is_taken_where_the_server_has_no_room(
    field: Any, running: Calculator, change: dict[str, Any], words: str
) -> None:
    for name, value in change.items():
        setattr(running, name, value)
    running.memory.ceiling = running.memory.ceiling if change else 1
    assert sent(field, 1_000, session="eve") == 0
    assert words in uploads.why_not(given())[0]


def test_an_upload_that_does_not_say_how_large_it_is(field: Any) -> None:
    address, (body, kind) = "/_stcore/upload_file/s/f", asgi.form(b"1")
    assert asgi.request(field, "PUT", address, [body], kind).status == 411
    assert asgi.request(field, "PUT", address, body, {"content-type": "text/plain"}).status == 411
    assert asgi.request(field, "GET", address).status == 405  # other methods are passed on


# --- sentences


@pytest.mark.parametrize("why", ["stopping", "memory", "queue", "full", "compute", "questions", "trainings"])
def test_every_reason_is_two_sentences(why: str) -> None:
    from core.calculator.records import HELD_BACK

    assert why in HELD_BACK and len(HELD_BACK) == 7
    sentence, fix = refusals.sentence_of(Failure("refused", 2.2, why))
    assert sentence.endswith(".") and fix.endswith(".") and "{" not in sentence + fix
    assert "3 seconds" in fix or why not in ("compute", "questions")


def test_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cookie of the proxy's, and nothing that only looks like it."""
    assert visitors.named({"atlas_visitor": "a" * 32}, "session") == "a" * 32
    for wrong in ("a" * 31, "A" * 32, "", "../../etc"):
        assert visitors.named({"atlas_visitor": wrong}, "session") == "session"
    assert visitors.asker() == calculator.Asker()  # no page runs here


# --- what we rely on inside of others: an upgrade that renames it is seen here


def test_the_insides_of_streamlit_and_uvicorn_that_we_use_are_there() -> None:
    import inspect

    import uvicorn
    from streamlit import logger
    from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
    from streamlit.runtime.websocket_session_manager import WebsocketSessionManager
    from streamlit.web.server.starlette import starlette_routes

    assert list(inspect.signature(logger.setup_formatter).parameters) == ["logger"] and logger._loggers
    assert {"yield_check", "fragment_ids_this_run", "session_id"} <= set(
        ScriptRunContext.__dataclass_fields__
    )
    assert callable(WebsocketSessionManager.num_active_sessions) and callable(
        WebsocketSessionManager.num_sessions
    )
    assert f"/{starlette_routes.BASE_ROUTE_UPLOAD_FILE}/s/f" == "/_stcore/upload_file/s/f"
    assert uploads.ADDRESS.fullmatch(f"/{starlette_routes.BASE_ROUTE_UPLOAD_FILE}/s/f")
    assert f"/{starlette_routes.BASE_ROUTE_CORE}/metrics" == metrics.STREAMLITS
    server = uvicorn.Server(uvicorn.Config(lambda: None))
    assert server.handle_exit.__self__ is server and server.should_exit is False
    assert hasattr(server.config, "timeout_graceful_shutdown")


def test_a_logger_that_streamlit_makes_later_writes_our_lines() -> None:
    """In a process of its own: it changes every logger. One made before, one after, and one of uvicorn's."""
    code = (
        "from streamlit.logger import get_logger; before = get_logger('streamlit.before')\n"
        "from pages.shared.hosting import journal; journal.install()\n"
        "from streamlit import logger; logger.update_formatter()\n"
        "import logging, threading, warnings\n"
        "for one in (before, get_logger('streamlit.after'), logging.getLogger('uvicorn.error')):\n"
        "    one.warning('typed %s', '31337')\n"
        "warnings.warn('31337')\n"
        "thread = threading.Thread(target=lambda: int('31337x')); thread.start(); thread.join()\n"
    )
    env = {**os.environ, "ATLAS_LOG": "json"}
    line = [sys.executable, "-c", code]
    ended = subprocess.run(line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=True)
    told = [json.loads(one) for one in ended.stderr.splitlines()]
    assert [one.get("message") for one in told[:4]] == ["typed %s"] * 3 + ["UserWarning at <string>:7"]
    assert (told[-1]["event"], told[-1]["error"]) == ("error", "ValueError")
    assert "31337" not in ended.stderr


# --- a question that waits, and a visitor who has typed on


@pytest.mark.parametrize(
    ("running", "typed", "begun"),
    [
        (["a"], ["a"], ["a"]),
        (["a"], ["a", "b"], ["a", "b"]),
        ([], ["a"], []),  # the whole page, with the new value
        (["a", "b"], ["a"], None),  # b would be left out: it comes afterwards, as Streamlit has it
        (["a"], [], None),
    ],
)
def test_a_part_that_was_changed_while_it_waits_begins_anew(
    running: list[str], typed: list[str], begun: list[str] | None
) -> None:
    requests = ScriptRequests()
    for part in typed:
        assert requests.request_rerun(RerunData(fragment_id=part))
    context = SimpleNamespace(
        script_requests=requests, fragment_ids_this_run=running or None, yield_check=lambda: None
    )
    if begun is None:
        visitors._end_if_overtaken(context)
        assert requests.on_scriptrunner_ready().type == (
            ScriptRequestType.RERUN if typed else ScriptRequestType.STOP
        )
        return
    with pytest.raises(RerunException) as ended:
        visitors._end_if_overtaken(context)
    assert ended.value.rerun_data.fragment_id_queue == begun
    visitors._end_if_overtaken(context)  # it is under way


def test_a_page_that_is_closed_while_it_waits_ends() -> None:
    requests = ScriptRequests()
    requests.request_stop()
    visitors._end_if_overtaken(SimpleNamespace(script_requests=requests, fragment_ids_this_run=["a"]))

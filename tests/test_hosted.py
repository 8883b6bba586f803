"""The real app, two replicas behind a real nginx, by raw protocol: what a visitor can reach, and what he cannot."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import StringArray
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus

from deploy import local, proxy
from pages.shared import security, stage
from tests import nginx
from tests.streamlit_visitor import Visitor

ROOT = Path(__file__).resolve().parents[1]
LINK = "/matrix-vector?A=[[7,1],[0,3]]&x=[1,2]"
HEADERS = [name.decode() for name, _value in security.HEADERS]
# Whoever serves out of a clone has a remote; a visitor must not hear of it. This git has one on every machine.
GIT = f"""#!/bin/sh
case "$*" in
  --version) echo "git version 2.40.0" ;;
  *show-toplevel*) echo "{ROOT}" ;;
  *upstream*) echo origin/main ;;
  *) echo https://github.com/secret-school/atlas.git ;;
esac
"""
INNER = (b"Traceback", b"site-packages", str(ROOT).encode())


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[local.Hosted]:
    """deploy/local.py with two replicas; the tests that kill come last."""
    assert nginx.find(), nginx.MISSING
    programs = tmp_path_factory.mktemp("programs")
    (programs / "git").write_text(GIT)
    (programs / "git").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(programs), prepend=os.pathsep)
        with local.Hosted(2, f"127.0.0.1:{local.free_port()}", quiet=True) as running:
            yield running


@pytest.fixture
def visit(hosted: local.Hosted) -> Iterator[Callable[..., Visitor]]:
    """visit("/matrix-vector") -> a new visitor with that page open; without a path he has opened nothing yet."""
    made: list[Visitor] = []

    def come(path: str = "", **more: str) -> Visitor:
        made.append(Visitor(hosted.url))
        return made[-1].open(path, **more) if path else made[-1]

    yield come
    for visitor in made:
        visitor.close()


def together(visit: Callable[..., Visitor], *paths: str) -> list[Visitor]:
    """Visitors of the same replica, one for each path."""
    found = [visit(paths[0])]
    for path in paths[1:]:
        while (other := visit(path)).cookies["atlas_replica"] != found[0].cookies["atlas_replica"]:
            other.close()
        found.append(other)
    return found


def message(**fields: object) -> BackMsg:
    """What a page sends."""
    return BackMsg(**fields)


# --- over HTTP


def addresses() -> list[str]:
    """One of every kind: pages, scripts, Streamlit's own, what is not there."""
    plotly, modules, _sheet = stage.needed()
    return [
        "/",
        LINK,
        "/nowhere",
        plotly,
        modules[0],
        "/_stcore/health",
        "/_stcore/host-config",
        "/media/none",
        "/static/none.js",
    ]


@pytest.mark.parametrize("path", addresses())
def test_the_security_headers_are_there_once(visit: Callable[..., Visitor], path: str) -> None:
    reply = visit().get(path, Accept="text/html")
    part = "javascript" in reply.one("Content-Type")  # it runs under the policy of the page that asked for it
    wanted = {name: int(not part or name == "x-content-type-options") for name in HEADERS}
    assert {name: len(reply.all(name)) for name in HEADERS} == wanted
    assert part == path.startswith(("/plotly/", "/stage/"))
    assert "uvicorn" not in str(reply.headers) and "nginx/" not in str(reply.headers)


@pytest.mark.parametrize("path", addresses())
def test_a_cache_on_the_way_never_keeps_what_is_a_visitors(visit: Callable[..., Visitor], path: str) -> None:
    reply = visit().get(path, Accept="text/html")
    (keep,) = reply.all("Cache-Control")
    assert ("public" in keep) != ("private" in keep or "no-store" in keep)
    assert not (reply.all("Set-Cookie") and "public" in keep)


def test_what_a_page_asks_for_is_packed_and_kept_for_ever(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    page = visitor.get(LINK, Accept="text/html")
    asked = re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', page.text())
    asked += re.findall(r"<([^>]+)>; rel=modulepreload", " ".join(page.all("Link")))
    assert len(asked) > 20
    for address in asked:
        reply = visitor.get(
            "/" + address.removeprefix("./").lstrip("/"), Accept_Encoding="gzip, deflate, br, zstd"
        )
        assert reply.status == 200 and "immutable" in reply.all("Cache-Control")[0], address
        if len(reply.body) > 500:
            assert reply.all("Content-Encoding") == ["gzip"] and gzip.decompress(reply.body)


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/_stcore/metrics", "/_stcore/agent/openapi.json"])
def test_what_is_for_the_host_is_closed(visit: Callable[..., Visitor], path: str) -> None:
    assert visit().get(path).status == 404


def test_what_streamlit_tells_its_page_tells_nothing_of_the_host(visit: Callable[..., Visitor]) -> None:
    told = json.loads(visit().get("/_stcore/host-config").text())
    assert told["allowedOrigins"] == [] and told["metricsUrl"] == ""
    assert visit().get("/_stcore/health").text() == "ok"


# --- over the socket


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "https://share.streamlit.io", "null"])
def test_a_page_of_another_origin_cannot_open_a_session(visit: Callable[..., Visitor], origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        visit().connect(origin=origin)
    assert refused.value.response.status_code == 403
    assert visit(LINK).session


def test_a_visitor_who_clears_the_caches_clears_nobodys(visit: Callable[..., Visitor]) -> None:
    """BackMsg.clear_cache clears Streamlit's caches for all, and the sender's session."""
    paths = [f"/tensors?shelf=canary{k}=[[{k}31337]]" for k in (1, 2)]
    ada, bob = together(visit, *paths)
    for visitor, mine in ((ada, "canary1"), (bob, "canary2")):
        visitor.query = ""  # from here on it is the session that knows
        visitor.rerun()
        assert mine in visitor.seen()
    bob.send(message(clear_cache=True))
    bob.rerun()
    ada.rerun()
    assert "canary1" in ada.seen() and "canary2" not in ada.seen()
    assert ada.session and visit(LINK).element("bidi_component")  # the calculator answers as before


def test_no_cache_of_streamlits_holds_anything_of_ours() -> None:
    """So that there is nothing to be cleared: pools, answers and limits lie in modules of our own."""
    for path in (*(ROOT / "pages").rglob("*.py"), ROOT / "app.py"):
        assert not re.search(r"\bcache_(data|resource)\b", path.read_text(encoding="utf-8")), path


def test_nobody_hears_of_the_repository_that_serves(visit: Callable[..., Visitor]) -> None:
    visitor = visit(LINK)
    visitor.send(message(load_git_info=True))
    visitor.send(message(app_heartbeat=True))
    kinds = []
    for heard in visitor.messages():
        kinds.append(heard.WhichOneof("type"))
        assert "secret-school" not in str(heard)
        if kinds[-1] == "heartbeat_ack":
            break
    assert "git_info_changed" not in kinds


def test_nobody_hears_where_the_server_runs(visit: Callable[..., Visitor]) -> None:
    visitor = visit(LINK)
    told = ForwardMsg.FromString(visitor.raw[0]).new_session
    assert told.main_script_path == "frame.py"
    begin = told.initialize
    assert {begin.user_info.installation_id, begin.user_info.installation_id_v4} == {security.APP}
    assert begin.environment_info.python_version == begin.environment_info.server_os == ""
    assert not any(word in visitor.seen().encode() for word in (*INNER, socket.gethostname().encode() + b"."))


@pytest.mark.parametrize("operation", ["install_skills", "dismiss_skills_nudge"])
def test_nobody_writes_into_the_server_s_folder(visit: Callable[..., Visitor], operation: str) -> None:
    """Streamlit can install files for coding agents; from nginx on the same machine every visitor looks local."""
    visitor, asked = visit(LINK), BackMsg()
    getattr(asked.backend_operation_request, operation).SetInParent()
    asked.backend_operation_request.request_id = "1"
    asked.backend_operation_request.session_id = visitor.session
    visitor.send(asked)
    answer = visitor.until("backend_operation_response").backend_operation_response
    assert "not available in this environment" in answer.error_msg
    assert not (ROOT / ".claude").exists() and not (ROOT / ".agents").exists()


@pytest.mark.parametrize(
    "frame",
    [b"\xff\xfe garbage", "text", b"x" * 2_200_000, b"\x5a\x7fabc"],
    ids=["no message", "text", "large", "cut"],
)
def test_a_frame_that_is_no_message_ends_its_sender_alone(
    visit: Callable[..., Visitor], frame: bytes | str
) -> None:
    ada, eve = together(visit, LINK, LINK)
    eve.line.send(frame)
    heard = b""
    with pytest.raises(ConnectionClosed):
        while True:
            heard += eve.line.recv(timeout=60)
    assert not any(word in heard for word in INNER)
    ada.rerun()
    assert ada.element("bidi_component")


def test_odd_messages_show_no_trace(visit: Callable[..., Visitor]) -> None:
    ada, eve = together(visit, LINK, LINK)
    texts = [one.text_input.id for one in eve.elements if one.WhichOneof("type") == "text_input"]
    odd = [
        {"page_name": "../../etc/passwd"},
        {"page_name": "\x00"},
        {texts[0]: ("int_value", 5)},
        {texts[0]: ("string_value", "A" * 100_000)},
        {texts[0]: ("bytes_value", b"\xff\x00")},
        {texts[0]: ("json_value", "{")},
        {"$$ID-none-none": ("trigger_value", True)},
        {eve.element("bidi_component").id: ("json_value", '{"drag": {"variable": "__class__"}}')},
    ]
    for values in odd:
        eve.rerun(**values)
        assert not any(word in eve.seen().encode() for word in INNER), values
        assert "exception" not in [one.WhichOneof("type") for one in eve.elements], values
    eve.query, eve.page_hash = "A=" + "(" * 5_000, "0" * 32
    eve.rerun()
    assert not any(word in eve.seen().encode() for word in INNER)
    eve.send(message(set_run_on_save=True))
    eve.send(message(stop_script=True))
    eve.send(message(debug_shutdown_runtime=True))  # only in Streamlit's own tests
    eve.send(message(debug_disconnect_websocket=True))
    ada.rerun()
    eve.rerun()
    assert ada.element("bidi_component") and ada.session != eve.session


# --- uploads


def with_field(visitor: Visitor) -> Visitor:
    """On the page of tensors, the way by a file is opened."""
    visitor.rerun(**{visitor.element("button_group").id: ("string_array_value", StringArray(data=["file"]))})
    return visitor


def test_an_upload_is_judged_by_its_content_and_its_name_stays_a_name(visit: Callable[..., Visitor]) -> None:
    visitor, content = with_field(visit("/tensors")), b"\x7fELF" + bytes(range(256)) * 40
    name = "../../x<b>.csv"
    reply, place = visitor.upload(name, content)
    assert reply.status == 204
    visitor.choose(place, name, len(content))
    seen = visitor.seen()
    assert "x&lt;b&gt;.csv: This kind of file is not known here." in seen and "x<b>" not in seen
    assert not any(word in visitor.seen().encode() for word in INNER)
    for folder in (ROOT, *ROOT.parents):
        assert not list(folder.glob("x*.csv"))


def test_an_upload_needs_the_page_s_own_token_and_session(visit: Callable[..., Visitor]) -> None:
    visitor, other = visit("/tensors"), visit("/tensors")
    reply, place = visitor.upload("a.csv", b"1,2\n3,4\n")
    assert reply.status == 204
    assert visitor.put(place.upload_url, "a.csv", b"1", X_Xsrftoken="").status == 403
    assert (
        visitor.put(place.upload_url, "a.csv", b"1", X_Xsrftoken="2|00000000|" + "0" * 32 + "|1").status
        == 403
    )
    elsewhere = place.upload_url.replace(visitor.session, "0" * 8)
    assert visitor.put(elsewhere, "a.csv", b"1").status == 400
    assert other.cookies["_streamlit_xsrf"] != visitor.cookies["_streamlit_xsrf"]


def test_a_flood_of_uploads_is_not_held(visit: Callable[..., Visitor]) -> None:
    """Whoever sends files that no page asks for has the last two of them here, and no more."""
    visitor = with_field(visit("/tensors"))
    places = []
    for number in range(6):
        reply, place = visitor.upload("flood.csv", f"{number},31337\n".encode())
        assert reply.status == 204
        places.append(place)
    visitor.choose(places[0], "flood.csv", 8)
    assert "31337" not in visitor.seen() and "The file did not arrive. Choose it once more." in visitor.seen()
    with_field(visitor).choose(places[-1], "flood.csv", 8)
    assert "31337" in visitor.seen()


def test_an_upload_that_is_too_large_is_refused(visit: Callable[..., Visitor]) -> None:
    visitor = with_field(visit("/tensors"))
    reply, _place = visitor.upload("a.csv", b"1,2\n" * 3_600_000)
    assert reply.status == 413
    visitor.rerun()
    assert visitor.element("file_uploader")


# --- faults


def replica_of(hosted: local.Hosted, visitor: Visitor) -> local.Replica:
    """The one that his socket is at."""
    return next(
        one for one in hosted.replicas if proxy.name_of(one.address) == visitor.cookies["atlas_replica"]
    )


def watched(hosted: local.Hosted, question: Callable[[], bool], seconds: float = 90.0) -> bool:
    """Whether it becomes true while the hosting command looks after its processes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        hosted.look_after()
        if question():
            return True
        time.sleep(0.1)
    return False


def test_a_replica_that_is_killed_is_replaced_by_the_other_and_started_again(
    hosted: local.Hosted, visit: Callable[..., Visitor]
) -> None:
    visitor = visit(LINK)
    before = [one for one in visitor.elements if one.WhichOneof("type") == "bidi_component"]
    lost = replica_of(hosted, visitor)
    os.kill(lost.process.pid, signal.SIGKILL)
    with pytest.raises(ConnectionClosed):
        while True:
            visitor.line.recv(timeout=60)
    assert visitor.get(LINK, Accept="text/html").status == 200  # the very next request
    visitor.open(LINK)
    assert replica_of(hosted, visitor) is not lost
    after = [one for one in visitor.elements if one.WhichOneof("type") == "bidi_component"]
    assert len(after) == len(before) >= 1
    assert watched(hosted, lost.healthy)  # and then uploads still go where his session is
    moved = visit("/tensors")
    moved.cookies.update(visitor.cookies)
    moved.open("/tensors")
    assert moved.upload("a.csv", b"1,2\n")[0].status == 204


def test_nginx_that_is_killed_is_started_again(hosted: local.Hosted, visit: Callable[..., Visitor]) -> None:
    visitor = visit(LINK)
    os.kill(hosted.nginx.process.pid, signal.SIGKILL)
    hosted.nginx.process.wait(20)

    def answers() -> bool:
        try:
            return visitor.get("/_stcore/health").status == 200
        except OSError:
            return False

    assert watched(hosted, answers)
    session = visitor.session
    visitor.connect(existing=session)
    visitor.rerun()
    assert visitor.session == session and visitor.element("bidi_component")  # the same session goes on

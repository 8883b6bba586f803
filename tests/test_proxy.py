"""nginx as deploy/ sets it up, before stand-ins of replicas, by raw protocol: who goes where, and what is refused."""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy import proxy
from deploy.local import free_port
from tests import nginx, replicas
from tests.replicas import FOREVER, SCRIPT, Site, Stand, connected, read, request, visitor

ROOT = Path(__file__).resolve().parents[1]
SOCKETS = 60  # from one address, here
QUICK = (  # what would take long, here; each of these is looked for in the configuration
    ("zone=misses:10m rate=100r/s", "zone=misses:10m rate=10r/s"),
    ("zone=misses burst=1000", "zone=misses burst=100"),
    ("client_header_timeout 15s", "client_header_timeout 1s"),
    ("client_body_timeout 20s", "client_body_timeout 1s"),
)
PATHS = ("/matrix-vector?A=[[2,1],[0,3]]", "/media/0a1b.csv", "/_stcore/health", "/export/film")
ENGLISH = {413: "larger than", 429: "Too much", 502: "starting again"}
CHINESE = {413: "上限", 429: "请求过多", 502: "重新启动"}


@pytest.fixture(scope="module", autouse=True)
def found() -> None:
    """Without nginx every test here fails."""
    assert nginx.find(), nginx.MISSING


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Two stand-ins. The limits of an address are those of one address: each test of them comes from one of its own."""
    with Site(changes=QUICK, address_sockets=SOCKETS, trusted=("127.0.7.7/32",)) as running:
        yield running


def refused(answer: replicas.Answer, status: int) -> bool:
    """A plain refusal: a sentence in both languages, the browser kept from guessing, and when to come again."""
    text = answer.body.decode()
    assert answer.status == status, answer
    assert ENGLISH[status] in text and CHINESE[status] in text and "nginx" not in text
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cache-Control", "Retry-After"):
        assert len(answer.all(name)) == 1, name
    return True


# --- one visitor, one replica


def test_who_comes_without_a_cookie_gets_one_and_stays(site: Site) -> None:
    places = set()
    for _ in range(12):
        first = site.ask()
        (cookie,) = first.all("Set-Cookie")
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
        assert "Max-Age" not in cookie and "Expires" not in cookie  # it must not end under an open page
        name = first.cookies()["atlas_visitor"]
        again = site.ask(cookie=f"atlas_visitor={name}")
        assert again.one("X-Replica") == first.one("X-Replica") and not again.all("Set-Cookie")
        places.add(first.one("X-Replica"))
    assert len(places) == 2  # both work


def test_over_https_the_cookie_is_sent_in_frames_too(site: Site) -> None:
    (cookie,) = site.ask(more="X-Forwarded-Proto: https\r\n").all("Set-Cookie")
    assert all(word in cookie for word in ("SameSite=None", "Secure", "Partitioned", "HttpOnly"))


@pytest.mark.parametrize("value", ["x", "0" * 33, "A" * 32, "0" * 31 + ";"])
def test_a_cookie_of_another_form_is_none(site: Site, value: str) -> None:
    assert len(site.ask(cookie=f"atlas_visitor={value}").cookies()["atlas_visitor"]) == 32


def test_page_socket_upload_and_download_of_a_visitor_go_to_one_replica(site: Site) -> None:
    taken = set()
    for number in range(12):
        cookie, source = visitor(number), f"127.0.1.{number + 1}"
        found = {site.ask(path, cookie=cookie, source=source).one("X-Replica") for path in PATHS}
        upload = site.ask("/_stcore/upload_file/s/f", "PUT", cookie=cookie, source=source, body=b"x" * 9000)
        with site.socket(cookie, source) as (answer, line):
            assert answer.status == 101
            line.sendall(b"\x82\x04ping")
            assert line.recv(100) == b"\x82\x04ping"
            found |= {answer.one("X-Replica"), upload.one("X-Replica")}
        assert len(found) == 1
        taken |= found
    assert len(taken) == 2


def test_after_a_replica_was_lost_and_came_back_a_visitor_stays_where_his_socket_is(site: Site) -> None:
    cookie = visitor(77)
    first = site.stand(site.ask(cookie=cookie).one("X-Replica"))
    first.end()
    try:
        assert site.ask(cookie=cookie).status == 200  # the very next request
        with site.socket(cookie) as (answer, _line):
            second = answer.one("X-Replica")
            assert answer.status == 101 and second != first.name
            kept = f"{cookie}; atlas_replica={answer.cookies()['atlas_replica']}"
            first.start()
            upload = site.ask("/_stcore/upload_file/s/f", "PUT", cookie=kept, body=b"x")
            assert upload.one("X-Replica") == second  # his session is there
            assert {site.ask(path, cookie=kept).one("X-Replica") for path in PATHS} == {second}
        with site.socket(kept) as (answer, _line):
            assert answer.one("X-Replica") == second and "atlas_replica" not in answer.cookies()
        site.stand(second).end()
        assert site.ask(cookie=kept).one("X-Replica") == first.name  # and nobody is bound to what is gone
    finally:
        for stand in site.stands:
            stand.end()
            stand.start()


def test_a_cookie_that_names_no_replica_chooses_none(site: Site) -> None:
    plain = site.ask(cookie=visitor(5)).one("X-Replica")
    for name in ("00000000", "../x", "replicas", ""):
        assert site.ask(cookie=f"{visitor(5)}; atlas_replica={name}").one("X-Replica") == plain


def test_while_no_replica_answers_a_visitor_reads_that_it_starts_and_the_page_reloads(site: Site) -> None:
    for stand in site.stands:
        stand.end()
    try:
        answer = site.ask(cookie=visitor(6))
        assert refused(answer, 502) and b'http-equiv="refresh"' in answer.body
    finally:
        for stand in site.stands:
            stand.start()
    assert eventually(
        lambda: site.ask(cookie=visitor(6)).status == 200
    )  # nginx tries again after two seconds


# --- what never changes


def test_a_script_is_compressed_once_and_everyone_else_has_it_from_here(site: Site) -> None:
    spellings = ("GZIP", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip")
    answers = [
        site.ask(f"/static/a.0a1b.js?x={k}", more=f"Accept-Encoding: {text}\r\n")
        for k, text in enumerate(spellings)
    ]  # fmt: skip
    assert sum(stand.seen[path] for stand in site.stands for path in stand.seen if "a.0a1b" in path) == 1
    for answer in answers:
        assert answer.one("Content-Encoding") == "gzip" and answer.all("Cache-Control") == [FOREVER]
        assert gzip.decompress(answer.body) == SCRIPT and len(answer.body) < len(SCRIPT) / 50
        assert not answer.all("Set-Cookie")  # a cache on the way may keep it


@pytest.mark.parametrize("text", ["", "Accept-Encoding: identity\r\n", "Accept-Encoding: gzip;q=0\r\n"])
def test_who_cannot_unpack_gets_it_plain_and_spoils_it_for_nobody(site: Site, text: str) -> None:
    path = f"/static/plain{len(text)}.js"
    assert site.ask(path, more=text).body == SCRIPT
    assert site.ask(path, more="Accept-Encoding: gzip\r\n").one("Content-Encoding") == "gzip"
    assert site.ask(path, more=text).body == SCRIPT
    asked = {name for stand in site.stands for name in stand.seen if name.startswith("packed as")}
    assert asked <= {"packed as gzip", "packed as "}  # a replica that reads it less carefully is not misled


def test_many_who_ask_at_once_wait_for_one_answer(site: Site) -> None:
    with ThreadPoolExecutor(24) as crowd:
        found = list(crowd.map(lambda _: site.ask("/static/crowd.js").body == SCRIPT, range(24)))
    assert all(found) and site.reached("/static/crowd.js") == 1


def test_a_page_is_compressed_and_kept_by_nobody(site: Site) -> None:
    for _ in range(2):
        answer = site.ask("/page", more="Accept-Encoding: gzip\r\n", cookie=visitor(8))
        assert answer.one("Content-Encoding") == "gzip" and answer.one("Cache-Control") == "private, no-cache"
    assert site.reached("/page") == 2


# --- what is closed


CLOSED = (
    "/healthz",
    "/metrics",
    "/_stcore/metrics",
    "/_stcore/script-health-check",
    "/_stcore/agent/interact",
)


@pytest.mark.parametrize("path", CLOSED)
def test_what_is_for_the_host_is_closed_to_visitors(site: Site, path: str) -> None:
    """In every spelling that a replica would read as that address."""
    slashed = path.replace("/", "//")
    coded = "/" + "".join(f"%{ord(letter):02x}" for letter in path[1:])
    spellings = (
        path,
        f"{path}/",
        f"{path}?a=1",
        slashed,
        coded,
        f"/x/..{path}",
        f"/.{path}",
        path.replace("/_", "/%5F"),
    )
    for spelling in (*spellings, f"/{path[1:].replace('/', '%2f')}"):
        for method in ("GET", "HEAD", "POST", "OPTIONS"):
            with connected(site.port) as line:
                line.sendall(request(spelling, method, "Content-Length: 0\r\n"))
                assert line.recv(12) == b"HTTP/1.1 404", (method, spelling)
        assert site.reached(spelling) == 0
    assert site.ask("/metrics-explained").status == 200  # a page may be called so


# --- limits


def test_one_visitor_has_24_sockets_and_the_others_theirs(site: Site) -> None:
    opened = [site.socket(visitor(20), "127.0.2.1") for _ in range(24)]
    try:
        assert {entered.__enter__()[0].status for entered in opened} == {101}
        with site.socket(visitor(20), "127.0.2.1") as (answer, _line):
            assert refused(answer, 429)
        with site.socket(visitor(21), "127.0.2.1") as (answer, _line):
            assert answer.status == 101
    finally:
        for entered in opened:
            entered.__exit__(None, None, None)
    assert eventually(lambda: opens(site, visitor(20), "127.0.2.1"))


def test_who_invents_cookies_meets_the_limit_of_his_address(site: Site) -> None:
    opened = [site.socket(visitor(1000 + k), "127.0.2.2") for k in range(SOCKETS)]
    try:
        assert {entered.__enter__()[0].status for entered in opened} == {101}
        with site.socket(visitor(999), "127.0.2.2") as (answer, _line):
            assert refused(answer, 429)
        assert opens(site, visitor(999), "127.0.2.3")  # another address
    finally:
        for entered in opened:
            entered.__exit__(None, None, None)


def opens(site: Site, cookie: str, source: str) -> bool:
    """Whether that visitor gets a socket."""
    with site.socket(cookie, source) as (answer, _line):
        return answer.status == 101


def statuses(site: Site, heads: list[bytes], source: str) -> list[int]:
    """The answers to many requests, one after another on one connection."""
    found = []
    with connected(site.port, source) as line:
        for head in heads:
            line.sendall(head)
            found.append(read(line).status)
    return found


def served_until_refused(
    site: Site, head: Callable[[int], bytes], source: str
) -> tuple[int, replicas.Answer]:
    """How many requests on one connection are served before one is refused, and the refusal.

    However slow the machine: what is refused is a rate, so there are as many as it takes.
    """
    with connected(site.port, source) as line:
        for served in range(50_000):
            line.sendall(head(served))
            answer = read(line)
            if answer.status != 200:
                return served, answer
    raise AssertionError("nothing is refused")


def test_a_flood_of_one_visitor_is_refused_and_the_others_are_served(site: Site) -> None:
    head = request("/x", cookie=visitor(30))
    served, answer = served_until_refused(site, lambda _k: head, "127.0.3.1")
    assert served >= 200 and refused(answer, 429)
    assert statuses(site, [request("/x", cookie=visitor(31))] * 20, "127.0.3.1") == [200] * 20


@pytest.mark.parametrize(
    "disguise",
    [
        lambda k: request("/x", cookie=visitor(5000 + k)),
        lambda k: request("/x"),
        lambda k: request("/x", more=f"X-Forwarded-For: 10.1.{k // 256}.{k % 256}\r\n"),
    ],
    ids=["cookies", "none", "forwarded"],
)
def test_a_flood_in_disguise_meets_the_limit_of_its_address(
    site: Site, disguise: Callable[[int], bytes], request: pytest.FixtureRequest
) -> None:
    source = f"127.0.4.{1 + ['cookies', 'none', 'forwarded'].index(request.node.callspec.id)}"
    served, answer = served_until_refused(site, disguise, source)
    assert served >= SOCKETS * 5 and answer.status == 429
    assert site.ask("/x", source="127.0.4.9").status == 200


def test_behind_a_trusted_proxy_the_address_is_the_visitors(site: Site) -> None:
    flood = [
        request("/x", more=f"X-Forwarded-For: 10.2.{k // 256}.{k % 256}\r\n")
        for k in range(SOCKETS * 5 + 120)
    ]
    assert set(statuses(site, flood, "127.0.7.7")) == {200}


def test_a_flood_for_what_is_not_in_the_cache_is_refused(site: Site) -> None:
    heads = [request(f"/static/none{k}.js") for k in range(400)]
    with ThreadPoolExecutor(2) as crowd:
        parts = crowd.map(lambda k: statuses(site, heads[k::2], "127.0.5.1"), range(2))
        found = [status for part in parts for status in part]
    assert 429 in found
    assert site.ask("/static/another.js", source="127.0.5.2").status == 200


@pytest.mark.parametrize(
    ("path", "size"),
    [("/large", 70_000), ("/_stcore/upload_file/s/large", 48_000_000), ("/export/large", 48_000_000)],
)
def test_a_body_too_large_is_refused_before_it_comes(site: Site, path: str, size: int) -> None:
    with connected(site.port, "127.0.6.1") as line:
        line.sendall(request(path, "PUT", f"Content-Length: {size}\r\n"))
        assert refused(read(line), 413)
    assert site.reached(path) == 0


def test_a_body_that_does_not_say_its_size_is_refused_when_it_is_too_large(site: Site) -> None:
    with connected(site.port, "127.0.6.2") as line:
        line.sendall(request("/", "POST", "Transfer-Encoding: chunked\r\n"))
        line.sendall((b"8000\r\n" + b"x" * 0x8000 + b"\r\n") * 4)
        assert refused(read(line), 413)


def test_exports_come_one_after_another(site: Site) -> None:
    cookie = visitor(40)
    found = [
        site.ask("/export/film", "POST", cookie=cookie, source="127.0.6.3", body=b"x").status
        for _ in range(30)
    ]
    assert found[:20] == [200] * 20 and 429 in found[20:]
    assert site.ask("/export/film", "POST", cookie=visitor(41), source="127.0.6.3", body=b"x").status == 200


def test_one_visitor_sends_six_bodies_at_once(site: Site) -> None:
    lines = [connected(site.port, "127.0.6.4") for _ in range(7)]
    try:
        for line in lines:
            head = request("/_stcore/upload_file/s/slow", "PUT", "Content-Length: 9\r\n", visitor(50))
            line.sendall(head + b"x")
        found = []
        for line in lines:
            line.settimeout(0.3)
            try:
                found.append(read(line).status)
            except TimeoutError:
                found.append(0)  # waits for the rest
        assert found.count(429) == 1 and found.count(0) == 6
    finally:
        for line in lines:
            line.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: %s\r\n" % (k, b"y" * 900) for k in range(400)), b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nCookie: " + b"z" * 40_000 + b"\r\n", b"400"),
        (b"GET /?A=" + b"1" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
    ],
    ids=["many headers", "a long header", "a long address", "two hosts", "two lengths", "no HTTP"],
)  # fmt: skip
def test_a_malformed_or_swollen_head_is_refused(site: Site, head: bytes, status: bytes) -> None:
    with connected(site.port, "127.0.6.5") as line:
        line.sendall(head + b"\r\n")
        assert line.recv(12).split()[1] == status
    assert site.ask(source="127.0.6.5").status == 200


def test_a_link_full_of_tensors_arrives(site: Site) -> None:
    assert site.ask(f"/expression?code={'1' * 30_000}", cookie=visitor(60)).status == 200


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        request("/_stcore/upload_file/s/f", "PUT", "Content-Length: 4000\r\n") + b"x",
        request("/", "POST", "Content-Length: 4000\r\n") + b"x",
    ],
    ids=["nothing", "half a head", "half an upload", "half a form"],
)
def test_who_is_slow_is_not_waited_for(site: Site, start: bytes) -> None:
    """A second here; fifteen and twenty at a host's."""
    with connected(site.port, "127.0.6.6") as line:
        line.sendall(start)
        assert site.ask(source="127.0.6.6").status == 200  # the others go on meanwhile
        line.settimeout(20)
        heard = line.recv(65536)
        assert heard == b"" or heard.split()[1] == b"408"


# --- what is written down


def test_the_log_holds_nothing_of_a_visitor(site: Site) -> None:
    path = "/matrix-vector?A=[[424242,1],[0,3]]"
    site.ask(
        path, cookie=visitor(70), more="Referer: http://atlas.test/?x=515151\r\nUser-Agent: phone-of-mia\r\n"
    )
    site.ask("/_stcore/upload_file/session-of-mia/file-of-mia", "PUT", cookie=visitor(70), body=b"x")
    assert eventually(lambda: "upload_file" in site.log.read_text())
    text = site.log.read_text()
    for word in ("424242", "515151", "mia", visitor(70)[-32:], '127.0.0.1"', "atlas.test"):
        assert word not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"/matrix-vector", "/_stcore/upload_file/..."} <= {line["path"] for line in lines}
    assert {line["replica"] for line in lines if line["path"] == "/page"} <= {
        one.address for one in site.stands
    }


def test_nginx_messages_are_passed_on_without_the_visitor() -> None:
    line = (
        b'2026/11/26 14:00:00 [error] 7#7: *3 limiting requests, excess: 20.5 by zone "pages", client: 10.0.0.7, '
        b'server: , request: "GET /?A=[[42]] HTTP/1.1", host: "atlas.test", referrer: "http://atlas.test/?x=51"\n'
    )
    assert proxy.without_visitors(line).endswith(b'by zone "pages"\n')
    assert proxy.without_visitors(b"[notice] 7#7: start worker\n") == b"[notice] 7#7: start worker\n"


# --- replicas that are known by name


def test_a_name_stands_for_all_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, port: int, **_: object) -> list[tuple]:
        if host == "away":
            raise socket.gaierror
        places = {"app": [("10.0.0.9", port), ("10.0.0.3", port)], "six": [("fd00::1", port, 0, 0)]}[host]
        return [(0, 0, 0, "", place) for place in places]

    monkeypatch.setattr(proxy.socket, "getaddrinfo", look_up)
    found = proxy.resolved(["app:8501", "six:8502", "away:1"])
    assert found == ["10.0.0.3:8501", "10.0.0.9:8501", "[fd00::1]:8502"]


def test_nginx_is_told_of_replicas_that_come_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stands = [Stand(), Stand()]
    known: list[str] = []
    left = threading.Event()

    def look_up(_names: object) -> list[str]:
        if left.is_set():
            raise KeyboardInterrupt
        return list(known)

    monkeypatch.setattr(proxy, "resolved", look_up)
    port = free_port()
    server = proxy.Nginx(proxy.Settings(f"127.0.0.1:{port}", tmp_path, "/dev/null"), quiet=True)
    thread = threading.Thread(target=proxy.serve, args=(server, ["app:8501"], 0.05))
    thread.start()
    here = Site.__new__(Site)
    here.port = port
    try:
        assert eventually(lambda: reached(here) == 502)  # no replica yet: it says so
        for stand in stands:
            stand.start()
            known.append(stand.address)
        assert eventually(
            lambda: {here.ask().one("X-Replica") for _ in range(8)} == {one.name for one in stands}
        )
        with here.socket(visitor(1)) as (answer, line):
            known.remove(next(one.address for one in stands if one.name != answer.one("X-Replica")))
            assert eventually(
                lambda: {here.ask().one("X-Replica") for _ in range(8)} == {answer.one("X-Replica")}
            )
            line.sendall(b"still here")
            assert line.recv(100) == b"still here"
    finally:
        left.set()
        thread.join(20)
        for stand in stands:
            stand.end()
    assert server.ended()


def test_nginx_is_started_again_and_ended_with_its_command(tmp_path: Path) -> None:
    """The command as containers run it; its nginx is killed with -9, which leaves workers at the port."""
    stand, port = Stand(), free_port()
    stand.start()
    line = [sys.executable, "deploy/proxy.py", "--listen", f"127.0.0.1:{port}"]
    env = {**os.environ, "ATLAS_REPLICAS": f"localhost:{stand.port}"}
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen(
            [*line, "--folder", str(tmp_path / "n")], cwd=ROOT, env=env, stdout=log, stderr=log
        )
    here = Site.__new__(Site)
    here.port = port
    try:
        assert eventually(lambda: reached(here) == 200)
        first = int((tmp_path / "n" / "nginx.pid").read_text())
        os.kill(first, signal.SIGKILL)
        assert eventually(lambda: "started again" in (tmp_path / "log").read_text())
        assert eventually(lambda: reached(here) == 200)
    finally:
        running.terminate()
        assert running.wait(20) == 0
        stand.end()
    assert reached(here) == 0


def reached(site: Site) -> int:
    """The status of the first page; 0 where nobody listens."""
    try:
        return site.ask().status
    except OSError:
        return 0


def eventually(question: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether it becomes true."""
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_without_nginx_the_advice_is_printed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(proxy.shutil, "which", lambda _name, path: None)
    with pytest.raises(SystemExit, match=r"nginx is not installed here.*apt-get install nginx-light"):
        proxy.Nginx(proxy.Settings("127.0.0.1:1", tmp_path)).start([])


def test_a_command_without_replicas_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        proxy.main([])
    assert "name the replicas" in capsys.readouterr().err

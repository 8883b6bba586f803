"""The road of an export: over HTTP to a worker and back, and whatever can go wrong on it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import io
import json
import os
import random
import re
import socket
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import drawn_frames
import pytest
import uvicorn
from calculators import eventually, full
from PIL import Image
from pptx import Presentation
from starlette.applications import Starlette

from core import calculator, words
from core.calculator import Calculator, Settings
from core.calculator.processes import NotStarted
from core.limits import HOSTED
from pages.shared import exports
from pages.shared.hosting import visitors
from tests import loops

DEADLY = {
    "tasks": "deadly_exports:TASKS",
    "path": (str(Path(drawn_frames.__file__).parent),),
    "workers": 1,
    "preload": (),
    "device": "cpu",
}
OURS = {"X-Atlas-Export": "1"}


def body(files: list[tuple[str, bytes]], **question: Any) -> bytes:
    """What a browser sends."""
    told = [{"name": name, "size": len(data)} for name, data in files]
    header = json.dumps({"language": "en", **question, "files": told}).encode()
    return len(header).to_bytes(4, "big") + header + b"".join(data for _name, data in files)


def clip(count: int = 3, **question: Any) -> bytes:
    """The question for a GIF."""
    files = [(f"f{k}", data) for k, data in enumerate(drawn_frames.frames(count))]
    return body(files, **{"name": "shear", "format": "gif", "times": [50] * count, "loop": True} | question)


class Site:
    """A server of nothing but the exports."""

    def __init__(self) -> None:
        self.app = Starlette(routes=exports.routes())
        self.exports = self.app.routes[0].app.exports
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.server = uvicorn.Server(uvicorn.Config(self.app, log_level="error", lifespan="off"))
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        async def serve() -> None:
            self.loop = asyncio.get_running_loop()
            await self.server.serve(sockets=[self.socket])

        asyncio.run(serve())

    def post(self, what: str, sent: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content of the answer."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", f"/export/{what}", sent, OURS | named)
        answer = connection.getresponse()
        found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        connection.close()
        return found

    def refused(self, what: str, sent: bytes, **headers: str) -> tuple[int, str]:
        """Status and sentence of a refusal."""
        status, told, content = self.post(what, sent, **headers)
        assert (told["content-type"], told["cache-control"]) == ("application/json", "no-store")
        return status, json.loads(content)["sentence"]

    def idle(self) -> bool:
        """Whether nothing is held and nobody is served."""
        tasks = len(asyncio.all_tasks(self.loop))
        return not self.exports.rooms and self.exports.free == exports.at_once() and tasks <= 2

    def held(self) -> int:
        """Bytes of the bodies in memory."""
        return sum(room.size for room in self.exports.rooms)


@pytest.fixture(scope="module")
def workers() -> Iterator[Calculator]:
    """The real tasks, in two workers."""
    with Calculator(Settings(workers=2, preload=(), device="cpu")) as made:
        yield made


@pytest.fixture
def site(workers: Calculator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The exports over HTTP, answered by `workers`."""
    monkeypatch.setattr(calculator, "_calculator", workers)
    running = Site()
    running.thread.start()
    assert eventually(lambda: running.server.started)
    yield running
    assert eventually(running.idle), "an export left something behind"
    running.server.should_exit = True
    running.thread.join(10)


# --- what is made


def test_a_film(site: Site) -> None:
    """A GIF under its name, as a download and nothing else."""
    status, headers, content = site.post("film", clip(name="矩阵 × 向量", language="zh"))
    assert (status, headers["content-type"]) == (200, "image/gif")
    assert Image.open(io.BytesIO(content)).n_frames == 3
    assert headers["content-disposition"] == (
        'attachment; filename="tensor-atlas.gif"; '
        "filename*=UTF-8''%E7%9F%A9%E9%98%B5%20%C3%97%20%E5%90%91%E9%87%8F.gif"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert int(headers["content-length"]) == len(content)
    assert "sandbox" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("form", "kind", "at", "mark"), [("webp", "image/webp", 8, b"WEBP"), ("mp4", "video/mp4", 4, b"ftyp")]
)
def test_the_other_films(site: Site, form: str, kind: str, at: int, mark: bytes) -> None:
    """Each as what it is."""
    status, headers, content = site.post("film", clip(format=form))
    assert (status, headers["content-type"], content[at : at + 4]) == (200, kind, mark)
    assert headers["content-disposition"].startswith(f'attachment; filename="shear.{form}"')


def test_a_page_a_zip_and_a_deck(site: Site) -> None:
    """The other three."""
    (picture,) = drawn_frames.frames(1)
    status, headers, content = site.post("pdf", body([("f0", picture)], name="a", width=160, title="a"))
    assert (status, headers["content-type"], content[:5]) == (200, "application/pdf", b"%PDF-")
    status, headers, content = site.post("steps", body([("一", picture), ("二", picture)], name="steps"))
    assert (status, headers["content-type"]) == (200, "application/zip")
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["一.png", "二.png"]
    slides = [{"title": "图", "picture": "f0", "link": "http://localhost/matrix"}]
    status, _headers, content = site.post(
        "deck", body([("f0", picture)], name="d", slides=slides, language="zh")
    )
    assert status == 200
    assert Presentation(io.BytesIO(content)).slides[0].shapes.title.text_frame.text == "图"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("../../etc/passwd", "etc passwd.gif"),
        ("CON", "tensor-atlas CON.gif"),
        ('a"; filename="b.exe', "a ; filename= b.exe.gif"),
        ("a\r\nSet-Cookie: x=1", "a Set-Cookie x=1.gif"),
        ("<script>", "script.gif"),
        (None, "tensor-atlas.gif"),
        ({"a": 1}, "tensor-atlas.gif"),
    ],
)
def test_names_are_safe(site: Site, name: Any, said: str) -> None:
    """Whatever a page sends."""
    status, headers, _content = site.post("film", clip(1, name=name, times=[50]))
    assert status == 200
    assert headers["content-disposition"].startswith(f'attachment; filename="{said}"')
    assert "set-cookie" not in headers


def test_two_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """And four: the others wait for their turn."""
    found: list[int] = []
    making, most, both = [], [], threading.Barrier(2)
    ask = calculator.ask_once

    def counted(*asked: Any, **more: Any) -> calculator.Reply:
        making.append(1)
        most.append(len(making))
        both.wait(30)  # there are two at the same time
        time.sleep(0.1)
        try:
            return ask(*asked, **more)
        finally:
            making.pop()

    monkeypatch.setattr(calculator, "ask_once", counted)
    asked = [
        threading.Thread(target=lambda: found.append(site.post("film", clip(12, times=[40] * 12))[0]))
        for _ in range(4)
    ]
    for one in asked:
        one.start()
    for one in asked:
        one.join()
    assert found == [200] * 4
    assert max(most) == HOSTED.exports_at_once == 2


@pytest.mark.parametrize(("workers", "made"), [(1, 1), (2, 1), (3, 2), (16, 2)])
def test_a_worker_is_left_for_the_pages(workers: int, made: int, set_limits: Callable[..., None]) -> None:
    """An export may take 40 s of one: nobody's page waits for that."""
    set_limits(workers=workers)
    assert exports.Exports().free == made


def test_exports_take_turns_over_visitors() -> None:
    """Who asks for many waits behind himself: another's comes after the one that is being made."""

    async def made() -> list[str]:
        site, order = exports.Exports(free=1), []

        async def one(visitor: str) -> None:
            async with site.turn(visitor):
                order.append(visitor)
                await asyncio.sleep(0)

        await asyncio.gather(*(one(visitor) for visitor in ("flood",) * 5 + ("ada", "bob")))
        assert site.free == 1 and len(site.turns) == 0
        return order

    assert loops.run(made()) == ["flood", "flood", "ada", "bob", "flood", "flood", "flood"]


def test_one_visitor_makes_no_more_at_once_than_he_may(set_limits: Callable[..., None]) -> None:
    """The turn that is free then is for somebody else."""
    set_limits(exports=1)

    async def made() -> tuple[bool, bool]:
        site = exports.Exports(free=2)
        async with site.turn("ada"):
            second = asyncio.create_task(site.turn("ada").__aenter__())
            async with asyncio.timeout(10), site.turn("bob"):
                waits = not second.done()
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
        return waits, site.free == 2 and not len(site.turns)

    assert loops.run(made()) == (True, True)


def test_a_turn_that_is_given_up_is_the_next_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes away while he waits, and whoever waits for too long, takes none."""
    monkeypatch.setattr(exports, "PATIENCE", 0.05)

    async def made() -> tuple[int, int]:
        site = exports.Exports(free=1)
        async with site.turn("ada"):
            with pytest.raises(exports.Refused):
                async with site.turn("bob"):
                    raise AssertionError
            left = asyncio.create_task(site.turn("eve").__aenter__())
            await asyncio.sleep(0)
            left.cancel()
            await asyncio.gather(left, return_exceptions=True)
        return site.free, len(site.turns)

    assert loops.run(made()) == (1, 0)


def test_an_export_that_is_not_even_begun_says_why(site: Site, workers: Calculator) -> None:
    """The server stops, or its memory is short."""
    workers.stopping = True
    try:
        status, sentence = site.refused("film", clip(1, times=[50]))
    finally:
        workers.stopping = False
    assert (status, sentence) == (503, "This server is being restarted. Try again in a minute.")


# --- what is refused


def test_another_site_cannot_ask(site: Site) -> None:
    """Neither with a form, nor with a script, nor out of a frame."""
    good = clip(1, times=[50])
    for headers in (
        {"X_Atlas_Export": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site", "Origin": f"http://{site.host}"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
    ):
        assert site.refused("film", good, **headers) == (
            403,
            "Exports are made for pages of this server only.",
        ), headers
    assert site.post("film", good, Origin=f"http://{site.host}")[0] == 200
    assert site.post("film", good, Sec_Fetch_Site="same-origin", Origin="https://proxied.example")[0] == 200


def test_only_what_is_there(site: Site) -> None:
    """Another word, another method."""
    assert site.post("exe", clip(1))[0] == 404
    connection = http.client.HTTPConnection(site.host, timeout=60)
    connection.request("GET", "/export/film")
    assert connection.getresponse().status == 405
    connection.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\0\0",
        b"\0\0\0\0",
        b"\xff\xff\xff\xff{}",
        b"\0\0\0\x02[]",
        b"\0\0\0\x02{}",
        b"\0\0\0\x04null",
        b"\0\0\0\x02\xff\xff",
        (60_000).to_bytes(4, "big") + b"[" * 60_000,
        clip(1)[:-1],
        clip(1) + b"\0",
        clip(1).replace(b'"size": ', b'"size": 1'),
        clip(1).replace(b'"size": ', b'"size": -'),
        clip(1).replace(b'"size": ', b'"sice": '),
        body([]).replace(b"[]", b"{}"),
    ],
)
def test_a_body_that_is_none(site: Site, sent: bytes) -> None:
    """A sentence, and the next one is served."""
    assert site.refused("film", sent) == (400, "The export did not arrive as it was sent. Try again.")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ({"times": [float("nan")] * 3}, "time in milliseconds"),
        ({"times": [1] * 100_000}, "time in milliseconds"),
        ({"times": [50, 50]}, "time in milliseconds"),
        ({"format": "exe"}, "GIF, a WebP or an MP4"),
        ({"format": None}, "GIF, a WebP or an MP4"),
        ({"language": ["zh"], "times": []}, "time in milliseconds"),
    ],
)
def test_what_is_no_film(site: Site, question: dict, words: str) -> None:
    """The worker's sentence."""
    status, sentence = site.refused("film", clip(**question))
    assert status == 422 and words in sentence


def test_the_sentence_is_in_the_language_asked(site: Site) -> None:
    """The question's own; before it is read, the browser's."""
    with words.speaking("zh"):
        told = words._("Every picture of a film needs a time in milliseconds."), exports._malformed()
    assert "毫秒" in told[0] and "导出" in told[1]
    assert site.refused("film", clip(times=[1], language="zh"))[1] == told[0]
    assert site.refused("film", b"", Accept_Language="zh-CN,zh")[1] == told[1]


def test_a_picture_that_lies(site: Site) -> None:
    """30,000 x 30,000 pixels in a few bytes, for each of the four."""
    bomb = [("f0", drawn_frames.announcing(30_000, 30_000))]
    slides = [{"title": "a", "picture": "f0"}]
    for what in ("film", "pdf", "steps", "deck"):
        sent = body(bomb, format="mp4", times=[50], slides=slides)
        assert site.refused(what, sent) == (422, "A picture of the export is not one that a browser draws.")


def test_more_than_is_allowed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by the length that was announced; a million frames are no frames."""
    monkeypatch.setattr(exports, "current", lambda: replace(HOSTED, export_bytes=1_000))
    monkeypatch.setattr(exports, "HEADER_BYTES", 1_000)
    assert site.refused("steps", body([("a", bytes(5_000))]))[0] == 413
    assert site.refused("steps", body([("a", b"")] * 1_001))[0] == 413


def test_too_many_files(site: Site) -> None:
    """Names alone can be many."""
    assert site.refused("steps", body([("a", b"")] * (exports.FILES + 1)))[0] == 400


def test_a_length_that_is_not_said(site: Site) -> None:
    """A body without an end is not read."""
    connection = http.client.HTTPConnection(site.host, timeout=60)
    connection.request("POST", "/export/film", iter([clip(1)]), OURS, encode_chunked=True)
    assert connection.getresponse().status == 411
    connection.close()


# --- what goes wrong


def halfway(site: Site, sent: bytes, part: int, what: str = "film", **headers: str) -> socket.socket:
    """A connection that has sent the first `part` bytes of a body, and reads little at a time."""
    connection = socket.socket()
    connection.settimeout(60)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.connect(("127.0.0.1", int(site.host.rpartition(":")[2])))
    lines = (
        f"POST /export/{what} HTTP/1.1",
        f"Host: {site.host}",
        "X-Atlas-Export: 1",
        f"Content-Length: {len(sent)}",
        *(f"{name}: {text}" for name, text in headers.items()),
    )
    connection.sendall("\r\n".join((*lines, "", "")).encode() + sent[:part])
    return connection


def test_a_browser_that_leaves_while_it_sends(site: Site) -> None:
    """Its bytes are forgotten."""
    sent = clip(12, times=[40] * 12)
    connection = halfway(site, sent, len(sent) // 2)
    assert eventually(lambda: site.held() == len(sent) // 2)
    connection.close()
    assert eventually(site.idle)


def test_a_browser_that_leaves_while_it_waits(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker that is at it is ended, nothing is held, and the next one is served."""
    leases: list[calculator.Lease] = []
    monkeypatch.setattr(calculator.Lease, "__init__", _noted(calculator.Lease.__init__, leases))
    sent = slow_film()
    tracemalloc.start()
    connection = halfway(site, sent, len(sent))
    assert eventually(lambda: any(lease._worker is not None for lease in leases))
    pid = next(lease._worker.pid for lease in leases if lease._worker is not None)
    connection.close()
    assert eventually(site.idle)
    assert eventually(lambda: not _runs(pid))
    gc.collect()
    assert tracemalloc.get_traced_memory()[0] < len(sent) / 2
    tracemalloc.stop()
    assert site.post("film", clip())[0] == 200


def slow_film() -> bytes:
    """One that takes a worker long: large frames, many times the same."""
    (picture,) = drawn_frames.frames(1, (1_920, 1_080), "RGB")
    return body([(f"f{k}", picture) for k in range(140)], format="mp4", times=[17] * 140)


def _noted(init: Any, leases: list[Any]) -> Any:
    def noting(self: Any) -> None:
        init(self)
        leases.append(self)

    return noting


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_dies(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sentence; the next export has another worker."""
    with Calculator(Settings(**DEADLY)) as made:
        monkeypatch.setattr(calculator, "_calculator", made)
        status, sentence = site.refused("film", clip())
        assert (status, sentence) == (
            500,
            "The file could not be made. Try another format or a smaller size.",
        )
        assert site.post("steps", clip())[2] == b"zip"


@pytest.mark.parametrize(
    ("failure", "status", "words"),
    [
        (calculator.Failure("slow"), 504, "longer than is allowed"),
        (calculator.Failure("memory", detail="reply-size"), 413, "more memory"),
        (calculator.Failure("busy"), 429, "Too many exports"),
        (calculator.Failure("broken", detail="KeyError"), 500, "could not be made"),
    ],
)
def test_a_calculator_that_fails(
    site: Site, monkeypatch: pytest.MonkeyPatch, failure: calculator.Failure, status: int, words: str
) -> None:
    """Each failure has its sentence; none says a path or a name of ours."""

    def fail(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr(calculator, "ask_once", fail)
    found = site.refused("film", clip())
    assert found[0] == status and words in found[1]
    assert "KeyError" not in found[1]


def test_too_many_wait(site: Site, monkeypatch: pytest.MonkeyPatch, set_limits: Callable[..., None]) -> None:
    """Who finds no room in time hears it; the first one is served all the same."""
    monkeypatch.setattr(exports, "PATIENCE", 0.05)
    sent = clip(1, times=[50])
    set_limits(export_held_bytes=2 * len(sent))
    held = halfway(site, sent, len(sent) - 10)
    assert eventually(lambda: site.held() == len(sent) - 10)
    status, sentence = site.refused("film", sent)
    assert status == 429 and "Try again" in sentence
    held.sendall(sent[-10:])
    assert b"200 OK" in held.recv(100)
    held.close()


def test_a_length_takes_no_room(
    site: Site, monkeypatch: pytest.MonkeyPatch, set_limits: Callable[..., None]
) -> None:
    """Two that announce much and send little shut nobody out."""
    monkeypatch.setattr(exports, "PATIENCE", 0.05)
    sent = clip(1, times=[50])
    set_limits(export_held_bytes=4 * len(sent))
    lazy = [halfway(site, sent * 2, 10) for _ in range(2)]
    assert eventually(lambda: len(site.exports.rooms) == 2)
    assert site.post("film", sent)[0] == 200
    for one in lazy:
        one.close()


def test_a_class_behind_one_address(
    site: Site, monkeypatch: pytest.MonkeyPatch, set_limits: Callable[..., None]
) -> None:
    """A visitor is known by the cookie that nginx gives; another cookie is none, and counts as the address."""
    monkeypatch.setattr(exports, "PATIENCE", 0.05)
    sent = clip(1, times=[50])
    set_limits(export_held_bytes=3 * len(sent))
    ada, bob = ({"Cookie": f"a=b; atlas_visitor={letter * 32}"} for letter in "ab")
    held = halfway(site, sent, len(sent) - 10, **ada)
    assert eventually(lambda: site.held() == len(sent) - 10)
    assert site.refused("film", sent, **ada)[0] == 429
    assert site.post("film", sent, **bob)[0] == 200
    held.close()
    assert eventually(site.idle)
    held = halfway(site, sent, len(sent) - 10, Cookie="atlas_visitor=me")
    assert eventually(lambda: site.held() == len(sent) - 10)
    assert site.refused("film", sent)[0] == 429
    held.close()


def test_halves_do_not_wait_for_each_other(site: Site, set_limits: Callable[..., None]) -> None:
    """Where the room is full of bodies that are not whole yet, the oldest comes to its end, then the next."""
    sent = clip(1, times=[50])
    set_limits(export_held_bytes=len(sent))
    first, second = halfway(site, sent, len(sent) // 4), halfway(site, sent, len(sent) // 4)
    assert eventually(lambda: site.held() == len(sent) // 4 * 2)
    second.sendall(sent[len(sent) // 4 :])
    first.sendall(sent[len(sent) // 4 :])
    assert b"200 OK" in first.recv(100)
    assert b"200 OK" in second.recv(100)
    first.close()
    second.close()


def test_a_body_that_trickles(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slower than the slowest network of a class: its room is given to others."""
    monkeypatch.setattr(exports, "GRACE", 0.2)
    sent = clip()
    slow = halfway(site, sent, 10)
    slow.settimeout(0.02)
    answer, until, at = b"", time.monotonic() + 30, 10
    while not answer and time.monotonic() < until:
        slow.sendall(sent[at : at + 1])
        at += 1
        with contextlib.suppress(TimeoutError):
            answer = slow.recv(100)
    assert b" 408 " in answer
    slow.close()


def test_a_body_that_does_not_come(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its room is given to others."""
    monkeypatch.setattr(exports, "SLOWEST", 0.1)
    held = halfway(site, clip(), 10)
    assert b" 408 " in held.recv(100)
    held.close()


def test_a_reader_who_does_not_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is not kept for him for ever."""
    noise = Image.frombytes("RGB", (1_600, 1_600), random.Random(0).randbytes(3 * 1_600 * 1_600))
    sent = body([(f"{k}", drawn_frames.png(noise)) for k in range(3)], name="x")
    monkeypatch.setattr(exports, "SLOWEST", 1.0)
    connection = halfway(site, sent, len(sent), "steps")
    assert eventually(lambda: site.held() == len(sent))
    assert eventually(site.idle)
    connection.close()


def test_what_a_thread_holds_is_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that leaves frees neither room nor turn before its pictures are gone from memory."""
    asked, end = threading.Event(), threading.Event()

    def making(*_: Any, **__: Any) -> calculator.Reply:
        asked.set()
        assert end.wait(60)
        return calculator.Reply({}, {"file": b""})

    monkeypatch.setattr(calculator, "ask_once", making)
    sent = clip()
    connection = halfway(site, sent, len(sent))
    assert asked.wait(60)
    connection.close()
    assert not eventually(lambda: site.held() == 0 or site.exports.free == exports.at_once(), 0.5)
    end.set()
    assert eventually(site.idle)


def test_what_a_refusal_holds_is_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """While its sentence is told: the pictures at most once, and their room is theirs."""
    found: list[tuple[int, int]] = []
    say = exports._say

    async def telling(*told: Any) -> None:
        found.append((site.held(), tracemalloc.get_traced_memory()[0]))
        await say(*told)

    monkeypatch.setattr(exports, "_say", telling)
    sent = body([("f0", bytes(8_000_000))], format="gif", times=[50])
    with Calculator(Settings(**DEADLY)) as made:
        monkeypatch.setattr(calculator, "_calculator", made)
        tracemalloc.start()
        assert site.refused("film", sent)[0] == 500
        tracemalloc.stop()
    ((held, memory),) = found
    assert held == len(sent)
    assert memory < 1.5 * held


def test_nginx_waits_for_an_export() -> None:
    """As long as it may wait for its turn, wait for a worker and work, and a few seconds more."""
    text = (Path(__file__).parents[1] / "deploy" / "nginx.conf.template").read_text(encoding="utf-8")
    (location,) = re.findall(r"location ~ [^{]*export[^{]*{([^}]*)}", text)
    (allowed,) = re.findall(r"proxy_read_timeout (\d+)s;", location)
    settings = Settings()
    assert exports.PATIENCE + settings.startup + settings.once_wall <= int(allowed)
    assert visitors.VALUE.pattern in text and "atlas_visitor" in text


# --- the calculator's side


def test_exports_are_not_cached(workers: Calculator, site: Site) -> None:
    """They would push everything else out."""
    before = len(workers.cache)
    for _ in range(2):
        assert site.post("film", clip())[0] == 200
    assert len(workers.cache) == before


def test_the_others_limits_are_as_they_were(workers: Calculator) -> None:
    """A larger request, a larger reply and a longer wall belong to `ask_once` alone."""
    with pytest.raises(calculator.Failure, match="request-size"):
        workers.ask("steps", {}, files={"body": bytes(workers.settings.request_bytes + 1)})
    assert workers.settings.wall_for(40.0) == workers.settings.longest_wall == 10.0
    with pytest.raises(calculator.Failure, match="request-size"):
        workers.ask_once("steps", {}, {"body": bytes(workers.settings.once_bytes + 1)})


def pids_of(workers: Calculator) -> set[int]:
    """The workers, as the system knows them."""
    return {worker.pid for worker in workers.pool.workers()}


def test_a_question_that_was_called_off(workers: Calculator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it began: no worker is asked, and none is lost for the next."""
    assert eventually(lambda: full(workers), 60)
    pids, lent = pids_of(workers), []
    monkeypatch.setattr(workers.pool, "_borrow", lambda *asked: lent.append(asked))
    lease = calculator.Lease()
    lease.call_off()
    with pytest.raises(calculator.Failure, match="called off"):
        workers.ask_once("steps", {"sizes": []}, {"body": b""}, lease=lease)
    monkeypatch.undo()
    assert (lent, pids_of(workers)) == ([], pids)
    assert workers.ask_once("steps", {"sizes": []}, {"body": b""}).data["sentence"]


def test_a_question_that_is_called_off_while_it_waits(
    workers: Calculator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a worker: the one that comes then is given back as it is, and no second one is taken."""
    assert eventually(lambda: full(workers), 60)
    pids, lease, borrow = pids_of(workers), calculator.Lease(), workers.pool._borrow

    def slowly(*asked: Any) -> Any:
        worker = borrow(*asked)
        lease.call_off()
        return worker

    monkeypatch.setattr(workers.pool, "_borrow", slowly)
    with pytest.raises(calculator.Failure, match="called off"):
        workers.ask_once("steps", {"sizes": []}, {"body": b""}, lease=lease)
    assert full(workers) and pids_of(workers) == pids


def test_a_question_that_is_called_off_as_it_begins(
    workers: Calculator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker is gone before it has the question: that is no reason to take another one."""
    assert eventually(lambda: full(workers), 60)
    pids, lease, borrow = pids_of(workers), calculator.Lease(), workers.pool._borrow

    def doomed(*asked: Any) -> Any:
        worker = borrow(*asked)

        def exchange(*_: Any) -> None:
            lease.call_off()
            raise NotStarted

        worker.exchange = exchange
        return worker

    monkeypatch.setattr(workers.pool, "_borrow", doomed)
    with pytest.raises(calculator.Failure, match="called off"):
        workers.ask_once("steps", {"sizes": []}, {"body": b""}, lease=lease)
    assert len(pids - pids_of(workers)) == 1


def test_calling_off_late_ends_no_other(workers: Calculator) -> None:
    """A lease whose question was answered has no worker any more."""
    lease = calculator.Lease()
    workers.ask_once("steps", {"sizes": []}, {"body": b""}, lease=lease)
    assert lease._worker is None
    pids = pids_of(workers)
    lease.call_off()
    assert workers.ask_once("steps", {"sizes": []}, {"body": b""}).data["sentence"]
    assert pids_of(workers) == pids


def test_only_exports_may_be_large() -> None:
    """The same file is an answer of `ask_once`, and too large for `ask`."""
    small = Settings(**DEADLY, reply_bytes=1_000, once_bytes=10_000)
    with Calculator(small) as made:
        assert made.ask_once("large", {}, {}).blobs["file"] == bytes(5_000)
        with pytest.raises(calculator.Failure, match="reply-size"):
            made.ask("large", {})

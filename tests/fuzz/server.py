"""Hostile visitors at a running server: `python tests/fuzz/server.py [seconds] [seed]`. Says what was sent and found.

Five attackers send, each in its own way, texts of the language, links, uploads, websocket frames and requests of
HTTP, beside one visitor who changes a number every second and must always get his picture. A finding: the server
ended or does not answer, the honest visitor failed, an attacker was sent a trace, the log has an error of ours, the
memory grew. Traffic to this machine only, bounded in time; one attacker waits for an answer before he goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import random
import re
import string
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "core")]

import psutil  # noqa: E402
from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: E402
from websockets.exceptions import WebSocketException  # noqa: E402

from tests.students import Failed, Plan, Student  # noqa: E402

SECONDS = 600
PATIENCE = 15.0  # seconds that an attacker waits for one answer
GROWTH = 80.0  # MB that the server's own process may grow after its first third
TRACE = re.compile(rb"Traceback \(most recent|/site-packages/|File \"/")
PAGES = (
    "describing-the-world", "scalar", "vector", "matrix", "tensor", "hadamard", "reduction", "dot-product",
    "matrix-vector", "matrix-matrix", "batched-matmul", "broadcasting", "norms", "tensors", "expression", "slides", "",
)  # fmt: skip
NAMES = ("A", "B", "x", "y", "a", "b", "p", "axis", "op", "step", "camera", "zoom", "layers", "lang", "code", "shelf",
         "shapes", "view", "keepdim", "embed", "present", "data", "own", "theme")  # fmt: skip
TEXTS = (
    "[" * 2000, "(" * 201, "-" * 1900 + "1", "1" + "+1" * 900, "10**10**7", "2**-1**9", "ones(100000000)", "1e400",
    "zeros(1000,1000) @ zeros(1000,1000)", "ones(1,1,1,1,1,1,1,1,1)", "einsum('ab,cd,ef,gh->', x, x, x, x)",
    "ｏｓ.system('true')", "__import__('os')", "x.__class__.__mro__", "[].__init__", "lambda: 1", "[i for i in x]",
    "torch.functional.torch.os.popen('true')", "from_file('/etc/passwd')", "f'{x}'", "\\x00", "\u202e[1, 2]", "", " ",
    "<script>alert(1)</script>", "[[1, 2], [3]]", "[nan, inf]", "rand(1000, 1000) @ rand(1000, 1000)", "𝟙", "[1,]" * 99,
    "arange(0, 10, 1e-9)", "kron(ones(999), ones(999))", "ones(9).repeat(1000000)", "softmax([], 0)",
    "[[1, 2], [3, 4]]", "inverse(zeros(2, 2))", "{1: 2}", "1 if 1 else 2", "x := 1", "print(1)", "'a' * 10**9",
    "\n\n[1]", "A" * 2001,
)  # fmt: skip

PATHS = (
    "/export/film", "/export/pdf", "/export/steps", "/export/deck", "/stage/../../app.py", "/static/x", "/healthz",
    "/plotly/..%2f..%2fapp.py", "/stage/%2e%2e/x.js", "/_stcore/upload_file/a/b", "/media/../../app.py", "/metrics",
    "/_stcore/host-config", "/app/static/../../app.py", "/poster/scalar-light-en.svg", "/poster/..%2f..%2f.svg",
    "/" + "a" * 5000, "/?" + "&".join(f"a{number}=1" for number in range(2000)), "/%00", "/\\..\\app.py",
)  # fmt: skip


@dataclass
class Report:
    """What happened."""

    sent: Counter = field(default_factory=Counter)
    answered: Counter = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    honest: list[float] = field(default_factory=list)  # seconds to each picture
    memory: list[tuple[float, float]] = field(
        default_factory=list
    )  # MB of the server, and of it with its workers

    def find(self, what: str) -> None:
        """Each kind once."""
        if what not in self.findings:
            self.findings.append(what)

    def listen(self, raw: bytes) -> None:
        """A trace must never reach a visitor."""
        if TRACE.search(raw):
            self.find(f"a trace was sent: {TRACE.search(raw)[0].decode()}")


@cache
def samples() -> list[bytes]:
    """A valid file of every format."""
    import sample_files

    return list(sample_files.valid().values())


def garbled(rng: random.Random, text: str) -> str:
    """`text` with a few letters lost, doubled, swapped or foreign."""
    letters = list(text[:3000]) or ["["]
    for _change in range(rng.randint(1, 4)):
        place = rng.randrange(len(letters))
        letters[place] = rng.choice(
            ("", letters[place] * 2, rng.choice(string.printable), chr(rng.randrange(32, 0x3000)))
        )
    return "".join(letters)


class Attack:
    """What all attackers share."""

    def __init__(self, url: str, report: Report, seed: str) -> None:
        self.url, self.report, self.rng = url, report, random.Random(seed)
        self.student: Student | None = None

    async def fresh(self, page: str = "", query: str = "", key: str = "") -> Student:
        """A new session."""
        if self.student is not None:
            await self.student.leave()
        plan = Plan(self.url, page, key, lambda _rng: "", query)
        self.student = Student(self.rng.randrange(1 << 30), plan)
        self.student.overhears = self.report.listen
        await asyncio.wait_for(self.student.open(), PATIENCE)
        return self.student

    async def texts(self) -> None:
        """The tensor language."""
        page, key = self.rng.choice(
            (("matrix-vector", "A"), ("norms", "x"), ("expression", "code"), ("tensors", "A"))
        )
        if self.student is None or not self.student.connected or self.student.plan.page != page:
            await self.fresh(page, key=f"{page}.{key}.field")
        text = self.rng.choice(TEXTS)
        text = text if self.rng.random() < 0.5 else garbled(self.rng, text)
        await asyncio.wait_for(self.student.put(text), PATIENCE)

    async def links(self) -> None:
        """Addresses: known names with wrong values, unknown names, too many, too long."""
        pairs = [
            (self.rng.choice(NAMES), garbled(self.rng, self.rng.choice(TEXTS)))
            for _pair in range(self.rng.choice((1, 2, 5, 40)))
        ]
        query = urllib.parse.urlencode(pairs, errors="replace")
        await self.fresh(self.rng.choice((*PAGES, "no-such-page", "../..")), query)

    async def uploads(self) -> None:
        """Files of every format, whole, cut and changed, onto the tensors page."""
        student = await self.fresh("tensors")
        name = self.rng.choice(
            ("a.npy", "../../x.csv", "a\x00b.pt", "<b>.png", "x" * 300 + ".npz", "a.exe", "")
        )
        data = bytearray(self.rng.choice(samples()))
        for _change in range(self.rng.choice((0, 1, 20))):
            data[self.rng.randrange(len(data))] = self.rng.randrange(256)
        data = bytes(data[: self.rng.choice((len(data), len(data) // 2, 3))])
        given = await student.ask(student.place_message(name), "file_urls_response", PATIENCE)
        address = given.file_urls_response.file_urls[0]
        await asyncio.to_thread(self._put, address.upload_url, name, data)
        uploader = next((key for key in student._widgets if key.startswith("file.")), None)
        if uploader:
            await student.upload(uploader, name, len(data), address, PATIENCE)

    async def frames(self) -> None:
        """The websocket: no protobuf, half a message, messages for others, for developers, with wrong widgets."""
        student = await self.fresh(self.rng.choice(PAGES))
        message = BackMsg()
        kind = self.rng.randrange(8)
        if kind == 0:
            await student.send(self.rng.randbytes(self.rng.choice((1, 100, 100_000))))
        elif kind == 1:
            message.clear_cache = True
            await student.send(message.SerializeToString())
        elif kind == 2:
            message.debug_shutdown_runtime = True
            await student.send(message.SerializeToString())
        elif kind == 3:
            message.backend_operation_request.request_id = "1"
            message.backend_operation_request.session_id = "another"
            message.backend_operation_request.deferred_file.file_id = "../../etc/passwd"
            await student.send(message.SerializeToString())
        elif kind == 4:
            message.set_run_on_save = True
            await student.send(message.SerializeToString())
        else:
            wanted = message.rerun_script
            wanted.query_string = garbled(self.rng, "A=[1,2]&x=3")
            wanted.fragment_id = self.rng.choice(("", "no-such-fragment"))
            for widget in self.rng.sample(sorted(student._widgets), min(3, len(student._widgets))):
                state = wanted.widget_states.widgets.add()
                state.id = student._widgets[widget][0]
                wrong = self.rng.choice(("json_value", "string_value", "double_value", "bytes_value"))
                junk = {"double_value": 1e308, "bytes_value": b"\xff" * 1000}
                setattr(state, wrong, junk.get(wrong, '{"drag": {"variable": "A", "value": [[1e999]]}}'))
            whole = message.SerializeToString()
            await student.send(whole if kind < 7 else whole[: len(whole) // 2])
        await asyncio.sleep(0.05)

    async def requests(self) -> None:
        """HTTP: our routes and Streamlit's, with wrong methods, paths, bodies and types."""
        path = self.rng.choice(PATHS)
        body = self.rng.choice(
            (None, b"", b"{}", self.rng.randbytes(1000), b"\x00" * 2_000_000, json.dumps([1] * 9).encode())
        )
        method = self.rng.choice(("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"))
        headers = {"Origin": self.rng.choice((self.url, "http://elsewhere.example", "null")),
                   "Cookie": "atlas_visitor=" + self.rng.choice(("1" * 32, "<b>", "'; --"))}  # fmt: skip
        await asyncio.to_thread(self._request, method, self.url + path, body, headers)

    def _request(self, method: str, address: str, body: bytes | None, headers: dict[str, str]) -> None:
        asked = urllib.request.Request(address, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
                content = answer.read(10_000_000)
        except urllib.error.HTTPError as error:
            content = error.read(10_000_000)
            if error.code == 500:
                self.report.find(f"500 at {method} {urllib.parse.urlsplit(address).path[:60]}")
        except (OSError, ValueError, http.client.HTTPException):
            return
        if b"import streamlit as st" in content or b"from pages.shared" in content:
            self.report.find(f"our source at {address[:80]}")
        self.report.listen(content if b"<!doctype html>" not in content[:200].lower() else b"")

    def _put(self, path: str, name: str, data: bytes) -> None:
        mark = "----atlas"
        shown = name.encode("utf-8", "replace").replace(b'"', b"").replace(b"\x00", b"")
        body = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="'.encode()
            + shown + b'"\r\nContent-Type: application/octet-stream\r\n\r\n' + data + f"\r\n--{mark}--\r\n".encode()
        )  # fmt: skip
        headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        self._request("PUT", urllib.parse.urljoin(self.url, path), body, headers)

    async def repeat(self, name: str, until: float) -> None:
        """One kind of attack after another until the time is over."""
        act: Callable[[], Awaitable[None]] = getattr(self, name)
        while time.monotonic() < until:
            self.report.sent[name] += 1
            try:
                await act()
                self.report.answered[name] += 1
            except (OSError, TimeoutError, WebSocketException) as error:
                self.student = None
                await asyncio.sleep(0.05 if not isinstance(error, TimeoutError) else 0)
            except Failed as error:
                self.student = None
                if "exception" in str(error):
                    self.report.find(f"{name}: {error}")


KINDS = ("texts", "links", "uploads", "frames", "requests")


async def honest(url: str, report: Report, until: float) -> None:
    """A visitor who works; his number is new each time."""
    student = Student(
        0, Plan(url, "matrix-vector", "matrix-vector.x.field", lambda rng: f"[{rng.random():.4f}, 1]")
    )
    await student.open()
    while time.monotonic() < until:
        before = student.picture
        try:
            turn = await student.change()
            if student.picture == before:
                report.find("the honest visitor's number changed and his picture did not")
            report.honest.append(turn.picture or turn.end)
        except (Failed, OSError, WebSocketException) as error:
            report.find(f"the honest visitor failed: {type(error).__name__}: {error}"[:150])
            with contextlib.suppress(Failed, OSError, WebSocketException):
                await student.open()
        await asyncio.sleep(1)


async def weigh(process: int, report: Report, until: float) -> None:
    """The server's memory, its own and with the workers."""
    server = psutil.Process(process)
    while time.monotonic() < until:
        try:
            own = server.memory_full_info().uss
            rest = 0
            for worker in server.children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    rest += worker.memory_full_info().uss
        except psutil.NoSuchProcess:
            report.find("the server ended")
            return
        report.memory.append((own / 1e6, (own + rest) / 1e6))
        await asyncio.sleep(min(5.0, max(0.2, (until - time.monotonic()) / 3)))


async def run(url: str, process: int, seconds: float, seed: int = 1) -> Report:
    """All of it at once, for `seconds`."""
    samples()  # torch writes some of them: before the clock runs
    report, until = Report(), time.monotonic() + seconds
    attackers = [Attack(url, report, f"{seed} {kind}").repeat(kind, until) for kind in KINDS]
    await asyncio.gather(honest(url, report, until), weigh(process, report, until), *attackers)
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=10) as answer:
            if answer.status != 200:
                report.find(f"health says {answer.status}")
    except OSError as error:
        report.find(f"the server does not answer: {error}")
    third = len(report.memory) // 3
    if third and report.memory[-1][0] - report.memory[third][0] > GROWTH:
        report.find(f"memory grew from {report.memory[third][0]:.0f} to {report.memory[-1][0]:.0f} MB")
    return report


def main() -> int:
    """1 where there was a finding."""
    seconds, seed = [float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS, int((sys.argv[2:] or [1])[0])]
    sys.path[:0] = [str(ROOT / "tests" / "bench")]
    from bench_page import free_port, healthy

    port = free_port()
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        line = [
            sys.executable,
            "-m",
            "streamlit",
            "run",
            "app.py",
            f"--server.port={port}",
            "--server.address=127.0.0.1",
        ]
        env = {**os.environ, "ATLAS_LIMITS": "hosted"}
        server = subprocess.Popen(line, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            healthy(f"http://127.0.0.1:{port}")
            report = asyncio.run(run(f"http://127.0.0.1:{port}", server.pid, seconds, seed))
        finally:
            server.terminate()
            server.wait(20)
        said = Path(log.name).read_text(errors="replace")
    errors = Counter(re.findall(r" error=(\w+)", said))
    print(f"{seconds:g} s, seed {seed}; sent {dict(report.sent)}, answered {dict(report.answered)}")
    times = sorted(report.honest)
    if times:
        half, most = times[len(times) // 2], times[int(0.95 * len(times))]
        print(f"honest visitor: {len(times)} pictures, p50 {half:.3f} s, p95 {most:.3f} s")
    print(
        "memory, MB (server; with workers):",
        [(round(a), round(b)) for a, b in report.memory[:: max(1, len(report.memory) // 12)]],
    )
    print("errors in the log:", dict(errors.most_common(12)))
    print("findings:", report.findings or "none")
    return int(bool(report.findings))


if __name__ == "__main__":
    sys.exit(main())

"""What a host relies on: the server contacts nobody, and other sites' pages cannot speak to it."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.browser.conftest import free_port

ROOT = Path(__file__).resolve().parents[1]
LOCAL = (
    "127.0.0.1",
    "::1",
    "localhost",
    "8.8.8.8",
)  # the last one is asked for a route only: no packet is sent
SPY = """
import os, socket
def note(host):
    with open(os.environ["ATLAS_SPY"], "a") as sink:
        print(host, file=sink)
look_up, connect = socket.getaddrinfo, socket.socket.connect
def spied(host, *rest, **more):
    note(host)
    return look_up(host, *rest, **more)
def joined(self, address):
    note(address[0] if isinstance(address, tuple) else "unix")
    return connect(self, address)
socket.getaddrinfo, socket.socket.connect = spied, joined
"""
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def answer(port: int, origin: str) -> int:
    """The status that a websocket asked for by a page of `origin` gets."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        line.request("GET", "/_stcore/stream", headers={**UPGRADE, "Origin": origin})
        return line.getresponse().status
    finally:
        line.close()


def test_the_server_contacts_nobody_and_hears_only_its_own_pages(tmp_path: Path) -> None:
    """`streamlit run app.py` as the README says it, without an address: Streamlit would ask for its own one."""
    (tmp_path / "sitecustomize.py").write_text(SPY)
    seen, port = tmp_path / "seen.txt", free_port()
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "ATLAS_SPY": str(seen)}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_for(port)
        assert answer(port, f"http://127.0.0.1:{port}") == 101
        assert answer(port, "http://elsewhere.example") == 403
    finally:
        server.terminate()
        server.communicate(timeout=30)
    asked = set(seen.read_text().split()) if seen.exists() else set()
    assert asked - {*LOCAL, "unix", "None", "0.0.0.0", "::"} == set()


def wait_for(port: int, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < end, "the server does not start"
            time.sleep(0.2)

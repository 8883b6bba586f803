"""The server that a link is asked of: its own when that is an atlas and answers, else one of this folder's."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from core.export.orders import Link, OrderError
from core.words import _

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0  # seconds until our own server answers
GREETING = 8.0  # seconds for another's first answer
HERE = ("localhost", "127.0.0.1", "::1")


def is_atlas(base: str, page: str) -> bool:
    """Whether the server at `base` answers for `page` as the atlas does: it hands the stage's modules out with it."""
    request = urllib.request.Request(f"{base}/{page}", headers={"Accept": "text/html"})
    direct = [urllib.request.ProxyHandler({})] if urlsplit(base).hostname in HERE else []
    try:
        with urllib.request.build_opener(*direct).open(request, timeout=GREETING) as answer:
            return "/stage/" in answer.headers.get("Link", "")
    except (OSError, ValueError, urllib.error.HTTPError):
        return False


class Servers:
    """Where each link is asked; our own server is started once, when it is needed, and ended with the block."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}
        self._own = ""
        self._ends = contextlib.ExitStack()

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._ends.close()

    def base(self, link: Link) -> tuple[str, bool]:
        """The server's address for a link, and whether the link's own could not be used."""
        if link.base:
            if link.base not in self._known:
                self._known[link.base] = is_atlas(link.base, link.page)
            if self._known[link.base]:
                return link.base, False
        self._own = self._own or self._ends.enter_context(own_server())
        return self._own, bool(link.base)


@contextlib.contextmanager
def own_server() -> Iterator[str]:
    """`streamlit run app.py` on a free port, for as long as the block runs; its address."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", "--server.headless=true", "--server.baseUrlPath="]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )
        try:
            base = f"http://127.0.0.1:{port}"
            if not _answers(base, process):
                log.seek(0)
                said = log.read()[-600:].decode(errors="replace").strip()
                raise OrderError(_("The atlas could not be started. It said: {said}").format(said=said))
            yield base
        finally:
            _end(process)


def _answers(base: str, process: subprocess.Popen) -> bool:
    limit = time.monotonic() + PATIENCE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < limit and process.poll() is None:
        try:
            opener.open(f"{base}/_stcore/health", timeout=2).read()
            return True
        except OSError:
            time.sleep(0.1)
    return False


def _end(process: subprocess.Popen) -> None:
    """End the server and the workers that it started."""
    for sign in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, sign)
            else:
                process.terminate()
            process.wait(timeout=10)
            return


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]

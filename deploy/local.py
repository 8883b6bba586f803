#!/usr/bin/env python3
"""nginx and several replicas of the atlas as processes of this machine: `python3 deploy/local.py --replicas 2`.

The same configuration as in containers (nginx.conf.template), for a class served by one computer and for the tests.
Everything it writes lies in a folder of its own, which is gone afterwards. Ctrl-C ends it all; a replica that ends by
itself is started again.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import socket
import string
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = Path(__file__).with_name("nginx.conf.template")
PATIENCE = 60.0  # seconds until a replica answers
BETWEEN = 0.5  # seconds between two looks at what runs
ADVICE = (
    "nginx is not installed here. On Debian and Ubuntu: sudo apt-get install nginx-light; "
    "on macOS: brew install nginx."
)


def configuration(listen: str, replicas: list[str], folder: Path, log: str = "/dev/stdout") -> str:
    """nginx.conf for `replicas` (each "host:port"), with everything that nginx writes under `folder`."""
    servers = "\n    ".join(f"server {replica} max_fails=1 fail_timeout=2s;" for replica in replicas)
    text = string.Template(TEMPLATE.read_text(encoding="utf-8"))
    return text.safe_substitute(listen=listen, replicas=servers, folder=folder, log=log)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Replica:
    """One process of the app at a port of its own."""

    port: int
    secret: str
    quiet: bool = False
    process: subprocess.Popen | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, or start it again."""
        line = [
            sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"),
            f"--server.port={self.port}", "--server.address=127.0.0.1",
        ]  # fmt: skip
        sink = subprocess.DEVNULL if self.quiet else None
        env = {**os.environ, "STREAMLIT_SERVER_COOKIE_SECRET": self.secret}
        self.process = subprocess.Popen(line, cwd=ROOT, env=env, stdout=sink, stderr=sink)

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def healthy(self) -> bool:
        """Whether it can serve a visitor: its pages, torch, and the stage's modules."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/_stcore/health", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False


class Hosted:
    """nginx with its replicas. `with Hosted(...) as hosted:` starts them and ends them."""

    def __init__(self, replicas: int = 2, listen: str = "127.0.0.1:8500", *, quiet: bool = False) -> None:
        secret = secrets.token_hex(32)  # one for all: a visitor who is moved keeps his cookies
        self.replicas = [Replica(free_port(), secret, quiet) for _ in range(replicas)]
        self.listen, self.quiet = listen, quiet
        self.url = f"http://{listen.replace('0.0.0.0', '127.0.0.1')}"
        self.nginx: subprocess.Popen | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="atlas-nginx-")

    def __enter__(self) -> Hosted:
        try:
            self._start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def _start(self) -> None:
        if not shutil.which("nginx"):
            raise SystemExit(ADVICE)
        for replica in self.replicas:
            replica.start()
        for replica in self.replicas:
            _wait(replica)
        self.start_nginx()

    def start_nginx(self) -> None:
        """Start nginx, or start it again."""
        folder = Path(self._folder.name)
        log = "/dev/null" if self.quiet else "/dev/stdout"
        folder.chmod(
            0o711
        )  # started by root, nginx works as another user, who makes folders of his own in it
        path = folder / "nginx.conf"
        path.write_text(configuration(self.listen, [one.address for one in self.replicas], folder, log))
        line = ["nginx", "-p", str(folder), "-c", str(path), "-e", "stderr", "-g", "daemon off;"]
        self.nginx = subprocess.Popen(line, stderr=subprocess.DEVNULL if self.quiet else None)

    def look_after(self) -> None:
        """Start again what has ended."""
        for replica in self.replicas:
            if replica.ended():
                print(f"replica {replica.address} ended and is started again", flush=True)
                replica.start()
        if self.nginx is None or self.nginx.poll() is not None:
            self.start_nginx()

    def end(self) -> None:
        """End everything, gracefully where that works."""
        running = [one for one in (self.nginx, *(one.process for one in self.replicas)) if one]
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        self._folder.cleanup()


def _wait(replica: Replica) -> None:
    end = time.monotonic() + PATIENCE
    while not replica.healthy():
        if replica.ended():
            raise SystemExit("A replica ended before it answered; its messages are above.")
        if time.monotonic() > end:
            raise SystemExit(f"The replica at {replica.address} did not answer within {PATIENCE:.0f} s.")
        time.sleep(0.1)


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--replicas", type=int, default=min(4, os.cpu_count() or 1), help="processes of the app"
    )
    parser.add_argument("--listen", default="0.0.0.0:8500", help="address and port (default: 0.0.0.0:8500)")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Hosted(given.replicas, given.listen) as hosted:
        print(f"Tensor Atlas: {hosted.url} ({given.replicas} replicas)", flush=True)
        try:
            while True:
                hosted.look_after()
                time.sleep(BETWEEN)
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    sys.exit(main())

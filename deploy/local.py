#!/usr/bin/env python3
"""The atlas for a class on one computer: `python3 deploy/local.py`. nginx, and several replicas as processes.

The same configuration as in containers (nginx.conf.template). Everything it writes lies in a folder of its own, which
is gone afterwards. Ctrl-C ends it all; what ends by itself, or does not answer any more, is started again. Only the
standard library: it makes .venv and installs requirements.txt the first time, as .ci/start.py does.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import importlib.util
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / ".ci")]

from deploy import proxy  # noqa: E402

PATIENCE = 90.0  # seconds until a replica is healthy
BETWEEN = 0.5  # seconds between two looks at what runs
ASKED_EVERY, ANSWERS_WITHIN, UNANSWERED = (
    10.0,
    10.0,
    3,
)  # seconds, seconds, and questions until it counts as hung
STOP = 30.0  # seconds that a replica gets to end what it is at
SECRET = "STREAMLIT_SERVER_COOKIE_SECRET"
# Nobody is asked: a UDP socket that is connected sends nothing. The first is an address that nobody has (RFC 5737);
# the others are for a network without a way out.
TOWARDS = ("192.0.2.1", "10.255.255.255", "172.31.255.255", "192.168.255.255")
INTERFACE_ADDRESS = 0x8915  # SIOCGIFADDR of Linux


@dataclass
class Replica:
    """One process of the app at a port of its own."""

    port: int
    secret: str
    quiet: bool = False
    python: str = sys.executable
    process: subprocess.Popen | None = field(default=None, repr=False)
    unanswered: int = 0
    asked: float = 0.0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, or start it again."""
        self.kill()  # workers of one that was killed
        line = [
            self.python, "-m", "streamlit", "run", str(ROOT / "app.py"),
            f"--server.port={self.port}", "--server.address=127.0.0.1",
        ]  # fmt: skip
        sink = subprocess.DEVNULL if self.quiet else None
        env = {**os.environ, SECRET: self.secret, "STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE": "true"}
        self.unanswered, self.asked = 0, time.monotonic()
        # A session of its own: Ctrl-C is heard by this program alone, which ends all in order.
        self.process = subprocess.Popen(
            line, cwd=ROOT, env=env, stdout=sink, stderr=sink, start_new_session=True
        )

    def ended(self) -> bool:
        """Whether its process does not run."""
        return self.process is None or self.process.poll() is not None

    def healthy(self) -> bool:
        """Whether it can serve a visitor: its pages, torch, and the stage's modules."""
        return self._answer("/healthz") == 200

    def _answer(self, path: str, patience: float = 2.0) -> int:
        """The status of an answer; 0 for none."""
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=patience) as answer:
                return answer.status
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            return 0

    def look(self) -> None:
        """Ask, now and then, in a thread of its own, whether it still answers."""
        if time.monotonic() - self.asked > ASKED_EVERY + ANSWERS_WITHIN:
            self.asked = time.monotonic()
            threading.Thread(target=self._ask, daemon=True).start()

    def _ask(self) -> None:
        self.unanswered = 0 if self._answer("/healthz", ANSWERS_WITHIN) else self.unanswered + 1

    def kill(self) -> None:
        """End it and what it started, at once."""
        with contextlib.suppress(ProcessLookupError, AttributeError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Hosted:
    """nginx with its replicas. `with Hosted(...) as hosted:` starts them and ends them."""

    def __init__(
        self,
        replicas: int = 2,
        listen: str = "127.0.0.1:8500",
        *,
        quiet: bool = False,
        python: str = sys.executable,
        trusted: Sequence[str] = (),
        address_sockets: int = proxy.Settings.address_sockets,
        log: str = "/dev/null",
    ) -> None:
        # One secret for all: a visitor who is moved keeps his cookies.
        secret = os.environ.get(SECRET) or secrets.token_hex(32)
        self.replicas = [Replica(free_port(), secret, quiet, python) for _ in range(replicas)]
        self.listen = listen
        self.url = f"http://{listen.replace('0.0.0.0', '127.0.0.1')}"
        self._folder = tempfile.TemporaryDirectory(prefix="atlas-nginx-")
        folder = Path(self._folder.name)
        settings = proxy.Settings(listen, folder, log, tuple(trusted), address_sockets)
        self.nginx = proxy.Nginx(settings, quiet)

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
        for replica in self.replicas:
            replica.start()
        self.start_nginx()  # at once: whoever comes early reads that it starts
        for replica in self.replicas:
            _wait(replica)

    def start_nginx(self) -> None:
        """Start nginx, or start it again."""
        self.nginx.start([one.address for one in self.replicas])

    def look_after(self) -> None:
        """Start again what has ended or hangs."""
        for replica in self.replicas:
            replica.look()
            if replica.unanswered >= UNANSWERED:
                _say(f"The replica at {replica.address} does not answer any more.")
                replica.kill()
                replica.process.wait()
            if replica.ended():
                _say(f"The replica at {replica.address} ended and is started again.")
                replica.start()
        if self.nginx.ended():
            _say("nginx ended and is started again.")
            self.start_nginx()

    def end(self) -> None:
        """End everything, gracefully where that works; a second Ctrl-C ends it at once."""
        try:
            self.nginx.end()
            running = [one for one in self.replicas if not one.ended()]
            for replica in running:
                replica.process.terminate()
            end = time.monotonic() + STOP
            for replica in running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    replica.process.wait(max(0.1, end - time.monotonic()))
        finally:
            for replica in self.replicas:
                replica.kill()
                if replica.process:
                    replica.process.wait()
            self._folder.cleanup()


def _wait(replica: Replica) -> None:
    end = time.monotonic() + PATIENCE
    while not replica.healthy():
        if replica.ended():
            raise SystemExit("A replica ended before it was ready; its messages are above.")
        if time.monotonic() > end:
            raise SystemExit(f"The replica at {replica.address} was not ready within {PATIENCE:.0f} s.")
        time.sleep(0.1)


def _say(sentence: str) -> None:
    print(sentence, flush=True)


# --- addresses


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def opened_by_others() -> str:
    """This machine's address in its network, found without sending anything; "" where it has none."""
    for address in (*_routes(), *_interfaces()):
        if not address.startswith(("127.", "0.", "169.254.")):
            return address
    return ""


def _routes() -> Iterator[str]:
    for there in TOWARDS:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
            probe.connect((there, 9))
            yield probe.getsockname()[0]


def _interfaces() -> Iterator[str]:
    """What each network interface says of itself, on Linux."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            for _number, name in socket.if_nameindex():
                with contextlib.suppress(OSError):
                    told = fcntl.ioctl(probe, INTERFACE_ADDRESS, struct.pack("256s", name.encode()[:15]))
                    yield socket.inet_ntoa(told[20:24])


def place(text: str) -> tuple[str, int]:
    """Host and port of "8500", "0.0.0.0:8500" or "[::]:8500"; ValueError says what would be right."""
    host, _colon, port = text.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text} is no address to listen at; 0.0.0.0:8500 would be one.")
    return host or "0.0.0.0", int(port)


def refusal(host: str, port: int) -> str:
    """Why nobody can listen there; "" where it is free."""
    bare = host.strip("[]")
    try:
        with socket.socket(socket.AF_INET6 if ":" in bare else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((bare, port))
    except OSError as error:
        return {
            errno.EADDRINUSE: f"Another program listens at port {port}. Choose another: --listen {host}:{port + 1}",
            errno.EACCES: f"Ports below 1024 are the administrator's. Choose another: --listen {host}:8500",
            errno.EADDRNOTAVAIL: f"This machine has no address {host}. All of its addresses: --listen 0.0.0.0:{port}",
        }.get(error.errno, f"Nobody can listen at {host}:{port} ({error.strerror}).")
    return ""


def welcome(host: str, port: int, replicas: int) -> str:
    """What is printed when all is ready."""
    lines = [f"Tensor Atlas is ready: {replicas} replicas behind nginx. Ctrl-C ends it."]
    if host in ("0.0.0.0", "[::]"):
        there = opened_by_others()
        lines.append(f"  on this computer   http://localhost:{port}")
        if there:
            lines.append(f"  for the class      http://{there}:{port}")
            lines.append(
                f"  If that does not open elsewhere, let port {port} through this computer's firewall."
            )
        else:
            lines.append("  This computer is in no network: nobody else can open it.")
    else:
        lines.append(f"  http://{host}:{port}")
    return "\n".join(lines)


# --- the command


def interpreter() -> str:
    """A Python that has what the app needs: this one, or that of .venv, which is made if need be."""
    if importlib.util.find_spec("streamlit"):
        return sys.executable
    import start

    return str(start.environment(ROOT / "requirements.txt"))


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--replicas", type=int, default=min(4, os.cpu_count() or 1), metavar="N",
        help="processes of the app (default: one a core, at most 4)",
    )  # fmt: skip
    parser.add_argument(
        "--listen", default="0.0.0.0:8500", metavar="ADDRESS:PORT",
        help="0.0.0.0:8500 (default) is open to this machine's network, 127.0.0.1:8500 to this machine alone",
    )  # fmt: skip
    parser.add_argument(
        "--log", default="/dev/null", metavar="FILE", help="a line for each request (/dev/stdout)"
    )
    proxy.add_limits(parser)
    given = parser.parse_args(argv)
    if not 1 <= given.replicas <= 64:
        parser.error("--replicas: 1 to 64")
    try:
        host, port = place(given.listen)
    except ValueError as error:
        parser.error(str(error))
    wrong = ("" if proxy.program() else proxy.ADVICE) or refusal(host, port)
    if wrong:
        raise SystemExit(wrong)
    proxy.end_on_signals()
    try:
        _say("Starting …")
        with Hosted(
            given.replicas, f"{host}:{port}", python=interpreter(),
            trusted=given.trusted, address_sockets=given.address_sockets, log=given.log,
        ) as hosted:  # fmt: skip
            _say(welcome(host, port, given.replicas))
            while True:
                hosted.look_after()
                time.sleep(BETWEEN)
    except KeyboardInterrupt:
        _say("Ended.")
        return 0


if __name__ == "__main__":
    sys.exit(main())

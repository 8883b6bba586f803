#!/usr/bin/env python3
"""nginx before replicas that run elsewhere: `python3 deploy/proxy.py --replicas app:8501`.

A name may stand for several addresses (a compose service, a headless service of Kubernetes): they are looked up every
few seconds, and nginx is told when they have changed. Its configuration is nginx.conf.template, everywhere the same.
Only the standard library.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import ipaddress
import os
import re
import shutil
import signal
import socket
import string
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
TEMPLATE = HERE / "nginx.conf.template"
BETWEEN = 2.0  # seconds between two looks at names and at nginx
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin")  # of nginx, and not in everyone's PATH
NOBODY = "127.0.0.1:9 down"  # nginx wants one server; this one is never asked
ADVICE = (
    "nginx is not installed here. On Debian and Ubuntu: sudo apt-get install nginx-light; on Fedora: sudo dnf install "
    "nginx; on macOS: brew install nginx. One server without it serves about a hundred: python3 .ci/start.py"
)
WHO = re.compile(rb", client: .*")  # from here on a line of nginx's says who asked for what


@dataclass(frozen=True)
class Settings:
    """What a host chooses. Addresses are "host:port"."""

    listen: str
    folder: Path  # everything that nginx writes
    log: str = "/dev/stdout"
    trusted: tuple[str, ...] = ()  # networks whose X-Forwarded-For is believed
    address_sockets: int = 600  # sockets from one address: a class of 300, twice


def configuration(settings: Settings, replicas: Sequence[str]) -> str:
    """nginx.conf for `replicas`, each "address:port"."""
    pools = {name_of(replica): replica for replica in replicas}
    values = {
        "ATLAS_LISTEN": settings.listen,
        "ATLAS_FOLDER": settings.folder,
        "ATLAS_PAGES": HERE,
        "ATLAS_LOG": settings.log,
        "ATLAS_TRUSTED": " ".join(f"set_real_ip_from {network};" for network in settings.trusted),
        "ATLAS_ADDRESS_SOCKETS": settings.address_sockets,
        "ATLAS_ADDRESS_RATE": settings.address_sockets,
        "ATLAS_ADDRESS_BURST": settings.address_sockets * 5,
        "ATLAS_SERVERS": _servers(replicas),
        "ATLAS_POOLS": "\n  ".join(_pool(name, one, replicas) for name, one in pools.items()),
        "ATLAS_CHOICES": " ".join(f"{name} replica_{name};" for name in pools),
        "ATLAS_NAMES": " ".join(f'"~(^|[ ,]){re.escape(one)}$" {name};' for name, one in pools.items()),
    }
    return string.Template(TEMPLATE.read_text(encoding="utf-8")).safe_substitute(values)


def program() -> str:
    """The path of nginx; "" where there is none. Debian's users do not have its folder in PATH."""
    return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", os.defpath), *FOLDERS])) or ""


def name_of(replica: str) -> str:
    """What a visitor's cookie calls a replica: not where it is."""
    return hashlib.sha256(replica.encode()).hexdigest()[:8]


def _servers(replicas: Sequence[str], more: str = "") -> str:
    lines = [f"server {replica} max_fails=1 fail_timeout=2s{more};" for replica in replicas]
    return " ".join(lines or [f"server {NOBODY};"] * (not more))


def _pool(name: str, replica: str, replicas: Sequence[str]) -> str:
    """One replica, and the others for when it does not answer."""
    others = _servers([one for one in replicas if one != replica], " backup")
    return (
        f"upstream replica_{name} {{ zone replica_{name} 64k; {_servers([replica])} {others} keepalive 16; }}"
    )


def resolved(names: Iterable[str]) -> list[str]:
    """Every address behind `names` ("host:port"), sorted; a name that is unknown at this moment has none."""
    found = set()
    for name in names:
        host, _colon, port = name.rpartition(":")
        with contextlib.suppress(OSError):
            for *_kind, place in socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM):
                address = ipaddress.ip_address(place[0])
                found.add(f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}")
    return sorted(found)


@dataclass
class Nginx:
    """One nginx: started, told of other replicas, started again when it ended, ended."""

    settings: Settings
    quiet: bool = False
    process: subprocess.Popen | None = field(default=None, repr=False)

    def start(self, replicas: Sequence[str]) -> None:
        """Start it for these replicas, or start it again."""
        if not (found := program()):
            raise SystemExit(ADVICE)
        line = [found, "-p", str(self.settings.folder), "-c", str(self.write(replicas)), "-e", "stderr"]
        errors = subprocess.DEVNULL if self.quiet else subprocess.PIPE
        self._sweep()
        self.process = subprocess.Popen([*line, "-g", "daemon off;"], stderr=errors, start_new_session=True)
        if self.process.stderr:
            threading.Thread(target=_pass_on, args=(self.process.stderr,), daemon=True).start()

    def _sweep(self) -> None:
        """What a killed one leaves: workers that hold the port, and its socket."""
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        (self.settings.folder / "pack.sock").unlink(missing_ok=True)

    def write(self, replicas: Sequence[str]) -> Path:
        """Write its configuration."""
        folder = self.settings.folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(
            0o711
        )  # started by root, nginx works as another user, who makes folders of his own in it
        path = folder / "nginx.conf"
        path.write_text(configuration(self.settings, replicas), encoding="utf-8")
        return path

    def tell(self, replicas: Sequence[str]) -> None:
        """Let it serve these replicas from now on; sockets that are open stay open."""
        self.write(replicas)
        if self.process:
            self.process.send_signal(signal.SIGHUP)

    def ended(self) -> bool:
        """Whether it does not run."""
        return self.process is None or self.process.poll() is not None

    def end(self, patience: float = 10.0) -> None:
        """End it, and the workers of one that was killed."""
        if not self.ended():
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        self._sweep()
        if self.process:
            self.process.wait()


def _pass_on(lines: IO[bytes]) -> None:
    """nginx's messages, without visitors' addresses and what they asked for."""
    for line in lines:
        sys.stderr.buffer.write(without_visitors(line))
        sys.stderr.buffer.flush()


def without_visitors(line: bytes) -> bytes:
    """A line of nginx's error log up to where it says who asked for what."""
    return WHO.sub(b"", line)


def end_on_signals() -> None:
    """A closed terminal and a stop from outside end it as Ctrl-C does."""
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, _leave)


def _leave(*_: object) -> None:
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    raise KeyboardInterrupt


def arguments() -> argparse.ArgumentParser:
    """The command line; each default comes from the environment where it says so."""
    asked = os.environ.get
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--replicas", nargs="+", default=asked("ATLAS_REPLICAS", "").split(), metavar="NAME:PORT",
        help="the replicas (ATLAS_REPLICAS, separated by spaces)",
    )  # fmt: skip
    parser.add_argument("--listen", default=asked("ATLAS_LISTEN", "0.0.0.0:8080"), help="(ATLAS_LISTEN)")
    parser.add_argument("--folder", type=Path, help="what nginx writes (default: a new one)")
    add_limits(parser)
    return parser


def add_limits(parser: argparse.ArgumentParser) -> None:
    """What every command with an nginx can be told about the addresses it meets."""
    asked = os.environ.get
    parser.add_argument(
        "--trusted", nargs="*", default=asked("ATLAS_TRUSTED", "").split(), metavar="NETWORK",
        help="proxies in front of this one whose X-Forwarded-For is believed (ATLAS_TRUSTED)",
    )  # fmt: skip
    parser.add_argument(
        "--address-sockets", type=int, default=int(asked("ATLAS_ADDRESS_SOCKETS", "600")), metavar="N",
        help="live pages from one address at most (ATLAS_ADDRESS_SOCKETS)",
    )  # fmt: skip


def serve(nginx: Nginx, names: Sequence[str], between: float = BETWEEN) -> None:
    """Run nginx before whatever `names` stand for, until interrupted."""
    known: list[str] = resolved(names)
    nginx.start(known)
    try:
        while True:
            time.sleep(between)
            now = resolved(names) or known  # a name server that is away for a moment takes nobody away
            if nginx.ended():
                print("nginx ended and is started again", file=sys.stderr, flush=True)
                nginx.start(now)
            elif now != known:
                print(f"{len(now)} replicas", file=sys.stderr, flush=True)
                nginx.tell(now)
            known = now
    except KeyboardInterrupt:
        pass
    finally:
        nginx.end()


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = arguments()
    given = parser.parse_args(argv)
    if not given.replicas:
        parser.error("name the replicas: --replicas app:8501")
    end_on_signals()
    with contextlib.ExitStack() as stack:
        folder = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="atlas-nginx-")))
        settings = Settings(
            given.listen, folder, trusted=tuple(given.trusted), address_sockets=given.address_sockets
        )
        serve(Nginx(settings), given.replicas)
    return 0


if __name__ == "__main__":
    sys.exit(main())

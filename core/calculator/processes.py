"""The server's side of its processes: where workers come from, and how to talk to one.

They come from a zygote, or, where there is no fork, as one fresh interpreter each.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from typing import Any, Protocol

from core.calculator import frames
from core.calculator.records import ROOT, Settings

log = logging.getLogger("core.calculator")

EXIT_NOTICE = 0.75  # seconds to wait for the zygote's word on how a worker ended
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
SECRETS = ("SECRET", "TOKEN", "PASSWORD", "CREDENTIAL", "API_KEY", "PRIVATE")


class NotStarted(Exception):
    """The worker was gone before it had the request: another one may have it."""


class Sink(Protocol):
    """Who hears from a source of workers."""

    def on_ready(self) -> None: ...
    def on_worker(self, worker: Any) -> None: ...
    def on_exit(self, worker: Any) -> None: ...
    def on_preloaded(self) -> None: ...


def environment() -> dict[str, str]:
    """The environment of a process of ours: the repo on its path, one thread, and none of the server's secrets."""
    kept = {k: v for k, v in os.environ.items() if not any(word in k.upper() for word in SECRETS)}
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    calm = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}  # pyarrow's allocator would start a thread
    return kept | dict.fromkeys(ONE_THREAD, "1") | calm | {"PYTHONPATH": os.pathsep.join(paths)}


def launch(module: str, settings: Settings, stdin: Any, stdout: Any, **more: Any) -> subprocess.Popen:
    """A fresh interpreter running one of our modules. It knows nothing of this process's `__main__`."""
    config = json.dumps(asdict(settings) | more)
    return subprocess.Popen(
        [sys.executable, "-m", module, config],
        stdin=stdin,
        stdout=stdout,
        bufsize=0,
        cwd=ROOT,
        env=environment(),
    )


class ForkedWorker:
    """A worker that the zygote forked: a socket, and a handle to kill it by that cannot mean anyone else."""

    def __init__(self, server: ForkServer, event: dict[str, Any], handles: list[int]) -> None:
        self.server, self.pid, self.preloaded = server, event["pid"], event["preloaded"]
        self.socket = socket.socket(fileno=handles[0])
        self.pidfd = handles[1] if len(handles) > 1 else None
        self.served = 0
        self.status: int | None = None
        self.ended = threading.Event()
        self.orphaned = False  # the zygote is gone: nobody will tell how it ends
        self._lock = threading.Lock()

    def well(self) -> bool:
        """Still there, and not saying anything that nobody asked."""
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return not self.ended.is_set() and not poll.poll(0)

    def exchange(self, request: bytes, wall: float, limit: int) -> frames.Message:
        """The reply to `request`, within `wall` seconds of its arrival at the worker: TimeoutError beyond."""
        try:
            self.socket.settimeout(wall)
            self.socket.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            raise NotStarted from None
        deadline = time.monotonic() + wall
        self.served += 1

        def read_into(view: memoryview) -> int:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.0005))
            try:
                got = self.socket.recv_into(view)
            except ConnectionResetError:  # it ended with the request unread
                raise NotStarted from None
            if time.monotonic() > deadline:
                raise TimeoutError
            return got

        return frames.read(read_into, limit)

    def kill(self) -> None:
        """End it, at once and for certain. Whoever is talking to it finds the stream ended."""
        with self._lock:
            if self.pidfd is not None:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            elif not self.ended.is_set():
                self.server.order("kill", pid=self.pid)

    def close(self) -> None:
        """Kill it and let go of it. Only for who holds it: a descriptor closed under a reader may become another's."""
        self.kill()
        with self._lock:
            if self.pidfd is not None:
                os.close(self.pidfd)
                self.pidfd = None
            self.socket.close()

    def exit_status(self) -> int | None:
        """How it ended: an exit code, minus a signal, or None where nobody could tell in time."""
        self.ended.wait(0 if self.orphaned else EXIT_NOTICE)
        return self.status


class ForkServer:
    """The zygote, seen from the server."""

    def __init__(self, settings: Settings) -> None:
        self.control, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = launch("core.calculator.zygote", settings, stdin=its, stdout=subprocess.DEVNULL)
        its.close()
        self.workers: dict[int, ForkedWorker] = {}
        self.threads: dict[str, int] = {}  # of the zygote, as it told at each of its two stages

    def order(self, what: str, **more: Any) -> None:
        """Tell the zygote. One packet, so any thread may."""
        with contextlib.suppress(OSError):  # it is gone, and the pump knows
            self.control.send(json.dumps({"do": what, **more}).encode())

    def spawn(self) -> None:
        """Ask for one more worker."""
        self.order("spawn")

    def preload(self) -> None:
        """Ask the zygote to load what the later workers shall have."""
        self.order("preload")

    def pump(self, sink: Sink) -> None:
        """Pass on what the zygote tells, until it ends."""
        with contextlib.suppress(OSError):
            while True:
                packet, handles, _, _ = socket.recv_fds(self.control, 4096, 2, socket.MSG_CMSG_CLOEXEC)
                if not packet:
                    break
                self._tell(sink, json.loads(packet), handles)
        for worker in self.workers.values():  # they may well live on, and answer
            worker.orphaned = True
        self.close()

    def _tell(self, sink: Sink, event: dict[str, Any], handles: list[int]) -> None:
        kind = event["event"]
        if kind == "worker":
            worker = self.workers[event["pid"]] = ForkedWorker(self, event, handles)
            sink.on_worker(worker)
        elif kind == "exit":
            worker = self.workers.pop(event["pid"])
            worker.status = event["status"]
            worker.ended.set()
            sink.on_exit(worker)
        else:
            self.threads[kind] = event["threads"]
            if event["threads"] > 1:
                log.warning("the zygote has %d threads: %s", event["threads"], kind)
            sink.on_ready() if kind == "ready" else sink.on_preloaded()

    def close(self) -> None:
        """End the zygote; it takes its workers with it."""
        with contextlib.suppress(OSError):
            self.control.shutdown(socket.SHUT_RDWR)
        try:
            self.process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.control.close()


class SpawnedWorker:
    """A worker in a fresh interpreter; a thread speaks to it over its pipes (which have no timeout on Windows)."""

    def __init__(self, settings: Settings, *, detect: bool = False) -> None:
        self.preloaded = bool(settings.preload)
        pipe = subprocess.PIPE
        self.process = launch("core.calculator.worker", settings, stdin=pipe, stdout=pipe, detect=detect)
        self.pid = self.process.pid
        self.served = 0
        self._requests: queue.SimpleQueue = queue.SimpleQueue()
        self._replies: queue.SimpleQueue = queue.SimpleQueue()
        threading.Thread(target=self._speak, name="atlas-link", daemon=True).start()

    def hello(self, timeout: float) -> dict[str, Any]:
        """Wait until it is ready; what device it has. Raises Closed, Corrupt or TimeoutError."""
        return self._reply(timeout).header["hello"]

    def well(self) -> bool:
        """Still there."""
        return self.process.poll() is None

    def exchange(self, request: bytes, wall: float, limit: int) -> frames.Message:
        """The reply to `request`, within `wall` seconds of its arrival at the worker: TimeoutError beyond."""
        self._requests.put((request, limit))
        self._reply(wall)  # None: it has the request
        self.served += 1
        return self._reply(wall)

    def kill(self) -> None:
        """End it, at once and for certain."""
        self._requests.put(None)
        self.process.kill()

    def close(self) -> None:
        """Kill it; the thread that speaks to it closes the pipes."""
        self.kill()

    def exit_status(self) -> int | None:
        """How it ended: an exit code, or minus a signal."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(EXIT_NOTICE)
        return None

    def _reply(self, timeout: float) -> Any:
        try:
            reply = self._replies.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError from None
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _speak(self) -> None:
        read_into = self.process.stdout.readinto
        try:
            self._replies.put(frames.read(read_into, frames.HEADER_BYTES))
            while (item := self._requests.get()) is not None:
                request, limit = item
                try:
                    self._write(request)
                    frames.read(read_into, 0)  # the receipt
                except (OSError, frames.Closed):
                    raise NotStarted from None
                self._replies.put(None)
                self._replies.put(frames.read(read_into, limit))
        except Exception as error:  # Closed, Corrupt, NotStarted: the caller's to judge
            self._replies.put(error)
        self._replies.put(NotStarted())  # whoever asks from here on
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) :]


class SpawnSource:
    """Workers without a fork: one fresh interpreter after another, each started ahead of need."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.threads: dict[str, int] = {}
        self.orders: queue.SimpleQueue = queue.SimpleQueue()
        self.starting: SpawnedWorker | None = None

    def spawn(self) -> None:
        """Ask for one more worker."""
        self.orders.put("spawn")

    def preload(self) -> None:
        """Nothing to do: every worker but the first loads everything before it reports."""

    def pump(self, sink: Sink) -> None:
        """Start workers as they are asked for, one at a time: the first is ready soonest, until `close`."""
        sink.on_ready()
        settings = Settings(**asdict(self.settings) | {"preload": ()})  # the first answer does not wait
        while self.orders.get() == "spawn":
            self.starting = worker = SpawnedWorker(settings)
            try:
                worker.hello(settings.startup)
            except (TimeoutError, frames.Closed, frames.Corrupt, NotStarted):
                worker.close()
                return
            self.starting = None
            settings = self.settings
            sink.on_worker(worker)
            threading.Thread(target=_watch, args=(worker, sink), name="atlas-watch", daemon=True).start()

    def close(self) -> None:
        """End the pump."""
        self.orders.put("close")
        if self.starting is not None:
            self.starting.close()


def _watch(worker: SpawnedWorker, sink: Sink) -> None:
    """Tell when a worker ends, as the zygote does of its own."""
    worker.process.wait()
    sink.on_exit(worker)

"""The zygote: `python -m core.calculator.zygote CONFIG`, one process with torch loaded that forks the workers.

Its standard input is a SEQPACKET socket to the server: one JSON object a packet. It hears
{"do": "spawn" | "kill" | "preload"} and tells {"event": "ready" | "worker" | "exit" | "preloaded"};
a "worker" packet carries the worker's socket and, where the kernel has them, its pidfd.
It never has a second thread, and never touches CUDA: it must stay fit to fork.
End of stream means that the server is gone: it kills its workers and ends.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any

from core.calculator import worker
from core.calculator.torch_start import load_torch

PACKET = 4096
ORPHAN_CHECK = 5.0  # seconds between two looks at who our parent is
TASK_DIRECTORY = Path("/proc/self/task")


def threads() -> int:
    """Threads of this process, also those that Python does not know of. A fork is sound only while it is 1."""
    return len(list(TASK_DIRECTORY.iterdir())) if TASK_DIRECTORY.exists() else 1


class Zygote:
    """Forks, reaps and kills, at the server's word."""

    def __init__(self, control: socket.socket, config: dict[str, Any]) -> None:
        self.control, self.config = control, config
        self.children: set[int] = set()
        self.parent = os.getppid()
        self.preloaded = False
        self.wake, self.waker = os.pipe()  # SIGCHLD writes a byte here
        for end in (self.wake, self.waker):
            os.set_blocking(end, False)
        self.tasks = worker.tasks_in(config["tasks"], config["path"])

    def run(self) -> None:
        """Serve until the server is gone."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        gc.collect()
        gc.freeze()  # a collection in a worker would touch, and so copy, every page
        try:
            self.tell({"event": "ready", "threads": threads()})
            while self.turn():
                pass
        finally:
            for child in self.children:
                os.kill(child, signal.SIGKILL)

    def turn(self) -> bool:
        """Wait for the next thing to do and do it; False when the server is gone."""
        ready, _, _ = select.select([self.control, self.wake], [], [], ORPHAN_CHECK)
        if os.getppid() != self.parent:  # a fork of the server may keep the other end open after its death
            return False
        if self.wake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self.wake, 512)
            self.reap()
        return self.control not in ready or self.obey()

    def tell(self, event: dict[str, Any], descriptors: list[int] | None = None) -> None:
        """One packet to the server."""
        socket.send_fds(self.control, [json.dumps(event).encode()], descriptors or [])

    def obey(self) -> bool:
        """Do the server's next bidding; False when it is gone."""
        packet = self.control.recv(PACKET)
        if not packet:
            return False
        order = json.loads(packet)
        if order["do"] == "spawn":
            self.spawn()
        elif order["do"] == "preload":
            self.preload()
        elif order["pid"] in self.children:  # "kill": unreaped, so the number is still its own
            os.kill(order["pid"], signal.SIGKILL)
        return True

    def spawn(self) -> None:
        """Fork a worker and pass the server its socket."""
        ours, its = socket.socketpair()
        child = os.fork()
        if child == 0:
            self.become_worker(ours, its)
        its.close()
        self.children.add(child)
        handles = [ours.fileno()]
        with contextlib.suppress(OSError, AttributeError):
            handles.append(os.pidfd_open(child))
        self.tell({"event": "worker", "pid": child, "preloaded": self.preloaded}, handles)
        ours.close()
        for pidfd in handles[1:]:
            os.close(pidfd)

    def become_worker(self, ours: socket.socket, its: socket.socket) -> None:
        """The child's whole life. Never returns."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for mine in (self.control, ours):
                mine.close()
            os.close(self.wake)
            os.close(self.waker)
            worker.silence()
            worker.confine(self.config)
            if self.preloaded:
                worker.rehearse(self.config)
            worker.serve(worker.Wire(its.recv_into, its.sendall), self.tasks, self.config)
        finally:
            os._exit(0)

    def reap(self) -> None:
        """Bury the dead and say how they ended: an exit code, or minus the signal."""
        while self.children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self.children.discard(pid)
            self.tell({"event": "exit", "pid": pid, "status": os.waitstatus_to_exitcode(status)})

    def preload(self) -> None:
        """Load what later workers should have at hand and the first answer need not wait for."""
        try:
            worker.preload(self.config)
        except Exception:
            traceback.print_exc()
        gc.collect()
        gc.freeze()
        self.preloaded = True
        self.tell({"event": "preloaded", "threads": threads()})


def main() -> None:
    """Load torch and the tasks, then fork at the server's word."""
    config = json.loads(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGTERM):  # for the server, where they go to all; we end with it
        signal.signal(number, signal.SIG_IGN)
    control = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    load_torch()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        Zygote(control, config).run()
    os._exit(0)  # no time for torch's farewells: whoever waits for us is gone


if __name__ == "__main__":
    main()

"""A worker: one process that answers one request after another, within limits, and leaves nothing behind.

The zygote forks it (`serve` on a socket). Where there is no fork, and for an accelerator, it is a fresh process,
`python -m core.calculator.worker`, and the wire is its standard input and output, moved out of reach of `print`.
"""

from __future__ import annotations

import contextlib
import contextvars
import importlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from core import device, limits
from core.calculator import frames
from core.calculator.torch_start import load_torch

try:
    import resource
except ImportError:  # Windows: the wall is the only limit there
    resource = None

Task = Callable[[dict], tuple[dict, dict[str, bytes]]]
OPEN_FILES = 64
FRAMES = 12  # of a trace
ROOT = Path(__file__).resolve().parents[2]
NO_MEMORY = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "bad_alloc",
    "Cannot allocate memory",
)


class Wire(NamedTuple):
    """The worker's end of the wire."""

    read_into: frames.ReadInto
    write: Callable[[bytes], Any]


def tasks_in(where: str, path: list[str]) -> Mapping[str, Task]:
    """The table of tasks at "module:NAME"; `path` are further folders to look in."""
    return imported(where, path)


def imported(where: str, path: list[str]) -> Any:
    """The object at "module:NAME"."""
    sys.path.extend(folder for folder in path if folder not in sys.path)
    module, name = where.split(":")
    return getattr(importlib.import_module(module), name)


def preload(config: dict[str, Any]) -> None:
    """Load what answers other than the first will want: modules, and whatever the tasks' own `warm()` prepares."""
    for module in config["preload"]:
        importlib.import_module(module)
    warm = getattr(sys.modules[config["tasks"].split(":")[0]], "warm", None)
    if warm is not None:
        warm()


def rehearse(config: dict[str, Any]) -> None:
    """What the preloaded modules do in a worker that was just forked, before its first request. It may fail."""
    for module in config["preload"]:
        with contextlib.suppress(Exception):
            getattr(sys.modules[module], "rehearse", lambda: None)()


def confine(config: dict[str, Any], *, memory: bool = True) -> None:
    """Set the limits that hold for the whole life of this process."""
    import torch

    torch.set_num_threads(config["threads"])
    tempfile.gettempdir()  # finds a folder by writing to it: later imports ask for it, and could not write
    if resource is None:
        return
    lower = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)]
    if memory:  # a CUDA context reserves more addresses than any limit would leave
        room = code_mapped() + config["memory"]
        lower += [(resource.RLIMIT_AS, room), (resource.RLIMIT_NOFILE, OPEN_FILES)]
    for limit, value in lower:
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS knows RLIMIT_AS and refuses to set it
            resource.setrlimit(limit, (value, value))


def code_mapped() -> int:
    """Bytes of address space that this process has mapped and cannot write to: libraries, above all.

    torch for CUDA brings 2.5 GB of them, which take no memory: a limit that counted them left nothing to compute with.
    0 where the kernel does not tell; it has no such limit there.
    """
    try:
        size, *_others, data, _dirty = map(int, Path("/proc/self/statm").read_text().split())
    except OSError:
        return 0
    return (size - data) * resource.getpagesize()


def silence() -> None:
    """Nothing that a task prints goes anywhere: not onto the wire, not into the server's log."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)


def serve(wire: Wire, tasks: Mapping[str, Task], config: dict[str, Any], *, receipts: bool = False) -> None:
    """Answer requests until the other end is closed.

    `receipts`: say when a request is in. A pipe, unlike a socket, does not tell its writer that nobody read it.
    """
    with contextlib.suppress(frames.Closed, BrokenPipeError, ConnectionResetError):
        while True:
            request = frames.read(wire.read_into, max(config["request_bytes"], config["once_bytes"]))
            if receipts:
                wire.write(frames.encode({"got": request.header["id"]}))
            with _watched(request.header):
                reply = answer(request, tasks, config)
            wire.write(reply)


def answer(request: frames.Message, tasks: Mapping[str, Task], config: dict[str, Any]) -> bytes:
    """The bytes of the reply to `request`. Every exception of a task becomes a failure with a code."""
    number, begun = request.header["id"], time.process_time()
    try:
        question = json.loads(request.parts[0])
        start_afresh(config["threads"])
        task = tasks[question["task"]]
        files = dict(zip(question.get("files", ()), request.parts[1:], strict=True))
        arguments = question["arguments"] | ({"files": files} if files else {})
        with limits.scarce() if request.header.get("scarce") else contextlib.nullcontext():
            data, blobs = contextvars.copy_context().run(task, arguments)
        parts = [json.dumps(data).encode(), *(bytes(memoryview(blob)) for blob in blobs.values())]
        if sum(map(len, parts)) > request.header.get("reply_bytes", config["reply_bytes"]):
            return _failure(number, "memory", "reply-size")
        cpu = time.process_time() - begun
        return frames.encode({"id": number, "blobs": list(blobs), "cpu": cpu}, parts)
    except MemoryError:
        return _failure(number, "memory", "MemoryError")
    except Exception as error:
        kind = _kind(error)
        return _failure(number, kind, type(error).__name__, trace(error) if kind == "broken" else [])


def _kind(error: Exception) -> str:
    refused = isinstance(error, (RuntimeError, OSError)) and any(words in str(error) for words in NO_MEMORY)
    return "memory" if refused else "broken"


def trace(error: BaseException) -> list[str]:
    """Where an error came from, "file:line function" each. Not its words: they may repeat what was typed."""
    found = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return [f"{os.path.relpath(one.filename, ROOT)}:{one.lineno} {one.name}"[:200] for one in found]


def _failure(number: int, kind: str, detail: str, frames_of: list[str] = ()) -> bytes:
    return frames.encode({"id": number, "failure": kind, "detail": detail, "trace": list(frames_of)})


def start_afresh(threads: int) -> None:
    """Put back whatever a task before may have changed in this process."""
    import random

    import numpy
    import torch

    torch.set_num_threads(threads)
    torch.default_generator.manual_seed(0)  # 1 µs; torch.manual_seed looks for every kind of device, 100 µs
    if device.current().type != "cpu":
        torch.manual_seed(0)
    random.seed(0)
    numpy.random.seed(0)
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(False)
    torch.set_printoptions(profile="default")
    if torch.get_default_device().type != "cpu":
        torch.set_default_device(None)
    if torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(False)


@contextlib.contextmanager
def _watched(header: dict[str, Any]) -> Iterator[None]:
    """The worker's own limits on one request, for when the server that would kill it is gone."""
    if resource is None:
        timer = threading.Timer(header["wall"] + 1, os._exit, [1])
        timer.daemon = True
        timer.start()
        yield
        timer.cancel()
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (used + header["cpu"], hard))  # SIGXCPU ends the process
    signal.setitimer(signal.ITIMER_REAL, header["wall"] + 1)  # and so does SIGALRM
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)


def _own_pipes() -> Wire:
    """Standard input and output as a wire of our own; what others print goes nowhere."""
    if sys.platform == "win32":
        import msvcrt

        for stream in (0, 1):
            msvcrt.setmode(stream, os.O_BINARY)
    inward, outward = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb", buffering=0)
    for stream, mode in ((0, os.O_RDONLY), (1, os.O_WRONLY)):
        null = os.open(os.devnull, mode)
        os.dup2(null, stream)
        os.close(null)
    return Wire(inward.readinto, lambda data: _write_all(outward, data))


def _write_all(stream: Any, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]


def main() -> None:
    """`python -m core.calculator.worker CONFIG`: a worker of its own, on its standard input and output."""
    config = json.loads(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGTERM):  # for the server, where they go to all; we end with it
        signal.signal(number, signal.SIG_IGN)
    wire = _own_pipes()
    found = device.Device()
    if config["detect"]:
        found = device.Device(**imported(config["detector"], config["path"])(config["device"]).as_dict())
        if found.kind == "cpu":  # nothing here that the pool does not have
            wire.write(frames.encode({"hello": found.as_dict()}))
            return
        device.use(found.kind)
    load_torch()
    tasks = tasks_in(config["tasks"], config["path"])
    if config["preload"]:
        preload(config)
    confine(config, memory=not config["detect"])
    wire.write(frames.encode({"hello": found.as_dict()}))
    silence()
    serve(wire, tasks, config, receipts=True)
    os._exit(0)


if __name__ == "__main__":
    main()

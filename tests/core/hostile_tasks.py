"""Tasks for the calculator's tests: some answer, some really kill, hang or exhaust the process that runs them."""

from __future__ import annotations

import os
import random
import signal
import socket
import sys
import time
from contextvars import ContextVar
from pathlib import Path

import numpy
import torch

from core import device, limits

WORD: ContextVar[str] = ContextVar("word", default="unsaid")
PRELOADED = {"warm": False, "rehearsed": 0}


def warm() -> None:
    """The zygote calls this before it forks the second set of workers."""
    PRELOADED["warm"] = True


def echo(arguments):
    return {"echo": arguments}, {}


def weigh(arguments):
    """The length of each file that came, and what else did."""
    files = arguments.get("files", {})
    return {"lengths": {name: len(data) for name, data in files.items()}, "others": sorted(arguments)}, {}


def double(arguments):
    """A blob of float32s, each twice the number given."""
    values = torch.tensor(arguments["values"], dtype=torch.float32) * 2
    return {"count": values.numel()}, {"values": values.numpy().tobytes()}


def who(arguments):
    """What this process is like."""
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "threads": torch.get_num_threads(),
        "tasks": len(list(Path("/proc/self/task").iterdir())) if Path("/proc/self/task").exists() else 1,
        "main": sys.modules["__main__"].__spec__.name if sys.modules["__main__"].__spec__ else "",
        "sklearn": "sklearn.datasets" in sys.modules,
        "warm": PRELOADED["warm"],
        "rehearsed": PRELOADED["rehearsed"],
        "secret": os.environ.get("ATLAS_TEST_SECRET", ""),
        "descriptors": sorted(int(entry.name) for entry in Path("/proc/self/fd").iterdir())
        if Path("/proc/self/fd").exists()
        else [],
        "device": device.current().type,
    }, {}


def state(arguments):
    """What one request could leave behind for the next one."""
    return {
        "dtype": str(torch.get_default_dtype()),
        "rand": torch.rand(3).tolist(),
        "numpy": numpy.random.rand(),
        "python": random.random(),
        "grad": torch.is_grad_enabled(),
        "threads": torch.get_num_threads(),
        "device": torch.get_default_device().type,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "print": str(torch.tensor([1 / 3])),
        "word": WORD.get(),
    }, {}


def disturb(arguments):
    """Change everything that `state` reports."""
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(123)
    numpy.random.seed(123)
    random.seed(123)
    torch.set_grad_enabled(True)
    torch.set_num_threads(2)
    torch.set_default_device("meta")
    torch.use_deterministic_algorithms(True)
    torch.set_printoptions(precision=2)
    WORD.set("said")
    return {}, {}


def checks_shapes(arguments):
    """What the tensor language does with every expression, and a training step, which imports more of torch."""
    a = torch.ones(3, 4, device="meta")
    shapes = [
        a + a,
        a @ a.mT,
        a @ a[0],
        a.sum(0),
        a.softmax(1),
        torch.einsum("ij,kj->ik", a, a),
        torch.linalg.svd(a)[1],
    ]
    seen = "torch._dynamo" in sys.modules
    if arguments.get("train"):
        with torch.enable_grad():
            layer = torch.nn.Linear(3, 2)
            optimiser = torch.optim.Adam(layer.parameters())
            layer(torch.ones(1, 3)).sum().backward()
            optimiser.step()
    return {"shapes": [list(each.shape) for each in shapes], "dynamo": seen}, {}


def sleep(arguments):
    if "mark" in arguments:
        Path(arguments["mark"]).mkdir()
    time.sleep(arguments["seconds"])
    return {"slept": arguments["seconds"]}, {}


def spin(arguments):
    """CPU time, not wall time."""
    until = time.process_time() + arguments["seconds"]
    while time.process_time() < until:
        pass
    return {"spun": arguments["seconds"]}, {}


def once(arguments):
    """Appends nothing to a file (RLIMIT_FSIZE): counts its runs by making folders."""
    time.sleep(arguments.get("seconds", 0))
    folder = Path(arguments["folder"])
    (folder / f"{os.getpid()}-{time.monotonic_ns()}").mkdir()
    return {"runs": len(list(folder.iterdir()))}, {}


def raises(arguments):
    raise {"value": ValueError, "memory": MemoryError, "exit": SystemExit}[arguments["what"]](
        "/etc/secret/path"
    )


def prints(arguments):
    for _ in range(20_000):
        print("ATL1" * 20)
    print("err" * 10_000, file=sys.stderr, flush=True)
    os.write(1, b"raw" * 10_000)
    return {"printed": True}, {}


def writes_file(arguments):
    with Path(arguments["path"]).open("wb") as file:
        file.write(b"x")
    return {}, {}


def opens_files(arguments):
    files = [Path(os.devnull).open() for _ in range(200)]  # noqa: SIM115
    return {"open": len(files)}, {}


def large(arguments):
    return {}, {"block": bytes(arguments["bytes"])}


def large_data(arguments):
    return {"block": "x" * arguments["bytes"]}, {}


def nested(arguments):
    """A reply whose JSON nests too deep for any parser, and is sent all the same."""
    return _forge(b"ATL1", b'{"id": %d, "blobs": []' % arguments.get("id", 0), b"[" * 100_000)


def not_data(arguments):
    return {"tensor": torch.ones(2)}, {}


def not_bytes(arguments):
    return {}, {"blob": 5}


def _wire() -> int:
    """The descriptor that leads to the server."""
    for number in range(3, 64):
        try:
            with socket.socket(fileno=os.dup(number)):
                return number
        except OSError:
            continue
    raise LookupError("no socket")


def _forge(magic, header, body):
    import struct

    frame = struct.pack(">4sIQ", magic, len(header), len(body)) + header + body
    os.write(_wire(), frame)
    time.sleep(5)


def forges(arguments):
    """Writes straight onto the wire, as code that took over a worker would."""
    return _forge(
        arguments["magic"].encode(),
        arguments["header"].encode(),
        arguments.get("text", "x" * arguments.get("body", 0)).encode(),
    )


def lies_about_length(arguments):
    import struct

    os.write(_wire(), struct.pack(">4sIQ", b"ATL1", 100, arguments["length"]))
    time.sleep(5)


def talks_after(arguments):
    """Answers, and then a thread of it goes on talking."""
    import threading

    wire = _wire()
    threading.Timer(0.2, os.write, [wire, b"more"]).start()
    return {"pid": os.getpid()}, {}


def ends(arguments):
    os._exit(arguments["code"])


def pulse(arguments):
    """What the health asks: this worker dies of it."""
    os._exit(1)


def signals(arguments):
    os.kill(os.getpid(), getattr(signal, arguments["name"]))
    time.sleep(5)


def burns_cpu_and_ignores(arguments):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        pass


# ---- HOSTILE.md's torch lines


def div_trunc(arguments):
    smallest = torch.iinfo(torch.int32).min if arguments["bits"] == 32 else torch.iinfo(torch.int64).min
    dtype = torch.int32 if arguments["bits"] == 32 else torch.int64
    result = torch.div(torch.tensor([smallest], dtype=dtype), -1, rounding_mode="trunc")
    return {"result": result.tolist()}, {}


def div_scalar_tensor(arguments):
    a = torch.tensor(torch.iinfo(torch.int64).min)
    return {"result": torch.div(a, torch.tensor(-1), rounding_mode="trunc").tolist()}, {}


def range_int(arguments):
    return {"result": torch.range(0, 10, 0.5, dtype=torch.int64).tolist()}, {}


def sparse_dense(arguments):
    a = torch.sparse_coo_tensor([[10_000_000], [0]], [1.0], (2, 2), check_invariants=False)
    return {"result": a.to_dense().tolist()}, {}


def sparse_csr_dense(arguments):
    a = torch.sparse_csr_tensor([0, 1, 2], [0, 1_000_000_000], [1.0, 2.0], (2, 2), check_invariants=False)
    return {"result": a.to_dense().tolist()}, {}


def expand_sum(arguments):
    return {"result": torch.ones(1).expand(10**9, 10**3).sum().item()}, {}


def binomial_nan(arguments):
    return {"result": torch.binomial(torch.tensor([float("nan")]), torch.tensor([0.5])).tolist()}, {}


def zeros(arguments):
    return {"sum": torch.zeros(arguments["elements"]).sum().item()}, {}


def ones_tolist(arguments):
    return {"length": len(torch.ones(arguments["elements"]).tolist())}, {}


def many_axes(arguments):
    return {"axes": torch.zeros((1,) * arguments["axes"]).dim()}, {}


def pow_overflow(arguments):
    return {"result": torch.pow(torch.tensor(2), 10**18).item()}, {}


def limited(arguments):
    """Refuses more elements than the limits allow, as the tensor language does."""
    if arguments["elements"] > limits.current().elements:
        return {"problem": {"rule": "too-many-elements"}}, {}
    return {"elements": arguments["elements"]}, {}


def on_device(arguments):
    """Where it ran; on an accelerator it can be told to fail in several ways."""
    where = device.current().type
    if where != "cpu" and arguments.get("fail") == "die":
        os._exit(3)
    if where != "cpu" and arguments.get("fail") == "hang":
        time.sleep(30)
    if where != "cpu" and arguments.get("fail") == "raise":
        raise RuntimeError("CUDA error: device-side assert triggered")
    if arguments.get("fail") == "always":
        raise ValueError
    return {"where": where, "pid": os.getpid()}, {}


TASKS = {
    name: thing for name, thing in list(globals().items()) if callable(thing) and not name.startswith("_")
}


# ---- detectors


def fake_cuda(choice):
    return device.Device("cuda", "Pretended GPU", choice)


def no_accelerator(choice):
    return device.Device(asked=choice, note=device.MISSING)


def deadly(choice):
    os._exit(4)

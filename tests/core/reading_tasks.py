"""Tasks for the files' tests: a worker that reads a file as the pages do, and says how much memory it took."""

from __future__ import annotations

import resource

from core import files


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def read(arguments):
    try:
        found = files.read(arguments["files"]["file"])
    except files.FileError as error:
        return {"sentence": error.sentence, "megabytes": _megabytes()}, {}
    return {"kind": found.kind, "megabytes": _megabytes()}, {}


def take(arguments):
    block = bytearray(arguments["megabytes"] * 1_000_000)
    block[::4096] = bytes(len(block[::4096]))
    return {"megabytes": _megabytes()}, {}


TASKS = {"read": read, "take": take}

"""Exports that end their worker, for the tests of what is said then."""

from __future__ import annotations

import os
import signal
from typing import Any


def die(arguments: dict[str, Any]) -> None:
    """As an encoder does that reads beyond its memory."""
    os.kill(os.getpid(), signal.SIGSEGV)


def steps(arguments: dict[str, Any]) -> tuple[dict, dict[str, bytes]]:
    """One that does not."""
    return {}, {"file": b"zip"}


def large(arguments: dict[str, Any]) -> tuple[dict, dict[str, bytes]]:
    """A file that is large for a test."""
    return {}, {"file": bytes(5_000)}


TASKS = {"film": die, "steps": steps, "large": large}

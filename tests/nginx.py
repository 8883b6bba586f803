"""Finds nginx, or installs it. Standard library only."""

from __future__ import annotations

from collections.abc import Callable

from deploy import proxy

MISSING = (
    "The tests of deploy/ need nginx, and it could not be installed. "
    "On Debian and Ubuntu: sudo apt-get install nginx-light; on macOS: brew install nginx."
)


def find() -> str:
    """Its path; "" where there is none."""
    return proxy.program()


def install(as_root: Callable[[list[str]], bool]) -> str:
    """Install it by apt-get, without starting it. Returns its path, or ""."""
    print("Installing nginx …", flush=True)
    if as_root(["apt-get", "update", "-qq"]):
        as_root(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nginx-light"])
    return find()

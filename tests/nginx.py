"""Finds nginx, or installs it. Standard library only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin")  # not in everyone's PATH
MISSING = (
    "The tests of deploy/ need nginx, and it could not be installed. "
    "On Debian and Ubuntu: sudo apt-get install nginx-light; on macOS: brew install nginx."
)


def find() -> str:
    """Its path, with its folder in PATH from now on; "" where there is none."""
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", ""), *FOLDERS])
    return shutil.which("nginx") or ""


def install(as_root: Callable[[list[str]], bool]) -> str:
    """Install it by apt-get, without starting it. Returns its path, or ""."""
    print("Installing nginx …", flush=True)
    if as_root(["apt-get", "update", "-qq"]):
        as_root(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nginx-light"])
    return find()

#!/usr/bin/env python3
"""The test command: `python3 tests/run.py [pytest arguments]`. Installs what is needed, then lint and every test.

As many tests run side by side as there are cores, up to four; `-n 0` runs one after the other in this process.
Only the standard library. A Chrome or Chromium is found (or the variable CHROME names it) or installed, and nginx.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / ".ci"), str(ROOT / "tests"), str(ROOT)]

import chrome  # noqa: E402
import nginx  # noqa: E402
import start  # noqa: E402


def main(arguments: list[str]) -> int:
    """The first failure's exit status, or 0."""
    python = start.environment(ROOT / "tests" / "requirements.txt")
    found = chrome.find() or chrome.install(python, start.as_root)
    if not found:
        print("No Chrome or Chromium could be found or installed; name one in the variable CHROME.")
        return 1
    print(f"Chromium: {found}", flush=True)
    if not (nginx.find() or nginx.install(start.as_root)):
        print(nginx.MISSING)
        return 1
    env = {**os.environ, "CHROME": found, "PYTHONPATH": str(ROOT)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # some hundred processes would compile the atlas again
    tests = ["pytest", "-v", "-n", str(min(4, os.cpu_count() or 1)), *arguments]
    for command in (["ruff", "check", "."], ["ruff", "format", "--check", "."], tests):
        print(f"$ {' '.join(command)}", flush=True)
        status = subprocess.run([python, "-m", *command], cwd=ROOT, env=env).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""Starts Tensor Atlas: `python3 .ci/start.py [port]`. Makes .venv and installs what is needed the first time.

Only the standard library: it must run before anything is installed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
OLDEST = (3, 11)
PACKAGES = "import sysconfig; print(sysconfig.get_path('purelib'))"
WITHOUT_VENV = (
    "This Python cannot make a virtual environment. On Debian or Ubuntu: sudo apt-get install python3-venv"
)


def python_of(venv: Path) -> Path:
    """The interpreter inside a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment(requirements: Path, venv: Path = VENV) -> Path:
    """The interpreter of a virtual environment in which `requirements` are installed; made and filled if need be."""
    if sys.version_info < OLDEST:
        raise SystemExit(
            f"Tensor Atlas needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}."
        )
    if not _works(venv):
        _make(venv)
    wanted = _digest(requirements)
    stamp = venv / f"installed-{requirements.parent.name}.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"Installing {requirements.relative_to(ROOT)} into {venv.name} …", flush=True)
        install = [
            python_of(venv),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-compile",
            "-r",
            requirements,
        ]
        subprocess.run(install, check=True, cwd=ROOT)
        _compile(python_of(venv))
        stamp.write_text(wanted, encoding="utf-8")
    return python_of(venv)


def _compile(python: Path) -> None:
    """What pip does on one core, on all of them, and without other projects' tests: a third of the time.

    What cannot be compiled (files for another Python) is left as it is.
    """
    folder = subprocess.run(
        [python, "-c", PACKAGES], capture_output=True, text=True, check=True
    ).stdout.strip()
    subprocess.run(
        [python, "-m", "compileall", "-q", "-j", "0", "-x", r"[/\\]tests?[/\\]", folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _digest(requirements: Path) -> str:
    """Changes with the file and with the runtime requirements that it may include."""
    texts = (path.read_bytes() for path in (requirements, ROOT / "requirements.txt"))
    return hashlib.sha256(b"".join(texts)).hexdigest()


def _works(venv: Path) -> bool:
    python = python_of(venv)
    return (
        python.exists()
        and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
    )


def _make(venv: Path) -> None:
    """A fresh environment with pip, by venv, else virtualenv, else after apt-get where that is allowed."""
    if _try([sys.executable, "-m", "venv", "--clear", str(venv)]):
        return
    if shutil.which("virtualenv") and _try(["virtualenv", "--clear", "-p", sys.executable, str(venv)]):
        return
    installed = as_root(["apt-get", "update", "-qq"]) and as_root(
        ["apt-get", "install", "-y", "-qq", "python3-venv"]
    )
    if installed and _try([sys.executable, "-m", "venv", "--clear", str(venv)]):
        return
    raise SystemExit(WITHOUT_VENV)


def as_root(command: list[str]) -> bool:
    """Run a command of the system's package manager, where it exists and no password is needed."""
    if not shutil.which(command[0]):
        return False
    if os.name != "nt" and os.geteuid() != 0:
        if not shutil.which("sudo"):
            return False
        command = ["sudo", "-n", *command]
    return _try(command, {**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def _try(command: list[str], env: dict[str, str] | None = None) -> bool:
    try:
        return subprocess.run(command, env=env, stdout=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def main() -> int:
    """Install if need be, then serve until interrupted."""
    python = environment(ROOT / "requirements.txt")
    port = sys.argv[1] if len(sys.argv) > 1 else "8501"
    print(f"Tensor Atlas: http://localhost:{port}", flush=True)
    command = [python, "-m", "streamlit", "run", ROOT / "app.py", "--server.port", port]
    try:
        return subprocess.run(command, cwd=ROOT).returncode
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

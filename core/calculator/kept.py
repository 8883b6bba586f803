"""Answers to the catalogue's own questions, kept on disk: the first picture after a start waits for no torch.

Only what a caller marks with `keep` comes here: an operation or an example on its own defaults. Never anything typed.
A file is a frame (JSON header, raw parts) with a digest of its own; one that is torn, foreign or unreadable is as
good as none, and a folder that cannot be written is a slower start and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
import tempfile
from functools import cache
from importlib import metadata
from io import BytesIO
from pathlib import Path

from core.calculator import frames

VARIABLE = "ATLAS_CACHE"  # a folder, or "off"
OFF = ("off", "0", "none", "no")
CORE = Path(__file__).resolve().parents[1]
# What decides about numbers, words and pictures beside our own sources.
DISTRIBUTIONS = ("numpy", "plotly", "scikit-learn", "torch")
FILE_BYTES = 4 << 20
FOLDER_BYTES = 64 << 20
ENDING = ".answer"


def place() -> str:
    """The folder that the environment asks for; the user's own cache folder; "" where nothing is to be kept."""
    asked = os.environ.get(VARIABLE, "").strip()
    if asked.lower() in OFF:
        return ""
    with contextlib.suppress(RuntimeError):  # no home
        return str(Path(asked).expanduser().absolute() if asked else _caches() / "tensor-atlas")
    return ""


def _caches() -> Path:
    """Where programs of this system keep what they can make again."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"


@cache
def _versions() -> str:
    found = dict.fromkeys(DISTRIBUTIONS, "")
    for name in found:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return f"{found} {sys.version_info[:3]} {sys.platform}"


def stamp(core: Path = CORE) -> str:
    """A digest of every file under core/ and of what it stands on: another one, and nothing kept counts any more."""
    digest = hashlib.sha256(_versions().encode())
    for folder, inner, names in os.walk(core):
        inner[:] = sorted(name for name in inner if name != "__pycache__")
        for name in sorted(names):
            content = Path(folder, name).read_bytes()
            place = Path(folder, name).relative_to(core).as_posix()
            digest.update(f"\0{place}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


class Kept:
    """The kept answers in one folder, "" for none. An answer is a tuple of bytes. Nothing here ever raises OSError."""

    def __init__(self, folder: str, more: str = "") -> None:
        self.folder = Path(folder) if folder else None
        self.more = more  # whatever else an answer hangs on
        self._stamp: str | None = None

    def get(self, key: str) -> tuple[bytes, ...] | None:
        """The answer kept under `key` by this very version of the atlas."""
        if self.folder is None:
            return None
        try:
            path = self._path(key)
            if not _own(self.folder.stat()):
                return None
            with path.open("rb") as file:
                content = file.read(FILE_BYTES + 1)
        except OSError:
            return None
        return _read(content, self._name(key))

    def put(self, key: str, parts: tuple[bytes, ...]) -> bool:
        """Keep an answer; True when it is on disk. It is not kept if core/ has changed since the first question."""
        if self.folder is None or len(parts) > frames.PARTS:
            return False
        try:
            path = self._path(key)
            if stamp() != self._stamp:  # the workers may have loaded the one or the other
                return False
            content = frames.encode({"name": self._name(key), "digest": _digest(parts)}, parts)
            if len(content) > FILE_BYTES:
                return False
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _own(self.folder.stat()):
                return False
            _make_room(self.folder, FOLDER_BYTES - len(content))
            _write(path, content)
        except OSError:
            return False
        return True

    def _name(self, key: str) -> str:
        if self._stamp is None:
            self._stamp = stamp()
        return hashlib.sha256(f"{self._stamp}\0{self.more}\0{key}".encode()).hexdigest()

    def _path(self, key: str) -> Path:
        return self.folder / (self._name(key) + ENDING)


def _own(found: os.stat_result) -> bool:
    """A folder of this user's that no one else can write to: a page shows what lies in it."""
    if not hasattr(os, "getuid"):  # Windows: the profile's own folder
        return True
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _digest(parts: tuple[bytes, ...]) -> str:
    lengths = repr([len(part) for part in parts]).encode()
    return hashlib.sha256(b"".join([lengths, *parts])).hexdigest()


def _read(content: bytes, name: str) -> tuple[bytes, ...] | None:
    """The answer in a file; None unless it is whole and the one that was asked for."""
    source = BytesIO(content)
    try:
        message = frames.read(source.readinto, FILE_BYTES)
    except (frames.Corrupt, frames.Closed):
        return None
    whole = source.tell() == len(content) and message.header.get("digest") == _digest(message.parts)
    return message.parts if whole and message.header.get("name") == name else None


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing: a reader never meets half a file."""
    handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".draft")  # readable by this user alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(draft).unlink()
        raise


def _make_room(folder: Path, limit: int) -> None:
    """Take away the oldest files until at most `limit` bytes are left; only files of ours are counted or touched."""
    ours = [path for path in folder.iterdir() if path.suffix in (ENDING, ".draft")]
    found = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in ours)
    size = sum(one for _time, one, _path in found)
    for _time, one, path in found:
        if size <= limit:
            return
        path.unlink(missing_ok=True)
        size -= one

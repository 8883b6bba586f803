"""Fuzzes the file readers: `python tests/fuzz/files.py [seconds] [folder]`. Says how many inputs, and what was found.

With atheris (Linux) the search follows the branches of core.files; without it, and with `--plain`, valid files are
changed at random. A finding is anything but an answer or a FileError on purpose; its input is kept in `folder`.
A reader that ends the process, or takes 10 s or 2 GB, is a finding too: the search runs in a child.
"""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1] / "core")]

# An input that begins so is the list of contents of a checkpoint, whose zip is made here.
PROGRAMS = {b"PKL0": "pt", b"PKL1": "pt-lone"}
SECONDS = 300
SLOW, MEGABYTES = 10, 2_000


def corpus() -> list[bytes]:
    """Valid files of every format, and the inside of the checkpoints: in their zip, a checksum hides it."""
    import sample_files

    inside = [mark + sample_files.program(key) for mark, key in PROGRAMS.items()]
    return [*sample_files.valid().values(), *inside]


def whole(data: bytes) -> bytes:
    """The file that an input stands for."""
    import sample_files

    key = PROGRAMS.get(data[:4])
    return sample_files.with_program(key, data[4:]) if key else data


class Target:
    """Reads one input after another and remembers what went wrong, each kind once."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.inputs, self.answers, self.found = folder, 0, 0, {}

    def __call__(self, data: bytes) -> None:
        """Read one input."""
        from core import files

        self.inputs += 1
        begun = time.monotonic()
        try:
            self._look(files.read(whole(data)))
        except files.FileError as error:
            if error.__cause__ is not None:
                self._keep(data, error.__cause__)
        except Exception as error:
            self._keep(data, error)
        if time.monotonic() - begun > 2:
            self._keep(data, TimeoutError("more than two seconds"))

    def _look(self, read: object) -> None:
        from core.limits import HOSTED

        self.answers += 1
        assert read.tensors, "an answer without a tensor"
        for one in read.tensors:
            assert one.tensor.is_contiguous() and one.tensor.numel() <= HOSTED.elements, "not as promised"
            assert one.name.isidentifier() and one.key.isprintable(), "not as promised"

    def _keep(self, data: bytes, error: BaseException) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
        where = f"{type(error).__name__} {error} {place.filename}:{place.lineno}" if place else repr(error)
        if where not in self.found:
            name = hashlib.sha256(data).hexdigest()[:16]
            (self.folder / name).write_bytes(data)
            self.found[where] = name
            print(f"FOUND {where} in {name}", flush=True)

    def report(self, how: str) -> None:
        """One line at the end."""
        print(
            f"DONE {how}: {self.inputs} inputs, {self.answers} read, {len(self.found)} findings", flush=True
        )


def plainly(target: Target, seconds: float) -> None:
    """Valid files, changed at random."""
    from test_files_hostile import mutated

    seeds, chance, until = corpus(), random.Random(0), time.monotonic() + seconds
    while time.monotonic() < until:
        target(mutated(chance.choice(seeds), chance))
    target.report("random changes")


def guided(target: Target, seconds: float) -> None:
    """By atheris: libFuzzer keeps what reaches a new branch of core.files."""
    import atheris

    with atheris.instrument_imports(include=["core.files"], enable_loader_override=False):
        from core import files

        files.read(b"1")
    from test_files_hostile import mutated

    def change(data: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        return mutated(data, chance)[:most] if data and chance.random() < 0.5 else atheris.Mutate(data, most)

    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(corpus()):
            (Path(folder) / str(number)).write_bytes(data)
        options = [
            sys.argv[0], folder, f"-max_total_time={int(seconds)}", "-max_len=8192", f"-timeout={SLOW}",
            f"-rss_limit_mb={MEGABYTES}", f"-artifact_prefix={target.folder}/", "-print_final_stats=0", "-verbosity=0",
        ]  # fmt: skip
        until = time.monotonic() + seconds - 2

        def step(data: bytes) -> None:
            target(data)
            if time.monotonic() > until:  # libFuzzer ends the process: the report comes first
                target.report("atheris")
                os._exit(0)

        atheris.Setup(options, step, custom_mutator=change)
        atheris.Fuzz()


def search(how: Callable[[Target, float], None], seconds: float, folder: Path) -> None:
    """The child's part."""
    import warnings

    warnings.simplefilter("ignore")
    how(Target(folder), seconds)


def main() -> int:
    """Search in a child, and say how it ended."""
    plain = "--plain" in sys.argv
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    seconds = float(words[0]) if words else SECONDS
    folder = Path(words[1]) if len(words) > 1 else Path(tempfile.mkdtemp(prefix="atlas-fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    if "--child" in sys.argv:
        search(plainly if plain else guided, seconds, folder)
        return 0
    if not plain:
        try:
            import atheris  # noqa: F401
        except ImportError:
            plain = True
    command = [
        sys.executable,
        str(HERE),
        str(seconds),
        str(folder),
        "--child",
        *(["--plain"] if plain else []),
    ]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FOUND", "DONE"))]
    if done.returncode or not any(line.startswith("DONE") for line in lines):
        lines.append(f"FOUND the process ended with {done.returncode}: " + done.stdout[-2_000:])
    print("\n".join([*lines, f"Inputs of findings: {folder}"]))
    return int(any(line.startswith("FOUND") for line in lines))


if __name__ == "__main__":
    sys.exit(main())

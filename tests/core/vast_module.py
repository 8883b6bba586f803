"""The hostile tasks, in a process that maps 6 GiB which it can only read, as the libraries of torch for CUDA do."""

import mmap
import tempfile

from hostile_tasks import TASKS

__all__ = ["TASKS"]

with tempfile.TemporaryFile() as file:
    file.truncate(6 << 30)  # holes: it takes no room
    MAPPED = mmap.mmap(file.fileno(), 6 << 30, prot=mmap.PROT_READ)

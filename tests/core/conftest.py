"""What the tests of the core share: torch as a worker has it."""

from __future__ import annotations

import torch

# As in core/calculator/zygote.py. Two threads that wait for each other on a busy machine take twenty times as long.
torch.set_num_threads(1)

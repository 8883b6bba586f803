"""The page of batched-matmul."""

from core.ops.batched_matmul import BATCHED_MATMUL
from pages.shared.lesson import show_operation

show_operation(BATCHED_MATMUL)

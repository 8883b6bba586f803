"""The page of hadamard."""

from core.ops.hadamard import HADAMARD
from pages.shared.lesson import show_operation

show_operation(HADAMARD)

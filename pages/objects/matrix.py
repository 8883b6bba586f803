"""The page of matrix."""

from core.ops.matrix import MATRIX
from pages.shared.lesson import show_operation

show_operation(MATRIX)

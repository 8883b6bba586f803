"""The page of matrix-vector."""

from core.ops.matrix_vector import MATRIX_VECTOR
from pages.shared.lesson import show_operation

show_operation(MATRIX_VECTOR)

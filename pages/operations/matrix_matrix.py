"""The page of matrix-matrix."""

from core.ops.matrix_matrix import MATRIX_MATRIX
from pages.shared.lesson import show_operation

show_operation(MATRIX_MATRIX)

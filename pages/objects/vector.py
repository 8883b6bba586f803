"""The page of vectors."""

from core.ops.vector import VECTOR
from pages.shared.lesson import show_operation

show_operation(VECTOR)

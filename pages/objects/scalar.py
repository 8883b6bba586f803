"""The page of scalars."""

from core.ops.scalar import SCALAR
from pages.shared.lesson import show_operation

show_operation(SCALAR)

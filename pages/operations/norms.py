"""The page of norms."""

from core.ops.norms import NORMS
from pages.shared.lesson import show_operation

show_operation(NORMS)

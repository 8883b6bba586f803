"""The page of reduction."""

from core.ops.reduction import REDUCTION
from pages.shared.lesson import show_operation

show_operation(REDUCTION)

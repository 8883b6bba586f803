"""The page of tensor."""

from core.ops.tensor import TENSOR
from pages.shared.lesson import show_operation

show_operation(TENSOR)

"""The page of dot-product."""

from core.ops.dot_product import DOT_PRODUCT
from pages.shared.lesson import show_operation

show_operation(DOT_PRODUCT)

"""The page of broadcasting."""

from core.ops.broadcasting import BROADCASTING
from pages.shared.lesson import show_operation

show_operation(BROADCASTING)

"""The page of describing-the-world."""

from core.ops.describing_the_world import DESCRIBING_THE_WORLD
from pages.shared.lesson import show_operation

show_operation(DESCRIBING_THE_WORLD)

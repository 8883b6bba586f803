"""The page on which figures that were collected become a deck of slides."""

from pages.shared.slides_desk import show_slides

show_slides()

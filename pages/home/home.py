"""The first page: what this is, and a picture of every concept that leads to it."""

from pages.shared.home import show_home

show_home()

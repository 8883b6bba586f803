"""The page on which tensors are built, loaded, looked at and kept."""

from pages.shared.tensors import show_tensors

show_tensors()

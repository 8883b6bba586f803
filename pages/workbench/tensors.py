"""The page on which tensors are built, loaded, looked at and kept."""

from pages.shared.tensor_desk import show_tensors

show_tensors()

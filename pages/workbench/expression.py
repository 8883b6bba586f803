"""The page on which a line of tensor code, or a few, is explained node by node."""

from pages.shared.expression_desk import show_expression

show_expression()

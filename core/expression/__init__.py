"""The tensor language: text -> checked tree -> shapes on the meta device -> tensor.

tree = parse("A @ B")                     # core/expression/grammar.py: no torch, no values
node = check(tree, names={...})           # every part with its shape and dtype; nothing allocated
tensor = evaluate(node)                   # the numbers
"""

from core.expression.check import Node, check, evaluate
from core.expression.errors import ExpressionError
from core.expression.grammar import Part, parse

__all__ = ["ExpressionError", "Node", "Part", "check", "evaluate", "parse"]

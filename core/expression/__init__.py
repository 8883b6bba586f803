"""The tensor language: text -> checked tree -> shapes on the meta device -> tensor.

tree = parse("A @ B")                     # core/expression/grammar.py: no torch, no values
node = check(tree, names={...})           # every part with its shape and dtype; nothing allocated
tensor = evaluate(node)                   # the numbers

A few lines go the same way: parse_program, check_program, evaluate_program.
"""

from core.expression.check import Node, check, check_program, evaluate, evaluate_program
from core.expression.errors import ExpressionError
from core.expression.grammar import Part, parse
from core.expression.program import Line, Program, parse_program

__all__ = [
    "ExpressionError",
    "Line",
    "Node",
    "Part",
    "Program",
    "check",
    "check_program",
    "evaluate",
    "evaluate_program",
    "parse",
    "parse_program",
]

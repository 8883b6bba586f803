"""A text of the tensor language as plain torch code, for the code that a page shows: it has to run alone."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from core.expression.table import ATTRIBUTES, CONSTANTS, FUNCTIONS, METHODS

SEED = 0  # what a random call without `seed=` starts from here
_OPERANDS = (ast.BinOp, ast.UnaryOp, ast.Attribute, ast.Subscript, ast.Expression)


class _Untold(Exception):
    """Something that only the atlas knows: its own helpers, other notations."""


def as_torch(text: str, known: Callable[[str], str] | None = None) -> str | None:
    """`text`, already read without error, as an expression of torch alone; None where that is not possible.

    `known` writes what only the atlas has, such as "rotation(degrees=30)", as nested lists of its numbers.

    >>> as_torch("randn(2, 3, seed=7).T")
    'torch.randn(2, 3, generator=torch.Generator().manual_seed(7)).T'
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
        return ast.unparse(ast.fix_missing_locations(_Torch(known).visit(tree)))
    except (_Untold, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Torch(ast.NodeTransformer):
    """Bare names get their torch path, seeds become generators, lists that are operands become tensors."""

    def __init__(self, known: Callable[[str], str] | None) -> None:
        self._known = known

    def generic_visit(self, node: ast.AST) -> ast.AST:
        known = (
            ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Attribute, ast.Subscript, ast.Slice, ast.Tuple,
            ast.List, ast.Constant, ast.Name, ast.keyword, ast.operator, ast.unaryop, ast.Load, ast.Compare, ast.cmpop,
        )  # fmt: skip
        if not isinstance(node, known):
            raise _Untold
        if isinstance(node, _OPERANDS):
            for field, child in ast.iter_fields(node):
                if isinstance(child, ast.List):
                    setattr(node, field, _call("torch.tensor", child))
        return super().generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = _dotted(node.func)
        generator: list[ast.keyword] = []
        if name in FUNCTIONS:
            entry = FUNCTIONS[name]
            if not entry.path.startswith("torch."):
                if self._known is None:
                    raise _Untold
                return _call("torch.tensor", ast.parse(self._known(ast.unparse(node)), mode="eval").body)
            node.func = ast.parse(entry.path, mode="eval").body
            generator = _generator(node, entry.parameters)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            if isinstance(node.func.value, ast.List):
                node.func.value = _call("torch.tensor", node.func.value)
            node.func.value = self.visit(node.func.value)
        else:
            raise _Untold
        node.args = [self.visit(argument) for argument in node.args]
        node.keywords = [*(self.visit(keyword) for keyword in node.keywords), *generator]
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if _dotted(node) in CONSTANTS:
            return _constant(_dotted(node))
        if node.attr not in ATTRIBUTES:
            raise _Untold
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in CONSTANTS:
            return _constant(node.id)
        if node.id in ("torch", "True", "False", "None"):
            return node
        raise _Untold


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        lead = _dotted(node.value)
        return f"{lead}.{node.attr}" if lead else ""
    return ""


def _constant(name: str) -> ast.AST:
    """A dtype by torch's name for it, a number as a number."""
    value = CONSTANTS[name]
    text = repr(value) if isinstance(value, float) and math.isfinite(value) else str(value)
    return ast.parse(f"float('{text}')" if text in ("inf", "nan") else text, mode="eval").body


def _call(path: str, argument: ast.expr) -> ast.Call:
    return ast.Call(func=ast.parse(path, mode="eval").body, args=[argument], keywords=[])


def _generator(node: ast.Call, parameters: tuple) -> list[ast.keyword]:
    """`seed=7`, taken out of the call, as the generator that the evaluator makes of it; also where none was written."""
    if "seed" not in {parameter.name for parameter in parameters}:
        return []
    written = [keyword.value for keyword in node.keywords if keyword.arg == "seed"]
    node.keywords = [keyword for keyword in node.keywords if keyword.arg != "seed"]
    made = ast.parse("torch.Generator().manual_seed(0)", mode="eval").body
    made.args = written or [ast.Constant(SEED)]
    return [ast.keyword(arg="generator", value=made)]

"""From text to a tree of parts: Python's parser reads it, and only the forms named here are taken over."""

from __future__ import annotations

import ast
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from core.expression import numbers
from core.expression.errors import ExpressionError
from core.expression.forms import normalise
from core.expression.source import Source, readable
from core.expression.tokens import tokenize, too_deep
from core.limits import Limits, current
from core.words import _

ROOTS = {"torch", "np", "numpy", "math", "F", "nn", "linalg"}  # names that only lead to a dotted name
SIGNS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.USub: "-",
    ast.UAdd: "+",
    ast.Invert: "~",
}
BINDING = {  # how tightly each sign binds
    **dict.fromkeys(["<", "<=", ">", ">=", "==", "!="], 1),
    **{"|": 2, "^": 3, "&": 4, "+": 5, "-": 5},
    **dict.fromkeys(["*", "/", "//", "%", "@"], 6),
    "**": 8,
}
BEFORE = 7  # how tightly a sign before a value binds: -x**2 is -(x**2), -x * y is (-x) * y
DEEP = 3  # levels of the tree for one level of brackets: a power in a product in a sum


@dataclass(frozen=True)
class Part:
    """One part of a line, before its shape is known.

    `kind` is literal (numbers in brackets), number, text, constant, list, tuple, slice, name, operator, call, method,
    attribute or index; `name` is the operator's sign, or the function, method, attribute or variable; `keywords`
    stands beside `children`, with "" for an argument without a name; `start` and `end` are offsets in the typed
    text; `value` is what a number, text, constant or literal is worth; `order` counts calls from 0.
    """

    kind: str
    text: str
    start: int
    end: int
    name: str = ""
    children: tuple[Part, ...] = ()
    keywords: tuple[str, ...] = ()
    value: Any = None
    order: int = 0


@dataclass
class Counted:
    """What was met so far: over several lines the parts and the calls are counted through."""

    parts: int = 0
    calls: int = 0


def parse(
    text: str, limits: Limits | None = None, names: Container[str] = (), counted: Counted | None = None
) -> Part:
    """The tree of `text`; raises ExpressionError, and nothing else, for what is not in the language."""
    limits = limits or current()
    source = normalise(readable(text, limits))  # errors in here are placed in the typed text already
    try:
        tokenize(source.text, limits)
        return _Reader(text, source, limits, names, counted or Counted()).read()
    except ExpressionError as error:
        if error.start is not None:
            start, end = source.place(error.start, error.end)
            error.start, error.end = min(start, len(text)), min(end, len(text))
        raise


class _Reader:
    """Walks Python's tree once; offsets of errors and parts are those of the rewritten source until `_part`."""

    def __init__(
        self, typed: str, source: Source, limits: Limits, names: Container[str], counted: Counted
    ) -> None:
        self.typed = typed
        self.source = source
        self.limits = limits
        self.names = names
        self.counted = counted
        self.lead = len(source.text) - len(source.text.lstrip())

    def read(self) -> Part:
        text = self.source.text
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except SyntaxError as error:
            place = self.lead + min(max((error.offset or 1) - 1, 0), len(text))
            sentence = _("This is not a complete expression.")
            raise ExpressionError(sentence, "", place, place + 1, "syntax") from None
        except (ValueError, MemoryError, RecursionError, OverflowError):
            raise too_deep(0, len(text), self.limits) from None
        return self.part(tree.body, 0)

    def part(self, node: ast.AST, level: int) -> Part:
        """The part of `node`. The left spine (a + b + c, x.T.sum()) is walked in a loop: it may be long."""
        if level > DEEP * self.limits.depth:
            raise too_deep(*self._span(node), self.limits)
        spine = [node]
        while (left := self._left(spine[-1])) is not None:
            spine.append(left)
        found = self._leaf(spine.pop(), level)
        while spine:
            found = self._around(spine.pop(), found, level + 1)
        return found

    def _left(self, node: ast.AST) -> ast.AST | None:
        """The child at which the spine of `node` goes on."""
        if isinstance(node, ast.BinOp | ast.Compare):
            return node.left
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and not self._dotted(node.func)
        ):
            return node.func.value
        if isinstance(node, ast.Attribute) and not self._dotted(node):
            return node.value
        return node.value if isinstance(node, ast.Subscript) else None

    def _dotted(self, node: ast.AST) -> str:
        """ "torch.linalg.det" for a chain of names that begins at a root, else ""."""
        words = []
        while isinstance(node, ast.Attribute):
            words.append(node.attr)
            node = node.value
        rooted = isinstance(node, ast.Name) and node.id in ROOTS and node.id not in self.names
        return ".".join([node.id, *reversed(words)]) if rooted else ""

    # Where a part stands

    def _span(self, node: ast.AST) -> tuple[int, int]:
        return node.col_offset + self.lead, node.end_col_offset + self.lead

    def _part(self, kind: str, node: ast.AST, **more: Any) -> Part:
        self.counted.parts += 1
        start, end = self._span(node)
        if self.counted.parts > self.limits.nodes:
            sentence = _("This has more than {limit} parts.").format(limit=self.limits.nodes)
            raise ExpressionError(sentence, _("Write a shorter line."), start, end, "too-many-parts")
        start, end = self.source.place(start, end)
        return Part(kind, self.typed[start:end], start, end, **more)

    def _refuse(
        self, node: ast.AST, sentence: str, fix: str = "", rule: str = "not-in-language"
    ) -> ExpressionError:
        return ExpressionError(sentence, fix, *self._span(node), rule)

    # Parts without a left child

    def _leaf(self, node: ast.AST, level: int) -> Part:
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name() | ast.Attribute():
                return self._part("name", node, name=self._dotted(node) or node.id)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Invert()):
                return self._unary(node, level)
            case ast.List() | ast.Tuple():
                return self._sequence(node, level)
            case ast.Call(func=ast.Name() | ast.Attribute()):
                name = self._dotted(node.func) or node.func.id
                return self._call("call", node, name, (), level)
            case ast.Slice():
                ends = (node.lower, node.upper, node.step)
                children = tuple(self.part(end, level + 1) if end else NOTHING for end in ends)
                return self._part("slice", node, children=children)
            case ast.Starred():
                raise self._refuse(node, _("A `*` before an argument is not part of the tensor language."))
        raise self._refuse(node, _("This is not part of the tensor language."))

    def _constant(self, node: ast.Constant) -> Part:
        value = node.value
        if isinstance(value, str):
            return self._part("text", node, value=value)
        if value is None or value is Ellipsis or isinstance(value, bool):
            kind = "number" if isinstance(value, bool) else "constant"
            return self._part(kind, node, value=value)
        if not isinstance(value, int | float):
            raise self._refuse(node, _("This is not part of the tensor language."))
        return self._part("number", node, value=self._number(value, node))

    def _number(self, value: numbers.Number, node: ast.AST) -> numbers.Number:
        try:
            return numbers.whole(value)
        except ExpressionError as error:
            raise error.at(*self._span(node)) from None

    def _unary(self, node: ast.UnaryOp, level: int) -> Part:
        sign, inner = SIGNS[type(node.op)], node.operand
        if sign in "+-" and isinstance(inner, ast.Constant) and type(inner.value) in (int, float):
            value = -inner.value if sign == "-" else inner.value  # -9223372036854775808 is one number
            return self._part("number", node, value=self._number(value, node))
        return self._part("operator", node, name=sign, children=(self.part(inner, level + 1),))

    def _sequence(self, node: ast.List | ast.Tuple, level: int) -> Part:
        if isinstance(node, ast.List):
            found, value = self._literal(node)
            if found:
                return self._part("literal", node, value=value)
        kind = "list" if isinstance(node, ast.List) else "tuple"
        children = tuple(self.part(child, level + 1) for child in node.elts)
        return self._part(kind, node, children=children)

    def _literal(self, node: ast.List) -> tuple[bool, Any]:
        """(True, nested lists) where brackets hold only numbers: one part, however long."""
        values: list[Any] = []
        for child in node.elts:
            if isinstance(child, ast.List):
                found, value = self._literal(child)
            else:
                found, value = self._plain(child)
            if not found:
                return False, None
            values.append(value)
        self._check_rows(node, values)
        return True, values

    def _plain(self, node: ast.AST) -> tuple[bool, Any]:
        """(True, value) of a number, with or without a sign."""
        inner, sign = node, 1
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            inner, sign = node.operand, -1 if isinstance(node.op, ast.USub) else 1
        named = {"nan": float("nan"), "inf": float("inf")}
        if isinstance(inner, ast.Name) and inner.id in named and inner.id not in self.names:
            return True, sign * named[inner.id]
        if isinstance(inner, ast.Constant) and inner.value is Ellipsis:
            sentence = _("`...` stands for numbers that were left out when this was printed.")
            raise self._refuse(inner, sentence, _("Paste all the numbers."), "left-out")
        if not isinstance(inner, ast.Constant) or type(inner.value) not in (int, float, bool):
            return False, None
        value = inner.value if inner is node else sign * inner.value
        return True, self._number(value, node)

    def _check_rows(self, node: ast.List, values: list[Any]) -> None:
        """Rows are equally long; refused at the first row that differs from row 0."""
        for row, (child, value) in enumerate(zip(node.elts, values, strict=True)):
            first = values[0]
            if isinstance(value, list) != isinstance(first, list):
                sentence = _("Entry {row} of this list is a number, the others are lists, or the reverse.")
                raise self._refuse(child, sentence.format(row=row), rule="ragged")
            if isinstance(value, list) and _shape(value) != _shape(first):
                sentence = _(
                    "Row {row} has shape {shape}, but row 0 has shape {first}: all rows must be equally long."
                )
                words = {"row": row, "shape": _shape(value), "first": _shape(first)}
                raise self._refuse(child, sentence.format(**words), rule="ragged")

    # Parts around their left child

    def _around(self, node: ast.AST, left: Part, level: int) -> Part:
        match node:
            case ast.BinOp(op=op) if type(op) in SIGNS:
                return self._part(
                    "operator", node, name=SIGNS[type(op)], children=(left, self.part(node.right, level))
                )
            case ast.Compare(ops=[op]) if type(op) in SIGNS:
                children = (left, self.part(node.comparators[0], level))
                return self._part("operator", node, name=SIGNS[type(op)], children=children)
            case ast.Compare():
                fix = _("Write `({first}) & ({second})`.").format(first="a < b", second="b < c")
                raise self._refuse(node, _("Only two things can be compared at a time."), fix, "comparison")
            case ast.Call():
                return self._call("method", node, node.func.attr, (left,), level)
            case ast.Attribute():
                return self._part("attribute", node, name=node.attr, children=(left,))
            case ast.Subscript():
                return self._part("index", node, children=(left, self.part(node.slice, level)))
        raise self._refuse(node, _("This is not part of the tensor language."))

    def _call(self, kind: str, node: ast.Call, name: str, first: tuple[Part, ...], level: int) -> Part:
        order = self.counted.calls
        self.counted.calls += 1
        given = [("", argument) for argument in node.args]
        for keyword in node.keywords:
            if keyword.arg is None:
                sentence = _("A `**` before an argument is not part of the tensor language.")
                raise self._refuse(keyword, sentence)
            given.append((keyword.arg, keyword.value))
        children = (*first, *(self.part(argument, level + 1) for _word, argument in given))
        keywords = ("",) * len(first) + tuple(word for word, _argument in given)
        return self._part(kind, node, name=name, children=children, keywords=keywords, order=order)


NOTHING = Part("constant", "", 0, 0)  # the open end of a slice


def _shape(value: Any) -> tuple[int, ...]:
    """The shape of nested lists whose rows are equally long."""
    if not isinstance(value, list):
        return ()
    return (len(value), *(_shape(value[0]) if value else ()))

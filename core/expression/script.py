"""A text of the tensor language as plain torch code, for the code that a page shows: it has to run alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.expression.errors import ExpressionError
from core.expression.forms import is_pasted
from core.expression.grammar import Part, parse
from core.expression.program import Line, Program, parse_program
from core.expression.writer import LIST, NUMBER, SEVERAL, TENSOR, TUPLE, Untold, Writer, spelled
from core.words import _

RESULT = "result"


def as_torch(text: str, known: Callable[[str], str] | None = None) -> str | None:
    """`text`, already read without error, as one expression of torch alone; None where that is not possible.

    `known` writes what only the atlas has, such as "rotation(degrees=30)", as nested lists of its numbers.

    >>> as_torch("randn(2, 3, seed=7).T")
    'torch.randn(2, 3, generator=torch.Generator().manual_seed(7)).T'
    """
    try:
        return None if is_pasted(text) else Writer(known, alone=True).tensor(parse(text))[0]
    except (Untold, ExpressionError):
        return None


def program_as_torch(
    text: str, known: Callable[[str], str] | None = None, names: Mapping[str, str] | None = None
) -> str:
    """`text`, already read without error, as a script of torch that runs alone and prints its result.

    `names`: the code of the shelf's tensors, by name; `known` as in `as_torch`. The result is called `result`
    unless its line gives it a name. Raises ExpressionError where the text does not read or a name has no code.

    >>> print(program_as_torch("B = [[1, 2], [3, 4]]; B @ B.T"))
    import torch
    <BLANKLINE>
    B = torch.tensor([[1, 2], [3, 4]])
    result = B @ B.T
    print(result)
    """
    imports, lines, result = program_lines(text, known, names)
    return "\n".join([*imports, "", *lines, f"print({result})", ""])


def program_lines(
    text: str, known: Callable[[str], str] | None = None, names: Mapping[str, str] | None = None
) -> tuple[list[str], list[str], str]:
    """The same in parts: what is imported, what is given and done, and the name that the result then has."""
    names = names or {}
    program = parse_program(text, names=names)
    writer = Writer(known, names)
    try:
        written = [_line(writer, line, line is program.lines[-1]) for line in program.lines]
    except Untold as error:
        sentence = _("There is no `{name}` here.").format(name=error.args[0])
        raise ExpressionError(sentence, "", 0, len(text), "unknown-name") from None
    given = [f"{spelled(name)} = {names[name]}" for name in _used(program, names)]
    return sorted({"import torch", *writer.imports}), [*given, *written], _result(program)


def _line(writer: Writer, line: Line, last: bool) -> str:
    """One line; its names are known from then on."""
    parts = line.tree.children if line.tree.kind in ("list", "tuple") else ()
    if len(line.targets) > 1 and len(parts) == len(line.targets):
        code = ", ".join(_value(writer, part) for part in parts)
        kinds = [writer.held(part) for part in parts]
    else:
        whole = last and len(line.targets) < 2
        code = writer.tensor(line.tree)[0] if whole else _value(writer, line.tree)
        several = writer.kind(line.tree) == TUPLE and writer.is_numeric(line.tree)  # n, d = A.shape
        kinds = (
            [writer.held(line.tree)]
            if len(line.targets) == 1
            else [NUMBER if several else TENSOR] * len(line.targets)
        )
    if line.targets and writer.is_plain(line.tree):
        writer.value(line.tree)
        writer.run.keep(line)
    writer.kinds.update(zip(line.targets, kinds, strict=True))
    targets = ", ".join(map(spelled, line.targets)) or (RESULT if last else "")
    return f"{targets} = {code}" if targets else code


def _value(writer: Writer, part: Part) -> str:
    """What a name is given: numbers stay numbers, tuples tuples, lists of numbers become tensors."""
    kind = writer.held(part)
    return (
        writer.code(part)[0]
        if kind in (SEVERAL, TUPLE) or writer.kind(part) != LIST
        else writer.tensor(part)[0]
    )


def _result(program: Program) -> str:
    targets = program.lines[-1].targets
    return spelled(targets[-1]) if targets else RESULT


def _used(program: Program, names: Mapping[str, str]) -> list[str]:
    """The shelf's names that the program takes before it gives them away."""
    found: dict[str, None] = {}
    own: set[str] = set()
    for line in program.lines:
        waiting = [line.tree]
        while waiting:
            part = waiting.pop()
            waiting.extend(part.children)
            if part.kind == "name" and part.name in names and part.name not in own:
                found[part.name] = None
        own.update(line.targets)
    return list(found)

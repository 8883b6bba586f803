"""Parts of the tensor language written as torch code: paths in full, lists as tensors, seeds as generators."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from core.expression import numbers, real
from core.expression.arguments import Parameter, is_number, placed
from core.expression.check import Run, in_order
from core.expression.entry import Entry
from core.expression.grammar import BEFORE, BINDING, Part
from core.expression.machine import called, entry_of, gives_sizes
from core.expression.table import CONSTANTS, OWN
from core.limits import current

NN = "torch.nn.functional"
HIGHEST = 9
WHOLE = 10  # what needs no brackets anywhere
COMPARING = BINDING["<"]
MAKERS = ("torch.tensor", "torch.as_tensor", "np.array", "numpy.array")
IGNORED = ("device", "requires_grad")  # the language has its own device and no gradients
LISTED = ("torch.linalg.multi_dot",)  # takes a list, where others take tensors one by one
NEEDS_DIM = (
    "torch.sum",
    "torch.mean",
    "torch.std",
    "torch.var",
)  # with keepdim torch wants to be told of dim=None
KEYWORD_ONLY = (
    "dtype",
    "rounding_mode",
    "correction",
    "is_causal",
    "scale",
    "beta",
    "alpha",
    "decimals",
    "indexing",
)
SEVERAL, TENSOR, NUMBER, LIST, TUPLE, OTHER = "several", "tensor", "number", "list", "tuple", "other"


class Untold(Exception):
    """Something that only the atlas knows: a name that is nowhere, its own helpers."""


@dataclass
class Writer:
    """Writes parts as code; `known` writes what only the atlas has as nested lists, `names` are tensors by their code.

    `imports` gathers what the code needs beside torch. With `alone` the code is one expression and needs no import.
    """

    known: Callable[[str], str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    imports: set[str] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)  # what each name of an earlier line is
    run: Run = field(default_factory=lambda: Run("cpu", current(), {}))  # for what holds no tensor

    def tensor(self, part: Part) -> tuple[str, int]:
        """A part as code that gives a tensor, and how tightly that code binds."""
        kind = self.kind(part)
        if kind == SEVERAL:
            return f"torch.stack({self.code(part)[0]})", WHOLE
        if kind == NUMBER or (kind in (LIST, TUPLE) and self.is_numeric(part)):
            return f"torch.tensor({self.code(part)[0]})", WHOLE
        if kind in (LIST, TUPLE):
            return self._stacked(part), WHOLE
        return self.code(part)

    def code(self, part: Part) -> tuple[str, int]:
        """A part as code, and how tightly that code binds."""
        return getattr(self, f"_{part.kind}")(part)

    # What a part is

    def kind(self, part: Part) -> str:
        """tensor, number, list, tuple, several (a name of tensors), or other: a text, a dtype, None, a slice."""
        match part.kind:
            case "number":
                return NUMBER
            case "literal" | "list":
                return LIST
            case "tuple":
                return TUPLE
            case "text" | "constant" | "slice":
                return OTHER
            case "name":
                return self._kind_of_name(part.name)
            case "operator":
                return self._kind_of_operator([self.kind(child) for child in part.children])
            case "attribute" | "method" if gives_sizes(part):
                whole = part.name == "shape" or (part.name == "size" and len(part.children) == 1)
                return TUPLE if whole else NUMBER
            case "index" if self.kind(part.children[0]) == TUPLE and self.is_numeric(part.children[0]):
                return TUPLE if part.children[1].kind == "slice" else NUMBER
            case "call" if part.name == "float" or self._is_number_call(part):
                return NUMBER
        return TENSOR

    def _kind_of_name(self, name: str) -> str:
        if name in self.kinds:
            return self.kinds[name]
        if name in self.names or name not in CONSTANTS:
            return TENSOR
        return NUMBER if is_number(CONSTANTS[name]) else OTHER

    def _kind_of_operator(self, kinds: Sequence[str]) -> str:
        if set(kinds) == {NUMBER}:
            return NUMBER
        return TUPLE if kinds in ([TUPLE, NUMBER], [TUPLE, TUPLE]) else TENSOR

    def _is_number_call(self, part: Part) -> bool:
        name = part.name.removeprefix("math.")
        alone = len(part.children) == 1 and not part.keywords[0]
        return name in numbers.FUNCTIONS and alone and self.kind(part.children[0]) == NUMBER

    def held(self, part: Part) -> str:
        """The kind of a name that is given the value of a part: a list of numbers is a tensor by then."""
        kind = self.kind(part)
        if kind in (LIST, TUPLE) and not self.is_numeric(part):
            return SEVERAL
        return TENSOR if kind == LIST else kind

    def is_numeric(self, part: Part) -> bool:
        """Whether a part is a number or numbers, be they sizes of a tensor."""
        kind = self.kind(part)
        if part.kind in ("list", "tuple"):
            return all(map(self.is_numeric, part.children))
        return kind in (NUMBER, LIST, TUPLE)

    def is_plain(self, part: Part) -> bool:
        """Whether a part is made of numbers alone, so that it can be worked out here."""
        return all(
            self.kind(one) in (NUMBER, LIST, TUPLE)
            and (
                one.kind != "name"
                or one.name in (self.run.machine.names if one.name in self.kinds else CONSTANTS)
            )
            for one in in_order(part)
        )

    def value(self, part: Part) -> Any:
        """What a part without tensors is worth."""
        for one in in_order(part):
            self.run.apply(one)
        return self.run.worth[id(part)]

    # Without children

    def _number(self, part: Part) -> tuple[str, int]:
        return _plain(part.value), BEFORE if not isinstance(part.value, bool) and part.value < 0 else WHOLE

    def _literal(self, part: Part) -> tuple[str, int]:
        return _plain(part.value), WHOLE

    def _text(self, part: Part) -> tuple[str, int]:
        return repr(part.value), WHOLE

    def _constant(self, part: Part) -> tuple[str, int]:
        return ("..." if part.value is Ellipsis else repr(part.value)), WHOLE

    def _name(self, part: Part) -> tuple[str, int]:
        if part.name in self.kinds or part.name in self.names:
            return spelled(part.name), WHOLE
        if part.name not in CONSTANTS:
            raise Untold(part.name)
        value = CONSTANTS[part.name]
        if isinstance(value, float):
            return f"torch.{part.name.rpartition('.')[2]}", WHOLE
        return str(value), WHOLE

    # With children

    def _list(self, part: Part) -> tuple[str, int]:
        return f"[{', '.join(self.code(child)[0] for child in part.children)}]", WHOLE

    def _tuple(self, part: Part) -> tuple[str, int]:
        comma = "," if len(part.children) == 1 else ""
        return f"({', '.join(self.code(child)[0] for child in part.children)}{comma})", WHOLE

    def _slice(self, part: Part) -> tuple[str, int]:
        start, stop, step = ("" if child.value is None and child.kind == "constant" else self.code(child)[0]
                             for child in part.children)  # fmt: skip
        return f"{start}:{stop}" + (f":{step}" if step else ""), WHOLE

    def _operator(self, part: Part) -> tuple[str, int]:
        kind = self.kind(part)
        operand = self.code if kind in (NUMBER, TUPLE) else self._operand
        if len(part.children) == 1:
            return f"{part.name}{bracketed(operand(part.children[0]), BEFORE)}", BEFORE
        bound = BINDING[part.name]
        left, right = map(operand, part.children)
        if part.name == "**":
            before, after = bound + 1, BEFORE
        else:
            before, after = bound + (bound == COMPARING), bound + 1
        return f"{bracketed(left, before)} {part.name} {bracketed(right, after)}", bound

    def _operand(self, part: Part) -> tuple[str, int]:
        """A number stays one beside a tensor."""
        return self.code(part) if self.kind(part) == NUMBER else self.tensor(part)

    def _attribute(self, part: Part) -> tuple[str, int]:
        return f"{self._receiver(part)}.{part.name}", WHOLE

    def _index(self, part: Part) -> tuple[str, int]:
        key = part.children[1]
        if key.kind == "tuple" and key.children:
            comma = "," if len(key.children) == 1 else ""
            inner = ", ".join(self.code(child)[0] for child in key.children) + comma
        else:
            inner = self.code(key)[0]
        return f"{self._receiver(part)}[{inner}]", WHOLE

    def _receiver(self, part: Part) -> str:
        first = part.children[0]
        sizes = part.kind == "index" and self.kind(first) == TUPLE and self.is_numeric(first)
        return bracketed((self.code if sizes else self.tensor)(first), HIGHEST)

    def _stacked(self, part: Part) -> str:
        """A list with tensors in it, where a tensor is wanted."""
        return f"torch.stack([{', '.join(self.tensor(child)[0] for child in part.children)}])"

    # Calls

    def _call(self, part: Part) -> tuple[str, int]:
        if part.name == "float":
            return f"float({self.code(part.children[0])[0]})", WHOLE
        if self._is_number_call(part):
            return self._number_call(part)
        entry = entry_of(part)
        if entry is None:
            raise Untold(part.name)
        if entry.path in OWN:
            return f"torch.tensor({self._own(part)})", WHOLE
        if entry in real.REAL:
            return self._real(part, entry)
        if entry.path in MAKERS:
            return self._made(part, entry)
        return f"{self._path(entry.path)}({', '.join(self._arguments(part, entry))})", WHOLE

    def _number_call(self, part: Part) -> tuple[str, int]:
        name = part.name.removeprefix("math.")
        value = self.value(part) if self.is_plain(part) else None
        if value is not None and (self.alone or not math.isfinite(value)):
            return _plain(value), BEFORE if value < 0 else WHOLE
        if self.alone:
            raise Untold(part.name)
        self.imports.add("import math")
        return f"math.{name}({self.code(part.children[0])[0]})", WHOLE

    def _own(self, part: Part) -> str:
        if self.known is not None:
            return self.known(part.text)
        if self.alone:
            raise Untold(part.name)
        if not all(map(self.is_plain, part.children)):
            raise Untold(part.name)
        return _plain(self.value(part).tolist())

    def _real(self, part: Part, entry: Entry) -> tuple[str, int]:
        if self.alone:
            raise Untold(part.name)
        if not all(map(self.is_plain, part.children)):
            raise Untold(part.name)
        width = self.value(part.children[0]) if part.children else None
        text, imports = real.code(entry.name, width)
        self.imports.update(imports)
        return text, WHOLE

    def _made(self, part: Part, entry: Entry) -> tuple[str, int]:
        """torch.tensor of numbers, or of what is a tensor already."""
        found = self._placed(part, entry)
        data = found["data"][0][0]
        written = [f"dtype={self.code(found['dtype'][0][0])[0]}"] if "dtype" in found else []
        if self.kind(data) == NUMBER or (self.kind(data) in (LIST, TUPLE) and self.is_numeric(data)):
            text = f"torch.tensor({', '.join([self.code(data)[0], *written])})"
        else:
            text = bracketed(self.tensor(data), HIGHEST) + (f".to({written[0]})" if written else ".clone()")
        return text + (f".reshape({self.code(found['size'][0][0])[0]})" if "size" in found else ""), WHOLE

    def _method(self, part: Part) -> tuple[str, int]:
        if gives_sizes(part):
            return (
                f"{self._receiver(part)}.{part.name}({', '.join(self.code(one)[0] for one in part.children[1:])})",
                WHOLE,
            )
        entry = entry_of(part)
        if entry is None:
            raise Untold(part.name)
        if not hasattr(torch.Tensor, part.name):
            return f"{self._path(entry.path)}({', '.join(self._arguments(part, entry))})", WHOLE
        return (
            f"{self._receiver(part)}.{part.name}({', '.join(list(self._arguments(part, entry))[1:])})",
            WHOLE,
        )

    def _path(self, path: str) -> str:
        if path.startswith(NN) and not self.alone:
            self.imports.add("import torch.nn.functional as F")
            return path.replace(NN, "F")
        return path

    def _placed(self, part: Part, entry: Entry) -> dict[str, tuple[tuple[Part, ...], Any]]:
        return placed(
            called(entry, part), entry.parameters, part, [self._stand(child) for child in part.children]
        )

    def _stand(self, part: Part) -> Any:
        """A value that stands for a part where it only matters whether it is a list, and of what."""
        if self.kind(part) not in (LIST, TUPLE, SEVERAL):
            return None
        return [0] if self.kind(part) != SEVERAL and self.is_numeric(part) else [None]

    def _arguments(self, part: Part, entry: Entry) -> Iterator[str]:
        """The arguments in torch's order: without a name while none before was left out and none was named."""
        found, named = self._placed(part, entry), False
        method = part.kind == "method" and hasattr(torch.Tensor, part.name)
        function = not method and not entry.creates  # there sizes stand in brackets: torch.reshape(A, (2, 3))
        words = dict(zip(map(id, part.children), part.keywords or [""] * len(part.children), strict=True))
        for number, parameter in enumerate(entry.parameters):
            if parameter.name in IGNORED or parameter.name not in found:
                named = True
                continue
            children = found[parameter.name][0]
            if parameter.name == "seed":
                continue
            named = named or (number > 0 and not parameter.rest and bool(words[id(children[0])]))
            named = named or parameter.name in KEYWORD_ONLY
            beside = entry.path == "torch.clamp" and self._has_tensor(found, ("min", "max"))  # both, or none
            text = self._argument(parameter, children, entry, named or function, beside)
            yield f"{parameter.name}={text}" if named else text
        yield from self._added(part, entry, set(found))

    def _has_tensor(self, found: Mapping[str, tuple[tuple[Part, ...], Any]], names: Sequence[str]) -> bool:
        return any(name in found and self.kind(found[name][0][0]) != NUMBER for name in names)

    def _added(self, part: Part, entry: Entry, given: set[str]) -> Iterator[str]:
        """What the language has by default and torch has not."""
        if entry.path in ("torch.softmax", "torch.log_softmax") and "dim" not in given:
            yield "dim=-1"
        if entry.path in NEEDS_DIM and "keepdim" in given and "dim" not in given:
            yield "dim=None"
        if any(parameter.name == "seed" for parameter in entry.parameters):
            seeds = [
                child for child, word in zip(part.children, part.keywords, strict=True) if word == "seed"
            ]
            seed = self.code(seeds[0])[0] if seeds else str(part.order)
            yield f"generator=torch.Generator().manual_seed({seed})"

    def _argument(
        self, parameter: Parameter, children: Sequence[Part], entry: Entry, tight: bool, beside: bool
    ) -> str:
        """One argument; `tight`: sizes stand in brackets of their own; `beside`: numbers are tensors here."""
        first = children[0]
        if parameter.kind in ("tensor", "floats"):
            return self.tensor(first)[0]
        if parameter.kind == "operand":
            return (self.tensor if beside else self._operand)(first)[0]
        if parameter.kind == "tensors":
            return self._tensors(parameter, children, entry)
        if parameter.rest and (len(children) > 1 or self.kind(first) == NUMBER):
            inner = ", ".join(self.code(child)[0] for child in children)
            return f"({inner}{',' if len(children) == 1 else ''})" if tight else inner
        text = self.code(first)[0]
        return f"({text},)" if parameter.kind == "sizes" and self.kind(first) == NUMBER else text

    def _tensors(self, parameter: Parameter, children: Sequence[Part], entry: Entry) -> str:
        """Several tensors: one after the other, or in a list where torch wants one."""
        first = children[0]
        if len(children) == 1 and first.kind in ("list", "tuple"):
            written = [self.tensor(child)[0] for child in first.children]
        elif len(children) == 1 and first.kind == "literal" and not parameter.rest:
            written = [f"torch.tensor({_plain(one)})" for one in first.value]
        elif len(children) == 1 and self.kind(first) in (LIST, TUPLE, SEVERAL) and first.kind == "name":
            return ("*" if parameter.rest and entry.path not in LISTED else "") + self.code(first)[0]
        elif parameter.rest:
            written = [self.tensor(child)[0] for child in children]
        else:
            return self.code(first)[0]
        inner = ", ".join(written)
        return inner if parameter.rest and entry.path not in LISTED else f"[{inner}]"


def bracketed(written: tuple[str, int], bound: int) -> str:
    """Code in brackets where what stands beside it binds tighter."""
    text, own = written
    return f"({text})" if own < bound else text


def spelled(name: str) -> str:
    """A name as the code has it, apart from the modules that the code uses."""
    return f"{name}_" if name in ("torch", "F", "math", "np", "PIL", "sklearn", "print", "float") else name


def _plain(value: Any) -> str:
    """Numbers and lists of them as Python reads them; nan and inf by torch's names."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain, value))}]"
    if isinstance(value, float) and not math.isfinite(value):
        return "torch.nan" if math.isnan(value) else "torch.inf" if value > 0 else "-torch.inf"
    return repr(value)

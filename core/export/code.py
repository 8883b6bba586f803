"""A page as code: a script or a notebook that computes its result and plays its figure, with torch and plotly."""

from __future__ import annotations

import ast
import base64
import json
import sys
import textwrap
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from core.export.notebook import notebook
from core.figures.alone import BETWEEN, alone
from core.figures.filling import filled
from core.operation import source_of
from core.words import _

MOST = 96_000  # letters of a figure in a file
LINE = 100
LONGEST = 2_000  # letters of a line of words
KNOWN_AS = {"sklearn": "scikit-learn", "PIL": "pillow"}  # what is imported, and what is installed
STILL = 'still = {"auto_play": False, "config": {"displaylogo": False, "showSendToCloud": False}}'
SHOW = "figure.show(**still)"
FORMATS = ("py", "ipynb")


@dataclass(frozen=True)
class Code:
    """What a page ran and showed. `check`: lines that hold `result` against the value shown.

    `source` and `call` are "" where there is no function, and nothing to call.

    `figure` is the film as core.figures.film makes it, in the colours of `mode`; `name` is the file's, without ending.
    """

    name: str
    title: str
    link: str
    imports: Sequence[str]
    given: Sequence[str]
    source: str
    call: str
    check: Sequence[str]
    figure: dict[str, Any]
    mode: str = "light"


def file_of(code: Code, form: str) -> bytes:
    """The file in one of FORMATS."""
    return script(code) if form == "py" else as_notebook(code)


def script(code: Code) -> bytes:
    """A Python file: run, it prints the result, checks it and shows the figure; imported, it has `figure`."""
    head = [comment(line) for line in (code.title, *_told(code))]
    shown = [*_keep(code), "", 'if __name__ == "__main__":', f"    {SHOW}"]
    source = ["", *code.source.split("\n")] if code.source else []
    blocks = [[*head, *code.imports], list(code.given), source, _result(code), _figure(code), shown]
    return ("\n\n".join("\n".join(block) for block in blocks if block) + "\n").encode()


def as_notebook(code: Code) -> bytes:
    """The same in cells: what is given, the function, its result, the figure."""
    cells = [[*code.imports, "", *code.given], code.source.split("\n"), _result(code), _figure(code)]
    cells.append([*_keep(code), SHOW])
    written = [text for cell in cells if (text := "\n".join(cell).strip("\n"))]
    return notebook(code.title, "\n".join(_told(code)), written, folded=[len(written) - 2])


def comment(text: str) -> str:
    """`text` as one comment: a line, of letters that show.

    >>> comment("two" + chr(10) + "lines")
    '# two lines'
    """
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST])
    return f"# {shown.strip()}"


def _told(code: Code) -> list[str]:
    """The page's link, and what the file needs."""
    link = code.link
    if len(link) > LONGEST:  # a part of it leads nowhere
        link = _("The link to this page is too long to be written here.")
    return [link, _made_with(code)] if link else [_made_with(code)]


def _made_with(code: Code) -> str:
    modules = _modules("\n".join([*code.imports, *code.given, code.source]))
    names = ["torch", *sorted(KNOWN_AS.get(name, name) for name in modules - {"torch"})]
    first = ", ".join(f"{name} {version(name).split('+')[0]}" for name in names)
    packages = _(" and ").join([first, f"plotly {version('plotly')}"])
    if "safetensors" in modules:
        sentence = _("Made by Tensor Atlas. It needs {packages}, and the workspace file beside it.")
    else:
        sentence = _("Made by Tensor Atlas. It needs {packages}, and nothing else.")
    return sentence.format(packages=packages)


def _modules(text: str) -> set[str]:
    """What is imported that does not come with Python."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found - sys.stdlib_module_names


def _keep(code: Code) -> list[str]:
    """How the figure is shown, and kept: it waits for Play, and has no button that sends it to a server."""
    call = f'figure.write_html("{code.name}.html", **still)'
    return [STILL, f"# {_('{call} keeps it as a page of its own').format(call=call)}"]


def _result(code: Code) -> list[str]:
    """The call, its result printed, and the check."""
    if not code.call:
        return []
    told = ["", f"# {_('what the page showed')}", *code.check] if code.check else []
    named = [] if code.call == "result" else [f"result = {code.call}"]
    return [*named, "print(result)", *told]


def _figure(code: Code) -> list[str]:
    """The figure, packed, and unpacked; its imports stand here, after all names that a reader gave."""
    text, parts = packed(code.figure, code.mode)
    told = "json.loads(zlib.decompress(base64.b64decode(FIGURE)))"
    unpacked = [f"figure = go.Figure({told})"]
    if parts > 1:
        unpacked = ["", "", *source_of(filled).split("\n"), "", "", f"told = {told}"]
        unpacked += [f'told["frames"] = filled(told["frames"], {parts})', "figure = go.Figure(told)"]
    return [
        f"# {_('the figure of the page: all its steps, and what moves between them')}",
        "import base64", "import json", "import zlib", "", "import plotly.graph_objects as go", "",
        "FIGURE = (", *(f'    "{line}"' for line in textwrap.wrap(text, LINE)), ")", *unpacked,
    ]  # fmt: skip


def packed(figure: dict[str, Any], mode: str) -> tuple[str, int]:
    """The film as a plain figure, zlib and base64, and how many parts are to be made of each of its frames.

    More than one where the file has no room for all frames in between.
    """
    whole = _pack(alone(figure, mode, BETWEEN))
    if len(whole) <= MOST:
        return whole, 1
    bare = _pack(alone(figure, mode, 0, BETWEEN))
    room = int((MOST - len(bare)) / (len(whole) - len(bare)) * BETWEEN) if len(whole) > len(bare) else 0
    for between in range(room, 0, -1):
        parts = round(BETWEEN / (between + 1))
        text = _pack(alone(figure, mode, between, parts))
        if len(text) <= MOST:
            return text, parts
    return bare, BETWEEN


def _pack(figure: dict[str, Any]) -> str:
    text = json.dumps(figure, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()

"""A page as code: a script or a notebook that computes its result and plays its figure, with torch and plotly alone."""

from __future__ import annotations

import base64
import json
import textwrap
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from core.export.notebook import notebook
from core.figures.alone import BETWEEN, alone
from core.words import _

MOST = 96_000  # letters of a figure in a file
LINE = 100
LONGEST_LINK = 2_000
NEEDED = ("torch", "plotly")
FORMATS = ("py", "ipynb")


@dataclass(frozen=True)
class Code:
    """What a page ran and showed. `check`: lines that hold `result` against the value shown; `call`: "" where none.

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
    head = [comment(code.title), comment(code.link)] if code.link else [comment(code.title)]
    head.append(comment(_made_with()))
    shown = [f"# {_keep(code)}", "", 'if __name__ == "__main__":', "    figure.show(auto_play=False)"]
    blocks = [[*head, *code.imports], list(code.given), ["", *code.source.split("\n")], _result(code)]
    blocks += [_figure(code), shown]
    return ("\n\n".join("\n".join(block) for block in blocks if block) + "\n").encode()


def as_notebook(code: Code) -> bytes:
    """The same in cells: what is given, the function, its result, the figure."""
    cells = [[*code.imports, "", *code.given], code.source.split("\n"), _result(code), _figure(code)]
    cells.append([f"# {_keep(code)}", "figure.show(auto_play=False)"])
    written = ["\n".join(cell).strip("\n") for cell in cells if cell]
    text = f"{code.link}\n{_made_with()}" if code.link else _made_with()
    return notebook(code.title, text, written, folded=[len(written) - 2])


def comment(text: str) -> str:
    """`text` as one comment: a line, of letters that show.

    >>> comment("two" + chr(10) + "lines")
    '# two lines'
    """
    shown = "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST_LINK])
    return f"# {shown.strip()}"


def _made_with() -> str:
    needed = _(" and ").join(f"{name} {version(name).split('+')[0]}" for name in NEEDED)
    return _("Made by Tensor Atlas. It needs {packages}, and nothing else.").format(packages=needed)


def _keep(code: Code) -> str:
    call = f'figure.write_html("{code.name}.html", auto_play=False)'
    return _("{call} keeps it as a page of its own").format(call=call)


def _result(code: Code) -> list[str]:
    """The call, its result printed, and the check."""
    if not code.call:
        return []
    told = ["", f"# {_('what the page showed')}", *code.check] if code.check else []
    return [f"result = {code.call}", "print(result)", *told]


def _figure(code: Code) -> list[str]:
    """The figure, packed, and unpacked; its imports stand here, after all names that a reader gave."""
    return [
        f"# {_('the figure of the page: all its steps, and what moves between them')}",
        "import base64", "import json", "import zlib", "", "import plotly.graph_objects as go", "",
        "FIGURE = (",
        *(f'    "{line}"' for line in textwrap.wrap(packed(code.figure, code.mode), LINE)),
        ")",
        "figure = go.Figure(json.loads(zlib.decompress(base64.b64decode(FIGURE))))",
    ]  # fmt: skip


def packed(figure: dict[str, Any], mode: str) -> str:
    """The film as a plain figure, zlib and base64, with as many frames in between as the file has room for."""
    whole = _pack(alone(figure, mode, BETWEEN))
    if len(whole) <= MOST:
        return whole
    bare = _pack(alone(figure, mode, 0))
    room = int((MOST - len(bare)) / (len(whole) - len(bare)) * BETWEEN) if len(whole) > len(bare) else 0
    for between in range(room, 0, -1):
        text = _pack(alone(figure, mode, between))
        if len(text) <= MOST:
            return text
    return bare


def _pack(figure: dict[str, Any]) -> str:
    text = json.dumps(figure, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()

"""Pasted forms: tensors as torch, NumPy, LaTeX, MATLAB and spreadsheets print them, rewritten in the language.

What has one row or one column (a spreadsheet's, LaTeX's, MATLAB's) is read as a vector, as numpy.loadtxt does;
what has brackets keeps the axes that the brackets say.
"""

from __future__ import annotations

import re

from core.expression.errors import ExpressionError
from core.expression.source import Source, Writer
from core.words import _

NUMBER = r"-?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|nan|Infinity|NaN|Inf)"
CELL = re.compile(rf"(?:{NUMBER}|True|False)\Z")
PIECE = re.compile(r"[\[\]]|[^\s\[\]]+")
LEAD = re.compile(r"\s*Parameter containing:|\s*[A-Za-z]\w*\s*=(?![=])")
GRADIENT = re.compile(r",\s*grad_fn=<\w+>")
SPELLED = {"Infinity": "inf", "Inf": "inf", "NaN": "nan"}

Cell = tuple[str, int]  # what to write, and where it stood


def normalise(text: str) -> Source:
    """The text with pasted forms rewritten; one line, without what torch prints about gradients."""
    text = _blank(LEAD, text, once=True)
    text = _blank(GRADIENT, text)
    if "\\" in text:
        return latex(text)
    for form in (_numpy, _matlab, _sheet):
        found = form(text)
        if found is not None:
            return found
    return Source.same(re.sub(r"\s", " ", text))


def is_pasted(text: str) -> bool:
    """Whether `text`, which can be read, is a form that is rewritten: rows of numbers, LaTeX, what NumPy prints."""
    return (
        normalise(text).text.split()
        != re.sub(r"\s", " ", _blank(GRADIENT, _blank(LEAD, text, once=True))).split()
    )


def _blank(pattern: re.Pattern[str], text: str, once: bool = False) -> str:
    """`text` with spaces in place of the pattern: at the start only where `once`."""
    if once:
        found = pattern.match(text)
        return " " * found.end() + text[found.end() :] if found else text
    return pattern.sub(lambda found: " " * len(found[0]), text)


def _cell(word: str) -> str:
    sign = "-" if word.startswith("-") else ""
    return sign + SPELLED.get(word.removeprefix("-"), word.removeprefix("-"))


def _numpy(text: str) -> Source | None:
    """Brackets and numbers without any comma: [[1 2]\n [3 4]]."""
    pieces = [(found[0], found.start()) for found in PIECE.finditer(text)]
    words = [piece for piece, _place in pieces]
    if len(words) < 3 or words[0] != "[" or words[-1] != "]":
        return None
    if "][" in text or not all(word in ("[", "]", "...") or CELL.match(word) for word in words):
        return None  # ][ is an index
    writer, before = Writer(), "["
    for word, place in pieces:
        if before != "[" and word != "]":
            writer.write(", ", place)
        writer.write(word if word in "[]..." else _cell(word), place, moving=True)
        before = word
    return writer.done(len(text))


def _matlab(text: str) -> Source | None:
    """Rows ended by semicolons: [1 2; 3 4]."""
    if ";" not in text:
        return None
    inside = re.fullmatch(r"\s*\[?([^\[\]]*)\]?\s*", text)
    if not inside:
        return None
    return _table(_rows(text, inside.start(1), inside.end(1), ";\n"), text)


def _sheet(text: str) -> Source | None:
    """Rows on lines, cells between tabs, commas or spaces, no brackets."""
    stripped = text.strip("\n\r ")
    if re.search(r"[\[\]();]", stripped) or not re.search(r"\s", stripped):
        return None
    rows = _rows(text, 0, len(text), "\n")
    if len(rows) == 1 and ("," in text or _is_arithmetic(rows[0])) and "\t" not in stripped:
        return None
    if "\t" in stripped and "," in stripped and re.fullmatch(r"[-+\d.,\seE]+", stripped):
        fix = _("Write decimal points, and separate the cells by tabs only.")
        place = text.index(",")
        sentence = _("Both tabs and commas stand between the numbers.")
        raise ExpressionError(sentence, fix, place, place + 1, "separators")
    return _table(rows, text)


def _is_arithmetic(row: list[Cell]) -> bool:
    """`1 -2` on one line is a subtraction, as in Python."""
    return all(word.startswith("-") for word, _place in row[1:])


def _rows(text: str, start: int, end: int, breaks: str) -> list[list[Cell]]:
    """The cells of each line; an empty cell between two separators is kept, as ""."""
    rows, place = [], start
    for line in re.split(f"[{breaks}]", text[start:end]):
        cells = _cells(line, place)
        if cells:
            rows.append(cells)
        place += len(line) + 1
    return rows


def _cells(line: str, place: int) -> list[Cell]:
    separator = "\t" if "\t" in line.strip(" \r") else "," if "," in line else None
    if separator is None:
        return [(found[0], place + found.start()) for found in re.finditer(r"\S+", line)]
    if separator == "," and line.rstrip().endswith(","):
        line = line.rstrip()[:-1]  # a comma at the end of a row
    cells, step = [], 0
    for part in line.split(separator):
        inner = part.strip()
        at = place + step + (len(part) - len(part.lstrip()) if inner else 0)
        cells += [(found[0], at + found.start()) for found in re.finditer(r"\S+", inner)] or [("", at)]
        step += len(part) + 1
    return cells if any(word for word, _at in cells) else []


def _table(rows: list[list[Cell]], text: str) -> Source | None:
    """Rows of cells as a list of lists; one row or one column as a list."""
    if not rows or not all(CELL.match(word) for row in rows for word, _place in row if word):
        return None
    _check_cells(rows)
    return _nested([[(_cell(word), place) for word, place in row] for row in rows], text)


def _check_cells(rows: list[list[Cell]]) -> None:
    """Refuses a cell without a number."""
    for number, row in enumerate(rows):
        for word, place in row:
            if not word:
                sentence = _("Row {row} has an empty cell.").format(row=number)
                fix = _("Write 0 or nan in it.")
                raise ExpressionError(sentence, fix, max(place - 1, 0), max(place, 1), "empty-cell")


def _nested(rows: list[list[Cell]], text: str) -> Source:
    writer = Writer()
    flat = len(rows) == 1 or all(len(row) == 1 for row in rows)
    writer.write("[", rows[0][0][1])
    for number, row in enumerate(rows):
        writer.write((", " if number else "") + ("" if flat else "["), row[0][1])
        for column, (word, place) in enumerate(row):
            writer.write(", " if column else "", place)
            writer.write(word, place, moving=True)
        writer.write("" if flat else "]", row[-1][1] + max(len(row[-1][0]) - 1, 0))
    writer.write("]", rows[-1][-1][1] + max(len(rows[-1][-1][0]) - 1, 0))
    return writer.done(len(text))


# LaTeX

MATRICES = ["matrix", "bmatrix", "pmatrix", "vmatrix", "Vmatrix", "Bmatrix", "smallmatrix", "array"]
BLOCK = re.compile(
    r"(?P<lead>.*?)\\begin\{(?P<name>\w+)\*?\}(?:\[\w\])?(?P<columns>\{[lcr|\s]*\})?"
    r"(?P<body>.*?)\\end\{(?P=name)\*?\}(?P<trail>.*)",
    re.DOTALL,
)
AROUND = re.compile(
    r"(?:\s|\$|\\\[|\\\]|\\left|\\right|[\[\](){}|.,]|\\[,;!]|\\displaystyle|[A-Za-z]\w*\s*=)*\Z"
)
ROW_END = re.compile(r"\\\\(?:\[[^\]]*\])?|\\cr\b")
FRACTION = re.compile(r"\\[td]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
COMMANDS = {
    "\\cdot": "*",
    "\\times": "*",
    "\\pi": "pi",
    "\\infty": "inf",
    "\\sqrt": "sqrt",
    "\\cos": "cos",
    "\\sin": "sin",
    "\\tan": "tan",
    "\\exp": "exp",
    "\\quad": " ",
    "\\hline": " ",
    "\\left": "",
    "\\right": "",
    "\\,": " ",
    "\\;": " ",
    "\\!": " ",
    "\\ ": " ",
    "{": "(",
    "}": ")",
    "^": "**",
    "~": " ",
}
MARK = re.compile(r"\\[A-Za-z]+|\\.|[{}^~]|[^\\{}^~]+|\\", re.DOTALL)


def latex(text: str) -> Source:
    r"""One matrix such as \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}."""
    found = BLOCK.fullmatch(text)
    if not found or found["name"] not in MATRICES:
        place = text.index("\\")
        sentence = _("A backslash begins LaTeX, and this is no LaTeX matrix.")
        fix = _("Paste one matrix: `{example}`.").format(
            example=r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"
        )
        raise ExpressionError(sentence, fix, place, place + 1, "latex")
    for around in ("lead", "trail"):
        if not AROUND.match(found[around]):
            sentence = _("Only one LaTeX matrix can be read, with nothing beside it.")
            raise ExpressionError(sentence, "", found.start(around), found.end(around), "latex")
    rows, place = [], found.start("body")
    for line, end in _split(found["body"], ROW_END):
        row = _latex_row(line, place)
        if any(word.strip() for word, _at in row):
            rows.append(row)
        place = found.start("body") + end
    if not rows:
        raise ExpressionError(_("This LaTeX matrix is empty."), "", 0, len(text), "latex")
    _check_cells(rows)
    return _nested(rows, text)


def _split(text: str, separator: re.Pattern[str]) -> list[tuple[str, int]]:
    """The parts of `text`, each with the offset after its separator."""
    parts, start = [], 0
    for found in separator.finditer(text):
        parts.append((text[start : found.start()], found.end()))
        start = found.end()
    return [*parts, (text[start:], len(text))]


def _latex_row(line: str, place: int) -> list[Cell]:
    cells = []
    for word in line.split("&"):
        lead = len(word) - len(word.lstrip())
        cells.append((_latex_cell(word.strip(), place + lead), place + lead))
        place += len(word) + 1
    return cells


def _latex_cell(word: str, place: int) -> str:
    word = FRACTION.sub(r"((\1)/(\2))", word)
    result = []
    for mark in MARK.findall(word):
        if mark.startswith("\\") and mark not in COMMANDS:
            sentence = _("The LaTeX command `{command}` has no value.").format(command=mark)
            fix = _("Write numbers in the matrix.")
            raise ExpressionError(sentence, fix, place, place + len(word), "latex")
        result.append(COMMANDS.get(mark, mark))
    return re.sub(r"\s", " ", "".join(result)).strip()

"""Ways to make a tensor without typing its line: a form, a grid, real examples. Each writes the line for the reader."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import streamlit as st

from core.words import N_, _

MOST_CELLS = 400  # of a grid
MOST_SIDE = 50
FILLS = {
    "count": N_("counting: 0, 1, 2 …"),
    "zeros": N_("zeros"),
    "ones": N_("ones"),
    "full": N_("one number everywhere"),
    "eye": N_("identity matrix"),
    "linspace": N_("evenly spaced from 0 to 1"),
    "rand": N_("random, uniform from 0 to 1"),
    "randn": N_("random, normal"),
    "randint": N_("random whole numbers from 0 to 9"),
}
SEEDED = ("rand", "randn", "randint")
DTYPES = ("float32", "float64", "float16", "int64", "int32", "uint8", "bool")
NATURAL = {"count": "int64", "randint": "int64"}  # what torch gives by itself, else float32
EXAMPLES = {
    "china()": N_("photograph of a temple"),
    "flower()": N_("photograph of a flower"),
    "digits()": N_("1,797 handwritten digits"),
    "digits()[0]": N_("one handwritten digit"),
    "iris()": N_("150 irises, four lengths each"),
    "diabetes()": N_("442 patients, ten features"),
}
SIZES = re.compile(r"\d{1,7}")


def line(fill: str, sizes: Sequence[int], dtype: str, value: float = 1.0, seed: int = 0) -> str:
    """The line of the tensor language for a form.

    >>> line("randn", (2, 3), "float32", seed=7)
    'torch.randn(2, 3, seed=7)'
    >>> line("count", (2, 3), "float32")
    'torch.arange(6).reshape(2, 3).to(torch.float32)'
    """
    listed = ", ".join(map(str, sizes))
    count = math.prod(sizes)
    shaped = f".reshape({listed or '()'})" if len(sizes) != 1 else ""
    cast = "" if dtype == NATURAL.get(fill, "float32") else f".to(torch.{dtype})"
    wide = ", dtype=torch.float64" if (fill, dtype) == ("full", "float64") else ""  # else it is rounded first
    cast = "" if wide else cast
    whole = "()" if not sizes else f"({listed},)" if len(sizes) == 1 else f"({listed})"
    lines = {
        "count": f"torch.arange({count}){shaped}",
        "zeros": f"torch.zeros({listed or whole})",
        "ones": f"torch.ones({listed or whole})",
        "full": f"torch.full({whole}, {float(value)!r}{wide})",
        "eye": f"torch.eye({', '.join(map(str, (sizes or (1,))[-2:]))})",
        "linspace": f"torch.linspace(0, 1, {count}){shaped}",
        "rand": f"torch.rand({listed or whole}, seed={seed})",
        "randn": f"torch.randn({listed or whole}, seed={seed})",
        "randint": f"torch.randint(0, 10, {whole}, seed={seed})",
    }
    return lines[fill] + cast


def sizes_in(text: str) -> tuple[int, ...]:
    """The sizes in a text such as "2, 3, 4" or "(2, 3)", at most eight."""
    return tuple(int(found) for found in SIZES.findall(text[:80])[:8])


def show_form(take: Callable[[str], None]) -> None:
    """Shape, fill, kind of numbers: every change writes the line."""
    state = st.session_state
    state.setdefault("build.shape", "3, 4")

    def changed() -> None:
        value = state.get("build.value", 1.0)
        take(
            line(state["build.fill"], sizes_in(state["build.shape"]), state["build.dtype"], value,
                 int(state.get("build.seed", 0)))
        )  # fmt: skip

    st.text_input(_("Shape"), key="build.shape", on_change=changed, max_chars=60, autocomplete="off")
    st.selectbox(
        _("Filled with"),
        list(FILLS),
        format_func=lambda key: _(FILLS[key]),
        key="build.fill",
        on_change=changed,
    )
    if state["build.fill"] == "full":
        st.number_input(_("Number"), key="build.value", value=1.0, on_change=changed)
    if state["build.fill"] in SEEDED:
        st.number_input(
            _("Seed"), key="build.seed", min_value=0, max_value=99_999, value=0, on_change=changed
        )
    st.selectbox("dtype", DTYPES, key="build.dtype", on_change=changed)
    st.button(_("Write the line"), key="build.write", on_click=changed)


def show_examples(take: Callable[[str], None]) -> None:
    """Real data, each one press."""
    for text, label in EXAMPLES.items():
        st.button(
            f"{_(label)} · `{text}`", key=f"example.{text}", type="tertiary", on_click=take, args=(text,)
        )


# --- a grid


def rows_of(value: object) -> list[list[float]]:
    """Nested lists of up to two axes as rows of floats; a vector is one row."""
    if not isinstance(value, list):
        return [[float(value)]]
    if not value or not isinstance(value[0], list):
        return [[float(one) for one in value]]
    return [[float(one) for one in row] for row in value]


def literal(rows: Sequence[Sequence[float]]) -> str:
    """Rows as the tensor language writes them."""
    return f"[{', '.join(f'[{_joined(row)}]' for row in rows)}]"


def _joined(row: Sequence[float]) -> str:
    return ", ".join(_written(value) for value in row)


def _written(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        return repr(value)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def resized(rows: Sequence[Sequence[float]], height: int, width: int) -> list[list[float]]:
    """Rows cut, or filled up with zeros."""
    return [
        [rows[i][j] if i < len(rows) and j < len(rows[i]) else 0.0 for j in range(width)]
        for i in range(height)
    ]


def mirrored(before: Sequence[Sequence[float]], after: Sequence[Sequence[float]]) -> list[list[float]]:
    """A square matrix in which what was edited stands on both sides of the diagonal."""
    rows = [list(row) for row in after]
    for i, row in enumerate(after):
        for j, value in enumerate(row):
            if i != j and before[i][j] != value:
                rows[j][i] = value
    return rows


def show_grid(rows: list[list[float]], take: Callable[[str], None]) -> None:
    """The numbers in a grid that can be typed into and pasted into; `take` gets the line."""
    grid = st.session_state.setdefault("grid.rows", rows)
    version = st.session_state.setdefault("grid.version", 0)
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    height = left.number_input(
        _("Rows"), 1, MOST_SIDE, len(grid), key=f"grid.height.{version}", on_change=_settle
    )
    width = middle.number_input(
        _("Columns"), 1, MOST_SIDE, len(grid[0]), key=f"grid.width.{version}", on_change=_settle
    )
    square = len(grid) == len(grid[0])
    right.toggle(_("Symmetric"), key="grid.symmetric", disabled=not square, on_change=_settle)
    if height * width > MOST_CELLS:
        st.caption(_("A grid has at most {count} cells.").format(count=MOST_CELLS))
    frame = {str(j): [row[j] for row in grid] for j in range(len(grid[0]))}
    st.data_editor(
        frame,
        key=f"grid.editor.{version}",
        hide_index=True,
        width="stretch",
        column_config={name: st.column_config.NumberColumn(name, width="small") for name in frame},
        on_change=_settle,
    )
    st.caption(_("Paste rows copied from a spreadsheet into the first cell."))
    if st.button(_("Use these numbers"), key="grid.use", type="primary"):
        take(literal(_edited(grid, version)))
        forget_grid()
        st.rerun()


def _settle() -> None:
    """Sizes and cells as they are now, before the page runs: a press that comes with them finds them, and a cell that
    was typed into stays when the grid grows. The editor begins anew only where it has to show other numbers."""
    state = st.session_state
    version, grid = state["grid.version"], state["grid.rows"]
    typed = rows = _edited(grid, version)
    if state.get("grid.symmetric") and len(grid) == len(grid[0]):
        rows = mirrored(grid, rows)
    height, width = (
        int(min(max(1, _number(state.get(f"grid.{side}.{version}", count))), MOST_SIDE))
        for side, count in (("height", len(grid)), ("width", len(grid[0])))
    )
    if height * width <= MOST_CELLS:
        rows = resized(rows, height, width)
    if rows != typed:
        _keep(rows)


def _edited(grid: Sequence[Sequence[float]], version: int) -> list[list[float]]:
    """The rows with what has been typed into the editor."""
    rows = [list(row) for row in grid]
    edits = st.session_state.get(f"grid.editor.{version}", {}).get("edited_rows", {})
    places = {(i, str(j)): (i, j) for i, row in enumerate(grid) for j in range(len(row))}
    for line, cells in edits.items():
        for name, value in cells.items():
            if (line, name) in places:
                i, j = places[line, name]
                rows[i][j] = _number(value)
    return rows


def _keep(rows: list[list[float]]) -> None:
    st.session_state["grid.rows"] = rows
    st.session_state["grid.version"] = st.session_state.get("grid.version", 0) + 1


def forget_grid() -> None:
    """The next grid begins anew."""
    st.session_state.pop("grid.rows", None)
    st.session_state["grid.version"] = st.session_state.get("grid.version", 0) + 1


def _number(value: object) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0

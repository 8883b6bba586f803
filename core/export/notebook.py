"""A notebook (.ipynb) that reproduces what a page showed, with torch and plotly alone."""

from __future__ import annotations

from collections.abc import Sequence


def notebook(title: str, text: str, cells: Sequence[str], folded: Sequence[int] = ()) -> bytes:
    """`title` and `text` in a first cell of words, then one cell of code for each of `cells`; not executed.

    `text` stands as it is, between fences: what a visitor typed is never markup. `folded`: cells that open closed.
    """
    import nbformat
    from nbformat import v4

    fence = "`" * max(3, 1 + _longest_run(text))
    words = v4.new_markdown_cell(f"# {title}\n\n{fence}\n{text}\n{fence}", id="words")
    code = [v4.new_code_cell(cell, id=f"code-{number}") for number, cell in enumerate(cells)]
    for number in folded:
        code[number].metadata["jupyter"] = {"source_hidden": True}
    made = v4.new_notebook(
        cells=[words, *code],
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )
    nbformat.validate(made)
    return nbformat.writes(made).encode()


def _longest_run(text: str) -> int:
    """The longest run of backticks, which a fence must outdo."""
    runs = [len(run) for run in "".join(c if c == "`" else " " for c in text).split()]
    return max(runs, default=0)

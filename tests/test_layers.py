"""The law of imports: they go down only. And what the server's own process must never load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# layer -> the layers it may import (besides itself). A file belongs to the longest prefix that fits.
LAYERS = {
    "app": {"pages.shared", "core.calculator", "core.events", "core.limits"},
    "pages": {"pages.shared", "core.ops"},
    "pages.shared": {
        "core.answers", "core.calculator", "core.device", "core.events", "core.figures", "core.export", "core.limits",
        "core.numbers", "core.operation", "core.ops", "core.shapes", "core.words", "core.workbench.desks",
        "core.slides", "core.workspace", "core.workspace_file",
    },
    "core.calculator": {"core.device", "core.events", "core.limits", "core.words"},
    "core.events": set(),
    "core.answers": {
        "core.device", "core.doctor", "core.export", "core.expression", "core.figures", "core.files", "core.limits",
        "core.numbers", "core.operation", "core.ops", "core.panels", "core.shapes", "core.tensors", "core.words",
        "core.listing", "core.printed", "core.refusal", "core.teaching", "core.workbench",
    },
    "core.teaching": {
        "core.doctor", "core.expression", "core.operation", "core.panels", "core.shapes", "core.tensors", "core.words",
    },
    "core.listing": {
        "core.expression", "core.operation", "core.shapes", "core.tensors", "core.words", "core.workbench",
    },
    "core.workbench": {
        "core.data", "core.device", "core.doctor", "core.expression", "core.figures", "core.files", "core.limits",
        "core.numbers", "core.operation", "core.ops", "core.panels", "core.shapes", "core.tensors", "core.words",
        "core.export", "core.printed", "core.refusal", "core.slides", "core.workspace", "core.workspace_file",
    },
    "core.workbench.desks": {"core.operation", "core.words"},
    "core.workspace": {"core.history", "core.limits", "core.words"},
    "core.slides": {"core.history", "core.limits", "core.words", "core.workspace"},
    "core.workspace_file": {"core.slides", "core.workspace"},
    "core.history": set(),
    "core.refusal": {"core.expression", "core.files", "core.operation", "core.words"},
    "core.printed": set(),
    "core.doctor": {"core.expression", "core.limits", "core.operation", "core.shapes", "core.tensors"},
    "core.warm": {
        "core.answers", "core.expression", "core.figures", "core.ops", "core.tensors", "core.words",
        "core.workbench.desks",
    },
    "core.figures": {"core.lazy", "core.numbers", "core.operation", "core.panels", "core.words"},
    "core.export": {
        "core.figures", "core.limits", "core.numbers", "core.operation", "core.panels", "core.slides", "core.words",
    },
    "core.export.__main__": {"core.export", "pages.shared"},  # where a command begins: nobody imports it
    "core.ops": {
        "core.data", "core.device", "core.files", "core.lazy", "core.numbers", "core.operation", "core.panels",
        "core.shapes", "core.words",
    },
    "core.operation": {"core.panels", "core.shapes", "core.words"},
    "core.panels": {"core.numbers", "core.words"},
    "core.tensors": {"core.expression", "core.limits", "core.numbers", "core.shapes", "core.words"},
    "core.expression": {"core.data", "core.limits", "core.numbers", "core.shapes", "core.words"},
    "core.shapes": {"core.words"},
    "core.numbers": {"core.words"},
    "core.device": {"core.words"},
    "core.data": {"core.lazy"},
    "core.lazy": set(),
    "core.files": {"core.lazy", "core.limits", "core.words"},
    "core.limits": set(),
    "core.words": set(),
    "core": set(),
    "start": set(),
}  # fmt: skip
STREAMLIT = ("app", "pages")  # only these import Streamlit
PLOTLY = ("core.figures", "core.export")  # only these import Plotly
# What a worker loads and the server must not. (Plotly is not among them: Streamlit itself imports it.)
HEAVY = ("torch", "sklearn", "scipy")


def modules() -> dict[str, Path]:
    """Every module of the project by dotted name."""
    paths = [
        ROOT / "app.py",
        ROOT / ".ci" / "start.py",
        *(ROOT / "core").rglob("*.py"),
        *(ROOT / "pages").rglob("*.py"),
    ]
    named = {}
    for path in paths:
        parts = path.relative_to(ROOT).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def layer_of(module: str) -> str:
    """The layer with the longest name that `module` lies in."""
    fits = [layer for layer in LAYERS if module == layer or module.startswith(layer + ".")]
    return max(fits, key=len, default="")


def imported(source: str, module: str, known: set[str]) -> set[str]:
    """The dotted names that a module imports; `from core import words` counts as core.words."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*module.split(".")[: -node.level], *([base] if base else [])])
            submodules = {f"{base}.{alias.name}" for alias in node.names} & known
            found |= submodules or {base}
            if submodules and len(submodules) < len(node.names):
                found.add(base)
    return found


def breaches(module: str, source: str, known: set[str]) -> list[str]:
    """What in `source` breaks the law, as sentences."""
    layer, found = layer_of(module), []
    for name in sorted(imported(source, module, known)):
        top = name.split(".")[0]
        if top == "streamlit" and not module.startswith(STREAMLIT):
            found.append(f"{module} imports Streamlit")
        if top == "plotly" and not module.startswith(PLOTLY):
            found.append(f"{module} imports Plotly")
        if top in ("core", "pages", "app") and layer_of(name) not in {layer, *LAYERS[layer]}:
            found.append(f"{module} imports {name}")
    return found


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_go_down(module: str) -> None:
    """No module imports what lies above or beside it."""
    known = modules()
    assert breaches(module, known[module].read_text(encoding="utf-8"), set(known)) == []


@pytest.mark.parametrize(
    ("module", "source", "breach"),
    [
        ("core.words", "import streamlit as st", "core.words imports Streamlit"),
        (
            "core.ops.matrix_vector",
            "from plotly import graph_objects",
            "core.ops.matrix_vector imports Plotly",
        ),
        (
            "core.ops.matrix_vector",
            "from core.figures import film",
            "core.ops.matrix_vector imports core.figures.film",
        ),
        ("core.figures.film", "from core import ops", "core.figures.film imports core.ops"),
        ("core.shapes", "def f():\n    import core.answers", "core.shapes imports core.answers"),
        ("pages.shared.link", "import app", "pages.shared.link imports app"),
        ("core.expression.parse", "from ..tensors import read", "core.expression.parse imports core.tensors"),
    ],
)
def test_the_law_can_be_broken(module: str, source: str, breach: str) -> None:
    """The test above can fail."""
    assert breaches(module, source, {*modules(), "core.figures.film", "core.ops", "core.answers"}) == [breach]


def test_no_flat_page() -> None:
    """A .py file directly in pages/ starts Streamlit's old multipage mode for the first visitor."""
    assert list((ROOT / "pages").glob("*.py")) == []


def loaded_after(statement: str) -> set[str]:
    """Which of HEAVY a fresh interpreter has loaded after `statement`."""
    question = f"import sys\n{statement}\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    return set(ast.literal_eval(answer.stdout.strip().splitlines()[-1]))


SERVER = (
    "import core.calculator, core.ops, pages.shared.lesson, pages.shared.home, pages.shared.navigation, app"
)


def test_the_server_loads_nothing_heavy() -> None:
    """Start-up, memory, and the promise that nothing typed is computed in the server's own process."""
    # Streamlit asks for the stack at its first element, and inspect then looks into every loaded module
    looked = "\nimport inspect\ninspect.stack()\nfrom core import calculator\ncalculator.stop()"
    assert loaded_after(SERVER + looked) == set()


@pytest.mark.parametrize("name", ["torch", "scipy"])
def test_a_heavy_import_would_be_seen(name: str) -> None:
    """The test above can fail."""
    assert name in loaded_after(f"import core.words\nimport {name}.linalg")


def defined_twice(source: str) -> list[str]:
    """Names of functions and classes that a later one of the same body takes; decorated ones (overloads) may."""
    found = []
    for node in ast.walk(ast.parse(source)):
        body = node.body if isinstance(getattr(node, "body", None), list) else []
        names = [
            one.name
            for one in body
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not one.decorator_list
        ]
        found += sorted({name for name in names if names.count(name) > 1})
    return found


def test_no_name_is_defined_twice() -> None:
    """ruff's F811 is silent where the first one is used between the two, in a body that runs later."""
    assert defined_twice("def a(): b()\ndef b(x): ...\ndef b(): ...\n") == ["b"]
    folders = ("core", "pages", "tests", "deploy", ".ci")  # not all of ROOT: an environment may lie in it
    files = [ROOT / "app.py", *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]
    assert len(files) > 300
    wrong = {str(path.relative_to(ROOT)): defined_twice(path.read_text(encoding="utf-8")) for path in files}
    assert {path: names for path, names in wrong.items() if names} == {}

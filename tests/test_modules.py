"""The stage's modules: nothing is handed out that nobody takes, and colours are the theme's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.figures import theme
from pages.shared.stage import STATIC, shell

ROOT = Path(__file__).resolve().parents[1]
MODULES = {path.name: path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.js"))}
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
EXPORTED = re.compile(r"^export (?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)
IMPORTED = re.compile(r'import\s*\{([^{}]*)\}\s*from\s*"\./([\w.-]+)"')
LATE = re.compile(r'\{([^{}]*)\}\s*=\s*await import\("\./([\w.-]+)"\)')
WHOLE = re.compile(r'import\s*\*\s*as\s+(\w+)\s+from\s*"\./([\w.-]+)"')
SHEETS = sorted([*STATIC.glob("*.css"), *(ROOT / "pages" / "shared").glob("*.css")])
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b")
CLEAR = {"#000", "#0000"}  # of a mask: seen or not


def taken(modules: dict[str, str]) -> set[tuple[str, str]]:
    """(module, name) of everything that a module imports from another one."""
    by_name = {
        (module, part.split(" as ")[0].strip())
        for source in modules.values()
        for pattern in (IMPORTED, LATE)
        for names, module in pattern.findall(source)
        for part in names.split(",")
    }
    by_module = {
        (module, name)
        for source in modules.values()
        for called, module in WHOLE.findall(source)
        for name in re.findall(rf"\b{called}\.(\w+)", source)
    }
    return by_name | by_module


def idle(modules: dict[str, str], tests: str) -> list[str]:
    """What a module exports, and neither a module nor a test takes."""
    wanted = taken(modules)
    return [
        f"{module}: {name}"
        for module, source in modules.items()
        for name in EXPORTED.findall(source)
        if (module, name) not in wanted and not re.search(rf"\b{name}\b", tests)
    ]


def test_what_a_module_exports_is_taken() -> None:
    assert idle(MODULES, TESTS) == []


def test_an_export_that_nobody_takes_is_seen() -> None:
    """The test above can fail: by a static import, by a late one, and by none."""
    modules = {
        "a.js": "export const one = 1;\nexport async function two() {}\nexport class Three {}\n",
        "b.js": 'import { one as other } from "./a.js";\nconst { two } = await import("./a.js");\n',
        "c.js": "export const four = 4, five = 5;\nexport const six = 6;\n",
        "d.js": 'import * as c from "./c.js";\nc.four();\n',
    }
    assert idle(modules, "") == ["a.js: Three", "c.js: six"]
    assert idle(modules, "a test of Three and six") == []


def known() -> set[str]:
    """The colours that a sheet may hold: those of the theme, and Streamlit's own wash beside them."""
    return {colour for pair in theme.COLOURS.values() for colour in pair} | set(shell.WASH.values()) | CLEAR


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_sheet_has_no_colours_of_its_own(sheet: Path) -> None:
    """Where one is copied, it is the theme's: a change there is seen here."""
    found = set(COLOUR.findall(sheet.read_text(encoding="utf-8")))
    assert found <= known()


@pytest.mark.parametrize("name", ["look.css", "embedded.css", "stage/static/stage.css"])
def test_no_rule_reaches_into_what_has_a_part_of_a_class(name: str) -> None:
    """Streamlit gives its wrappers other classes in every run; with such a rule the style of all that is in them, a
    whole figure of some hundred marks, is computed again: twice 5 to 9 ms of each change."""
    sheet = (ROOT / "pages" / "shared" / name).read_text(encoding="utf-8")
    selectors = re.findall(r"([^{}]*)\{", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
    parts = [part.strip() for selector in selectors for part in re.split(r",(?![^(]*\))", selector)]
    reaching = [part for part in parts if re.search(r"\[class[*^~$|]?=[^\]]*\]\S*[\s>+~]+\S", part)]
    assert not reaching


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_slide_s_stage_wears_the_theme_of_its_slide(mode: str) -> None:
    """Whatever the page wears: the colours are written into the sheet, each under the name that it has there."""
    sheet = (ROOT / "pages" / "shared" / "look.css").read_text(encoding="utf-8")
    (rule,) = re.findall(rf"\.st-key-stage-{mode} \.atlas-stage \{{([^}}]*)\}}", sheet)
    names = {"ink": "ink", "paper": "background", "accent": "accent", "rule": "hairline"}
    wanted = {own: theme.colour(name, mode) for own, name in names.items()} | {"wash": shell.WASH[mode]}
    assert dict(re.findall(r"--(\w+): (#\w+)", rule)) == wanted


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_wash_is_streamlit_s(mode: str) -> None:
    """The self-contained file has no Streamlit to ask."""
    config = (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    (told,) = re.findall(rf'\[theme\.{mode}\][^\[]*?secondaryBackgroundColor\s*=\s*"(#\w+)"', config)
    assert shell.WASH[mode] == told

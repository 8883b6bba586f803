"""The shell of a self-contained file: plotly.js, the stage's modules, its looks and its words, in one HTML text.

The browser (static/standalone.js) puts in what is shown, at one marker. The file then plays from
file:// with no network: a policy in its head forbids every request.
"""

from __future__ import annotations

import html
import json
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from core.figures import theme

ENTRY = "page.js"
MARK = "<!--atlas:subject-->"  # where the shell takes what it shows
TEMPLATE = "shell.html"
SHEETS = ("stage.css", "page.css")
PREFIX = "atlas/"  # of the bare names in the import map: a file:// page may not import ./stage.js
STATIC_IMPORT = re.compile(r'^(?:import|export)\b[^;"=(]*?"\./([\w.-]+)"', re.MULTILINE)
COMMENT = re.compile(r"^[ \t]*(?:/\*\*.*?\*/|//.*?)[ \t]*\n", re.MULTILINE | re.DOTALL)  # on lines of its own
ANY_IMPORT = re.compile(r'(\bfrom\s*|\bimport\s*\(?\s*)"\./([\w.-]+)"')
# No address at all may be asked for; data: are the modules, blob: the pictures that are saved and printed.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
)
COLOURS = {  # of Streamlit's theme, which the stage wears on a page
    "text-color": "ink",
    "background-color": "background",
    "primary-color": "accent",
    "border-color": "hairline",
}
WASH = {"light": "#f5f3ed", "dark": "#1c2027"}  # secondaryBackgroundColor of .streamlit/config.toml
KEPT = (
    "!$&'()*+,/:;=?@[]^_`{|}~ -."  # what a data: address may hold as it is: it compresses as the source does
)


def reachable(
    modules: Mapping[str, bytes], entry: str, imports: re.Pattern[str] = STATIC_IMPORT
) -> list[str]:
    """The modules that `entry` cannot be without: those it imports statically, and theirs. Or by other `imports`."""
    found, waiting = [], [entry]
    while waiting:
        name = waiting.pop()
        if name not in found and name in modules:
            found.append(name)
            waiting.extend(found_in(imports, modules[name].decode()))
    return sorted(found)


def found_in(imports: re.Pattern[str], source: str) -> list[str]:
    """The names of the modules that `source` imports."""
    return [found[imports.groups] for found in imports.finditer(source)]


def build(modules: Mapping[str, bytes], plotly: bytes, words: Mapping[str, Mapping[str, str]]) -> bytes:
    """The shell out of the stage's files; `words`: language -> the words that its scripts say."""
    parts = {
        "policy": html.escape(POLICY),
        "style": "\n".join([looks(), *(modules[name].decode() for name in SHEETS)]),
        "wait": " · ".join(html.escape(said["newer"]) for said in words.values()),
        "imports": json.dumps({"imports": _addresses(modules)}),
        "words": json.dumps(words, ensure_ascii=False).replace("<", "\\u003c"),
        "plotly": _inside_script(plotly.decode()),
    }
    return re.sub(r"\{(\w+)\}", lambda place: parts[place[1]], modules[TEMPLATE].decode()).encode()


def filled(shell: bytes, title: str, subject: Mapping[str, Any]) -> bytes:
    """The shell with what it shows, as static/standalone.js fills it. `subject`: what static/page.js reads.

    No title and no text of a subject ends the element that it stands in.
    """
    told = json.dumps(subject, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace(
        "<", "\\u003c"
    )
    head = f"<title>{html.escape(title)}</title>\n"
    head += f'<script type="application/json" id="atlas-subject">{told}</script>'
    return shell.replace(MARK.encode(), head.encode(), 1)


def _addresses(modules: Mapping[str, bytes]) -> dict[str, str]:
    return {PREFIX + name: _address(modules[name].decode()) for name in reachable(modules, ENTRY, ANY_IMPORT)}


def _address(source: str) -> str:
    """A module as a data: address whose own imports are bare names. Its comments (12 kB of all files) stay behind."""
    bare = ANY_IMPORT.sub(lambda found: f'{found[1]}"{PREFIX}{found[2]}"', COMMENT.sub("", source))
    return "data:text/javascript;charset=utf-8," + urllib.parse.quote(bare.strip(), safe=KEPT)


def _inside_script(source: str) -> str:
    """`source` without anything that ends a script element or hides its end."""
    return re.sub(r"<(/script|!--|script)", lambda found: "\\x3c" + found[1], source, flags=re.IGNORECASE)


def looks() -> str:
    """The colours of both themes, as the stage's sheet names them."""
    return "\n".join(_theme(mode) for mode in WASH)


def _theme(mode: str) -> str:
    own = "".join(f"--st-{name}: {theme.colour(colour, mode)}; " for name, colour in COLOURS.items())
    more = f"--st-secondary-background-color: {WASH[mode]}; --atlas-quiet: {theme.colour('quiet', mode)}; "
    return f'[data-theme="{mode}"] {{ {own}{more}--st-font: {theme.FONT}; color-scheme: {mode}; }}'

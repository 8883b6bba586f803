"""The stage: the browser component that plays, steps, scrubs, drags and captures every figure.

`folders()` goes into assets.Folders, middleware of st.App: plotly.js out of the installed plotly package (library.py)
and the stage's own modules, each under an address that changes with its content. `stage(...)` mounts one and returns
what the hand let go of, once.
"""

from __future__ import annotations

import hashlib
import json
import math
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import streamlit as st

from core import words
from core.slides import View, read_view
from core.words import _
from pages.shared.assets import Asset, Assets
from pages.shared.base import base
from pages.shared.stage import library, shell

STATIC = Path(__file__).parent / "static"
PLOTLY = "plotly.min.js"
# A shell is fetched and filled, never opened: to a browser that is sent to its address it is a text.
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/plain; charset=utf-8"}
ALONE = "default-src 'none'; sandbox"  # the policy of an answer that must be harmless when it is opened
PACKING = 3  # zlib's level: most of what is to be had for a tenth of the time
LARGEST = 1e6  # of a dragged entry
SIZES = (2, 3)  # of the space drawn
MOST_AXES = 8  # of a tensor whose cell is picked
NAME_LENGTH = 20


class Drag(TypedDict):
    """What was let go: a variable's value, padded with zeros to the space drawn, and where the reader was."""

    variable: str
    value: list
    step: int
    camera: dict[str, dict[str, float]] | None


# --- what the browser fetches


def folders() -> dict[str, Assets]:
    """Where plotly.js and the stage's modules lie, under server.baseUrlPath: for assets.Folders."""
    return {_plotly_path().removesuffix(PLOTLY): Assets(_plotly), f"{_stage_folder()}/": Assets(_module)}


def needed() -> tuple[str, list[str], str]:
    """The addresses of plotly.js, of every module and of the sheet, for a page that wants them early."""
    names = shell.reachable(_modules(), "stage.js")
    return _plotly_path(), [f"{_stage_folder()}/{name}" for name in names], f"{_stage_folder()}/stage.css"


def is_home(path: str) -> bool:
    """Whether an address is the first page's, which has no stage."""
    return path.strip("/") == base().strip("/")


@cache
def _plotly_file() -> Path:
    import importlib.util

    spec = importlib.util.find_spec(
        "plotly"
    )  # found, not imported: plotly takes memory that a page never needs
    return Path(spec.origin).parent / "package_data" / PLOTLY


def unreadable() -> list[str]:
    """Which of "plotly" and "stage" cannot be read from the disk, as a server must when it starts again."""
    files = {"plotly": [_plotly_file()], "stage": [STATIC / name for name in {*_modules(), "stage.js"}]}
    return [name for name, paths in files.items() if not all(map(_readable, paths))]


def _readable(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return bool(file.read(1))
    except OSError:
        return False


@cache
def _plotly_path() -> str:
    from importlib.metadata import version

    made = hashlib.sha256(Path(library.__file__).read_bytes()).hexdigest()[:8]
    return f"{base()}/plotly/{version('plotly')}-{made}/{PLOTLY}"


@cache
def _modules() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(STATIC.iterdir()) if path.suffix in TYPES}


@cache
def _stage_folder() -> str:
    digest = hashlib.sha256(json.dumps([_plotly_path(), shell.looks()]).encode())
    for path in (*map(words.catalogue_path, words.LANGUAGES), Path(__file__), Path(shell.__file__)):
        digest.update(path.read_bytes())
    for name, content in _modules().items():
        digest.update(name.encode() + b"\0" + content + b"\0")
    return f"{base()}/stage/{digest.hexdigest()[:16]}"


@cache
def shell_page() -> bytes:
    """The shell of self-contained files, in every language of the atlas."""
    return shell.build(_modules(), _library(), _said())


@cache
def _library() -> bytes:
    return library.served(_plotly_file().read_bytes())


def _said() -> dict[str, dict[str, str]]:
    found = {}
    for code in words.LANGUAGES:
        with words.speaking(code):
            found[code] = {**labels(), **file_words()}
    return found


def _plotly(name: str) -> Asset | None:
    return Asset(_library(), TYPES[".js"], 6) if name == PLOTLY else None


def _module(name: str) -> Asset | None:
    if name == shell.TEMPLATE:
        alone = {"Content-Security-Policy": ALONE, "Content-Disposition": "attachment"}
        return Asset(shell_page(), TYPES[".html"], 6, alone)
    content = _modules().get(name)
    return None if content is None else Asset(content, TYPES[Path(name).suffix])


# --- the component


@cache
def _script(name: str = "stage", draws: bool = True) -> str:
    """The few lines that travel with every message: they fetch the modules from the mounted folder."""
    stage, plotly = json.dumps(f"{_stage_folder()}/{name}.js"), json.dumps(_plotly_path())
    if not draws:
        return (
            f"const ready = import(new URL({stage}, location.origin).href);\n"
            f"export default (component) => ready.then((module) => module.default(component));\n"
        )
    return (
        f"const here = (path) => new URL(path, location.origin).href;\n"
        f"const plotly = here({plotly});\n"
        f"const hint = Object.assign(document.createElement('link'), "
        f"{{ rel: 'preload', as: 'script', href: plotly }});\n"
        f"if (!(window.Plotly ?? window.beginPlotly)) document.head.append(hint);\n"
        f"const ready = import(here({stage}));\n"
        f"export default (component) => ready.then((stage) => stage.default(component, {{ plotly }}));\n"
    )


@cache
def _style() -> str:
    # the line break tells Streamlit that this is a sheet and not a path to one
    return f'/* the stage */\n@import url("{_stage_folder()}/stage.css");'


@cache
def _component() -> Any:
    return st.components.v2.component("atlas_stage", css=_style(), js=_script(), isolate_styles=False)


@cache
def component(name: str, draws: bool = True) -> Any:
    """Another component of ours, whose module `<name>.js` lies with the stage's. `draws`: it needs plotly.js."""
    return st.components.v2.component(f"atlas_{name}", js=_script(name, draws), isolate_styles=False)


def labels() -> dict[str, str]:
    """The stage's words in the visitor's language. Words in braces are put in by the browser."""
    return {
        "play": _("Play"),
        "pause": _("Pause"),
        "back": _("Step back"),
        "forward": _("Step forward"),
        "scrub": _("Position in the animation"),
        "stepOf": _("Step {step} of {steps}"),
        "speed": _("Speed"),
        "loop": _("Repeat"),
        "transport": _("Animation"),
        "tools": _("Figure"),
        "view": _("Reset the view"),
        "copyLink": _("Copy link"),
        "copied": _("Copied"),
        "copyFailed": _("Copying is not allowed here"),
        "capture": _("Save or share the figure"),
        "captureFailed": _("The file could not be made"),
        "saved": _("Saved"),
        "cancelled": _("Cancelled"),
        "making": _("Making the file"),
        "cancel": _("Cancel"),
        "picture": _("Picture"),
        "film": _("Film"),
        "interactive": _("Interactive"),
        "tooLarge": _("The picture would be larger than a browser can draw. Choose a smaller one."),
        "tooManySteps": _("At this size the film would be too large. Choose a smaller width."),
        "size": _("Size"),
        "width": _("Width"),
        "asOnScreen": _("As on screen"),
        "square": _("Square"),
        "transparent": _("Transparent background"),
        "withSentence": _("With the sentence"),
        "copyShort": _("Copy"),
        "copyImage": _("Copy picture"),
        "stepPictures": _("A picture of each step (ZIP)"),
        "embed": _("Copy code for a frame"),
        "addSlide": _("Add to slides"),
        "present": _("Present"),
        "full": _("Full screen"),
        "leave": _("End the presentation"),
        "move": _("Move"),
        "coordinate": _("{name}, coordinate {axis}"),
        "noPlotly": _("The picture could not be loaded. Check the connection and reload the page."),
        "broken": _("The picture could not be drawn. Reload the page to try again."),
    }


def file_words() -> dict[str, str]:
    """What only the page of a self-contained file says."""
    return {
        "newer": _("This file needs JavaScript and a browser of 2023 or later."),
        "slides": _("Slides"),
        "previous": _("Previous slide"),
        "next": _("Next slide"),
        "slideOf": _("Slide {slide} of {slides}"),
        "overview": _("Overview"),
        "print": _("Print"),
        "code": _("Code"),
        "living": _("Open in Tensor Atlas"),
        "moved": _(
            "Moved by hand. The words of the steps tell of the original numbers and are left out; "
            "“Reset the view” brings everything back."
        ),
    }


def stage(
    key: str,
    film: bytes,
    *,
    identity: str,
    revision: int,
    address: bool = True,
    language: str = "en",
    theme: str = "light",
    height: int | None = None,
    alt: str = "",
    on_drag: Callable[[Drag], None] | None = None,
    finished: bool = False,
    shelf: str = "",
    view: View | None = None,
    fixed: bool = False,
    link: str = "",
    on_slide: Callable[[View], None] | None = None,
    slide_word: str = "",
    said: Mapping[str, Any] | None = None,
    play: int = 0,
) -> None:
    """Show `film` (JSON bytes of a figure with keyframes); `on_drag` hears of a drag that was let go, once.

    It is called before the page runs, as every callback: what it changes is in the picture of that same run.

    `identity` names the subject: the same one keeps step, zoom and camera. `address`: this stage owns step,
    camera, zoom and layers in the address bar. `alt` says what the figure is; the step's sentence follows it.
    `shelf`: what the address says of the visitor's named tensors, without a history entry.
    `finished`: it opens on its last step, and Play tells the story from the beginning. `view`: how it is looked at
    when it opens, for a stage without an address. `fixed`: nothing can be dragged, and the figure is from `link`.
    `on_slide` hears, once, how it is looked at when the reader wants that on a slide (`slide_word`: what the button
    says); `said`: the page's answer to that, {"number", "text"}. `play`: another number than before has it play from
    the beginning.
    """
    adding = {"addSlide": slide_word} if slide_word else {}
    wishes = {
        "view": view and view.plain(),
        "adds": on_slide is not None,
        "fixed": fixed,
        "link": link,
        "said": said and dict(said),
        "play": play,
    }
    head = {
        **{name: wish for name, wish in wishes.items() if wish},
        "id": identity,
        "revision": revision,
        "address": address,
        "language": language,
        "theme": theme,
        "height": height,
        "finished": finished,
        "shelf": shelf,
        "labels": {**labels(), **adding, "alt": alt or _("Figure")},
    }
    _component()(
        key=key,
        data=_packed(head, film),
        on_drag_change=lambda: _heard(key, on_drag),
        on_slide_change=lambda: _wanted(key, on_slide),
    )


def _packed(head: Mapping[str, Any], film: bytes) -> bytes:
    """The payload as it travels: zlib around JSON. The film is never parsed here.

    A film of 140 kB becomes 9 kB in 0.5 ms; a class of 300 would ask its network for 100 Mbit/s without that.
    """
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    return zlib.compress(text[:-1] + b',"film":' + film + b"}", PACKING)


def _heard(key: str, on_drag: Callable[[Drag], None] | None) -> None:
    """Streamlit's own callback of the trigger: its value lies in the session."""
    drag = read_drag(st.session_state[key].get("drag"))
    if drag is not None and on_drag is not None:
        on_drag(drag)


def _wanted(key: str, on_slide: Callable[[View], None] | None) -> None:
    """Streamlit's own callback of the other trigger."""
    view = read_view(st.session_state[key].get("slide"))
    if view is not None and on_slide is not None:
        on_slide(view)


# --- what the browser sent


def read_drag(sent: Any) -> Drag | None:
    """`sent` as a Drag when it has the form of one; anything else a browser may send is None."""
    if not isinstance(sent, Mapping):
        return None
    name, step = sent.get("variable"), sent.get("step")
    value = _value(sent.get("value"))
    named = isinstance(name, str) and name.isidentifier() and len(name) <= NAME_LENGTH
    stepped = isinstance(step, int) and not isinstance(step, bool) and 0 <= step < 10_000
    if value is None or not named or not stepped:
        return None
    return Drag(variable=name, value=value, step=step, camera=_camera(sent.get("camera")))


def _number(value: Any) -> bool:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return usable and abs(value) <= LARGEST and math.isfinite(value)


def _vector(value: Any, size: int) -> list[float] | None:
    if not isinstance(value, list) or len(value) != size or not all(_number(entry) for entry in value):
        return None
    return [float(entry) for entry in value]


def _value(value: Any) -> list | None:
    """A vector of 2 or 3 numbers, or a square matrix of that size; a vector may also be the index of a cell."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_AXES:
        return None
    if not isinstance(value[0], list):
        return _vector(value, len(value))
    if len(value) not in SIZES:
        return None
    rows = [_vector(row, len(value)) for row in value]
    return None if any(row is None for row in rows) else rows


def _camera(value: Any) -> dict[str, dict[str, float]] | None:
    if not isinstance(value, Mapping):
        return None
    out = {}
    for part in ("eye", "center", "up"):
        point = value.get(part)
        if not isinstance(point, Mapping) or not all(_number(point.get(axis)) for axis in "xyz"):
            return None
        out[part] = {axis: float(point[axis]) for axis in "xyz"}
    return out

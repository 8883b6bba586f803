"""plotly.js as it is served: known, smaller, nothing missing; and as it came where it is another one."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from playwright._impl._driver import compute_driver_executable

from core.figures import checked
from pages.shared import stage
from pages.shared.stage import library


@pytest.fixture(scope="module")
def whole() -> bytes:
    """plotly.min.js as it lies in the package."""
    return stage._plotly_file().read_bytes()


def test_the_installed_plotly_is_the_one_that_was_taken_apart(whole: bytes) -> None:
    """Red after an upgrade: write the new digest, and run all tests, those in a browser too."""
    assert hashlib.sha256(whole).hexdigest() == library.KNOWN


def test_every_kind_that_a_figure_may_have_stays() -> None:
    assert library.KINDS == checked.KINDS
    assert f'STAND_IN = "{library.STAND_IN}"' in (stage.STATIC / "flat.js").read_text(encoding="utf-8")


def test_half_of_it_is_left_and_the_licence(whole: bytes) -> None:
    served = library.served(whole)
    assert len(served) < 0.5 * len(whole)
    assert served.startswith(b"/**\n* plotly.js v") and b"Licensed under the MIT license" in served[:200]
    assert b"var beginPlotly=" in served and not re.search(rb"\b(?:var|window\.)\s?Plotly\b", served)
    assert b"MapLibre GL JS" in served  # a licence that is named stays, though its part is gone


def test_it_is_taken_apart_without_loss(whole: bytes) -> None:
    """Together the modules are the bundle, but for the list of kinds; what went is named nowhere."""
    parts = library.apart(library.unwrapped(whole))
    gone = parts.modules.keys() - parts.kept
    assert len(gone) > 500 and len(parts.kept) > 500
    assert not gone & set(re.findall(rb"[\w$]+", library.bundled(parts)))
    bare = parts.head + b";".join(parts.modules.values())
    assert len(bare) == pytest.approx(len(library.unwrapped(whole)), abs=400)


def free_names(script: bytes, folder: Path) -> set[str]:
    """The names that `script` uses and nowhere declares, by the scopes of JavaScript; Playwright brings a node."""
    path = folder / "script.js"
    path.write_bytes(script)
    node, _cli = compute_driver_executable()
    command = [node, "--expose-internals", Path(__file__).with_name("free_names.js"), path]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return set(json.loads(done.stdout))


def test_nothing_that_it_uses_is_missing(whole: bytes, tmp_path: Path) -> None:
    """Every name is declared in it, or is one that the whole of plotly.js expects of the browser, too."""
    served, bare = library.served(whole), library.unwrapped(whole)
    assert free_names(served, tmp_path) <= free_names(bare, tmp_path)


def test_a_name_that_is_missing_would_be_found(whole: bytes, tmp_path: Path) -> None:
    parts = library.apart(library.unwrapped(whole))
    (name,) = re.findall(
        rb"=(\w+)\(\);", parts.modules[list(parts.modules)[-1]]
    )  # the core, which it begins with
    poorer = library.bundled(parts._replace(kept=parts.kept - {name}))
    assert name.decode() in free_names(poorer, tmp_path)
    found = free_names(
        b"var a=1,{b:{c=z1}}=x1;function f(p,{q}=y1){l:for(let i of p){a+=i;break l}return class k extends m1{}}"
        b"try{g1()}catch(e){e.d}[a,w1.n]=f;switch(o1){case 1:let r;r}({s:t1,u(){arguments}});i;k",
        tmp_path,
    )
    assert found == {"z1", "x1", "y1", "m1", "g1", "w1", "o1", "t1", "i", "k"}


def test_another_plotly_is_served_as_it_came(whole: bytes) -> None:
    other = whole.replace(b"4.1.1", b"4.1.2")
    assert other != whole and library.served(other) == library.unwrapped(other)
    assert library.served(other).rstrip().endswith(b"window.Plotly = Plotly;")
    assert library.served(b"var Plotly = {};") == b"var Plotly = {};"


def test_plotly_is_taken_out_of_its_wrapper(whole: bytes) -> None:
    """The inside, its licence and nothing else; what is wrapped otherwise is left as it came."""
    bare = library.unwrapped(whole)
    assert 0 < len(whole) - len(bare) < 400
    assert bare.startswith(b"/**\n* plotly.js v") and b"Licensed under the MIT license" in bare[:200]
    assert bare.rstrip().endswith(b"window.Plotly = Plotly;") and b"moduleName" not in bare[:400]
    for other in (
        b"",
        b"var Plotly = {};",
        whole + b"more();",
        whole.replace(library.WRAPPER[0], b"this, function() {", 1),
    ):
        assert library.unwrapped(other) == other

"""The stage's Python side: what it serves, and that nothing a browser may send passes unchecked."""

from __future__ import annotations

import gzip
import json
import math
import re
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core import words
from pages.shared import posters as stills
from pages.shared import stage
from pages.shared.stage import shell
from tests.browser import samples
from tests.browser.bench_page import serving

GOOD = {"variable": "A", "value": [[2, 1], [0, 3.5]], "step": 2, "camera": None}
EYE = {"eye": {"x": 1, "y": 2, "z": 3}, "center": {"x": 0, "y": 0, "z": 0}, "up": {"x": 0, "y": 0, "z": 1}}


Fetch = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture(scope="module")
def fetch() -> Iterator[Fetch]:
    """fetch(path, accept) -> status, headers, body as it travels."""
    with serving() as url:

        def get(
            path: str, accept: str = "identity", *, forwarded: bool = True
        ) -> tuple[int, dict[str, str], bytes]:
            headers = {"Accept-Encoding": accept} | ({"X-Forwarded-For": "192.0.2.1"} if forwarded else {})
            request = urllib.request.Request(url.rstrip("/") + path, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
            except urllib.error.HTTPError as error:
                return error.code, {}, b""

        yield get


def test_stills_are_files_that_the_browser_keeps(fetch: Fetch) -> None:
    """Their address changes with their content; another digest, another name and a path find nothing."""
    where = stills.address(stills.FOLDER / "matrix-vector.en.light.svg")
    status, headers, body = fetch(where)
    assert (status, headers["content-type"]) == (200, "image/svg+xml") and "immutable" in headers[
        "cache-control"
    ]
    assert "default-src 'none'" in headers["content-security-policy"] and body.startswith(b"<svg")
    digest, name = where.split("/")[-2:]
    for wrong in (
        f"/poster/{'0' * 16}/{name}",
        f"/poster/{digest}/nothing.svg",
        f"/poster/{digest}/..%2Fhome.py",
    ):
        status, _headers, body = fetch(wrong)
        assert b"<svg" not in body and b"import" not in body


def test_plotly_comes_compressed_once_and_for_ever(fetch: Fetch) -> None:
    status, headers, body = fetch(stage._plotly_path(), "gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert headers["content-type"].startswith("text/javascript") and "immutable" in headers["cache-control"]
    assert b"plotly.js v" in gzip.decompress(body)[:40]
    assert len(body) < 720_000
    _, headers, body = fetch(stage._plotly_path())
    assert "content-encoding" not in headers and b"plotly.js v" in body[:40]


def test_a_browser_on_this_machine_is_sent_it_plain(fetch: Fetch) -> None:
    """The 150 ms of compressing are on the way to its first picture; through a proxy the bytes may travel far."""
    _, headers, _ = fetch(stage._plotly_path(), "gzip", forwarded=False)
    assert "content-encoding" not in headers


def test_every_module_is_served_with_its_type(fetch: Fetch) -> None:
    for path in sorted(stage.STATIC.iterdir()):
        if path.name == shell.TEMPLATE:
            continue
        status, headers, body = fetch(f"{stage._stage_folder()}/{path.name}")
        assert status == 200 and body == path.read_bytes()
        assert headers["content-type"].startswith(stage.TYPES[path.suffix])


def test_the_shell_is_served_whole_and_harmless(fetch: Fetch) -> None:
    """A browser that is sent to its address gets a text to save, and nothing in it runs."""
    status, headers, body = fetch(f"{stage._stage_folder()}/{shell.TEMPLATE}", "gzip")
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert headers["content-type"].startswith("text/plain") and headers["content-disposition"] == "attachment"
    assert (
        headers["content-security-policy"] == stage.ALONE and headers["x-content-type-options"] == "nosniff"
    )
    assert "immutable" in headers["cache-control"] and len(body) < 800_000
    text = gzip.decompress(body).decode()
    assert text.count(samples.MARK.decode()) == 1 and "plotly.js v" in text
    assert "src=" not in text.split("<script>")[0] and "{plotly}" not in text
    assert (
        text.count("<script") == text.count("</script>") == 4
    )  # plotly, the import map, the words, the page


def test_a_shell_holds_what_its_page_needs_and_no_more() -> None:
    """Relative imports become bare names, of which each is there; no script element ends early."""
    modules = {
        "page.js": b'// </script>\nimport { a } from "./one.js";\nexport const b = "<!-- 100% # </script>";\n',
        "one.js": b'export * from "./two.js";\n',
        "two.js": b'export const load = () => import("./late.js");\n',
        "late.js": b"export default 1;",
        "other.js": b"export default 2;",
        "stage.css": b".a {}",
        "page.css": b".b {}",
        "shell.html": b"{policy}|{style}|{wait}|{plotly}|{imports}|{words}|{other}",
    }
    assert shell.reachable(modules, "page.js") == ["one.js", "page.js", "two.js"]
    with pytest.raises(KeyError):
        shell.build(modules, b"", {"en": {"newer": "x"}})
    modules["shell.html"] = b"{imports}\n{plotly}\n{words}"
    words_said = {"en": {"newer": "</script>"}}
    imports, plotly, said = shell.build(modules, b"a='</script><!--'", words_said).decode().split("\n")
    found = json.loads(imports)["imports"]
    assert list(found) == ["atlas/late.js", "atlas/one.js", "atlas/page.js", "atlas/two.js"]
    source = urllib.parse.unquote(found["atlas/page.js"].split(",", 1)[1])
    assert source == 'import { a } from "atlas/one.js";\nexport const b = "<!-- 100% # </script>";'
    assert "<" not in imports + said and "</script" not in plotly and "<!--" not in plotly
    assert json.loads(said) == words_said


@pytest.mark.parametrize("name", ["nothing.js", "..%2f__init__.py", "%2e%2e/__init__.py", "__init__.py"])
def test_nothing_else_is_served(fetch: Fetch, name: str) -> None:
    assert fetch(f"{stage._stage_folder()}/{name}")[0] == 404


def test_every_import_between_modules_exists() -> None:
    for path in stage.STATIC.glob("*.js"):
        for line in path.read_text().splitlines():
            if line.startswith("import ") and "from" in line:
                target = line.split('from "./')[1].rstrip('";')
                assert (stage.STATIC / target).exists(), f"{path.name}: {line}"


def test_every_word_the_browser_asks_for_is_given() -> None:
    """labels.play, say("copied") and new Error("noPlotly") all name a label."""
    asked: set[str] = set()
    for path in stage.STATIC.glob("*.js"):
        text = path.read_text()
        asked |= set(re.findall(r"\blabels\.(\w+)", text)) | set(re.findall(r'\bsay\("(\w+)"\)', text))
        asked |= set(re.findall(r'new Error\("(no\w+)"\)', text))
    assert "play" in asked and "copied" in asked and "noPlotly" in asked
    assert asked <= {*stage.labels(), "alt"}


def test_the_labels_are_in_the_language_in_use() -> None:
    with words.speaking("en"):
        assert stage.labels()["play"] == "Play"


def test_the_words_in_braces_are_what_the_browser_fills_in() -> None:
    assert "{step}" in stage.labels()["stepOf"] and "{steps}" in stage.labels()["stepOf"]
    assert "{name}" in stage.labels()["coordinate"] and "{axis}" in stage.labels()["coordinate"]


def test_a_drag_is_read() -> None:
    drag = stage.read_drag({**GOOD, "camera": EYE})
    assert drag == {"variable": "A", "value": [[2.0, 1.0], [0.0, 3.5]], "step": 2, "camera": EYE}
    assert stage.read_drag({**GOOD, "variable": "x", "value": [1, 2, 3]})["value"] == [1.0, 2.0, 3.0]
    for index in ([5], [1, 2, 3, 4]):  # of a cell that was clicked
        assert stage.read_drag({**GOOD, "variable": "cell", "value": index})["value"] == index


HOSTILE: list[Any] = [
    *(None, 1, "drag", [], [GOOD]),
    *({}, {**GOOD, "variable": None}, {**GOOD, "variable": "A" * 21}, {**GOOD, "variable": "a b"}),
    *(
        {**GOOD, "step": -1},
        {**GOOD, "step": 1.5},
        {**GOOD, "step": True},
        {**GOOD, "step": "1"},
        {**GOOD, "step": 10**9},
    ),
    *(
        {**GOOD, "value": value}
        for value in (None, 1, "1", [], ["1"], list(range(9)), [[1, 2]], [[1, 2], [3]], [[1, 2], 3])
    ),
    *(
        {**GOOD, "value": [1, value]}
        for value in (math.nan, math.inf, -math.inf, 1e7, 10**400, True, "2", None, [2])
    ),
    {**GOOD, "value": [[[1, 2], [3, 4]], [[1, 2], [3, 4]]]},
]


@pytest.mark.parametrize("sent", HOSTILE, ids=lambda sent: repr(sent)[:60])
def test_anything_else_is_no_drag(sent: Any) -> None:
    assert stage.read_drag(sent) is None


@pytest.mark.parametrize(
    "camera",
    [1, [], {"eye": 1}, {**EYE, "up": {"x": 0, "y": 0}}, {**EYE, "eye": {"x": math.nan, "y": 0, "z": 0}}],
)
def test_a_strange_camera_is_left_out(camera: Any) -> None:
    assert stage.read_drag({**GOOD, "camera": camera})["camera"] is None


def test_the_payload_is_json_around_the_untouched_film(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}

    monkeypatch.setattr(stage, "_component", lambda: lambda **arguments: given.update(arguments))
    monkeypatch.setattr(stage.st, "session_state", {"k": {"drag": GOOD}, "other": {"drag": {"variable": 1}}})
    heard: list[stage.Drag] = []
    film = '{"data":[],"layout":{"meta":{"steps":[{"sentence":"转动"}]}}}'.encode()
    stage.stage("other", film, identity="matrix-vector", revision=6, on_drag=heard.append)
    given["on_drag_change"]()
    assert heard == []  # what has not the form of a drag is nobody's business
    stage.stage("k", film, identity="matrix-vector", revision=7, alt="Fläche", on_drag=heard.append)
    given["on_drag_change"]()
    assert [drag["value"] for drag in heard] == [[[2.0, 1.0], [0.0, 3.5]]]
    sent = zlib.decompress(given["data"])
    assert film in sent
    payload = json.loads(sent)
    assert payload["film"] == json.loads(film)
    assert (payload["id"], payload["revision"], payload["address"], payload["labels"]["alt"]) == (
        *("matrix-vector", 7, True, "Fläche"),
    )


def test_the_script_that_travels_is_small_and_names_the_folder() -> None:
    assert len(stage._script()) < 800
    assert stage._stage_folder() in stage._script() and stage._plotly_path() in stage._script()


def test_the_folder_s_address_changes_with_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stage._stage_folder()
    for cached in (stage._modules, stage._stage_folder):
        cached.cache_clear()
    (tmp_path / "stage.js").write_text("// another")
    monkeypatch.setattr(stage, "STATIC", tmp_path)
    try:
        assert stage._stage_folder() != before
    finally:
        for cached in (stage._modules, stage._stage_folder):
            cached.cache_clear()


def test_the_modules_that_a_picture_waits_for_are_small() -> None:
    """What makes files comes when the first one is wanted."""
    _plotly, addresses, _sheet = stage.needed()
    names = [address.rsplit("/", 1)[1] for address in addresses]
    assert "stage.js" in names and "studio.js" not in names
    whole = b"".join((stage.STATIC / name).read_bytes() for name in names)
    assert len(gzip.compress(whole)) < 50_000

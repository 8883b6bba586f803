"""What is done for the first paint: what the page brings with it, what waits, and what Streamlit is spared."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core import calculator
from pages.shared import assets, early, security, stage
from tests import asgi

ROOT = Path(__file__).resolve().parents[1]
FONT = """
    <link
      rel="preload"
      href="./x.woff2" as="font"
      crossorigin
    />"""
PAGE = "<html><head><title>x</title></head><body>é</body></html>"
BROWSER = {"accept": "text/html,*/*", "accept-encoding": "gzip", "if-none-match": '"1"'}


@dataclass
class Client:
    """Asks an ASGI app without a network."""

    app: Any
    held: list[Any] = field(default_factory=list)
    seen: dict[str, Any] = field(default_factory=dict)

    def get(self, path: str, headers: dict[str, str] | None = None, query: str = "") -> asgi.Answer:
        return asgi.request(self.app, "GET", path, headers=headers, query=query)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A small site behind the middleware; it remembers what it was asked and that torch was held."""
    held: list[Any] = []
    monkeypatch.setattr(
        calculator, "start_after", lambda seconds, *, at_most: held.append((seconds, at_most))
    )
    seen: dict[str, Any] = {}

    def page(request: Request) -> Response:
        seen.update(request.headers)
        own = {"etag": '"1"', "last-modified": "yesterday"}
        return HTMLResponse(PAGE.replace("</title>", f"</title>{FONT}"), headers=own)

    def parts(_request: Request) -> Response:
        return StreamingResponse(iter([PAGE[:20], PAGE[20:]]), media_type="text/html")

    routes = [Route("/", page), Route("/matrix-vector", page), Route("/parts", parts)]
    routes.append(Route("/data", lambda _request: JSONResponse({})))
    return Client(early.Early(Starlette(routes=routes)), held, seen)


def test_a_lesson_brings_plotly_and_the_modules(client: Client) -> None:
    answer = client.get("/matrix-vector", headers=BROWSER)
    plotly, modules, sheet = stage.needed()
    assert answer.text == PAGE.replace(
        "</head>", f'{early.FACE}{early.place_tag()}<script defer src="{plotly}"></script></head>'
    )
    scripts = [*modules, *assets.chunks(*early.WIDGETS)]
    assert all(f"<{script}>; rel=modulepreload" in answer.headers["link"] for script in scripts)
    assert f"<{sheet}>; rel=preload; as=style" in answer.headers["link"]
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "etag" not in answer.headers and "last-modified" not in answer.headers  # they were the file's
    assert "accept-encoding" not in client.seen and "if-none-match" not in client.seen


def test_the_policy_lets_the_tags_run() -> None:
    """A script of this server's own, and inline the one that says where the server is."""
    assert early.script_tag().startswith(b'<script defer src="/')
    (place,) = security.inline_scripts(early.place_tag())
    assert "script-src 'self'" in security.CONTENT_POLICY and place in security.CONTENT_POLICY


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([], "[location.origin]"),
        (["https://a.example", "</script>"], '["https://a.example", "\\u003c/script>"]'),
    ],
)
def test_the_page_is_told_who_may_command_it(
    monkeypatch: pytest.MonkeyPatch, others: list[str], said: str
) -> None:
    """Whom the server's own answer names; nobody but this very origin where it names nobody."""
    monkeypatch.setattr(early.config, "get_option", {"client.allowedOrigins": others}.get)
    tag = early.place_tag()
    assert f"allowedOrigins: {said}," in tag and tag.count("</script>") == 1


@pytest.mark.parametrize(
    ("query", "covered"),
    [
        ("present=true", True),
        ("A=[[1,2]]&present=true", True),
        ("present=perhaps", False),
        ("a=present=true", False),
    ],
)
def test_a_page_to_be_presented_is_covered_until_it_can_be(client: Client, query: str, covered: bool) -> None:
    answer = client.get("/matrix-vector", headers=BROWSER, query=query)
    assert ("atlas-until-stage" in answer.text) is covered
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_home_brings_no_figure_and_no_font(client: Client) -> None:
    answer = client.get("/", headers=BROWSER)
    assert (
        answer.text == PAGE.replace("</head>", f"{early.FACE}{early.place_tag()}</head>")
        and "link" not in answer.headers
    )
    assert int(answer.headers["content-length"]) == len(answer.body)


def test_what_is_no_page_stays_as_it_is(client: Client) -> None:
    answer = client.get("/data", headers=BROWSER)
    assert answer.text == "{}" and "link" not in answer.headers


def test_a_page_in_parts_gets_the_header_alone(client: Client) -> None:
    answer = client.get("/parts", headers=BROWSER)
    assert answer.text == PAGE and "modulepreload" in answer.headers["link"]


def test_a_missing_page_stays_as_it_is(client: Client) -> None:
    answer = client.get("/nothing", headers=BROWSER)
    assert answer.status == 404 and "link" not in answer.headers


def test_every_request_holds_torch_back(client: Client) -> None:
    for path in ("/", "/data", "/matrix-vector"):
        client.get(path)
    assert client.held == [(early.QUIET, early.LONGEST)] * 3


def told(script: str, *arguments: str) -> str:
    """What a Python of its own prints."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout


FIRST_RUN = """
import sys
from pages.shared import look, upkeep
upkeep.before_first_run()
from streamlit.commands import page_config
from streamlit import delta_generator
print(page_config._get_favicon_string(look.ICON))
print("numpy" in sys.modules, delta_generator._use_warning_has_been_displayed)
"""


def test_the_first_run_is_spared_numpy_and_a_look_at_every_module() -> None:
    said = told(FIRST_RUN)
    icon, rest = said.strip().splitlines()
    assert icon.startswith("data:image/svg+xml;base64,")
    assert rest == "False True"


THEME = """
from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import app_session
from pages.shared import upkeep

config.get_config_options()
SECTIONS = ("light", "dark", "sidebar", "light.sidebar", "dark.sidebar")


def filled():
    message = ForwardMsg()
    theme = message.new_session.custom_theme
    app_session._populate_theme_msg(theme)
    for section in SECTIONS:
        place = theme
        for name in section.split("."):
            place = getattr(place, name)
        app_session._populate_theme_msg(place, f"theme.{section}")
    return message


plain = filled()
read = app_session._populate_theme_msg
upkeep.before_first_run()
asked = []
options = config.get_options_for_section
config.get_options_for_section = lambda section: asked.append(section) or options(section)
print(read is not app_session._populate_theme_msg, plain == filled() == filled(), plain.ByteSize() > 100, len(asked))
"""


def test_the_theme_is_read_once_and_is_the_same() -> None:
    """In every run's first message, out of hundreds of options: once for each of its six sections."""
    said = told(THEME)
    assert said.split() == ["True", "True", "True", "6"]


WATCH = """
import sys
from streamlit import config
config.get_config_options()
if len(sys.argv) > 1:
    config.set_option("server.fileWatcherType", sys.argv[1])
from streamlit.runtime.pages_manager import PagesManager
from streamlit.watcher import local_sources_watcher
from pages.shared import upkeep
upkeep.before_first_run()
looked = []
paths = local_sources_watcher.get_module_paths
local_sources_watcher.get_module_paths = lambda module: looked.append(module) or paths(module)
local_sources_watcher.LocalSourcesWatcher(PagesManager("pages/shared/frame.py")).update_watched_modules()
print(len(looked) > 100)
"""


@pytest.mark.parametrize(("arguments", "looked"), [([], "False"), (["poll"], "True")])
def test_where_nothing_is_watched_no_module_is_looked_for(arguments: list[str], looked: str) -> None:
    """150 ms for every session, on the thread that serves everybody; whoever develops may still have it."""
    said = told(WATCH, *arguments)
    assert said.strip() == looked


STATE = """
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState
from pages.shared import upkeep

def made():
    state = SessionState()
    for number in range(3):
        name = f"$$ID-{number:032x}-field{number}"
        state._key_id_mapper[f"field{number}"] = name
        state._new_widget_state.set_from_value(name, number or None)
    state._new_session_state["word"] = "said"
    return SafeSessionState(state, lambda: None)

before, plain = SafeSessionState.filtered_state, made().filtered_state
upkeep.before_first_run()
state = made()
seen = state.filtered_state
print(before is not SafeSessionState.filtered_state, dict(seen) == plain == dict(made()._state.filtered_state))
print(sorted(plain), len(seen), "field0" in seen, seen["field0"], "nothing" in seen, seen.get("nothing"))
asked = []
whole = SessionState.filtered_state
SessionState.filtered_state = property(lambda state: asked.append(1) or whole.fget(state))
"word" in seen and seen["word"]
print(len(asked), sorted(state.filtered_state) == sorted(plain), len(asked) > 0)
"""


def test_a_field_looks_up_its_key_and_not_the_whole_session() -> None:
    """Streamlit copies all of a session's state for each field; the answers are the same."""
    same, keys, whole = told(STATE).strip().splitlines()
    assert same == "True True"
    assert keys == "['field0', 'field1', 'field2', 'word'] 4 True None False None"
    assert whole == "0 True True"


SENT = """
import asyncio, socket, sys
if len(sys.argv) > 1:
    from pages.shared import upkeep
    upkeep.before_first_run()

async def main():
    heard = asyncio.get_running_loop().create_future()

    def greeted(reader, writer):
        heard.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listening = socket.socket(socket.AF_INET)  # as Streamlit makes it
    listening.bind(("127.0.0.1", 0))
    async with await asyncio.start_server(greeted, sock=listening):
        _reader, writer = await asyncio.open_connection(*listening.getsockname())
        print(bool(await heard))
        writer.close()

asyncio.run(main())
"""


@pytest.mark.parametrize(("arguments", "at_once"), [([], "False"), (["ours"], "True")])
def test_what_is_written_to_a_browser_is_sent_at_once(arguments: list[str], at_once: str) -> None:
    """Without us the second of two small messages waits for the browser's word about the first, up to 40 ms."""
    said = told(SENT, *arguments)
    assert said.strip() == at_once

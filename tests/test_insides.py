"""What of Streamlit's insides the atlas relies on. An upgrade that renames one of them is red here, and says which."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackendOperationRequest, BackMsg
from streamlit.web.server.starlette import starlette_app, starlette_routes, starlette_server_config

from pages.shared import early, security

ROOT = Path(__file__).resolve().parents[1]
OPTIONS: dict[str, Any] = config._config_options_template

# module, name in it, and how it is called: the parameters that we give, or None where it is no function. Who needs it.
INSIDES = [
    ("streamlit.net_util", "get_external_ip", [], "upkeep: no host of others is asked"),
    (
        "streamlit.runtime.app_session",
        "AppSession._handle_git_information_request",
        ["self"],
        "upkeep: nothing is told",
    ),
    ("streamlit.delta_generator", "_use_warning_has_been_displayed", None, "upkeep: the first element"),
    (
        "streamlit.runtime.app_session",
        "_populate_theme_msg",
        ["msg", "section"],
        "upkeep: the theme is read once",
    ),
    ("streamlit.commands.page_config", "image_to_url", None, "upkeep: the page's icon"),
    ("streamlit.runtime.runtime", "MESSAGE_FLUSH_INTERVAL_SECS", None, "upkeep: what is made is sent"),
    (
        "streamlit.runtime.state.safe_session_state",
        "SafeSessionState.filtered_state",
        None,
        "upkeep: a field looks up its key alone",
    ),
    (
        "streamlit.runtime.state.safe_session_state",
        "SafeSessionState.__init__",
        ["state", "yield_callback"],
        "upkeep: the same",
    ),
    ("streamlit.runtime", "exists", [], "pages: whether a browser is there"),
    ("streamlit.runtime", "get_instance", [], "metrics"),
    ("streamlit.runtime.scriptrunner", "get_script_run_ctx", ["suppress_warning"], "state, keeping"),
    (
        "streamlit.runtime.scriptrunner",
        "ScriptRunContext.__init__",
        ["session_id", "uploaded_file_mgr"],
        "keeping",
    ),
    (
        "streamlit.runtime.scriptrunner",
        "ScriptRunContext.__init__",
        ["is_history_navigation"],
        "state: back, forward",
    ),
    (
        "streamlit.runtime.memory_uploaded_file_manager",
        "MemoryUploadedFileManager.remove_file",
        ["self", "session_id", "file_id"],
        "keeping: an upload is forgotten",
    ),
    (
        "streamlit.runtime.memory_uploaded_file_manager",
        "MemoryUploadedFileManager.add_file",
        ["self", "session_id", "file"],
        "security: few are held",
    ),
    (
        "streamlit.runtime.state.session_state",
        "WStates.__getitem__",
        ["self", "k"],
        "security: a widget is sent what is of its kind",
    ),
    (
        "streamlit.runtime.state.session_state",
        "WStates.set_widget_from_proto",
        ["self", "widget_state"],
        "security: the same",
    ),
    ("streamlit.runtime.state.session_state", "Serialized.__init__", ["value"], "security: the same"),
    (
        "streamlit.runtime.scriptrunner_utils.script_requests",
        "ScriptRequests.on_scriptrunner_ready",
        ["self"],
        "visitors: a part that was changed while it waited",
    ),
    (
        "streamlit.runtime.scriptrunner",
        "ScriptRunContext.__init__",
        ["script_requests", "yield_check", "fragment_ids_this_run"],
        "visitors: the same",
    ),
    ("streamlit", "App.__init__", ["script_path", "routes", "middleware", "on_script_error"], "app.py"),
    ("streamlit.components.v2", "component", ["name", "css", "js", "isolate_styles"], "the stage"),
    (
        "streamlit.runtime.uploaded_file_manager",
        "UploadedFile.__init__",
        ["record"],
        "opening: file_id, name",
    ),
]
# What a browser may send. A new kind has to be looked at: what does it do when anybody sends it?
MESSAGES = {
    "clear_cache",  # the caches that the atlas does not use, and the sender's own session
    "set_run_on_save",  # off: fileWatcherType = "none"
    "stop_script", "rerun_script", "file_urls_request", "app_heartbeat",  # the sender's own
    "load_git_info",  # security answers nothing
    "debug_disconnect_websocket", "debug_shutdown_runtime",  # only in developmentMode
    "backend_operation_request",
}  # fmt: skip
OPERATIONS = {
    "deferred_file",
    "dataframe_chunk",
    "install_skills",
    "dismiss_skills_nudge",
}  # headless refuses two
# What Streamlit serves. A new address has to be looked at: for visitors, or for the proxy to close?
ADDRESSES = {
    "/_stcore/health", "/_stcore/host-config", "/_stcore/stream", "/_stcore/bidi-components/{path:path}",
    "/_stcore/upload_file/{session_id}/{file_id}", "/media/{file_id:path}", "/component/{path:path}", "",
}  # fmt: skip
CLOSED = {
    "/_stcore/metrics", "/_stcore/agent/interact", "/_stcore/agent/openapi.json", "/_stcore/agent/mcp",
    "/auth/login", "/auth/logout", "/oauth2callback",
}  # fmt: skip


def found(module: str, name: str) -> Any:
    """The thing itself; AssertionError says what is gone."""
    here: Any = importlib.import_module(module)
    for part in name.split("."):
        assert hasattr(here, part), f"Streamlit {streamlit.__version__} has no {module}.{name} any more"
        here = getattr(here, part)
    return here


@pytest.mark.parametrize(
    ("module", "name", "given", "why"), INSIDES, ids=[f"{one[0]}.{one[1]}" for one in INSIDES]
)
def test_an_inside_that_is_relied_on_is_there(
    module: str, name: str, given: list[str] | None, why: str
) -> None:
    thing = found(module, name)
    if given is not None:
        parameters = inspect.signature(thing).parameters
        assert set(given) <= set(parameters), f"{why}: {module}.{name}{inspect.signature(thing)}"


def test_what_is_gone_would_be_named() -> None:
    """The test above can fail."""
    with pytest.raises(AssertionError, match=r"has no streamlit\.net_util\.get_elsewhere any more"):
        found("streamlit.net_util", "get_elsewhere")


def imports() -> Iterator[tuple[str, str, str]]:
    """(file, module, name) of everything that the app imports out of Streamlit."""
    for path in (ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "deploy").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "streamlit":
                yield from ((path.name, node.module, alias.name) for alias in node.names)


def test_everything_that_is_imported_out_of_streamlit_is_there() -> None:
    missing = []
    for file, module, name in imports():
        try:
            here = importlib.import_module(module)
            if not hasattr(here, name):
                importlib.import_module(f"{module}.{name}")
        except ImportError:
            missing.append(f"{file}: {module}.{name}")
    assert missing == [] and len(list(imports())) > 5


SAFE = {
    "client.showErrorDetails": "none", "client.showErrorLinks": False, "client.allowedOrigins": [],
    "server.headless": True, "server.enableCORS": True, "server.enableXsrfProtection": True,
    "server.enableAgentApi": False, "server.scriptHealthCheckEnabled": False, "server.enableStaticServing": False,
    "server.fileWatcherType": "none", "browser.gatherUsageStats": False, "global.developmentMode": False,
    "global.e2eTest": False, "runner.postScriptGC": False,
}  # fmt: skip
QUESTION = f"""
import inspect, json
import app  # with its patches, which are looked at where Streamlit asks for them
import streamlit.delta_generator, streamlit.net_util
from streamlit import config
from streamlit.commands import page_config
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.web.server import server_util
from streamlit.web.server.starlette import starlette_app, starlette_routes
print(json.dumps({{
    "addresses": [getattr(one, "path", "") for one in starlette_app.create_streamlit_routes(app.app._create_runtime())],
    "settings": {{name: config.get_option(name) for name in {list(SAFE)!r}}},
    "patches": [
        streamlit.net_util.get_external_ip() is None,
        "net_util.get_external_ip" in inspect.getsource(server_util.is_url_from_allowed_origins),
        streamlit.delta_generator._use_warning_has_been_displayed is True,
        page_config.image_to_url("data:x") == "data:x",
        AppSession._handle_git_information_request(None) is None,
        "self._handle_git_information_request()" in inspect.getsource(AppSession.handle_backmsg),
        isinstance(MemoryUploadedFileManager("").file_storage, dict),
        "upload_mgr.add_file(" in inspect.getsource(starlette_routes.create_upload_routes),
        "self._create_new_session_message(" in inspect.getsource(AppSession._handle_scriptrunner_event_on_event_loop),
    ],
}}))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What the server's process says of itself."""
    done = subprocess.run([sys.executable, "-c", QUESTION], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_the_patches_take(told: dict[str, Any]) -> None:
    assert told["patches"] == [True] * 9


# --- settings


def settings() -> dict[str, Any]:
    """.streamlit/config.toml, flat."""
    flat: dict[str, Any] = {}

    def add(prefix: str, table: dict[str, Any]) -> None:
        for name, value in table.items():
            if isinstance(value, dict):
                add(f"{prefix}{name}.", value)
            else:
                flat[f"{prefix}{name}"] = value

    add("", tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")))
    return flat


@pytest.mark.parametrize("name", sorted(settings()))
def test_every_setting_is_one_of_streamlits(name: str) -> None:
    assert name in OPTIONS, f"Streamlit {streamlit.__version__} has no setting {name} any more"
    option = OPTIONS[name]
    assert not option.deprecated, f"{name} is deprecated: {option.description}"


def test_every_variable_that_a_host_is_told_of_is_a_setting() -> None:
    """In deploy/ and in the README."""
    known = {option.env_var for option in OPTIONS.values()}
    files = [path for path in (ROOT / "deploy").rglob("*") if path.suffix != ".pyc" and path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in files]
    texts.append((ROOT / "README.md").read_text(encoding="utf-8"))
    asked = {name for text in texts for name in re.findall(r"\bSTREAMLIT_[A-Z_]+[A-Z]\b", text)}
    assert asked and asked <= known, asked - known


def test_what_keeps_a_host_safe_is_so(told: dict[str, Any]) -> None:
    """Effective, not only written: defaults of Streamlit's that a later one may change."""
    assert told["settings"] == SAFE


# --- what visitors can reach


def test_every_message_that_a_browser_may_send_is_known() -> None:
    (kinds,) = BackMsg.DESCRIPTOR.oneofs
    assert {field.name for field in kinds.fields} == MESSAGES
    (operations,) = BackendOperationRequest.DESCRIPTOR.oneofs
    assert {field.name for field in operations.fields} == OPERATIONS


def test_every_address_that_streamlit_serves_is_known(told: dict[str, Any]) -> None:
    assert set(told["addresses"]) == ADDRESSES | CLOSED


def test_what_is_not_for_visitors_is_closed_at_the_proxy() -> None:
    template = (ROOT / "deploy" / "nginx.conf.template").read_text(encoding="utf-8")
    (closed,) = re.findall(r"location ~ (\^\S+) \{ return 404; \}", template)
    assert all(re.search(closed, address) for address in CLOSED)
    assert not any(re.search(closed, address) for address in ADDRESSES)


def test_the_names_that_go_over_the_wire_are_the_same() -> None:
    """The proxy's rules, exports and tests name these."""
    assert starlette_routes.BASE_ROUTE_UPLOAD_FILE == "_stcore/upload_file"
    assert starlette_routes.BASE_ROUTE_MEDIA == "media" and starlette_routes.BASE_ROUTE_STATIC == "static"
    assert starlette_server_config.XSRF_COOKIE_NAME == "_streamlit_xsrf"
    assert inspect.signature(starlette_app.create_streamlit_routes).parameters.keys() == {"runtime"}


def test_streamlits_page_is_as_the_policy_and_the_early_script_expect_it() -> None:
    page = security.INDEX.read_text(encoding="utf-8")
    assert len(early.FONT.findall(page.encode())) == 1 == page.count('as="font"')
    sheet = next((security.INDEX.parent / "static" / "css").glob("index.*.css")).read_text(encoding="utf-8")
    assert "@font-face{font-family:Source Sans;font-weight:100 900;font-style:normal;" in sheet
    assert page.index('rel="stylesheet"') < page.index("</head>")  # of two faces the later one counts
    assert page.count("</head>") == 1 and len(security.inline_scripts(page)) == page.count("<script>")
    assert not re.findall(
        r"<script (?![^>]*\bsrc=)", page
    )  # no inline script with attributes: its hash would be missed
    assert not re.findall(
        r"https?://(?!www\.w3\.org)", re.sub(r"<!--.*?-->|/\*.*?\*/", "", page, flags=re.DOTALL)
    )

"""A real server and a real Chromium, started once for all browser tests. No Chromium is a failure, not a skip."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests import chrome
from tests.browser.tabs import Tabs, opened

ROOT = Path(__file__).resolve().parents[2]
LOCALES = {"en": "en-US", "zh": "zh-CN"}
SIZES = {"desktop": (1400, 900), "wide": (1920, 1080), "phone": (390, 844)}
REPORTS: pytest.StashKey[dict[str, pytest.TestReport]] = pytest.StashKey()
expect.set_options(timeout=30_000)  # ms; both cores may be busy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@dataclass
class Server:
    """A running `streamlit run app.py`."""

    url: str
    process: subprocess.Popen
    log: Path

    def address(self, path: str = "/") -> str:
        """The full address of a path."""
        return self.url + path


def serve(
    log: Path,
    *,
    env: dict[str, str] | None = None,
    arguments: tuple[str, ...] = (),
    health: str = "/_stcore/health",
) -> Server:
    """Start the app on a free port and wait until it answers at `health`."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"]
    command += ["--server.address=127.0.0.1", *arguments]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(server.address(health), timeout=2).read()
            return server
        except OSError:
            time.sleep(0.1)
    stop(server)
    pytest.fail(f"The server did not start:\n{log.read_text(errors='replace')[-3000:]}")


def stop(server: Server) -> None:
    """End the server and what it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(server.process.pid, sign)
            server.process.wait(timeout=10)
            return
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app as a visitor meets it."""
    running = serve(tmp_path_factory.mktemp("server") / "log.txt")
    yield running
    stop(running)


@pytest.fixture(scope="session")
def chrome_path() -> str:
    """A Chrome or Chromium; without one the browser tests fail."""
    found = chrome.find()
    if not found:
        pytest.fail("No Chrome or Chromium: install one, or name it in the variable CHROME.")
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chrome_path: str) -> Iterator[Browser]:
    """One Chromium for all tests; each test has contexts of its own in it."""
    running = playwright.chromium.launch(executable_path=chrome_path, args=chrome.FLAGS)
    yield running
    running.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keeps each part's report with its test."""
    report = yield
    item.stash.setdefault(REPORTS, {})[report.when] = report
    return report


@pytest.fixture
def passed(request: pytest.FixtureRequest) -> Callable[[], bool]:
    """passed() -> whether the test's own part ended well; for the ends of fixtures."""
    return lambda: (
        request.node.stash.get(REPORTS, {}).get("call") is not None
        and (request.node.stash[REPORTS]["call"].passed)
    )


@pytest.fixture(scope="session")
def tabs(browser: Browser, server: Server) -> Iterator[Tabs]:
    """The tabs of the app."""
    kept = Tabs(browser, server.address("/_stcore/health"))
    yield kept
    kept.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(tabs: Tabs, server: Server, passed: Callable[[], bool]) -> Iterator[Visit]:
    """visit("/matrix-vector", theme="dark", size="phone", language="zh") -> a page of a fresh visitor.

    At the end of the test no page may have thrown an error or met the content policy.
    """
    with opened(tabs, passed) as take:

        def open_page(
            path: str = "/",
            *,
            theme: str = "light",
            size: str | tuple[int, int] = "desktop",
            language: str = "en",
            **more,
        ) -> Page:
            width, height = SIZES[size] if isinstance(size, str) else size
            touch = {"has_touch": True, "is_mobile": True} if size == "phone" else {}
            settings = {
                "viewport": {"width": width, "height": height},
                "color_scheme": theme,
                "locale": LOCALES[language],
            }
            page = take({**settings, **touch, **more}).page
            page.goto(server.address(path))
            return page

        yield open_page

"""What a first visit costs on the wire, through nginx as a class meets it, and what the second one does."""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from deploy import proxy
from deploy.local import free_port
from tests import nginx
from tests.browser.conftest import Server, serve, stop

MOST = 2_200_000  # bytes of a first view, a third of it plotly.js
AGAIN = 100_000  # of a second one, beside the message that is the page
# The keeper's module is asked for last, by a component that comes after the picture.
LAST = "() => performance.getEntriesByType('resource').some((one) => /kept.js$/.test(one.name) && one.responseEnd)"
LINK = "/matrix-vector?A=[[2,1],[0,3]]&x=[1,2]"


@dataclass
class Wire:
    """Bytes that came, by address; a websocket's under its own."""

    came: dict[str, int] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def asked(self, event: dict) -> None:
        self.addresses[event["requestId"]] = event["request"]["url"]

    def loaded(self, event: dict) -> None:
        address = self.addresses.get(event["requestId"], "?")
        self.came[address] = self.came.get(address, 0) + int(event["encodedDataLength"])

    def heard(self, event: dict) -> None:
        text = event["response"]["payloadData"]
        size = len(base64.b64decode(text)) if event["response"]["opcode"] == 2 else len(text)
        self.came["socket"] = self.came.get("socket", 0) + size

    def total(self) -> int:
        return sum(self.came.values())

    def scripts(self) -> list[str]:
        """Scripts and sheets that came over the wire."""
        return [
            one for one, size in self.came.items() if size and urlsplit(one).path.endswith((".js", ".css"))
        ]


@pytest.fixture
def front(server: Server) -> Iterator[str]:
    """nginx before the server of all browser tests; its address."""
    assert nginx.find(), nginx.MISSING
    with tempfile.TemporaryDirectory(prefix="atlas-first-") as folder:
        listen = f"127.0.0.1:{free_port()}"
        running = proxy.Nginx(proxy.Settings(listen, Path(folder), "/dev/null"), quiet=True)
        running.start([urlsplit(server.url).netloc])
        try:
            yield f"http://{listen}"
        finally:
            running.end()


def visited(context: BrowserContext, address: str) -> Wire:
    """What came until the picture stood and the page was quiet."""
    page, wire = context.new_page(), Wire()
    line = context.new_cdp_session(page)
    line.on("Network.requestWillBeSent", wire.asked)
    line.on("Network.loadingFinished", wire.loaded)
    line.on("Network.webSocketFrameReceived", wire.heard)
    line.send("Network.enable")
    page.goto(address)
    expect(page.locator(".st-key-stage .main-svg").first).to_be_visible()
    expect(page.locator(".st-key-result")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.wait_for_function(LAST)
    page.close()
    return wire


def test_a_first_view_is_small_and_a_second_brings_no_script(browser: Browser, front: str) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    try:
        first, second = visited(context, front + LINK), visited(context, front + LINK)
    finally:
        context.close()
    assert len(first.scripts()) > 20 and first.came["socket"] > 1_000  # everything was counted
    assert first.total() <= MOST, sorted(first.came.items(), key=lambda pair: -pair[1])[:10]
    assert second.scripts() == []
    assert second.total() - second.came["socket"] <= AGAIN, second.came
    print(
        f"first view {first.total()} bytes, second {second.total()}; {len(first.came)} and {len(second.came)} answers"
    )


@pytest.mark.parametrize("base", ["", "/school/atlas"])
def test_a_page_finds_its_server_at_once(browser: Browser, tmp_path: Path, base: str) -> None:
    """Its picture waits for no answer that only says where the server is, and nothing is asked for in vain."""
    arguments, health = (f"--server.baseUrlPath={base}",), f"{base}/_stcore/health"
    server = serve(tmp_path / "log", arguments=arguments, health=health)
    try:
        page = browser.new_page()
        answers: dict[str, int] = {}
        page.on("response", lambda response: answers.update({response.url: response.status}))
        page.route(re.compile("_stcore/(health|host-config)"), lambda _route: None)  # no answer
        for path in ("/matrix-vector", "/"):
            page.goto(server.address(base + path))
            expect(page.locator(".st-key-stage .main-svg, img.atlas-poster").first).to_be_visible()
        assert len(answers) > 100
        assert {url: status for url, status in answers.items() if status >= 400} == {}
        assert {urlsplit(url).netloc for url in answers} == {urlsplit(server.url).netloc}
        page.close()
    finally:
        stop(server)

"""Faults in mid-lesson, behind nginx and two replicas: what the visitor made is there again, and he is told so."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect

from deploy import local, proxy
from tests import loops, nginx
from tests.browser.conftest import Visit, free_port, serve, stop
from tests.browser.lesson import WAIT, Lesson
from tests.browser.test_kept import filled, kept
from tests.browser.test_slides import STAGE, Atlas
from tests.students import Plan, Student, together

DROPPED = 130  # sessions; Streamlit keeps 128 that were dropped
SEEN = """(root) => ({
  film: JSON.stringify(root.atlas.stage.payload.film),
  view: root.atlas.stage.where.chosen(),
  step: root.dataset.step,
  fields: [...document.querySelectorAll(".st-key-inputs input")].map((field) => field.value),
  address: location.search,
})"""


@pytest.fixture(scope="session")
def hosted() -> Iterator[local.Hosted]:
    """nginx with two replicas, as `python3 deploy/local.py` starts them."""
    if not nginx.find():
        pytest.fail(nginx.MISSING)
    with local.Hosted(2, f"127.0.0.1:{free_port()}", quiet=True) as running:
        yield running


@pytest.fixture
def page(hosted: local.Hosted, browser: Browser) -> Iterator[Page]:
    """A visitor of its own; no page may throw, whatever fails."""
    thrown: list[str] = []
    context = browser.new_context(viewport={"width": 1400, "height": 900}, locale="en-US")
    page = context.new_page()
    page.on("pageerror", lambda error: thrown.append(str(error)))
    yield page
    context.close()
    whole(hosted)
    assert thrown == []


def whole(hosted: local.Hosted) -> None:
    """What was killed runs again, with torch: its first answer would else be late."""
    hosted.look_after()
    for replica in hosted.replicas:
        eventually(replica.healthy, 60.0)


def eventually(holds: Callable[[], bool], seconds: float) -> None:
    """Wait until it does."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, holds
        time.sleep(0.2)


class Visitor:
    """A lesson in the middle: tensors of one's own, one too large for a link, a step, a turned space, two slides."""

    def __init__(self, page: Page, hosted: local.Hosted) -> None:
        self.page, self.hosted = page, hosted
        self.vectors = iter(("[3, 2, 1]", "[1, 3, 2]"))
        page.goto(hosted.url + "/tensors")
        self.atlas = filled(page)
        self.atlas.go("Operations", "Matrix-vector product")
        self.lesson = Lesson(page)
        self.lesson.type("x", "[1, 2, 3]")
        self.lesson.quiet()
        self.lesson.type("A", "W[:3, :3]")
        page.wait_for_function(
            "(where) => document.querySelector(where)?.atlas?.stage.film.spatial", arg=STAGE, timeout=WAIT
        )
        self.lesson.to_step(1)
        self.atlas.turn()
        self.atlas.add()
        kept(page, 1, 2)
        self.before = self.seen()
        assert "camera=" in self.before["address"] and "step=1" in self.before["address"]

    def seen(self) -> dict[str, Any]:
        """The picture's data, the step, the view, the fields, the address."""
        return self.atlas.ready().evaluate(SEEN) | {"result": self.result()}

    def result(self) -> str:
        """The result as the page prints it."""
        return self.page.locator(".atlas-result pre").first.inner_text()

    def replica(self) -> local.Replica:
        """The one that holds this session: a cookie follows the socket (deploy/nginx.conf.template)."""
        cookies = {one["name"]: one["value"] for one in self.page.context.cookies()}
        return next(
            one for one in self.hosted.replicas if proxy.name_of(one.address) == cookies["atlas_replica"]
        )

    def lost(self) -> None:
        """Wait until the page says that it has no connection."""
        expect(self.line()).to_contain_text("The connection is lost", timeout=WAIT)

    def line(self) -> Any:
        """What the page says of the connection."""
        return self.page.locator(".atlas-connection")

    def back(self) -> None:
        """All is as it was, the page says so, and it is alive."""
        expect(self.line()).to_have_text("The connection was lost; everything is back.", timeout=WAIT)
        now, before = self.seen(), dict(self.before)
        assert near(now.pop("view"), before.pop("view"))
        assert now == before
        kept(self.page, 1, 2)
        expect(self.page.locator("[data-testid=stDialog], .st-key-problem, .st-key-note")).to_have_count(0)
        self.lesson.type("x", next(self.vectors))
        expect(self.page.locator(".atlas-result pre").first).not_to_have_text(
            self.before["result"], timeout=WAIT
        )
        self.lesson.quiet()
        before, self.before = self.before, self.seen()
        assert near(self.before["view"], before["view"])

    def undo(self) -> bool:
        """Whether the shelf's last change can be undone: only in the session in which it was made."""
        self.atlas.go("Workbench", "Tensors")
        return self.page.locator(".st-key-shelf-undo button").is_enabled()


def near(one: Any, other: Any) -> bool:
    """Whether two views are the same to three digits, as the address says a camera."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(near(one[key], other[key]) for key in one)
    return math.isclose(one, other, abs_tol=2e-3) if isinstance(one, float) else one == other


def killed(visitor: Visitor) -> None:
    """The very replica that holds the session, at once."""
    replica = visitor.replica()
    replica.kill()
    replica.process.wait()
    visitor.lost()


def restarted(visitor: Visitor) -> None:
    """nginx ends and is started again."""
    visitor.hosted.nginx.end()
    visitor.lost()
    visitor.hosted.start_nginx()


def gone(visitor: Visitor) -> None:
    """Nothing answers for five seconds; a minute is the same, as Streamlit keeps a session for two.

    The figure plays meanwhile, and no window lies over it: Streamlit opens one after two seconds.
    """
    visitor.hosted.nginx.end()
    visitor.lost()
    time.sleep(5)
    expect(visitor.page.locator(".stDialog")).to_have_count(0)
    visitor.lesson.to_step(2)
    visitor.lesson.to_step(1)
    visitor.hosted.start_nginx()


def crowded_out(visitor: Visitor) -> None:
    """While nothing answers more sessions are dropped than Streamlit keeps: this one is not among them any more."""
    replica = visitor.replica()
    visitor.hosted.nginx.end()
    visitor.lost()
    for _k in range(DROPPED):
        address = f"ws://{replica.address}/_stcore/stream"
        spoken = ["streamlit", "PLACEHOLDER_AUTH_TOKEN"]  # as Streamlit's own page asks
        with connect(address, subprotocols=spoken, origin=f"http://{replica.address}", proxy=None):
            pass
    visitor.hosted.start_nginx()


@pytest.mark.parametrize(
    ("faults", "survives"),
    [([killed], False), ([restarted, gone], True), ([crowded_out], False)],
    ids=["killed", "restarted-gone", "crowded-out"],
)
def test_the_page_comes_back(page: Page, hosted: local.Hosted, faults: list[Any], survives: bool) -> None:
    """By itself, with everything; where the session itself is lost, only undo begins anew."""
    visitor = Visitor(page, hosted)
    for fault in faults:
        fault(visitor)
        visitor.back()
    assert visitor.undo() is survives


def numbers(rng: random.Random) -> str:
    """A vector that nobody else has."""
    return f"[{rng.uniform(-3, 3):.3f}, {rng.uniform(-3, 3):.3f}]"


def test_fifty_have_their_pictures_again(hosted: local.Hosted) -> None:
    """A replica is killed under a class; without browsers, by Streamlit's own protocol."""
    wanted = Plan(hosted.url, "matrix-vector", "matrix-vector.x.field", numbers)

    async def lesson() -> tuple[list[str], list[str]]:
        students = [Student(number, wanted) for number in range(50)]
        for student in students:
            await student.open()
            await student.change()
        hosted.replicas[0].process.kill()
        lost = [student for student in students if not await student.answered()]
        before = [student.picture for student in lost]
        _times, failed = await together(student.back(WAIT / 1000) for student in lost)
        assert failed == []
        await together(student.leave() for student in students)
        return before, [student.picture for student in lost]

    try:
        before, after = loops.run(lesson())
    finally:
        whole(hosted)
    assert 10 <= len(before) <= 40, "a part of the class was on it"
    assert len(set(before)) == len(before) and after == before


# --- one server, and a visitor who does two things


def test_two_tabs_of_one_visitor_have_nothing_in_common(visit: Visit) -> None:
    """Neither numbers nor language nor step."""
    one = Lesson(visit("/matrix-vector"))
    two = Lesson(one.page.context.new_page(), ready=False)
    two.page.goto(one.page.url)
    two.wait()
    one.type("x", "[2, 1]")
    two.page.locator(".st-key-atlas-switch button").click()
    expect(two.page.locator("html")).to_have_attribute("lang", "zh", timeout=WAIT)
    two.type("x", "[0, 3]")
    two.shows("tensor([3., 3.])")
    two.to_step(1)
    one.shows("tensor([5., 1.])")
    expect(one.field("x")).to_have_value("[2, 1]")
    one.page.reload()
    one.wait()
    one.shows("tensor([5., 1.])")
    expect(one.page.locator("html")).to_have_attribute("lang", "en")
    assert one.stage.get_attribute("data-step") == "0"
    two.page.close()


@pytest.fixture
def fresh(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A page on a server of its own: its first training takes two seconds, each later one a sixth of one."""
    server = serve(tmp_path / "log")
    page = browser.new_page(viewport={"width": 1400, "height": 900}, base_url=server.url)
    yield page
    page.close()
    stop(server)


def test_a_page_that_is_left_while_it_trains(fresh: Page) -> None:
    """The next page answers at once, and the one that was left is whole when it is come back to."""
    page, atlas = fresh, Atlas(fresh)
    page.goto("/describing-the-world?seed=7&width=7&depth=3")
    page.locator("[data-testid=stProgress]").wait_for(timeout=WAIT)
    atlas.go("Objects", "Scalar")
    atlas.ready()
    expect(page.locator(".st-key-problem, .st-key-apology, [data-testid=stProgress]")).to_have_count(0)
    page.go_back()
    expect(page.locator(".atlas-title h1")).to_have_text("Describing the world", timeout=WAIT)
    atlas.ready()
    assert "seed=7" in page.url and page.locator(".st-key-problem").count() == 0

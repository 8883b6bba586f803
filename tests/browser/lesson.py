"""Reading and handling a lesson in the browser, for the tests: the stage, the fields, the wire."""

from __future__ import annotations

import math
from typing import Any

from playwright.sync_api import Locator, Page, expect

PATH = "/matrix-vector"
WAIT = 30_000  # ms; a machine that runs other tests beside this one is slow


class Lesson:
    """The matrix-vector page, opened."""

    def __init__(self, page: Page, *, ready: bool = True) -> None:
        self.page = page
        self.sent: list[bytes] = []
        if ready:
            self.wait()

    @property
    def stage(self) -> Locator:
        """The main stage's root."""
        return self.page.locator(".st-key-stage .atlas-stage")

    def wait(self) -> None:
        """Until the main stage has drawn and the script has come to its end."""
        self.stage.wait_for(timeout=WAIT)
        self.page.wait_for_function(
            "() => document.querySelector('.st-key-stage .atlas-stage')?.atlas?.gd?.data?.length > 3",
            timeout=WAIT,
        )
        self.rest()

    def rest(self) -> None:
        """Until nothing moves on the stage."""
        self.evaluate("async (atlas) => { await atlas.whenIdle(); }")

    def quiet(self) -> None:
        """Until Streamlit has run the script to its end."""
        self.page.wait_for_function(
            "() => document.querySelector('.stApp')?.dataset.testScriptState !== 'running'", timeout=WAIT
        )

    def evaluate(self, function: str, argument: Any = None) -> Any:
        """Run `function(atlas, argument)` on the stage's own inspection object."""
        script = f"(root, argument) => ({function})(root.atlas, argument)"
        return self.stage.evaluate(script, argument)

    def positions(self, name: str) -> list[tuple[float, ...] | None]:
        """Where the browser draws the points of a trace; None is a gap."""
        drawn = self.evaluate("(atlas, name) => atlas.positionsOf(name)", name)
        axes = [drawn[axis] for axis in "xyz" if drawn.get(axis)]
        points = zip(*axes, strict=True)
        return [None if any(value is None for value in point) else point for point in points]

    def state(self) -> dict[str, Any]:
        """The values that are on the stage now."""
        return self.evaluate("(atlas) => atlas.state()")

    def field(self, name: str) -> Locator:
        """The text field of an input."""
        return self.page.locator(f".st-key-matrix-vector-{name}-field input")

    def type(self, name: str, text: str) -> None:
        """Type a new text into a field and press Enter."""
        self.field(name).fill(text)
        self.field(name).press("Enter")

    def shows(self, text: str) -> None:
        """Wait until the result reads `text`."""
        expect(self.page.locator(".atlas-result")).to_contain_text(text, timeout=WAIT)

    def button(self, name: str) -> Locator:
        """A button of the main stage by its accessible name."""
        return self.stage.get_by_role("button", name=name, exact=True)

    def to_step(self, step: int) -> None:
        """Go to a step by the scrubber's keys, and let it settle."""
        self.stage.focus()
        self.page.keyboard.press("Home")
        for _count in range(step):
            self.page.keyboard.press("ArrowRight")
            self.rest()
        expect(self.stage).to_have_attribute("data-step", str(step), timeout=WAIT)

    def handle(self, name: str) -> Locator:
        """A handle by its name: A[:,0], x."""
        return self.stage.locator(f'[data-handle="{name}"]')

    def drag(self, name: str, dx: float, dy: float, moves: int = 30) -> None:
        """Drag a handle with the mouse by pixels."""
        box = self.handle(name).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for k in range(1, moves + 1):
            self.page.mouse.move(x + dx * k / moves, y + dy * k / moves)
        self.page.mouse.up()

    def camera(self) -> list[float]:
        """Eye, centre and up of the 3-D view as nine numbers."""
        return self.evaluate(
            "(atlas) => { const c = atlas.gd._fullLayout.scene._scene.getCamera();"
            " return [c.eye, c.center, c.up].flatMap((v) => [v.x, v.y, v.z]); }"
        )

    def ranges(self) -> list[float]:
        """What of the plane is in view."""
        return self.evaluate(
            "(atlas) => [...atlas.gd._fullLayout.xaxis.range, ...atlas.gd._fullLayout.yaxis.range]"
        )


def close(one: list[float], other: list[float], within: float = 1e-4) -> bool:
    """Whether two lists of numbers agree."""
    return len(one) == len(other) and all(
        math.isclose(a, b, abs_tol=within) for a, b in zip(one, other, strict=True)
    )

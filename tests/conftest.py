"""What every test shares."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("ATLAS_CACHE", "off")  # every test computes; those of the kept answers name folders
os.environ.setdefault("ATLAS_LIMITS", "hosted")  # the profile whose numbers HOSTILE cases are about

# How long an example takes says how busy the machine is, not whether the promise holds.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# pages/ has no __init__.py (a .py file directly in it would start Streamlit's old multipage mode)
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Who runs what, where several workers do (tests/run.py starts as many as there are cores)."""
    from tests.lanes import Lanes

    return Lanes(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the order of the lanes; a file's own order stays."""
    from tests.lanes import place

    items.sort(key=lambda item: place(item.nodeid))


@pytest.fixture(autouse=True)
def _ordinary() -> Iterator[None]:
    """No test may make this process a real-time one: what it starts then keeps the machine from everybody else."""
    yield
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail("This test (or a library it called) gave the process a real-time priority.")


class Failures:
    """Names each failing test when it fails, not only at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self.plugins = config.pluginmanager

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One line, in the process that prints."""
        if report.failed:
            terminal = self.plugins.getplugin("terminalreporter")
            terminal.ensure_newline()
            terminal.write_line(f"FAILED {report.nodeid} ({report.when})", red=True)


def pytest_configure(config: pytest.Config) -> None:
    """Not in a worker, which prints nothing."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Failures(config))


@pytest.fixture
def set_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """set_limits(workers=3): the environment says so, until the test ends."""
    from core import limits

    def set_them(**numbers: float | str) -> None:
        for name, number in numbers.items():
            monkeypatch.setenv(limits.variable(name), str(number))
        limits._chosen.cache_clear()

    yield set_them
    monkeypatch.undo()
    limits._chosen.cache_clear()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The events that are told from now on, as (event, facts)."""
    from core import events

    found: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(events, "_listeners", [*events._listeners, lambda *event: found.append(event)])
    return found


@pytest.fixture(scope="module")
def pool() -> Iterator[None]:
    """One calculator for the pages of a file."""
    from core import calculator

    calculator.start()
    yield
    calculator.stop()


@pytest.fixture(scope="module")
def workers() -> Iterator[Any]:
    """A calculator of the file's own: the real tasks in one worker."""
    from calculators import eventually, full

    from core.calculator import Calculator, Settings

    with Calculator(Settings(workers=1, preload=(), device="cpu")) as made:
        assert eventually(lambda: full(made), 60)
        yield made


@pytest.fixture
def open_page() -> Callable[..., Any]:
    """open_page("matrix_vector", A="[[1, 2], [3, 4]]") -> the page after its first run, as Streamlit's AppTest."""
    from streamlit.testing.v1 import AppTest

    def opened(page: str = "", **query: str) -> AppTest:
        app = AppTest.from_file(
            ROOT / "pages" / "shared" / "frame.py", default_timeout=60
        ).run()  # learns the pages
        for name, text in query.items():
            app.query_params[name] = text
        if page:
            (script,) = (
                path for path in (ROOT / "pages").glob(f"*/{page}.py") if path.parent.name != "shared"
            )
            app.switch_page(str(script)).run()
        assert not app.exception, app.exception
        return app

    return opened


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT

"""`/metrics`: what happens on this server, for Prometheus. Closed to visitors.

Who may read: with ATLAS_METRICS_TOKEN set, whoever sends it ("Authorization: Bearer ..."), and nobody else; without it,
only a program on this machine itself that comes without a proxy. Everybody else reads that there is no such page. The
same rule holds for Streamlit's own page of that kind.

Events are kept in a list until somebody asks for the first time: importing the library takes a tenth of a second that
no visitor needs to wait for.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import threading
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core import calculator, events
from core.calculator import memory
from pages.shared.assets import PROXIED
from pages.shared.base import base

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

ADDRESS = "/metrics"
STREAMLITS = "/_stcore/metrics"
TOKEN = "ATLAS_METRICS_TOKEN"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SIZES = (1e4, 1e5, 1e6, 5e6, 1e7, 2e7, 4e7)
PENDING = 2_000  # events that wait to be counted


def route() -> Route:
    """The route, under server.baseUrlPath."""
    return Route(base() + ADDRESS, _serve, methods=["GET"])


def listen() -> None:
    """Count from now on."""
    events.listen(_the.hear)


def may_read(scope: Scope) -> bool:
    """Whether a request may see the figures."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    token = os.environ.get(TOKEN, "").strip()
    if token:
        return hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    return _this_machine(scope) and not any(name in headers for name in PROXIED)


def _this_machine(scope: Scope) -> bool:
    try:
        address = ipaddress.ip_address((scope.get("client") or ("",))[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


class Closed:
    """ASGI middleware: Streamlit's own metrics are for those who may read ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.path = app, base() + STREAMLITS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything else on."""
        if scope["type"] == "http" and scope["path"].rstrip("/") == self.path and not may_read(scope):
            await _nothing()(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _nothing() -> Response:
    return PlainTextResponse("Not Found", status_code=404, headers={"Cache-Control": "no-store"})


async def _serve(request: Request) -> Response:
    if not may_read(request.scope):
        return _nothing()
    content, kind = await run_in_threadpool(_the.text)
    return Response(content, media_type=kind, headers={"Cache-Control": "no-store"})


class Figures:
    """The figures of this process."""

    def __init__(self) -> None:
        self._pending: deque[tuple[str, dict[str, Any]]] = deque(maxlen=PENDING)
        self._lock = threading.Lock()
        self._series: Mapping[str, Any] | None = None
        self._registry: Any = None

    def hear(self, event: str, facts: dict[str, Any]) -> None:
        """Count an event, or keep it until counting has begun."""
        if self._series is None:
            self._pending.append((event, facts))
            if len(self._pending) == PENDING // 2:
                threading.Thread(target=self._begin, name="atlas-metrics", daemon=True).start()
        else:
            _count(self._series, event, facts)

    def text(self) -> tuple[bytes, str]:
        """All figures as Prometheus reads them, and what kind of text that is."""
        from prometheus_client import exposition

        self._begin()
        _look(self._series)
        return exposition.generate_latest(self._registry), exposition.CONTENT_TYPE_PLAIN_0_0_4

    def _begin(self) -> None:
        with self._lock:
            if self._series is None:
                self._registry, series = _series()
                self._series = series  # from here on events are counted as they come
                while self._pending:
                    _count(series, *self._pending.popleft())


def _series() -> tuple[Any, dict[str, Any]]:
    from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

    registry = CollectorRegistry()

    def counter(name: str, about: str, *labels: str) -> Any:
        return Counter(f"atlas_{name}", about, labels, registry=registry)

    def gauge(name: str, about: str, *labels: str) -> Any:
        return Gauge(f"atlas_{name}", about, labels, registry=registry)

    def histogram(name: str, about: str, *labels: str, buckets: tuple[float, ...] = BUCKETS) -> Any:
        return Histogram(f"atlas_{name}", about, labels, registry=registry, buckets=buckets)

    return registry, {
        "reruns": histogram("rerun_seconds", "How long the script of a page ran.", "page", "part"),
        "answers": histogram("answer_seconds", "How long an answer of the calculator took.", "task", "how"),
        "failures": counter("failures", "Questions without an answer.", "task", "kind"),
        "refusals": counter("refusals", "What was not even begun, and why.", "why"),
        "workers_ended": counter("workers_ended", "Workers that died or were killed.", "how"),
        "errors": counter("page_errors", "Pages that failed."),
        "exports": counter("exports", "Exports, and what came of them.", "kind", "outcome"),
        "uploads": histogram("upload_bytes", "Sizes of the files that were taken.", buckets=SIZES),
        "sessions": gauge("sessions", "Pages that are open (active), and kept for those who come back.", "state"),
        "queue": gauge("queue", "Questions that wait for a worker."),
        "workers": gauge("workers", "Workers that live (alive), and compute (busy).", "state"),
        "memory": gauge("memory_bytes", "Memory in use; shared pages are counted once.", "process"),
        "ceiling": gauge("memory_ceiling_bytes", "Above this nothing large is begun."),
    }  # fmt: skip


def _count(series: Mapping[str, Any], event: str, facts: dict[str, Any]) -> None:
    if event == "answer":
        series["answers"].labels(facts["task"], facts["how"]).observe(facts["seconds"])
        if facts["failure"]:
            series["failures"].labels(facts["task"], facts["failure"]).inc()
    elif event == "rerun":
        series["reruns"].labels(facts["page"], facts["part"]).observe(facts["seconds"])
    elif event == "refused":
        series["refusals"].labels(facts["why"]).inc()
    elif event == "worker.ended":
        series["workers_ended"].labels(facts["how"]).inc()
    elif event == "export":
        series["exports"].labels(facts["kind"], facts["outcome"]).inc()
    elif event == "upload":
        series["uploads"].observe(facts["bytes"])
    elif event == "page.failed":
        series["errors"].inc()


def _look(series: Mapping[str, Any]) -> None:
    """What is so at this moment."""
    active, kept = sessions()
    series["sessions"].labels("active").set(active)
    series["sessions"].labels("kept").set(kept)
    running = calculator.running()
    pool = running.pool
    series["queue"].set(pool.queued())
    series["workers"].labels("alive").set(len(pool.workers()))
    series["workers"].labels("busy").set(pool.lent())
    series["memory"].labels("server").set(memory.of_process())
    series["memory"].labels("workers").set(sum(map(memory.of_process, pool.pids())))
    series["ceiling"].set(running.memory.ceiling)


def sessions() -> tuple[int, int]:
    """Pages that are open, and sessions that are kept for those who come back."""
    from streamlit import runtime

    if not runtime.exists():
        return 0, 0
    manager = runtime.get_instance()._session_mgr
    return manager.num_active_sessions(), manager.num_sessions() - manager.num_active_sessions()


_the = Figures()

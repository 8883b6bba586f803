"""Derived lines in the browser: stage/static/derived.js gives what core/figures/derived.py gives, to 1e-6."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from core.figures import derived, marks
from core.panels import Bind, Derived, Label
from tests.browser.bench_page import module, workshop

STATES = (
    {"x": (3.0, 1.0, 2.0), "y": (-1.0, 2.5, 0.5)},
    {"x": (0.0, 0.0, 0.0), "y": (1.0, 1.0, -1.0)},
    {"x": (2.0, -1.0, 0.25), "y": (-4.0, 2.0, -0.5)},
)
INVERSES = (0.0, 0.2, 0.5, 1.0, 1 / 0.3)
A = {2: ((2.0, 1.0), (0.5, -1.0)), 3: ((1.0, -1.0, 0.0), (1.0, 1.0, 0.5), (0.0, 0.0, 1.5))}
MARKS = (
    Derived("shadow", "ink", kind="projection", of="x", onto="y"),
    Derived("arc", "ink", kind="arc", of="x", onto="y", radius=1.25),
    Derived("unit", "ink", kind="unit", of="x", inverse="q"),
    Derived("ball", "ink", kind="ball", inverse="q", radius=2.0),
    Derived("through", "ink", bind=Bind("A"), kind="ball", of="x", inverse="q"),
)
RUN = """async ([path, trace, d, values]) => {
  const { derivedJob } = await import(path);
  const out = derivedJob(trace, d)(values);
  return ["x", "y", "z"].slice(0, d).map((axis) => Array.from(out[axis], (v) => (Number.isNaN(v) ? null : v)));
}"""
SAY = "async ([path, kind, of, onto, q]) => (await import(path)).SAID[kind](of, onto, q)"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with workshop(browser) as opened:
        yield opened


def in_state(state: dict[str, Any], size: int, inverse: float) -> dict[str, Any]:
    cut = {name: list(value[:size]) for name, value in state.items()}
    return {**cut, "q": inverse, "A": [list(row) for row in A[size]]}


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.name)
@pytest.mark.parametrize("size", (2, 3))
def test_the_browser_draws_what_python_draws(page: Page, mark: Derived, size: int) -> None:
    for state, inverse in itertools.product(STATES, INVERSES):
        values = in_state(state, size, inverse)
        trace = {"meta": {"derived": marks.rule(mark)}}
        drawn = page.evaluate(RUN, [module("derived.js"), trace, size, values])
        lists = [[math.nan if value is None else value for value in one] for one in drawn]
        expected = derived.points(mark, values, size)
        np.testing.assert_allclose(np.array(lists).T, expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("kind", ("dot", "cosine", "angle", "norm", "sum"))
def test_the_browser_says_what_python_says(page: Page, kind: str) -> None:
    for state, inverse in itertools.product(STATES, INVERSES):
        mark = Label("l", "ink", live=(kind, "{}"), of="x", onto="y", inverse="q")
        values = in_state(state, 3, inverse)
        said = page.evaluate(SAY, [module("derived.js"), kind, values["x"], values["y"], inverse])
        expected = derived.live_text(mark, values)
        assert said == expected or math.isclose(
            _first(said), _first(expected), rel_tol=5e-3
        )  # 2 decimals, 3 digits


def _first(text: str) -> float:
    return float(text.strip("()").split(",")[0].replace("−", "-"))

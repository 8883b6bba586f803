"""What a page says where the server holds it back: why, and what would work; and the last good picture stays."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable, Iterator

import pytest
from calculators import eventually
from streamlit.testing.v1 import AppTest

from core import calculator, words
from core.calculator import Calculator, pool
from pages.shared import opening
from pages.shared.hosting import uploads, visitors
from tests.test_pages import field, film_of, html_of

VISITOR = "test session id"  # of every page in AppTest


@pytest.fixture
def running(workers: Calculator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calculator]:
    """The server's calculator, which asks who asks, as in app.py."""
    monkeypatch.setattr(calculator, "_calculator", workers)
    monkeypatch.setattr(calculator, "_asker", visitors.asker)
    ceiling = workers.memory.ceiling
    yield workers
    workers.stopping, workers.memory.ceiling = False, ceiling
    workers.budget._accounts.clear()


Open = Callable[..., AppTest]


@pytest.fixture
def opened(running: Calculator, open_page: Open) -> Open:
    """opened("matrix_vector", A="[[1, 2], [3, 4]]") -> the page after its first run, on that calculator."""
    assert running
    return open_page


def problem(app: AppTest) -> str:
    """The sentences of the problem card; "" where there is none."""
    (found,) = [text for text in html_of(app).split("</div>") if "atlas-problem-sentence" in text] or [""]
    return html.unescape(found)


def use_up(running: Calculator) -> None:
    """This visitor has computed for longer than he may."""
    running.budget.spend(VISITOR, running.budget.limits.compute_seconds + 10.0)


def test_a_used_up_minute_is_a_sentence_and_the_picture_stays(opened: Open, running: Calculator) -> None:
    app = opened("matrix_vector", A="[[2, 1], [0, 3]]")
    before = film_of(app)
    use_up(running)
    field(app, "A").set_value("[[7, 1], [0, 3]]").run()
    assert "You have used the 40 seconds of computing that each visitor has in a minute." in problem(app)
    assert "or use smaller tensors." in problem(app)
    assert film_of(app) == before
    running.budget._accounts.clear()
    app.button(key="matrix-vector.again").click().run()
    assert problem(app) == "" and film_of(app) != before


def test_the_picture_stays_also_where_nothing_is_remembered(opened: Open, running: Calculator) -> None:
    """The cache has let go of it, and nothing is computed again."""
    app = opened("matrix_vector", A="[[2, 1], [0, 4]]")
    before = film_of(app)
    use_up(running)
    running.cache._entries.clear()
    running.cache.size = 0
    field(app, "A").set_value("[[8, 1], [0, 3]]").run()
    assert problem(app) and film_of(app) == before


def test_what_was_answered_before_is_never_refused(opened: Open, running: Calculator) -> None:
    first = film_of(opened("matrix_vector", A="[[2, 5], [0, 3]]"))
    use_up(running)
    app = opened("matrix_vector", A="[[2, 5], [0, 3]]")
    assert problem(app) == "" and film_of(app) == first


def test_a_training_is_refused_where_memory_is_short_and_a_small_question_is_not(
    opened: Open, running: Calculator
) -> None:
    running.memory.used()
    running.memory.ceiling = 1
    app = opened("describing_the_world", width="2")
    assert "The server's memory is nearly full, so nothing large is begun." in problem(app)
    app = opened("matrix_vector", A="[[9, 1], [0, 3]]")
    assert problem(app) == "" and film_of(app)
    app = opened("tensors", A="zeros(400, 400)")
    assert "memory is nearly full" in problem(app)


def test_a_second_training_of_one_visitor(opened: Open, running: Calculator) -> None:
    with running.training(calculator.Asker(VISITOR)):
        app = opened("describing_the_world", width="2")
    assert "A training of yours is under way in another window." in html_of(app)


@pytest.mark.parametrize(
    ("before", "english", "chinese"),
    [
        (3, "3 others are before you.", "你前面还有 3 位。"),
        (1, "One other is before you.", "你前面还有 1 位。"),
        (0, "You are next.", "下一个就是你。"),
        (None, "Your question waits for a moment.", "你的问题正在稍候。"),
    ],
)
def test_the_place_in_words(before: int | None, english: str, chinese: str) -> None:
    for language, sentence in (("en", english), ("zh", chinese)):
        with words.speaking(language):
            assert visitors._said(before) == sentence


def test_a_page_that_waits_says_how_many_are_before_it_and_then_says_nothing(
    opened: Open, running: Calculator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "NOTICE", 0.05)
    monkeypatch.setattr(pool, "BETWEEN", 0.02)
    shown: list[str] = []
    said = visitors._said
    monkeypatch.setattr(visitors, "_said", lambda before: shown.append(said(before)) or shown[-1])
    app = opened("matrix_vector", A="[[2, 1], [0, 3]]")
    worker = running.pool._borrow(
        0.0 + __import__("time").monotonic(), calculator.Asker()
    )  # somebody computes
    others = [
        threading.Thread(
            target=running.ask, args=("pulse", {"who": who}), kwargs={"asker": calculator.Asker(who)}
        )
        for who in ("ada", "bob")
    ]
    for number, other in enumerate(others):
        other.start()
        assert eventually(lambda number=number: running.pool.queued() == number + 1)

    def go_on() -> None:
        assert eventually(lambda: shown, 30)
        running.pool._give_back(worker)

    helper = threading.Thread(target=go_on)
    helper.start()
    field(app, "A").set_value("[[2, 1], [0, 6]]").run()
    for thread in (helper, *others):
        thread.join()
    assert shown[0] == "2 others are before you."
    assert problem(app) == "" and "atlas-waiting" not in html_of(app) and not app.exception


def test_a_page_that_fails_gives_its_number() -> None:
    def page() -> None:
        from pages.shared import header

        header.apology("0a1b2c3d")

    app = AppTest.from_function(page).run()
    assert "If you ask somebody about it, say the number 0a1b2c3d." in html_of(app)


def test_an_upload_that_was_not_taken_is_said_on_the_page(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the sentences of uploads.why_not, and nothing is asked of a worker."""
    app = opened("tensors")
    monkeypatch.setattr(uploads, "why_not", lambda given: ("Too many files.", "Wait."))
    monkeypatch.setattr(opening.answer, "asked", lambda *_asked, **_files: pytest.fail("asked"))
    app.session_state["tensors.way"] = "file"
    app.run()
    app.get("file_uploader")[0].set_value(("x.npy", b"123", "application/octet-stream")).run()
    assert "Too many files. Wait." in html_of(app)

"""What one visitor may use: below a limit nothing is felt, above it he waits or is refused; others notice nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.calculator.budget import VISITORS, Budget
from core.limits import HOSTED

LIMITS = replace(HOSTED, questions=10.0, compute_seconds=6.0, upload_bytes=6_000, trainings=2)


class Clock:
    """Time that passes when a test says so."""

    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def budget(clock):
    return Budget(LIMITS, clock)


def test_questions_at_the_pace_of_the_limit_never_wait(budget, clock):
    waits = []
    for _ in range(600):  # a minute
        waits.append(budget.question("ada"))
        clock.now += 0.1
    assert set(waits) == {0.0}


def test_the_hosted_pace_is_twice_what_the_quickest_hand_does():
    clock = Clock()
    budget = Budget(HOSTED, clock)
    for _ in range(600):
        assert budget.question("ada") == 0.0
        clock.now += 1 / 10


def test_questions_beyond_the_burst_wait_one_after_the_other(budget):
    waits = [budget.question("ada") for _ in range(33)]
    assert waits[:30] == [0.0] * 30  # three seconds' worth at once: a page that opens
    assert waits[30:] == pytest.approx([0.1, 0.2, 0.3])
    assert budget.question("bob") == 0.0


def test_a_question_that_was_not_put_is_given_back(budget):
    for _ in range(30):
        budget.question("ada")
    assert budget.question("ada") == pytest.approx(0.1)
    budget.unasked("ada")
    assert budget.question("ada") == pytest.approx(0.1)


def test_computing_ends_when_a_minutes_share_is_used_up_and_comes_back(budget, clock):
    budget.spend("ada", 5.9)
    assert budget.exhausted("ada") == 0.0
    budget.spend("ada", 0.3)
    assert budget.exhausted("ada") == pytest.approx(
        2.0
    )  # 0.2 s too much, and a tenth of a second comes back a second
    assert budget.exhausted("bob") == 0.0
    clock.now += 1.9
    assert budget.exhausted("ada") > 0.0
    clock.now += 0.2
    assert budget.exhausted("ada") == 0.0


def test_uploads_by_the_minute(budget, clock):
    assert [budget.upload("ada", 3_000) for _ in range(2)] == [0.0, 0.0]
    assert budget.upload("ada", 100) == pytest.approx(1.0)  # and it is not counted
    assert budget.upload("bob", 6_000) == 0.0
    clock.now += 1.1
    assert budget.upload("ada", 100) == 0.0


def test_a_file_larger_than_a_minutes_share_comes_when_the_bucket_is_full(budget):
    assert budget.upload("ada", 60_000) == 0.0
    assert budget.upload("ada", 1) > 60.0


def test_things_at_once(budget):
    with budget.holding("ada", "trainings", 2) as first, budget.holding("ada", "trainings", 2) as second:
        assert (first, second) == (True, True)
        with budget.holding("ada", "trainings", 2) as third, budget.holding("bob", "trainings", 2) as other:
            assert (third, other) == (False, True)
    with budget.holding("ada", "trainings", 2) as again:
        assert again
    assert not budget._held


def test_what_is_held_is_free_again_after_an_error(budget):
    with pytest.raises(KeyboardInterrupt), budget.holding("ada", "trainings", 1):
        raise KeyboardInterrupt
    with budget.holding("ada", "trainings", 1) as free:
        assert free


def test_nobody_in_particular_is_not_counted(budget):
    for _ in range(100):
        assert budget.question("") == 0.0
    budget.spend("", 1e9)
    assert budget.exhausted("") == 0.0 and budget.upload("", 10**12) == 0.0
    with budget.holding("", "trainings", 0) as free:
        assert free


def test_the_accounts_are_bounded(budget):
    for number in range(VISITORS + 5):
        budget.spend(str(number), 7.0)
    assert len(budget._accounts) == VISITORS
    assert budget.exhausted("3") == 0.0 < budget.exhausted(str(VISITORS))

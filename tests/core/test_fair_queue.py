"""The fair queue: nobody starves, each visitor's own order stays, and the place that a reader is told is true."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calculator.fair import FairQueue

VISITORS = "abcd"
# What happens to a queue: a visitor asks, the next one is served, one who is served is done, the newest of one leaves.
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from(VISITORS)),
        st.tuples(st.just("take"), st.none()),
        st.tuples(st.just("done"), st.sampled_from(VISITORS)),
        st.tuples(st.just("leave"), st.sampled_from(VISITORS)),
    ),
    max_size=60,
)


def played(events, most):
    """A queue after `events`; what waits and what is out by a plain account, and who was taken when, with the place."""
    turns, waiting, out, taken = FairQueue(most), {name: [] for name in VISITORS}, Counter(), []
    for number, (what, visitor) in enumerate(events):
        if what == "add":
            turns.add(visitor, (visitor, number))
            waiting[visitor].append((visitor, number))
        elif what == "take":
            thing = turns.take()
            taken.append(thing)
            if thing is not None:
                waiting[thing[0]].remove(thing)
                out[thing[0]] += 1
        elif what == "done" and out[visitor]:
            turns.done(visitor)
            out[visitor] -= 1
        elif what == "leave" and waiting[visitor]:
            assert turns.remove(visitor, waiting[visitor].pop())
    return turns, waiting, out, taken


@given(EVENTS, st.integers(1, 3))
def test_each_visitors_own_order_stays_and_nothing_is_lost(events, most):
    turns, waiting, _out, taken = played(events, most)
    for visitor in VISITORS:
        own = [number for thing in taken if thing is not None and thing[0] == visitor for number in thing[1:]]
        assert own == sorted(own)
    assert len(turns) == sum(map(len, waiting.values()))
    assert sorted(turns.clear()) == sorted(thing for own in waiting.values() for thing in own)
    assert len(turns) == 0 and turns.take() is None


@given(EVENTS, st.integers(1, 3))
def test_nobody_has_more_than_his_share_out_and_nothing_waits_without_a_reason(events, most):
    turns, waiting, out, _taken = played(events, most)
    assert all(count <= most for count in out.values())
    free = {name for name in VISITORS if waiting[name] and out[name] < most}
    thing = turns.take()
    assert (thing is None) == (not free)
    assert thing is None or thing == waiting[thing[0]][0]


@given(EVENTS, st.lists(st.sampled_from(VISITORS), max_size=30))
def test_nobody_starves(events, later):
    """Whoever comes is served after at most one thing of each other visitor, however much they ask before and after."""
    turns, _waiting, _out, _taken = played(events, 1_000)
    while turns.remove("a", next((thing for thing in turns._waiting.get("a", ())), None)):
        pass
    turns.add("a", ("a", -1))
    served = Counter()
    for visitor in [*later, *VISITORS * 3]:  # those who are served ask again at once
        if visitor != "a":
            turns.add(visitor, (visitor, 1_000 + len(served)))
        thing = turns.take()
        if thing == ("a", -1):
            break
        served[thing[0]] += 1
    assert thing == ("a", -1) and all(count <= 1 for count in served.values())


@given(EVENTS, st.sampled_from(VISITORS))
def test_the_place_is_how_many_of_others_come_before(events, visitor):
    turns, waiting, _out, _taken = played(events, 1_000)
    places = {thing: turns.before(visitor, thing) for thing in waiting[visitor]}
    others = 0
    while (thing := turns.take()) is not None:
        if thing in places:
            assert places.pop(thing) == others
        others += thing[0] != visitor
    assert places == {}


def test_a_flood_waits_behind_itself():
    turns = FairQueue(2)
    for number in range(100):
        turns.add("flood", ("flood", number))
    turns.add("ada", ("ada", 0))
    assert (turns.before("ada", ("ada", 0)), turns.before("flood", ("flood", 50))) == (1, 1)
    assert [turns.take() for _ in range(4)] == [("flood", 0), ("ada", 0), ("flood", 1), None]  # two are out
    turns.done("flood")
    assert turns.take() == ("flood", 2)


def test_nobody_in_particular_has_no_share():
    turns = FairQueue(1)
    for number in range(3):
        turns.add("", number)
    assert [turns.take() for _ in range(4)] == [0, 1, 2, None]


@pytest.mark.parametrize("thing", [("ada", 1), None])
def test_what_does_not_wait_is_not_removed_and_has_no_place(thing):
    turns = FairQueue(1)
    turns.add("ada", ("ada", 0))
    assert not turns.remove("ada", thing) and not turns.remove("bob", thing)
    assert turns.before("ada", thing) == turns.before("bob", thing) == 0
    assert len(turns) == 1

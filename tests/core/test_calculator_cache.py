"""The cache and the flights: no two requests share an answer unless they are the same request."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calculator.cache import Cache, Flights, canonical, digest

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def key(value) -> str:
    return digest(canonical(value))


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=300), st.data())
def test_lists_that_differ_in_one_element_have_different_keys(values, data):
    place = data.draw(st.integers(0, len(values) - 1))
    other = [*values]
    other[place] += data.draw(st.sampled_from([-1, 1, 1000]))
    assert key({"values": values}) != key({"values": other})


@given(PLAIN, PLAIN)
def test_equal_keys_mean_equal_requests(one, other):
    import json

    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (key(one) == key(other)) == same


def test_a_large_array_in_which_one_element_changed_has_another_key():
    """What a sampled hash gets wrong (FACTS.md: in 19 of 20 cases)."""
    values = [0.0] * 600_000
    before = key(values)
    values[123_457] = 1e-9
    assert key(values) != before


def test_things_that_look_alike_have_different_keys():
    alike = [1, 1.0, True, "1", [1], "true", None, "null", [], {}, "", [[]], ["1"], {"1": 1}, [1, 1], [11]]
    assert len({key(value) for value in alike}) == len(alike)
    assert digest(b"b", "a") != digest(b"", "a", "b") != digest(b"ab")


def test_order_of_names_does_not_matter():
    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})


def test_what_is_not_plain_data_has_no_key():
    with pytest.raises(TypeError):
        canonical({"a": {1, 2}})


def test_the_least_recently_used_make_room():
    cache = Cache(limit=10_000)
    for name in "abcde":
        cache.put(name, (bytes(1_200),))
    assert cache.get("a") is not None
    for name in "fg":
        cache.put(name, (bytes(1_200),))
    assert cache.get("b") is None and cache.get("a") is not None and cache.get("g") is not None
    assert 0 < cache.size <= cache.limit


def test_an_answer_too_large_is_not_kept_and_drives_none_out():
    cache = Cache(limit=10_000)
    cache.put("small", (b"x",))
    cache.put("large", (bytes(5_000),))
    assert cache.get("large") is None and cache.get("small") == (b"x",)


def test_putting_again_counts_once():
    cache = Cache(limit=10_000)
    for _ in range(50):
        cache.put("a", (bytes(1_000), b"two"))
    once = cache.size
    cache.put("a", (bytes(10),))
    assert len(cache) == 1 and cache.size < once < 2_000


def test_a_cache_under_many_threads_keeps_its_count():
    cache = Cache(limit=50_000)

    def use(seed):
        for turn in range(400):
            name = str((seed * 31 + turn * 7) % 60)
            kept = cache.get(name)
            assert kept is None or kept == (name.encode() * 100,)
            cache.put(name, (name.encode() * 100,))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(8)))
    assert cache.size <= cache.limit and len(cache) > 10
    assert cache.size == sum(512 + 64 + len(parts[0]) for parts in cache._entries.values())


def test_a_flight_is_flown_once():
    flights, runs, gate = Flights(), [], threading.Event()

    def compute():
        runs.append(1)
        gate.wait(10)
        return len(runs)

    with ThreadPoolExecutor(8) as pool:
        joined = [pool.submit(flights.join, "k", compute) for _ in range(8)]
        gate.set()
        results = [each.result() for each in joined]
    # Who came after the first had landed flew again: but never two at once, and each got a landed one.
    assert len(runs) == sum(first for _, first in results)
    assert flights._flights == {}
    assert flights.join("k", lambda: "again") == ("again", True)


def test_an_exception_in_a_flight_reaches_the_caller_and_clears_the_runway():
    flights = Flights()
    with pytest.raises(KeyboardInterrupt):
        flights.join("k", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    assert flights.join("k", lambda: 1) == (1, True)

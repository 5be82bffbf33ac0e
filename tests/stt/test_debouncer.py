"""At most one in a window, the newest wins."""

import math

from hypothesis import given
from hypothesis import strategies as st

from stt.debouncer import Debouncer


def test_the_first_goes_on_at_once_and_begins_a_window():
    debouncer = Debouncer(100)
    assert debouncer.due_ms is None
    assert debouncer.put("a", 10) == "a"
    assert debouncer.due_ms == 110


def test_what_comes_within_the_window_waits_and_the_newest_wins():
    debouncer = Debouncer(100)
    assert [debouncer.put(item, at_ms) for item, at_ms in (("a", 0), ("b", 20), ("c", 90))] == ["a", None, None]
    assert debouncer.tick(100) == "c"
    assert debouncer.due_ms == 200


def test_a_window_in_which_nothing_came_just_ends():
    debouncer = Debouncer(100)
    debouncer.put("a", 0)
    assert debouncer.tick(100) is None
    assert debouncer.due_ms is None
    assert debouncer.put("b", 101) == "b"


def test_the_window_ends_when_its_owner_says_so_and_not_before():
    debouncer = Debouncer(100)
    debouncer.put("a", 0)
    assert debouncer.put("b", 500) is None
    assert debouncer.tick(510) == "b"
    assert debouncer.due_ms == 610


def test_dropping_ends_the_window_and_gives_back_what_waited():
    debouncer = Debouncer(100)
    debouncer.put("a", 0)
    debouncer.put("b", 1)
    assert debouncer.drop() == "b"
    assert debouncer.drop() is None
    assert debouncer.put("c", 2) == "c"


def test_without_a_window_everything_goes_on():
    debouncer = Debouncer(0)
    assert [debouncer.put(item, 0) for item in "abc"] == ["a", "b", "c"]
    assert debouncer.due_ms is None


def test_an_owner_without_timers_asks_for_what_was_due():
    debouncer = Debouncer(100)
    debouncer.put("a", 0)
    debouncer.put("b", 50)
    assert list(debouncer.due(99)) == []
    assert list(debouncer.due(math.inf)) == [(100, "b")]
    assert list(debouncer.due(math.inf)) == []


@given(st.lists(st.integers(0, 300)), st.integers(1, 200))
def test_what_goes_on_is_a_window_apart_in_order_and_the_last_is_among_it(gaps_ms, window_ms):
    debouncer, said, now_ms = Debouncer(window_ms), [], 0
    for number, gap_ms in enumerate(gaps_ms):
        now_ms += gap_ms
        said += debouncer.due(now_ms)
        if debouncer.put(number, now_ms) is not None:
            said.append((now_ms, number))
    said += debouncer.due(math.inf)
    times, numbers = [at_ms for at_ms, _ in said], [number for _, number in said]
    assert all(later - earlier >= window_ms for earlier, later in zip(times, times[1:], strict=False))
    assert numbers == sorted(set(numbers))
    assert numbers[-1:] == list(range(len(gaps_ms)))[-1:]

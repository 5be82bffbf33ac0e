"""How soon calls that change their engine follow each other."""

from hypothesis import given
from hypothesis import strategies as st

from stt.engines.handshake_rate import HANDSHAKES_A_SECOND, HandshakeRate


def test_one_call_alone_waits_for_nobody():
    rate = HandshakeRate()
    assert [rate.reserve(now_s) for now_s in (5.0, 6.0, 60.0)] == [0.0, 0.0, 0.0]


def test_a_hundred_at_once_are_twenty_a_second():
    rate = HandshakeRate()
    waits_s = [rate.reserve(10.0) for _ in range(100)]
    assert waits_s == sorted(waits_s) and waits_s[0] == 0.0
    assert abs(waits_s[-1] - 99 / HANDSHAKES_A_SECOND) < 1e-6


@given(st.lists(st.floats(0, 0.5), min_size=30, max_size=80))
def test_no_second_holds_more(gaps_s):
    rate, now_s, opened_s = HandshakeRate(), 0.0, []
    for gap_s in gaps_s:
        now_s += gap_s
        opened_s.append(now_s + rate.reserve(now_s))
    for at_s in opened_s:
        assert sum(at_s <= one_s < at_s + 1 - 1e-6 for one_s in opened_s) <= HANDSHAKES_A_SECOND


@given(st.lists(st.floats(0, 0.4), min_size=1, max_size=12))
def test_a_loop_that_stands_still_bunches_nobody(stalls_s):
    """Each instant is asked for again at the next moment at which the loop runs."""
    rate, opened_s = HandshakeRate(), []
    due_s = [rate.reserve(0.0) for _ in range(60)]
    now_s, stalls = 0.0, iter(stalls_s)
    while due_s:
        now_s = max(now_s, min(due_s)) + next(stalls, 0.0)
        for at_s in sorted(one for one in due_s if one <= now_s):
            due_s.remove(at_s)
            if late_s := rate.begin(now_s):
                due_s.append(now_s + late_s)
            else:
                opened_s.append(now_s)
    for at_s in opened_s:
        assert sum(at_s <= one_s < at_s + 1 - 1e-4 for one_s in opened_s) <= HANDSHAKES_A_SECOND
    assert opened_s[-1] < 60 / HANDSHAKES_A_SECOND + sum(stalls_s) + 1

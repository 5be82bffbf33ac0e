"""A process's memory of an engine that is down."""

from random import Random

from voiceapp.runtime.breaker import MAX_FAILURES, MAX_PAUSE_S, Breaker


def broken(failures=MAX_FAILURES):
    breaker = Breaker(Random(1))
    for _ in range(failures):
        breaker.failed(0.0)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row_and_one_success_closes_it():
    assert not broken(MAX_FAILURES - 1).open
    breaker = broken()
    assert breaker.open and not breaker.may_open(0.1)
    breaker.succeeded()
    assert not breaker.open and breaker.may_open(0.1)


def test_while_it_is_open_one_probe_goes_at_a_time_and_ever_more_seldom():
    breaker, probes, now_s = broken(), [], 0.0
    while len(probes) < 8:
        now_s += 0.01
        if breaker.may_open(now_s):
            assert not breaker.may_open(now_s)
            probes.append(now_s)
    pauses = [later - earlier for earlier, later in zip(probes, probes[1:], strict=False)]
    assert pauses[0] < 1.3 and pauses == sorted(pauses[:5]) + pauses[5:]
    assert all(MAX_PAUSE_S * 0.8 <= pause <= MAX_PAUSE_S * 1.2 + 0.02 for pause in pauses[5:])


def test_calls_ask_again_one_by_one():
    breaker = broken()
    assert len({breaker.wait_s(0.0) for _ in range(20)}) == 20
    assert all(0.1 <= breaker.wait_s(1000.0) <= 1.0 for _ in range(20))

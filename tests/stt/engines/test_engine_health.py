"""When an engine that failed is asked again."""

from hypothesis import given
from hypothesis import strategies as st

from stt.engines.engine_health import MAX_REST_S, RELAPSE_S, REST_S, TRY_EVERY_S, WELL_S, EngineHealth


def test_one_that_never_failed_is_as_good_as_the_first():
    assert EngineHealth().may_return(0.0)


def test_it_rests_and_then_one_call_at_a_time_tries_it():
    health = EngineHealth()
    health.failed(0.0)
    assert not health.may_return(REST_S - 0.1)
    assert [health.may_return(REST_S + after_s) for after_s in (0, 0.1, TRY_EVERY_S - 0.1, TRY_EVERY_S)] == [
        True,
        False,
        False,
        True,
    ]


def test_once_it_has_heard_for_a_while_every_call_may_come_back():
    health = EngineHealth()
    health.failed(0.0)
    assert health.may_return(REST_S)
    health.heard(REST_S + 1)
    assert not health.may_return(REST_S + WELL_S)
    assert [health.may_return(REST_S + WELL_S + 1) for _ in range(3)] == [True] * 3


def test_a_hundred_calls_that_leave_it_are_one_outage():
    health = EngineHealth()
    for call in range(100):
        health.failed(call * 0.05)
        health.heard(call * 0.05)
    assert health.rest_s == REST_S


def test_each_relapse_doubles_the_rest_and_a_good_while_ends_that():
    health, now_s, rests_s = EngineHealth(), 0.0, []
    for _ in range(7):
        health.failed(now_s)
        rests_s.append(health.rest_s)
        now_s += health.rest_s
        health.heard(now_s)
    assert rests_s == [30, 60, 120, 240, 480, MAX_REST_S, MAX_REST_S]
    health.failed(now_s + RELAPSE_S)
    assert health.rest_s == REST_S


@given(st.lists(st.tuples(st.floats(0, 50), st.sampled_from(["failed", "heard", "ask"])), max_size=40))
def test_no_call_comes_back_within_the_rest(steps):
    health, now_s, failed_s = EngineHealth(), 0.0, None
    for after_s, what in steps:
        now_s += after_s
        if what == "failed":
            health.failed(now_s)
            failed_s = now_s
        elif what == "heard":
            health.heard(now_s)
        elif health.may_return(now_s) and failed_s is not None:
            assert now_s - failed_s >= REST_S - 1e-6
        assert REST_S <= health.rest_s <= MAX_REST_S

"""Which engine hears a call, and which comes next."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stt.engines.engine_health import REST_S, WELL_S
from stt.engines.ladder import Ladder, Rung
from stt.events import EngineChanged, RecognizerError
from voiceapp.runtime.breaker import MAX_FAILURES, Breaker

AWAY = RecognizerError("unavailable")
FORBIDDEN = RecognizerError("permission_denied", permanent=True)
REFUSED = RecognizerError("invalid_argument")


def rungs(count=3):
    return [Rung(None, Breaker(Random(1)), f"engine {n}", f"model {n}") for n in range(count)]


def broken(rung, now_s=0.0):
    for _ in range(MAX_FAILURES):
        rung.breaker.failed(now_s)


def test_one_engine_has_none_beside_it():
    ladder = Ladder(rungs(1))
    ladder.begin(0.0)
    assert not ladder.has_others and not ladder.next(AWAY, 0.0) and not ladder.is_hopeless
    assert ladder.take_change(0) is None
    assert not ladder.next(FORBIDDEN, 0.0) and ladder.is_hopeless


def test_each_is_asked_once_until_one_hears():
    ladder = Ladder(rungs())
    assert [ladder.next(AWAY, 0.0) and ladder.rung.name for _ in range(3)] == ["engine 1", "engine 2", False]
    ladder.heard(1.0)
    assert ladder.next(AWAY, 2.0) and ladder.rung.name == "engine 0"


def test_a_change_is_told_once_with_its_cause():
    ladder = Ladder(rungs())
    ladder.next(AWAY, 0.0)
    ladder.next(FORBIDDEN, 0.0)
    assert ladder.take_change(4) == EngineChanged(4, "engine 2", "model 2", "engine 0", "permission_denied")
    assert ladder.take_change(5) is None


def test_one_whose_breaker_is_open_comes_last():
    line = rungs()
    broken(line[1])
    ladder = Ladder(line)
    assert ladder.next(AWAY, 0.0) and ladder.rung is line[2]
    assert ladder.next(AWAY, 0.0) and ladder.rung is line[1]


def test_a_call_begins_with_the_first_that_is_not_down():
    line = rungs()
    broken(line[0])
    ladder = Ladder(line)
    ladder.begin(0.0)
    assert ladder.rung is line[1]
    assert ladder.take_change(0).code == "breaker_open"
    for rung in line:
        broken(rung)
    ladder = Ladder(line)
    ladder.begin(0.0)
    assert ladder.rung is line[0]


def test_what_an_engine_refuses_of_one_profile_says_nothing_of_other_calls():
    line = rungs(2)
    assert Ladder(line).next(REFUSED, 0.0)
    assert line[0].health.failed_s is None
    assert Ladder(line).next(AWAY, 0.0)
    assert line[0].health.failed_s == 0.0


def test_it_comes_back_to_the_first_that_is_well():
    line = rungs()
    ladder = Ladder(line)
    ladder.next(AWAY, 0.0)
    ladder.next(AWAY, 0.0)
    ladder.heard(1.0)
    assert not ladder.back(REST_S - 1)
    assert ladder.back(REST_S + 1) and ladder.rung is line[0] and ladder.is_return
    ladder = Ladder(line)
    ladder.next(AWAY, 100.0)
    assert ladder.take_change(3).engine == "engine 1"
    assert ladder.back(100.0 + 2 * REST_S)
    assert ladder.take_change(9) == EngineChanged(9, "engine 0", "model 0", "engine 1", "")


def test_a_return_that_fails_goes_to_another_one():
    line = rungs(2)
    ladder = Ladder(line)
    ladder.next(AWAY, 0.0)
    ladder.heard(1.0)
    assert ladder.back(REST_S)
    assert ladder.next(AWAY, REST_S + 0.5) and ladder.rung is line[1]
    assert not ladder.back(2 * REST_S + 0.5 + WELL_S)
    assert ladder.take_change(0).engine == "engine 1"


def test_no_call_comes_back_to_what_refused_it_for_good_or_is_down():
    line = rungs(2)
    ladder = Ladder(line)
    ladder.next(FORBIDDEN, 0.0)
    assert not ladder.back(10_000.0)
    line = rungs(2)
    ladder = Ladder(line)
    ladder.next(AWAY, 0.0)
    broken(line[0], REST_S)
    assert not ladder.back(REST_S + 0.1)
    assert ladder.back(REST_S + 60.0)


@given(st.lists(st.sampled_from(["next", "heard", "back", "rotate", "begin", "forbidden"]), max_size=30))
def test_whatever_comes_an_engine_of_the_line_is_in_use(steps):
    line = rungs()
    ladder, now_s = Ladder(line), 0.0
    for step in steps:
        now_s += 7.0
        if step in ("next", "forbidden"):
            before = ladder.rung
            assert not ladder.next(FORBIDDEN if step == "forbidden" else AWAY, now_s) or ladder.rung is not before
        elif step == "rotate":
            ladder.rotate()
        else:
            getattr(ladder, step)(now_s)
        assert ladder.rung in line

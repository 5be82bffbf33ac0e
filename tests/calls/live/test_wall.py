"""What fails behind a call's wall is counted, told once, and the call goes on."""

import pytest

from calls.live.wall import ASKED_AGAIN_MS, Wall
from voiceapp.runtime import metrics


def fails(now_ms):
    raise ZeroDivisionError


def test_what_fails_is_counted_each_time_and_told_once(caplog):
    wall, before = Wall("CA1"), metrics.PUMP_ERRORS._value.get()
    for _ in range(3):
        with wall.behind("its answering"):
            fails(0.0)
    assert metrics.PUMP_ERRORS._value.get() == before + 3
    assert caplog.text.count("call CA1: its answering failed") == 1 and "ZeroDivisionError" in caplog.text


def test_another_failure_is_told_as_well(caplog):
    wall = Wall("CA1")
    for error in (ValueError, KeyError):
        with wall.behind("its answering"):
            raise error
    assert caplog.text.count("its answering failed") == 2


def test_what_ends_the_process_ends_the_call():
    with pytest.raises(SystemExit), Wall("CA1").behind("its answering"):
        raise SystemExit


@pytest.mark.parametrize("due_ms", [None, 7.0])
def test_who_says_when_to_decide_is_believed(due_ms):
    assert Wall("CA1").due_ms("its answering", lambda now_ms: due_ms, 5.0) == due_ms


def test_who_cannot_say_when_is_asked_again_soon():
    assert Wall("CA1").due_ms("its answering", fails, 5.0) == 5.0 + ASKED_AGAIN_MS

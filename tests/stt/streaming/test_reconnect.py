"""What follows a stream's end."""

from random import Random

import pytest

from stt.engines.engine_health import REST_S
from stt.engines.ladder import Ladder, Rung
from stt.events import RecognizerError, StreamOpened
from stt.streaming.reconnect import MAX_PROBE_S, MIN_LASTED_S, MIN_PROBE_S, AfterEnd, Reconnect
from stt.tuning import Tuning
from voiceapp.runtime.breaker import MAX_FAILURES, Breaker

DOWN = RecognizerError("unavailable")
FORBIDDEN = RecognizerError("permission_denied", permanent=True)
REFUSED = RecognizerError("invalid_argument")


class Call:
    def __init__(self, **tuning):
        self.breaker = Breaker(Random(1))
        self.reconnect = Reconnect(Ladder([Rung(None, self.breaker)]), Tuning(**{"stt_attempts": 3, **tuning}))

    def end(self, error=None, *, spoken=False, after_s=0.0, finished=False):
        stream = self.reconnect.attempt(0.0)
        stream.has_spoken = spoken
        return self.reconnect.ended(stream, error, after_s, finished=finished)


def test_a_failed_attempt_is_tried_again_until_the_last():
    call = Call()
    assert [call.end(DOWN)[0] for _ in range(3)] == [AfterEnd.RETRY, AfterEnd.RETRY, AfterEnd.GIVE_UP]
    assert call.breaker.failures == 3


def test_another_stream_has_attempts_of_its_own():
    call = Call()
    call.end(DOWN)
    call.reconnect.next_stream()
    stream = call.reconnect.attempt(0.0)
    assert (stream.number, stream.attempt) == (1, 1)


def test_what_fails_for_good_is_given_up_at_once():
    assert Call().end(FORBIDDEN) == (AfterEnd.GIVE_UP, FORBIDDEN)


@pytest.mark.parametrize("error", [None, DOWN, FORBIDDEN])
@pytest.mark.parametrize("how", [{"spoken": True}, {"after_s": MIN_LASTED_S}])
def test_a_stream_that_spoke_or_lasted_was_no_failure(error, how):
    call = Call()
    assert call.end(error, **how) == (AfterEnd.NEXT, error)
    assert call.breaker.failures == 0


def test_one_that_ends_without_a_word_has_failed():
    call = Call()
    after, error = call.end()
    assert (after, error.code, call.breaker.failures) == (AfterEnd.RETRY, "ended_early", 1)


def test_a_finished_one_may_end_without_a_word():
    assert Call().end(finished=True) == (AfterEnd.NEXT, None)


def test_a_refused_setting_says_nothing_of_other_calls():
    call = Call()
    assert call.end(REFUSED)[0] is AfterEnd.RETRY
    assert call.breaker.failures == 0


@pytest.mark.parametrize("error", [None, DOWN])
def test_while_streaming_is_lost_every_end_is_probed_again(error):
    call = Call()
    call.reconnect.lose()
    assert call.end(error)[0] is AfterEnd.PROBE
    assert call.end(error, spoken=True)[0] is AfterEnd.PROBE


def test_probes_come_ever_more_seldom_until_the_engine_is_back():
    call = Call()
    call.reconnect.lose()
    waits_s = [call.reconnect.probe_wait_s(0.0) for _ in range(6)]
    assert waits_s == [MIN_PROBE_S, 2.0, 4.0, 8.0, MAX_PROBE_S, MAX_PROBE_S]
    call.reconnect.back()
    assert not call.reconnect.lost
    assert call.reconnect.probe_wait_s(0.0) == MIN_PROBE_S


def test_an_engine_that_is_down_for_the_process_is_not_asked():
    call = Call()
    for _ in range(MAX_FAILURES):
        call.breaker.failed(0.0)
    assert call.reconnect.attempt(0.0) is None
    assert call.reconnect.probe_wait_s(0.0) >= MIN_PROBE_S
    # A minute later one of the calls may ask, and it hears.
    assert call.reconnect.attempt(60.0) is not None
    call.reconnect.heard(0.0)
    assert not call.breaker.open


def test_a_retry_waits_a_little_and_not_for_all_calls_the_same():
    call = Call(stt_retry_ms=200)
    waits_s = {call.reconnect.retry_wait_s() for _ in range(10)}
    assert len(waits_s) == 10
    assert all(0.2 <= wait_s <= 0.3 for wait_s in waits_s)


def test_leaving_an_engine_is_a_warning_and_the_way_back_is_none(caplog):
    caplog.set_level("INFO")
    rungs = [Rung(None, Breaker(Random(1)), name, "") for name in ("first", "second")]
    reconnect = Reconnect(Ladder(rungs), Tuning(stt_attempts=3))

    def told(now_s):
        caplog.clear()
        list(reconnect.started(reconnect.attempt(now_s)))
        (record,) = [record for record in caplog.records if "first" in record.getMessage()]
        return record.levelname, record.getMessage()

    assert reconnect.fail_over(DOWN, 0.0)
    assert told(0.0) == ("WARNING", "⚠️ [STT] second hears instead of first: unavailable")
    reconnect.heard(1.0)
    reconnect.next_stream()
    reconnect.come_back(1.0 + 2 * REST_S)
    assert told(1.0 + 2 * REST_S) == ("INFO", "✅ [STT] first hears again, second no longer: it is well again")


def test_a_planned_stream_is_no_news(caplog):
    caplog.set_level("INFO")
    call = Call()

    def tells(stream):
        caplog.clear()
        assert list(call.reconnect.started(stream)) == [StreamOpened(stream.number, stream.attempt)]
        return bool(caplog.messages)

    assert tells(call.reconnect.attempt(0.0))
    call.reconnect.next_stream()
    planned = call.reconnect.attempt(1.0)
    assert not tells(planned)
    call.reconnect.ended(planned, DOWN, 2.0, finished=False)
    assert tells(call.reconnect.attempt(3.0))

"""When a stream is half-closed for its final, and when the next one begins."""

from collections import Counter

from calls.core.hastening import Hastening
from calls.core.stream_policy import StreamCommand, StreamPolicy
from stt.attribution.ledger import Attribution
from stt.engines.request_rate import RequestRate
from stt.tuning import Tuning

VOICE = {"voiced": True, "speaking": True}
PAUSE = {"voiced": False, "speaking": True}
SILENCE = {"voiced": False, "speaking": False}


def frames(watch, *runs, from_ms=0.0):
    """What was decided, and at which frame: ``runs`` are pairs of a kind of frame and how many."""
    kinds = [kind for kind, times in runs for _ in range(times)]
    verdicts = [watch.frame(**kind, now_ms=from_ms + 20 * i) for i, kind in enumerate(kinds)]
    return [(verdict, i) for i, verdict in enumerate(verdicts) if verdict is not None]


def watch(requests=None, memory=None, **tuning):
    settings = Tuning(**{"half_close_ms": 120, **tuning})
    hastening = Hastening(settings, Attribution(), Counter(), requests=requests or RequestRate(), memory=memory)
    one = StreamPolicy(settings, hastening)
    one.opened(0.0)
    return one


def test_a_pause_half_closes_the_stream_and_the_end_of_speech_begins_the_next():
    assert frames(watch(), (VOICE, 10), (PAUSE, 10), (SILENCE, 100)) == [
        (StreamCommand.HALF_CLOSE, 15),
        (StreamCommand.NEXT, 20),
    ]


def test_a_caller_who_speaks_on_is_heard_by_the_next_stream():
    assert frames(watch(), (VOICE, 10), (PAUSE, 8), (VOICE, 5)) == [
        (StreamCommand.HALF_CLOSE, 15),
        (StreamCommand.SPOKEN_OVER, 18),
    ]


def test_a_shorter_pause_changes_nothing():
    assert frames(watch(), (VOICE, 10), (PAUSE, 5), (VOICE, 10), (PAUSE, 5)) == []


def test_what_no_stream_was_fed_is_not_asked_for():
    one = watch()
    assert frames(one, (SILENCE, 500)) == []
    frames(one, (VOICE, 10), (PAUSE, 10), (SILENCE, 1))
    one.opened(500.0)
    assert frames(one, (SILENCE, 500)) == []


def test_the_next_stream_is_half_closed_only_once_it_has_opened():
    one = watch()
    frames(one, (VOICE, 10), (PAUSE, 10), (SILENCE, 1))
    assert frames(one, (VOICE, 10), (PAUSE, 10)) == []
    one.opened(1000.0)
    assert frames(one, (PAUSE, 1), from_ms=1000.0) == [(StreamCommand.HALF_CLOSE, 0)]


def test_zero_is_never():
    assert frames(watch(half_close_ms=0), (VOICE, 10), (PAUSE, 10), (SILENCE, 100)) == []


def test_while_the_process_has_made_many_requests_no_stream_is_half_closed():
    requests = RequestRate()
    for _ in range(3):
        requests.add(0.0)
    busy = watch(requests, half_close_requests=3)
    assert frames(busy, (VOICE, 10), (PAUSE, 10), (SILENCE, 10)) == []
    assert frames(busy, (SILENCE, 1), from_ms=60_000.0) == [(StreamCommand.HALF_CLOSE, 0)]


def test_an_engine_that_says_nothing_over_several_streams_is_deaf():
    one, at_ms, seen = watch(), 0.0, []
    while StreamCommand.RENEW_DEAF not in seen and at_ms < 30_000:
        seen += [verdict for verdict, _ in frames(one, (VOICE, 50), (PAUSE, 10), (SILENCE, 5), from_ms=at_ms)]
        at_ms += 20 * 65
        one.opened(at_ms)
    assert 10_000 <= at_ms < 13_000

"""What a supervisor is shown of a running call."""

from calls.core.actions import MarkReached
from calls.core.messages import Mark, Media, Start
from calls.core.session import CallSession
from calls.core.status import (
    SILENT_LINE_MS,
    UNHEARD_SHOWN_MS,
    CallerActivity,
    LineActivity,
    RecognizerActivity,
    VoicedRun,
)
from stt.events import Interim, RecognizerError, StreamingLost, StreamOpened
from stt.tuning import Tuning
from tests.sounds import silence, speech


def call(frames=(), **tuning):
    """A call that has heard these frames, and the instant behind them."""
    session = CallSession("CA1", Tuning(**tuning))
    session.receive(Start("MZ1", "CA1"), 0.0)
    session.heard(StreamOpened(0, 1), 0.0)
    for at, ulaw in enumerate(frames):
        session.receive(Media(None, 20 * at, ulaw), 20.0 * at)
    return session, 20.0 * len(frames)


def test_a_line_is_silent_or_spoken_on():
    session, now_ms = call(silence(500))
    assert session.look(now_ms).shows is LineActivity.LISTENING
    session, now_ms = call(silence(500) + speech(400))
    assert session.look(now_ms).shows is LineActivity.SPEAKING


def test_a_line_without_frames_shows_nothing():
    session, now_ms = call(silence(500))
    assert session.look(now_ms - 20 + SILENT_LINE_MS).shows is LineActivity.NOTHING


def test_voice_of_which_the_recogniser_makes_no_word_shows_nothing():
    session, now_ms = call(silence(500) + speech(UNHEARD_SHOWN_MS + 100))
    assert session.look(now_ms).shows is LineActivity.NOTHING
    session.heard(Interim(("שלום",), int(now_ms)), now_ms)
    assert session.look(now_ms).shows is LineActivity.SPEAKING


def test_who_hears_is_the_stream_the_one_shot_recogniser_or_nobody():
    session, _ = call()
    assert session.look(0.0).hears is RecognizerActivity.STREAM
    session.heard(StreamingLost(RecognizerError("unavailable")), 0.0)
    assert session.look(0.0).hears is RecognizerActivity.DOWN
    assert call(streaming=False)[0].look(0.0).hears is RecognizerActivity.ONE_SHOT


def test_results_with_words_are_counted():
    session, now_ms = call(silence(500))
    session.heard(Interim((), 400), now_ms)
    session.heard(Interim(("שלום",), 400), now_ms)
    assert session.look(now_ms).results == 1


def test_whoever_answers_knows_when_the_caller_spoke_last():
    assert call(silence(500))[0].caller == CallerActivity()
    assert call(silence(500) + speech(400))[0].caller.speaking
    session, now_ms = call(silence(500) + speech(400) + silence(400))
    caller = session.caller
    assert (caller.speaking, caller.last_spoken_ms, caller.last_utterance) == (False, 880.0, 1)


def test_a_run_of_voice_is_told_from_its_first_frame_and_over_short_silences():
    assert call(silence(500) + speech(20))[0].caller.run == VoicedRun(500.0, 500.0, 20)
    assert call(silence(500) + speech(100) + silence(100) + speech(60))[0].caller.run == VoicedRun(500.0, 740.0, 160)
    assert call(silence(500) + speech(100) + silence(300) + speech(60))[0].caller.run == VoicedRun(900.0, 940.0, 60)


def test_a_mark_is_told_to_whoever_answers():
    session, now_ms = call(silence(100))
    assert session.receive(Mark("a1.1.1", 9, "MZ1"), now_ms) == [MarkReached("a1.1.1")]


def test_media_time_goes_on_between_frames():
    session, now_ms = call(silence(100))
    assert session.media_ms(now_ms - 20 + 7) == 107

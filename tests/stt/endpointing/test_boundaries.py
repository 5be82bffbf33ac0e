"""Speech starts and ends by the frames' decisions."""

import pytest

from stt.endpointing.boundaries import SpeechBoundaries, SpeechEnded, SpeechStarted

VOICED, UNVOICED, QUIET = "V", "v", "."


def told(decisions, *, hangover_ms=60, longest_ms=1000, lag_ms=0, boundaries=None):
    """What a row of frames gives: V voiced with a pitch, v without, . quiet; ~ is a frame that never came."""
    boundaries = boundaries or SpeechBoundaries(hangover_ms, longest_ms, lag_ms)
    steps = [
        boundaries.step(i * 20, kind in (VOICED, UNVOICED), kind == VOICED)
        for i, kind in enumerate(decisions)
        if kind != "~"
    ]
    return [boundary for boundary in steps if boundary is not None]


def test_two_voiced_frames_of_three_start_speech_at_the_first():
    assert told("..VV") == [SpeechStarted(40)]
    assert told("..V.V") == [SpeechStarted(40)]


def test_a_voiced_frame_alone_starts_nothing():
    assert told("..V..V..V") == []


def test_one_of_them_has_a_voices_pitch():
    assert told("..vvvv") == []
    assert told("..vV") == [SpeechStarted(40)]


def test_speech_ends_after_the_hangover_at_its_last_voiced_frame():
    assert told("VVV...") == [SpeechStarted(0), SpeechEnded(0, 60, cut=False, voiced_ms=60)]
    assert told("VVV..") == [SpeechStarted(0)]


def test_a_pause_shorter_than_the_hangover_goes_on():
    (_, ended) = told("VVV..VV...")
    assert ended == SpeechEnded(0, 140, cut=False, voiced_ms=100)


def test_a_gap_longer_than_the_hangover_ended_the_utterance_and_its_frame_may_start_the_next():
    started, ended, again = told("VVV~~~~~VV")
    assert (started, ended, again) == (SpeechStarted(0), SpeechEnded(0, 60, False, 60), SpeechStarted(160))


def test_the_longest_utterance_is_cut_and_the_next_begins_where_it_ended():
    found = told("V" * 8, longest_ms=100)
    assert found == [SpeechStarted(0), SpeechEnded(0, 100, True, 100), SpeechStarted(100)]


def test_a_lag_moves_the_start_and_never_into_the_utterance_before():
    assert told("....VV", lag_ms=40) == [SpeechStarted(40)]
    first, ended, second = told("....VV...VV", lag_ms=80)
    assert (first.start_ms, ended.end_ms, second.start_ms) == (0, 120, 120)


def test_the_audios_end_closes_what_is_open():
    boundaries = SpeechBoundaries(60, 1000)
    assert boundaries.end() is None
    told("VVV.", boundaries=boundaries)
    assert boundaries.speaking
    assert boundaries.end() == SpeechEnded(0, 60, False, 60)
    assert not boundaries.speaking


@pytest.mark.parametrize("hangover_ms", [60, 200])
def test_the_hangover_may_change_while_a_call_runs(hangover_ms):
    boundaries = SpeechBoundaries(60, 1000)
    boundaries.hangover_ms = hangover_ms
    assert len(told("VV" + "." * (hangover_ms // 20), boundaries=boundaries)) == 2
    assert boundaries.last_voiced_end_ms == 40


def test_a_frame_that_begins_before_the_last_one_ended_counts_behind_it():
    boundaries = SpeechBoundaries(60, 1000)
    assert [boundaries.step(at_ms, True, True) for at_ms in (100, 90, 0)] == [None, SpeechStarted(100), None]
    assert boundaries.last_voiced_end_ms == 160

"""Boundaries from what was perceived before are those that were found then."""

import pytest

from stt.endpointing.endpointer import Endpointer, EndpointOptions, SpeechEnded, SpeechStarted
from stt.endpointing.replayed import Perceived, ReplayedEndpointer
from tests.sounds import silence, speech

FRAMES = silence(600) + speech(500) + silence(600) + speech(300) + silence(600)


def boundaries(endpointer, frames=FRAMES):
    found = [endpointer.push(frame, i * 20) for i, frame in enumerate(frames)]
    return [boundary for boundary in [*found, endpointer.end()] if boundary is not None]


def perceived(options=EndpointOptions()):  # noqa: B008 - it is frozen
    endpointer = Endpointer(options)
    kept = {}
    for i, frame in enumerate(FRAMES):
        endpointer.push(frame, i * 20)
        kept[i * 20] = Perceived(round(endpointer.level_dbfs), endpointer.voiced, endpointer.unvoiced)
    return kept


@pytest.mark.parametrize("hangover_ms", [200, 400, 800])
def test_a_call_is_divided_as_its_audio_was(hangover_ms):
    options = EndpointOptions(hangover_ms=hangover_ms)
    replayed = boundaries(ReplayedEndpointer(options, perceived()))
    assert replayed == boundaries(Endpointer(options))
    assert len(replayed) == (2 if hangover_ms == 800 else 4)


def test_a_higher_margin_takes_voice_away():
    (started, ended) = (Perceived(-40.0, True), Perceived(-45.0, False))
    kept = {i * 20: started if 20 <= i < 30 else ended for i in range(60)}
    frames = [b""] * 60
    assert len(boundaries(ReplayedEndpointer(EndpointOptions(noise_margin_db=-10), kept), frames)) == 2
    assert boundaries(ReplayedEndpointer(EndpointOptions(noise_margin_db=12), kept), frames) == []


def test_a_detector_with_a_lag_was_heard_without_the_margin():
    kept = {i * 20: Perceived(-40.0, 20 <= i < 30) for i in range(60)}
    found = boundaries(ReplayedEndpointer(EndpointOptions(noise_margin_db=12), kept, lag_ms=40), [b""] * 60)
    assert found == [SpeechStarted(400 - 40), SpeechEnded(400 - 40, 600, False, 200)]


def test_a_frame_that_was_not_perceived_is_silence():
    assert boundaries(ReplayedEndpointer(EndpointOptions(), {})) == []


def test_what_was_taken_for_our_own_voice_is_judged_again_only_where_it_is_asked():
    kept = {i * 20: Perceived(-40.0 if 20 <= i < 30 else -70.0, False, echoed=20 <= i < 30) for i in range(60)}
    assert boundaries(ReplayedEndpointer(EndpointOptions(), kept), [b""] * 60) == []
    for least_dbfs, found in ((-45.0, 10), (-35.0, 0)):
        endpointer = ReplayedEndpointer(EndpointOptions(noise_margin_db=0), kept)
        voiced = []
        for i in range(60):
            endpointer.push(b"", i * 20, least_dbfs)
            voiced.append((endpointer.voiced, endpointer.echoed))
        assert (voiced.count((True, False)), voiced.count((False, True))) == (found, 10 - found)

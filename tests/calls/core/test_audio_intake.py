"""The caller's audio on its way in."""

from collections import Counter

from calls.core.audio_intake import NO_FRAMES_MARGIN_MS, AudioIntake
from calls.core.messages import Media
from calls.core.sender_clock import MAX_MEDIA_MS
from stt.endpointing.endpointer import Endpointer, EndpointOptions, SpeechEnded, SpeechStarted
from tests.sounds import silence, speech

HANGOVER_MS = EndpointOptions().hangover_ms


def intake(opened_ms=0.0):
    return AudioIntake(
        Endpointer(EndpointOptions()), Counter(), base_ms=0, longest_ms=MAX_MEDIA_MS, opened_ms=opened_ms
    )


def play(audio, frames, *, begins=0):
    """What was kept, and the boundaries that were heard; each frame arrives when it begins."""
    kept, boundaries = [], []
    for at, ulaw in enumerate(frames, begins):
        for frame in audio.frames(Media(None, 20 * at, ulaw), 20.0 * at):
            boundary = audio.perceive(frame, 20.0 * at)
            boundaries += [] if boundary is None else [boundary]
            kept.append(audio.keep(frame))
    return kept, boundaries


def test_every_frame_is_kept_with_what_was_perceived_in_it():
    audio = intake()
    kept, _ = play(audio, silence(100) + speech(300))
    assert [feed.at_ms for feed in kept] == list(range(0, 400, 20))
    assert kept[-1].voiced and not kept[0].voiced
    assert kept[-1].level_dbfs > kept[0].level_dbfs
    assert (len(audio.buffer), audio.frame_count, audio.next_ms) == (20, 20, 400)


def test_speech_begins_and_ends():
    _, boundaries = play(intake(), silence(500) + speech(600) + silence(400))
    assert [type(boundary) for boundary in boundaries] == [SpeechStarted, SpeechEnded]


def test_a_short_loss_is_concealed_and_is_no_silence():
    audio = intake()
    play(audio, silence(500) + speech(600))
    frames = audio.frames(Media(None, 1160, speech(20)[0]), 1160.0)
    assert [frame.concealed for frame in frames] == [True, True, True, False]


def test_frames_that_stop_coming_in_mid_speech_end_the_utterance_by_wall_time():
    audio = intake()
    play(audio, silence(500) + speech(600))
    last_ms = audio.last_frame_ms
    deadline_ms = last_ms + HANGOVER_MS + NO_FRAMES_MARGIN_MS
    assert audio.next_deadline_ms() == deadline_ms
    assert audio.end_without_frames(deadline_ms - 1) is None
    assert audio.end_without_frames(deadline_ms).end_ms == 1100
    assert (audio.next_deadline_ms(), audio.end_without_frames(deadline_ms)) == (None, None)


def test_frames_that_stop_coming_in_silence_end_nothing():
    audio = intake()
    play(audio, silence(500))
    assert (audio.next_deadline_ms(), audio.end_without_frames(9000.0)) == (None, None)


def test_the_end_of_the_audio_ends_the_utterance_at_its_last_voiced_frame():
    audio = intake()
    play(audio, silence(500) + speech(600) + silence(100))
    assert audio.end().end_ms == 1100
    assert audio.end() is None


def test_the_instants_of_the_last_frame_and_of_the_last_voiced_one_are_known():
    audio = intake(opened_ms=-50.0)
    assert (audio.last_frame_ms, audio.last_voiced_ms) == (-50.0, 0.0)
    play(audio, silence(500) + speech(600) + silence(100))
    assert (audio.last_frame_ms, audio.last_voiced_ms) == (1180.0, 1080.0)

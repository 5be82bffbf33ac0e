"""The emulator's recordings, found in a stream whose frames are lost or repeated."""

import pytest

from stt.emulator.recordings import Tracker
from tests.traced import LIBRARY

MARGIN = 20
"""Frames at a recording's edges that stay."""


def heard(frames):
    tracker = Tracker(LIBRARY)
    return [word.text for frame in frames for word in tracker.push(frame)]


def cases():
    for recording in LIBRARY.recordings:
        frames = [recording.frame(i) for i in range(len(recording.ulaw) // 160)]
        yield recording, frames, [word.text for word in recording.words]


@pytest.mark.parametrize("count", range(1, 11))
def test_a_sentence_whose_frames_are_lost_is_said_once(count):
    for recording, frames, words in cases():
        for at in range(MARGIN, len(frames) - MARGIN, 13):
            assert heard(frames[:at] + frames[at + count :]) == words, (recording.name, at)


@pytest.mark.parametrize("count", range(1, 11))
def test_a_sentence_whose_lost_frames_are_concealed_is_said_once(count):
    for recording, frames, words in cases():
        for at in range(MARGIN, len(frames) - MARGIN, 13):
            concealed = [frames[at - 1]] * count
            assert heard(frames[:at] + concealed + frames[at + count :]) == words, (recording.name, at)


def test_a_sentence_that_is_played_again_is_said_again():
    for _, frames, words in cases():
        assert heard(frames * 2) == words * 2

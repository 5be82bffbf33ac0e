"""Words are heard where the audio that is fed is loud, and where no louder word covers them."""

from random import Random

import pytest

from calls.core.actions import AskOneShot, Feed
from calls.lab.level_recognition import LevelRecognition, LevelStream, SoundingWord
from stt.audio import FRAME_BYTES, FRAME_MS, pcm_to_ulaw
from stt.emulator.speaker import Speaker
from stt.emulator.timing import KIND

AT_MS = 2000
"""Media time of the first frame."""


def frames(*loud_ms, length_ms=3000):
    """Frames that are loud in these spans, no two alike."""
    random = Random(1)
    for at_ms in range(AT_MS, AT_MS + length_ms, FRAME_MS):
        level = 4000 if any(begin <= at_ms < end for begin, end in loud_ms) else 8
        samples = b"".join(
            random.choice((-level, level)).to_bytes(2, "little", signed=True) for _ in range(FRAME_BYTES)
        )
        yield Feed(pcm_to_ulaw(samples), at_ms, 0.0, False)


def heard(words, *loud_ms):
    """Texts of the final that a stream of this audio gives."""
    recognition = LevelRecognition("1", KIND)
    recognition.sounds(words)
    stream = LevelStream(recognition, Speaker(KIND, Random(1)))
    said = []
    for feed in frames(*loud_ms):
        recognition.fed(feed)
        said += stream.push(feed.ulaw)
    return [word.text for one in [*said, *stream.finish()] if one.spoken for word in one.spoken]


def word(text, start_ms, end_ms, level_dbfs=-20.0):
    return SoundingWord(text, start_ms, end_ms, level_dbfs)


ONE, TWO = word("one", 2200, 2600), word("two", 2700, 3100)


def test_words_are_heard_where_the_audio_is_loud():
    assert heard([ONE, TWO], (2200, 3100)) == ["one", "two"]
    assert heard([ONE, TWO], (2700, 3100)) == ["two"]
    assert heard([ONE, TWO]) == []


def test_of_a_word_that_is_cut_off_in_its_middle_nothing_is_heard():
    assert heard([ONE], (2200, 2380)) == []


@pytest.mark.parametrize(("start_ms", "texts"), [(2250, ["one"]), (2450, ["one", "echo"])])
def test_a_louder_word_hides_one_that_it_covers(start_ms, texts):
    assert heard([ONE, word("echo", start_ms, start_ms + 400, -40)], (2200, 3000)) == texts


def test_a_one_shot_is_given_the_words_of_its_audio():
    recognition = LevelRecognition("1", KIND)
    recognition.sounds([ONE, TWO])
    fed = list(frames((2200, 3100)))
    for feed in fed:
        recognition.fed(feed)
    late = b"".join(feed.ulaw for feed in fed if feed.at_ms >= 2640)
    after_ms, done = recognition.one_shot(AskOneShot(7, late))
    assert (done.utterance, done.words, done.error) == (7, ("two",), None)
    assert after_ms > 0

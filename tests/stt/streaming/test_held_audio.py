"""What a further attempt is given."""

from stt.streaming.held_audio import MAX_HELD_MS, MAX_HELD_OPEN_MS, HeldAudio

SECOND = bytes(8000)


def held(seconds, *, opened=False):
    audio = HeldAudio()
    for i in range(seconds):
        audio.add((SECOND, i * 1000), opened=opened)
    return audio


def test_audio_is_held_in_order():
    assert [at_ms for _, at_ms in held(3)] == [0, 1000, 2000]


def test_the_oldest_is_dropped_and_counted_while_no_stream_opens():
    audio = held(MAX_HELD_MS // 1000 + 5)
    assert [at_ms for _, at_ms in audio][0] == 5000
    assert audio.dropped_ms == 5000


def test_an_open_stream_took_it_and_nothing_counts_as_dropped():
    audio = held(MAX_HELD_OPEN_MS // 1000 + 5, opened=True)
    assert len(list(audio)) == MAX_HELD_OPEN_MS // 1000
    assert audio.dropped_ms == 0


def test_once_a_stream_has_spoken_nothing_is_held():
    audio = held(3)
    audio.release()
    audio.add((SECOND, 3000), opened=True)
    assert list(audio) == []


def test_it_holds_again_for_another_stream_and_goes_on_counting():
    audio = held(MAX_HELD_MS // 1000 + 1)
    audio.release()
    audio.restart()
    audio.add((SECOND, 9000), opened=False)
    assert [at_ms for _, at_ms in audio] == [9000]
    assert audio.dropped_ms == 1000

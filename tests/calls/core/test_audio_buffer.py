"""The call's newest audio."""

from calls.core.actions import Feed
from calls.core.audio_buffer import MAX_BUFFERED_MS, AudioBuffer


def buffer(count, level_dbfs=lambda i: -40.0):
    one = AudioBuffer()
    for i in range(count):
        one.push(Feed(bytes([i % 256]) * 160, 20 * i, level_dbfs(i)))
    return one


def test_frames_from_a_media_time_on_come_with_their_times():
    assert buffer(10).since(160) == [(160, b"\x08" * 160), (180, b"\x09" * 160)]


def test_audio_between_two_media_times_is_one_piece():
    assert buffer(10).audio(20, 60) == b"\x01" * 160 + b"\x02" * 160


def test_it_holds_a_minute_at_most():
    one = buffer(MAX_BUFFERED_MS // 20 + 5)
    assert (len(one) * 20, one.begins_ms) == (MAX_BUFFERED_MS, 100)


def test_what_lies_before_a_media_time_is_forgotten():
    one = buffer(10)
    one.forget_before(100)
    assert (one.begins_ms, one.audio(0, 140)) == (100, b"\x05" * 160 + b"\x06" * 160)


def test_an_empty_one_begins_at_0_and_has_no_quietest_frame():
    one = AudioBuffer()
    assert (one.begins_ms, one.since(0), one.quietest_ms(0, 77)) == (0, [], 77)


def test_a_cut_is_best_behind_the_quietest_frame():
    one = buffer(10, lambda i: -60.0 if i in (1, 6) else -40.0)
    assert one.quietest_ms(60, 0) == 140
    assert one.quietest_ms(0, 0) == 40, "the first of those that are as quiet"

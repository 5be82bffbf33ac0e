"""Timestamps: one that can be right gives a message its place, one that cannot moves nothing."""

from collections import Counter

import pytest

from calls.core.sender_clock import MAX_AHEAD_MS, MAX_GAP_MS, MAX_MEDIA_MS, MIN_AGREEING_STAMPS, SenderClock


class Sender:
    """Frames of 20 ms, each of which arrives when it ends."""

    def __init__(self, base_ms=0):
        self.counted = Counter()
        self.clock = SenderClock(self.counted, base_ms, MAX_MEDIA_MS)
        self.next_ms = base_ms
        self.now_ms = 0.0

    def frame(self, timestamp_ms, *, rest_bytes=0, waited_ms=20):
        self.now_ms += waited_ms
        at_ms = self.clock.place(timestamp_ms, self.now_ms, self.next_ms, rest_bytes)
        self.clock.lead_ms = max(self.clock.lead_ms, at_ms - self.now_ms)
        self.next_ms = at_ms + 20
        return at_ms


def test_the_first_timestamp_is_where_the_stream_begins():
    sender = Sender(base_ms=5000)
    assert sender.frame(160) == 5160
    assert sender.clock.began_at_ms == 5160


def test_a_message_without_a_timestamp_follows_what_has_come():
    sender = Sender()
    assert [sender.frame(stamp) for stamp in (0, None, None)] == [0, 20, 40]
    assert sender.clock.stamp_ms is None


def test_a_gap_that_took_its_time_is_believed():
    sender = Sender()
    sender.frame(0)
    assert sender.frame(1000, waited_ms=1000) == 1000
    assert sender.counted == {}


@pytest.mark.parametrize(("stamp_ms", "code"), [(MAX_GAP_MS + 40, "timestamp_wrong"), (-500, "timestamp_backwards")])
def test_a_timestamp_that_cannot_be_right_moves_nothing(stamp_ms, code):
    sender = Sender()
    assert [sender.frame(stamp) for stamp in (0, stamp_ms, 40)] == [0, 20, 40]
    assert sender.counted == {code: 1}


def test_timestamps_run_ahead_of_the_wall_clock_by_a_little_in_all():
    sender = Sender()
    placed = [sender.frame(40 * i) for i in range(100)]
    assert placed[-1] <= 99 * 20 + MAX_AHEAD_MS


def test_wrong_timestamps_that_agree_are_the_senders_clock_from_now_on():
    sender = Sender()
    sender.frame(0)
    for i in range(MIN_AGREEING_STAMPS):
        assert sender.frame(10**9 + 20 * i) == 20 + 20 * i
        assert sender.clock.stamp_ms is None
    after_ms = 20 * (MIN_AGREEING_STAMPS + 1)
    assert sender.frame(10**9 + 20 * MIN_AGREEING_STAMPS) == after_ms
    assert sender.clock.stamp_ms == after_ms


def test_a_message_that_ends_a_frame_has_its_place_behind_what_has_come():
    sender = Sender()
    sender.frame(0)
    assert sender.frame(25, rest_bytes=40) == 20


@pytest.mark.parametrize(("stamp_ms", "new"), [(None, False), (0, False), (20, True), (MAX_GAP_MS + 100, False)])
def test_audio_is_new_by_its_timestamp_behind_what_has_come(stamp_ms, new):
    sender = Sender()
    sender.frame(0)
    assert sender.clock.is_new(stamp_ms, sender.next_ms) is new

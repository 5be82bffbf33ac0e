"""How much was heard, as one figure."""

from calls.core.heard_share import HeardShare


def test_lost_frames_and_speech_without_words_both_take_from_it():
    share = HeardShare(frames_received=900, frames_lost=100, spoken_ms=10_000, worded_ms=8_000)
    assert (share.received, share.worded, share.heard) == (0.9, 0.8, 0.9 * 0.8)


def test_all_that_came_and_has_words_was_heard():
    assert HeardShare(1500, 0, 12_000, 12_000).heard == 1.0


def test_where_nobody_spoke_there_is_no_figure():
    assert HeardShare(1500, 0, 0, 0).heard is None


def test_turns_of_a_call_whose_frames_are_not_counted_yet_have_one():
    share = HeardShare(0, 0, 4_000, 1_000)
    assert (share.received, share.heard) == (None, 0.25)

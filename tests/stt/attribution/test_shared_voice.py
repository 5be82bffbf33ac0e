"""How much voice two streams were fed both."""

import pytest

from stt.attribution.shared_voice import Replay, SharedVoice
from stt.attribution.spans import Spans


@pytest.fixture
def spans():
    return Spans()


@pytest.fixture
def shared(spans):
    return SharedVoice(spans)


def test_a_replay_reaches_from_where_a_stream_is_fed_to_where_any_before_it_was(shared):
    shared.ended(3000)
    shared.ended(2500)
    shared.began(2, 2200)
    assert shared.replay(2) == Replay(2200, 3000)
    assert shared.replay(1) is None


def test_only_voice_counts_and_what_is_known_of_it_by_now(spans, shared):
    spans.add(1000, 2000, vad_missed=False)
    shared.ended(3000)
    shared.began(1, 1800)
    assert shared.voiced_ms(1) == 200
    spans.add(2900, None, vad_missed=False)
    assert shared.voiced_ms(1) == 300
    assert shared.voiced_ms(7) == 0


def test_a_stream_that_begins_where_the_one_before_it_ended_shares_none(spans, shared):
    spans.add(1000, 4000, vad_missed=False)
    shared.ended(2500)
    shared.began(1, 2500)
    shared.began(2, 3000)
    assert (shared.voiced_ms(1), shared.voiced_ms(2)) == (0, 0)


def test_what_older_streams_were_given_is_forgotten(shared):
    for stream in range(5):
        shared.began(stream, 1000 * stream)
    shared.forget_before(3)
    assert len(shared) == 2
    assert shared.replay(3) is not None

"""Which streams are open, by their records."""

from dataclasses import replace

from calls.storage.open_streams import OpenStreams
from tests.calls.storage.sample_records import ENDED, STARTED, turn

OTHER = replace(STARTED, stream_sid="MZ2")


def test_a_stream_is_open_from_its_start_to_its_end():
    streams = OpenStreams()
    streams.note([turn(), STARTED, OTHER])
    assert list(streams) == [STARTED, OTHER]
    streams.note([ENDED])
    assert list(streams) == [OTHER]


def test_an_end_without_a_start_is_nothing():
    streams = OpenStreams()
    streams.note([ENDED])
    assert list(streams) == []


def test_a_start_that_is_told_again_is_one_stream():
    streams = OpenStreams()
    streams.note([STARTED, OTHER, STARTED])
    assert list(streams) == [STARTED, OTHER]

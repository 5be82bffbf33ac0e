"""What a call's row says of its media streams."""

from datetime import timedelta

import pytest

from calls.models import Call
from calls.storage.call_streams import call_streams
from calls.storage.records import CallEnded, CallStarted, HearingNoted, TurnSaved
from calls.storage.rows import write
from tests.calls.storage.sample_records import ENDED, NOW, STARTED, turn

LATER = NOW + timedelta(seconds=9)


@pytest.mark.django_db
def test_streams_come_in_the_order_in_which_they_started_with_what_their_records_said():
    again = CallStarted("CA1", "MZ0", LATER, process="b:2", recording="recordings/CA1-MZ0.vrec")
    write([again, TurnSaved("CA1", turn().turn, "MZ0"), ENDED, STARTED])
    first, second = call_streams(Call.objects.get().streams)
    assert (first.stream_sid, first.started_at, first.ended_at, first.has_ended) == ("MZ1", NOW, NOW, True)
    assert (first.text("end_reason"), first.count("frames_received"), first.mapping("counters")) == (
        "stop", 100, {"dtmf": 1},
    )  # fmt: skip
    assert (second.stream_sid, second.started_at, second.ended_at, second.has_ended) == ("MZ0", LATER, None, False)
    assert (second.recording, second.text("process")) == ("recordings/CA1-MZ0.vrec", "b:2")
    # The second stream's turn was written first.
    assert (first.first_number, second.first_number) == (10_001, 1)


@pytest.mark.django_db
def test_a_stream_whose_start_is_not_known_comes_first_and_has_nothing_else():
    write([STARTED, HearingNoted("CA1", "MZ9", "down")])
    unknown, _ = call_streams(Call.objects.get().streams)
    assert (unknown.stream_sid, unknown.text("hearing")) == ("MZ9", "down")
    assert (unknown.block, unknown.first_number, unknown.started_at, unknown.recording) == (None, None, None, "")
    assert (unknown.count("frames_received"), unknown.mapping("counters")) == (0, {})


def test_a_stream_of_an_older_version_has_the_block_of_its_place():
    older = {"MZb": {"started_at": "2026-01-02T00:00:00+00:00"}, "MZa": {"started_at": "2026-01-01T00:00:00+00:00"}}
    assert [(one.stream_sid, one.block) for one in call_streams(older)] == [("MZa", 0), ("MZb", 1)]


@pytest.mark.parametrize("odd", ["", "soon", 7, None])
def test_an_odd_time_is_no_time(odd):
    (stream,) = call_streams({"MZ1": {"started_at": "2026", "ended_at": odd}})
    assert (stream.ended_at, stream.has_ended) == (None, True)


@pytest.mark.django_db
def test_a_call_without_a_stream_has_none():
    write([CallEnded("CA1", "", NOW, "no_start", 0, 0, 0)])
    assert [one.stream_sid for one in call_streams(Call.objects.get().streams)] == [""]
    assert call_streams({}) == []

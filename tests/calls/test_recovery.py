"""What a dead process's call had recorded, and was no turn yet."""

from datetime import UTC, datetime

import pytest

from calls import recognition, recovery, store
from calls.models import Call, Transcript
from calls.recording import Recorder, RecordingDisk
from calls.records import CallStarted, TurnSaved
from calls.turns import Source, Turn
from stt.audio import FRAME_MS
from tests.fakes import FakeEngine
from tests.sounds import silence, speech

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.fixture
def recorded(settings, tmp_path, monkeypatch):
    """Speech from about 500 to 1100 ms, of a stream that believes to be its call's first."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(recognition, "_recognition", recognition.Recognition(FakeEngine("מה שנשמע")))
    disk = RecordingDisk()
    disk.start()
    recorder = Recorder(tmp_path / "call.vrec", disk)
    for index, frame in enumerate(silence(500) + speech(600) + silence(500)):
        recorder.push(index * FRAME_MS, frame)
    recorder.flush()
    disk.stop(10)
    return CallStarted("CA1", "MZ2", NOW, recording="call.vrec")


def turn_of(stream_sid, number=1):
    return TurnSaved("CA1", Turn(number, 500, 1100, stream_sid, Source.FINAL), stream_sid)


def recover(started):
    records = []
    recovery.recover([started], records.append)
    store.write(records)
    return list(Transcript.objects.order_by("number").values_list("number", "text"))


def test_speech_that_is_no_turn_yet_is_heard_again_and_numbered_in_its_streams_block(recorded):
    store.write([CallStarted("CA1", "MZ1", NOW), recorded])
    assert recover(recorded) == [(19_001, "מה שנשמע")]
    assert Call.objects.get().streams["MZ2"]["end_reason"] == "crashed"


def test_a_turn_of_another_stream_at_the_same_time_does_not_stand_for_it(recorded):
    """Where nobody knew when the call began, the media time of both is counted from 0."""
    store.write([CallStarted("CA1", "MZ1", NOW), turn_of("MZ1"), recorded])
    assert recover(recorded) == [(1, "MZ1"), (19_001, "מה שנשמע")]


def test_what_is_a_turn_of_the_stream_is_not_heard_again(recorded):
    store.write([CallStarted("CA1", "MZ1", NOW), turn_of("MZ1"), recorded, turn_of("MZ2")])
    assert recover(recorded) == [(1, "MZ1"), (10_001, "MZ2")]

"""After a process has died: its recorded speech is recognised, and its calls are closed, each by itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from calls.core.agent_turns import AgentTurn, MadeBy, Outcome, PlayedPart
from calls.core.turns import Source, Turn
from calls.models import Call, Transcript
from calls.process import recovery
from calls.storage import rows
from calls.storage.recording import Recorder
from calls.storage.recording_disk import RecordingDisk
from calls.storage.records import AgentTurnSaved, CallEnded, CallStarted, TurnSaved
from stt.audio import FRAME_MS
from stt.engines.one_shot_chain import OneShotAnswer
from stt.events import Final, RecognizerError, Word
from stt.tuning import Tuning
from tests.counters import counted
from tests.sounds import silence, speech
from tests.storage_keys import plain_and_encrypted  # noqa: F401 - a fixture
from voiceapp.runtime import metrics

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
AUDIO = silence(500) + speech(1000) + silence(500)


@pytest.fixture
def recorded(settings, tmp_path):
    """Speech from about 500 to 1100 ms, of a stream that believes to be its call's first."""
    settings.VAR_DIR = tmp_path
    disk = RecordingDisk()
    disk.start()
    recorder = Recorder(tmp_path / "call.vrec", disk)
    for index, frame in enumerate(silence(500) + speech(600) + silence(500)):
        recorder.push(index * FRAME_MS, frame)
    recorder.flush()
    disk.stop(10)
    return CallStarted("CA1", "MZ2", NOW, recording="call.vrec")


class Recognizer:
    """Hears the same words in everything, after these errors."""

    def __init__(self, *errors):
        self._errors = list(errors)

    one_shot_name = "toy"

    def answer(self, pcm, tuning):
        if self._errors:
            raise self._errors.pop(0)
        return OneShotAnswer(Final((Word("מה", 0, 200), Word("שנשמע", 200, 500)), 500), "toy", "")


def turn_of(stream_sid, number=1):
    return TurnSaved("CA1", Turn(number, 500, 1100, stream_sid, Source.FINAL), stream_sid)


def recover(started):
    records = []
    recovery.recover(Recognizer(), [started], records.append)
    rows.write(records)
    return list(Transcript.objects.order_by("number").values_list("number", "text"))


def test_speech_that_is_not_a_turn_yet_is_recognised_and_numbered_in_its_streams_block(recorded):
    rows.write([CallStarted("CA1", "MZ1", NOW), recorded])
    assert recover(recorded) == [(19_001, "מה שנשמע")]
    assert Call.objects.get().streams["MZ2"]["end_reason"] == "crashed"


def test_words_that_the_line_does_not_keep_are_not_kept_after_a_crash_either(recorded):
    stream = replace(recorded, keeps={"words": False})
    rows.write([stream])
    assert [text for _number, text in recover(stream)] == [""]
    assert Transcript.objects.get().source == Source.FALLBACK


def test_a_turn_of_another_stream_at_the_same_time_does_not_stand_for_it(recorded):
    """Where nobody knew when the call began, the media time of both is counted from 0."""
    rows.write([CallStarted("CA1", "MZ1", NOW), turn_of("MZ1"), recorded])
    assert recover(recorded) == [(1, "MZ1"), (19_001, "מה שנשמע")]


def test_what_is_a_turn_of_the_stream_is_not_recognised_again(recorded):
    rows.write([CallStarted("CA1", "MZ1", NOW), turn_of("MZ1"), recorded, turn_of("MZ2")])
    assert recover(recorded) == [(1, "MZ1"), (10_001, "MZ2")]


def test_what_the_streams_answers_cost_is_added_up(recorded):
    def answer(stream_sid, number, tokens, characters, revision=0):
        made_by = MadeBy("llm", "toy", tokens, characters)
        return AgentTurnSaved("CA1", AgentTurn(number, 0, 1, "", made_by=made_by, revision=revision), stream_sid)

    answers = [answer("MZ1", 5001, 7, 70), answer("MZ2", 5001, 0, 10), answer("MZ2", 5001, 5, 20, 1)]
    rows.write([CallStarted("CA1", "MZ1", NOW), recorded, *answers, answer("MZ2", 5002, 1, 3)])
    recover(recorded)
    stream = Call.objects.get().streams["MZ2"]
    assert (stream["reply_tokens"], stream["reply_characters"]) == (6, 23)


def test_answers_of_the_stream_that_failed_are_counted(recorded):
    failed = PlayedPart("סליחה", 900, Outcome.FAILED)
    answers = [AgentTurn(5001, 0, 1, "סליחה", failed, code="voice_raised"), AgentTurn(5002, 2, 3, "כן")]
    rows.write([recorded, *(AgentTurnSaved("CA1", answer, "MZ2") for answer in answers)])
    recover(recorded)
    assert Call.objects.get().answers_failed == 1


@pytest.fixture
def audio(settings, tmp_path):
    """A recording with an utterance."""
    settings.VAR_DIR = tmp_path
    disk = RecordingDisk()
    disk.start()
    recorder = Recorder(tmp_path / "good.vrec", disk)
    for at, frame in enumerate(AUDIO):
        recorder.push(20 * at, frame)
    recorder.flush()
    disk.stop(10)


def started(name, **changes):
    values = {"tuning": Tuning().as_dict(), "recording": "good.vrec"}
    return CallStarted(f"CA{name}", f"MZ{name}", NOW, **{**values, **changes})


@pytest.mark.parametrize(
    "bad",
    [
        {"recording": "\x00"},
        {"recording": "\ud800"},
        {"recording": "none"},
        {"recording": ""},
        {"tuning": ["no", "mapping"]},
    ],
    ids=["nul", "surrogate", "none", "folder", "tuning"],
)
def test_a_stream_that_cannot_be_recovered_is_closed_and_costs_no_other_its_words(audio, bad):
    accepted = []
    recovery.recover(Recognizer(), [started(1, **bad), started(2)], accepted.append)
    ends = {record.call_sid: record for record in accepted if isinstance(record, CallEnded)}
    assert {sid: end.end_reason for sid, end in ends.items()} == {"CA1": "crashed", "CA2": "crashed"}
    assert ends["CA2"].ended_at == NOW + timedelta(seconds=2)
    assert [record.call_sid for record in accepted if isinstance(record, TurnSaved)][-1] == "CA2"


def test_a_call_whose_speech_cannot_be_recognised_is_counted_and_the_next_one_is_recovered(audio):
    accepted, before = [], counted(metrics.THREADS_FAILED)
    recovery.recover(Recognizer(RuntimeError("what nobody thought of")), [started(1), started(2)], accepted.append)
    assert [record.call_sid for record in accepted] == ["CA1", "CA2", "CA2"]
    assert counted(metrics.THREADS_FAILED) == before + 1


def test_speech_that_the_engine_refuses_is_a_turn_with_its_code(audio):
    accepted = []
    recovery.recover(Recognizer(RecognizerError("unavailable")), [started(1)], accepted.append)
    turn = accepted[-1].turn
    assert (turn.text, turn.source, turn.code, turn.engine) == ("", Source.NONE, "unavailable", "toy")

"""The writer: rows from records, once, whatever happens to the database."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from calls import store
from calls.models import Call, CallEvent, Transcript
from calls.records import CallEnded, CallStarted, EventNoted, TurnSaved
from calls.turns import Source, Turn

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
STARTED = CallStarted("CA1", "MZ1", NOW, "+972501234567", "+97235550100", {"stt_batch_ms": 80})
ENDED = CallEnded("CA1", NOW, "stop", 100, 2, 1500, {"dtmf": 1})


def turn(**changes):
    values = {"number": 1, "started_ms": 0, "ended_ms": 9, "text": "א", "source": Source.FINAL}
    return TurnSaved("CA1", Turn(**{**values, **changes}))


@pytest.mark.django_db
def test_records_become_rows_in_any_order_and_twice():
    records = [ENDED, turn(), EventNoted("CA1", 1, NOW, "fallback", "utterance 1"), STARTED]
    store.write(records)
    store.write(records)
    call = Call.objects.get()
    assert (call.stream_sid, call.end_reason, call.frames_lost, call.counters) == ("MZ1", "stop", 2, {"dtmf": 1})
    assert (Transcript.objects.count(), CallEvent.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_the_highest_revision_wins():
    store.write([turn(revised_text="ב", revision=1)])
    store.write([turn()])
    assert Transcript.objects.get().heard_text == "ב"


@pytest.mark.django_db
def test_what_twilio_said_of_the_call_is_not_overwritten():
    Call.objects.create(call_sid="CA1", status="completed", twilio_duration_s=3)
    store.write([STARTED, ENDED])
    assert (Call.objects.get().status, Call.objects.get().twilio_duration_s) == ("completed", 3)


@pytest.mark.django_db(transaction=True)
def test_a_lost_database_delays_rows_and_loses_none(monkeypatch):
    failures = [DatabaseError("away"), DatabaseError("away")]
    real = store.write

    def write(records):
        if failures:
            raise failures.pop()
        real(records)

    monkeypatch.setattr(store, "write", write)
    monkeypatch.setattr(store, "RETRY_S", (0.01, 0.01))
    writer = store.Writer()
    writer.start()
    for record in (STARTED, turn(), ENDED):
        writer.accept(record)
    assert writer.stop(10)
    assert failures == []
    assert Transcript.objects.get().text == "א"


@pytest.mark.django_db
def test_the_export_is_one_object_a_call_with_its_turns_in_speech_order():
    store.write([STARTED, turn(number=2, started_ms=900, ended_ms=1000), turn(), ENDED])
    out = StringIO()
    call_command("export_calls", "--format", "jsonl", "--call", "CA1", stdout=out)
    (line,) = out.getvalue().splitlines()
    call = json.loads(line)
    assert (
        list(call)
        == (
            "call_sid stream_sid from_number to_number started_at ended_at status end_reason frames_received "
            "frames_lost speech_ms tuning turns"
        ).split()
    )
    assert (
        list(call["turns"][0])
        == (
            "number speaker started_ms ended_ms text revised_text source unvoiced engine model attempts partial_ms "
            "final_ms total_ms"
        ).split()
    )
    assert [t["number"] for t in call["turns"]] == [1, 2]


@pytest.mark.django_db
def test_an_unknown_call_is_one_clear_sentence():
    with pytest.raises(CommandError, match="unknown_call"):
        call_command("export_calls", "--call", "CAnone")

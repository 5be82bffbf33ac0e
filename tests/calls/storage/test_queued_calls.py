"""Calls that have ended are queued for review, and again when they change."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from calls.models import Call, ChangedHour, LineHour, QueuedCall, Transcript
from calls.storage import queued_calls, rows
from calls.storage.line_hours import fold
from calls.storage.queued_calls import fill_lines, is_for_two, queue_ended
from tests.calls.storage.sample_records import ENDED, NOW, STARTED

pytestmark = pytest.mark.django_db


def ended(sid, source="final", turns=1):
    call = Call.objects.create(call_sid=sid, started_at=NOW, ended_at=NOW + timedelta(seconds=40))
    for number in range(1, turns + 1):
        Transcript.objects.create(call=call, number=number, started_ms=0, ended_ms=900, text="שלום", source=source)
    return call


def test_a_call_is_queued_when_it_has_ended():
    call = Call.objects.create(call_sid="CA1", started_at=NOW)
    assert queue_ended() is None
    Call.objects.update(ended_at=NOW + timedelta(seconds=40))
    assert queue_ended() == call.pk
    queued = QueuedCall.objects.get()
    assert (queued.call, queued.doubt, queued.reasons) == (call, 10, {"silent": 1})
    assert queue_ended() is None


def test_the_newest_are_queued_first():
    calls = [ended(f"CA{n}") for n in range(3)]
    assert queue_ended(most_calls=2) == calls[1].pk
    assert queue_ended(before=calls[1].pk) == calls[0].pk
    assert QueuedCall.objects.count() == 3


def test_a_call_that_changes_is_doubted_anew_and_stays_reviewed():
    call = ended("CA1")
    queue_ended()
    QueuedCall.objects.update(done=1)
    Transcript.objects.update(source="fallback")
    assert queue_ended() is None
    rows.write([STARTED, ENDED])
    assert queue_ended() == call.pk
    queued = QueuedCall.objects.get()
    assert (queued.reasons, queued.done, queued.line) == ({"fallback": 1}, 1, STARTED.to_number)


def test_why_answers_failed_is_kept_with_the_call():
    call = ended("CA1")
    Transcript.objects.create(
        call=call, number=5001, speaker="agent", started_ms=2000, ended_ms=3000, outcome="interrupted",
        code="voice_raised",
    )  # fmt: skip
    Call.objects.update(end_reason="answer_failed")
    queue_ended()
    assert QueuedCall.objects.get().reasons == {"gave_up": 1, "answer_failed:voice_raised": 1}


def test_calls_of_an_older_version_whose_answers_failed_are_doubted_anew():
    failed, gave_up, hung_up, well = (ended(f"CA{n}") for n in range(4))
    Transcript.objects.create(
        call=failed, number=5001, speaker="agent", started_ms=0, ended_ms=900, outcome="failed", code="voice_slow"
    )
    Call.objects.filter(pk=gave_up.pk).update(end_reason="answer_failed")
    queue_ended()
    QueuedCall.objects.update(doubt=0, reasons={})
    QueuedCall.objects.filter(call=hung_up).update(doubt=1, reasons={"interrupted": 1})
    migration = import_module("calls.migrations.0052_failed_answers_in_doubt")
    migration.doubt_anew(apps, SimpleNamespace(connection=connection))
    assert set(Call.objects.filter(is_queued=False)) == {failed, gave_up, hung_up}
    queue_ended()
    reasons = [QueuedCall.objects.get(call=call).reasons for call in (failed, gave_up, hung_up, well)]
    assert reasons == [{"answer_failed:voice_slow": 1}, {"gave_up": 1}, {}, {}]


def test_calls_of_an_older_version_count_the_answers_that_failed_and_their_hours_are_counted_anew():
    failed, well = ended("CA1"), ended("CA2")
    for number, outcome in ((5001, "failed"), (5002, "failed"), (5003, "interrupted"), (5004, "played")):
        Transcript.objects.create(
            call=failed, number=number, started_ms=0, ended_ms=900, speaker="agent", outcome=outcome, code="voice_slow"
        )
    migration = import_module("calls.migrations.0054_answers_that_fail")
    migration.count_old(apps, SimpleNamespace(connection=connection))
    assert [Call.objects.get(pk=call.pk).answers_failed for call in (failed, well)] == [2, 0]
    assert ChangedHour.objects.count() == 1
    fold()
    assert LineHour.objects.get().answers_failed == 2


def test_rows_of_an_older_version_get_their_line():
    calls = [
        Call.objects.create(call_sid=f"CA{n}", to_number=number) for n, number in enumerate(("+9723", "", "+9724"))
    ]
    QueuedCall.objects.bulk_create(QueuedCall(call=call) for call in calls)
    assert fill_lines(most_calls=2)
    assert list(QueuedCall.objects.order_by("pk").values_list("line", flat=True)) == [None, "", "+9724"]
    assert fill_lines() and not fill_lines()
    assert QueuedCall.objects.get(pk=calls[0].pk).line == "+9723"


def test_a_batch_reads_its_turns_at_once(django_assert_num_queries):
    for n in range(20):
        ended(f"CA{n}", turns=3)
    # Its transaction is two of them.
    with django_assert_num_queries(6):
        queue_ended()


def test_one_call_in_ten_is_for_two_people():
    for_two = sum(is_for_two(f"CA{n:032x}") for n in range(5000))
    assert for_two * queued_calls.TWICE_ONE_IN == pytest.approx(5000, rel=0.15)

"""Whoever reads what callers said reads nothing that the line said."""

from dataclasses import replace
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from calls.core.turns import Source, Turn
from calls.desk.tuning.selectors import measured
from calls.lab.call_records import record_of
from calls.management.commands.whatif import _as_stored
from calls.models import Call, Transcript
from calls.process import recovery
from calls.storage import rows
from calls.storage.records import CallEnded, CallStarted, TurnSaved
from stt.endpointing.endpointer import SpeechEnded
from stt.tuning import Tuning
from tests.calls.storage.sample_records import answer

pytestmark = pytest.mark.django_db
TUNING = Tuning(profile="quick@3", profile_id=7, revision=3).as_dict()


@pytest.fixture
def started():
    """A call with a caller's turn, and after it an answer that begins under it and is later than all."""
    began_at = timezone.now() - timedelta(minutes=1)
    start = CallStarted("CA1", "MZ1", began_at, "+972501234567", "+97235550100", TUNING, recording="none.vrec")
    caller = Turn(1, 1000, 1900, "שתי פיצות", Source.FINAL, final_ms=600, total_ms=900)
    said = answer("MZ1", text="בבקשה אגוזים", started_ms=1500, ended_ms=9000, code="voice_slow")
    rows.write([start, TurnSaved("CA1", caller, "MZ1"), said])
    return start


@pytest.fixture
def ended(started):
    rows.write([CallEnded("CA1", "MZ1", timezone.now(), "stop", 500, 0, 900)])
    return Call.objects.get()


def test_measures_of_settings(ended):
    sample = measured(7, 3).sample
    assert (sample.turns, sample.values("total_ms"), sample.values("final_ms")) == (1, [1060], [600])
    assert [call.words for call in sample.calls] == [2]
    assert [dict(call.sources) for call in sample.calls] == [{"final": 1}]
    assert [call.span_ms for call in sample.calls] == [900]


def test_a_turn_heard_again_at_other_settings(ended):
    assert _as_stored(ended, []) == (0, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("begin_ms", "is_known"), [(1000, True), (4000, False)])
def test_speech_that_is_a_turn_already_when_a_process_died(started, begin_ms, is_known):
    """The caller spoke under an answer of the line."""
    speech = SpeechEnded(begin_ms, begin_ms + 900, cut=False, voiced_ms=900)
    assert recovery._is_a_turn(started, speech) is is_known


def test_the_list_of_calls(admin_client, ended):
    url = reverse("admin:calls_call_changelist")
    (row,) = admin_client.get(url).context["cl"].result_list
    assert (row.turns_n, row.slowest_ms) == (1, 600)
    found = {query: len(admin_client.get(f"{url}?{query}").context["cl"].result_list) for query in FOUND}
    assert found == FOUND


FOUND = {
    "q=פיצות": 1,
    "q=אגוזים": 0,
    "turns__source=final": 1,
    "turns__source=none": 0,
    "delay=1000": 1,
    "delay=slow": 0,
}
"""What is asked of the list -> how many calls have it."""


def test_an_answers_code_finds_its_call(admin_client, ended):
    """What went wrong on a call is looked for whoever spoke."""
    url = reverse("admin:calls_call_changelist")
    assert len(admin_client.get(f"{url}?turns__code=voice_slow").context["cl"].result_list) == 1


def test_the_walls_last_turn(admin_client, started):
    (row,) = admin_client.get(reverse("console:state")).json()["calls"]
    assert row["turn"]["text"] == "שתי פיצות"


def test_search_text_is_missing_from_none(ended):
    call_command("fill_search_text")
    assert Transcript.objects.get(speaker="agent").search_text == ""


def test_an_answer_is_not_corrected(admin_client, ended):
    numbers = {row.speaker: row.number for row in Transcript.objects.all()}
    for speaker, status in (("agent", 404), ("caller", 302)):
        url = reverse("review-correct", args=[ended.pk, numbers[speaker]])
        assert admin_client.post(url, {"text": "אחרת", "seen": 0}).status_code == status


@pytest.mark.django_db(transaction=True)
async def test_what_a_simulated_call_is_scored_by():
    began = CallStarted("CA1", "MZ1", timezone.now())
    over = CallEnded("CA1", "MZ1", timezone.now(), "stop", 1, 0, 1)
    turn = TurnSaved("CA1", Turn(1, 0, 900, "שלום", Source.FINAL), "MZ1")
    await database_sync_to_async(rows.write)([began, turn, replace(answer(), stream_sid="MZ1"), over])
    _, turns = await record_of("CA1")
    assert [turn.text for turn in turns] == ["שלום"]

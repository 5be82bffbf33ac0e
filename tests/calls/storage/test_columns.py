"""Whatever a record carries, its row is written: on SQLite, and on PostgreSQL, which refuses more."""

import json
import math
import sys
from contextlib import nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calls.core.agent_turns import AgentTurn, AnswerTimes, MadeBy, Outcome, PlayedPart
from calls.core.turns import EndReason, Source, Turn
from calls.models import Call, CallEvent, SavedValue, Transcript
from calls.storage import rows
from calls.storage.columns import fitted
from calls.storage.records import (
    AgentTurnSaved,
    CallEnded,
    CallStarted,
    EndChosen,
    EventNoted,
    HearingNoted,
    TurnSaved,
    ValueSaved,
)
from tests.counters import counted
from tests.databases import postgresql_url, served_by  # noqa: F401 - a fixture
from voiceapp.runtime import metrics

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SIP = f"sip:{'a' * 30}@pbx.example.org;transport=tls;x"
LONG_SIP = f"sip:{'b' * 46}@pbx.example.org;transport=tls;x"
HOSTILE = ["", "\0", "+972\x00501234567", "\ud800", "א\udfffב", "\x0b\x1f\x7f\x85\ufffe", SIP, LONG_SIP, "x" * 500]

texts = st.sampled_from(HOSTILE) | st.text(st.characters(max_codepoint=sys.maxunicode, exclude_categories=()))
numbers = st.sampled_from([-1, 0, 10**15, 2**31 - 1, 2**31, 2**63, 2**70, -(2**70)]) | st.integers(0, 10_000)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts | st.sampled_from(["profile_id", "revision"]), values, max_size=4)
starts = st.builds(CallStarted, st.just("CA1"), texts, st.just(NOW), texts, texts, objects, texts, numbers, texts)
ends = st.builds(
    CallEnded,
    *(st.just("CA1"), texts, st.just(NOW), texts, numbers, numbers, numbers),
    *(st.dictionaries(texts, numbers, max_size=3), objects, numbers, numbers, numbers, numbers),
)
turns = st.builds(
    Turn,
    *(numbers, numbers, numbers, texts, st.sampled_from(Source), st.none() | texts, st.sampled_from(EndReason)),
    *(st.booleans(), texts, texts, texts, texts, numbers),
    *(st.none() | numbers, st.none() | numbers, st.none() | numbers, st.none() | st.floats(), texts, numbers),
)
notes = st.builds(EventNoted, st.just("CA1"), numbers, st.just(NOW), texts, texts)
chosen = st.builds(EndChosen, st.just("CA1"), texts, texts)
hearings = st.builds(HearingNoted, st.just("CA1"), texts, texts, numbers)


maybe = st.none() | numbers
answers = st.builds(
    AgentTurn,
    *(numbers, numbers, numbers, texts),
    st.builds(PlayedPart, texts, numbers, st.sampled_from(Outcome)),
    st.builds(AnswerTimes, texts, maybe, maybe, maybe, maybe),
    st.builds(MadeBy, texts, texts, numbers, numbers),
    *(numbers, maybe, texts, numbers),
)
saved = st.builds(ValueSaved, st.just("CA1"), texts, texts, st.booleans(), numbers, texts)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, db):
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else None
    with served_by(url) if url else nullcontext(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(starts, ends, st.lists(turns, max_size=3), st.lists(notes, max_size=3), st.lists(hearings, max_size=2), chosen)
def test_every_call_has_its_start_its_caller_its_settings_its_recording_and_its_end(
    database, start, end, turns, notes, hearings, chosen
):
    unwritable = counted(metrics.RECORDS_UNWRITABLE)
    end = replace(end, stream_sid=start.stream_sid)
    hearings = [replace(hearing, stream_sid=start.stream_sid) for hearing in hearings]
    chosen = replace(chosen, stream_sid=start.stream_sid)
    with transaction.atomic():
        rows.write_or_skip([*(TurnSaved("CA1", turn) for turn in turns), *hearings, chosen, end, *notes, start])
        call = Call.objects.get()
        assert (call.started_at, call.ended_at) == (NOW, NOW)
        assert begins_as(call.from_number, start.from_number) and begins_as(call.to_number, start.to_number)
        assert begins_as(call.end_reason, end.end_reason)
        assert len(call.tuning) >= len({json.dumps(key) for key in start.tuning if key.isalnum()})
        (stream,) = call.streams.values()
        assert begins_as(stream["recording"], start.recording)
        assert Transcript.objects.count() == len({max(0, min(turn.number, 2**31 - 1)) for turn in turns})
        assert CallEvent.objects.count() == len({max(0, min(note.number, 2**31 - 1)) for note in notes})
        transaction.set_rollback(True)
    assert counted(metrics.RECORDS_UNWRITABLE) == unwritable


def begins_as(kept, said):
    """What is kept is what was said, but for what cannot be kept and what does not fit."""
    left = iter(said)
    return all(character in left for character in kept) and (kept or not any(map(str.isalnum, said)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(answers, min_size=1, max_size=3), st.lists(saved, min_size=1, max_size=3), texts)
def test_whatever_was_answered_and_saved_has_its_rows(database, turns, values, stream_sid):
    unwritable = counted(metrics.RECORDS_UNWRITABLE)
    with transaction.atomic():
        assert rows.write_or_skip([*(AgentTurnSaved("CA1", turn, stream_sid) for turn in turns), *values])
        assert 1 <= Transcript.objects.filter(speaker="agent").count() <= len(turns)
        assert 1 <= SavedValue.objects.count() <= len(values)
        transaction.set_rollback(True)
    assert counted(metrics.RECORDS_UNWRITABLE) == unwritable


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({"from_number": SIP}, SIP[:64]),
        ({"from_number": LONG_SIP}, LONG_SIP[:64]),
        ({"from_number": "+972\x00501\ud800234\x0b567"}, "+972501234567"),
    ],
)
def test_a_callers_address_is_cut_and_cleaned_to_its_column(database, values, kept):
    rows.write([CallStarted("CA1", "MZ1", NOW, **values)])
    assert Call.objects.values_list("from_number", flat=True).get() == kept


def test_what_is_summed_up_of_streams_stays_in_bounds(database):
    for stream in ("MZ1", "MZ2"):
        rows.write([CallEnded("CA1", stream, NOW, "stop", 2**31 - 1, 0, 2**31 - 1, {"dtmf": 2**31 - 1})])
    assert Call.objects.values_list("frames_received", "speech_ms").get() == (2**31 - 1, 2**31 - 1)


@pytest.mark.parametrize("number", [-1, 2**31 - 1, 10**15])
def test_a_streams_numbers_stay_in_bounds(database, number):
    turn = Turn(number, 0, 9, "א", Source.FINAL)
    note = EventNoted("CA1", number, NOW, "code", stream_sid="MZ2")
    start = CallStarted("CA1", "MZ1", NOW, stream_index=number)
    assert rows.write_or_skip([start, TurnSaved("CA1", turn, "MZ1"), TurnSaved("CA1", turn, "MZ2"), note])
    assert (Transcript.objects.count(), CallEvent.objects.count()) == (2, 1)


def test_a_good_record_is_not_touched():
    good = TurnSaved("CA1", Turn(1, 0, 900, "שלום,\tכן\nלא 😀", Source.FINAL, loop_lag_ms=0.5, partial_ms=500))
    start = CallStarted("CA1", "MZ1", NOW, "+972501234567", "+97235550100", {"a": [1, 0.5, None, {"b": True}]})
    assert (fitted(good) is good, fitted(start) is start) == (True, True)


def test_a_field_that_is_stored_by_another_name_is_fitted_to_its_column():
    assert fitted(Turn(1, 0, 900, "", Source.FINAL, vad_missed="yes")).vad_missed is True
    assert fitted(HearingNoted("CA1", "MZ1", "x" * 99)).state == "x" * 10


def test_json_keeps_what_any_database_can_hold():
    deep = []
    for _ in range(500):
        deep = [deep]
    hostile = {"a\0": ["\ud800", math.nan, math.inf, 10**400, ("t",)], "deep": deep, 1: Source.FINAL, "o": object}
    held = fitted(CallStarted("CA1", "MZ1", NOW, tuning=hostile)).tuning
    assert (held["a"], held["1"]) == (["", None, None, 2**63 - 1, ["t"]], "final")
    json.dumps(held, allow_nan=False).encode()


def test_a_journal_of_values_of_other_types_is_written_too(database):
    start = CallStarted("CA1", "MZ1", NOW.replace(tzinfo=None), None, 7, ["no", "object"], 5)
    rows.write([start, CallEnded("CA1", "MZ1", NOW, "stop", "9", None, "many", {"dtmf": "often"})])
    call = Call.objects.get()
    assert (call.started_at, call.from_number, call.to_number, call.tuning, call.process) == (NOW, "", "7", {}, "5")
    assert (call.frames_received, call.frames_lost, call.speech_ms, call.counters) == (9, 0, 0, {"dtmf": 0})
    assert asdict(fitted(EventNoted("CA1", 1, NOW, "code", "x" * 201)))["detail"] == "x" * 200


@pytest.mark.parametrize("year", [1, 9999])
@pytest.mark.parametrize("hours", [-14, 14])
def test_a_time_that_some_zone_has_no_year_for_is_bounded(database, year, hours):
    zone = timezone(timedelta(hours=hours))
    at = datetime(year, 1, 1, tzinfo=zone) if year == 1 else datetime(year, 12, 31, 23, 59, 59, tzinfo=zone)
    assert rows.write_or_skip([CallStarted("CA1", "MZ1", at), CallEnded("CA1", "MZ1", at, "stop", 1, 0, 1)])
    call = Call.objects.get()
    assert call.started_at == call.ended_at
    assert 1970 <= call.started_at.year <= 9000


def test_a_value_of_another_type_than_its_field_is_bounded_like_one(database):
    noted = HearingNoted("CA1", ["x"], "down", "many")
    assert rows.write_or_skip([noted, HearingNoted("CA1", ["x"], "streaming", 1)])
    assert Call.objects.get().hearing == "streaming"

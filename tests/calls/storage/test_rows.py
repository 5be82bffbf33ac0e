"""Rows from records: the same, in whatever order and however often they are written."""

from datetime import timedelta
from random import Random

import pytest

from calls.core.agent_turns import Outcome, PlayedPart
from calls.models import Call, CallEvent, SavedValue, Transcript
from calls.storage import rows
from calls.storage.records import (
    CallEnded,
    CallStarted,
    EndChosen,
    EventNoted,
    HearingNoted,
    TurnSaved,
    ValueSaved,
    record_from_json,
    record_to_json,
)
from stt.tuning import Tuning
from tests.calls.storage.sample_records import ENDED, NOW, STARTED, answer, turn

pytestmark = pytest.mark.django_db


def test_records_become_rows_in_any_order_and_twice():
    records = [ENDED, turn(), EventNoted("CA1", 1, NOW, "fallback", "utterance 1"), STARTED]
    rows.write(records)
    rows.write(records)
    call = Call.objects.get()
    assert (call.stream_sid, call.end_reason, call.frames_lost, call.counters) == ("MZ1", "stop", 2, {"dtmf": 1})
    assert (Transcript.objects.count(), CallEvent.objects.count()) == (1, 1)


def test_the_highest_revision_wins():
    rows.write([turn(revised_text="ב", revision=1)])
    rows.write([turn()])
    assert Transcript.objects.get().heard_text == "ב"


def test_the_highest_revision_of_a_batch_wins_wherever_it_stands():
    rows.write([turn(), turn(revised_text="ב", revision=1), turn(revised_text="ג", revision=2), turn()])
    assert Transcript.objects.get().heard_text == "ג"
    rows.write([turn(text="אחר", number=2), turn(revised_text=None, revision=3)])
    assert [row.heard_text for row in Transcript.objects.order_by("number")] == ["א", "אחר"]


def test_turns_of_many_calls_are_few_queries(django_assert_max_num_queries):
    records = [TurnSaved(f"CA{call}", turn(number=n).turn) for call in range(20) for n in range(1, 11)]
    with django_assert_max_num_queries(15):  # SQLite takes the 200 rows in five
        rows.write(records)
    assert Transcript.objects.count() == 200
    assert set(Transcript.objects.filter(call__call_sid="CA7").values_list("number", flat=True)) == set(range(1, 11))


def test_what_twilio_said_of_the_call_is_not_overwritten():
    Call.objects.create(call_sid="CA1", status="completed", twilio_duration_s=3)
    rows.write([STARTED, ENDED])
    assert (Call.objects.get().status, Call.objects.get().twilio_duration_s) == ("completed", 3)


def test_how_a_call_is_heard_is_the_newest_note_whatever_was_written_first():
    rows.write([STARTED, HearingNoted("CA1", "MZ1", "down", 2)])
    rows.write([HearingNoted("CA1", "MZ1", "streaming", 1)])
    assert Call.objects.get().hearing == "down"


def test_a_call_that_lost_its_socket_is_one_call_with_two_streams():
    again = CallStarted("CA1", "MZ2", NOW + timedelta(seconds=9), "+972501234567", "+97235550100", {}, "b:2")
    over = CallEnded("CA1", "MZ2", NOW + timedelta(seconds=20), "stop", 50, 1, 700, {"dtmf": 2})
    lost = CallEnded("CA1", "MZ1", NOW + timedelta(seconds=8), "lost", 100, 2, 1500, {"dtmf": 1})
    rows.write([STARTED, lost, again])
    call = Call.objects.get()
    assert (call.ended_at, call.stream_sid, call.started_at) == (None, "MZ2", NOW)
    rows.write([over, STARTED, lost])
    call = Call.objects.get()
    assert (call.end_reason, call.frames_received, call.counters) == ("stop", 150, {"dtmf": 3})
    assert sorted(call.streams) == ["MZ1", "MZ2"]


def test_a_call_is_heard_as_its_last_stream_is():
    again = CallStarted("CA1", "MZ2", NOW + timedelta(seconds=9))
    rows.write([STARTED, HearingNoted("CA1", "MZ1", "streaming"), HearingNoted("CA1", "MZ1", "down")])
    assert Call.objects.get().hearing == "down"
    rows.write([again, HearingNoted("CA1", "MZ2", "streaming")])
    rows.write([HearingNoted("CA1", "MZ1", "down"), ENDED])
    assert Call.objects.get().hearing == "streaming"


def test_an_answer_is_a_row_of_the_calls_turns():
    record = answer("MZ1")
    rows.write([STARTED, turn(), record])
    heard, said = Transcript.objects.order_by("number")
    assert (heard.is_agents, said.is_agents) == (False, True)
    kept = {name: getattr(said, name) for name in record.turn.as_row()}
    assert kept == record.turn.as_row()
    assert (said.heard_text, said.source, said.search_text) == ("שלום,", "", "")
    assert [row.number for row in heard.call.turns.heard()] == [1]


def test_a_callers_turn_has_none_of_the_agents_columns():
    rows.write([turn()])
    (row,) = Transcript.objects.values()
    agents = {"played_text", "heard_ms", "floor_ms", "prepared_ms", "first_audio_ms", "withdrawals", "answers"}
    assert {row[name] for name in agents | {"text_ms", "tokens", "characters"}} == {None}
    assert {row[name] for name in ("outcome", "floor_rule", "voice", "responder")} == {""}


def test_an_answers_highest_revision_wins_whatever_was_written_first():
    played = answer(heard=PlayedPart("שלום, במה", 1500, Outcome.PLAYED), revision=3)
    rows.write([played, answer()])
    rows.write([answer(revision=1)])
    assert Transcript.objects.values_list("played_text", "outcome").get() == ("שלום, במה", "played")


def test_an_answer_and_the_turn_it_answers_are_numbered_in_their_streams_block():
    again = CallStarted("CA1", "MZ2", NOW + timedelta(seconds=9))
    rows.write([STARTED, again, answer("MZ1"), answer("MZ2"), answer("MZ2", number=5002, answers=None)])
    kept = Transcript.objects.order_by("number").values_list("number", "answers")
    assert list(kept) == [(5001, 1), (15_001, 10_001), (15_002, None)]


def test_of_a_saved_value_the_newest_is_kept_whatever_was_written_first():
    rows.write([STARTED, ValueSaved("CA1", "phone", "050", number=2, stream_sid="MZ1")])
    rows.write([ValueSaved("CA1", "phone", "02", number=1, stream_sid="MZ1"), ValueSaved("CA1", "name", "דנה")])
    rows.write([ValueSaved("CA1", "id", "1", True, 3, "MZ1"), ValueSaved("CA1", "id", "2", True, 4, "MZ1")])
    kept = set(SavedValue.objects.values_list("call__call_sid", "key", "value", "secret"))
    assert kept == {("CA1", "phone", "050", False), ("CA1", "name", "דנה", False), ("CA1", "id", "2", True)}
    later = CallStarted("CA1", "MZ2", NOW + timedelta(seconds=9))
    rows.write([later, ValueSaved("CA1", "phone", "05-3", number=1, stream_sid="MZ2")])
    assert list(SavedValue.objects.order_by("key").values_list("value", "search_text")) == [
        ("2", ""), ("דנה", "דנה"), ("05-3", "053"),
    ]  # fmt: skip


def test_what_answers_used_is_summed_over_a_calls_streams():
    later = CallStarted("CA1", "MZ2", NOW + timedelta(seconds=9))
    used = CallEnded("CA1", "MZ1", NOW, "lost", 1, 0, 1, reply_tokens=200, reply_characters=90)
    rows.write([STARTED, used, later, CallEnded("CA1", "MZ2", NOW, "stop", 1, 0, 1, reply_tokens=5)])
    assert Call.objects.values_list("reply_tokens", "reply_characters").get() == (205, 90)


def stream_records(sid, second, turns=3):
    """A stream that believes to be its call's first one."""
    start = CallStarted("CA1", sid, NOW + timedelta(seconds=second), process=sid)
    records = [start]
    for number in range(1, turns + 1):
        at = {"number": number, "started_ms": second * 1000 + number * 100}
        records.append(TurnSaved("CA1", turn(text=f"{sid} {number}", **at).turn, sid))
        records.append(TurnSaved("CA1", turn(text=f"{sid} {number}", revised_text="כ", revision=1, **at).turn, sid))
        records.append(EventNoted("CA1", number, NOW, f"{sid}{number}", stream_sid=sid))
    return [*records, CallEnded("CA1", sid, start.started_at + timedelta(seconds=5), "stop", 9, 0, 9)]


@pytest.mark.parametrize("seed", range(25))
def test_turns_and_events_of_two_streams_that_count_from_one_are_all_kept_however_they_come(seed):
    """In batches, in any order (a turn before its start: another process's journal), and some of them again."""
    random = Random(seed)
    records = stream_records("MZ1", 0) + stream_records("MZ2", 9)
    if seed % 2:
        random.shuffle(records)
    else:  # each stream in its order
        streams = [stream_records("MZ1", 0), stream_records("MZ2", 9)]
        records = [streams[random.random() < 0.5 or not streams[0]] for _ in range(len(records))]
        records = [stream.pop(0) for stream in records if stream] + streams[0] + streams[1]
    again = records[: random.randrange(len(records))]
    numbers = set()
    for batch in (records[at : at + size] for size in [random.randint(1, 9)] for at in range(0, len(records), size)):
        rows.write(batch)
        kept = set(Transcript.objects.values_list("number", "text"))
        assert numbers <= kept  # no turn takes another number later
        numbers = kept
    rows.write(again)
    said = {f"{sid} {number}" for sid in ("MZ1", "MZ2") for number in (1, 2, 3)}
    assert {row.text for row in Transcript.objects.all()} == said
    assert Transcript.objects.filter(revision=1).count() == 6
    assert {event.code for event in CallEvent.objects.all()} == {text.replace(" ", "") for text in said}
    assert set(Transcript.objects.values_list("number", "text")) == numbers
    assert Call.objects.get().ended_at == NOW + timedelta(seconds=14)


def test_turns_of_an_older_versions_journal_keep_their_numbers():
    lines = [
        {"kind": "CallStarted", "stream_sid": "MZ2", "started_at": NOW.isoformat(), "stream_index": 1},
        {"kind": "TurnSaved", "turn": record_to_json(turn(number=10_001))["turn"]},
        {"kind": "EventNoted", "number": 10_001, "at": NOW.isoformat(), "code": "fallback"},
    ]
    rows.write([record_from_json({"call_sid": "CA1", **line}) for line in lines] + stream_records("MZ3", 9))
    assert sorted(row.number for row in Transcript.objects.all()) == [1, 2, 3, 10_001]
    assert sorted(event.number for event in CallEvent.objects.all()) == [1, 2, 3, 10_001]


@pytest.mark.parametrize("first", [False, True])
def test_a_turn_that_the_vad_missed_is_marked_by_its_stored_name(first):
    rows.write([turn(vad_missed=first)])
    rows.write([turn(vad_missed=not first, revision=1)])
    assert Transcript.objects.get().unvoiced is not first


def test_an_echo_is_marked_until_later_words_take_the_mark_away():
    rows.write([turn(echo=True)])
    assert Transcript.objects.get().echo
    rows.write([turn(echo=False, revision=1)])
    assert not Transcript.objects.get().echo


def test_the_end_that_we_chose_is_on_the_row_before_the_last_words_are():
    rows.write([STARTED, EndChosen("CA1", "MZ1", "too_long")])
    call = Call.objects.get()
    assert (call.end_reason, call.ended_at) == ("too_long", None)
    rows.write([CallEnded("CA1", "MZ1", NOW, "crashed", 1, 0, 0), EndChosen("CA1", "MZ1", "too_long")])
    assert Call.objects.get().end_reason == "crashed"


def test_a_call_keeps_which_revision_it_ran_with():
    tuned = Tuning(profile="quick@3", profile_id=7, revision=3).as_dict()
    rows.write([CallStarted("CA1", "MZ1", NOW, tuning=tuned), CallStarted("CA2", "MZ2", NOW, tuning={})])
    kept = Call.objects.order_by("call_sid").values_list("tuning_profile", "tuning_revision")
    assert list(kept) == [(7, 3), (None, None)]

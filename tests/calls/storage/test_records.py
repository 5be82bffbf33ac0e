"""Records: each survives its journal, in this version and between versions."""

from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.core.turns import Turn
from calls.storage.records import RECORD_OF, EventNoted, Record, RecordError, record_from_json, record_to_json
from tests.calls.storage.sample_records import ENDED, RECORDS, turn


@given(st.recursive(st.none() | st.text() | st.integers(), lambda v: st.dictionaries(st.text(), v), max_leaves=5))
def test_whatever_stands_in_a_line_is_a_record_or_an_error(value):
    for kind in ("TurnSaved", "AgentTurnSaved"):
        with pytest.raises(RecordError):
            record_from_json({"kind": kind, "call_sid": "CA1", "turn": value})


def test_every_kind_of_record_survives_json():
    for record in RECORDS:
        assert record_from_json(record_to_json(record)) == record


def test_every_record_has_a_kind_that_journals_are_written_with():
    assert set(get_args(Record)) == set(RECORD_OF.values())
    # To the letter: journals of other versions are read.
    assert sorted(RECORD_OF) == [
        *("AgentTurnSaved", "CallEnded", "CallStarted", "EndChosen", "EventNoted", "HearingNoted", "TurnSaved"),
        "ValueSaved",
    ]


def test_what_a_later_version_has_added_is_passed_over():
    """An older process recovers a newer one's journal while both run."""
    for record in RECORDS:
        line = record_to_json(record)
        line["of_a_later_version"] = 1
        for part in ([], ["turn"], ["turn", "heard"], ["turn", "times"], ["turn", "made_by"]):
            values = line
            for name in part:
                values = values.get(name, {})
            values["of_a_later_version"] = 1
        assert record_from_json(line) == record


def test_a_turn_is_written_by_the_names_that_every_version_reads():
    record = turn(vad_missed=True)
    line = record_to_json(record)
    assert line["turn"]["unvoiced"] is True
    assert record_from_json(line) == record
    later = {**line["turn"], "unvoiced": False, "vad_missed": True}
    assert record_from_json({**line, "turn": later}) == turn()
    stored = [field.name for field in fields(Turn) if field.name != "vad_missed"]
    assert line["turn"].keys() == {*stored, "unvoiced"}


@pytest.mark.parametrize("line", [{}, {"kind": "CallMoved"}, {"kind": "TurnSaved", "call_sid": "CA1"}, {"kind": []}])
def test_a_line_without_what_a_record_needs_is_none(line):
    with pytest.raises(RecordError):
        record_from_json(line)


def test_what_an_older_version_did_not_write_takes_its_default():
    line = record_to_json(RECORDS[2])
    del line["stream_sid"]
    ended = record_to_json(ENDED)
    del ended["reply_tokens"], ended["reply_characters"]
    assert record_from_json(ended) == ENDED
    assert record_from_json(line) == EventNoted("CA1", 1, RECORDS[2].at, "fallback", "utterance 1")

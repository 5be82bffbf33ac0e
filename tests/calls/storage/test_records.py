"""Records as JSON: what a journal holds can be read, by this version and by others."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calls.storage.records import RECORD_OF, Record, RecordError, record_from_json, record_to_json
from tests.calls.storage.sample_records import RECORDS


@given(st.recursive(st.none() | st.text() | st.integers(), lambda v: st.dictionaries(st.text(), v), max_leaves=5))
def test_whatever_stands_in_a_line_is_a_record_or_an_error(value):
    values = {"kind": "TurnSaved", "call_sid": "CA1", "turn": value}
    with pytest.raises(RecordError):
        record_from_json(values)


def test_every_kind_of_record_survives_json():
    for record in RECORDS:
        assert record_from_json(record_to_json(record)) == record


def test_every_record_has_a_kind_that_journals_are_written_with():
    assert set(get_args(Record)) == set(RECORD_OF.values())
    # To the letter: journals of other versions are read.
    assert sorted(RECORD_OF) == ["CallEnded", "CallStarted", "EndChosen", "EventNoted", "HearingNoted", "TurnSaved"]

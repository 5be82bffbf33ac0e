"""``manage.py export_calls``: a call is one JSON object."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from calls.storage.records import CallEnded, CallStarted
from calls.storage.rows import write
from tests.calls.storage.sample_records import ENDED, NOW, STARTED, turn

pytestmark = pytest.mark.django_db


def test_the_export_is_one_object_a_call_with_its_turns_in_speech_order():
    write([STARTED, turn(number=2, started_ms=900, ended_ms=1000), turn(), ENDED])
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


def test_the_export_lists_the_streams_of_a_call_that_lost_its_socket():
    again = CallStarted("CA1", "MZ2", NOW + timedelta(seconds=9), process="b:2")
    write([again, STARTED, CallEnded("CA1", "MZ1", NOW + timedelta(seconds=8), "crashed", 100, 2, 1500)])
    out = StringIO()
    call_command("export_calls", stdout=out)
    streams = json.loads(out.getvalue())["streams"]
    assert [(s["stream_sid"], s["end_reason"], s["process"]) for s in streams] == [
        ("MZ1", "crashed", ""),
        ("MZ2", None, "b:2"),
    ]


def test_an_unknown_call_is_one_clear_sentence():
    with pytest.raises(CommandError, match="unknown_call"):
        call_command("export_calls", "--call", "CAnone")

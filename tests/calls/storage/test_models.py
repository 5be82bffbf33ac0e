"""The rows of a call, as pages read them."""

from contextlib import nullcontext

import pytest
from django.db import connection, transaction

from calls.models import Call, CallEvent, SavedValue, Transcript
from tests.databases import postgresql_url, served_by  # noqa: F401 - a fixture


@pytest.mark.parametrize(("revised", "heard"), [(None, "שלום"), ("", ""), ("שלום לך", "שלום לך")])
def test_the_revised_text_stands_also_when_nothing_is_left_of_it(revised, heard):
    assert Transcript(text="שלום", revised_text=revised).heard_text == heard


def test_rows_are_called_by_their_call():
    call = Call(pk=7, call_sid="CA1")
    rows = (
        *(call, Transcript(call=call, number=2), CallEvent(call=call, number=3)),
        SavedValue(call=call, key="phone"),
    )
    assert [str(row) for row in rows] == ["CA1", "7/2", "7/3", "7/phone"]


OF_BEFORE = {
    "number": 1, "speaker": "caller", "started_ms": 0, "ended_ms": 9, "text": "שלום", "source": "final",
    "end_reason": "silence", "unvoiced": False, "rule": "", "code": "", "engine": "", "model": "", "attempts": 1,
    "revision": 0,
}  # fmt: skip
"""What a process that knows no answers writes of a turn."""


@pytest.mark.parametrize("which", ["sqlite", "postgresql"])
def test_a_process_that_knows_no_answers_goes_on_writing_rows(request, db, which):
    url = request.getfixturevalue("postgresql_url") if which == "postgresql" else None
    with served_by(url) if url else nullcontext(), transaction.atomic():
        calls = (
            "INSERT INTO calls_call (call_sid, stream_sid, from_number, to_number, end_reason, streams, "
            "frames_received, frames_lost, speech_ms, frame_delay_ms, counters, tuning, process, status) "
            "VALUES ('CA1', '', '', '', '', '{}', 0, 0, 0, '{}', '{}', '{}', '', '')"
        )
        names, places = ", ".join(OF_BEFORE), ", ".join(["%s"] * len(OF_BEFORE))
        with connection.cursor() as cursor:
            cursor.execute(calls)
            pk = Call.objects.get().pk
            cursor.execute(
                f"INSERT INTO calls_transcript (call_id, {names}) VALUES (%s, {places})",  # noqa: S608 - our own names
                [pk, *OF_BEFORE.values()],
            )
        call, turn = Call.objects.get(), Transcript.objects.heard().get()
        assert (call.reply_tokens, call.reply_characters) == (0, 0)
        assert (turn.heard_text, turn.outcome, turn.heard_ms, turn.withdrawals) == ("שלום", "", None, None)
        transaction.set_rollback(True)


def test_what_was_heard_of_an_answer_stands_also_when_that_is_nothing():
    assert Transcript(text="שלום", speaker="agent", played_text="").heard_text == ""

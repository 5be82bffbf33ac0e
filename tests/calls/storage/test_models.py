"""The rows of a call, as pages read them."""

import pytest

from calls.models import Call, CallEvent, Transcript


@pytest.mark.parametrize(("revised", "heard"), [(None, "שלום"), ("", ""), ("שלום לך", "שלום לך")])
def test_the_revised_text_stands_also_when_nothing_is_left_of_it(revised, heard):
    assert Transcript(text="שלום", revised_text=revised).heard_text == heard


def test_rows_are_called_by_their_call():
    call = Call(pk=7, call_sid="CA1")
    assert [str(row) for row in (call, Transcript(call=call, number=2), CallEvent(call=call, code="fallback"))] == [
        "CA1",
        "7/2",
        "7/fallback",
    ]

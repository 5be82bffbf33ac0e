"""Every error with a code has it, and its words, in the same places."""

import pytest

from calls.core.addresses import AddressError
from calls.desk.review.listening import NoRecording
from calls.desk.tuning.traces import TraceMissing
from calls.lab.call_report import CallRefused
from calls.twilio.rest import ActionError
from calls.twilio.stream_tokens import TokenError
from stt.events import RecognizerError
from stt.tuning import TuningError
from voiceapp.runtime.coded_error import CodedError


def test_a_code_stands_for_a_message_that_was_not_given():
    assert (str(CodedError("gone")), CodedError("gone").message) == ("gone", "gone")
    error = CodedError("gone", "It is gone.")
    assert (error.code, str(error), error.message) == ("gone", "It is gone.", "It is gone.")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RecognizerError("unavailable", "away", permanent=True), "unavailable"),
        (TokenError("spent"), "spent"),
        (ActionError("no_account"), "no_account"),
        (AddressError(), "bad_number"),
        (TuningError("settle_ms must be a whole number"), "settings_out_of_bounds"),
        (TraceMissing("trace_missing"), "trace_missing"),
        (NoRecording("no_recording"), "no_recording"),
        (CallRefused("no_stream"), "no_stream"),
    ],
)
def test_every_error_with_a_code_is_a_coded_error(error, code):
    assert isinstance(error, CodedError)
    assert error.code == code


@pytest.mark.parametrize("kind", [ActionError, AddressError, TuningError])
def test_what_a_person_wrote_wrong_is_a_value_error_as_well(kind):
    assert issubclass(kind, ValueError)

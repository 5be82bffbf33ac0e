"""What recognisers say: errors have stable codes, events have kinds."""

import pytest

from stt.events import EVENT_OF, KIND_OF, REFUSED, RecognizerError, Word


def test_an_error_has_a_code_and_a_sentence_for_people():
    error = RecognizerError("unavailable", "the service is away")
    assert (error.code, error.message, str(error), error.permanent) == (
        "unavailable",
        "the service is away",
        "the service is away",
        False,
    )


def test_an_error_without_a_sentence_says_its_code():
    assert RecognizerError("stream_expired").message == "stream_expired"


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_a_refused_request_was_at_fault_itself(code):
    assert RecognizerError(code).refused
    assert not RecognizerError("unavailable").refused


def test_every_kind_of_event_is_written_and_read_by_one_name():
    assert {KIND_OF[event]: event for event in EVENT_OF.values()} == EVENT_OF


def test_a_word_without_times_says_so():
    assert (Word("כן").start_ms, Word("כן").end_ms) == (None, None)

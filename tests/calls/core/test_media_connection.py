"""Whose a media connection is, and when nobody is on it any more."""

from collections import Counter

import pytest

from calls.core.media_connection import NO_CALLER_MS, NO_START_MS, MediaConnection
from calls.core.messages import Start


def connection(*, account_sid="AC1", longest_call_s=0):
    counted = Counter()
    return MediaConnection("CA1", account_sid, counted, longest_call_s=longest_call_s, opened_ms=100.0), counted


def started(**options):
    one, counted = connection(**options)
    assert one.accept(Start("MZ1", "CA1", "AC1"), 1000.0)
    return one, counted


def test_the_calls_own_start_is_accepted():
    one, counted = started()
    assert (one.start.stream_sid, counted) == ("MZ1", {})


@pytest.mark.parametrize(
    ("start", "code"), [(Start("MZ1", "CA2"), "foreign_call"), (Start("MZ1", "CA1", "AC2"), "foreign_account")]
)
def test_a_start_of_another_call_is_refused(start, code):
    one, counted = connection()
    assert not one.accept(start, 1000.0)
    assert (one.start, counted) == (None, {code: 1})


def test_a_second_start_and_one_after_the_end_are_refused():
    one, counted = started()
    assert not one.accept(Start("MZ2", "CA1"), 2000.0)
    one.end()
    assert not one.accept(Start("MZ3", "CA1"), 3000.0)
    assert (one.start.stream_sid, counted) == ("MZ1", {"second_start": 2})


def test_an_account_that_is_not_known_is_not_compared():
    one, _ = connection(account_sid="")
    assert one.accept(Start("MZ1", "CA1", "AC9"), 1000.0)


@pytest.mark.parametrize(("stream_sid", "foreign"), [("MZ1", False), ("MZ2", True), ("", False)])
def test_a_message_of_another_stream_is_foreign(stream_sid, foreign):
    one, counted = started()
    assert one.is_foreign(stream_sid) is foreign
    assert counted["foreign_stream"] == foreign


def test_before_the_start_no_message_is_foreign():
    assert not connection()[0].is_foreign("MZ2")


def test_a_connection_without_a_start_has_outlived_itself():
    one, _ = connection()
    assert one.next_deadline_ms(100.0) == 100 + NO_START_MS
    assert one.outlived(99 + NO_START_MS, 100.0) is None
    assert one.outlived(100 + NO_START_MS, 100.0) == "no_start"


def test_a_line_without_frames_has_outlived_itself():
    one, _ = started()
    assert one.next_deadline_ms(3000.0) == 3000 + NO_CALLER_MS
    assert one.outlived(2999 + NO_CALLER_MS, 3000.0) is None
    assert one.outlived(3000 + NO_CALLER_MS, 3000.0) == "silent_line"


def test_a_call_is_as_long_as_it_may_be():
    one, _ = started(longest_call_s=10)
    assert one.next_deadline_ms(9000.0) == 11_000
    assert one.outlived(11_000.0, 10_990.0) == "too_long"


def test_what_has_ended_waits_for_nothing():
    one, _ = started(longest_call_s=10)
    one.end()
    assert (one.next_deadline_ms(1000.0), one.outlived(1e9, 1000.0)) == (None, None)

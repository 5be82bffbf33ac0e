"""Statuses and close codes of vendors have stable codes."""

import pytest

from stt.engines.vendor_errors import LONGEST_MESSAGE, error_of_close, error_of_status


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (400, "invalid_argument", True),
        (401, "unauthenticated", True),
        (402, "permission_denied", True),
        (404, "not_found", True),
        (408, "audio_timeout", False),
        (418, "aborted", False),
        (429, "resource_exhausted", False),
        (500, "internal", False),
        (503, "unavailable", False),
    ],
)
def test_a_status_has_a_code(status, code, permanent):
    error = error_of_status(status, "why")
    assert (error.code, error.permanent) == (code, permanent)
    assert error.message == f"HTTP {status} why"


def test_a_setting_that_is_refused_is_no_failure():
    assert error_of_status(400, "").refused
    assert not error_of_status(401, "").refused


def test_an_emulator_that_does_not_know_audio_says_so():
    assert error_of_status(400, '{"err_msg": "emulator_unknown: no recording"}').code == "emulator_unknown"


@pytest.mark.parametrize(
    ("code", "reason", "name"),
    [
        (None, "", "unavailable"),
        (1000, "", "stream_cut"),
        (1008, "policy", "aborted"),
        (1011, "NET-0000", "internal"),
        (1011, "NET-0001", "audio_timeout"),
        (1013, "try again later", "unavailable"),
        (4999, "", "unavailable"),
    ],
)
def test_a_close_has_a_code(code, reason, name):
    error = error_of_close(code, reason)
    assert (error.code, error.permanent) == (name, False)


def test_a_vendors_own_words_are_kept_short():
    assert len(error_of_status(500, "x" * 10_000).message) < LONGEST_MESSAGE + 20

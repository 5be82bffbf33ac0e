"""What a line of the log may not hold."""

import logging
import sys

from voiceapp.refusals import WithoutTokens

LINE = WithoutTokens("%(levelname)s %(message)s")


def record(message, *args, exc_info=None):
    return logging.LogRecord("django.request", logging.WARNING, "", 0, message, args, exc_info)


def test_a_token_is_in_no_line_and_in_no_traceback():
    assert LINE.format(record("Not Found: %s", "/ws/twilio/abc~1?x=1")) == "WARNING Not Found: /ws/twilio/…?x=1"
    try:
        raise ValueError("/ws/twilio/abc")
    except ValueError:
        said = LINE.format(record("failed", exc_info=sys.exc_info()))
    assert "ValueError: /ws/twilio/…" in said and "twilio/abc" not in said


def test_other_paths_are_said():
    assert LINE.format(record("Not Found: /twilio/voice")) == "WARNING Not Found: /twilio/voice"

"""One log line for a request that Django refuses with 400 (a foreign or malformed Host, too many fields, a form that
cannot be read) or that found the database away (503), and no line with a stream's token: whoever asks a media socket's
path as a page has it logged."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from http import HTTPStatus

from voiceapp.runtime.log_context import CALL_SID

REFUSALS = "django.security."
TOKENS = re.compile(r"(/ws/twilio/)[^\s?#\"']+")
ONE_LINE = (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)
LONGEST = 300
"""Characters: a Host may have 16 000."""


class OneLine(logging.Filter):
    """Drops the traceback of such a request: of a refusal it only shows Django's own code, and any client can cause it
    by the thousand; while the database is away each request has the same."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(REFUSALS) or getattr(record, "status_code", None) in ONE_LINE:
            record.msg, record.args = record.getMessage()[:LONGEST].replace("\n", " "), ()
            record.exc_info = record.exc_text = None
        return True


def utc_time(record: logging.LogRecord) -> str:
    """When it was logged: ``2026-11-27T12:17:05.123+00:00``."""
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def without_tokens(text: str) -> str:
    return TOKENS.sub(r"\1…", text)


class WithoutTokens(logging.Formatter):
    """Of the whole line, its traceback too. Not a filter: a record that cannot be formatted would raise where it was
    logged."""

    def format(self, record: logging.LogRecord) -> str:
        call_sid = getattr(record, "call", "") or CALL_SID.get()
        # %(of_call)s: without it the lines of calls that run at a time cannot be told apart.
        record.of_call = f"{call_sid} " if call_sid and call_sid not in record.getMessage() else ""
        return without_tokens(super().format(record))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        """As JSON lines have it: the box's own zone would not be known to who reads the log elsewhere."""
        return utc_time(record)

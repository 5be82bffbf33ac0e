"""One log line for a request that Django refuses with 400: a foreign or malformed Host, too many fields, a form that
cannot be read."""

from __future__ import annotations

import logging
from http import HTTPStatus

REFUSALS = "django.security."
LONGEST = 300
"""Characters: a Host may have 16 000."""


class OneLine(logging.Filter):
    """Drops the traceback of such a record: it only shows Django's own code, and any client can cause thousands."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(REFUSALS) or getattr(record, "status_code", None) == HTTPStatus.BAD_REQUEST:
            record.msg, record.args = record.getMessage()[:LONGEST].replace("\n", " "), ()
            record.exc_info = record.exc_text = None
        return True

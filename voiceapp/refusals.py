"""One log line for a request that Django refuses as suspicious: a foreign or malformed Host, too many fields."""

from __future__ import annotations

import logging

REFUSALS = "django.security."
LONGEST = 300
"""Characters: a Host may have 16 000."""


class OneLine(logging.Filter):
    """Drops the traceback of such a record: it only shows Django's own code, and any client can cause thousands."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith(REFUSALS):
            record.msg, record.args = record.getMessage()[:LONGEST].replace("\n", " "), ()
            record.exc_info = record.exc_text = None
        return True

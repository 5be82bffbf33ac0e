"""The log as JSON lines (LOG_FORMAT=json): an object a line, whatever a message or a traceback holds.

``time`` (ISO 8601, UTC), ``level``, ``logger``, ``message`` (the text format's, to the letter), ``process`` (host and
pid); ``call`` (CallSid) and ``turn`` (its number) where a line is of one; ``exception``, a traceback, and ``stack``.
"""

from __future__ import annotations

import logging
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from voiceapp.refusals import utc_time, without_tokens
from voiceapp.runtime.log_context import CALL_SID
from voiceapp.runtime.this_process import PROCESS


class JsonLines(JsonFormatter):
    """Fields that are empty are left out; of what a record carries besides (``extra``) only call and turn are taken:
    Django hangs whole requests on its records."""

    def __init__(self) -> None:
        super().__init__(json_ensure_ascii=False)

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        fields = {
            "time": utc_time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.message,
            "process": PROCESS,
            "call": getattr(record, "call", "") or CALL_SID.get(),
            "turn": getattr(record, "turn", None),
            "exception": message_dict.get("exc_info"),
            "stack": message_dict.get("stack_info"),
        }
        # Before they are escaped: a token ends where a line or a quote does.
        log_data |= {
            name: without_tokens(value) if isinstance(value, str) else value
            for name, value in fields.items()
            if value not in ("", None)
        }

"""Of which call a line of the log is: a call's tasks and its thread have it in their context, webhooks while they last.

Set once a call, so that the media path does not pay for it; read where a line is written (voiceapp/json_lines.py,
voiceapp/refusals.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

CALL_SID: ContextVar[str] = ContextVar("call_sid", default="")


@contextlib.contextmanager
def of_call(call_sid: str) -> Iterator[None]:
    """Lines that are written here are this call's."""
    before = CALL_SID.set(call_sid)
    try:
        yield
    finally:
        CALL_SID.reset(before)

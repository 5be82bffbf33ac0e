"""May one more call be heard by this process? Not while it drains, is full, or its loop is late."""

from __future__ import annotations

from django.conf import settings

from calls.process.loop_lag import loop_lag

LATEST_LOOP_MS = 150.0
"""p95 of the loop's lateness beyond which running calls come first."""

draining = False
"""Set by voiceapp/server/serve.py when the process is asked to end."""
calls = 0
"""Heard now: sockets, and calls whose record is not complete yet."""


def refusal() -> str:
    """The code of what stands against one more call; empty when nothing does."""
    if draining:
        return "draining"
    if calls >= settings.MAX_CALLS:
        return "too_many_calls"
    if calls and (loop_lag.p95_ms or 0.0) > LATEST_LOOP_MS:
        return "loop_late"
    return ""


def open() -> bool:  # noqa: A001 - reads as what it is: admission.open()
    return not refusal()

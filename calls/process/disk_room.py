"""Is the disk of VAR_DIR nearly full? Recordings are 0.7 GB a day for each line that is never silent, and a full disk
takes neither them nor the journal."""

from __future__ import annotations

import shutil

from django.conf import settings

from calls.core.line_health import Verdict
from voiceapp.runtime import metrics

RAISE_AT, CLEAR_BELOW = 0.80, 0.78
"""Shares of what the service may use: between them an alarm stays as it is."""


def disk_verdict() -> Verdict:
    """On the disk as it is now. Blocking, microseconds."""
    try:
        usage = shutil.disk_usage(settings.VAR_DIR)
    except OSError:
        return Verdict.UNKNOWN
    # Not ``total``: what is set aside for root is not ours to fill.
    share = usage.used / (usage.used + usage.free)
    metrics.DISK_USED.set(share)
    if share >= RAISE_AT:
        return Verdict.TROUBLED
    return Verdict.WELL if share < CLEAR_BELOW else Verdict.UNKNOWN

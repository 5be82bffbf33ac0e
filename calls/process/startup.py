"""What a serving process does once, before or at its first call: refuse a bad configuration, log, start its threads."""

from __future__ import annotations

import logging
import threading

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from calls.lines.settings_cache import lines
from calls.process.alarm_monitor import watchman
from calls.process.recognition import recognition
from calls.storage.recording import disk
from calls.storage.recovery import recover_in_background
from calls.storage.search_filler import filler
from calls.storage.writer import writer
from voiceapp.runtime import background

logger = logging.getLogger(__name__)
_started = threading.Event()


def require_servable() -> None:
    """Raises ImproperlyConfigured with one sentence that names the variable and what to set."""
    if settings.CONFIGURATION_PROBLEMS:
        raise ImproperlyConfigured(settings.CONFIGURATION_PROBLEMS[0].sentence)


def announce() -> None:
    logger.info("🚀 Streaming STT enabled: %s", settings.USE_STREAMING_STT)


def start() -> None:
    """Start the writer, the line cache, the alarms, the model probe and the search text's filler. Idempotent; returns
    at once."""
    if _started.is_set():
        return
    _started.set()
    writer(recover_in_background)
    disk.start()
    lines.start()
    watchman.start()
    filler.start()
    background.thread("model-probe", recognition().keep_probing, once=True).start()

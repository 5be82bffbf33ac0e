"""What a serving process says and checks before its first call."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)

WITHOUT = "script/demo needs none of these: it calls itself, against emulators."
"""Said to who has nothing yet."""


def require_servable() -> None:
    """Raises ImproperlyConfigured with a sentence a variable, which names it and what to set."""
    if problems := settings.CONFIGURATION_PROBLEMS:
        without = [WITHOUT] if any(problem.is_missing for problem in problems) else []
        raise ImproperlyConfigured("\n".join([*(problem.sentence for problem in problems), *without]))


def announce() -> None:
    logger.info("🚀 Streaming STT enabled: %s", settings.USE_STREAMING_STT)

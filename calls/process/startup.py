"""What a serving process says and checks before its first call."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

logger = logging.getLogger(__name__)


def require_servable() -> None:
    """Raises ImproperlyConfigured with one sentence that names the variable and what to set."""
    if settings.CONFIGURATION_PROBLEMS:
        raise ImproperlyConfigured(settings.CONFIGURATION_PROBLEMS[0].sentence)


def announce() -> None:
    logger.info("🚀 Streaming STT enabled: %s", settings.USE_STREAMING_STT)

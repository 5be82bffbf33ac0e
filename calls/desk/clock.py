"""The pages' clock: one for everybody who looks, wherever their browser is, and named where it stands."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NAMES = {"Asia/Jerusalem": _("Israel time")}
"""By ``TIME_ZONE``; another goes by its own name."""


def zone() -> str:
    """As browsers know it: ``Asia/Jerusalem``."""
    return timezone.get_current_timezone_name()


def zone_name() -> str:
    return str(NAMES.get(zone(), zone()))


def in_call(ms: int) -> str:
    """How far into a call something is, as the console's script says it (static/console/live.js): ``03:07``."""
    minutes, seconds = divmod(ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"

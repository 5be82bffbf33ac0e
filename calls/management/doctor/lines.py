"""Checks of the lines' rows, read as every process reads them. Blocking."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError

from calls.lines.dialogues import LastGoodScripts
from calls.lines.line_settings import AllSettings, LineSettings
from calls.lines.settings_rows import read_settings
from calls.lines.settings_troubles import UNREADABLE
from calls.management.doctor.finding import Finding, failed, ok, warning
from stt.models import TuningProfile
from voiceapp.runtime.counted import counted


def lines() -> Iterator[Finding]:
    """Every row of settings can be read, and one profile is the default."""
    try:
        read = read_settings(AllSettings(LineSettings(settings.ENVIRONMENT_TUNING)), LastGoodScripts())
        is_default = TuningProfile.objects.filter(is_default=True).exists()
    except DatabaseError as error:
        said = f"{UNREADABLE}: no settings can be read ({type(error).__name__}): processes keep those they last read"
        yield failed("lines", said, "manage.py doctor --only database says why")
        return
    for name, code in read.unread.items():
        said = f"{name} cannot be read ({code}): of a line that never was read nothing is kept"
        yield failed("lines", said, "open and save it in the admin; where it cannot be opened, correct its row")
    if not is_default and TuningProfile.objects.exists():
        said = 'no profile is ticked as the default: the one named "default" rules, else the environment'
        yield warning("lines", said, "make one the default, on the list of profiles")
    elif not read.unread:
        yield ok("lines", f"the settings of {counted(len(read.lines), 'line')} can be read")

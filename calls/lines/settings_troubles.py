"""How the reading of settings goes, round after round: its code, its metric, and the log now and then."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from django.db import DatabaseError, connection

from voiceapp.runtime import metrics
from voiceapp.runtime.background import FAILING_AFTER
from voiceapp.runtime.seldom import Seldom

logger = logging.getLogger(__name__)

UNREADABLE = "settings_unreadable"
"""The database answers, and the rows cannot be read."""
AWAY = "database_away"


class SettingsTroubles:
    """One process's. The thread that reads writes it, any reads it."""

    def __init__(self) -> None:
        self.code = ""
        """Why the last round read nothing."""
        self._rounds = 0
        self._unread: Mapping[str, str] = {}
        self._none_read, self._some_unread, self._unmade = Seldom(), Seldom(), Seldom()

    @property
    def lasts(self) -> bool:
        """Round after round nothing is read, from a database that answers."""
        return self.code == UNREADABLE and self._rounds >= FAILING_AFTER

    def none_read(self, error: DatabaseError) -> None:
        """A round is over in which nothing could be read. Blocking: asks whether the database answers."""
        code = UNREADABLE if _answers() else AWAY
        self._rounds = self._rounds + 1 if code == self.code else 1
        self.code = code
        metrics.SETTINGS_ROUNDS_FAILED.labels(code).inc()
        if self._none_read.is_due():
            logger.warning("%s: profiles could not be read (%s): the last known ones stand", code, type(error).__name__)

    def read(self, unread: Mapping[str, str], unmade: DatabaseError | None) -> None:
        """A round is over. ``unmade``: why a default profile could not be made."""
        self.code = ""
        if unread and (unread.keys() != self._unread.keys() or self._some_unread.is_due()):
            named = ", ".join(f"{name} ({code})" for name, code in unread.items())
            logger.error("settings_row_unread: %s: their last good values stand", named)
        self._unread = unread
        if unmade is not None and self._unmade.is_due():
            logger.warning("no default profile could be made (%s): the environment's rules", type(unmade).__name__)


def _answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True

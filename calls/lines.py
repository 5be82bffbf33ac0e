"""Which settings a call takes at its start, without asking the database: a cache that a thread keeps fresh."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from calls.models import PhoneLine
from stt import silero
from stt.models import TuningProfile
from stt.tuning import BOUNDS, Tuning, TuningError

logger = logging.getLogger(__name__)

REFRESH_S = 2.0


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a caller gets whom we cannot hear."""

    sentence: str = "מצטערים, לא נוכל לענות כעת. אנא נסו שוב מאוחר יותר."
    number: str = ""
    records: bool = False


class LineCache:
    """The lines' and the default profile's settings as last read; the environment's until then."""

    def __init__(self, environment: Tuning) -> None:
        self._environment = environment
        self._default = environment
        self._lines: dict[str, Tuning] = {}
        self._fallbacks: dict[str, Fallback] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def tuning_for(self, to_number: str) -> Tuning:
        """The snapshot for a call to this number. Any thread; never blocks."""
        tuning = self._lines.get(to_number, self._default)
        if not self._environment.streaming:
            # ENABLE_STREAMING_STT=false always wins.
            tuning = replace(tuning, streaming=False)
        return tuning

    def fallback_for(self, to_number: str) -> Fallback:
        """What follows where a call to this number cannot be heard. Any thread; never blocks."""
        return self._fallbacks.get(to_number, Fallback())

    def refresh(self) -> None:
        """Read the profiles. Blocking. Raises DatabaseError; a profile out of bounds keeps its last good value."""
        default = TuningProfile.objects.filter(is_default=True).first()
        if default is not None:
            self._default = _snapshot(default, self._default)
        lines = list(PhoneLine.objects.select_related("profile"))
        self._fallbacks = {
            line.number: Fallback(
                line.fallback_sentence or Fallback().sentence, line.fallback_number, line.fallback_records
            )
            for line in lines
        }
        self._lines = {
            line.number: _snapshot(line.profile, self._lines.get(line.number, self._default)) for line in lines
        }
        if any(tuning.vad_engine == "silero" for tuning in (self._default, *self._lines.values())):
            silero.thread.start()

    def start(self) -> None:
        """Refresh every REFRESH_S from a thread of its own. Idempotent."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="line-cache", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        told = warned = False
        while not self._stop.is_set():
            try:
                close_old_connections()
                first_profile(self._environment)
                self.refresh()
                if not warned:
                    warn_of_differences(self._environment)
                    warned = True
                told = False
            except DatabaseError as error:
                if not told:
                    logger.warning("profiles could not be read (%s): the last known ones stand", type(error).__name__)
                told = True
            self._stop.wait(REFRESH_S)


def first_profile(environment: Tuning) -> TuningProfile:
    """The default profile; made from the environment's values where there is none. Raises DatabaseError."""
    values = {name: getattr(environment, name) for name in BOUNDS}
    profile, _ = TuningProfile.objects.get_or_create(
        is_default=True, defaults={"name": "default", "streaming": environment.streaming, **values}
    )
    return profile


def warn_of_differences(environment: Tuning) -> None:
    """Say at start where the environment no longer says what the default profile does: the profile rules."""
    profile = first_profile(environment)
    for name, bounds in BOUNDS.items():
        if bounds.env and getattr(profile, name) != getattr(environment, name):
            logger.warning(
                "%s=%s differs from the profile %s (%s): the profile rules",
                bounds.env,
                getattr(environment, name),
                profile.name,
                getattr(profile, name),
            )


def _snapshot(profile: TuningProfile, last: Tuning) -> Tuning:
    try:
        return profile.tuning()
    except TuningError as error:
        logger.error("profile %s is out of bounds (%s): its last good values stand", profile.name, error)
        return last


lines = LineCache(settings.ENVIRONMENT_TUNING)
"""This process's cache."""

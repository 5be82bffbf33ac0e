"""Which settings a call takes at its start, without asking the database: a cache that a thread keeps fresh.

A saved change is announced (calls/process/change_notices.py) and read at once by every process; where an announcement
is lost, the next round of the thread reads it REFRESH_S later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from django.db import DatabaseError, close_old_connections

from calls.core.addresses import canonical
from calls.core.line_health import Verdict
from calls.lines.dialogues import LastGoodScripts
from calls.lines.line_settings import AllSettings, LineSettings
from calls.lines.settings_rows import read_settings
from calls.lines.settings_troubles import UNREADABLE, SettingsTroubles
from stt.default_profile import NAME, default_of
from stt.models import TuningProfile
from stt.tuning import BOUNDS, Tuning, hints_flaws
from voiceapp.runtime import background, metrics

logger = logging.getLogger(__name__)

REFRESH_S = 2.0


class Notices(Protocol):
    """How the cache is told that rows have changed (calls/process/change_notices.py)."""

    def announce(self) -> None:
        """End every wait, in every process."""

    def wait(self, timeout_s: float) -> None:
        """Until somebody announces, or the time is up. Blocking."""


class VoiceDetector(Protocol):
    """What hears the voices of lines that want another detector than webrtcvad: stt/endpointing/silero.py."""

    def start(self, on_lost: Callable[[], object]) -> None:
        """Idempotent; returns at once. ``on_lost`` counts that it failed."""


class LineCache:
    """The lines' and the default profile's settings as last read; the environment's until then."""

    def __init__(
        self,
        environment: Tuning,
        notices: Notices,
        voice_detector: VoiceDetector,
        variables: Collection[str] = (),
    ) -> None:
        """``voice_detector`` is started as soon as some line wants it. ``variables``: those of the environment that
        somebody has set."""
        self._environment, self._variables = environment, variables
        self._settings = AllSettings(LineSettings(environment))
        self.engine_names: tuple[str, ...] = environment.engines
        """The engines that hear some line, the default profile's first."""
        self._notices = notices
        self._voice_detector = voice_detector
        self._scripts = LastGoodScripts()
        self._read = threading.Event()
        self._stopping = False
        self._thread: background.Worker | None = None
        self._troubles = SettingsTroubles()

    @property
    def trouble(self) -> str:
        """Why the last round read nothing: ``settings_unreadable``, ``database_away``; else "". Any thread."""
        return self._troubles.code

    @property
    def verdict(self) -> Verdict:
        """On the reading of settings, for its alarm. Any thread."""
        if self._troubles.lasts:
            return Verdict.TROUBLED
        return Verdict.WELL if self.are_known and not self.trouble else Verdict.UNKNOWN

    @property
    def unread(self) -> Mapping[str, str]:
        """Of rows that could not be read ("line 3") the code: what was last read of them stands. Any thread."""
        return self._settings.unread

    @property
    def are_known(self) -> bool:
        """The lines were read since the process began. Any thread."""
        return self._read.is_set()

    @property
    def are_being_read(self) -> bool:
        """For the first time. False also in a process that has not begun to: no call has come to it yet."""
        return self._thread is not None and not self.are_known

    def wait_until_known(self, timeout_s: float) -> bool:
        """``are_known``, or the time is up. Blocking."""
        return self._read.wait(timeout_s)

    def line(self, to_number: str) -> LineSettings:
        """The line with this number, or what stands for one that nobody has made. Any thread; never blocks."""
        return self._settings.line(canonical(to_number))

    def tuning_for(self, to_number: str, call_sid: str) -> Tuning:
        """The snapshot for a call to this number. Any thread; never blocks."""
        tuning = self.line(to_number).tuning_for(call_sid)
        if tuning.streaming and not self._environment.streaming:
            # ENABLE_STREAMING_STT=false always wins; what such calls do says nothing of the revision.
            tuning = replace(tuning, streaming=False, profile_id=0, revision=0)
        return tuning

    def refresh(self) -> None:
        """Read all rows. Blocking. Raises DatabaseError; a row that cannot be read keeps its last good value."""
        read = read_settings(self._settings, self._scripts)
        self._settings = read
        self.engine_names = tuple(dict.fromkeys(name for tuning in read.tunings for name in tuning.engines))
        if any(tuning.vad_engine == "silero" for tuning in read.tunings):
            self._voice_detector.start(on_lost=metrics.SILERO_LOST.inc)
        self._read.set()

    def start(self) -> None:
        """Refresh every REFRESH_S from a thread of its own. Idempotent."""
        if self._thread is None:
            self._thread = background.thread("line-cache", self._run)
            self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.retire()
        self._stopping = True
        self._notices.announce()

    def _run(self) -> None:
        warned = False
        while not self._stopping:
            if self.read_again() and not warned:
                warned = True
                with suppress(DatabaseError):
                    warn_of_differences(self._environment, self._variables)
            with suppress(DatabaseError):
                # Its connection is another's while it waits.
                close_old_connections()
            self._notices.wait(REFRESH_S)

    def read_again(self) -> bool:
        """One round of the thread: False where nothing could be read, and what was last read stands. Blocking."""
        try:
            unmade = _make_first(self._environment)
            self.refresh()
        except DatabaseError as error:
            self._troubles.none_read(error)
            if self.trouble == UNREADABLE and not self.are_known:
                # They answer with the default settings; a line may say that nothing is kept.
                self._settings = self._settings.withheld
        else:
            self._troubles.read(self.unread, unmade)
        return not self.trouble


def _make_first(environment: Tuning) -> DatabaseError | None:
    """``first_profile``, or why there is none: rows are read all the same."""
    try:
        first_profile(environment)
    except DatabaseError as error:
        return error
    return None


def first_profile(environment: Tuning) -> TuningProfile:
    """The default profile; made from the environment's values where there is none. Raises DatabaseError."""
    default = default_of(TuningProfile.objects.all())
    if default is not None:
        return default
    values = {name: getattr(environment, name) for name in BOUNDS}
    values |= {"name": NAME, "streaming": environment.streaming}
    profile, _ = TuningProfile.objects.get_or_create(is_default=True, defaults=values)
    return profile


def warn_of_differences(environment: Tuning, variables: Collection[str] = ()) -> None:
    """Say at start where one of these variables no longer says what the default profile does (the profile rules), and
    which profiles have hints from before there were bounds."""
    for other in TuningProfile.objects.all():
        for flaw in hints_flaws(other.hints()):
            logger.warning("profile %s: %s: hints beyond the bounds are left out", other.name, flaw.code)
    profile = first_profile(environment)
    for name, bounds in BOUNDS.items():
        if bounds.env in variables and getattr(profile, name) != getattr(environment, name):
            logger.warning(
                "%s=%s differs from the profile %s (%s): the profile rules",
                bounds.env,
                getattr(environment, name),
                profile.name,
                getattr(profile, name),
            )

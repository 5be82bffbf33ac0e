"""Which settings a call takes at its start, without asking the database: a cache that a thread keeps fresh.

A saved change is announced (calls/process/change_notices.py) and read at once by every process; where an announcement
is lost, the next round of the thread reads it REFRESH_S later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from django.db import DatabaseError, close_old_connections

from calls.core.addresses import canonical, dialled
from calls.core.kept_words import Keeps
from calls.lines import costs
from calls.lines.allocation import Arm, arm_of
from calls.lines.dialogues import LastGoodScripts
from calls.lines.models import LinePerson, PhoneLine, Trial
from calls.lines.privacy import Notice
from calls.reply.settings import AnswerSettings
from stt.models import TuningProfile
from stt.tuning import BOUNDS, Tuning, TuningError, hints_flaws
from voiceapp.runtime import background, metrics

logger = logging.getLogger(__name__)

REFRESH_S = 2.0


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a caller gets whom we cannot hear."""

    sentence: str = "מצטערים, לא נוכל לענות כעת. אנא נסו שוב מאוחר יותר."
    number: str = ""
    records: bool = False


@dataclass(frozen=True, slots=True)
class RunningTrial:
    """A line's calls between two snapshots."""

    number: int
    share_b_percent: int
    a: Tuning
    b: Tuning

    def tuning_for(self, call_sid: str) -> Tuning:
        return self.b if arm_of(call_sid, self.number, self.share_b_percent) is Arm.B else self.a


@dataclass(frozen=True, slots=True)
class LineSettings:
    """A phone line as last read."""

    tuning: Tuning
    greeting: str = ""
    follow_number: str = ""
    fallback: Fallback = field(default_factory=Fallback)
    trial: RunningTrial | None = None
    answer: AnswerSettings = field(default_factory=AnswerSettings)
    keeps: Keeps = field(default_factory=Keeps)
    notice: Notice = field(default_factory=Notice)

    def tuning_for(self, call_sid: str) -> Tuning:
        return self.tuning if self.trial is None else self.trial.tuning_for(call_sid)


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

    def __init__(self, environment: Tuning, notices: Notices, voice_detector: VoiceDetector) -> None:
        """``voice_detector`` is started as soon as some line wants it."""
        self._environment = environment
        self._default = LineSettings(environment)
        self._lines: dict[str, LineSettings] = {}
        self.engine_names: tuple[str, ...] = environment.engines
        """The engines that hear some line, the default profile's first."""
        self._notices = notices
        self._voice_detector = voice_detector
        self._scripts = LastGoodScripts()
        self._read = threading.Event()
        self._stopping = False
        self._thread: background.Worker | None = None

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
        return self._lines.get(canonical(to_number), self._default)

    def tuning_for(self, to_number: str, call_sid: str) -> Tuning:
        """The snapshot for a call to this number. Any thread; never blocks."""
        tuning = self.line(to_number).tuning_for(call_sid)
        if tuning.streaming and not self._environment.streaming:
            # ENABLE_STREAMING_STT=false always wins; what such calls do says nothing of the revision.
            tuning = replace(tuning, streaming=False, profile_id=0, revision=0)
        return tuning

    def refresh(self) -> None:
        """Read the profiles. Blocking. Raises DatabaseError; a profile out of bounds keeps its last good value."""
        default = TuningProfile.objects.filter(is_default=True).first()
        if default is not None:
            self._default = LineSettings(_snapshot(default, self._default.tuning))
        trials = {
            trial.line_id: RunningTrial(
                trial.pk,
                trial.share_b_percent,
                _snapshot(trial.a.instance, self._default.tuning),
                _snapshot(trial.b.instance, self._default.tuning),
            )
            for trial in Trial.objects.filter(ended_at=None).select_related("a", "b")
        }
        people, prices = _people(), costs.answer_prices()
        self._lines = {
            line.number: LineSettings(
                tuning=_snapshot(line.profile, self.line(line.number).tuning),
                greeting=line.greeting,
                follow_number=dialled(line.follow_number),
                fallback=Fallback(
                    line.fallback_sentence or Fallback().sentence,
                    dialled(line.fallback_number),
                    line.fallback_records,
                ),
                trial=trials.get(line.pk),
                answer=line.answer_settings(
                    line.greeting,
                    people.get(line.pk, {}),
                    self._scripts.script(line.dialogue) if line.dialogue and line.responder == "scripted" else None,
                    prices,
                ),
                keeps=line.keeps,
                notice=line.spoken_notice,
            )
            for line in PhoneLine.objects.select_related("profile", "dialogue").defer("dialogue__text")
        }
        snapshots = [line.tuning for line in (self._default, *self._lines.values())]
        snapshots += [tuning for trial in trials.values() for tuning in (trial.a, trial.b)]
        self.engine_names = tuple(dict.fromkeys(name for tuning in snapshots for name in tuning.engines))
        if any(tuning.vad_engine == "silero" for tuning in snapshots):
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
        told = warned = False
        while not self._stopping:
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
            self._notices.wait(REFRESH_S)


def _people() -> dict[int, dict[str, str]]:
    """By line: whom its calls may be handed over to; of two with one name the first."""
    found: dict[int, dict[str, str]] = {}
    for person in LinePerson.objects.order_by("pk"):
        found.setdefault(person.line_id, {}).setdefault(person.name, dialled(person.number))
    return found


def first_profile(environment: Tuning) -> TuningProfile:
    """The default profile; made from the environment's values where there is none. Raises DatabaseError."""
    values = {name: getattr(environment, name) for name in BOUNDS}
    profile, _ = TuningProfile.objects.get_or_create(
        is_default=True, defaults={"name": "default", "streaming": environment.streaming, **values}
    )
    return profile


def warn_of_differences(environment: Tuning) -> None:
    """Say at start where the environment no longer says what the default profile does (the profile rules), and which
    profiles have hints from before there were bounds."""
    for other in TuningProfile.objects.all():
        for flaw in hints_flaws(other.hints()):
            logger.warning("profile %s: %s: hints beyond the bounds are left out", other.name, flaw.code)
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

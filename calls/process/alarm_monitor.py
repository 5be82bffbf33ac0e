"""Tell a line's people that it is in trouble, once, and when it is over; from threads of its own, off the calls' path.

Every process watches its own calls. One row an alarm decides who tells: whoever makes it (or closes it) also makes its
notices in the same transaction, and a notice is sent by the process that claims it. A process that dies in between
leaves a notice that another one claims; only one that dies between the sending and its note of it makes people hear
twice.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from time import monotonic

from django.db import DatabaseError, IntegrityError, close_old_connections, transaction
from django.db.models import F
from django.utils import timezone

from calls.core.answer_health import AnswerHealth
from calls.core.line_health import CLEAR_AFTER_S, LineHealth, Trouble, Verdict
from calls.core.status import CallStatus
from calls.lines import costs
from calls.lines.models import Alarm, AlarmNotice
from calls.lines.open_alarms import OpenAlarm, open_alarms
from calls.process import alarm_notices
from voiceapp.runtime import background, metrics

logger = logging.getLogger(__name__)

MOST_LOOKS = 60
"""A minute of them; a thread that is further behind misses some."""
MOST_ANSWERS = 10_000
"""That have ended and wait for the thread, likewise."""
EVERY_S = 2.0
COSTS_EVERY_S = 60.0
MOST_ATTEMPTS = 8
RETRY_S = 15.0
"""After a first attempt; doubled after each. Longer than an attempt can take."""
AT_ONCE = 20

Looks = list[tuple[str, str, CallStatus]]
Verdicts = Mapping[tuple[str, Trouble], Verdict]


class AlarmMonitor:
    """This process's. ``look`` is called on the loop each second, ``answer_ended`` with each answer; two threads do
    the rest."""

    def __init__(
        self,
        engines: Callable[[], Mapping[str, bool]] = dict,
        disk: Callable[[], Verdict] = lambda: Verdict.UNKNOWN,
        settings: Callable[[], Verdict] = lambda: Verdict.UNKNOWN,
    ) -> None:
        """``engines``: by their names, and whether calls have left them; ``disk``: on its room; ``settings``: on the
        reading of lines' settings. Any thread."""
        self._engines = engines
        self._services = {Trouble.DISK: disk, Trouble.SETTINGS: settings}
        self._looks: queue.Queue[tuple[Looks, float]] = queue.Queue(MOST_LOOKS)
        self._lines = LineHealth()
        self._ended: queue.Queue[tuple[str, bool, float]] = queue.Queue(MOST_ANSWERS)
        self._answers = AnswerHealth()
        self._threads: list[background.Worker] = []
        self._stop = threading.Event()
        self._told = False
        self._costed_s = -COSTS_EVERY_S
        self.open: list[OpenAlarm] = []
        """Anywhere, as last read: for the wall."""

    def start(self) -> None:
        """Idempotent."""
        if not self._threads:
            self._threads = [
                background.thread("alarms", partial(self._run, self._decide, 0.0)),
                background.thread("alarm-notices", partial(self._run, deliver, EVERY_S)),
            ]
            for thread in self._threads:
                thread.start()

    def stop(self) -> None:
        """Let the threads end, and wait for them. Blocking."""
        for thread in self._threads:
            thread.retire()
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def look(self, looks: Looks) -> None:
        """Take a look at the calls. On the loop; returns at once."""
        if self._threads:
            try:
                self._looks.put_nowait((looks, monotonic()))
            except queue.Full:
                metrics.ALARM_LOOKS_MISSED.inc()

    def answer_ended(self, line: str, *, failed: bool) -> None:
        """An answer to a call of this line has come to its end. On the loop; returns at once."""
        if self._threads:
            try:
                self._ended.put_nowait((line, failed, monotonic()))
            except queue.Full:
                metrics.ALARM_LOOKS_MISSED.inc()

    def _run(self, work: Callable[[], None], pause_s: float) -> None:
        while not self._stop.wait(pause_s):
            try:
                try:
                    work()
                finally:
                    # Its connection is another's while it waits.
                    close_old_connections()
                self._told = False
            except DatabaseError as error:
                metrics.ALARM_ROUNDS_FAILED.labels("database").inc()
                if not self._told:
                    logger.warning("alarms wait for the database (%s)", type(error).__name__)
                self._told = True
                self._stop.wait(EVERY_S)
            except Exception:
                # The wall: an alarm that cannot be told must not silence the next one.
                metrics.ALARM_ROUNDS_FAILED.labels("unknown").inc()
                logger.exception("alarms met what they do not know")
                self._stop.wait(EVERY_S)

    def _decide(self) -> None:
        """Let looks gather for EVERY_S, and bring the rows to what they say."""
        verdicts: dict[tuple[str, Trouble], Verdict] = {}
        self._stop.wait(EVERY_S)
        for _ in range(self._looks.qsize()):
            verdicts |= self._lines.look(*self._looks.get_nowait())
        verdicts |= self._answers_verdicts()
        settle(verdicts | self._engines_verdicts() | self._threads_verdict() | self._services_verdicts())
        self.open = open_alarms()
        if monotonic() >= self._costed_s + COSTS_EVERY_S:
            self._costed_s = monotonic()
            # Last: a price or a ceiling that cannot be read stops no other alarm.
            settle(costs.ceilings())

    def _is_open(self, kind: Trouble, line: str) -> bool:
        return any(one[:2] == (kind, line) for one in self.open)

    def _answers_verdicts(self) -> dict[tuple[str, Trouble], Verdict]:
        """On the answers of lines; one that is well closes an alarm that is open."""
        for _ in range(self._ended.qsize()):
            line, failed, at_s = self._ended.get_nowait()
            self._answers.ended(line, failed=failed, now_s=at_s)
        kind = Trouble.ANSWERS
        return {
            (line, kind): verdict
            for line, verdict in self._answers.verdicts(monotonic()).items()
            if verdict is Verdict.TROUBLED or self._is_open(kind, line)
        }

    def _engines_verdicts(self) -> dict[tuple[str, Trouble], Verdict]:
        """On the engines of lines that have several; one that is well closes an alarm that is open."""
        kind = Trouble.ENGINE
        return {
            (name, kind): Verdict.TROUBLED if unwell else Verdict.WELL
            for name, unwell in self._engines().items()
            if unwell or self._is_open(kind, name)
        }

    def _threads_verdict(self) -> dict[tuple[str, Trouble], Verdict]:
        """On this process's threads; another process may see trouble of its own."""
        unwell = background.unwell()
        if unwell:
            logger.error(
                "threads that should be at work: %s", ", ".join(f"{name} {how}" for name, how in unwell.items())
            )
            return {("", Trouble.THREAD): Verdict.TROUBLED}
        return {("", Trouble.THREAD): Verdict.WELL} if self._is_open(Trouble.THREAD, "") else {}

    def _services_verdicts(self) -> dict[tuple[str, Trouble], Verdict]:
        """On what the whole service needs; what is well closes an alarm that is open."""
        verdicts = {kind: verdict() for kind, verdict in self._services.items()}
        return {
            ("", kind): verdict
            for kind, verdict in verdicts.items()
            if verdict is Verdict.TROUBLED or self._is_open(kind, "")
        }


def settle(verdicts: Verdicts) -> None:
    """Raise, keep alive and close alarms. Raises DatabaseError."""
    now = timezone.now()
    for (line, trouble), verdict in verdicts.items():
        standing = Alarm.objects.filter(kind=trouble, line=line[:64], over_at=None)
        if verdict is Verdict.TROUBLED and not standing.update(seen_at=now):
            _raise(trouble, line[:64])
        elif verdict is Verdict.WELL:
            # Another process may still see the trouble: its row stays fresh.
            for alarm in standing.filter(seen_at__lt=now - timedelta(seconds=CLEAR_AFTER_S)):
                _close(alarm)


def _raise(trouble: Trouble, line: str) -> None:
    now = timezone.now()
    try:
        with transaction.atomic():
            alarm = Alarm.objects.create(kind=trouble, line=line, raised_at=now, seen_at=now)
            _tell(alarm, over=False)
    except IntegrityError:
        return  # another process was first
    logger.error("alarm: %s on %s", trouble, _place(trouble, line))


def _close(alarm: Alarm) -> None:
    with transaction.atomic():
        closing = Alarm.objects.filter(pk=alarm.pk, over_at=None, seen_at=alarm.seen_at)
        if not closing.update(over_at=timezone.now()):
            return
        _tell(alarm, over=True)
    logger.warning("alarm is over: %s on %s", alarm.kind, _place(alarm.kind, alarm.line))


def _place(kind: str, line: str) -> str:
    """What stands in an alarm's ``line``, for the log."""
    if not line:
        return "the service"
    return f"engine {line}" if kind == Trouble.ENGINE else f"line {line}"


def _tell(alarm: Alarm, *, over: bool) -> None:
    for channel in alarm_notices.channels():
        AlarmNotice.objects.create(alarm=alarm, over=over, channel=channel, due_at=timezone.now())


def deliver() -> None:
    """Send what is due and nobody else has claimed. Raises DatabaseError."""
    due = AlarmNotice.objects.filter(sent_at=None, due_at__lte=timezone.now(), attempts__lt=MOST_ATTEMPTS)
    for notice in due.select_related("alarm")[:AT_ONCE]:
        again_at = timezone.now() + timedelta(seconds=RETRY_S * 2**notice.attempts)
        mine = AlarmNotice.objects.filter(pk=notice.pk, sent_at=None, due_at=notice.due_at)
        if mine.update(due_at=again_at, attempts=F("attempts") + 1):
            _send(notice)


def _send(notice: AlarmNotice) -> None:
    try:
        alarm_notices.send(notice)
    except OSError as error:
        why = str(error) if isinstance(error, alarm_notices.NotTaken) else type(error).__name__
        metrics.NOTICES_FAILED.labels(notice.channel).inc()
        logger.warning("a notice by %s was not sent: %s", notice.channel, why)
        AlarmNotice.objects.filter(pk=notice.pk).update(error=why)
        return
    AlarmNotice.objects.filter(pk=notice.pk).update(sent_at=timezone.now(), error="")

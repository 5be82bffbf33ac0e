"""What a day's calls add up to, by line, read from kept sums (calls/storage/line_hours.py): no call is counted here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from calls.core.heard_share import HeardShare
from calls.desk.line_limits.seen import ALL, SeenLines
from calls.lines.costs import Prices, Usage
from calls.storage.latency_histogram import add, percentile_ms
from calls.storage.line_hours import HOUR, ChangedHour, LineHour, hour_of

WEEK = timedelta(days=7)
HOURS = 24
"""Of a plot: an hour that a day has twice stands once."""


@dataclass(slots=True)
class DaySums:
    """Of one line, or of all."""

    calls: int = 0
    lasted_s: int = 0
    frames_received: int = 0
    frames_lost: int = 0
    spoken_ms: int = 0
    heard_ms: int = 0
    stt_stream_s: int = 0
    one_shot_s: int = 0
    other_engine_s: Counter[str] = field(default_factory=Counter)
    """Of those seconds, by engine: calls/core/other_engines.py."""
    twilio_minutes: int = 0
    reply_tokens: int = 0
    reply_characters: int = 0
    answers_failed: int = 0
    finals: Counter[int] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    by_hour: list[int] = field(default_factory=lambda: [0] * HOURS)
    """Calls, by the hour of the clock."""

    def add(self, row: LineHour) -> None:
        for name in _ADDED:
            setattr(self, name, getattr(self, name) + getattr(row, name))
        self.other_engine_s.update(row.other_engine_s)
        add(self.finals, row.final_ms)
        add(self.answers, row.total_ms)
        self.by_hour[timezone.localtime(row.hour).hour] += row.calls

    @property
    def minutes(self) -> int:
        return round(self.lasted_s / 60)

    @property
    def heard_share(self) -> float | None:
        """How much of the callers was heard, 0 to 1; None where nobody spoke."""
        return HeardShare(self.frames_received, self.frames_lost, self.spoken_ms, self.heard_ms).heard

    def final_ms(self, share: float) -> int | None:
        """From the end of speech to the text, at that percentile."""
        return percentile_ms(self.finals, share)

    @property
    def answer_ms(self) -> int | None:
        """From the end of speech to the answer's first sound, the median."""
        return percentile_ms(self.answers, 0.5)

    def cost(self, prices: Prices) -> Decimal:
        return Usage(
            self.calls, 0, self.stt_stream_s, 0, self.one_shot_s, self.twilio_minutes, self.reply_tokens,
            self.reply_characters, self.other_engine_s,
        ).cost(prices)  # fmt: skip


_ADDED = (
    "calls",
    "lasted_s",
    "frames_received",
    "frames_lost",
    "spoken_ms",
    "heard_ms",
    "stt_stream_s",
    "one_shot_s",
    "twilio_minutes",
    "reply_tokens",
    "reply_characters",
    "answers_failed",
)
"""DaySums' and LineHour's."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day by the pages' clock, up to an hour of it."""

    date: date
    begins: datetime
    until: datetime
    """Calls that started before it."""
    total: DaySums
    """Of all lines."""
    lines: Mapping[str, DaySums]


@dataclass(frozen=True, slots=True)
class TwoDays:
    today: Day
    before: Day
    """The same weekday of the week before, up to the end of the hour that runs now."""
    waiting: int
    """Hours of theirs whose sums are being counted, but for the one that runs: after an upgrade, or a server's rest."""


def two_days(now: datetime, seen: SeenLines = ALL) -> TwoDays:
    """Today until now, and what it is compared with, of the lines that are seen. Two queries, whatever was called."""
    local = timezone.localtime(now)
    bounds = [(day, *_bounds(day, local.hour)) for day in (local.date(), local.date() - WEEK)]
    of_either = Q()
    for _day, begins, until in bounds:
        of_either |= Q(hour__gte=begins, hour__lt=until)
    rows = list(seen.of(LineHour).filter(of_either))
    waiting = ChangedHour.objects.filter(of_either, hour__lt=hour_of(now)).values("hour").distinct().count()
    today, before = (_summed(day, begins, until, rows) for day, begins, until in bounds)
    return TwoDays(today, before, waiting)


def _bounds(day: date, hour: int) -> tuple[datetime, datetime]:
    """A day's midnight, and the end of an hour of its clock, which shows it twice where it is set back."""
    midnight = datetime.combine(day, time())
    return timezone.make_aware(midnight), timezone.make_aware(midnight + (hour + 1) * HOUR)


def _summed(day: date, begins: datetime, until: datetime, rows: Iterable[LineHour]) -> Day:
    total, lines = DaySums(), defaultdict[str, DaySums](DaySums)
    for row in rows:
        if begins <= row.hour < until:
            total.add(row)
            lines[row.line].add(row)
    return Day(day, begins, until, total, dict(lines))

"""What the first page shows: figures with the lists behind them, and a plot a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from calls.desk.admin.filters import SLOWER
from calls.desk.first_page.days import Day, DaySums, TwoDays, two_days
from calls.desk.line_limits.seen import SeenLines, seen_by
from calls.desk.permissions import CORRECT
from calls.desk.review.queue.reviewing import mentions_of
from calls.desk.review.queue.waiting import MOST_COUNTED, waiting
from calls.desk.rows import percent
from calls.lines.costs import prices_on
from calls.lines.models import Alarm, PhoneLine
from calls.storage.line_hours import HOUR

MOST_LINES = 50
"""Shown one by one, those with the most calls."""
PLOT_HEIGHT = 24


@dataclass(frozen=True, slots=True)
class Value:
    """A figure's value on a day; ``url`` is the list behind it."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    label: str
    unit: str
    today: Value
    before: Value | None
    """None of what is only known of now."""
    is_bad: bool = False
    note: str = ""
    """What must be known of the value."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Calls of an hour: where it stands in the plot of 24 hours by PLOT_HEIGHT."""

    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class LineRow:
    number: str
    name: str
    today: DaySums
    before: DaySums
    url: str
    bars: list[Bar]
    steps: str
    """The day before's calls as the points of a line."""
    highest: int
    """Calls of the plot's top: its busiest hour."""

    @property
    def heard(self) -> str:
        return _percent(self.today.heard_share)

    @property
    def final_p50(self) -> str:
        return _seconds(self.today.final_ms(0.5))

    @property
    def final_p95(self) -> str:
        return _seconds(self.today.final_ms(0.95))


def first_page(now: datetime, user: Any) -> dict[str, Any]:
    """The page's context for a person. Few queries, whatever was called."""
    seen = seen_by(user)
    days = two_days(now, seen)
    lines = _lines(days, seen)
    return {
        "days": days,
        "until": timezone.localtime(days.before.until - HOUR / 2).hour + 1,
        "figures": [*_figures(days, seen), *_work(user, now)],
        "lines": lines[:MOST_LINES],
        "more_lines": max(0, len(lines) - MOST_LINES),
    }


def _figures(days: TwoDays, seen: SeenLines) -> Iterator[Figure]:
    today, before = days.today, days.before

    def figure(name: str, label: str, unit: str, shown: Any, narrowed: Any = lambda day: {}) -> Figure:
        now, then = (Value(shown(day), calls_of(day, **narrowed(day))) for day in (today, before))
        return Figure(name, label, unit, now, then)

    yield figure("calls", _("Calls"), "", lambda day: _number(day.total.calls))
    yield figure("minutes", _("Minutes"), "", lambda day: _number(day.total.minutes))
    yield figure(
        "heard",
        _("Heard of the callers"),
        "",
        lambda day: _percent(day.total.heard_share),
        lambda day: {"turns__source": "none"},
    )
    for name, label, share in (
        ("p50", _("Time to text, median"), 0.5),
        ("p95", _("Time to text, 95th percentile"), 0.95),
    ):
        yield figure(
            name,
            label,
            _("s"),
            lambda day, share=share: _seconds(day.total.final_ms(share)),
            lambda day, share=share: _slower("delay", day.total.final_ms(share)),
        )
    yield figure(
        "answer",
        _("Time to an answer, median"),
        _("s"),
        lambda day: _seconds(day.total.answer_ms),
        lambda day: _slower("slowest", day.total.answer_ms),
    )
    yield replace(
        figure(
            "failed",
            _("Answers that failed"),
            "",
            lambda day: _number(day.total.answers_failed),
            lambda day: {"failed_answers": "yes"},
        ),
        is_bad=today.total.answers_failed > 0,
    )
    yield _alarms(before, seen)
    currency = prices_on(today.date).currency
    now, then = (Value(_cost(day, currency), reverse("console:costs")) for day in (today, before))
    # An emulator hears: nobody bills its audio (templates/console/costs.html).
    emulated = _("emulated") if settings.STT_EMULATOR_HOST else ""
    yield Figure("cost", _("Cost"), currency, now, then, note=emulated)


def _alarms(before: Day, seen: SeenLines) -> Figure:
    """Those that are open now, beside those that were raised in the day before. Bad is one that nobody sees to."""
    alarms = reverse("admin:calls_alarm_changelist")
    raised = {"raised_at__gte": before.begins.isoformat(), "raised_at__lt": before.until.isoformat()}
    still_open = seen.of(Alarm).filter(over_at=None)
    count = still_open.count()
    return Figure(
        "alarms",
        _("Open alarms"),
        "",
        Value(_number(count), f"{alarms}?{urlencode({'over_at__isnull': True})}"),
        Value(_number(seen.of(Alarm).filter(**raised).count()), f"{alarms}?{urlencode(raised)}"),
        is_bad=count > 0 and still_open.filter(acknowledged_at=None).exists(),
    )


def _work(user: Any, now: datetime) -> Iterator[Figure]:
    """What waits for this person: calls, where they review; else notes that name them, where there are some."""
    page = reverse("review-queue")
    if user.has_perm(CORRECT):
        calls = waiting(user, now)
        shown = f"{_number(calls)}+" if calls == MOST_COUNTED else _number(calls)
        yield Figure("queue", _("Waiting for review"), "", Value(shown, page), None)
    elif notes := mentions_of(user).count():
        yield Figure("mentions", _("Notes that name you"), "", Value(_number(notes), page), None)


def _lines(days: TwoDays, seen: SeenLines) -> list[LineRow]:
    """The busiest first; those that had calls in either day."""
    names = dict(seen.of(PhoneLine).values_list("number", "name"))
    rows = [
        LineRow(
            number, names.get(number, ""), today, before, calls_of(days.today, **({"line": number} if number else {})),
            *_plot(today.by_hour, before.by_hour),
        )
        for number in days.today.lines.keys() | days.before.lines.keys()
        for today, before in [[day.lines.get(number) or DaySums() for day in (days.today, days.before)]]
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row.today.calls, -row.before.calls, row.number))


def _plot(today: list[int], before: list[int]) -> tuple[list[Bar], str, int]:
    highest = max(*today, *before, 1)
    heights = [PLOT_HEIGHT * calls / highest for calls in today]
    bars = [Bar(hour, PLOT_HEIGHT - height, height) for hour, height in enumerate(heights) if height]
    levels = [PLOT_HEIGHT - PLOT_HEIGHT * calls / highest for calls in before]
    steps = " ".join(f"{hour},{level:.1f} {hour + 1},{level:.1f}" for hour, level in enumerate(levels))
    return bars, steps, highest


def calls_of(day: Day, **narrowed: str) -> str:
    """The list of a day's calls."""
    field = "started_at__"
    parts = {f"{field}{part}": str(getattr(day.date, part)) for part in ("year", "month", "day")}
    return f"{reverse('admin:calls_call_changelist')}?{urlencode({**parts, **narrowed})}"


def _slower(parameter: str, value_ms: int | None) -> dict[str, str]:
    """The list's choice of what took longer than a latency."""
    return {} if value_ms is None else {parameter: f"{SLOWER}{value_ms}"}


def _cost(day: Day, currency: str) -> str:
    """None of a day whose prices are in another currency."""
    prices = prices_on(day.date)
    return f"{day.total.cost(prices):,.2f}" if prices.currency == currency else "—"


def _number(value: int) -> str:
    return f"{value:,}"


def _seconds(value_ms: int | None) -> str:
    return "—" if value_ms is None else f"{value_ms / 1000:.2f}"


def _percent(share: float | None) -> str:
    return "—" if share is None else percent(share)

"""What calls cost, as their providers count: by line and month, against the line's ceiling.

Google bills each request by the audio that it processed, rounded up to a second; a request that ends in a server error
is not billed, an empty answer is (https://cloud.google.com/speech-to-text/pricing). A stream is one request: the
seconds that it was fed once it had opened, whatever became of it, so what is shown may be more than what is billed.
Twilio bills a call by the minute, rounded up, and its media stream by the minute beside it. Other engines' seconds are
rounded the same way, and have prices of their own (stt/engines/catalogue.py, or a Price row's).

DEFAULT holds list prices of November 2026: Google's v1 without data logging ($0.024) as its page says, Twilio's of a
local number in the USA ($0.0085) and of Media Streams ($0.004), which were not verified for Israel. Check your
contract, and enter your own as Price rows. Free minutes and volume discounts are not counted.

Answers are counted as they are charged: a voice's synthesised characters (Google's Chirp3-HD, the dearest of its he-IL
voices, $30 a million: https://cloud.google.com/text-to-speech/pricing) and a language model's tokens, those of its
context and those of its words together, at the price of the words ($1.60 a million for gpt-4.1-mini:
https://platform.openai.com/docs/pricing): what is shown is more than what is charged. Neither page was read; both were
taken from what others say of them. A model and a voice on your own machine cost nothing: enter 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from calls.core.line_health import Trouble, Verdict
from calls.core.other_engines import google_s
from calls.lines.models import Alarm, PhoneLine
from calls.lines.prices import CHARACTERS_LIST_PRICE, TOKENS_LIST_PRICE, Price
from calls.reply.settings import AnswerPrices
from calls.storage.models import Call
from calls.storage.other_engine_sums import engine_columns, other_engines, taken_from
from stt.engine_variables import listed_per_hour, shown_engine

MOST_MONTHS = 24
MILLION = 1_000_000
LIST_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Prices:
    """A minute of each, and a million tokens and characters, in ``currency``."""

    stt: Decimal = Decimal("0.024")
    twilio: Decimal = Decimal("0.0085")
    stream: Decimal = Decimal("0.004")
    tokens: Decimal = TOKENS_LIST_PRICE
    characters: Decimal = CHARACTERS_LIST_PRICE
    currency: str = LIST_CURRENCY
    since: date | None = None
    """None: list prices of November 2026."""
    engines: Mapping[str, Decimal] = field(default_factory=dict)
    """Of engines beside Google's v1, as entered."""

    @property
    def other_engines(self) -> list[tuple[str, Decimal]]:
        """Engine's title, a minute."""
        return [(shown_engine(name), self.engine_minute(name).normalize()) for name in other_engines()]

    def engine_minute(self, engine: str) -> Decimal:
        """A minute of audio by another engine than Google's v1: as entered, or its list price; where that is in
        another currency than these, what Google's costs. One on this machine costs nothing in any."""
        if engine in self.engines:
            return self.engines[engine]
        per_hour = listed_per_hour(engine)
        if per_hour is None or (per_hour and self.currency != LIST_CURRENCY):
            return self.stt
        return per_hour / 60

    @property
    def unpriced(self) -> list[str]:
        """Titles of the engines that count at Google's price, for none was entered in this currency."""
        names = [name for name in other_engines() if name not in self.engines]
        return [shown_engine(name) for name in names if self.currency != LIST_CURRENCY and listed_per_hour(name)]


DEFAULT = Prices()


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used; of one call, or of a line's month."""

    calls: int
    streams: int
    stream_s: int
    one_shots: int
    one_shot_s: int
    minutes: int
    """As Twilio rounds them, call by call; none for a call whose status has not come."""
    tokens: int = 0
    characters: int = 0
    other_engine_s: Mapping[str, int] = field(default_factory=dict)
    """Seconds of streams and one-shots that others than Google's v1 heard: calls/core/other_engines.py."""

    @property
    def other_engines(self) -> list[tuple[str, int]]:
        """Engine's title, seconds."""
        titled = ((shown_engine(name), s) for name, s in self.other_engine_s.items())
        return sorted(titled, key=lambda one: -one[1])

    @property
    def other_engines_min(self) -> list[tuple[str, float]]:
        """Engine's title, minutes."""
        return [(title, seconds / 60) for title, seconds in self.other_engines]

    @property
    def stream_min(self) -> float:
        return self.stream_s / 60

    @property
    def one_shot_min(self) -> float:
        return self.one_shot_s / 60

    def cost(self, prices: Prices) -> Decimal:
        twilio = self.minutes * (prices.twilio + prices.stream)
        return (self.hearing_cost(prices) + twilio + self.answers_cost(prices)).quantize(Decimal("0.0001"))

    def hearing_cost(self, prices: Prices) -> Decimal:
        """What the engines cost, each by its own price."""
        google = google_s(self.stream_s + self.one_shot_s, self.other_engine_s) * prices.stt
        others = sum(seconds * prices.engine_minute(name) for name, seconds in self.other_engine_s.items())
        return (google + others) / 60

    def answers_cost(self, prices: Prices) -> Decimal:
        """What the line's answers cost, of all of it."""
        return (self.tokens * prices.tokens + self.characters * prices.characters) / MILLION


@dataclass(frozen=True, slots=True)
class LineMonth:
    month: date
    line: str
    usage: Usage
    prices: Prices
    ceiling: Decimal | None = None

    @property
    def cost(self) -> Decimal:
        return self.usage.cost(self.prices)

    @property
    def is_over(self) -> bool:
        return self.ceiling is not None and self.cost >= self.ceiling


@dataclass(frozen=True, slots=True)
class Total:
    """What calls of all lines cost, in one currency."""

    month: date | None
    """None: of all months."""
    currency: str
    cost: Decimal
    calls: int


def totals(rows: Iterable[LineMonth]) -> list[Total]:
    """Of each month in the order of ``rows``, then of all months where they are more than one. Currencies are not
    added up."""
    summed: dict[tuple[date | None, str], list[LineMonth]] = {}
    for row in rows:
        for month in (row.month, None):
            summed.setdefault((month, row.prices.currency), []).append(row)
    found = [
        Total(month, currency, sum((row.cost for row in rows), Decimal()), sum(row.usage.calls for row in rows))
        for (month, currency), rows in summed.items()
    ]
    of_months = [total for total in found if total.month is not None]
    of_all = [total for total in found if total.month is None]
    return of_months + (of_all if len({total.month for total in of_months}) > 1 else [])


def usage_of(call: Call) -> Usage:
    minutes = -(-(call.twilio_duration_s or 0) // 60)
    answers = call.reply_tokens, call.reply_characters
    heard = call.stt_streams, call.stt_stream_s, call.one_shots, call.one_shot_s
    return Usage(1, *heard, minutes, *answers, call.other_engine_s)


def line_months(months: int, calls: QuerySet[Call] | None = None) -> list[LineMonth]:
    """Of these calls, else of all: the last so many months, this one included, the newest first: one sum in the
    database."""
    calls = (Call.objects.all() if calls is None else calls).filter(
        started_at__gte=_begin(min(max(months, 1), MOST_MONTHS))
    )
    ceilings = dict(PhoneLine.objects.values_list("number", "monthly_ceiling"))
    prices = _prices()
    return [
        LineMonth(
            month := row["month"].date(), row["to_number"], _usage(row), prices(month), ceilings.get(row["to_number"])
        )
        for row in _sums(calls)
    ]


def ceilings() -> dict[tuple[str, Trouble], Verdict]:
    """Which lines have reached their ceiling this month, and which alarms of that are over. Blocking."""
    rows = PhoneLine.objects.exclude(monthly_ceiling=None).values_list("number", "monthly_ceiling")
    lines = {number: ceiling for number, ceiling in rows if ceiling is not None}
    alarmed = Alarm.objects.filter(kind=Trouble.COST, over_at=None).values_list("line", flat=True)
    verdicts = {(line, Trouble.COST): Verdict.WELL for line in [*lines, *alarmed]}
    if lines:
        calls = Call.objects.filter(started_at__gte=_begin(1), to_number__in=lines)
        prices = _prices()
        for row in _sums(calls):
            if _usage(row).cost(prices(row["month"].date())) >= lines[row["to_number"]]:
                verdicts[row["to_number"], Trouble.COST] = Verdict.TROUBLED
    return verdicts


def prices_now() -> Prices:
    return prices_on(timezone.localdate())


def prices_on(day: date) -> Prices:
    """What was paid in that day's month: calls are summed by months, and every page counts alike. Blocking."""
    found: Prices = _prices()(day.replace(day=1))
    return found


def answer_prices() -> AnswerPrices:
    """What today's answers are charged. Without an entered price a voice's characters are charged by its own list
    price. Blocking."""
    prices = prices_now()
    return AnswerPrices(float(prices.tokens), None if prices.since is None else float(prices.characters))


def _sums(calls: QuerySet[Call]) -> QuerySet[Call, Any]:
    return (
        calls.annotate(month=TruncMonth("started_at"))
        .values("month", "to_number")
        .annotate(
            calls=Count("pk"),
            streams=Sum("stt_streams"),
            stream_s=Sum("stt_stream_s"),
            one_shots=Sum("one_shots"),
            one_shot_s=Sum("one_shot_s"),
            # Whole numbers divide to whole ones, in PostgreSQL and SQLite.
            minutes=Sum((F("twilio_duration_s") + 59) / 60),
            tokens=Sum("reply_tokens"),
            characters=Sum("reply_characters"),
            **engine_columns(),
        )
        .order_by("-month", "to_number")
    )


def _usage(row: dict[str, Any]) -> Usage:
    names = ("calls", "streams", "stream_s", "one_shots", "one_shot_s", "minutes", "tokens", "characters")
    return Usage(**{name: row[name] or 0 for name in names}, other_engine_s=taken_from(row))


def _prices() -> Any:
    """Prices by month."""
    rows = [
        Prices(
            row.stt_minute,
            row.twilio_minute,
            row.stream_minute,
            row.million_tokens,
            row.million_characters,
            row.currency,
            row.since,
            {one.engine: one.minute for one in row.engines.all()},
        )
        for row in Price.objects.order_by("-since").prefetch_related("engines")
    ]
    return lambda month: next((prices for prices in rows if prices.since <= month), DEFAULT)


def _begin(months: int) -> datetime:
    """When the first of the last so many months began, where the pages' clock is."""
    today = timezone.localdate()
    count = today.year * 12 + today.month - months
    return timezone.make_aware(datetime(count // 12, count % 12 + 1, 1))  # noqa: DTZ001 - made aware here

"""A day's sums, and the day that it is compared with."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from calls.desk.first_page.days import two_days
from calls.lines.costs import DEFAULT
from calls.models import LineHour
from calls.storage.line_hours import HOUR, mark

pytestmark = pytest.mark.django_db
LINE, OTHER = "+97235550100", "+97235550101"


def israel(*clock):
    return timezone.make_aware(datetime(*clock))  # noqa: DTZ001 - made aware here


def summed(hour, line=LINE, **sums):
    LineHour.objects.create(hour=hour, line=line, **{"calls": 1, **sums})


def test_a_day_is_compared_with_the_same_weekday_up_to_the_same_hour():
    now = israel(2026, 11, 23, 10, 20)
    for at in ((23, 0), (23, 10), (16, 0), (16, 10), (16, 11), (15, 23), (17, 0), (22, 23)):
        summed(israel(2026, 11, *at))
    days = two_days(now)
    assert (days.today.date, days.before.date) == (date(2026, 11, 23), date(2026, 11, 16))
    assert (days.today.total.calls, days.before.total.calls) == (2, 2)
    assert [hour for hour, calls in enumerate(days.today.total.by_hour) if calls] == [0, 10]


@pytest.mark.parametrize(("clock", "hours"), [((2026, 10, 25), 25), ((2026, 3, 27), 23), ((2026, 11, 23), 24)])
def test_a_day_has_the_hours_of_its_clock(clock, hours):
    """Israel's clock is set back on 25 October 2026 and forward on 27 March."""
    midnight = israel(*clock).astimezone(UTC)
    for n in range(-2, 30):
        summed(midnight + n * HOUR)
    now = israel(*clock, 23, 59)
    assert two_days(now).today.total.calls == hours
    assert two_days(now + timedelta(days=7)).before.total.calls == hours


def test_in_an_hour_that_comes_twice_both_are_compared():
    midnight = israel(2026, 10, 25).astimezone(UTC)
    for n in range(4):
        summed(midnight + n * HOUR)
    assert two_days(israel(2026, 11, 1, 1, 30)).before.total.calls == 3


def test_lines_add_up():
    now = israel(2026, 11, 23, 10, 20)
    counted = {"lasted_s": 90, "spoken_ms": 1000, "final_ms": {"144": 1}, "total_ms": {"160": 2}}
    summed(now.replace(minute=0), **counted, heard_ms=1000)
    summed(now.replace(minute=0), OTHER, **counted, heard_ms=500)
    today = two_days(now).today
    assert {line: sums.calls for line, sums in today.lines.items()} == {LINE: 1, OTHER: 1}
    total = today.total
    assert (total.minutes, total.heard_share, total.final_ms(0.5), total.answer_ms) == (3, 0.75, 523, 1046)


def test_a_day_without_calls_has_no_figures():
    total = two_days(timezone.now()).today.total
    assert (total.calls, total.heard_share, total.final_ms(0.5), total.answer_ms) == (0, None, None, None)


def test_hours_that_wait_to_be_counted_are_told_but_for_the_one_that_runs():
    now = israel(2026, 11, 23, 10, 20)
    mark([now, now - HOUR, now - HOUR, now - timedelta(days=7), now - timedelta(days=3)])
    assert two_days(now).waiting == 2


def test_each_engine_costs_its_own_price():
    now = israel(2026, 11, 23, 10, 20)
    for line, others in ((LINE, {"soniox": 60}), (OTHER, {"soniox": 60, "whisper": 600})):
        summed(now.replace(minute=0), line, stt_stream_s=660, other_engine_s=others)
    total = two_days(now).today.total
    assert total.other_engine_s == {"soniox": 120, "whisper": 600}
    assert total.cost(DEFAULT) == 10 * Decimal("0.024") + 2 * Decimal("0.002")

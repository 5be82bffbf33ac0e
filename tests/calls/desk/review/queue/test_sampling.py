"""Samples are drawn by a seed, evenly, and can be cited."""

from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from calls.desk.review.queue.sampling import NothingToDraw, draw
from calls.models import Call, CallReview, QueuedCall, ReviewSample

pytestmark = pytest.mark.django_db
NOW = timezone.now()
WEEK = NOW - timedelta(days=7), NOW


def calls(count, **values):
    rows = Call.objects.bulk_create(
        Call(call_sid=f"CA{n:04}", started_at=NOW - timedelta(hours=1), **values) for n in range(count)
    )
    QueuedCall.objects.bulk_create(QueuedCall(call=call, doubt=call.pk % 7) for call in rows)
    return rows


@pytest.fixture
def boss():
    return User.objects.create_superuser("boss")


def sids(sample):
    return list(sample.calls.values_list("queued__call__call_sid", flat=True))


def test_the_same_seed_draws_the_same_calls(boss):
    calls(50)
    one, again, other = (draw(boss, *WEEK, 10, seed=seed) for seed in ("a", "a", "b"))
    assert sids(one) == sids(again) != sids(other)
    assert (one.population, one.size, len(set(sids(one)))) == (50, 10, 10)


def test_every_call_has_the_same_chance(boss):
    """Doubtful ones too: 200 samples of 5 out of 20 have each call 50 times, give or take 6.1 (one sigma)."""
    calls(20)
    times = Counter(sid for seed in range(200) for sid in sids(draw(boss, *WEEK, 5, seed=str(seed))))
    assert len(times) == 20 and all(abs(count - 50) < 4 * 6.1 for count in times.values())


def test_only_calls_of_the_period_and_the_line_are_drawn(boss):
    calls(3, to_number="+97235550100")
    old = Call.objects.create(call_sid="CAold", started_at=NOW - timedelta(days=8), to_number="+97235550100")
    QueuedCall.objects.create(call=old)
    assert draw(boss, *WEEK, 10, line="+97235550100").population == 3
    with pytest.raises(NothingToDraw):
        draw(boss, *WEEK, 10, line="+97235550101")


def test_a_sample_is_drawn_and_read_on_its_page(boss, client):
    first, *_others = calls(4)
    client.force_login(boss)
    today = timezone.localdate()
    answer = client.post(
        reverse("review-draw"), {"since": today - timedelta(days=2), "until": today, "size": 4, "seed": "ab"}
    )
    sample = ReviewSample.objects.get()
    assert answer["Location"] == reverse("review-sample", args=[sample.pk])
    CallReview.objects.create(call=first, user=boss, username="boss", verdict="training", made_at=NOW)
    page = client.get(answer["Location"]).content.decode()
    assert "1 / 1 = 100% (21–100%)" in page and ">ab</bdi>" in page
    first.delete()
    assert "3 שמורות" in client.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-01-02", "until": "2026-01-01", "size": "4"},
        {"since": "2024-01-01", "until": "2026-01-01", "size": "4"},
        {"since": "9999-12-31", "until": "9999-12-31", "size": "4"},
        {"since": "0001-01-01", "until": "0001-01-01", "size": "4"},
        {"since": "x", "until": "", "size": "1001"},
    ],
)
def test_what_cannot_be_drawn_is_said(boss, client, asked):
    client.force_login(boss)
    answer = client.post(reverse("review-draw"), asked)
    assert answer.status_code == 400 and "errorlist" in answer.content.decode()

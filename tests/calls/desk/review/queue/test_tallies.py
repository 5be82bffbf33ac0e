"""Who reviewed how many, and how far two agree."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from calls.desk.review.corrections import save
from calls.desk.review.queue.agreement import FEW_CALLS, Proportion, alpha
from calls.desk.review.queue.tallies import agreed, tallies
from calls.models import CallReview

NOW = timezone.now()


def review(call, user, verdict="fine", made_at=NOW, **values):
    return CallReview.objects.create(
        call=call, user=user, username=user.username, verdict=verdict, made_at=made_at, **values
    )


def test_agreement_is_one_minus_what_chance_would_have():
    """Two people, ten units, of which they differ in four, six of the twenty values are 1: 1 - 19 * 4 / (14 * 6), as in
    Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section A."""
    a, b = "0100000010", "1110010000"
    assert alpha(list(zip(a, b, strict=True))) == pytest.approx(0.095, abs=0.001)


def test_agreement_has_its_ends():
    assert alpha([("a", "a"), ("b", "b")]) == 1
    assert alpha([("a", "b"), ("b", "a")]) < 0
    assert alpha([("a", "a"), ("a", "a")]) is None
    assert alpha([]) is None


def test_a_share_has_wilsons_interval():
    share = Proportion(45, 50)
    assert (round(share.low, 3), round(share.high, 3)) == (0.786, 0.957)
    assert Proportion(0, 0).shown == "0 / 0 = 0% (0–100%)"


def test_who_did_how_many_is_told_by_day(person, waiting_call):
    dana, avi = person("dana"), person("avi")
    a, b, c = (waiting_call(f"CA{n}") for n in range(3))
    review(a, dana, opened_at=NOW - timedelta(minutes=3), corrected=2)
    review(b, dana)
    review(c, avi, made_at=NOW - timedelta(days=1))
    review(c, dana, made_at=NOW - timedelta(days=30))
    told = [(one.username, one.calls, one.corrected, one.minutes) for one in tallies(NOW)]
    assert told == [("dana", 2, 1, 3.0), ("avi", 1, 0, None)]


def test_of_too_few_calls_nothing_is_said(person, waiting_call):
    dana, avi, boss = person("dana"), person("avi"), person("boss", "admin")
    for user in (dana, avi):
        review(waiting_call(f"CAof{user}"), user)
    call = waiting_call("CA1")
    review(call, dana), review(call, avi)
    found = agreed(NOW)
    assert (found.calls, found.is_few, found.alpha, found.words) == (1, True, None, None)
    page = boss.client.get(reverse("review-queue")).content.decode()
    assert f"מעט מדי שיחות נבדקו על ידי שניים (1): מתחת ל־{FEW_CALLS}" in page


@pytest.fixture
def reviewed_by_two(person, waiting_call):
    """Twenty calls of four words; in five of them the second person has another verdict and another word."""
    dana, avi = person("dana"), person("avi")
    for n in range(FEW_CALLS):
        call = waiting_call(f"CA{n}")
        save(call.turns.get(number=1), dana, seen=0, text="שלום לך")
        review(call, dana, made_at=timezone.now())
        differs = n < 5
        save(call.turns.get(number=1), avi, seen=1, text="שלום לכם" if differs else "שלום לך")
        review(call, avi, "training" if differs else "fine", made_at=timezone.now())


def test_two_agree_on_verdicts_and_words(reviewed_by_two, django_assert_num_queries):
    with django_assert_num_queries(4):
        found = agreed(timezone.now())
    assert (found.same.part, found.same.n) == (15, FEW_CALLS)
    assert found.alpha == pytest.approx(1 - 39 * 10 / (40 * 40 - 35 * 35 - 5 * 5))
    assert found.words == pytest.approx(1 - 5 / (FEW_CALLS * 4))


def test_what_is_corrected_after_the_verdict_does_not_count(reviewed_by_two):
    before = agreed(timezone.now()).words
    avi = User.objects.get(username="avi")
    for one in CallReview.objects.filter(user=avi):
        save(one.call.turns.get(number=2), avi, seen=0, text="משהו אחר לגמרי")
    assert agreed(timezone.now()).words == before


def test_the_page_says_where_nobody_can_be_a_blind_second(person):
    said = "לכן אף שיחה אינה נספרת"
    boss = person("boss", "admin")
    assert said in boss.client.get(reverse("review-queue")).content.decode()
    person("dana")
    assert said not in boss.client.get(reverse("review-queue")).content.decode()

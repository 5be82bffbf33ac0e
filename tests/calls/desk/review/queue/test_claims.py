"""A call is open at one person at a time."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from calls.desk.review.queue import claims
from calls.desk.review.queue.claims import CLAIMED_FOR, claim, free_claim, next_call, put_back, renew
from calls.models import Call, QueuedCall, ReviewSample, SampledCall
from tests.databases import (  # noqa: F401 - fixtures
    at_once,
    migrated_postgres,
    postgresql_url,
    served_by,
    shared_database,
)

NOW = timezone.now()
LATER = NOW + CLAIMED_FOR


def next_of(user, now=NOW, **more):
    return next_call(user, now, **{"put_back": [], **more})


def test_two_reviewers_never_meet(person, waiting_call):
    dana, avi = person("dana"), person("avi")
    first, second = waiting_call("CA1", doubt=9), waiting_call("CA2", doubt=5)
    assert next_of(dana) == first.pk
    assert next_of(avi) == second.pk
    assert not claim(first.pk, avi, NOW)
    assert not renew(first.pk, avi, NOW)


def test_who_asks_again_gets_what_they_have(person, waiting_call):
    dana = person("dana")
    waiting_call("CA1", doubt=5)
    had = next_of(dana)
    waiting_call("CA2", doubt=9)
    assert next_of(dana) == had


def test_the_most_doubtful_comes_first_and_of_equals_the_newest(person, waiting_call):
    calls = [waiting_call(f"CA{n}", doubt=doubt).pk for n, doubt in enumerate((3, 7, 7, 0))]
    order = []
    for name in ("a", "b", "c", "d"):
        order.append(next_of(person(name)))
    assert order == [calls[2], calls[1], calls[0], None]


def test_a_call_that_somebody_is_done_with_meanwhile_is_nobodys_next(person, waiting_call, monkeypatch):
    call = waiting_call()
    read = claims.doubtful

    def done_meanwhile(*asked, **options):
        found = read(*asked, **options)
        QueuedCall.objects.update(done=1)
        return found

    monkeypatch.setattr(claims, "doubtful", done_meanwhile)
    assert next_of(person("dana")) is None
    assert QueuedCall.objects.get(pk=call.pk).claimed_by is None


def test_a_deleted_persons_call_is_anybodys(person, waiting_call):
    dana, call = person("dana"), waiting_call().pk
    assert claim(call, dana, NOW)
    dana.delete()
    assert claim(call, person("avi"), NOW)


def test_a_call_goes_back_after_ten_minutes_unless_its_page_is_open(person, waiting_call):
    dana, avi = person("dana"), person("avi")
    call = waiting_call().pk
    assert claim(call, dana, NOW)
    assert renew(call, dana, NOW + timedelta(minutes=9))
    assert not claim(call, avi, LATER)
    assert claim(call, avi, NOW + timedelta(minutes=19))
    assert not renew(call, dana, NOW + timedelta(minutes=19))


def test_a_call_that_was_freed_is_not_kept(person, waiting_call):
    dana, avi = person("dana"), person("avi")
    call = waiting_call().pk
    claim(call, dana, NOW)
    free_claim(call)
    assert not renew(call, dana, NOW)
    assert next_of(avi) == call


def test_what_was_put_back_is_somebody_elses(person, waiting_call):
    dana, avi = person("dana"), person("avi")
    call = waiting_call().pk
    claim(call, dana, NOW)
    put_back(call, dana)
    assert next_of(dana, put_back=[call]) is None
    assert next_of(avi) == call


def test_the_second_of_two_reviews_is_another_persons(person, waiting_call):
    dana, avi = person("dana"), person("avi")
    call = waiting_call(wanted=2, done=1, last_reviewer=dana).pk
    assert next_of(dana) is None
    assert next_of(avi) == call


def test_a_sample_is_reviewed_in_the_order_in_which_it_was_drawn(person, waiting_call):
    dana = person("dana")
    calls = [waiting_call(f"CA{n}", doubt=n).pk for n in range(4)]
    sample = ReviewSample.objects.create(seed="1", since=NOW, until=NOW, population=4, size=3, made_at=NOW)
    for position, at in enumerate((2, 0, 3), 1):
        SampledCall.objects.create(sample=sample, queued_id=calls[at], position=position)
    QueuedCall.objects.filter(pk=calls[2]).update(done=1)
    assert next_of(dana, sample=sample.pk) == calls[0]


@pytest.mark.parametrize("calls", [1, 5, 20])
def test_people_who_ask_at_once_get_different_calls(shared_database, calls):  # noqa: F811
    """Eight threads, each with its own connection."""
    people = 8
    with served_by(shared_database):
        users = [User.objects.create(username=f"racer-{n}") for n in range(people)]
        for n in range(calls):
            QueuedCall.objects.create(call=Call.objects.create(call_sid=f"CArace{n}"), doubt=n + 1)
    got = at_once(shared_database, lambda number: next_of(users[number]), people)
    found = [one for one in got if one is not None]
    assert len(found) == len(set(found)) == min(calls, people)
    with served_by(shared_database):
        holders = dict(QueuedCall.objects.values_list("pk", "claimed_by"))
    assert all(holders[call] == user.pk for user, call in zip(users, got, strict=True) if call is not None)

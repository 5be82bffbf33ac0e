"""How many calls wait for a reviewer."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from calls.desk.review.queue.waiting import waiting
from calls.models import Call, QueuedCall

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def queued(sid, **values):
    return QueuedCall.objects.create(call=Call.objects.create(call_sid=sid), **{"doubt": 3, **values})


def test_calls_with_doubt_wait_until_they_are_reviewed_as_often_as_is_wanted():
    queued("CA1")
    queued("CA2", done=1)
    queued("CA3", done=1, wanted=2)
    queued("CA4", doubt=0)
    assert waiting(User.objects.create(username="dana"), NOW) == 2


def test_for_a_second_look_waits_somebody_else():
    dana, avi = (User.objects.create(username=name) for name in ("dana", "avi"))
    queued("CA1", done=1, wanted=2, last_reviewer=dana)
    assert (waiting(dana, NOW), waiting(avi, NOW)) == (0, 1)


def test_what_others_have_open_waits_for_nobody_else():
    dana, avi = (User.objects.create(username=name) for name in ("dana", "avi"))
    queued("CA1", claimed_by=dana, claimed_until=NOW + timedelta(minutes=1))
    queued("CA2", claimed_by=dana, claimed_until=NOW)
    assert (waiting(dana, NOW), waiting(avi, NOW)) == (2, 1)


def test_it_is_not_counted_far():
    for number in range(5):
        queued(f"CA{number}")
    assert waiting(User.objects.create(username="dana"), NOW, most=3) == 3

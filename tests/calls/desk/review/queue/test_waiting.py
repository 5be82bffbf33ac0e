"""How many calls wait for a reviewer."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from calls.desk.line_limits.fields import set_limit
from calls.desk.review.queue import waiting as queue_waiting
from calls.desk.review.queue.waiting import doubtful, waiting
from calls.models import Call, PhoneLine, QueuedCall
from stt.models import TuningProfile
from tests.databases import each_database, postgresql_url  # noqa: F401 - fixtures

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


@pytest.mark.usefixtures("each_database")
@pytest.mark.parametrize("lines_apart", [0, 50])
def test_who_is_limited_to_lines_has_the_most_doubtful_of_these(lines_apart, monkeypatch):
    monkeypatch.setattr(queue_waiting, "LINES_APART", lines_apart)
    profile = TuningProfile.objects.create(name="default")
    lines = [PhoneLine.objects.create(number=f"+97235550{n}00", name=str(n), profile=profile) for n in range(3)]
    calls = [
        queued(f"CA{n}", doubt=doubt, line=lines[n % 3].number).pk for n, doubt in enumerate((5, 9, 5, 7, 1, 0, 5))
    ]
    dana = User.objects.create(username="dana")
    assert doubtful(dana, NOW, 9) == [calls[n] for n in (1, 3, 6, 2, 0, 4)]
    set_limit(dana, [lines[0], lines[2]])
    dana = User.objects.get()
    assert doubtful(dana, NOW, 9) == [calls[n] for n in (3, 6, 2, 0)] and waiting(dana, NOW) == 4
    assert doubtful(dana, NOW, 2, without=[calls[3]]) == [calls[6], calls[2]]
    set_limit(dana, [])
    assert doubtful(User.objects.get(), NOW, 9) == []

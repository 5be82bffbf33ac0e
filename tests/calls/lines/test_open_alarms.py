"""Who sees to an alarm: the first who says so, and while it is open."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from calls.lines.models import Alarm
from calls.lines.open_alarms import acknowledge, open_alarms

pytestmark = pytest.mark.django_db


def somebody(name):
    return SimpleNamespace(get_username=lambda: name)


def raised(**more):
    now = timezone.now()
    return Alarm.objects.create(kind="line_deaf", line="+97231234567", raised_at=now, seen_at=now, **more)


def test_the_first_who_says_so_sees_to_it():
    alarm = raised()
    assert open_alarms() == [("line_deaf", "+97231234567", alarm.pk, "")]
    assert acknowledge(alarm.pk, somebody("dana"))
    assert not acknowledge(alarm.pk, somebody("noam"))
    assert open_alarms() == [("line_deaf", "+97231234567", alarm.pk, "dana")]


def test_one_that_is_over_or_was_never_raised_is_nobodys():
    over = raised(over_at=timezone.now())
    assert not acknowledge(over.pk, somebody("dana"))
    assert not acknowledge(over.pk + 1, somebody("dana"))
    assert open_alarms() == []


def test_whoever_watches_may_say_so_and_nobody_else(client, django_user_model):
    alarm = raised()
    address = f"/console/alarms/{alarm.pk}/acknowledge"
    assert client.post(address).status_code in (302, 403)
    person = django_user_model.objects.create_user("dana", is_staff=True)
    client.force_login(person)
    assert client.post(address).status_code == 403
    alarm.refresh_from_db()
    assert alarm.acknowledged_by == ""
    person.user_permissions.add(Permission.objects.get(codename="view_call"))
    assert client.get(address).status_code == 405
    assert client.post(address)["Location"] == "/console/"
    alarm.refresh_from_db()
    assert alarm.acknowledged_by == "dana"

"""Calls that wait for review, and people who review."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from calls.models import Call, PhoneLine, QueuedCall, Transcript
from stt.models import TuningProfile

LINE = "+97235550100"


@pytest.fixture
def person(db):
    """Makes people of a group; a client that is logged in as each is their ``client``."""

    def person(name, group="reviewer"):
        user = User.objects.create_user(name, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        user.client = Client()
        user.client.force_login(user)
        return user

    return person


@pytest.fixture
def line(db):
    profile = TuningProfile.objects.create(name="default", is_default=True)
    return PhoneLine.objects.create(number=LINE, name="מכירות", profile=profile, review_tags="תלונה, ביטול, תלונה")


@pytest.fixture
def waiting_call(db):
    """Makes calls that wait, of two turns."""

    def waiting_call(sid="CA1", doubt=3, **values):
        ended_at = timezone.now()
        call = Call.objects.create(
            call_sid=sid, to_number=LINE, started_at=ended_at - timedelta(minutes=1), ended_at=ended_at
        )
        for number, text in enumerate(("שלום", "שתי פיצות"), 1):
            Transcript.objects.create(
                call=call, number=number, started_ms=2000 * number, ended_ms=2000 * number + 900, text=text,
                source="fallback",
            )  # fmt: skip
        reasons = {"fallback": 2}
        return QueuedCall.objects.create(call=call, **{"doubt": doubt, "reasons": reasons, **values}).call

    return waiting_call
